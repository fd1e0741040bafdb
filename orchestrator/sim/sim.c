// SPDX-License-Identifier: Apache-2.0
// A run from deployment to result.
#include "sim/world.h"

// -- Where to begin ---------------------------------------------------------------------

static bool begins_by_itself(const struct bpmn_process *process)
{
    return process->executable && process->elements[0].starts.count > 0;
}

static bool is_called(const struct sim *sim, str id)
{
    for (size_t i = 0; i < sim->deployed.count; i++) {
        const struct bpmn_process *process = sim->deployed.items[i].original;
        for (uint32_t k = 0; process != NULL && k < process->element_count; k++) {
            const struct bpmn_call *call = process->elements[k].call;
            const feel_value *called = call && call->id ? feel_program_constant(call->id) : NULL;
            if (called != NULL && str_equal(called->string, id))
                return true;
        }
    }
    return false;
}

static const struct deployed *first_process(const struct sim *sim, str id)
{
    const struct deployed *called = NULL, *triggered = NULL;
    for (size_t i = 0; i < sim->deployed.count; i++) {
        const struct deployed *d = &sim->deployed.items[i];
        if (d->process == NULL || (!str_is_empty(id) && !str_equal(d->process->id, id)))
            continue;
        if (!str_is_empty(id))
            return d;
        if (!begins_by_itself(d->process) && !sim->options.manual)
            continue;
        const struct bpmn_element *root = &d->process->elements[0];
        if (root->starts.count == 0) {
            bool can_begin = root->triggered_starts.count > 0;
            triggered = triggered || !can_begin ? triggered : d;
            continue;
        }
        if (!is_called(sim, d->process->id))
            return d;
        called = called ? called : d;
    }
    return called != NULL || !sim->options.manual ? called : triggered;
}

static bool start_first(struct sim *sim, str process_id, str variables, struct error *err)
{
    const struct deployed *first = first_process(sim, process_id);
    if (first == NULL)
        return str_is_empty(process_id) ||
               error_set(err, ERROR_NOT_FOUND, "simulate", "no process '%.*s' is in these models",
                         STR_ARG(process_id));
    trigger_start(sim, first, STR_EMPTY, variables);
    world_drain(sim);
    return true;
}

static bool anything_runs(const struct sim *sim)
{
    return sim->running > 0 || sim->instances == NULL;
}

static bool finished_well(const struct sim *sim, struct error *err)
{
    if (sim->failure.kind != ERROR_NONE) {
        *err = sim->failure;
        return false;
    }
    return !sim->limit_reached ||
           error_set(err, ERROR_LIMIT, "simulate",
                     "stopped after %llu commands and %llu events, the limits are %d and %d; "
                     "the last was at '%.*s'",
                     (unsigned long long)sim->commands, (unsigned long long)sim->seq,
                     SIM_MAX_COMMANDS, sim_max_events(sim), STR_ARG(sim->last_element));
}

bool sim_run(struct sim *sim, str process_id, str variables, str script, struct error *err)
{
    int64_t until = sim->now_ms + sim->options.until_ms;
    bool scripted = !str_is_empty(str_trim(script));
    if (scripted && !script_read(sim, script, err))
        return false;
    if (!world_compile_decisions(sim, err))
        return false;
    world_deploy(sim);
    if (!sim->script_starts && !start_first(sim, process_id, variables, err))
        return false;
    if (scripted && !script_run(sim, script, err))
        return false;
    while (!scripted && anything_runs(sim) && world_advance(sim, until))
        ;
    return finished_well(sim, err);
}

// -- What came of it --------------------------------------------------------------------

static bool is_container(const struct sim *sim, const struct sim_element *e)
{
    const struct sim_instance *instance = world_instance(sim, e->instance);
    const struct bpmn_element *element =
        instance && instance->process ? bpmn_find_element(instance->process, e->id) : NULL;
    return element == NULL || bpmn_is_scope(element->type) ||
           str_equal(e->type, STR("multiInstanceBody")) ||
           str_find(e->waits_for, STR("called instance")) != SIZE_MAX;
}

static str reason_of(struct sim *sim, const struct sim_element *e)
{
    const struct sim_instance *instance = world_instance(sim, e->instance);
    const struct bpmn_element *element = bpmn_find_element(instance->process, e->id);
    if (!str_is_empty(e->waits_for))
        return e->waits_for;
    if (element->trigger_count > 0 && element->triggers[0].kind == BPMN_CONDITION_TRIGGER &&
        !sim->options.manual)
        return STR("condition");
    return STR("trigger");
}

static void list_waiting(struct sim *sim, struct sim_result *result)
{
    ARRAY(struct sim_waiting) waiting = {0};
    for (const struct sim_element *e = sim->elements.first; e != NULL; e = e->listed.next)
        if (!is_container(sim, e))
            *ARRAY_PUSH(&sim->arena, &waiting) = (struct sim_waiting){e->id, reason_of(sim, e)};
    result->waiting = waiting.items;
    result->waiting_count = waiting.count;
}

static void list_incidents(struct sim *sim, struct sim_result *result)
{
    ARRAY(str) incidents = {0};
    for (const struct sim_incident *i = sim->incidents.first; i != NULL; i = i->listed.next)
        *ARRAY_PUSH(&sim->arena, &incidents) = i->text;
    result->incidents = incidents.items;
    result->incident_count = incidents.count;
}

void sim_result(struct sim *sim, struct sim_result *ret_result)
{
    bool runs = sim->instances == NULL, terminated = false;
    struct sim_result result = {.variables = STR("{}")};
    for (const struct sim_instance *i = sim->instances; i != NULL; i = i->next) {
        runs |= i->state == INSTANCE_ACTIVE || i->state == INSTANCE_SUSPENDED;
        terminated |= i->state == INSTANCE_TERMINATED && i->parent == 0;
    }
    if (sim->instances != NULL && !str_is_empty(sim->instances->variables))
        result.variables = sim->instances->variables;
    list_waiting(sim, &result);
    list_incidents(sim, &result);
    result.warnings = sim->warnings.items;
    result.warning_count = sim->warnings.count;
    result.state = result.incident_count > 0 ? SIM_INCIDENT
                   : runs                    ? SIM_WAITING
                   : terminated              ? SIM_TERMINATED
                                             : SIM_COMPLETED;
    *ret_result = result;
}
