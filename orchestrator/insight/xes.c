// SPDX-License-Identifier: Apache-2.0
//
// A stack of what is open says what an element means. An event's name, time, resource, transition
// and start go to columns; its other attributes, and whatever is inside of one, are kept as they
// are.
#include "insight/xes.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>

#include "insight/instant.h"

enum level_kind {
    LEVEL_OTHER,
    LEVEL_LOG,
    LEVEL_TRACE,
    LEVEL_EVENT,
    LEVEL_GLOBAL,
    LEVEL_ATTRIBUTE,
    LEVEL_VALUES
};

enum { LEVELS_MAX = INSIGHT_MOST_NESTING * 2 + 8, TOKEN_BYTES_MOST = 16 << 20 };

struct level {
    enum level_kind kind;
    enum owner owner;
    uint8_t depth; // of attributes inside
    bool in_values;
    bool is_unwritten; // the attribute went to a column and is not kept as one
    struct attribute attribute;
};

// Keys that go to columns.
struct hot_keys {
    uint32_t activity, time, start, enabled, resource, transition, name;
};

struct xes_reader {
    XML_Parser parser;
    struct log_builder *builder;
    struct names *names;
    struct hot_keys hot;
    const struct log_mapping *mapping;
    struct level levels[LEVELS_MAX];
    size_t depth;
    struct raw_event *event;
    struct error failure;
    bool has_failed, has_log;
    int64_t fed;
};

// -- Elements -----------------------------------------------------------------------------

static const char *const type_names[] = {"string",  "date", "int",  "float",
                                         "boolean", "id",   "list", "container"};

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *value_of(const char **pairs, const char *name)
{
    for (; *pairs != NULL; pairs += 2)
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    return NULL;
}

