// SPDX-License-Identifier: Apache-2.0
// After a batch: what changed, as rows. Something that came and went within the batch leaves none.
#include "engine/global_listener.h"
#include "engine/image.h"
#include "engine/step.h"

struct rows {
    struct engine *engine;
    struct arena *arena;
    struct changes *changes;
    const struct instance *instance;
};

// -- What an element instance waits for -------------------------------------------------

static void describe(struct strbuf *out, const struct attachment *a)
{
    static const char *const purposes[] = {"timer ", "sla ", "reminder ", "escalation "};
    const struct job *job = (const struct job *)a;
    const struct timer *timer = (const struct timer *)a;
    const struct subscription *s = (const struct subscription *)a;
    switch (a->entity.kind) {
    case ENTITY_KIND_JOB:
        strbuf_add(out, STR("job "));
        strbuf_add(out, job->type);
        break;
    case ENTITY_KIND_TIMER:
        strbuf_add(out, str_of(purposes[timer->purpose]));
        check(feel_to_json(out, feel_date_time_from_ms(timer->due_ms, NULL)));
        break;
    case ENTITY_KIND_SUBSCRIPTION:
        strbuf_format(out, "%s %.*s", s->kind == SUBSCRIPTION_SIGNAL ? "signal" : "message",
                      STR_ARG(s->name));
        if (!str_is_empty(s->correlation_key))
            strbuf_format(out, " (%.*s)", STR_ARG(s->correlation_key));
        break;
    case ENTITY_KIND_USER_TASK:
        strbuf_add(out, STR("user task"));
        break;
    case ENTITY_KIND_INCIDENT:
        strbuf_format(out, "incident %.*s", STR_ARG(((const struct incident *)a)->kind));
        break;
    case ENTITY_KIND_ELEMENT:
        break;
    }
}

static str waits_for(struct rows *rows, const struct element_instance *ei)
{
    struct strbuf out = strbuf_new(rows->arena);
    for (const struct attachment *a = ei->attachments; a != NULL; a = a->next) {
        if (out.len > 0)
            strbuf_add(&out, STR(", "));
        describe(&out, a);
    }
    if (ei->called != 0)
        strbuf_format(&out, "%scalled instance %llu", out.len ? ", " : "",
                      (unsigned long long)ei->called);
    return strbuf_str(&out);
}

// -- One row each -----------------------------------------------------------------------

static enum row_change change_of(const struct entity *entity)
{
    return entity->is_gone ? ROW_DELETE : entity->is_stored ? ROW_UPDATE : ROW_INSERT;
}

static void element_row(struct rows *rows, const struct element_instance *ei)
{
    const struct bpmn_element *element = element_of(rows->instance, ei);
    if (ei->scope == NULL)
        return; // the root is the instance's row
    *ARRAY_PUSH(rows->arena, &rows->changes->elements) = (struct element_row){
        .change = change_of(&ei->entity),
        .key = ei->entity.key,
        .instance = rows->instance->stream.key,
        .scope = ei->scope->entity.key,
        .element_id = state_is_activation(ei)
                          ? str_format(rows->arena, "%.*s#innerInstance", STR_ARG(element->id))
                          : element->id,
        .type = ei->is_body               ? STR("multiInstanceBody")
                : state_is_activation(ei) ? STR("adHocSubProcessInnerInstance")
                                          : str_of(bpmn_type_local_name(element->type)),
        .waits_for = ei->entity.is_gone ? STR_EMPTY : waits_for(rows, ei),
        .started_ms = ei->started_ms,
        .has_incident = state_attachment(ei, ENTITY_KIND_INCIDENT) != NULL,
        .sla_breached = ei->is_late,
        .variables = ei->variables ? variable_local_json(rows->arena, ei) : STR_EMPTY,
        .conditions =
            ei->entity.is_gone ? STR_EMPTY : event_conditions_json(rows->arena, rows->instance, ei),
    };
}

