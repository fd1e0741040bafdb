// SPDX-License-Identifier: Apache-2.0
// Jobs: offered to workers while the window of their type and tenant has room, answered at least
// once, settled exactly once.
#include "engine/breaker.h"
#include "engine/global_listener.h"
#include "engine/window.h"
#include "record/topic.h"

// -- Offering ---------------------------------------------------------------------------

const struct bpmn_job *job_definition(instance_ref instance, const struct job *job)
{
    const struct bpmn_element *element = element_of(instance, job->attachment.owner);
    const struct bpmn_extras *extras = element->extras;
    if (job->kind == JOB_TASK || job->kind == JOB_AD_HOC)
        return element->job;
    if (job->kind == JOB_NOTIFICATION)
        return extras && job->listener < extras->reminder_count
                   ? extras->reminders[job->listener].job
                   : NULL;
    return job->listener < element->listener_count ? &element->listeners[job->listener] : NULL;
}

bool job_listens(instance_ref instance, const struct job *job, enum bpmn_listener_event *ret_event)
{
    const struct bpmn_job *definition = job_definition(instance, job);
    bool is_global = job->kind == JOB_TASK_LISTENER && job->listener >= JOB_GLOBAL_LISTENER;
    bool listens = job->kind == JOB_EXECUTION_LISTENER || job->kind == JOB_TASK_LISTENER;
    if (is_global)
        *ret_event = (enum bpmn_listener_event)(BPMN_LISTENER_CREATING + job->listener -
                                                JOB_GLOBAL_LISTENER);
    else if (listens && definition != NULL)
        *ret_event = definition->event;
    return is_global || (listens && definition != NULL);
}

static str listener_event(instance_ref instance, const struct job *job)
{
    enum bpmn_listener_event event;
    return job_listens(instance, job, &event) ? str_of(bpmn_listener_event_name(event)) : STR_EMPTY;
}

static struct job_offer *offer_of(struct engine *engine, instance_ref instance,
                                  const struct job *job, int64_t lease_ms)
{
    element_ref ei = job->attachment.owner;
    const struct bpmn_job *definition = job_definition(instance, job);
    const struct user_task *task = job->kind == JOB_TASK_LISTENER || job->kind == JOB_NOTIFICATION
                                       ? state_attachment(ei, ENTITY_KIND_USER_TASK)
                                       : NULL;
    bool listens = job->kind == JOB_TASK_LISTENER && task != NULL;
    struct job_offer *offer = ARENA_NEW(engine->turn, struct job_offer);
    *offer = (struct job_offer){
        .key = job->attachment.entity.key,
        .instance = instance->stream.key,
        .element_instance = ei->entity.key,
        .definition = instance->definition,
        .process_id = instance->process_id,
        .version = instance->version,
        .element_id = element_of(instance, ei)->id,
        .type = job->type,
        .tenant = instance->tenant,
        .kind = job->kind,
        .listener_event = listener_event(instance, job),
        .attempt = job->attempt,
        .retries = job->retries,
        .priority = job->priority,
        .lease_ms = lease_ms,
        .headers = listens      ? user_task_headers(engine, instance, task)
                   : definition ? definition->headers
                                : STR("{}"),
        .variables = listens
                         ? variable_visible_with(engine, ei, task_requested_variables(engine, task))
                         : variable_job_json(engine, instance, ei),
        .user_task = task ? user_task_json(engine, task) : STR_EMPTY,
        .traceparent = engine->command->traceparent,
        .business_id = instance->business_id,
        .tags = instance->tags,
        .root_instance = instance->root_instance,
    };
    if (job->kind == JOB_TASK)
        job_add_secrets(engine, element_of(instance, ei), offer);
    return offer;
}

// A job that no record can carry fails at once: who resolves the incident sees what to change.
static bool is_too_large(struct engine *engine, instance_ref instance, const struct job *job,
                         const struct job_offer *offer)
{
    size_t bytes = offer->variables.len + offer->headers.len + offer->user_task.len;
    if (bytes <= LIMIT_OUTPUT_BYTES)
        return false;
    str why = str_format(engine->turn,
                         "the job would have %zu bytes of variables and headers, the limit "
                         "OUTPUT_BYTES is %d: restrict it to what it needs by baton:jobVariables",
                         bytes, LIMIT_OUTPUT_BYTES);
    window_leave(engine, instance, job);
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_FAILED,
                             .key = job->attachment.entity.key,
                             .scope = job->attachment.owner->entity.key,
                             .value = why});
    incident_raise_for_job(engine, instance, job, why);
    return true;
}

