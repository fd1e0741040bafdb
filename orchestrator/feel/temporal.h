// SPDX-License-Identifier: Apache-2.0
//
// Dates, times and durations (DMN 10.3.2.3.4 to 10.3.2.3.8): parsing, printing, arithmetic,
// properties. Proleptic Gregorian calendar.
#ifndef BATON_FEEL_TEMPORAL_H
#define BATON_FEEL_TEMPORAL_H

#include "feel/feel.h"

enum { TEMPORAL_YEAR_MAX = 999999999, SECONDS_PER_DAY = 86400, NANOS_PER_SECOND = 1000000000 };

// Days since 1970-01-01.
int64_t temporal_days(int64_t year, int month, int day);
bool temporal_date_valid(int64_t year, int64_t month, int64_t day);
int temporal_month_days(int64_t year, int month);
feel_value temporal_date(int64_t year, int month, int day);
feel_value temporal_date_from_days(int64_t days); // null beyond the years allowed

// Null when the text is not of the form.
feel_value temporal_parse_date(str text);
feel_value temporal_parse_time(str text, const struct zone_db *zones);
// "Z", "+02:00" or the name of a zone into the flags and zone or offset of a time.
MUST_CHECK bool temporal_read_zone(str text, const struct zone_db *zones, feel_value *ret_time);
feel_value temporal_parse_date_time(str text,
                                    const struct zone_db *zones); // a plain date is its midnight
feel_value temporal_parse_duration(str text);
feel_value temporal_parse(str text,
                          const struct zone_db *zones); // whichever of the four it is: `@"…"`

void temporal_print(struct strbuf *out, feel_value value);

feel_value temporal_date_time(feel_value date, feel_value time); // time's offset and zone are kept
feel_value temporal_date_of(feel_value date_time);
feel_value temporal_time_of(feel_value date_time);
feel_value temporal_midnight(feel_value date); // a local date and time

// Seconds since 1970 UTC; local values count as UTC.
int64_t temporal_instant(feel_value date_time);
bool temporal_has_offset(feel_value value);
int64_t temporal_offset(feel_value value); // in effect at that moment

// -1, 0, 1, or 2 when the two cannot be compared. Both of one kind.
int temporal_compare(feel_value a, feel_value b);

// Null for combinations that have no meaning (10.3.2.8.3.1, Tables 56 to 58) and on overflow.
feel_value temporal_add(feel_value a, feel_value b);
feel_value temporal_subtract(feel_value a, feel_value b);
feel_value temporal_multiply(feel_value duration, feel_value number);
feel_value temporal_divide(feel_value duration,
                           feel_value by); // by a number, or by a duration of its kind
feel_value temporal_negate(feel_value duration);

// `years and months duration(from, to)`.
feel_value temporal_months_between(feel_value from, feel_value to);

// "year", "time offset", …; null when the kind has no such property (Table 65).
feel_value temporal_property(feel_value value, str name);

int temporal_weekday(feel_value value); // Monday is 1
int64_t temporal_day_of_year(feel_value value);
int64_t temporal_week_of_year(feel_value value); // ISO 8601

static inline bool temporal_has_date(feel_value value)
{
    return value.kind == FEEL_DATE || value.kind == FEEL_DATE_TIME;
}

static inline bool temporal_is(feel_value value)
{
    return value.kind >= FEEL_DATE && value.kind <= FEEL_MONTHS_DURATION;
}

static inline bool temporal_is_duration(feel_value value)
{
    return value.kind == FEEL_DAYS_DURATION || value.kind == FEEL_MONTHS_DURATION;
}

#endif
