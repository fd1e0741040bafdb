// SPDX-License-Identifier: Apache-2.0
#include "bpmn/cycle.h"

#include "feel/temporal.h"

struct cron_field {
    int64_t low, high;
    const char *names; // three letters each, from `low`
};

enum { SECONDS, MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS, CRON_FIELDS };

static const struct cron_field cron_fields[CRON_FIELDS] = {
    {0, 59, ""},
    {0, 59, ""},
    {0, 23, ""},
    {1, 31, ""},
    {1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
    {0, 7, "SUNMONTUEWEDTHUFRISAT"},
};

static const struct {
    const char *name;
    const char *cron;
} cron_names[] = {
    {"@yearly", "0 0 0 1 1 *"}, {"@annually", "0 0 0 1 1 *"}, {"@monthly", "0 0 0 1 * *"},
    {"@weekly", "0 0 0 * * 0"}, {"@daily", "0 0 0 * * *"},    {"@midnight", "0 0 0 * * *"},
    {"@hourly", "0 0 * * * *"},
};

enum { FIVE_YEARS_IN_DAYS = 5 * 366 };

static bool parse_number(const struct cron_field *field, str text, int64_t *ret_value)
{
    for (int64_t i = 0; text.len == 3 && field->names[i * 3] != '\0'; i++)
        if (str_equal_ignoring_case(text, str_from(field->names + i * 3, 3))) {
            *ret_value = field->low + i;
            return true;
        }
    return str_to_i64(text, ret_value) && *ret_value >= field->low && *ret_value <= field->high;
}

// One of "*", "5", "1-5", "*/10", "5/10", "1-30/2".
static bool parse_part(const struct cron_field *field, str part, uint64_t *bits)
{
    int64_t low = field->low, high = field->high, step = 1;
    size_t slash = str_find_char(part, '/');
    str range = slash == SIZE_MAX ? part : str_sub(part, 0, slash);
    size_t dash = str_find_char(range, '-');
    if (slash != SIZE_MAX && (!str_to_i64(str_from_index(part, slash + 1), &step) || step < 1))
        return false;
    if (dash != SIZE_MAX) {
        if (!parse_number(field, str_sub(range, 0, dash), &low) ||
            !parse_number(field, str_from_index(range, dash + 1), &high))
            return false;
    } else if (!str_equal(range, STR("*")) && !str_equal(range, STR("?"))) {
        if (!parse_number(field, range, &low))
            return false;
        high = slash == SIZE_MAX ? low : field->high;
    }
    for (int64_t i = low; i <= high; i += step)
        *bits |= (uint64_t)1 << i;
    return low <= high;
}

static bool parse_field(const struct cron_field *field, str text, uint64_t *ret_bits)
{
    str part;
    *ret_bits = 0;
    while (str_split(&text, ',', &part))
        if (!parse_part(field, part, ret_bits))
            return false;
    return *ret_bits != 0;
}

static bool parse_cron(str text, struct bpmn_cycle *cycle)
{
    uint64_t bits[CRON_FIELDS];
    str field;
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(cron_names); i++)
        if (str_equal_ignoring_case(text, str_of(cron_names[i].name)))
            text = str_of(cron_names[i].cron);
    while (str_split(&text, ' ', &field)) {
        if (str_is_empty(field))
            continue;
        if (count == CRON_FIELDS || !parse_field(&cron_fields[count], field, &bits[count]))
            return false;
        count++;
    }
    if (count != CRON_FIELDS)
        return false;
    uint64_t weekdays = (bits[WEEKDAYS] | bits[WEEKDAYS] >> 7) & 0x7f; // 7 is Sunday as well
    *cycle = (struct bpmn_cycle){.repetitions = -1,
                                 .is_cron = true,
                                 .seconds = bits[SECONDS],
                                 .minutes = bits[MINUTES],
                                 .hours = (uint32_t)bits[HOURS],
                                 .days = (uint32_t)bits[DAYS],
                                 .months = (uint32_t)bits[MONTHS],
                                 .weekdays = (uint32_t)weekdays};
    return true;
}

static bool parse_interval(str text, struct bpmn_cycle *cycle)
{
    str part;
    *cycle = (struct bpmn_cycle){.repetitions = -1};
    if (!str_split(&text, '/', &part))
        return false;
    if (part.len > 1 &&
        (!str_to_i64(str_from_index(part, 1), &cycle->repetitions) || cycle->repetitions < -1))
        return false;
    if (!str_split(&text, '/', &part))
        return false;
    if (text.data != NULL && !str_is_empty(text)) {
        if (!feel_instant_parse(part, NULL, NULL, &cycle->start_ms))
            return false;
        cycle->has_start = true;
        part = text;
    }
    return feel_duration_parse(part, &cycle->interval) &&
           (cycle->interval.ms > 0 || cycle->interval.months > 0);
}

bool bpmn_cycle_parse(str text, struct bpmn_cycle *ret_cycle)
{
    str trimmed = str_trim(text);
    struct bpmn_cycle cycle;
    bool is_interval = !str_is_empty(trimmed) && trimmed.data[0] == 'R';
    if (!(is_interval ? parse_interval(trimmed, &cycle) : parse_cron(trimmed, &cycle)))
        return false;
    *ret_cycle = cycle;
    return true;
}

static bool day_matches(const struct bpmn_cycle *cycle, int64_t days)
{
    feel_value date = temporal_date_from_days(days);
    int64_t weekday = ((days + 4) % 7 + 7) % 7; // 1970-01-01 was a Thursday
    return date.kind == FEEL_DATE && (cycle->months >> date.date.month & 1) &&
           (cycle->days >> date.date.day & 1) && (cycle->weekdays >> weekday & 1);
}

// The first second of the day at or after `from` that matches; -1 when none does.
static int64_t second_matching(const struct bpmn_cycle *cycle, int64_t from)
{
    for (int64_t hour = from / 3600; hour < 24; hour++) {
        if (!(cycle->hours >> hour & 1))
            continue;
        for (int64_t minute = hour == from / 3600 ? from / 60 % 60 : 0; minute < 60; minute++) {
            if (!(cycle->minutes >> minute & 1))
                continue;
            int64_t start = hour * 3600 + minute * 60;
            int64_t second = start < from ? from - start : 0;
            while (second < 60 && !(cycle->seconds >> second & 1))
                second++;
            if (second < 60)
                return start + second;
        }
    }
    return -1;
}

static bool next_cron(const struct bpmn_cycle *cycle, const struct zone *zone, int64_t after_ms,
                      int64_t *ret_ms)
{
    int64_t utc = (after_ms < 0 ? after_ms - 999 : after_ms) / 1000 + 1;
    int64_t local = utc + (zone ? zone_offset_at(zone, utc) : 0);
    int64_t first_day = (local >= 0 ? local : local - 86399) / 86400;
    for (int64_t day = first_day; day < first_day + FIVE_YEARS_IN_DAYS; day++) {
        if (!day_matches(cycle, day))
            continue;
        int64_t second = second_matching(cycle, day == first_day ? local - day * 86400 : 0);
        if (second < 0)
            continue;
        int64_t at = day * 86400 + second;
        *ret_ms = (zone ? zone_to_utc(zone, at) : at) * 1000;
        return true;
    }
    return false;
}

bool bpmn_cycle_next(const struct bpmn_cycle *cycle, const struct zone *zone, int64_t after_ms,
                     int64_t *ret_ms)
{
    if (cycle->is_cron)
        return next_cron(cycle, zone, after_ms, ret_ms);
    return feel_instant_add(after_ms, cycle->interval, zone, ret_ms);
}
