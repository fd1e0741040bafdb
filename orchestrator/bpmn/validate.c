// SPDX-License-Identifier: Apache-2.0
// The standard's static rules, element by element.
#include "bpmn/reader.h"

#define BIT(kind) (1u << BPMN_##kind##_TRIGGER)

enum {
    OUTSIDE = BIT(MESSAGE) | BIT(TIMER) | BIT(SIGNAL) | BIT(CONDITION),
    PROCESS_START = OUTSIDE,
    EVENT_SUB_PROCESS_START = OUTSIDE | BIT(ERROR) | BIT(ESCALATION) | BIT(COMPENSATION),
    CATCH = OUTSIDE | BIT(LINK),
    THROW = BIT(MESSAGE) | BIT(SIGNAL) | BIT(ESCALATION) | BIT(COMPENSATION) | BIT(LINK),
    END = BIT(MESSAGE) | BIT(SIGNAL) | BIT(ERROR) | BIT(ESCALATION) | BIT(COMPENSATION) |
          BIT(TERMINATE) | BIT(CANCEL),
    BOUNDARY = OUTSIDE | BIT(ERROR) | BIT(ESCALATION) | BIT(COMPENSATION) | BIT(CANCEL),
};

struct checking {
    struct reader *r;
    const struct bpmn_process *process;
    bool *handlers; // by element: a compensation event is associated with it
};

static const struct bpmn_element *scope_of(const struct checking *c, const struct bpmn_element *e)
{
    return &c->process->elements[e->scope];
}

static void complain(struct checking *c, enum bpmn_code code, const struct bpmn_element *e)
{
    reader_complain(c->r, code, e, STR_EMPTY);
}

static void check_kinds(struct checking *c, const struct bpmn_element *e, uint32_t allowed,
                        enum bpmn_code code)
{
    for (uint32_t i = 0; i < e->trigger_count; i++)
        if (!(allowed >> e->triggers[i].kind & 1))
            reader_complain(c->r, code, e, str_of(bpmn_trigger_name(e->triggers[i].kind)));
}

static void check_references(struct checking *c, const struct bpmn_element *e, bool catches)
{
    for (uint32_t i = 0; i < e->trigger_count; i++) {
        const struct bpmn_trigger *t = &e->triggers[i];
        bool named = t->kind == BPMN_MESSAGE_TRIGGER || t->kind == BPMN_SIGNAL_TRIGGER;
        if (named && t->name == NULL && e->job == NULL)
            complain(c, BPMN_CODE_REFERENCE_MISSING, e);
        if (t->kind == BPMN_MESSAGE_TRIGGER && catches && t->name != NULL &&
            t->correlation == NULL && !(e->type == BPMN_START_EVENT && e->scope == 0))
            complain(c, BPMN_CODE_MESSAGE_WITHOUT_KEY, e);
        if (t->code_is_id && !catches)
            complain(c, BPMN_CODE_CODE_FROM_ID, e);
        if (t->kind == BPMN_ERROR_TRIGGER && !catches && t->name == NULL)
            complain(c, BPMN_CODE_ERROR_CODE_EMPTY, e);
        if (t->kind == BPMN_ESCALATION_TRIGGER && !catches && t->name == NULL)
            complain(c, BPMN_CODE_ESCALATION_CODE_EMPTY, e);
    }
}

static void check_start(struct checking *c, const struct bpmn_element *e)
{
    const struct bpmn_element *scope = scope_of(c, e);
    if (e->incoming.count > 0)
        complain(c, BPMN_CODE_START_EVENT_INCOMING, e);
    if (e->outgoing.count == 0)
        complain(c, BPMN_CODE_START_EVENT_NOT_WIRED, e);
    if (scope->type == BPMN_EVENT_SUB_PROCESS)
        check_kinds(c, e, EVENT_SUB_PROCESS_START, BPMN_CODE_START_TRIGGER);
    else if (scope->type == BPMN_PROCESS)
        check_kinds(c, e, PROCESS_START, BPMN_CODE_START_TRIGGER);
    else if (e->trigger_count > 0)
        complain(c, BPMN_CODE_SUB_PROCESS_START_TRIGGER, e);
    if (scope->type == BPMN_EVENT_SUB_PROCESS && !e->interrupting &&
        (bpmn_has_trigger(e, BPMN_ERROR_TRIGGER) || bpmn_has_trigger(e, BPMN_COMPENSATION_TRIGGER)))
        complain(c, BPMN_CODE_BOUNDARY_EVENT_INTERRUPTS, e);
    if (scope->type == BPMN_PROCESS && bpmn_has_trigger(e, BPMN_CONDITION_TRIGGER))
        complain(c, BPMN_CODE_CONDITIONAL_START, e);
    check_references(c, e, true);
}

