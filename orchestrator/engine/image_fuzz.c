// SPDX-License-Identifier: Apache-2.0
// Any bytes as the stored image of an instance, a mailbox or a shard: refused with a reason, or
// read as a state that can be held and let go of.
#include "engine/fuzz_model.h"
#include "engine/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream_ref ref_of(uint8_t kind)
{
    return (struct stream_ref){.kind = kind == 0 ? STREAM_INSTANCE : STREAM_MAILBOX,
                               .instance = kind == 0 ? FUZZ_INSTANCE : 0,
                               .name = STR("m"),
                               .correlation_key = STR("k"),
                               .tenant = STR_EMPTY};
}

static void load(struct engine *engine, struct arena *arena, uint8_t kind, str image)
{
    struct stream_ref ref = ref_of(kind);
    struct changes changes;
    struct error err;
    engine_begin(engine, arena);
    if (!engine_load(engine, &ref, image, &err)) {
        check(err.text[0] != '\0');
        engine_set_aside(engine, &ref, str_of(err.text));
    }
    engine_end(engine, &changes);
    check(changes.history.count == 0);
}

// As it came, which is nearly always damaged, and with the checksum that belongs to it. A mailbox
// is made of parts: the bytes are cut into two at the place that the first one names.
static str with_checksum(struct arena *arena, uint8_t kind, str bytes)
{
    struct strbuf out = strbuf_new(arena);
    if (kind != 1) {
        strbuf_add(&out, bytes);
        return image_finish(&out);
    }
    size_t first = bytes.len > 0 ? (unsigned char)bytes.data[0] : 0;
    const str parts[] = {str_sub(bytes, 1, first), str_from_index(bytes, 1 + first)};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct strbuf part = strbuf_new(arena);
        strbuf_add(&part, parts[i]);
        image_put_str(&out, image_finish(&part));
    }
    return strbuf_str(&out);
}

static void read_as(struct arena *arena, uint8_t kind, str image)
{
    struct engine_environment environment = fuzz_environment(arena);
    struct error err;
    struct engine *engine =
        engine_new(&environment, kind == 2 ? image : STR_EMPTY, 1, 1 << 20, &err);
    check(engine != NULL || kind == 2);
    if (kind < 2)
        load(engine, arena, kind, image);
    engine_free(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    if (size == 0)
        return 0;
    str bytes = str_from((const char *)data + 1, size - 1);
    read_as(&arena, data[0] % 3, bytes);
    read_as(&arena, data[0] % 3, with_checksum(&arena, data[0] % 3, bytes));
    arena_done(&arena);
    return 0;
}
