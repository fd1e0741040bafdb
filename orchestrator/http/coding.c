// SPDX-License-Identifier: Apache-2.0
#include "http/coding.h"

#include <string.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8, FIRST_BYTES = 4096 };

// "q=0", "q=0.000": not at all.
static bool is_zero(str weight)
{
    if (!str_starts_with(weight, STR("q=0")))
        return false;
    for (size_t i = 3; i < weight.len; i++)
        if (weight.data[i] != '.' && weight.data[i] != '0')
            return false;
    return true;
}

bool coding_is_wanted(str item, str *ret_name)
{
    size_t end = str_find_char(item, ';');
    *ret_name = str_trim(str_sub(item, 0, end));
    return end == SIZE_MAX || !is_zero(str_trim(str_from_index(item, end + 1)));
}

bool coding_takes_gzip(str header)
{
    str item;
    str name;
    while (str_split(&header, ',', &item))
        if (coding_is_wanted(item, &name) &&
            (str_equal_ignoring_case(name, STR("gzip")) || str_equal(name, STR("*"))))
            return true;
    return false;
}

bool coding_pack(struct arena *arena, str plain, str *ret_packed)
{
    z_stream z = {0};
    char *out = arena_alloc(arena, plain.len);
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return false;
    z.next_in = (Bytef *)(uintptr_t)plain.data;
    z.avail_in = (uInt)plain.len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)plain.len;
    bool is_smaller = deflate(&z, Z_FINISH) == Z_STREAM_END;
    *ret_packed = str_from(out, z.total_out);
    deflateEnd(&z);
    return is_smaller;
}

// Doubles what has been unpacked until the end; it is paid for as it comes out.
static bool unpack(z_stream *z, struct arena *arena, size_t most, str *ret_plain)
{
    size_t size = FIRST_BYTES < most ? FIRST_BYTES : most;
    char *out = arena_alloc(arena, size);
    int state;
    for (;;) {
        z->next_out = (Bytef *)out + z->total_out;
        z->avail_out = (uInt)(size - z->total_out);
        state = inflate(z, Z_NO_FLUSH);
        if (state != Z_OK || z->avail_out > 0 || size == most)
            break;
        size_t larger = size < most / 2 ? size * 2 : most;
        char *copy = arena_alloc(arena, larger);
        memcpy(copy, out, size);
        out = copy;
        size = larger;
    }
    *ret_plain = str_from(out, z->total_out);
    return state == Z_STREAM_END && z->avail_in == 0;
}

bool coding_unpack(struct arena *arena, str packed, size_t most, str *ret_plain)
{
    z_stream z = {0};
    z.next_in = (Bytef *)(uintptr_t)packed.data;
    z.avail_in = (uInt)packed.len;
    if (packed.len > UINT32_MAX || inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return false;
    bool good = unpack(&z, arena, most, ret_plain);
    inflateEnd(&z);
    return good;
}