struct taking {
    int64_t lease_ms;
    str worker;
    bool leases; // answers need the token of the attempt from now on
};

// The name is copied: that of a credit may be gone before the batch is stored.
static void take(struct engine *engine, instance_ref instance, const struct job *job,
                 struct taking taking)
{
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_TAKEN,
                             .key = job->attachment.entity.key,
                             .number = taking.leases,
                             .due_ms = engine->clock_ms + taking.lease_ms,
                             .value = str_copy(engine->turn, border_text(taking.worker))});
}

// A client of a gateway waits for it: it goes there in a reply, taken.
static void hand_to(struct engine *engine, instance_ref instance, const struct job *job,
                    struct job_offer *offer, const struct credit *credit)
{
    take(engine, instance, job, (struct taking){credit->lease_ms, credit->worker, credit->leases});
    offer->leases = credit->leases;
    offer->worker = str_copy(engine->turn, credit->worker);
    struct reply *reply = ARENA_NEW(engine->turn, struct reply);
    *reply = (struct reply){
        .to = {.partition = credit->gateway->reply_partition},
        .gateway = credit->gateway->id,
        .shard = engine->environment.shard,
        .job_count = 1,
        .jobs = offer,
    };
    *ARRAY_PUSH(engine->turn, &engine->outbound) =
        (struct outbound){.kind = OUTBOUND_REPLY, .reply = reply};
}

static void offer(struct engine *engine, instance_ref instance, const struct job *job)
{
    struct job_offer *offer = offer_of(engine, instance, job, engine->environment.job_timeout_ms);
    if (is_too_large(engine, instance, job, offer))
        return;
    const struct credit *credit = credit_use(engine, instance, job);
    window_offer(engine, instance, job);
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_OFFERED,
                             .key = job->attachment.entity.key,
                             .number = job->attempt + 1});
    breaker_offer(engine, instance, job);
    offer->attempt = job->attempt;
    offer->lease_ms = credit != NULL ? credit->lease_ms : offer->lease_ms;
    engine->offered_bytes += offer->variables.len;
    if (credit != NULL)
        hand_to(engine, instance, job, offer, credit);
    else
        *ARRAY_PUSH(engine->turn, &engine->outbound) =
            (struct outbound){.kind = OUTBOUND_JOB, .job = offer};
}

// For a job that is to be worked on and counts nowhere yet.
void job_offer_or_wait(struct engine *engine, instance_ref instance, const struct job *job)
{
    const struct breaker *breaker = breaker_before(engine, instance, job);
    if (breaker != NULL) {
        breaker_hold(engine, instance, job, breaker);
        return;
    }
    if (job->state != JOB_WAITING)
        step_emit(engine, instance,
                  (struct event){.type = EVENT_JOB_BACKED_OFF, .key = job->attachment.entity.key});
    window_wait(engine, instance, job);
    if (window_has_room(engine, instance, job))
        offer(engine, instance, job);
}

// Jobs of a type travel on a topic that is named after it.
static bool has_topic(struct engine *engine, str type)
{
    enum { MOST_ESCAPED = 4 }; // "_x3a"
    str part;
    if (type.len > 0 && type.len <= TOPIC_MAX_JOB_TYPE / MOST_ESCAPED)
        return true;
    return topic_part_of_job_type(engine->turn, type, &part);
}

