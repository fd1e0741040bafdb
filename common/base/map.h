// SPDX-License-Identifier: Apache-2.0
//
// Hash maps in an arena, open addressing, linear probing: `map` from strings and `idmap` from
// 64-bit keys, both to pointers. Keys of `map` are slices: the caller keeps their bytes alive. Key
// 0 is not allowed in idmap. Walk with a cursor from 0; the order is the table's, not the
// insertion's: never let it decide anything that must be the same on every node.
#ifndef BATON_BASE_MAP_H
#define BATON_BASE_MAP_H

#include "base/arena.h"
#include "base/str.h"

struct map_slot {
    str key; // data == NULL: empty
    void *value;
};

struct map {
    struct arena *arena;
    struct map_slot *slots;
    size_t count;
    size_t capacity; // a power of two, or 0
};

struct map map_new(struct arena *arena);
// Room for so many entries at once: a map that grows leaves its old slots in the arena.
void map_reserve(struct map *map, size_t count);
void *map_get(const struct map *map, str key); // NULL when absent
void map_put(struct map *map, str key, void *value);
void *map_remove(struct map *map, str key); // what was there, or NULL
bool map_next(const struct map *map, size_t *cursor, str *ret_key, void **ret_value);

struct idmap_slot {
    uint64_t key; // 0: empty
    void *value;
};

struct idmap {
    struct arena *arena;
    struct idmap_slot *slots;
    size_t count;
    size_t capacity;
};

struct idmap idmap_new(struct arena *arena);
void *idmap_get(const struct idmap *map, uint64_t key);
void idmap_put(struct idmap *map, uint64_t key, void *value);
void *idmap_remove(struct idmap *map, uint64_t key);
bool idmap_next(const struct idmap *map, size_t *cursor, uint64_t *ret_key, void **ret_value);

#endif
