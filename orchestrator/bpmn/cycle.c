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
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return str_to_i64(text, ret_value) && *ret_value >= field->low && *ret_value <= field->high;
}

// "1-5"; days of the week may end on Sunday, or go on after it.
static bool parse_range(const struct cron_field *field, str text, size_t dash, int64_t *ret_low,
                        int64_t *ret_high)
{
    if (!parse_number(field, str_sub(text, 0, dash), ret_low) ||
        !parse_number(field, str_from_index(text, dash + 1), ret_high))
        return false;
    if (field == &cron_fields[WEEKDAYS] && *ret_high < *ret_low)
        *ret_high += 7;
    return *ret_low <= *ret_high;
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
        if (!parse_range(field, range, dash, &low, &high))
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

// "L", "L-3", "LW", "15W": days that depend on the month.
static bool parse_day_of_month(str part, struct bpmn_cycle *cycle)
{
    const struct cron_field *days = &cron_fields[DAYS];
    int64_t number;
    if (str_equal_ignoring_case(part, STR("L")) || str_equal_ignoring_case(part, STR("LW"))) {
        cycle->last_weekday |= part.len == 2;
        cycle->days_before_last |= part.len == 1;
        return true;
    }
    if (part.len > 2 && (part.data[0] | 32) == 'l' && part.data[1] == '-') {
        if (!parse_number(days, str_from_index(part, 2), &number) || number > 30)
            return false;
        cycle->days_before_last |= 1u << number;
        return true;
    }
    if (part.len < 2 || (part.data[part.len - 1] | 32) != 'w' ||
        !parse_number(days, str_sub(part, 0, part.len - 1), &number))
        return false;
    cycle->nearest_weekdays |= 1u << number;
    return true;
}

// "FRIL" (the month's last Friday), "MON#2" (its second Monday).
static bool parse_day_of_week(str part, struct bpmn_cycle *cycle)
{
    const struct cron_field *weekdays = &cron_fields[WEEKDAYS];
    size_t hash = str_find_char(part, '#');
    int64_t weekday, nth;
    if (hash != SIZE_MAX) {
        if (!parse_number(weekdays, str_sub(part, 0, hash), &weekday) ||
            !str_to_i64(str_from_index(part, hash + 1), &nth) || nth < 1 || nth > 5)
            return false;
        cycle->weekdays_nth[weekday % 7] |= (uint8_t)(1u << nth);
        return true;
    }
    if (part.len < 2 || (part.data[part.len - 1] | 32) != 'l' ||
        !parse_number(weekdays, str_sub(part, 0, part.len - 1), &weekday))
        return false;
    cycle->last_weekdays |= (uint8_t)(1u << weekday % 7);
    return true;
}

static bool parse_field(size_t index, str text, struct bpmn_cycle *cycle, uint64_t *ret_bits)
{
    str part;
    *ret_bits = 0;
    while (str_split(&text, ',', &part)) {
        uint64_t bits = 0;
        bool depends = (index == DAYS && parse_day_of_month(part, cycle)) ||
                       (index == WEEKDAYS && parse_day_of_week(part, cycle));
        if (!depends && !parse_part(&cron_fields[index], part, &bits))
            return false;
        *ret_bits |= bits;
    }
    return true;
}

static str without_tabs(str text, char room[], size_t size)
{
    if (text.len > size)
        return STR_EMPTY;
    for (size_t i = 0; i < text.len; i++)
        room[i] = text.data[i] == '\t' || text.data[i] == '\n' ? ' ' : text.data[i];
    return str_from(room, text.len);
}

enum { CRON_BYTES_MAX = 500 };

static bool parse_cron(str written, struct bpmn_cycle *cycle)
{
    char room[CRON_BYTES_MAX];
    uint64_t bits[CRON_FIELDS];
    str field, text = without_tabs(written, room, sizeof room);
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(cron_names); i++)
        if (str_equal_ignoring_case(text, str_of(cron_names[i].name)))
            text = str_of(cron_names[i].cron);
    *cycle = (struct bpmn_cycle){.repetitions = -1, .is_cron = true};
    while (str_split(&text, ' ', &field)) {
        if (str_is_empty(field))
            continue;
        if (count == CRON_FIELDS || !parse_field(count, field, cycle, &bits[count]))
            return false;
        count++;
    }
    if (count != CRON_FIELDS)
        return false;
    uint64_t weekdays = bits[WEEKDAYS] | bits[WEEKDAYS] >> 7; // 7 is Sunday as well
    cycle->seconds = bits[SECONDS];
    cycle->minutes = bits[MINUTES];
    cycle->hours = (uint32_t)bits[HOURS];
    cycle->days_of_month = (uint32_t)bits[DAYS];
    cycle->months = (uint32_t)bits[MONTHS];
    cycle->weekdays = (uint32_t)(weekdays & 0x7f);
    return true;
}

