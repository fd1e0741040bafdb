// SPDX-License-Identifier: Apache-2.0
// An instance moves to another definition: what runs keeps its place, what it waits for is made
// anew where the target says otherwise.
#include "engine/step.h"

struct migration {
    struct engine *engine;
    instance_ref instance;
    const struct bpmn_process *target;
    uint32_t *map; // element -> element in the target; BPMN_NONE
    ARRAY(struct marked) marked;
};

struct marked { // a variable that becomes personal
    uint64_t scope;
    struct named_json variable;
};

static void plan_map(struct migration *m)
{
    const struct bpmn_process *source = m->instance->process;
    const struct migrate_instance *body = &m->engine->command->migrate_instance;
    m->map = ARENA_ARRAY(m->engine->turn, uint32_t, source->element_count);
    for (uint32_t i = 1; i < source->element_count; i++) {
        const struct bpmn_element *same = bpmn_find_element(m->target, source->elements[i].id);
        m->map[i] = same ? bpmn_index(m->target, same) : BPMN_NONE;
    }
    for (size_t i = 0; i < body->count; i++) {
        const struct bpmn_element *from = bpmn_find_element(source, body->mappings[i].source_id);
        const struct bpmn_element *to = bpmn_find_element(m->target, body->mappings[i].target_id);
        if (from != NULL && to != NULL)
            m->map[bpmn_index(source, from)] = bpmn_index(m->target, to);
    }
}

static bool refuse(struct migration *m, const struct bpmn_element *element, const char *why)
{
    step_reject(m->engine, m->engine->shard, REJECTION_INVALID_STATE,
                str_format(m->engine->turn, "'%.*s' %s", STR_ARG(element->id), why));
    return false;
}

// Tokens that wait at a join stay there: their flow and what it leads to keep their ids.
static bool check_tokens(struct migration *m, element_ref scope)
{
    const struct bpmn_process *source = m->instance->process;
    for (const struct token *t = scope->arrived; t != NULL; t = t->next) {
        bool is_mark = t->flow >= source->flow_count;
        const struct bpmn_flow *from = is_mark ? NULL : &source->flows[t->flow];
        uint32_t gateway = is_mark ? t->flow - source->flow_count : from->target;
        const struct bpmn_element *same =
            bpmn_find_element(m->target, source->elements[gateway].id);
        const struct bpmn_flow *to = is_mark ? NULL : bpmn_find_flow(m->target, from->id);
        if (same == NULL || same->type != source->elements[gateway].type ||
            (!is_mark && (to == NULL || to->target != bpmn_index(m->target, same))))
            return refuse(m, &source->elements[gateway],
                          "has a waiting token whose flow is not in the target");
    }
    return true;
}

static bool check_compensations(struct migration *m, const struct compensation *first)
{
    for (const struct compensation *c = first; c != NULL; c = c->next) {
        const struct bpmn_element *element = &m->instance->process->elements[c->element];
        if (bpmn_find_element(m->target, element->id) == NULL)
            return refuse(m, element, "could be compensated and has no counterpart in the target");
        if (!check_compensations(m, c->inner))
            return false;
    }
    return true;
}

// Every element that runs needs a place of the same kind in the same place of the target.
static bool check_scope(struct migration *m, element_ref scope)
{
    const struct bpmn_process *source = m->instance->process;
    for (element_ref child = scope->first_child; child != NULL; child = child->next) {
        const struct bpmn_element *element = &source->elements[child->element];
        uint32_t to = m->map[child->element];
        if (to == BPMN_NONE)
            return refuse(m, element, "runs and has no counterpart in the target");
        if (m->target->elements[to].type != element->type)
            return refuse(m, element, "would become an element of another type");
        if (m->target->elements[to].scope != (element->scope == 0 ? 0 : m->map[element->scope]))
            return refuse(m, element, "would move to another scope");
        if (state_is_activation(child) && child->is_held &&
            m->map[child->loop_counter] == BPMN_NONE)
            return refuse(m, &source->elements[child->loop_counter],
                          "is to run and has no counterpart in the target");
        if ((m->target->elements[to].loop == NULL) != (element->loop == NULL))
            return refuse(m, element, "would begin or cease to be a loop");
        if (!check_scope(m, child))
            return false;
    }
    return check_tokens(m, scope) && check_compensations(m, scope->compensations);
}

