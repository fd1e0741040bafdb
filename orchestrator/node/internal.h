// SPDX-License-Identifier: Apache-2.0
//
// What the files of node share: the node and its shards. Private to node.
//
//   records ──► inbox ──► computing ──► computed ──► committing ──► publishing ──► (forgotten)
//   (Kafka)    (bytes)   (one batch)   (one batch)   (one batch)    (batches, until delivered)
//
// A shard computes at most one batch ahead of the one that commits. Whatever goes wrong is answered
// in one way: node_shard_restart forgets everything in memory and acquires the shard again, which
// tells from PostgreSQL where it stands.
#ifndef BATON_NODE_INTERNAL_H
#define BATON_NODE_INTERNAL_H

#include "base/config.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "base/map.h"
#include "engine/engine.h"
#include "node/definitions.h"
#include "node/due.h"
#include "node/metrics.h"
#include "node/node.h"
#include "node/outbox.h"
#include "record/token.h"
#include "store/store.h"

#include <event2/event.h>

enum {
    NODE_MAX_SHARDS = 4096,
    NODE_TOPIC_NAME = 250,
    NODE_QUARANTINE_TRIES = 3,
    NODE_MAX_SURVIVED = 20, // tries of one record that may end with a lost connection
    NODE_RETRY_MS = 1000,
    NODE_IDLE_TRIM_MS = 300,
    NODE_MAX_PUBLISHING =
        64, // committed batches that wait for the brokers; beyond it nothing is computed
    NODE_PUBLISH_TRIES = 5, // of a record that the broker refuses
    NODE_SENDER_NONE = UINT32_MAX,
};

// A record as it came, until its batch has been computed.
struct inbound {
    struct inbound *next;
    int64_t offset;
    int64_t time_ms;
    uint32_t sender; // the shard whose outbox it comes from; NODE_SENDER_NONE: none
    uint64_t number; // in that outbox
    size_t len;
    char bytes[];
};

struct task { // one record of a batch
    struct command command;
    enum { TASK_STEP, TASK_QUARANTINE, TASK_SKIP } what;
    str why;
};

struct batch {
    struct shard *shard;
    struct arena arena;
    struct inbound *records;
    size_t count;
    struct task *tasks;
    size_t at; // the next one to step
    bool begun;
    bool loading; // streams or resources are on their way
    int64_t first_offset;
    int64_t next_offset;
    struct digest last_record;
    struct changes changes;
    struct store_packed packed;
    struct strbuf outbound; // packed records
    struct strbuf letters;  // dead letters among them, known before the engine ran
    uint32_t letter_count;
    uint64_t number; // of the history batch
    uint64_t first_outbound;
    uint64_t next_outbound;
    uint64_t trims; // outbox records below it go with this commit
    bool senders_changed;
    int64_t sent_ns; // to PostgreSQL
};

// A committed batch whose records are on their way to the brokers.
struct publishing {
    struct publishing *next;
    struct shard *shard; // NULL: the shard has gone; freed when the last report is in
    struct arena arena;
    str unsent;                   // packed records not handed to the producer yet
    uint64_t number;              // of the next unsent record
    uint64_t next_number;         // after the last one
    uint64_t batch;               // history batch
    struct outbox_record *events; // for the event topic
    size_t event_count;
    size_t event_at;
    size_t in_flight; // handed over, not yet reported
};

enum shard_state {
    SHARD_ACQUIRING,
    SHARD_DEFINING, // loads definitions that this node does not know
    SHARD_RUNNING,
    SHARD_WAITING, // failed: tries again soon
    SHARD_HALTED,
    SHARD_DRAINING,
    SHARD_RELEASED,
};

struct shard {
    struct node *node;
    uint32_t number;
    enum shard_state state;
    bool wanted;         // the consumer group says that it is ours
    bool halted;         // stands still until it is repaired; also while it looks whether it was
    uint64_t generation; // counts restarts: answers to an earlier life are ignored
    size_t calls;        // answers that are out
    uint64_t epoch;
    struct engine *engine;
    char error[256]; // the last trouble, said once

    int64_t next_offset;       // committed
    int64_t taken_offset;      // below it, records are in batches
    int64_t read_offset;       // the next one expected from Kafka
    bool positioned;           // the consumer was told to read from read_offset
    int64_t gap_since_ms;      // when a later record came instead of read_offset; 0: never
    int64_t last_record_ms;    // when the last expected one came
    bool has_last;             // a last committed record is known, by its digest
    struct digest last_record; // of it
    bool checking;             // the first record must be the one with this digest again
    struct digest checked;

    struct inbound *inbox_first;
    struct inbound *inbox_last;
    size_t inbox_count;
    size_t inbox_bytes;
    bool paused;

    struct batch *computing; // waits for streams or resources
    struct batch *computed;
    struct batch *committing;
    bool busy; // a wait brings a fuller batch
    int64_t window_ns;
    size_t window_commands; // since then
    int64_t last_commit_ns;
    struct event *wait; // the end of a busy shard's wait for a fuller batch

