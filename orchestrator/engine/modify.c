// SPDX-License-Identifier: Apache-2.0
// Operations that change where an instance stands: activate and terminate elements, move to another
// version.
#include "engine/step.h"

// -- Activating -------------------------------------------------------------------------

static element_ref running_scope(element_ref scope, uint32_t element)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next) {
        if (child->element == element && !child->is_body && child->phase == PHASE_ACTIVE)
            return child;
        element_ref below = running_scope(child, element);
        if (below != NULL)
            return below;
    }
    return NULL;
}

bool process_can_activate(const struct bpmn_process *process, str id)
{
    const struct bpmn_element *element = bpmn_find_element(process, id);
    return element != NULL && element != process->elements && element->type != BPMN_BOUNDARY_EVENT;
}

// The scope to activate in: one that runs, or a new one in its own scope. A new one begins empty.
static element_ref scope_for(struct engine *engine, instance_ref instance, uint32_t element)
{
    if (element == 0)
        return instance->root;
    element_ref running = running_scope(instance->root, element);
    if (running != NULL)
        return running;
    element_ref above = scope_for(engine, instance, instance->process->elements[element].scope);
    uint64_t key = activity_activate(engine, instance, above, element,
                                     (struct event){.code = STR("TRIGGERED")});
    element_ref scope = state_element(instance, key);
    step_or_incident(event_subscribe(engine, instance, scope));
    return scope;
}

void process_activate_path(struct engine *engine, instance_ref instance, uint32_t element,
                           str variables)
{
    element_ref scope = scope_for(engine, instance, instance->process->elements[element].scope);
    activity_activate(engine, instance, scope, element, (struct event){.value = variables});
}

struct running {
    struct arena *arena;
    ARRAY(uint64_t) keys;
};

static void find_running(struct running *running, element_ref scope, uint32_t element)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        if (child->element != element)
            find_running(running, child, element);
        else if (child->phase != PHASE_TERMINATING)
            *ARRAY_PUSH(running->arena, &running->keys) = child->entity.key;
}

static bool any_running(struct engine *engine, instance_ref instance, uint32_t element)
{
    struct running running = {.arena = engine->turn};
    find_running(&running, instance->root, element);
    return running.keys.count > 0;
}

static bool check_instruction(struct engine *engine, instance_ref instance,
                              const struct element_instruction *instruction)
{
    bool by_key = instruction->terminate && instruction->element_instance != 0;
    bool found = by_key ? state_element(instance, instruction->element_instance) != NULL
                 : instruction->terminate
                     ? bpmn_find_element(instance->process, instruction->element_id) != NULL
                     : process_can_activate(instance->process, instruction->element_id);
    const struct bpmn_element *source =
        str_is_empty(instruction->move_from)
            ? NULL
            : bpmn_find_element(instance->process, instruction->move_from);
    str why;
    if (found && !str_is_empty(instruction->move_from) &&
        (source == NULL || !any_running(engine, instance, bpmn_index(instance->process, source))))
        step_reject(
            engine, engine->shard, REJECTION_INVALID_STATE,
            str_format(engine->turn, "nothing runs at '%.*s'", STR_ARG(instruction->move_from)));
    else if (!found)
        step_reject(engine, engine->shard, REJECTION_INVALID,
                    str_format(engine->turn, "the instance has no element '%.*s' (%llu)",
                               STR_ARG(instruction->element_id),
                               (unsigned long long)instruction->element_instance));
    else if (!variable_is_object(engine, instruction->variables, &why))
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
    else
        return true;
    return false;
}

static void terminate_all(struct engine *engine, instance_ref instance, element_ref scope,
                          uint32_t element)
{
    element_ref next;
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        if (child->element == element)
            activity_terminate(engine, instance, child);
        else
            terminate_all(engine, instance, child, element);
    }
}

// As many tokens as stand at one element go to another.
static void move(struct engine *engine, instance_ref instance, uint32_t target,
                 const struct element_instruction *instruction)
{
    uint32_t source =
        bpmn_index(instance->process, bpmn_find_element(instance->process, instruction->move_from));
    struct running running = {.arena = engine->turn};
    find_running(&running, instance->root, source);
    for (size_t i = 0; i < running.keys.count && instance->state == INSTANCE_ACTIVE; i++)
        process_activate_path(engine, instance, target, instruction->variables);
    for (size_t i = 0; i < running.keys.count && instance->state == INSTANCE_ACTIVE; i++) {
        element_ref ei = state_element(instance, running.keys.items[i]);
        if (ei != NULL)
            activity_terminate(engine, instance, ei);
    }
}

static void carry_out(struct engine *engine, instance_ref instance,
                      const struct element_instruction *instruction)
{
    const struct bpmn_element *element =
        bpmn_find_element(instance->process, instruction->element_id);
    if (!str_is_empty(instruction->move_from)) {
        move(engine, instance, bpmn_index(instance->process, element), instruction);
        return;
    }
    if (!instruction->terminate) {
        process_activate_path(engine, instance, bpmn_index(instance->process, element),
                              instruction->variables);
        return;
    }
    element_ref ei = state_element(instance, instruction->element_instance);
    if (ei != NULL && ei->scope != NULL)
        activity_terminate(engine, instance, ei);
    else if (element != NULL)
        terminate_all(engine, instance, instance->root, bpmn_index(instance->process, element));
}

