// SPDX-License-Identifier: Apache-2.0
//
// Whether tokens can come everywhere, meet where they should and leave. What can be decided from
// the graph alone, scope by scope: what nothing leads to, what leads to no end, parallel joins that
// wait for branches of a choice, parallel branches that meet without a join, and loops without a
// choice. Warnings tell the path that shows it; only what can never end is an error.
#include "bpmn/reader.h"

enum { SPLIT_UNKNOWN = UINT32_MAX - 1 };

struct graph {
    struct reader *r;
    const struct bpmn_process *process;
    uint32_t *splits;   // by flow: what split_of found
    uint32_t *throwers; // by catching link: the first that throws it, by that: the next
    ARRAY(uint32_t) stack;
};

// Everything that a token at `index` can go to in one step, sequence flows and events on its
// border.
static void push_next(struct graph *g, uint32_t index, bool *seen)
{
    const struct bpmn_element *e = &g->process->elements[index];
    for (uint32_t i = 0; i < e->outgoing.count + e->boundary.count + 1; i++) {
        uint32_t to = i < e->outgoing.count ? g->process->flows[e->outgoing.items[i]].target
                      : i < e->outgoing.count + e->boundary.count
                          ? e->boundary.items[i - e->outgoing.count]
                          : e->link_target;
        if (to == BPMN_NONE || seen[to])
            continue;
        seen[to] = true;
        *ARRAY_PUSH(g->r->scratch, &g->stack) = to;
    }
}

// A catching link is reached from its throwing links.
static void push_throwers(struct graph *g, uint32_t index, bool *seen)
{
    if (g->process->elements[index].link_target != BPMN_NONE)
        return; // throws one itself
    for (uint32_t i = g->throwers[index]; i != BPMN_NONE; i = g->throwers[i])
        if (!seen[i]) {
            seen[i] = true;
            *ARRAY_PUSH(g->r->scratch, &g->stack) = i;
        }
}

static void index_throwers(struct graph *g)
{
    uint32_t count = g->process->element_count;
    g->throwers = ARENA_ARRAY(g->r->scratch, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        g->throwers[i] = BPMN_NONE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t target = g->process->elements[i].link_target;
        if (target == BPMN_NONE)
            continue;
        g->throwers[i] = g->throwers[target];
        g->throwers[target] = i;
    }
}

static void push_previous(struct graph *g, uint32_t index, bool *seen)
{
    const struct bpmn_element *e = &g->process->elements[index];
    push_throwers(g, index, seen);
    for (uint32_t i = 0; i <= e->incoming.count; i++) {
        uint32_t from =
            i < e->incoming.count ? g->process->flows[e->incoming.items[i]].source : e->host;
        if (from == BPMN_NONE || seen[from])
            continue;
        seen[from] = true;
        *ARRAY_PUSH(g->r->scratch, &g->stack) = from;
    }
}

typedef void (*direction)(struct graph *g, uint32_t index, bool *seen);

static bool *spread(struct graph *g, direction push, const bool *seeds)
{
    uint32_t count = g->process->element_count;
    bool *seen = ARENA_ARRAY(g->r->scratch, bool, count);
    for (uint32_t i = 0; i < count; i++)
        if (seeds[i] && !seen[i]) {
            seen[i] = true;
            *ARRAY_PUSH(g->r->scratch, &g->stack) = i;
            while (g->stack.count > 0)
                push(g, g->stack.items[--g->stack.count], seen);
        }
    return seen;
}

static bool is_node(const struct bpmn_element *e)
{
    return e->type != BPMN_PROCESS && e->type != BPMN_EVENT_SUB_PROCESS && !e->for_compensation;
}

// -- Reachability -----------------------------------------------------------------------

