// SPDX-License-Identifier: Apache-2.0
//
// Where flat records (record/records.h) are kept, and the history that they are made from: for a
// thread of its own, as every call waits for PostgreSQL. A turn takes some batches of one shard, in
// one transaction:
//
//     records_begin → records_load → records_store → records_commit
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
    uint64_t batch;   // the last one of the turn
    uint64_t counted; // the last one that is in insight's counters
    size_t count;     // steps of instances; 0 with a batch of 0: nothing to do, or another does it
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

// Stores what the turn came to.
MUST_CHECK bool records_store(struct records *records, const struct records_turn *turn,
                              const struct record_changes *changes, struct error *err);

// How far the shard's records have come, and commits.
MUST_CHECK bool records_commit(struct records *records, const struct records_turn *turn,
                               struct error *err);

// -- Insight's counters: after records_store, before records_commit ------------------------------

// The words of an element, as the model has them; element 0: of the process. Once its records are
// stored. False: the definition is not there any more.
struct records_words {
    str process_id;
    int32_t version;
    str tenant;
    str id, name, type;
};
bool records_words_of(const struct records *records, uint64_t definition, uint32_t element,
                      struct arena *arena, struct records_words *ret_words);

struct records_instances {
    const uint64_t *instances;
    size_t count;
    int32_t most; // that is loaded of each
};

// What is over of these instances, as it was stored; with its words. In the turn's arena.
struct records_part {
    struct element_record record;
    str id, name, type;
};
MUST_CHECK bool records_load_parts(struct records *records, const struct records_turn *turn,
                                   const struct records_instances *of,
                                   struct records_part **ret_parts, size_t *ret_count,
                                   struct error *err);

enum { RECORDS_PART_OF_MONTH = -1, RECORDS_NEXT_PART = -2 };

// A row of insight_cells (schemas/0300_insight.sql).
struct records_cell {
    uint64_t definition;
    str process_id;
    int32_t version;
    str tenant;
    int32_t day; // since 1970-01-01
    int32_t part;
    int32_t format;
    uint64_t started, entered, gone, entered_ms, gone_ms;
    str names, head, elements, times, edges, variants;
};

// Stores cells. Says as which part each was stored, in their order.
MUST_CHECK bool records_add_cells(struct records *records, const struct records_turn *turn,
                                  const struct records_cell *cells, size_t count,
                                  int32_t *ret_parts, struct error *err);

// Days of a definition, from the first to before the end.
struct records_days {
    uint64_t definition;
    int32_t first, end;
};

// Their parts.
MUST_CHECK bool records_cell_parts(struct records *records, const struct records_turn *turn,
                                   const struct records_days *days, struct records_cell **ret_cells,
                                   size_t *ret_count, struct error *err);
MUST_CHECK bool records_drop_cells(struct records *records, const struct records_turn *turn,
                                   const struct records_days *days, struct error *err);

// Their month has no cell of its own any more: one of its days changes.
MUST_CHECK bool records_open_month(struct records *records, const struct records_turn *turn,
                                   const struct records_days *day, struct error *err);

// The part is among others no more; those who can read it still find it.
MUST_CHECK bool records_set_aside(struct records *records, const struct records_turn *turn,
                                  const struct records_cell *cell, struct error *err);

// They are in their month's cell.
MUST_CHECK bool records_mark_month(struct records *records, const struct records_turn *turn,
                                   const struct records_days *days, struct error *err);

// What is over before `today` and can be merged: single days that have parts, or whole months; at
// most *count of them, for which ret_days has room.
MUST_CHECK bool records_old_days(struct records *records, const struct records_turn *turn,
                                 int32_t today, struct records_days *ret_days, size_t *count,
                                 struct error *err);
MUST_CHECK bool records_old_months(struct records *records, const struct records_turn *turn,
                                   int32_t today, struct records_days *ret_days, size_t *count,
                                   struct error *err);

// Takes the turn back.
void records_abandon(struct records *records);

#endif
