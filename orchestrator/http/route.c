// SPDX-License-Identifier: Apache-2.0
#include "http/route.h"

#include "base/utf8.h"
#include "http/guard.h"
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

static const int commands[] = {
    [ROUTE_GET] = EVHTTP_REQ_GET,       [ROUTE_POST] = EVHTTP_REQ_POST,
    [ROUTE_PUT] = EVHTTP_REQ_PUT,       [ROUTE_PATCH] = EVHTTP_REQ_PATCH,
    [ROUTE_DELETE] = EVHTTP_REQ_DELETE,
};

static const struct route *find_route(struct request *request, str path, bool *ret_path_known)
{
    const struct http_options *options = &request->server->options;
    int command = (int)evhttp_request_get_command(request->http);
    *ret_path_known = false;
    for (size_t i = 0; i < options->route_count; i++) {
        const struct route *route = &options->routes[i];
        str arguments[REQUEST_MAX_ARGUMENTS] = {STR_EMPTY, STR_EMPTY};
        if (!path_matches(route->path, path, arguments))
            continue;
        *ret_path_known = true;
        if (commands[route->method] != command)
            continue;
        memcpy(request->arguments, arguments, sizeof arguments);
        return route;
    }
    return NULL;
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
        if (!utf8_is_valid(request->arguments[i]))
            return false;
    }
    return true;
}

static bool read_json_body(struct request *request)
{
    struct error err;
    struct json *body;
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

static void handle(struct request *request)
{
    if (!request->server->options.admit(request))
        return;
    if (!decode_arguments(request)) {
        request_problem(request, 400, "INVALID_ARGUMENT", STR("the path is not valid UTF-8"));
        return;
    }
    if (request->route->body == JSON && !read_json_body(request))
        return;
    request->route->handle(request);
}

static void refuse_path(struct request *request, bool path_known)
{
    const char *uri = request_uri(request);
    if (path_known)
        request_problem_format(request, 405, "METHOD_NOT_ALLOWED",
                               "'%.200s' does not take this method", uri);
    else
        request_problem_format(request, 404, "NOT_FOUND", "there is no resource '%.200s'", uri);
}

void route_request(struct request *request)
{
    struct http_server *server = request->server;
    const char *objection = guard_objection(evhttp_request_get_connection(request->http));
    if (objection != NULL) {
        request_add_header(request, "Connection", "close");
        request_problem(request, 400, "INVALID_ARGUMENT", str_of(objection));
        return;
    }
    if (server->counts.open_requests > server->options.max_open_requests) {
        request_busy(request, "too many requests are open (api.pending_requests)");
        return;
    }
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request->http);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    bool path_known;
    request->route = find_route(request, str_of(path ? path : "/"), &path_known);
    if (request->route == NULL)
        refuse_path(request, path_known);
    else
        handle(request);
}
