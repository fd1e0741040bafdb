// SPDX-License-Identifier: Apache-2.0
//
// Jobs over REST: activation, answers, changes.
#include "api/api_private.h"
#include "gateway/batch.h"
#include "gateway/job_gateway.h"
#include "gateway/locate.h"
#include "gateway/start.h"
#include "record/rows.h"

void handle_job_search(struct request *request)
{
    answer_search(request, &collection_jobs, (struct search_scope){0});
}

// Which attempt the request speaks of; 0: it does not say. False after answering.
static bool read_lease(struct request *request, uint64_t job, uint32_t *ret_attempt)
{
    str token = json_get_str(request->body, STR("jobLeaseToken"), STR_EMPTY);
    *ret_attempt = 0;
    if (token.len == 0 || job_lease_attempt(caller_of(request)->gateway, token, job, ret_attempt))
        return true;
    request_problem(request, 409, "INVALID_STATE",
                    STR("\"jobLeaseToken\" does not match the job's"));
    return false;
}

// Sends the command to the job that the path names.
static void send_to_job(struct request *request, struct command *command)
{
    uint32_t *attempt = command->type == COMMAND_UPDATE_JOB ? &command->update_job.attempt
                                                            : &command->job_answer.attempt;
    if (request_key(request, 0, &command->key) && read_lease(request, command->key, attempt))
        call_job(caller_of(request), command, answer_done);
}

static struct command *new_command(struct request *request, enum command_type type)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    command->type = type;
    return command;
}

static bool is_given(const struct json *object, const char *name)
{
    const struct json *member = json_get(object, str_of(name));
    return member != NULL && member->type != JSON_NULL;
}

// The business id that the answer gives the instance.
static bool read_name(struct request *request, struct job_answer *answer)
{
    if (!request_text(request, STR("businessId"), &answer->business_id))
        return false;
    if (!gateway_has_unique_ids(caller_of(request)->gateway))
        return true;
    request_problem(request, 409, "INVALID_STATE", STR(UNIQUE_IDS_AT_START));
    return false;
}

void handle_job_complete(struct request *request)
{
    struct command *command = new_command(request, COMMAND_COMPLETE_JOB);
    if (!request_variables(request, STR("variables"), &command->job_answer.variables))
        return;
    command->job_answer.result = request_member_json(request, request->body, STR("result"));
    if (!is_given(request->body, "businessId") || read_name(request, &command->job_answer))
        send_to_job(request, command);
}

// -1, which the engine refuses, when it has more than 32 bits.
static int32_t whole_number(const struct json *object, const char *name, int64_t fallback)
{
    int64_t number = json_get_i64(object, str_of(name), fallback);
    return number > INT32_MAX || number < INT32_MIN ? -1 : (int32_t)number;
}

void handle_job_fail(struct request *request)
{
    struct command *command = new_command(request, COMMAND_FAIL_JOB);
    struct job_answer *answer = &command->job_answer;
    if (!request_variables(request, STR("variables"), &answer->variables))
        return;
    answer->retries = whole_number(request->body, "retries", 0);
    answer->backoff_ms = json_get_i64(request->body, STR("retryBackOff"), 0);
    answer->message = json_get_str(request->body, STR("errorMessage"), STR_EMPTY);
    answer->subject = json_get_str(request->body, STR("failureSubject"), STR_EMPTY);
    str class = json_get_str(request->body, STR("failureClass"), STR_EMPTY);
    if (!str_is_empty(class) && !failure_class_find(class, &answer->failure_class))
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "failureClass: there is no class '%.*s'", STR_ARG(class));
    else
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
    if (!batch_read_job_changes(changes, &command->update_job))
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"changeset\" must have retries, timeout or priority"));
    else
        send_to_job(request, command);
}

// -- Activation -------------------------------------------------------------------------

static const char *const kind_names[] = {
    [JOB_TASK] = "BPMN_ELEMENT",           [JOB_EXECUTION_LISTENER] = "EXECUTION_LISTENER",
    [JOB_TASK_LISTENER] = "TASK_LISTENER", [JOB_AD_HOC] = "AD_HOC_SUB_PROCESS",
    [JOB_NOTIFICATION] = "NOTIFICATION",
};

static void write_number(struct json_writer *w, str name, int64_t number)
{
    json_key(w, name);
    json_i64(w, number);
}

