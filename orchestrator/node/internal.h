// SPDX-License-Identifier: Apache-2.0
//
// What the files of node share: the node, its shards and their batches. Private to node.
//
//   records ──► inbox ──► computing ──► computed ──► committing ──► publishing ──► (forgotten)
//   (Kafka)    (bytes)   (one batch)   (one batch)   (one batch)    (batches, until delivered)
//   intake.c              decode.c      outbound.c    commit.c       publish.c
//                         load.c
//
// A shard computes at most one batch ahead of the one that commits. Whatever goes wrong is answered
// in one way: node_shard_restart forgets everything in memory and acquires the shard again, which
// tells from PostgreSQL where it stands. Who gets an answer never goes on by itself: it notes what
// came and wakes the shard, whose turn (batch.c) does what can be done.
#ifndef BATON_NODE_INTERNAL_H
#define BATON_NODE_INTERNAL_H

#include "base/config.h"
#include "base/map.h"
#include "bus/consumer.h"
#include "bus/errand.h"
#include "bus/producer.h"
#include "engine/engine.h"
#include "loop/pending.h"
#include "loop/retry.h"
#include "loop/timer.h"
#include "node/definitions.h"
#include "node/due_list.h"
#include "node/keyring.h"
#include "node/metrics.h"
#include "node/node.h"
#include "node/outbox.h"
#include "node/tally.h"
#include "node/watch.h"
#include "record/token.h"
#include "record/topic.h"
#include "store/store.h"

enum {
    NODE_MAX_SHARDS = 4096,
    NODE_TOPIC_NAME = 250,
    NODE_QUARANTINE_TRIES = 3,
    NODE_MAX_SURVIVED = 20, // tries of one record that may end with a lost connection
    NODE_IDLE_TRIM_MS = 300,
    NODE_LACKING_MS = 10000, // until keys that the vault lacks are looked for again
    NODE_MAX_PUBLISHING =
        64, // committed batches that wait for the brokers; beyond it nothing is computed
    NODE_CLOCK_TOLERANCE_MS = 2000, // clocks may differ by so much, and records be so far ahead
    NODE_SENDER_NONE = UINT32_MAX,
};

// A record as it came, until its batch has been computed.
struct inbound {
    struct inbound *next;
    int64_t offset;
    int64_t time_ms;
    uint32_t sender; // the shard whose outbox it comes from; NODE_SENDER_NONE: none
    uint64_t number; // in that outbox
    bool is_signed;  // by a node of this installation
    size_t len;
    char bytes[];
};

// What is done with a record of a batch. Nothing has an effect before its turn comes, so a batch
// may end early and give the rest back to the inbox.
struct task {
    struct inbound *record;
    struct command command;
    enum { TASK_STEP, TASK_QUARANTINE, TASK_SET_ASIDE } what;
    const char *why; // set aside or quarantined
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
    bool resources_asked;
    struct map resources; // found, by digest
    int64_t first_offset;
    int64_t next_offset;
    struct digest last_record;
    struct changes changes;
    struct store_packed packed;
    struct strbuf outbound; // packed records, as they are stored
    struct strbuf opened;   // and as they are sent, where that differs
    bool is_opened;
    struct strbuf letters;        // dead letters among them, known before the engine ran
    struct strbuf sealed_letters; // as they are stored where there is a vault
    bool has_sealed_letters;
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
    uint64_t batch;               // history batch whose events it has; 0: none
    struct outbox_record *events; // for the event topic
    size_t event_count;
    size_t event_capacity;
    size_t event_at;
    size_t in_flight; // handed over, not yet reported
    int64_t since_ms; // when it was committed, or found in the outbox
    size_t held;      // wait for their topic
};

enum shard_state {
#define STATE(name, text) SHARD_##name,
#define MOVE(from, to)
#include "node/shard_states.def"
#undef STATE
#undef MOVE
    SHARD_STATES
};

struct inbox { // records that no batch has taken yet
    struct inbound *first;
    struct inbound *last;
    size_t count;
    size_t bytes;
};

