// SPDX-License-Identifier: Apache-2.0
//
// What the files of this layer share.
#ifndef BATON_HTTP_SERVER_PRIVATE_H
#define BATON_HTTP_SERVER_PRIVATE_H

#include "http/server.h"

struct evhttp;
struct evhttp_bound_socket;
struct event;

struct http_server {
    struct http_options options;
    char address[96];
    struct evhttp *http;
    struct evhttp_bound_socket *socket;
    struct http_counts counts;
    size_t unsent; // answers that the connection has not sent yet
    bool is_draining;
    void (*drained)(void *context); // NULL once called
    void *drained_context;
    struct event *tell_drained;
};

void http_count_answer(struct http_server *server, int status, int64_t duration_ns);

// An answer was sent, or its connection is gone.
void http_answer_sent(struct http_server *server);

#endif
