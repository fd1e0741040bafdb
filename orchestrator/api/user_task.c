// SPDX-License-Identifier: Apache-2.0
//
// User tasks: search, look, assign, update, complete.
#include "api/api_private.h"
#include "api/call.h"
#include "api/collections.h"
#include "api/read.h"
#include "api/route.h"
#include "record/key.h"

void handle_user_task_search(struct request *request)
{
    search_collection(request, &collection_user_tasks, (struct search_scope){0});
}

void handle_user_task_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_user_tasks, key);
}

static void on_task(struct request *request, void *context, const struct read_result *rows)
{
    struct command *command = context;
    if (rows->row_count == 0 || !str_to_u64(read_cell(rows, 0, 0), &command->instance))
        request_problem_format(request, 404, "NOT_FOUND", "there is no user task with key %.*s",
                               STR_ARG(request->arguments[0]));
    else
        call_instance(request, command, call_answer_empty);
}

static void find_task(struct request *request, const char *sql, read_answer *answer, void *context)
{
    uint64_t key;
    if (!request_key(request, 0, &key))
        return;
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    parameters[0] = request->arguments[0];
    parameters[1] = str_format(&request->arena, "%u", key_shard(key));
    read_run(request, &(struct read){sql, parameters, 2}, answer, context);
}

static void send_to_task(struct request *request, struct command *command)
{
    if (request_key(request, 0, &command->key))
        find_task(request,
                  "SELECT instance FROM user_tasks WHERE key = $1::bigint AND shard = $2::bigint",
                  on_task, command);
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

void handle_user_task_update(struct request *request)
{
    struct command *command = new_command(request, COMMAND_UPDATE_USER_TASK);
    command->user_task.changeset = request_member_json(request, request->body, STR("changeset"));
    if (command->user_task.changeset.len == 0)
        command->user_task.changeset = STR("{}");
    send_to_task(request, command);
}

static void on_form(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    if (rows->row_count == 0) {
        request_answer_empty(request); // Camunda: 204 when the task has no form of its own
        return;
    }
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("formKey"));
    json_string(&w, read_cell(rows, 0, 0));
    json_key(&w, STR("formId"));
    json_string(&w, read_cell(rows, 0, 1));
    json_key(&w, STR("version"));
    json_raw(&w, read_cell(rows, 0, 2));
    json_key(&w, STR("schema"));
    json_string(&w, read_cell(rows, 0, 3));
    json_key(&w, STR("tenantId"));
    json_string(&w, tenant_outside(read_cell(rows, 0, 4)));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_user_task_form(struct request *request)
{
    find_task(request,
              "SELECT d.key, d.id, d.version, convert_from(r.bytes, 'UTF8'), d.tenant "
              "FROM user_tasks t JOIN definitions d ON d.kind = 2 AND d.id = t.form_id AND "
              "d.tenant = t.tenant AND d.deleted IS NULL JOIN resources r ON r.digest = d.digest "
              "WHERE t.key = $1::bigint AND t.shard = $2::bigint ORDER BY d.version DESC LIMIT 1",
              on_form, NULL);
}

// The variables that a task sees: its own and the instance's.
static void on_task_scopes(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    struct search_scope scope = {.field = "processInstanceKey"};
    if (rows->row_count == 0 || !str_to_u64(read_cell(rows, 0, 0), &scope.key))
        request_problem_format(request, 404, "NOT_FOUND", "there is no user task with key %.*s",
                               STR_ARG(request->arguments[0]));
    else
        search_collection(request, &collection_variables, scope);
}

void handle_user_task_variables(struct request *request)
{
    find_task(request,
              "SELECT instance FROM user_tasks WHERE key = $1::bigint AND shard = $2::bigint",
              on_task_scopes, NULL);
}
