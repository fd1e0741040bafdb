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
    const char *objection;   // static text; NULL while all is well
    uint64_t body_left;      // bytes
    uint64_t body_total;     // of this request's body, as far as it is known
    uint64_t arrived;        // bytes of bodies that have come; the reader sets it back to 0
    bool has_long_uri;       // that is what it objects to
    bool has_strange_method; // likewise
    bool has_length;
    bool has_host;
    bool is_chunked;
    bool is_http_10;
    bool has_no_body; // by its method
    unsigned header_count;
    size_t line_len;
    char line[GUARD_MAX_LINE];
};

// Reads the next bytes of the connection. Once it objects it reads no further.
void guard_feed(struct guard *guard, str bytes);

#endif
