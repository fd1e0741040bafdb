// SPDX-License-Identifier: Apache-2.0
#include "bpmn/calendar.h"

#include "base/array.h"
#include "feel/temporal.h"

#define DAY_MS INT64_C(86400000)
enum { MINUTES_A_DAY = 1440 };

// -- Reading ----------------------------------------------------------------------------

static bool read_number(str *text, size_t digits, int32_t *ret_number)
{
    int32_t number = 0;
    if (text->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        number = number * 10 + (text->data[i] - '0');
    }
    *text = str_from_index(*text, digits);
    *ret_number = number;
    return true;
}

static bool read_char(str *text, char wanted)
{
    if (text->len == 0 || text->data[0] != wanted)
        return false;
    *text = str_from_index(*text, 1);
    return true;
}

static bool read_weekday(str *text, uint8_t *ret_weekday)
{
    static const char *const names[] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
    for (uint8_t i = 0; i < COUNT_OF(names); i++)
        if (str_starts_with(*text, str_of(names[i]))) {
            *text = str_from_index(*text, 2);
            *ret_weekday = i;
            return true;
        }
    return false;
}

// "Mo-Fr,Su" as a bit for each day.
static bool read_weekdays(str text, uint8_t *ret_days)
{
    str part;
    *ret_days = 0;
    while (str_split(&text, ',', &part)) {
        uint8_t first, last;
        if (!read_weekday(&part, &first))
            return false;
        last = first;
        if (read_char(&part, '-') && !read_weekday(&part, &last))
            return false;
        if (part.len > 0)
            return false;
        for (uint8_t day = first;; day = (uint8_t)((day + 1) % 7)) {
            *ret_days |= (uint8_t)(1u << day);
            if (day == last)
                break;
        }
    }
    return *ret_days != 0;
}

static bool read_minute(str *text, int32_t *ret_minute)
{
    int32_t hour, minute;
    if (!read_number(text, 2, &hour) || !read_char(text, ':') || !read_number(text, 2, &minute) ||
        minute > 59)
        return false;
    *ret_minute = hour * 60 + minute;
    return *ret_minute <= MINUTES_A_DAY;
}

static bool read_stretch(str text, struct bpmn_hours *ret_hours)
{
    int32_t from, until;
    if (!read_minute(&text, &from) || !read_char(&text, '-') || !read_minute(&text, &until) ||
        text.len > 0 || from >= until)
        return false;
    *ret_hours = (struct bpmn_hours){0, (uint16_t)from, (uint16_t)until};
    return true;
}

// Puts a stretch where it belongs; false when it overlaps with another or there are too many.
static bool add_hours(struct bpmn_hours *all, uint32_t *count, struct bpmn_hours hours)
{
    uint32_t at = *count;
    if (*count == CALENDAR_MAX_HOURS)
        return false;
    while (at > 0 && (all[at - 1].weekday > hours.weekday ||
                      (all[at - 1].weekday == hours.weekday && all[at - 1].from > hours.from))) {
        all[at] = all[at - 1];
        at--;
    }
    all[at] = hours;
    ++*count;
    bool meets_before =
        at > 0 && all[at - 1].weekday == hours.weekday && all[at - 1].until > hours.from;
    bool meets_after =
        at + 1 < *count && all[at + 1].weekday == hours.weekday && all[at + 1].from < hours.until;
    return !meets_before && !meets_after;
}

// One rule: "Mo-Fr 09:00-12:30,13:00-17:00".
static bool read_rule(str rule, struct bpmn_hours *all, uint32_t *count)
{
    str days, stretch;
    uint8_t weekdays;
    if (!str_split(&rule, ' ', &days) || !read_weekdays(str_trim(days), &weekdays))
        return false;
    rule = str_trim(rule);
    if (rule.len == 0)
        return false;
    while (str_split(&rule, ',', &stretch)) {
        struct bpmn_hours hours;
        if (!read_stretch(str_trim(stretch), &hours))
            return false;
        for (hours.weekday = 0; hours.weekday < 7; hours.weekday++)
            if ((weekdays >> hours.weekday & 1) && !add_hours(all, count, hours))
                return false;
    }
    return true;
}

static bool read_holiday(str text, struct bpmn_holiday *ret_holiday)
{
    int32_t year = 0, month, day;
    if (str_starts_with(text, STR("--")))
        text = str_from_index(text, 2);
    if (text.len == strlen("2026-12-25") &&
        (!read_number(&text, 4, &year) || !read_char(&text, '-')))
        return false;
    if (!read_number(&text, 2, &month) || !read_char(&text, '-') || !read_number(&text, 2, &day) ||
        text.len > 0 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *ret_holiday = (struct bpmn_holiday){year, (uint8_t)month, (uint8_t)day};
    return true;
}

static bool read_holidays(struct arena *arena, str text, struct bpmn_calendar *calendar)
{
    ARRAY(struct bpmn_holiday) holidays = {0};
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        while (at < text.len && strchr(" ,;\t\n", text.data[at]) == NULL)
            at++;
        if (at > from &&
            (holidays.count == CALENDAR_MAX_HOLIDAYS ||
             !read_holiday(str_sub(text, from, at - from), ARRAY_PUSH(arena, &holidays))))
            return false;
        at++;
    }
    calendar->holidays = holidays.items;
    calendar->holiday_count = (uint32_t)holidays.count;
    return true;
}

