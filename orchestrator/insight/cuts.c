// SPDX-License-Identifier: Apache-2.0
//
// The four cuts of inductive mining (Leemans, Robust Process Mining with Guarantees, 2017), on the
// directly-follows graph. The sequence cut is the strict one, which keeps what is skipped together
// (section 6.1 there); the loop cut has one body and one part to do again.
#include "insight/mined_log.h"

#include <stdlib.h>

// -- Groups -------------------------------------------------------------------------------

static uint32_t *new_parents(struct arena *arena, uint32_t n)
{
    uint32_t *parent = ARENA_ARRAY(arena, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        parent[i] = i;
    return parent;
}

static uint32_t root_of(uint32_t *parent, uint32_t at)
{
    while (parent[at] != at)
        at = parent[at] = parent[parent[at]];
    return at;
}

// The smaller number stays the root, so that groups are known by their first activity.
static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

// Numbers the groups by their first activity.
static struct mined_cut number_groups(struct arena *arena, const struct mined_graph *g,
                                      uint32_t *parent)
{
    struct mined_cut cut = {0, ARENA_ARRAY(arena, uint32_t, g->n + 1)};
    for (uint32_t a = 0; a < g->n; a++) {
        uint32_t root = g->is_there[a] ? root_of(parent, a) : a;
        cut.group[a] = !g->is_there[a] ? NO_GROUP : root == a ? cut.count++ : cut.group[root];
    }
    return cut;
}

// Numbers the groups again so that the old group order[i] is the new group i.
static void renumber(struct arena *arena, const struct mined_graph *g, struct mined_cut *cut,
                     const uint32_t *order)
{
    uint32_t *place = ARENA_ARRAY(arena, uint32_t, cut->count + 1);
    for (uint32_t i = 0; i < cut->count; i++)
        place[order[i]] = i;
    for (uint32_t a = 0; a < g->n; a++)
        if (cut->group[a] != NO_GROUP)
            cut->group[a] = place[cut->group[a]];
}

// Groups that lost all activities to others go.
static void drop_empty(struct arena *arena, const struct mined_graph *g, struct mined_cut *cut)
{
    uint32_t *place = ARENA_ARRAY(arena, uint32_t, cut->count + 1), count = 0;
    for (uint32_t a = 0; a < g->n; a++)
        if (cut->group[a] != NO_GROUP)
            place[cut->group[a]] = 1;
    for (uint32_t i = 0; i < cut->count; i++)
        place[i] = place[i] != 0 ? count++ : NO_GROUP;
    for (uint32_t a = 0; a < g->n; a++)
        if (cut->group[a] != NO_GROUP)
            cut->group[a] = place[cut->group[a]];
    cut->count = count;
}

// -- Choice -------------------------------------------------------------------------------

bool cut_choice(struct arena *arena, const struct mined_graph *g, struct mined_cut *ret_cut)
{
    uint32_t *parent = new_parents(arena, g->n);
    for (size_t i = 0; i < g->edge_count; i++)
        join(parent, g->edges[i].from, g->edges[i].to);
    *ret_cut = number_groups(arena, g, parent);
    return ret_cut->count > 1;
}

// -- Sequence -----------------------------------------------------------------------------

// Strongly connected components (Tarjan), without recursion: a graph may have thousands of
// activities. They are found in an order in which what a component leads to comes before it.
struct components {
    const struct mined_graph *g;
    uint32_t *of;                 // component by activity
    uint32_t *low, *index;        // index 0: not visited
    uint32_t *open, *path, *next; // Tarjan's stack; the way down and how far each on it has come
    uint32_t open_count, path_count, count, visited;
};

static void visit(struct components *c, uint32_t a)
{
    c->index[a] = c->low[a] = ++c->visited;
    c->open[c->open_count++] = a;
    c->path[c->path_count++] = a;
    c->next[a] = 0;
}

// The next activity that follows `a`, from the place where the last search ended.
static bool next_after(struct components *c, uint32_t a, uint32_t *ret_next)
{
    const uint64_t *row = graph_after(c->g, a);
    uint32_t at = c->next[a];
    while (at < c->g->n) {
        uint64_t rest = row[at / 64] >> at % 64;
        if (rest != 0) {
            *ret_next = at + (uint32_t)__builtin_ctzll(rest);
            c->next[a] = *ret_next + 1;
            return true;
        }
        at = (at / 64 + 1) * 64;
    }
    c->next[a] = c->g->n;
    return false;
}

static void leave(struct components *c, uint32_t a)
{
    c->path_count--;
    if (c->path_count > 0) {
        uint32_t parent = c->path[c->path_count - 1];
        c->low[parent] = c->low[a] < c->low[parent] ? c->low[a] : c->low[parent];
    }
    if (c->low[a] != c->index[a])
        return;
    uint32_t member;
    do {
        member = c->open[--c->open_count];
        c->of[member] = c->count;
    } while (member != a);
    c->count++;
}

static void find_components(struct components *c, struct arena *arena)
{
    uint32_t n = c->g->n, b;
    c->of = ARENA_ARRAY(arena, uint32_t, n + 1);
    c->low = ARENA_ARRAY(arena, uint32_t, n + 1);
    c->index = ARENA_ARRAY(arena, uint32_t, n + 1);
    c->open = ARENA_ARRAY(arena, uint32_t, n + 1);
    c->path = ARENA_ARRAY(arena, uint32_t, n + 1);
    c->next = ARENA_ARRAY(arena, uint32_t, n + 1);
    memset(c->of, 0xFF, sizeof *c->of * n);
    for (uint32_t a = 0; a < n; a++) {
        if (!c->g->is_there[a] || c->index[a] != 0)
            continue;
        visit(c, a);
        while (c->path_count > 0) {
            uint32_t top = c->path[c->path_count - 1];
            if (!next_after(c, top, &b))
                leave(c, top);
            else if (c->index[b] == 0)
                visit(c, b);
            else if (c->of[b] == NO_GROUP && c->index[b] < c->low[top])
                c->low[top] = c->index[b];
        }
    }
}

// Component k reaches what its activity `a` leads to, and all that is reached from there.
static void add_reach(const struct components *c, uint64_t *reach, uint32_t k, uint32_t a)
{
    const struct mined_graph *g = c->g;
    uint64_t *row = reach + g->words * k;
    for (uint32_t b = 0; b < g->n; b++) {
        if (!bit_is_set(graph_after(g, a), b) || bit_is_set(row, b))
            continue;
        const uint64_t *over = reach + g->words * c->of[b];
        for (size_t w = 0; w < g->words; w++)
            row[w] |= over[w];
    }
}

// What can be reached from the activities of each component, by activity: rows of bits. A component
// counts as reaching itself, which changes nothing between two of them.
static uint64_t *reachable(struct arena *arena, const struct components *c)
{
    const struct mined_graph *g = c->g;
    uint64_t *reach = ARENA_ARRAY(arena, uint64_t, g->words * c->count + 1);
    uint32_t *first = ARENA_ARRAY(arena, uint32_t, c->count + 1);
    uint32_t *next = ARENA_ARRAY(arena, uint32_t, g->n + 1); // members of a component, chained
    for (uint32_t a = 0; a < g->n; a++) {
        if (!g->is_there[a])
            continue;
        bit_set(reach + g->words * c->of[a], a);
        next[a] = first[c->of[a]];
        first[c->of[a]] = a + 1;
    }
    for (uint32_t k = 0; k < c->count; k++)
        for (uint32_t a = first[k]; a != 0; a = next[a - 1])
            add_reach(c, reach, k, a - 1);
    return reach;
}

static bool reaches(const struct components *c, const uint64_t *reach, uint32_t a, uint32_t b)
{
    return bit_is_set(reach + c->g->words * c->of[a], b);
}

struct ordered_group {
    uint32_t group;
    int64_t rank;
};

static int by_rank(const void *a, const void *b)
{
    const struct ordered_group *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->group < y->group ? -1 : x->group > y->group;
}

// Between two groups of a sequence all ways lead in one direction: a group is the later the more
// comes before it and the less behind.
static void order_groups(struct arena *arena, const struct components *c, const uint64_t *reach,
                         struct mined_cut *cut)
{
    const struct mined_graph *g = c->g;
    struct ordered_group *groups = ARENA_ARRAY(arena, struct ordered_group, cut->count);
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, cut->count);
    for (uint32_t i = 0; i < cut->count; i++)
        groups[i].group = NO_GROUP;
    for (uint32_t a = 0; a < g->n; a++) {
        uint32_t group = cut->group[a];
        if (group == NO_GROUP || groups[group].group != NO_GROUP)
            continue;
        groups[group].group = group;
        for (uint32_t b = 0; b < g->n; b++)
            if (cut->group[b] != NO_GROUP && cut->group[b] != group)
                groups[group].rank += reaches(c, reach, b, a) - reaches(c, reach, a, b);
    }
    qsort(groups, cut->count, sizeof *groups, by_rank);
    for (uint32_t i = 0; i < cut->count; i++)
        order[i] = groups[i].group;
    renumber(arena, g, cut, order);
}

