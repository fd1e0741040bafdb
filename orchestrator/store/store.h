// SPDX-License-Identifier: Apache-2.0
//
// The truth of a node's shards, in PostgreSQL. Everything is asked on the loop and answered by a
// callback, in order per shard; nothing blocks. A shard's owner acquires it (which makes every
// earlier owner's commits fail), loads what it needs, and commits batches.
//
// What an answer points to is valid during the callback.
#ifndef BATON_STORE_STORE_H
#define BATON_STORE_STORE_H

#include "base/digest.h"
#include "base/error.h"
#include "record/rows.h"

struct event_base;
struct store;

struct store_options {
    const char *url;
    const char *node;     // name of this node, for the shards table and pg_stat_activity
    uint32_t connections; // a shard always uses the same one
};

struct store_handler {
    void *context;
    void (*connected)(void *context);                     // all connections are there
    void (*lost)(void *context, const struct error *err); // one is away; it is made again by itself
};

struct store *store_new(const struct store_options *options, const struct store_handler *handler,
                        struct event_base *loop);
void store_free(struct store *store); // answers what is out with STORE_LOST

bool store_is_ready(const struct store *store);

enum store_outcome {
    STORE_DONE,
    STORE_TAKEN,   // another owner has the shard: forget everything about it
    STORE_REFUSED, // PostgreSQL said no, and nothing was done: *err says why
    STORE_BUSY,    // it could not now, whoever asks (a lock, a deadlock, no room), and nothing was
                   // done: the same may go in a moment
    STORE_LOST,    // the connection broke; done or not, acquiring the shard again tells
};

// -- Acquire ----------------------------------------------------------------------------

struct store_outbox_row {
    uint64_t first; // number of its first record
    str payload;
};

struct store_count {
    str type;
    str tenant;
    uint32_t offered;
    uint32_t waiting;
    str credential; // not empty: behind whose breaker some are held, of whatever type
};

struct store_erasure { // of a person, not over yet
    uint64_t number;
    str subject; // digest
};

struct store_shard {
    uint32_t shard;
    uint64_t epoch;
    int64_t next_offset;
    uint64_t next_key;
    uint64_t events; // last sequence number of the shard's own stream
    uint64_t batch;
    struct digest chain;
    uint64_t next_outbound;
    uint64_t events_published;
    str last_record;
    size_t sender_count;
    const uint64_t *senders;
    uint32_t failures;
    int64_t trying_offset;
    uint32_t tries;
    str halted;
    bool rebuild;
    str image;
    int64_t clock_ms; // the shard's time; 0: it has none yet
    bool counts_usage;
    bool has_persons; // keys of persons
    size_t outbox_count;
    const struct store_outbox_row *outbox;
    size_t count_count;
    const struct store_count *counts; // jobs, by type and tenant
    size_t erasure_count;
    const struct store_erasure *erasures;
};

// Bumps the epoch. The row lock it takes waits for a commit that is still running, so what it
// returns includes every commit that was or will ever be made under the old epoch.
typedef void store_acquired(void *context, enum store_outcome outcome,
                            const struct store_shard *shard, const struct error *err);
void store_acquire(struct store *store, uint32_t shard, store_acquired *done, void *context);

// -- Load -------------------------------------------------------------------------------

enum { STORE_MAX_STREAMS = 8192 };

struct store_stream { // what to load, and what was found; see struct stream_ref of the engine
    enum stream_kind kind;
    uint64_t instance;
    uint32_t most;
    str name;
    str correlation_key;
    str tenant;
    enum subscription_kind subscription_kind;
    uint64_t key; // of an instance or a mailbox that was found
};

// One call a stream that is there, then done. Streams that are not there are not told.
typedef void store_loaded(void *context, const struct store_stream *stream, str image);
typedef void store_done(void *context, enum store_outcome outcome, const struct error *err);

// The key of a person in a stream; wrapped is empty where it was erased.
struct store_person {
    uint64_t stream;
    uint32_t number;
    str tenant;
    str subject;
    str wrapped;
};
typedef void store_keyed(void *context, const struct store_person *person);

struct store_load {
    uint32_t shard;
    size_t count;
    const struct store_stream *streams;
    store_keyed *keyed; // called before loaded for each key of these streams; NULL: none is there
    store_loaded *loaded;
    store_done *done;
    void *context;
};
void store_load_streams(struct store *store, const struct store_load *load);

// Keys of these streams alone: of what is in the outbox.
struct store_persons {
    uint32_t shard;
    size_t count;
    const uint64_t *streams;
    store_keyed *keyed;
    store_done *done;
    void *context;
};
void store_load_persons(struct store *store, const struct store_persons *persons);

// -- Commit -----------------------------------------------------------------------------

