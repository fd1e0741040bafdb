// SPDX-License-Identifier: Apache-2.0
//
// The beginning of a case, as predictions look at it: which activities are completed, in which
// order. An abstraction says how much of that counts, and a key is what it leaves: two prefixes
// with the same key are in the same state.
//
//     struct prefix prefix = prefix_new(arena);
//     for each case: prefix_begin(&prefix); for each step: prefix_add(&prefix, activity);
#ifndef BATON_INSIGHT_PREFIX_H
#define BATON_INSIGHT_PREFIX_H

#include "base/map.h"

// Which of the last activities count: 0: none (all prefixes are in one state), 1 to PREFIX_WINDOW,
// or PREFIX_ALL.
enum { PREFIX_WINDOW = 8, PREFIX_ALL = 255 };

enum abstraction_kind {
    ABSTRACTION_SEQUENCE, // which, how often and in which order
    ABSTRACTION_MULTISET, // which, and how often
    ABSTRACTION_SET,      // which
    ABSTRACTION_KINDS
};

struct abstraction {
    uint8_t kind, last;
};

// What stands for an activity in keys: made of its name alone, so that it is the same in every log
// and model. Never 0. Names that collide share states; nothing else happens.
uint64_t activity_hash(str name);

struct prefix {
    struct arena *arena;
    uint32_t count;
    uint64_t window[PREFIX_WINDOW]; // step i is at i % PREFIX_WINDOW
    uint64_t sequence, multiset, set;
    struct idmap seen;
};

// Memory comes from the arena, as much as the longest case has different activities.
struct prefix prefix_new(struct arena *arena);
void prefix_begin(struct prefix *prefix); // of another case: nothing is completed
void prefix_add(struct prefix *prefix, uint64_t activity);

// Never 0. Takes no memory.
uint64_t prefix_key(const struct prefix *prefix, struct abstraction abstraction);

// "sequence of the last 3", "set of all", "prior". In the arena.
str abstraction_text(struct arena *arena, struct abstraction abstraction);

#endif
