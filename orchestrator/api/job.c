// SPDX-License-Identifier: Apache-2.0
//
// Jobs over REST: activation goes through the gateway (job_gateway.c), answers become commands. A
// job is named by its key alone, so its instance is looked up first; a job that is gone answers
// 404.
#include "api/api_private.h"
#include "api/call.h"
#include "api/collections.h"
#include "api/job_gateway.h"
#include "api/read.h"
#include "api/route.h"
#include "record/key.h"

void handle_job_search(struct request *request)
{
    search_collection(request, &collection_jobs, (struct search_scope){0});
}

static void on_job(struct request *request, void *context, const struct read_result *rows)
{
    struct command *command = context;
    if (rows->row_count == 0 || !str_to_u64(read_cell(rows, 0, 0), &command->instance)) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no open job with key %.*s: it was answered or canceled",
                               STR_ARG(request->arguments[0]));
        return;
    }
    call_instance(request, command, call_answer_empty);
}

// Sends the command once the job's instance is known. The command lives in the request's arena.
static void send_to_job(struct request *request, struct command *command)
{
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    if (!request_key(request, 0, &command->key))
        return;
    parameters[0] = request->arguments[0];
    parameters[1] = str_format(&request->arena, "%u", key_shard(command->key));
    read_run(
        request,
        &(struct read){"SELECT instance FROM jobs WHERE key = $1::bigint AND shard = $2::bigint",
                       parameters, 2},
        on_job, command);
}

static struct command *new_command(struct request *request, enum command_type type)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    command->type = type;
    return command;
}

void handle_job_complete(struct request *request)
{
    struct command *command = new_command(request, COMMAND_COMPLETE_JOB);
    if (!request_variables(request, STR("variables"), &command->job_answer.variables))
        return;
    command->job_answer.result = request_member_json(request, request->body, STR("result"));
    send_to_job(request, command);
}

void handle_job_fail(struct request *request)
{
    struct command *command = new_command(request, COMMAND_FAIL_JOB);
    struct job_answer *answer = &command->job_answer;
    if (!request_variables(request, STR("variables"), &answer->variables))
        return;
    answer->retries = (int32_t)json_get_i64(request->body, STR("retries"), 0);
    answer->backoff_ms = json_get_i64(request->body, STR("retryBackOff"), 0);
    answer->message = json_get_str(request->body, STR("errorMessage"), STR_EMPTY);
    send_to_job(request, command);
}

void handle_job_error(struct request *request)
{
    struct command *command = new_command(request, COMMAND_THROW_JOB_ERROR);
    struct job_answer *answer = &command->job_answer;
    if (!request_text(request, STR("errorCode"), &answer->error_code) ||
        !request_variables(request, STR("variables"), &answer->variables))
        return;
    answer->message = json_get_str(request->body, STR("errorMessage"), STR_EMPTY);
    send_to_job(request, command);
}

void handle_job_update(struct request *request)
{
    const struct json *changes = json_get(request->body, STR("changeset"));
    struct command *command = new_command(request, COMMAND_UPDATE_JOB);
    if (!json_is(changes, JSON_OBJECT)) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"changeset\" must be an object with retries, timeout or priority"));
        return;
    }
    command->update_job = (struct update_job){
        .retries = (int32_t)json_get_i64(changes, STR("retries"), -1),
        .timeout_ms = json_get_i64(changes, STR("timeout"), -1),
        .priority = (int32_t)json_get_i64(changes, STR("priority"), 0),
        .has_priority = json_is(json_get(changes, STR("priority")), JSON_NUMBER),
    };
    send_to_job(request, command);
}

void handle_job_activate(struct request *request)
{
    struct job_poll poll = {.request = request};
    int64_t limit = json_get_i64(request->body, STR("maxJobsToActivate"), 0);
    if (!request_text(request, STR("type"), &poll.type))
        return;
    poll.lease_ms = json_get_i64(request->body, STR("timeout"), 0);
    if (limit < 1 || limit > GATEWAY_MAX_JOBS || poll.lease_ms < 1) {
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "\"maxJobsToActivate\" must be 1 to GATEWAY_MAX_JOBS (%d) and "
                               "\"timeout\" at least 1 millisecond",
                               GATEWAY_MAX_JOBS);
        return;
    }
    poll.limit = (size_t)limit;
    poll.wait_ms = json_get_i64(request->body, STR("requestTimeout"), 0);
    poll.worker = json_get_str(request->body, STR("worker"), STR_EMPTY);
    poll.fetch = json_get(request->body, STR("fetchVariable"));
    poll.tenants = json_get(request->body, STR("tenantIds"));
    gateway_poll(&poll);
}
