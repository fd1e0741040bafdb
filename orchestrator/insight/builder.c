// SPDX-License-Identifier: Apache-2.0
//
// Columns grow in scratch memory in the order of the file. At the end events are put together by
// case (a counting sort), each case is sorted by time where it is not already (a stable merge
// sort), and the columns are written once, in the arena, in that order.
#include "insight/builder.h"

#include <stdlib.h>

#include "base/array.h"

struct kept_event {
    struct raw_event raw;
    uint32_t trace;
    uint32_t activity; // dense
    bool is_dropped;
};

// An attribute with the place of its owner; attributes of one owner are chained by sorting.
struct kept_attribute {
    struct attribute attribute;
    uint32_t owner; // number of the case, event or global
};

struct kept_case {
    uint32_t name;    // NAME_NONE: it has none yet
    uint32_t same_as; // the case that it is put to; itself
    int64_t begun, ended;
};

typedef ARRAY(struct kept_attribute) attribute_list;

struct log_builder {
    struct arena *arena;
    struct arena scratch;
    struct names *names;
    struct names cases;         // dense numbers of their own
    uint32_t *activity_of_name; // by name: the activity's number + 1
    uint32_t *activity_name;
    uint32_t activity_count;
    uint32_t case_now;
    ARRAY(struct kept_event) events;
    ARRAY(struct kept_case) kept_cases;
    uint32_t *case_of_name; // by number in `cases`
    size_t case_of_name_capacity;
    attribute_list of[OWNER_GLOBAL + 1];
    size_t attribute_count;
    ARRAY(struct log_extension) extensions;
    ARRAY(struct log_classifier) classifiers;
    ARRAY(struct log_global) globals;
    bool has_moment[MOMENT_COUNT];
    bool has_spans; // cases say when they began and ended
    struct log_notes notes;
};

struct log_builder *log_builder_new(struct arena *arena)
{
    struct arena scratch = ARENA_EMPTY;
    struct log_builder *b = ARENA_NEW(&scratch, struct log_builder);
    b->scratch = scratch;
    b->arena = arena;
    b->names = ARENA_NEW(arena, struct names);
    *b->names = names_new(arena);
    b->cases = names_new(&b->scratch);
    return b;
}

void log_builder_free(struct log_builder *b)
{
    if (b == NULL)
        return;
    struct arena scratch = b->scratch; // it holds the builder itself
    arena_done(&scratch);
}

struct names *log_builder_names(struct log_builder *b)
{
    return b->names;
}

struct log_notes *log_builder_notes(struct log_builder *b)
{
    return &b->notes;
}

bool log_builder_new_case(struct log_builder *b, struct error *err)
{
    b->case_now = (uint32_t)b->kept_cases.count;
    *ARRAY_PUSH(&b->scratch, &b->kept_cases) =
        (struct kept_case){NAME_NONE, b->case_now, NO_TIME, NO_TIME};
    return insight_within(INSIGHT_LIMIT_TRACES, b->kept_cases.count, err);
}

void log_builder_case_span(struct log_builder *b, int64_t begun, int64_t ended)
{
    struct kept_case *kept = &b->kept_cases.items[b->case_now];
    kept->begun = begun;
    kept->ended = ended;
    b->has_spans = true;
}

// The place where the case of this name is remembered; *ret_is_new: it is not yet.
static uint32_t *case_slot(struct log_builder *b, str name, bool *ret_is_new)
{
    uint32_t before = b->cases.count, number = names_add(&b->cases, name);
    *ret_is_new = b->cases.count > before;
    if (*ret_is_new)
        b->case_of_name = array_room(&b->scratch, b->case_of_name, number,
                                     &b->case_of_name_capacity, sizeof *b->case_of_name);
    return &b->case_of_name[number];
}

void log_builder_name_case(struct log_builder *b, str name)
{
    bool is_new;
    struct kept_case *kept = &b->kept_cases.items[b->case_now];
    if (kept->name != NAME_NONE)
        return;
    uint32_t *slot = case_slot(b, name, &is_new);
    if (is_new)
        *slot = b->case_now;
    b->notes.traces_of_same_name += !is_new;
    kept->name = names_add(b->names, name);
    kept->same_as = *slot;
}

bool log_builder_case(struct log_builder *b, str name, bool *ret_is_new, struct error *err)
{
    uint32_t *slot = case_slot(b, name, ret_is_new);
    if (!*ret_is_new) {
        b->case_now = *slot;
        return true;
    }
    *slot = (uint32_t)b->kept_cases.count;
    if (!log_builder_new_case(b, err))
        return false;
    b->kept_cases.items[b->case_now].name = names_add(b->names, name);
    return true;
}

