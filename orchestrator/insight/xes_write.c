// SPDX-License-Identifier: Apache-2.0
//
// A log as XES. Columns come back as the standard's keys; what was read beside them as it was.
#include "insight/xes.h"

#include "insight/instant.h"
#include "insight/markup.h"

enum { WORTH_WRITING = 1 << 16 };

struct writer {
    const struct event_log *log;
    struct strbuf *out;
    struct arena scratch;
    uint32_t activity, time, start, enabled, resource, transition;
};

static const char *const type_names[] = {"string",  "date", "int",  "float",
                                         "boolean", "id",   "list", "container"};

// The tag without its end: "<string key="…" value="…"".
static void open_attribute(struct writer *w, const struct attribute *a)
{
    struct arena_mark mark = arena_mark(&w->scratch);
    strbuf_format(w->out, "<%s", type_names[a->type]);
    markup_attribute(w->out, "key", names_text(w->log->names, a->key));
    if (a->type != ATTRIBUTE_LIST && a->type != ATTRIBUTE_CONTAINER)
        markup_attribute(w->out, "value", attribute_text(&w->scratch, w->log->names, a));
    arena_rewind(&w->scratch, mark);
}

// The attributes of this depth from *at on, each with what is inside of it.
static void write_attributes(struct writer *w, struct attribute_span span)
{
    uint32_t open[INSIGHT_MOST_NESTING * 2 + 8];
    bool in_values[COUNT_OF(open)];
    size_t depth = 0;
    for (uint32_t i = 0; i <= span.count; i++) {
        const struct attribute *a = &w->log->attributes[span.first + i];
        size_t next = i < span.count ? a->depth : 0;
        while (depth > next) { // close what does not hold this one
            const struct attribute *parent = &w->log->attributes[open[--depth]];
            strbuf_add(w->out, in_values[depth] ? STR("</values>") : STR_EMPTY);
            strbuf_format(w->out, "</%s>\n", type_names[parent->type]);
        }
        if (i == span.count)
            break;
        if (depth > 0 && a->in_values != in_values[depth - 1]) {
            strbuf_add(w->out, a->in_values ? STR("<values>") : STR("</values>"));
            in_values[depth - 1] = a->in_values;
        }
        open_attribute(w, a);
        bool holds = i + 1 < span.count && w->log->attributes[span.first + i + 1].depth > next;
        bool is_open = holds && depth < COUNT_OF(open);
        strbuf_add(w->out, is_open ? STR(">") : STR("/>\n"));
        if (is_open) {
            in_values[depth] = false;
            open[depth++] = span.first + i;
        }
    }
}

static void write_column(struct writer *w, struct attribute_span span, uint32_t key,
                         struct attribute attribute)
{
    attribute.key = key;
    if (event_log_attribute(w->log, span, key) != NULL)
        return; // it is among the attributes, with something inside
    open_attribute(w, &attribute);
    strbuf_add(w->out, STR("/>\n"));
}

static void write_text_column(struct writer *w, struct attribute_span span, uint32_t key,
                              uint32_t name)
{
    if (name != NAME_NONE)
        write_column(w, span, key, (struct attribute){.type = ATTRIBUTE_STRING, .text = name});
}

static void write_time_column(struct writer *w, struct attribute_span span, uint32_t key,
                              int64_t time)
{
    if (time != NO_TIME)
        write_column(w, span, key, (struct attribute){.type = ATTRIBUTE_DATE, .whole = time});
}

static int64_t moment_of(const struct event_log *log, enum moment moment, uint32_t event)
{
    return log->moments[moment] == NULL ? NO_TIME : log->moments[moment][event];
}

