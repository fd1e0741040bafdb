// SPDX-License-Identifier: Apache-2.0
#include "insight/prefix.h"

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

static uint64_t not_zero(uint64_t value)
{
    return value != 0 ? value : 1;
}

uint64_t activity_hash(str name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); // FNV-1a
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001B3);
    return not_zero(mix(hash));
}

static uint64_t append(uint64_t sequence, uint64_t activity)
{
    return mix(sequence ^ activity) + UINT64_C(0x9E3779B97F4A7C15);
}

struct prefix prefix_new(struct arena *arena)
{
    return (struct prefix){.arena = arena, .seen = idmap_new(arena)};
}

void prefix_begin(struct prefix *prefix)
{
    for (size_t i = 0; i < prefix->seen.capacity; i++)
        prefix->seen.slots[i] = (struct idmap_slot){0};
    prefix->seen.count = 0;
    prefix->count = 0;
    prefix->sequence = prefix->multiset = prefix->set = 0;
}

void prefix_add(struct prefix *prefix, uint64_t activity)
{
    prefix->window[prefix->count++ % PREFIX_WINDOW] = activity;
    prefix->sequence = append(prefix->sequence, activity);
    prefix->multiset += mix(activity); // sums are the same in any order
    if (idmap_get(&prefix->seen, activity) != NULL)
        return;
    prefix->set += mix(activity);
    idmap_put(&prefix->seen, activity, prefix);
}

static uint64_t activity_before(const struct prefix *prefix, uint32_t back)
{
    return prefix->window[(prefix->count - 1 - back) % PREFIX_WINDOW];
}

static bool is_among_newer(const struct prefix *prefix, uint32_t back)
{
    for (uint32_t i = 0; i < back; i++)
        if (activity_before(prefix, i) == activity_before(prefix, back))
            return true;
    return false;
}

static uint64_t key_of_window(const struct prefix *prefix, struct abstraction abstraction)
{
    uint32_t last = abstraction.last < prefix->count ? abstraction.last : prefix->count;
    uint64_t key = 0;
    for (uint32_t back = last; back-- > 0;) {
        uint64_t activity = activity_before(prefix, back);
        if (abstraction.kind == ABSTRACTION_SEQUENCE)
            key = append(key, activity);
        else if (abstraction.kind == ABSTRACTION_MULTISET || !is_among_newer(prefix, back))
            key += mix(activity);
    }
    return key;
}

uint64_t prefix_key(const struct prefix *prefix, struct abstraction abstraction)
{
    if (abstraction.last != PREFIX_ALL)
        return not_zero(key_of_window(prefix, abstraction));
    return not_zero(abstraction.kind == ABSTRACTION_SEQUENCE   ? prefix->sequence
                    : abstraction.kind == ABSTRACTION_MULTISET ? prefix->multiset
                                                               : prefix->set);
}

str abstraction_text(struct arena *arena, struct abstraction abstraction)
{
    static const char *const kinds[ABSTRACTION_KINDS] = {"sequence", "multiset", "set"};
    if (abstraction.last == 0)
        return STR("prior");
    if (abstraction.last == PREFIX_ALL)
        return str_format(arena, "%s of all", kinds[abstraction.kind]);
    return str_format(arena, "%s of the last %u", kinds[abstraction.kind], abstraction.last);
}
