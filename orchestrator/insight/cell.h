// SPDX-License-Identifier: Apache-2.0
//
// A cell: what the completed cases of one definition and one day come to, as sums and sketches, so
// that any range of days and versions is a merge of cells, and a new case is added without a look
// at others. A cell is stored in sections, of which a question reads those that it needs.
//
//     struct cell *cell = cell_new(&arena);
//     cell_add_case(cell, &a_case);          // as cases complete
//     cell_write(cell, &pack);               // sections to store
//     cell_read(cell, &pack, err);           // merges what is stored into a cell
#ifndef BATON_INSIGHT_CELL_H
#define BATON_INSIGHT_CELL_H

#include "base/error.h"
#include "base/map.h"
#include "insight/activity.h"
#include "insight/distinct.h"
#include "insight/sketch.h"

enum { CELL_FORMAT = 2 };

enum cell_counter {
#define CELL_COUNTER(name) CELL_##name,
#define ELEMENT_COUNTER(name)
#include "insight/cell_counters.def"
#undef CELL_COUNTER
#undef ELEMENT_COUNTER
    CELL_COUNTERS
};

enum element_counter {
#define CELL_COUNTER(name)
#define ELEMENT_COUNTER(name) ELEMENT_##name,
#include "insight/cell_counters.def"
#undef CELL_COUNTER
#undef ELEMENT_COUNTER
    ELEMENT_COUNTERS
};

// Sketches are in milliseconds.
struct cell_element {
    uint32_t number; // place in cell.elements
    str id, name, type;
    enum activity_waits_for waits_for;
    uint64_t counters[ELEMENT_COUNTERS];
    struct sketch duration, wait, work; // of activities
    // While a case is added.
    uint32_t times;
    str last_actor;
};

// One activity right after another.
struct cell_edge {
    const struct cell_element *from, *to;
    uint64_t count, cases;
    uint64_t between_ms, waiting_ms; // completed to completed; completed to started
    struct sketch between, waiting;
    uint64_t last_case; // while a case is added
};

enum { CELL_VARIANT_STEPS = 200 }; // what a variant shows; a longer one is cut

struct cell_variant {
    uint64_t hash;   // of the ids of all its steps
    uint32_t length; // steps that it has
    uint32_t shown;  // and that are here
    const struct cell_element **steps;
    uint64_t count, cycle_ms;
    struct sketch cycle;
};

struct cell {
    struct arena *arena;
    uint64_t counters[CELL_COUNTERS];
    int64_t first_ms, last_ms; // begin and end of completed cases; 0: there is none
    struct sketch cycle, touch, wait;
    ARRAY(struct cell_element *) elements;
    ARRAY(struct cell_edge *) edges;
    ARRAY(struct cell_variant *) variants;
    uint64_t other_edges;              // how often what is not kept as an edge followed
    uint64_t other_variants;           // cases of variants that are not kept
    struct distinct distinct_variants; // of all
    struct distinct people;            // who did something
    struct map element_of_id;
    struct idmap edge_of_ends;
    struct idmap variant_of_hash;
};

struct cell *cell_new(struct arena *arena);

// An element instance of a case.
struct cell_step {
    uint64_t key;
    str id, name, type;
    struct activity_times times; // completed 0: it is not over
    bool is_cancelled, is_breached;
    uint32_t attempts, incidents;
    str actor;
    str cost; // a decimal number; empty: none
};

struct cell_case {
    int64_t begun_ms, ended_ms;
    bool is_terminated;
    bool is_cut;             // it has more steps than are counted: none of them is
    struct cell_step *steps; // of all elements, in any order; they are sorted
    size_t count;
};

void cell_add_case(struct cell *cell, const struct cell_case *of);

// Sections as bytes; names go with each of the others.
struct cell_pack {
    str names, head, elements, times, edges, variants;
};

struct cell_pack cell_write(const struct cell *cell, struct arena *scratch);

// Merges the sections that are there (an empty one is not) into the cell, which keeps none of the
// bytes. False when they are no cell of this format: what the cell has is of no use then.
MUST_CHECK bool cell_read(struct cell *cell, const struct cell_pack *pack, struct error *err);

// For those who add to cells.
struct cell_element *cell_element_of(struct cell *cell, str id, str name, str type);

// NULL when there is no room for another one.
struct cell_edge *cell_edge_of(struct cell *cell, const struct cell_element *from,
                               const struct cell_element *to);
int cell_edge_by_count(const void *a, const void *b); // for qsort: the most frequent one first
struct cell_variant *cell_variant_of(struct cell *cell, uint64_t hash, bool *ret_is_new);

#endif