// Compensation is of an activity of the level where it is thrown; an event sub-process stands in
// for its parent (10.7.1).
static void check_compensation(struct checking *c, const struct bpmn_element *e)
{
    for (uint32_t i = 0; i < e->trigger_count; i++) {
        uint32_t activity = e->triggers[i].activity;
        if (e->triggers[i].kind != BPMN_COMPENSATION_TRIGGER || activity == BPMN_NONE)
            continue;
        const struct bpmn_element *target = &c->process->elements[activity];
        const struct bpmn_element *scope = scope_of(c, e);
        bool is_near = target->scope == e->scope ||
                       (scope->type == BPMN_EVENT_SUB_PROCESS && target->scope == scope->scope);
        if (!bpmn_is_activity(target->type) || !is_near)
            reader_complain(c->r, BPMN_CODE_COMPENSATION_TARGET, e, target->id);
    }
}

static void check_end(struct checking *c, const struct bpmn_element *e)
{
    if (e->outgoing.count > 0)
        complain(c, BPMN_CODE_END_EVENT_OUTGOING, e);
    if (e->incoming.count == 0)
        complain(c, BPMN_CODE_END_EVENT_NOT_WIRED, e);
    check_kinds(c, e, END, BPMN_CODE_END_TRIGGER);
    if (bpmn_has_trigger(e, BPMN_CANCEL_TRIGGER) && scope_of(c, e)->type != BPMN_TRANSACTION)
        complain(c, BPMN_CODE_CANCEL_OUTSIDE_TRANSACTION, e);
    check_compensation(c, e);
    check_references(c, e, false);
}

static bool holds_activity(const struct checking *c, uint32_t host)
{
    return host != BPMN_NONE && bpmn_is_activity(c->process->elements[host].type);
}

static void check_boundary(struct checking *c, const struct bpmn_element *e)
{
    if (!holds_activity(c, e->host) || c->process->elements[e->host].scope != e->scope) {
        complain(c, BPMN_CODE_BOUNDARY_EVENT_HOST, e);
        return;
    }
    const struct bpmn_element *host = &c->process->elements[e->host];
    bool compensates = bpmn_has_trigger(e, BPMN_COMPENSATION_TRIGGER);
    if (e->incoming.count > 0)
        complain(c, BPMN_CODE_BOUNDARY_EVENT_INCOMING, e);
    if (e->trigger_count == 0 && !c->r->sketch)
        complain(c, BPMN_CODE_BOUNDARY_EVENT_TRIGGER, e);
    check_kinds(c, e, BOUNDARY, BPMN_CODE_BOUNDARY_EVENT_TRIGGER);
    if (bpmn_has_trigger(e, BPMN_CANCEL_TRIGGER) && host->type != BPMN_TRANSACTION)
        complain(c, BPMN_CODE_CANCEL_OUTSIDE_TRANSACTION, e);
    if (compensates && !e->interrupting)
        complain(c, BPMN_CODE_COMPENSATION_INTERRUPTS, e);
    if (!e->interrupting &&
        (bpmn_has_trigger(e, BPMN_ERROR_TRIGGER) || bpmn_has_trigger(e, BPMN_CANCEL_TRIGGER)))
        complain(c, BPMN_CODE_BOUNDARY_EVENT_INTERRUPTS, e);
    if (compensates && e->outgoing.count > 0)
        complain(c, BPMN_CODE_COMPENSATION_EVENT_FLOW, e);
    if (compensates && e->compensation == BPMN_NONE)
        complain(c, BPMN_CODE_COMPENSATION_HANDLER_MISSING, e);
    if (!compensates && e->outgoing.count == 0)
        complain(c, BPMN_CODE_BOUNDARY_EVENT_OUTGOING, e);
    check_references(c, e, true);
}

