// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>

int str_compare(str a, str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_equal_ignoring_case(str a, str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

bool str_starts_with(str s, str prefix)
{
    return s.len >= prefix.len && str_equal(str_sub(s, 0, prefix.len), prefix);
}

bool str_ends_with(str s, str suffix)
{
    return s.len >= suffix.len && str_equal(str_from_index(s, s.len - suffix.len), suffix);
}

size_t str_find(str s, str needle)
{
    if (needle.len == 0)
        return 0;
    const char *hit = s.len == 0 ? NULL : memmem(s.data, s.len, needle.data, needle.len);
    return hit ? (size_t)(hit - s.data) : SIZE_MAX;
}

size_t str_find_char(str s, char c)
{
    const char *hit = s.len == 0 ? NULL : memchr(s.data, c, s.len);
    return hit ? (size_t)(hit - s.data) : SIZE_MAX;
}

str str_sub(str s, size_t start, size_t len)
{
    if (start > s.len)
        start = s.len;
    if (len > s.len - start)
        len = s.len - start;
    return (str){s.data + start, len};
}

str str_from_index(str s, size_t start)
{
    return str_sub(s, start, SIZE_MAX);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
    while (s.len > 0 && is_space(s.data[0]))
        s = str_from_index(s, 1);
    while (s.len > 0 && is_space(s.data[s.len - 1]))
        s.len--;
    return s;
}

bool str_split(str *rest, char separator, str *ret_part)
{
    if (rest->data == NULL)
        return false;
    size_t at = str_find_char(*rest, separator);
    *ret_part = str_sub(*rest, 0, at);
    *rest = at == SIZE_MAX ? (str){NULL, 0} : str_from_index(*rest, at + 1);
    return true;
}

str str_copy(struct arena *arena, str s)
{
    return (str){arena_copy(arena, s.data, s.len), s.len};
}

str str_upper(struct arena *arena, str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        copy[i] = s.data[i] >= 'a' && s.data[i] <= 'z' ? (char)(s.data[i] - 32) : s.data[i];
    return (str){copy, s.len};
}

char *str_cstr(struct arena *arena, str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return copy;
}

str str_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    check(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (str){text, (size_t)len};
}

str str_join2(struct arena *arena, str a, str b)
{
    char *text = arena_alloc(arena, a.len + b.len);
    if (a.len > 0)
        memcpy(text, a.data, a.len);
    if (b.len > 0)
        memcpy(text + a.len, b.data, b.len);
    return (str){text, a.len + b.len};
}

bool str_to_u64(str s, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.data[i] - '0'), &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool str_to_i64(str s, int64_t *ret_value)
{
    bool negative = s.len > 0 && s.data[0] == '-';
    uint64_t magnitude;
    if (!str_to_u64(negative ? str_from_index(s, 1) : s, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

// -- Hash -------------------------------------------------------------------------------

// SipHash with one round a word and three at the end (Aumasson and Bernstein, 2012): as much as
// tables need whose keys may be chosen by an attacker who does not see the hash.
struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t hash_seed[2];

void str_hash_seed(uint64_t first, uint64_t second)
{
    hash_seed[0] = first;
    hash_seed[1] = second;
}

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32) + s->v3;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_add(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t str_hash(str text)
{
    struct sip s = {hash_seed[0] ^ 0x736f6d6570736575u, hash_seed[1] ^ 0x646f72616e646f6du,
                    hash_seed[0] ^ 0x6c7967656e657261u, hash_seed[1] ^ 0x7465646279746573u};
    uint64_t word = 0;
    size_t at = 0;
    for (; text.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.data + at, sizeof word);
        sip_add(&s, le64toh(word));
    }
    word = 0;
    if (at < text.len)
        memcpy(&word, text.data + at, text.len - at);
    sip_add(&s, le64toh(word) | (uint64_t)text.len << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
