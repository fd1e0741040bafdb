// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request on its way through the API: it owns an arena that lives until the answer is
// handed to the connection, survives the client's hanging up, and is answered exactly once.
// Handlers are asynchronous: they may return before they answer.
#ifndef BATON_API_REQUEST_H
#define BATON_API_REQUEST_H

#include "base/json.h"
#include "record/command.h"

struct api;
struct evhttp_request;
struct route;

enum { REQUEST_MAX_ARGUMENTS = 2, REQUEST_MAX_BODY = 16 << 20 };

struct request {
    struct api *api;
    struct evhttp_request *http; // NULL once the client has hung up
    struct arena arena;
    const struct route *route;
    str arguments[REQUEST_MAX_ARGUMENTS]; // the {…} parts of the path, decoded
    str raw_body;
    const struct json *body; // a JSON object; NULL when the route takes none or the body was empty
    str principal;           // who asks; empty without authentication
    int64_t started_ns;
    int64_t timeout_ms; // how long the engine's answer may take; 0: api.timeout_ms
};

struct request *request_new(struct api *api, struct evhttp_request *http);

// -- Answers: each hands the request over and frees it -------------------------------------------

void request_answer_json(struct request *request, int status, str json);
void request_answer_text(struct request *request, int status, const char *content_type, str text);
void request_answer_empty(struct request *request); // 204

// RFC 9457 problem details, as Camunda 8 sends them.
void request_problem(struct request *request, int status, const char *title, str detail);
void request_problem_format(struct request *request, int status, const char *title,
                            const char *format, ...) PRINTF_LIKE(4, 5);
void request_rejected(struct request *request, enum rejection rejection, str reason);
void request_failed(struct request *request, const struct error *err);

// 503 with Retry-After: the caller should come back.
void request_busy(struct request *request, const char *detail);

// -- Reading --------------------------------------------------------------------------------------

str request_header(const struct request *request, const char *name); // empty when absent
str request_query(struct request *request, const char *name); // of the URI; empty when absent

// The n-th path argument as a key. False after answering 400.
MUST_CHECK bool request_key(struct request *request, size_t index, uint64_t *ret_key);

// A member of the body that must be there. False after answering 400.
MUST_CHECK bool request_text(struct request *request, str name, str *ret_text);

// A key in the body, as a string or a number; 0 when absent. False after answering 400.
MUST_CHECK bool request_body_key(struct request *request, str name, uint64_t *ret_key);

// The member's text as JSON; empty when absent or null. False after answering 400 unless it is an
// object.
MUST_CHECK bool request_variables(struct request *request, str name, str *ret_json);

// Any member as JSON text; empty when absent or null.
str request_member_json(struct request *request, const struct json *object, str name);

// Writes "name":"key", as Camunda 8 writes keys.
void request_write_key(struct json_writer *writer, str name, uint64_t key);

// The tenant named in the body; the default tenant is the empty string inside and "<default>"
// outside.
str request_tenant(const struct request *request);
str tenant_outside(str tenant);

#endif
