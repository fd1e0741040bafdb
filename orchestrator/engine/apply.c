// SPDX-License-Identifier: Apache-2.0
// Streams come and go here, and events find their appliers.
#include "engine/apply.h"

static void *stream_new(size_t size, enum stream_kind kind, uint64_t key)
{
    struct arena arena = ARENA_EMPTY;
    struct stream *stream = arena_zalloc(&arena, size);
    stream->kind = kind;
    stream->key = key;
    stream->arena = arena;
    return stream;
}

struct instance *instance_new(uint64_t key)
{
    struct instance *instance = stream_new(sizeof *instance, STREAM_INSTANCE, key);
    instance->entities = idmap_new(&instance->stream.arena);
    instance->tenant = instance->process_id = instance->business_id = STR_EMPTY;
    instance->await_variables = instance->lock_name = instance->lock_key = STR_EMPTY;
    instance->duties = STR_EMPTY;
    return instance;
}

struct mailbox *mailbox_new(uint64_t key)
{
    struct mailbox *mailbox = stream_new(sizeof *mailbox, STREAM_MAILBOX, key);
    mailbox->by_key = idmap_new(&mailbox->stream.arena);
    mailbox->by_id = map_new(&mailbox->stream.arena);
    mailbox->by_process = map_new(&mailbox->stream.arena);
    return mailbox;
}

struct shard *shard_new(void)
{
    struct shard *shard = stream_new(sizeof *shard, STREAM_SHARD, 0);
    shard->by_key = idmap_new(&shard->stream.arena);
    shard->latest = map_new(&shard->stream.arena);
    shard->shares = map_new(&shard->stream.arena);
    return shard;
}

// The stream lives in its own arena: the arena is taken out first.
void stream_free(struct stream *stream)
{
    if (stream == NULL)
        return;
    struct arena arena = stream->arena;
    arena_done(&arena);
}

void apply_event(const struct engine_environment *environment, struct stream *stream,
                 const struct event *event)
{
    switch (stream->kind) {
    case STREAM_INSTANCE:
        apply_to_instance(environment, (struct instance *)stream, event);
        break;
    case STREAM_MAILBOX:
        apply_to_mailbox((struct mailbox *)stream, event);
        break;
    case STREAM_SHARD:
        apply_to_shard((struct shard *)stream, event);
        break;
    case STREAM_REMEMBERED:
    case STREAM_WAITING:
        check_unreachable();
    }
}
