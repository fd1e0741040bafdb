// SPDX-License-Identifier: Apache-2.0
// Appliers of the instance as a whole; the table sends the rest to the files of their families.
#include "engine/apply.h"

struct element_instance *apply_find(struct instance *instance, uint64_t key)
{
    struct element_instance *ei = state_entity(instance, ENTITY_KIND_ELEMENT, key);
    check(ei != NULL);
    return ei;
}

void apply_mark(struct instance *instance, struct entity *entity)
{
    if (entity->is_dirty)
        return;
    entity->is_dirty = true;
    entity->next_dirty = instance->dirty;
    instance->dirty = entity;
}

static void activate(const struct engine_environment *environment, struct instance *instance,
                     const struct event *event)
{
    struct arena *arena = &instance->stream.arena;
    instance->stream.is_empty = false;
    instance->process = environment->find_process(environment->context, event->definition);
    check(instance->process != NULL);
    instance->definition = event->definition;
    instance->process_id = str_copy(arena, event->name);
    instance->version = (int32_t)event->number;
    instance->tenant = str_copy(arena, event->code);
    instance->business_id = str_copy(arena, event->value);
    instance->root_instance = event->key;
    instance->state = INSTANCE_ACTIVE;
    instance->started_ms = event->time_ms;
    instance->root = apply_add_element(instance, event->key, NULL);
    instance->root->phase = PHASE_ACTIVE;
    instance->root->started_ms = event->time_ms;
}

static void call(struct instance *instance, const struct event *event)
{
    check(event->parent != 0 && event->scope != 0);
    instance->root_instance = event->key;
    instance->parent_element = event->scope;
    instance->parent_instance = event->parent;
    instance->depth = (uint32_t)event->number;
}

static void await(struct instance *instance, const struct event *event)
{
    instance->await = (struct reply_to){(int32_t)event->number, event->key};
    instance->await_variables = str_copy(&instance->stream.arena, event->value);
}

static void lock(struct instance *instance, const struct event *event)
{
    instance->lock_name = str_copy(&instance->stream.arena, event->name);
    instance->lock_key = str_copy(&instance->stream.arena, event->value);
}

static void end(struct instance *instance, const struct event *event)
{
    check(instance->root->first_child == NULL && instance->ended_ms == 0); // it owns nothing
    instance->state =
        event->type == EVENT_PROCESS_COMPLETED ? INSTANCE_COMPLETED : INSTANCE_TERMINATED;
    instance->ended_ms = event->time_ms;
    instance->suspended_ms = 0;
}

// What is shown of it belongs to the new definition.
static void belong(struct instance *instance, struct element_instance *ei)
{
    state_name_outputs(instance, ei);
    apply_mark(instance, &ei->entity);
    for (struct attachment *a = ei->attachments; a != NULL; a = a->next)
        apply_mark(instance, &a->entity);
    for (struct element_instance *child = ei->first_child; child != NULL; child = child->next)
        belong(instance, child);
}

static void migrate(const struct engine_environment *environment, struct instance *instance,
                    const struct event *event)
{
    const struct bpmn_process *to =
        environment->find_process(environment->context, event->definition);
    check(to != NULL);
    apply_move_scope(instance, instance->root, to);
    instance->process = to;
    instance->definition = event->definition;
    instance->version = (int32_t)event->number;
    instance->process_id = to->id;
    belong(instance, instance->root);
}

// The array grows by [element id, person].
static void note_duty(struct instance *instance, const struct event *event)
{
    struct arena scratch = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&scratch);
    str before = instance->duties;
    strbuf_add(&out, str_is_empty(before) ? STR("[") : str_sub(before, 0, before.len - 1));
    strbuf_add(&out, str_is_empty(before) ? STR("[") : STR(",["));
    json_quote(&out, event->code);
    strbuf_add_char(&out, ',');
    json_quote(&out, event->name);
    strbuf_add(&out, STR("]]"));
    instance->duties = str_copy(&instance->stream.arena, strbuf_str(&out));
    arena_done(&scratch);
    size_t cursor = 0;
    uint64_t key;
    void *entity;
    while (idmap_next(&instance->entities, &cursor, &key, &entity)) // their rows say who is barred
        if (((struct entity *)entity)->kind == ENTITY_KIND_USER_TASK)
            apply_mark(instance, entity);
}

