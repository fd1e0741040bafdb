// SPDX-License-Identifier: Apache-2.0
//
// The Zeebe gateway protocol (proto/zeebe/gateway.proto) over gRPC: clients and workers made for
// Camunda 8 that do not speak REST. Each call is a caller of the gateway, as each HTTP request is.
#ifndef BATON_GRPC_GRPC_H
#define BATON_GRPC_GRPC_H

#include "base/config.h"
#include "base/strbuf.h"

struct event_base;
struct gateway;
struct grpc_server;

enum {
    GRPC_MAX_CONNECTIONS = 1024,
    GRPC_MAX_STREAMS = 1000,    // of one connection at a time
    GRPC_MAX_MESSAGE = 8 << 20, // bytes of a request
    GRPC_MAX_BYTES = 256 << 20, // of all requests that are being received
    GRPC_CONNECTION_BYTES =
        64 << 20,            // of those of one connection, unpacked, until they are answered
    GRPC_REQUEST_MS = 30000, // in which a request must arrive
    GRPC_PING_MS = 30000,    // a client that has said nothing for so long is asked
    GRPC_MAX_HEADER_BYTES = 16 << 10, // of a call
    GRPC_MAX_RESETS = 1000,           // streams that a client opens and gives up, in ten seconds
    GRPC_SILENCE_MS = 10000,          // a client that answers no ping for so long has gone
};

struct grpc_options {
    struct event_base *loop;
    const struct config *config; // grpc.listen, api.key
    struct gateway *gateway;     // outlives the server's calls
    const char *node_name;
};

// NULL and *err when the address cannot be had.
MUST_CHECK struct grpc_server *grpc_server_new(const struct grpc_options *options,
                                               struct error *err);

// Takes no new connections and calls. Streams of jobs end; what else waits may finish.
void grpc_server_drain(struct grpc_server *server);

// The gateway was stopped before: no call waits for it. NULL is fine.
void grpc_server_free(struct grpc_server *server);

const char *grpc_server_address(const struct grpc_server *server); // the real port

// Appends its metrics in Prometheus' text format.
void grpc_server_print_metrics(const struct grpc_server *server, struct strbuf *out);

#endif
