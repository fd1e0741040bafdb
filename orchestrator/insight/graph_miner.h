// SPDX-License-Identifier: Apache-2.0
//
// Miners that keep the directly-follows graph and put gateways where ways part and meet. What they
// find is a diagram that need not be block-structured, nor sound.
#ifndef BATON_INSIGHT_GRAPH_MINER_H
#define BATON_INSIGHT_GRAPH_MINER_H

#include "insight/diagram.h"
#include "insight/variants.h"

struct graph_miner_options {
    bool is_split;      // Split Miner's filter and concurrency; else Heuristics Miner's
    double dependency;  // heuristics: ways that are less dependable go (0.5)
    double concurrency; // split: how unlike two directions may be to be concurrent (0.1)
    double filter; // split: the percentile of each activity's best ways that ways must reach (0.4)
};

#define GRAPH_MINER_OPTIONS_DEFAULT                                                                \
    {                                                                                              \
        false, 0.5, 0.1, 0.4                                                                       \
    }

// At most so many activities: the graph is a square.
enum { GRAPH_MINER_ACTIVITIES_MOST = 2000 };

MUST_CHECK bool graph_mine(struct arena *arena, const struct event_log *log,
                           const struct graph_miner_options *options, struct diagram **ret_diagram,
                           struct error *err);

#endif
