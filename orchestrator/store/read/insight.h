// SPDX-License-Identifier: Apache-2.0
//
// What is over, as cases of a process and what was done in them: from the records that are made of
// history (schemas/0100_records.sql).
#ifndef BATON_STORE_READ_INSIGHT_H
#define BATON_STORE_READ_INSIGHT_H

#include "store/read/scope.h"
#include "store/statement.h"

enum {
    INSIGHT_PAGE_CASES = 1000,   // of a log, at most
    INSIGHT_PAGE_EVENTS = 50000, // a case that has more is cut
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

#endif
