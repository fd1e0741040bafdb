// SPDX-License-Identifier: Apache-2.0
#include "base/gzip.h"

#include "base/strbuf.h"

#include <zlib.h>

enum {
    WINDOW_EITHER = 15 + 32, // zlib's own number for: gzip or zlib, as the header says
    WINDOW_GZIP = 15 + 16,
    MEMORY_LEVEL = 8,
    CHUNK = 16 << 10,
};

bool gzip_unpack(struct arena *arena, str bytes, size_t most, str *ret_text, struct error *err)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes.data, .avail_in = (uInt)bytes.len};
    struct strbuf out = strbuf_new(arena);
    int code = Z_OK;
    check(bytes.len <= UINT32_MAX && inflateInit2(&stream, WINDOW_EITHER) == Z_OK);
    while (code == Z_OK && out.len <= most) {
        stream.next_out = (Bytef *)strbuf_reserve(&out, CHUNK);
        stream.avail_out = CHUNK;
        code = inflate(&stream, Z_NO_FLUSH);
        out.len += CHUNK - stream.avail_out;
        if (code == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)
            code = Z_BUF_ERROR; // it ends too early
    }
    bool is_whole = code == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    if (out.len > most)
        return error_set(err, ERROR_LIMIT, "", "more than %zu bytes when unpacked", most);
    *ret_text = strbuf_str(&out);
    return is_whole || error_set(err, ERROR_INVALID, "", "the bytes are not whole gzip");
}

str gzip_pack(struct arena *arena, str text)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text.data, .avail_in = (uInt)text.len};
    struct strbuf out = strbuf_new(arena);
    check(text.len <= UINT32_MAX && deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_GZIP,
                                                 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t room = deflateBound(&stream, (uLong)text.len);
    stream.next_out = (Bytef *)strbuf_reserve(&out, room);
    stream.avail_out = (uInt)room;
    check(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.len += room - stream.avail_out;
    deflateEnd(&stream);
    return strbuf_str(&out);
}