static void check_catch(struct checking *c, const struct bpmn_element *e)
{
    check_kinds(c, e, CATCH, BPMN_CODE_CATCH_TRIGGER);
    if (e->trigger_count == 0 && !c->r->sketch)
        complain(c, BPMN_CODE_CATCH_TRIGGER, e);
    if (bpmn_has_trigger(e, BPMN_LINK_TRIGGER) && e->incoming.count > 0)
        complain(c, BPMN_CODE_LINK_FLOW, e);
    check_references(c, e, true);
}

static void check_throw(struct checking *c, const struct bpmn_element *e)
{
    check_kinds(c, e, THROW, BPMN_CODE_THROW_TRIGGER);
    if (bpmn_has_trigger(e, BPMN_LINK_TRIGGER) && e->outgoing.count > 0)
        complain(c, BPMN_CODE_LINK_FLOW, e);
    check_compensation(c, e);
    check_references(c, e, false);
}

static void check_choices(struct checking *c, const struct bpmn_element *e)
{
    for (uint32_t i = 0; i < e->outgoing.count; i++) {
        uint32_t index = e->outgoing.items[i];
        const struct bpmn_flow *flow = &c->process->flows[index];
        if (e->outgoing.count > 1 && flow->condition == NULL && index != e->default_flow)
            reader_problem(c->r, BPMN_CODE_GATEWAY_CONDITION_MISSING, flow->id, flow->line, e->id);
        if (flow->condition != NULL && index == e->default_flow)
            reader_problem(c->r, BPMN_CODE_DEFAULT_FLOW_CONDITION, flow->id, flow->line, STR_EMPTY);
    }
}

// -- Two that wait for the same -----------------------------------------------------------

// What an event waits for, as text: of two that say the same one would never happen. Empty: nothing
// that can be told before it runs, or that all hear.
static str awaited(struct checking *c, const struct bpmn_trigger *t)
{
    const feel_value *name = t->name ? feel_program_constant(t->name) : NULL;
    bool has_code = t->kind == BPMN_ERROR_TRIGGER || t->kind == BPMN_ESCALATION_TRIGGER;
    if (has_code && t->any_code)
        return str_format(c->r->scratch, "%d", (int)t->kind);
    if ((!has_code && t->kind != BPMN_MESSAGE_TRIGGER) || name == NULL ||
        !feel_is(*name, FEEL_STRING))
        return STR_EMPTY;
    str key = t->correlation && !has_code ? feel_program_source(t->correlation) : STR_EMPTY;
    return str_format(c->r->scratch, "%d %.*s %.*s", (int)t->kind, STR_ARG(name->string),
                      STR_ARG(key));
}

static void await(struct checking *c, struct map *seen, const struct bpmn_element *event)
{
    str what = event->trigger_count == 1 ? awaited(c, event->triggers) : STR_EMPTY;
    if (str_is_empty(what))
        return;
    if (map_get(seen, what) != NULL)
        complain(c, BPMN_CODE_CATCH_AMBIGUOUS, event);
    map_put(seen, what, c);
}

static void check_borders(struct checking *c, const struct bpmn_element *e)
{
    struct map seen = map_new(c->r->scratch);
    for (uint32_t i = 0; e->boundary.count > 1 && i < e->boundary.count; i++)
        await(c, &seen, &c->process->elements[e->boundary.items[i]]);
}

// The starts of the process, and those of the event sub-processes of a scope.
static void check_starts(struct checking *c, const struct bpmn_element *scope)
{
    const struct bpmn_element *elements = c->process->elements;
    struct map starts = map_new(c->r->scratch), handlers = map_new(c->r->scratch);
    for (uint32_t i = 0; i < scope->children.count; i++) {
        const struct bpmn_element *child = &elements[scope->children.items[i]];
        if (child->type == BPMN_START_EVENT)
            await(c, &starts, child);
        for (uint32_t k = 0; child->type == BPMN_EVENT_SUB_PROCESS && k < child->children.count;
             k++)
            if (elements[child->children.items[k]].type == BPMN_START_EVENT)
                await(c, &handlers, &elements[child->children.items[k]]);
    }
}

static bool is_event_target(const struct bpmn_element *e)
{
    return (e->type == BPMN_INTERMEDIATE_CATCH_EVENT && !bpmn_has_trigger(e, BPMN_LINK_TRIGGER)) ||
           (e->type == BPMN_RECEIVE_TASK && e->boundary.count == 0);
}