// History as it is stored: each row's events packed, and the digest after all of them.
struct store_packed {
    struct digest body;  // sha256(sha256(row), …)
    struct digest chain; // sha256(chain before ‖ body)
    str *events;         // one item a row of changes.history
};
struct store_packed store_pack(struct digest chain, const struct changes *changes,
                               struct arena *turn);

// Appends the digest of one row, which is what a row contributes to its batch.
void store_chain_add(struct strbuf *out, const struct history_row *row, str events);

// The digest of a batch: from the one before it and the digests of its rows.
struct digest store_chain_end(struct digest chain, str rows, struct digest *ret_body);

struct store_commit {
    uint32_t shard;
    uint64_t epoch;
    int64_t expected_offset;
    int64_t next_offset;
    uint64_t batch; // number of this batch; that of the one before when it has no history
    const struct changes *changes;
    bool has_persons;           // the shard has keys of persons
    struct store_packed packed; // the changes' history
    uint64_t first_outbound;    // the records in `outbound`, packed; empty: none
    uint64_t next_outbound;
    str outbound;
    str letters_key;    // the vault's key that sealed dead letters among them; empty: none did
    uint64_t published; // outbox rows below this number are on Kafka and go, …
    uint64_t trimmed;   // … those below this one have gone with an earlier commit
    uint64_t events_published;
    str last_record;
    size_t sender_count; // 0: unchanged
    const uint64_t *senders;
    bool counts_usage; // what its tenants have alive is kept (store_count_usage)
};

void store_commit(struct store *store, const struct store_commit *commit, struct arena *turn,
                  store_done *done, void *context);

// Outbox rows below `published` go although nothing is committed, and the owner has let go when
// `released`: a successor need not suspect a crash.
struct store_trim {
    uint32_t shard;
    uint64_t epoch;
    uint64_t published;
    uint64_t trimmed;
    uint64_t events_published;
    bool has_persons; // keys of what was on its way go, too
    bool released;
};
void store_trim(struct store *store, const struct store_trim *trim, store_done *done,
                void *context);

// Notes before its execution that the record at `offset` is tried; tells how often it was. A try
// that the node `survived`, because only the connection was lost, is not counted again.
struct store_trial {
    uint32_t shard;
    uint64_t epoch;
    int64_t offset;
    bool survived;
};
typedef void store_tried(void *context, enum store_outcome outcome, uint32_t tries);
void store_try(struct store *store, const struct store_trial *trial, store_tried *done,
               void *context);

// From another thread, blocking, on a connection of its own: notes that the record at `offset`
// takes long, as store_try notes a try.
MUST_CHECK bool store_note_slow(const char *url, uint32_t shard, uint64_t epoch, int64_t offset,
                                struct error *err);

// The shard stands still from here on, until it is repaired.
void store_halt(struct store *store, uint32_t shard, uint64_t epoch, str why, store_done *done,
                void *context);

// The rebuild that a repair asked for has been done.
void store_rebuilt(struct store *store, uint32_t shard, uint64_t epoch, store_done *done,
                   void *context);

// -- Due --------------------------------------------------------------------------------

enum { STORE_DUE_LIMIT = 10000 };

struct store_due {
    enum command_type type; // FIRE_TIMER, TIME_OUT_JOB, RETRY_JOB, EXPIRE_MESSAGE
    uint64_t key;
    uint64_t instance;
    int64_t due_ms;
    uint32_t attempt;
    str name;
    str correlation_key;
    str tenant;
    int32_t retries; // of jobs in flight only
};

// What falls due up to `until_ms`, soonest first, at most STORE_DUE_LIMIT; `complete`: that is all.
typedef void store_dues(void *context, enum store_outcome outcome, const struct store_due *dues,
                        size_t count, bool complete);
void store_find_due(struct store *store, uint32_t shard, int64_t until_ms, store_dues *done,
                    void *context);

// The time of PostgreSQL's clock: the one that all nodes can compare theirs with.
typedef void store_time(void *context, enum store_outcome outcome, int64_t time_ms);
void store_clock(struct store *store, uint32_t shard, store_time *done, void *context);

// Jobs of a type that nobody works on, at most `limit`.
struct store_job_id {
    uint64_t key;
    uint64_t instance;
    uint32_t attempt;
};
struct store_waiting {
    uint32_t shard;
    str type;
    enum {
        STORE_JOBS_WAITING, // of a tenant, for their window, the most urgent first
        STORE_JOBS_UNTAKEN, // these, and those that lie on their topic
        STORE_JOBS_HELD,    // of a tenant, behind the breaker of the credential `type`
        STORE_JOBS_PASSED,  // of any tenant, on their topic since before offered_before_ms
    } which;
    str tenant;
    str processes; // STORE_JOBS_UNTAKEN: of these alone (process_list_has)
    bool leases;   // STORE_JOBS_UNTAKEN: also those that go to who answers with a token alone
    int64_t offered_before_ms;
    uint32_t limit;
};
typedef void store_jobs(void *context, enum store_outcome outcome, const struct store_job_id *jobs,
                        size_t count);