static bool read_definition(struct engine *engine, instance_ref instance, element_ref ei,
                            const struct bpmn_job *definition, struct event *event)
{
    int64_t priority;
    str why;
    if (!expression_text(engine, ei, definition->type, &event->name, &why) ||
        !expression_i64(engine, ei, definition->retries, 3, &event->number, &why) ||
        !expression_i64(engine, ei, definition->priority, 0, &priority, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return false;
    }
    if (event->number < 0 || event->number > INT32_MAX || priority < INT32_MIN ||
        priority > INT32_MAX) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR",
                       str_format(engine->turn,
                                  "the job would have %lld retries and the priority %lld: expected "
                                  "0 to %d retries, and a priority of 32 bits",
                                  (long long)event->number, (long long)priority, INT32_MAX));
        return false;
    }
    if (!has_topic(engine, event->name)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR",
                       str_format(engine->turn,
                                  "a job type must have 1 to %d bytes, a byte other than a letter, "
                                  "digit, dot, hyphen or underscore counting four times; found %zu",
                                  LIMIT_JOB_TYPE_BYTES, event->name.len));
        return false;
    }
    if (priority != 0)
        event->value = str_format(engine->turn, "%lld", (long long)priority);
    return true;
}

static const char *const kinds[] = {"TASK", "EXECUTION_LISTENER", "TASK_LISTENER", "AD_HOC",
                                    "NOTIFICATION"};

static bool create(struct engine *engine, instance_ref instance, element_ref ei,
                   const struct bpmn_job *definition, struct event event)
{
    event.type = EVENT_JOB_CREATED;
    event.scope = ei->entity.key;
    event.element = ei->element + 1;
    if (!read_definition(engine, instance, ei, definition, &event))
        return false;
    event.key = step_key(engine);
    step_emit(engine, instance, event);
    job_offer_or_wait(engine, instance, state_entity(instance, ENTITY_KIND_JOB, event.key));
    return true;
}

bool job_create(struct engine *engine, instance_ref instance, element_ref ei,
                const struct bpmn_job *definition, enum job_kind kind)
{
    const struct bpmn_element *element = element_of(instance, ei);
    uint64_t listener =
        definition != element->job ? (uint64_t)(definition - element->listeners) + 1 : 0;
    return create(engine, instance, ei, definition,
                  (struct event){.code = str_of(kinds[kind]), .parent = listener});
}

bool job_notify(struct engine *engine, instance_ref instance, element_ref ei, uint32_t reminder)
{
    return create(engine, instance, ei, element_of(instance, ei)->extras->reminders[reminder].job,
                  (struct event){.code = str_of(kinds[JOB_NOTIFICATION]), .parent = reminder + 1});
}

bool job_create_listener(struct engine *engine, instance_ref instance, element_ref ei,
                         enum bpmn_listener_event event)
{
    return job_create_nth_listener(engine, instance, ei, event, ei->listeners_done);
}

void job_create_global_listener(struct engine *engine, instance_ref instance, element_ref ei,
                                enum bpmn_listener_event event, struct global_job job)
{
    struct event created = {.type = EVENT_JOB_CREATED,
                            .key = step_key(engine),
                            .scope = ei->entity.key,
                            .element = ei->element + 1,
                            .name = job.type,
                            .number = job.retries,
                            .code = str_of(kinds[JOB_TASK_LISTENER]),
                            .parent = JOB_GLOBAL_LISTENER + 1 +
                                      (uint64_t)(event - BPMN_LISTENER_CREATING)};
    step_emit(engine, instance, created);
    job_offer_or_wait(engine, instance, state_entity(instance, ENTITY_KIND_JOB, created.key));
}

bool job_create_nth_listener(struct engine *engine, instance_ref instance, element_ref ei,
                             enum bpmn_listener_event event, uint32_t nth)
{
    const struct bpmn_element *element = element_of(instance, ei);
    enum job_kind kind = event <= BPMN_LISTENER_END ? JOB_EXECUTION_LISTENER : JOB_TASK_LISTENER;
    for (uint32_t i = 0; i < element->listener_count; i++) {
        if (element->listeners[i].event != event || nth-- > 0)
            continue;
        step_or_incident(job_create(engine, instance, ei, &element->listeners[i], kind));
        return true;
    }
    return false;
}

void job_cancel(struct engine *engine, instance_ref instance, const struct job *job)
{
    window_leave(engine, instance, job);
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_CANCELED,
                             .key = job->attachment.entity.key,
                             .scope = job->attachment.owner->entity.key});
}

// -- Answers ----------------------------------------------------------------------------

struct answered {
    instance_ref instance;
    const struct job *job;
};

static bool refuse(struct engine *engine, enum rejection rejection, const char *why)
{
    step_reject(engine, engine->shard, rejection, str_of(why));
    return false;
}

