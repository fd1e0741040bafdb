// SPDX-License-Identifier: Apache-2.0
//
// Events and steps of history.
#include "wire/codec.h"
#include "wire/pack.h"

const str wire_step_content_type =
    (str){"application/x-protobuf; proto=baton.v1.StepRecord",
          sizeof "application/x-protobuf; proto=baton.v1.StepRecord" - 1};

void wire_encode_events(struct strbuf *out, const struct event *events, size_t count)
{
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__EventBatch batch = BATON__V1__EVENT_BATCH__INIT;
    Baton__V1__Event *messages = ARENA_ARRAY(&scratch, Baton__V1__Event, count);
    batch.n_events = count;
    batch.events = ARENA_ARRAY(&scratch, Baton__V1__Event *, count);
    for (size_t i = 0; i < count; i++)
        codec_pack_event(&scratch, &events[i], batch.events[i] = &messages[i]);
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
    struct event *events = ARENA_ARRAY(arena, struct event, batch->n_events);
    for (size_t i = 0; i < batch->n_events; i++)
        codec_unpack_event(arena, batch->events[i], &events[i]);
    *ret_events = events;
    *ret_count = batch->n_events;
    return true;
}

void wire_encode_step(struct strbuf *out, const struct wire_step *step)
{
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__StepRecord message;
    codec_pack_step_record(&scratch, step, &message);
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
    *ret_step = (struct wire_step){0};
    codec_unpack_step_record(arena, message, ret_step);
    return true;
}
