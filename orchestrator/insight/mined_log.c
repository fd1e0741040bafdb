// SPDX-License-Identifier: Apache-2.0
#include "insight/mined_log.h"

#include <stdlib.h>

#include "base/array.h"

// -- Graphs -------------------------------------------------------------------------------

enum { SQUARE_MOST = 1024 };

struct mined_graph *mined_graph_new(struct arena *arena, uint32_t n)
{
    struct mined_graph *g = ARENA_NEW(arena, struct mined_graph);
    g->n = n;
    g->words = (n + 63) / 64;
    g->after = ARENA_ARRAY(arena, uint64_t, g->words * n);
    g->before = ARENA_ARRAY(arena, uint64_t, g->words * n);
    g->starts = ARENA_ARRAY(arena, uint64_t, n);
    g->ends = ARENA_ARRAY(arena, uint64_t, n);
    g->is_there = ARENA_ARRAY(arena, bool, n);
    return g;
}

static void mark(struct mined_graph *g, uint32_t from, uint32_t to)
{
    bit_set(g->after + g->words * from, to);
    bit_set(g->before + g->words * to, from);
    g->is_there[from] = g->is_there[to] = true;
}

void mined_graph_add(struct arena *arena, struct mined_graph *g, struct mined_edge edge)
{
    size_t capacity = g->edge_count == 0 ? 0 : 64;
    while (capacity != 0 && capacity < g->edge_count)
        capacity *= 2;
    if (g->edge_count == capacity) {
        size_t new = capacity == 0 ? 64 : capacity * 2;
        g->edges = arena_grow(arena, g->edges, capacity * sizeof *g->edges, new * sizeof *g->edges);
    }
    g->edges[g->edge_count++] = edge;
    mark(g, edge.from, edge.to);
}

static int by_pair(const void *a, const void *b)
{
    const struct mined_edge *x = a, *y = b;
    uint64_t p = (uint64_t)x->from << 32 | x->to, q = (uint64_t)y->from << 32 | y->to;
    return p < q ? -1 : p > q;
}

// Counts in a square where there are few activities.
static void count_in_square(struct arena *arena, struct mined_graph *g, const struct mined_log *log)
{
    struct arena scratch = ARENA_EMPTY;
    uint64_t *counts = ARENA_ARRAY(&scratch, uint64_t, (size_t)g->n * g->n);
    for (uint32_t v = 0; v < log->count; v++)
        for (uint32_t i = log->first[v] + 1; i < log->first[v + 1]; i++)
            counts[(size_t)log->steps[i - 1] * g->n + log->steps[i]] += log->traces[v];
    for (uint32_t a = 0; a < g->n; a++)
        for (uint32_t b = 0; b < g->n; b++)
            if (counts[(size_t)a * g->n + b] > 0)
                mined_graph_add(arena, g, (struct mined_edge){a, b, counts[(size_t)a * g->n + b]});
    arena_done(&scratch);
}

// Else every pair is written down, and equal ones are put together.
static void count_by_sorting(struct arena *arena, struct mined_graph *g,
                             const struct mined_log *log)
{
    struct arena scratch = ARENA_EMPTY;
    size_t count = 0;
    struct mined_edge *pairs = ARENA_ARRAY(&scratch, struct mined_edge, log->first[log->count] + 1);
    for (uint32_t v = 0; v < log->count; v++)
        for (uint32_t i = log->first[v] + 1; i < log->first[v + 1]; i++)
            pairs[count++] = (struct mined_edge){log->steps[i - 1], log->steps[i], log->traces[v]};
    qsort(pairs, count, sizeof *pairs, by_pair);
    for (size_t i = 0; i < count;) {
        struct mined_edge edge = pairs[i++];
        for (; i < count && by_pair(&edge, &pairs[i]) == 0; i++)
            edge.count += pairs[i].count;
        mined_graph_add(arena, g, edge);
    }
    arena_done(&scratch);
}

struct mined_graph *mined_graph_of(struct arena *arena, const struct mined_log *log)
{
    struct mined_graph *g = mined_graph_new(arena, log->n);
    for (uint32_t v = 0; v < log->count; v++) {
        uint32_t first = log->first[v], end = log->first[v + 1];
        if (first == end)
            continue;
        g->starts[log->steps[first]] += log->traces[v];
        g->ends[log->steps[end - 1]] += log->traces[v];
        g->is_there[log->steps[first]] = g->is_there[log->steps[end - 1]] = true;
    }
    if (log->n <= SQUARE_MOST)
        count_in_square(arena, g, log);
    else
        count_by_sorting(arena, g, log);
    return g;
}

