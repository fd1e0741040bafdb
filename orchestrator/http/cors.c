// SPDX-License-Identifier: Apache-2.0
#include "http/cors.h"

#include "http/server_private.h"

bool cors_allows(const struct request *request, str origin)
{
    str list = str_of(request->server->options.cors_origins);
    str item;
    if (origin.len == 0 || list.len == 0)
        return false;
    while (str_split(&list, ',', &item)) {
        str wanted = str_trim(item);
        if (str_equal(wanted, STR("*")) || str_equal_ignoring_case(wanted, origin))
            return true;
    }
    return false;
}

bool request_allows_origin(const struct request *request, str origin)
{
    return cors_allows(request, origin);
}

void cors_add_headers(struct request *request)
{
    const char *listed = request->server->options.cors_origins;
    str origin = request_header(request, "Origin");
    str headers = request_header(request, "Access-Control-Request-Headers");
    if (listed == NULL || listed[0] == '\0')
        return;
    request_add_header(request, "Vary", "Origin");
    if (!cors_allows(request, origin))
        return;
    request_add_header(request, "Access-Control-Allow-Origin", str_cstr(&request->arena, origin));
    request_add_header(request, "Access-Control-Expose-Headers",
                       "Baton-Records-Until, Retry-After, Allow");
    if (request_header(request, "Access-Control-Request-Method").len == 0)
        return;
    request_add_header(request, "Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
    if (headers.len > 0)
        request_add_header(request, "Access-Control-Allow-Headers",
                           str_cstr(&request->arena, headers));
    request_add_header(request, "Access-Control-Max-Age", "600");
}
