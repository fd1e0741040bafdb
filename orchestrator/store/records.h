// SPDX-License-Identifier: Apache-2.0
//
// Where flat records (record/records.h) are kept, and the history that they are made from: for a
// thread of its own, as every call waits for PostgreSQL. A turn takes some batches of one shard, in
// one transaction:
//
//     records_begin → records_load → records_store
//
// Whatever fails takes the turn back: nothing was done. records_open makes the connection again.
#ifndef BATON_STORE_RECORDS_H
#define BATON_STORE_RECORDS_H

#include "base/error.h"
#include "record/records.h"

struct records;

enum {
    RECORDS_TURN_ROWS = 16000, // steps of a turn; a batch is never parted
    RECORDS_MOST_SHARDS = 4096,
};

struct records *records_new(const char *url); // not connected yet
void records_free(struct records *records);

// Connects where it is not connected. ERROR_UNAVAILABLE: try again later.
MUST_CHECK bool records_open(struct records *records, struct error *err);

struct records_lag {
    uint64_t batches;  // committed and not in the records, over all shards
    int64_t behind_ms; // the age of the oldest of them; 0: none
};

// The shards that have more history than records; ret_shards has room for RECORDS_MOST_SHARDS.
MUST_CHECK bool records_behind(struct records *records, uint32_t *ret_shards, size_t *ret_count,
                               struct records_lag *ret_lag, struct error *err);

struct records_turn {
    struct arena *arena; // of all that belongs to the turn
    uint32_t shard;
    uint64_t batch; // the last one of the turn
    size_t count;   // steps of instances; 0 with a batch of 0: nothing to do, or another does it
    struct history_row *steps;
};

// Locks the shard's records and reads what comes next, into the arena.
MUST_CHECK bool records_begin(struct records *records, uint32_t shard, struct arena *arena,
                              struct records_turn *ret_turn, struct error *err);

struct records_loaded {
    struct element_record *elements;
    size_t element_count;
    struct job_record *jobs;
    size_t job_count;
};

// The stored records of these keys, and the element instances of the jobs.
MUST_CHECK bool records_load(struct records *records, const struct records_turn *turn,
                             const struct record_wanted *wanted, struct records_loaded *ret_loaded,
                             struct error *err);

// Stores what the turn came to and how far the shard's records have come, and commits.
MUST_CHECK bool records_store(struct records *records, const struct records_turn *turn,
                              const struct record_changes *changes, struct error *err);

// Takes the turn back.
void records_abandon(struct records *records);

#endif