struct raw_event *log_builder_event(struct log_builder *b, struct error *err)
{
    check(b->kept_cases.count > 0);
    if (!insight_within(INSIGHT_LIMIT_EVENTS, b->events.count + 1, err) ||
        !insight_within(INSIGHT_LIMIT_NAMES, b->names->count, err))
        return NULL;
    struct kept_event *kept = ARRAY_PUSH(&b->scratch, &b->events);
    kept->raw = raw_event_empty();
    kept->trace = b->case_now;
    return &kept->raw;
}

void log_builder_drop_event(struct log_builder *b)
{
    b->events.items[b->events.count - 1].is_dropped = true;
    b->notes.events_not_wanted++;
}

bool log_builder_attribute(struct log_builder *b, enum owner owner,
                           const struct attribute *attribute, struct error *err)
{
    if (!insight_within(INSIGHT_LIMIT_ATTRIBUTES, ++b->attribute_count, err))
        return false;
    uint32_t of = owner == OWNER_CASE     ? b->case_now
                  : owner == OWNER_EVENT  ? (uint32_t)b->events.count - 1
                  : owner == OWNER_GLOBAL ? (uint32_t)b->globals.count - 1
                                          : 0;
    *ARRAY_PUSH(&b->scratch, &b->of[owner]) = (struct kept_attribute){*attribute, of};
    return true;
}

static void retype(const struct names *names, struct attribute *a, enum attribute_type type)
{
    str text = names_text(names, a->text);
    struct attribute new = {.key = a->key, .depth = a->depth, .in_values = a->in_values};
    if (attribute_read(text, type, &new))
        *a = new;
}

void log_builder_retype(struct log_builder *b, uint32_t key, enum attribute_type type)
{
    for (size_t owner = 0; owner < COUNT_OF(b->of); owner++)
        for (size_t i = 0; i < b->of[owner].count; i++)
            if (b->of[owner].items[i].attribute.key == key)
                retype(b->names, &b->of[owner].items[i].attribute, type);
}

void log_builder_extension(struct log_builder *b, const struct log_extension *extension)
{
    *ARRAY_PUSH(&b->scratch, &b->extensions) = (struct log_extension){
        str_copy(b->arena, extension->name), str_copy(b->arena, extension->prefix),
        str_copy(b->arena, extension->uri)};
}

void log_builder_classifier(struct log_builder *b, const struct log_classifier *classifier)
{
    *ARRAY_PUSH(&b->scratch, &b->classifiers) = (struct log_classifier){
        str_copy(b->arena, classifier->name), str_copy(b->arena, classifier->keys),
        str_copy(b->arena, classifier->scope)};
}

void log_builder_global(struct log_builder *b, str scope)
{
    ARRAY_PUSH(&b->scratch, &b->globals)->scope = str_copy(b->arena, scope);
}

// -- The order of events ------------------------------------------------------------------

// The activity's number; a text's name is looked up once.
static uint32_t dense_activity(struct log_builder *b, uint32_t name)
{
    if (b->activity_of_name == NULL) {
        b->activity_of_name = ARENA_ARRAY(&b->scratch, uint32_t, b->names->count);
        b->activity_name = ARENA_ARRAY(&b->scratch, uint32_t, b->names->count);
    }
    if (b->activity_of_name[name] == 0) {
        b->activity_name[b->activity_count] = name;
        b->activity_of_name[name] = ++b->activity_count;
    }
    return b->activity_of_name[name] - 1;
}

// Drops what has no activity, numbers activities, counts what has no time. The place of each event
// that is kept, by case, in the order of the file: first[] says where a case begins.
static uint32_t *group_by_case(struct log_builder *b, uint32_t *first)
{
    for (size_t i = 0; i < b->events.count; i++) {
        struct kept_event *event = &b->events.items[i];
        event->trace = b->kept_cases.items[event->trace].same_as;
        b->notes.events_without_activity += event->raw.activity == NAME_NONE && !event->is_dropped;
        event->is_dropped |= event->raw.activity == NAME_NONE;
        if (event->is_dropped)
            continue;
        b->notes.events_without_time += event->raw.time == NO_TIME;
        for (int m = 0; m < MOMENT_COUNT; m++)
            b->has_moment[m] |= event->raw.moments[m] != NO_TIME;
        event->activity = dense_activity(b, event->raw.activity);
        first[event->trace + 1]++;
    }
    for (uint32_t t = 0; t < b->kept_cases.count; t++)
        first[t + 1] += first[t];
    uint32_t *place = ARENA_ARRAY(&b->scratch, uint32_t, first[b->kept_cases.count]);
    uint32_t *next = arena_copy(&b->scratch, first, sizeof(uint32_t) * b->kept_cases.count);
    for (size_t i = 0; i < b->events.count; i++)
        if (!b->events.items[i].is_dropped)
            place[next[b->events.items[i].trace]++] = (uint32_t)i;
    return place;
}

