// SPDX-License-Identifier: Apache-2.0
//
// The model's words for the numbers in records: of every definition that was met lately its id,
// version and tenant, and the ids, names and types of its elements. Private to store.
#ifndef BATON_STORE_RECORD_NAMES_H
#define BATON_STORE_RECORD_NAMES_H

#include "base/array.h"
#include "base/map.h"

enum { RECORD_NAMES_MOST = 2000 }; // definitions that are kept

struct element_names {
    str id;
    str name; // its id when it has none
    str type;
    str listeners; // their events in order, with blanks between
};

struct definition_names {
    str id;
    int32_t version;
    str tenant;
    ARRAY(struct element_names) elements; // element n is item n - 1
};

struct record_names {
    struct arena arena;
    struct idmap definitions; // of struct definition_names
    size_t added;             // since all was forgotten last
};

void record_names_init(struct record_names *names);
void record_names_done(struct record_names *names);

// NULL: not known.
const struct definition_names *record_names_find(const struct record_names *names,
                                                 uint64_t definition);

// In the place of one that was known. Texts are copied. Elements come in order; what is missing
// between two has no names.
struct definition_names *record_names_add(struct record_names *names, uint64_t definition,
                                          const struct definition_names *words);
void record_names_add_element(struct record_names *names, struct definition_names *definition,
                              uint32_t element, const struct element_names *words);

// Forgets all when they are too many; what record_names_find gave is gone then.
void record_names_bound(struct record_names *names);

// Of an element that has none: "#7".
struct element_names record_names_of(const struct definition_names *definition, uint32_t element,
                                     struct arena *arena);

// The nth word, from 1; empty: none.
str record_names_listener(const struct element_names *element, uint32_t listener);

#endif
