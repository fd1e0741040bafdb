// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

// -- Writing ----------------------------------------------------------------------------

static void put_job(struct strbuf *out, const struct job *job)
{
    image_put_u64(out, job->kind);
    image_put_u64(out, job->state);
    image_put_u64(out, job->listener);
    image_put_u64(out, job->attempt);
    image_put_u64(out, job->leased_since);
    image_put_i64(out, job->retries);
    image_put_i64(out, job->priority);
    image_put_i64(out, job->due_ms);
    image_put_i64(out, job->created_ms);
    image_put_i64(out, job->offered_ms);
    image_put_str(out, job->type);
    image_put_str(out, job->worker);
    image_put_str(out, job->error_message);
    image_put_u64(out, job->throttled);
    image_put_u64(out, job->unanswered);
    image_put_str(out, job->unanswered_by);
    image_put_str(out, job->held_by);
}

static void put_timer(struct strbuf *out, const struct timer *timer)
{
    image_put_u64(out, timer->element);
    image_put_u64(out, timer->trigger | (uint64_t)timer->purpose << 16);
    image_put_i64(out, timer->due_ms);
    image_put_i64(out, timer->repetitions);
}

static void put_subscription(struct strbuf *out, const struct subscription *subscription)
{
    image_put_u64(out, subscription->kind);
    image_put_u64(out, subscription->opened);
    image_put_u64(out, subscription->element);
    image_put_u64(out, subscription->trigger);
    image_put_i64(out, subscription->created_ms);
    image_put_u64(out, subscription->last_message);
    image_put_str(out, subscription->name);
    image_put_str(out, subscription->correlation_key);
}

static void put_user_task(struct strbuf *out, const struct user_task *task)
{
    image_put_u64(out, task->state);
    image_put_i64(out, task->created_ms);
    image_put_i64(out, task->ended_ms);
    image_put_str(out, task->assignee);
    image_put_str(out, task->details);
    image_put_str(out, task->action);
    image_put_str(out, task->request);
    image_put_str(out, task->corrections);
    image_put_i64(out, task->asker.partition);
    image_put_u64(out, task->asker.request);
}

static void put_incident(struct strbuf *out, const struct incident *incident)
{
    image_put_u64(out, incident->state);
    image_put_i64(out, incident->created_ms);
    image_put_u64(out, incident->job);
    image_put_str(out, incident->kind);
    image_put_str(out, incident->message);
}

static void put_attachment(struct strbuf *out, const struct attachment *attachment)
{
    image_put_u64(out, attachment->entity.kind);
    image_put_u64(out, attachment->entity.key);
    switch (attachment->entity.kind) {
    case ENTITY_KIND_JOB:
        put_job(out, (const struct job *)attachment);
        break;
    case ENTITY_KIND_TIMER:
        put_timer(out, (const struct timer *)attachment);
        break;
    case ENTITY_KIND_SUBSCRIPTION:
        put_subscription(out, (const struct subscription *)attachment);
        break;
    case ENTITY_KIND_USER_TASK:
        put_user_task(out, (const struct user_task *)attachment);
        break;
    case ENTITY_KIND_INCIDENT:
        put_incident(out, (const struct incident *)attachment);
        break;
    case ENTITY_KIND_ELEMENT:
        check_unreachable();
    }
}

static void put_variables(struct strbuf *out, const struct element_instance *ei)
{
    uint64_t count = 0;
    for (const struct variable *v = ei->variables; v != NULL; v = v->next)
        count++;
    image_put_u64(out, count);
    for (const struct variable *v = ei->variables; v != NULL; v = v->next) {
        image_put_str(out, v->name);
        image_put_str(out, v->value);
    }
}

static void put_tokens(struct strbuf *out, const struct element_instance *ei)
{
    uint64_t count = 0;
    for (const struct token *t = ei->arrived; t != NULL; t = t->next)
        count++;
    image_put_u64(out, count);
    for (const struct token *t = ei->arrived; t != NULL; t = t->next) {
        image_put_u64(out, t->flow);
        image_put_u64(out, t->count);
    }
}

static void put_marks(struct strbuf *out, const struct element_instance *ei)
{
    uint64_t count = 0;
    for (const struct mark *m = ei->marks; m != NULL; m = m->next)
        count++;
    image_put_u64(out, count);
    for (const struct mark *m = ei->marks; m != NULL; m = m->next) {
        image_put_u64(out, m->element);
        image_put_u64(out, m->trigger);
    }
}

