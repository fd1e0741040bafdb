// SPDX-License-Identifier: Apache-2.0
#include "insight/ocel.h"

#include "base/json.h"
#include "insight/instant.h"

enum { WORTH_WRITING = 1 << 16 };

static const char *const type_names[] = {"string",  "time",   "integer", "float",
                                         "boolean", "string", "string",  "string"};

struct writer {
    const struct event_log *log;
    struct json_writer json;
    struct strbuf *out;
    struct arena scratch;
};

static void member(struct writer *w, const char *name, str text)
{
    json_key(&w->json, str_of(name));
    json_string(&w->json, text);
}

static void write_value(struct writer *w, const struct attribute *a)
{
    str text = attribute_text(&w->scratch, w->log->names, a);
    if (a->type == ATTRIBUTE_INT || a->type == ATTRIBUTE_FLOAT || a->type == ATTRIBUTE_BOOLEAN)
        json_raw(&w->json, text);
    else
        json_string(&w->json, text);
}

// Objects' attributes have a time from which they hold: always.
static void write_attributes(struct writer *w, struct attribute_span span, bool of_object)
{
    json_key(&w->json, STR("attributes"));
    json_begin_array(&w->json);
    for (uint32_t i = 0; i < span.count; i++) {
        const struct attribute *a = &w->log->attributes[span.first + i];
        if (a->depth > 0 || a->type >= ATTRIBUTE_LIST)
            continue;
        json_begin_object(&w->json);
        member(w, "name", names_text(w->log->names, a->key));
        if (of_object)
            member(w, "time", STR("1970-01-01T00:00:00Z"));
        json_key(&w->json, STR("value"));
        write_value(w, a);
        json_end_object(&w->json);
    }
    json_end_array(&w->json);
}

static void relation(struct writer *w, str object, const char *qualifier)
{
    json_begin_object(&w->json);
    member(w, "objectId", object);
    member(w, "qualifier", str_of(qualifier));
    json_end_object(&w->json);
}

// The object of a resource: its name is apart from those of cases.
static str resource_id(struct writer *w, uint32_t resource)
{
    return str_join2(&w->scratch, STR("resource:"), names_text(w->log->names, resource));
}

static void write_event(struct writer *w, uint32_t trace, uint32_t event)
{
    const struct event_log *log = w->log;
    struct arena_mark mark = arena_mark(&w->scratch);
    json_begin_object(&w->json);
    member(w, "id", str_format(&w->scratch, "e%u", event + 1));
    member(w, "type", event_log_activity(log, log->activity[event]));
    member(w, "time",
           log->time[event] == NO_TIME ? STR("1970-01-01T00:00:00+00:00")
                                       : instant_text(&w->scratch, log->time[event]));
    write_attributes(w, log->event_attributes[event], false);
    json_key(&w->json, STR("relationships"));
    json_begin_array(&w->json);
    relation(w, event_log_case(log, trace), "case");
    if (log->resource[event] != NAME_NONE)
        relation(w, resource_id(w, log->resource[event]), "resource");
    json_end_array(&w->json);
    json_end_object(&w->json);
    arena_rewind(&w->scratch, mark);
}

// The declaration of a type: its name, and every attribute that one of its spans has.
static void write_type(struct writer *w, str name, const struct attribute_span *spans,
                       const uint32_t *which, uint32_t count)
{
    const struct event_log *log = w->log;
    struct arena_mark mark = arena_mark(&w->scratch);
    bool *is_known = ARENA_ARRAY(&w->scratch, bool, log->names->count);
    json_begin_object(&w->json);
    member(w, "name", name);
    json_key(&w->json, STR("attributes"));
    json_begin_array(&w->json);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < spans[which[i]].count; k++) {
            const struct attribute *a = &log->attributes[spans[which[i]].first + k];
            if (a->depth > 0 || a->type >= ATTRIBUTE_LIST || is_known[a->key])
                continue;
            is_known[a->key] = true;
            json_begin_object(&w->json);
            member(w, "name", names_text(log->names, a->key));
            member(w, "type", str_of(type_names[a->type]));
            json_end_object(&w->json);
        }
    json_end_array(&w->json);
    json_end_object(&w->json);
    arena_rewind(&w->scratch, mark);
}

static void write_types(struct writer *w)
{
    const struct event_log *log = w->log;
    uint32_t most = log->event_count > log->trace_count ? log->event_count : log->trace_count;
    uint32_t *which = ARENA_ARRAY(&w->scratch, uint32_t, most + 1);
    uint32_t *first = ARENA_ARRAY(&w->scratch, uint32_t, log->activity_count + 1);
    json_key(&w->json, STR("objectTypes"));
    json_begin_array(&w->json);
    for (uint32_t t = 0; t < log->trace_count; t++)
        which[t] = t;
    write_type(w, STR("case"), log->case_attributes, which, log->trace_count);
    write_type(w, STR("resource"), NULL, NULL, 0);
    json_end_array(&w->json);
    for (uint32_t e = 0; e < log->event_count; e++)
        first[log->activity[e] + 1]++;
    for (uint32_t a = 0; a < log->activity_count; a++)
        first[a + 1] += first[a];
    uint32_t *next = arena_copy(&w->scratch, first, sizeof *first * (log->activity_count + 1));
    for (uint32_t e = 0; e < log->event_count; e++)
        which[next[log->activity[e]]++] = e;
    json_key(&w->json, STR("eventTypes"));
    json_begin_array(&w->json);
    for (uint32_t a = 0; a < log->activity_count; a++)
        write_type(w, event_log_activity(log, a), log->event_attributes, which + first[a],
                   first[a + 1] - first[a]);
    json_end_array(&w->json);
}

static void write_object(struct writer *w, str id, const char *type, struct attribute_span span)
{
    json_begin_object(&w->json);
    member(w, "id", id);
    member(w, "type", str_of(type));
    write_attributes(w, span, true);
    json_end_object(&w->json);
}

static void write_objects(struct writer *w)
{
    const struct event_log *log = w->log;
    bool *is_known = ARENA_ARRAY(&w->scratch, bool, log->names->count);
    json_key(&w->json, STR("objects"));
    json_begin_array(&w->json);
    for (uint32_t t = 0; t < log->trace_count; t++)
        write_object(w, event_log_case(log, t), "case", log->case_attributes[t]);
    for (uint32_t e = 0; e < log->event_count; e++) {
        uint32_t resource = log->resource[e];
        if (resource == NAME_NONE || is_known[resource])
            continue;
        is_known[resource] = true;
        write_object(w, resource_id(w, resource), "resource", (struct attribute_span){0, 0});
    }
    json_end_array(&w->json);
}

bool ocel_write(const struct event_log *log, struct strbuf *buffer, write_out write, void *context,
                struct error *err)
{
    struct writer w = {.log = log, .json = json_writer_new(buffer), .out = buffer};
    bool is_written = true;
    json_begin_object(&w.json);
    write_types(&w);
    write_objects(&w);
    json_key(&w.json, STR("events"));
    json_begin_array(&w.json);
    for (uint32_t t = 0; t < log->trace_count && is_written; t++) {
        for (uint32_t e = log->first[t]; e < log->first[t + 1]; e++)
            write_event(&w, t, e);
        if (buffer->len > WORTH_WRITING)
            is_written = write(context, buffer, err);
    }
    json_end_array(&w.json);
    json_end_object(&w.json);
    arena_done(&w.scratch);
    return is_written && write(context, buffer, err);
}
