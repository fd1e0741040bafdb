// SPDX-License-Identifier: Apache-2.0
#include "http/route.h"

#include "base/gzip.h"
#include "base/utf8.h"
#include "http/coding.h"
#include "http/cors.h"
#include "http/server_private.h"

#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

// Matches segment by segment; {} takes one. Arguments stay percent-encoded.
static bool path_matches(const char *pattern, str path, str *ret_arguments)
{
    str expected = str_of(pattern);
    str wanted;
    str found;
    size_t taken = 0;
    while (str_split(&expected, '/', &wanted)) {
        if (!str_split(&path, '/', &found))
            return false;
        bool takes_any = str_equal(wanted, STR("{}"));
        if (takes_any ? found.len == 0 : !str_equal(wanted, found))
            return false;
        if (takes_any && taken < REQUEST_MAX_ARGUMENTS)
            ret_arguments[taken++] = found;
    }
    return path.data == NULL;
}

static const struct {
    int command;
    const char *name;
} methods[] = {
    [ROUTE_GET] = {EVHTTP_REQ_GET, "GET"},          [ROUTE_POST] = {EVHTTP_REQ_POST, "POST"},
    [ROUTE_PUT] = {EVHTTP_REQ_PUT, "PUT"},          [ROUTE_PATCH] = {EVHTTP_REQ_PATCH, "PATCH"},
    [ROUTE_DELETE] = {EVHTTP_REQ_DELETE, "DELETE"},
};

static bool takes(const struct route *route, int command)
{
    bool is_head = command == EVHTTP_REQ_HEAD && route->method == ROUTE_GET;
    return methods[route->method].command == command || is_head;
}

static size_t arguments_in(const char *pattern)
{
    size_t count = 0;
    for (; *pattern != '\0'; pattern++)
        count += *pattern == '{';
    return count;
}

// Of the paths that match, that which says most: "search" is no key. NULL: none.
static const char *find_path(const struct http_options *options, str path)
{
    const char *best = NULL;
    str ignored[REQUEST_MAX_ARGUMENTS];
    for (size_t i = 0; i < options->route_count; i++) {
        const char *pattern = options->routes[i].path;
        if (path_matches(pattern, path, ignored) &&
            (best == NULL || arguments_in(pattern) < arguments_in(best)))
            best = pattern;
    }
    return best;
}

// A browser opens an address that its page knows and we do not.
static bool is_of_page(const struct request *request)
{
    const char *page = request->server->options.page;
    int command = (int)evhttp_request_get_command(request->http);
    return page != NULL && (command == EVHTTP_REQ_GET || command == EVHTTP_REQ_HEAD) &&
           str_find(request_header(request, "Accept"), STR("text/html")) != SIZE_MAX;
}

// What the path does take, for the header Allow; empty when there is no such path.
static str find_route(struct request *request, str path)
{
    const struct http_options *options = &request->server->options;
    int command = (int)evhttp_request_get_command(request->http);
    struct strbuf allowed = strbuf_new(&request->arena);
    const char *pattern = find_path(options, path);
    if (pattern == NULL && is_of_page(request)) {
        pattern = options->page;
        path = str_of(pattern);
    }
    for (size_t i = 0; pattern != NULL && i < options->route_count && request->route == NULL; i++) {
        const struct route *route = &options->routes[i];
        str arguments[REQUEST_MAX_ARGUMENTS] = {STR_EMPTY, STR_EMPTY};
        if (strcmp(route->path, pattern) != 0 || !path_matches(route->path, path, arguments))
            continue;
        strbuf_format(&allowed, "%s%s", methods[route->method].name,
                      route->method == ROUTE_GET ? ", HEAD, " : ", ");
        if (!takes(route, command))
            continue;
        memcpy(request->arguments, arguments, sizeof arguments);
        request->route = route;
    }
    if (allowed.len > 0)
        strbuf_add(&allowed, STR("OPTIONS"));
    return strbuf_str(&allowed);
}

