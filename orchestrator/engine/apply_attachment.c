// SPDX-License-Identifier: Apache-2.0
// Appliers of what waits on an element instance.
#include "engine/apply.h"

static const size_t sizes[] = {
    [ENTITY_KIND_JOB] = sizeof(struct job),
    [ENTITY_KIND_TIMER] = sizeof(struct timer),
    [ENTITY_KIND_SUBSCRIPTION] = sizeof(struct subscription),
    [ENTITY_KIND_USER_TASK] = sizeof(struct user_task),
    [ENTITY_KIND_INCIDENT] = sizeof(struct incident),
};

void *apply_attach(struct instance *instance, struct element_instance *owner, enum entity_kind kind,
                   uint64_t key)
{
    struct attachment *attachment = arena_zalloc(&instance->stream.arena, sizes[kind]);
    attachment->entity.kind = kind;
    attachment->entity.key = key;
    attachment->owner = owner;
    struct attachment **at = &owner->attachments;
    while (*at != NULL)
        at = &(*at)->next;
    *at = attachment;
    idmap_put(&instance->entities, key, attachment);
    apply_mark(instance, &attachment->entity);
    return attachment;
}

static void detach(struct instance *instance, struct attachment *attachment)
{
    struct attachment **at = &attachment->owner->attachments;
    while (*at != attachment)
        at = &(*at)->next;
    *at = attachment->next;
    idmap_remove(&instance->entities, attachment->entity.key);
    attachment->entity.is_gone = true;
    apply_mark(instance, &attachment->entity);
}

static void *find(struct instance *instance, enum entity_kind kind, const struct event *event)
{
    struct entity *entity = state_entity(instance, kind, event->key);
    check(entity != NULL);
    apply_mark(instance, entity);
    return entity;
}

static str keep(struct instance *instance, str text)
{
    return str_copy(&instance->stream.arena, text);
}

static enum job_kind kind_named(str name)
{
    if (str_equal(name, STR("EXECUTION_LISTENER")))
        return JOB_EXECUTION_LISTENER;
    if (str_equal(name, STR("TASK_LISTENER")))
        return JOB_TASK_LISTENER;
    if (str_equal(name, STR("NOTIFICATION")))
        return JOB_NOTIFICATION;
    return str_equal(name, STR("AD_HOC")) ? JOB_AD_HOC : JOB_TASK;
}

static void create_job(struct instance *instance, const struct event *event)
{
    struct job *job =
        apply_attach(instance, apply_find(instance, event->scope), ENTITY_KIND_JOB, event->key);
    int64_t priority = 0;
    if (!str_is_empty(event->value))
        check(str_to_i64(event->value, &priority));
    job->type = keep(instance, event->name);
    job->kind = kind_named(event->code);
    job->listener = event->parent == 0 ? 0 : (uint32_t)event->parent - 1;
    job->state = JOB_WAITING;
    job->retries = (int32_t)event->number;
    job->priority = (int32_t)priority;
    job->created_ms = event->time_ms;
    job->worker = job->error_message = job->unanswered_by = job->held_by = STR_EMPTY;
}

enum { WORKERS_BYTES = 200 };

// A delivery has ended without an answer. Each worker is named once, as far as there is room.
static void count_unanswered(struct instance *instance, struct job *job)
{
    job->unanswered++;
    if (str_is_empty(job->worker) || str_find(job->unanswered_by, job->worker) != SIZE_MAX ||
        job->unanswered_by.len + job->worker.len > WORKERS_BYTES)
        return;
    job->unanswered_by =
        str_format(&instance->stream.arena, "%.*s%s%.*s", STR_ARG(job->unanswered_by),
                   str_is_empty(job->unanswered_by) ? "" : ", ", STR_ARG(job->worker));
}

static void fail_job(struct instance *instance, struct job *job, const struct event *event)
{
    job->retries = (int32_t)event->number;
    job->error_message = keep(instance, event->value);
    job->due_ms = event->due_ms;
    job->worker = job->unanswered_by = STR_EMPTY;
    job->unanswered = 0;
    job->throttled = str_equal(event->code, STR("THROTTLED")) ? job->throttled + 1 : 0;
    job->state = event->due_ms > 0                                                 ? JOB_BACKING_OFF
                 : event->number <= 0 || str_equal(event->code, STR("UNANSWERED")) ? JOB_FAILED
                                                                                   : JOB_WAITING;
}

// Who gives a job that nobody has other retries begins it anew: it may go to anybody again.
static void update_job(struct job *job, const struct event *event)
{
    int64_t priority;
    bool is_taken = job->state == JOB_OFFERED && job->due_ms != 0;
    if (!is_taken && event->number != job->retries)
        job->leased_since = 0;
    job->retries = (int32_t)event->number;
    if (str_to_i64(event->value, &priority))
        job->priority = (int32_t)priority;
}

static void wait_again(struct job *job)
{
    job->state = JOB_WAITING;
    job->due_ms = 0;
    job->worker = STR_EMPTY;
}