static bool begins(const struct bpmn_process *process, const struct bpmn_element *e)
{
    const struct bpmn_element *scope = &process->elements[e->scope];
    if (e->type == BPMN_START_EVENT || e->instantiates || scope->type == BPMN_AD_HOC_SUB_PROCESS)
        return true;
    uint32_t index = bpmn_index(process, e);
    for (uint32_t i = 0; i < scope->starts.count; i++)
        if (scope->starts.items[i] == index)
            return true;
    return false;
}

static void check_reachable(struct graph *g)
{
    const struct bpmn_process *process = g->process;
    bool *seeds = ARENA_ARRAY(g->r->scratch, bool, process->element_count);
    for (uint32_t i = 1; i < process->element_count; i++)
        seeds[i] = begins(process, &process->elements[i]);
    bool *seen = spread(g, push_next, seeds);
    for (uint32_t i = 1; i < process->element_count; i++)
        if (is_node(&process->elements[i]) && !seen[i])
            reader_complain(g->r, BPMN_CODE_UNREACHABLE, &process->elements[i], STR_EMPTY);
}

static bool ends(const struct bpmn_element *e)
{
    return e->outgoing.count == 0 && e->link_target == BPMN_NONE;
}

static void check_ends(struct graph *g)
{
    const struct bpmn_process *process = g->process;
    bool *seeds = ARENA_ARRAY(g->r->scratch, bool, process->element_count);
    for (uint32_t i = 1; i < process->element_count; i++)
        seeds[i] = ends(&process->elements[i]);
    bool *seen = spread(g, push_previous, seeds);
    for (uint32_t i = 1; i < process->element_count; i++)
        if (is_node(&process->elements[i]) && !seen[i])
            reader_complain(g->r, BPMN_CODE_CANNOT_END, &process->elements[i], STR_EMPTY);
}

// -- Joins ------------------------------------------------------------------------------

// Where the walk back from this flow ends, or goes on: *ret_flow.
static bool goes_back(const struct bpmn_process *process, uint32_t flow, uint32_t *ret_split,
                      uint32_t *ret_flow)
{
    uint32_t index = process->flows[flow].source;
    const struct bpmn_element *e = index == BPMN_NONE ? NULL : &process->elements[index];
    *ret_split = BPMN_NONE;
    if (e == NULL)
        return false;
    if (e->outgoing.count > 1 || e->incoming.count != 1) {
        *ret_split = index;
        return false;
    }
    *ret_flow = e->incoming.items[0];
    return e->boundary.count == 0;
}

// The element where a branch began: back along single flows to what splits. A flow is walked once:
// what was found is kept for all of its way.
static uint32_t split_of(struct graph *g, uint32_t flow)
{
    uint32_t split = g->splits[flow], at = flow, next;
    while (g->splits[at] == SPLIT_UNKNOWN) {
        g->splits[at] = BPMN_NONE; // coming here again is a circle
        if (!goes_back(g->process, at, &split, &next))
            break;
        split = g->splits[next];
        at = next;
    }
    for (uint32_t i = flow, ignored; i != at; i = next) {
        g->splits[i] = split;
        check(goes_back(g->process, i, &ignored, &next));
    }
    return g->splits[at] = split;
}

// All branches of the join come straight from one element that splits: then the two must be of one
// kind.
static uint32_t common_split(struct graph *g, const struct bpmn_element *join)
{
    const struct bpmn_process *process = g->process;
    uint32_t split = split_of(g, join->incoming.items[0]);
    for (uint32_t i = 1; i < join->incoming.count; i++)
        if (split_of(g, join->incoming.items[i]) != split)
            return BPMN_NONE;
    return split != BPMN_NONE && process->elements[split].outgoing.count > 1 ? split : BPMN_NONE;
}

static str path_between(struct graph *g, const struct bpmn_element *from,
                        const struct bpmn_element *to)
{
    return str_format(g->r->scratch, "%.*s … %.*s", STR_ARG(from->id), STR_ARG(to->id));
}

