// SPDX-License-Identifier: Apache-2.0
// The trace: every event of a step in the order it happened, with names.
#include "sim/world.h"

#include <stdlib.h>

struct traced {
    const struct event *event;
    const struct history_row *row;
};

static int by_order(const void *a, const void *b)
{
    uint32_t left = ((const struct traced *)a)->event->order;
    uint32_t right = ((const struct traced *)b)->event->order;
    return left < right ? -1 : left > right;
}

static const struct bpmn_element *element_at(struct sim *sim, const struct bpmn_process *process,
                                             const struct event *event)
{
    if (process == NULL)
        return NULL;
    if (event->element != EVENT_NO_INDEX && event->element <= process->element_count)
        return &process->elements[event->element - 1];
    const struct bpmn_element *known =
        event->key ? idmap_get(&sim->element_names, event->key) : NULL;
    return known != NULL || event->scope == 0 ? known
                                              : idmap_get(&sim->element_names, event->scope);
}

static void remember(struct sim *sim, const struct event *event, const struct bpmn_element *element)
{
    bool names = event->type == EVENT_ELEMENT_ACTIVATED ||
                 event->type == EVENT_ELEMENT_ACTIVATING || event->type == EVENT_ELEMENT_MIGRATED ||
                 event->type == EVENT_JOB_CREATED || event->type == EVENT_TIMER_CREATED ||
                 event->type == EVENT_SUBSCRIPTION_OPENING ||
                 event->type == EVENT_USER_TASK_CREATED || event->type == EVENT_INCIDENT_CREATED;
    if (names && element != NULL && event->key != 0)
        idmap_put(&sim->element_names, event->key, (void *)element);
}

// An activation in an ad-hoc sub-process is an instance of the same element inside of it; of one
// that has a loop the loop's body comes first.
static void note_activation(struct sim *sim, const struct event *event,
                            const struct bpmn_element *element)
{
    bool begins = event->type == EVENT_ELEMENT_ACTIVATED || event->type == EVENT_ELEMENT_ACTIVATING;
    if (!begins || element == NULL || element->ad_hoc == NULL || event->scope == 0 ||
        idmap_get(&sim->element_names, event->scope) != element)
        return;
    idmap_put(&sim->repeated, event->key, sim);
    if (element->loop == NULL || idmap_get(&sim->repeated, event->scope) != NULL)
        idmap_put(&sim->activations, event->key, sim);
}

static void visit(struct sim *sim, const struct event *event, const struct bpmn_process *process,
                  const struct bpmn_element *element)
{
    if (event->type == EVENT_ELEMENT_ACTIVATED && element != NULL)
        map_put(&sim->visited, element->id, (void *)element);
    if (event->type == EVENT_SLA_BREACHED && element != NULL)
        map_put(&sim->breached, element->id, (void *)element);
    if (event->type == EVENT_FLOW_TAKEN && process != NULL)
        map_put(&sim->visited, process->flows[event->flow - 1].id,
                (void *)&process->flows[event->flow - 1]);
}

static void show(struct sim *sim, const struct traced *traced)
{
    const struct event *event = traced->event;
    bool of_instance = traced->row->stream_kind == STREAM_INSTANCE;
    struct sim_instance *instance = of_instance ? world_instance(sim, traced->row->stream) : NULL;
    const struct bpmn_process *process = instance ? instance->process : NULL;
    const struct bpmn_element *element = of_instance ? element_at(sim, process, event) : NULL;
    note_activation(sim, event, element);
    remember(sim, event, element);
    if (element != NULL)
        sim->last_element = element->id;
    if (event->type == EVENT_ELEMENT_INTERRUPTED)
        idmap_put(&sim->interrupted, event->key, sim);
    visit(sim, event, process, element);
    struct sim_event out = {
        .seq = ++sim->seq,
        .time_ms = event->time_ms,
        .event = event_type_name(event->type),
        .process = process ? process->id : STR_EMPTY,
        .instance = of_instance ? traced->row->stream : 0,
        .element = element ? element->id : STR_EMPTY,
        .type = element ? str_of(bpmn_type_local_name(element->type)) : STR_EMPTY,
        .key = event->key,
        .scope = event->scope,
    };
    if (event->type == EVENT_FLOW_TAKEN && process != NULL) {
        out.element = process->flows[event->flow - 1].id;
        out.type = STR("sequenceFlow");
    }
    if (idmap_get(&sim->activations, event->key) != NULL && element != NULL) {
        out.element = str_format(&sim->arena, "%.*s#innerInstance", STR_ARG(element->id));
        out.type = STR("adHocSubProcessInnerInstance");
    }
    if (sim->options.observer != NULL)
        sim->options.observer(sim->options.observer_context, &out);
    if (sim->options.manual && event->type == EVENT_ELEMENT_COMPLETED && element != NULL)
        manual_event(sim, process, element, event->key);
}

void world_trace(struct sim *sim, const struct changes *changes)
{
    size_t count = 0;
    for (size_t i = 0; i < changes->history.count; i++)
        count += changes->history.items[i].count;
    struct traced *all = ARENA_ARRAY(&sim->arena, struct traced, count);
    count = 0;
    for (size_t i = 0; i < changes->history.count; i++)
        for (size_t k = 0; k < changes->history.items[i].count; k++)
            all[count++] =
                (struct traced){&changes->history.items[i].events[k], &changes->history.items[i]};
    qsort(all, count, sizeof *all, by_order);
    for (size_t i = 0; i < count; i++)
        show(sim, &all[i]);
}