void apply_job(struct instance *instance, const struct event *event)
{
    if (event->type == EVENT_JOB_CREATED) {
        create_job(instance, event);
        return;
    }
    struct job *job = find(instance, ENTITY_KIND_JOB, event);
    switch ((int)event->type) {
    case EVENT_JOB_OFFERED:
        job->state = JOB_OFFERED;
        job->attempt = (uint32_t)event->number;
        job->offered_ms = event->time_ms;
        job->due_ms = 0;
        job->worker = STR_EMPTY;
        break;
    case EVENT_JOB_TAKEN:
        job->due_ms = event->due_ms;
        job->worker = keep(instance, event->value);
        if (event->number != 0 && job->leased_since == 0)
            job->leased_since = job->attempt;
        break;
    case EVENT_JOB_RETURNED:
        job->attempt = (uint32_t)event->number;
        if (job->leased_since > job->attempt) // nobody saw its token
            job->leased_since = 0;
        if (str_equal(event->code, STR("PASSED")))
            count_unanswered(instance, job);
        wait_again(job);
        break;
    case EVENT_JOB_FAILED:
        fail_job(instance, job, event);
        break;
    case EVENT_JOB_EXTENDED:
        job->due_ms = event->due_ms;
        if (!str_is_empty(event->value))
            job->worker = keep(instance, event->value);
        break;
    case EVENT_JOB_UPDATED:
        update_job(job, event);
        break;
    case EVENT_JOB_TIMED_OUT:
        count_unanswered(instance, job);
        wait_again(job);
        break;
    case EVENT_JOB_HELD:
        wait_again(job);
        job->state = JOB_HELD;
        job->held_by = keep(instance, event->name);
        break;
    case EVENT_JOB_BACKED_OFF:
        wait_again(job);
        break;
    default: // completed, error thrown, canceled
        job->attachment.owner->listeners_done += job->kind != JOB_TASK &&
                                                 job->kind != JOB_NOTIFICATION &&
                                                 event->type == EVENT_JOB_COMPLETED;
        detach(instance, &job->attachment);
        break;
    }
}

static enum timer_purpose purpose_named(str name)
{
    if (str_equal(name, STR("SLA")))
        return TIMER_OF_SLA;
    if (str_equal(name, STR("REMINDER")))
        return TIMER_OF_REMINDER;
    return str_equal(name, STR("ESCALATION")) ? TIMER_OF_ESCALATION : TIMER_OF_EVENT;
}

// -- Marks ------------------------------------------------------------------------------

// In the order in which they came, as the image has them.
void apply_set_mark(struct instance *instance, struct element_instance *host, struct mark mark)
{
    struct mark **at = &host->marks;
    if (state_is_marked(host, mark.element, mark.trigger))
        return;
    while (*at != NULL)
        at = &(*at)->next;
    mark.next = NULL;
    *at = arena_copy(&instance->stream.arena, &mark, sizeof mark);
}

void apply_clear_mark(struct element_instance *host, struct mark mark)
{
    struct mark **at = &host->marks;
    while (*at != NULL && ((*at)->element != mark.element || (*at)->trigger != mark.trigger))
        at = &(*at)->next;
    if (*at != NULL)
        *at = (*at)->next;
}

void apply_trigger(struct instance *instance, const struct event *event)
{
    struct mark mark = {NULL, event->element - 1, event->flow - 1};
    struct element_instance *host = apply_find(instance, event->scope);
    if (event->type == EVENT_TRIGGER_MIGRATED) {
        struct timer *timer = state_entity(instance, ENTITY_KIND_TIMER, event->key);
        struct subscription *s = state_entity(instance, ENTITY_KIND_SUBSCRIPTION, event->key);
        check((timer != NULL) != (s != NULL));
        *(timer ? &timer->element : &s->element) = mark.element;
        *(timer ? &timer->trigger : &s->trigger) = mark.trigger;
    } else if (event->number != 0) {
        apply_set_mark(instance, host, mark);
    } else {
        apply_clear_mark(host, mark);
    }
}

// -- Timers and subscriptions -----------------------------------------------------------

static void mark_timer(struct instance *instance, const struct timer *timer, bool has_fired)
{
    struct element_instance *host = timer->attachment.owner;
    struct mark mark = {NULL, timer->element, timer->trigger};
    if (timer->purpose != TIMER_OF_EVENT || timer->element == host->element)
        return;
    if (has_fired)
        apply_set_mark(instance, host, mark);
    else
        apply_clear_mark(host, mark);
}

// The row of the owner says what it waits for: a cycle's next timer comes while it waits.
void apply_timer(struct instance *instance, const struct event *event)
{
    if (event->type != EVENT_TIMER_CREATED) {
        struct timer *timer = find(instance, ENTITY_KIND_TIMER, event);
        apply_mark(instance, &timer->attachment.owner->entity);
        if (event->type == EVENT_TIMER_FIRED)
            mark_timer(instance, timer, true);
        detach(instance, &timer->attachment);
        return;
    }
    struct timer *timer =
        apply_attach(instance, apply_find(instance, event->scope), ENTITY_KIND_TIMER, event->key);
    timer->purpose = purpose_named(event->code);
    timer->element = event->element - 1;
    timer->trigger = event->flow - 1;
    timer->due_ms = event->due_ms;
    timer->repetitions = event->number;
    mark_timer(instance, timer, false);
}

