// SPDX-License-Identifier: Apache-2.0
//
// Makes an event log from what a reader finds: cases in any order, events in any order, attributes
// as they come. event_log_finish sorts, numbers and drops, and counts what it dropped.
//
//     struct log_builder *b = log_builder_new(arena);
//     log_builder_case(b, STR("order-7"), &is_new, err);    // from here on, events are of this
//     case struct raw_event *event = log_builder_event(b, err);  // to be filled
//     log_builder_attribute(b, OWNER_EVENT, &attribute, err);
//     const struct event_log *log;
//     if (!log_builder_finish(b, &log, err)) …
#ifndef BATON_INSIGHT_BUILDER_H
#define BATON_INSIGHT_BUILDER_H

#include "insight/event_log.h"
#include "insight/limits.h"

struct log_builder;

// What a reader knows of an event. Names may be NAME_NONE, times NO_TIME.
struct raw_event {
    uint32_t activity; // name of the activity's text
    int64_t time;
    int64_t moments[MOMENT_COUNT];
    uint32_t resource, lifecycle;
};

static inline struct raw_event raw_event_empty(void)
{
    return (struct raw_event){
        NAME_NONE, NO_TIME, {NO_TIME, NO_TIME, NO_TIME, NO_TIME}, NAME_NONE, NAME_NONE};
}

// Working memory is the builder's own and goes with log_builder_free; the log lives in `arena`.
struct log_builder *log_builder_new(struct arena *arena);
void log_builder_free(struct log_builder *builder); // NULL is fine

struct names *log_builder_names(struct log_builder *builder);
struct log_notes *log_builder_notes(struct log_builder *builder);

// Events go to the case of this name from here on. One that was there before goes on.
MUST_CHECK bool log_builder_case(struct log_builder *builder, str name, bool *ret_is_new,
                                 struct error *err);

// The same for a reader that learns the name later: a new case, and its name. When another case has
// that name, the two are put together. One that gets no name is called by its number: #12.
MUST_CHECK bool log_builder_new_case(struct log_builder *builder, struct error *err);
void log_builder_name_case(struct log_builder *builder, str name);

// A new event of the current case, empty; NULL when a limit was reached. Good until the next.
MUST_CHECK struct raw_event *log_builder_event(struct log_builder *builder, struct error *err);

// The newest event is not wanted.
void log_builder_drop_event(struct log_builder *builder);

// When the current case itself began and ended, where that is known apart from its events.
void log_builder_case_span(struct log_builder *builder, int64_t begun, int64_t ended);

// What an attribute is said of.
enum owner { OWNER_LOG, OWNER_CASE, OWNER_EVENT, OWNER_GLOBAL };

// Of the log, the current case, the event that came last or the global that came last. Attributes
// of one owner may be mixed with those of others.
MUST_CHECK bool log_builder_attribute(struct log_builder *builder, enum owner owner,
                                      const struct attribute *attribute, struct error *err);

// Attributes of this key are of that type: their texts are read again.
void log_builder_retype(struct log_builder *builder, uint32_t key, enum attribute_type type);

void log_builder_extension(struct log_builder *builder, const struct log_extension *extension);
void log_builder_classifier(struct log_builder *builder, const struct log_classifier *classifier);
void log_builder_global(struct log_builder *builder, str scope);

// The log, in the arena. Once.
MUST_CHECK bool log_builder_finish(struct log_builder *builder, const struct event_log **ret_log,
                                   struct error *err);

#endif
