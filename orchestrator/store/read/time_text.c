// SPDX-License-Identifier: Apache-2.0
#include "store/read/time_text.h"

#include "record/limits.h"

#include <stdio.h>
#include <time.h>

// What follows the seconds: an optional fraction, then Z or an offset.
static bool parse_rest(const char *rest, int64_t *ret_ms, int64_t *ret_offset_s)
{
    int64_t ms = 0;
    char sign;
    int hours;
    int minutes;
    int used = 0;
    if (*rest == '.') {
        int64_t scale = 100;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10)
            ms += (*rest - '0') * scale;
    }
    *ret_ms = ms;
    *ret_offset_s = 0;
    if (rest[0] == 'Z' && rest[1] == '\0')
        return true;
    if (sscanf(rest, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 || rest[used] != '\0' ||
        (sign != '+' && sign != '-') || hours > 18 || minutes > 59)
        return false;
    *ret_offset_s = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool time_text_parse(str text, int64_t *ret_time_ms)
{
    char copy[48];
    struct tm utc = {0};
    int used = 0;
    int64_t ms;
    int64_t offset_s;
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    // ISO 8601 lets seconds out where they are 0, and so does Java.
    if (sscanf(copy, "%4d-%2d-%2dT%2d:%2d%n:%2d%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &used, &utc.tm_sec, &used) < 5 ||
        !parse_rest(copy + used, &ms, &offset_s))
        return false;
    struct tm wanted = utc;
    bool in_range = utc.tm_year >= 1 && utc.tm_mon >= 1 && utc.tm_mon <= 12 && utc.tm_mday >= 1 &&
                    utc.tm_hour <= 23 && utc.tm_min <= 59 && utc.tm_sec <= 59;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    *ret_time_ms = ((int64_t)timegm(&utc) - offset_s) * 1000 + ms;
    in_range = in_range && utc.tm_mday == wanted.tm_mday; // timegm makes a day of February 30th
    return in_range && *ret_time_ms >= LIMIT_FIRST_MS && *ret_time_ms <= LIMIT_LAST_MS;
}
