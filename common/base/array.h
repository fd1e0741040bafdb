// SPDX-License-Identifier: Apache-2.0
//
// A growing array in an arena. Declare one with ARRAY(type), push with ARRAY_PUSH, walk with the
// items and count.
//
//     ARRAY(struct job) jobs = {0};
//     struct job *job = ARRAY_PUSH(arena, &jobs);   // cleared; earlier addresses may move
#ifndef BATON_BASE_ARRAY_H
#define BATON_BASE_ARRAY_H

#include "base/arena.h"

#define ARRAY(type)                                                                                \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

// Makes room for one more item and returns the items' new address; *capacity is brought up to date.
void *array_room(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

// Clears and returns the last of `count` items.
void *array_last(void *items, size_t count, size_t size);

#define ARRAY_PUSH(arena, array)                                                                   \
    ((array)->items = array_room((arena), (array)->items, (array)->count, &(array)->capacity,      \
                                 sizeof *(array)->items),                                          \
     (array)->count++,                                                                             \
     (__typeof__((array)->items))array_last((array)->items, (array)->count,                        \
                                            sizeof *(array)->items))

#endif
