// SPDX-License-Identifier: Apache-2.0
//
// What happens to processes and jobs, counted by the names that models give them (tallies.def):
// whoever watches sees that a process stands still or a credential is refused, without asking.
#ifndef BATON_NODE_TALLY_H
#define BATON_NODE_TALLY_H

#include "base/map.h"
#include "base/strbuf.h"

struct changes;

enum tally {
#define TALLY(name, key, label, second, help) TALLY_##name,
#include "node/tallies.def"
#undef TALLY
    TALLIES
};

enum {
    TALLY_NAMES = 200, // names of a counter that have a label of their own; others share "(other)"
};

struct tally_row;

struct tally_book { // all zero: nothing was counted
    struct arena arena;
    struct map rows[TALLIES]; // of struct tally_row by name
    size_t names[TALLIES];    // in rows
};

void tally_done(struct tally_book *book);

// Counts what a batch that was committed did.
void tally_note(struct tally_book *book, const struct changes *changes);

// One of `name`; `second` is a word of a fixed set, empty where the counter has no second label.
void tally_count(struct tally_book *book, enum tally tally, str name, str second);

// baton_jobs_failed_total{type="…",class="…"} and so on, in Prometheus' text format. Without
// `names` one sum of all stands as "(hidden)".
void tally_print(const struct tally_book *book, bool names, struct strbuf *out);

#endif
