// SPDX-License-Identifier: Apache-2.0
//
// Listeners of all user tasks (schemas/0220_global_listeners.sql).
#ifndef BATON_STORE_CATALOGUE_LISTENER_H
#define BATON_STORE_CATALOGUE_LISTENER_H

#include "store/statement.h"

struct listener_row {
    str id;
    str type;
    int64_t retries;
    bool runs_last;
    int64_t priority;
    const str *events;
    size_t event_count;
};

// Whether it was made; whether there is one with this id now.
struct statement catalogue_listener_create(struct arena *arena, const struct listener_row *row);
// A row when there is such a listener.
struct statement catalogue_listener_update(struct arena *arena, const struct listener_row *row);
struct statement catalogue_listener_delete(struct arena *arena, str id);

#endif