// Group p can be skipped: a way leads over it, a trace begins behind it or ends before it.
static bool can_be_skipped(const struct mined_graph *g, const struct mined_cut *cut, uint32_t p)
{
    for (size_t i = 0; i < g->edge_count; i++)
        if (cut->group[g->edges[i].from] < p && cut->group[g->edges[i].to] > p)
            return true;
    for (uint32_t a = 0; a < g->n; a++)
        if (cut->group[a] != NO_GROUP &&
            ((g->starts[a] > 0 && cut->group[a] > p) || (g->ends[a] > 0 && cut->group[a] < p)))
            return true;
    return false;
}

static void merge_group(const struct mined_graph *g, struct mined_cut *cut, uint32_t from,
                        uint32_t into)
{
    for (uint32_t a = 0; a < g->n; a++)
        if (cut->group[a] == from)
            cut->group[a] = into;
}

// The farthest groups from which ways lead into a group, and to which they lead out of it.
struct span {
    int64_t from, to;
};

static void keep_skipped_together(struct arena *arena, const struct mined_graph *g,
                                  struct mined_cut *cut)
{
    struct span *spans = ARENA_ARRAY(arena, struct span, cut->count);
    for (uint32_t i = 0; i < cut->count; i++)
        spans[i] = (struct span){INT64_MAX, INT64_MIN};
    for (uint32_t a = 0; a < g->n; a++) {
        if (cut->group[a] == NO_GROUP)
            continue;
        if (g->starts[a] > 0)
            spans[cut->group[a]].from = INT64_MIN;
        if (g->ends[a] > 0)
            spans[cut->group[a]].to = INT64_MAX;
    }
    for (size_t i = 0; i < g->edge_count; i++) {
        uint32_t from = cut->group[g->edges[i].from], to = cut->group[g->edges[i].to];
        spans[to].from = from < spans[to].from ? from : spans[to].from;
        spans[from].to = to > spans[from].to ? to : spans[from].to;
    }
    for (uint32_t p = 0; p < cut->count; p++) {
        if (!can_be_skipped(g, cut, p))
            continue;
        for (uint32_t q = p; q-- > 0 && spans[q].to <= p;)
            merge_group(g, cut, q, p);
        for (uint32_t q = p + 1; q < cut->count && spans[q].from >= p; q++)
            merge_group(g, cut, q, p);
    }
    drop_empty(arena, g, cut);
}

