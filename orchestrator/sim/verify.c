// SPDX-License-Identifier: Apache-2.0
// The promise that history folds to the stored state, looked at after every command.
#include "sim/world.h"

static bool fold(struct sim *sim, enum stream_kind kind, uint64_t stream, str *ret_image)
{
    struct engine_replay *replay = engine_replay_new(&sim->environment, kind, stream, &sim->arena);
    bool ok = true;
    for (size_t i = 0; ok && i < sim->history.count; i++) {
        const struct history_row *row = &sim->history.items[i];
        if (row->stream_kind == kind && row->stream == stream)
            ok = engine_replay_step(replay, row, &sim->failure);
    }
    *ret_image = ok ? engine_replay_image(replay) : STR_EMPTY;
    engine_replay_free(replay);
    return ok;
}

static void compare(struct sim *sim, enum stream_kind kind, uint64_t stream, str stored)
{
    str folded;
    if (sim->failure.kind != ERROR_NONE || !fold(sim, kind, stream, &folded) ||
        str_equal(folded, stored))
        return;
    error_set(&sim->failure, ERROR_CONFLICT, "verify",
              "the history of stream %llu folds to %zu bytes that differ from the %zu stored",
              (unsigned long long)stream, folded.len, stored.len);
}

// Events may point into the streams that they happened to, which the engine lets go of some turns
// later.
static void keep(struct sim *sim, const struct history_row *row)
{
    struct event *events = arena_copy(&sim->arena, row->events, row->count * sizeof *row->events);
    for (size_t i = 0; i < row->count; i++) {
        events[i].name = str_copy(&sim->arena, events[i].name);
        events[i].code = str_copy(&sim->arena, events[i].code);
        events[i].value = str_copy(&sim->arena, events[i].value);
        events[i].element_id = str_copy(&sim->arena, events[i].element_id);
    }
    struct history_row *kept = ARRAY_PUSH(&sim->arena, &sim->history);
    *kept = *row;
    kept->principal = str_copy(&sim->arena, row->principal);
    kept->origin = str_copy(&sim->arena, row->origin);
    kept->events = events;
}

void world_verify(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->history.count; i++)
        keep(sim, &changes->history.items[i]);
    for (size_t i = 0; i < changes->instances.count; i++)
        compare(sim, STREAM_INSTANCE, changes->instances.items[i].key,
                changes->instances.items[i].image);
    for (size_t i = 0; i < changes->mailboxes.count; i++) {
        const struct mailbox_row *row = &changes->mailboxes.items[i];
        const struct stream_ref ref = {.subscription_kind = row->kind,
                                       .tenant = row->tenant,
                                       .name = row->name,
                                       .correlation_key = row->correlation_key};
        if (row->change != ROW_DELETE)
            compare(sim, STREAM_MAILBOX, row->key, mailboxes_image(&sim->mailboxes, &ref));
    }
    if (changes->shard_image.data != NULL)
        compare(sim, STREAM_SHARD, 0, changes->shard_image);
}