static void apply_process(const struct engine_environment *environment, struct instance *instance,
                          const struct event *event)
{
    instance->row_dirty = true;
    switch ((int)event->type) {
    case EVENT_PROCESS_ACTIVATED:
        activate(environment, instance, event);
        break;
    case EVENT_PROCESS_CALLED:
        call(instance, event);
        break;
    case EVENT_PROCESS_AWAITED:
        await(instance, event);
        break;
    case EVENT_PROCESS_TAGGED:
        instance->tags = str_copy(&instance->stream.arena, event->value);
        break;
    case EVENT_DUTY_DONE:
        note_duty(instance, event);
        break;
    case EVENT_PROCESS_INSTRUCTED:
        instance->ends_after = str_copy(&instance->stream.arena, event->value);
        break;
    case EVENT_PROCESS_NAMED:
        instance->business_id = str_copy(&instance->stream.arena, event->value);
        break;
    case EVENT_PERSON_ERASED: // their values stay as they are, and do not open
        break;
    case EVENT_PROCESS_LOCKED:
        lock(instance, event);
        break;
    case EVENT_PROCESS_COMPLETED:
    case EVENT_PROCESS_TERMINATED:
        end(instance, event);
        break;
    case EVENT_PROCESS_ENDING:
        instance->ending = (enum event_type)event->number;
        instance->ending_why = str_copy(&instance->stream.arena, event->value);
        break;
    case EVENT_PROCESS_SUSPENDED:
        instance->state = INSTANCE_SUSPENDED;
        instance->suspended_ms = event->time_ms;
        break;
    case EVENT_PROCESS_RESUMED:
        instance->state = INSTANCE_ACTIVE;
        instance->suspended_ms = 0;
        break;
    case EVENT_PROCESS_MIGRATED:
        migrate(environment, instance, event);
        break;
    default:
        check_unreachable();
    }
}

static void apply_promise(struct instance *instance, const struct event *event)
{
    struct element_instance *ei = apply_find(instance, event->key);
    instance->row_dirty = true;
    if (event->type == EVENT_COST_ADDED) {
        instance->cost = str_copy(&instance->stream.arena, event->code);
        return;
    }
    ei->is_late = true;
    instance->sla_breaches++;
    apply_mark(instance, &ei->entity);
}

void apply_to_instance(const struct engine_environment *environment, struct instance *instance,
                       const struct event *event)
{
    switch (event->type / 10) {
    case 0:
    case 14:
        apply_process(environment, instance, event);
        break;
    case 1:
        if (event->type == EVENT_PROCESS_ENDING)
            apply_process(environment, instance, event);
        else if (event->type == EVENT_ELEMENT_MIGRATED)
            apply_migration(instance, event);
        else if (event->type == EVENT_FLOW_TAKEN || event->type == EVENT_TOKEN_ARRIVED)
            apply_token(instance, event);
        else
            apply_element(instance, event);
        break;
    case 2:
        if (event->type <= EVENT_VARIABLE_REMOVED)
            apply_variable(instance, event);
        else if (event->type == EVENT_PROCESS_BATCHED)
            instance->batch_item = event->parent;
        else if (event->type == EVENT_SLA_BREACHED || event->type == EVENT_COST_ADDED)
            apply_promise(instance, event);
        else
            apply_loop(instance, event);
        break;
    case 3:
    case 13: // taken and returned
        apply_job(instance, event);
        break;
    case 4:
        apply_timer(instance, event);
        break;
    case 5:
        apply_subscription(instance, event);
        break;
    case 8:
        apply_user_task(instance, event);
        break;
    case 9:
        apply_incident(instance, event);
        break;
    case 10:
        if (event->type == EVENT_TRIGGER_MARKED || event->type == EVENT_TRIGGER_MIGRATED)
            apply_trigger(instance, event);
        else
            apply_compensation(instance, event);
        break;
    default: // COMMAND_REJECTED and other notes change nothing
        break;
    }
}
