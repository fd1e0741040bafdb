// SPDX-License-Identifier: Apache-2.0
//
// A part of a cut is a graph again: its edges, what begins and ends it, and whether it can be left
// out, which only the ways over it can tell.
#include "insight/inductive_graph.h"

struct part {
    struct mined_graph *graph;
    const uint32_t *global; // which activities its own are
    bool is_skipped;
};

// The parts of a graph, and where its activities are in them.
struct parts {
    struct part *items;
    const uint32_t *local; // by activity of the whole
};

struct graph_miner {
    struct arena *arena;
    const struct event_log *log;
};

static struct tree *mine(struct graph_miner *m, const struct part *part);

static void settle_vertices(struct mined_graph *g)
{
    for (uint32_t a = 0; a < g->n; a++)
        g->is_there[a] |= g->starts[a] > 0 || g->ends[a] > 0;
}

// The edges within each group; starts and ends where the whole has them.
static struct parts parts_of(struct arena *level, const struct part *whole,
                             const struct mined_cut *cut, bool with_borders)
{
    const struct mined_graph *g = whole->graph;
    uint32_t *sizes = ARENA_ARRAY(level, uint32_t, cut->count + 1);
    uint32_t *local = ARENA_ARRAY(level, uint32_t, g->n + 1);
    uint32_t **global = ARENA_ARRAY(level, uint32_t *, cut->count + 1);
    struct parts parts = {ARENA_ARRAY(level, struct part, cut->count), local};
    for (uint32_t a = 0; a < g->n; a++)
        if (cut->group[a] != NO_GROUP)
            local[a] = sizes[cut->group[a]]++;
    for (uint32_t k = 0; k < cut->count; k++) {
        parts.items[k].graph = mined_graph_new(level, sizes[k]);
        parts.items[k].global = global[k] = ARENA_ARRAY(level, uint32_t, sizes[k] + 1);
    }
    for (size_t i = 0; i < g->edge_count; i++) {
        const struct mined_edge *e = &g->edges[i];
        uint32_t from = cut->group[e->from];
        if (from == cut->group[e->to])
            mined_graph_add(level, parts.items[from].graph,
                            (struct mined_edge){local[e->from], local[e->to], e->count});
    }
    for (uint32_t a = 0; a < g->n; a++) {
        if (cut->group[a] == NO_GROUP)
            continue;
        global[cut->group[a]][local[a]] = whole->global[a];
        if (!with_borders)
            continue;
        parts.items[cut->group[a]].graph->starts[local[a]] = g->starts[a];
        parts.items[cut->group[a]].graph->ends[local[a]] = g->ends[a];
    }
    return parts;
}

static struct part *split_plain(struct arena *level, const struct part *whole,
                                const struct mined_cut *cut)
{
    return parts_of(level, whole, cut, true).items;
}

// Parts that a trace can begin behind, or end before.
static void skip_at_borders(const struct mined_graph *g, const struct mined_cut *cut,
                            const struct parts *parts)
{
    uint32_t last = cut->count - 1;
    for (uint32_t a = 0; a < g->n; a++) {
        if (cut->group[a] == NO_GROUP)
            continue;
        if (g->starts[a] > 0 && cut->group[a] == 0)
            parts->items[0].graph->starts[parts->local[a]] = g->starts[a];
        if (g->ends[a] > 0 && cut->group[a] == last)
            parts->items[last].graph->ends[parts->local[a]] = g->ends[a];
        for (uint32_t k = 0; g->starts[a] > 0 && k < cut->group[a]; k++)
            parts->items[k].is_skipped = true;
        for (uint32_t k = cut->group[a] + 1; g->ends[a] > 0 && k <= last; k++)
            parts->items[k].is_skipped = true;
    }
}

// A part begins where ways from the part before it lead in, and ends where ways to the next lead
// out; what ways lead over can be left out.
static struct part *split_sequence(struct arena *level, const struct part *whole,
                                   const struct mined_cut *cut)
{
    const struct mined_graph *g = whole->graph;
    struct parts parts = parts_of(level, whole, cut, false);
    for (size_t i = 0; i < g->edge_count; i++) {
        const struct mined_edge *e = &g->edges[i];
        uint32_t from = cut->group[e->from], to = cut->group[e->to];
        if (from + 1 == to) {
            parts.items[from].graph->ends[parts.local[e->from]] += e->count;
            parts.items[to].graph->starts[parts.local[e->to]] += e->count;
        }
        for (uint32_t k = from + 1; k < to; k++)
            parts.items[k].is_skipped = true;
    }
    skip_at_borders(g, cut, &parts);
    return parts.items;
}

