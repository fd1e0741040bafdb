// SPDX-License-Identifier: Apache-2.0
//
// An event log as columns. Events stand in the order of their traces, and within a trace in the
// order of their times; what happened at one time stays in the order of the file. So trace t is the
// events first[t] to first[t + 1] - 1, and every analysis is one pass over dense numbers.
//
// A log is immutable once built and lives in one arena. event_log_builder (builder.h) makes it.
#ifndef BATON_INSIGHT_EVENT_LOG_H
#define BATON_INSIGHT_EVENT_LOG_H

#include "insight/instant.h"
#include "insight/names.h"

// The life of an activity, in order. An event says when it was completed; the others are known
// where the log has them.
enum moment { MOMENT_ENABLED, MOMENT_OFFERED, MOMENT_CLAIMED, MOMENT_STARTED, MOMENT_COUNT };

enum attribute_type {
    ATTRIBUTE_STRING, // text
    ATTRIBUTE_DATE,   // whole: microseconds
    ATTRIBUTE_INT,    // whole
    ATTRIBUTE_FLOAT,  // real
    ATTRIBUTE_BOOLEAN,
    ATTRIBUTE_ID, // text
    ATTRIBUTE_LIST,
    ATTRIBUTE_CONTAINER,
};

// Attributes of an event, a trace or the log stand behind each other; what is inside of one follows
// it with a greater depth.
struct attribute {
    uint32_t key; // name
    uint8_t type;
    uint8_t depth;
    bool in_values; // an item of a list, not a note beside it
    union {
        uint32_t text; // name
        int64_t whole;
        double real;
    };
};

struct attribute_span {
    uint32_t first, count;
};

// What XES files say of themselves; kept for export.
struct log_extension {
    str name, prefix, uri;
};

struct log_classifier {
    str name, keys, scope;
};

struct log_global {
    str scope; // "trace" or "event"
    struct attribute_span attributes;
};

// What was in the input and is not in the log, or was mended.
struct log_notes {
    uint64_t empty_traces;            // left out
    uint64_t events_without_activity; // left out
    uint64_t events_without_case;     // left out
    uint64_t events_not_wanted;       // left out: of another transition
    uint64_t unreadable_values;       // attributes left out
    uint64_t events_without_time;     // last in their trace
    uint64_t unreadable_times;        // of those
    uint64_t traces_of_same_name;     // put together
    uint64_t traces_out_of_order;     // sorted by time
    uint64_t times_without_zone;      // read as UTC
    uint64_t times_with_zone;
};

struct event_log {
    struct arena *arena;
    struct names *names;
    uint32_t event_count, trace_count, activity_count;
    const uint32_t *activity_name; // by activity: its text's name

    const uint32_t *first;     // trace_count + 1
    const uint32_t *case_name; // by trace
    const struct attribute_span *case_attributes;
    const int64_t *case_begun, *case_ended; // NULL: what its events say is all that is known

    const uint32_t *activity;             // by event: 0 … activity_count - 1
    const int64_t *time;                  // completed
    const int64_t *moments[MOMENT_COUNT]; // NULL: the log does not have it
    const uint32_t *resource;             // name or NAME_NONE
    const uint32_t *lifecycle;            // name or NAME_NONE
    const struct attribute_span *event_attributes;

    const struct attribute *attributes; // of everything
    struct attribute_span log_attributes;
    size_t extension_count, classifier_count, global_count;
    const struct log_extension *extensions;
    const struct log_classifier *classifiers;
    const struct log_global *globals;
    struct log_notes notes;
};

static inline str event_log_activity(const struct event_log *log, uint32_t activity)
{
    return names_text(log->names, log->activity_name[activity]);
}

static inline str event_log_case(const struct event_log *log, uint32_t trace)
{
    return names_text(log->names, log->case_name[trace]);
}

// When the event was begun, or completed where no more is known.
static inline int64_t event_log_started(const struct event_log *log, uint32_t event)
{
    const int64_t *started = log->moments[MOMENT_STARTED];
    return started != NULL && started[event] != NO_TIME ? started[event] : log->time[event];
}

// The newest attribute of this key directly on the event or trace; NULL when it has none.
const struct attribute *event_log_attribute(const struct event_log *log, struct attribute_span span,
                                            uint32_t key);

// As text: numbers and times written out. In the arena.
str attribute_text(struct arena *arena, const struct names *names,
                   const struct attribute *attribute);

// Reads a text as a value of the type (not of ATTRIBUTE_STRING or ATTRIBUTE_ID, whose text is a
// name, nor of a list or container) and sets type and value.
MUST_CHECK bool attribute_read(str text, enum attribute_type type, struct attribute *ret_attribute);

// The first and last time of any event or case; false when none is known.
bool event_log_range(const struct event_log *log, int64_t *ret_first, int64_t *ret_last);

#endif