static bool splits_all(const struct bpmn_process *process, const struct bpmn_element *e)
{
    if (bpmn_is_gateway(e->type))
        return e->type == BPMN_PARALLEL_GATEWAY;
    for (uint32_t i = 0; i < e->outgoing.count; i++)
        if (process->flows[e->outgoing.items[i]].condition != NULL)
            return false;
    return e->outgoing.count > 1;
}

static void check_join(struct graph *g, const struct bpmn_element *join)
{
    uint32_t index = common_split(g, join);
    if (index == BPMN_NONE)
        return;
    const struct bpmn_element *split = &g->process->elements[index];
    bool chooses_one =
        split->type == BPMN_EXCLUSIVE_GATEWAY || split->type == BPMN_EVENT_BASED_GATEWAY;
    if (join->type == BPMN_PARALLEL_GATEWAY && chooses_one && !split->parallel_start)
        reader_complain(g->r, BPMN_CODE_DEADLOCK, join, path_between(g, split, join));
    if (join->type == BPMN_EXCLUSIVE_GATEWAY && splits_all(g->process, split))
        reader_complain(g->r, BPMN_CODE_LACK_OF_SYNCHRONIZATION, join,
                        path_between(g, split, join));
}

// -- Loops that never end ---------------------------------------------------------------

static bool passes_at_once(const struct bpmn_element *e)
{
    bool silent_task = (e->type == BPMN_TASK || e->type == BPMN_MANUAL_TASK) && e->loop == NULL;
    bool single = e->type == BPMN_EXCLUSIVE_GATEWAY || e->type == BPMN_PARALLEL_GATEWAY;
    return e->outgoing.count == 1 && e->listener_count == 0 && (silent_task || single) &&
           !(e->type == BPMN_PARALLEL_GATEWAY && e->incoming.count > 1);
}

// The only way from here, when nothing waits; BPMN_NONE: there is none.
static uint32_t next_at_once(const struct bpmn_process *process, uint32_t index)
{
    const struct bpmn_element *e = &process->elements[index];
    bool passes = passes_at_once(e) && process->flows[e->outgoing.items[0]].condition == NULL;
    return passes ? process->flows[e->outgoing.items[0]].target : BPMN_NONE;
}

// A circle of such ways that something leads into. Each element is walked over once: those of an
// earlier walk carry its number.
static uint32_t endless_loop(struct graph *g)
{
    const struct bpmn_process *process = g->process;
    uint32_t *walks = ARENA_ARRAY(g->r->scratch, uint32_t, process->element_count);
    uint32_t first = BPMN_NONE;
    for (uint32_t i = 1; i < process->element_count; i++) {
        uint32_t at = i;
        for (; at != BPMN_NONE && walks[at] == 0; at = next_at_once(process, at))
            walks[at] = i;
        uint32_t start = at;
        if (at == BPMN_NONE || walks[at] != i)
            continue;
        do {
            if (process->elements[at].incoming.count > 1 && at < first)
                first = at;
            at = next_at_once(process, at);
        } while (at != start);
    }
    return first;
}

void reader_check_soundness(struct reader *r, const struct bpmn_process *process)
{
    struct graph g = {.r = r, .process = process};
    g.splits = ARENA_ARRAY(r->scratch, uint32_t, process->flow_count + 1);
    for (uint32_t i = 0; i < process->flow_count; i++)
        g.splits[i] = SPLIT_UNKNOWN;
    index_throwers(&g);
    check_reachable(&g);
    check_ends(&g);
    for (uint32_t i = 1; i < process->element_count; i++)
        if (bpmn_is_gateway(process->elements[i].type) && process->elements[i].incoming.count > 1)
            check_join(&g, &process->elements[i]);
    uint32_t loop = endless_loop(&g);
    if (loop != BPMN_NONE)
        reader_complain(r, BPMN_CODE_ENDLESS_LOOP, &process->elements[loop], STR_EMPTY);
}
