// SPDX-License-Identifier: Apache-2.0
//
// Heuristics Miner (Weijters, Ribeiro, 2011): a way a → b is kept when (|ab| − |ba|) / (|ab| + |ba|
// + 1) is high enough; a and b are concurrent when both directions occur and neither depends on the
// other. Split Miner (Augusto et al., 2019): a and b are concurrent when neither has a loop of
// length one and both directions are about as frequent; such pairs and rare ways go, but each
// activity keeps its best way in and its best way out.
//
// Gateways are found the same way for both: of what follows an activity, those that are concurrent
// with each other go on in parallel, others are a choice. Joins mirror splits.
#include "insight/graph_miner.h"

#include <stdlib.h>

struct mining {
    struct arena scratch;
    uint32_t n; // activities, and behind them the start and the end
    const struct follows *follows;
    uint32_t *count;  // [a * n + b]
    bool *keeps;      // the way is in the diagram
    bool *concurrent; // symmetric
    struct diagram *diagram;
    uint32_t *node; // task by activity
};

static uint32_t *count_at(const struct mining *m, uint32_t a, uint32_t b)
{
    return &m->count[(size_t)a * m->n + b];
}

static bool *keeps_at(const struct mining *m, uint32_t a, uint32_t b)
{
    return &m->keeps[(size_t)a * m->n + b];
}

static void set_concurrent(struct mining *m, uint32_t a, uint32_t b)
{
    m->concurrent[(size_t)a * m->n + b] = m->concurrent[(size_t)b * m->n + a] = true;
}

static bool is_concurrent(const struct mining *m, uint32_t a, uint32_t b)
{
    return m->concurrent[(size_t)a * m->n + b];
}

// The start is the last but one, the end the last.
static void count_ways(struct mining *m, const struct event_log *log)
{
    uint32_t start = m->n - 2, end = m->n - 1;
    for (size_t i = 0; i < m->follows->edge_count; i++)
        *count_at(m, m->follows->edges[i].from, m->follows->edges[i].to) =
            m->follows->edges[i].frequency;
    for (uint32_t a = 0; a < log->activity_count; a++) {
        *count_at(m, start, a) = m->follows->starts[a];
        *count_at(m, a, end) = m->follows->ends[a];
    }
}

// -- Which ways are kept --------------------------------------------------------------------

static double dependency(const struct mining *m, uint32_t a, uint32_t b)
{
    double ab = *count_at(m, a, b), ba = *count_at(m, b, a);
    return a == b ? ab / (ab + 1) : (ab - ba) / (ab + ba + 1);
}

