// SPDX-License-Identifier: Apache-2.0
#include "gateway/locate.h"

#include "gateway/read.h"
#include "store/read/read.h"

struct locating {
    struct command *command;
    call_answer *answer;
    const char *noun;
};

static void on_located(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct locating *locating = context;
    locating->command->instance = query_row_count(rows) > 0 ? query_u64(rows, 0, 0) : 0;
    if (locating->command->instance != 0)
        call_instance(caller, locating->command, locating->answer);
    else
        caller_fail_format(caller, ERROR_NOT_FOUND, "", "there is no %s with key %llu",
                           locating->noun, (unsigned long long)locating->command->key);
}

static struct locating *locate(struct caller *caller, struct command *command, call_answer *answer,
                               const char *noun)
{
    struct locating *locating = ARENA_NEW(caller->arena, struct locating);
    *locating = (struct locating){command, answer, noun};
    return locating;
}

void call_user_task(struct caller *caller, struct command *command, call_answer *answer)
{
    read_run(caller, read_instance_of_user_task(caller->arena, caller->scope, command->key),
             on_located, locate(caller, command, answer, "user task"));
}

void call_incident(struct caller *caller, struct command *command, call_answer *answer)
{
    read_run(caller, read_instance_of_incident(caller->arena, caller->scope, command->key),
             on_located, locate(caller, command, answer, "incident"));
}

void call_scope(struct caller *caller, struct command *command, call_answer *answer)
{
    read_run(caller, read_instance_of_scope(caller->arena, caller->scope, command->key), on_located,
             locate(caller, command, answer, "running element instance or process instance"));
}

// Attempt 0: the answer counts whatever the attempt.
void call_job(struct caller *caller, struct command *command, call_answer *answer)
{
    read_run(caller, read_instance_of_job(caller->arena, caller->scope, command->key), on_located,
             locate(caller, command, answer, "open job"));
}
