// SPDX-License-Identifier: Apache-2.0
#include "insight/names.h"

enum { FIRST_SLOTS = 256 };

struct names names_new(struct arena *arena)
{
    return (struct names){.arena = arena};
}

static uint32_t hash_of(str text)
{
    return (uint32_t)(str_hash(text) >> 16);
}

// The slot of the text, or the empty one where it would stand.
static uint32_t find_slot(const struct names *names, str text, uint32_t hash)
{
    uint32_t mask = names->slot_count - 1, at = hash & mask;
    for (; names->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t name = names->slots[at] - 1;
        if (names->hashes[name] == hash && str_equal(names->items[name], text))
            break;
    }
    return at;
}

static void grow_slots(struct names *names)
{
    names->slot_count = names->slot_count == 0 ? FIRST_SLOTS : names->slot_count * 4;
    names->slots = ARENA_ARRAY(names->arena, uint32_t, names->slot_count);
    uint32_t mask = names->slot_count - 1;
    for (uint32_t name = 0; name < names->count; name++) {
        uint32_t at = names->hashes[name] & mask;
        while (names->slots[at] != 0)
            at = (at + 1) & mask;
        names->slots[at] = name + 1;
    }
}

static void grow_items(struct names *names)
{
    size_t old = names->capacity, new = old == 0 ? FIRST_SLOTS : old * 2;
    names->items = arena_grow(names->arena, names->items, old * sizeof(str), new * sizeof(str));
    names->hashes =
        arena_grow(names->arena, names->hashes, old * sizeof(uint32_t), new * sizeof(uint32_t));
    names->capacity = (uint32_t) new;
}

uint32_t names_add(struct names *names, str text)
{
    if (names->count * 2 >= names->slot_count)
        grow_slots(names);
    uint32_t hash = hash_of(text), at = find_slot(names, text, hash);
    if (names->slots[at] != 0)
        return names->slots[at] - 1;
    if (names->count == names->capacity)
        grow_items(names);
    check(names->count < NAME_NONE - 1);
    names->items[names->count] = str_copy(names->arena, text);
    names->hashes[names->count] = hash;
    names->slots[at] = ++names->count;
    return names->count - 1;
}

uint32_t names_find(const struct names *names, str text)
{
    if (names->slot_count == 0)
        return NAME_NONE;
    uint32_t at = find_slot(names, text, hash_of(text));
    return names->slots[at] == 0 ? NAME_NONE : names->slots[at] - 1;
}