// Camunda's clients know the first one. A worker on Kafka hears nothing, whoever had the job before
// it: its answer is counted, and found in history, as what it is.
static bool refuse_stale(struct engine *engine, const struct job *job)
{
    bool is_told = engine->command->reply.request != 0;
    return refuse(engine,
                  is_told && job->leased_since != 0 ? REJECTION_INVALID_STATE : REJECTION_STALE,
                  "the job has been offered again since");
}

// The job that the running command answers, if the answer still counts.
static bool find_answered(struct engine *engine, struct answered *ret_answered)
{
    const struct command *command = engine->command;
    uint32_t attempt = command->job_answer.attempt;
    instance_ref instance = step_instance(engine, command->instance);
    const struct job *job = instance ? state_entity(instance, ENTITY_KIND_JOB, command->key) : NULL;
    if (job == NULL)
        return refuse(engine, attempt == 0 ? REJECTION_NOT_FOUND : REJECTION_LATE,
                      "there is no such job any more");
    if (attempt != 0 && attempt != job->attempt)
        return refuse_stale(engine, job);
    if (attempt == 0 && job->leased_since != 0)
        return refuse(engine, REJECTION_INVALID_STATE,
                      "the job was taken with a lease: its answer needs the jobLeaseToken that "
                      "came with it");
    if (attempt != 0 && job->state != JOB_OFFERED && job->leased_since == 0)
        return refuse(engine, REJECTION_LATE, "the job waits for another attempt");
    if (job->state == JOB_FAILED)
        return refuse(engine, REJECTION_INVALID_STATE, "the job has failed and has an incident");
    if (job->state == JOB_BACKING_OFF)
        return refuse(engine, REJECTION_INVALID_STATE,
                      "the job has failed and waits for its back-off to end");
    if (job->state == JOB_HELD)
        return refuse(engine, REJECTION_INVALID_STATE,
                      "the job waits for the breaker of its credential to close");
    *ret_answered = (struct answered){instance, job};
    return true;
}

// A caller is told what is wrong with the answer. A worker on Kafka hears nothing and would send
// the same again: its answer is a failure of the job, so the retries end in an incident.
static bool refuse_answer(struct engine *engine, const struct answered *a, str why)
{
    if (engine->command->reply.request != 0)
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
    else
        job_failed(
            engine, a->instance, a->job,
            &(struct job_failure){.retries = a->job->retries - 1,
                                  .message = str_format(engine->turn,
                                                        "the worker's answer cannot be used: %.*s",
                                                        STR_ARG(why))});
    return false;
}

static bool variables_fit(struct engine *engine, const struct answered *a)
{
    str why;
    return variable_fits(engine, a->instance, a->instance->root,
                         engine->command->job_answer.variables, &why) ||
           refuse_answer(engine, a, why);
}

// A listener of a user task says what becomes of the change, and sets no variables.
static bool result_fits(struct engine *engine, const struct answered *a,
                        enum bpmn_listener_event event)
{
    str variables = engine->command->job_answer.variables, why;
    if (a->job->kind == JOB_AD_HOC)
        return ad_hoc_result_fits(engine, a->instance, a->job->attachment.owner, &why) ||
               refuse_answer(engine, a, why);
    if (a->job->kind != JOB_TASK_LISTENER)
        return true;
    if (!str_is_empty(variables) && !str_equal(str_trim(variables), STR("{}")))
        return refuse_answer(engine, a, STR("a listener of a user task sets no variables"));
    return user_task_result_fits(engine, a->job->attachment.owner, event, &why) ||
           refuse_answer(engine, a, why);
}

// What the answer calls the instance, if anything. A worker on Kafka does not name instances: it
// would not hear that it may not.
static str given_name(const struct command *command)
{
    return command->reply.request != 0 ? command->job_answer.business_id : STR_EMPTY;
}

static bool name_fits(struct engine *engine, const struct answered *a)
{
    str id = given_name(engine->command), why;
    if (str_is_empty(id) || process_may_name(engine, a->instance, id, &why))
        return true;
    step_reject(engine, engine->shard, REJECTION_INVALID_STATE, why);
    return false;
}

