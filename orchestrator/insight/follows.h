// SPDX-License-Identifier: Apache-2.0
//
// The directly-follows graph: which activity comes next in a trace, how often, in how many cases,
// and after how long.
#ifndef BATON_INSIGHT_FOLLOWS_H
#define BATON_INSIGHT_FOLLOWS_H

#include "insight/event_log.h"

// Seconds. Percentiles lie between the two nearest values, by distance.
struct durations {
    uint32_t count; // of those that are known; 0: the others mean nothing
    double mean, median, p90, p95, min, max;
};

struct follows_edge {
    uint32_t from, to; // activities
    uint32_t frequency, cases;
    struct durations between;
};

// From where to where time is measured. Directly-follows is always by completion.
enum follows_time {
    FOLLOWS_COMPLETED,         // completed → completed
    FOLLOWS_COMPLETED_STARTED, // completed → started: the time between two pieces of work
    FOLLOWS_STARTED,           // started → started
};

struct follows {
    uint32_t activity_count;
    size_t edge_count;
    struct follows_edge *edges;       // most frequent first, then by names
    uint32_t *starts, *ends, *events; // by activity
};

// In the arena.
struct follows *follows_new(struct arena *arena, const struct event_log *log,
                            enum follows_time time);

// Of `count` values in microseconds, which are put in another order.
struct durations durations_of(int64_t *values, size_t count);

// The value below which the share `rank` of the sorted values lies: between its two neighbours.
double quantile_of(const int64_t *sorted, size_t count, double rank);

#endif
