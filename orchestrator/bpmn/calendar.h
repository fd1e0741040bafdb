// SPDX-License-Identifier: Apache-2.0
//
// Business calendars: when people work. Declared in a model, compiled with it, and so as immutable
// as the definition that uses them.
//
//     <baton:calendar id="office" zone="Europe/Berlin"
//                     hours="Mo-Fr 09:00-12:30,13:00-17:00; Sa 10:00-14:00"
//                     holidays="2026-04-03 2026-04-06 12-25 12-26"/>
#ifndef BATON_BPMN_CALENDAR_H
#define BATON_BPMN_CALENDAR_H

#include "base/arena.h"
#include "base/str.h"
#include "base/zone.h"

enum { CALENDAR_MAX_HOURS = 100, CALENDAR_MAX_HOLIDAYS = 1000, CALENDAR_MAX_DAYS = 3660 };

// A stretch of work on a weekday (Monday is 0), in minutes since midnight.
struct bpmn_hours {
    uint8_t weekday;
    uint16_t from;
    uint16_t until;
};

struct bpmn_holiday {
    int32_t year; // 0: every year
    uint8_t month;
    uint8_t day;
};

struct bpmn_calendar {
    str id;
    str zone; // empty: UTC
    uint32_t hours_count;
    const struct bpmn_hours *hours; // in order
    uint32_t holiday_count;
    const struct bpmn_holiday *holidays;
};

// Reads both texts into the arena. False and *ret_why when one cannot be read.
MUST_CHECK bool bpmn_calendar_read(struct arena *arena, str hours, str holidays,
                                   struct bpmn_calendar *ret_calendar, const char **ret_why);

// The moment when so much working time has passed. Each 24 hours of the duration are a working day:
// the same time on the next day that has hours. The rest is counted while the calendar is open.
// False when the calendar is not open so long within CALENDAR_MAX_DAYS.
MUST_CHECK bool bpmn_calendar_add(const struct bpmn_calendar *calendar, const struct zone *zone,
                                  int64_t from_ms, int64_t duration_ms, int64_t *ret_ms);

#endif