static void put_compensations(struct strbuf *out, const struct compensation *first)
{
    uint64_t count = 0;
    for (const struct compensation *c = first; c != NULL; c = c->next)
        count++;
    image_put_u64(out, count);
    for (const struct compensation *c = first; c != NULL; c = c->next) {
        image_put_u64(out, c->key);
        image_put_u64(out, c->element);
        image_put_str(out, c->variables);
        put_compensations(out, c->inner);
    }
}

static void put_texts(struct strbuf *out, const str *texts, int64_t count)
{
    image_put_u64(out, texts == NULL ? 0 : (uint64_t)count);
    for (int64_t i = 0; texts != NULL && i < count; i++)
        image_put_str(out, texts[i]);
}

// What an element instance has beside key, element and phase; what it has not takes no byte.
enum element_part {
    PART_BODY = 1 << 0,
    PART_HELD = 1 << 1,
    PART_TRIGGERED = 1 << 2,
    PART_INTERRUPTED = 1 << 3,
    PART_LISTENERS = 1 << 4,
    PART_COUNTER = 1 << 5,
    PART_LOOP = 1 << 6,
    PART_CALLED = 1 << 7,
    PART_COMPENSATES = 1 << 8,
    PART_TEXTS = 1 << 9,
    PART_TOKENS = 1 << 10,
    PART_VARIABLES = 1 << 11,
    PART_COMPENSATIONS = 1 << 12,
    PART_ATTACHMENTS = 1 << 13,
    PART_CHILDREN = 1 << 14,
    PART_LATE = 1 << 15,
    PART_FULFILLED = 1 << 16,
    PART_MARKS = 1 << 17,
};

static uint64_t parts_of(const struct element_instance *ei)
{
    bool loops = ei->loop_total != 0 || ei->loop_started != 0 || ei->loop_done != 0;
    return (ei->is_body ? PART_BODY : 0) | (ei->is_held ? PART_HELD : 0) |
           (ei->is_triggered ? PART_TRIGGERED : 0) | (ei->interrupted ? PART_INTERRUPTED : 0) |
           (ei->is_late ? PART_LATE : 0) | (ei->is_fulfilled ? PART_FULFILLED : 0) |
           (ei->marks ? PART_MARKS : 0) | (ei->listeners_done ? PART_LISTENERS : 0) |
           (ei->loop_counter ? PART_COUNTER : 0) | (loops ? PART_LOOP : 0) |
           (ei->called ? PART_CALLED : 0) | (ei->compensates ? PART_COMPENSATES : 0) |
           (ei->items || ei->outputs ? PART_TEXTS : 0) | (ei->arrived ? PART_TOKENS : 0) |
           (ei->variables ? PART_VARIABLES : 0) | (ei->compensations ? PART_COMPENSATIONS : 0) |
           (ei->attachments ? PART_ATTACHMENTS : 0) | (ei->children ? PART_CHILDREN : 0);
}

static void put_scalars(struct strbuf *out, const struct element_instance *ei, uint64_t parts)
{
    if (parts & PART_LISTENERS)
        image_put_u64(out, ei->listeners_done);
    if (parts & PART_COUNTER)
        image_put_i64(out, ei->loop_counter);
    if (parts & PART_LOOP) {
        image_put_i64(out, ei->loop_total);
        image_put_i64(out, ei->loop_started);
        image_put_i64(out, ei->loop_done);
    }
    if (parts & PART_CALLED)
        image_put_u64(out, ei->called);
    if (parts & PART_COMPENSATES)
        image_put_u64(out, ei->compensates);
}

static void put_attachments(struct strbuf *out, const struct element_instance *ei)
{
    uint64_t count = 0;
    for (const struct attachment *a = ei->attachments; a != NULL; a = a->next)
        count++;
    image_put_u64(out, count);
    for (const struct attachment *a = ei->attachments; a != NULL; a = a->next)
        put_attachment(out, a);
}

