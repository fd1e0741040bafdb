// SPDX-License-Identifier: Apache-2.0
#include "insight/event_log.h"

#include <stdlib.h>

#include "insight/instant.h"

const struct attribute *event_log_attribute(const struct event_log *log, struct attribute_span span,
                                            uint32_t key)
{
    const struct attribute *found = NULL;
    for (uint32_t i = 0; i < span.count; i++) {
        const struct attribute *a = &log->attributes[span.first + i];
        if (a->key == key && a->depth == 0)
            found = a;
    }
    return found;
}

// The shortest text that reads as the same number.
static str real_text(struct arena *arena, double value)
{
    for (int digits = 15; digits < 17; digits++) {
        str text = str_format(arena, "%.*g", digits, value);
        if (strtod(str_cstr(arena, text), NULL) == value)
            return text;
    }
    return str_format(arena, "%.17g", value);
}

str attribute_text(struct arena *arena, const struct names *names,
                   const struct attribute *attribute)
{
    switch ((enum attribute_type)attribute->type) {
    case ATTRIBUTE_STRING:
    case ATTRIBUTE_ID:
        return names_text(names, attribute->text);
    case ATTRIBUTE_DATE:
        return instant_text(arena, attribute->whole);
    case ATTRIBUTE_INT:
        return str_format(arena, "%lld", (long long)attribute->whole);
    case ATTRIBUTE_FLOAT:
        return real_text(arena, attribute->real);
    case ATTRIBUTE_BOOLEAN:
        return attribute->whole != 0 ? STR("true") : STR("false");
    case ATTRIBUTE_LIST:
    case ATTRIBUTE_CONTAINER:
        return STR_EMPTY;
    }
    check_unreachable();
}

static bool read_real(str text, double *ret_value)
{
    char digits[64], *end;
    if (text.len == 0 || text.len >= sizeof digits)
        return false;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    *ret_value = strtod(digits, &end);
    return *end == '\0';
}

bool attribute_read(str text, enum attribute_type type, struct attribute *ret_attribute)
{
    struct instant instant;
    str value = str_trim(text);
    bool is_read = false;
    if (type == ATTRIBUTE_INT) {
        is_read = str_to_i64(value, &ret_attribute->whole);
    } else if (type == ATTRIBUTE_FLOAT) {
        is_read = read_real(value, &ret_attribute->real);
    } else if (type == ATTRIBUTE_DATE) {
        is_read = instant_parse(value, &instant);
        ret_attribute->whole = is_read ? instant.us : 0;
    } else if (type == ATTRIBUTE_BOOLEAN) {
        ret_attribute->whole = str_equal_ignoring_case(value, STR("true"));
        is_read = ret_attribute->whole != 0 || str_equal_ignoring_case(value, STR("false"));
    }
    ret_attribute->type = (uint8_t)type;
    return is_read;
}

bool event_log_range(const struct event_log *log, int64_t *ret_first, int64_t *ret_last)
{
    int64_t first = INT64_MAX, last = NO_TIME;
    const int64_t *started = log->moments[MOMENT_STARTED];
    for (uint32_t i = 0; i < log->event_count; i++) {
        int64_t time = log->time[i];
        int64_t begun = started != NULL && started[i] != NO_TIME ? started[i] : time;
        if (begun != NO_TIME && begun < first)
            first = begun;
        if (time > last)
            last = time;
    }
    for (uint32_t t = 0; log->case_begun != NULL && t < log->trace_count; t++) {
        int64_t begun = log->case_begun[t], ended = log->case_ended[t];
        first = begun != NO_TIME && begun < first ? begun : first;
        last = ended > last ? ended : last;
    }
    *ret_first = first;
    *ret_last = last;
    return last != NO_TIME;
}
