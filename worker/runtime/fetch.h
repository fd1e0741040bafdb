// SPDX-License-Identifier: Apache-2.0
//
// HTTP requests on the loop: libcurl's multi interface joined to libevent. One answer a request,
// always by callback and never from inside fetch_start.
#ifndef BATON_WORKER_FETCH_H
#define BATON_WORKER_FETCH_H

#include "base/error.h"
#include "base/strbuf.h"

struct event_base;
struct fetcher;

enum {
    FETCH_MAX_ANSWER = 4 << 20, // bytes of a response body
    FETCH_MAX_HEADERS = 64,     // in a request
};

struct fetch_header {
    str name;
    str value;
};

struct fetch_request {
    const char *method; // "GET"
    const char *url;    // http or https
    str body;           // data == NULL: none
    const struct fetch_header *headers;
    size_t header_count;
    const char *user; // basic authentication; NULL: none
    const char *password;
    long connect_timeout_ms;
    long timeout_ms;
    const char *authorities; // a PEM file of those that its certificate may come from; NULL or
                             // empty: the system's
    str allowed;             // hosts that may have special addresses (address.h)
};

struct fetch_answer {
    int status;
    str body;
    const struct fetch_header *headers; // names in lower case
    size_t header_count;
};

// `answer` is NULL when there was none: *err says why. Both are valid during the call.
typedef void fetch_done(void *context, const struct fetch_answer *answer, const struct error *err);

struct fetcher *fetcher_new(struct event_base *loop);
void fetcher_free(struct fetcher *fetcher);

// The host that a URL leads to, in the arena, and the port. Empty: it is none.
str fetch_target(struct arena *arena, const char *url, unsigned *ret_port);

// The request is copied.
void fetch_start(struct fetcher *fetcher, const struct fetch_request *request, fetch_done *done,
                 void *context);

#endif
