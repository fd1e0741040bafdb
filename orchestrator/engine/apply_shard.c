// SPDX-License-Identifier: Apache-2.0
// Appliers of the shard's own stream: definitions, what starts them.
#include "engine/apply.h"

static str member(struct arena *arena, const struct json *details, const char *name)
{
    return str_copy(arena, json_get_str(details, str_of(name), STR_EMPTY));
}

static enum resource_kind kind_named(str name)
{
    static const char *const names[] = {"PROCESS", "DECISIONS", "FORM", "OTHER", "REQUIREMENTS"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal(name, str_of(names[i])))
            return (enum resource_kind)i;
    return RESOURCE_OTHER;
}

// The same definition twice is the same: commands may be delivered again.
static void publish(struct shard *shard, const struct event *event)
{
    struct arena *arena = &shard->stream.arena;
    struct json *details;
    struct error err;
    check(json_parse(arena, event->value, &details, &err));
    struct definition *definition = ARENA_NEW(arena, struct definition);
    definition->is_dirty = true;
    definition->key = event->key;
    definition->deployment = event->parent;
    definition->kind = kind_named(event->code);
    definition->version = (int32_t)event->number;
    definition->id = str_copy(arena, event->name);
    definition->version_tag = member(arena, details, "tag");
    definition->resource_name = member(arena, details, "resource");
    definition->tenant = member(arena, details, "tenant");
    definition->name = member(arena, details, "name");
    definition->deployed_ms = event->time_ms;
    check(digest_from_hex(arena, json_get_str(details, STR("digest"), STR_EMPTY),
                          &definition->digest));
    *(shard->last_definition ? &shard->last_definition->next : &shard->definitions) = definition;
    shard->last_definition = definition;
    idmap_put(&shard->by_key, definition->key, definition);
    state_set_latest(shard, definition);
}

static void delete_definition(struct shard *shard, const struct event *event)
{
    struct definition *definition = idmap_get(&shard->by_key, event->key);
    check(definition != NULL);
    definition->is_deleted = definition->is_dirty = true;
    shard->latest = map_new(&shard->stream.arena);
    for (struct definition *d = shard->definitions; d != NULL; d = d->next)
        if (!d->is_deleted)
            state_set_latest(shard, d);
}

static enum bpmn_trigger_kind trigger_named(str name)
{
    for (int kind = BPMN_MESSAGE_TRIGGER; kind <= BPMN_CANCEL_TRIGGER; kind++)
        if (str_equal(name, str_of(bpmn_trigger_name((enum bpmn_trigger_kind)kind))))
            return (enum bpmn_trigger_kind)kind;
    return BPMN_NO_TRIGGER;
}

static void subscribe(struct shard *shard, const struct event *event)
{
    struct arena *arena = &shard->stream.arena;
    const struct definition *definition = idmap_get(&shard->by_key, event->definition);
    struct start **at = &shard->starts;
    while (*at != NULL)
        at = &(*at)->next;
    *at = ARENA_NEW(arena, struct start);
    **at = (struct start){
        .key = event->key,
        .definition = event->definition,
        .element = event->element - 1,
        .trigger = event->flow - 1,
        .kind = trigger_named(event->code),
        .name = str_copy(arena, event->name),
        .tenant = definition == NULL ? STR_EMPTY : definition->tenant,
        .due_ms = event->due_ms,
        .repetitions = event->number,
        .is_dirty = true,
    };
}

static void unsubscribe(struct shard *shard, const struct event *event)
{
    struct start **at = &shard->starts;
    while (*at != NULL && (*at)->key != event->key)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    struct start *gone = *at;
    *at = gone->next;
    gone->next = shard->gone_starts;
    shard->gone_starts = gone;
}

static struct cluster_variable **find_cluster_variable(struct shard *shard, uint64_t key)
{
    struct cluster_variable **at = &shard->cluster_variables;
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static void set_cluster_variable(struct shard *shard, const struct event *event)
{
    struct arena *arena = &shard->stream.arena;
    struct cluster_variable **at = find_cluster_variable(shard, event->key);
    if (*at == NULL) {
        *at = ARENA_NEW(arena, struct cluster_variable);
        (*at)->key = event->key;
        (*at)->name = str_copy(arena, event->name);
        (*at)->is_global = event->number != 0;
        (*at)->tenant = str_copy(arena, event->code);
    }
    (*at)->value = str_copy(arena, event->value);
    (*at)->changed_ms = event->time_ms;
    (*at)->is_dirty = true;
}

static void remove_cluster_variable(struct shard *shard, const struct event *event)
{
    struct cluster_variable **at = find_cluster_variable(shard, event->key);
    struct cluster_variable *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    gone->next = shard->gone_cluster_variables;
    shard->gone_cluster_variables = gone;
}

static void set_clock(struct shard *shard, const struct event *event)
{
    bool is_pinned = str_equal(event->code, STR("PINNED"));
    shard->clock = is_pinned ? (struct test_clock){.pinned_ms = event->due_ms, .is_pinned = true}
                             : (struct test_clock){.offset_ms = event->number};
}

static void open_breaker(struct shard *shard, const struct event *event)
{
    struct arena *arena = &shard->stream.arena;
    struct breaker **at = &shard->breakers;
    while (*at != NULL && (*at)->key != event->key)
        at = &(*at)->next;
    if (*at == NULL) {
        *at = ARENA_NEW(arena, struct breaker);
        (*at)->key = event->key;
        (*at)->kind = (enum breaker_kind)event->flow;
        (*at)->name = str_copy(arena, event->name);
        (*at)->tenant = str_copy(arena, event->value);
        shard->breaker_count++;
    }
    (*at)->cause = str_copy(arena, event->code);
    (*at)->job = event->parent;
    (*at)->times = (int32_t)event->number;
    (*at)->opened_ms = event->time_ms;
    (*at)->probes_ms = event->due_ms;
    (*at)->probe_count = 0;
    (*at)->is_dirty = true;
}

static void close_breaker(struct shard *shard, const struct event *event)
{
    struct breaker **at = &shard->breakers;
    while (*at != NULL && (*at)->key != event->key)
        at = &(*at)->next;
    struct breaker *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    gone->next = shard->gone_breakers;
    shard->gone_breakers = gone;
    shard->breaker_count--;
}

void apply_to_shard(struct shard *shard, const struct event *event)
{
    switch ((int)event->type) {
    case EVENT_DEFINITION_PUBLISHED:
        publish(shard, event);
        break;
    case EVENT_DEFINITION_DELETED:
        delete_definition(shard, event);
        break;
    case EVENT_START_SUBSCRIBED:
        subscribe(shard, event);
        break;
    case EVENT_START_UNSUBSCRIBED:
        unsubscribe(shard, event);
        break;
    case EVENT_CLUSTER_VARIABLE_SET:
        set_cluster_variable(shard, event);
        break;
    case EVENT_CLUSTER_VARIABLE_REMOVED:
        remove_cluster_variable(shard, event);
        break;
    case EVENT_CLOCK_SET:
        set_clock(shard, event);
        break;
    case EVENT_SHARES_SET:
        state_set_shares(shard, event->value);
        break;
    case EVENT_POLICIES_SET:
        state_set_policies(shard, event->value);
        break;
    case EVENT_LISTENERS_SET:
        state_set_listeners(shard, event->value);
        break;
    case EVENT_BREAKER_OPENED:
        open_breaker(shard, event);
        break;
    case EVENT_BREAKER_CLOSED:
        close_breaker(shard, event);
        break;
    default: // DEFINITION_DEPLOYED, rejections, signals: notes
        break;
    }
}
