// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if ((first & 0xF0) == 0xE0)
        return 3;
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

// The smallest value a sequence of this length may carry.
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

size_t utf8_decode(str text, uint32_t *ret_code_point)
{
    if (text.len == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)text.data;
    size_t len = sequence_length(p[0]);
    if (len == 0 || len > text.len)
        return 0;
    uint32_t value = len == 1 ? p[0] : p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (!is_continuation(p[i]))
            return 0;
        value = value << 6 | (p[i] & 0x3Fu);
    }
    if (value < smallest[len] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *ret_code_point = value;
    return len;
}

bool utf8_is_valid(str text)
{
    uint32_t ignored;
    while (text.len > 0) {
        size_t len = (unsigned char)text.data[0] < 0x80 ? 1 : utf8_decode(text, &ignored);
        if (len == 0)
            return false;
        text = str_from_index(text, len);
    }
    return true;
}

void utf8_add(struct strbuf *buf, uint32_t c)
{
    check(c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF));
    if (c < 0x80) {
        strbuf_add_char(buf, (char)c);
    } else if (c < 0x800) {
        strbuf_add_char(buf, (char)(0xC0 | c >> 6));
        strbuf_add_char(buf, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        strbuf_add_char(buf, (char)(0xE0 | c >> 12));
        strbuf_add_char(buf, (char)(0x80 | (c >> 6 & 0x3F)));
        strbuf_add_char(buf, (char)(0x80 | (c & 0x3F)));
    } else {
        strbuf_add_char(buf, (char)(0xF0 | c >> 18));
        strbuf_add_char(buf, (char)(0x80 | (c >> 12 & 0x3F)));
        strbuf_add_char(buf, (char)(0x80 | (c >> 6 & 0x3F)));
        strbuf_add_char(buf, (char)(0x80 | (c & 0x3F)));
    }
}

str utf8_cut(str text, size_t most)
{
    if (text.len <= most)
        return text;
    while (most > 0 && ((unsigned char)text.data[most] & 0xC0) == 0x80)
        most--;
    return str_sub(text, 0, most);
}

size_t utf8_length(str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += !is_continuation((unsigned char)text.data[i]);
    return count;
}

size_t utf8_offset(str text, size_t index)
{
    size_t at = 0;
    for (; index > 0 && at < text.len; index--) {
        at++;
        while (at < text.len && is_continuation((unsigned char)text.data[at]))
            at++;
    }
    return at;
}
