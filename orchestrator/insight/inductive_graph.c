// SPDX-License-Identifier: Apache-2.0
//
// A part of a cut is a graph again: its edges, what begins and ends it, and whether it can be left
// out, which only the ways over it can tell.
#include "insight/inductive_graph.h"

// A graph whose activities are those of the whole; what is not of the part is no vertex.
struct part {
    struct mined_graph *graph;
    bool is_skipped;
};

struct graph_miner {
    struct arena *arena;
    const struct event_log *log;
    const uint32_t *global;
};

static struct tree *mine(struct graph_miner *m, const struct part *part);

static void settle_vertices(struct mined_graph *g)
{
    for (uint32_t a = 0; a < g->n; a++)
        g->is_there[a] |= g->starts[a] > 0 || g->ends[a] > 0;
}

// The edges within each group; starts and ends where the whole has them.
static struct part *parts_of(struct arena *level, const struct mined_graph *g,
                             const struct mined_cut *cut, bool with_borders)
{
    struct part *parts = ARENA_ARRAY(level, struct part, cut->count);
    for (uint32_t k = 0; k < cut->count; k++)
        parts[k].graph = mined_graph_new(level, g->n);
    for (size_t i = 0; i < g->edge_count; i++) {
        uint32_t from = cut->group[g->edges[i].from];
        if (from == cut->group[g->edges[i].to])
            mined_graph_add(level, parts[from].graph, g->edges[i]);
    }
    for (uint32_t a = 0; with_borders && a < g->n; a++) {
        if (cut->group[a] == NO_GROUP)
            continue;
        parts[cut->group[a]].graph->starts[a] = g->starts[a];
        parts[cut->group[a]].graph->ends[a] = g->ends[a];
    }
    return parts;
}

static struct part *split_plain(struct arena *level, const struct mined_graph *g,
                                const struct mined_cut *cut)
{
    return parts_of(level, g, cut, true);
}

// A part begins where ways from the part before it lead in, and ends where ways to the next lead
// out; what ways lead over can be left out.
static struct part *split_sequence(struct arena *level, const struct mined_graph *g,
                                   const struct mined_cut *cut)
{
    struct part *parts = parts_of(level, g, cut, false);
    uint32_t last = cut->count - 1;
    for (size_t i = 0; i < g->edge_count; i++) {
        const struct mined_edge *e = &g->edges[i];
        uint32_t from = cut->group[e->from], to = cut->group[e->to];
        if (from + 1 == to) {
            parts[from].graph->ends[e->from] += e->count;
            parts[to].graph->starts[e->to] += e->count;
        }
        for (uint32_t k = from + 1; k < to; k++)
            parts[k].is_skipped = true;
    }
    for (uint32_t a = 0; a < g->n; a++) {
        if (cut->group[a] == NO_GROUP)
            continue;
        if (g->starts[a] > 0 && cut->group[a] == 0)
            parts[0].graph->starts[a] = g->starts[a];
        if (g->ends[a] > 0 && cut->group[a] == last)
            parts[last].graph->ends[a] = g->ends[a];
        for (uint32_t k = 0; g->starts[a] > 0 && k < cut->group[a]; k++)
            parts[k].is_skipped = true;
        for (uint32_t k = cut->group[a] + 1; g->ends[a] > 0 && k <= last; k++)
            parts[k].is_skipped = true;
    }
    return parts;
}

// What is done again may begin and end anywhere; it can be left out where an end leads to a start.
static struct part *split_loop(struct arena *level, const struct mined_graph *g,
                               const struct mined_cut *cut)
{
    struct part *parts = parts_of(level, g, cut, false);
    for (size_t i = 0; i < g->edge_count; i++)
        if (g->ends[g->edges[i].from] > 0 && g->starts[g->edges[i].to] > 0)
            parts[1].is_skipped = true;
    for (uint32_t a = 0; a < g->n; a++) {
        if (cut->group[a] == 0) {
            parts[0].graph->starts[a] = g->starts[a];
            parts[0].graph->ends[a] = g->ends[a];
        } else if (cut->group[a] == 1) {
            parts[1].graph->starts[a] = parts[1].graph->ends[a] = 1;
        }
    }
    return parts;
}

static const struct {
    bool (*find)(struct arena *arena, const struct mined_graph *graph, struct mined_cut *ret_cut);
    struct part *(*split)(struct arena *level, const struct mined_graph *graph,
                          const struct mined_cut *cut);
    enum tree_kind kind;
} cuts[] = {
    {cut_choice, split_plain, TREE_CHOICE},
    {cut_sequence, split_sequence, TREE_SEQUENCE},
    {cut_parallel, split_plain, TREE_PARALLEL},
    {cut_loop, split_loop, TREE_LOOP},
};

static struct tree *leaf(struct graph_miner *m, uint32_t activity)
{
    return tree_leaf(m->arena, event_log_activity(m->log, m->global[activity]));
}

// Anything, any number of times.
static struct tree *flower(struct graph_miner *m, const struct mined_graph *g, uint32_t count)
{
    struct tree *loop = tree_node(m->arena, TREE_LOOP, 2);
    struct tree *choice = tree_node(m->arena, TREE_CHOICE, count);
    uint32_t at = 0;
    for (uint32_t a = 0; a < g->n; a++)
        if (g->is_there[a])
            choice->children[at++] = leaf(m, a);
    loop->children[0] = tree_silent(m->arena);
    loop->children[1] = choice;
    return loop;
}

static struct tree *mine_graph(struct graph_miner *m, const struct mined_graph *g,
                               struct arena *level)
{
    uint32_t count = 0, one = 0;
    for (uint32_t a = 0; a < g->n; a++)
        if (g->is_there[a]) {
            one = a;
            count++;
        }
    if (count == 0)
        return tree_silent(m->arena);
    if (count == 1 && g->edge_count == 0)
        return leaf(m, one);
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct mined_cut cut;
        if (!cuts[i].find(level, g, &cut))
            continue;
        struct part *parts = cuts[i].split(level, g, &cut);
        struct tree *tree = tree_node(m->arena, cuts[i].kind, cut.count);
        for (uint32_t k = 0; k < cut.count; k++)
            tree->children[k] = mine(m, &parts[k]);
        return tree;
    }
    return flower(m, g, count);
}

static struct tree *mine(struct graph_miner *m, const struct part *part)
{
    struct arena level = ARENA_EMPTY;
    settle_vertices(part->graph);
    struct tree *tree = mine_graph(m, part->graph, &level);
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
    struct graph_miner m = {arena, log, mined->global};
    struct part whole = {mined_graph_of(&scratch, mined), false};
    for (uint32_t v = 0; v < mined->count; v++)
        whole.is_skipped |= mined->first[v] == mined->first[v + 1];
    struct tree *tree = mine(&m, &whole);
    arena_done(&scratch);
    return tree;
}
