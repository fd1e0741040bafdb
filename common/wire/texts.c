// SPDX-License-Identifier: Apache-2.0
#include "wire/texts.h"

#include "base/strbuf.h"
#include "wire/wire.h"

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH_DELIMITED = 2, FIXED32 = 5 };

enum { MAX_VARINT = 10, TYPE_MASK = 7 };

static bool take_varint(str *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < rest->len && i < MAX_VARINT; i++) {
        unsigned char byte = (unsigned char)rest->data[i];
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            *rest = str_from_index(*rest, i + 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static void add_varint(struct strbuf *out, uint64_t value)
{
    while (value >= 0x80) {
        strbuf_add_char(out, (char)(value | 0x80));
        value >>= 7;
    }
    strbuf_add_char(out, (char)value);
}

static bool skip(str *rest, uint64_t len)
{
    if (len > rest->len)
        return false;
    *rest = str_from_index(*rest, (size_t)len);
    return true;
}

static bool replace(struct strbuf *out, str bytes, const struct wire_replacing *replacing,
                    int depth);

static bool replace_inside(struct strbuf *out, str content, const struct wire_replacing *replacing,
                           int depth)
{
    struct strbuf inner = strbuf_new(out->arena);
    str changed = content;
    bool is_json = content.len > 0 && (content.data[0] == '{' || content.data[0] == '[');
    if (is_json && replacing->wants(content)) {
        changed = replacing->replace(replacing->context, content);
    } else if (!is_json && replacing->wants(content)) {
        if (!replace(&inner, content, replacing, depth + 1))
            inner.len = 0;
        else
            changed = strbuf_str(&inner);
    }
    add_varint(out, changed.len);
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
        if (depth > WIRE_MAX_DEPTH || !take_varint(&rest, &tag))
            return false;
        switch (tag & TYPE_MASK) {
        case VARINT:
            if (!take_varint(&rest, &number))
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
            if (!take_varint(&rest, &number) || number > rest.len)
                return false;
            add_varint(out, tag);
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
