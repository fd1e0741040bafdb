// SPDX-License-Identifier: Apache-2.0
#include "node/outbox.h"

#include <endian.h>

static void add_u32(struct strbuf *out, uint32_t value)
{
    uint32_t wire = htole32(value);
    strbuf_add(out, str_from(&wire, sizeof wire));
}

static void add_u64(struct strbuf *out, uint64_t value)
{
    uint64_t wire = htole64(value);
    strbuf_add(out, str_from(&wire, sizeof wire));
}

static void add_str(struct strbuf *out, str text)
{
    add_u32(out, (uint32_t)text.len);
    strbuf_add(out, text);
}

void outbox_pack(struct strbuf *out, const struct outbox_record *record)
{
    add_u32(out, record->kind);
    add_u32(out, (uint32_t)record->partition);
    add_str(out, record->topic);
    add_str(out, record->key);
    add_str(out, record->value);
    add_str(out, record->note);
    add_u64(out, record->stream);
    add_u32(out, record->is_sealed);
}

static bool take_u32(str *bytes, uint32_t *ret_value)
{
    uint32_t wire;
    if (bytes->len < sizeof wire)
        return false;
    memcpy(&wire, bytes->data, sizeof wire);
    *ret_value = le32toh(wire);
    *bytes = str_from_index(*bytes, sizeof wire);
    return true;
}

static bool take_u64(str *bytes, uint64_t *ret_value)
{
    uint64_t wire;
    if (bytes->len < sizeof wire)
        return false;
    memcpy(&wire, bytes->data, sizeof wire);
    *ret_value = le64toh(wire);
    *bytes = str_from_index(*bytes, sizeof wire);
    return true;
}

static bool take_str(str *bytes, str *ret_text)
{
    uint32_t len;
    if (!take_u32(bytes, &len) || bytes->len < len)
        return false;
    *ret_text = str_sub(*bytes, 0, len);
    *bytes = str_from_index(*bytes, len);
    return true;
}

bool outbox_unpack(str *bytes, struct outbox_record *ret_record)
{
    uint32_t kind, partition, is_sealed;
    struct outbox_record record;
    if (!take_u32(bytes, &kind) || !take_u32(bytes, &partition) ||
        !take_str(bytes, &record.topic) || !take_str(bytes, &record.key) ||
        !take_str(bytes, &record.value) || !take_str(bytes, &record.note) ||
        !take_u64(bytes, &record.stream) || !take_u32(bytes, &is_sealed))
        return false;
    record.is_sealed = is_sealed != 0;
    record.kind = (enum outbox_kind)kind;
    record.partition = (int32_t)partition;
    *ret_record = record;
    return true;
}