static void put_lists(struct strbuf *out, const struct element_instance *ei, uint64_t parts)
{
    if (parts & PART_TEXTS) {
        put_texts(out, ei->items, ei->loop_total);
        put_texts(out, ei->outputs, ei->loop_total);
    }
    if (parts & PART_TOKENS)
        put_tokens(out, ei);
    if (parts & PART_MARKS)
        put_marks(out, ei);
    if (parts & PART_VARIABLES)
        put_variables(out, ei);
    if (parts & PART_COMPENSATIONS)
        put_compensations(out, ei->compensations);
    if (parts & PART_ATTACHMENTS)
        put_attachments(out, ei);
}

static void put_element(struct strbuf *out, const struct element_instance *ei)
{
    uint64_t parts = parts_of(ei);
    image_put_u64(out, ei->entity.key);
    image_put_u64(out, ei->element);
    image_put_u64(out, ei->phase);
    image_put_i64(out, ei->started_ms);
    image_put_u64(out, parts);
    put_scalars(out, ei, parts);
    put_lists(out, ei, parts);
    if (parts & PART_CHILDREN)
        image_put_u64(out, ei->children);
    for (const struct element_instance *child = ei->first_child; child != NULL; child = child->next)
        put_element(out, child);
}

// Beside the state: what an instance seldom has.
enum instance_part {
    PART_STATE = 15,
    PART_ENDING = 1 << 4,
    PART_COST = 1 << 5,
    PART_BREACHES = 1 << 6,
    PART_BATCH = 1 << 7,
    PART_TAGS = 1 << 8,
    PART_ENDS_AFTER = 1 << 9,
    PART_DUTIES = 1 << 10,
    PART_SUSPENDED = 1 << 11,
};

static uint64_t instance_parts(const struct instance *instance)
{
    return (instance->ending != EVENT_NONE ? PART_ENDING : 0) |
           (str_is_empty(instance->cost) ? 0 : PART_COST) |
           (instance->sla_breaches ? PART_BREACHES : 0) | (instance->batch_item ? PART_BATCH : 0) |
           (str_is_empty(instance->tags) ? 0 : PART_TAGS) |
           (str_is_empty(instance->ends_after) ? 0 : PART_ENDS_AFTER) |
           (str_is_empty(instance->duties) ? 0 : PART_DUTIES) |
           (instance->suspended_ms ? PART_SUSPENDED : 0);
}

static void put_instance_parts(struct strbuf *out, const struct instance *instance)
{
    uint64_t parts = instance_parts(instance);
    if (parts & PART_ENDING) {
        image_put_u64(out, instance->ending);
        image_put_str(out, instance->ending_why);
    }
    if (parts & PART_COST)
        image_put_str(out, instance->cost);
    if (parts & PART_BREACHES)
        image_put_u64(out, instance->sla_breaches);
    if (parts & PART_BATCH)
        image_put_u64(out, instance->batch_item);
    if (parts & PART_TAGS)
        image_put_str(out, instance->tags);
    if (parts & PART_ENDS_AFTER)
        image_put_str(out, instance->ends_after);
    if (parts & PART_DUTIES)
        image_put_str(out, instance->duties);
    if (parts & PART_SUSPENDED)
        image_put_i64(out, instance->suspended_ms);
}

str image_of_instance(struct arena *arena, const struct instance *instance)
{
    struct strbuf out = image_new(arena);
    image_put_u64(&out, instance->definition);
    image_put_str(&out, instance->process_id);
    image_put_i64(&out, instance->version);
    image_put_str(&out, instance->tenant);
    image_put_str(&out, instance->business_id);
    image_put_u64(&out, instance->parent_instance);
    image_put_u64(&out, instance->parent_element);
    image_put_u64(&out, instance->root_instance);
    image_put_u64(&out, instance->depth);
    image_put_u64(&out, instance->state | instance_parts(instance));
    image_put_i64(&out, instance->started_ms);
    image_put_i64(&out, instance->await.partition);
    image_put_u64(&out, instance->await.request);
    image_put_str(&out, instance->await_variables);
    image_put_str(&out, instance->lock_name);
    image_put_str(&out, instance->lock_key);
    image_put_u64(&out, instance->incidents);
    image_put_u64(&out, instance->stream.sequence);
    put_instance_parts(&out, instance);
    put_element(&out, instance->root);
    return image_finish(&out);
}

// -- Reading ----------------------------------------------------------------------------

struct decoding {
    struct image_reader in;
    struct instance *instance;
};

