// SPDX-License-Identifier: Apache-2.0
#include "wire/texts.h"

#include "base/json.h"
#include "base/strbuf.h"
#include "base/varint.h"
#include "wire/wire.h"

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH_DELIMITED = 2, FIXED32 = 5 };

enum { TYPE_MASK = 7 };

static bool skip(str *rest, uint64_t len)
{
    if (len > rest->len)
        return false;
    *rest = str_from_index(*rest, (size_t)len);
    return true;
}

static bool replace(struct strbuf *out, str bytes, const struct wire_replacing *replacing,
                    int depth);

// Space before it may be the tag of a nested message: then only what is JSON as a whole is taken
// for it.
static bool is_json_text(struct arena *arena, str content)
{
    str text = str_trim(content);
    struct json *json;
    struct error err;
    if (text.len == 0 || (text.data[0] != '{' && text.data[0] != '['))
        return false;
    return text.data == content.data || json_parse(arena, content, &json, &err);
}

static bool replace_inside(struct strbuf *out, str content, const struct wire_replacing *replacing,
                           int depth)
{
    struct strbuf inner = strbuf_new(out->arena);
    str changed = content;
    bool is_json = replacing->wants(content) && is_json_text(out->arena, content);
    if (is_json && replacing->wants(content)) {
        changed = replacing->replace(replacing->context, content);
    } else if (!is_json && replacing->wants(content)) {
        if (!replace(&inner, content, replacing, depth + 1))
            inner.len = 0;
        else
            changed = strbuf_str(&inner);
    }
    varint_write(out, changed.len);
    strbuf_add(out, changed);
    return true;
}

static bool replace(struct strbuf *out, str bytes, const struct wire_replacing *replacing,
                    int depth)
{
    str rest = bytes;
    while (rest.len > 0) {
        str field = rest;
        uint64_t tag, number;
        if (depth > WIRE_MAX_DEPTH || !varint_read(&rest, &tag))
            return false;
        switch (tag & TYPE_MASK) {
        case VARINT:
            if (!varint_read(&rest, &number))
                return false;
            break;
        case FIXED64:
            if (!skip(&rest, 8))
                return false;
            break;
        case FIXED32:
            if (!skip(&rest, 4))
                return false;
            break;
        case LENGTH_DELIMITED:
            if (!varint_read(&rest, &number) || number > rest.len)
                return false;
            varint_write(out, tag);
            if (!replace_inside(out, str_sub(rest, 0, (size_t)number), replacing, depth))
                return false;
            rest = str_from_index(rest, (size_t)number);
            continue;
        default:
            return false;
        }
        strbuf_add(out, str_sub(field, 0, field.len - rest.len));
    }
    return true;
}

str wire_replace_texts(struct arena *arena, str bytes, const struct wire_replacing *replacing)
{
    struct strbuf out = strbuf_new(arena);
    return replacing->wants(bytes) && replace(&out, bytes, replacing, 0) ? strbuf_str(&out) : bytes;
}