// A request for jobs, while its answer is written.
struct activation {
    struct strbuf out;
    struct json_writer writer;
    const str *names; // of variables; none: all
    size_t name_count;
};

static void on_job(const struct job_poll *poll, const struct job_offer *job, int64_t deadline_ms)
{
    struct activation *activation = poll->context;
    struct json_writer *w = &activation->writer;
    struct arena *arena = poll->caller->arena;
    bool is_known = (size_t)job->kind < COUNT_OF(kind_names);
    json_begin_object(w);
    write_key(w, STR("jobKey"), job->key);
    write_text(w, STR("type"), job->type);
    write_key(w, STR("processInstanceKey"), job->instance);
    write_key(w, STR("rootProcessInstanceKey"),
              job->root_instance != 0 ? job->root_instance : job->instance);
    write_key(w, STR("processDefinitionKey"), job->definition);
    write_key(w, STR("elementInstanceKey"), job->element_instance);
    write_text(w, STR("processDefinitionId"), job->process_id);
    write_number(w, STR("processDefinitionVersion"), job->version);
    write_text(w, STR("elementId"), job->element_id);
    write_text(w, STR("kind"), str_of(is_known ? kind_names[job->kind] : kind_names[JOB_TASK]));
    write_text(w, STR("listenerEventType"),
               job->listener_event.len > 0 ? str_upper(arena, job->listener_event)
                                           : STR("UNSPECIFIED"));
    write_json(w, STR("customHeaders"), job->headers.len > 0 ? job->headers : STR("{}"));
    write_text(w, STR("worker"), poll->worker);
    write_number(w, STR("retries"), job->retries);
    write_number(w, STR("priority"), job->priority);
    write_number(w, STR("deadline"), deadline_ms);
    write_tenant(w, job->tenant);
    write_text(w, STR("physicalTenantId"), STR("default"));
    write_json(w, STR("variables"),
               job_variables(arena, job->variables, activation->names, activation->name_count));
    write_json(w, STR("userTask"), job->user_task.len > 0 ? job->user_task : STR("null"));
    write_json(w, STR("tags"), job->tags.len > 0 ? job->tags : STR("[]"));
    write_optional(w, STR("businessId"), job->business_id);
    write_optional(w, STR("jobLeaseToken"),
                   job->leases
                       ? job_lease_token(poll->caller->gateway, arena, job->key, job->attempt)
                       : STR_EMPTY);
    json_end_object(w);
}

static void on_end(const struct job_poll *poll)
{
    struct activation *activation = poll->context;
    json_end_array(&activation->writer);
    json_end_object(&activation->writer);
    request_answer_json(request_of(poll->caller), 200, strbuf_str(&activation->out));
}

static void read_names(struct request *request, struct activation *activation)
{
    const struct json *list = json_get(request->body, STR("fetchVariable"));
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    str *names = ARENA_ARRAY(&request->arena, str, count);
    for (size_t i = 0; i < count; i++)
        names[i] = list->items[i].text;
    activation->names = names;
    activation->name_count = count;
}

static struct activation *new_activation(struct request *request)
{
    struct activation *activation = ARENA_NEW(&request->arena, struct activation);
    activation->out = strbuf_new(&request->arena);
    activation->writer = json_writer_new(&activation->out);
    read_names(request, activation);
    json_begin_object(&activation->writer);
    json_key(&activation->writer, STR("jobs"));
    json_begin_array(&activation->writer);
    return activation;
}

static void read_tenants(struct request *request, struct job_poll *poll)
{
    const struct json *list = json_get(request->body, STR("tenantIds"));
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    str *tenants = ARENA_ARRAY(&request->arena, str, count);
    for (size_t i = 0; i < count; i++)
        if (json_is(&list->items[i], JSON_STRING))
            tenants[poll->tenant_count++] = tenant_inside(list->items[i].text);
    poll->tenants = tenants;
}

void handle_job_activate(struct request *request)
{
    struct job_poll poll = {.caller = caller_of(request), .job = on_job, .end = on_end};
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
    poll.leases = json_get_bool(request->body, STR("withLease"), false);
    poll.of_all_tenants = str_equal_ignoring_case(
        json_get_str(request->body, STR("tenantFilter"), STR_EMPTY), STR("ASSIGNED"));
    poll.context = new_activation(request);
    read_tenants(request, &poll);
    if (poll.wait_ms >= 0 && !request_may_wait(request))
        return;
    job_poll_begin(&poll);
}
