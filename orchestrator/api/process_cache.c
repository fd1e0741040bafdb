// SPDX-License-Identifier: Apache-2.0
#include "api/process_cache.h"

#include "api/api_private.h"
#include "api/read.h"
#include "bpmn/bpmn.h"
#include "store/query.h"

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

static void on_xml(struct request *request, void *context, const struct read_result *result)
{
    struct finding *finding = context;
    const struct bpmn_process *process = NULL;
    if (result->row_count > 0)
        process = compile(request->api->processes, finding->definition, read_cell(result, 0, 0),
                          query_bytes(result->rows, 0, 1, &request->arena));
    finding->found(request, finding->context, process);
}

void process_find(struct request *request, uint64_t definition, process_found *found, void *context)
{
    struct process_cache *cache = request->api->processes;
    for (size_t i = 0; i < PROCESS_CACHE_MAX; i++)
        if (cache->entries[i].definition == definition && definition != 0) {
            found(request, context, cache->entries[i].process);
            return;
        }
    struct finding *finding = ARENA_NEW(&request->arena, struct finding);
    *finding = (struct finding){definition, found, context};
    str *key = ARENA_NEW(&request->arena, str);
    *key = str_format(&request->arena, "%llu", (unsigned long long)definition);
    read_run(
        request,
        &(struct read){"SELECT d.id, r.bytes FROM definitions d JOIN resources r ON r.digest = "
                       "d.digest WHERE d.key = $1::bigint AND d.kind = 0",
                       key, 1},
        on_xml, finding);
}