static void check_event_gateway(struct checking *c, const struct bpmn_element *e)
{
    bool has_message = false, has_receive = false;
    struct map seen = map_new(c->r->scratch);
    if (e->outgoing.count < 2)
        complain(c, BPMN_CODE_EVENT_GATEWAY_OUTGOING, e);
    for (uint32_t i = 0; i < e->outgoing.count; i++) {
        uint32_t index = c->process->flows[e->outgoing.items[i]].target;
        if (index == BPMN_NONE)
            continue;
        const struct bpmn_element *target = &c->process->elements[index];
        if (!is_event_target(target))
            reader_complain(c->r, BPMN_CODE_EVENT_GATEWAY_TARGET, e, target->id);
        await(c, &seen, target);
        if (target->incoming.count > 1)
            complain(c, BPMN_CODE_EVENT_GATEWAY_TARGET_INCOMING, target);
        has_receive |= target->type == BPMN_RECEIVE_TASK;
        has_message |=
            target->type != BPMN_RECEIVE_TASK && bpmn_has_trigger(target, BPMN_MESSAGE_TRIGGER);
    }
    if (has_message && has_receive)
        complain(c, BPMN_CODE_EVENT_GATEWAY_MIX, e);
}

static bool fits_direction(const struct bpmn_element *e)
{
    bool joins = e->incoming.count > 1, splits = e->outgoing.count > 1;
    switch (e->direction) {
    case BPMN_UNSPECIFIED:
        return true;
    case BPMN_CONVERGING:
        return joins && !splits;
    case BPMN_DIVERGING:
        return splits && !joins;
    case BPMN_MIXED:
        return joins && splits;
    }
    check_unreachable();
}

static void check_gateway(struct checking *c, const struct bpmn_element *e)
{
    bool starts = e->type == BPMN_EVENT_BASED_GATEWAY && e->instantiates;
    if (e->incoming.count == 0 && e->outgoing.count == 0)
        complain(c, BPMN_CODE_GATEWAY_NOT_WIRED, e);
    if (e->type == BPMN_EXCLUSIVE_GATEWAY || e->type == BPMN_INCLUSIVE_GATEWAY ||
        (e->type == BPMN_COMPLEX_GATEWAY && e->default_flow != BPMN_NONE))
        check_choices(c, e);
    for (uint32_t i = 0; i < e->outgoing.count; i++) {
        const struct bpmn_flow *flow = &c->process->flows[e->outgoing.items[i]];
        bool deaf = e->type == BPMN_PARALLEL_GATEWAY || e->type == BPMN_EVENT_BASED_GATEWAY;
        if (deaf && flow->condition != NULL)
            reader_problem(c->r, BPMN_CODE_GATEWAY_CONDITION_IGNORED, flow->id, flow->line, e->id);
    }
    if (e->type == BPMN_EVENT_BASED_GATEWAY)
        check_event_gateway(c, e);
    if (starts && e->incoming.count > 0)
        complain(c, BPMN_CODE_INSTANTIATES_INCOMING, e);
    if (e->parallel_start && !e->instantiates)
        complain(c, BPMN_CODE_PARALLEL_EVENT_GATEWAY, e);
    if (!fits_direction(e))
        complain(c, BPMN_CODE_GATEWAY_DIRECTION, e);
    if (e->incoming.count == 1 && e->outgoing.count == 1)
        complain(c, BPMN_CODE_GATEWAY_USELESS, e);
}

static void check_activity(struct checking *c, const struct bpmn_element *e)
{
    if (e->type == BPMN_RECEIVE_TASK || e->type == BPMN_SEND_TASK)
        check_references(c, e, e->type == BPMN_RECEIVE_TASK);
    if (e->type == BPMN_RECEIVE_TASK && e->instantiates && e->incoming.count > 0)
        complain(c, BPMN_CODE_INSTANTIATES_INCOMING, e);
    if (e->for_compensation && !c->handlers[bpmn_index(c->process, e)])
        complain(c, BPMN_CODE_COMPENSATION_HANDLER_UNUSED, e);
    if (e->for_compensation && (e->incoming.count > 0 || e->outgoing.count > 0))
        complain(c, BPMN_CODE_COMPENSATION_HANDLER_FLOW, e);
    for (uint32_t i = 0; i < e->listener_count; i++)
        if (e->listeners[i].event >= BPMN_LISTENER_CREATING && e->type != BPMN_USER_TASK)
            reader_complain(c->r, BPMN_CODE_LISTENER_IGNORED, e,
                            str_of(bpmn_listener_event_name(e->listeners[i].event)));
    check_borders(c, e);
}

