// SPDX-License-Identifier: Apache-2.0
//
// str is a slice of bytes that somebody else owns. It is what all of Baton passes around; a
// terminating NUL exists only where a library asks for one (str_cstr). Text is UTF-8 unless said
// otherwise.
#ifndef BATON_BASE_STR_H
#define BATON_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"

typedef struct str {
    const char *data;
    size_t len;
} str;

#define STR(literal) ((str){"" literal, sizeof(literal) - 1})
#define STR_EMPTY ((str){"", 0})

// For printf: printf("%.*s", STR_ARG(s)).
#define STR_ARG(s) (int)(s).len, (s).data

static inline str str_from(const void *data, size_t len)
{
    return (str){data, len};
}

// The NUL-terminated string; empty when NULL.
static inline str str_of(const char *text)
{
    return text ? (str){text, strlen(text)} : STR_EMPTY;
}

static inline bool str_is_empty(str s)
{
    return s.len == 0;
}

static inline bool str_equal(str a, str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

// Bytewise order: negative, zero or positive as memcmp; a prefix comes first.
int str_compare(str a, str b);
bool str_equal_ignoring_case(str a, str b); // ASCII letters only

bool str_starts_with(str s, str prefix);
bool str_ends_with(str s, str suffix);

// The index of the first occurrence, or SIZE_MAX.
size_t str_find(str s, str needle);
size_t str_find_char(str s, char c);

// The part from `start` of at most `len` bytes, clamped to s.
str str_sub(str s, size_t start, size_t len);
str str_from_index(str s, size_t start);

// Without ASCII white space at both ends.
str str_trim(str s);

// Cuts *rest at the first `separator`, returns what stood before it; false when *rest was exhausted
// (data == NULL).
bool str_split(str *rest, char separator, str *ret_part);

str str_copy(struct arena *arena, str s);
str str_upper(struct arena *arena, str s);  // ASCII letters only
char *str_cstr(struct arena *arena, str s); // NUL-terminated copy

str str_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
str str_join2(struct arena *arena, str a, str b);

// Whole-string decimal numbers; false when anything else is there or the value does not fit.
MUST_CHECK bool str_to_i64(str s, int64_t *ret_value);
MUST_CHECK bool str_to_u64(str s, uint64_t *ret_value);

// For tables in memory: nobody who does not know the seed can choose names that collide. It may
// change, so it is stored nowhere.
uint64_t str_hash(str s);

// Called once by a program, before anything is hashed, with random numbers. Simulations and tests
// do without, so that a run can be repeated.
void str_hash_seed(uint64_t first, uint64_t second);

#endif
