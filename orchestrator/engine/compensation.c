// SPDX-License-Identifier: Apache-2.0
//
// Compensation (BPMN 2.0, 10.6, 13.5.5). What completed and can be undone is recorded in its scope.
// Throwing runs the handlers in reverse order, one after the other. A completed sub-process without
// a handler of its own is undone by its event sub-process for compensation, or by undoing what
// completed inside, with the variables it had.
#include "engine/step.h"

static uint32_t compensation_sub_process(instance_ref instance, const struct bpmn_element *scope)
{
    const struct bpmn_process *process = instance->process;
    for (uint32_t i = 0; i < scope->event_sub_processes.count; i++) {
        const struct bpmn_element *inner = &process->elements[scope->event_sub_processes.items[i]];
        if (inner->starts.count > 0 &&
            bpmn_has_trigger(&process->elements[inner->starts.items[0]], BPMN_COMPENSATION_TRIGGER))
            return scope->event_sub_processes.items[i];
    }
    return BPMN_NONE;
}

// An instance of a loop is recorded in its body for what completed inside; a handler at the border
// undoes the loop as a whole.
void compensation_record(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    bool in_loop = state_is_repeated(ei);
    bool nested =
        bpmn_is_scope(element->type) &&
        (ei->compensations != NULL || (!ei->is_body && !state_is_activation(ei) &&
                                       compensation_sub_process(instance, element) != BPMN_NONE));
    if (!bpmn_is_activity(element->type) || element->for_compensation || ei->compensates != 0 ||
        (element->compensation == BPMN_NONE ? !nested : in_loop))
        return;
    step_emit(engine, instance,
              (struct event){.type = EVENT_COMPENSATION_SUBSCRIBED,
                             .key = step_key(engine),
                             .scope = ei->scope->entity.key,
                             .element = ei->element + 1,
                             .parent = ei->entity.key,
                             .value = variable_local_json(engine->turn, ei)});
}

static uint32_t thrown_activity(const struct bpmn_element *element)
{
    for (uint32_t i = 0; i < element->trigger_count; i++)
        if (element->triggers[i].kind == BPMN_COMPENSATION_TRIGGER)
            return element->triggers[i].activity;
    return BPMN_NONE;
}

// Whether a compensation that was thrown before undoes this record in its turn.
static bool is_claimed(instance_ref instance, element_ref scope, const struct compensation *record,
                       uint64_t thrown_at)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next) {
        uint64_t before = child->compensates;
        if (before == 0 || before >= thrown_at || record->key >= before)
            continue;
        element_ref thrower = state_element(instance, before);
        uint32_t activity = thrower ? thrown_activity(element_of(instance, thrower)) : BPMN_NONE;
        if (activity == BPMN_NONE || activity == record->element)
            return true;
    }
    return false;
}

// The latest record that is there to undo. What was still active when the compensation was thrown
// is none of its business: keys tell the order.
static const struct compensation *latest(instance_ref instance, element_ref scope,
                                         uint32_t activity, uint64_t thrown_at)
{
    const struct compensation *found = NULL;
    for (const struct compensation *c = scope->compensations; c != NULL; c = c->next)
        if (c->key < thrown_at && (activity == BPMN_NONE || c->element == activity) &&
            !is_claimed(instance, scope, c, thrown_at))
            found = c;
    return found;
}

// What undoes the record: the associated handler, the event sub-process inside, or the sub-process
// once more as a scope for its handlers.
static uint32_t handler_of(instance_ref instance, const struct compensation *record)
{
    const struct bpmn_element *element = &instance->process->elements[record->element];
    return element->compensation != BPMN_NONE ? element->compensation : record->element;
}

static void undo_inside(struct engine *engine, instance_ref instance, element_ref again)
{
    bool loop = again->compensations != NULL && again->compensations->element == again->element;
    uint32_t inner =
        loop ? BPMN_NONE : compensation_sub_process(instance, element_of(instance, again));
    if (inner != BPMN_NONE) {
        uint64_t key = activity_activate(engine, instance, again, inner,
                                         (struct event){.code = STR("TRIGGERED")});
        element_ref handler = state_element(instance, key);
        activity_trigger(engine, instance, handler, element_of(instance, handler)->starts.items[0],
                         STR_EMPTY);
    } else {
        compensation_next(engine, instance, again->entity.key);
    }
}

static void trigger(struct engine *engine, instance_ref instance, element_ref scope,
                    const struct compensation *record, uint64_t thrower)
{
    uint32_t index = handler_of(instance, record);
    bool again = index == record->element;
    str variables = record->variables;
    uint64_t record_key = record->key;
    uint64_t key = step_key(engine);
    step_emit(engine, instance,
              (struct event){.type = again ? EVENT_ELEMENT_ACTIVATED : EVENT_ELEMENT_ACTIVATING,
                             .key = key,
                             .scope = scope->entity.key,
                             .element = index + 1,
                             .code = STR("TRIGGERED")});
    step_emit(engine, instance,
              (struct event){.type = EVENT_COMPENSATION_TRIGGERED,
                             .key = record_key,
                             .scope = key,
                             .parent = thrower});
    element_ref handler = state_element(instance, key);
    str why;
    if (!variable_merge(engine, instance, handler, (struct merge){variables, true}, &why))
        incident_raise(engine, instance, handler, "LIMIT_REACHED", why);
    else if (again)
        undo_inside(engine, instance, handler);
    else
        activity_continue(engine, instance, handler);
}

// Where the thrower looks: in its scope; from inside an event sub-process also in the scope around
// it.
static element_ref scope_of_records(instance_ref instance, element_ref scope, uint32_t activity)
{
    while (latest(instance, scope, activity, UINT64_MAX) == NULL && scope->scope != NULL &&
           element_of(instance, scope)->type == BPMN_EVENT_SUB_PROCESS)
        scope = scope->scope;
    return scope;
}

bool compensation_start(struct engine *engine, instance_ref instance, element_ref thrower,
                        element_ref scope, uint32_t activity)
{
    element_ref where = scope_of_records(instance, scope, activity);
    const struct compensation *record = latest(instance, where, activity, thrower->entity.key);
    if (record == NULL)
        return false;
    trigger(engine, instance, where, record, thrower->entity.key);
    return true;
}

static bool still_runs(element_ref scope, uint64_t thrower)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        if (child->compensates == thrower)
            return true;
    return false;
}

void compensation_next(struct engine *engine, instance_ref instance, uint64_t thrower_key)
{
    element_ref thrower = state_element(instance, thrower_key);
    if (thrower == NULL)
        return;
    const struct bpmn_element *element = element_of(instance, thrower);
    bool is_scope = bpmn_is_scope(element->type); // a sub-process that is undone from inside
    element_ref scope =
        is_scope ? thrower : scope_of_records(instance, thrower->scope, thrown_activity(element));
    if (still_runs(scope, thrower_key))
        return;
    const struct compensation *record =
        latest(instance, scope, is_scope ? BPMN_NONE : thrown_activity(element), thrower_key);
    if (record != NULL)
        trigger(engine, instance, scope, record, thrower_key);
    else if (bpmn_has_trigger(element, BPMN_CANCEL_TRIGGER))
        event_transaction_canceled(engine, instance, thrower->scope);
    else
        activity_complete(engine, instance, thrower);
}
