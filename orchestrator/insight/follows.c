// SPDX-License-Identifier: Apache-2.0
//
// One pass counts the pairs, one pass puts the times of each pair behind each other. Pairs stand in
// a square where that is small, else in a table by hash.
#include "insight/follows.h"

#include <stdlib.h>

enum { SQUARE_MOST = 1024 };

// -- Values -------------------------------------------------------------------------------

static void swap(int64_t *a, int64_t *b)
{
    int64_t kept = *a;
    *a = *b;
    *b = kept;
}

// Brings the value of this rank to its place, smaller ones before it, larger ones behind.
static void select_rank(int64_t *values, size_t count, size_t rank)
{
    size_t left = 0, right = count - 1;
    while (left < right) {
        size_t middle = left + (right - left) / 2;
        if (values[middle] < values[left])
            swap(&values[middle], &values[left]);
        if (values[right] < values[left])
            swap(&values[right], &values[left]);
        if (values[right] < values[middle])
            swap(&values[right], &values[middle]);
        int64_t pivot = values[middle];
        size_t i = left, j = right;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i > j)
                break;
            swap(&values[i++], &values[j]);
            if (j-- == 0)
                break;
        }
        if (rank <= j && j < right)
            right = j;
        else if (rank >= i)
            left = i;
        else
            return;
    }
}

static double between(double low, double high, double share)
{
    return low + (high - low) * share;
}

double quantile_of(const int64_t *sorted, size_t count, double rank)
{
    double at = rank * (double)(count - 1);
    size_t low = (size_t)at;
    size_t high = low + 1 < count ? low + 1 : low;
    return between((double)sorted[low], (double)sorted[high], at - (double)low);
}

// The same without sorting all of them: values before `from` are known to be smaller.
static double select_quantile(int64_t *values, size_t count, double rank, size_t *from)
{
    double at = rank * (double)(count - 1);
    size_t low = (size_t)at;
    select_rank(values + *from, count - *from, low - *from);
    *from = low;
    int64_t next = values[low];
    if (low + 1 < count) {
        next = values[low + 1];
        for (size_t i = low + 2; i < count; i++)
            next = values[i] < next ? values[i] : next;
    }
    return between((double)values[low], (double)next, at - (double)low) / 1e6;
}

struct durations durations_of(int64_t *values, size_t count)
{
    struct durations d = {.count = (uint32_t)count};
    __int128 sum = 0;
    int64_t min = INT64_MAX, max = INT64_MIN;
    size_t from = 0;
    if (count == 0)
        return d;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    d.mean = (double)sum / (double)count / 1e6;
    d.min = (double)min / 1e6;
    d.max = (double)max / 1e6;
    d.median = select_quantile(values, count, 0.5, &from);
    d.p90 = select_quantile(values, count, 0.9, &from);
    d.p95 = select_quantile(values, count, 0.95, &from);
    return d;
}

// -- Pairs --------------------------------------------------------------------------------

struct pair {
    uint64_t key; // from * activities + to + 1; 0: empty
    uint32_t edge;
};

struct counting {
    struct arena *arena;
    const struct event_log *log;
    enum follows_time time;
    uint32_t *square; // edge + 1; NULL: pairs are used
    struct pair *pairs;
    size_t capacity;
    struct follows *follows;
    size_t edge_capacity;
    uint32_t *last_case; // by edge: trace + 1
};

static uint32_t new_edge(struct counting *c, uint32_t from, uint32_t to)
{
    struct follows *f = c->follows;
    if (f->edge_count == c->edge_capacity) {
        size_t new = c->edge_capacity == 0 ? 256 : c->edge_capacity * 2;
        f->edges = arena_grow(c->arena, f->edges, c->edge_capacity * sizeof *f->edges,
                              new * sizeof *f->edges);
        c->last_case = arena_grow(c->arena, c->last_case, c->edge_capacity * sizeof(uint32_t),
                                  new * sizeof(uint32_t));
        c->edge_capacity = new;
    }
    f->edges[f->edge_count] = (struct follows_edge){.from = from, .to = to};
    c->last_case[f->edge_count] = 0;
    return (uint32_t)f->edge_count++;
}

static struct pair *find_pair(struct pair *pairs, size_t capacity, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (capacity - 1);
    while (pairs[at].key != 0 && pairs[at].key != key)
        at = (at + 1) & (capacity - 1);
    return &pairs[at];
}

static void grow_pairs(struct counting *c)
{
    struct pair *old = c->pairs;
    size_t old_capacity = c->capacity;
    c->capacity = old_capacity == 0 ? 4096 : old_capacity * 4;
    c->pairs = ARENA_ARRAY(c->arena, struct pair, c->capacity);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key != 0)
            *find_pair(c->pairs, c->capacity, old[i].key) = old[i];
}