static void job_row(struct rows *rows, const struct job *job)
{
    const struct instance *instance = rows->instance;
    const struct bpmn_job *definition = job_definition(instance, job);
    enum bpmn_listener_event event;
    bool listens = job_listens(instance, job, &event);
    *ARRAY_PUSH(rows->arena, &rows->changes->jobs) = (struct job_row){
        .change = change_of(&job->attachment.entity),
        .key = job->attachment.entity.key,
        .instance = instance->stream.key,
        .element_instance = job->attachment.owner->entity.key,
        .element_id = element_of(instance, job->attachment.owner)->id,
        .definition = instance->definition,
        .process_id = instance->process_id,
        .version = instance->version,
        .type = job->type,
        .tenant = instance->tenant,
        .kind = job->kind,
        .listener_event = listens ? str_of(bpmn_listener_event_name(event)) : STR_EMPTY,
        .state = job->state,
        .priority = job->priority,
        .retries = job->retries,
        .attempt = job->attempt,
        .due_ms = job->due_ms,
        .timeout_ms = rows->engine->environment.job_timeout_ms,
        .created_ms = job->created_ms,
        .offered_ms = job->offered_ms,
        .worker = job->worker,
        .headers = definition ? definition->headers : STR("{}"),
        .error_message = job->error_message,
        .is_leased = job->leased_since != 0,
        .held_by = job->state == JOB_HELD ? job->held_by : STR_EMPTY,
    };
}

static void timer_row(struct rows *rows, const struct timer *timer)
{
    *ARRAY_PUSH(rows->arena, &rows->changes->timers) = (struct timer_row){
        .change = change_of(&timer->attachment.entity),
        .key = timer->attachment.entity.key,
        .instance = rows->instance->stream.key,
        .element_instance = timer->attachment.owner->entity.key,
        .definition = rows->instance->definition,
        .element_id = rows->instance->process->elements[timer->element].id,
        .due_ms = timer->due_ms,
        .repetitions = timer->repetitions,
        .is_promise = timer->purpose != TIMER_OF_EVENT,
    };
}

static void subscription_row(struct rows *rows, const struct subscription *s)
{
    *ARRAY_PUSH(rows->arena, &rows->changes->subscriptions) = (struct subscription_row){
        .change = change_of(&s->attachment.entity),
        .key = s->attachment.entity.key,
        .instance = rows->instance->stream.key,
        .element_instance = s->attachment.owner->entity.key,
        .kind = s->kind,
        .element_id = rows->instance->process->elements[s->element].id,
        .name = s->name,
        .correlation_key = s->correlation_key,
        .opened = s->opened,
        .created_ms = s->created_ms,
        .tenant = rows->instance->tenant,
    };
}

static str detail_list(struct rows *rows, const struct json *details, const char *name)
{
    const struct json *list = json_get(details, str_of(name));
    struct strbuf out = strbuf_new(rows->arena);
    struct json_writer w = json_writer_new(&out);
    if (!json_is(list, JSON_ARRAY))
        return STR("[]");
    json_value(&w, list);
    return strbuf_str(&out);
}

// Rows of user tasks and incidents stay when they are over.
static enum row_change change_of_kept(const struct entity *entity)
{
    return entity->is_stored ? ROW_UPDATE : ROW_INSERT;
}

// While listeners decide, what they decide about.
static enum user_task_state user_task_state_of(const struct user_task *task)
{
    static const struct {
        const char *action;
        enum user_task_state state;
    } states[] = {{"create", USER_TASK_CREATING},
                  {"assign", USER_TASK_ASSIGNING},
                  {"update", USER_TASK_UPDATING},
                  {"complete", USER_TASK_COMPLETING}};
    if (task->state != USER_TASK_CREATED)
        return task->state;
    if (task->attachment.owner->phase == PHASE_TERMINATING)
        return USER_TASK_CANCELING;
    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (str_equal(task->action, str_of(states[i].action)))
            return states[i].state;
    return task->state;
}

