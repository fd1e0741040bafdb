// SPDX-License-Identifier: Apache-2.0
#include "wire/pack.h"

#include "wire/scan.h"

// Names and JSON have no U+0000, which their makers refuse; a text for people that quotes one shows
// U+FFFD there and is not cut.
static char *without_nul(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    str rest = text, part;
    while (str_split(&rest, '\0', &part)) {
        strbuf_add(&out, part);
        if (rest.data != NULL)
            strbuf_add(&out, STR("\xef\xbf\xbd"));
    }
    return str_cstr(arena, strbuf_str(&out));
}

char *pack_text(struct arena *arena, str text)
{
    if (str_find_char(text, '\0') != SIZE_MAX)
        return without_nul(arena, text);
    return text.len == 0 ? (char *)(uintptr_t)protobuf_c_empty_string : str_cstr(arena, text);
}

ProtobufCBinaryData pack_bytes(str bytes)
{
    return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
}

str unpack_text(const char *text)
{
    return str_of(text);
}

str unpack_bytes(ProtobufCBinaryData bytes)
{
    return bytes.len == 0 ? STR_EMPTY : str_from(bytes.data, bytes.len);
}

void pack_message(struct strbuf *out, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    char *to = strbuf_reserve(out, size);
    out->len += protobuf_c_message_pack(message, (uint8_t *)to);
}

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void release(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

void *unpack_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, str bytes,
                     struct error *err)
{
    if (!scan_message(descriptor, bytes, err))
        return NULL;
    ProtobufCAllocator allocator = {allocate, release, arena};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, &allocator, bytes.len, (const uint8_t *)bytes.data);
    if (message == NULL)
        error_set(err, ERROR_INVALID, descriptor->name, "the bytes are no such message");
    return message;
}
