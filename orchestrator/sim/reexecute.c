// SPDX-License-Identifier: Apache-2.0
//
// The promise that the same commands give the same history: done again by another engine, several
// to a batch, which sees no more of what was stored than a node does.
#include "sim/world.h"
#include "wire/wire.h"

enum { MOST_IN_A_BATCH = 7 };

struct again {
    struct sim *sim;
    struct engine *engine;
    struct arena arena;
    struct idmap instances; // images as they are stored: str
    struct mailboxes mailboxes;
    size_t compared; // rows of the history
    struct error *err;
};

static str *keep(struct again *again, str image)
{
    str *kept = ARENA_NEW(&again->arena, str);
    *kept = str_copy(&again->arena, image);
    return kept;
}

static str stored(struct again *again, const struct stream_ref *ref)
{
    if (ref->kind != STREAM_INSTANCE)
        return mailboxes_image(&again->mailboxes, ref);
    const str *image = idmap_get(&again->instances, ref->instance);
    return image == NULL ? STR_EMPTY : *image;
}

static void store(struct again *again, const struct changes *changes)
{
    for (size_t i = 0; i < changes->instances.count; i++) {
        const struct instance_row *row = &changes->instances.items[i];
        idmap_put(&again->instances, row->key, keep(again, row->image));
    }
    mailboxes_write(&again->mailboxes, changes);
}

static bool same_event(const struct event *a, const struct event *b)
{
    return a->type == b->type && a->time_ms == b->time_ms && a->key == b->key &&
           a->scope == b->scope && a->parent == b->parent && a->definition == b->definition &&
           a->element == b->element && a->flow == b->flow && a->number == b->number &&
           a->due_ms == b->due_ms && str_equal(a->name, b->name) && str_equal(a->code, b->code) &&
           str_equal(a->value, b->value);
}

static bool same_row(const struct history_row *a, const struct history_row *b)
{
    bool same = a->stream_kind == b->stream_kind && a->stream == b->stream &&
                a->sequence == b->sequence && a->time_ms == b->time_ms && a->cause == b->cause &&
                a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = same_event(&a->events[i], &b->events[i]);
    return same;
}

static bool compare(struct again *again, const struct changes *changes)
{
    const struct sim *sim = again->sim;
    for (size_t i = 0; i < changes->history.count; i++, again->compared++) {
        const struct history_row *row = &changes->history.items[i];
        if (again->compared >= sim->history.count ||
            !same_row(row, &sim->history.items[again->compared]))
            return error_set(again->err, ERROR_CONFLICT, "verify",
                             "step %llu of stream %llu, row %zu of the history, is not the same "
                             "when its command is done again",
                             (unsigned long long)row->sequence, (unsigned long long)row->stream,
                             again->compared);
    }
    return true;
}

static bool load_missing(struct again *again, const struct command *command)
{
    struct stream_ref refs[ENGINE_MAX_REFS];
    for (size_t n; (n = engine_missing(again->engine, command, refs)) > 0;)
        for (size_t i = 0; i < n; i++)
            if (!engine_load(again->engine, &refs[i], stored(again, &refs[i]), again->err))
                return false;
    return true;
}

static bool do_again(struct again *again, const struct executed *executed)
{
    struct command *command = ARENA_NEW(&again->arena, struct command);
    if (!wire_decode_command(&again->arena, executed->bytes, command, again->err))
        return false;
    command->time_ms = executed->time_ms;
    if (!load_missing(again, command))
        return false;
    engine_step(again->engine, command);
    return true;
}

static bool run_batch(struct again *again, size_t first, size_t count)
{
    struct changes changes;
    engine_begin(again->engine, &again->arena);
    for (size_t i = first; i < first + count; i++)
        if (!do_again(again, &again->sim->executed.items[i]))
            return false;
    engine_end(again->engine, &changes);
    store(again, &changes);
    return compare(again, &changes);
}

void world_remember(struct sim *sim, const struct command *command)
{
    struct strbuf bytes = strbuf_new(&sim->arena);
    wire_encode_command(&bytes, command);
    *ARRAY_PUSH(&sim->arena, &sim->executed) =
        (struct executed){strbuf_str(&bytes), command->time_ms};
}

bool sim_reexecute(struct sim *sim, struct error *err)
{
    check(sim->options.verify && !sim->options.manual);
    struct again again = {.sim = sim, .err = err};
    again.instances = idmap_new(&again.arena);
    again.mailboxes = mailboxes_new(&again.arena);
    again.engine = engine_new(&sim->environment, STR_EMPTY, 1, 1, err);
    bool ok = again.engine != NULL;
    for (size_t first = 0, count; ok && first < sim->executed.count; first += count) {
        count = 1 + first % MOST_IN_A_BATCH;
        if (count > sim->executed.count - first)
            count = sim->executed.count - first;
        ok = run_batch(&again, first, count);
    }
    if (ok && again.compared != sim->history.count)
        ok = error_set(err, ERROR_CONFLICT, "verify",
                       "%zu steps when the commands are done again, %zu before", again.compared,
                       sim->history.count);
    engine_free(again.engine);
    arena_done(&again.arena);
    return ok;
}
