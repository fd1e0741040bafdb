// SPDX-License-Identifier: Apache-2.0
#include "base/json_pointer.h"

static str unescaped(struct arena *arena, str step)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; i < step.len; i++) {
        bool is_escape = step.data[i] == '~' && i + 1 < step.len &&
                         (step.data[i + 1] == '0' || step.data[i + 1] == '1');
        if (is_escape)
            strbuf_add_char(&out, step.data[++i] == '0' ? '~' : '/');
        else
            strbuf_add_char(&out, step.data[i]);
    }
    return strbuf_str(&out);
}

static struct json *member(struct json *value, str name)
{
    for (size_t i = 0; i < value->count; i++)
        if (str_equal(value->members[i].name, name))
            return &value->members[i].value;
    return NULL;
}

static struct json *item(struct json *value, str index)
{
    uint64_t at;
    bool is_index = str_to_u64(index, &at) && (index.len == 1 || index.data[0] != '0');
    return is_index && at < value->count ? &value->items[at] : NULL;
}

struct json *json_at(struct arena *scratch, struct json *value, str pointer)
{
    str step;
    if (pointer.len == 0)
        return value;
    if (pointer.data[0] != '/')
        return NULL;
    pointer = str_from_index(pointer, 1);
    while (value != NULL && str_split(&pointer, '/', &step))
        value = json_is(value, JSON_OBJECT)  ? member(value, unescaped(scratch, step))
                : json_is(value, JSON_ARRAY) ? item(value, step)
                                             : NULL;
    return value;
}

str json_pointer_step(struct arena *arena, str pointer, str name)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, pointer);
    strbuf_add_char(&out, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '~')
            strbuf_add(&out, STR("~0"));
        else if (name.data[i] == '/')
            strbuf_add(&out, STR("~1"));
        else
            strbuf_add_char(&out, name.data[i]);
    }
    return strbuf_str(&out);
}
