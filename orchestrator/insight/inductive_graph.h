// SPDX-License-Identifier: Apache-2.0
//
// IMd: inductive mining of a directly-follows graph alone (Leemans, Scalable process discovery and
// conformance checking, 2018). Faster on long logs, and it forgets more. Inside of the miner only.
#ifndef BATON_INSIGHT_INDUCTIVE_GRAPH_H
#define BATON_INSIGHT_INDUCTIVE_GRAPH_H

#include "insight/mined_log.h"
#include "insight/tree.h"

struct tree *inductive_mine_graph(struct arena *arena, const struct event_log *log,
                                  const struct mined_log *mined);

#endif
