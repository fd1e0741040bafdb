// SPDX-License-Identifier: Apache-2.0
//
// Jobs: activation, streams, answers.
//
// A stream polls again and again, a few jobs at a time, and only while the client has taken what
// was written before: what it does not read stays with the shards.
#include "base/json.h"
#include "gateway/job_poll.h"
#include "gateway/locate.h"
#include "gateway/recheck.h"
#include "grpc/connection.h"
#include "grpc/methods.h"
#include "loop/timer.h"

enum { STREAM_JOBS = 32, STREAM_WAIT_MS = 60000, STREAM_CHECK_MS = 500 };

// -- A job as a message -------------------------------------------------------------------

static str shown_variables(struct arena *arena, str variables, char **fetch, size_t count)
{
    str *names = ARENA_ARRAY(arena, str, count);
    for (size_t i = 0; i < count; i++)
        names[i] = grpc_text(fetch[i]);
    return job_variables(arena, variables, names, count);
}

static GatewayProtocol__ActivatedJob__ListenerEventType listener_event(str name)
{
    static const char *const names[] = {"assigning", "canceling", "completing", "creating",
                                        "end",       "start",     "",           "updating"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal(name, str_of(names[i])))
            return (GatewayProtocol__ActivatedJob__ListenerEventType)i;
    return GATEWAY_PROTOCOL__ACTIVATED_JOB__LISTENER_EVENT_TYPE__UNSPECIFIED;
}

static GatewayProtocol__ActivatedJob__JobKind job_kind(enum job_kind kind)
{
    switch (kind) {
    case JOB_EXECUTION_LISTENER:
        return GATEWAY_PROTOCOL__ACTIVATED_JOB__JOB_KIND__EXECUTION_LISTENER;
    case JOB_TASK_LISTENER:
        return GATEWAY_PROTOCOL__ACTIVATED_JOB__JOB_KIND__TASK_LISTENER;
    case JOB_AD_HOC:
        return GATEWAY_PROTOCOL__ACTIVATED_JOB__JOB_KIND__AD_HOC_SUB_PROCESS;
    case JOB_TASK:
    case JOB_NOTIFICATION:
        return GATEWAY_PROTOCOL__ACTIVATED_JOB__JOB_KIND__BPMN_ELEMENT;
    }
    check_unreachable();
}

// Member of the task as the engine writes it (engine/user_task.c); false: null or not there.
static bool has_text(struct arena *arena, const struct json *task, const char *name, char **ret)
{
    const struct json *member = json_get(task, str_of(name));
    bool there = json_is(member, JSON_STRING);
    if (there)
        *ret = pack_text(arena, member->text);
    return there;
}

static bool has_number(const struct json *task, const char *name, int64_t *ret)
{
    const struct json *member = json_get(task, str_of(name));
    bool may = json_is(member, JSON_STRING) || json_is(member, JSON_NUMBER);
    return may && str_to_i64(member->text, ret);
}

