// SPDX-License-Identifier: Apache-2.0
//
// Figures of a process, by the definitions in docs/insight.md.
#ifndef BATON_INSIGHT_KPI_H
#define BATON_INSIGHT_KPI_H

#include "insight/variants.h"

struct kpi_step {
    uint32_t count, cases;
    uint32_t again;        // beyond the first time in its case
    uint32_t again_direct; // right after itself
    uint32_t by_another;   // again, by another resource than the time before
    struct durations work; // from start to completion
};

struct kpi {
    struct durations cycle, touch, wait; // of a case; touch and wait where starts are known
    double flow_efficiency;              // touch / cycle of the sums; NaN: starts are not known
    double rework;                       // share of events that are beyond the first time
    double first_pass_yield;             // share of cases without one
    double rolled_yield;                 // product over activities of the share of cases done once
    double handovers;                    // per case: the next event is by another resource
    double automation;                   // share of events without a resource; NaN: none has one
    double straight_through; // share of cases without a resource and without rework; NaN
    double throughput_per_day, arrival_per_day;
    double work_in_progress;      // mean over time
    double little;                // arrival × mean cycle: equal to it where the log is stable
    const struct kpi_step *steps; // by activity
};

struct kpi kpi_of(struct arena *arena, const struct event_log *log);

#endif
