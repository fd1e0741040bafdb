// SPDX-License-Identifier: Apache-2.0
// Any bytes as a model: a resource with problems or an error, never a crash.
#include "bpmn/bpmn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY, scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    struct error err;
    if (bpmn_parse(&arena, &scratch, str_from(data, size), &resource, &err))
        for (size_t i = 0; i < resource->problem_count; i++)
            check(resource->problems[i].message.len > 0);
    arena_done(&scratch);
    arena_done(&arena);
    return 0;
}