// Those without a time are last.
static int64_t sort_time(const struct log_builder *b, uint32_t event)
{
    int64_t time = b->events.items[event].raw.time;
    return time == NO_TIME ? INT64_MAX : time;
}

static bool is_sorted(const struct log_builder *b, const uint32_t *place, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (sort_time(b, place[i - 1]) > sort_time(b, place[i]))
            return false;
    return true;
}

static void merge(const struct log_builder *b, uint32_t *place, uint32_t *spare, size_t middle,
                  size_t count)
{
    memcpy(spare, place, sizeof *place * middle);
    size_t left = 0, right = middle, out = 0;
    while (left < middle)
        if (right < count && sort_time(b, place[right]) < sort_time(b, spare[left]))
            place[out++] = place[right++];
        else
            place[out++] = spare[left++];
}

// Bottom up: runs of 1, 2, 4 …
static void sort_case(const struct log_builder *b, uint32_t *place, uint32_t *spare, size_t count)
{
    for (size_t run = 1; run < count; run *= 2)
        for (size_t at = 0; at + run < count; at += 2 * run)
            merge(b, place + at, spare, run, count - at < 2 * run ? count - at : 2 * run);
}

static void sort_cases(struct log_builder *b, const uint32_t *first, uint32_t *place)
{
    uint32_t *spare = ARENA_ARRAY(&b->scratch, uint32_t, first[b->kept_cases.count]);
    for (uint32_t t = 0; t < b->kept_cases.count; t++) {
        size_t count = first[t + 1] - first[t];
        if (is_sorted(b, place + first[t], count))
            continue;
        b->notes.traces_out_of_order++;
        sort_case(b, place + first[t], spare, count);
    }
}

// -- Writing the columns --------------------------------------------------------------------

// Where the attributes of each of `count` owners stand, behind those that are already in `out`.
static struct attribute_span *place_attributes(struct log_builder *b, enum owner owner,
                                               size_t count, struct attribute *out, size_t *used)
{
    attribute_list *list = &b->of[owner];
    struct attribute_span *spans = ARENA_ARRAY(&b->scratch, struct attribute_span, count + 1);
    for (size_t i = 0; i < list->count; i++) {
        if (owner == OWNER_CASE)
            list->items[i].owner = b->kept_cases.items[list->items[i].owner].same_as;
        spans[list->items[i].owner].count++;
    }
    uint32_t at = (uint32_t)*used;
    for (size_t i = 0; i < count; i++) {
        spans[i].first = at;
        at += spans[i].count;
        spans[i].count = 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct attribute_span *span = &spans[list->items[i].owner];
        out[span->first + span->count++] = list->items[i].attribute;
    }
    *used = at;
    return spans;
}

static void write_events(struct log_builder *b, struct event_log *log, const uint32_t *place,
                         const struct attribute_span *spans)
{
    uint32_t count = log->event_count;
    uint32_t *activity = ARENA_ARRAY(b->arena, uint32_t, count);
    uint32_t *resource = ARENA_ARRAY(b->arena, uint32_t, count);
    uint32_t *lifecycle = ARENA_ARRAY(b->arena, uint32_t, count);
    int64_t *time = ARENA_ARRAY(b->arena, int64_t, count);
    int64_t *moments[MOMENT_COUNT] = {NULL};
    struct attribute_span *of_event = ARENA_ARRAY(b->arena, struct attribute_span, count);
    for (int m = 0; m < MOMENT_COUNT; m++)
        if (b->has_moment[m])
            log->moments[m] = moments[m] = ARENA_ARRAY(b->arena, int64_t, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct kept_event *event = &b->events.items[place[i]];
        activity[i] = event->activity;
        resource[i] = event->raw.resource;
        lifecycle[i] = event->raw.lifecycle;
        time[i] = event->raw.time;
        of_event[i] = spans[place[i]];
        for (int m = 0; m < MOMENT_COUNT; m++)
            if (moments[m] != NULL)
                moments[m][i] = event->raw.moments[m];
    }
    log->activity = activity;
    log->resource = resource;
    log->lifecycle = lifecycle;
    log->time = time;
    log->event_attributes = of_event;
}

