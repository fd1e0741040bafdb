// SPDX-License-Identifier: Apache-2.0
//
// What people leave on their desk: drafts of tasks, views of the console. Each is its owner's
// alone.
#ifndef BATON_STORE_CATALOGUE_WORKSPACE_H
#define BATON_STORE_CATALOGUE_WORKSPACE_H

#include "store/read/scope.h"
#include "store/statement.h"

enum { WORKSPACE_DRAFTS = 1000, WORKSPACE_VIEWS = 200 }; // of one person

// A row when the task is there and seen: variables and when they were typed, both null without a
// draft.
struct statement catalogue_draft(struct arena *arena, struct scope scope, uint64_t task,
                                 str person);

// In place of what was there. A row when the task is open and seen: whether there was room. The
// person's drafts of tasks that are over go.
struct statement catalogue_draft_put(struct arena *arena, struct scope scope, uint64_t task,
                                     str person, str variables);

// A row when the task is there and seen.
struct statement catalogue_draft_drop(struct arena *arena, struct scope scope, uint64_t task,
                                      str person);

// name, address, when it was saved.
struct statement catalogue_views(struct arena *arena, str person);

// A row unless the person has too many.
struct statement catalogue_view_put(struct arena *arena, str person, str name, str address);

// A row when there was one.
struct statement catalogue_view_drop(struct arena *arena, str person, str name);

#endif