// The element that an activation in an ad-hoc sub-process runs; itself, when that has no
// counterpart and is not there any more.
static int64_t moved_activation(const struct migration *m, element_ref ei)
{
    if (!state_is_activation(ei))
        return 0;
    uint32_t to = m->map[ei->loop_counter];
    return to == BPMN_NONE ? m->map[ei->element] : to;
}

static void move_elements(struct migration *m, element_ref scope)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next) {
        step_emit(m->engine, m->instance,
                  (struct event){.type = EVENT_ELEMENT_MIGRATED,
                                 .key = child->entity.key,
                                 .scope = scope->entity.key,
                                 .element = m->map[child->element] + 1,
                                 .number = moved_activation(m, child)});
        move_elements(m, child);
    }
}

// -- What waits, and what has come ------------------------------------------------------

// The event of the target that takes the place of this one on what `host` becomes.
static uint32_t moved_event(const struct migration *m, element_ref host, uint32_t element,
                            uint32_t trigger)
{
    const struct bpmn_process *source = m->instance->process;
    uint32_t to = m->map[element];
    if (to == BPMN_NONE || m->target->elements[to].type != source->elements[element].type ||
        trigger >= m->target->elements[to].trigger_count ||
        m->target->elements[to].triggers[trigger].kind !=
            source->elements[element].triggers[trigger].kind)
        return BPMN_NONE;
    uint32_t place = host->scope == NULL ? 0 : m->map[host->element];
    const struct bpmn_element *event = &m->target->elements[to];
    bool fits = event->type == BPMN_BOUNDARY_EVENT ? event->host == place
                : event->type == BPMN_START_EVENT
                    ? event->scope != 0 && m->target->elements[event->scope].scope == place
                    : true;
    return fits ? to : BPMN_NONE;
}

static void keep_trigger(struct migration *m, const struct attachment *a, uint32_t to,
                         uint32_t trigger)
{
    step_emit(m->engine, m->instance,
              (struct event){.type = EVENT_TRIGGER_MIGRATED,
                             .key = a->entity.key,
                             .scope = a->owner->entity.key,
                             .element = to + 1,
                             .flow = trigger + 1});
}

// A timer keeps its time. Promises are planned anew.
static void move_timer(struct migration *m, const struct timer *timer)
{
    element_ref host = timer->attachment.owner;
    uint32_t to = timer->purpose == TIMER_OF_EVENT
                      ? moved_event(m, host, timer->element, timer->trigger)
                      : BPMN_NONE;
    if (to != BPMN_NONE)
        keep_trigger(m, &timer->attachment, to, timer->trigger);
    else
        step_emit(m->engine, m->instance,
                  (struct event){.type = EVENT_TIMER_CANCELED,
                                 .key = timer->attachment.entity.key,
                                 .scope = host->entity.key});
}

// A subscription keeps its name and key, unless it stands in its mailbox for another process.
static void move_subscription(struct migration *m, const struct subscription *s)
{
    uint32_t to = moved_event(m, s->attachment.owner, s->element, s->trigger);
    bool is_known =
        s->kind == SUBSCRIPTION_SIGNAL || str_equal(m->instance->process->id, m->target->id);
    if (to != BPMN_NONE && is_known)
        keep_trigger(m, &s->attachment, to, s->trigger);
    else
        message_close(m->engine, m->instance, s);
}

static void set_mark(struct migration *m, element_ref host, struct mark mark, bool is_set)
{
    step_emit(m->engine, m->instance,
              (struct event){.type = EVENT_TRIGGER_MARKED,
                             .key = host->entity.key,
                             .scope = host->entity.key,
                             .element = mark.element + 1,
                             .flow = mark.trigger + 1,
                             .number = is_set});
}

