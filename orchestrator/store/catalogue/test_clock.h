// SPDX-License-Identifier: Apache-2.0
//
// The clock of tests, as an installation keeps it, and the deletion of everything between two of
// them (schemas/0011_test_clock.sql).
#ifndef BATON_STORE_CATALOGUE_TEST_CLOCK_H
#define BATON_STORE_CATALOGUE_TEST_CLOCK_H

#include "record/command.h"
#include "store/statement.h"

struct query_rows;

// What the statements of the clock return, in one row.
struct clock_row {
    struct test_clock clock;
    int64_t now_ms; // by that clock
    str now;        // the same as RFC 3339 has it; a slice of the rows
};
void catalogue_clock_row(const struct query_rows *rows, struct clock_row *ret_row);

struct statement catalogue_clock(struct arena *arena);
struct statement catalogue_set_clock(struct arena *arena, const struct test_clock *clock);
struct statement catalogue_move_clock(struct arena *arena, int64_t by_ms);

// Deletes what ran, waits and was deployed: the number of the purge.
struct statement catalogue_purge(struct arena *arena);

#endif
