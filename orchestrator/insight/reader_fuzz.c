// SPDX-License-Identifier: Apache-2.0
// Any bytes as a log: XES, CSV or OCEL, packed or not. What is read is written in every format, and
// what is written is read again with as many events.
#include "insight/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool collect(void *context, struct strbuf *buffer, struct error *err)
{
    (void)err;
    strbuf_add(context, strbuf_str(buffer));
    buffer->len = 0;
    return true;
}

static bool read_log(struct arena *arena, str text, size_t piece, const struct event_log **ret_log)
{
    struct error err = {0};
    struct log_mapping mapping = {0};
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    bool is_read = true;
    for (size_t at = 0; at < text.len && is_read; at += piece)
        is_read = log_reader_feed(reader, str_sub(text, at, piece), &err);
    is_read = is_read && log_reader_finish(reader, ret_log, &err);
    check(is_read || err.kind != ERROR_NONE);
    log_reader_free(reader);
    return is_read;
}

static void write_and_read(struct arena *arena, const struct event_log *log)
{
    bool (*const writers[])(const struct event_log *, struct strbuf *, write_out, void *,
                            struct error *) = {xes_write, csv_write, ocel_write};
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        struct strbuf text = strbuf_new(arena), buffer = strbuf_new(arena);
        struct error err;
        const struct event_log *again;
        if (writers[i](log, &buffer, collect, &text, &err) && writers[i] == xes_write)
            check(read_log(arena, strbuf_str(&text), 4096, &again) &&
                  again->event_count == log->event_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    const struct event_log *log, *slowly;
    str text = str_from(data, size);
    bool is_read = read_log(&arena, text, size + 1, &log);
    check(size > 1 << 16 || read_log(&arena, text, 1, &slowly) == is_read);
    if (is_read)
        write_and_read(&arena, log);
    arena_done(&arena);
    return 0;
}