static bool decode_arguments(struct request *request)
{
    for (size_t i = 0; i < REQUEST_MAX_ARGUMENTS; i++) {
        size_t len;
        char *raw = str_cstr(&request->arena, request->arguments[i]);
        char *decoded = evhttp_uridecode(raw, 0, &len);
        if (decoded == NULL)
            return false;
        request->arguments[i] = str_copy(&request->arena, str_from(decoded, len));
        free(decoded);
        if (!utf8_is_valid(request->arguments[i]) ||
            str_find_char(request->arguments[i], '\0') != SIZE_MAX)
            return false;
    }
    return true;
}

static bool read_json_body(struct request *request)
{
    struct error err;
    struct json *body;
    if (str_trim(request->raw_body).len == 0 && request->route->needs_body) {
        request_problem(request, 400, "INVALID_ARGUMENT", STR("the body is missing"));
        return false;
    }
    if (str_trim(request->raw_body).len == 0)
        return true;
    if (!json_parse(&request->arena, request->raw_body, &body, &err)) {
        request_failed(request, &err);
        return false;
    }
    if (body->type != JSON_OBJECT) {
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "the body must be a JSON object, found %s",
                               json_type_name(body->type));
        return false;
    }
    request->body = body;
    return true;
}

// False after answering.
static bool read_form(struct request *request)
{
    struct error err;
    if (form_parse(&request->arena, request->raw_body, &request->form, &err))
        return true;
    request_failed(request, &err);
    return false;
}

// -- Who may ask ------------------------------------------------------------------------

// "http://host:port", "host:port" or "[::1]:port" of this machine.
static bool is_local(str origin)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t scheme = str_find(origin, STR("://"));
    str host = scheme == SIZE_MAX ? origin : str_from_index(origin, scheme + 3);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        str name = str_of(names[i]);
        bool fits =
            host.len >= name.len && str_equal_ignoring_case(str_sub(host, 0, name.len), name);
        if (fits && (host.len == name.len || host.data[name.len] == ':'))
            return true;
    }
    return false;
}

// False after answering. Without a key the address is what protects: a browser would carry requests
// of any web page to it, under the page's origin or, with a name that leads here, under its host.
static bool may_ask(struct request *request)
{
    str origin = request_header(request, "Origin");
    str host = request_header(request, "Host");
    bool is_own = origin.len == 0 || is_local(origin) || cors_allows(request, origin);
    if (!request->server->options.local_only || (is_local(host) && is_own))
        return true;
    request_problem_format(request, 403, "FORBIDDEN",
                           "this API is for programs on its own machine: '%.*s' is not one; set "
                           "api.key to serve others",
                           STR_ARG(is_local(host) ? origin : host));
    return false;
}

// -- Bodies -----------------------------------------------------------------------------

static bool is_media_type(str header, str wanted)
{
    str type = str_trim(str_sub(header, 0, str_find_char(header, ';')));
    return str_equal_ignoring_case(type, wanted);
}

static bool is_json_type(str header)
{
    str type = str_trim(str_sub(header, 0, str_find_char(header, ';')));
    return is_media_type(header, STR("application/json")) || str_ends_with(type, STR("+json"));
}

// False after answering 415.
static bool check_type(struct request *request)
{
    static const char *const types[] = {[JSON] = "application/json",
                                        [MULTIPART] = "multipart/form-data",
                                        [FORM] = "application/x-www-form-urlencoded"};
    str type = request_header(request, "Content-Type");
    enum route_body body = request->route->body;
    if (body == NO_BODY || request->raw_body.len == 0 ||
        (body == JSON ? is_json_type(type) : is_media_type(type, str_of(types[body]))))
        return true;
    request_problem_format(request, 415, "UNSUPPORTED_MEDIA_TYPE",
                           "the body must be %s, the header Content-Type says '%.*s'", types[body],
                           STR_ARG(type));
    return false;
}

