// SPDX-License-Identifier: Apache-2.0
//
// Walking a model that has no data yet. The process is copied without what would need data:
// activities become jobs, events wait without a subscription, conditions go. What the drawing says
// remains: flows, gateways, scopes, borders, references.
#include "sim/world.h"

// -- The copy ---------------------------------------------------------------------------

static const struct feel_program *program_of(struct sim *sim, const char *source)
{
    const struct feel_program *program;
    struct error err;
    check(feel_compile(&sim->arena, str_of(source), NULL, &program, &err));
    return program;
}

static const struct feel_program *text_program(struct sim *sim, str text)
{
    struct strbuf source = strbuf_new(&sim->arena);
    json_quote(&source, text);
    return program_of(sim, strbuf_cstr(&source));
}

static bool is_literal_count(const struct feel_program *program)
{
    const feel_value *value = program ? feel_program_constant(program) : NULL;
    return value != NULL && feel_is(*value, FEEL_NUMBER);
}

static void simplify_loop(struct sim *sim, struct bpmn_element *e)
{
    struct bpmn_loop *loop = arena_copy(&sim->arena, e->loop, sizeof *e->loop);
    loop->collection = loop->output_element = loop->condition = NULL;
    loop->element_variable = loop->output_collection = STR_EMPTY;
    loop->behavior = BPMN_THROW_ALL;
    if (!is_literal_count(loop->cardinality))
        loop->cardinality = program_of(sim, "1");
    loop->test_before = false;
    e->loop = loop;
}

static bool is_deployed(const struct sim *sim, const struct bpmn_call *call)
{
    const feel_value *id = call && call->id ? feel_program_constant(call->id) : NULL;
    for (size_t i = 0; id != NULL && i < sim->models.count; i++)
        if (sim->models.items[i].resource != NULL &&
            bpmn_find_process(sim->models.items[i].resource, id->string) != NULL)
            return true;
    return false;
}

static void simplify_activity(struct sim *sim, struct bpmn_element *e)
{
    static const struct bpmn_job none;
    bool waits = e->type == BPMN_RECEIVE_TASK; // by its nature
    bool calls = e->type == BPMN_CALL_ACTIVITY && is_deployed(sim, e->call);
    e->job = NULL;
    if (e->loop != NULL)
        simplify_loop(sim, e);
    if (bpmn_is_scope(e->type)) {
        struct bpmn_ad_hoc *ad_hoc =
            e->ad_hoc ? arena_copy(&sim->arena, e->ad_hoc, sizeof *e->ad_hoc) : NULL;
        if (ad_hoc != NULL)
            ad_hoc->condition = ad_hoc->active_elements = ad_hoc->output_element = NULL;
        e->ad_hoc = ad_hoc;
        return;
    }
    e->trigger_count = 0;
    if (waits || calls)
        return;
    struct bpmn_job *job = arena_copy(&sim->arena, &none, sizeof none);
    job->type = program_of(sim, "\"manual\"");
    job->headers = STR("{}");
    e->job = job;
    e->call = NULL;
}

static bool needs_data(enum bpmn_trigger_kind kind)
{
    return kind >= BPMN_MESSAGE_TRIGGER && kind <= BPMN_CONDITION_TRIGGER;
}

// Waiting events keep a condition that never holds by itself; throwing ones lose what needs data.
static void simplify_event(struct sim *sim, const struct bpmn_process *process,
                           struct bpmn_element *e)
{
    bool throws = e->type == BPMN_INTERMEDIATE_THROW_EVENT || e->type == BPMN_END_EVENT;
    bool process_start =
        e->type == BPMN_START_EVENT && process->elements[e->scope].type != BPMN_EVENT_SUB_PROCESS;
    struct bpmn_trigger *triggers =
        ARENA_ARRAY(&sim->arena, struct bpmn_trigger, e->trigger_count + 1);
    uint32_t count = 0;
    e->job = NULL;
    for (uint32_t i = 0; i < e->trigger_count; i++) {
        struct bpmn_trigger t = e->triggers[i];
        if (needs_data(t.kind) && throws)
            continue;
        if (needs_data(t.kind))
            t = (struct bpmn_trigger){.kind = BPMN_CONDITION_TRIGGER, .activity = BPMN_NONE};
        else if (!str_is_empty(t.reference))
            t.name = text_program(sim, t.reference);
        triggers[count++] = t;
    }
    if (count == 0 && !throws && !process_start)
        triggers[count++] =
            (struct bpmn_trigger){.kind = BPMN_CONDITION_TRIGGER, .activity = BPMN_NONE};
    e->triggers = triggers;
    e->trigger_count = count;
    e->parallel_multiple = false;
}