struct reading {            // its partition of the command topic
    int64_t next;           // the offset expected from Kafka
    bool positioned;        // the consumer was told to read from there
    bool paused;            // it fetches nothing
    bool asking;            // the place is not there: the brokers are asked which are
    int64_t gap_since_ms;   // when a later record came instead; 0: never
    int64_t last_record_ms; // when the last expected one came
    bool checking;          // the first record must be the one with this digest again
    struct digest checked;
};

struct pace {  // how full batches are
    bool busy; // a wait brings a fuller one
    int64_t window_ns;
    size_t window_commands; // since then
    int64_t last_commit_ns;
};

struct outgoing { // committed batches on their way to the brokers
    struct publishing *first;
    struct publishing *last;
    size_t count;
    struct parcel *held; // jobs and replies that wait for their topic
    struct retry retry;  // of commands and dead letters, the last at failed_number
    uint64_t failed_number;
    uint64_t published; // outbox records below it are on Kafka
    uint64_t trimmed;   // and those below this one are not in PostgreSQL any more
    uint64_t events_published;
    bool trim_needed; // more was published than PostgreSQL knows
};

struct events { // history on the event topic
    enum { EVENTS_OFF, EVENTS_BEHIND, EVENTS_ASKING, EVENTS_STALE, EVENTS_FLOWING } state;
    uint64_t read;      // the last batch that was handed on
    uint64_t committed; // the last one there is
    int64_t until_ms;   // BEHIND: the end of its rest
    struct retry retry;
};

struct dues {              // what falls due soon
    struct due_list *list; // NULL: the shard does not run
    struct timer *timer;
    int64_t loaded_ms;
    bool loading;
    int64_t clock_asked_ms; // when PostgreSQL was asked for its time, by this node's clock
    int64_t clock_asked_uptime_ms;
    struct test_clock test_clock; // by which the list was made, …
    int64_t ahead_ms;             // … and how far ahead the node's clock was
};

struct waiting_jobs {
    bool any;        // beyond their window, or behind a breaker
    bool are_paused; // all of them wait behind breakers
    bool asking;
    int64_t asked_ms;
    struct arena arena;
    struct idmap gateways; // that this life of the shard has heard of
};

struct brought {     // by a command of the node's own
    int64_t sent_ms; // 0: never
    int64_t version;
};

struct known_shares { // what is set for tenants, as this node knows it
    struct arena arena;
    int64_t version; // 0: it was not read yet
    str windows;
    str policies;
    str listeners;
    bool counts_usage;
    int64_t asked_ms; // 0: never
};

struct unopened { // subscriptions that their message's shard has not confirmed
    bool asking;
    int64_t asked_ms; // 0: never
    int64_t rest_ms;
    size_t count; // found last
};

struct suspicion {    // records that may be deadly are taken one by one (trial.c)
    uint32_t careful; // so many are left to take
    enum { TRIAL_NONE, TRIAL_NOTING, TRIAL_NOTED } stage; // of the first one in the inbox
    uint32_t tries;
    int64_t offset;    // the one noted last
    uint32_t survived; // tries of it that ended with a lost connection, not with the node
    bool yields;       // has just tried one: the others go first
};

struct shard {
    struct node *node;
    uint32_t number;
    enum shard_state state;    // shard_move alone changes it
    bool wanted;               // the consumer group says that it is ours
    struct pending_list calls; // answers that are out; forgotten with what is in memory
    struct timer *turn;        // its next turn
    struct timer *retry;       // the end of its rest
    struct timer *again;       // sends the transaction that PostgreSQL was too busy for
    struct retry commits;      // of it
    char error[256];           // the last failure, to avoid logging it again

    uint64_t epoch;
    int64_t clock_ms;          // its time: that of the newest command
    int64_t next_offset;       // committed
    int64_t taken_offset;      // below it, records are in batches
    bool has_last;             // a last committed record is known, by its digest
    struct digest last_record; // of it
    uint64_t batch_number;     // computed
    struct digest chain;
    uint64_t next_outbound;
    uint64_t *senders; // the highest number taken of each shard's outbox
    size_t sender_count;
    bool rebuild; // sends again what was in flight when it runs