// What has fired is not armed again.
static void move_marks(struct migration *m, element_ref host)
{
    ARRAY(struct mark) moved = {0};
    while (host->marks != NULL) {
        struct mark mark = *host->marks;
        set_mark(m, host, mark, false);
        mark.element = moved_event(m, host, mark.element, mark.trigger);
        if (mark.element != BPMN_NONE)
            *ARRAY_PUSH(m->engine->turn, &moved) = mark;
    }
    for (size_t i = 0; i < moved.count; i++)
        set_mark(m, host, moved.items[i], true);
}

static void move_triggers(struct migration *m, element_ref scope)
{
    const struct attachment *next;
    for (const struct attachment *a = scope->attachments; a != NULL; a = next) {
        next = a->next;
        if (a->entity.kind == ENTITY_KIND_TIMER)
            move_timer(m, (const struct timer *)a);
        else if (a->entity.kind == ENTITY_KIND_SUBSCRIPTION)
            move_subscription(m, (const struct subscription *)a);
    }
    move_marks(m, scope);
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        move_triggers(m, child);
}

// -- Jobs -------------------------------------------------------------------------------

// A job that nobody has taken is offered again: what lies on its topic speaks of the old place.
static void offer_again(struct migration *m, const struct job *job)
{
    if (job->state == JOB_OFFERED && job->due_ms == 0)
        job_give_back(m->engine, m->instance, job, STR("MIGRATED"));
}

// A task's job stays, unless the target has work of another type there.
static void make_job(struct migration *m, element_ref ei)
{
    const struct bpmn_job *definition = element_of(m->instance, ei)->job;
    const struct job *job = state_attachment(ei, ENTITY_KIND_JOB);
    str type, why;
    if (job == NULL)
        return;
    if (job->kind != JOB_TASK || definition == NULL ||
        !expression_text(m->engine, ei, definition->type, &type, &why) ||
        str_equal(type, job->type)) {
        offer_again(m, job);
        return;
    }
    for (const struct attachment *a = ei->attachments, *next; a != NULL; a = next) {
        next = a->next;
        if (a->entity.kind == ENTITY_KIND_INCIDENT)
            step_emit(m->engine, m->instance,
                      (struct event){.type = EVENT_INCIDENT_RESOLVED,
                                     .key = a->entity.key,
                                     .scope = ei->entity.key});
    }
    job_cancel(m->engine, m->instance, job);
    step_or_incident(job_create(m->engine, m->instance, ei, definition, JOB_TASK));
}

// A join of the target may have all that it waits for.
static void fire_joins(struct migration *m, element_ref scope)
{
    const struct bpmn_process *process = m->instance->process;
    const struct token *t = scope->entity.is_gone ? NULL : scope->arrived;
    while (t != NULL) {
        uint32_t target =
            t->flow < process->flow_count ? process->flows[t->flow].target : BPMN_NONE;
        if (target == BPMN_NONE || process->elements[target].type != BPMN_PARALLEL_GATEWAY ||
            !gateway_is_complete(m->instance, scope, target)) {
            t = t->next;
            continue;
        }
        activity_activate(m->engine, m->instance, scope, target, (struct event){0});
        t = scope->entity.is_gone ? NULL : scope->arrived;
    }
}

static void fire_joins_below(struct migration *m, element_ref scope)
{
    element_ref next;
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        fire_joins_below(m, child);
    }
    fire_joins(m, scope);
}

static void make_triggers(struct migration *m, element_ref scope)
{
    element_ref next;
    if (scope->phase == PHASE_ACTIVE && !state_is_activation(scope))
        step_or_incident(event_subscribe(m->engine, m->instance, scope));
    if (scope->phase == PHASE_ACTIVE)
        make_job(m, scope);
    if (scope->phase == PHASE_ACTIVE && promise_begin(m->engine, m->instance, scope))
        step_or_incident(promise_user_task(m->engine, m->instance, scope));
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        make_triggers(m, child);
    }
}

// -- What the target says is personal ---------------------------------------------------