static void user_task_row(struct rows *rows, const struct user_task *task)
{
    const struct instance *instance = rows->instance;
    const struct bpmn_element *element = element_of(instance, task->attachment.owner);
    struct json *details = NULL;
    struct error err;
    check(json_parse(rows->arena, task->details, &details, &err));
    *ARRAY_PUSH(rows->arena, &rows->changes->user_tasks) = (struct user_task_row){
        .change = change_of_kept(&task->attachment.entity),
        .key = task->attachment.entity.key,
        .instance = instance->stream.key,
        .element_instance = task->attachment.owner->entity.key,
        .definition = instance->definition,
        .process_id = instance->process_id,
        .version = instance->version,
        .element_id = element->id,
        .name = element->name,
        .tenant = instance->tenant,
        .state = user_task_state_of(task),
        .assignee = task->assignee,
        .candidate_groups = detail_list(rows, details, "candidateGroups"),
        .candidate_users = detail_list(rows, details, "candidateUsers"),
        .due_ms = border_moment(json_get_i64(details, STR("dueDate"), 0)),
        .follow_up_ms = border_moment(json_get_i64(details, STR("followUpDate"), 0)),
        .priority = (int32_t)json_get_i64(details, STR("priority"), 50),
        .form_key = element->user_task ? element->user_task->form_key : STR_EMPTY,
        .form_id = element->user_task ? element->user_task->form_id : STR_EMPTY,
        .form = (uint64_t)json_get_i64(details, STR("form"), 0),
        .created_ms = task->created_ms,
        .ended_ms = task->ended_ms,
        .headers = element->user_task ? element->user_task->headers : STR("{}"),
        .separation = separation_json(rows->arena, instance, task->attachment.owner),
    };
}

static void incident_row(struct rows *rows, const struct incident *incident)
{
    const struct instance *instance = rows->instance;
    *ARRAY_PUSH(rows->arena, &rows->changes->incidents) = (struct incident_row){
        .change = change_of_kept(&incident->attachment.entity),
        .key = incident->attachment.entity.key,
        .instance = instance->stream.key,
        .element_instance = incident->attachment.owner->entity.key,
        .job = incident->job,
        .definition = instance->definition,
        .process_id = instance->process_id,
        .element_id = element_of(instance, incident->attachment.owner)->id,
        .tenant = instance->tenant,
        .state = incident->state,
        .kind = incident->kind,
        .message = incident->message,
        .created_ms = incident->created_ms,
        .resolved_ms = incident->resolved_ms,
    };
}

static void entity_row(struct rows *rows, struct entity *entity)
{
    bool kept = entity->kind == ENTITY_KIND_USER_TASK || entity->kind == ENTITY_KIND_INCIDENT;
    if (entity->is_gone && !entity->is_stored && !kept)
        return;
    switch (entity->kind) {
    case ENTITY_KIND_ELEMENT:
        element_row(rows, (const struct element_instance *)entity);
        break;
    case ENTITY_KIND_JOB:
        job_row(rows, (const struct job *)entity);
        break;
    case ENTITY_KIND_TIMER:
        timer_row(rows, (const struct timer *)entity);
        break;
    case ENTITY_KIND_SUBSCRIPTION:
        subscription_row(rows, (const struct subscription *)entity);
        break;
    case ENTITY_KIND_USER_TASK:
        user_task_row(rows, (const struct user_task *)entity);
        break;
    case ENTITY_KIND_INCIDENT:
        incident_row(rows, (const struct incident *)entity);
        break;
    }
}

// -- Streams ----------------------------------------------------------------------------

// The dirty list is newest first; rows come in the order things happened.
static void entity_rows(struct rows *rows, struct instance *instance)
{
    struct entity *oldest = NULL, *next;
    for (struct entity *e = instance->dirty; e != NULL; e = next) {
        next = e->next_dirty;
        e->next_dirty = oldest;
        oldest = e;
    }
    for (struct entity *e = oldest; e != NULL; e = next) {
        next = e->next_dirty;
        entity_row(rows, e);
        e->is_dirty = false;
        e->is_stored = true;
        e->next_dirty = NULL;
    }
    instance->dirty = NULL;
}

static bool in_memory(const struct rows *rows)
{
    return rows->engine->environment.is_in_memory;
}

static void instance_rows(struct rows *rows, struct instance *instance)
{
    bool ended = instance->state == INSTANCE_COMPLETED || instance->state == INSTANCE_TERMINATED;
    rows->instance = instance;
    entity_rows(rows, instance);
    *ARRAY_PUSH(rows->arena, &rows->changes->instances) = (struct instance_row){
        .change = instance->stream.is_stored ? ROW_UPDATE : ROW_INSERT,
        .key = instance->stream.key,
        .definition = instance->definition,
        .process_id = instance->process_id,
        .version = instance->version,
        .tenant = instance->tenant,
        .business_id = instance->business_id,
        .tags = instance->tags,
        .parent_instance = instance->parent_instance,
        .parent_element_instance = instance->parent_element,
        .root_instance = instance->root_instance,
        .state = instance->state,
        .started_ms = instance->started_ms,
        .suspended_ms = instance->suspended_ms,
        .ended_ms = instance->ended_ms,
        .incidents = instance->incidents,
        .sla_breaches = instance->sla_breaches,
        .cost = instance->cost,
        .variables = variable_local_json(rows->arena, instance->root),
        .conditions =
            ended ? STR_EMPTY : event_conditions_json(rows->arena, instance, instance->root),
        .events = instance->stream.sequence,
        .image = ended || in_memory(rows) ? STR_EMPTY : image_of_instance(rows->arena, instance),
    };
    instance->row_dirty = false;
    instance->stream.is_empty = ended;
}

