// SPDX-License-Identifier: Apache-2.0
// Gateways, and the choice among outgoing flows that activities with conditional flows make too
// (BPMN 2.0, 13.3).
#include "engine/step.h"

static void take(uint32_t *flows, uint32_t *count, uint32_t flow)
{
    flows[(*count)++] = flow;
}

static bool holds(struct engine *engine, element_ref ei, const struct bpmn_flow *flow,
                  bool *ret_truth, str *ret_why)
{
    *ret_truth = true;
    return flow->condition == NULL ||
           expression_truth(engine, ei, flow->condition, ret_truth, ret_why);
}

static bool nothing_holds(struct engine *engine, const struct bpmn_element *element, str *ret_why)
{
    *ret_why = str_format(engine->turn, "no condition of '%.*s' holds and it has no default flow",
                          STR_ARG(element->id));
    return false;
}

// All flows whose condition holds; of an exclusive gateway the first. The default when no condition
// holds.
bool gateway_choose(struct engine *engine, instance_ref instance, element_ref ei,
                    uint32_t **ret_flows, uint32_t *ret_count, str *ret_why)
{
    const struct bpmn_element *element = element_of(instance, ei);
    bool blind = element->type == BPMN_PARALLEL_GATEWAY;
    bool only_one = element->type == BPMN_EXCLUSIVE_GATEWAY;
    bool single = only_one && element->outgoing.count == 1;
    bool conditional = false;
    uint32_t *flows = ARENA_ARRAY(engine->turn, uint32_t, element->outgoing.count);
    uint32_t count = 0, by_condition = 0;
    if (engine->environment.choose_flows != NULL &&
        engine->environment.choose_flows(engine->environment.context, instance->process,
                                         ei->element, flows, ret_count)) {
        *ret_flows = flows;
        return true;
    }
    for (uint32_t i = 0; i < element->outgoing.count; i++) {
        uint32_t index = element->outgoing.items[i];
        const struct bpmn_flow *flow = &instance->process->flows[index];
        bool truth = true;
        if (index == element->default_flow && !blind && !single)
            continue;
        conditional |= flow->condition != NULL;
        if (!blind && !holds(engine, ei, flow, &truth, ret_why))
            return false;
        if (!truth)
            continue;
        by_condition += flow->condition != NULL || only_one;
        take(flows, &count, index);
        if (only_one)
            break;
    }
    bool undecided = by_condition == 0 && !blind && !single;
    if (undecided && element->default_flow != BPMN_NONE)
        take(flows, &count, element->default_flow);
    if (count == 0 && conditional && bpmn_is_gateway(element->type))
        return nothing_holds(engine, element, ret_why);
    *ret_flows = flows;
    *ret_count = count;
    return true;
}

void gateway_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    uint32_t *flows, count;
    str why;
    if (element->type == BPMN_EVENT_BASED_GATEWAY)
        return; // waits for what was subscribed to
    if (element->output_count > 0 || element->listener_count > 0) {
        activity_complete(engine, instance, ei);
        return;
    }
    if (gateway_choose(engine, instance, ei, &flows, &count, &why))
        activity_leave(engine, instance, ei, flows, count);
    else
        incident_raise(engine, instance, ei, "CONDITION_ERROR", why);
}

// -- Joins ------------------------------------------------------------------------------

bool gateway_waits_late(const struct bpmn_element *element)
{
    return element->incoming.count > 1 &&
           (element->type == BPMN_INCLUSIVE_GATEWAY || element->type == BPMN_COMPLEX_GATEWAY);
}

bool gateway_is_complete(instance_ref instance, element_ref scope, uint32_t index)
{
    const struct bpmn_element *element = &instance->process->elements[index];
    uint32_t there = 0, flows = 0;
    for (uint32_t i = 0; i < element->incoming.count; i++) {
        uint32_t count = state_arrived(scope, element->incoming.items[i]);
        there += count;
        flows += count > 0;
    }
    return element->type == BPMN_PARALLEL_GATEWAY ? flows == element->incoming.count
                                                  : there >= element->start_quantity;
}

// -- The inclusive join -----------------------------------------------------------------
//
// It fires when it has a token and no token elsewhere can still reach one of its empty incoming
// flows without passing through it, unless the same token could as well reach a flow that already
// has one (BPMN 2.0, table 13.3). What comes from a border that does not interrupt comes beside the
// token of its host, not instead of it: that one is waited for.

struct reach {
    struct engine *engine;
    instance_ref instance;
    uint32_t gateway;
    bool instead; // not from a border that does not interrupt back to its host
    bool *seen;   // by element
    ARRAY(uint32_t) stack;
};

static void visit(struct reach *r, uint32_t element)
{
    if (element == BPMN_NONE || element == r->gateway || r->seen[element])
        return;
    r->seen[element] = true;
    *ARRAY_PUSH(r->engine->turn, &r->stack) = element;
}

static void visit_before(struct reach *r, uint32_t index)
{
    const struct bpmn_process *process = r->instance->process;
    const struct bpmn_element *element = &process->elements[index];
    for (uint32_t i = 0; i < element->incoming.count; i++)
        visit(r, process->flows[element->incoming.items[i]].source);
    if (element->type == BPMN_BOUNDARY_EVENT && (element->interrupting || !r->instead))
        visit(r, element->host);
    if (!bpmn_has_trigger(element, BPMN_LINK_TRIGGER) ||
        element->type != BPMN_INTERMEDIATE_CATCH_EVENT)
        return;
    const struct bpmn_list *siblings = &process->elements[element->scope].children;
    for (uint32_t i = 0; i < siblings->count; i++)
        if (process->elements[siblings->items[i]].link_target == index)
            visit(r, siblings->items[i]);
}

