// SPDX-License-Identifier: Apache-2.0
//
// The HTTP connector: a job whose variables describe a request and whose headers say what becomes
// of the response. Inputs and headers have the names of Camunda 8's REST connector, so its models
// run: method, url, headers, queryParameters, body, authentication {type: noAuth, basic, bearer,
// apiKey}, connectionTimeoutInSeconds, readTimeoutInSeconds; resultVariable, resultExpression,
// errorExpression, retryBackoff. See docs/connectors.md.
#ifndef BATON_CONNECTOR_HTTP_HTTP_H
#define BATON_CONNECTOR_HTTP_HTTP_H

#include "connector/call.h"

// The job types it serves by default: Camunda's name and ours.
extern const char *const http_types[2];

// The request that a job's variables (a JSON object) describe, in the arena. False and *err, which
// names the input that is wrong.
MUST_CHECK bool http_read(struct arena *arena, str variables, struct fetch_request *ret_request,
                          struct error *err);

// What a status from 400 on is, where the answer does not say when to come again
// (http/failures.def).
enum failure_class http_failure_class(long status);

// How long the header Retry-After asks to wait (RFC 9110, 10.2.3: seconds, or a date), at most a
// day; 0: it says nothing, or nothing that can be read.
int64_t http_retry_after_ms(str value, int64_t now_ms);

// A worker_handler; context is a struct connector_site.
void http_handle(void *context, struct worker_task *task);

#endif