    struct engine *engine;
    struct keyring *keyring; // beside it
    bool has_persons;        // there are keys in PostgreSQL
    bool lacks_keys;         // and this node's vault cannot read one of them
    size_t unreadable;       // streams set aside because they cannot be read
    bool unreadable_wanted;  // by a command since
    int64_t unreadable_ms;   // when the last one was set aside
    struct reading reading;
    struct inbox inbox;
    struct pace pace;
    struct batch *computing; // waits for streams, resources or its next turn
    struct batch *computed;
    struct batch *committing;
    struct outgoing outgoing;
    struct events events;
    struct dues dues;
    struct waiting_jobs jobs;
    struct unopened unopened;
    struct suspicion suspicion;
    bool counts_usage; // its commits keep what its tenants have alive
    struct brought shares, policies, listeners;
};

struct node {
    const struct config *config;
    struct event_base *loop;
    struct store *store;
    struct bus_producer *producer;
    struct bus_producer
        *events_producer; // nobody waits for an event: it lingers for fuller batches
    struct bus_consumer *consumer;
    struct watch *guard; // NULL: nobody looks at the steps
    struct bus_errands *errands;
    struct timer *watch; // looks up how far workers have come
    struct map watched_types;
    struct definitions *definitions;
    struct metrics metrics;
    struct tally_book tallies;
    struct arena arena;
    struct arena scratch; // reset at the end of whatever uses it
    char name[64];
    char topic_commands[NODE_TOPIC_NAME];
    char secret[TOKEN_SECRET_MAX];
    size_t secret_len;
    uint32_t shard_count;
    uint32_t event_partitions;
    const struct vault *vault; // NULL: nothing personal is taken
    const struct vault_key *persons;
    struct shard *shards[NODE_MAX_SHARDS];
    struct timer *assign;      // tells the consumer what to read, once a turn
    struct pending_list calls; // answers that are out to the node itself
    struct map outlets;        // topics of jobs and replies, by name
    struct shard *trial;       // tries a suspicious record, or waits to: nobody else begins a batch
    int64_t ahead_ms;          // this node's clock is ahead of PostgreSQL's; 0: within tolerance
    int64_t compared_ms;       // when it was compared, by this node\'s clock; 0: never
    int64_t compared_uptime_ms;
    struct known_shares shares;
    struct breaker_settings breakers;
    bool store_was_there;
    bool assigned; // the group has given shards
    bool placed;   // and the consumer was told where they are
    bool draining;
    bool has_strange_partitions; // the commands topic has more than the installation
    node_drained *drained;
    void *drained_context;
    struct timer *drain_end;
    const struct zone_db *zones;
};

// -- shard.c: life and death ------------------------------------------------------------

struct shard *node_shard_new(struct node *node, uint32_t number); // SHARD_RELEASED
void node_shard_free(struct shard *shard);
void node_shard_want(
    struct shard *shard); // the group gives it: acquires it when it is not ours yet
void node_shard_release(struct shard *shard); // the group takes it: drains, then SHARD_RELEASED

// Forgets what is in memory and acquires the shard again: at once when why is NULL, else after a
// rest.
void node_shard_restart(struct shard *shard, const char *why);
void node_shard_restart_after(struct shard *shard, const char *why, int64_t rest_ms);

// Writes the halt and stands still until `baton repair` moves the shard on.
void node_shard_halt(struct shard *shard, const char *why);

bool node_shard_reads(const struct shard *shard);     // its records are wanted
bool node_shard_is_halted(const struct shard *shard); // also while it looks whether it was repaired
bool node_shard_is_settling(const struct shard *shard); // it is not known yet where it goes on
const char *node_shard_state_name(enum shard_state state);