bool cut_sequence(struct arena *arena, const struct mined_graph *g, struct mined_cut *ret_cut)
{
    struct components c = {.g = g};
    find_components(&c, arena);
    if (c.count < 2)
        return false;
    uint64_t *reach = reachable(arena, &c);
    uint32_t *parent = new_parents(arena, g->n);
    for (uint32_t a = 0; a < g->n; a++)
        for (uint32_t b = a + 1; g->is_there[a] && b < g->n; b++)
            if (g->is_there[b] && reaches(&c, reach, a, b) == reaches(&c, reach, b, a))
                join(parent, a, b);
    *ret_cut = number_groups(arena, g, parent);
    if (ret_cut->count < 2)
        return false;
    order_groups(arena, &c, reach, ret_cut);
    keep_skipped_together(arena, g, ret_cut);
    return ret_cut->count > 1;
}

// -- Parallel -----------------------------------------------------------------------------

struct sized_group {
    uint32_t group, size;
    bool has_start, has_end;
};

static int by_size(const void *a, const void *b)
{
    const struct sized_group *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return x->group < y->group ? -1 : x->group > y->group;
}

// Each part of a parallel has a start and an end: one that has not joins the one before it, the
// first the second.
static uint32_t join_incomplete(struct sized_group *groups, uint32_t count,
                                const struct mined_graph *g, struct mined_cut *cut)
{
    for (uint32_t i = 0; i < count && count > 1;) {
        if (groups[i].has_start && groups[i].has_end) {
            i++;
            continue;
        }
        struct sized_group gone = groups[i];
        memmove(groups + i, groups + i + 1, sizeof *groups * (count - i - 1));
        struct sized_group *into = &groups[i == 0 ? 0 : i - 1];
        into->has_start |= gone.has_start;
        into->has_end |= gone.has_end;
        merge_group(g, cut, gone.group, into->group);
        count--;
    }
    return count;
}