static void simplify(struct sim *sim, const struct bpmn_process *process, struct bpmn_element *e)
{
    e->input_count = e->output_count = e->listener_count = 0;
    e->activation = NULL;
    if (!bpmn_is_gateway(e->type))
        e->default_flow = BPMN_NONE;
    if (bpmn_is_event(e->type))
        simplify_event(sim, process, e);
    else if (bpmn_is_activity(e->type) || bpmn_is_scope(e->type))
        simplify_activity(sim, e);
}

const struct bpmn_process *manual_process(struct sim *sim, const struct bpmn_process *process)
{
    struct bpmn_process *copy = arena_copy(&sim->arena, process, sizeof *process);
    struct bpmn_element *elements =
        arena_copy(&sim->arena, process->elements, process->element_count * sizeof *elements);
    struct bpmn_flow *flows =
        arena_copy(&sim->arena, process->flows, process->flow_count * sizeof *flows);
    copy->by_id = map_new(&sim->arena);
    copy->flows_by_id = map_new(&sim->arena);
    copy->conditions = (struct bpmn_list){0};
    for (uint32_t i = process->element_count; i > 0; i--) {
        simplify(sim, process, &elements[i - 1]);
        map_put(&copy->by_id, elements[i - 1].id, &elements[i - 1]);
    }
    for (uint32_t i = process->flow_count; i > 0; i--) {
        flows[i - 1].condition = NULL;
        map_put(&copy->flows_by_id, flows[i - 1].id, &flows[i - 1]);
    }
    copy->elements = elements;
    copy->flows = flows;
    return copy;
}

// -- Choosing ---------------------------------------------------------------------------

static bool is_choice(enum bpmn_type type)
{
    return type == BPMN_EXCLUSIVE_GATEWAY || type == BPMN_INCLUSIVE_GATEWAY ||
           type == BPMN_COMPLEX_GATEWAY;
}

// Can a token that takes this flow come to the element again, within its scope?
static bool leads_back(struct sim *sim, const struct bpmn_process *process, uint32_t flow,
                       uint32_t element)
{
    bool *seen = ARENA_ARRAY(&sim->arena, bool, process->element_count);
    ARRAY(uint32_t) stack = {0};
    *ARRAY_PUSH(&sim->arena, &stack) = process->flows[flow].target;
    while (stack.count > 0) {
        uint32_t at = stack.items[--stack.count];
        if (at == element)
            return true;
        if (seen[at])
            continue;
        seen[at] = true;
        const struct bpmn_element *e = &process->elements[at];
        for (uint32_t i = 0; i < e->outgoing.count; i++)
            *ARRAY_PUSH(&sim->arena, &stack) = process->flows[e->outgoing.items[i]].target;
        if (e->link_target != BPMN_NONE)
            *ARRAY_PUSH(&sim->arena, &stack) = e->link_target;
    }
    return false;
}

// How often the walk has taken a flow by itself, and whether that leads back to where it began.
static struct way *way_of(struct sim *sim, const struct bpmn_process *process, uint32_t flow)
{
    str key = str_format(&sim->arena, "%.*s/%u", STR_ARG(process->id), flow);
    struct way *way = map_get(&sim->ways, key);
    if (way != NULL)
        return way;
    way = ARENA_NEW(&sim->arena, struct way);
    way->leads_back = leads_back(sim, process, flow, process->flows[flow].source);
    map_put(&sim->ways, key, way);
    return way;
}