// Something has happened: its turn comes soon. Fine in any state.
void node_shard_wake(struct shard *shard);

// A draining shard lets go when nothing is in flight.
void node_shard_drained(struct shard *shard);

// -- clock.c -----------------------------------------------------------------------------

// For intervals: never set, never goes back.
int64_t node_uptime_ms(void);

// This node's time, made right where its clock is known to be ahead.
int64_t node_now_ms(const struct node *node);

// Compares the clock with PostgreSQL's. Nothing is computed before it was compared once.
void clock_compare(struct shard *shard);
bool clock_is_compared(const struct node *node);

// The latest time that a record may claim: what is beyond it is taken as this.
int64_t clock_latest_ms(const struct node *node);

// What time it is for the shard: the node's, or what a test clock makes of it.
int64_t clock_shard_now_ms(const struct shard *shard);

// By how much the shard's time is ahead of this node's, beyond the tolerance; 0: it is not. Its
// timers wait until the clock has come there.
int64_t clock_shard_ahead_ms(const struct shard *shard);

// -- intake.c: records from Kafka -------------------------------------------------------

void intake_record(struct shard *shard, const struct bus_record *record);
// What a record is known by: its value and when it was sent. An outbox that is sent again after a
// loss may put the same value at the same offset, behind others that are new.
struct digest intake_digest(int64_t time_ms, str value);
void intake_out_of_range(struct shard *shard); // the consumer says that the place is not there
void intake_recheck(struct shard *shard);      // before it is told where to read from
void inbox_clear(struct shard *shard);
void inbox_pause(struct shard *shard); // fetches nothing until it is resumed or placed anew
struct inbound *inbox_take(struct shard *shard, size_t most, size_t *ret_count);
void inbox_give_back(struct shard *shard, struct inbound *first); // the oldest ones, in order

// -- batch.c: a shard's turn -------------------------------------------------------------

void node_shard_turn(struct shard *shard); // does what can be done now
struct batch *batch_new(struct shard *shard, size_t most);
void batch_free(struct batch *batch);
void batch_cut(struct batch *batch, size_t count); // gives the tasks after the first `count` back

// -- decode.c: records into tasks --------------------------------------------------------

void decode_task(struct batch *batch, struct inbound *record, struct task *ret_task);

// Whether a command of another shard's outbox was taken before; else it counts as taken now.
bool decode_is_duplicate(struct batch *batch, const struct inbound *record);

// To commands.dlq, with this commit.
void decode_set_aside(struct batch *batch, const struct inbound *record, const char *why);

// -- load.c: what a batch needs from PostgreSQL ------------------------------------------

// Asks for all streams that the batch's commands need and the engine lacks, as far as can be told
// now. The batch is `loading` until the answer wakes the shard.
void load_streams(struct shard *shard);

// What could not be read and was wanted since is tried again after a rest. Between batches.
void load_unreadable_again(struct shard *shard);

// What the computing batch asked for has come. A shard that is being released has no batch.
void load_done(struct shard *shard, enum store_outcome outcome, const struct error *err);

// resources.c: the same for resources that deployments name, once per batch; false when nothing is
// to be asked. A task whose resource is not stored is quarantined.
MUST_CHECK bool load_resources(struct shard *shard);

// -- outbound.c, commit.c ----------------------------------------------------------------

// What the engine wants to send, as outbox records. False: a personal value cannot be sealed.
MUST_CHECK bool outbound_pack(struct batch *batch, struct error *err);
void commit_send(struct shard *shard);  // the computed batch to PostgreSQL
void commit_again(struct shard *shard); // the one that PostgreSQL was too busy for
// The batch will not be written: the shard begins anew, and its records are tried one by one.
void commit_refused(struct shard *shard, const struct batch *batch, const struct error *err);

// -- trial.c: records under suspicion ----------------------------------------------------

// Takes the next record alone, after its try was noted. Called while suspicion.careful > 0.
void trial_take(struct shard *shard);

// A batch of the shard is done or gone: whose turn is next.
void trial_end(struct shard *shard);