static enum bpmn_listener_event event_of(const struct answered *a)
{
    enum bpmn_listener_event event;
    return job_listens(a->instance, a->job, &event) ? event : BPMN_LISTENER_START;
}

void job_complete(struct engine *engine)
{
    const struct command *command = engine->command;
    struct answered a;
    if (!find_answered(engine, &a) || !variables_fit(engine, &a))
        return;
    element_ref ei = a.job->attachment.owner;
    enum job_kind kind = a.job->kind;
    enum bpmn_listener_event event = event_of(&a);
    str why;
    if (!result_fits(engine, &a, event) || !name_fits(engine, &a))
        return;
    breaker_succeeded(engine, a.instance, a.job);
    window_leave(engine, a.instance, a.job);
    step_emit(engine, a.instance,
              (struct event){.type = EVENT_JOB_COMPLETED,
                             .key = command->key,
                             .scope = ei->entity.key,
                             .value = border_text(command->job_answer.worker)});
    if (!str_is_empty(given_name(command)))
        process_give_name(engine, a.instance, given_name(command));
    step_accept(engine, command->key, command->instance);
    switch (kind) {
    case JOB_TASK:
        activity_complete_with(engine, a.instance, ei, command->job_answer.variables);
        break;
    case JOB_EXECUTION_LISTENER:
        if (!variable_merge(
                engine, a.instance, ei,
                (struct merge){command->job_answer.variables, event == BPMN_LISTENER_START}, &why))
            incident_raise(engine, a.instance, ei, "LIMIT_REACHED", why);
        else
            activity_continue(engine, a.instance, ei);
        break;
    case JOB_TASK_LISTENER:
        user_task_listener_done(engine, a.instance, ei, event, command->job_answer.result);
        break;
    case JOB_AD_HOC:
        ad_hoc_decided(engine, a.instance, ei, command->job_answer.result,
                       command->job_answer.variables);
        break;
    case JOB_NOTIFICATION:
        break; // nothing waited for it
    }
}

// Negative numbers are mistakes: who can be told hears of it, a worker's job has no retries left.
static bool counts_fit(struct engine *engine)
{
    const struct job_answer *answer = &engine->command->job_answer;
    if (engine->command->reply.request == 0 || (answer->retries >= 0 && answer->backoff_ms >= 0))
        return true;
    return refuse(engine, REJECTION_INVALID,
                  "the retries that are left and the back-off must not be negative");
}

void job_fail(struct engine *engine)
{
    const struct job_answer *answer = &engine->command->job_answer;
    struct answered a;
    if (!find_answered(engine, &a) || !variables_fit(engine, &a) || !counts_fit(engine))
        return;
    struct merge merge = {answer->variables, true};
    str why;
    if (!variable_merge(engine, a.instance, a.job->attachment.owner, merge, &why)) {
        step_reject(engine, engine->shard, REJECTION_LIMIT, why);
        return;
    }
    step_accept(engine, engine->command->key, engine->command->instance);
    job_failed(engine, a.instance, a.job,
               &(struct job_failure){.class = answer->failure_class,
                                     .retries = answer->retries,
                                     .backoff_ms = answer->backoff_ms,
                                     .subject = answer->subject,
                                     .message = answer->message});
}

void job_throw_error(struct engine *engine)
{
    const struct job_answer *answer = &engine->command->job_answer;
    struct answered a;
    if (!find_answered(engine, &a) || !variables_fit(engine, &a))
        return;
    if (a.job->kind == JOB_TASK_LISTENER &&
        !refuse_answer(engine, &a, STR("a listener of a user task throws no errors")))
        return;
    element_ref ei = a.job->attachment.owner;
    breaker_succeeded(engine, a.instance, a.job);
    window_leave(engine, a.instance, a.job);
    step_emit(engine, a.instance,
              (struct event){.type = EVENT_JOB_ERROR_THROWN,
                             .key = engine->command->key,
                             .scope = ei->entity.key,
                             .code = answer->error_code,
                             .value = border_text(answer->message)});
    step_accept(engine, engine->command->key, engine->command->instance);
    const struct thrown_error thrown = {answer->error_code, border_text(answer->message),
                                        answer->variables};
    if (event_throw_error(engine, a.instance, ei, &thrown))
        return;
    incident_raise(engine, a.instance, ei, "UNHANDLED_ERROR_EVENT",
                   str_format(engine->turn, "nothing catches the error '%.*s': %.*s",
                              STR_ARG(answer->error_code), STR_ARG(answer->message)));
}

