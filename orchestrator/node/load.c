// SPDX-License-Identifier: Apache-2.0
//
// What a batch needs from PostgreSQL before it can be computed: streams that the engine does not
// have in memory, and resources that a deployment names. One query for all of it.
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

static void bring_in(struct shard *shard, const struct stream_ref *ref, str image)
{
    struct error err;
    if (!engine_load(shard->engine, ref, image, &err))
        log_error("node", "shard %u: a stored state is damaged: %s", shard->number, err.text);
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

// What the batch asked for has come. A shard that is being released has no batch any more.
static void go_on(struct shard *shard, enum store_outcome outcome, const struct error *err)
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
        go_on(shard, outcome, err);
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

// -- Resources of a deployment ----------------------------------------------------------

static void on_resource(void *context, const struct store_resource_row *found)
{
    struct shard *shard = pending_owner(context);
    struct batch *batch = shard != NULL ? shard->computing : NULL;
    if (batch == NULL)
        return;
    for (size_t i = 0; i < batch->count; i++) {
        const struct command *command = &batch->tasks[i].command;
        if (command->type != COMMAND_PUBLISH_DEFINITIONS)
            continue;
        for (size_t j = 0; j < command->deploy.count; j++) {
            const struct deployed_resource *resource = &command->deploy.resources[j];
            const struct definition_source source = {.key = resource->key,
                                                     .kind = resource->kind,
                                                     .id = resource->definition_id,
                                                     .bytes = found->bytes,
                                                     .imports = found->imports};
            struct error err;
            if (str_equal(resource->digest, found->digest) &&
                !definitions_add(shard->node->definitions, &source, &err))
                log_error("node", "definition %llu cannot run: %s",
                          (unsigned long long)resource->key, err.text);
        }
    }
}

static void on_resources(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard != NULL)
        go_on(shard, outcome, err);
}

static size_t find_unknown(struct batch *batch, str *digests, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct command *command = &batch->tasks[i].command;
        if (batch->tasks[i].what != TASK_STEP || command->type != COMMAND_PUBLISH_DEFINITIONS)
            continue;
        for (size_t j = 0; j < command->deploy.count && count < capacity; j++)
            if (!definitions_have(batch->shard->node->definitions,
                                  command->deploy.resources[j].key))
                digests[count++] = command->deploy.resources[j].digest;
    }
    return count;
}

bool load_resources(struct shard *shard)
{
    str digests[COMMAND_MAX_RESOURCES];
    size_t count = find_unknown(shard->computing, digests, COMMAND_MAX_RESOURCES);
    if (count == 0)
        return false;
    const struct store_resources query = {.shard = shard->number,
                                          .count = count,
                                          .digests = digests,
                                          .found = on_resource,
                                          .done = on_resources,
                                          .context = pending_new(&shard->calls, shard)};
    shard->computing->loading = true;
    store_find_resources(shard->node->store, &query);
    return true;
}
