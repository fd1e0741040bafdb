// SPDX-License-Identifier: Apache-2.0
//
// Erasing a person (schemas/0250_personal.sql), and wrapping keys anew.
#ifndef BATON_STORE_CATALOGUE_PERSONAL_H
#define BATON_STORE_CATALOGUE_PERSONAL_H

#include "store/statement.h"

struct erasure {
    str tenant;
    str digest;
    str person;
    str reason;
    str by;
};

// How many streams had a key, the erasure's number, its time. A hold refuses it (SQLSTATE BA002).
enum { ERASED_STREAMS, ERASED_NUMBER, ERASED_AT };
struct statement catalogue_erase(struct arena *arena, const struct erasure *erasure);

// Keys that came since: how many streams, when they were destroyed, whether all that was to be sent
// at `marks` has gone, and where that stands now. `marks` may be empty: nothing is asked for.
enum { LATE_STREAMS, LATE_AT, LATE_IS_SENT, LATE_MARKS };
struct statement catalogue_erase_late(struct arena *arena, const struct erasure *erasure,
                                      uint64_t number, str marks);

// After it a node that takes over a shard takes values of the person again.
struct statement catalogue_settle(struct arena *arena, const struct erasure *erasure,
                                  uint64_t number);

// The streams whose key was destroyed at that time and that may be in memory somewhere: stream;
// those above `after`, in order.
enum { ERASED_STREAMS_PAGE = 2000 };
struct statement catalogue_erased_streams(struct arena *arena, const struct erasure *erasure,
                                          str at, uint64_t after);

// Some at a time, of the whole installation: shard, stream, number, tenant, wrapped; 0, 0, 0: the
// key of the index.
struct statement catalogue_persons_to_rewrap(struct arena *arena, str vault_key);

struct person_rewrap {
    int64_t shard, stream, number;
    str old, wrapped, vault_key;
};
struct statement catalogue_person_rewrap(struct arena *arena, const struct person_rewrap *rewrap);

#endif