static uint32_t count_none_starts(const struct checking *c, const struct bpmn_element *scope,
                                  uint32_t *ret_starts)
{
    uint32_t none = 0;
    for (uint32_t i = 0; i < scope->children.count; i++) {
        const struct bpmn_element *child = &c->process->elements[scope->children.items[i]];
        *ret_starts += child->type == BPMN_START_EVENT;
        none += child->type == BPMN_START_EVENT && child->trigger_count == 0;
    }
    return none;
}

static void check_event_sub_process(struct checking *c, const struct bpmn_element *e, uint32_t none,
                                    uint32_t starts)
{
    if (e->incoming.count > 0 || e->outgoing.count > 0)
        complain(c, BPMN_CODE_EVENT_SUB_PROCESS_FLOW, e);
    if (starts != 1 || (none > 0 && !c->r->sketch))
        complain(c, BPMN_CODE_EVENT_SUB_PROCESS_START, e);
}

static void check_ad_hoc(struct checking *c, const struct bpmn_element *scope)
{
    bool has_activity = false;
    for (uint32_t i = 0; i < scope->children.count; i++) {
        const struct bpmn_element *child = &c->process->elements[scope->children.items[i]];
        has_activity |= bpmn_is_activity(child->type);
        if (child->type == BPMN_START_EVENT || child->type == BPMN_END_EVENT)
            complain(c, BPMN_CODE_AD_HOC_EVENT, child);
    }
    if (!has_activity)
        complain(c, BPMN_CODE_AD_HOC_EMPTY, scope);
}

static void check_scope(struct checking *c, const struct bpmn_element *e)
{
    uint32_t starts = 0;
    uint32_t none = count_none_starts(c, e, &starts);
    if (e->type == BPMN_EVENT_SUB_PROCESS)
        check_event_sub_process(c, e, none, starts);
    else if (none > 1)
        complain(c, BPMN_CODE_SEVERAL_NONE_STARTS, e);
    if (e->type == BPMN_AD_HOC_SUB_PROCESS)
        check_ad_hoc(c, e);
    else if (e->children.count == 0)
        complain(c, BPMN_CODE_EMPTY_SCOPE, e);
    else if (e->starts.count == 0 && e->triggered_starts.count == 0)
        complain(c, BPMN_CODE_NO_START, e);
    check_starts(c, e);
    reader_check_level(c->r, c->process, e);
}

static void check_element(struct checking *c, const struct bpmn_element *e)
{
    if (bpmn_is_scope(e->type))
        check_scope(c, e);
    if (bpmn_is_activity(e->type))
        check_activity(c, e);
    else if (bpmn_is_gateway(e->type))
        check_gateway(c, e);
    else if (e->type == BPMN_START_EVENT)
        check_start(c, e);
    else if (e->type == BPMN_END_EVENT)
        check_end(c, e);
    else if (e->type == BPMN_BOUNDARY_EVENT)
        check_boundary(c, e);
    else if (e->type == BPMN_INTERMEDIATE_CATCH_EVENT)
        check_catch(c, e);
    else if (e->type == BPMN_INTERMEDIATE_THROW_EVENT)
        check_throw(c, e);
}

void reader_validate(struct reader *r, const struct bpmn_process *process)
{
    struct checking c = {r, process, ARENA_ARRAY(r->scratch, bool, process->element_count)};
    for (uint32_t i = 0; i < process->element_count; i++)
        if (process->elements[i].type == BPMN_BOUNDARY_EVENT &&
            process->elements[i].compensation != BPMN_NONE)
            c.handlers[process->elements[i].compensation] = true;
    for (uint32_t i = 0; i < process->flow_count; i++) {
        const struct bpmn_flow *f = &process->flows[i];
        if (f->source != BPMN_NONE && f->target != BPMN_NONE &&
            process->elements[f->source].scope != process->elements[f->target].scope)
            reader_problem(r, BPMN_CODE_FLOW_CROSSES_SCOPE, f->id, f->line, STR_EMPTY);
    }
    for (uint32_t i = 0; i < process->element_count; i++)
        check_element(&c, &process->elements[i]);
}
