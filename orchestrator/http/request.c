// SPDX-License-Identifier: Apache-2.0
#include "http/request.h"

#include "base/clock.h"
#include "base/gzip.h"
#include "http/coding.h"
#include "http/server_private.h"
#include "http/stream.h"
#include "loop/tls.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

void request_leave(struct request *request)
{
    void (*on_gone)(struct request * request) = request->on_gone;
    request->on_gone = NULL;
    if (on_gone != NULL)
        on_gone(request);
}

// The request stays until its handler is done with it, and what it was read from stays with it.
void request_hang_up(struct request *request)
{
    evhttp_request_own(request->http);
    request->gone = request->http;
    request->http = NULL;
    request->connection = NULL;
    request_leave(request);
}

struct request *request_new(struct http_server *server, struct evhttp_request *http)
{
    struct arena arena = ARENA_EMPTY;
    struct request *request = ARENA_NEW(&arena, struct request);
    request->arena = arena;
    request->server = server;
    request->context = server->options.context;
    request->http = http;
    request->started_ns = clock_monotonic_ns();
    struct evbuffer *input = evhttp_request_get_input_buffer(http);
    size_t len = evbuffer_get_length(input);
    request->raw_body = str_from(len > 0 ? evbuffer_pullup(input, -1) : NULL, len);
    request->connection =
        connection_of(&server->connections, evhttp_request_get_connection(http), request, len);
    server->counts.open_requests++;
    return request;
}

// -- Sending ----------------------------------------------------------------------------

static void finish(struct request *request, int status)
{
    struct http_server *server = request->server;
    server->counts.open_requests--;
    connection_release(&server->connections, request->counted);
    http_count_answer(server, status, clock_monotonic_ns() - request->started_ns);
    struct arena arena = request->arena; // the request itself lives in it
    arena_done(&arena);
}

static void finish_gone(struct request *request, int status)
{
    struct http_server *server = request->server;
    evhttp_request_free(request->gone);
    finish(request, status);
    http_answer_sent(server);
}

static void on_sent(struct evhttp_request *http, void *context)
{
    (void)http;
    connection_end_answer(context);
}

// The length of the body that a GET would have, and no body.
static void empty_for_head(struct evhttp_request *http, str *body)
{
    char digits[24];
    if (evhttp_request_get_command(http) != EVHTTP_REQ_HEAD)
        return;
    snprintf(digits, sizeof digits, "%zu", body->len);
    evhttp_add_header(evhttp_request_get_output_headers(http), "Content-Length", digits);
    *body = STR_EMPTY;
}

// As gzip where the client takes it and it pays.
static void pack(struct request *request, str *body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request->http);
    bool fits = body->len >= CODING_MIN_BYTES && body->len <= CODING_MAX_BYTES;
    bool is_packed = evhttp_find_header(headers, "Content-Encoding") != NULL;
    if (evhttp_request_get_command(request->http) == EVHTTP_REQ_HEAD || !fits || is_packed)
        return;
    request_add_header(request, "Vary", "Accept-Encoding");
    if (!coding_takes_gzip(request_header(request, "Accept-Encoding")))
        return;
    str packed = gzip_pack(&request->arena, *body);
    if (packed.len >= body->len)
        return;
    request_add_header(request, "Content-Encoding", "gzip");
    *body = packed;
}

// A large answer has to find room among those that nobody has taken yet. One that tells what was
// done is owed.
static bool may_send(const struct request *request, size_t len)
{
    const struct route *route = request->route;
    bool reads = request->reads || (route != NULL && route->method == ROUTE_GET);
    return len <= HTTP_SMALL_BYTES || !reads ||
           connection_has_room(&request->server->connections, len);
}

static void send_answer(struct request *request, int status, const char *content_type, str body)
{
    struct evhttp_request *http = request->http;
    struct connection *connection = request->connection;
    if (http == NULL) {
        finish_gone(request, status);
        return;
    }
    bool asks = !request->is_looked_at && request->server->options.look != NULL;
    request->is_looked_at = true;
    if (asks && request->server->options.look(request, status, content_type, body))
        return;
    if (!may_send(request, body.len)) {
        request_busy(request, "too many bytes of answers wait to be taken (api.max_bytes)");
        return;
    }
    pack(request, &body);
    struct evkeyvalq *headers = evhttp_request_get_output_headers(http);
    if (content_type != NULL)
        evhttp_add_header(headers, "Content-Type", content_type);
    if (request->server->is_draining)
        evhttp_add_header(headers, "Connection", "close");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    empty_for_head(http, &body);
    struct evbuffer *out = evbuffer_new();
    check(out != NULL);
    evbuffer_add(out, body.data, body.len);
    connection_begin_answer(connection, body.len);
    finish(request, status);
    evhttp_request_set_on_complete_cb(http, on_sent, connection);
    evhttp_send_reply(http, status, NULL, out);
    evbuffer_free(out);
}

