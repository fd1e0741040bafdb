// SPDX-License-Identifier: Apache-2.0
//
// An event says what changed. Events are history: folding a stream's events with the engine's
// appliers gives its state, byte for byte. One flat record serves all of them, so that history, the
// event topic, SQL views, mining and replay share one shape; which fields a type uses stands in
// events.def.
//
// A stream is what has its own history and state: an instance, a mailbox (a message name and
// correlation key on their shard), or the shard itself.
#ifndef BATON_RECORD_EVENT_H
#define BATON_RECORD_EVENT_H

#include "base/str.h"
#include "record/command.h"

enum event_type {
    EVENT_NONE = 0,
#define EVENT(name, number, entity) EVENT_##name = number,
#include "record/events.def"
#undef EVENT
};

enum event_entity {
    ENTITY_NONE,
    ENTITY_INSTANCE,
    ENTITY_ELEMENT,
    ENTITY_JOB,
    ENTITY_TIMER,
    ENTITY_SUBSCRIPTION,
    ENTITY_MESSAGE,
    ENTITY_USER_TASK,
    ENTITY_INCIDENT,
    ENTITY_DEFINITION,
};

// The last two are no streams and have no history of their own: rows that the engine asks for as if
// they were, because there may be very many of them.
enum stream_kind {
    STREAM_SHARD,
    STREAM_INSTANCE,
    STREAM_MAILBOX,
    STREAM_REMEMBERED, // a deduplication id
    STREAM_WAITING,    // the next of those that wait for a signal
};

enum { EVENT_NO_INDEX = 0 }; // element and flow carry index + 1, so that 0 means none

struct event {
    enum event_type type;
    int64_t time_ms;
    uint64_t key;        // the entity the event is about
    uint64_t scope;      // the element instance it happens in
    uint64_t parent;     // a second entity: caller, message, job
    uint64_t definition; // where the stream's definition is set or changed
    uint32_t element;    // index + 1 of the element in the definition
    uint32_t flow;       // index + 1 of the sequence flow
    int64_t number;
    int64_t due_ms;
    str name;
    str code;
    str value;
    uint32_t order; // in its step, over all streams; not part of history
    str element_id; // filled for events that leave the engine's stream (baton.events, REST); not
                    // part of history
};

const char *event_type_name(enum event_type type);
#endif