static void write_event(struct writer *w, uint32_t event)
{
    const struct event_log *log = w->log;
    struct attribute_span span = log->event_attributes[event];
    strbuf_add(w->out, STR("<event>\n"));
    write_text_column(w, span, w->activity, log->activity_name[log->activity[event]]);
    write_time_column(w, span, w->time, log->time[event]);
    write_time_column(w, span, w->start, moment_of(log, MOMENT_STARTED, event));
    write_time_column(w, span, w->enabled, moment_of(log, MOMENT_ENABLED, event));
    write_text_column(w, span, w->resource, log->resource[event]);
    write_text_column(w, span, w->transition, log->lifecycle[event]);
    write_attributes(w, span);
    strbuf_add(w->out, STR("</event>\n"));
}

static const struct log_extension standard[] = {
    {{"Concept", 7}, {"concept", 7}, {"http://www.xes-standard.org/concept.xesext", 42}},
    {{"Time", 4}, {"time", 4}, {"http://www.xes-standard.org/time.xesext", 39}},
    {{"Organizational", 14}, {"org", 3}, {"http://www.xes-standard.org/org.xesext", 38}},
    {{"Lifecycle", 9}, {"lifecycle", 9}, {"http://www.xes-standard.org/lifecycle.xesext", 44}},
};

static void write_extensions(struct writer *w)
{
    const struct event_log *log = w->log;
    bool has_own = log->extension_count > 0;
    const struct log_extension *list = has_own ? log->extensions : standard;
    size_t count = has_own ? log->extension_count : COUNT_OF(standard);
    for (size_t i = 0; i < count; i++) {
        strbuf_add(w->out, STR("<extension"));
        markup_attribute(w->out, "name", list[i].name);
        markup_attribute(w->out, "prefix", list[i].prefix);
        markup_attribute(w->out, "uri", list[i].uri);
        strbuf_add(w->out, STR("/>\n"));
    }
}

static void write_head(struct writer *w)
{
    const struct event_log *log = w->log;
    strbuf_add(w->out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"2.0\" "
                           "xes.features=\"nested-attributes\" "
                           "xmlns=\"http://www.xes-standard.org/\">\n"));
    write_extensions(w);
    for (size_t i = 0; i < log->global_count; i++) {
        strbuf_add(w->out, STR("<global"));
        markup_attribute(w->out, "scope", log->globals[i].scope);
        strbuf_add(w->out, STR(">\n"));
        write_attributes(w, log->globals[i].attributes);
        strbuf_add(w->out, STR("</global>\n"));
    }
    for (size_t i = 0; i < log->classifier_count; i++) {
        strbuf_add(w->out, STR("<classifier"));
        markup_attribute(w->out, "name", log->classifiers[i].name);
        if (log->classifiers[i].scope.len > 0)
            markup_attribute(w->out, "scope", log->classifiers[i].scope);
        markup_attribute(w->out, "keys", log->classifiers[i].keys);
        strbuf_add(w->out, STR("/>\n"));
    }
    write_attributes(w, log->log_attributes);
}

bool xes_write(const struct event_log *log, struct strbuf *buffer, write_out write, void *context,
               struct error *err)
{
    struct writer w = {.log = log,
                       .out = buffer,
                       .activity = names_add(log->names, STR("concept:name")),
                       .time = names_add(log->names, STR("time:timestamp")),
                       .start = names_add(log->names, STR("start_timestamp")),
                       .enabled = names_add(log->names, STR("enabled_timestamp")),
                       .resource = names_add(log->names, STR("org:resource")),
                       .transition = names_add(log->names, STR("lifecycle:transition"))};
    write_head(&w);
    bool is_written = true;
    for (uint32_t t = 0; t < log->trace_count && is_written; t++) {
        struct attribute_span span = log->case_attributes[t];
        strbuf_add(buffer, STR("<trace>\n"));
        write_text_column(&w, span, w.activity, log->case_name[t]);
        write_attributes(&w, span);
        for (uint32_t e = log->first[t]; e < log->first[t + 1]; e++)
            write_event(&w, e);
        strbuf_add(buffer, STR("</trace>\n"));
        if (buffer->len > WORTH_WRITING)
            is_written = write(context, buffer, err);
    }
    strbuf_add(buffer, STR("</log>\n"));
    arena_done(&w.scratch);
    return is_written && write(context, buffer, err);
}
