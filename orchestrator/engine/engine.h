// SPDX-License-Identifier: Apache-2.0
//
// The engine of one shard: a deterministic state machine. Commands go in, events and effects come
// out. It holds the streams (instances, mailboxes, the shard itself) that its owner loaded, and
// nothing else: no I/O, no clock, no randomness, no malloc.
//
// The life of a batch, driven by node, the simulator and the tests alike:
//
//     engine_begin(engine, turn_arena)
//     for each command:  engine_missing(engine, command, …)  -> streams to load -> engine_load_…
//                        engine_step(engine, command)
//     engine_end(engine, &changes)         rows, history and records to publish; valid until
//     turn_arena is reset
//
// When the commit of a batch fails, the engine is thrown away and built anew from the store: there
// is no undo.
//
// Work is bounded twice. A command may use ENGINE_COMMAND_STEPS; what it leaves undone then stands
// as an incident, or is rejected. A batch is bounded by its owner, who asks engine_spent between
// commands, returns to its loop, and ends the batch early.
#ifndef BATON_ENGINE_ENGINE_H
#define BATON_ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/personal.h"
#include "record/command.h"
#include "record/rows.h"

struct engine;
struct instance;     // engine/state.h
struct bpmn_process; // bpmn/process.h: a compiled process
struct dmn_model;    // dmn/dmn.h
struct zone_db;      // base/zone.h

// A value that belongs to persons, and where it is made.
struct engine_value {
    str tenant;
    str process_id; // empty: a mailbox's
    uint64_t stream;
    uint64_t sequence; // of the stream's step
    uint32_t position; // in the step
    const struct personal_subjects *subjects;
    str json;
};

enum engine_opening { OPENING_DONE, OPENING_ERASED, OPENING_FOREIGN };

// Keys of persons stay at the rim. What it seals is what the engine keeps, in state and history
// alike; it is opened when an expression reads it. The same value at the same place gives the same
// bytes; texts lie in the arena.
struct engine_vault {
    void *context;
    // False: *ret_why says why it cannot be: no keys, too many persons, erased.
    bool (*seal)(void *context, struct arena *arena, const struct engine_value *value,
                 str *ret_json, str *ret_why);
    // `sealed` is BASE64URL (base/personal.h). FOREIGN: it was not made in this stream.
    enum engine_opening (*open)(void *context, struct arena *arena, uint64_t stream, str sealed,
                                struct personal_subjects *ret_subjects, str *ret_json);
    // The person's key in this stream was destroyed.
    void (*erase)(void *context, uint64_t stream, str digest);
    // The person is being erased: no value of theirs is sealed or opened in any stream of the
    // shard, until the erasure of this number, or a later one, is over.
    void (*bar)(void *context, uint64_t erasure, str digest);
    void (*lift)(void *context, uint64_t erasure, str digest);
    bool (*has)(void *context, uint64_t stream); // keys of this stream
    // The stream is not in memory any more: its keys come with it when it is loaded again.
    void (*forget)(void *context, uint64_t stream);
    bool can_seal; // the installation has a vault
};

// When breakers open, and for how long (breaker.c). All 0: none opens by itself.
struct breaker_settings {
    int64_t failures;        // in a row, of a type and tenant; 0: off
    const struct map *types; // job type -> const int64_t *: the same of single types; NULL: none
    bool has_credentials;    // a refused credential has one
    int64_t rest_ms, longest_rest_ms;
    uint32_t probes; // at a time, 1 to LIMIT_BREAKER_PROBES
};

