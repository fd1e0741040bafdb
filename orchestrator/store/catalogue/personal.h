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

// How many streams had a key. A hold refuses it (SQLSTATE BA002).
struct statement catalogue_erase(struct arena *arena, const struct erasure *erasure);

// The streams of a person that may be in memory somewhere: stream.
struct statement catalogue_erased_streams(struct arena *arena, const struct erasure *erasure);

// Some at a time, of the whole installation: shard, stream, number, tenant, wrapped; 0, 0, 0: the
// key of the index.
struct statement catalogue_persons_to_rewrap(struct arena *arena, str vault_key);

struct person_rewrap {
    int64_t shard, stream, number;
    str old, wrapped, vault_key;
};
struct statement catalogue_person_rewrap(struct arena *arena, const struct person_rewrap *rewrap);

#endif
