// SPDX-License-Identifier: Apache-2.0
//
// What the files of this layer share.
#ifndef BATON_HTTP_SERVER_PRIVATE_H
#define BATON_HTTP_SERVER_PRIVATE_H

#include "http/connection.h"
#include "http/server.h"

struct evhttp;
struct evhttp_bound_socket;
struct timer;

struct http_server {
    struct http_options options;
    char address[96];
    struct evhttp *http;
    struct evhttp_bound_socket *socket;
    struct http_counts counts;
    struct connection_pool connections;
    bool is_draining;
    void (*drained)(void *context); // NULL once called
    void *drained_context;
    struct timer *tell_drained;
};

void http_count_answer(struct http_server *server, int status, int64_t duration_ns);

// An answer was sent, or its connection is gone.
void http_answer_sent(struct http_server *server);

// The client has closed its side: nobody may be waiting for the answer.
void request_leave(struct request *request);

// The connection is gone before the answer.
void request_hang_up(struct request *request);

#endif
