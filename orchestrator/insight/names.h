// SPDX-License-Identifier: Apache-2.0
//
// Texts that occur again and again in a log — activities, resources, keys and values of attributes
// — are kept once and named by a dense number. Everything after reading works on numbers.
#ifndef BATON_INSIGHT_NAMES_H
#define BATON_INSIGHT_NAMES_H

#include "base/arena.h"
#include "base/str.h"

#define NAME_NONE UINT32_MAX

struct names {
    struct arena *arena;
    str *items;
    uint32_t *hashes;
    uint32_t *slots; // number of the text + 1; 0: empty
    uint32_t count, capacity, slot_count;
};

struct names names_new(struct arena *arena);

// The number of this text; the text is copied when it is new.
uint32_t names_add(struct names *names, str text);

// NAME_NONE when the text was never added.
uint32_t names_find(const struct names *names, str text);

static inline str names_text(const struct names *names, uint32_t name)
{
    return name == NAME_NONE ? STR_EMPTY : names->items[name];
}

#endif
