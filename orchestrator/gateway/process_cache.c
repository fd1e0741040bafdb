// SPDX-License-Identifier: Apache-2.0
#include "gateway/process_cache.h"

#include "gateway/gateway_private.h"
#include "gateway/read.h"
#include "bpmn/bpmn.h"
#include "store/read/read.h"

#include <stdlib.h>

struct cached {
    uint64_t definition;
    struct arena arena;
    const struct bpmn_process *process;
};

// A ring: the oldest entry makes room.
struct process_cache {
    struct cached entries[PROCESS_CACHE_MAX];
    size_t next;
};

struct finding {
    uint64_t definition;
    process_found *found;
    void *context;
};

struct process_cache *process_cache_new(void)
{
    struct process_cache *cache = calloc(1, sizeof *cache);
    check(cache != NULL);
    return cache;
}

void process_cache_free(struct process_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < PROCESS_CACHE_MAX; i++)
        arena_done(&cache->entries[i].arena);
    free(cache);
}

static const struct bpmn_process *compile(struct process_cache *cache, uint64_t definition, str id,
                                          str xml)
{
    struct cached *entry = &cache->entries[cache->next];
    struct arena scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    struct error err;
    cache->next = (cache->next + 1) % PROCESS_CACHE_MAX;
    arena_done(&entry->arena);
    entry->process = NULL;
    if (bpmn_parse(&entry->arena, &scratch, str_copy(&entry->arena, xml), &resource, &err))
        entry->process = bpmn_find_process(resource, id);
    entry->definition = definition;
    arena_done(&scratch);
    return entry->process;
}

static void on_xml(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct finding *finding = context;
    const struct bpmn_process *process = NULL;
    if (query_row_count(rows) > 0)
        process = compile(caller->gateway->processes, finding->definition, query_value(rows, 0, 0),
                          query_bytes(rows, 0, 1, caller->arena));
    finding->found(caller, finding->context, process);
}

const struct bpmn_process *process_cached(const struct process_cache *cache, uint64_t definition)
{
    for (size_t i = 0; i < PROCESS_CACHE_MAX; i++)
        if (cache->entries[i].definition == definition && definition != 0)
            return cache->entries[i].process;
    return NULL;
}

void process_find(struct caller *caller, uint64_t definition, process_found *found, void *context)
{
    struct process_cache *cache = caller->gateway->processes;
    for (size_t i = 0; i < PROCESS_CACHE_MAX; i++)
        if (cache->entries[i].definition == definition && definition != 0) {
            found(caller, context, cache->entries[i].process);
            return;
        }
    struct finding *finding = ARENA_NEW(caller->arena, struct finding);
    *finding = (struct finding){definition, found, context};
    read_run(caller, read_process_source(caller->arena, caller->scope, definition), on_xml,
             finding);
}
