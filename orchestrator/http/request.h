// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request on its way through the process: it owns an arena that lives until the answer is
// handed to the connection, survives the client's hanging up, and is answered exactly once.
// Handlers are asynchronous: they may return before they answer.
#ifndef BATON_HTTP_REQUEST_H
#define BATON_HTTP_REQUEST_H

#include "base/json.h"
#include "http/form.h"

struct connection;
struct evhttp_request;
struct http_server;
struct route;

enum { REQUEST_MAX_ARGUMENTS = 2, REQUEST_MAX_BODY = 16 << 20 };

struct request {
    struct http_server *server;
    void *context; // http_options.context: whose routes these are
    void *asker;   // what `admit` made of it: who asks; freed with the arena
    struct connection *connection;
    struct evhttp_request *http; // NULL once the client has hung up
    struct evhttp_request *gone; // what it was then
    struct arena arena;
    const struct route *route;
    str arguments[REQUEST_MAX_ARGUMENTS]; // the {…} parts of the path, decoded
    str raw_body;
    size_t counted;    // bytes of it, in the connections' account
    bool is_looked_at; // http_options.look was asked about its answer
    bool reads;        // changes nothing, as every GET: a large answer may be refused, not sent
    const struct json *body; // a JSON object; NULL when the route takes none or the body was empty
    struct form form;        // of a route that takes one
    int64_t started_ns;
    // Called once when the client closes before the answer; may answer. NULL: nobody asks.
    void (*on_gone)(struct request *request);
};

struct request *request_new(struct http_server *server, struct evhttp_request *http);

// -- Answers: each hands the request over and frees it -------------------------------------------

void request_answer_json(struct request *request, int status, str json);
void request_answer_text(struct request *request, int status, const char *content_type, str text);
void request_answer_empty(struct request *request); // 204

// 200 with what was packed (gzip) before; unpacked for a client that does not take it so.
void request_answer_packed(struct request *request, const char *content_type, str packed);

// RFC 9457 problem details, as Camunda 8 sends them.
void request_problem(struct request *request, int status, const char *title, str detail);
void request_problem_format(struct request *request, int status, const char *title,
                            const char *format, ...) PRINTF_LIKE(4, 5);
void request_failed(struct request *request, const struct error *err);

// 503 with Retry-After: the caller should come back.
void request_busy(struct request *request, const char *detail);

// The request waits from here on for something that may not come soon. At most three quarters of
// the connections may: false after answering 503. Once a request.
MUST_CHECK bool request_may_wait(struct request *request);

// A header of the answer; both texts are copied. Before the answer.
void request_add_header(struct request *request, const char *name, const char *value);

// -- Reading --------------------------------------------------------------------------------------

const char *request_uri(const struct request *request); // as sent; "" when the client has gone
str request_header(const struct request *request, const char *name); // empty when absent

// The address of whoever is connected: a proxy's, where there is one. Empty when it has gone.
str request_peer(struct request *request);

// Whether the caller's side of the connection has shown a certificate (loop/tls.h).
bool request_certificate(struct request *request, str *ret_claims, const char **ret_problem);

// Whether pages of this origin may ask (http_options.cors_origins).
bool request_allows_origin(const struct request *request, str origin);

// What the query of the URI says of a name, decoded; empty when absent.
str request_query(struct request *request, const char *name);

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

#endif