static int64_t lease_of(int64_t asked_ms)
{
    return asked_ms < 1 ? 1 : asked_ms > LIMIT_LEASE_MS ? LIMIT_LEASE_MS : asked_ms;
}

// The first one of an attempt takes the job: from then on it has a lease.
void job_extend(struct engine *engine)
{
    struct answered a;
    if (!find_answered(engine, &a))
        return;
    const struct job_answer *answer = &engine->command->job_answer;
    int64_t lease_ms = lease_of(answer->extend_ms);
    str worker = border_text(answer->worker);
    if (a.job->state != JOB_OFFERED) {
        refuse(engine, REJECTION_INVALID_STATE, "the job is not being worked on");
        return;
    }
    if (a.job->due_ms == 0)
        take(engine, a.instance, a.job, (struct taking){lease_ms, answer->worker, false});
    else
        step_emit(engine, a.instance,
                  (struct event){.type = EVENT_JOB_EXTENDED,
                                 .key = engine->command->key,
                                 .value = str_equal(worker, a.job->worker) ? STR_EMPTY : worker,
                                 .due_ms = engine->clock_ms + lease_ms});
    step_accept(engine, engine->command->key, engine->command->instance);
}

// -- Operators and the node -------------------------------------------------------------

static const struct job *find_job(struct engine *engine, instance_ref *ret_instance)
{
    *ret_instance = step_instance(engine, engine->command->instance);
    const struct job *job =
        *ret_instance ? state_entity(*ret_instance, ENTITY_KIND_JOB, engine->command->key) : NULL;
    if (job == NULL)
        refuse(engine, REJECTION_NOT_FOUND, "there is no such job");
    return job;
}

static bool update_fits(struct engine *engine, const struct job *job)
{
    const struct update_job *update = &engine->command->update_job;
    bool is_taken = job->state == JOB_OFFERED && job->due_ms != 0;
    if (!update->has_retries && !update->has_priority && !update->has_timeout)
        return refuse(engine, REJECTION_INVALID,
                      "nothing is to be changed: give retries, timeout or priority");
    if (update->has_retries && update->retries < 1)
        return refuse(engine, REJECTION_INVALID, "a job needs at least one retry");
    if (update->has_timeout && update->timeout_ms < 0)
        return refuse(engine, REJECTION_INVALID, "the timeout must not be negative");
    if (update->attempt != 0 && job->leased_since != 0 && update->attempt != job->attempt)
        return refuse_stale(engine, job);
    if (update->has_timeout && !is_taken)
        return refuse(engine, REJECTION_INVALID_STATE,
                      "no worker has the job: it has no timeout that could be changed");
    return true;
}

void job_update(struct engine *engine)
{
    const struct update_job *update = &engine->command->update_job;
    instance_ref instance;
    const struct job *job = find_job(engine, &instance);
    if (job == NULL || !update_fits(engine, job))
        return;
    struct event event = {.type = EVENT_JOB_UPDATED,
                          .key = engine->command->key,
                          .number = update->has_retries ? update->retries : job->retries};
    if (update->has_priority)
        event.value = str_format(engine->turn, "%d", update->priority);
    step_emit(engine, instance, event);
    if (update->has_timeout)
        step_emit(engine, instance,
                  (struct event){.type = EVENT_JOB_EXTENDED,
                                 .key = engine->command->key,
                                 .due_ms = engine->clock_ms + lease_of(update->timeout_ms)});
    step_accept(engine, engine->command->key, engine->command->instance);
}

static const struct job *find_listed(struct engine *engine, const struct released_job *listed,
                                     instance_ref *ret_instance)
{
    *ret_instance = step_instance(engine, listed->instance);
    return *ret_instance ? state_entity(*ret_instance, ENTITY_KIND_JOB, listed->job) : NULL;
}

static bool is_untaken(const struct job *job)
{
    return job->state == JOB_OFFERED && job->due_ms == 0;
}

