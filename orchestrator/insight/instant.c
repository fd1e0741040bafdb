// SPDX-License-Identifier: Apache-2.0
#include "insight/instant.h"

#include <math.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

int64_t instant_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void instant_date(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t mp = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * mp + 2) / 5 + 1);
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = year + era * 400 + (*ret_month <= 2);
}

static int days_of_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

// The parts of a time while it is read, and what is left of the text.
struct parts {
    str rest;
    int64_t year;
    int month, day, hour, minute, second;
    int64_t fraction_us, offset_s, epoch_s;
    bool has_zone, is_epoch, is_afternoon, is_twelve_hours;
};

static char peek(const struct parts *p)
{
    return p->rest.len > 0 ? p->rest.data[0] : '\0';
}

static bool take_char(struct parts *p, char c)
{
    if (peek(p) != c || p->rest.len == 0)
        return false;
    p->rest = str_from_index(p->rest, 1);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// A number of `least` to `most` digits.
static bool take_digits(struct parts *p, size_t least, size_t most, int64_t *ret_value)
{
    int64_t value = 0;
    size_t count = 0;
    while (count < most && is_digit(peek(p))) {
        value = value * 10 + (peek(p) - '0');
        p->rest = str_from_index(p->rest, 1);
        count++;
    }
    *ret_value = value;
    return count >= least;
}

static bool take_int(struct parts *p, size_t least, size_t most, int *ret_value)
{
    int64_t value;
    if (!take_digits(p, least, most, &value))
        return false;
    *ret_value = (int)value;
    return true;
}

// Any number of digits; those behind the sixth are cut.
static bool take_fraction(struct parts *p)
{
    int64_t value = 0;
    size_t count = 0;
    for (; is_digit(peek(p)); count++, p->rest = str_from_index(p->rest, 1))
        if (count < 6)
            value = value * 10 + (peek(p) - '0');
    for (size_t i = count; i < 6; i++)
        value *= 10;
    p->fraction_us = value;
    return count > 0;
}

// Z, UTC, GMT, +hh, +hhmm, +hh:mm; nothing is fine, too.
static bool take_zone(struct parts *p)
{
    while (take_char(p, ' '))
        ;
    if (p->rest.len == 0)
        return true;
    p->has_zone = true;
    if (take_char(p, 'Z') || take_char(p, 'z'))
        return true;
    if (str_starts_with(p->rest, STR("UTC")) || str_starts_with(p->rest, STR("GMT"))) {
        p->rest = str_from_index(p->rest, 3);
        return true;
    }
    int sign = peek(p) == '-' ? -1 : 1, hours = 0, minutes = 0;
    if (!take_char(p, '+') && !take_char(p, '-'))
        return false;
    if (!take_int(p, 2, 2, &hours))
        return false;
    bool has_colon = take_char(p, ':');
    if ((has_colon || is_digit(peek(p))) && !take_int(p, 2, 2, &minutes))
        return false;
    p->offset_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 18 && minutes < 60;
}

static bool take_time(struct parts *p)
{
    if (!take_int(p, 1, 2, &p->hour) || !take_char(p, ':') || !take_int(p, 2, 2, &p->minute))
        return false;
    if (!take_char(p, ':'))
        return true;
    if (!take_int(p, 2, 2, &p->second))
        return false;
    return (!take_char(p, '.') && !take_char(p, ',')) || take_fraction(p);
}

// yyyy-mm-dd, yyyy/mm/dd, yyyymmdd or dd.mm.yyyy.
static bool take_date(struct parts *p)
{
    int64_t first;
    size_t before = p->rest.len;
    bool is_negative = take_char(p, '-');
    if (!take_digits(p, 2, 8, &first))
        return false;
    size_t digits = before - p->rest.len;
    if (digits == 8 && !is_negative) {
        p->year = first / 10000;
        p->month = (int)(first / 100 % 100);
        p->day = (int)(first % 100);
        return true;
    }
    if (digits == 2 && take_char(p, '.')) {
        p->day = (int)first;
        return take_int(p, 2, 2, &p->month) && take_char(p, '.') && take_digits(p, 4, 4, &p->year);
    }
    p->year = is_negative ? -first : first;
    char separator = peek(p);
    return digits >= 4 && (separator == '-' || separator == '/') && take_char(p, separator) &&
           take_int(p, 1, 2, &p->month) && take_char(p, separator) && take_int(p, 1, 2, &p->day);
}

static bool finish(struct parts *p, struct instant *ret_instant)
{
    if (p->is_epoch) {
        *ret_instant = (struct instant){p->epoch_s * SECOND + p->fraction_us, true};
        return p->epoch_s > INT64_MIN / SECOND / 2 && p->epoch_s < INT64_MAX / SECOND / 2;
    }
    if (p->is_twelve_hours) {
        if (p->hour < 1 || p->hour > 12)
            return false;
        p->hour = p->hour % 12 + (p->is_afternoon ? 12 : 0);
    }
    if (p->month < 1 || p->month > 12 || p->day < 1 || p->year < -9999 || p->year > 9999 ||
        p->day > days_of_month(p->year, p->month) || p->minute > 59 || p->second > 60)
        return false;
    bool is_midnight = p->hour == 24 && p->minute == 0 && p->second == 0;
    if (p->hour > 23 && !is_midnight)
        return false;
    int64_t seconds = p->hour * 3600 + p->minute * 60 + p->second - p->offset_s;
    *ret_instant = (struct instant){instant_days(p->year, p->month, p->day) * DAY +
                                        seconds * SECOND + p->fraction_us,
                                    p->has_zone};
    return true;
}

bool instant_parse(str text, struct instant *ret_instant)
{
    struct parts p = {.rest = str_trim(text)};
    if (!take_date(&p))
        return false;
    if (p.rest.len > 0 && (take_char(&p, 'T') || take_char(&p, 't') || take_char(&p, ' ')) &&
        (!take_time(&p) || !take_zone(&p)))
        return false;
    return p.rest.len == 0 && finish(&p, ret_instant);
}

// -- By a format ------------------------------------------------------------------------

static bool take_month_name(struct parts *p)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    for (int i = 0; i < 12; i++) {
        str whole = str_of(names[i]), brief = str_sub(whole, 0, 3);
        bool is_whole = str_equal_ignoring_case(str_sub(p->rest, 0, whole.len), whole);
        if (!is_whole && !str_equal_ignoring_case(str_sub(p->rest, 0, 3), brief))
            continue;
        p->rest = str_from_index(p->rest, is_whole ? whole.len : 3);
        p->month = i + 1;
        return true;
    }
    return false;
}

