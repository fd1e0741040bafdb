// SPDX-License-Identifier: Apache-2.0
#include "wire/scan.h"

#include "base/utf8.h"
#include "base/varint.h"
#include "wire/wire.h"

#include <protobuf-c/protobuf-c.h>

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH_DELIMITED = 2, FIXED32 = 5 };

struct scan {
    size_t fields;
    struct error *err;
};

static bool scan_nested(struct scan *scan, const ProtobufCMessageDescriptor *descriptor, str bytes,
                        int depth);

static bool fail(struct scan *scan, const ProtobufCMessageDescriptor *descriptor, const char *what)
{
    return error_set(scan->err, ERROR_INVALID, descriptor->name, "%s", what);
}

static bool take(str *rest, uint64_t len, str *ret_part)
{
    if (len > rest->len)
        return false;
    *ret_part = str_sub(*rest, 0, len);
    *rest = str_from_index(*rest, len);
    return true;
}

static bool scan_text(struct scan *scan, const ProtobufCMessageDescriptor *descriptor,
                      const ProtobufCFieldDescriptor *field, str text)
{
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        return error_set(scan->err, ERROR_INVALID, descriptor->name, "field %s contains a NUL",
                         field->name);
    if (!utf8_is_valid(text))
        return error_set(scan->err, ERROR_INVALID, descriptor->name, "field %s is not UTF-8",
                         field->name);
    return true;
}

static bool scan_delimited(struct scan *scan, const ProtobufCMessageDescriptor *descriptor,
                           const ProtobufCFieldDescriptor *field, str part, int depth)
{
    if (field == NULL)
        return true;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return scan_text(scan, descriptor, field, part);
    case PROTOBUF_C_TYPE_MESSAGE:
        return scan_nested(scan, field->descriptor, part, depth + 1);
    default:
        return true;
    }
}

static bool scan_field(struct scan *scan, const ProtobufCMessageDescriptor *descriptor, str *rest,
                       int depth)
{
    uint64_t tag;
    uint64_t number;
    str part;
    if (++scan->fields > WIRE_MAX_FIELDS)
        return error_set(scan->err, ERROR_LIMIT, descriptor->name,
                         "more fields than WIRE_MAX_FIELDS (%d)", WIRE_MAX_FIELDS);
    if (!varint_read(rest, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
        return fail(scan, descriptor, "a field's tag is broken");
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
    switch (tag & 7) {
    case VARINT:
        return varint_read(rest, &number) || fail(scan, descriptor, "a number is broken");
    case FIXED64:
        return take(rest, 8, &part) || fail(scan, descriptor, "a number is cut off");
    case FIXED32:
        return take(rest, 4, &part) || fail(scan, descriptor, "a number is cut off");
    case LENGTH_DELIMITED:
        if (!varint_read(rest, &number) || !take(rest, number, &part))
            return fail(scan, descriptor, "a field is longer than its message");
        return scan_delimited(scan, descriptor, field, part, depth);
    default:
        return fail(scan, descriptor, "the bytes are no such message");
    }
}

static bool scan_nested(struct scan *scan, const ProtobufCMessageDescriptor *descriptor, str bytes,
                        int depth)
{
    if (depth > WIRE_MAX_DEPTH)
        return error_set(scan->err, ERROR_LIMIT, descriptor->name,
                         "nested deeper than WIRE_MAX_DEPTH (%d)", WIRE_MAX_DEPTH);
    while (bytes.len > 0)
        if (!scan_field(scan, descriptor, &bytes, depth))
            return false;
    return true;
}

bool scan_message(const struct ProtobufCMessageDescriptor *descriptor, str bytes, struct error *err)
{
    struct scan scan = {.err = err};
    if (bytes.len > WIRE_MAX_RECORD)
        return error_set(err, ERROR_LIMIT, descriptor->name,
                         "%zu bytes: a record has at most WIRE_MAX_RECORD (%d)", bytes.len,
                         WIRE_MAX_RECORD);
    return scan_nested(&scan, descriptor, bytes, 1);
}