// What the rim lends to the engine. Definitions are immutable, so looking them up is no I/O in
// disguise: the same key gives the same process for ever. All pointers outlive the engine.
struct engine_environment {
    void *context;
    // The compiled process or decisions of a definition; NULL when there is no such definition.
    const struct bpmn_process *(*find_process)(void *context, uint64_t definition);
    const struct dmn_model *(*find_decisions)(void *context, uint64_t definition);
    const struct zone_db *zones;      // may be NULL: no zone by name is known
    const struct engine_vault *vault; // NULL: a simulation, values of persons are plain
    // Simulation only, NULL elsewhere: overrides what an element with a choice decides. False: it
    // decides itself.
    bool (*choose_flows)(void *context, const struct bpmn_process *process, uint32_t element,
                         uint32_t *ret_flows, uint32_t *ret_count);
    bool is_simulated;  // timers fire and events happen when told, whatever the time and
                        // subscriptions
    bool keeps_entries; // remembered ids and waiting signals stay in memory too: never asked for
    bool is_in_memory;  // streams never leave memory (cache_bytes is SIZE_MAX): rows have no images
    uint32_t shard;
    uint32_t shard_count;
    uint32_t job_window; // jobs in flight of a type on this shard, of all tenants together; beyond
                         // it they wait as rows
    int64_t max_deliveries; // of a job without an answer in a row, where its element does not say;
                            // 0: as many as it takes
    int64_t job_timeout_ms; // a lease, where neither the model nor the worker names one
    struct breaker_settings breakers;
};

// The names of what engine_step needs in memory.
struct stream_ref {
    enum stream_kind kind;
    uint64_t instance; // STREAM_INSTANCE; STREAM_WAITING: those above this key
    uint32_t most;     // STREAM_WAITING: so many, in the order of their keys
    str name;          // STREAM_MAILBOX, STREAM_WAITING; STREAM_REMEMBERED: the id
    str correlation_key;
    str tenant;
    enum subscription_kind subscription_kind;
};

enum { ENGINE_MAX_REFS = 64 };

// The unit of work is the step of FEEL: a node evaluated, an item walked, a few hundred bytes
// scanned. It takes 20 to 100 ns of a core. The activation of an element counts as
// ENGINE_ACTIVATION_STEPS.
enum { ENGINE_STEPS_PER_MS = 10000, ENGINE_ACTIVATION_STEPS = 100 };

// An engine with the shard's own state as it was stored (empty: a new shard). It lives in memory of
// its own, taken from `arena`'s owner once; streams are evicted to stay below `cache_bytes`. NULL
// and *err when the image is damaged.
struct engine *engine_new(const struct engine_environment *environment, str shard_image,
                          uint64_t next_key, size_t cache_bytes, struct error *err);
void engine_free(struct engine *engine);

// How many jobs of a type and tenant are in flight and waiting; told once after engine_new from the
// jobs table.
void engine_set_in_flight(struct engine *engine, str type, str tenant, uint32_t offered,
                          uint32_t waiting);

// How many jobs of a type and tenant are with workers or on their topic: one entry for each, from
// *cursor = 0 until false. The texts live as long as the engine.
struct engine_window {
    str type;
    str tenant;
    uint32_t offered;
    uint32_t waiting;
};
bool engine_next_window(const struct engine *engine, size_t *cursor,
                        struct engine_window *ret_window);

// How many more jobs of a type a tenant may have in flight now.
uint32_t engine_room(struct engine *engine, str type, str tenant);

// How many of the jobs that wait behind a credential's breaker may be offered now: all, when it is
// closed.
uint32_t engine_held_room(const struct engine *engine, str tenant, str credential);

// Whether a breaker lets no job of the type through now.
bool engine_is_paused(const struct engine *engine, str type, str tenant);

// How many breakers of a kind are open, half-open ones among them.
size_t engine_breakers(const struct engine *engine, enum breaker_kind kind);

// What COMMAND_SET_SHARES has set (struct set_shares); empty: nothing. Until the next step.
str engine_shares(const struct engine *engine);
// What COMMAND_SET_POLICIES has set (struct set_policies), likewise.
str engine_policies(const struct engine *engine);
// What COMMAND_SET_LISTENERS has set (struct set_listeners), likewise.
str engine_listeners(const struct engine *engine);

// Forgets which gateways wait for jobs, as a new owner does not know it: for those who run a
// shard's commands again, at each change of owner (table shard_owners).
void engine_forget_credits(struct engine *engine);
// Likewise how many failures came in a row, and which jobs are probes of breakers.
void engine_forget_answers(struct engine *engine);

