// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

static void put_definition(struct strbuf *out, const struct definition *d)
{
    image_put_u64(out, d->key);
    image_put_u64(out, d->deployment);
    image_put_u64(out, d->kind);
    image_put_u64(out, d->is_deleted);
    image_put_i64(out, d->version);
    image_put_str(out, d->id);
    image_put_str(out, d->version_tag);
    image_put_str(out, d->resource_name);
    image_put_str(out, d->digest);
    image_put_str(out, d->tenant);
    image_put_i64(out, d->deployed_ms);
}

static void get_definition(struct image_reader *in, struct shard *shard)
{
    struct definition *d = ARENA_NEW(in->arena, struct definition);
    d->key = image_get_u64(in);
    d->deployment = image_get_u64(in);
    d->kind = (enum resource_kind)image_get_u64(in);
    d->is_deleted = image_get_u64(in) != 0;
    d->version = (int32_t)image_get_i64(in);
    d->id = image_get_str(in);
    d->version_tag = image_get_str(in);
    d->resource_name = image_get_str(in);
    d->digest = image_get_str(in);
    d->tenant = image_get_str(in);
    d->deployed_ms = image_get_i64(in);
    if (in->failed || d->key == 0) {
        in->failed = true;
        return;
    }
    *(shard->last_definition ? &shard->last_definition->next : &shard->definitions) = d;
    shard->last_definition = d;
    idmap_put(&shard->by_key, d->key, d);
    if (!d->is_deleted)
        state_set_latest(shard, d);
}

static void put_start(struct strbuf *out, const struct start *s)
{
    image_put_u64(out, s->key);
    image_put_u64(out, s->definition);
    image_put_u64(out, s->element);
    image_put_u64(out, s->trigger);
    image_put_u64(out, s->kind);
    image_put_str(out, s->name);
    image_put_str(out, s->tenant);
    image_put_i64(out, s->due_ms);
    image_put_i64(out, s->repetitions);
}

static struct start *get_start(struct image_reader *in)
{
    struct start *s = ARENA_NEW(in->arena, struct start);
    s->is_stored = true;
    s->key = image_get_u64(in);
    s->definition = image_get_u64(in);
    s->element = (uint32_t)image_get_u64(in);
    s->trigger = (uint32_t)image_get_u64(in);
    s->kind = (enum bpmn_trigger_kind)image_get_u64(in);
    s->name = image_get_str(in);
    s->tenant = image_get_str(in);
    s->due_ms = image_get_i64(in);
    s->repetitions = image_get_i64(in);
    return s;
}

static void put_cluster_variables(struct strbuf *out, const struct shard *shard)
{
    uint64_t count = 0;
    for (const struct cluster_variable *v = shard->cluster_variables; v != NULL; v = v->next)
        count++;
    image_put_u64(out, count);
    for (const struct cluster_variable *v = shard->cluster_variables; v != NULL; v = v->next) {
        image_put_u64(out, v->key);
        image_put_str(out, v->name);
        image_put_str(out, v->value);
        image_put_u64(out, v->is_global);
        image_put_str(out, v->tenant);
        image_put_i64(out, v->changed_ms);
    }
}

static void get_cluster_variables(struct image_reader *in, struct shard *shard)
{
    struct cluster_variable **at = &shard->cluster_variables;
    for (uint64_t n = image_get_u64(in); n > 0 && !in->failed; n--) {
        *at = ARENA_NEW(in->arena, struct cluster_variable);
        (*at)->is_stored = true;
        (*at)->key = image_get_u64(in);
        (*at)->name = image_get_str(in);
        (*at)->value = image_get_str(in);
        (*at)->is_global = image_get_u64(in) != 0;
        (*at)->tenant = image_get_str(in);
        (*at)->changed_ms = image_get_i64(in);
        at = &(*at)->next;
    }
}