static bool take_half_of_day(struct parts *p)
{
    str word = str_sub(p->rest, 0, 2);
    p->is_afternoon = str_equal_ignoring_case(word, STR("pm"));
    p->rest = str_from_index(p->rest, 2);
    return p->is_afternoon || str_equal_ignoring_case(word, STR("am"));
}

static bool take_short_year(struct parts *p)
{
    if (!take_digits(p, 2, 2, &p->year))
        return false;
    p->year += p->year < 69 ? 2000 : 1900;
    return true;
}

static bool take_epoch(struct parts *p)
{
    p->is_epoch = true;
    return take_digits(p, 1, 12, &p->epoch_s);
}

static bool take_iso_zone(struct parts *p)
{
    return p->rest.len > 0 && take_zone(p);
}

static bool take_item(struct parts *p, char item)
{
    switch (item) {
    case 'Y':
        return take_digits(p, 4, 4, &p->year);
    case 'y':
        return take_short_year(p);
    case 'm':
        return take_int(p, 1, 2, &p->month);
    case 'd':
        return take_int(p, 1, 2, &p->day);
    case 'b':
    case 'B':
        return take_month_name(p);
    case 'I':
        p->is_twelve_hours = true;
        return take_int(p, 1, 2, &p->hour);
    case 'H':
        return take_int(p, 1, 2, &p->hour);
    case 'p':
        return take_half_of_day(p);
    case 'M':
        return take_int(p, 1, 2, &p->minute);
    case 'S':
        return take_int(p, 1, 2, &p->second);
    case 'f':
        return take_fraction(p);
    case 'z':
        return take_iso_zone(p);
    case 's':
        return take_epoch(p);
    case 'T':
        return take_time(p);
    case 'F':
        return take_date(p);
    case '%':
        return take_char(p, '%');
    default:
        return false;
    }
}

bool instant_parse_format(str text, str format, struct instant *ret_instant)
{
    struct parts p = {.rest = str_trim(text), .month = 1, .day = 1, .year = 1970};
    for (size_t i = 0; i < format.len; i++) {
        bool is_item = format.data[i] == '%' && i + 1 < format.len;
        if (is_item ? !take_item(&p, format.data[++i]) : !take_char(&p, format.data[i]))
            return false;
    }
    return p.rest.len == 0 && finish(&p, ret_instant);
}

str instant_text(struct arena *arena, int64_t us)
{
    int64_t days = us / DAY - (us % DAY < 0), year;
    int month, day;
    int64_t rest = us - days * DAY, second = rest / SECOND, fraction = rest % SECOND;
    instant_date(days, &year, &month, &day);
    str clock = str_format(arena, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)year, month, day,
                           (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    if (fraction == 0)
        return str_join2(arena, clock, STR("+00:00"));
    return str_format(arena, "%.*s.%06lld+00:00", STR_ARG(clock), (long long)fraction);
}

str instant_span_text(struct arena *arena, double seconds)
{
    static const struct {
        double seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (fabs(seconds) >= units[i].seconds)
            return str_format(arena, "%.1f %s", seconds / units[i].seconds, units[i].unit);
    return str_format(arena, "%.0f ms", seconds * 1000);
}
