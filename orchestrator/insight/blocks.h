// SPDX-License-Identifier: Apache-2.0
//
// Nets that are put together of blocks — sequences, choices, parallels, loops — as those of trees
// are. Such a net is found to be one by taking it together again, and a trace is aligned with it
// block by block, however many markings the net has. Inside of alignment only.
#ifndef BATON_INSIGHT_BLOCKS_H
#define BATON_INSIGHT_BLOCKS_H

#include "insight/net.h"

enum block_kind {
    BLOCK_LABEL,
    BLOCK_SILENT,
    BLOCK_NOTHING, // costs nothing, not even what a silent step does
    BLOCK_SEQUENCE,
    BLOCK_CHOICE,
    BLOCK_PARALLEL,
    BLOCK_LOOP, // the first, then any number of times: the second, the first
};

struct block {
    enum block_kind kind;
    uint32_t label;
    const struct block *first, *second;
    const uint64_t *alphabet; // bits, by label
    uint64_t least;           // what it costs with nothing
};

// NULL when the net is not of blocks, or when both parts of a parallel have the same label: then a
// trace cannot be aligned with each apart.
const struct block *blocks_of_net(struct arena *arena, const struct net *net,
                                  const uint32_t *label_of_transition, uint32_t label_count);

struct block_deviations {
    void *context;
    void (*of_log)(void *context, uint32_t label);
    void (*of_net)(void *context, uint32_t label);
};

struct block_trace {
    const uint32_t *labels;
    uint32_t length;
    uint64_t steps_most;  // that may be spent on it
    uint64_t *steps_left; // of all traces: what is spent is taken away
};

// The cost of the cheapest alignment (align.h has the units); each of its deviations is told.
// False when the trace is so long that it would take too much; the arena may be reset behind.
MUST_CHECK bool blocks_align(struct arena *arena, const struct block *block,
                             const struct block_trace *trace,
                             const struct block_deviations *deviations, uint64_t *ret_cost);

#endif
