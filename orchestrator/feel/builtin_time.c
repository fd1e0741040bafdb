// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions that make or look at dates, times and durations
// (DMN 10.3.4.1, 10.3.4.6, 10.3.4.8), and those whose result the run decides: now, today, uuid,
// random.
#include "feel/builtin.h"
#include "feel/node.h"
#include "feel/number.h"
#include "feel/run.h"
#include "feel/temporal.h"

static feel_value unwrap(feel_value value)
{
    return value.kind == FEEL_LIST && value.list.count == 1 ? value.list.items[0] : value;
}

feel_value builtin_at(struct call *call)
{
    return temporal_parse(call->args[0].string, call->run->zones);
}

feel_value builtin_date_from(struct call *call)
{
    feel_value from = unwrap(call->args[0]);
    if (from.kind == FEEL_STRING)
        return temporal_parse_date(from.string);
    if (from.kind == FEEL_DATE)
        return from;
    return from.kind == FEEL_DATE_TIME ? temporal_date_of(from) : feel_null();
}

feel_value builtin_date(struct call *call)
{
    int64_t year, month, day;
    bool read = feel_to_i64(call->args[0], &year) && feel_to_i64(call->args[1], &month) &&
                feel_to_i64(call->args[2], &day);
    if (!read || !temporal_date_valid(year, month, day))
        return feel_null();
    return temporal_date(year, (int)month, (int)day);
}

feel_value builtin_date_and_time(struct call *call)
{
    feel_value date = call->args[0];
    if (date.kind == FEEL_DATE_TIME)
        date = temporal_date_of(date);
    return temporal_date_time(date, call->args[1]);
}

// The same moment in another zone; a local time, or a date's midnight, is one of that zone.
feel_value builtin_date_and_time_in(struct call *call)
{
    feel_value from = call->args[0], zone = {.kind = FEEL_TIME};
    if (from.kind == FEEL_DATE)
        from = temporal_midnight(from);
    if (!temporal_read_zone(call->args[1].string, call->run->zones, &zone))
        return run_warn(call->run, call->node ? call->node->position : POSITION_UNKNOWN,
                        "there is no time zone '%.*s'", STR_ARG(call->args[1].string));
    bool is_zoned = zone.flags == FEEL_ZONED;
    if (temporal_has_offset(from)) {
        int64_t instant = temporal_instant(from);
        from.time.seconds =
            instant + (is_zoned ? zone_offset_at(zone.time.zone, instant) : zone.time.offset);
    }
    from.flags = zone.flags;
    if (is_zoned)
        from.time.zone = zone.time.zone;
    else
        from.time.offset = zone.time.offset;
    return from;
}

feel_value builtin_date_and_time_from(struct call *call)
{
    feel_value from = unwrap(call->args[0]);
    if (from.kind == FEEL_STRING)
        return temporal_parse_date_time(from.string, call->run->zones);
    if (from.kind == FEEL_DATE)
        return temporal_midnight(from);
    return from.kind == FEEL_DATE_TIME ? from : feel_null();
}

// Hours, minutes and seconds, the last with a fraction; null when out of bounds.
static feel_value time_of_parts(const feel_value parts[3])
{
    int64_t hour, minute, second, nanos;
    if (!feel_to_i64(parts[0], &hour) || !feel_to_i64(parts[1], &minute) ||
        !number_truncate(parts[2], &second))
        return feel_null();
    feel_value rest = number_subtract(parts[2], feel_i64(second));
    bool valid =
        hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60 &&
        number_truncate(number_multiply(rest, feel_i64(NANOS_PER_SECOND)), &nanos) && nanos >= 0;
    if (!valid)
        return feel_null();
    return (feel_value){.kind = FEEL_TIME,
                        .nanos = (uint32_t)nanos,
                        .time = {.seconds = hour * 3600 + minute * 60 + second}};
}

enum { OFFSET_MAX = 18 * 3600 };

