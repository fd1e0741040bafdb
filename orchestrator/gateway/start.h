// SPDX-License-Identifier: Apache-2.0
//
// Starting instances, and what else begins on a shard that the gateway chooses.
#ifndef BATON_GATEWAY_START_H
#define BATON_GATEWAY_START_H

#include "gateway/call.h"
#include "gateway/read.h"

// Two instances that run cannot have the same business id.
#define UNIQUE_IDS_AT_START                                                                        \
    "business ids are unique here (engine.unique_business_ids): they are given at the start"

bool gateway_has_unique_ids(const struct gateway *gateway);

// By create->definition, or where that is 0 by process_id and version (below 1: the newest) and a
// version tag unless it is empty, which is resolved on the primary, so that who deployed before
// starts what was deployed. `create` lives in the caller's arena.
void gateway_start(struct caller *caller, struct create_instance *create, str version_tag,
                   call_answer *answer);

// Processes that begin by a condition.
void gateway_evaluate_conditions(struct caller *caller, const struct command *command,
                                 call_answer *answer);

// A signal, to all that wait for it.
void gateway_signal(struct caller *caller, const struct command *command, call_answer *answer);

// A message; its name and key choose the shard.
void gateway_publish(struct caller *caller, const struct command *command, call_answer *answer);

// A decision: command->key or the decision's id. `answer` gets what read_evaluation says.

void gateway_evaluate(struct caller *caller, struct command *command, read_answer *answer);

#endif