#define SET(field, case_field, CASE)                                                               \
    (to->case_field = GATEWAY_PROTOCOL__USER_TASK_PROPERTIES__##CASE)

static GatewayProtocol__UserTaskProperties *user_task_of(struct arena *arena, str text)
{
    struct json *task;
    struct error err;
    int64_t number;
    if (text.len == 0 || !json_parse(arena, text, &task, &err))
        return NULL;
    GatewayProtocol__UserTaskProperties *to = GRPC_MESSAGE(
        arena, GatewayProtocol__UserTaskProperties, GATEWAY_PROTOCOL__USER_TASK_PROPERTIES__INIT);
    to->candidategroups =
        grpc_list(arena, json_get(task, STR("candidateGroups")), &to->n_candidategroups);
    to->candidateusers =
        grpc_list(arena, json_get(task, STR("candidateUsers")), &to->n_candidateusers);
    to->changedattributes =
        grpc_list(arena, json_get(task, STR("changedAttributes")), &to->n_changedattributes);
    if (has_text(arena, task, "action", &to->action))
        SET(action, has_action_case, HAS_ACTION_ACTION);
    if (has_text(arena, task, "assignee", &to->assignee))
        SET(assignee, has_assignee_case, HAS_ASSIGNEE_ASSIGNEE);
    if (has_text(arena, task, "dueDate", &to->duedate))
        SET(duedate, has_due_date_case, HAS_DUE_DATE_DUE_DATE);
    if (has_text(arena, task, "followUpDate", &to->followupdate))
        SET(followupdate, has_follow_up_date_case, HAS_FOLLOW_UP_DATE_FOLLOW_UP_DATE);
    if (has_number(task, "formKey", &to->formkey))
        SET(formkey, has_form_key_case, HAS_FORM_KEY_FORM_KEY);
    if (has_number(task, "userTaskKey", &to->usertaskkey))
        SET(usertaskkey, has_user_task_key_case, HAS_USER_TASK_KEY_USER_TASK_KEY);
    if (has_number(task, "priority", &number)) {
        to->priority = (int32_t)number;
        SET(priority, has_priority_case, HAS_PRIORITY_PRIORITY);
    }
    return to;
}

static void fill_job(struct arena *arena, const struct job_poll *poll, const struct job_offer *job,
                     int64_t deadline_ms, GatewayProtocol__ActivatedJob *to)
{
    to->key = (int64_t)job->key;
    to->type = pack_text(arena, job->type);
    to->processinstancekey = (int64_t)job->instance;
    to->bpmnprocessid = pack_text(arena, job->process_id);
    to->processdefinitionversion = job->version;
    to->processdefinitionkey = (int64_t)job->definition;
    to->elementid = pack_text(arena, job->element_id);
    to->elementinstancekey = (int64_t)job->element_instance;
    to->customheaders = pack_text(arena, job->headers.len > 0 ? job->headers : STR("{}"));
    to->worker = pack_text(arena, poll->worker);
    to->retries = job->retries;
    to->deadline = deadline_ms;
    to->tenantid = pack_text(arena, tenant_outside(job->tenant));
    to->kind = job_kind(job->kind);
    to->listenereventtype = listener_event(job->listener_event);
    to->tags = grpc_texts(arena, job->tags, &to->n_tags);
    to->usertask = user_task_of(arena, job->user_task);
    if (to->usertask != NULL)
        to->has_user_task_case = GATEWAY_PROTOCOL__ACTIVATED_JOB__HAS_USER_TASK_USER_TASK;
}

static struct released_job released(const struct job_offer *job)
{
    return (struct released_job){job->instance, job->key, job->attempt};
}

static const str *tenants_of(struct arena *arena, char **names, size_t count)
{
    str *tenants = ARENA_ARRAY(arena, str, count);
    for (size_t i = 0; i < count; i++)
        tenants[i] = tenant_inside(grpc_text(names[i]));
    return tenants;
}

// -- ActivateJobs -------------------------------------------------------------------------

// Jobs are collected and sent together when the poll ends.
struct activation {
    const GatewayProtocol__ActivateJobsRequest *request;
    GatewayProtocol__ActivateJobsResponse response;
    struct released_job *released;
};

static void on_job(const struct job_poll *poll, const struct job_offer *job, int64_t deadline_ms)
{
    struct activation *activation = poll->context;
    struct arena *arena = poll->caller->arena;
    const GatewayProtocol__ActivateJobsRequest *request = activation->request;
    size_t at = activation->response.n_jobs++;
    GatewayProtocol__ActivatedJob *to =
        GRPC_MESSAGE(arena, GatewayProtocol__ActivatedJob, GATEWAY_PROTOCOL__ACTIVATED_JOB__INIT);
    fill_job(arena, poll, job, deadline_ms, to);
    to->variables = pack_text(arena, shown_variables(arena, job->variables, request->fetchvariable,
                                                     request->n_fetchvariable));
    activation->response.jobs[at] = to;
    activation->released[at] = released(job);
}

static void on_end(const struct job_poll *poll)
{
    struct activation *activation = poll->context;
    struct grpc_call *call = grpc_call_of(poll->caller);
    size_t count = activation->response.n_jobs;
    for (size_t i = 0; i < count; i++)
        grpc_call_promise_job(call, &activation->released[i]);
    if (count > 0)
        grpc_call_send(call, &activation->response.base);
    grpc_call_end(call, GRPC_OK, STR_EMPTY);
}

GRPC_HANDLER(activate_jobs)
{
    const GatewayProtocol__ActivateJobsRequest *body = (const void *)request;
    if (body->type[0] == '\0' || body->timeout < 1 || body->maxjobstoactivate < 1) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "type must not be empty, timeout and maxJobsToActivate must be at least 1");
        return;
    }
    size_t limit = body->maxjobstoactivate < GATEWAY_MAX_JOBS ? (size_t)body->maxjobstoactivate
                                                              : GATEWAY_MAX_JOBS;
    struct activation *activation = ARENA_NEW(&call->arena, struct activation);
    *activation = (struct activation){
        .request = body,
        .response = GATEWAY_PROTOCOL__ACTIVATE_JOBS_RESPONSE__INIT,
        .released = ARENA_ARRAY(&call->arena, struct released_job, limit),
    };
    activation->response.jobs = ARENA_ARRAY(&call->arena, GatewayProtocol__ActivatedJob *, limit);
    job_poll_begin(&(struct job_poll){
        .caller = &call->caller,
        .type = grpc_text(body->type),
        .limit = limit,
        .lease_ms = body->timeout,
        .wait_ms = body->requesttimeout,
        .worker = grpc_text(body->worker),
        .tenants = tenants_of(&call->arena, body->tenantids, body->n_tenantids),
        .tenant_count = body->n_tenantids,
        .job = on_job,
        .end = on_end,
        .context = activation,
    });
}