// A complex gateway that waits for reset counts a flow that gave a token in its first phase.
static bool is_served(instance_ref instance, element_ref scope, uint32_t flow)
{
    return state_arrived(scope, flow) > 0 ||
           state_arrived(scope, state_consumed_mark(instance->process, flow)) > 0;
}

// The elements from which the gateway's flows that have (or lack) a token can be reached.
static bool *elements_before(struct engine *engine, instance_ref instance, element_ref scope,
                             uint32_t gateway, bool with_token)
{
    struct reach r = {
        .engine = engine, .instance = instance, .gateway = gateway, .instead = with_token};
    const struct bpmn_element *element = &instance->process->elements[gateway];
    r.seen = ARENA_ARRAY(engine->turn, bool, instance->process->element_count);
    for (uint32_t i = 0; i < element->incoming.count; i++) {
        uint32_t flow = element->incoming.items[i];
        if (is_served(instance, scope, flow) == with_token)
            visit(&r, instance->process->flows[flow].source);
    }
    while (r.stack.count > 0)
        visit_before(&r, r.stack.items[--r.stack.count]);
    return r.seen;
}

static bool nothing_can_come(struct engine *engine, instance_ref instance, element_ref scope,
                             uint32_t gateway)
{
    const struct bpmn_process *process = instance->process;
    bool *empty = elements_before(engine, instance, scope, gateway, false);
    bool *filled = elements_before(engine, instance, scope, gateway, true);
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        if (child->phase != PHASE_TERMINATING && empty[child->element] && !filled[child->element])
            return false;
    for (const struct token *t = scope->arrived; t != NULL; t = t->next) {
        if (t->flow >= process->flow_count)
            continue; // what a complex gateway remembers is no token
        uint32_t at = process->flows[t->flow].target;
        if (at != gateway && empty[at] && !filled[at])
            return false;
    }
    return true;
}

static bool has_token(instance_ref instance, element_ref scope, uint32_t gateway)
{
    const struct bpmn_element *element = &instance->process->elements[gateway];
    for (uint32_t i = 0; i < element->incoming.count; i++)
        if (state_arrived(scope, element->incoming.items[i]) > 0)
            return true;
    return false;
}

// -- The complex gateway ----------------------------------------------------------------

// The activation condition counts tokens: `activationCount` is how many are on the incoming flows
// (10.6.5, 13.4.5).
// Without a condition the first token activates.
static bool is_activated(struct engine *engine, instance_ref instance, element_ref scope,
                         uint32_t gateway)
{
    const struct bpmn_element *element = &instance->process->elements[gateway];
    int64_t arrived = 0;
    for (uint32_t i = 0; i < element->incoming.count; i++)
        arrived += state_arrived(scope, element->incoming.items[i]);
    if (element->activation == NULL)
        return arrived > 0;
    struct element_instance counting = {.scope = (struct element_instance *)scope};
    struct variable count = {.name = STR("activationCount"),
                             .value = str_format(engine->turn, "%lld", (long long)arrived)};
    counting.variables = &count;
    bool truth;
    str why;
    return expression_truth(engine, &counting, element->activation, &truth, &why) && truth;
}

static bool fire_complex(struct engine *engine, instance_ref instance, element_ref scope,
                         uint32_t gateway)
{
    bool resetting = state_arrived(scope, state_reset_mark(instance->process, gateway)) > 0;
    if (!resetting) {
        if (!is_activated(engine, instance, scope, gateway))
            return false;
        activity_activate(engine, instance, scope, gateway, (struct event){0});
        return true;
    }
    if (!nothing_can_come(engine, instance, scope, gateway))
        return false;
    step_emit(engine, instance,
              (struct event){.type = EVENT_TOKENS_DROPPED,
                             .scope = scope->entity.key,
                             .element = gateway + 1});
    activity_scope_left(engine, instance, scope);
    return true;
}

static bool fire_in_scope(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_process *process = instance->process;
    const struct bpmn_element *owner = element_of(instance, scope);
    for (uint32_t i = 0; scope->arrived != NULL && i < owner->children.count; i++) {
        uint32_t gateway = owner->children.items[i];
        const struct bpmn_element *element = &process->elements[gateway];
        if (!gateway_waits_late(element))
            continue;
        bool marked = element->type == BPMN_COMPLEX_GATEWAY &&
                      state_arrived(scope, state_reset_mark(instance->process, gateway)) > 0;
        if (!marked && !has_token(instance, scope, gateway))
            continue;
        if (element->type == BPMN_COMPLEX_GATEWAY) {
            if (fire_complex(engine, instance, scope, gateway))
                return true;
        } else if (nothing_can_come(engine, instance, scope, gateway)) {
            activity_activate(engine, instance, scope, gateway, (struct event){0});
            return true;
        }
    }
    return false;
}

static bool fire_below(struct engine *engine, instance_ref instance, element_ref scope)
{
    if (scope->arrived != NULL && fire_in_scope(engine, instance, scope))
        return true;
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        if (child->first_child != NULL || child->arrived != NULL)
            if (fire_below(engine, instance, child))
                return true;
    return false;
}

bool gateway_fire_late(struct engine *engine, instance_ref instance)
{
    return instance->process->has_late_joins && instance->root != NULL &&
           instance->state == INSTANCE_ACTIVE && fire_below(engine, instance, instance->root);
}