static void message_row(struct rows *rows, const struct mailbox *mailbox,
                        const struct buffered_message *m, enum row_change change)
{
    *ARRAY_PUSH(rows->arena, &rows->changes->messages) = (struct message_row){
        .change = change,
        .key = m->entry.key,
        .mailbox = mailbox->stream.key,
        .name = mailbox->name,
        .correlation_key = mailbox->correlation_key,
        .message_id = m->message_id,
        .variables = m->variables,
        .published_ms = m->published_ms,
        .expires_ms = m->expires_ms,
        .tenant = mailbox->tenant,
    };
}

// What is said of a message to people does not change while it is there.
static void mailbox_entry_row(struct rows *rows, const struct mailbox *mailbox,
                              struct mailbox_entry *entry)
{
    enum row_change change = entry->is_gone     ? ROW_DELETE
                             : entry->is_stored ? ROW_UPDATE
                                                : ROW_INSERT;
    entry->is_dirty = false;
    if (entry->is_gone && !entry->is_stored)
        return; // came and went
    if (entry->is_message && change != ROW_UPDATE)
        message_row(rows, mailbox, (const struct buffered_message *)entry, change);
    *ARRAY_PUSH(rows->arena, &rows->changes->mailbox_entries) = (struct mailbox_entry_row){
        .change = change,
        .key = entry->key,
        .mailbox = mailbox->stream.key,
        .number = entry->number,
        .image = entry->is_gone || in_memory(rows) ? STR_EMPTY : image_of_entry(rows->arena, entry),
    };
    entry->is_stored = true;
}

static void mailbox_rows(struct rows *rows, struct mailbox *mailbox)
{
    bool empty = state_mailbox_is_empty(mailbox);
    struct mailbox_entry *next;
    for (struct mailbox_entry *entry = mailbox->first_dirty; entry != NULL; entry = next) {
        next = entry->next_dirty;
        mailbox_entry_row(rows, mailbox, entry);
    }
    mailbox->first_dirty = mailbox->last_dirty = NULL;
    if (!empty || mailbox->row_exists)
        *ARRAY_PUSH(rows->arena, &rows->changes->mailboxes) = (struct mailbox_row){
            .change = empty                 ? ROW_DELETE
                      : mailbox->row_exists ? ROW_UPDATE
                                            : ROW_INSERT,
            .key = mailbox->stream.key,
            .name = mailbox->name,
            .correlation_key = mailbox->correlation_key,
            .tenant = mailbox->tenant,
            .kind = mailbox->kind,
            .events = mailbox->stream.sequence,
            .image =
                empty || in_memory(rows) ? STR_EMPTY : image_of_mailbox_head(rows->arena, mailbox),
        };
    mailbox->row_exists = !empty;
    mailbox->stream.is_empty = empty;
}

static void start_row(struct rows *rows, struct start *s, bool gone)
{
    const struct bpmn_process *process =
        rows->engine->environment.find_process(rows->engine->environment.context, s->definition);
    if (s->kind != BPMN_TIMER_TRIGGER || (gone && !s->is_stored))
        return;
    *ARRAY_PUSH(rows->arena, &rows->changes->timers) = (struct timer_row){
        .change = gone           ? ROW_DELETE
                  : s->is_stored ? ROW_UPDATE
                                 : ROW_INSERT,
        .key = s->key,
        .definition = s->definition,
        .element_id = process ? process->elements[s->element].id : STR_EMPTY,
        .due_ms = s->due_ms,
        .repetitions = s->repetitions,
    };
    s->is_stored = true;
    s->is_dirty = false;
}

