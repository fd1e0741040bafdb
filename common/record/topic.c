// SPDX-License-Identifier: Apache-2.0
#include "record/topic.h"

#include "base/strbuf.h"

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool topic_part_of_job_type(struct arena *arena, str type, str *ret_part)
{
    struct strbuf part = strbuf_new(arena);
    for (size_t i = 0; i < type.len; i++) {
        char c = type.data[i];
        bool looks_escaped = c == '_' && i + 1 < type.len && type.data[i + 1] == 'x';
        if (is_plain(c) && !looks_escaped)
            strbuf_add_char(&part, c);
        else
            strbuf_format(&part, "_x%02x", (unsigned char)c);
    }
    *ret_part = strbuf_str(&part);
    return part.len > 0 && part.len <= TOPIC_MAX_JOB_TYPE;
}
