// SPDX-License-Identifier: Apache-2.0
//
// What every element instance goes through:
//
//     token -> (joins?) -> ACTIVATING: input mappings, start listeners -> ACTIVE: subscribe, run
//     the family's own work
//           -> COMPLETING: output mappings, end listeners, conditions -> COMPLETED -> flows
//
// Any stretch may stop at an incident or a listener's job; activity_continue goes on from the phase
// it stopped in.
#include "engine/global_listener.h"
#include "engine/step.h"

static void emit_for(struct engine *engine, instance_ref instance, element_ref ei,
                     enum event_type type)
{
    step_emit(engine, instance,
              (struct event){.type = type,
                             .key = ei->entity.key,
                             .scope = ei->scope ? ei->scope->entity.key : 0,
                             .element = ei->element + 1});
}

static bool has_listener(const struct bpmn_element *element, enum bpmn_listener_event event)
{
    for (uint32_t i = 0; i < element->listener_count; i++)
        if (element->listeners[i].event == event)
            return true;
    return false;
}

// -- Beginning --------------------------------------------------------------------------

enum hold { HOLD_NONE, HOLD_SUSPENDED, HOLD_ELEMENTS, HOLD_STEPS, HOLD_OUTPUT, HOLD_ALIVE };

// What keeps an element from going on at once.
static enum hold hold_of(const struct engine *engine, instance_ref instance)
{
    return engine->fuel == 0                                   ? HOLD_ELEMENTS
           : step_left(engine) == 0                            ? HOLD_STEPS
           : engine->offered_bytes > LIMIT_OUTPUT_PER_COMMAND  ? HOLD_OUTPUT
           : instance->elements >= LIMIT_ELEMENTS_PER_INSTANCE ? HOLD_ALIVE
           : instance->state == INSTANCE_SUSPENDED             ? HOLD_SUSPENDED
                                                               : HOLD_NONE;
}

static void hold(struct engine *engine, instance_ref instance, element_ref ei, enum hold why)
{
    static const struct {
        const char *name, *before, *after, *hint;
        int limit;
    } limits[] = {
        [HOLD_ELEMENTS] = {"ACTIVATIONS_PER_COMMAND", "one command started", "elements",
                           "the process goes on for ever, or needs to wait in between",
                           LIMIT_ACTIVATIONS_PER_COMMAND},
        [HOLD_STEPS] = {"STEPS_PER_COMMAND", "one command took", "steps of work",
                        "the process goes on for ever, or needs to wait in between",
                        LIMIT_STEPS_PER_COMMAND},
        [HOLD_OUTPUT] = {"OUTPUT_PER_COMMAND", "one command offered", "bytes of jobs",
                         "restrict what the jobs carry by baton:jobVariables",
                         LIMIT_OUTPUT_PER_COMMAND},
        [HOLD_ALIVE] = {"ELEMENTS_PER_INSTANCE", "the instance has", "elements",
                        "some must end first", LIMIT_ELEMENTS_PER_INSTANCE},
    };
    step_emit(engine, instance,
              (struct event){.type = EVENT_ELEMENT_HELD, .key = ei->entity.key, .number = 1});
    if (why == HOLD_SUSPENDED || engine->out_of_fuel == instance->stream.key)
        return;
    engine->out_of_fuel = instance->stream.key;
    incident_raise(engine, instance, ei, "LIMIT_REACHED",
                   str_format(engine->turn, "%s %d %s, which is the limit %s: %s",
                              limits[why].before, limits[why].limit, limits[why].after,
                              limits[why].name, limits[why].hint));
}

static void prepare(struct engine *engine, instance_ref instance, element_ref ei)
{
    str why;
    bool lacks_item = ei->loop_counter > 0 && state_local(ei, STR("loopCounter")) == NULL;
    if ((lacks_item && !loop_set_counter(engine, instance, ei, &why)) ||
        (ei->listeners_done == 0 && !variable_map_inputs(engine, instance, ei, &why))) {
        incident_raise(engine, instance, ei, "IO_MAPPING_ERROR", why);
        return;
    }
    if (job_create_listener(engine, instance, ei, BPMN_LISTENER_START))
        return;
    emit_for(engine, instance, ei, EVENT_ELEMENT_ACTIVATED);
    activity_start(engine, instance, ei);
}

