// SPDX-License-Identifier: Apache-2.0
//
// Breakers of job types and of credentials: which jobs are not offered, and what their answers do
// to that. When they open, close and are probed stands in breaker.c.
#ifndef BATON_ENGINE_BREAKER_H
#define BATON_ENGINE_BREAKER_H

#include "engine/step.h"

// How many jobs of a type the tenant's breaker lets through now.
uint32_t breaker_room(const struct engine *engine, str type, str tenant);
// Whether the job may go to a worker: no breaker before it is open, or it is a probe.
bool breaker_admits(const struct engine *engine, instance_ref instance, const struct job *job);
// The breaker of its credential that the job is to be held behind; NULL: none.
const struct breaker *breaker_before(const struct engine *engine, instance_ref instance,
                                     const struct job *job);
// The job counts in no window.
void breaker_hold(struct engine *engine, instance_ref instance, const struct job *job,
                  const struct breaker *breaker);
// The job goes to a worker, or is not with one any more.
void breaker_offer(struct engine *engine, instance_ref instance, const struct job *job);
void breaker_leave(struct engine *engine, instance_ref instance, const struct job *job);
// An answer, before the job's window hears of it. Failed: the breaker behind which it is to wait;
// NULL: what becomes of it is for its class to say.
const struct breaker *breaker_failed(struct engine *engine, instance_ref instance,
                                     const struct job *job, const struct job_failure *failure);
void breaker_succeeded(struct engine *engine, instance_ref instance, const struct job *job);

#endif
