// SPDX-License-Identifier: Apache-2.0
//
// Compiled processes for reading: history says "element 7", people want its id and name.
// Definitions never change, so what was compiled once stays until the cache is full.
#ifndef BATON_GATEWAY_PROCESS_CACHE_H
#define BATON_GATEWAY_PROCESS_CACHE_H

#include "gateway/caller.h"

struct bpmn_process;

enum { PROCESS_CACHE_MAX = 256 };

// `process` is NULL when the definition is not there or is no process. Valid during the call.
typedef void process_found(struct caller *caller, void *context,
                           const struct bpmn_process *process);

struct process_cache *process_cache_new(void);
void process_cache_free(struct process_cache *cache);

// What is in the cache now; NULL: not there. Valid until the next process_find.
const struct bpmn_process *process_cached(const struct process_cache *cache, uint64_t definition);

void process_find(struct caller *caller, uint64_t definition, process_found *found, void *context);

#endif
