// SPDX-License-Identifier: Apache-2.0
#include "insight/variants.h"

#include <math.h>
#include <stdlib.h>

struct found {
    uint32_t first_event, length; // in the log
    uint32_t frequency;
    uint32_t number; // in the order found
};

struct finder {
    struct arena *arena;
    const struct event_log *log;
    uint32_t *slots; // found + 1
    uint32_t mask, count, capacity;
    struct found *found;
    uint64_t *hashes;
};

static uint64_t hash_trace(const uint32_t *activities, uint32_t length)
{
    uint64_t hash = length;
    for (uint32_t i = 0; i < length; i++)
        hash = (hash ^ activities[i]) * UINT64_C(0x9E3779B97F4A7C15) + (hash >> 29);
    return hash ^ hash >> 32;
}

static void grow(struct finder *f)
{
    uint32_t new = f->capacity == 0 ? 1024 : f->capacity * 2;
    f->found =
        arena_grow(f->arena, f->found, f->capacity * sizeof *f->found, new * sizeof *f->found);
    f->hashes =
        arena_grow(f->arena, f->hashes, f->capacity * sizeof(uint64_t), new * sizeof(uint64_t));
    f->capacity = new;
    f->mask = new * 2 - 1;
    f->slots = ARENA_ARRAY(f->arena, uint32_t, f->mask + 1);
    for (uint32_t i = 0; i < f->count; i++) {
        uint32_t at = (uint32_t)f->hashes[i] & f->mask;
        while (f->slots[at] != 0)
            at = (at + 1) & f->mask;
        f->slots[at] = i + 1;
    }
}

static uint32_t find_variant(struct finder *f, uint32_t first, uint32_t length)
{
    const uint32_t *activities = f->log->activity + first;
    if (f->count == f->capacity)
        grow(f);
    uint64_t hash = hash_trace(activities, length);
    uint32_t at = (uint32_t)hash & f->mask;
    for (; f->slots[at] != 0; at = (at + 1) & f->mask) {
        uint32_t i = f->slots[at] - 1;
        if (f->hashes[i] == hash && f->found[i].length == length &&
            memcmp(f->log->activity + f->found[i].first_event, activities,
                   length * sizeof *activities) == 0)
            return i;
    }
    f->slots[at] = f->count + 1;
    f->hashes[f->count] = hash;
    f->found[f->count] = (struct found){first, length, 0, f->count};
    return f->count++;
}

static int by_frequency(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->frequency != y->frequency)
        return x->frequency > y->frequency ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

struct variants *variants_new(struct arena *arena, const struct event_log *log)
{
    struct arena scratch = ARENA_EMPTY;
    struct finder f = {.arena = &scratch, .log = log};
    uint32_t *of_trace = ARENA_ARRAY(arena, uint32_t, log->trace_count);
    for (uint32_t t = 0; t < log->trace_count; t++) {
        of_trace[t] = find_variant(&f, log->first[t], log->first[t + 1] - log->first[t]);
        f.found[of_trace[t]].frequency++;
    }
    if (f.count > 0)
        qsort(f.found, f.count, sizeof *f.found, by_frequency);
    uint32_t *first = ARENA_ARRAY(arena, uint32_t, f.count + 1);
    uint32_t *frequency = ARENA_ARRAY(arena, uint32_t, f.count);
    uint32_t *rank = ARENA_ARRAY(&scratch, uint32_t, f.count);
    for (uint32_t v = 0; v < f.count; v++) {
        first[v + 1] = first[v] + f.found[v].length;
        frequency[v] = f.found[v].frequency;
        rank[f.found[v].number] = v;
    }
    uint32_t *activities = ARENA_ARRAY(arena, uint32_t, first[f.count]);
    for (uint32_t v = 0; v < f.count; v++)
        memcpy(activities + first[v], log->activity + f.found[v].first_event,
               f.found[v].length * sizeof *activities);
    for (uint32_t t = 0; t < log->trace_count; t++)
        of_trace[t] = rank[of_trace[t]];
    struct variants *variants = ARENA_NEW(arena, struct variants);
    *variants = (struct variants){.count = f.count,
                                  .activity_count = log->activity_count,
                                  .first = first,
                                  .activities = activities,
                                  .frequency = frequency,
                                  .of_trace = of_trace,
                                  .trace_count = log->trace_count};
    arena_done(&scratch);
    return variants;
}

// -- How much they vary -------------------------------------------------------------------

static double entropy_part(double count, double of)
{
    double share = count / of;
    return count == 0 ? 0 : -share * log2(share);
}

