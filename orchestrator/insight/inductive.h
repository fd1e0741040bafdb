// SPDX-License-Identifier: Apache-2.0
//
// Inductive mining: a log is cut into smaller ones by the shape of its directly-follows graph,
// until one activity is left. The tree that is found is always sound.
#ifndef BATON_INSIGHT_INDUCTIVE_H
#define BATON_INSIGHT_INDUCTIVE_H

#include "insight/tree.h"
#include "insight/variants.h"

struct inductive_options {
    double noise;     // IMf: the share below which an edge is rare; 0: IM, every trace fits
    bool is_dfg_only; // IMd: from the graph alone, without looking at traces again
};

// How far a miner may go; beyond that what is left becomes a part where everything can happen.
#define INDUCTIVE_STEPS_MOST UINT64_C(4000000000)

struct inductive_result {
    struct tree *tree;
    bool is_bounded; // the limit was reached: a part of the tree says nothing
};

struct inductive_result inductive_mine(struct arena *arena, const struct event_log *log,
                                       const struct variants *variants,
                                       struct inductive_options options);

#endif