// A body and an activation in an ad-hoc sub-process have nothing of this.
static bool needs_preparing(const struct bpmn_element *element)
{
    return element->input_count > 0 || has_listener(element, BPMN_LISTENER_START);
}

// What is the new element instance's own before it begins its work.
static bool set_own_variables(struct engine *engine, instance_ref instance, element_ref ei,
                              str variables, str *ret_why)
{
    bool repeats = state_is_repeated(ei) && !state_is_activation(ei);
    if (repeats && ei->loop_counter > 0 && !loop_set_counter(engine, instance, ei, ret_why))
        return false;
    return variable_merge(engine, instance, ei, (struct merge){variables, true}, ret_why) &&
           (!state_is_activation(ei) || ad_hoc_declare(engine, instance, ei, ret_why));
}

uint64_t activity_activate(struct engine *engine, instance_ref instance, element_ref scope,
                           uint32_t index, struct event with)
{
    const struct bpmn_element *element = &instance->process->elements[index];
    bool repeated = scope->element == index;
    bool has_own = repeated ? scope->is_body : element->loop == NULL;
    bool triggered = str_equal(with.code, STR("TRIGGERED"));
    enum hold held = hold_of(engine, instance);
    str variables = with.value;
    bool lacks_item =
        scope->is_body && with.number > 0 && !loop_item_fits(instance, scope, with.number);
    bool prepares = held != HOLD_NONE || lacks_item || !str_is_empty(variables) ||
                    (has_own && !triggered && needs_preparing(element));
    with.type = prepares ? EVENT_ELEMENT_ACTIVATING : EVENT_ELEMENT_ACTIVATED;
    with.key = step_key(engine);
    with.scope = scope->entity.key;
    with.element = index + 1;
    with.value = STR_EMPTY;
    step_emit(engine, instance, with);
    element_ref ei = state_element(instance, with.key);
    str why;
    if (!set_own_variables(engine, instance, ei, variables, &why)) {
        incident_raise(engine, instance, ei, "IO_MAPPING_ERROR", why);
        return with.key;
    }
    if (held != HOLD_NONE) {
        hold(engine, instance, ei, held);
        return with.key;
    }
    engine->fuel--;
    step_spend(engine, ENGINE_ACTIVATION_STEPS);
    if (triggered)
        return with.key;
    if (prepares)
        activity_continue(engine, instance, ei);
    else
        activity_start(engine, instance, ei);
    return with.key;
}

static bool joins(const struct bpmn_element *element)
{
    return element->start_quantity > 1 ||
           (element->incoming.count > 1 &&
            (element->type == BPMN_PARALLEL_GATEWAY || gateway_waits_late(element)));
}

void activity_token(struct engine *engine, instance_ref instance, const struct work *work)
{
    element_ref scope = state_element(instance, work->scope);
    if (scope == NULL || scope->tokens == 0)
        return; // its scope ended, or was interrupted, while the token was on its way
    const struct bpmn_element *element = &instance->process->elements[work->element];
    struct event with = {.flow = work->flow == BPMN_NONE ? 0 : work->flow + 1};
    if (!joins(element) || work->flow == BPMN_NONE) {
        activity_activate(engine, instance, scope, work->element, with);
        return;
    }
    with.type = EVENT_TOKEN_ARRIVED;
    with.scope = work->scope;
    with.element = work->element + 1;
    step_emit(engine, instance, with);
    if (!gateway_waits_late(element) && gateway_is_complete(instance, scope, work->element))
        activity_activate(engine, instance, scope, work->element, (struct event){0});
}

void activity_trigger(struct engine *engine, instance_ref instance, element_ref scope,
                      uint32_t element, str variables)
{
    uint64_t key = activity_activate(engine, instance, scope, element,
                                     (struct event){.code = STR("TRIGGERED")});
    element_ref ei = state_element(instance, key);
    if (ei->is_held || ei->entity.is_gone)
        return;
    activity_complete_with(engine, instance, ei, variables);
}

