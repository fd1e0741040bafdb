// SPDX-License-Identifier: Apache-2.0
//
// What is over, as cases of a process and what was done in them: from the records that are made of
// history (schemas/0100_records.sql).
#ifndef BATON_STORE_READ_INSIGHT_H
#define BATON_STORE_READ_INSIGHT_H

#include "store/read/scope.h"
#include "store/statement.h"

enum {
    INSIGHT_PAGE_CASES = 1000,    // of a log, at most
    INSIGHT_PAGE_EVENTS = 50000,  // a case that has more is cut
    INSIGHT_PAGE_BYTES = 8 << 20, // of variables: the case that goes beyond is the last one
};

// data == NULL: any.
struct insight_wanted {
    str process_id;
    str version;
    str tenant;
    str since, until; // RFC 3339: when a case ended; until is exclusive
};

// Definitions of the process: key, version, tenant, name.
struct statement read_insight_definitions(struct arena *arena, struct scope scope,
                                          const struct insight_wanted *wanted);

struct insight_page {
    str states;          // of cases, as numbers of element_instances.state: "{2,3}"
    bool with_variables; // of the case
    uint64_t after;      // the case before
    uint64_t last;       // the last one that counts; 0: all that follow
    int64_t cases;       // at most
    str types;           // of elements that count: an array
};

// A row an element instance that is over, by case and in the order in which they ended, at most
// INSIGHT_PAGE_EVENTS + 1: a case without one has a row with nulls. Columns: case, version, tenant,
// business id, state, started, ended, variables (first row alone); element id, name, type, actor,
// state, enabled, offered, claimed, ended, attempts, incidents, cost, breached. Times are ms.
struct statement read_insight_log(struct arena *arena, struct scope scope,
                                  const struct insight_wanted *wanted,
                                  const struct insight_page *page);

// -- Counters (schemas/0300_insight.sql) ---------------------------------------------------------

enum {
    INSIGHT_CELLS_AT_ONCE = 256,
};

// Where a page of cells goes on.
struct insight_place {
    int64_t day; // since 1970-01-01
    int64_t shard;
    uint64_t definition;
    int64_t part;
};

enum insight_section { // what is read of them
    INSIGHT_NAMES = 1,
    INSIGHT_HEAD = 2,
    INSIGHT_ELEMENTS = 4,
    INSIGHT_TIMES = 8,
    INSIGHT_EDGES = 16,
    INSIGHT_VARIANTS = 32,
    INSIGHT_SECTIONS = 6,
    INSIGHT_MONTHS = 64, // months are read as one where they can be, by their first day
};

// A row a cell, by day: day, shard, definition, part, version, format; then each section, empty
// where it is not among `sections`. since and until are the beginnings of days.
struct statement read_insight_cells(struct arena *arena, struct scope scope,
                                    const struct insight_wanted *wanted, unsigned sections,
                                    const struct insight_place *after);

// A row a version and day before `until`: version, day, instances started, entered, gone, and the
// time from when they did to the end of the day (ms).
struct statement read_insight_flow(struct arena *arena, struct scope scope,
                                   const struct insight_wanted *wanted);

#endif
