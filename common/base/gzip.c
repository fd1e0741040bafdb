// SPDX-License-Identifier: Apache-2.0
#include "base/gzip.h"

#include "base/strbuf.h"

#include <stdlib.h>
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

enum { STREAM_CHUNK = 64 << 10 };

struct gzip_stream {
    z_stream z;
    bool is_in_member;
    unsigned char chunk[STREAM_CHUNK];
};

struct gzip_stream *gzip_stream_new(void)
{
    struct gzip_stream *stream = calloc(1, sizeof *stream);
    check(stream != NULL && inflateInit2(&stream->z, WINDOW_EITHER) == Z_OK);
    return stream;
}

void gzip_stream_free(struct gzip_stream *stream)
{
    if (stream == NULL)
        return;
    inflateEnd(&stream->z);
    free(stream);
}

bool gzip_stream_feed(struct gzip_stream *stream, str piece, gzip_sink sink, void *context,
                      struct error *err)
{
    z_stream *z = &stream->z;
    check(piece.len <= UINT32_MAX);
    z->next_in = (Bytef *)(uintptr_t)piece.data;
    z->avail_in = (uInt)piece.len;
    do {
        z->next_out = stream->chunk;
        z->avail_out = STREAM_CHUNK;
        int code = inflate(z, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return error_set(err, ERROR_INVALID, "gzip", "the bytes are not gzip");
        stream->is_in_member = code != Z_STREAM_END;
        size_t count = STREAM_CHUNK - z->avail_out;
        if (count > 0 && !sink(context, str_from(stream->chunk, count), err))
            return false;
        if (code == Z_STREAM_END && z->avail_in > 0)
            check(inflateReset(z) == Z_OK);
    } while (z->avail_in > 0 || z->avail_out == 0);
    return true;
}

bool gzip_stream_is_whole(const struct gzip_stream *stream)
{
    return !stream->is_in_member;
}
