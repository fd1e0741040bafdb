// SPDX-License-Identifier: Apache-2.0
//
// The very engine, offline, with virtual time: one shard, whose commands to itself come back at
// once, whose timers fire when time is moved, and whose jobs are answered by a script or complete
// by themselves. The simulator decides nothing about BPMN: it is the world around an engine.
#ifndef BATON_SIM_SIM_H
#define BATON_SIM_SIM_H

#include "bpmn/bpmn.h"
#include "dmn/dmn.h"
#include "engine/engine.h"

enum { SIM_MAX_COMMANDS = 100000, SIM_MAX_EVENTS = 500000 };

// A walk meets nothing new after so many events, or rounds at one gateway.
enum { SIM_MAX_WALK_EVENTS = 50000, SIM_MAX_ROUNDS = 100 };

enum { SIM_MAX_WARNINGS = 20 };

#define SIM_YEAR_MS INT64_C(31536000000)

// One event of the trace: what history has, and the names that belong to it. Before a step of the
// script, where that was asked for, an event STEP whose key is the line.
struct sim_event {
    uint64_t seq;
    int64_t time_ms;
    const char *event;
    str process; // id
    uint64_t instance;
    str element; // id; empty: none. FLOW_TAKEN: the flow's
    str type;    // local name; empty: none
    uint64_t key;
    uint64_t scope;
};

typedef void (*sim_observer)(void *context, const struct sim_event *event);

struct sim_options {
    bool manual;      // walk a model that has no data yet
    bool steps;       // tell the observer where each step of the script begins
    bool verify;      // fold the history after every command and compare with the stored image
    int64_t until_ms; // without a script: how far time may jump
    int64_t start_ms; // of virtual time
    const struct zone_db *zones;
    sim_observer observer;
    void *observer_context;
};

struct sim;

struct sim *sim_new(const struct sim_options *options);
void sim_free(struct sim *sim);

// Adds a file to what is deployed together: BPMN, or DMN, which may import other files that are
// added. False: it cannot be read or is refused; *err names the first reason.
MUST_CHECK bool sim_add(struct sim *sim, const char *file, str text, struct error *err);

// Runs a script (JSON lines); or, when it is empty, starts the process (empty: the first that can
// start by itself) with the variables and lets time jump. False: decisions are refused, the script
// is wrong, an expectation failed, or a limit was reached.
MUST_CHECK bool sim_run(struct sim *sim, str process_id, str variables, str script,
                        struct error *err);

enum sim_state { SIM_COMPLETED, SIM_WAITING, SIM_INCIDENT, SIM_TERMINATED };

struct sim_waiting {
    str element;
    str reason; // "job pay", "message paid", "timer …", "user task", "join"
};

struct sim_result {
    enum sim_state state;
    size_t waiting_count;
    const struct sim_waiting *waiting;
    str variables; // JSON object, of the first instance
    size_t incident_count;
    const str *incidents; // "KIND: message"
    size_t warning_count;
    const str *warnings; // "decision rate: there is no variable 'amount'"
};

// After a run with `verify` and without `manual`: does all its commands again in another engine, in
// other batches. False: a step of the history came out differently, *err names it.
MUST_CHECK bool sim_reexecute(struct sim *sim, struct error *err);

void sim_result(struct sim *sim, struct sim_result *ret_result);
const char *sim_state_name(enum sim_state state); // "completed", …

// Elements and flows that were passed, of all deployed processes: for coverage.
bool sim_was_visited(const struct sim *sim, str id);
size_t sim_process_count(const struct sim *sim);
const struct bpmn_process *sim_process(const struct sim *sim, size_t index);

#endif
