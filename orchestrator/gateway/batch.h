// SPDX-License-Identifier: Apache-2.0
//
// Batch operations: one change for each instance that a filter found. A request makes the
// operation and its items in one transaction; whichever api node comes by sends the items'
// commands; the engine settles an item with the commit that did it. So an operation survives the
// crash of any node, and an item that is sent twice is done once.
#ifndef BATON_GATEWAY_BATCH_H
#define BATON_GATEWAY_BATCH_H

#include "base/json.h"
#include "gateway/read.h"
#include "store/catalogue/batch.h"

// Begins an operation of the request {"filter", …}, which is kept as it was written: `answer` gets
// one row with the operation's key, and the type as its context.
void batch_begin(struct caller *caller, enum batch_type type, const struct json *request,
                 str written, read_answer *answer);

// For the api: the operations are looked at again, as one was begun or set going.
void batch_wake(struct gateway *gateway);

// Instructions as the bodies of migration and modification have them.
void batch_read_mappings(struct arena *arena, const struct json *list,
                         struct migrate_instance *migrate);
// {"retries", "timeout", "priority"}; false: none of them is given.
MUST_CHECK bool batch_read_job_changes(const struct json *changes, struct update_job *ret_update);
// The value as text; empty: there is none, or null.
str batch_json_of(struct arena *arena, const struct json *value);
void batch_read_moves(struct arena *arena, const struct json *list, struct modify_instance *modify);

// The command of an item, from the request that began the operation. False: the request does not
// say enough; *ret_why what is missing.
MUST_CHECK bool batch_command(struct arena *arena, enum batch_type type,
                              const struct json *parameters, struct command *ret_command,
                              const char **ret_why);

struct batch_runner;
struct batch_runner *batch_runner_new(struct gateway *gateway);
void batch_runner_wake(struct batch_runner *runner);
void batch_runner_free(struct batch_runner *runner);

#endif