static uint32_t name_of_case(struct log_builder *b, uint32_t t)
{
    uint32_t name = b->kept_cases.items[t].name;
    return name != NAME_NONE ? name : names_add(b->names, str_format(&b->scratch, "#%u", t + 1));
}

static void write_span(const struct log_builder *b, int64_t *spans[2], uint32_t at, uint32_t t)
{
    if (!b->has_spans)
        return;
    spans[0][at] = b->kept_cases.items[t].begun;
    spans[1][at] = b->kept_cases.items[t].ended;
}

// Cases without an event are left out.
static void write_cases(struct log_builder *b, struct event_log *log, const uint32_t *first,
                        const struct attribute_span *spans)
{
    uint32_t *starts = ARENA_ARRAY(b->arena, uint32_t, b->kept_cases.count + 1);
    uint32_t *case_name = ARENA_ARRAY(b->arena, uint32_t, b->kept_cases.count);
    struct attribute_span *of_case =
        ARENA_ARRAY(b->arena, struct attribute_span, b->kept_cases.count);
    size_t span_count = b->has_spans ? b->kept_cases.count : 0;
    int64_t *case_spans[2] = {ARENA_ARRAY(b->arena, int64_t, span_count),
                              ARENA_ARRAY(b->arena, int64_t, span_count)};
    uint32_t count = 0;
    for (uint32_t t = 0; t < b->kept_cases.count; t++) {
        if (first[t] == first[t + 1])
            continue;
        starts[count] = first[t];
        case_name[count] = name_of_case(b, t);
        write_span(b, case_spans, count, t);
        of_case[count++] = spans[t];
    }
    starts[count] = first[b->kept_cases.count];
    b->notes.empty_traces += b->kept_cases.count - count;
    log->trace_count = count;
    log->first = starts;
    log->case_name = case_name;
    log->case_attributes = of_case;
    log->case_begun = b->has_spans ? case_spans[0] : NULL;
    log->case_ended = b->has_spans ? case_spans[1] : NULL;
}

static void write_heads(struct log_builder *b, struct event_log *log, struct attribute *out,
                        size_t *used)
{
    const struct attribute_span *of_log = place_attributes(b, OWNER_LOG, 1, out, used);
    const struct attribute_span *of_global =
        place_attributes(b, OWNER_GLOBAL, b->globals.count, out, used);
    log->log_attributes = of_log[0];
    for (size_t i = 0; i < b->globals.count; i++)
        b->globals.items[i].attributes = of_global[i];
    log->extension_count = b->extensions.count;
    log->classifier_count = b->classifiers.count;
    log->global_count = b->globals.count;
    log->extensions = arena_copy(b->arena, b->extensions.items,
                                 sizeof(struct log_extension) * b->extensions.count);
    log->classifiers = arena_copy(b->arena, b->classifiers.items,
                                  sizeof(struct log_classifier) * b->classifiers.count);
    log->globals =
        arena_copy(b->arena, b->globals.items, sizeof(struct log_global) * b->globals.count);
}

bool log_builder_finish(struct log_builder *b, const struct event_log **ret_log, struct error *err)
{
    uint32_t *first = ARENA_ARRAY(&b->scratch, uint32_t, b->kept_cases.count + 1);
    uint32_t *place = group_by_case(b, first);
    if (!insight_within(INSIGHT_LIMIT_ACTIVITIES, b->activity_count, err))
        return false;
    sort_cases(b, first, place);
    struct event_log *log = ARENA_NEW(b->arena, struct event_log);
    struct attribute *out = ARENA_ARRAY(b->arena, struct attribute, b->attribute_count);
    size_t used = 0;
    log->arena = b->arena;
    log->names = b->names;
    log->event_count = first[b->kept_cases.count];
    write_events(b, log, place, place_attributes(b, OWNER_EVENT, b->events.count, out, &used));
    write_cases(b, log, first, place_attributes(b, OWNER_CASE, b->kept_cases.count, out, &used));
    log->activity_count = b->activity_count;
    log->activity_name =
        arena_copy(b->arena, b->activity_name, sizeof(uint32_t) * b->activity_count);
    write_heads(b, log, out, &used);
    log->attributes = out;
    log->notes = b->notes;
    *ret_log = log;
    return true;
}
