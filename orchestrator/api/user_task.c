// SPDX-License-Identifier: Apache-2.0
//
// User tasks: search, look, assign, update, complete.
#include "api/api_private.h"
#include "gateway/locate.h"
#include "store/read/read.h"
#include "store/read/time_text.h"
#include "gateway/call.h"

void handle_user_task_search(struct request *request)
{
    answer_search(request, &collection_user_tasks, (struct search_scope){0});
}

void handle_user_task_get(struct request *request)
{
    answer_one(request, &collection_user_tasks);
}

static void send_to_task(struct request *request, struct command *command)
{
    if (request_key(request, 0, &command->key))
        call_user_task(caller_of(request), command, answer_done);
}

static struct command *new_command(struct request *request, enum command_type type)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    command->type = type;
    command->user_task.action = json_get_str(request->body, STR("action"), STR_EMPTY);
    return command;
}

void handle_user_task_complete(struct request *request)
{
    struct command *command = new_command(request, COMMAND_COMPLETE_USER_TASK);
    if (request_variables(request, STR("variables"), &command->user_task.variables))
        send_to_task(request, command);
}

void handle_user_task_assign(struct request *request)
{
    struct command *command = new_command(request, COMMAND_ASSIGN_USER_TASK);
    if (!request_text(request, STR("assignee"), &command->user_task.assignee))
        return;
    command->user_task.override_assignee = json_get_bool(request->body, STR("allowOverride"), true);
    send_to_task(request, command);
}

void handle_user_task_unassign(struct request *request)
{
    struct command *command = new_command(request, COMMAND_ASSIGN_USER_TASK);
    command->user_task.override_assignee = true;
    send_to_task(request, command);
}

// A date of the changeset, when it is there; empty clears it. False after answering.
static bool check_date(struct request *request, const char *name)
{
    const struct json *changes = json_get(request->body, STR("changeset"));
    str date = json_get_str(changes, str_of(name), STR_EMPTY);
    int64_t time_ms;
    if (date.len == 0 || time_text_parse(date, &time_ms))
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "\"changeset.%s\" must be a date-time such as 2026-11-22T17:00:00Z, or "
                           "empty for none",
                           name);
    return false;
}

void handle_user_task_update(struct request *request)
{
    if (!check_date(request, "dueDate") || !check_date(request, "followUpDate"))
        return;
    struct command *command = new_command(request, COMMAND_UPDATE_USER_TASK);
    command->user_task.changeset = request_member_json(request, request->body, STR("changeset"));
    if (command->user_task.changeset.len == 0)
        command->user_task.changeset = STR("{}");
    send_to_task(request, command);
}

static void on_form(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) == 0)
        request_answer_empty(request_of(caller)); // as Camunda: the task has no form of its own
    else
        answer_form(request_of(caller), rows);
}

static void no_such_task(struct request *request)
{
    request_problem_format(request, 404, "NOT_FOUND", "there is no user task with key %.*s",
                           STR_ARG(request->arguments[0]));
}

static void on_task_of_form(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    uint64_t key;
    if (query_row_count(rows) == 0)
        no_such_task(request);
    else if (request_key(request, 0, &key))
        read_run(caller, read_form(caller->arena, caller->scope, key), on_form, NULL);
}

void handle_user_task_form(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_instance_of_user_task(caller->arena, caller->scope, key),
                 on_task_of_form, NULL);
}

// `context` is the condition on the variables that the task sees.
static void on_task(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct search_scope narrow = {.field = "processInstanceKey", .condition = context};
    check(str_to_u64(request->arguments[0], &narrow.other));
    narrow.key = query_row_count(rows) > 0 ? query_u64(rows, 0, 0) : 0;
    if (narrow.key == 0) {
        no_such_task(request);
    } else {
        caller_widen(caller); // whoever sees the task sees what it sees
        answer_search(request, variables_shown(request), narrow);
    }
}

static void search_seen(struct request *request, const char *condition)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_instance_of_user_task(caller->arena, caller->scope, key), on_task,
                 (void *)(uintptr_t)condition);
}

void handle_user_task_variables(struct request *request)
{
    search_seen(request, variables_of_task);
}

void handle_user_task_effective_variables(struct request *request)
{
    search_seen(request, variables_in_effect);
}
