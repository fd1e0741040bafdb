// SPDX-License-Identifier: Apache-2.0
#include "insight/reader.h"

#include <stdlib.h>

#include "base/gzip.h"

struct log_reader {
    struct log_builder *builder;
    const struct log_mapping *mapping;
    str object_type;
    struct gzip_stream *packed; // NULL: not packed
    bool is_begun;
    enum log_format format;
    struct xes_reader *xes;
    struct csv_reader *csv;
    struct arena text_arena;
    struct strbuf text; // what is read whole; the beginning, while the format is not known
};

struct log_reader *log_reader_new(struct arena *arena, const struct log_mapping *mapping,
                                  str object_type)
{
    struct log_reader *r = calloc(1, sizeof *r);
    check(r != NULL);
    r->builder = log_builder_new(arena);
    r->mapping = mapping;
    r->object_type = object_type;
    r->text = strbuf_new(&r->text_arena);
    return r;
}

void log_reader_free(struct log_reader *r)
{
    if (r == NULL)
        return;
    xes_reader_free(r->xes);
    csv_reader_free(r->csv);
    gzip_stream_free(r->packed);
    log_builder_free(r->builder);
    arena_done(&r->text_arena);
    free(r);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// By the first byte that is no blank, behind a byte order mark. UTF-16 can only be XML here.
static enum log_format format_of(str text)
{
    if (str_starts_with(text, STR("\xFF\xFE")) || str_starts_with(text, STR("\xFE\xFF")))
        return LOG_FORMAT_XES;
    if (str_starts_with(text, STR("\xEF\xBB\xBF")))
        text = str_from_index(text, 3);
    while (text.len > 0 && is_blank(text.data[0]))
        text = str_from_index(text, 1);
    if (text.len == 0)
        return LOG_FORMAT_UNKNOWN;
    return text.data[0] == '<'   ? LOG_FORMAT_XES
           : text.data[0] == '{' ? LOG_FORMAT_OCEL
                                 : LOG_FORMAT_CSV;
}

static bool feed_known(struct log_reader *r, str piece, struct error *err)
{
    switch (r->format) {
    case LOG_FORMAT_UNKNOWN:
        return true;
    case LOG_FORMAT_XES:
        return xes_reader_feed(r->xes, piece, false, err);
    case LOG_FORMAT_CSV:
        return csv_reader_feed(r->csv, piece, false, err);
    case LOG_FORMAT_OCEL:
        strbuf_add(&r->text, piece);
        return insight_within(INSIGHT_LIMIT_TEXT_BYTES, r->text.len, err);
    }
    check_unreachable();
}

// The beginning says what it is. Of CSV the first line has to be there as a whole: it says what
// stands between fields.
static bool begin(struct log_reader *r, bool is_last, struct error *err)
{
    str text = strbuf_str(&r->text);
    enum log_format format = format_of(text);
    bool has_line = is_last || str_find_char(text, '\n') != SIZE_MAX;
    if (format == LOG_FORMAT_UNKNOWN || (format == LOG_FORMAT_CSV && !has_line))
        return insight_within(INSIGHT_LIMIT_FIELD_BYTES, r->text.len, err);
    r->format = format;
    if (format == LOG_FORMAT_XES)
        r->xes = xes_reader_new(r->builder, r->mapping);
    else if (format == LOG_FORMAT_CSV)
        r->csv = csv_reader_new(r->builder, r->mapping);
    return format == LOG_FORMAT_OCEL || feed_known(r, text, err);
}

static bool feed_plain(void *context, str piece, struct error *err)
{
    struct log_reader *r = context;
    if (r->format != LOG_FORMAT_UNKNOWN)
        return feed_known(r, piece, err);
    strbuf_add(&r->text, piece);
    return begin(r, false, err);
}

bool log_reader_feed(struct log_reader *r, str piece, struct error *err)
{
    if (piece.len == 0)
        return true;
    if (!r->is_begun && (unsigned char)piece.data[0] == 0x1F)
        r->packed = gzip_stream_new();
    r->is_begun = true;
    if (r->packed != NULL)
        return gzip_stream_feed(r->packed, piece, feed_plain, r, err);
    return feed_plain(r, piece, err);
}

static bool end(struct log_reader *r, struct error *err)
{
    if (r->packed != NULL && !gzip_stream_is_whole(r->packed))
        return error_set(err, ERROR_INVALID, "gzip", "the file ends in the middle");
    if (r->format == LOG_FORMAT_UNKNOWN && !begin(r, true, err))
        return false;
    switch (r->format) {
    case LOG_FORMAT_UNKNOWN:
        return error_set(err, ERROR_INVALID, "", "the file is empty");
    case LOG_FORMAT_XES:
        return xes_reader_feed(r->xes, STR_EMPTY, true, err);
    case LOG_FORMAT_CSV:
        return csv_reader_feed(r->csv, STR_EMPTY, true, err);
    case LOG_FORMAT_OCEL:
        return ocel_read(r->builder, strbuf_str(&r->text), r->object_type, err);
    }
    check_unreachable();
}

bool log_reader_finish(struct log_reader *r, const struct event_log **ret_log, struct error *err)
{
    const struct event_log *log;
    if (!end(r, err) || !log_builder_finish(r->builder, &log, err))
        return false;
    if (log->event_count == 0)
        return error_set(err, ERROR_INVALID, "",
                         "the log has no event with a case and an activity");
    *ret_log = log;
    return true;
}
