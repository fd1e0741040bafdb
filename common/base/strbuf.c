// SPDX-License-Identifier: Apache-2.0
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>

struct strbuf strbuf_new(struct arena *arena)
{
    return (struct strbuf){.arena = arena};
}

char *strbuf_reserve(struct strbuf *buf, size_t more)
{
    size_t need = buf->len + more;
    check(need >= more);
    if (need > buf->capacity || buf->data == NULL) {
        size_t capacity = buf->capacity < 64 ? 64 : buf->capacity * 2;
        if (capacity < need)
            capacity = need;
        buf->data = arena_grow(buf->arena, buf->data, buf->capacity, capacity);
        buf->capacity = capacity;
    }
    return buf->data + buf->len;
}

void strbuf_add(struct strbuf *buf, str text)
{
    if (text.len == 0)
        return;
    memcpy(strbuf_reserve(buf, text.len), text.data, text.len);
    buf->len += text.len;
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    *strbuf_reserve(buf, 1) = c;
    buf->len++;
}

void strbuf_add_repeated(struct strbuf *buf, char c, size_t count)
{
    memset(strbuf_reserve(buf, count), c, count);
    buf->len += count;
}

void strbuf_add_u64(struct strbuf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    strbuf_add(buf, str_from(digits + at, sizeof digits - at));
}

void strbuf_add_i64(struct strbuf *buf, int64_t value)
{
    if (value < 0)
        strbuf_add_char(buf, '-');
    strbuf_add_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void strbuf_format(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    check(len >= 0);
    vsnprintf(strbuf_reserve(buf, (size_t)len + 1), (size_t)len + 1, format, again);
    va_end(again);
    buf->len += (size_t)len;
}

const char *strbuf_cstr(struct strbuf *buf)
{
    *strbuf_reserve(buf, 1) = '\0';
    return buf->data;
}