// -- Intervals --------------------------------------------------------------------------

enum { DAY_MS = 86400000 };

// The start may hold slashes ("[Europe/Berlin]"), so the interval is what follows the last one.
static bool parse_start(str text, const struct zone_db *zones, struct bpmn_cycle *cycle)
{
    size_t bracket = str_find_char(text, '['), at = str_find_char(text, '@');
    cycle->has_start = true;
    if (!feel_instant_parse(text, zones, NULL, &cycle->start_ms))
        return false;
    if (bracket != SIZE_MAX)
        cycle->zone = zone_find(zones, str_sub(text, bracket + 1, text.len - bracket - 2));
    else if (at != SIZE_MAX)
        cycle->zone = zone_find(zones, str_from_index(text, at + 1));
    return true;
}

static bool parse_interval(str text, const struct zone_db *zones, struct bpmn_cycle *cycle)
{
    str count;
    size_t last = text.len;
    *cycle = (struct bpmn_cycle){.repetitions = -1};
    if (!str_split(&text, '/', &count) || text.data == NULL ||
        (count.len > 1 &&
         (!str_to_i64(str_from_index(count, 1), &cycle->repetitions) || cycle->repetitions < -1)))
        return false;
    for (last = text.len; last > 0 && text.data[last - 1] != '/'; last--)
        ;
    str interval = str_from_index(text, last);
    if (last > 0 && !parse_start(str_sub(text, 0, last - 1), zones, cycle))
        return false;
    if (!feel_duration_parse(interval, &cycle->interval) ||
        (cycle->interval.ms <= 0 && cycle->interval.months <= 0))
        return false;
    if (cycle->interval.months == 0 && str_find_char(interval, 'T') == SIZE_MAX)
        cycle->days = cycle->interval.ms / DAY_MS;
    return true;
}

bool bpmn_cycle_parse(str text, const struct zone_db *zones, struct bpmn_cycle *ret_cycle)
{
    str trimmed = str_trim(text);
    struct bpmn_cycle cycle;
    bool is_interval = !str_is_empty(trimmed) && trimmed.data[0] == 'R';
    if (!(is_interval ? parse_interval(trimmed, zones, &cycle) : parse_cron(trimmed, &cycle)))
        return false;
    *ret_cycle = cycle;
    return true;
}

// -- The next time ----------------------------------------------------------------------

// Monday to Friday next to this day, within its month.
static int nearest_weekday(int day, int last, int64_t weekday)
{
    if (weekday == 6)
        return day > 1 ? day - 1 : day + 2;
    if (weekday == 0)
        return day < last ? day + 1 : day - 2;
    return day;
}

struct day {
    int number, last; // of the month, and how many it has
    int64_t weekday;  // 0: Sunday
};

