// SPDX-License-Identifier: Apache-2.0
#include "gateway/why_text.h"

#include <time.h>

enum { SECOND_MS = 1000, MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

str why_time(struct arena *arena, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / SECOND_MS);
    struct tm utc;
    char text[64];
    if (gmtime_r(&seconds, &utc) == NULL)
        return STR("an unknown time");
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return str_copy(arena, str_from(text, len));
}

str why_span(struct arena *arena, int64_t span_ms)
{
    static const struct {
        int64_t seconds;
        const char *noun;
    } units[] = {{DAY_S, "day"}, {HOUR_S, "hour"}, {MINUTE_S, "minute"}, {1, "second"}};
    int64_t seconds = span_ms > 0 ? span_ms / SECOND_MS : 0;
    size_t i = 0;
    while (i + 1 < COUNT_OF(units) && seconds < 2 * units[i].seconds)
        i++;
    int64_t number = seconds / units[i].seconds;
    return str_format(arena, "%lld %s%s", (long long)number, units[i].noun, number == 1 ? "" : "s");
}

str why_quoted(struct arena *arena, str name)
{
    return str_format(arena, "'%.*s'", STR_ARG(str_is_empty(name) ? STR("<default>") : name));
}