static void get_job(struct image_reader *in, struct job *job)
{
    job->kind = (enum job_kind)image_get_u64(in);
    job->state = (enum job_state)image_get_u64(in);
    job->listener = (uint32_t)image_get_u64(in);
    job->attempt = (uint32_t)image_get_u64(in);
    job->leased_since = (uint32_t)image_get_u64(in);
    job->retries = (int32_t)image_get_i64(in);
    job->priority = (int32_t)image_get_i64(in);
    job->due_ms = image_get_i64(in);
    job->created_ms = image_get_i64(in);
    job->offered_ms = image_get_i64(in);
    job->type = image_get_str(in);
    job->worker = image_get_str(in);
    job->error_message = image_get_str(in);
    job->throttled = (uint32_t)image_get_u64(in);
    job->unanswered = (uint32_t)image_get_u64(in);
    job->unanswered_by = image_get_str(in);
    job->held_by = in->version >= IMAGE_WITH_BREAKERS ? image_get_str(in) : STR_EMPTY;
}

// What an index of an image names is there: the process may have been compiled by another version.
static bool has_trigger(const struct decoding *d, uint32_t element, uint32_t trigger)
{
    const struct bpmn_process *process = d->instance->process;
    return element < process->element_count && trigger < process->elements[element].trigger_count;
}

static void get_timer(struct decoding *d, struct timer *timer)
{
    struct image_reader *in = &d->in;
    timer->element = (uint32_t)image_get_u64(in);
    uint64_t trigger = image_get_u64(in);
    timer->trigger = (uint32_t)trigger & 0xffff;
    timer->purpose = (enum timer_purpose)(trigger >> 16 & 3);
    timer->due_ms = image_get_i64(in);
    timer->repetitions = image_get_i64(in);
    in->failed |=
        timer->purpose == TIMER_OF_EVENT && !has_trigger(d, timer->element, timer->trigger);
}

static void get_subscription(struct decoding *d, struct subscription *subscription)
{
    struct image_reader *in = &d->in;
    subscription->kind = (enum subscription_kind)image_get_u64(in);
    d->instance->hears += subscription->kind == SUBSCRIPTION_SIGNAL;
    subscription->opened = image_get_u64(in) != 0;
    subscription->element = (uint32_t)image_get_u64(in);
    subscription->trigger = (uint32_t)image_get_u64(in);
    subscription->created_ms = image_get_i64(in);
    subscription->last_message = image_get_u64(in);
    subscription->name = image_get_str(in);
    subscription->correlation_key = image_get_str(in);
    in->failed |= !has_trigger(d, subscription->element, subscription->trigger);
}

static void get_user_task(struct image_reader *in, struct user_task *task)
{
    task->state = (enum user_task_state)image_get_u64(in);
    task->created_ms = image_get_i64(in);
    task->ended_ms = image_get_i64(in);
    task->assignee = image_get_str(in);
    task->details = image_get_str(in);
    task->action = image_get_str(in);
    task->request = image_get_str(in);
    task->corrections = image_get_str(in);
    task->asker.partition = (int32_t)image_get_i64(in);
    task->asker.request = image_get_u64(in);
}

static void get_incident(struct image_reader *in, struct incident *incident)
{
    incident->state = (enum incident_state)image_get_u64(in);
    incident->created_ms = image_get_i64(in);
    incident->job = image_get_u64(in);
    incident->kind = image_get_str(in);
    incident->message = image_get_str(in);
}

static void get_attachment(struct decoding *d, struct element_instance *owner)
{
    uint64_t kind = image_get_u64(&d->in);
    uint64_t key = image_get_u64(&d->in);
    if (kind < ENTITY_KIND_JOB || kind > ENTITY_KIND_INCIDENT || key == 0 ||
        idmap_get(&d->instance->entities, key) != NULL) {
        d->in.failed = true;
        return;
    }
    void *attachment = apply_attach(d->instance, owner, (enum entity_kind)kind, key);
    switch ((enum entity_kind)kind) {
    case ENTITY_KIND_JOB:
        get_job(&d->in, attachment);
        break;
    case ENTITY_KIND_TIMER:
        get_timer(d, attachment);
        break;
    case ENTITY_KIND_SUBSCRIPTION:
        get_subscription(d, attachment);
        break;
    case ENTITY_KIND_USER_TASK:
        get_user_task(&d->in, attachment);
        break;
    case ENTITY_KIND_INCIDENT:
        get_incident(&d->in, attachment);
        break;
    case ENTITY_KIND_ELEMENT:
        break;
    }
}

