// SPDX-License-Identifier: Apache-2.0
#include "bpmn/bpmn.h"

static const struct {
    const char *name;
    const char *local_name;
    enum bpmn_family family;
} types[] = {
#define SCOPE BPMN_SCOPE
#define TASK BPMN_TASK_FAMILY
#define GATEWAY BPMN_GATEWAY
#define EVENT BPMN_EVENT
#define ELEMENT(name, local_name, family) {#name, local_name, family},
#include "bpmn/elements.def"
#undef ELEMENT
#undef SCOPE
#undef TASK
#undef GATEWAY
#undef EVENT
};

static const char *const trigger_names[] = {
    "NONE",
#define TRIGGER(name, element, waits) #name,
#include "bpmn/triggers.def"
#undef TRIGGER
};

static const struct {
    const char *name;
    enum bpmn_severity severity;
} codes[] = {
#define ERROR BPMN_ERROR
#define WARNING BPMN_WARNING
#define INFO BPMN_INFO
#define PROBLEM(name, severity, text) {#name, severity},
#include "bpmn/problems.def"
#undef PROBLEM
#undef ERROR
#undef WARNING
#undef INFO
};

static const char *const listener_events[] = {"start",    "end",        "creating", "assigning",
                                              "updating", "completing", "canceling"};
static const char *const severities[] = {"error", "warning", "info"};

const char *bpmn_type_local_name(enum bpmn_type type)
{
    return types[type].local_name;
}

const char *bpmn_trigger_name(enum bpmn_trigger_kind kind)
{
    return trigger_names[kind];
}

const char *bpmn_listener_event_name(enum bpmn_listener_event event)
{
    return listener_events[event];
}

const char *bpmn_code_name(enum bpmn_code code)
{
    return codes[code].name;
}

const char *bpmn_severity_name(enum bpmn_severity severity)
{
    return severities[severity];
}

const struct bpmn_element *bpmn_find_element(const struct bpmn_process *process, str id)
{
    return map_get(&process->by_id, id);
}

const struct bpmn_flow *bpmn_find_flow(const struct bpmn_process *process, str id)
{
    return map_get(&process->flows_by_id, id);
}

const struct bpmn_process *bpmn_find_process(const struct bpmn_resource *resource, str id)
{
    for (size_t i = 0; i < resource->process_count; i++)
        if (str_equal(resource->processes[i]->id, id))
            return resource->processes[i];
    return NULL;
}

bool bpmn_has_trigger(const struct bpmn_element *element, enum bpmn_trigger_kind kind)
{
    for (uint32_t i = 0; i < element->trigger_count; i++)
        if (element->triggers[i].kind == kind)
            return true;
    return false;
}

const struct bpmn_element *bpmn_starting_gateway(const struct bpmn_process *process,
                                                 uint32_t element)
{
    const struct bpmn_list *incoming = &process->elements[element].incoming;
    for (uint32_t i = 0; i < incoming->count; i++) {
        uint32_t source = process->flows[incoming->items[i]].source;
        if (process->elements[source].type == BPMN_EVENT_BASED_GATEWAY &&
            process->elements[source].instantiates)
            return &process->elements[source];
    }
    return NULL;
}

bool bpmn_starts_in_parallel(const struct bpmn_process *process, uint32_t element)
{
    const struct bpmn_element *gateway = bpmn_starting_gateway(process, element);
    const struct bpmn_element *e = &process->elements[element];
    bool needs_all = e->type == BPMN_START_EVENT && e->parallel_multiple && e->trigger_count > 1;
    return needs_all || (gateway != NULL && gateway->parallel_start);
}
