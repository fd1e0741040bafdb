// SPDX-License-Identifier: Apache-2.0
//
// Counts over many things: searches whose rows are groups, and statements of their own.
#ifndef BATON_STORE_READ_STATISTICS_H
#define BATON_STORE_READ_STATISTICS_H

#include "store/read/search.h"

extern const struct collection collection_definition_statistics; // running instances
extern const struct collection collection_version_statistics;
extern const struct collection collection_subscription_statistics;
extern const struct collection collection_error_statistics; // of open incidents
extern const struct collection collection_failing_definitions;

// What the elements of the found instances did: element, active, canceled, with incidents,
// completed.
struct statement read_element_statistics(struct arena *arena, const struct search_sql *instances);

struct usage_wanted {
    str from; // RFC 3339
    str to;
    str tenant; // data == NULL: all
};

// A row a tenant: tenant, instances that began, decisions evaluated, people with tasks.
struct statement read_usage(struct arena *arena, struct scope scope,
                            const struct usage_wanted *wanted);

// At how many element instances an instance waits, by element: element id, count.
struct statement read_waiting_statistics(struct arena *arena, struct scope scope,
                                         uint64_t instance);

#endif
