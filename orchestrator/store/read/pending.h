// SPDX-License-Identifier: Apache-2.0
//
// What searches need beside the records (schemas/0101_searches.sql): how far the projector has
// come, and what history has of one instance beyond that.
#ifndef BATON_STORE_READ_PENDING_H
#define BATON_STORE_READ_PENDING_H

#include "record/records.h"
#include "store/read/scope.h"
#include "store/statement.h"

struct query_rows;

// PostgreSQL's time, and until when the records of all shards are complete: both ms since 1970, the
// latter also in RFC 3339; null: nothing is missing.
struct statement read_records_lag(struct arena *arena);

// Of one instance, in order: time in ms, principal, events (bytes). Empty when the records are
// complete for it, or it is not in the scope.
struct statement read_pending_steps(struct arena *arena, struct scope scope, uint64_t instance);

// The stored records of these keys.
struct statement read_wanted_jobs(struct arena *arena, uint64_t instance,
                                  const struct record_wanted *wanted);
struct statement read_wanted_elements(struct arena *arena, uint64_t instance,
                                      const struct record_wanted *wanted);

// From their rows.
struct job_record pending_job_of(const struct query_rows *rows, size_t row, struct arena *arena);
struct element_record pending_element_of(const struct query_rows *rows, size_t row,
                                         struct arena *arena);

// The arguments of elements_pending, jobs_pending and variables_pending: what is over of them.
struct pending {
    str elements;
    str jobs;
    str variables;
};

struct pending pending_none(void);
struct pending pending_write(struct arena *arena, const struct record_changes *changes);

#endif
