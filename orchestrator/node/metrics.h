// SPDX-License-Identifier: Apache-2.0
//
// Counters and gauges of a node, from the table metrics.def.
#ifndef BATON_NODE_METRICS_H
#define BATON_NODE_METRICS_H

#include "base/histogram.h"

enum metric {
#define METRIC(name, type, key, help) METRIC_##name,
#include "node/metrics.def"
#undef METRIC
    METRIC_COUNT
};

struct metrics {
    uint64_t values[METRIC_COUNT];
    struct histogram commits;
};

static inline void metrics_add(struct metrics *metrics, enum metric metric, uint64_t amount)
{
    metrics->values[metric] += amount;
}

static inline void metrics_set(struct metrics *metrics, enum metric metric, uint64_t value)
{
    metrics->values[metric] = value;
}

// Prometheus' text format; every name begins with "baton_".
void metrics_print(const struct metrics *metrics, struct strbuf *out);

#endif