// What is done again may begin and end anywhere; it can be left out where an end leads to a start.
static struct part *split_loop(struct arena *level, const struct part *whole,
                               const struct mined_cut *cut)
{
    const struct mined_graph *g = whole->graph;
    struct parts parts = parts_of(level, whole, cut, false);
    for (size_t i = 0; i < g->edge_count; i++)
        if (g->ends[g->edges[i].from] > 0 && g->starts[g->edges[i].to] > 0)
            parts.items[1].is_skipped = true;
    for (uint32_t a = 0; a < g->n; a++) {
        uint32_t at = parts.local[a];
        if (cut->group[a] == 0) {
            parts.items[0].graph->starts[at] = g->starts[a];
            parts.items[0].graph->ends[at] = g->ends[a];
        } else if (cut->group[a] == 1) {
            parts.items[1].graph->starts[at] = parts.items[1].graph->ends[at] = 1;
        }
    }
    return parts.items;
}

static const struct {
    bool (*find)(struct arena *arena, const struct mined_graph *graph, struct mined_cut *ret_cut);
    struct part *(*split)(struct arena *level, const struct part *whole,
                          const struct mined_cut *cut);
    enum tree_kind kind;
} cuts[] = {
    {cut_choice, split_plain, TREE_CHOICE},
    {cut_sequence, split_sequence, TREE_SEQUENCE},
    {cut_parallel, split_plain, TREE_PARALLEL},
    {cut_loop, split_loop, TREE_LOOP},
};

static struct tree *leaf(struct graph_miner *m, const struct part *part, uint32_t activity)
{
    return tree_leaf(m->arena, event_log_activity(m->log, part->global[activity]));
}

// Anything, any number of times.
static struct tree *flower(struct graph_miner *m, const struct part *part, uint32_t count)
{
    struct tree *loop = tree_node(m->arena, TREE_LOOP, 2);
    struct tree *choice = tree_node(m->arena, TREE_CHOICE, count);
    uint32_t at = 0;
    for (uint32_t a = 0; a < part->graph->n; a++)
        if (part->graph->is_there[a])
            choice->children[at++] = leaf(m, part, a);
    loop->children[0] = tree_silent(m->arena);
    loop->children[1] = choice;
    return loop;
}

static struct tree *mine_graph(struct graph_miner *m, const struct part *part, struct arena *level)
{
    const struct mined_graph *g = part->graph;
    uint32_t count = 0, one = 0;
    for (uint32_t a = 0; a < g->n; a++)
        if (g->is_there[a]) {
            one = a;
            count++;
        }
    if (count == 0)
        return tree_silent(m->arena);
    if (count == 1 && g->edge_count == 0)
        return leaf(m, part, one);
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct mined_cut cut;
        if (!cuts[i].find(level, g, &cut))
            continue;
        struct part *parts = cuts[i].split(level, part, &cut);
        struct tree *tree = tree_node(m->arena, cuts[i].kind, cut.count);
        for (uint32_t k = 0; k < cut.count; k++)
            tree->children[k] = mine(m, &parts[k]);
        return tree;
    }
    return flower(m, part, count);
}

static struct tree *mine(struct graph_miner *m, const struct part *part)
{
    struct arena level = ARENA_EMPTY;
    settle_vertices(part->graph);
    struct tree *tree = mine_graph(m, part, &level);
    arena_done(&level);
    if (!part->is_skipped || tree->kind == TREE_SILENT)
        return tree;
    struct tree *choice = tree_node(m->arena, TREE_CHOICE, 2);
    choice->children[0] = tree_silent(m->arena);
    choice->children[1] = tree;
    return choice;
}

struct tree *inductive_mine_graph(struct arena *arena, const struct event_log *log,
                                  const struct mined_log *mined)
{
    struct arena scratch = ARENA_EMPTY;
    struct graph_miner m = {arena, log};
    struct part whole = {mined_graph_of(&scratch, mined), mined->global, false};
    for (uint32_t v = 0; v < mined->count; v++)
        whole.is_skipped |= mined->first[v] == mined->first[v + 1];
    struct tree *tree = mine(&m, &whole);
    arena_done(&scratch);
    return tree;
}