struct mined_graph *mined_graph_filter(struct arena *arena, const struct mined_graph *graph,
                                       double noise)
{
    struct mined_graph *g = mined_graph_new(arena, graph->n);
    uint64_t *busiest = ARENA_ARRAY(arena, uint64_t, graph->n), most = 0;
    for (size_t i = 0; i < graph->edge_count; i++) {
        const struct mined_edge *e = &graph->edges[i];
        uint64_t way = e->count > graph->ends[e->from] ? e->count : graph->ends[e->from];
        busiest[e->from] = way > busiest[e->from] ? way : busiest[e->from];
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        const struct mined_edge *e = &graph->edges[i];
        if ((double)e->count > noise * (double)busiest[e->from])
            mined_graph_add(arena, g, *e);
    }
    for (uint32_t a = 0; a < graph->n; a++)
        most = graph->starts[a] > most ? graph->starts[a] : most;
    for (uint32_t a = 0; a < graph->n; a++) {
        g->ends[a] = graph->ends[a];
        if (graph->starts[a] > 0 && (double)graph->starts[a] >= (double)most * noise)
            g->starts[a] = graph->starts[a];
        g->is_there[a] |= g->starts[a] > 0 || g->ends[a] > 0;
    }
    return g;
}

// -- Making logs --------------------------------------------------------------------------

struct log_maker log_maker_new(struct arena *arena)
{
    return (struct log_maker){.arena = arena};
}

void log_maker_step(struct log_maker *m, uint32_t activity)
{
    m->steps = array_room(m->arena, m->steps, m->step_count, &m->step_capacity, sizeof *m->steps);
    m->steps[m->step_count++] = activity;
}

static uint64_t hash_steps(const uint32_t *steps, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ steps[i]) * UINT64_C(0x9E3779B97F4A7C15) + (hash >> 29);
    return hash ^ hash >> 32;
}

static void grow(struct log_maker *m)
{
    uint32_t new = m->capacity == 0 ? 64 : m->capacity * 2;
    m->first =
        arena_grow(m->arena, m->first, m->capacity == 0 ? 0 : (m->capacity + 1) * sizeof *m->first,
                   (new + 1) * sizeof *m->first);
    m->traces =
        arena_grow(m->arena, m->traces, m->capacity * sizeof *m->traces, new * sizeof *m->traces);
    m->hashes =
        arena_grow(m->arena, m->hashes, m->capacity * sizeof *m->hashes, new * sizeof *m->hashes);
    if (m->capacity == 0)
        m->first[0] = 0;
    m->capacity = new;
    m->mask = new * 2 - 1;
    m->slots = ARENA_ARRAY(m->arena, uint32_t, m->mask + 1);
    for (uint32_t i = 0; i < m->count; i++) {
        uint32_t at = (uint32_t)m->hashes[i] & m->mask;
        while (m->slots[at] != 0)
            at = (at + 1) & m->mask;
        m->slots[at] = i + 1;
    }
}

void log_maker_end(struct log_maker *m, uint64_t traces)
{
    if (m->count == m->capacity)
        grow(m);
    size_t length = m->step_count - m->begun;
    uint64_t hash = hash_steps(m->steps + m->begun, length);
    uint32_t at = (uint32_t)hash & m->mask;
    for (; m->slots[at] != 0; at = (at + 1) & m->mask) {
        uint32_t i = m->slots[at] - 1;
        if (m->hashes[i] != hash || m->first[i + 1] - m->first[i] != length ||
            (length > 0 &&
             memcmp(m->steps + m->first[i], m->steps + m->begun, length * sizeof *m->steps) != 0))
            continue;
        m->traces[i] += traces;
        m->step_count = m->begun;
        return;
    }
    m->slots[at] = m->count + 1;
    m->hashes[m->count] = hash;
    m->traces[m->count++] = traces;
    m->first[m->count] = (uint32_t)m->step_count;
    m->begun = m->step_count;
}

struct mined_log *log_maker_finish(struct log_maker *m, const uint32_t *global, uint32_t n)
{
    struct mined_log *log = ARENA_NEW(m->arena, struct mined_log);
    uint32_t *local = ARENA_ARRAY(m->arena, uint32_t, n + 1);
    uint32_t *kept = ARENA_ARRAY(m->arena, uint32_t, n + 1);
    if (m->capacity == 0)
        grow(m);
    for (size_t i = 0; i < m->step_count; i++)
        local[m->steps[i]] = 1;
    for (uint32_t a = 0; a < n; a++)
        if (local[a] != 0) {
            kept[log->n] = global[a];
            local[a] = log->n++;
        }
    for (size_t i = 0; i < m->step_count; i++)
        m->steps[i] = local[m->steps[i]];
    log->global = kept;
    log->count = m->count;
    log->first = m->first;
    log->steps = m->steps;
    log->traces = m->traces;
    return log;
}