static int by_activities(const void *a, const void *b, void *context)
{
    const struct variants *v = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint32_t m = variant_length(v, x), n = variant_length(v, y);
    const uint32_t *p = variant_activities(v, x), *q = variant_activities(v, y);
    for (uint32_t i = 0; i < m && i < n; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return m < n ? -1 : m > n;
}

static uint32_t shared_prefix(const struct variants *v, uint32_t a, uint32_t b)
{
    uint32_t m = variant_length(v, a), n = variant_length(v, b), i = 0;
    const uint32_t *p = variant_activities(v, a), *q = variant_activities(v, b);
    while (i < m && i < n && p[i] == q[i])
        i++;
    return i;
}

// The sorted variants from..to-1 share `depth` activities: what do they do next, in bits, weighed
// by traces? Walked over an explicit stack: a trace can be as long as it likes.
struct range {
    uint32_t from, to, depth;
};

static double next_activity_bits(const struct variants *v, const uint32_t *order)
{
    struct arena scratch = ARENA_EMPTY;
    struct range *stack = ARENA_ARRAY(&scratch, struct range, (size_t)v->count * 2 + 2);
    size_t open = 0;
    double bits = 0;
    stack[open++] = (struct range){0, v->count, 0};
    while (open > 0) {
        struct range range = stack[--open];
        uint32_t depth = shared_prefix(v, order[range.from], order[range.to - 1]);
        double traces = 0, ended = 0;
        uint32_t at = range.from;
        for (uint32_t i = range.from; i < range.to; i++)
            traces += v->frequency[order[i]];
        for (; at < range.to && variant_length(v, order[at]) == depth; at++)
            ended += v->frequency[order[at]];
        bits += traces * entropy_part(ended, traces);
        while (at < range.to) {
            uint32_t next = variant_activities(v, order[at])[depth], end = at;
            double here = 0;
            for (; end < range.to && variant_activities(v, order[end])[depth] == next; end++)
                here += v->frequency[order[end]];
            bits += traces * entropy_part(here, traces);
            if (end - at > 1)
                stack[open++] = (struct range){at, end, depth + 1};
            at = end;
        }
    }
    arena_done(&scratch);
    return bits;
}

struct variability variability_of(const struct variants *v)
{
    struct variability result = {0};
    struct arena scratch = ARENA_EMPTY;
    double total = (double)v->trace_count, events = 0, covered = 0;
    if (v->count == 0)
        return result;
    uint32_t *order = ARENA_ARRAY(&scratch, uint32_t, v->count);
    for (uint32_t i = 0; i < v->count; i++) {
        order[i] = i;
        result.variant_entropy += entropy_part(v->frequency[i], total);
        events += (double)v->frequency[i] * (variant_length(v, i) + 1);
        result.covering_half += covered < total * 0.5;
        result.covering_80 += covered < total * 0.8;
        covered += v->frequency[i];
    }
    qsort_r(order, v->count, sizeof *order, by_activities, (void *)(uintptr_t)v);
    result.sequence_entropy = next_activity_bits(v, order) / events;
    result.effective_variants = exp2(result.variant_entropy);
    arena_done(&scratch);
    return result;
}

// -- How long they take -------------------------------------------------------------------

bool trace_duration(const struct event_log *log, uint32_t trace, int64_t *ret_us)
{
    int64_t begun = INT64_MAX, ended = NO_TIME;
    for (uint32_t e = log->first[trace]; e < log->first[trace + 1]; e++) {
        int64_t started = event_log_started(log, e), time = log->time[e];
        if (started != NO_TIME && started < begun)
            begun = started;
        ended = time > ended ? time : ended;
    }
    if (log->case_begun != NULL && log->case_begun[trace] != NO_TIME) {
        begun = log->case_begun[trace];
        ended = log->case_ended[trace];
    }
    return ended != NO_TIME && !__builtin_sub_overflow(ended, begun, ret_us);
}

struct durations *variants_durations(struct arena *arena, const struct event_log *log,
                                     const struct variants *v)
{
    struct arena scratch = ARENA_EMPTY;
    struct durations *result = ARENA_ARRAY(arena, struct durations, v->count);
    int64_t *values = ARENA_ARRAY(&scratch, int64_t, log->trace_count);
    size_t *first = ARENA_ARRAY(&scratch, size_t, v->count + 1);
    size_t *known = ARENA_ARRAY(&scratch, size_t, v->count);
    for (uint32_t i = 0; i < v->count; i++)
        first[i + 1] = first[i] + v->frequency[i];
    for (uint32_t t = 0; t < log->trace_count; t++) {
        uint32_t of = v->of_trace[t];
        int64_t us;
        if (trace_duration(log, t, &us))
            values[first[of] + known[of]++] = us;
    }
    for (uint32_t i = 0; i < v->count; i++)
        result[i] = durations_of(values + first[i], known[i]);
    arena_done(&scratch);
    return result;
}