static void definition_row(struct rows *rows, struct definition *d)
{
    *ARRAY_PUSH(rows->arena, &rows->changes->definitions) = (struct definition_row){
        .change = d->is_deleted ? ROW_DELETE : ROW_INSERT,
        .key = d->key,
        .deployment = d->deployment,
        .kind = d->kind,
        .id = d->id,
        .version = d->version,
        .version_tag = d->version_tag,
        .name = d->name,
        .resource_name = d->resource_name,
        .digest = d->digest,
        .tenant = d->tenant,
        .deployed_ms = d->deployed_ms,
    };
}

static void cluster_variable_row(struct rows *rows, struct cluster_variable *v, bool gone)
{
    if (gone && !v->is_stored)
        return;
    *ARRAY_PUSH(rows->arena, &rows->changes->cluster_variables) = (struct cluster_variable_row){
        .change = gone           ? ROW_DELETE
                  : v->is_stored ? ROW_UPDATE
                                 : ROW_INSERT,
        .key = v->key,
        .name = v->name,
        .is_global = v->is_global,
        .tenant = v->tenant,
        .value = v->value,
        .changed_ms = v->changed_ms,
    };
}

static void cluster_variable_rows(struct rows *rows, struct shard *shard)
{
    bool mine = rows->engine->environment.shard == 0;
    for (struct cluster_variable *v = shard->gone_cluster_variables; mine && v != NULL; v = v->next)
        cluster_variable_row(rows, v, true);
    for (struct cluster_variable *v = shard->cluster_variables; v != NULL; v = v->next) {
        if (v->is_dirty && mine)
            cluster_variable_row(rows, v, false);
        v->is_stored = true;
        v->is_dirty = false;
    }
    shard->gone_cluster_variables = NULL;
}

static void breaker_row(struct rows *rows, struct breaker *b, bool gone)
{
    if (gone && !b->is_stored)
        return;
    *ARRAY_PUSH(rows->arena, &rows->changes->breakers) = (struct breaker_row){
        .change = gone           ? ROW_DELETE
                  : b->is_stored ? ROW_UPDATE
                                 : ROW_INSERT,
        .key = b->key,
        .kind = b->kind,
        .tenant = b->tenant,
        .name = b->name,
        .cause = b->cause,
        .job = b->job,
        .times = b->times,
        .opened_ms = b->opened_ms,
        .probes_ms = b->probes_ms,
    };
}

static void breaker_rows(struct rows *rows, struct shard *shard)
{
    for (struct breaker *b = shard->gone_breakers; b != NULL; b = b->next)
        breaker_row(rows, b, true);
    for (struct breaker *b = shard->breakers; b != NULL; b = b->next) {
        if (b->is_dirty)
            breaker_row(rows, b, false);
        b->is_stored = true;
        b->is_dirty = false;
    }
    shard->gone_breakers = NULL;
}

// Definitions are rows of shard 0, which names them.
static void shard_rows(struct rows *rows, struct shard *shard)
{
    bool mine = rows->engine->environment.shard == 0;
    for (struct definition *d = shard->definitions; d != NULL; d = d->next) {
        if (d->is_dirty && mine)
            definition_row(rows, d);
        d->is_dirty = false;
    }
    for (struct start *s = shard->gone_starts; s != NULL; s = s->next)
        start_row(rows, s, true);
    for (struct start *s = shard->starts; s != NULL; s = s->next)
        if (s->is_dirty)
            start_row(rows, s, false);
    shard->gone_starts = NULL;
    cluster_variable_rows(rows, shard);
    breaker_rows(rows, shard);
    rows->changes->shard_image = in_memory(rows) ? STR_EMPTY : image_of_shard(rows->arena, shard);
}

void rows_collect(struct engine *engine, struct changes *changes)
{
    struct rows rows = {engine, engine->turn, changes, NULL};
    for (struct stream *s = engine->touched; s != NULL; s = s->next_touched) {
        if (s->is_empty)
            continue; // was asked for and is not there
        switch (s->kind) {
        case STREAM_INSTANCE:
            instance_rows(&rows, (struct instance *)s);
            break;
        case STREAM_MAILBOX:
            mailbox_rows(&rows, (struct mailbox *)s);
            break;
        case STREAM_SHARD:
            shard_rows(&rows, (struct shard *)s);
            break;
        case STREAM_REMEMBERED:
        case STREAM_WAITING:
            check_unreachable();
        }
        s->is_stored = true;
    }
    changes->shard_events = engine->shard->stream.sequence;
}