void activity_start(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    if (state_is_activation(ei)) {
        ad_hoc_run_activation(engine, instance, ei);
        return;
    }
    if (!event_subscribe(engine, instance, ei) || !promise_begin(engine, instance, ei))
        return;
    if (ei->entity.is_gone)
        return;
    if (ei->is_body)
        loop_run(engine, instance, ei);
    else if (bpmn_is_gateway(element->type))
        gateway_run(engine, instance, ei);
    else if (bpmn_is_event(element->type))
        event_run(engine, instance, ei);
    else if (bpmn_is_scope(element->type))
        subprocess_run(engine, instance, ei);
    else
        task_run(engine, instance, ei);
}

// -- Completing -------------------------------------------------------------------------

static bool has_conditions(instance_ref instance, const struct bpmn_element *element)
{
    for (uint32_t i = 0; i < element->outgoing.count; i++)
        if (instance->process->flows[element->outgoing.items[i]].condition != NULL)
            return true;
    return false;
}

void activity_detach(struct engine *engine, instance_ref instance, element_ref ei)
{
    while (ei->attachments != NULL) {
        const struct attachment *a = ei->attachments;
        struct event event = {.key = a->entity.key, .scope = ei->entity.key};
        switch (a->entity.kind) {
        case ENTITY_KIND_JOB:
            job_cancel(engine, instance, (const struct job *)a);
            continue;
        case ENTITY_KIND_SUBSCRIPTION:
            message_close(engine, instance, (const struct subscription *)a);
            continue;
        case ENTITY_KIND_TIMER:
            event.type = EVENT_TIMER_CANCELED;
            break;
        case ENTITY_KIND_USER_TASK:
            user_task_left(engine, instance, (const struct user_task *)a);
            event.type = EVENT_USER_TASK_CANCELED;
            break;
        case ENTITY_KIND_INCIDENT:
        case ENTITY_KIND_ELEMENT:
            event.type = EVENT_INCIDENT_RESOLVED;
            break;
        }
        step_emit(engine, instance, event);
    }
}

void activity_take_flow(struct engine *engine, instance_ref instance, element_ref scope,
                        uint32_t flow)
{
    uint32_t target = instance->process->flows[flow].target;
    step_emit(engine, instance,
              (struct event){.type = EVENT_FLOW_TAKEN,
                             .scope = scope->entity.key,
                             .flow = flow + 1,
                             .element = target + 1});
    step_enqueue(engine, instance,
                 (struct work){.scope = scope->entity.key, .element = target, .flow = flow});
}

void activity_leave(struct engine *engine, instance_ref instance, element_ref ei,
                    const uint32_t *flows, uint32_t count)
{
    const struct bpmn_element *element = element_of(instance, ei);
    element_ref scope = ei->scope;
    uint64_t thrower = ei->compensates;
    bool inner = scope->is_body && scope->element == ei->element && thrower == 0;
    uint32_t child = state_is_activation(ei) ? (uint32_t)ei->loop_counter : ei->element;
    activity_detach(engine, instance, ei);
    if (instance->process->has_compensation)
        compensation_record(engine, instance, ei);
    emit_for(engine, instance, ei, EVENT_ELEMENT_COMPLETED);
    if (!inner && process_ends_after(engine, instance, ei->element))
        return;
    for (uint32_t i = 0; !inner && i < count; i++)
        for (uint32_t n = 0; n < element->completion_quantity; n++)
            activity_take_flow(engine, instance, scope, flows[i]);
    step_look(engine); // what it has set may end its scope, or begin something there
    if (inner && !scope->entity.is_gone)
        loop_next(engine, instance, scope);
    if (inner)
        return;
    if (thrower != 0)
        compensation_next(engine, instance, thrower);
    if (!scope->entity.is_gone && scope->phase == PHASE_ACTIVE && !scope->is_body &&
        !state_is_activation(scope) && element_of(instance, scope)->type == BPMN_AD_HOC_SUB_PROCESS)
        ad_hoc_child_completed(engine, instance, scope, child);
    if (!scope->entity.is_gone)
        activity_scope_left(engine, instance, scope);
}