static void put_breakers(struct strbuf *out, const struct shard *shard)
{
    image_put_u64(out, shard->breaker_count);
    for (const struct breaker *b = shard->breakers; b != NULL; b = b->next) {
        image_put_u64(out, b->key);
        image_put_u64(out, b->kind);
        image_put_str(out, b->tenant);
        image_put_str(out, b->name);
        image_put_str(out, b->cause);
        image_put_u64(out, b->job);
        image_put_i64(out, b->times);
        image_put_i64(out, b->opened_ms);
        image_put_i64(out, b->probes_ms);
    }
}

static void get_breakers(struct image_reader *in, struct shard *shard)
{
    struct breaker **at = &shard->breakers;
    for (uint64_t n = image_get_u64(in); n > 0 && !in->failed; n--) {
        *at = ARENA_NEW(in->arena, struct breaker);
        (*at)->is_stored = true;
        (*at)->key = image_get_u64(in);
        (*at)->kind = (enum breaker_kind)image_get_u64(in);
        (*at)->tenant = image_get_str(in);
        (*at)->name = image_get_str(in);
        (*at)->cause = image_get_str(in);
        (*at)->job = image_get_u64(in);
        (*at)->times = (int32_t)image_get_i64(in);
        (*at)->opened_ms = image_get_i64(in);
        (*at)->probes_ms = image_get_i64(in);
        at = &(*at)->next;
        shard->breaker_count++;
    }
}

str image_of_shard(struct arena *arena, const struct shard *shard)
{
    struct strbuf out = image_new(arena);
    uint64_t definitions = 0, starts = 0;
    for (const struct definition *d = shard->definitions; d != NULL; d = d->next)
        definitions++;
    for (const struct start *s = shard->starts; s != NULL; s = s->next)
        starts++;
    image_put_u64(&out, shard->stream.sequence);
    image_put_u64(&out, definitions);
    for (const struct definition *d = shard->definitions; d != NULL; d = d->next)
        put_definition(&out, d);
    image_put_u64(&out, starts);
    for (const struct start *s = shard->starts; s != NULL; s = s->next)
        put_start(&out, s);
    put_cluster_variables(&out, shard);
    image_put_i64(&out, shard->clock.offset_ms);
    image_put_u64(&out, shard->clock.is_pinned);
    image_put_i64(&out, shard->clock.pinned_ms);
    image_put_str(&out, shard->shares_text);
    image_put_str(&out, shard->policies_text);
    image_put_str(&out, shard->listeners_text);
    put_breakers(&out, shard);
    return image_finish(&out);
}

bool image_read_shard(str image, struct shard *shard, struct error *err)
{
    struct image_reader in;
    if (!image_begin(&in, image, &shard->stream.arena))
        return image_end(&in, err);
    shard->stream.sequence = image_get_u64(&in);
    for (uint64_t n = image_get_u64(&in); n > 0 && !in.failed; n--)
        get_definition(&in, shard);
    struct start **at = &shard->starts;
    for (uint64_t n = image_get_u64(&in); n > 0 && !in.failed; n--) {
        *at = get_start(&in);
        at = &(*at)->next;
    }
    get_cluster_variables(&in, shard);
    shard->clock.offset_ms = image_get_i64(&in);
    shard->clock.is_pinned = image_get_u64(&in) != 0;
    shard->clock.pinned_ms = image_get_i64(&in);
    shard->shares_text = image_get_str(&in);
    in.failed =
        in.failed || !state_read_shares(&shard->stream.arena, shard->shares_text, &shard->shares);
    shard->policies_text = image_get_str(&in);
    in.failed = in.failed ||
                !state_read_policies(&shard->stream.arena, shard->policies_text, &shard->policies);
    shard->listeners_text = image_get_str(&in);
    in.failed = in.failed || !state_read_listeners(&shard->stream.arena, shard->listeners_text,
                                                   &shard->listeners);
    if (in.version >= IMAGE_WITH_BREAKERS)
        get_breakers(&in, shard);
    shard->stream.is_stored = true;
    return image_end(&in, err);
}