// -- StreamActivatedJobs ------------------------------------------------------------------

struct stream {
    struct grpc_call *call;
    const GatewayProtocol__StreamActivatedJobsRequest *request;
    struct caller poller; // of the poll that waits
    struct arena arena;   // of that poll
    bool is_polling;
    bool is_closed;
    str processes; // whose jobs it gets, as it was allowed
    struct timer *check;
    struct pending_list checks; // whether its caller may still
    bool is_refused;
    struct error refusal;
};

static void poll_again(struct stream *stream);

static void on_streamed_job(const struct job_poll *poll, const struct job_offer *job,
                            int64_t deadline_ms)
{
    const struct stream *stream = poll->context;
    struct arena *arena = poll->caller->arena;
    GatewayProtocol__ActivatedJob to = GATEWAY_PROTOCOL__ACTIVATED_JOB__INIT;
    fill_job(arena, poll, job, deadline_ms, &to);
    to.variables =
        pack_text(arena, shown_variables(arena, job->variables, stream->request->fetchvariable,
                                         stream->request->n_fetchvariable));
    struct released_job given = released(job);
    grpc_call_promise_job(stream->call, &given);
    grpc_call_send(stream->call, &to.base);
}

static void on_poll_end(const struct job_poll *poll)
{
    struct stream *stream = poll->context;
    stream->is_polling = false;
    if (stream->is_refused)
        caller_fail(&stream->call->caller, &stream->refusal);
    else if (stream->is_closed)
        grpc_call_end(stream->call, GRPC_OK, STR_EMPTY);
    else
        poll_again(stream);
}

// The gateway stops, or Kafka is not there: the client opens another stream.
static void on_poll_failed(struct caller *caller, const struct failure *failure)
{
    struct stream *stream = caller->context;
    stream->is_polling = false;
    stream->call->caller.failed(&stream->call->caller, failure);
}

static void poll_again(struct stream *stream)
{
    const GatewayProtocol__StreamActivatedJobsRequest *request = stream->request;
    if (stream->is_polling || stream->is_closed || stream->is_refused ||
        grpc_call_unsent(stream->call) > 0)
        return;
    arena_reset(&stream->arena);
    stream->poller = stream->call->caller;
    stream->poller.arena = &stream->arena;
    stream->poller.context = stream;
    stream->poller.failed = on_poll_failed;
    stream->poller.credential = NULL; // the stream itself looks whether it may still
    stream->is_polling = true;
    job_poll_begin(&(struct job_poll){
        .caller = &stream->poller,
        .type = grpc_text(request->type),
        .limit = STREAM_JOBS,
        .lease_ms = request->timeout,
        .wait_ms = STREAM_WAIT_MS,
        .worker = grpc_text(request->worker),
        .tenants = tenants_of(&stream->arena, request->tenantids, request->n_tenantids),
        .tenant_count = request->n_tenantids,
        .job = on_streamed_job,
        .end = on_poll_end,
        .context = stream,
    });
}

static void on_stream_sent(struct grpc_call *call)
{
    poll_again(call->context);
}

static void on_stream_closed(struct grpc_call *call)
{
    struct stream *stream = call->context;
    stream->is_closed = true;
    if (stream->is_polling)
        caller_leave(&stream->poller);
    else
        grpc_call_end(call, GRPC_OK, STR_EMPTY);
}

// -- Whether it may still -----------------------------------------------------------------

static void refuse_stream(struct stream *stream, const struct error *err)
{
    stream->is_refused = true;
    stream->refusal = *err;
    if (stream->is_polling)
        caller_leave(&stream->poller);
    else
        caller_fail(&stream->call->caller, err);
}

