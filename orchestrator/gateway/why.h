// SPDX-License-Identifier: Apache-2.0
//
// "Why does nothing happen?", asked by a caller: fetches the facts and has the causes found
// (why_cause.h), the weightiest first.
#ifndef BATON_GATEWAY_WHY_H
#define BATON_GATEWAY_WHY_H

#include "gateway/caller.h"
#include "gateway/why_cause.h"

// findings == NULL: there is no such thing, or the caller may not see it. In the caller's arena.
typedef void why_answer(struct caller *caller, const struct why_findings *findings);

void why_ask_job(struct caller *caller, uint64_t job, why_answer *answer);
void why_ask_instance(struct caller *caller, uint64_t instance, why_answer *answer);
void why_ask_worker(struct caller *caller, str name, why_answer *answer);
void why_ask_message(struct caller *caller, uint64_t message, why_answer *answer);

// What is called so: messages with the correlation key (data == NULL: with any), and signals.
void why_ask_name(struct caller *caller, str name, str correlation_key, why_answer *answer);

#endif
