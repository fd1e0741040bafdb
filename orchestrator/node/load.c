// SPDX-License-Identifier: Apache-2.0
//
// The streams that a batch needs and the engine does not have in memory: one query for all of them.
#include "node/internal.h"

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
    struct map names;       // of everything else, the same
    struct idmap lacking;   // stream -> why its persons' keys cannot be had here (str)
};

static str name_of(struct arena *arena, const struct store_stream *stream)
{
    return str_format(arena, "%d %d %llu %zu %zu %.*s%.*s%.*s", stream->kind,
                      stream->subscription_kind, (unsigned long long)stream->instance,
                      stream->tenant.len, stream->name.len, STR_ARG(stream->tenant),
                      STR_ARG(stream->name), STR_ARG(stream->correlation_key));
}

// The index of what was asked for; SIZE_MAX when it was not.
static size_t find_wanted(const struct wanting *wanting, const struct store_stream *stream)
{
    if (stream->kind == STREAM_INSTANCE)
        return (size_t)(uintptr_t)idmap_get(&wanting->instances, stream->instance) - 1;
    struct arena scratch = ARENA_EMPTY;
    size_t index = (size_t)(uintptr_t)map_get(&wanting->names, name_of(&scratch, stream)) - 1;
    arena_done(&scratch);
    return index;
}

static void set_aside(struct shard *shard, const struct stream_ref *ref, str why)
{
    engine_set_aside(shard->engine, ref, why);
    shard->unreadable++;
    shard->unreadable_ms = node_uptime_ms();
    metrics_add(&shard->node->metrics, METRIC_STREAMS_UNREADABLE, 1);
    log_error("node", "ALARM: shard %u: %s %llu %.*s cannot be read: %.*s", shard->number,
              ref->kind == STREAM_INSTANCE  ? "instance"
              : ref->kind == STREAM_MAILBOX ? "mailbox"
                                            : "entry",
              (unsigned long long)ref->instance, STR_ARG(ref->name), STR_ARG(why));
}

// A stream that cannot be read is set aside: its commands are quarantined and the shard goes on.
static void bring_in(struct shard *shard, const struct stream_ref *ref, str image)
{
    struct error err;
    if (!engine_load(shard->engine, ref, image, &err))
        set_aside(shard, ref, str_of(err.text));
}

static void on_loaded(void *context, const struct store_stream *stream, str image)
{
    struct wanting *wanting = context;
    struct shard *shard = pending_owner(wanting->pending);
    size_t i = find_wanted(wanting, stream);
    if (shard == NULL || i >= wanting->count)
        return;
    wanting->found[i] = true;
    const str *lacking = idmap_get(&wanting->lacking, stream->key);
    if (lacking == NULL)
        bring_in(shard, &wanting->refs[i], image);
    else
        set_aside(shard, &wanting->refs[i], *lacking);
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

static void on_person(void *context, const struct store_person *person)
{
    struct wanting *wanting = context;
    struct shard *shard = pending_owner(wanting->pending);
    struct error err;
    if (shard == NULL || keyring_add(shard->keyring, person, &err))
        return;
    const str why = str_copy(&wanting->arena, str_of(err.text));
    idmap_put(&wanting->lacking, person->stream, arena_copy(&wanting->arena, &why, sizeof why));
}

static struct wanting *wanting_new(struct shard *shard)
{
    struct arena arena = ARENA_EMPTY;
    struct wanting *wanting = ARENA_NEW(&arena, struct wanting);
    wanting->arena = arena;
    wanting->pending = pending_new(&shard->calls, shard);
    wanting->instances = idmap_new(&wanting->arena);
    wanting->names = map_new(&wanting->arena);
    wanting->lacking = idmap_new(&wanting->arena);
    return wanting;
}

static struct store_stream stream_of(const struct stream_ref *ref)
{
    return (struct store_stream){.kind = ref->kind,
                                 .instance = ref->instance,
                                 .most = ref->most,
                                 .name = ref->name,
                                 .correlation_key = ref->correlation_key,
                                 .tenant = ref->tenant,
                                 .subscription_kind = ref->subscription_kind};
}

static void want(struct wanting *wanting, const struct stream_ref *ref)
{
    const struct store_stream stream = stream_of(ref);
    if (wanting->count == MAX_MISSING || find_wanted(wanting, &stream) < wanting->count)
        return;
    wanting->refs = array_room(&wanting->arena, wanting->refs, wanting->count, &wanting->capacity,
                               sizeof *wanting->refs);
    struct stream_ref *kept = &wanting->refs[wanting->count++];
    void *index = (void *)(uintptr_t)wanting->count;
    *kept = *ref;
    kept->name = str_copy(&wanting->arena, ref->name);
    kept->correlation_key = str_copy(&wanting->arena, ref->correlation_key);
    kept->tenant = str_copy(&wanting->arena, ref->tenant);
    if (ref->kind == STREAM_INSTANCE)
        idmap_put(&wanting->instances, ref->instance, index);
    else
        map_put(&wanting->names, name_of(&wanting->arena, &stream), index);
}

static void ask_for(struct shard *shard, struct wanting *wanting)
{
    struct store_stream *streams =
        ARENA_ARRAY(&wanting->arena, struct store_stream, wanting->count);
    for (size_t i = 0; i < wanting->count; i++)
        streams[i] = stream_of(&wanting->refs[i]);
    wanting->found = ARENA_ARRAY(&wanting->arena, bool, wanting->count);
    const struct store_load load = {.shard = shard->number,
                                    .count = wanting->count,
                                    .streams = streams,
                                    .keyed = shard->has_persons ? on_person : NULL,
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
    int64_t now_ms = node_uptime_ms();
    if (!shard->unreadable_wanted || now_ms - shard->unreadable_ms < ENGINE_UNREADABLE_REST_MS)
        return;
    engine_retry(shard->engine);
    shard->unreadable = 0;
    shard->unreadable_wanted = false;
}
