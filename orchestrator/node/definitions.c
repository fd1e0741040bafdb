// SPDX-License-Identifier: Apache-2.0
#include "node/definitions.h"

#include "base/digest.h"
#include "base/map.h"
#include "bpmn/bpmn.h"
#include "dmn/library.h"

#include <stdlib.h>

enum { LENGTH_BYTES = 4 }; // before each file that is imported

struct definition {
    enum resource_kind kind;
    const struct bpmn_process *process;
    const struct dmn_model *decisions;
};

struct definitions {
    struct arena arena; // of the process: definitions are never forgotten
    struct idmap all;
    struct map models; // dmn_model by the digest of all its bytes: decisions of a file share it
    const struct zone_db *zones;
};

struct definitions *definitions_new(const struct zone_db *zones)
{
    struct definitions *definitions = calloc(1, sizeof *definitions);
    check(definitions != NULL);
    definitions->all = idmap_new(&definitions->arena);
    definitions->models = map_new(&definitions->arena);
    definitions->zones = zones;
    return definitions;
}

void definitions_free(struct definitions *definitions)
{
    if (definitions == NULL)
        return;
    arena_done(&definitions->arena);
    free(definitions);
}

static bool compile_process(struct definitions *definitions, struct definition *definition,
                            const struct definition_source *source, struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    bool parsed = bpmn_parse(&definitions->arena, &scratch, source->bytes, &resource, err);
    if (parsed)
        definition->process = bpmn_find_process(resource, source->id);
    arena_done(&scratch);
    if (parsed && definition->process == NULL)
        return error_set(err, ERROR_INVALID, "definition", "the file has no process '%.*s'",
                         STR_ARG(source->id));
    return parsed;
}

static size_t length_at(str bytes)
{
    const unsigned char *b = (const unsigned char *)bytes.data;
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

// The file, then what it imports.
static bool read_library(const struct definition_source *source, struct dmn_library *library)
{
    str rest = source->imports;
    dmn_library_add(library, (struct dmn_source){"decisions", source->bytes});
    while (rest.len > 0) {
        if (rest.len < LENGTH_BYTES || rest.len - LENGTH_BYTES < length_at(rest))
            return false;
        size_t end = LENGTH_BYTES + length_at(rest);
        str bytes = str_sub(rest, LENGTH_BYTES, end - LENGTH_BYTES);
        dmn_library_add(library, (struct dmn_source){"imported decisions", bytes});
        rest = str_from_index(rest, end);
    }
    return true;
}

static const struct dmn_model *read_model(struct definitions *definitions,
                                          const struct definition_source *source, struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    struct dmn_problems problems = {.arena = &scratch};
    struct dmn_library library = {.arena = &definitions->arena};
    const struct dmn_model *model = NULL;
    bool whole = read_library(source, &library);
    if (whole)
        model =
            dmn_library_compile(&library, 0, &definitions->arena, definitions->zones, &problems);
    if (!whole)
        (void)error_set(err, ERROR_INVALID, "definition", "its imports are cut off");
    else if (model == NULL)
        (void)error_set(err, ERROR_INVALID, "definition", "line %u: %.*s",
                        problems.list.count ? problems.list.items[0].line : 0,
                        problems.list.count ? (int)problems.list.items[0].text.len : 6,
                        problems.list.count ? problems.list.items[0].text.data : "no DMN");
    arena_done(&scratch);
    return model;
}

static bool compile_decisions(struct definitions *definitions, struct definition *definition,
                              const struct definition_source *source, struct error *err)
{
    struct digest digest = digest_chain(digest_sha256(source->bytes), source->imports);
    str name = str_from((const char *)digest.bytes, DIGEST_SIZE);
    definition->decisions = map_get(&definitions->models, name);
    if (definition->decisions == NULL)
        definition->decisions = read_model(definitions, source, err);
    if (definition->decisions == NULL)
        return false;
    map_put(&definitions->models, str_copy(&definitions->arena, name),
            (void *)(uintptr_t)definition->decisions);
    return true;
}

bool definitions_add(struct definitions *definitions, const struct definition_source *source,
                     struct error *err)
{
    if (definitions_have(definitions, source->key))
        return true;
    struct definition *definition = ARENA_NEW(&definitions->arena, struct definition);
    definition->kind = source->kind;
    idmap_put(&definitions->all, source->key, definition);
    if (source->kind == RESOURCE_PROCESS)
        return compile_process(definitions, definition, source, err);
    if (source->kind == RESOURCE_DECISIONS || source->kind == RESOURCE_REQUIREMENTS)
        return compile_decisions(definitions, definition, source, err);
    return true;
}

bool definitions_have(const struct definitions *definitions, uint64_t key)
{
    return idmap_get(&definitions->all, key) != NULL;
}

size_t definitions_count(const struct definitions *definitions)
{
    return definitions->all.count;
}

const uint64_t *definitions_keys(const struct definitions *definitions, struct arena *arena)
{
    uint64_t *keys = ARENA_ARRAY(arena, uint64_t, definitions->all.count);
    size_t cursor = 0, count = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&definitions->all, &cursor, &key, &value))
        keys[count++] = key;
    return keys;
}

const struct bpmn_process *definitions_find_process(void *context, uint64_t key)
{
    const struct definitions *definitions = context;
    const struct definition *definition = idmap_get(&definitions->all, key);
    return definition ? definition->process : NULL;
}

const struct dmn_model *definitions_find_decisions(void *context, uint64_t key)
{
    const struct definitions *definitions = context;
    const struct definition *definition = idmap_get(&definitions->all, key);
    return definition ? definition->decisions : NULL;
}
