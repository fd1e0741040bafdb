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

// Begins it: its number. A hold refuses it (SQLSTATE BA002).
struct statement catalogue_erase(struct arena *arena, const struct erasure *erasure);

struct erasure_name {
    str tenant;
    str digest;
    uint64_t number;
};

// Open erasures that nobody works on: they are this node's for a while.
enum { TAKEN_TENANT, TAKEN_SUBJECT, TAKEN_NUMBER, TAKEN_BY, TAKEN_IS_SETTLED, TAKEN_TRY };
struct statement catalogue_erasures_take(struct arena *arena, str node, uint64_t most);

// Destroys ERASURE_PAGE keys at most: whether the erasure is still this node's; the hold that
// stopped it, or null; how many keys; whether more are there; the streams that may be in memory
// somewhere, as an array; whether all that was to be sent at `marks` has gone, and where that
// stands now. `marks` may be empty: nothing is asked for.
enum { ERASURE_PAGE = 2000 };
enum { PAGE_IS_MINE, PAGE_STOPPED, PAGE_KEYS, PAGE_IS_LEFT, PAGE_TOLD, PAGE_IS_SENT, PAGE_MARKS };
struct statement catalogue_erase_page(struct arena *arena, const struct erasure_name *name,
                                      str node, str marks);

// After it a node that takes over a shard takes values of the person again.
struct statement catalogue_erasure_settle(struct arena *arena, const struct erasure_name *name);
struct statement catalogue_erasure_close(struct arena *arena, const struct erasure_name *name);

// The streams whose key was destroyed since the erasure began and that may be in memory somewhere:
// shard, stream; those after one, in order.
struct erased_stream {
    int64_t shard;
    uint64_t stream;
};
struct statement catalogue_erased_streams(struct arena *arena, const struct erasure_name *name,
                                          const struct erased_stream *after);

// Some at a time, of the whole installation: shard, stream, number, tenant, wrapped; 0, 0, 0: the
// key of the index.
struct statement catalogue_persons_to_rewrap(struct arena *arena, str vault_key);

struct person_rewrap {
    int64_t shard, stream, number;
    str old, wrapped, vault_key;
};
struct statement catalogue_person_rewrap(struct arena *arena, const struct person_rewrap *rewrap);

#endif