void request_answer_json(struct request *request, int status, str json)
{
    send_answer(request, status, "application/json", json);
}

void request_answer_text(struct request *request, int status, const char *content_type, str text)
{
    send_answer(request, status, content_type, text);
}

void request_answer_empty(struct request *request)
{
    send_answer(request, 204, NULL, STR_EMPTY);
}

void request_answer_packed(struct request *request, const char *content_type, str packed)
{
    struct error err;
    str body = packed;
    request_add_header(request, "Vary", "Accept-Encoding");
    if (coding_takes_gzip(request_header(request, "Accept-Encoding")))
        request_add_header(request, "Content-Encoding", "gzip");
    else if (!gzip_unpack(&request->arena, packed, REQUEST_MAX_BODY, &body, &err)) {
        request_failed(request, &err);
        return;
    }
    send_answer(request, 200, content_type, body);
}

void request_problem(struct request *request, int status, const char *title, str detail)
{
    enum { SHOWN_BYTES = 500 };
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    str uri = str_of(request_uri(request));
    if ((status == 401 || status == 403) && request->server->options.refused != NULL)
        request->server->options.refused(request, status, detail);
    json_begin_object(&w);
    json_key(&w, STR("type"));
    json_string(&w, STR("about:blank"));
    json_key(&w, STR("title"));
    json_string(&w, str_of(title));
    json_key(&w, STR("status"));
    json_i64(&w, status);
    json_key(&w, STR("detail"));
    json_string(&w, detail);
    json_key(&w, STR("instance"));
    json_string(&w, str_sub(uri, 0, SHOWN_BYTES));
    json_end_object(&w);
    send_answer(request, status, "application/problem+json", strbuf_str(&out));
}

