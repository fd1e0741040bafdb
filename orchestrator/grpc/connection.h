// SPDX-License-Identifier: Apache-2.0
//
// An HTTP/2 connection and the listener (RFC 9113; framing, header compression and flow control are
// nghttp2's). Jobs that were written to a connection are remembered until the client has answered a
// ping that was sent after them: a client that is gone before has not had them, and they go back.
#ifndef BATON_GRPC_CONNECTION_H
#define BATON_GRPC_CONNECTION_H

#include "grpc/call.h"
#include "grpc/grpc.h"

#include <sys/queue.h>

struct bufferevent;
struct evconnlistener;
struct timer;
struct tls;

struct grpc_server {
    struct grpc_options options;
    const char *key; // empty: no authentication
    char address[128];
    struct evconnlistener *listener;
    struct tls *tls;    // NULL: without TLS
    struct timer *look; // for silent clients
    TAILQ_HEAD(, grpc_connection) connections;
    size_t connection_count;
    size_t call_count;
    size_t bytes; // of requests, until they are answered
    bool is_draining;
    uint64_t calls_ended[GRPC_UNAUTHENTICATED + 1]; // by status
    uint64_t refused;                               // connections and calls
};

// Something of this call can be sent.
void grpc_connection_resume(struct grpc_connection *connection, struct grpc_call *call);

// The call's answer begins: with its trailers alone when nothing was sent before its end.
void grpc_connection_respond(struct grpc_connection *connection, struct grpc_call *call);

// A job was written for this call; and the call has sent all it had.
void grpc_connection_note_job(struct grpc_connection *connection, struct grpc_call *call,
                              const struct released_job *job);

// Room for so many bytes more of the call's request, here and in all; they are the call's until it
// is over.
MUST_CHECK bool grpc_connection_take(struct grpc_connection *connection, struct grpc_call *call,
                                     size_t more);

void grpc_connection_reset(struct grpc_connection *connection, int32_t stream);

// As tls_peer_read; false without TLS, too.
bool grpc_connection_certificate(const struct grpc_connection *connection, struct arena *arena,
                                 str *ret_claims, const char **ret_problem);

struct grpc_server *grpc_connection_server(const struct grpc_connection *connection);

// The address of whoever is connected, as long as the connection; empty: not known.
str grpc_connection_peer(const struct grpc_connection *connection);

#endif