// False after answering. What was packed is unpacked, and counted as what it is.
static bool unpack_body(struct request *request)
{
    str coding = str_trim(request_header(request, "Content-Encoding"));
    str plain;
    if (coding.len == 0 || str_equal_ignoring_case(coding, STR("identity")) ||
        request->raw_body.len == 0)
        return true;
    if (!str_equal_ignoring_case(coding, STR("gzip"))) {
        request_add_header(request, "Accept-Encoding", "gzip");
        request_problem_format(request, 415, "UNSUPPORTED_MEDIA_TYPE",
                               "the header Content-Encoding says '%.*s': only gzip is taken",
                               STR_ARG(coding));
        return false;
    }
    struct error err;
    if (!gzip_unpack(&request->arena, request->raw_body, REQUEST_MAX_BODY, &plain, &err)) {
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "the packed body: %s (at most REQUEST_MAX_BODY, %d, unpacked)",
                               err.text, REQUEST_MAX_BODY);
        return false;
    }
    if (request->connection != NULL && !connection_grow(request->connection, request, plain.len)) {
        request_busy(request, "too many bytes of requests and answers are in flight "
                              "(api.max_bytes)");
        return false;
    }
    request->raw_body = plain;
    return true;
}

static bool takes_json(str range)
{
    static const char *const ranges[] = {"*/*", "application/*", "application/json",
                                         "application/problem+json"};
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (str_equal_ignoring_case(range, str_of(ranges[i])))
            return true;
    return str_starts_with(range, STR("application/")) && str_ends_with(range, STR("+json"));
}

// False after answering 406.
static bool check_accept(struct request *request)
{
    str header = request_header(request, "Accept");
    str rest = header;
    str item;
    str range;
    if (!request->route->answers_json || str_trim(header).len == 0)
        return true;
    while (str_split(&rest, ',', &item))
        if (coding_is_wanted(item, &range) && takes_json(range))
            return true;
    request_problem_format(request, 406, "NOT_ACCEPTABLE",
                           "the answer is application/json, the header Accept says '%.*s'",
                           STR_ARG(header));
    return false;
}

// -- The way of a request ---------------------------------------------------------------

void route_admitted(struct request *request)
{
    if (!check_accept(request) || !check_type(request) || !unpack_body(request) ||
        (request->route->body == JSON && !read_json_body(request)) ||
        (request->route->body == FORM && !read_form(request)))
        return;
    struct error err;
    const struct shape *shape = request->route->shape;
    if (shape == NULL || shape_fits(shape, request->body, &err))
        request->route->handle(request);
    else
        request_failed(request, &err);
}

static void handle(struct request *request)
{
    if (!decode_arguments(request))
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("the path is not valid UTF-8, or has U+0000"));
    else if (request->server->options.admit(request) == ADMITTED)
        route_admitted(request);
}

void route_missing(struct request *request)
{
    request_problem_format(request, 404, "NOT_FOUND", "'%.200s' is not here. %s",
                           request_uri(request), request->route->instead);
}

static void answer_without_route(struct request *request, str allowed)
{
    if (allowed.len == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no resource '%.200s'",
                               request_uri(request));
        return;
    }
    request_add_header(request, "Allow", str_cstr(&request->arena, allowed));
    if (evhttp_request_get_command(request->http) == EVHTTP_REQ_OPTIONS)
        request_answer_empty(request);
    else
        request_problem_format(request, 405, "METHOD_NOT_ALLOWED",
                               "'%.200s' does not take this method", request_uri(request));
}

static void answer_refusal(struct request *request, const struct refusal *refusal)
{
    request_add_header(request, "Connection", "close");
    if (refusal->status == 503)
        request_busy(request, refusal->detail);
    else
        request_problem(request, refusal->status, refusal->title, str_of(refusal->detail));
}

static bool is_for_all(const struct request *request)
{
    const struct route *route = request->route;
    return route != NULL && route->permission != NULL && strcmp(route->permission, "none") == 0;
}

void route_request(struct request *request)
{
    struct http_server *server = request->server;
    if (request->connection->refusal.status != 0) {
        answer_refusal(request, &request->connection->refusal);
        return;
    }
    if (!may_ask(request))
        return;
    cors_add_headers(request);
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request->http);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    str allowed = find_route(request, str_of(path ? path : "/"));
    if (server->counts.open_requests > server->options.max_open_requests && !is_for_all(request))
        request_busy(request, "too many requests are open (api.pending_requests, or seven eighths "
                              "of api.max_connections)");
    else if (request->route == NULL)
        answer_without_route(request, allowed);
    else
        handle(request);
}