static void keep_dependable(struct mining *m, const struct graph_miner_options *options)
{
    for (uint32_t a = 0; a < m->n; a++)
        for (uint32_t b = 0; b < m->n; b++) {
            uint32_t there = *count_at(m, a, b), back = *count_at(m, b, a);
            if (there == 0)
                continue;
            bool is_short_loop = *count_at(m, a, a) > 0 || *count_at(m, b, b) > 0;
            *keeps_at(m, a, b) = dependency(m, a, b) >= options->dependency;
            if (a != b && back > 0 && !is_short_loop && dependency(m, a, b) < options->dependency &&
                dependency(m, b, a) < options->dependency)
                set_concurrent(m, a, b);
        }
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

// The frequency that ways have to reach: a percentile of the best way in and the best way out of
// each.
static uint32_t least_frequency(struct mining *m, double percentile)
{
    uint32_t *best = ARENA_ARRAY(&m->scratch, uint32_t, (size_t)m->n * 2), count = 0;
    for (uint32_t a = 0; a < m->n; a++) {
        uint32_t in = 0, out = 0;
        for (uint32_t b = 0; b < m->n; b++) {
            if (a == b || is_concurrent(m, a, b))
                continue;
            in = *count_at(m, b, a) > in ? *count_at(m, b, a) : in;
            out = *count_at(m, a, b) > out ? *count_at(m, a, b) : out;
        }
        best[count++] = in;
        best[count++] = out;
    }
    qsort(best, count, sizeof *best, ascending);
    return best[(uint32_t)(percentile * (count - 1))];
}

static void keep_frequent(struct mining *m, const struct graph_miner_options *options)
{
    for (uint32_t a = 0; a < m->n; a++)
        for (uint32_t b = a + 1; b < m->n; b++) {
            double ab = *count_at(m, a, b), ba = *count_at(m, b, a);
            bool has_loop = *count_at(m, a, a) > 0 || *count_at(m, b, b) > 0;
            double apart = ab > ba ? ab - ba : ba - ab;
            if (ab > 0 && ba > 0 && !has_loop && apart < options->concurrency * (ab + ba))
                set_concurrent(m, a, b);
        }
    uint32_t least = least_frequency(m, options->filter);
    for (uint32_t a = 0; a < m->n; a++)
        for (uint32_t b = 0; b < m->n; b++)
            *keeps_at(m, a, b) = *count_at(m, a, b) > 0 && !is_concurrent(m, a, b) &&
                                 (a == b || *count_at(m, a, b) >= least);
}

// Everything can be reached from the start and comes to the end: where not, over the most frequent
// way. From one side: `is_back` looks from the end backwards.
static bool *reached(struct mining *m, bool is_back)
{
    bool *found = ARENA_ARRAY(&m->scratch, bool, m->n);
    uint32_t *queue = ARENA_ARRAY(&m->scratch, uint32_t, m->n), count = 0;
    queue[count++] = is_back ? m->n - 1 : m->n - 2;
    found[queue[0]] = true;
    for (uint32_t head = 0; head < count; head++)
        for (uint32_t b = 0; b < m->n; b++) {
            bool leads = is_back ? *keeps_at(m, b, queue[head]) : *keeps_at(m, queue[head], b);
            if (!leads || found[b])
                continue;
            found[b] = true;
            queue[count++] = b;
        }
    return found;
}

static bool connect_one(struct mining *m, bool is_back)
{
    const bool *found = reached(m, is_back);
    uint32_t best = 0, from = 0, to = 0;
    for (uint32_t a = 0; a < m->n; a++)
        for (uint32_t b = 0; b < m->n; b++) {
            uint32_t frequency = is_back ? *count_at(m, b, a) : *count_at(m, a, b);
            if (!found[a] || found[b] || frequency <= best)
                continue;
            best = frequency;
            from = is_back ? b : a;
            to = is_back ? a : b;
        }
    if (best > 0)
        *keeps_at(m, from, to) = true;
    return best > 0;
}

// -- Gateways -------------------------------------------------------------------------------

// The ways out of an activity, or into it.
struct ways {
    bool is_join;
    uint32_t *activities; // where they lead, or come from
    uint32_t *ends;       // by activity: the gateway, or the task, where its way goes on
};

// Sorts the ways into parts: those that are concurrent, or are not, over any number of others, are
// in one part. Parts stand behind each other; returns where the first ends.
static uint32_t part_ways(const struct mining *m, uint32_t *activities, uint32_t count,
                          bool by_concurrency)
{
    uint32_t in_part = 1;
    for (uint32_t head = 0; head < in_part; head++)
        for (uint32_t i = in_part; i < count; i++) {
            uint32_t other = activities[i];
            if (is_concurrent(m, activities[head], other) != by_concurrency)
                continue;
            activities[i] = activities[in_part];
            activities[in_part++] = other;
        }
    return in_part;
}

static uint32_t put_gateway(struct mining *m, uint32_t node, enum diagram_kind kind, bool is_join)
{
    uint32_t gate = diagram_add_node(m->diagram, kind, STR_EMPTY);
    diagram_add_flow(m->diagram, is_join ? gate : node, is_join ? node : gate);
    return gate;
}

// Ways that have nothing concurrent between them are a choice; ways that are all concurrent are
// parallel; each part is looked at by itself. Where neither parts them, they are a choice.
static void put_ways(struct mining *m, uint32_t node, const struct ways *ways, uint32_t from,
                     uint32_t count)
{
    uint32_t *activities = ways->activities + from;
    if (count == 1) {
        ways->ends[activities[0]] = node;
        return;
    }
    bool is_choice = part_ways(m, activities, count, true) < count;
    bool is_parallel = !is_choice && part_ways(m, activities, count, false) < count;
    enum diagram_kind kind = is_parallel ? DIAGRAM_PARALLEL : DIAGRAM_EXCLUSIVE;
    uint32_t gate = put_gateway(m, node, kind, ways->is_join);
    for (uint32_t at = 0; at < count;) {
        uint32_t size =
            !is_choice && !is_parallel ? 1 : part_ways(m, activities + at, count - at, is_choice);
        put_ways(m, gate, ways, from + at, size);
        at += size;
    }
}

static uint32_t collect_ways(const struct mining *m, uint32_t a, const struct ways *ways)
{
    uint32_t count = 0;
    for (uint32_t b = 0; b < m->n; b++)
        if (ways->is_join ? *keeps_at(m, b, a) : *keeps_at(m, a, b))
            ways->activities[count++] = b;
    return count;
}

static void put_all(struct mining *m)
{
    uint32_t *activities = ARENA_ARRAY(&m->scratch, uint32_t, m->n);
    uint32_t *leave = ARENA_ARRAY(&m->scratch, uint32_t, (size_t)m->n * m->n); // by way
    uint32_t *enter = ARENA_ARRAY(&m->scratch, uint32_t, (size_t)m->n * m->n); // turned around
    for (uint32_t a = 0; a < m->n; a++)
        for (int is_join = 0; is_join < 2; is_join++) {
            struct ways ways = {is_join != 0, activities,
                                (is_join ? enter : leave) + (size_t)a * m->n};
            uint32_t count = collect_ways(m, a, &ways);
            if (count > 0)
                put_ways(m, m->node[a], &ways, 0, count);
        }
    for (uint32_t a = 0; a < m->n; a++)
        for (uint32_t b = 0; b < m->n; b++)
            if (*keeps_at(m, a, b))
                diagram_add_flow(m->diagram, leave[(size_t)a * m->n + b],
                                 enter[(size_t)b * m->n + a]);
}

bool graph_mine(struct arena *arena, const struct event_log *log,
                const struct graph_miner_options *options, struct diagram **ret_diagram,
                struct error *err)
{
    struct mining m = {.n = log->activity_count + 2};
    if (log->activity_count > GRAPH_MINER_ACTIVITIES_MOST)
        return error_set(err, ERROR_LIMIT, "discover", "%u activities: this miner takes at most %d",
                         log->activity_count, GRAPH_MINER_ACTIVITIES_MOST);
    size_t square = (size_t)m.n * m.n;
    m.follows = follows_new(&m.scratch, log, FOLLOWS_COMPLETED);
    m.count = ARENA_ARRAY(&m.scratch, uint32_t, square);
    m.keeps = ARENA_ARRAY(&m.scratch, bool, square);
    m.concurrent = ARENA_ARRAY(&m.scratch, bool, square);
    m.node = ARENA_ARRAY(&m.scratch, uint32_t, m.n);
    m.diagram = diagram_new(arena);
    count_ways(&m, log);
    if (options->is_split)
        keep_frequent(&m, options);
    else
        keep_dependable(&m, options);
    while (connect_one(&m, false) || connect_one(&m, true))
        ;
    for (uint32_t a = 0; a < m.n; a++) {
        enum diagram_kind kind = a == m.n - 2   ? DIAGRAM_START
                                 : a == m.n - 1 ? DIAGRAM_END
                                                : DIAGRAM_TASK;
        str name = kind == DIAGRAM_TASK ? str_copy(arena, event_log_activity(log, a)) : STR_EMPTY;
        m.node[a] = diagram_add_node(m.diagram, kind, name);
    }
    put_all(&m);
    diagram_layout(m.diagram);
    arena_done(&m.scratch);
    *ret_diagram = m.diagram;
    return true;
}