static void fail(struct xes_reader *r)
{
    r->has_failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static void refuse(struct xes_reader *r, const char *why)
{
    error_set(&r->failure, ERROR_INVALID, "", "%s", why);
    fail(r);
}

static struct log_notes *notes(struct xes_reader *r)
{
    return log_builder_notes(r->builder);
}

static bool read_time(struct xes_reader *r, str text, int64_t *ret_time)
{
    struct instant instant;
    str format = r->mapping->time_format;
    if (format.len > 0 ? !instant_parse_format(text, format, &instant)
                       : !instant_parse(text, &instant)) {
        notes(r)->unreadable_times++;
        return false;
    }
    *(instant.has_zone ? &notes(r)->times_with_zone : &notes(r)->times_without_zone) += 1;
    *ret_time = instant.us;
    return true;
}

static bool read_value(struct xes_reader *r, str text, struct attribute *a)
{
    switch ((enum attribute_type)a->type) {
    case ATTRIBUTE_STRING:
    case ATTRIBUTE_ID:
        a->text = names_add(r->names, text);
        return true;
    case ATTRIBUTE_DATE:
        return read_time(r, text, &a->whole);
    case ATTRIBUTE_INT:
    case ATTRIBUTE_FLOAT:
        return attribute_read(text, a->type, a);
    case ATTRIBUTE_BOOLEAN:
        a->whole = str_equal_ignoring_case(text, STR("true")) || str_equal(text, STR("1"));
        return true;
    case ATTRIBUTE_LIST:
    case ATTRIBUTE_CONTAINER:
        return true;
    }
    check_unreachable();
}

// -- Columns ------------------------------------------------------------------------------

static uint32_t text_name(struct xes_reader *r, const struct attribute *a)
{
    if (a->type == ATTRIBUTE_STRING || a->type == ATTRIBUTE_ID)
        return a->text;
    struct arena scratch = ARENA_EMPTY;
    uint32_t name = names_add(r->names, attribute_text(&scratch, r->names, a));
    arena_done(&scratch);
    return name;
}

static bool is_filled(struct xes_reader *r, uint32_t name)
{
    return names_text(r->names, name).len > 0;
}

// True when the event's attribute has a column.
static bool to_column(struct xes_reader *r, const struct attribute *a)
{
    const struct hot_keys *hot = &r->hot;
    bool is_time = a->type == ATTRIBUTE_DATE;
    if (a->key == hot->activity) {
        r->event->activity = is_filled(r, text_name(r, a)) ? text_name(r, a) : NAME_NONE;
    } else if (a->key == hot->time && is_time) {
        r->event->time = a->whole;
    } else if (a->key == hot->transition) {
        r->event->lifecycle = text_name(r, a);
    } else if (a->key == hot->resource) {
        r->event->resource = is_filled(r, text_name(r, a)) ? text_name(r, a) : NAME_NONE;
    } else if (a->key == hot->start && is_time) {
        r->event->moments[MOMENT_STARTED] = a->whole;
    } else if (a->key == hot->enabled && is_time) {
        r->event->moments[MOMENT_ENABLED] = a->whole;
    } else {
        return false;
    }
    return true;
}

static void keep(struct xes_reader *r, struct level *level)
{
    level->is_unwritten = false;
    if (!log_builder_attribute(r->builder, level->owner, &level->attribute, &r->failure))
        fail(r);
}

static void begin_attribute(struct xes_reader *r, struct level *level, int type, const char **pairs)
{
    struct level *parent = level - 1;
    const char *key = value_of(pairs, "key"), *value = value_of(pairs, "value");
    struct attribute *a = &level->attribute;
    *level = (struct level){.kind = LEVEL_OTHER, .owner = parent->owner};
    if (key == NULL)
        return; // an attribute without a key says nothing
    *a = (struct attribute){.key = names_add(r->names, str_of(key)),
                            .type = (uint8_t)type,
                            .depth = parent->depth,
                            .in_values = parent->in_values};
    if (!read_value(r, str_of(value), a)) {
        notes(r)->unreadable_values++;
        return;
    }
    level->kind = LEVEL_ATTRIBUTE;
    level->depth = (uint8_t)(parent->depth + 1);
    if (parent->kind == LEVEL_TRACE && a->key == r->hot.name) {
        log_builder_name_case(r->builder, names_text(r->names, text_name(r, a)));
        level->is_unwritten = true;
    } else if (parent->kind == LEVEL_EVENT && to_column(r, a)) {
        level->is_unwritten = true;
    } else {
        keep(r, level);
    }
}

static int type_of(const char *name)
{
    for (int i = 0; i < (int)COUNT_OF(type_names); i++)
        if (strcmp(name, type_names[i]) == 0)
            return i;
    return -1;
}

static void begin_trace(struct xes_reader *r, struct level *level)
{
    level->kind = LEVEL_TRACE;
    level->owner = OWNER_CASE;
    if (!log_builder_new_case(r->builder, &r->failure))
        fail(r);
}

static void begin_event(struct xes_reader *r, struct level *level)
{
    level->kind = LEVEL_EVENT;
    level->owner = OWNER_EVENT;
    r->event = log_builder_event(r->builder, &r->failure);
    if (r->event == NULL)
        fail(r);
}

// What stands directly in <log>, beside attributes.
static void begin_in_log(struct xes_reader *r, struct level *level, const char *name,
                         const char **pairs)
{
    if (strcmp(name, "trace") == 0) {
        begin_trace(r, level);
    } else if (strcmp(name, "extension") == 0) {
        log_builder_extension(r->builder, &(struct log_extension){str_of(value_of(pairs, "name")),
                                                                  str_of(value_of(pairs, "prefix")),
                                                                  str_of(value_of(pairs, "uri"))});
    } else if (strcmp(name, "classifier") == 0) {
        log_builder_classifier(r->builder,
                               &(struct log_classifier){str_of(value_of(pairs, "name")),
                                                        str_of(value_of(pairs, "keys")),
                                                        str_of(value_of(pairs, "scope"))});
    } else if (strcmp(name, "global") == 0) {
        level->kind = LEVEL_GLOBAL;
        level->owner = OWNER_GLOBAL;
        log_builder_global(r->builder, str_of(value_of(pairs, "scope")));
    }
}

static bool has_attributes(const struct level *parent)
{
    return parent->kind != LEVEL_OTHER;
}

static void on_start(void *context, const char *full, const char **pairs)
{
    struct xes_reader *r = context;
    const char *name = local_name(full);
    if (r->has_failed)
        return;
    if (r->depth == LEVELS_MAX) {
        refuse(r, "elements are nested deeper than 32 attributes");
        return;
    }
    struct level *level = &r->levels[r->depth++];
    *level = (struct level){.kind = LEVEL_OTHER};
    if (r->depth == 1) {
        if (strcmp(name, "log") != 0)
            refuse(r, "the root element is not <log>");
        level->kind = LEVEL_LOG;
        level->owner = OWNER_LOG;
        return;
    }
    struct level *parent = level - 1;
    int type = type_of(name);
    if (parent->is_unwritten)
        keep(r, parent);
    if (type >= 0 && has_attributes(parent)) {
        begin_attribute(r, level, type, pairs);
    } else if (parent->kind == LEVEL_ATTRIBUTE && strcmp(name, "values") == 0) {
        *level = *parent;
        level->kind = LEVEL_VALUES;
        level->in_values = true;
    } else if (parent->kind == LEVEL_LOG) {
        begin_in_log(r, level, name, pairs);
    } else if (parent->kind == LEVEL_TRACE && strcmp(name, "event") == 0) {
        begin_event(r, level);
    } else if (strcmp(name, "trace") == 0 || strcmp(name, "event") == 0) {
        refuse(r, "a trace stands in the log, and an event in a trace");
    }
}

// name+transition, when that is how events are told apart.
static void classify(struct xes_reader *r)
{
    struct raw_event *event = r->event;
    if (!r->mapping->is_classified_by_lifecycle || event->activity == NAME_NONE)
        return;
    struct arena scratch = ARENA_EMPTY;
    str text = str_format(&scratch, "%.*s+%.*s", STR_ARG(names_text(r->names, event->activity)),
                          STR_ARG(names_text(r->names, event->lifecycle)));
    event->activity = names_add(r->names, text);
    arena_done(&scratch);
}

static void on_end(void *context, const char *name)
{
    struct xes_reader *r = context;
    (void)name;
    if (r->has_failed)
        return;
    struct level *level = &r->levels[--r->depth];
    r->has_log |= level->kind == LEVEL_LOG;
    if (level->kind != LEVEL_EVENT)
        return;
    str wanted = r->mapping->lifecycle;
    if (wanted.len > 0 && r->event->lifecycle != NAME_NONE &&
        !str_equal_ignoring_case(names_text(r->names, r->event->lifecycle), wanted))
        log_builder_drop_event(r->builder);
    else
        classify(r);
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
                       int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    refuse(context, "a DOCTYPE is not allowed");
}

// -- The reader ---------------------------------------------------------------------------

static uint32_t key_name(struct xes_reader *r, str chosen, const char *standard)
{
    return names_add(r->names, chosen.len > 0 ? chosen : str_of(standard));
}

struct xes_reader *xes_reader_new(struct log_builder *builder, const struct log_mapping *mapping)
{
    struct xes_reader *r = calloc(1, sizeof *r);
    check(r != NULL);
    r->builder = builder;
    r->names = log_builder_names(builder);
    r->mapping = mapping;
    r->hot = (struct hot_keys){
        .activity = key_name(r, mapping->activity_key, "concept:name"),
        .time = key_name(r, mapping->time_key, "time:timestamp"),
        .start = key_name(r, mapping->start_key, "start_timestamp"),
        .enabled = key_name(r, mapping->enabled_key, "enabled_timestamp"),
        .resource = key_name(r, mapping->resource_key, "org:resource"),
        .transition = key_name(r, STR_EMPTY, "lifecycle:transition"),
        .name = key_name(r, mapping->case_key, "concept:name"),
    };
    r->parser = XML_ParserCreate(NULL);
    check(r->parser != NULL);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    return r;
}

void xes_reader_free(struct xes_reader *r)
{
    if (r == NULL)
        return;
    XML_ParserFree(r->parser);
    free(r);
}

bool xes_reader_feed(struct xes_reader *r, str piece, bool is_last, struct error *err)
{
    char place[64];
    check(piece.len <= INT32_MAX);
    bool is_read = XML_Parse(r->parser, piece.data, (int)piece.len, is_last) == XML_STATUS_OK;
    r->fed += (int64_t)piece.len;
    if (is_read && r->fed - XML_GetCurrentByteIndex(r->parser) > TOKEN_BYTES_MOST)
        refuse(r, "a tag or text is longer than 16 MiB");
    if (is_read && !r->has_failed)
        return !is_last || r->has_log || error_set(err, ERROR_INVALID, "", "there is no <log>");
    snprintf(place, sizeof place, "line %lu", XML_GetCurrentLineNumber(r->parser));
    if (r->has_failed)
        return error_set(err, r->failure.kind, place, "%s", r->failure.text);
    return error_set(err, ERROR_INVALID, place, "is not XML: %s",
                     XML_ErrorString(XML_GetErrorCode(r->parser)));
}
