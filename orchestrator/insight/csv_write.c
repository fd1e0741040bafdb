// SPDX-License-Identifier: Apache-2.0
//
// A log as CSV. Attributes within attributes have no column.
#include "insight/csv.h"

#include "base/array.h"
#include "insight/instant.h"

enum { WORTH_WRITING = 1 << 16 };

struct writer {
    const struct event_log *log;
    struct strbuf *out;
    struct arena scratch;
    ARRAY(uint32_t) case_keys;
    ARRAY(uint32_t) event_keys;
};

static void add_field(struct strbuf *out, str text)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.len; i++)
        is_quoted |= strchr(",\"\r\n", text.data[i]) != NULL;
    if (!is_quoted) {
        strbuf_add(out, text);
        return;
    }
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        strbuf_add_char(out, text.data[i]);
        if (text.data[i] == '"')
            strbuf_add_char(out, '"');
    }
    strbuf_add_char(out, '"');
}

// Every key that stands directly in one of the spans, once.
static size_t collect(struct writer *w, const struct attribute_span *spans, uint32_t count,
                      uint32_t **ret_keys)
{
    const struct event_log *log = w->log;
    ARRAY(uint32_t) keys = {0};
    bool *is_known = ARENA_ARRAY(&w->scratch, bool, log->names->count);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t a = 0; a < spans[i].count; a++) {
            const struct attribute *attribute = &log->attributes[spans[i].first + a];
            if (attribute->depth > 0 || is_known[attribute->key])
                continue;
            is_known[attribute->key] = true;
            *ARRAY_PUSH(&w->scratch, &keys) = attribute->key;
        }
    *ret_keys = keys.items;
    return keys.count;
}

static void write_values(struct writer *w, struct attribute_span span, const uint32_t *keys,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct attribute *a = event_log_attribute(w->log, span, keys[i]);
        strbuf_add_char(w->out, ',');
        if (a != NULL)
            add_field(w->out, attribute_text(&w->scratch, w->log->names, a));
    }
}

static void write_time(struct writer *w, const int64_t *column, uint32_t event)
{
    if (column == NULL)
        return;
    strbuf_add_char(w->out, ',');
    if (column[event] != NO_TIME)
        strbuf_add(w->out, instant_text(&w->scratch, column[event]));
}

static const char *const moment_columns[] = {"enabled_time", "offered_time", "claimed_time",
                                             "start_timestamp"};

static void write_row(struct writer *w, uint32_t trace, uint32_t event)
{
    const struct event_log *log = w->log;
    struct arena_mark mark = arena_mark(&w->scratch);
    add_field(w->out, event_log_case(log, trace));
    strbuf_add_char(w->out, ',');
    add_field(w->out, event_log_activity(log, log->activity[event]));
    write_time(w, log->time, event);
    for (int m = 0; m < MOMENT_COUNT; m++)
        write_time(w, log->moments[m], event);
    strbuf_add_char(w->out, ',');
    add_field(w->out, names_text(log->names, log->resource[event]));
    strbuf_add_char(w->out, ',');
    add_field(w->out, names_text(log->names, log->lifecycle[event]));
    write_values(w, log->case_attributes[trace], w->case_keys.items, w->case_keys.count);
    write_values(w, log->event_attributes[event], w->event_keys.items, w->event_keys.count);
    strbuf_add_char(w->out, '\n');
    arena_rewind(&w->scratch, mark);
}

static void write_head(struct writer *w)
{
    strbuf_add(w->out, STR("case:concept:name,concept:name,time:timestamp"));
    for (int m = 0; m < MOMENT_COUNT; m++)
        if (w->log->moments[m] != NULL)
            strbuf_format(w->out, ",%s", moment_columns[m]);
    strbuf_add(w->out, STR(",org:resource,lifecycle:transition"));
    for (size_t i = 0; i < w->case_keys.count; i++) {
        strbuf_add(w->out, STR(","));
        add_field(w->out, str_join2(&w->scratch, STR("case:"),
                                    names_text(w->log->names, w->case_keys.items[i])));
    }
    for (size_t i = 0; i < w->event_keys.count; i++) {
        strbuf_add_char(w->out, ',');
        add_field(w->out, names_text(w->log->names, w->event_keys.items[i]));
    }
    strbuf_add_char(w->out, '\n');
}

bool csv_write(const struct event_log *log, struct strbuf *buffer, write_out write, void *context,
               struct error *err)
{
    struct writer w = {.log = log, .out = buffer};
    w.case_keys.count = collect(&w, log->case_attributes, log->trace_count, &w.case_keys.items);
    w.event_keys.count = collect(&w, log->event_attributes, log->event_count, &w.event_keys.items);
    bool is_written =
        insight_within(INSIGHT_LIMIT_COLUMNS, w.case_keys.count + w.event_keys.count, err);
    write_head(&w);
    for (uint32_t t = 0; t < log->trace_count && is_written; t++) {
        for (uint32_t e = log->first[t]; e < log->first[t + 1]; e++)
            write_row(&w, t, e);
        if (buffer->len > WORTH_WRITING)
            is_written = write(context, buffer, err);
    }
    arena_done(&w.scratch);
    return is_written && write(context, buffer, err);
}
