// SPDX-License-Identifier: Apache-2.0
#include "api/route.h"

#include "api/api_private.h"
#include "api/guard.h"
#include "base/digest.h"
#include "base/utf8.h"

#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

static const struct route routes[] = {
#define ROUTE(method, path, body, handler) {EVHTTP_REQ_##method, path, body, handle_##handler},
#include "api/routes.def"
#undef ROUTE
};

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

static const struct route *find_route(struct request *request, str path, int method,
                                      bool *ret_path_known)
{
    *ret_path_known = false;
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        str arguments[REQUEST_MAX_ARGUMENTS] = {STR_EMPTY, STR_EMPTY};
        if (!path_matches(routes[i].path, path, arguments))
            continue;
        *ret_path_known = true;
        if (routes[i].method != method)
            continue;
        memcpy(request->arguments, arguments, sizeof arguments);
        return &routes[i];
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

// The password of "Basic user:password", or what stands behind "Bearer".
static str credential_of(struct request *request)
{
    str header = request_header(request, "Authorization");
    str decoded;
    if (str_starts_with(header, STR("Bearer ")))
        return str_trim(str_from_index(header, 7));
    if (!str_starts_with(header, STR("Basic ")) ||
        !base64_decode(&request->arena, str_trim(str_from_index(header, 6)), &decoded))
        return request_header(request, "X-API-Key");
    size_t colon = str_find_char(decoded, ':');
    request->principal = str_sub(decoded, 0, colon);
    return colon == SIZE_MAX ? STR_EMPTY : str_from_index(decoded, colon + 1);
}

static bool is_public(const struct request *request)
{
    return str_starts_with(str_of(request->route->path), STR("/health/"));
}

// One API key from the configuration; compared in constant time.
static bool is_authenticated(struct request *request)
{
    str key = str_of(request->api->options.key);
    return key.len == 0 || is_public(request) || digest_equal(credential_of(request), key);
}

static void handle(struct request *request)
{
    if (!is_authenticated(request)) {
        evhttp_add_header(evhttp_request_get_output_headers(request->http), "WWW-Authenticate",
                          "Bearer");
        request_problem(request, 401, "UNAUTHENTICATED",
                        STR("send the API key as 'Authorization: Bearer KEY'"));
        return;
    }
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
    const char *uri = evhttp_request_get_uri(request->http);
    if (path_known)
        request_problem_format(request, 405, "METHOD_NOT_ALLOWED",
                               "'%.200s' does not take this method", uri);
    else
        request_problem_format(request, 404, "NOT_FOUND", "there is no resource '%.200s'", uri);
}

void route_request(struct evhttp_request *http, void *context)
{
    struct api *api = context;
    struct request *request = request_new(api, http);
    const char *objection = guard_objection(evhttp_request_get_connection(http));
    if (objection != NULL) {
        evhttp_add_header(evhttp_request_get_output_headers(http), "Connection", "close");
        request_problem(request, 400, "INVALID_ARGUMENT", str_of(objection));
        return;
    }
    if (api->open_requests > api->options.max_open_requests) {
        request_busy(request, "too many requests are open (api.max_open_requests)");
        return;
    }
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    bool path_known;
    request->route = find_route(request, str_of(path ? path : "/"),
                                (int)evhttp_request_get_command(http), &path_known);
    if (request->route == NULL)
        refuse_path(request, path_known);
    else
        handle(request);
}