static bool day_of_month_matches(const struct bpmn_cycle *cycle, const struct day *day)
{
    int before_last = day->last - day->number;
    if (cycle->days_of_month >> day->number & 1 || cycle->days_before_last >> before_last & 1)
        return true;
    int64_t last_weekday = (day->weekday + before_last) % 7;
    if (cycle->last_weekday && nearest_weekday(day->last, day->last, last_weekday) == day->number)
        return true;
    for (int wanted = 1; wanted <= day->last; wanted++) {
        int64_t weekday = ((day->weekday + wanted - day->number) % 7 + 7) % 7;
        if (cycle->nearest_weekdays >> wanted & 1 &&
            nearest_weekday(wanted, day->last, weekday) == day->number)
            return true;
    }
    return false;
}

static bool weekday_matches(const struct bpmn_cycle *cycle, const struct day *day)
{
    int nth = (day->number + 6) / 7;
    bool is_last = day->number + 7 > day->last;
    return cycle->weekdays >> day->weekday & 1 || cycle->weekdays_nth[day->weekday] >> nth & 1 ||
           (is_last && cycle->last_weekdays >> day->weekday & 1);
}

static bool day_matches(const struct bpmn_cycle *cycle, int64_t days)
{
    feel_value date = temporal_date_from_days(days);
    if (date.kind != FEEL_DATE || !(cycle->months >> date.date.month & 1))
        return false;
    struct day day = {date.date.day, temporal_month_days(date.date.year, date.date.month),
                      ((days + 4) % 7 + 7) % 7}; // 1970-01-01 was a Thursday
    return day_of_month_matches(cycle, &day) && weekday_matches(cycle, &day);
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

// So many intervals after the start: days and months are the calendar's of the start's zone.
static bool nth(const struct bpmn_cycle *cycle, int64_t n, int64_t *ret_ms)
{
    struct feel_duration all;
    if (cycle->zone != NULL && cycle->days > 0) {
        int64_t utc = cycle->start_ms / 1000, days;
        int64_t local = utc + zone_offset_at(cycle->zone, utc);
        if (__builtin_mul_overflow(n, cycle->days * 86400, &days) ||
            __builtin_add_overflow(local, days, &local) || local > INT64_MAX / 2000)
            return false;
        *ret_ms = zone_to_utc(cycle->zone, local) * 1000 + cycle->start_ms % 1000;
        return true;
    }
    return !__builtin_mul_overflow(n, cycle->interval.months, &all.months) &&
           !__builtin_mul_overflow(n, cycle->interval.ms, &all.ms) &&
           feel_instant_add(cycle->start_ms, all, cycle->zone, ret_ms);
}

enum { LONGEST_MONTH_DAYS = 31, STEPS_MAX = 1000 };

// An estimate that is not too late, then step by step: months differ by a tenth.
static bool next_after_start(const struct bpmn_cycle *cycle, int64_t after_ms, int64_t *ret_ms)
{
    int64_t month_ms = (int64_t)LONGEST_MONTH_DAYS * DAY_MS, longest;
    if (__builtin_mul_overflow(cycle->interval.months, month_ms, &longest) ||
        __builtin_add_overflow(cycle->interval.ms, longest, &longest))
        return false;
    int64_t n = after_ms < cycle->start_ms ? 0 : (after_ms - cycle->start_ms) / longest;
    n = n > 1 ? n - 1 : 0; // a day of summer time's end has 25 hours
    for (int64_t end = n + n / 8 + STEPS_MAX; n < end; n++)
        if (!nth(cycle, n, ret_ms))
            return false;
        else if (*ret_ms > after_ms)
            return true;
    return false;
}

bool bpmn_cycle_next(const struct bpmn_cycle *cycle, const struct zone *zone, int64_t after_ms,
                     int64_t *ret_ms)
{
    if (cycle->is_cron)
        return next_cron(cycle, zone, after_ms, ret_ms);
    if (cycle->has_start)
        return next_after_start(cycle, after_ms, ret_ms);
    return feel_instant_add(after_ms, cycle->interval, zone, ret_ms);
}