// The default, else the first. A way that led back here is not taken again while there is one that
// was not taken; then what leads away goes before what leads back.
static uint32_t choose_by_itself(struct sim *sim, const struct bpmn_process *process,
                                 const struct bpmn_element *element)
{
    uint32_t first =
        element->default_flow != BPMN_NONE ? element->default_flow : element->outgoing.items[0];
    uint32_t best = first;
    struct way *way = way_of(sim, process, first);
    for (uint32_t i = 0; way->leads_back && way->taken > 0 && i < element->outgoing.count; i++) {
        struct way *other = way_of(sim, process, element->outgoing.items[i]);
        bool is_fresh = other->taken == 0 && way->taken > 0;
        if (is_fresh || (!other->leads_back && way->leads_back)) {
            best = element->outgoing.items[i];
            way = other;
        }
    }
    if (++way->taken > SIM_MAX_ROUNDS && way->leads_back && !sim->limit_reached) {
        sim->limit_reached = true;
        (void)error_set(&sim->failure, ERROR_LIMIT, "simulate",
                        "the walk came to '%.*s' for ever: `take` says which way it goes",
                        STR_ARG(element->id));
    }
    return best;
}

bool manual_choose(struct sim *sim, const struct bpmn_process *process, uint32_t index,
                   uint32_t *ret_flows, uint32_t *ret_count)
{
    const struct bpmn_element *element = &process->elements[index];
    const struct take *take = map_get(&sim->takes, element->id);
    uint32_t count = 0;
    for (size_t i = 0; take != NULL && i < take->count && count < element->outgoing.count; i++) {
        const struct bpmn_flow *flow = bpmn_find_flow(process, take->flows[i]);
        if (flow != NULL && flow->source == index)
            ret_flows[count++] = (uint32_t)(flow - process->flows);
    }
    if (count == 0 && sim->options.manual && is_choice(element->type) &&
        element->outgoing.count > 0)
        ret_flows[count++] = choose_by_itself(sim, process, element);
    *ret_count = count;
    return count > 0;
}

// -- Throws and message flows -----------------------------------------------------------

static void deliver_later(struct sim *sim, str target)
{
    struct delivery **at = &sim->deliveries;
    while (*at != NULL)
        at = &(*at)->next;
    *at = ARENA_NEW(&sim->arena, struct delivery);
    (*at)->target = target;
}

static const struct deployed *deployed_process(const struct sim *sim, str id)
{
    for (size_t i = 0; i < sim->deployed.count; i++) {
        const struct deployed *d = &sim->deployed.items[i];
        if (d->process != NULL && str_equal(d->process->id, id))
            return d;
    }
    return NULL;
}

static bool is_running(const struct sim *sim, const struct bpmn_process *process)
{
    for (const struct sim_instance *i = sim->instances; i != NULL; i = i->next)
        if (i->process == process && i->state == INSTANCE_ACTIVE)
            return true;
    return false;
}

static bool can_begin(const struct bpmn_process *process)
{
    const struct bpmn_element *root = &process->elements[0];
    return root->starts.count > 0 || root->triggered_starts.count > 0;
}

// A message to a pool begins it, and one to a pool that runs has come where it was sent.
static bool reaches_process(struct sim *sim, str id)
{
    const struct deployed *d = deployed_process(sim, id);
    if (d == NULL)
        return false;
    if (!is_running(sim, d->process) && can_begin(d->process))
        trigger_start(sim, d, STR_EMPTY, STR_EMPTY);
    return true;
}

// The same for a message to the start of a participant that runs.
static bool has_begun(const struct sim *sim, str id)
{
    const struct deployed *d;
    const struct bpmn_element *e = trigger_find(sim, id, &d);
    return e != NULL && e->type == BPMN_START_EVENT && e->scope == 0 && is_running(sim, d->process);
}

bool manual_reach(struct sim *sim, str target)
{
    return has_begun(sim, target) || trigger_element(sim, target, STR_EMPTY) ||
           reaches_process(sim, target);
}

bool manual_deliver(struct sim *sim)
{
    for (struct delivery **at = &sim->deliveries; *at != NULL; at = &(*at)->next)
        if (manual_reach(sim, (*at)->target)) {
            *at = (*at)->next;
            return true;
        }
    return false;
}

str manual_flow_target(const struct sim *sim, str flow)
{
    for (size_t i = 0; i < sim->models.count; i++) {
        const struct bpmn_resource *resource = sim->models.items[i].resource;
        for (size_t k = 0; resource != NULL && k < resource->message_flow_count; k++)
            if (str_equal(resource->message_flows[k].id, flow))
                return resource->message_flows[k].target;
    }
    return STR_EMPTY;
}

