// SPDX-License-Identifier: Apache-2.0
#include "base/array.h"

#include "base/check.h"

#include <string.h>

void *array_room(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    size_t bytes;
    check(!__builtin_mul_overflow(wanted, size, &bytes));
    items = arena_grow(arena, items, *capacity * size, bytes);
    *capacity = wanted;
    return items;
}

void *array_last(void *items, size_t count, size_t size)
{
    return memset((char *)items + (count - 1) * size, 0, size);
}
