// SPDX-License-Identifier: Apache-2.0
#include "gateway/locate.h"

#include "gateway/read.h"
#include "store/read/read.h"

struct locating {
    struct command *command;
    call_answer *answer;
    const char *noun;
};

static void fail_unknown(struct caller *caller, const char *noun, uint64_t key)
{
    caller_fail_format(caller, ERROR_NOT_FOUND, "", "there is no %s with key %lld", noun,
                       (long long)key);
}

static void on_located(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct locating *locating = context;
    locating->command->instance = query_row_count(rows) > 0 ? query_u64(rows, 0, 0) : 0;
    if (locating->command->instance != 0)
        call_instance(caller, locating->command, locating->answer);
    else
        fail_unknown(caller, locating->noun, locating->command->key);
}

static void locate(struct caller *caller, const struct locating *asked,
                   struct statement (*read)(struct arena *, struct scope, uint64_t))
{
    struct locating *locating = arena_copy(caller->arena, asked, sizeof *asked);
    if (asked->command->key > INT64_MAX) // PostgreSQL has none beyond
        fail_unknown(caller, asked->noun, asked->command->key);
    else
        read_run(caller, read(caller->arena, caller->scope, asked->command->key), on_located,
                 locating);
}

void call_user_task(struct caller *caller, struct command *command, call_answer *answer)
{
    locate(caller, &(struct locating){command, answer, "user task"}, read_instance_of_user_task);
}

void call_incident(struct caller *caller, struct command *command, call_answer *answer)
{
    locate(caller, &(struct locating){command, answer, "incident"}, read_instance_of_incident);
}

void call_scope(struct caller *caller, struct command *command, call_answer *answer)
{
    locate(caller,
           &(struct locating){command, answer, "running element instance or process instance"},
           read_instance_of_scope);
}

// Attempt 0: the answer counts whatever the attempt.
void call_job(struct caller *caller, struct command *command, call_answer *answer)
{
    locate(caller, &(struct locating){command, answer, "open job"}, read_instance_of_job);
}
