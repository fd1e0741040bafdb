// SPDX-License-Identifier: Apache-2.0
//
// From a request line to its handler: the table routes.def, authentication, and the reading of the
// body.
#ifndef BATON_API_ROUTE_H
#define BATON_API_ROUTE_H

#include "api/request.h"

enum route_body { NO_BODY, JSON, RAW_BODY };

struct route {
    int method; // evhttp_cmd_type
    const char *path;
    enum route_body body;
    void (*handle)(struct request *request);
};

// The evhttp callback: context is the api. Every request is answered, an unknown path with 404 and
// a wrong method with 405.
void route_request(struct evhttp_request *http, void *context);

// Handlers, by family: health.c, deployment.c, definition.c, instance.c, …
#define ROUTE(method, path, body, handler) void handle_##handler(struct request *request);
#include "api/routes.def"
#undef ROUTE

#endif
