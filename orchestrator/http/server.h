// SPDX-License-Identifier: Apache-2.0
//
// The listener: takes connections, puts a guard before each (guard.h), and hands complete requests
// to the routes. It knows nothing of what the routes do.
#ifndef BATON_HTTP_SERVER_H
#define BATON_HTTP_SERVER_H

#include "base/histogram.h"
#include "http/route.h"

struct event_base;
struct http_server;
struct tls;

enum admission {
    ADMITTED,
    REFUSED,  // and answered
    DECIDING, // until route_admitted is called, or the request is answered
};

enum { HTTP_STATUS_CLASSES = 6 };

struct http_options {
    struct event_base *loop;
    const char *listen; // "host:port"; port 0: a free one
    struct tls *tls;    // outlives the server; NULL: HTTP
    const struct route *routes;
    size_t route_count;
    void *context;    // of the routes: request->context
    const char *page; // the path of a route that answers browsers' pages; NULL: none
    // Whether the caller may use the route at all; called before the body is read.
    enum admission (*admit)(struct request *request);
    // Called before an answer that refuses the caller (401, 403); NULL: nobody asks.
    void (*refused)(struct request *request, int status, str detail);
    // Called before an answer is sent: true when it has taken the answer, whose body it copies, and
    // gives another one later. Once a request; NULL: nobody asks.
    bool (*look)(struct request *request, int status, const char *content_type, str body);
    // Only this machine may ask: a Host or Origin of another one is refused, as a web page of a
    // browser on this machine would send it.
    bool local_only;
    const char *cors_origins; // that pages may ask from: with commas, or *; "" or NULL: none
    size_t max_open_requests;
    size_t max_connections; // fewer when the process has no descriptors for them
    size_t max_bytes;       // of requests and answers in flight
    int reading_seconds;    // for a request's header; 0: as connection_states.def says
};

struct http_counts {
    size_t open_requests;
    size_t connections;
    size_t bytes;                           // of requests and answers in flight
    uint64_t refused;                       // requests, before they were read
    uint64_t cut_off;                       // connections that took too long or were too many
    uint64_t answered[HTTP_STATUS_CLASSES]; // by hundreds of the status
    struct histogram durations;             // from a request to its answer
};

// NULL and *err when the address cannot be had.
MUST_CHECK struct http_server *http_server_new(const struct http_options *options,
                                               struct error *err);

// Takes no new connections, and ends each with its next answer. `done` is called from the loop when
// every request has been answered and sent; NULL: nobody asks.
void http_server_drain(struct http_server *server, void (*done)(void *context), void *context);

// Every request must have been answered.
void http_server_free(struct http_server *server);

// Where it listens, "127.0.0.1:8080": the port is the real one when 0 was asked for.
const char *http_server_address(const struct http_server *server);

struct http_counts http_server_counts(const struct http_server *server);

#endif
