// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

#include "base/murmur2.h"
#include "base/varint.h"

void image_put_u64(struct strbuf *out, uint64_t value)
{
    varint_write(out, value);
}

void image_put_i64(struct strbuf *out, int64_t value)
{
    varint_write_signed(out, value);
}

void image_put_str(struct strbuf *out, str text)
{
    varint_write_text(out, text);
}

static void fail(struct image_reader *in)
{
    in->failed = true;
    in->rest = STR_EMPTY;
}

uint64_t image_get_u64(struct image_reader *in)
{
    uint64_t value = 0;
    if (!varint_read(&in->rest, &value))
        fail(in);
    return value;
}

int64_t image_get_i64(struct image_reader *in)
{
    int64_t value = 0;
    if (!varint_read_signed(&in->rest, &value))
        fail(in);
    return value;
}

str image_get_str(struct image_reader *in)
{
    str text = STR_EMPTY;
    if (!varint_read_text(&in->rest, &text))
        fail(in);
    return str_copy(in->arena, text);
}

struct strbuf image_new(struct arena *arena)
{
    struct strbuf out = strbuf_new(arena);
    image_put_u64(&out, IMAGE_VERSION);
    return out;
}

str image_finish(struct strbuf *out)
{
    uint32_t sum = murmur2(strbuf_str(out));
    for (int i = 0; i < IMAGE_CHECKSUM; i++)
        strbuf_add_char(out, (char)(sum >> i * 8));
    return strbuf_str(out);
}

static bool has_its_checksum(str image)
{
    uint32_t sum = 0;
    if (image.len < IMAGE_CHECKSUM)
        return false;
    str body = str_sub(image, 0, image.len - IMAGE_CHECKSUM);
    for (int i = 0; i < IMAGE_CHECKSUM; i++)
        sum |= (uint32_t)(unsigned char)image.data[body.len + (size_t)i] << i * 8;
    return murmur2(body) == sum;
}

bool image_begin(struct image_reader *in, str image, struct arena *arena)
{
    bool whole = has_its_checksum(image);
    *in = (struct image_reader){.arena = arena, .rest = STR_EMPTY};
    if (whole)
        in->rest = str_sub(image, 0, image.len - IMAGE_CHECKSUM);
    in->version = image_get_u64(in);
    in->failed = !whole || in->version < IMAGE_OLDEST || in->version > IMAGE_VERSION || in->failed;
    return !in->failed;
}

bool image_end(const struct image_reader *in, struct error *err)
{
    if (!in->failed && in->rest.len == 0)
        return true;
    return error_set(err, ERROR_INVALID, "image",
                     "the stored state is damaged or of a later version");
}
