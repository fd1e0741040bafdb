// SPDX-License-Identifier: Apache-2.0
//
// The simulated PostgreSQL: the tables of schemas/ as far as nodes decide by them, and the
// statements of orchestrator/store/statements.def with the meaning they have there. A statement
// happens at once and as a whole; when it happens, and whether anybody learns of it, is
// fake_store.c's business. What is read is a picture of that moment: rows are never changed in
// place.
#ifndef BATON_CLUSTER_DATABASE_H
#define BATON_CLUSTER_DATABASE_H

#include "stamps.h"
#include "world.h"

#include "base/map.h"
#include "store/store.h"

struct database_step { // of history
    uint64_t batch;
    struct history_row row; // without events
    str events;
};

struct database_outbox {
    uint64_t first;
    uint64_t next;
    str payload;
};

// A transaction as it goes over the wire: nothing in it belongs to the node any more.
struct transaction {
    struct store_commit commit; // without changes and packed
    struct changes changes;     // rows with the columns that are kept here, no history
    ARRAY(struct database_step) steps;
    struct stamps stamps; // of its commands
    struct digest chain;
    bool image_changed;
};

struct shard_row {
    uint64_t epoch;
    str owner;
    int64_t next_offset;
    uint64_t next_key;
    int64_t clock_ms;
    uint64_t events;
    uint64_t batch;
    struct digest chain;
    uint64_t next_outbound;
    uint64_t events_published;
    str last_record;
    const uint64_t *senders;
    size_t sender_count;
    uint32_t failures;
    int64_t trying_offset;
    uint32_t tries;
    str halted;
    bool rebuild;
    str image;
};

struct shard_tables {
    struct shard_row row;
    uint64_t old_next_key; // for MUTATION_OLD_COUNTER
    struct idmap instances, jobs, timers, subscriptions, messages, elements, user_tasks, incidents;
    struct idmap mailbox_entries;
    struct map mailboxes;  // by mailbox_name
    struct map remembered; // by tenant and id
    ARRAY(struct database_step) history;
    struct stamps stamps; // of the commands that were committed
    ARRAY(struct database_outbox) outbox;
    size_t outbox_at;          // those before it are deleted
    ARRAY(int64_t) taken_over; // the offset that each owner began at
};

struct call; // fake_store.c: a request

struct database {
    struct call *locked_by[WORLD_SHARDS]; // a transaction that stands still holds the row
    struct shard_tables shards[WORLD_SHARDS];
    ARRAY(struct store_definition) definitions;
    ARRAY(struct store_published) published;  // the same, as they are sent to shards
    ARRAY(struct store_definition) resources; // id is the digest
};

struct database *database_new(void);
void database_free(struct database *database);

struct transaction *transaction_new(const struct store_commit *commit);

enum store_outcome database_commit(const struct transaction *transaction);
void database_acquire(uint32_t shard, str owner, struct store_shard *ret_shard);
enum store_outcome database_trim(const struct store_trim *trim);
enum store_outcome database_try(const struct store_trial *trial, uint32_t *ret_tries);
enum store_outcome database_halt(uint32_t shard, uint64_t epoch, str why);
enum store_outcome database_rebuilt(uint32_t shard, uint64_t epoch);

// True and the image when the stream is there.
bool database_find_stream(uint32_t shard, const struct store_stream *stream, str *ret_image);
size_t database_find_due(uint32_t shard, int64_t until_ms, struct store_due **ret_dues);
size_t database_find_waiting(const struct store_waiting *waiting, struct store_job_id **ret_jobs);
size_t database_count_jobs(uint32_t shard, struct store_count **ret_counts);
void database_find_unopened(uint32_t shard, int64_t until_ms, struct store_in_flight *ret_flight);
void database_find_in_flight(uint32_t shard, struct store_in_flight *ret_flight);

void database_put_resource(str digest, str bytes);
str database_resource(str digest); // data == NULL: there is none

// What store_repair does: a halted shard goes on at this offset. True when it was halted.
bool database_repair(uint32_t shard, int64_t next_offset);

#endif