static bool may_poll(const struct stream *stream, struct caller *caller, str *ret_processes,
                     struct error *err)
{
    struct job_poll poll = {.caller = caller,
                            .worker = grpc_text(stream->request->worker),
                            .tenants = tenants_of(caller->arena, stream->request->tenantids,
                                                  stream->request->n_tenantids),
                            .tenant_count = stream->request->n_tenantids};
    if (!job_poll_check(&poll, err))
        return false;
    *ret_processes = poll.processes;
    return true;
}

static void on_stream_checked(void *owner, struct caller *now, const struct error *err)
{
    struct stream *stream = owner;
    struct error refusal;
    str processes;
    if (stream->is_closed || stream->is_refused || stream->call->is_ending)
        return;
    if (now == NULL) {
        if (err->kind != ERROR_UNAVAILABLE)
            refuse_stream(stream, err);
    } else if (!may_poll(stream, now, &processes, &refusal)) {
        refuse_stream(stream, &refusal);
    } else if (!str_equal(processes, stream->processes)) {
        (void)error_set(&refusal, ERROR_UNAVAILABLE, "",
                        "what the caller may do has changed: open the stream anew");
        refuse_stream(stream, &refusal);
    }
}

static void check_stream(void *context)
{
    struct stream *stream = context;
    if (stream->is_closed || stream->is_refused || stream->call->is_ending)
        return;
    timer_set(stream->check, STREAM_CHECK_MS);
    if (stream->checks.count == 0 && recheck_is_due(&stream->call->caller))
        recheck_begin(&stream->call->caller, &stream->checks, stream, on_stream_checked);
}

static void free_stream(struct grpc_call *call)
{
    struct stream *stream = call->context;
    pending_cancel(&stream->checks);
    timer_free(stream->check);
    arena_done(&((struct stream *)call->context)->arena);
}

GRPC_HANDLER(stream_activated_jobs)
{
    const GatewayProtocol__StreamActivatedJobsRequest *body = (const void *)request;
    if (body->type[0] == '\0' || body->timeout < 1) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "type must not be empty and timeout must be at least 1");
        return;
    }
    struct stream *stream = ARENA_NEW(&call->arena, struct stream);
    struct error err;
    stream->call = call;
    stream->request = body;
    if (!may_poll(stream, &call->caller, &stream->processes, &err)) {
        caller_fail(&call->caller, &err);
        return;
    }
    stream->check = timer_new(call->server->options.loop, check_stream, stream);
    timer_set(stream->check, STREAM_CHECK_MS);
    call->context = stream;
    call->on_sent = on_stream_sent;
    call->on_closed = on_stream_closed;
    call->on_free = free_stream;
    poll_again(stream);
}

// -- Answers ------------------------------------------------------------------------------

static void send_to_job(struct grpc_call *call, struct command *command, call_answer *answer)
{
    struct command *kept = arena_copy(&call->arena, command, sizeof *command);
    call_job(&call->caller, kept, answer);
}

GRPC_ANSWER_EMPTY(CompleteJob, complete_job, COMPLETE_JOB)
GRPC_ANSWER_EMPTY(FailJob, fail_job, FAIL_JOB)
GRPC_ANSWER_EMPTY(ThrowError, throw_error, THROW_ERROR)
GRPC_ANSWER_EMPTY(UpdateJobRetries, update_job_retries, UPDATE_JOB_RETRIES)
GRPC_ANSWER_EMPTY(UpdateJobTimeout, update_job_timeout, UPDATE_JOB_TIMEOUT)

static void write_text(struct json_writer *w, const char *name, const char *text)
{
    json_key(w, str_of(name));
    json_string(w, grpc_text(text));
}

static void write_truth(struct json_writer *w, const char *name, bool value)
{
    json_key(w, str_of(name));
    json_bool(w, value);
}

static void write_list(struct json_writer *w, const char *name,
                       const GatewayProtocol__StringList *list)
{
    json_key(w, str_of(name));
    json_begin_array(w);
    for (size_t i = 0; i < list->n_values; i++)
        json_string(w, grpc_text(list->values[i]));
    json_end_array(w);
}

