// SPDX-License-Identifier: Apache-2.0
//
// A statement run on behalf of a caller. A failure goes to the caller; the callback sees rows only.
#ifndef BATON_GATEWAY_READ_H
#define BATON_GATEWAY_READ_H

#include "gateway/caller.h"
#include "store/query.h"

typedef void read_answer(struct caller *caller, void *context, const struct query_rows *rows);

void read_run(struct caller *caller, struct statement statement, read_answer *answer,
              void *context);

// The same for a statement that changes what is administered: the audit log says that it was the
// caller.
void read_change(struct caller *caller, struct statement statement, read_answer *answer,
                 void *context);

// The same on a snapshot of its own. From inside of its answer read_on asks more of that snapshot,
// once an answer; an answer that asks nothing more ends it.
void read_snapshot(struct caller *caller, struct statement statement, read_answer *answer,
                   void *context);
void read_on(struct caller *caller, struct statement statement, read_answer *answer, void *context);

// Fails the callers of all reads under way. What the database still answers is dropped.
void read_stop_all(struct gateway *gateway);

#endif
