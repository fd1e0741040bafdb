// SPDX-License-Identifier: Apache-2.0
//
// The audit log: who did what.
#include "api/api_private.h"

#include "store/read/read.h"

void handle_audit_log_search(struct request *request)
{
    answer_search(request, &collection_audit_log, (struct search_scope){0});
}

void handle_audit_log_get(struct request *request)
{
    answer_one(request, &collection_audit_log);
}

static void on_task(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct search_scope narrow = {.field = "userTaskKey"};
    (void)context;
    check(str_to_u64(request->arguments[0], &narrow.key));
    if (query_row_count(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no user task with key %.*s",
                               STR_ARG(request->arguments[0]));
        return;
    }
    caller_widen(caller); // whoever sees the task sees what was done to it
    answer_search(request, &collection_audit_log, narrow);
}

void handle_user_task_audit_log(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_instance_of_user_task(caller->arena, caller->scope, key), on_task,
                 NULL);
}
