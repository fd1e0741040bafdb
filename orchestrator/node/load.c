// SPDX-License-Identifier: Apache-2.0
//
// The streams that a batch needs and the engine does not have in memory: one query for all of them.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"

enum { MAX_MISSING = STORE_MAX_STREAMS };

struct wanting {             // streams that are being loaded
    struct pending *pending; // of the shard
    size_t count;
    size_t capacity;
    struct stream_ref *refs;
    bool *found;
    struct arena arena;
    struct idmap instances; // key -> index + 1
};

static bool names_same(const struct stream_ref *ref, const struct store_stream *stream)
{
    return ref->kind == STREAM_MAILBOX && ref->subscription_kind == stream->subscription_kind &&
           str_equal(ref->name, stream->name) &&
           str_equal(ref->correlation_key, stream->correlation_key) &&
           str_equal(ref->tenant, stream->tenant);
}

static size_t find_wanted(const struct wanting *wanting, const struct store_stream *stream)
{
    if (stream->kind == STREAM_INSTANCE)
        return (size_t)(uintptr_t)idmap_get(&wanting->instances, stream->instance) - 1;
    size_t i = 0;
    while (i < wanting->count && !names_same(&wanting->refs[i], stream))
        i++;
    return i;
}

// A stream that cannot be read is set aside: its commands are quarantined and the shard goes on.
static void bring_in(struct shard *shard, const struct stream_ref *ref, str image)
{
    struct error err;
    if (engine_load(shard->engine, ref, image, &err))
        return;
    engine_set_aside(shard->engine, ref, str_of(err.text));
    shard->unreadable++;
    shard->unreadable_ms = clock_now_ms();
    metrics_add(&shard->node->metrics, METRIC_STREAMS_UNREADABLE, 1);
    log_error("node", "ALARM: shard %u: %s %llu %.*s cannot be read: %s", shard->number,
              ref->kind == STREAM_INSTANCE ? "instance" : "mailbox",
              (unsigned long long)ref->instance, STR_ARG(ref->name), err.text);
}

static void on_loaded(void *context, const struct store_stream *stream, str image)
{
    struct wanting *wanting = context;
    struct shard *shard = pending_owner(wanting->pending);
    size_t i = find_wanted(wanting, stream);
    if (shard == NULL || i >= wanting->count)
        return;
    wanting->found[i] = true;
    bring_in(shard, &wanting->refs[i], image);
    metrics_add(&shard->node->metrics, METRIC_STREAMS_LOADED, 1);
}

static void wanting_free(struct wanting *wanting)
{
    struct arena arena = wanting->arena; // the struct lives in it
    arena_done(&arena);
}

void load_done(struct shard *shard, enum store_outcome outcome, const struct error *err)
{
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, err->text);
        return;
    }
    if (shard->computing != NULL)
        shard->computing->loading = false;
    node_shard_wake(shard);
}

static void on_all_loaded(void *context, enum store_outcome outcome, const struct error *err)
{
    struct wanting *wanting = context;
    struct shard *shard = pending_end(wanting->pending);
    for (size_t i = 0; shard != NULL && outcome == STORE_DONE && i < wanting->count; i++)
        if (!wanting->found[i])
            bring_in(shard, &wanting->refs[i], STR_EMPTY);
    wanting_free(wanting);
    if (shard != NULL)
        load_done(shard, outcome, err);
}

static struct wanting *wanting_new(struct shard *shard)
{
    struct arena arena = ARENA_EMPTY;
    struct wanting *wanting = ARENA_NEW(&arena, struct wanting);
    wanting->arena = arena;
    wanting->pending = pending_new(&shard->calls, shard);
    wanting->instances = idmap_new(&wanting->arena);
    return wanting;
}

static bool is_wanted(struct wanting *wanting, const struct stream_ref *ref)
{
    if (ref->kind == STREAM_INSTANCE)
        return idmap_get(&wanting->instances, ref->instance) != NULL;
    const struct store_stream stream = {.kind = STREAM_MAILBOX,
                                        .name = ref->name,
                                        .correlation_key = ref->correlation_key,
                                        .tenant = ref->tenant,
                                        .subscription_kind = ref->subscription_kind};
    return find_wanted(wanting, &stream) < wanting->count;
}

static void want(struct wanting *wanting, const struct stream_ref *ref)
{
    if (wanting->count == MAX_MISSING || is_wanted(wanting, ref))
        return;
    wanting->refs = array_room(&wanting->arena, wanting->refs, wanting->count, &wanting->capacity,
                               sizeof *wanting->refs);
    struct stream_ref *kept = &wanting->refs[wanting->count++];
    *kept = *ref;
    kept->name = str_copy(&wanting->arena, ref->name);
    kept->correlation_key = str_copy(&wanting->arena, ref->correlation_key);
    kept->tenant = str_copy(&wanting->arena, ref->tenant);
    if (ref->kind == STREAM_INSTANCE)
        idmap_put(&wanting->instances, ref->instance, (void *)(uintptr_t)wanting->count);
}

static void ask_for(struct shard *shard, struct wanting *wanting)
{
    struct store_stream *streams =
        ARENA_ARRAY(&wanting->arena, struct store_stream, wanting->count);
    for (size_t i = 0; i < wanting->count; i++) {
        const struct stream_ref *ref = &wanting->refs[i];
        streams[i] = (struct store_stream){.kind = ref->kind,
                                           .instance = ref->instance,
                                           .name = ref->name,
                                           .correlation_key = ref->correlation_key,
                                           .tenant = ref->tenant,
                                           .subscription_kind = ref->subscription_kind};
    }
    wanting->found = ARENA_ARRAY(&wanting->arena, bool, wanting->count);
    const struct store_load load = {.shard = shard->number,
                                    .count = wanting->count,
                                    .streams = streams,
                                    .loaded = on_loaded,
                                    .done = on_all_loaded,
                                    .context = wanting};
    shard->computing->loading = true;
    store_load_streams(shard->node->store, &load);
}

void load_streams(struct shard *shard)
{
    struct batch *batch = shard->computing;
    struct wanting *wanting = wanting_new(shard);
    struct stream_ref refs[ENGINE_MAX_REFS];
    for (size_t i = batch->at; i < batch->count; i++) {
        if (batch->tasks[i].what != TASK_STEP)
            continue;
        size_t count = engine_missing(shard->engine, &batch->tasks[i].command, refs);
        for (size_t j = 0; j < count; j++)
            want(wanting, &refs[j]);
    }
    check(wanting->count > 0);
    ask_for(shard, wanting);
}

void load_unreadable_again(struct shard *shard)
{
    int64_t now_ms = clock_now_ms();
    if (!shard->unreadable_wanted || now_ms - shard->unreadable_ms < ENGINE_UNREADABLE_REST_MS)
        return;
    engine_retry(shard->engine);
    shard->unreadable = 0;
    shard->unreadable_wanted = false;
}