static uint32_t edge_of(struct counting *c, uint32_t from, uint32_t to)
{
    uint64_t place = (uint64_t)from * c->log->activity_count + to;
    if (c->square != NULL) {
        if (c->square[place] == 0)
            c->square[place] = new_edge(c, from, to) + 1;
        return c->square[place] - 1;
    }
    if (c->follows->edge_count * 2 >= c->capacity)
        grow_pairs(c);
    struct pair *pair = find_pair(c->pairs, c->capacity, place + 1);
    if (pair->key == 0)
        *pair = (struct pair){place + 1, new_edge(c, from, to)};
    return pair->edge;
}

static bool time_between(const struct counting *c, uint32_t from, uint32_t to, int64_t *ret_us)
{
    const struct event_log *log = c->log;
    int64_t a = c->time == FOLLOWS_STARTED ? event_log_started(log, from) : log->time[from];
    int64_t b = c->time == FOLLOWS_COMPLETED ? log->time[to] : event_log_started(log, to);
    return a != NO_TIME && b != NO_TIME && !__builtin_sub_overflow(b, a, ret_us);
}

static void count_pairs(struct counting *c)
{
    const struct event_log *log = c->log;
    struct follows *f = c->follows;
    for (uint32_t t = 0; t < log->trace_count; t++) {
        uint32_t first = log->first[t], end = log->first[t + 1];
        f->starts[log->activity[first]]++;
        f->ends[log->activity[end - 1]]++;
        f->events[log->activity[first]]++;
        for (uint32_t e = first + 1; e < end; e++) {
            uint32_t edge = edge_of(c, log->activity[e - 1], log->activity[e]);
            int64_t ignored;
            f->events[log->activity[e]]++;
            f->edges[edge].frequency++;
            f->edges[edge].cases += c->last_case[edge] != t + 1;
            f->edges[edge].between.count += time_between(c, e - 1, e, &ignored);
            c->last_case[edge] = t + 1;
        }
    }
}

static void measure_pairs(struct counting *c, struct arena *scratch)
{
    const struct event_log *log = c->log;
    struct follows *f = c->follows;
    size_t *at = ARENA_ARRAY(scratch, size_t, f->edge_count + 1);
    for (size_t i = 0; i < f->edge_count; i++)
        at[i + 1] = at[i] + f->edges[i].between.count;
    int64_t *values = arena_alloc(scratch, at[f->edge_count] * sizeof *values + 1);
    size_t *next = arena_copy(scratch, at, sizeof *at * (f->edge_count + 1));
    for (uint32_t t = 0; t < log->trace_count; t++)
        for (uint32_t e = log->first[t] + 1; e < log->first[t + 1]; e++) {
            int64_t us;
            if (time_between(c, e - 1, e, &us))
                values[next[edge_of(c, log->activity[e - 1], log->activity[e])]++] = us;
        }
    for (size_t i = 0; i < f->edge_count; i++)
        f->edges[i].between = durations_of(values + at[i], at[i + 1] - at[i]);
}

static int by_frequency(const void *a, const void *b, void *context)
{
    const struct follows_edge *x = a, *y = b;
    const struct event_log *log = context;
    if (x->frequency != y->frequency)
        return x->frequency > y->frequency ? -1 : 1;
    int order = str_compare(event_log_activity(log, x->from), event_log_activity(log, y->from));
    return order != 0 ? order
                      : str_compare(event_log_activity(log, x->to), event_log_activity(log, y->to));
}

struct follows *follows_new(struct arena *arena, const struct event_log *log,
                            enum follows_time time)
{
    struct arena scratch = ARENA_EMPTY;
    uint32_t n = log->activity_count;
    struct counting c = {.arena = arena, .log = log, .time = time};
    c.follows = ARENA_NEW(arena, struct follows);
    c.follows->activity_count = n;
    c.follows->starts = ARENA_ARRAY(arena, uint32_t, n);
    c.follows->ends = ARENA_ARRAY(arena, uint32_t, n);
    c.follows->events = ARENA_ARRAY(arena, uint32_t, n);
    if (n <= SQUARE_MOST)
        c.square = ARENA_ARRAY(&scratch, uint32_t, (size_t)n * n);
    count_pairs(&c);
    measure_pairs(&c, &scratch);
    if (c.follows->edge_count > 0)
        qsort_r(c.follows->edges, c.follows->edge_count, sizeof *c.follows->edges, by_frequency,
                (void *)(uintptr_t)log);
    arena_done(&scratch);
    return c.follows;
}
