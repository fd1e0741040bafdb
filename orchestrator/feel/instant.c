// SPDX-License-Identifier: Apache-2.0
//
// What timers and due dates need of dates and durations, in milliseconds since 1970.
#include "feel/temporal.h"

static int64_t to_utc(int64_t local, const struct zone *zone)
{
    return zone ? zone_to_utc(zone, local) : local;
}

bool feel_to_instant(feel_value value, const struct zone *zone, int64_t *ret_ms)
{
    if (!temporal_has_date(value))
        return false;
    feel_value moment = value.kind == FEEL_DATE ? temporal_midnight(value) : value;
    int64_t seconds =
        temporal_has_offset(moment) ? temporal_instant(moment) : to_utc(moment.time.seconds, zone);
    int64_t ms;
    if (__builtin_mul_overflow(seconds, 1000, &ms))
        return false;
    *ret_ms = ms + moment.nanos / 1000000;
    return true;
}

// Java's "2026-01-31T09:00:00+01:00[Europe/Paris]": the zone in brackets says how the offset came
// about, the offset decides; without an offset the zone does. A zone that there is not is no zone.
static bool take_brackets(str *text, const struct zone_db *zones, const struct zone **ret_zone)
{
    feel_value zone = {.kind = FEEL_TIME};
    size_t bracket = str_find_char(*text, '[');
    if (bracket == SIZE_MAX)
        return true;
    size_t length = text->len - bracket;
    if (length < 3 || text->data[text->len - 1] != ']' ||
        !temporal_read_zone(str_sub(*text, bracket + 1, length - 2), zones, &zone))
        return false;
    if (zone.flags == FEEL_ZONED)
        *ret_zone = zone.time.zone;
    *text = str_sub(*text, 0, bracket);
    return true;
}

// "2026-01-31T09:00Z": people leave the seconds out.
static feel_value parse_moment(str text, const struct zone_db *zones)
{
    enum { SECONDS_AT = sizeof "2026-01-31T09:00" - 1, ROOM = 80 };
    char room[ROOM];
    bool has_minutes = text.len >= SECONDS_AT && text.data[10] == 'T' && text.data[13] == ':';
    bool has_seconds = text.len > SECONDS_AT && text.data[SECONDS_AT] == ':';
    if (!has_minutes || has_seconds || text.len + 3 > ROOM)
        return temporal_parse_date_time(text, zones);
    memcpy(room, text.data, SECONDS_AT);
    memcpy(room + SECONDS_AT, ":00", 3);
    memcpy(room + SECONDS_AT + 3, text.data + SECONDS_AT, text.len - SECONDS_AT);
    return temporal_parse_date_time(str_from(room, text.len + 3), zones);
}

bool feel_instant_parse(str text, const struct zone_db *zones, const struct zone *zone,
                        int64_t *ret_ms)
{
    str moment_text = text;
    if (text.len == 0 || !take_brackets(&moment_text, zones, &zone))
        return false;
    feel_value moment = parse_moment(moment_text, zones);
    return !feel_is_null(moment) && feel_to_instant(moment, zone, ret_ms);
}

static int64_t floor_seconds(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

feel_value feel_date_time_from_ms(int64_t ms, const struct zone *zone)
{
    int64_t seconds = floor_seconds(ms);
    feel_value moment = {.kind = FEEL_DATE_TIME,
                         .flags = zone ? FEEL_ZONED : FEEL_OFFSET,
                         .nanos = (uint32_t)(ms - seconds * 1000) * 1000000};
    moment.time.seconds = seconds + (zone ? zone_offset_at(zone, seconds) : 0);
    if (zone)
        moment.time.zone = zone;
    return moment;
}

bool feel_to_duration(feel_value value, struct feel_duration *ret_duration)
{
    int64_t ms;
    if (value.kind == FEEL_MONTHS_DURATION) {
        *ret_duration = (struct feel_duration){.months = value.months};
        return true;
    }
    if (value.kind != FEEL_DAYS_DURATION || __builtin_mul_overflow(value.time.seconds, 1000, &ms))
        return false;
    *ret_duration = (struct feel_duration){.ms = ms + value.nanos / 1000000};
    return true;
}

bool feel_instant_add(int64_t ms, struct feel_duration duration, const struct zone *zone,
                      int64_t *ret_ms)
{
    int64_t moved = ms;
    if (duration.months) {
        feel_value months = {.kind = FEEL_MONTHS_DURATION, .months = duration.months};
        feel_value moment = temporal_add(feel_date_time_from_ms(ms, zone), months);
        if (!feel_to_instant(moment, zone, &moved))
            return false;
    }
    return !__builtin_add_overflow(moved, duration.ms, ret_ms);
}
