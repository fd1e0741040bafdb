// SPDX-License-Identifier: Apache-2.0
//
// What a connector's response becomes: the task's headers say it in FEEL, as Camunda 8's connectors
// have it.
//   resultVariable    a variable that takes the whole response
//   resultExpression  a context whose entries become variables; sees `response` (and its members by
//                     name)
//   errorExpression   null, bpmnError(code, message), jobError(message), or {errorType, code,
//   message, variables}; sees `response`, `error`
#ifndef BATON_CONNECTOR_OUTCOME_H
#define BATON_CONNECTOR_OUTCOME_H

#include "worker/worker.h"

struct outcome {
    str response;   // JSON; empty when there was none
    str error_code; // empty: it went well
    str error_message;
    enum failure_class class; // of an error; UNSPECIFIED: it may go better later
    int64_t backoff_ms;       // THROTTLED: when to come again; 0: it was not said
    str subject;              // AUTH: the credential
};

// Answers the task by its headers. A failure that no errorExpression turns into something else
// fails the job.
void outcome_answer(struct worker_task *task, const struct outcome *outcome);

// Whether expressions can read a response (JSON). False: *err says why; for a connector that can
// still undo what it did.
MUST_CHECK bool outcome_check(struct arena *arena, str response, struct error *err);

// Text that is valid UTF-8: what is not becomes U+FFFD.
str outcome_valid_text(struct arena *arena, str text);

#endif
