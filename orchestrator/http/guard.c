// SPDX-License-Identifier: Apache-2.0
#include "http/guard.h"

#include <string.h>

static void object(struct guard *guard, const char *why)
{
    guard->objection = why;
    guard->state = GUARD_OBJECTING;
}

// RFC 9110 section 5.6.2: token.
static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char(s.data[i]))
            return false;
    return s.len > 0;
}

static bool has_control(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return true;
    }
    return false;
}

static void begin_request(struct guard *guard)
{
    guard->state = GUARD_REQUEST_LINE;
    guard->body_left = guard->body_total = 0;
    guard->has_length = guard->has_host = guard->is_chunked = guard->is_http_10 = false;
    guard->has_no_body = false;
    guard->header_count = 0;
}

// RFC 9112 section 3: method SP request-target SP HTTP-version.
// What evhttp knows. It answers others by itself, and takes their bodies for requests.
static bool is_known_method(str method)
{
    static const char *const known[] = {"GET",    "HEAD",    "POST",  "PUT",
                                        "DELETE", "OPTIONS", "TRACE", "PATCH"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_equal(method, str_of(known[i])))
            return true;
    return false;
}

static void read_request_line(struct guard *guard, str line)
{
    str method;
    str target;
    str version;
    if (line.len == 0) // section 2.2: an empty line before a request may be ignored
        return;
    str rest = line;
    if (!str_split(&rest, ' ', &method) || !str_split(&rest, ' ', &target) ||
        !str_split(&rest, ' ', &version) || rest.data != NULL || !is_token(method) ||
        target.len == 0 || has_control(target)) {
        object(guard, "the request line is malformed");
        return;
    }
    guard->is_http_10 = str_equal(version, STR("HTTP/1.0"));
    if (!guard->is_http_10 && !str_equal(version, STR("HTTP/1.1"))) {
        object(guard, "only HTTP/1.1 and HTTP/1.0 are spoken here");
        return;
    }
    if (!is_known_method(method)) {
        guard->has_strange_method = true;
        object(guard, "nothing here takes this method");
        return;
    }
    // evhttp reads none with these, and would take it for the next request.
    guard->has_no_body = str_equal(method, STR("HEAD")) || str_equal(method, STR("TRACE"));
    guard->state = GUARD_HEADERS;
}

static void read_length(struct guard *guard, str value)
{
    if (guard->has_length)
        object(guard, "Content-Length stands twice");
    else if (!str_to_u64(value, &guard->body_left))
        object(guard, "Content-Length is not a number");
    guard->has_length = true;
}

static void read_host(struct guard *guard)
{
    if (guard->has_host)
        object(guard, "Host stands twice");
    guard->has_host = true;
}

static void read_encoding(struct guard *guard, str value)
{
    if (guard->is_chunked || !str_equal_ignoring_case(value, STR("chunked")))
        object(guard, "the only Transfer-Encoding is one 'chunked'");
    guard->is_chunked = true;
}

static void read_header(struct guard *guard, str line)
{
    size_t colon = str_find_char(line, ':');
    if (line.data[0] == ' ' || line.data[0] == '\t') {
        object(guard, "folded header lines are obsolete");
        return;
    }
    if (colon == SIZE_MAX || !is_token(str_sub(line, 0, colon)) || has_control(line)) {
        object(guard, "a header line is malformed");
        return;
    }
    if (++guard->header_count > GUARD_MAX_HEADERS) {
        object(guard, "more than 100 header lines (GUARD_MAX_HEADERS)");
        return;
    }
    str name = str_sub(line, 0, colon);
    str value = str_trim(str_from_index(line, colon + 1));
    if (str_equal_ignoring_case(name, STR("Content-Length")))
        read_length(guard, value);
    else if (str_equal_ignoring_case(name, STR("Host")))
        read_host(guard);
    else if (str_equal_ignoring_case(name, STR("Transfer-Encoding")))
        read_encoding(guard, value);
}