static void open_subscription(struct instance *instance, const struct event *event)
{
    struct subscription *subscription = apply_attach(instance, apply_find(instance, event->scope),
                                                     ENTITY_KIND_SUBSCRIPTION, event->key);
    subscription->kind =
        str_equal(event->code, STR("SIGNAL")) ? SUBSCRIPTION_SIGNAL : SUBSCRIPTION_MESSAGE;
    subscription->element = event->element - 1;
    subscription->trigger = event->flow - 1;
    subscription->created_ms = event->time_ms;
    subscription->name = keep(instance, event->name);
    subscription->correlation_key = keep(instance, event->value);
    subscription->opened = subscription->kind == SUBSCRIPTION_SIGNAL; // nobody else need know
    instance->hears += subscription->kind == SUBSCRIPTION_SIGNAL;
}

void apply_subscription(struct instance *instance, const struct event *event)
{
    if (event->type == EVENT_SUBSCRIPTION_OPENING) {
        open_subscription(instance, event);
        return;
    }
    struct subscription *subscription = find(instance, ENTITY_KIND_SUBSCRIPTION, event);
    if (event->type == EVENT_SUBSCRIPTION_OPENED)
        subscription->opened = true;
    else if (event->type == EVENT_SUBSCRIPTION_CORRELATED)
        subscription->last_message = event->parent;
    else {
        check(subscription->kind != SUBSCRIPTION_SIGNAL || instance->hears > 0);
        instance->hears -= subscription->kind == SUBSCRIPTION_SIGNAL;
        detach(instance, &subscription->attachment);
    }
}

static void create_user_task(struct instance *instance, const struct event *event)
{
    struct user_task *task = apply_attach(instance, apply_find(instance, event->scope),
                                          ENTITY_KIND_USER_TASK, event->key);
    task->state = USER_TASK_CREATED;
    task->created_ms = event->time_ms;
    task->assignee = keep(instance, event->name);
    task->details = keep(instance, event->value);
    task->action = task->request = task->corrections = STR_EMPTY;
}

static void end_user_task(struct instance *instance, struct user_task *task,
                          const struct event *event)
{
    task->state =
        event->type == EVENT_USER_TASK_COMPLETED ? USER_TASK_COMPLETED : USER_TASK_CANCELED;
    task->ended_ms = event->time_ms;
    detach(instance, &task->attachment);
}

void apply_user_task(struct instance *instance, const struct event *event)
{
    if (event->type == EVENT_USER_TASK_CREATED) {
        create_user_task(instance, event);
        return;
    }
    struct user_task *task = find(instance, ENTITY_KIND_USER_TASK, event);
    switch ((int)event->type) {
    case EVENT_USER_TASK_ASSIGNED:
        task->assignee = keep(instance, event->name);
        break;
    case EVENT_USER_TASK_UPDATED:
        task->details = keep(instance, event->value);
        break;
    case EVENT_USER_TASK_COMPLETING:
        task->action = keep(instance, event->code);
        task->request = keep(instance, event->value);
        task->corrections = STR_EMPTY;
        task->asker = (struct reply_to){(int32_t)event->number, event->parent};
        task->attachment.owner->listeners_done = 0;
        break;
    case EVENT_USER_TASK_CORRECTED:
        task->corrections = keep(instance, event->value);
        break;
    case EVENT_USER_TASK_REMINDED:
    case EVENT_USER_TASK_ESCALATED:
        break;
    case EVENT_USER_TASK_DENIED:
        task->action = task->request = task->corrections = STR_EMPTY;
        task->asker = (struct reply_to){0};
        task->attachment.owner->listeners_done = 0;
        break;
    default:
        end_user_task(instance, task, event);
        break;
    }
}

void apply_incident(struct instance *instance, const struct event *event)
{
    instance->row_dirty = true;
    if (event->type == EVENT_INCIDENT_RESOLVED) {
        struct incident *incident = find(instance, ENTITY_KIND_INCIDENT, event);
        incident->state = INCIDENT_RESOLVED;
        incident->resolved_ms = event->time_ms;
        apply_mark(instance, &incident->attachment.owner->entity);
        detach(instance, &incident->attachment);
        instance->incidents--;
        return;
    }
    struct element_instance *owner = apply_find(instance, event->scope);
    struct incident *incident = apply_attach(instance, owner, ENTITY_KIND_INCIDENT, event->key);
    incident->state = INCIDENT_OPEN;
    incident->created_ms = event->time_ms;
    incident->job = event->parent;
    incident->kind = keep(instance, event->code);
    incident->message = keep(instance, event->value);
    apply_mark(instance, &owner->entity);
    instance->incidents++;
}