void activity_leave_to(struct engine *engine, instance_ref instance, element_ref ei,
                       struct work next)
{
    element_ref scope = ei->scope;
    activity_detach(engine, instance, ei);
    emit_for(engine, instance, ei, EVENT_ELEMENT_COMPLETED);
    activity_activate(engine, instance, scope, next.element, (struct event){0});
}

static void finish(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    bool inner = ei->scope->is_body && ei->scope->element == ei->element;
    bool has_own = !ei->is_body && !state_is_activation(ei);
    uint32_t *flows = NULL, count = 0;
    str why;
    if (has_own && ei->listeners_done == 0 && !variable_map_outputs(engine, instance, ei, &why)) {
        incident_raise(engine, instance, ei, "IO_MAPPING_ERROR", why);
        return;
    }
    if (has_own && job_create_listener(engine, instance, ei, BPMN_LISTENER_END))
        return;
    if (!(inner ? loop_collect(engine, instance, ei, &why)
                : ad_hoc_collect(engine, instance, ei, &why)) ||
        !ad_hoc_hand_over(engine, instance, ei, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    bool leaves =
        !state_is_repeated(ei) && element->type != BPMN_EVENT_SUB_PROCESS && ei->compensates == 0;
    if (leaves && !gateway_choose(engine, instance, ei, &flows, &count, &why)) {
        incident_raise(engine, instance, ei, "CONDITION_ERROR", why);
        return;
    }
    promise_cost(engine, instance, ei);
    activity_leave(engine, instance, ei, flows, count);
}

static bool needs_completing(instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    bool has_own = !ei->is_body && !state_is_activation(ei);
    bool collects = state_is_activation(ei)
                        ? !str_is_empty(element->ad_hoc->output_collection)
                        : ei->scope->outputs != NULL && ei->scope->is_body && state_is_repeated(ei);
    return (has_own && (element->output_count > 0 || has_listener(element, BPMN_LISTENER_END))) ||
           collects || has_conditions(instance, element);
}

void activity_complete(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (ei->entity.is_gone || ei->phase == PHASE_COMPLETING)
        return;
    if (ei->scope == NULL) {
        str why;
        if (!call_can_return(engine, instance, &why)) {
            incident_raise(engine, instance, ei, "LIMIT_REACHED", why);
            return;
        }
        promise_cost(engine, instance, ei);
        process_end(engine, instance, EVENT_PROCESS_COMPLETED, STR_EMPTY);
        return;
    }
    if (needs_completing(instance, ei)) {
        activity_detach_triggers(engine, instance, ei);
        emit_for(engine, instance, ei, EVENT_ELEMENT_COMPLETING);
    }
    finish(engine, instance, ei);
}

void activity_complete_with(struct engine *engine, instance_ref instance, element_ref ei,
                            str variables)
{
    const struct bpmn_element *element = element_of(instance, ei);
    bool maps = element->output_count > 0;
    element_ref scope = ei;
    bool local = maps;
    if (!maps && element->type == BPMN_START_EVENT && ei->scope->scope != NULL) {
        scope = ei->scope; // what started an event sub-process belongs to it
        local = true;
    }
    str why;
    if (!variable_merge(engine, instance, scope, (struct merge){variables, local}, &why)) {
        incident_raise(engine, instance, ei, "IO_MAPPING_ERROR", why);
        return;
    }
    activity_complete(engine, instance, ei);
}

// Timers, messages and signals no longer matter once the work is done; what the completion itself
// waits for stays.
void activity_detach_triggers(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct attachment *next;
    for (const struct attachment *a = ei->attachments; a != NULL; a = next) {
        next = a->next;
        if (a->entity.kind == ENTITY_KIND_TIMER)
            step_emit(engine, instance,
                      (struct event){.type = EVENT_TIMER_CANCELED,
                                     .key = a->entity.key,
                                     .scope = ei->entity.key});
        else if (a->entity.kind == ENTITY_KIND_SUBSCRIPTION)
            message_close(engine, instance, (const struct subscription *)a);
    }
}

void activity_continue(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (ei->is_held)
        step_emit(engine, instance,
                  (struct event){.type = EVENT_ELEMENT_HELD, .key = ei->entity.key, .number = 0});
    switch (ei->phase) {
    case PHASE_ACTIVATING:
        if (ei->is_body || state_is_activation(ei)) {
            emit_for(engine, instance, ei, EVENT_ELEMENT_ACTIVATED);
            activity_start(engine, instance, ei);
        } else {
            prepare(engine, instance, ei);
        }
        break;
    case PHASE_ACTIVE:
        activity_start(engine, instance, ei);
        break;
    case PHASE_TERMINATING:
        user_task_canceling(engine, instance, ei);
        break;
    default:
        finish(engine, instance, ei);
        break;
    }
}

static bool is_starting(const struct engine *engine, uint64_t scope)
{
    const struct starting *starting = engine->starting;
    while (starting != NULL && starting->scope != scope)
        starting = starting->outer;
    return starting != NULL;
}

// A scope is done when nothing runs in it, nothing moves and nothing waits at a join.
void activity_scope_left(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_element *element = element_of(instance, scope);
    if (scope->children > 0 || scope->tokens > 0 || scope->phase != PHASE_ACTIVE ||
        is_starting(engine, scope->entity.key))
        return;
    if (element->type == BPMN_AD_HOC_SUB_PROCESS && !scope->is_body &&
        !state_is_activation(scope)) {
        ad_hoc_child_left(engine, instance, scope);
        return;
    }
    if (scope->arrived == NULL && !scope->is_body)
        activity_complete(engine, instance, scope);
}

// -- Terminating ------------------------------------------------------------------------

static void stop_starting(struct engine *engine, uint64_t scope)
{
    for (struct starting *s = engine->starting; s != NULL; s = s->outer)
        s->is_stopped |= s->scope == scope;
}

void activity_terminate_children(struct engine *engine, instance_ref instance, element_ref scope,
                                 element_ref except)
{
    element_ref next;
    stop_starting(engine, scope->entity.key);
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        if (child != except)
            activity_terminate(engine, instance, child);
    }
    if (scope->tokens > 0 || scope->arrived != NULL)
        step_emit(engine, instance,
                  (struct event){.type = EVENT_TOKENS_DROPPED, .scope = scope->entity.key});
}

// A user task whose listeners want to know of its end stays until they have answered. What ended it
// goes on; the instance alone does not end before.
static void tell_canceling(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct attachment *next;
    str seen = variable_visible_json(engine, ei), why;
    if (!variable_merge(engine, instance, ei, (struct merge){seen, true}, &why))
        seen = STR_EMPTY; // it is full: the listeners see what it has
    for (const struct attachment *a = ei->attachments; a != NULL; a = next) {
        next = a->next;
        if (a->entity.kind == ENTITY_KIND_JOB)
            job_cancel(engine, instance, (const struct job *)a);
        else if (a->entity.kind == ENTITY_KIND_INCIDENT)
            step_emit(engine, instance,
                      (struct event){.type = EVENT_INCIDENT_RESOLVED,
                                     .key = a->entity.key,
                                     .scope = ei->entity.key});
    }
    activity_detach_triggers(engine, instance, ei);
    user_task_left(engine, instance, state_attachment(ei, ENTITY_KIND_USER_TASK));
    emit_for(engine, instance, ei, EVENT_ELEMENT_TERMINATING);
    (void)user_task_tell_canceling(engine, instance, ei);
}

void activity_terminate(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (ei->entity.is_gone || (ei->phase == PHASE_TERMINATING && !engine->terminates_all))
        return;
    if (ei->phase != PHASE_TERMINATING && !engine->terminates_all &&
        state_attachment(ei, ENTITY_KIND_USER_TASK) != NULL &&
        (listeners_hear(engine, BPMN_LISTENER_CANCELING) ||
         has_listener(element_of(instance, ei), BPMN_LISTENER_CANCELING))) {
        tell_canceling(engine, instance, ei);
        return;
    }
    activity_terminate_children(engine, instance, ei, NULL);
    if (ei->called != 0)
        call_cancel(engine, instance, ei);
    activity_detach(engine, instance, ei);
    if (ei->scope == NULL)
        return;
    emit_for(engine, instance, ei, EVENT_ELEMENT_TERMINATED);
    if (process_is_asked_to_end(engine, instance, ei->element))
        engine->ends = instance->stream.key;
}