static bool is_flow_target(const struct sim *sim, str id)
{
    for (size_t i = 0; i < sim->models.count; i++) {
        const struct bpmn_resource *resource = sim->models.items[i].resource;
        for (size_t k = 0; resource != NULL && k < resource->message_flow_count; k++)
            if (str_equal(resource->message_flows[k].target, id))
                return true;
    }
    return false;
}

static bool send_by_flows(struct sim *sim, str source)
{
    bool any = false;
    for (size_t i = 0; i < sim->models.count; i++) {
        const struct bpmn_resource *resource = sim->models.items[i].resource;
        for (size_t k = 0; resource != NULL && k < resource->message_flow_count; k++)
            if (str_equal(resource->message_flows[k].source, source)) {
                deliver_later(sim, resource->message_flows[k].target);
                any = true;
            }
    }
    return any;
}

static bool catches(const struct bpmn_element *e, const struct bpmn_trigger *thrown)
{
    bool waits = e->type == BPMN_START_EVENT || e->type == BPMN_BOUNDARY_EVENT ||
                 e->type == BPMN_INTERMEDIATE_CATCH_EVENT || e->type == BPMN_RECEIVE_TASK;
    for (uint32_t i = 0; waits && i < e->trigger_count; i++)
        if (e->triggers[i].kind == thrown->kind &&
            str_equal(e->triggers[i].reference, thrown->reference))
            return true;
    return false;
}

// None equals none, in a sketch; but a message that is drawn to come from elsewhere comes from
// there, and what names nothing begins no process a second time.
static bool is_meant(const struct sim *sim, const struct bpmn_element *e,
                     const struct bpmn_trigger *thrown)
{
    const struct deployed *d;
    if (!str_is_empty(thrown->reference))
        return true;
    if (is_flow_target(sim, e->id))
        return false;
    bool is_first = trigger_find(sim, e->id, &d) != NULL;
    for (const struct sim_instance *i = sim->instances; is_first && i != NULL; i = i->next)
        is_first = i->process != d->process;
    return e->type != BPMN_START_EVENT || e->scope != 0 || is_first;
}

// A message goes to one that waits for it, a signal to all.
static void throw_to_catchers(struct sim *sim, const struct bpmn_trigger *thrown, uint64_t thrower)
{
    for (size_t i = 0; i < sim->deployed.count; i++) {
        const struct bpmn_process *process = sim->deployed.items[i].original;
        for (uint32_t k = 0; process != NULL && k < process->element_count; k++) {
            const struct bpmn_element *e = &process->elements[k];
            if (!catches(e, thrown) || !is_meant(sim, e, thrown))
                continue;
            if (thrown->kind == BPMN_SIGNAL_TRIGGER)
                trigger_everywhere(sim, e->id, thrower);
            else if (trigger_element(sim, e->id, STR_EMPTY))
                return;
        }
    }
}

static bool is_broadcast(const struct bpmn_trigger *trigger)
{
    return trigger->kind == BPMN_MESSAGE_TRIGGER || trigger->kind == BPMN_SIGNAL_TRIGGER;
}

void manual_event(struct sim *sim, const struct bpmn_process *process,
                  const struct bpmn_element *element, uint64_t key)
{
    static const struct bpmn_trigger message = {.kind = BPMN_MESSAGE_TRIGGER};
    const struct bpmn_element *drawn = NULL;
    if (send_by_flows(sim, element->id))
        return;
    for (size_t i = 0; i < sim->deployed.count; i++)
        if (sim->deployed.items[i].process == process)
            drawn = bpmn_find_element(sim->deployed.items[i].original, element->id);
    bool throws = drawn != NULL && (drawn->type == BPMN_INTERMEDIATE_THROW_EVENT ||
                                    drawn->type == BPMN_END_EVENT || drawn->type == BPMN_SEND_TASK);
    if (throws && drawn->type == BPMN_SEND_TASK && drawn->trigger_count == 0)
        throw_to_catchers(sim, &message, key);
    for (uint32_t i = 0; throws && i < drawn->trigger_count; i++)
        if (is_broadcast(&drawn->triggers[i]))
            throw_to_catchers(sim, &drawn->triggers[i], key);
}
