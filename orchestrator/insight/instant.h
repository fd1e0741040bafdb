// SPDX-License-Identifier: Apache-2.0
//
// Times as logs write them. A time is microseconds since 1970-01-01T00:00:00Z; one without a zone
// is read as UTC, and the caller is told, so that it can say so.
#ifndef BATON_INSIGHT_INSTANT_H
#define BATON_INSIGHT_INSTANT_H

#include "base/str.h"

// Microseconds since 1970-01-01T00:00:00Z; no time is known.
#define NO_TIME INT64_MIN

struct instant {
    int64_t us;
    bool has_zone;
};

// ISO 8601 with 'T' or a blank, fractions with '.' or ',', zones as Z, UTC, +hh, +hhmm or +hh:mm;
// also yyyy/mm/dd and dd.mm.yyyy. Nothing that two countries read differently. Digits behind
// microseconds are cut.
MUST_CHECK bool instant_parse(str text, struct instant *ret_instant);

// By a format of strptime's: %Y %m %d %H %M %S %f %z %b %B %y %I %p %T %F %s %%.
MUST_CHECK bool instant_parse_format(str text, str format, struct instant *ret_instant);

// 2024-05-01T07:00:00+00:00, with six digits of a fraction where there is one. In the arena.
str instant_text(struct arena *arena, int64_t us);

enum { MS_PER_DAY = 86400000 };

// How long, for people: "1.5 h", "250 ms". In the arena.
str instant_span_text(struct arena *arena, double seconds);

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back.
int64_t instant_days(int64_t year, int month, int day);
void instant_date(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);

#endif
