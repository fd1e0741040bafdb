// SPDX-License-Identifier: Apache-2.0
//
// What an inductive miner works on: a log of variants over the activities that are left, and its
// directly-follows graph. Inside of the miner only.
#ifndef BATON_INSIGHT_MINED_LOG_H
#define BATON_INSIGHT_MINED_LOG_H

#include "insight/variants.h"

// Activities are 0 … n - 1 in the order of their names; `global` says which they were before.
struct mined_log {
    uint32_t n;
    const uint32_t *global;
    uint32_t count;   // different sequences
    uint32_t *first;  // count + 1
    uint32_t *steps;  // activities
    uint64_t *traces; // by sequence: how often
};

struct mined_edge {
    uint32_t from, to;
    uint64_t count;
};

// Rows of `words` words, a bit an activity.
struct mined_graph {
    uint32_t n;
    size_t words;
    uint64_t *after, *before; // what follows directly, and what precedes
    uint64_t *starts, *ends;  // counts by activity; 0: none
    bool *is_there;           // the activity is a vertex
    size_t edge_count;
    struct mined_edge *edges;
};

// A part of a cut: which group each activity is in. Activities that are no vertex are in none.
#define NO_GROUP UINT32_MAX

struct mined_cut {
    uint32_t count;
    uint32_t *group; // by activity
};

static inline bool bit_is_set(const uint64_t *row, uint32_t bit)
{
    return row[bit / 64] >> bit % 64 & 1;
}

static inline void bit_set(uint64_t *row, uint32_t bit)
{
    row[bit / 64] |= UINT64_C(1) << bit % 64;
}

static inline const uint64_t *graph_after(const struct mined_graph *graph, uint32_t activity)
{
    return graph->after + graph->words * activity;
}

static inline const uint64_t *graph_before(const struct mined_graph *graph, uint32_t activity)
{
    return graph->before + graph->words * activity;
}

struct mined_graph *mined_graph_of(struct arena *arena, const struct mined_log *log);
struct mined_graph *mined_graph_new(struct arena *arena, uint32_t n);
void mined_graph_add(struct arena *arena, struct mined_graph *graph, struct mined_edge edge);

// The graph without what is rare: edges below the share `noise` of the busiest way out of their
// activity, starts below that share of the most frequent start.
struct mined_graph *mined_graph_filter(struct arena *arena, const struct mined_graph *graph,
                                       double noise);

// Each is false when the graph has no such cut. Groups of a sequence stand in its order.
bool cut_choice(struct arena *arena, const struct mined_graph *graph, struct mined_cut *ret_cut);
bool cut_sequence(struct arena *arena, const struct mined_graph *graph, struct mined_cut *ret_cut);
bool cut_parallel(struct arena *arena, const struct mined_graph *graph, struct mined_cut *ret_cut);
bool cut_loop(struct arena *arena, const struct mined_graph *graph, struct mined_cut *ret_cut);

// Collects sequences, equal ones once, and makes a log of them whose activities are those that
// occur.
struct log_maker {
    struct arena *arena;
    uint32_t *steps;
    size_t step_count, step_capacity;
    size_t begun; // where the sequence that is being made begins
    uint32_t *first;
    uint64_t *traces, *hashes;
    uint32_t count, capacity, mask, *slots;
};

struct log_maker log_maker_new(struct arena *arena);
void log_maker_step(struct log_maker *maker, uint32_t activity);
void log_maker_end(struct log_maker *maker, uint64_t traces); // of the sequence
// `global` are the names of the activities that the steps number, `n` of them.
struct mined_log *log_maker_finish(struct log_maker *maker, const uint32_t *global, uint32_t n);

#endif