static void write_corrections(struct json_writer *w, const GatewayProtocol__JobResultCorrections *c)
{
    json_key(w, STR("corrections"));
    json_begin_object(w);
    if (c->has_assignee_case != 0)
        write_text(w, "assignee", c->assignee);
    if (c->has_due_date_case != 0)
        write_text(w, "dueDate", c->duedate);
    if (c->has_follow_up_date_case != 0)
        write_text(w, "followUpDate", c->followupdate);
    if (c->has_candidate_users_case != 0)
        write_list(w, "candidateUsers", c->candidateusers);
    if (c->has_candidate_groups_case != 0)
        write_list(w, "candidateGroups", c->candidategroups);
    if (c->has_priority_case != 0) {
        json_key(w, STR("priority"));
        json_i64(w, c->priority);
    }
    json_end_object(w);
}

static bool write_activations(struct grpc_call *call, struct json_writer *w,
                              const GatewayProtocol__JobResult *result)
{
    json_key(w, STR("activateElements"));
    json_begin_array(w);
    for (size_t i = 0; i < result->n_activateelements; i++) {
        str variables;
        if (!grpc_variables(call, result->activateelements[i]->variables, &variables))
            return false;
        json_begin_object(w);
        write_text(w, "elementId", result->activateelements[i]->elementid);
        json_key(w, STR("variables"));
        json_raw(w, variables.len > 0 ? variables : STR("{}"));
        json_end_object(w);
    }
    json_end_array(w);
    return true;
}

// As REST has it: the engine reads it so. False after failing.
static bool read_result(struct grpc_call *call, const GatewayProtocol__JobResult *result,
                        str *ret_result)
{
    struct strbuf out = strbuf_new(&call->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    if (result->has_type_case != 0)
        write_text(&w, "type", result->type);
    if (result->has_denied_case != 0)
        write_truth(&w, "denied", result->denied);
    if (result->has_denied_reason_case != 0)
        write_text(&w, "deniedReason", result->deniedreason);
    if (result->has_corrections_case != 0)
        write_corrections(&w, result->corrections);
    if (result->n_activateelements > 0 && !write_activations(call, &w, result))
        return false;
    if (result->has_is_completion_condition_fulfilled_case != 0)
        write_truth(&w, "isCompletionConditionFulfilled", result->iscompletionconditionfulfilled);
    if (result->has_is_cancel_remaining_instances_case != 0)
        write_truth(&w, "isCancelRemainingInstances", result->iscancelremaininginstances);
    json_end_object(&w);
    *ret_result = strbuf_str(&out);
    return true;
}

GRPC_HANDLER(complete_job)
{
    const GatewayProtocol__CompleteJobRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_COMPLETE_JOB, .key = (uint64_t)body->jobkey};
    bool has_result = body->has_result_case != 0 && body->result != NULL;
    if (grpc_variables(call, body->variables, &command.job_answer.variables) &&
        (!has_result || read_result(call, body->result, &command.job_answer.result)))
        send_to_job(call, &command, answer_complete_job);
}

GRPC_HANDLER(fail_job)
{
    const GatewayProtocol__FailJobRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_FAIL_JOB,
                              .key = (uint64_t)body->jobkey,
                              .job_answer = {.retries = body->retries,
                                             .backoff_ms = body->retrybackoff,
                                             .message = grpc_text(body->errormessage)}};
    if (grpc_variables(call, body->variables, &command.job_answer.variables))
        send_to_job(call, &command, answer_fail_job);
}

GRPC_HANDLER(throw_error)
{
    const GatewayProtocol__ThrowErrorRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_THROW_JOB_ERROR,
                              .key = (uint64_t)body->jobkey,
                              .job_answer = {.error_code = grpc_text(body->errorcode),
                                             .message = grpc_text(body->errormessage)}};
    if (grpc_variables(call, body->variables, &command.job_answer.variables))
        send_to_job(call, &command, answer_throw_error);
}

GRPC_HANDLER(update_job_retries)
{
    const GatewayProtocol__UpdateJobRetriesRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_UPDATE_JOB,
                              .key = (uint64_t)body->jobkey,
                              .update_job = {.retries = body->retries, .has_retries = true}};
    GRPC_REFERENCE(call, body);
    send_to_job(call, &command, answer_update_job_retries);
}

GRPC_HANDLER(update_job_timeout)
{
    const GatewayProtocol__UpdateJobTimeoutRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_UPDATE_JOB,
                              .key = (uint64_t)body->jobkey,
                              .update_job = {.timeout_ms = body->timeout, .has_timeout = true}};
    GRPC_REFERENCE(call, body);
    send_to_job(call, &command, answer_update_job_timeout);
}