// The shard's time as it was stored; told once after engine_new. Time never goes
// back, but by COMMAND_SET_CLOCK.
void engine_set_clock(struct engine *engine, int64_t clock_ms);

// What COMMAND_SET_CLOCK has set; all 0: nothing.
const struct test_clock *engine_test_clock(const struct engine *engine);

// Commands passed to engine_step must live as long as the turn's arena does: changes point into
// them. Streams that were dropped stay in memory for three more batches, so that an owner may still
// be writing one while it computes the next.
void engine_begin(struct engine *engine, struct arena *turn);

// Streams that `command` needs and that are not in memory, at most ENGINE_MAX_REFS; 0: go on with
// engine_step.
size_t engine_missing(const struct engine *engine, const struct command *command,
                      struct stream_ref *ret_refs);

// Brings a stream in. An empty image says that the store has none: a new mailbox, or an instance
// that has ended or never was. False: the image is damaged, or of a definition that this version
// cannot compile. The owner then calls engine_set_aside and logs *err once.
// Of entries the image is what is stored as big-endian 64-bit numbers: of a remembered id instance
// and milliseconds; of those that wait key, instance and element instance of each. It may be of any
// moment since the third batch before this one: the engine knows what has changed since.
MUST_CHECK bool engine_load(struct engine *engine, const struct stream_ref *ref, str image,
                            struct error *err);

// A stream that cannot be read is set aside with its reason: engine_missing names it no more. Its
// commands are not for engine_step; ask engine_is_set_aside before it, and quarantine them. It
// writes nothing and costs no load until engine_retry.
void engine_set_aside(struct engine *engine, const struct stream_ref *ref, str why);

// Does the command need a stream that is set aside? Then *ret_why says which, and why, until the
// end of the batch.
bool engine_is_set_aside(const struct engine *engine, const struct command *command, str *ret_why);

// Forgets what was set aside, so that it is loaded again when a command needs it: after a rest
// (ENGINE_UNREADABLE_REST_MS), or when a definition came. Returns how many there were.
enum { ENGINE_UNREADABLE_REST_MS = 60000 };
size_t engine_retry(struct engine *engine);

// Does one command. Never fails: a command that cannot be done is answered with a rejection, a
// process that cannot go on gets an incident.
void engine_step(struct engine *engine, const struct command *command);

// Steps of work since engine_begin: a rise of ENGINE_STEPS_PER_MS is about a millisecond or less.
uint64_t engine_spent(const struct engine *engine);

// A command that is not done, because it failed three times or what it needs cannot be read:
// COMMAND_QUARANTINED in the shard's history, QUARANTINED to the caller. An instance that the
// command is about gets an incident when it is in memory (bring it in by engine_missing and
// engine_load first), else its shard is asked to raise it.
void engine_quarantine(struct engine *engine, const struct command *command, str why);

// What the batch changed. The engine takes it as stored from here on.
void engine_end(struct engine *engine, struct changes *ret_changes);

// Bytes of memory held by streams.
size_t engine_memory(const struct engine *engine);

// -- Replay -----------------------------------------------------------------------------

// Folds a stream's history, in order, with the appliers alone, and encodes the state that comes
// out. Empty image: ended.
struct engine_replay;
struct engine_replay *engine_replay_new(const struct engine_environment *environment,
                                        enum stream_kind kind, uint64_t stream,
                                        struct arena *arena);
MUST_CHECK bool engine_replay_step(struct engine_replay *replay, const struct history_row *row,
                                   struct error *err);
str engine_replay_image(struct engine_replay *replay);
// Whether that is a stored image, byte for byte; one of an earlier version is encoded anew before.
bool engine_replay_gives(struct engine_replay *replay, str image);
const struct instance *
engine_replay_instance(const struct engine_replay *replay); // STREAM_INSTANCE
void engine_replay_free(
    struct engine_replay *replay); // what it folded into; the rest is the arena's

#endif
