// SPDX-License-Identifier: Apache-2.0
//
// Listeners of all user tasks, beside those of the models.
#ifndef BATON_ENGINE_GLOBAL_LISTENER_H
#define BATON_ENGINE_GLOBAL_LISTENER_H

#include "engine/step.h"

void listeners_set(struct engine *engine);
bool listeners_hear(const struct engine *engine, enum bpmn_listener_event event);
// Those of the event as they are now: a JSON array, for the change that begins.
str listeners_pin(struct engine *engine, enum bpmn_listener_event event);
// The next of these (NULL: none) and of the model's: some of the first, the model's own, the rest.
// True: one waits, or an incident; false: there is none left.
bool listeners_ask_next(struct engine *engine, instance_ref instance, element_ref ei,
                        enum bpmn_listener_event event, const struct json *pinned);

struct global_job {
    str type;
    int64_t retries;
};
void job_create_global_listener(struct engine *engine, instance_ref instance, element_ref ei,
                                enum bpmn_listener_event event, struct global_job job);
bool job_create_nth_listener(struct engine *engine, instance_ref instance, element_ref ei,
                             enum bpmn_listener_event event, uint32_t nth);
// The event that the job's listener is for. False: it is of no listener.
MUST_CHECK bool job_listens(instance_ref instance, const struct job *job,
                            enum bpmn_listener_event *ret_event);
// The next listener hears that the task is canceled. False: there is none left.
bool user_task_tell_canceling(struct engine *engine, instance_ref instance, element_ref ei);

#endif