void request_problem_format(struct request *request, int status, const char *title,
                            const char *format, ...)
{
    char detail[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    request_problem(request, status, title, str_of(detail));
}

void request_busy(struct request *request, const char *detail)
{
    request_add_header(request, "Retry-After", "1");
    request_problem(request, 503, "RESOURCE_EXHAUSTED", str_of(detail));
}

bool request_may_wait(struct request *request)
{
    if (request->connection == NULL || connection_begin_wait(request->connection))
        return true;
    request_busy(request, "too many requests wait: three quarters of api.max_connections");
    return false;
}

// -- In pieces --------------------------------------------------------------------------

bool request_stream_begin(struct request *request, const char *content_type)
{
    struct evhttp_request *http = request->http;
    if (http != NULL && evhttp_request_get_command(http) == EVHTTP_REQ_HEAD) {
        request_answer_text(request, 200, content_type, STR_EMPTY);
        return false;
    }
    if (!request_may_wait(request))
        return false;
    if (http == NULL)
        return true;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(http);
    evhttp_add_header(headers, "Content-Type", content_type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Accel-Buffering", "no"); // proxies pass pieces on as they come
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    evhttp_send_reply_start(http, 200, NULL);
    return true;
}

bool request_stream_send(struct request *request, str piece)
{
    if (request->http == NULL)
        return false;
    struct bufferevent *buffer = request->connection->buffer;
    if (evbuffer_get_length(bufferevent_get_output(buffer)) + piece.len > STREAM_PENDING_BYTES)
        return false;
    struct evbuffer *out = evbuffer_new();
    check(out != NULL);
    evbuffer_add(out, piece.data, piece.len);
    evhttp_send_reply_chunk(request->http, out);
    evbuffer_free(out);
    return true;
}

void request_stream_end(struct request *request)
{
    struct evhttp_request *http = request->http;
    struct connection *connection = request->connection;
    if (http == NULL) {
        finish_gone(request, 200);
        return;
    }
    connection_begin_answer(connection, 0);
    finish(request, 200);
    evhttp_request_set_on_complete_cb(http, on_sent, connection);
    evhttp_send_reply_end(http);
}

static const struct {
    int status;
    const char *title;
} failures[] = {
    [ERROR_NONE] = {500, "INTERNAL"},
    [ERROR_INVALID] = {400, "INVALID_ARGUMENT"},
    [ERROR_LIMIT] = {400, "LIMIT_REACHED"},
    [ERROR_NOT_FOUND] = {404, "NOT_FOUND"},
    [ERROR_CONFLICT] = {409, "INVALID_STATE"},
    [ERROR_DENIED] = {403, "FORBIDDEN"},
    [ERROR_UNAVAILABLE] = {503, "UNAVAILABLE"},
    [ERROR_IO] = {503, "UNAVAILABLE"},
    [ERROR_UNSUPPORTED] = {501, "NOT_IMPLEMENTED"},
};

void request_failed(struct request *request, const struct error *err)
{
    int status = failures[err->kind].status;
    if (status == 503) {
        request_busy(request, err->text);
        return;
    }
    str text = err->place[0] == '\0' ? str_of(err->text) : error_line(&request->arena, err);
    request_problem(request, status, failures[err->kind].title, text);
}

void request_add_header(struct request *request, const char *name, const char *value)
{
    if (request->http != NULL)
        evhttp_add_header(evhttp_request_get_output_headers(request->http), name, value);
}

const char *request_uri(const struct request *request)
{
    return request->http != NULL ? evhttp_request_get_uri(request->http) : "";
}

str request_header(const struct request *request, const char *name)
{
    if (request->http == NULL)
        return STR_EMPTY;
    return str_of(evhttp_find_header(evhttp_request_get_input_headers(request->http), name));
}

str request_peer(struct request *request)
{
    char *address = NULL;
    uint16_t port;
    struct evhttp_connection *connection =
        request->http != NULL ? evhttp_request_get_connection(request->http) : NULL;
    if (connection != NULL)
        evhttp_connection_get_peer(connection, &address, &port);
    return address == NULL ? STR_EMPTY : str_copy(&request->arena, str_of(address));
}

bool request_certificate(struct request *request, str *ret_claims, const char **ret_problem)
{
    struct evhttp_connection *connection =
        request->http != NULL ? evhttp_request_get_connection(request->http) : NULL;
    return request->server->options.tls != NULL && connection != NULL &&
           tls_peer_read(&request->arena, evhttp_connection_get_bufferevent(connection), ret_claims,
                         ret_problem);
}

str request_query(struct request *request, const char *name)
{
    struct evkeyvalq pairs = TAILQ_HEAD_INITIALIZER(pairs);
    const struct evhttp_uri *uri =
        request->http != NULL ? evhttp_request_get_evhttp_uri(request->http) : NULL;
    const char *query = uri != NULL ? evhttp_uri_get_query(uri) : NULL;
    if (query == NULL || evhttp_parse_query_str(query, &pairs) != 0)
        return STR_EMPTY;
    const char *found = evhttp_find_header(&pairs, name);
    str value = found != NULL ? str_copy(&request->arena, str_of(found)) : STR_EMPTY;
    evhttp_clear_headers(&pairs);
    return value;
}

bool request_key(struct request *request, size_t index, uint64_t *ret_key)
{
    if (str_to_u64(request->arguments[index], ret_key) && *ret_key != 0 && *ret_key <= INT64_MAX)
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "expected a key (a positive number) in the path, found '%.*s'",
                           STR_ARG(request->arguments[index]));
    return false;
}

bool request_text(struct request *request, str name, str *ret_text)
{
    const struct json *member = json_get(request->body, name);
    if (json_is(member, JSON_STRING) && member->text.len > 0) {
        *ret_text = member->text;
        return true;
    }
    request_problem_format(request, 400, "INVALID_ARGUMENT", "\"%.*s\" must be a non-empty string",
                           STR_ARG(name));
    return false;
}

bool request_body_key(struct request *request, str name, uint64_t *ret_key)
{
    const struct json *member = json_get(request->body, name);
    *ret_key = 0;
    if (member == NULL || member->type == JSON_NULL)
        return true;
    bool readable = member->type == JSON_STRING || member->type == JSON_NUMBER;
    if (readable && str_to_u64(member->text, ret_key) && *ret_key != 0)
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "\"%.*s\" must be a key: a string of digits", STR_ARG(name));
    return false;
}

str request_member_json(struct request *request, const struct json *object, str name)
{
    const struct json *member = json_get(object, name);
    if (member == NULL || member->type == JSON_NULL)
        return STR_EMPTY;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, member);
    return strbuf_str(&out);
}

bool request_variables(struct request *request, str name, str *ret_json)
{
    const struct json *member = json_get(request->body, name);
    if (member != NULL && member->type != JSON_OBJECT && member->type != JSON_NULL) {
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "\"%.*s\" must be an object, found %s", STR_ARG(name),
                               json_type_name(member->type));
        return false;
    }
    *ret_json = request_member_json(request, request->body, name);
    return true;
}