static bool mark_variable(struct migration *m, element_ref scope, const struct variable *v)
{
    const struct personal_marking marking = {m->instance, m->target, scope,
                                             m->engine->command->migrate_instance.dry_run};
    struct named_json variable = {.name = v->name, .json = v->value};
    str why;
    step_spend(m->engine, 1);
    if (!personal_mark_anew(m->engine, &marking, &variable, &why)) {
        step_reject(m->engine, m->engine->shard, REJECTION_INVALID_STATE, why);
        return false;
    }
    if (variable.json.len > LIMIT_VARIABLE_BYTES) {
        step_reject(m->engine, m->engine->shard, REJECTION_INVALID_STATE,
                    str_format(m->engine->turn,
                               "the variable '%.*s' would have %zu bytes when it is sealed, the "
                               "limit VARIABLE_BYTES is %d",
                               STR_ARG(border_text(v->name)), variable.json.len,
                               LIMIT_VARIABLE_BYTES));
        return false;
    }
    if (!str_equal(variable.json, v->value))
        *ARRAY_PUSH(m->engine->turn, &m->marked) = (struct marked){scope->entity.key, variable};
    return true;
}

// In each scope: before the instance is the target's, so that it stays whole where one cannot be.
static bool mark_variables(struct migration *m, element_ref scope)
{
    if (m->target->personal_count == 0)
        return true;
    for (const struct variable *v = scope->variables; v != NULL; v = v->next)
        if (!mark_variable(m, scope, v))
            return false;
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        if (!mark_variables(m, child))
            return false;
    return true;
}

static void set_marked(struct migration *m)
{
    for (size_t i = 0; i < m->marked.count; i++)
        step_emit(m->engine, m->instance,
                  (struct event){.type = EVENT_VARIABLE_SET,
                                 .scope = m->marked.items[i].scope,
                                 .name = m->marked.items[i].variable.name,
                                 .value = m->marked.items[i].variable.json});
}

// -- The migration ----------------------------------------------------------------------

// Of its own tenant, and one that whoever asks may start or update.
static bool may_become(const struct engine *engine, instance_ref instance,
                       const struct definition *target)
{
    static const char type[] = "PROCESS_DEFINITION";
    return str_equal(target->tenant, instance->tenant) &&
           (permission_on(engine, type, target->id, "CREATE_PROCESS_INSTANCE") ||
            permission_on(engine, type, target->id, "UPDATE_PROCESS_INSTANCE"));
}

// Timers and subscriptions stay where the target has the same event, with their time and key; what
// it has beside them begins to wait. Promises are planned anew, jobs are made anew where their type
// differs; user tasks stay as they are.
void process_migrate(struct engine *engine)
{
    const struct migrate_instance *body = &engine->command->migrate_instance;
    instance_ref instance = step_instance(engine, engine->command->instance);
    const struct definition *definition =
        idmap_get(&engine->shard->by_key, body->target_definition);
    struct migration m = {.engine = engine, .instance = instance};
    if (definition != NULL && instance != NULL && may_become(engine, instance, definition))
        m.target = engine->environment.find_process(engine->environment.context, definition->key);
    if (instance == NULL || m.target == NULL) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    instance ? STR("the target is not deployed")
                             : STR("no such instance is running"));
        return;
    }
    str why;
    plan_map(&m);
    const struct separation_move move = {instance, m.target, definition->id, m.map};
    const struct bpmn_process *source = instance->process;
    bool keeps = separation_keeps(engine, &move);
    if (!keeps && !separation_allows_moving(engine, instance, &why)) {
        step_reject(engine, engine->shard, REJECTION_FORBIDDEN, why);
        return;
    }
    if (!check_scope(&m, instance->root) || !mark_variables(&m, instance->root))
        return;
    if (body->dry_run) {
        step_accept(engine, 0, instance->stream.key);
        return;
    }
    step_accept(engine, instance->stream.key, instance->stream.key);
    if (!keeps)
        separation_note_skipping(engine, instance);
    move_triggers(&m, instance->root);
    move_elements(&m, instance->root);
    step_emit(engine, instance,
              (struct event){.type = EVENT_PROCESS_MIGRATED,
                             .key = instance->stream.key,
                             .definition = definition->key,
                             .number = definition->version});
    set_marked(&m);
    separation_rename(engine, &move, source);
    if (!keeps)
        separation_note_skipping(engine, instance);
    make_triggers(&m, instance->root);
    fire_joins_below(&m, instance->root);
}