bool cut_parallel(struct arena *arena, const struct mined_graph *g, struct mined_cut *ret_cut)
{
    uint32_t *parent = new_parents(arena, g->n);
    for (uint32_t a = 0; a < g->n; a++)
        for (uint32_t b = a + 1; g->is_there[a] && b < g->n; b++)
            if (g->is_there[b] &&
                (!bit_is_set(graph_after(g, a), b) || !bit_is_set(graph_before(g, a), b)))
                join(parent, a, b);
    *ret_cut = number_groups(arena, g, parent);
    if (ret_cut->count < 2)
        return false;
    struct sized_group *groups = ARENA_ARRAY(arena, struct sized_group, ret_cut->count);
    for (uint32_t a = 0; a < g->n; a++) {
        if (ret_cut->group[a] == NO_GROUP)
            continue;
        struct sized_group *group = &groups[ret_cut->group[a]];
        group->group = ret_cut->group[a];
        group->size++;
        group->has_start |= g->starts[a] > 0;
        group->has_end |= g->ends[a] > 0;
    }
    qsort(groups, ret_cut->count, sizeof *groups, by_size);
    join_incomplete(groups, ret_cut->count, g, ret_cut);
    drop_empty(arena, g, ret_cut);
    return ret_cut->count > 1;
}

// -- Loop ---------------------------------------------------------------------------------

static bool is_border(const struct mined_graph *g, uint32_t a)
{
    return g->starts[a] > 0 || g->ends[a] > 0;
}

// From an activity that leads to a start, ways must lead to all starts; and from all ends, where
// one leads to it. Else it is no part that is done again.
static bool is_incomplete(const struct mined_graph *g, uint32_t a)
{
    bool to_some = false, to_all = true, from_some = false, from_all = true;
    for (uint32_t b = 0; b < g->n; b++) {
        bool leads_to = bit_is_set(graph_after(g, a), b);
        bool comes_from = bit_is_set(graph_before(g, a), b);
        to_some |= g->starts[b] > 0 && leads_to;
        to_all &= g->starts[b] == 0 || leads_to;
        from_some |= g->ends[b] > 0 && comes_from;
        from_all &= g->ends[b] == 0 || comes_from;
    }
    return (to_some && !to_all) || (from_some && !from_all);
}

bool cut_loop(struct arena *arena, const struct mined_graph *g, struct mined_cut *ret_cut)
{
    uint32_t *parent = new_parents(arena, g->n);
    bool *is_body = ARENA_ARRAY(arena, bool, g->n + 1); // by root of a component
    if (g->edge_count == 0)
        return false;
    for (size_t i = 0; i < g->edge_count; i++)
        if (!is_border(g, g->edges[i].from) && !is_border(g, g->edges[i].to))
            join(parent, g->edges[i].from, g->edges[i].to);
    for (size_t i = 0; i < g->edge_count; i++) {
        uint32_t from = g->edges[i].from, to = g->edges[i].to;
        bool begins = g->starts[from] > 0 && g->ends[from] == 0; // behind a mere start: the body
        bool ends = g->ends[to] > 0 && g->starts[to] == 0;
        is_body[root_of(parent, to)] |= begins;
        is_body[root_of(parent, from)] |= ends;
    }
    for (uint32_t a = 0; a < g->n; a++)
        if (g->is_there[a] && (is_border(g, a) || is_incomplete(g, a)))
            is_body[root_of(parent, a)] = true;
    struct mined_cut cut = {0, ARENA_ARRAY(arena, uint32_t, g->n + 1)};
    for (uint32_t a = 0; a < g->n; a++) {
        cut.group[a] = !g->is_there[a] ? NO_GROUP : is_body[root_of(parent, a)] ? 0 : 1;
        cut.count = cut.group[a] == 1 ? 2 : cut.count;
    }
    *ret_cut = cut;
    return cut.count == 2;
}