static struct compensation *get_compensations(struct decoding *d, int depth)
{
    struct compensation *first = NULL, **at = &first;
    uint64_t count = image_get_u64(&d->in);
    d->in.failed |= depth > IMAGE_MAX_DEPTH;
    for (uint64_t i = 0; i < count && !d->in.failed; i++) {
        struct compensation *c = ARENA_NEW(d->in.arena, struct compensation);
        c->key = image_get_u64(&d->in);
        c->element = (uint32_t)image_get_u64(&d->in);
        d->in.failed |= c->element >= d->instance->process->element_count;
        c->variables = image_get_str(&d->in);
        c->inner = get_compensations(d, depth + 1);
        *at = c;
        at = &c->next;
    }
    return first;
}

// One for each instance of the loop, or none at all.
static str *get_texts(struct decoding *d, const struct element_instance *body)
{
    uint64_t count = image_get_u64(&d->in);
    if (count == 0 || count > d->in.rest.len || count != (uint64_t)body->loop_total) {
        d->in.failed |= count != 0;
        return NULL;
    }
    str *texts = ARENA_ARRAY(d->in.arena, str, count);
    for (uint64_t i = 0; i < count; i++)
        texts[i] = image_get_str(&d->in);
    return texts;
}

static uint64_t get_scalars(struct decoding *d, struct element_instance *ei)
{
    struct image_reader *in = &d->in;
    ei->element = (uint32_t)image_get_u64(in);
    ei->phase = (uint8_t)image_get_u64(in);
    ei->started_ms = image_get_i64(in);
    uint64_t parts = image_get_u64(in);
    ei->is_body = (parts & PART_BODY) != 0;
    ei->is_held = (parts & PART_HELD) != 0;
    ei->is_triggered = (parts & PART_TRIGGERED) != 0;
    ei->interrupted = (parts & PART_INTERRUPTED) != 0;
    ei->is_late = (parts & PART_LATE) != 0;
    ei->is_fulfilled = (parts & PART_FULFILLED) != 0;
    if (parts & PART_LISTENERS)
        ei->listeners_done = (uint32_t)image_get_u64(in);
    if (parts & PART_COUNTER)
        ei->loop_counter = image_get_i64(in);
    if (parts & PART_LOOP) {
        ei->loop_total = image_get_i64(in);
        ei->loop_started = image_get_i64(in);
        ei->loop_done = image_get_i64(in);
    }
    if (parts & PART_CALLED)
        ei->called = image_get_u64(in);
    if (parts & PART_COMPENSATES)
        ei->compensates = image_get_u64(in);
    return parts;
}

static void get_tokens(struct decoding *d, struct element_instance *ei)
{
    for (uint64_t n = image_get_u64(&d->in); n > 0 && !d->in.failed; n--) {
        uint32_t flow = (uint32_t)image_get_u64(&d->in);
        apply_set_arrived(d->instance, ei, flow, (uint32_t)image_get_u64(&d->in));
    }
}

static void get_marks(struct decoding *d, struct element_instance *ei)
{
    for (uint64_t n = image_get_u64(&d->in); n > 0 && !d->in.failed; n--) {
        struct mark mark = {.element = (uint32_t)image_get_u64(&d->in)};
        mark.trigger = (uint32_t)image_get_u64(&d->in);
        apply_set_mark(d->instance, ei, mark);
    }
}

static void get_variables(struct image_reader *in, struct element_instance *ei)
{
    struct variable **at = &ei->variables;
    for (uint64_t n = image_get_u64(in); n > 0 && !in->failed; n--) {
        struct variable *variable = ARENA_NEW(in->arena, struct variable);
        variable->name = image_get_str(in);
        variable->value = image_get_str(in);
        *at = variable;
        at = &variable->next;
        ei->variable_count++;
    }
}

static void get_lists(struct decoding *d, struct element_instance *ei, uint64_t parts)
{
    if (parts & PART_TEXTS) {
        ei->items = get_texts(d, ei);
        ei->outputs = get_texts(d, ei);
        state_name_outputs(d->instance, ei);
    }
    if (parts & PART_TOKENS)
        get_tokens(d, ei);
    if (parts & PART_MARKS)
        get_marks(d, ei);
    if (parts & PART_VARIABLES)
        get_variables(&d->in, ei);
    if (parts & PART_COMPENSATIONS)
        ei->compensations = get_compensations(d, 0);
    if (parts & PART_ATTACHMENTS)
        for (uint64_t n = image_get_u64(&d->in); n > 0 && !d->in.failed; n--)
            get_attachment(d, ei);
}