bool bpmn_calendar_read(struct arena *arena, str hours, str holidays,
                        struct bpmn_calendar *ret_calendar, const char **ret_why)
{
    struct bpmn_hours all[CALENDAR_MAX_HOURS];
    uint32_t count = 0;
    str rule;
    while (str_split(&hours, ';', &rule))
        if (str_trim(rule).len > 0 && !read_rule(str_trim(rule), all, &count)) {
            *ret_why = "hours are written \"Mo-Fr 09:00-12:30,13:00-17:00; Sa 10:00-14:00\" and do "
                       "not overlap";
            return false;
        }
    if (count == 0) {
        *ret_why = "a calendar needs hours";
        return false;
    }
    if (!read_holidays(arena, holidays, ret_calendar)) {
        *ret_why = "holidays are dates: \"2026-12-25\", or \"12-25\" for every year";
        return false;
    }
    ret_calendar->hours = arena_copy(arena, all, count * sizeof *all);
    ret_calendar->hours_count = count;
    return true;
}

// -- Counting ---------------------------------------------------------------------------

static int64_t local_ms(const struct zone *zone, int64_t utc_ms)
{
    int64_t seconds = (utc_ms - (utc_ms < 0 ? 999 : 0)) / 1000;
    return utc_ms + (zone ? (int64_t)zone_offset_at(zone, seconds) * 1000 : 0);
}

static int64_t utc_ms(const struct zone *zone, int64_t local)
{
    return zone ? zone_to_utc(zone, local / 1000) * 1000 + local % 1000 : local;
}

static bool is_holiday(const struct bpmn_calendar *calendar, int64_t day)
{
    feel_value date = temporal_date_from_days(day);
    for (uint32_t i = 0; i < calendar->holiday_count; i++) {
        const struct bpmn_holiday *h = &calendar->holidays[i];
        if (date.kind == FEEL_DATE && h->month == date.date.month && h->day == date.date.day &&
            (h->year == 0 || h->year == date.date.year))
            return true;
    }
    return false;
}

static uint8_t weekday_of(int64_t day)
{
    return (uint8_t)(((day + 3) % 7 + 7) % 7); // 1970-01-01 was a Thursday
}

static bool is_working_day(const struct bpmn_calendar *calendar, int64_t day)
{
    bool has_hours = false;
    for (uint32_t i = 0; i < calendar->hours_count; i++)
        has_hours |= calendar->hours[i].weekday == weekday_of(day);
    return has_hours && !is_holiday(calendar, day);
}

static int64_t day_of(int64_t local)
{
    return (local >= 0 ? local : local - (DAY_MS - 1)) / DAY_MS;
}

static bool add_days(const struct bpmn_calendar *calendar, int64_t *local, int64_t days)
{
    int64_t first = day_of(*local), day = first;
    while (days > 0 && day - first < CALENDAR_MAX_DAYS)
        days -= is_working_day(calendar, ++day);
    *local += (day - first) * DAY_MS;
    return days == 0;
}

// Takes what one day has to offer from `from` on; true when nothing is left to take.
static bool take_day(const struct bpmn_calendar *calendar, const struct zone *zone, int64_t day,
                     int64_t *at, int64_t *left)
{
    if (!is_working_day(calendar, day))
        return false;
    for (uint32_t i = 0; i < calendar->hours_count; i++) {
        const struct bpmn_hours *h = &calendar->hours[i];
        int64_t from = utc_ms(zone, day * DAY_MS + (int64_t)h->from * 60000);
        int64_t until = utc_ms(zone, day * DAY_MS + (int64_t)h->until * 60000);
        if (h->weekday != weekday_of(day) || until < *at || (until == *at && *left > 0))
            continue;
        from = from > *at ? from : *at;
        if (*left <= until - from) {
            *at = from + *left;
            return true;
        }
        *left -= until - from;
        *at = until;
    }
    return false;
}

bool bpmn_calendar_add(const struct bpmn_calendar *calendar, const struct zone *zone,
                       int64_t from_ms, int64_t duration_ms, int64_t *ret_ms)
{
    int64_t local = local_ms(zone, from_ms);
    int64_t left = duration_ms > 0 ? duration_ms % DAY_MS : 0;
    if (duration_ms >= DAY_MS && !add_days(calendar, &local, duration_ms / DAY_MS))
        return false;
    int64_t at = duration_ms >= DAY_MS ? utc_ms(zone, local) : from_ms;
    int64_t first = day_of(local);
    for (int64_t day = first; day - first < CALENDAR_MAX_DAYS; day++)
        if (take_day(calendar, zone, day, &at, &left)) {
            *ret_ms = at;
            return true;
        }
    return false;
}
