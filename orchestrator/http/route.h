// SPDX-License-Identifier: Apache-2.0
//
// From a request line to its handler: a table of routes that the server's owner brings.
#ifndef BATON_HTTP_ROUTE_H
#define BATON_HTTP_ROUTE_H

#include "http/request.h"
#include "http/shape.h"

enum route_method { ROUTE_GET, ROUTE_POST, ROUTE_PUT, ROUTE_PATCH, ROUTE_DELETE };

enum route_body { NO_BODY, JSON, MULTIPART, FORM };

struct route {
    enum route_method method;
    const char *path; // "/v2/jobs/{}/completion": {} takes one segment
    enum route_body body;
    void (*handle)(struct request *request);
    const struct shape *shape; // of a JSON body; NULL: not checked
    // What the caller needs, in its owner's words. "none": nothing, and it is answered when too
    // many requests are open.
    const char *permission;
    bool answers_json; // and nothing else, where it succeeds
    bool needs_body;
    const char *instead; // route_missing: what takes its place
};

// For what is known not to be there: 404 with route->instead.
void route_missing(struct request *request);

// Every request is answered: an unknown path with 404, a wrong method with 405, a body of another
// type with 415.
void route_request(struct request *request);

// The request whose admission took time goes on.
void route_admitted(struct request *request);

#endif