static void release_one(struct engine *engine, instance_ref instance, const struct job *job)
{
    bool is_wanted = credit_is_there(engine, instance, job);
    bool waits = job->state == JOB_WAITING;
    const struct breaker *breaker = breaker_before(engine, instance, job);
    if (waits && breaker != NULL) { // it makes room for those that may go
        window_leave(engine, instance, job);
        breaker_hold(engine, instance, job, breaker);
    } else if (job->state == JOB_HELD && breaker == NULL) {
        job_offer_or_wait(engine, instance, job);
    } else if (waits && (window_has_room(engine, instance, job) ||
                         (is_wanted && window_may_hand(engine, instance, job)))) {
        offer(engine, instance, job);
    } else if (is_untaken(job) && is_wanted && breaker_admits(engine, instance, job)) {
        const struct credit *credit = credit_use(engine, instance, job);
        breaker_offer(engine, instance, job);
        hand_to(engine, instance, job, offer_of(engine, instance, job, credit->lease_ms), credit);
    }
}

// Jobs that wait for their window or for a breaker, and jobs that lie untaken on their topic while
// a client of a gateway waits. A worker that reads the record later works on it as well; the first
// answer wins.
void job_release(struct engine *engine)
{
    const struct release_job *release = &engine->command->release_job;
    for (size_t i = 0; i < release->count; i++) {
        instance_ref instance;
        const struct job *job = find_listed(engine, &release->jobs[i], &instance);
        if (job != NULL)
            release_one(engine, instance, job);
    }
}

static void give_back(struct engine *engine, instance_ref instance, const struct job *job,
                      uint32_t attempt, str why)
{
    window_leave(engine, instance, job);
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_RETURNED,
                             .key = job->attachment.entity.key,
                             .number = attempt,
                             .code = why});
    if (!str_equal(why, STR("PASSED")) || !job_gives_up(engine, instance, job))
        job_offer_or_wait(engine, instance, job);
}

void job_give_back(struct engine *engine, instance_ref instance, const struct job *job, str why)
{
    give_back(engine, instance, job, job->attempt, why);
}

// They came to a gateway when no client was left. The attempt does not count: nobody saw its token.
void job_return(struct engine *engine)
{
    const struct release_job *returned = &engine->command->release_job;
    for (size_t i = 0; i < returned->count; i++) {
        instance_ref instance;
        const struct job *job = find_listed(engine, &returned->jobs[i], &instance);
        if (job != NULL && job->state == JOB_OFFERED && job->attempt == returned->jobs[i].attempt)
            give_back(engine, instance, job, job->attempt - 1, STR("UNTAKEN"));
    }
}

// The workers of their type have committed past their records, and nobody took or answered them.
void job_reoffer(struct engine *engine)
{
    const struct release_job *passed = &engine->command->release_job;
    for (size_t i = 0; i < passed->count; i++) {
        instance_ref instance;
        const struct job *job = find_listed(engine, &passed->jobs[i], &instance);
        if (job != NULL && is_untaken(job) && job->attempt == passed->jobs[i].attempt)
            give_back(engine, instance, job, job->attempt, STR("PASSED"));
    }
}

void job_time_out(struct engine *engine)
{
    instance_ref instance = step_instance(engine, engine->command->instance);
    const struct job *job =
        instance ? state_entity(instance, ENTITY_KIND_JOB, engine->command->key) : NULL;
    if (job == NULL || job->state != JOB_OFFERED || job->due_ms == 0 ||
        job->due_ms > engine->clock_ms ||
        (engine->command->due.attempt != 0 && engine->command->due.attempt != job->attempt))
        return; // answered, extended or offered again in the meantime
    window_leave(engine, instance, job);
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_TIMED_OUT,
                             .key = engine->command->key,
                             .number = job->attempt});
    if (!job_gives_up(engine, instance, job))
        job_offer_or_wait(engine, instance, job);
}

void job_retry(struct engine *engine)
{
    instance_ref instance = step_instance(engine, engine->command->instance);
    const struct job *job =
        instance ? state_entity(instance, ENTITY_KIND_JOB, engine->command->key) : NULL;
    if (job != NULL && job->state == JOB_BACKING_OFF && job->due_ms <= engine->clock_ms)
        job_offer_or_wait(engine, instance, job);
}
