// SPDX-License-Identifier: Apache-2.0
//
// The connections of a server: how many there are, what each is doing, and when it is cut off.
// evhttp has neither a limit nor a deadline for a request; here a connection is known from the turn
// in which it was accepted until it is closed. Private to the layer.
//
//   ACCEPTED ─► IDLE ─► READING ─► WORKING ─► SENDING ─► IDLE …
//                  any of the first three ─► REFUSED
#ifndef BATON_HTTP_CONNECTION_H
#define BATON_HTTP_CONNECTION_H

#include "base/map.h"
#include "http/guard.h"

#include <sys/queue.h>

struct bufferevent;
struct connection;
struct connection_pool;
struct event;
struct evhttp;
struct evhttp_bound_socket;
struct evhttp_connection;
struct http_server;
struct timer;

enum connection_state {
#define CONNECTION_STATE(name, seconds, what) CONNECTION_##name,
#include "http/connection_states.def"
#undef CONNECTION_STATE
    CONNECTION_STATES
};

enum {
    HTTP_BODY_BYTES_A_SECOND = 64 << 10, // what a body must bring at least, in the mean
    HTTP_SMALL_BYTES = 64 << 10,         // a request or answer up to this has a share of its own
    HTTP_STILL_SECONDS = 30,             // an answer of which nobody takes anything is cut off
    HTTP_MAX_NEWCOMERS = 64,             // connections beyond the limit, for HTTP_YIELD_SECONDS
    HTTP_YIELD_SECONDS = 2, // what has not moved HTTP_SMALL_BYTES in them makes room for others
};

// Why a connection takes no more requests. All zero: it does.
struct refusal {
    int status;
    const char *title;
    const char *detail; // static text
};

struct connection {
    TAILQ_ENTRY(connection) link; // in its state's list
    struct connection_pool *pool;
    enum connection_state state;
    int64_t since_ns;
    struct bufferevent *buffer;
    struct evhttp_connection *http;
    struct event *hang_up;   // rings once when the client closes, which evhttp does not look for
                             // while a request is worked on
    struct request *request; // WORKING: who is told when the client goes
    size_t arrived;          // bytes of bodies that are arriving, counted in the pool
    size_t answer;           // SENDING: bytes that nobody has taken yet, counted in the pool
    size_t moved;            // of either, when it was looked at last
    int64_t moved_ns;        // when HTTP_SMALL_BYTES had come or gone the last time
    int64_t taken_ns;        // SENDING: when anything had
    bool waits;              // WORKING: counted in the pool
    struct refusal refusal;
    struct guard guard;
};

TAILQ_HEAD(connection_list, connection);

struct connection_limits {
    size_t connections;
    size_t bytes; // of requests and answers at a time
};

// What is in flight, by size: neither can shut the other out.
enum http_share {
    HTTP_SMALL, // up to HTTP_SMALL_BYTES each: a quarter of the limit
    HTTP_LARGE, // the rest
    HTTP_SHARES
};

struct connection_pool {
    TAILQ_ENTRY(connection_pool) link;
    struct http_server *server;
    struct evhttp *evhttp;
    struct connection_limits limits;
    struct connection_list lists[CONNECTION_STATES];
    size_t count;
    size_t bytes[HTTP_SHARES]; // of requests that arrive or are worked on, of answers that are sent
    size_t waiting;            // requests that wait for something to happen
    uint64_t refused;
    uint64_t cut_off;
    struct arena arena;
    struct idmap by_http; // connection by evhttp's
    struct timer *settle; // what callbacks of buffers left to do
    struct timer *sweep;  // cuts off what takes too long
    struct timer *listen; // after a pause for want of descriptors
    struct evhttp_bound_socket *socket;
    bool said_full;
};

void connection_pool_init(struct connection_pool *pool, struct http_server *server,
                          struct connection_limits limits, struct evhttp *http);

// Watches over the listener: pauses it when the process has no descriptor left.
void connection_pool_listen(struct connection_pool *pool, struct evhttp_bound_socket *socket);

// After evhttp_free, which closes every connection.
void connection_pool_done(struct connection_pool *pool);

// The connection of a request that has just arrived; it is WORKING now.
struct connection *connection_of(struct connection_pool *pool, struct evhttp_connection *http,
                                 struct request *request, size_t body_len);

// The request is over: what was counted of its body.
void connection_release(struct connection_pool *pool, size_t len);

// A body is larger than what arrived: `len` more bytes of it. False when they have no room.
MUST_CHECK bool connection_grow(struct connection *connection, struct request *request, size_t len);

// Whether an answer of `len` bytes has room among those that are sent; who takes too slowly is cut
// off for it.
MUST_CHECK bool connection_has_room(struct connection_pool *pool, size_t len);

// The request waits from here on, for as long as it takes. False when too many do.
MUST_CHECK bool connection_begin_wait(struct connection *connection);

void connection_begin_answer(struct connection *connection, size_t len);
void connection_end_answer(struct connection *connection);

#endif