void store_find_waiting(struct store *store, const struct store_waiting *waiting, store_jobs *done,
                        void *context);

// How many jobs of each type and tenant are with workers and waiting, where any wait.
typedef void store_counts(void *context, enum store_outcome outcome,
                          const struct store_count *counts, size_t count);
void store_count_jobs(struct store *store, uint32_t shard, store_counts *done, void *context);

// The consumer group of a job type's workers, as it is now: kept for people who ask why a job
// waits. On the connection of any shard that the node runs. Clients name themselves: the first
// STORE_GROUP_MEMBERS of them are kept, of each the first NAME_BYTES; names that are no text are
// not.
enum { STORE_GROUP_MEMBERS = 100 };
struct store_group {
    str type;
    bool knows_members; // not every broker tells
    const str *members; // client ids
    size_t member_count;
    int64_t lag; // jobs on the topic that the group has not committed past
};
void store_note_group(struct store *store, uint32_t shard, const struct store_group *group,
                      store_done *done, void *context);

// What was in flight on Kafka before it was lost: definitions that the shard may not have heard of,
// leases to end now, subscriptions to open again.
struct store_open_subscription {
    uint64_t key;
    uint64_t instance;
    uint64_t element_instance;
    str name;
    str correlation_key;
    str tenant;
    str process_id;
};
struct store_published {
    uint64_t deployment;
    str tenant;
    struct deployed_resource resource;
};
struct store_in_flight {
    size_t definition_count;
    const struct store_published *definitions; // all that are not deleted, old ones first
    size_t job_count;
    const struct store_due *jobs; // offered ones
    size_t subscription_count;
    const struct store_open_subscription *subscriptions;
};
typedef void store_flight(void *context, enum store_outcome outcome,
                          const struct store_in_flight *flight);
void store_find_in_flight(struct store *store, uint32_t shard, store_flight *done, void *context);

// Of the same, only subscriptions made before `until_ms` that are not confirmed, the oldest
// STORE_UNOPENED_LIMIT.
enum { STORE_UNOPENED_LIMIT = 1000 };
void store_find_unopened(struct store *store, uint32_t shard, int64_t until_ms, store_flight *done,
                         void *context);

// -- Shares -----------------------------------------------------------------------------

// What was set for tenants (table shares), policies that keep user tasks apart (separations), and
// listeners of all user tasks (global_listeners).
struct store_shares {
    int64_t version;
    str windows;       // struct set_shares
    bool counts_usage; // something is set that takes the counts of store_count_usage
    str policies;      // struct set_policies
    str listeners;     // struct set_listeners
};
typedef void store_shares_found(void *context, enum store_outcome outcome,
                                const struct store_shares *shares); // NULL: as known
void store_find_shares(struct store *store, uint32_t shard, int64_t known_version,
                       store_shares_found *done, void *context);

// Counts what the tenants have alive on the shard, once; from here on its commits must say
// counts_usage. Or forgets it, when not `on`.
void store_count_usage(struct store *store, uint32_t shard, uint64_t epoch, bool on,
                       store_done *done, void *context);

// -- Definitions ------------------------------------------------------------------------

struct store_definition {
    uint64_t key;
    enum resource_kind kind;
    str id;
    int32_t version;
    str tenant;
    str resource_name;
    str bytes;
    str imports; // see struct store_resource_row
    bool deleted;
};

// All definitions with a key that is not among `known`; `shard` only chooses the connection.
typedef void store_defined(void *context, const struct store_definition *definition);
struct store_definitions {
    uint32_t shard;
    size_t known_count;
    const uint64_t *known;
    store_defined *defined;
    store_done *done;
    void *context;
};
void store_find_definitions(struct store *store, const struct store_definitions *query);

// Resources by digest: what a deployment that is not committed yet will need.
struct store_resource_row {
    str digest;
    str bytes;
    str imports; // of a DMN file: the files it imports, each after its length in four bytes
};
typedef void store_resource(void *context, const struct store_resource_row *resource);
struct store_resources {
    uint32_t shard;
    size_t count;
    const str *digests;
    store_resource *found;
    store_done *done;
    void *context;
};
void store_find_resources(struct store *store, const struct store_resources *query);

// -- History that is not on the event topic yet -----------------------------------------

typedef void store_step(void *context, uint64_t batch, const struct history_row *row, str events);
struct store_unpublished {
    uint32_t shard;
    uint64_t after_batch;
    uint32_t batches; // so many at most
    store_step *step; // row.events is not filled: `events` has them packed
    store_done *done;
    void *context;
};
void store_find_unpublished(struct store *store, const struct store_unpublished *query);

#endif
