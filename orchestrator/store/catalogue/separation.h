// SPDX-License-Identifier: Apache-2.0
//
// Policies that keep user tasks apart (schemas/0217_separations.sql).
#ifndef BATON_STORE_CATALOGUE_SEPARATION_H
#define BATON_STORE_CATALOGUE_SEPARATION_H

#include "store/statement.h"

struct separation_row {
    str name;
    str tenant; // as it is stored; "*": each
    str process_id, role;
    const str *elements;
    size_t element_count;
    str by;
};

struct statement catalogue_separation_set(struct arena *arena, const struct separation_row *row);
// A row when there was such a policy.
struct statement catalogue_separation_remove(struct arena *arena, str name);

// name, tenant as it is outside, process, role, elements as JSON, changed, by.
struct statement catalogue_separations(struct arena *arena);

#endif
