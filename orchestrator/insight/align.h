// SPDX-License-Identifier: Apache-2.0
//
// Optimal alignments: the cheapest way to walk a trace and a net together (Adriansyah, 2014). A
// step that only one of them takes costs one deviation; a silent step of the net costs a
// ten-thousandth, so that of equal ways the shortest is taken, and costs are PM4Py's.
#ifndef BATON_INSIGHT_ALIGN_H
#define BATON_INSIGHT_ALIGN_H

#include "insight/net.h"
#include "insight/variants.h"

enum { ALIGN_DEVIATION = 10000, ALIGN_SILENT = 1 };

struct align_limits {
    uint32_t states_of_trace; // places in trace and net that are looked at for one variant
    uint64_t states;          // for all, with those that lead nowhere new
    uint32_t markings;        // of the net that are remembered
    bool without_blocks;      // search even a net of blocks: for tests
};

#define ALIGN_LIMITS_DEFAULT ((struct align_limits){2000000, 60000000, 500000, false})

struct align_trace {
    uint64_t cost;   // of the alignment; where it is bounded, it costs at least so much
    bool is_bounded; // a limit was reached: no alignment was found
    double fitness;  // 1 less deviations, of as many as there could be
};

struct align_deviation {
    bool is_in_log; // the log does what the net does not; else the other way round
    str activity;
    uint64_t count;  // over all traces
    uint64_t traces; // with at least one
};

struct alignments {
    const struct align_trace *traces; // by variant
    uint64_t fitting_traces, trace_count, bounded_traces;
    double fitness, average_fitness;
    size_t deviation_count;
    const struct align_deviation *deviations; // most frequent first
};

// False when the net cannot reach its final marking within the limit on markings.
MUST_CHECK bool align_log(struct arena *arena, const struct event_log *log,
                          const struct variants *variants, const struct net *net,
                          const struct align_limits *limits, struct alignments *ret_alignments,
                          struct error *err);

#endif
