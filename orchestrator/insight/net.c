// SPDX-License-Identifier: Apache-2.0
#include "insight/net.h"

#include <stdlib.h>

#include "base/array.h"

struct net_arc {
    uint32_t transition, place;
};

struct net_builder {
    struct arena *arena;
    ARRAY(struct net_place) places;
    ARRAY(struct net_transition) transitions;
    ARRAY(struct net_arc) inputs;
    ARRAY(struct net_arc) outputs;
};

struct net_builder *net_builder_new(struct arena *arena)
{
    struct net_builder *b = ARENA_NEW(arena, struct net_builder);
    b->arena = arena;
    return b;
}

uint32_t net_builder_place(struct net_builder *b, str id)
{
    struct net_place *p = ARRAY_PUSH(b->arena, &b->places);
    p->id = id.len > 0 ? id : str_format(b->arena, "p%zu", b->places.count);
    return (uint32_t)b->places.count - 1;
}

uint32_t net_builder_transition(struct net_builder *b, str id, str label, bool is_silent)
{
    struct net_transition *t = ARRAY_PUSH(b->arena, &b->transitions);
    t->id = id.len > 0 ? id : str_format(b->arena, "t%zu", b->transitions.count);
    t->label = label;
    t->is_silent = is_silent;
    return (uint32_t)b->transitions.count - 1;
}

void net_builder_input(struct net_builder *b, uint32_t transition, uint32_t place)
{
    *ARRAY_PUSH(b->arena, &b->inputs) = (struct net_arc){transition, place};
}

void net_builder_output(struct net_builder *b, uint32_t transition, uint32_t place)
{
    *ARRAY_PUSH(b->arena, &b->outputs) = (struct net_arc){transition, place};
}

void net_builder_mark(struct net_builder *b, uint32_t place, uint32_t initial, uint32_t final)
{
    b->places.items[place].initial += initial;
    b->places.items[place].final += final;
}

// The places of each transition, and for each place the transitions, in the order of the arcs.
static void attach(struct net_builder *b, const struct net_arc *arcs, size_t count, bool is_input)
{
    for (size_t i = 0; i < count; i++) {
        struct net_transition *t = &b->transitions.items[arcs[i].transition];
        struct net_place *p = &b->places.items[arcs[i].place];
        ++*(is_input ? &t->input_count : &t->output_count);
        ++*(is_input ? &p->consumer_count : &p->producer_count);
    }
    for (size_t i = 0; i < b->transitions.count; i++) {
        struct net_transition *t = &b->transitions.items[i];
        uint32_t **list = is_input ? &t->inputs : &t->outputs;
        uint32_t *used = is_input ? &t->input_count : &t->output_count;
        *list = ARENA_ARRAY(b->arena, uint32_t, *used);
        *used = 0;
    }
    for (size_t i = 0; i < b->places.count; i++) {
        struct net_place *p = &b->places.items[i];
        uint32_t **list = is_input ? &p->consumers : &p->producers;
        uint32_t *used = is_input ? &p->consumer_count : &p->producer_count;
        *list = ARENA_ARRAY(b->arena, uint32_t, *used);
        *used = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct net_transition *t = &b->transitions.items[arcs[i].transition];
        struct net_place *p = &b->places.items[arcs[i].place];
        if (is_input) {
            t->inputs[t->input_count++] = arcs[i].place;
            p->consumers[p->consumer_count++] = arcs[i].transition;
        } else {
            t->outputs[t->output_count++] = arcs[i].place;
            p->producers[p->producer_count++] = arcs[i].transition;
        }
    }
}

bool net_builder_finish(struct net_builder *b, struct net **ret_net, struct error *err)
{
    if (!insight_within(INSIGHT_LIMIT_NET_PLACES, b->places.count, err) ||
        !insight_within(INSIGHT_LIMIT_NET_TRANSITIONS, b->transitions.count, err))
        return false;
    attach(b, b->inputs.items, b->inputs.count, true);
    attach(b, b->outputs.items, b->outputs.count, false);
    struct net *net = ARENA_NEW(b->arena, struct net);
    *net = (struct net){.name = STR("net"),
                        .place_count = (uint32_t)b->places.count,
                        .transition_count = (uint32_t)b->transitions.count,
                        .places = b->places.items,
                        .transitions = b->transitions.items};
    *ret_net = net;
    return true;
}

// -- Out of a tree ------------------------------------------------------------------------

static void connect(struct net_builder *b, str label, bool is_silent, uint32_t from, uint32_t to)
{
    uint32_t t = net_builder_transition(b, STR_EMPTY, label, is_silent);
    net_builder_input(b, t, from);
    net_builder_output(b, t, to);
}

static void add_tree(struct net_builder *b, const struct tree *tree, uint32_t from, uint32_t to);

static void add_sequence(struct net_builder *b, const struct tree *tree, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < tree->count; i++) {
        uint32_t next = i + 1 == tree->count ? to : net_builder_place(b, STR_EMPTY);
        add_tree(b, tree->children[i], from, next);
        from = next;
    }
}

static void add_parallel(struct net_builder *b, const struct tree *tree, uint32_t from, uint32_t to)
{
    uint32_t split = net_builder_transition(b, STR_EMPTY, STR_EMPTY, true);
    uint32_t join = net_builder_transition(b, STR_EMPTY, STR_EMPTY, true);
    net_builder_input(b, split, from);
    net_builder_output(b, join, to);
    for (size_t i = 0; i < tree->count; i++) {
        uint32_t first = net_builder_place(b, STR_EMPTY), last = net_builder_place(b, STR_EMPTY);
        net_builder_output(b, split, first);
        net_builder_input(b, join, last);
        add_tree(b, tree->children[i], first, last);
    }
}

// The body lies between places of its own: nothing else may come to where it begins, or leave from
// where it ends.
static void add_loop(struct net_builder *b, const struct tree *tree, uint32_t from, uint32_t to)
{
    uint32_t begin = net_builder_place(b, STR_EMPTY), end = net_builder_place(b, STR_EMPTY);
    connect(b, STR_EMPTY, true, from, begin);
    add_tree(b, tree->children[0], begin, end);
    add_tree(b, tree->children[1], end, begin);
    connect(b, STR_EMPTY, true, end, to);
}

static void add_tree(struct net_builder *b, const struct tree *tree, uint32_t from, uint32_t to)
{
    switch (tree->kind) {
    case TREE_ACTIVITY:
        connect(b, tree->activity, false, from, to);
        break;
    case TREE_SILENT:
        connect(b, STR_EMPTY, true, from, to);
        break;
    case TREE_SEQUENCE:
        add_sequence(b, tree, from, to);
        break;
    case TREE_CHOICE:
        for (size_t i = 0; i < tree->count; i++)
            add_tree(b, tree->children[i], from, to);
        break;
    case TREE_PARALLEL:
        add_parallel(b, tree, from, to);
        break;
    case TREE_LOOP:
        add_loop(b, tree, from, to);
        break;
    }
}

bool net_of_tree(struct arena *arena, const struct tree *tree, struct net **ret_net,
                 struct error *err)
{
    struct net_builder *b = net_builder_new(arena);
    uint32_t source = net_builder_place(b, STR("source")), sink = net_builder_place(b, STR("sink"));
    net_builder_mark(b, source, 1, 0);
    net_builder_mark(b, sink, 0, 1);
    add_tree(b, tree, source, sink);
    return net_builder_finish(b, ret_net, err);
}
