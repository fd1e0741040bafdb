// SPDX-License-Identifier: Apache-2.0
//
// The standard's rules on a level as a whole (BPMN 2.0, 10.4.2, 10.4.3): where it begins and ends,
// and that nothing stops on the way. What breaks them still runs, hardly as its drawing says.
#include "bpmn/reader.h"

struct level {
    struct reader *r;
    const struct bpmn_process *process;
    uint32_t starts, ends;
};

static void count(struct level *level, const struct bpmn_element *scope)
{
    for (uint32_t i = 0; i < scope->children.count; i++) {
        const struct bpmn_element *e = &level->process->elements[scope->children.items[i]];
        level->starts += e->type == BPMN_START_EVENT || e->instantiates;
        level->ends += e->type == BPMN_END_EVENT;
    }
}

// What may be the last of its way: ends, handlers of compensation, and what goes on elsewhere.
static bool may_be_last(const struct bpmn_element *e)
{
    return e->type == BPMN_END_EVENT || e->type == BPMN_START_EVENT ||
           e->type == BPMN_BOUNDARY_EVENT || e->type == BPMN_EVENT_SUB_PROCESS ||
           e->for_compensation || e->link_target != BPMN_NONE ||
           bpmn_has_trigger(e, BPMN_LINK_TRIGGER);
}

static void check_way_out(struct level *level, const struct bpmn_element *e)
{
    bool is_event = bpmn_is_event(e->type);
    if (e->outgoing.count == 0 && !may_be_last(e) && (is_event || level->ends > 0))
        reader_complain(level->r, BPMN_CODE_NO_WAY_OUT, e, STR_EMPTY);
}

// A token that a condition alone lets out vanishes when it does not hold.
static void check_condition(struct level *level, const struct bpmn_element *e)
{
    if (e->outgoing.count != 1 || bpmn_is_gateway(e->type))
        return;
    const struct bpmn_flow *flow = &level->process->flows[e->outgoing.items[0]];
    if (flow->condition != NULL)
        reader_problem(level->r, BPMN_CODE_CONDITION_ALONE, flow->id, flow->line, e->id);
}

void reader_check_level(struct reader *r, const struct bpmn_process *process,
                        const struct bpmn_element *scope)
{
    struct level level = {.r = r, .process = process};
    if (scope->type == BPMN_AD_HOC_SUB_PROCESS)
        return;
    count(&level, scope);
    if (level.ends > 0 && level.starts == 0)
        reader_complain(r, BPMN_CODE_END_WITHOUT_START, scope, STR_EMPTY);
    if (level.starts > 0 && level.ends == 0)
        reader_complain(r, BPMN_CODE_START_WITHOUT_END, scope, STR_EMPTY);
    for (uint32_t i = 0; i < scope->children.count; i++) {
        const struct bpmn_element *e = &process->elements[scope->children.items[i]];
        check_way_out(&level, e);
        check_condition(&level, e);
    }
}
