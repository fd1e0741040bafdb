// SPDX-License-Identifier: Apache-2.0
// Folding history into state with the appliers alone.
#include "engine/image.h"

struct engine_replay {
    const struct engine_environment *environment;
    struct arena *arena;
    struct stream *stream;
};

struct engine_replay *engine_replay_new(const struct engine_environment *environment,
                                        enum stream_kind kind, uint64_t stream, struct arena *arena)
{
    struct engine_replay *replay = ARENA_NEW(arena, struct engine_replay);
    replay->environment = environment;
    replay->arena = arena;
    replay->stream = kind == STREAM_INSTANCE  ? &instance_new(stream)->stream
                     : kind == STREAM_MAILBOX ? &mailbox_new(stream)->stream
                                              : &shard_new()->stream;
    return replay;
}

bool engine_replay_step(struct engine_replay *replay, const struct history_row *row,
                        struct error *err)
{
    struct stream *stream = replay->stream;
    if (row->sequence != stream->sequence + 1)
        return error_set(err, ERROR_CONFLICT, "history", "expected step %llu, found %llu",
                         (unsigned long long)stream->sequence + 1,
                         (unsigned long long)row->sequence);
    if (row->count > 0 && row->events[0].type == EVENT_PROCESS_ACTIVATED &&
        replay->environment->find_process(replay->environment->context,
                                          row->events[0].definition) == NULL)
        return error_set(err, ERROR_NOT_FOUND, "history", "definition %llu is not there",
                         (unsigned long long)row->events[0].definition);
    for (size_t i = 0; i < row->count; i++)
        apply_event(replay->environment, stream, &row->events[i]);
    stream->sequence++;
    return true;
}

static str instance_image(struct engine_replay *replay)
{
    const struct instance *instance = (const struct instance *)replay->stream;
    bool runs = instance->state == INSTANCE_ACTIVE || instance->state == INSTANCE_SUSPENDED;
    return runs ? image_of_instance(replay->arena, instance) : STR_EMPTY;
}

static str mailbox_image(struct engine_replay *replay)
{
    const struct mailbox *mailbox = (const struct mailbox *)replay->stream;
    return state_mailbox_is_empty(mailbox) ? STR_EMPTY : image_of_mailbox(replay->arena, mailbox);
}

str engine_replay_image(struct engine_replay *replay)
{
    switch (replay->stream->kind) {
    case STREAM_INSTANCE:
        return instance_image(replay);
    case STREAM_MAILBOX:
        return mailbox_image(replay);
    case STREAM_SHARD:
    case STREAM_REMEMBERED:
    case STREAM_WAITING:
        break;
    }
    return image_of_shard(replay->arena, (const struct shard *)replay->stream);
}

const struct instance *engine_replay_instance(const struct engine_replay *replay)
{
    check(replay->stream->kind == STREAM_INSTANCE);
    return (const struct instance *)replay->stream;
}

void engine_replay_free(struct engine_replay *replay)
{
    stream_free(replay->stream);
    replay->stream = NULL;
}
