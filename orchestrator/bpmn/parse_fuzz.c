// SPDX-License-Identifier: Apache-2.0
// Any bytes as a model, read, walked and migrated: problems or an error, never a crash. What was
// migrated can be read again.
#include "bpmn/bpmn.h"
#include "bpmn/migrate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY, scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    struct error err;
    if (bpmn_parse(&arena, &scratch, str_from(data, size), &resource, &err))
        for (size_t i = 0; i < resource->problem_count; i++)
            check(resource->problems[i].message.len > 0);
    (void)!bpmn_parse_sketch(&arena, &scratch, str_from(data, size), &resource, &err);
    struct bpmn_migrated migrated;
    if (bpmn_migrate(&arena, str_from(data, size), &migrated, &err))
        check(bpmn_migrate(&arena, migrated.xml, &migrated, &err));
    arena_done(&scratch);
    arena_done(&arena);
    return 0;
}
