// SPDX-License-Identifier: Apache-2.0
//
// Variants: the different sequences of activities, and how often each occurs. Discovery and
// conformance work on them: what is said of one holds for all its traces.
#ifndef BATON_INSIGHT_VARIANTS_H
#define BATON_INSIGHT_VARIANTS_H

#include "insight/follows.h"

struct variants {
    uint32_t count;
    uint32_t activity_count;
    const uint32_t *first; // of variant v, into activities; count + 1
    const uint32_t *activities;
    const uint32_t *frequency; // traces; most frequent first, then in the order of the log
    const uint32_t *of_trace;  // by trace of the log
    uint64_t trace_count;
};

static inline uint32_t variant_length(const struct variants *variants, uint32_t variant)
{
    return variants->first[variant + 1] - variants->first[variant];
}

static inline const uint32_t *variant_activities(const struct variants *variants, uint32_t variant)
{
    return variants->activities + variants->first[variant];
}

struct variants *variants_new(struct arena *arena, const struct event_log *log);

// How much the log varies.
struct variability {
    double variant_entropy;    // bits
    double sequence_entropy;   // of the next activity given the trace so far, bits an event
    double effective_variants; // 2 to the variant entropy
    uint32_t covering_half, covering_80; // so many variants cover that share of traces
};

struct variability variability_of(const struct variants *variants);

// How long the traces of each variant took, from the first time of a trace to its last. In the
// arena, by variant.
struct durations *variants_durations(struct arena *arena, const struct event_log *log,
                                     const struct variants *variants);

// From the first moment of the trace to its last, or as the case itself says; false when no time is
// known, or the case has not ended.
bool trace_duration(const struct event_log *log, uint32_t trace, int64_t *ret_us);

#endif
