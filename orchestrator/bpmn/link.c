// SPDX-License-Identifier: Apache-2.0
// The last pass: what belongs to what, as lists of indices, and the arrays in their final place.
#include "bpmn/reader.h"

// Lists of several elements at once, by counting: owners[i] says whose list item i belongs to.
static void distribute(struct reader *r, const uint32_t *owners, uint32_t count, size_t member)
{
    uint32_t total = (uint32_t)r->elements.count;
    uint32_t *counts = ARENA_ARRAY(r->scratch, uint32_t, total);
    uint32_t *room = ARENA_ARRAY(r->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        if (owners[i] != BPMN_NONE)
            counts[owners[i]]++;
    for (uint32_t i = 0; i < total; i++) {
        struct bpmn_list *list = (void *)((char *)&r->elements.items[i] + member);
        *list = (struct bpmn_list){0, room};
        room += counts[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        if (owners[i] == BPMN_NONE)
            continue;
        struct bpmn_list *list = (void *)((char *)&r->elements.items[owners[i]] + member);
        ((uint32_t *)list->items)[list->count++] = i;
    }
}

static void distribute_flows(struct reader *r)
{
    uint32_t count = (uint32_t)r->flows.count;
    uint32_t *owners = ARENA_ARRAY(r->scratch, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        owners[i] = r->flows.items[i].source;
    distribute(r, owners, count, offsetof(struct bpmn_element, outgoing));
    for (uint32_t i = 0; i < count; i++)
        owners[i] = r->flows.items[i].target;
    distribute(r, owners, count, offsetof(struct bpmn_element, incoming));
}

static bool starts_by_itself(const struct bpmn_element *e)
{
    if (e->type == BPMN_START_EVENT)
        return e->trigger_count == 0;
    return false;
}

// Without a start event, everything that nothing leads to begins (10.2.1, 10.4.2).
static bool starts_implicitly(const struct bpmn_element *e)
{
    return e->incoming.count == 0 && !e->instantiates && !e->for_compensation &&
           e->type != BPMN_BOUNDARY_EVENT && e->type != BPMN_EVENT_SUB_PROCESS &&
           e->type != BPMN_START_EVENT && !bpmn_has_trigger(e, BPMN_LINK_TRIGGER);
}

static void distribute_elements(struct reader *r)
{
    uint32_t count = (uint32_t)r->elements.count;
    uint32_t *owners = ARENA_ARRAY(r->scratch, uint32_t, count);
    bool *has_start = ARENA_ARRAY(r->scratch, bool, count);
    const struct bpmn_element *items = r->elements.items;
    for (uint32_t i = 0; i < count; i++)
        owners[i] = items[i].type == BPMN_BOUNDARY_EVENT ? items[i].host : BPMN_NONE;
    distribute(r, owners, count, offsetof(struct bpmn_element, boundary));
    for (uint32_t i = 0; i < count; i++) {
        owners[i] = items[i].scope;
        if (items[i].type == BPMN_START_EVENT && items[i].scope != BPMN_NONE)
            has_start[items[i].scope] = true;
    }
    distribute(r, owners, count, offsetof(struct bpmn_element, children));
    for (uint32_t i = 0; i < count; i++)
        owners[i] = items[i].type == BPMN_EVENT_SUB_PROCESS ? items[i].scope : BPMN_NONE;
    distribute(r, owners, count, offsetof(struct bpmn_element, event_sub_processes));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t scope = items[i].scope;
        bool event = scope != BPMN_NONE && items[scope].type == BPMN_EVENT_SUB_PROCESS &&
                     items[i].type == BPMN_START_EVENT;
        bool starts = scope != BPMN_NONE && (has_start[scope] ? event || starts_by_itself(&items[i])
                                                              : starts_implicitly(&items[i]));
        owners[i] = starts ? scope : BPMN_NONE;
    }
    distribute(r, owners, count, offsetof(struct bpmn_element, starts));
    for (uint32_t i = 0; i < count; i++) {
        bool triggered = (items[i].type == BPMN_START_EVENT && items[i].trigger_count > 0) ||
                         (items[i].instantiates && items[i].incoming.count == 0);
        owners[i] = items[i].scope == 0 && triggered ? 0 : BPMN_NONE;
    }
    distribute(r, owners, count, offsetof(struct bpmn_element, triggered_starts));
}

static void list_conditions(struct reader *r, struct bpmn_process *process)
{
    uint32_t *found = ARENA_ARRAY(r->scratch, uint32_t, process->element_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < process->element_count; i++)
        if (bpmn_has_trigger(&process->elements[i], BPMN_CONDITION_TRIGGER))
            found[count++] = i;
    process->conditions = reader_list(r, found, count);
}

static void note_features(struct bpmn_process *process)
{
    for (uint32_t i = 0; i < process->element_count; i++) {
        const struct bpmn_element *e = &process->elements[i];
        process->has_compensation |= e->for_compensation || e->compensation != BPMN_NONE ||
                                     bpmn_has_trigger(e, BPMN_COMPENSATION_TRIGGER);
        process->has_late_joins |=
            (e->type == BPMN_INCLUSIVE_GATEWAY || e->type == BPMN_COMPLEX_GATEWAY) &&
            e->incoming.count > 1;
    }
}

static void index_ids(struct reader *r, struct bpmn_process *process)
{
    process->by_id = map_new(r->arena);
    process->flows_by_id = map_new(r->arena);
    map_reserve(&process->by_id, process->element_count);
    map_reserve(&process->flows_by_id, process->flow_count);
    for (uint32_t i = process->element_count; i > 0; i--)
        map_put(&process->by_id, process->elements[i - 1].id, (void *)&process->elements[i - 1]);
    for (uint32_t i = process->flow_count; i > 0; i--)
        map_put(&process->flows_by_id, process->flows[i - 1].id, (void *)&process->flows[i - 1]);
}

void reader_link(struct reader *r, struct bpmn_process *process)
{
    distribute_flows(r);
    distribute_elements(r);
    process->element_count = (uint32_t)r->elements.count;
    process->flow_count = (uint32_t)r->flows.count;
    process->elements =
        arena_copy(r->arena, r->elements.items, r->elements.count * sizeof *r->elements.items);
    process->flows = arena_copy(r->arena, r->flows.items, r->flows.count * sizeof *r->flows.items);
    list_conditions(r, process);
    note_features(process);
    index_ids(r, process);
}