    uint64_t batch_number; // computed
    struct digest chain;
    uint64_t next_outbound;
    uint64_t *senders;
    size_t sender_count;

    struct publishing *publishing_first;
    struct publishing *publishing_last;
    size_t publishing_count;
    uint32_t publish_failures; // in a row, of what ends at failed_number
    uint64_t failed_number;
    uint64_t published; // outbox records below it are on Kafka
    uint64_t trimmed;   // and those below this one are not in PostgreSQL any more
    uint64_t events_published;
    bool trim_needed; // more was published than PostgreSQL knows
    bool letting_go;

    struct due_list *due;
    struct event *due_timer;
    int64_t due_loaded_ms;
    bool due_loading;

    bool jobs_wait; // some jobs wait for their window
    bool releasing;
    int64_t released_ms;

    uint32_t careful; // records to take one by one, each noted before it is tried
    bool tried;       // the first one in the inbox has been noted
    uint32_t tries;
    bool trying;
    int64_t tried_offset; // the one noted last
    uint32_t survived;    // tries of it that ended with a lost connection, not with the node
    bool yields;          // has just tried one: the others go first
    bool rebuild;
};

struct node {
    const struct config *config;
    struct event_base *loop;
    struct store *store;
    struct bus_producer *producer;
    struct bus_producer
        *events_producer; // nobody waits for an event: it lingers for fuller batches
    struct bus_consumer *consumer;
    struct definitions *definitions;
    struct metrics metrics;
    struct arena arena;
    struct arena scratch; // reset at the end of whatever uses it
    char name[64];
    char topic_commands[NODE_TOPIC_NAME];
    char secret[TOKEN_SECRET_MAX];
    size_t secret_len;
    uint32_t shard_count;
    uint32_t event_partitions;
    struct shard *shards[NODE_MAX_SHARDS];
    struct event *assign;  // tells the consumer what to read, once a turn
    struct map job_topics; // that are known to be there
    struct shard *trial;   // tries a suspicious record, or waits to: nobody else begins a batch
    bool store_was_there;
    bool assigned; // the group has given shards
    bool placed;   // and the consumer was told where they are
    bool draining;
    node_drained *drained;
    void *drained_context;
    struct event *drain_end;
    const struct zone_db *zones;
};

// -- shard.c: life and death ------------------------------------------------------------

struct shard *node_shard_new(struct node *node, uint32_t number);
void node_shard_acquire(struct shard *shard);
void node_shard_restart(struct shard *shard,
                        const char *why);     // at once when why is NULL, else a little later
void node_shard_release(struct shard *shard); // drains, then SHARD_RELEASED
void node_shard_halt(struct shard *shard, const char *why);
void node_shard_free(struct shard *shard);
bool node_shard_reads(const struct shard *shard);
void node_shard_drained(struct shard *shard); // goes on with a release when nothing is in flight

// What an answer needs to find its shard and to see that it comes too late.
struct life {
    struct shard *shard;
    uint64_t generation;
};
struct life *life_new(struct shard *shard);
struct shard *life_end(void *life, bool *ret_is_old); // frees it

// -- intake.c: records from Kafka -------------------------------------------------------

void node_shard_take_record(struct shard *shard, const struct bus_record *record);
void node_shard_out_of_range(struct shard *shard);
void node_shard_recheck(struct shard *shard); // before it is told where to read from
void inbox_clear(struct shard *shard);
void inbox_pause(struct shard *shard); // fetches nothing until it is resumed or placed anew
struct inbound *inbox_take(struct shard *shard, size_t most, size_t *ret_count);

// -- step.c: batches --------------------------------------------------------------------

void node_shard_turn(struct shard *shard); // does what can be done now
void batch_free(struct batch *batch);
void node_trial_turn(struct shard *shard); // a batch of the shard is done or gone: who is next

// -- publish.c: what goes out -----------------------------------------------------------

void publish_batch(struct shard *shard, struct batch *batch);
void publish_outbox(struct shard *shard, const struct store_shard *acquired);
void publish_history(struct shard *shard, uint64_t batch, const struct history_row *row,
                     str events);
void publish_more(struct shard *shard);
void publish_forget(struct shard *shard);
void publish_delivered(struct node *node, uint64_t tag, const struct error *failure);
bool publish_is_done(const struct shard *shard);

// A command of the node's own to its shard; lost when the broker is away, asked again later.
void publish_own(struct shard *shard, const struct command *command);
void publish_to(struct node *node, uint32_t shard, const struct command *command, str token);

// -- remind.c: due things, waiting jobs, rebuilding -------------------------------------

void node_shard_remind(struct shard *shard);
void node_shard_release_jobs(struct shard *shard);
void node_shard_rebuild(struct shard *shard);

// -- node.c -----------------------------------------------------------------------------

void node_assign_soon(struct node *node);
void node_shard_released(struct node *node);
str node_secret(const struct node *node);
void node_topic(const struct node *node, str rest, char *ret_name);

#endif
