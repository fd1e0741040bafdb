// SPDX-License-Identifier: Apache-2.0
//
// Builds a string in an arena. The bytes belong to the arena; strbuf_str gives a slice that stays
// valid as long as the arena's, but further appends may move the text: take the slice when done.
#ifndef BATON_BASE_STRBUF_H
#define BATON_BASE_STRBUF_H

#include "base/arena.h"
#include "base/str.h"

struct strbuf {
    struct arena *arena;
    char *data;
    size_t len;
    size_t capacity;
};

struct strbuf strbuf_new(struct arena *arena);

// Room for `more` bytes; returns where they go. Add what was written to buf->len.
char *strbuf_reserve(struct strbuf *buf, size_t more);

void strbuf_add(struct strbuf *buf, str text);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_add_repeated(struct strbuf *buf, char c, size_t count);
void strbuf_add_u64(struct strbuf *buf, uint64_t value);
void strbuf_add_i64(struct strbuf *buf, int64_t value);
void strbuf_format(struct strbuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

static inline str strbuf_str(const struct strbuf *buf)
{
    return buf->len ? (str){buf->data, buf->len} : STR_EMPTY;
}

// NUL-terminated, the NUL not counted.
const char *strbuf_cstr(struct strbuf *buf);

#endif
