// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

enum { FIRST_CAPACITY = 16 };

static bool is_full(size_t count, size_t capacity)
{
    return count * 4 >= capacity * 3;
}

// True when the slot at `home` may be moved into the hole without becoming unreachable.
static bool may_fill(size_t hole, size_t at, size_t home, size_t mask)
{
    return ((at - home) & mask) >= ((at - hole) & mask);
}

struct map map_new(struct arena *arena)
{
    return (struct map){.arena = arena};
}

static size_t map_find(const struct map *map, str key)
{
    size_t mask = map->capacity - 1;
    size_t at = str_hash(key) & mask;
    while (map->slots[at].key.data != NULL && !str_equal(map->slots[at].key, key))
        at = (at + 1) & mask;
    return at;
}

void *map_get(const struct map *map, str key)
{
    return map->capacity == 0 ? NULL : map->slots[map_find(map, key)].value;
}

// A key that is not in the map yet.
static void map_place(struct map *map, const struct map_slot *slot)
{
    size_t mask = map->capacity - 1;
    size_t at = str_hash(slot->key) & mask;
    while (map->slots[at].key.data != NULL)
        at = (at + 1) & mask;
    map->slots[at] = *slot;
}

static void map_resize(struct map *map, size_t capacity)
{
    struct map_slot *old = map->slots;
    size_t old_capacity = map->capacity;
    map->capacity = capacity;
    map->slots = ARENA_ARRAY(map->arena, struct map_slot, map->capacity);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key.data != NULL)
            map_place(map, &old[i]);
}

static void map_grow(struct map *map)
{
    map_resize(map, map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2);
}

void map_reserve(struct map *map, size_t count)
{
    size_t capacity = FIRST_CAPACITY;
    while (is_full(count, capacity))
        capacity *= 2;
    if (capacity > map->capacity)
        map_resize(map, capacity);
}

void map_put(struct map *map, str key, void *value)
{
    check(key.data != NULL);
    if (is_full(map->count + 1, map->capacity))
        map_grow(map);
    struct map_slot *slot = &map->slots[map_find(map, key)];
    map->count += slot->key.data == NULL;
    *slot = (struct map_slot){key, value};
}

void *map_remove(struct map *map, str key)
{
    if (map->capacity == 0)
        return NULL;
    size_t mask = map->capacity - 1;
    size_t hole = map_find(map, key);
    if (map->slots[hole].key.data == NULL)
        return NULL;
    void *value = map->slots[hole].value;
    for (size_t at = (hole + 1) & mask; map->slots[at].key.data != NULL; at = (at + 1) & mask)
        if (may_fill(hole, at, str_hash(map->slots[at].key) & mask, mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    map->slots[hole] = (struct map_slot){0};
    map->count--;
    return value;
}

bool map_next(const struct map *map, size_t *cursor, str *ret_key, void **ret_value)
{
    while (*cursor < map->capacity) {
        const struct map_slot *slot = &map->slots[(*cursor)++];
        if (slot->key.data == NULL)
            continue;
        *ret_key = slot->key;
        *ret_value = slot->value;
        return true;
    }
    return false;
}

struct idmap idmap_new(struct arena *arena)
{
    return (struct idmap){.arena = arena};
}

static size_t id_hash(uint64_t key)
{
    key ^= key >> 32;
    key *= 0x9e3779b97f4a7c15u;
    return (size_t)(key ^ key >> 29);
}

static size_t idmap_find(const struct idmap *map, uint64_t key)
{
    size_t mask = map->capacity - 1;
    size_t at = id_hash(key) & mask;
    while (map->slots[at].key != 0 && map->slots[at].key != key)
        at = (at + 1) & mask;
    return at;
}

void *idmap_get(const struct idmap *map, uint64_t key)
{
    return map->capacity == 0 ? NULL : map->slots[idmap_find(map, key)].value;
}

static void idmap_grow(struct idmap *map)
{
    struct idmap_slot *old = map->slots;
    size_t old_capacity = map->capacity;
    map->capacity = old_capacity == 0 ? FIRST_CAPACITY : old_capacity * 2;
    map->slots = ARENA_ARRAY(map->arena, struct idmap_slot, map->capacity);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key != 0)
            map->slots[idmap_find(map, old[i].key)] = old[i];
}

void idmap_put(struct idmap *map, uint64_t key, void *value)
{
    check(key != 0);
    if (is_full(map->count + 1, map->capacity))
        idmap_grow(map);
    struct idmap_slot *slot = &map->slots[idmap_find(map, key)];
    map->count += slot->key == 0;
    *slot = (struct idmap_slot){key, value};
}

void *idmap_remove(struct idmap *map, uint64_t key)
{
    if (map->capacity == 0)
        return NULL;
    size_t mask = map->capacity - 1;
    size_t hole = idmap_find(map, key);
    if (map->slots[hole].key == 0)
        return NULL;
    void *value = map->slots[hole].value;
    for (size_t at = (hole + 1) & mask; map->slots[at].key != 0; at = (at + 1) & mask)
        if (may_fill(hole, at, id_hash(map->slots[at].key) & mask, mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    map->slots[hole] = (struct idmap_slot){0};
    map->count--;
    return value;
}

bool idmap_next(const struct idmap *map, size_t *cursor, uint64_t *ret_key, void **ret_value)
{
    while (*cursor < map->capacity) {
        const struct idmap_slot *slot = &map->slots[(*cursor)++];
        if (slot->key == 0)
            continue;
        *ret_key = slot->key;
        *ret_value = slot->value;
        return true;
    }
    return false;
}
