// SPDX-License-Identifier: Apache-2.0
#include "record/topic.h"

#include "base/strbuf.h"

static const struct topic_info infos[] = {
#define TOPIC_ROW(id, kind, name, node, worker, events, audit, operator, what)                     \
    {TOPIC_KIND_##kind, name, {node, worker, events, audit, operator}, what},
#include "record/topics.def"
#undef TOPIC_ROW
};

_Static_assert(COUNT_OF(infos) == TOPIC_IDS, "a row for each id");

const struct topic_info *topic_info_of(enum topic_id id)
{
    check(id < TOPIC_IDS);
    return &infos[id];
}

str topic_rest(enum topic_id id)
{
    return str_of(topic_info_of(id)->name);
}

str topic_full_name(struct arena *arena, const char *prefix, enum topic_id id, str part)
{
    str rest = topic_rest(id);
    check(str_ends_with(rest, STR(".")) == (part.len > 0));
    return str_format(arena, "%s.%.*s%.*s", prefix, STR_ARG(rest), STR_ARG(part));
}

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
