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

static bool read_stored(struct engine_replay *stored, str image)
{
    struct error err;
    switch (stored->stream->kind) {
    case STREAM_INSTANCE:
        return image_read_instance(stored->environment, image, (struct instance *)stored->stream,
                                   &err);
    case STREAM_MAILBOX:
        return image_read_mailbox(image, (struct mailbox *)stored->stream, &err);
    case STREAM_SHARD:
    case STREAM_REMEMBERED:
    case STREAM_WAITING:
        break;
    }
    return image_read_shard(image, (struct shard *)stored->stream, &err);
}

bool engine_replay_gives(struct engine_replay *replay, str image)
{
    str folded = engine_replay_image(replay);
    if (str_equal(folded, image) || str_is_empty(image))
        return str_equal(folded, image);
    const struct stream *stream = replay->stream;
    struct engine_replay *stored =
        engine_replay_new(replay->environment, stream->kind, stream->key, replay->arena);
    bool is_same = read_stored(stored, image) && str_equal(engine_replay_image(stored), folded);
    engine_replay_free(stored);
    return is_same;
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
