// SPDX-License-Identifier: Apache-2.0
//
// Repeating timers: ISO 8601 ("R5/PT10S", "R/2026-01-01T00:00:00Z/P1D") and cron as Camunda 8
// writes it, with seconds first
// ("0 0 9-17 * * MON-FRI"), or one of @yearly, @monthly, @weekly, @daily, @hourly.
#ifndef BATON_BPMN_CYCLE_H
#define BATON_BPMN_CYCLE_H

#include "feel/feel.h"

struct bpmn_cycle {
    int64_t repetitions; // -1: for ever
    bool has_start;
    int64_t start_ms;
    bool is_cron;
    struct feel_duration interval;
    uint64_t seconds, minutes; // cron: a bit for each allowed value
    uint32_t hours, days, months, weekdays;
};

MUST_CHECK bool bpmn_cycle_parse(str text, struct bpmn_cycle *ret_cycle);

// The first time after `after_ms`; cron in `zone` (NULL: UTC). False when there is none within five
// years.
MUST_CHECK bool bpmn_cycle_next(const struct bpmn_cycle *cycle, const struct zone *zone,
                                int64_t after_ms, int64_t *ret_ms);

#endif
