// SPDX-License-Identifier: Apache-2.0
//
// One simulated world: virtual time, one source of randomness, and a queue of actions. Nodes run in
// it as machines, each with the real code of orchestrator/node over libraries that only look like
// Kafka (fake_bus.c), PostgreSQL (fake_store.c), libevent (fake_loop.c) and a clock.
//
//   world_run:  take the earliest action ─► run it, perhaps as a machine ─► reap what crashed ─► …
//
// Everything that happens follows from the seed: same seed, same actions in the same order. There
// is one world a process, in `world`, because a clock and a loop have no parameter to name theirs.
#ifndef BATON_CLUSTER_WORLD_H
#define BATON_CLUSTER_WORLD_H

#include "base/array.h"
#include "base/config.h"
#include "base/str.h"

struct action;
struct database;
struct handed;
struct kafka;
struct load;
struct node;
struct promises;
struct story;

enum {
    WORLD_MACHINES = 4,
    WORLD_SHARDS = 4,
    WORLD_SECOND = 1000000,
    WORLD_MS = 1000,
    WORLD_JOB_TIMEOUT_MS = 8000,
    WORLD_BREAKER_FAILURES = 3,
    WORLD_BREAKER_REST_MS = 1000,
    WORLD_BREAKER_MOST_MS = 4000,
    WORLD_BREAKER_PROBES = 2
};

enum mutation { // mutations.def: one protection taken out, which the promises must notice
    MUTATION_NONE,
#define MUTATION(name, option, text) MUTATION_##name,
#include "mutations.def"
#undef MUTATION
};

struct world_options {
    uint64_t seed;
    int64_t seconds; // of load and faults; calm follows until everything is settled
    uint32_t machines;
    uint32_t shards;
    enum mutation mutation;
    bool faults;
    bool topic_faults;   // truncated and recreated topics, too
    bool verbose;        // tell every log line and happening
    struct story *story; // NULL: none
};

enum machine_state { MACHINE_DOWN, MACHINE_UP, MACHINE_CRASHED }; // CRASHED: its call unwinds

// What fake_loop.c calls an event_base.
struct event_base {
    struct machine *machine;
};

struct machine {
    uint32_t number;
    uint64_t life; // counts starts: actions of an earlier one never run
    enum machine_state state;
    int64_t paused_until_us;
    int64_t skew_ms;          // of its clock
    uint32_t effects_left;    // until it crashes; 0: it does not
    bool killed;              // a record killed its last life, not chance
    bool crash_before_effect; // else the last effect still happens
    struct event_base loop;
    struct config config;
    struct node *node;
    struct bus_consumer *consumer;
    struct bus_producer *producer;
    struct store *store;
};

struct world {
    struct world_options options;
    struct arena arena; // everything that lives as long as the world
    int64_t now_us;
    int64_t spent_ns; // by machines that computed, on their monotonic clocks alone
    uint64_t random;
    uint64_t digest; // of all that happened
    uint64_t steps;
    struct action **queue; // a heap by time, then by number
    size_t queued;
    size_t capacity;
    struct action *unused;
    uint64_t actions;
    struct machine machines[WORLD_MACHINES];
    struct machine *current; // whose code is running; NULL: nobody's
    uint32_t job_window;
    bool calm; // faults are over
    struct kafka *kafka;
    struct database *database;
    struct load *load;
    struct promises *promises;
    struct handed *handed; // stamps.c: commands that engines were handed
    char failure[512];     // the first broken promise
    uint64_t crashes, pauses, cuts, refusals, rebalances, repairs;
};

extern struct world *world;

void world_new(const struct world_options *options);
void world_free(void);

// Runs until nothing is left to do, a promise is broken, or `until_us` is reached.
void world_run(int64_t until_us);

// -- Chance -----------------------------------------------------------------------------

uint64_t world_random(void);
int64_t world_between(int64_t low, int64_t high); // both included
bool world_chance(uint32_t percent);
bool world_rarely(uint32_t of_ten_thousand);

// -- Time -------------------------------------------------------------------------------

typedef void world_action(void *context);

// Runs `act` after the delay: as `machine` (never when that life of it has ended, later when it is
// paused), or as nobody when NULL. The context belongs to the caller; take it from world->arena.
struct action *world_later(int64_t delay_us, struct machine *machine, world_action *act,
                           void *context);
void world_cancel(struct action *action); // before it has run

// -- Machines ---------------------------------------------------------------------------

void machine_start(struct machine *machine);
void machine_crash(struct machine *machine); // starts anew some seconds later
void machine_pause(struct machine *machine, int64_t for_us);
bool machine_is_up(const struct machine *machine);

// Every call that reaches outside a node passes here once. False: the machine is dead and the
// effect does not happen.
bool machine_effect(struct machine *machine);

// -- What happened ----------------------------------------------------------------------

// Mixes what happened into the digest that proves that a seed repeats itself.
void world_mix(uint64_t value);

// A line of the story, printed when verbose.
void world_tell(const char *format, ...) PRINTF_LIKE(1, 2);

// A broken promise ends the run; the first one counts.
void world_fail(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
