// SPDX-License-Identifier: Apache-2.0
//
// Events and steps of history. The flat record maps field by field.
#include "wire/wire.h"

#include "wire/pack.h"

#include "baton/v1/event.pb-c.h"

const str wire_step_content_type =
    (str){"application/x-protobuf; proto=baton.v1.StepRecord",
          sizeof "application/x-protobuf; proto=baton.v1.StepRecord" - 1};

static Baton__V1__Event pack_event(struct arena *arena, const struct event *event)
{
    Baton__V1__Event message = BATON__V1__EVENT__INIT;
    message.type = event->type;
    message.time_ms = event->time_ms;
    message.key = event->key;
    message.scope = event->scope;
    message.parent = event->parent;
    message.definition = event->definition;
    message.element = event->element;
    message.flow = event->flow;
    message.number = event->number;
    message.due_ms = event->due_ms;
    message.name = pack_text(arena, event->name);
    message.code = pack_text(arena, event->code);
    message.value = pack_bytes(event->value);
    message.element_id = pack_text(arena, event->element_id);
    return message;
}

static Baton__V1__Event **pack_events(struct arena *arena, const struct event *events, size_t count)
{
    Baton__V1__Event *messages = ARENA_ARRAY(arena, Baton__V1__Event, count);
    Baton__V1__Event **pointers = ARENA_ARRAY(arena, Baton__V1__Event *, count);
    for (size_t i = 0; i < count; i++) {
        messages[i] = pack_event(arena, &events[i]);
        pointers[i] = &messages[i];
    }
    return pointers;
}

static struct event unpack_event(const Baton__V1__Event *message)
{
    return (struct event){
        .type = (enum event_type)message->type,
        .time_ms = message->time_ms,
        .key = message->key,
        .scope = message->scope,
        .parent = message->parent,
        .definition = message->definition,
        .element = message->element,
        .flow = message->flow,
        .number = message->number,
        .due_ms = message->due_ms,
        .name = unpack_text(message->name),
        .code = unpack_text(message->code),
        .value = unpack_bytes(message->value),
        .element_id = unpack_text(message->element_id),
    };
}

static struct event *unpack_events(struct arena *arena, Baton__V1__Event **messages, size_t count)
{
    struct event *events = ARENA_ARRAY(arena, struct event, count);
    for (size_t i = 0; i < count; i++)
        events[i] = unpack_event(messages[i]);
    return events;
}

void wire_encode_events(struct strbuf *out, const struct event *events, size_t count)
{
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__EventBatch batch = BATON__V1__EVENT_BATCH__INIT;
    batch.n_events = count;
    batch.events = pack_events(&scratch, events, count);
    pack_message(out, &batch.base);
    arena_done(&scratch);
}

bool wire_decode_events(struct arena *arena, str bytes, struct event **ret_events,
                        size_t *ret_count, struct error *err)
{
    Baton__V1__EventBatch *batch =
        unpack_message(arena, &baton__v1__event_batch__descriptor, bytes, err);
    if (batch == NULL)
        return false;
    *ret_events = unpack_events(arena, batch->events, batch->n_events);
    *ret_count = batch->n_events;
    return true;
}

void wire_encode_step(struct strbuf *out, const struct wire_step *step)
{
    struct arena scratch = ARENA_EMPTY;
    const struct history_row *row = &step->row;
    Baton__V1__StepRecord message = BATON__V1__STEP_RECORD__INIT;
    message.shard = step->shard;
    message.stream_kind = (Baton__V1__StreamKind)(row->stream_kind + 1);
    message.stream = row->stream;
    message.sequence = row->sequence;
    message.time_ms = row->time_ms;
    message.offset = row->offset;
    message.cause = row->cause;
    message.principal = pack_text(&scratch, row->principal);
    message.tenant = pack_text(&scratch, step->tenant);
    message.n_events = row->count;
    message.events = pack_events(&scratch, row->events, row->count);
    pack_message(out, &message.base);
    arena_done(&scratch);
}

bool wire_decode_step(struct arena *arena, str bytes, struct wire_step *ret_step, struct error *err)
{
    Baton__V1__StepRecord *message =
        unpack_message(arena, &baton__v1__step_record__descriptor, bytes, err);
    if (message == NULL)
        return false;
    if (message->stream_kind < BATON__V1__STREAM_KIND__STREAM_KIND_SHARD ||
        message->stream_kind > BATON__V1__STREAM_KIND__STREAM_KIND_MAILBOX)
        return error_set(err, ERROR_INVALID, "baton.v1.StepRecord", "stream kind %d is not known",
                         (int)message->stream_kind);
    *ret_step = (struct wire_step){
        .shard = message->shard,
        .tenant = unpack_text(message->tenant),
        .row = {.stream_kind = (enum stream_kind)(message->stream_kind - 1),
                .stream = message->stream,
                .sequence = message->sequence,
                .time_ms = message->time_ms,
                .offset = message->offset,
                .cause = (enum command_type)message->cause,
                .principal = unpack_text(message->principal),
                .count = message->n_events,
                .events = unpack_events(arena, message->events, message->n_events)},
    };
    return true;
}
