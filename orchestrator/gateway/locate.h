// SPDX-License-Identifier: Apache-2.0
//
// Commands to things that a caller names by their key alone: the instance that a command has to
// travel to is looked up first. A thing that is gone fails with ERROR_NOT_FOUND.
#ifndef BATON_GATEWAY_LOCATE_H
#define BATON_GATEWAY_LOCATE_H

#include "gateway/call.h"

// command->key names the thing; the command lives in the caller's arena.
void call_user_task(struct caller *caller, struct command *command, call_answer *answer);
void call_incident(struct caller *caller, struct command *command, call_answer *answer);

// An element instance or a process instance; which, the database knows.
void call_scope(struct caller *caller, struct command *command, call_answer *answer);

// An answer to a job, or a change of it.
void call_job(struct caller *caller, struct command *command, call_answer *answer);

#endif