// Scopes that lost their last element end as if they had been terminated with it.
static void end_empty_scopes(struct engine *engine, instance_ref instance, element_ref scope)
{
    element_ref next;
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        if (bpmn_is_scope(element_of(instance, child)->type) && child->first_child != NULL)
            end_empty_scopes(engine, instance, child);
        if (bpmn_is_scope(element_of(instance, child)->type) && child->first_child == NULL &&
            child->tokens == 0 && !child->is_held && child->phase == PHASE_ACTIVE)
            activity_terminate(engine, instance, child);
    }
}

void process_modify(struct engine *engine)
{
    const struct modify_instance *body = &engine->command->modify_instance;
    instance_ref instance = step_instance(engine, engine->command->instance);
    if (instance == NULL) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND, STR("no such instance is running"));
        return;
    }
    if (instance->ending != EVENT_NONE) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the instance ends when its listeners have answered"));
        return;
    }
    for (size_t i = 0; i < body->count; i++)
        if (!check_instruction(engine, instance, &body->instructions[i]))
            return;
    str why;
    if (!variable_fits(engine, instance, instance->root, body->variables, &why) ||
        !variable_merge(engine, instance, instance->root, (struct merge){body->variables, true},
                        &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    step_accept(engine, instance->stream.key, instance->stream.key);
    for (int terminate = 0; terminate <= 1; terminate++)
        for (size_t i = 0; i < body->count && instance->state == INSTANCE_ACTIVE; i++)
            if (body->instructions[i].terminate == (bool)terminate)
                carry_out(engine, instance, &body->instructions[i]);
    if (instance->state != INSTANCE_ACTIVE)
        return;
    end_empty_scopes(engine, instance, instance->root);
    if (instance->root->children == 0 && instance->root->tokens == 0)
        process_end(engine, instance, EVENT_PROCESS_TERMINATED, STR("nothing was left to run"));
}

// -- Migrating --------------------------------------------------------------------------

struct migration {
    struct engine *engine;
    instance_ref instance;
    const struct bpmn_process *target;
    uint32_t *map; // element -> element in the target; BPMN_NONE
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
        if ((m->target->elements[to].loop == NULL) != (element->loop == NULL))
            return refuse(m, element, "would begin or cease to be a loop");
        if (!check_scope(m, child))
            return false;
    }
    return check_tokens(m, scope) && check_compensations(m, scope->compensations);
}

static void move_elements(struct migration *m, element_ref scope)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next) {
        step_emit(m->engine, m->instance,
                  (struct event){.type = EVENT_ELEMENT_MIGRATED,
                                 .key = child->entity.key,
                                 .scope = scope->entity.key,
                                 .element = m->map[child->element] + 1});
        move_elements(m, child);
    }
}

static void drop_triggers(struct migration *m, element_ref scope)
{
    activity_detach_triggers(m->engine, m->instance, scope);
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        drop_triggers(m, child);
}

// A task's job stays, unless the target has work of another type there.
static void make_job(struct migration *m, element_ref ei)
{
    const struct bpmn_job *definition = element_of(m->instance, ei)->job;
    const struct job *job = state_attachment(ei, ENTITY_KIND_JOB);
    str type, why;
    if (job == NULL || job->kind != JOB_TASK || definition == NULL ||
        !expression_text(m->engine, ei, definition->type, &type, &why) ||
        str_equal(type, job->type))
        return;
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
    bool inner =
        scope->scope != NULL && scope->scope->is_body && scope->scope->element == scope->element;
    if (!inner && scope->phase == PHASE_ACTIVE)
        step_or_incident(event_subscribe(m->engine, m->instance, scope));
    if (scope->phase == PHASE_ACTIVE)
        make_job(m, scope);
    if (scope->phase == PHASE_ACTIVE && promise_begin(m->engine, m->instance, scope))
        step_or_incident(promise_user_task(m->engine, m->instance, scope));
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        make_triggers(m, child);
}

// Timers, subscriptions and promises are made anew from the target, jobs where their type differs;
// user tasks stay as they are.
void process_migrate(struct engine *engine)
{
    const struct migrate_instance *body = &engine->command->migrate_instance;
    instance_ref instance = step_instance(engine, engine->command->instance);
    const struct definition *definition =
        idmap_get(&engine->shard->by_key, body->target_definition);
    struct migration m = {engine, instance, NULL, NULL};
    if (definition != NULL)
        m.target = engine->environment.find_process(engine->environment.context, definition->key);
    if (instance == NULL || m.target == NULL) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    instance ? STR("the target is not deployed")
                             : STR("no such instance is running"));
        return;
    }
    plan_map(&m);
    if (!check_scope(&m, instance->root))
        return;
    if (body->dry_run) {
        step_accept(engine, 0, instance->stream.key);
        return;
    }
    step_accept(engine, instance->stream.key, instance->stream.key);
    drop_triggers(&m, instance->root);
    move_elements(&m, instance->root);
    step_emit(engine, instance,
              (struct event){.type = EVENT_PROCESS_MIGRATED,
                             .key = instance->stream.key,
                             .definition = definition->key,
                             .number = definition->version});
    make_triggers(&m, instance->root);
    fire_joins_below(&m, instance->root);
}
