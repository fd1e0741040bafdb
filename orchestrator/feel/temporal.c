// SPDX-License-Identifier: Apache-2.0
#include "feel/temporal.h"

#include "feel/number.h"

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int temporal_month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool temporal_date_valid(int64_t year, int64_t month, int64_t day)
{
    return year >= -TEMPORAL_YEAR_MAX && year <= TEMPORAL_YEAR_MAX && month >= 1 && month <= 12 &&
           day >= 1 && day <= temporal_month_days(year, (int)month);
}

// Counts years from March, so that the leap day is the last (Howard Hinnant, "chrono-Compatible
// Low-Level Date Algorithms").
int64_t temporal_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

feel_value temporal_date(int64_t year, int month, int day)
{
    return (feel_value){.kind = FEEL_DATE, .date = {(int32_t)year, (uint8_t)month, (uint8_t)day}};
}

feel_value temporal_date_from_days(int64_t days)
{
    if (days < -400000000000 || days > 400000000000)
        return feel_null();
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (int)((5 * day_of_year + 2) / 153);
    int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    if (year < -TEMPORAL_YEAR_MAX || year > TEMPORAL_YEAR_MAX)
        return feel_null();
    return temporal_date(year, month, (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1));
}

static int64_t date_days(feel_value date)
{
    return temporal_days(date.date.year, date.date.month, date.date.day);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

feel_value temporal_date_time(feel_value date, feel_value time)
{
    feel_value result = time;
    result.kind = FEEL_DATE_TIME;
    result.time.seconds += date_days(date) * SECONDS_PER_DAY;
    return result;
}

feel_value temporal_date_of(feel_value date_time)
{
    return temporal_date_from_days(floor_divide(date_time.time.seconds, SECONDS_PER_DAY));
}

feel_value temporal_time_of(feel_value date_time)
{
    feel_value time = date_time;
    time.kind = FEEL_TIME;
    time.time.seconds -= floor_divide(date_time.time.seconds, SECONDS_PER_DAY) * SECONDS_PER_DAY;
    return time;
}

feel_value temporal_midnight(feel_value date)
{
    return temporal_date_time(date, (feel_value){.kind = FEEL_TIME});
}

bool temporal_has_offset(feel_value value)
{
    return value.flags & (FEEL_OFFSET | FEEL_ZONED);
}

int64_t temporal_instant(feel_value value)
{
    if (value.flags & FEEL_ZONED)
        return zone_to_utc(value.time.zone, value.time.seconds);
    return value.time.seconds - (value.flags & FEEL_OFFSET ? value.time.offset : 0);
}

int64_t temporal_offset(feel_value value)
{
    return value.time.seconds - temporal_instant(value);
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

// Times are compared to the millisecond: the standard's value() counts whole seconds (10.3.2.3.4),
// systems that write times count milliseconds, and finer digits only appear through conversions.
static int compare_moments(feel_value a, feel_value b)
{
    if (temporal_has_offset(a) != temporal_has_offset(b))
        return 2;
    int by_seconds = order(temporal_instant(a), temporal_instant(b));
    return by_seconds ? by_seconds : order(a.nanos / 1000000, b.nanos / 1000000);
}

int temporal_compare(feel_value a, feel_value b)
{
    switch ((int)a.kind) {
    case FEEL_DATE:
        return order(date_days(a), date_days(b));
    case FEEL_TIME:
    case FEEL_DATE_TIME:
        return compare_moments(a, b);
    case FEEL_DAYS_DURATION:
        return order(a.time.seconds, b.time.seconds) ? order(a.time.seconds, b.time.seconds)
                                                     : order(a.nanos, b.nanos);
    case FEEL_MONTHS_DURATION:
        return order(a.months, b.months);
    default:
        return 2;
    }
}

// ---- arithmetic ----

static feel_value days_duration(int64_t seconds, int64_t nanos)
{
    return (feel_value){
        .kind = FEEL_DAYS_DURATION, .nanos = (uint32_t)nanos, .time = {.seconds = seconds}};
}

feel_value temporal_negate(feel_value duration)
{
    if (duration.kind == FEEL_MONTHS_DURATION) {
        duration.months = -duration.months;
        return duration;
    }
    if (duration.nanos == 0)
        return days_duration(-duration.time.seconds, 0);
    return days_duration(-duration.time.seconds - 1, NANOS_PER_SECOND - duration.nanos);
}

// Seconds and nanoseconds of both, carried.
static bool add_seconds(feel_value *a, feel_value duration)
{
    uint32_t nanos = a->nanos + duration.nanos;
    int64_t carry = nanos >= NANOS_PER_SECOND;
    a->nanos = nanos - (uint32_t)carry * NANOS_PER_SECOND;
    return !__builtin_add_overflow(a->time.seconds, duration.time.seconds, &a->time.seconds) &&
           !__builtin_add_overflow(a->time.seconds, carry, &a->time.seconds);
}

static feel_value add_months_to_date(feel_value date, int64_t months)
{
    int64_t total;
    if (__builtin_add_overflow((int64_t)date.date.year * 12 + date.date.month - 1, months, &total))
        return feel_null();
    int64_t year = floor_divide(total, 12);
    int month = (int)(total - year * 12) + 1;
    if (year < -TEMPORAL_YEAR_MAX || year > TEMPORAL_YEAR_MAX)
        return feel_null();
    int last = temporal_month_days(year, month);
    return temporal_date(year, month, date.date.day > last ? last : date.date.day);
}

static feel_value add_to_date(feel_value date, feel_value duration)
{
    if (duration.kind == FEEL_MONTHS_DURATION)
        return add_months_to_date(date, duration.months);
    feel_value moment = temporal_midnight(date);
    return add_seconds(&moment, duration) ? temporal_date_of(moment) : feel_null();
}

static bool in_years(feel_value date_time)
{
    return temporal_date_of(date_time).kind == FEEL_DATE;
}

// With a zone, days and hours pass in real time: the clock on the wall follows the zone's changes.
static feel_value add_to_date_time(feel_value moment, feel_value duration)
{
    if (duration.kind == FEEL_MONTHS_DURATION) {
        feel_value date = add_months_to_date(temporal_date_of(moment), duration.months);
        return feel_is_null(date) ? date : temporal_date_time(date, temporal_time_of(moment));
    }
    feel_value result = moment;
    if (moment.flags & FEEL_ZONED)
        result.time.seconds = temporal_instant(moment);
    if (!add_seconds(&result, duration) || !in_years(result))
        return feel_null();
    if (moment.flags & FEEL_ZONED)
        result.time.seconds += zone_offset_at(moment.time.zone, result.time.seconds);
    return result;
}

static feel_value add_to_time(feel_value time, feel_value duration)
{
    if (duration.kind != FEEL_DAYS_DURATION || !add_seconds(&time, duration))
        return feel_null();
    time.time.seconds -= floor_divide(time.time.seconds, SECONDS_PER_DAY) * SECONDS_PER_DAY;
    return time;
}

static feel_value add_durations(feel_value a, feel_value b)
{
    if (a.kind != b.kind)
        return feel_null();
    if (a.kind == FEEL_DAYS_DURATION)
        return add_seconds(&a, b) ? a : feel_null();
    return __builtin_add_overflow(a.months, b.months, &a.months) ? feel_null() : a;
}

feel_value temporal_add(feel_value a, feel_value b)
{
    if (temporal_is_duration(a) && !temporal_is_duration(b))
        return temporal_add(b, a);
    if (!temporal_is_duration(b))
        return feel_null();
    switch ((int)a.kind) {
    case FEEL_DATE:
        return add_to_date(a, b);
    case FEEL_TIME:
        return add_to_time(a, b);
    case FEEL_DATE_TIME:
        return add_to_date_time(a, b);
    case FEEL_DAYS_DURATION:
    case FEEL_MONTHS_DURATION:
        return add_durations(a, b);
    default:
        return feel_null();
    }
}

// A date beside a date and time is midnight UTC (10.3.2.3.6).
static feel_value utc_midnight(feel_value value)
{
    if (value.kind != FEEL_DATE)
        return value;
    feel_value moment = temporal_midnight(value);
    moment.flags = FEEL_OFFSET;
    return moment;
}

static feel_value difference(feel_value a, feel_value b)
{
    bool both_dates = a.kind == FEEL_DATE && b.kind == FEEL_DATE;
    a = utc_midnight(a);
    b = utc_midnight(b);
    if (a.kind != b.kind || (!both_dates && temporal_has_offset(a) != temporal_has_offset(b)))
        return feel_null();
    feel_value negative = temporal_negate(days_duration(temporal_instant(b), b.nanos));
    feel_value result = days_duration(temporal_instant(a), a.nanos);
    return add_seconds(&result, negative) ? result : feel_null();
}

feel_value temporal_subtract(feel_value a, feel_value b)
{
    if (temporal_is_duration(b))
        return temporal_add(a, temporal_negate(b));
    if (temporal_is_duration(a) || !temporal_is(a) || !temporal_is(b))
        return feel_null();
    return difference(a, b);
}

// The length of a duration as a decimal: months, or seconds.
static feel_value length_of(feel_value duration)
{
    if (duration.kind == FEEL_MONTHS_DURATION)
        return feel_i64(duration.months);
    return number_add(feel_i64(duration.time.seconds), number_scaled(duration.nanos, 9));
}

static feel_value of_length(feel_value like, feel_value length)
{
    int64_t whole, nanos = 0;
    if (feel_is_null(length))
        return length;
    if (like.kind == FEEL_MONTHS_DURATION)
        return number_truncate(length, &whole)
                   ? (feel_value){.kind = FEEL_MONTHS_DURATION, .months = whole}
                   : feel_null();
    feel_value floor = number_round(length, 0, ROUND_FLOOR);
    feel_value rest = number_multiply(number_subtract(length, floor), feel_i64(NANOS_PER_SECOND));
    if (!number_truncate(floor, &whole) || !number_truncate(rest, &nanos))
        return feel_null();
    return days_duration(whole, nanos);
}

feel_value temporal_multiply(feel_value duration, feel_value number)
{
    return of_length(duration, number_multiply(length_of(duration), number));
}

feel_value temporal_divide(feel_value duration, feel_value by)
{
    if (by.kind == FEEL_NUMBER)
        return of_length(duration, number_divide(length_of(duration), by));
    if (by.kind != duration.kind)
        return feel_null();
    return number_divide(length_of(duration), length_of(by));
}

feel_value temporal_months_between(feel_value from, feel_value to)
{
    feel_value a = from.kind == FEEL_DATE ? from : temporal_date_of(from);
    feel_value b = to.kind == FEEL_DATE ? to : temporal_date_of(to);
    int64_t months = ((int64_t)b.date.year - a.date.year) * 12 + b.date.month - a.date.month;
    if (months > 0 && b.date.day < a.date.day)
        months--;
    else if (months < 0 && b.date.day > a.date.day)
        months++;
    return (feel_value){.kind = FEEL_MONTHS_DURATION, .months = months};
}

// ---- properties ----

int temporal_weekday(feel_value value)
{
    feel_value date = value.kind == FEEL_DATE ? value : temporal_date_of(value);
    int64_t days = date_days(date) + 3; // 1970-01-01 was a Thursday
    return (int)(days - floor_divide(days, 7) * 7) + 1;
}

int64_t temporal_day_of_year(feel_value value)
{
    feel_value date = value.kind == FEEL_DATE ? value : temporal_date_of(value);
    return date_days(date) - temporal_days(date.date.year, 1, 1) + 1;
}

static int64_t weeks_in(int64_t year)
{
    int first = temporal_weekday(temporal_date(year, 1, 1));
    return first == 4 || (first == 3 && is_leap(year)) ? 53 : 52;
}

int64_t temporal_week_of_year(feel_value value)
{
    feel_value date = value.kind == FEEL_DATE ? value : temporal_date_of(value);
    int64_t week = (temporal_day_of_year(date) - temporal_weekday(date) + 10) / 7;
    if (week < 1)
        return weeks_in(date.date.year - 1);
    return week > weeks_in(date.date.year) ? 1 : week;
}

static feel_value date_property(feel_value value, str name)
{
    feel_value date = value.kind == FEEL_DATE ? value : temporal_date_of(value);
    if (str_equal(name, STR("year")))
        return feel_i64(date.date.year);
    if (str_equal(name, STR("month")))
        return feel_i64(date.date.month);
    if (str_equal(name, STR("day")))
        return feel_i64(date.date.day);
    if (str_equal(name, STR("weekday")))
        return feel_i64(temporal_weekday(date));
    return feel_null();
}

static feel_value time_property(feel_value value, str name)
{
    int64_t seconds = temporal_time_of(value).time.seconds;
    if (str_equal(name, STR("hour")))
        return feel_i64(seconds / 3600);
    if (str_equal(name, STR("minute")))
        return feel_i64(seconds / 60 % 60);
    if (str_equal(name, STR("second")))
        return feel_i64(seconds % 60);
    if (str_equal(name, STR("time offset")) && temporal_has_offset(value))
        return days_duration(temporal_offset(value), 0);
    if (str_equal(name, STR("timezone")) && (value.flags & FEEL_ZONED))
        return feel_string(zone_name(value.time.zone));
    return feel_null();
}

static feel_value days_property(feel_value value, str name)
{
    bool negative = value.time.seconds < 0;
    int64_t seconds = (negative ? temporal_negate(value) : value).time.seconds;
    int64_t sign = negative ? -1 : 1;
    if (str_equal(name, STR("days")))
        return feel_i64(sign * (seconds / SECONDS_PER_DAY));
    if (str_equal(name, STR("hours")))
        return feel_i64(sign * (seconds / 3600 % 24));
    if (str_equal(name, STR("minutes")))
        return feel_i64(sign * (seconds / 60 % 60));
    if (str_equal(name, STR("seconds")))
        return feel_i64(sign * (seconds % 60));
    return feel_null();
}

static feel_value months_property(feel_value value, str name)
{
    if (str_equal(name, STR("years")))
        return feel_i64(value.months / 12);
    if (str_equal(name, STR("months")))
        return feel_i64(value.months % 12);
    return feel_null();
}

feel_value temporal_property(feel_value value, str name)
{
    feel_value found;
    switch ((int)value.kind) {
    case FEEL_DATE:
        return date_property(value, name);
    case FEEL_TIME:
        return time_property(value, name);
    case FEEL_DATE_TIME:
        found = date_property(value, name);
        return feel_is_null(found) ? time_property(value, name) : found;
    case FEEL_DAYS_DURATION:
        return days_property(value, name);
    case FEEL_MONTHS_DURATION:
        return months_property(value, name);
    default:
        return feel_null();
    }
}
