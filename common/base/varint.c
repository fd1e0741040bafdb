// SPDX-License-Identifier: Apache-2.0
#include "base/varint.h"

enum { BITS = 7, MORE = 0x80, MOST_SHIFT = 63, MOST_BYTES = 10 };

void varint_write(struct strbuf *out, uint64_t value)
{
    bool fits = out->capacity - out->len >= MOST_BYTES;
    char *at = fits ? out->data + out->len : strbuf_reserve(out, MOST_BYTES);
    size_t len = 0;
    while (value >= MORE) {
        at[len++] = (char)(value | MORE);
        value >>= BITS;
    }
    at[len++] = (char)value;
    out->len += len;
}

void varint_write_signed(struct strbuf *out, int64_t value)
{
    varint_write(out, ((uint64_t)value << 1) ^ (uint64_t)(value >> MOST_SHIFT));
}

void varint_write_text(struct strbuf *out, str text)
{
    varint_write(out, text.len);
    strbuf_add(out, text);
}

bool varint_read(str *rest, uint64_t *ret_value)
{
    if (rest->len > 0 && ((unsigned char)rest->data[0] & MORE) == 0) { // most
        *ret_value = (unsigned char)rest->data[0];
        *rest = (str){rest->data + 1, rest->len - 1};
        return true;
    }
    uint64_t value = 0;
    unsigned shift = 0;
    for (size_t i = 0; i < rest->len && shift <= MOST_SHIFT; i++, shift += BITS) {
        uint64_t byte = (unsigned char)rest->data[i];
        value |= (byte & (MORE - 1)) << shift;
        if ((byte & MORE) == 0) {
            *rest = str_from_index(*rest, i + 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool varint_read_signed(str *rest, int64_t *ret_value)
{
    uint64_t value;
    if (!varint_read(rest, &value))
        return false;
    *ret_value = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    return true;
}

bool varint_read_text(str *rest, str *ret_text)
{
    uint64_t len;
    if (!varint_read(rest, &len) || len > rest->len)
        return false;
    *ret_text = str_sub(*rest, 0, len);
    *rest = str_from_index(*rest, len);
    return true;
}
