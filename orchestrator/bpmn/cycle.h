// SPDX-License-Identifier: Apache-2.0
//
// Repeating timers: ISO 8601 ("R5/PT10S", "R/2026-01-01T09:00:00+01:00[Europe/Berlin]/P1D": every
// day at nine in Berlin) and cron as Camunda 8 writes it, with seconds first ("0 0 9-17 * *
// MON-FRI"), with L, W and # in its days ("0 0 0 L * *", "0 0 9 15W * *", "0 0 9 ? * MON#1"), or
// one of
// @yearly, @monthly, @weekly, @daily, @hourly.
#ifndef BATON_BPMN_CYCLE_H
#define BATON_BPMN_CYCLE_H

#include "feel/feel.h"

enum { CYCLE_WEEKDAYS = 7 };

struct bpmn_cycle {
    int64_t repetitions; // -1: for ever
    bool has_start;
    int64_t start_ms;
    const struct zone *zone; // of the start, when it names one
    int64_t days; // the interval when it has neither months nor hours: of the zone's days
    bool is_cron;
    struct feel_duration interval;
    uint64_t seconds, minutes; // cron: a bit for each allowed value
    uint32_t hours, days_of_month, months, weekdays;
    uint32_t days_before_last;            // L-3: bit 3
    uint32_t nearest_weekdays;            // 15W: bit 15
    bool last_weekday;                    // LW
    uint8_t weekdays_nth[CYCLE_WEEKDAYS]; // MON#2: bit 2 of Monday
    uint8_t last_weekdays;                // FRIL: Friday's bit
};

// `zones` NULL: no zone by name is known, and a text with one is no cycle.
MUST_CHECK bool bpmn_cycle_parse(str text, const struct zone_db *zones,
                                 struct bpmn_cycle *ret_cycle);

// The first time after `after_ms`; with a start one that lies whole intervals after it, else an
// interval from there. Cron in `zone` (NULL: UTC). False when there is none within five years.
MUST_CHECK bool bpmn_cycle_next(const struct bpmn_cycle *cycle, const struct zone *zone,
                                int64_t after_ms, int64_t *ret_ms);

#endif
