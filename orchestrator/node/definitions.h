// SPDX-License-Identifier: Apache-2.0
//
// Compiled definitions, by key, shared by all shards of a node and kept for ever: a definition
// never changes. Its bytes come from PostgreSQL; it is compiled when it comes in.
#ifndef BATON_NODE_DEFINITIONS_H
#define BATON_NODE_DEFINITIONS_H

#include "base/error.h"
#include "record/command.h"

struct definitions;
struct bpmn_process;
struct dmn_model;
struct zone_db;

struct definitions *definitions_new(const struct zone_db *zones); // zones may be NULL
void definitions_free(struct definitions *definitions);

struct definition_source {
    uint64_t key;
    enum resource_kind kind;
    str id; // of the process in the file
    str bytes;
    str imports; // of a DMN file: the files it imports, each after its length in four bytes
};

// False when it cannot be compiled; the definition is then known as one that cannot run.
MUST_CHECK bool definitions_add(struct definitions *definitions,
                                const struct definition_source *source, struct error *err);

bool definitions_have(const struct definitions *definitions, uint64_t key);
size_t definitions_count(const struct definitions *definitions);

// The keys of all, in the arena.
const uint64_t *definitions_keys(const struct definitions *definitions, struct arena *arena);

// For struct engine_environment: context is the definitions.
const struct bpmn_process *definitions_find_process(void *definitions, uint64_t key);
const struct dmn_model *definitions_find_decisions(void *definitions, uint64_t key);

#endif