// A duration or the name of a zone; null is neither.
static feel_value with_zone(struct call *call, feel_value time, feel_value zone)
{
    if (feel_is_null(time) || zone.kind == FEEL_NULL)
        return time;
    if (zone.kind == FEEL_STRING) {
        time.time.zone = zone_find(call->run->zones, zone.string);
        time.flags = FEEL_ZONED;
        return time.time.zone ? time : feel_null();
    }
    int64_t offset = zone.time.seconds;
    if (zone.nanos || offset > OFFSET_MAX || offset < -OFFSET_MAX)
        return feel_null();
    time.time.offset = offset;
    time.flags = FEEL_OFFSET;
    return time;
}

feel_value builtin_time(struct call *call)
{
    return with_zone(call, time_of_parts(call->args), call->args[3]);
}

feel_value builtin_date_and_time_parts(struct call *call)
{
    feel_value date = builtin_date(call);
    feel_value time = with_zone(call, time_of_parts(call->args + 3), call->args[6]);
    if (feel_is_null(date) || feel_is_null(time))
        return feel_null();
    return temporal_date_time(date, time);
}

feel_value builtin_time_from(struct call *call)
{
    feel_value from = unwrap(call->args[0]);
    if (from.kind == FEEL_STRING)
        return temporal_parse_time(from.string, call->run->zones);
    if (from.kind == FEEL_TIME)
        return from;
    if (from.kind == FEEL_DATE_TIME)
        return temporal_time_of(from);
    if (from.kind != FEEL_DATE)
        return feel_null();
    return (feel_value){.kind = FEEL_TIME, .flags = FEEL_OFFSET}; // a date's time is midnight UTC
}

feel_value builtin_duration(struct call *call)
{
    feel_value from = unwrap(call->args[0]);
    if (from.kind == FEEL_STRING)
        return temporal_parse_duration(from.string);
    return temporal_is_duration(from) ? from : feel_null();
}

feel_value builtin_years_and_months_duration(struct call *call)
{
    return temporal_months_between(call->args[0], call->args[1]);
}

feel_value builtin_day_of_year(struct call *call)
{
    return feel_i64(temporal_day_of_year(call->args[0]));
}

feel_value builtin_day_of_week(struct call *call)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    return feel_string(str_of(names[temporal_weekday(call->args[0]) - 1]));
}

static feel_value date_of(feel_value value)
{
    return value.kind == FEEL_DATE ? value : temporal_date_of(value);
}

feel_value builtin_month_of_year(struct call *call)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    return feel_string(str_of(names[date_of(call->args[0]).date.month - 1]));
}

feel_value builtin_week_of_year(struct call *call)
{
    return feel_i64(temporal_week_of_year(call->args[0]));
}

feel_value builtin_last_day_of_month(struct call *call)
{
    feel_value date = date_of(call->args[0]);
    int last = temporal_month_days(date.date.year, date.date.month);
    return temporal_date(date.date.year, date.date.month, last);
}

// ---- what the record decides ----

feel_value builtin_now(struct call *call)
{
    return feel_date_time_from_ms(call->run->now_ms, call->run->zone);
}

feel_value builtin_today(struct call *call)
{
    return temporal_date_of(feel_date_time_from_ms(call->run->now_ms, call->run->zone));
}

// SplitMix64 (Steele, Lea, Flood 2014): every seed gives a full-period sequence.
static uint64_t next_random(struct feel_run *run)
{
    uint64_t z = run->random_seed += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

// RFC 9562, version 4.
enum { UUID_STEPS = 10 };

feel_value builtin_uuid(struct call *call)
{
    if (!run_spend(call->run, UUID_STEPS))
        return feel_null();
    uint64_t a = next_random(call->run), b = next_random(call->run);
    return feel_string(str_format(call->run->arena, "%08x-%04x-4%03x-%04x-%012llx",
                                  (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
                                  (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
                                  (unsigned long long)(b & 0xffffffffffff)));
}

// In [0, 1) with 15 digits.
feel_value builtin_random_number(struct call *call)
{
    return number_scaled((int64_t)(next_random(call->run) % 1000000000000000), 15);
}