// A transaction was refused: its records are taken one by one.
void trial_suspect(struct shard *shard, size_t count);

// What ended the try was not the record: it does not count.
void trial_excuse(struct shard *shard);

// What is known of the record's tries when the shard is forgotten.
void trial_forget(struct shard *shard);

// -- publish.c: what goes out -----------------------------------------------------------

struct publishing *publishing_new(struct shard *shard);       // at the end of what is on its way
void publish_batch(struct shard *shard, struct batch *batch); // takes the batch
// False: this node's vault lacks the key of a dead letter in it; the shard must wait.
MUST_CHECK bool publish_outbox(struct shard *shard, const struct store_shard *acquired,
                               struct error *err);
// The keys of what was found in the outbox are there.
void publish_open_outbox(struct shard *shard);
void publish_more(struct shard *shard);
void publish_held(struct shard *shard); // what waits for a topic is tried again
void publish_forget(struct shard *shard);
void publish_delivered(struct node *node, uint64_t tag, const struct error *failure);
void publish_event_delivered(struct node *node, uint64_t tag, const struct error *failure);
bool publish_is_done(const struct shard *shard); // nothing is on its way; some may be held

// A command of the node's own to its shard; lost when the broker is away, asked again later.
void publish_own(struct shard *shard, const struct command *command);
void publish_to(struct node *node, uint32_t shard, const struct command *command);

// -- outlet.c: topics of jobs and replies ------------------------------------------------

enum outlet_state { OUTLET_NEW, OUTLET_ASKING, OUTLET_OPEN, OUTLET_RESTING, OUTLET_CLOSED };

struct outlet *outlet_get(struct node *node, const char *name);

// Asks for the topic when it is time to. CLOSED: *ret_why says why.
enum outlet_state outlet_look(struct outlet *outlet, const char **ret_why);
void outlet_refused(struct outlet *outlet, const struct error *failure);
void outlet_delivered(struct outlet *outlet);
size_t outlets_closed(const struct node *node); // that take nothing
void outlets_free(struct node *node);

// -- events.c: history on the event topic ------------------------------------------------

void events_start(struct shard *shard, uint64_t published, uint64_t committed);
void events_of_batch(struct publishing *publishing, const struct batch *batch);
void events_remind(struct shard *shard, int64_t uptime_ms);
void events_refused(struct publishing *publishing, const struct error *failure);
void events_delivered(struct shard *shard);

// -- due.c: due things, waiting jobs, progress without commits ---------------------------

void due_start(struct shard *shard);
void due_stop(struct shard *shard);
void due_remind(struct shard *shard);

// -- jobs.c: jobs that nobody works on ---------------------------------------------------

void jobs_remind(struct shard *shard, int64_t uptime_ms); // releases what has room

// -- breakers.c: when breakers open --------------------------------------------------------

// False and *err when a setting cannot be read; job types lie in the arena.
MUST_CHECK bool breakers_read(struct arena *arena, const struct config *config,
                              struct breaker_settings *ret_breakers, struct error *err);

// -- shares.c: what tenants may have alive ----------------------------------------------

void shares_remind(struct shard *shard, int64_t uptime_ms);
void jobs_serve(struct shard *shard, const struct batch *committed); // what gateways asked for
void jobs_forget(struct shard *shard);                               // a new life begins
void jobs_watch(struct node *node, int64_t now_ms);                  // what workers went past

// -- rebuild.c ---------------------------------------------------------------------------

void rebuild_start(struct shard *shard);
void rebuild_remind(struct shard *shard, int64_t uptime_ms); // what stands unopened

// -- node.c, place.c ---------------------------------------------------------------------

void node_assign_soon(struct node *node);
void node_shard_released(struct node *node);
str node_secret(const struct node *node);
void node_topic(const struct node *node, str rest, char *ret_name);

// Tells the consumer what to read: once all shards know where they stand, and again where a shard
// was acquired anew.
void place_shards(struct node *node);

#endif