static void announce(struct guard *guard, uint64_t len)
{
    guard->body_left = len;
    guard->body_total += len;
}

static void end_headers(struct guard *guard)
{
    if (!guard->has_host && !guard->is_http_10)
        object(guard, "Host is missing");
    else if (guard->has_length && guard->is_chunked)
        object(guard, "Content-Length and Transfer-Encoding exclude each other");
    else if (guard->has_no_body && (guard->is_chunked || guard->body_left > 0))
        object(guard, "this method has no body");
    else if (guard->is_chunked)
        guard->state = GUARD_CHUNK_SIZE;
    else if (guard->body_left == 0)
        begin_request(guard);
    else {
        guard->state = GUARD_BODY;
        announce(guard, guard->body_left);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// RFC 9112 section 7.1.
static void read_chunk_size(struct guard *guard, str line)
{
    str digits = str_sub(line, 0, str_find_char(line, ';'));
    uint64_t size = 0;
    if (digits.len == 0 || digits.len > 15 || has_control(line)) {
        object(guard, "a chunk's size is malformed");
        return;
    }
    for (size_t i = 0; i < digits.len; i++) {
        int digit = hex_digit(digits.data[i]);
        if (digit < 0) {
            object(guard, "a chunk's size is malformed");
            return;
        }
        size = size << 4 | (unsigned)digit;
    }
    announce(guard, size);
    guard->state = size > 0 ? GUARD_CHUNK : GUARD_TRAILERS;
}

static void read_line(struct guard *guard, str line)
{
    switch (guard->state) {
    case GUARD_REQUEST_LINE:
        read_request_line(guard, line);
        return;
    case GUARD_HEADERS:
        if (line.len == 0)
            end_headers(guard);
        else
            read_header(guard, line);
        return;
    case GUARD_CHUNK_SIZE:
        read_chunk_size(guard, line);
        return;
    case GUARD_CHUNK_END:
        if (line.len > 0)
            object(guard, "a chunk is longer than its size");
        else
            guard->state = GUARD_CHUNK_SIZE;
        return;
    case GUARD_TRAILERS:
        if (line.len == 0)
            begin_request(guard);
        return;
    case GUARD_BODY:
    case GUARD_CHUNK:
    case GUARD_OBJECTING:
        return;
    }
}

static void feed_line_byte(struct guard *guard, char c)
{
    bool after_return = guard->line_len > 0 && guard->line[guard->line_len - 1] == '\r';
    if (c == '\n' && !after_return) {
        object(guard, "a line ends without a carriage return");
    } else if (c == '\n') {
        str line = str_from(guard->line, guard->line_len - 1);
        guard->line_len = 0;
        read_line(guard, line);
    } else if (after_return) {
        object(guard, "a carriage return stands alone");
    } else if (guard->line_len == GUARD_MAX_LINE) {
        guard->has_long_uri = guard->state == GUARD_REQUEST_LINE;
        object(guard, "a line is longer than 8192 bytes (GUARD_MAX_LINE)");
    } else {
        guard->line[guard->line_len++] = c;
    }
}

static size_t skip_body(struct guard *guard, size_t available)
{
    size_t taken = guard->body_left < available ? (size_t)guard->body_left : available;
    guard->body_left -= taken;
    guard->arrived += taken;
    if (guard->body_left == 0 && guard->state == GUARD_CHUNK)
        guard->state = GUARD_CHUNK_END;
    else if (guard->body_left == 0)
        begin_request(guard);
    return taken;
}

void guard_feed(struct guard *guard, str bytes)
{
    size_t at = 0;
    while (at < bytes.len && guard->state != GUARD_OBJECTING) {
        if (guard->state == GUARD_BODY || guard->state == GUARD_CHUNK)
            at += skip_body(guard, bytes.len - at);
        else
            feed_line_byte(guard, bytes.data[at++]);
    }
}
