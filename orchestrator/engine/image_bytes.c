// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

#include "base/murmur2.h"

enum { VARINT_MAX = 10 };

void image_put_u64(struct strbuf *out, uint64_t value)
{
    bool fits = out->capacity - out->len >= VARINT_MAX;
    char *at = fits ? out->data + out->len : strbuf_reserve(out, VARINT_MAX);
    size_t len = 0;
    while (value >= 0x80) {
        at[len++] = (char)(value | 0x80);
        value >>= 7;
    }
    at[len++] = (char)value;
    out->len += len;
}

void image_put_i64(struct strbuf *out, int64_t value)
{
    image_put_u64(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

void image_put_str(struct strbuf *out, str text)
{
    image_put_u64(out, text.len);
    strbuf_add(out, text);
}

uint64_t image_get_u64(struct image_reader *in)
{
    uint64_t value = 0;
    if (in->rest.len > 0 && (in->rest.data[0] & 0x80) == 0) { // most of them
        value = (unsigned char)in->rest.data[0];
        in->rest.data++;
        in->rest.len--;
        return value;
    }
    for (unsigned i = 0; i < VARINT_MAX && i < in->rest.len; i++) {
        value |= (uint64_t)(in->rest.data[i] & 0x7f) << (i * 7);
        if ((in->rest.data[i] & 0x80) == 0) {
            in->rest = str_from_index(in->rest, i + 1);
            return value;
        }
    }
    in->failed = true;
    in->rest = STR_EMPTY;
    return 0;
}

int64_t image_get_i64(struct image_reader *in)
{
    uint64_t value = image_get_u64(in);
    return (int64_t)(value >> 1 ^ -(value & 1));
}

str image_get_str(struct image_reader *in)
{
    uint64_t len = image_get_u64(in);
    if (len > in->rest.len) {
        in->failed = true;
        in->rest = STR_EMPTY;
        return STR_EMPTY;
    }
    str text = str_copy(in->arena, str_sub(in->rest, 0, len));
    in->rest = str_from_index(in->rest, len);
    return text;
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
    in->failed = !whole || image_get_u64(in) != IMAGE_VERSION;
    return !in->failed;
}

bool image_end(const struct image_reader *in, struct error *err)
{
    if (!in->failed && in->rest.len == 0)
        return true;
    return error_set(err, ERROR_INVALID, "image",
                     "the stored state is damaged or of a later version");
}
