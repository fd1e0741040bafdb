// SPDX-License-Identifier: Apache-2.0
//
// ISO 8601 as FEEL takes it: what XML Schema allows for date, time, dateTime and the two durations,
// plus `@Area/City` for a zone.
#include "feel/number.h"
#include "feel/temporal.h"

#include <stdio.h>

enum { OFFSET_HOURS_MAX = 18 };

// Reads digits from the front of a text.
struct cursor {
    str rest;
};

static bool take(struct cursor *c, char wanted)
{
    if (c->rest.len == 0 || c->rest.data[0] != wanted)
        return false;
    c->rest = str_from_index(c->rest, 1);
    return true;
}

static size_t digit_run(str text)
{
    size_t n = 0;
    while (n < text.len && text.data[n] >= '0' && text.data[n] <= '9')
        n++;
    return n;
}

// Exactly `width` digits, at most 18.
static bool take_digits(struct cursor *c, size_t width, int64_t *ret_value)
{
    int64_t value = 0;
    if (c->rest.len < width)
        return false;
    for (size_t i = 0; i < width; i++) {
        unsigned digit = (unsigned char)c->rest.data[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    c->rest = str_from_index(c->rest, width);
    *ret_value = value;
    return true;
}

// Four digits, or up to nine without a leading zero (XML Schema 3.2.9).
static bool take_year(struct cursor *c, int64_t *ret_year)
{
    bool negative = take(c, '-');
    size_t width = digit_run(c->rest);
    if (width < 4 || width > 9 || (width > 4 && c->rest.data[0] == '0') ||
        !take_digits(c, width, ret_year))
        return false;
    *ret_year = negative ? -*ret_year : *ret_year;
    return true;
}

static feel_value take_date(struct cursor *c)
{
    int64_t year, month, day;
    bool read = take_year(c, &year) && take(c, '-') && take_digits(c, 2, &month) && take(c, '-') &&
                take_digits(c, 2, &day);
    if (!read || !temporal_date_valid(year, month, day))
        return feel_null();
    return temporal_date(year, (int)month, (int)day);
}

// The fraction after the point; digits beyond nanoseconds are dropped.
static bool take_fraction(struct cursor *c, uint32_t *ret_nanos)
{
    *ret_nanos = 0;
    if (!take(c, '.'))
        return true;
    size_t width = digit_run(c->rest);
    uint32_t nanos = 0;
    for (size_t i = 0; i < 9; i++)
        nanos = nanos * 10 + (i < width ? (uint32_t)(c->rest.data[i] - '0') : 0);
    c->rest = str_from_index(c->rest, width);
    *ret_nanos = nanos;
    return width > 0;
}

static bool take_offset(struct cursor *c, int64_t *ret_offset)
{
    int sign = c->rest.data[0] == '-' ? -1 : 1;
    int64_t hours, minutes, seconds = 0;
    c->rest = str_from_index(c->rest, 1);
    if (!take_digits(c, 2, &hours) || !take(c, ':') || !take_digits(c, 2, &minutes))
        return false;
    if (take(c, ':') && !take_digits(c, 2, &seconds))
        return false;
    *ret_offset = sign * (hours * 3600 + minutes * 60 + seconds);
    return hours <= OFFSET_HOURS_MAX && minutes < 60 && seconds < 60 &&
           hours * 3600 + minutes * 60 + seconds <= OFFSET_HOURS_MAX * 3600;
}

// Nothing, Z, ±hh:mm, @Area/City or [Area/City], up to the end.
static bool take_zone(struct cursor *c, const struct zone_db *zones, feel_value *time)
{
    if (c->rest.len == 0)
        return true;
    if (take(c, 'Z')) {
        time->flags = FEEL_OFFSET;
        time->time.offset = 0;
        return c->rest.len == 0;
    }
    if (take(c, '@')) {
        time->flags = FEEL_ZONED;
        time->time.zone = zone_find(zones, c->rest);
        return time->time.zone != NULL;
    }
    time->flags = FEEL_OFFSET;
    return (c->rest.data[0] == '+' || c->rest.data[0] == '-') &&
           take_offset(c, &time->time.offset) && c->rest.len == 0;
}

bool temporal_read_zone(str text, const struct zone_db *zones, feel_value *ret_time)
{
    struct cursor c = {text};
    if (text.len == 0)
        return false;
    if (text.data[0] == 'Z' || text.data[0] == '+' || text.data[0] == '-')
        return take_zone(&c, zones, ret_time);
    ret_time->flags = FEEL_ZONED;
    ret_time->time.zone = zone_find(zones, text);
    return ret_time->time.zone != NULL;
}

static feel_value take_time(struct cursor *c, const struct zone_db *zones)
{
    int64_t hour, minute, second;
    feel_value time = {.kind = FEEL_TIME};
    bool read = take_digits(c, 2, &hour) && take(c, ':') && take_digits(c, 2, &minute) &&
                take(c, ':') && take_digits(c, 2, &second) && take_fraction(c, &time.nanos);
    bool is_end_of_day = read && hour == 24 && minute == 0 && second == 0 && time.nanos == 0;
    if (!read || (hour > 23 && !is_end_of_day) || minute > 59 || second > 59)
        return feel_null();
    time.time.seconds = hour * 3600 + minute * 60 + second;
    return take_zone(c, zones, &time) ? time : feel_null();
}

feel_value temporal_parse_date(str text)
{
    struct cursor c = {text};
    feel_value date = take_date(&c);
    return c.rest.len == 0 ? date : feel_null();
}

feel_value temporal_parse_time(str text, const struct zone_db *zones)
{
    struct cursor c = {text};
    feel_value time = take_time(&c, zones);
    if (time.kind == FEEL_TIME)
        time.time.seconds %= SECONDS_PER_DAY; // 24:00:00
    return time;
}

feel_value temporal_parse_date_time(str text, const struct zone_db *zones)
{
    struct cursor c = {text};
    feel_value date = take_date(&c);
    if (feel_is_null(date))
        return date;
    if (c.rest.len == 0)
        return temporal_midnight(date);
    if (!take(&c, 'T'))
        return feel_null();
    feel_value time = take_time(&c, zones);
    return feel_is_null(time) ? time : temporal_date_time(date, time);
}

// ---- durations ----

static const char duration_units[] = "YMWDHMS"; // before T: YMWD, after: HMS

// One "12H" of a duration; seconds may have a fraction. *at is where in duration_units to go on.
static bool take_component(struct cursor *c, bool after_t, size_t *at, int64_t parts[7],
                           uint32_t *nanos)
{
    size_t width = digit_run(c->rest);
    int64_t value;
    if (width == 0 || width > 18 || !take_digits(c, width, &value))
        return false;
    bool has_fraction = c->rest.len > 0 && c->rest.data[0] == '.';
    if (has_fraction && digit_run(str_from_index(c->rest, 1)) == 0) {
        take(c, '.'); // "PT0.S": XML Schema 1.1 has it
    } else if (!take_fraction(c, nanos)) {
        return false;
    }
    size_t end = after_t ? 7 : 4;
    for (size_t i = *at < 4 && after_t ? 4 : *at; i < end; i++)
        if (take(c, duration_units[i])) {
            parts[i] = value;
            *at = i + 1;
            return !has_fraction || i == 6;
        }
    return false;
}

static bool read_duration(str text, int64_t parts[7], uint32_t *ret_nanos, bool *ret_negative)
{
    struct cursor c = {text};
    *ret_negative = take(&c, '-');
    *ret_nanos = 0;
    if (!take(&c, 'P') || c.rest.len == 0)
        return false;
    size_t at = 0;
    bool after_t = false;
    while (c.rest.len > 0) {
        if (!after_t && take(&c, 'T')) {
            after_t = true;
            if (c.rest.len == 0)
                return false;
        }
        if (!take_component(&c, after_t, &at, parts, ret_nanos))
            return false;
    }
    return true;
}

static bool add_scaled(int64_t *total, int64_t count, int64_t unit)
{
    int64_t product;
    return !__builtin_mul_overflow(count, unit, &product) &&
           !__builtin_add_overflow(*total, product, total);
}

static bool sum_parts(const int64_t parts[7], int64_t *ret_months, int64_t *ret_seconds)
{
    *ret_months = *ret_seconds = 0;
    return add_scaled(ret_months, parts[0], 12) && add_scaled(ret_months, parts[1], 1) &&
           add_scaled(ret_seconds, parts[2], 7 * SECONDS_PER_DAY) &&
           add_scaled(ret_seconds, parts[3], SECONDS_PER_DAY) &&
           add_scaled(ret_seconds, parts[4], 3600) && add_scaled(ret_seconds, parts[5], 60) &&
           add_scaled(ret_seconds, parts[6], 1);
}

// Either years and months or days and time: FEEL has no duration of both (10.3.2.3.7). Weeks are
// the engine's alone.
feel_value temporal_parse_duration(str text)
{
    int64_t parts[7] = {-1, -1, 0, -1, -1, -1, -1}, months, seconds;
    uint32_t nanos;
    bool negative;
    if (!read_duration(text, parts, &nanos, &negative))
        return feel_null();
    bool has_months = parts[0] >= 0 || parts[1] >= 0;
    bool has_time = parts[3] >= 0 || parts[4] >= 0 || parts[5] >= 0 || parts[6] >= 0;
    for (int i = 0; i < 7; i++)
        parts[i] = parts[i] < 0 ? 0 : parts[i];
    if ((has_months && has_time) || !sum_parts(parts, &months, &seconds))
        return feel_null();
    feel_value months_value = {.kind = FEEL_MONTHS_DURATION, .months = negative ? -months : months};
    if (has_months)
        return parts[2] ? feel_null() : months_value;
    feel_value days = {.kind = FEEL_DAYS_DURATION, .nanos = nanos, .time = {.seconds = seconds}};
    return negative ? temporal_negate(days) : days;
}

bool feel_duration_parse(str text, struct feel_duration *ret_duration)
{
    int64_t parts[7] = {0}, months, seconds, ms;
    uint32_t nanos;
    bool negative;
    if (!read_duration(text, parts, &nanos, &negative) || !sum_parts(parts, &months, &seconds) ||
        __builtin_mul_overflow(seconds, 1000, &ms) ||
        __builtin_add_overflow(ms, nanos / 1000000, &ms))
        return false;
    *ret_duration = (struct feel_duration){negative ? -months : months, negative ? -ms : ms};
    return true;
}

feel_value temporal_parse(str text, const struct zone_db *zones)
{
    if (text.len > 1 && (text.data[0] == 'P' || (text.data[0] == '-' && text.data[1] == 'P')))
        return temporal_parse_duration(text);
    if (text.len > 2 && text.data[2] == ':')
        return temporal_parse_time(text, zones);
    if (str_find_char(text, 'T') != SIZE_MAX)
        return temporal_parse_date_time(text, zones);
    return temporal_parse_date(text);
}

// ---- printing ----

static void print_fraction(struct strbuf *out, uint32_t nanos)
{
    if (nanos == 0)
        return;
    char digits[16];
    int len = snprintf(digits, sizeof digits, ".%09u", nanos);
    while (digits[len - 1] == '0')
        len--;
    strbuf_add(out, str_from(digits, (size_t)len));
}

static void print_date(struct strbuf *out, feel_value date)
{
    int64_t year = date.date.year;
    strbuf_format(out, "%s%04lld-%02d-%02d", year < 0 ? "-" : "",
                  (long long)(year < 0 ? -year : year), date.date.month, date.date.day);
}

static void print_offset(struct strbuf *out, int64_t offset)
{
    if (offset == 0) {
        strbuf_add_char(out, 'Z');
        return;
    }
    int64_t size = offset < 0 ? -offset : offset;
    strbuf_format(out, "%c%02d:%02d", offset < 0 ? '-' : '+', (int)(size / 3600),
                  (int)(size / 60 % 60));
    if (size % 60)
        strbuf_format(out, ":%02d", (int)(size % 60));
}

static void print_time(struct strbuf *out, feel_value value)
{
    int64_t seconds = value.time.seconds % SECONDS_PER_DAY;
    seconds += seconds < 0 ? SECONDS_PER_DAY : 0;
    strbuf_format(out, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                  (int)(seconds % 60));
    print_fraction(out, value.nanos);
    if (value.flags & FEEL_ZONED) {
        strbuf_add_char(out, '@');
        strbuf_add(out, zone_name(value.time.zone));
    } else if (value.flags & FEEL_OFFSET) {
        print_offset(out, value.time.offset);
    }
}

static void print_component(struct strbuf *out, int64_t value, char unit)
{
    if (value)
        strbuf_format(out, "%lld%c", (long long)value, unit);
}

static void print_days_duration(struct strbuf *out, feel_value value)
{
    if (value.time.seconds < 0) {
        strbuf_add_char(out, '-');
        value = temporal_negate(value);
    }
    int64_t seconds = value.time.seconds;
    strbuf_add_char(out, 'P');
    print_component(out, seconds / SECONDS_PER_DAY, 'D');
    bool has_time = seconds % SECONDS_PER_DAY || value.nanos;
    if (has_time || seconds == 0)
        strbuf_add_char(out, 'T');
    print_component(out, seconds / 3600 % 24, 'H');
    print_component(out, seconds / 60 % 60, 'M');
    if (seconds % 60 || value.nanos || seconds == 0) {
        strbuf_format(out, "%d", (int)(seconds % 60));
        print_fraction(out, value.nanos);
        strbuf_add_char(out, 'S');
    }
}

static void print_months_duration(struct strbuf *out, int64_t months)
{
    if (months < 0)
        strbuf_add_char(out, '-');
    int64_t size = months < 0 ? -months : months;
    strbuf_add_char(out, 'P');
    print_component(out, size / 12, 'Y');
    if (size % 12 || size == 0)
        strbuf_format(out, "%dM", (int)(size % 12));
}

void temporal_print(struct strbuf *out, feel_value value)
{
    switch ((int)value.kind) {
    case FEEL_DATE:
        print_date(out, value);
        break;
    case FEEL_TIME:
        print_time(out, value);
        break;
    case FEEL_DATE_TIME:
        print_date(out, temporal_date_of(value));
        strbuf_add_char(out, 'T');
        print_time(out, value);
        break;
    case FEEL_DAYS_DURATION:
        print_days_duration(out, value);
        break;
    case FEEL_MONTHS_DURATION:
        print_months_duration(out, value.months);
        break;
    default:
        check_unreachable();
    }
}