static void get_element(struct decoding *d, struct element_instance *scope, int depth)
{
    uint64_t key = image_get_u64(&d->in);
    if (key == 0 || depth > IMAGE_MAX_DEPTH || idmap_get(&d->instance->entities, key) != NULL) {
        d->in.failed = true;
        return;
    }
    struct element_instance *ei = apply_add_element(d->instance, key, scope);
    if (scope == NULL)
        d->instance->root = ei;
    uint64_t parts = get_scalars(d, ei);
    if (ei->element >= d->instance->process->element_count || ei->phase < PHASE_ACTIVATING ||
        ei->phase > PHASE_TERMINATING) {
        d->in.failed = true;
        return;
    }
    get_lists(d, ei, parts);
    apply_recount(d->instance, ei);
    uint64_t children = parts & PART_CHILDREN ? image_get_u64(&d->in) : 0;
    for (; children > 0 && !d->in.failed; children--)
        get_element(d, ei, depth + 1);
}

static void get_header(struct image_reader *in, struct instance *instance)
{
    uint64_t state;
    instance->definition = image_get_u64(in);
    instance->process_id = image_get_str(in);
    instance->version = (int32_t)image_get_i64(in);
    instance->tenant = image_get_str(in);
    instance->business_id = image_get_str(in);
    instance->parent_instance = image_get_u64(in);
    instance->parent_element = image_get_u64(in);
    instance->root_instance = image_get_u64(in);
    instance->depth = (uint32_t)image_get_u64(in);
    state = image_get_u64(in);
    instance->state = (enum instance_state)(state & PART_STATE);
    instance->started_ms = image_get_i64(in);
    instance->await.partition = (int32_t)image_get_i64(in);
    instance->await.request = image_get_u64(in);
    instance->await_variables = image_get_str(in);
    instance->lock_name = image_get_str(in);
    instance->lock_key = image_get_str(in);
    instance->incidents = (uint32_t)image_get_u64(in);
    instance->stream.sequence = image_get_u64(in);
    instance->ending_why = STR_EMPTY;
    if (state & PART_ENDING) {
        instance->ending = (enum event_type)image_get_u64(in);
        instance->ending_why = image_get_str(in);
    }
    instance->cost = state & PART_COST ? image_get_str(in) : STR_EMPTY;
    if (state & PART_BREACHES)
        instance->sla_breaches = (uint32_t)image_get_u64(in);
    if (state & PART_BATCH)
        instance->batch_item = image_get_u64(in);
    instance->tags = state & PART_TAGS ? image_get_str(in) : STR_EMPTY;
    instance->ends_after = state & PART_ENDS_AFTER ? image_get_str(in) : STR_EMPTY;
    instance->duties = state & PART_DUTIES ? image_get_str(in) : STR_EMPTY;
    instance->suspended_ms = state & PART_SUSPENDED ? image_get_i64(in) : 0;
}

// What the store has is neither dirty nor new.
static void settle(struct instance *instance)
{
    size_t cursor = 0;
    uint64_t key;
    void *entity;
    while (idmap_next(&instance->entities, &cursor, &key, &entity)) {
        ((struct entity *)entity)->is_stored = true;
        ((struct entity *)entity)->is_dirty = false;
    }
    instance->dirty = NULL;
    instance->row_dirty = false;
    instance->stream.is_stored = true;
}

bool image_read_instance(const struct engine_environment *environment, str image,
                         struct instance *instance, struct error *err)
{
    struct decoding d = {.instance = instance};
    if (!image_begin(&d.in, image, &instance->stream.arena))
        return image_end(&d.in, err);
    get_header(&d.in, instance);
    instance->process = environment->find_process(environment->context, instance->definition);
    if (instance->process == NULL)
        return error_set(err, ERROR_NOT_FOUND, "image", "definition %llu is not there",
                         (unsigned long long)instance->definition);
    get_element(&d, NULL, 0);
    settle(instance);
    return image_end(&d.in, err);
}
