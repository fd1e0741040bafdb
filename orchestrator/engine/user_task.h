// SPDX-License-Identifier: Apache-2.0
//
// What the files of user tasks share. A task's *details* are a JSON object: candidateGroups,
// candidateUsers, dueDate and followUpDate (milliseconds), priority, form (the key of a deployed
// one). A *transition* is a change that listeners decide about (BPMN has no such thing; Camunda 8's
// "user task listeners"): what is asked for stands in the task's `request`, a JSON object, what
// listeners corrected so far in its `corrections`. Nothing of it is the task's before the
// transition ends.
#ifndef BATON_ENGINE_USER_TASK_H
#define BATON_ENGINE_USER_TASK_H

#include "engine/step.h"

struct task_view { // a task with its transition's changes
    str assignee;
    str details;
};

// The details that the model gives.
MUST_CHECK bool task_details_of(struct engine *engine, instance_ref instance, element_ref ei,
                                str *ret_details, str *ret_why);
// Whether names and values of changes (a JSON object) are those that a task can have. `corrects`:
// by a listener, which may name an assignee too.
MUST_CHECK bool task_changes_fit(struct engine *engine, const struct json *changes, bool corrects,
                                 str *ret_why);
// The details with what the changes name replaced; null and what they do not name stay.
str task_merged(struct engine *engine, str details, const struct json *changes);
// With the request and corrections of its transition.
struct task_view task_with_transition(struct engine *engine, const struct user_task *task);
str task_requested_action(struct engine *engine, const struct user_task *task);

#endif
