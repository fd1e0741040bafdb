// SPDX-License-Identifier: Apache-2.0
//
// A strict reading of HTTP/1.1 requests beside evhttp's lenient one. evhttp takes a second
// Content-Length, a missing Host, bare line feeds and folded headers, which is where request
// smuggling lives (RFC 9112 sections 2.2, 5.1, 5.2, 6.3, 11.2). The guard sees the same bytes first
// and objects; a request on a connection with an objection is answered with 400 and the connection
// ends.
#ifndef BATON_HTTP_GUARD_H
#define BATON_HTTP_GUARD_H

#include "base/str.h"

struct evhttp;
struct evhttp_connection;

enum { GUARD_MAX_LINE = 8192, GUARD_MAX_HEADERS = 100 };

enum guard_state {
    GUARD_REQUEST_LINE,
    GUARD_HEADERS,
    GUARD_BODY,
    GUARD_CHUNK_SIZE,
    GUARD_CHUNK,
    GUARD_CHUNK_END,
    GUARD_TRAILERS,
    GUARD_OBJECTING,
};

// What has been seen of one connection. Starts zeroed.
struct guard {
    enum guard_state state;
    const char *objection; // static text; NULL while all is well
    uint64_t body_left;    // bytes
    bool has_length;
    bool has_host;
    bool is_chunked;
    bool is_http_10;
    unsigned header_count;
    size_t line_len;
    char line[GUARD_MAX_LINE];
};

// Reads the next bytes of the connection. Once it objects it reads no further.
void guard_feed(struct guard *guard, str bytes);

// Puts a guard before every connection of the server. `http` outlives the process's connections.
void guard_install(struct evhttp *http);

// What the guard has against this connection; NULL: nothing.
const char *guard_objection(struct evhttp_connection *connection);

#endif
