// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the simulator share. Private to this layer.
#ifndef BATON_SIM_WORLD_H
#define BATON_SIM_WORLD_H

#include "base/map.h"
#include "dmn/library.h"
#include "sim/mailboxes.h"
#include "sim/sim.h"

struct model {
    const struct bpmn_resource *resource; // NULL: decisions
    size_t document;                      // of decisions: its place in the library
    const struct dmn_model *decisions;    // compiled when all files are there
    const char *file;
    str text;
};

struct deployed {
    uint64_t key;
    const struct bpmn_process *process;  // as it runs
    const struct bpmn_process *original; // as it was drawn
    const struct dmn_model *decisions;
};

struct pending {
    struct pending *next;
    const struct command *command;
};

// What every thing in a list begins with; lists find by key, and know their end.
struct sim_listed {
    void *next;
    void *previous;
    uint64_t key;
};

struct sim_list {
    void *first;
    void *last;
    struct idmap by_key;
};

// A job on its way: being worked on until done_ms, or kept for the script.
struct sim_job {
    struct sim_listed listed;
    uint64_t instance;
    uint64_t element_instance;
    str element;
    uint32_t attempt;
    int64_t done_ms;
};

struct sim_timer {
    struct sim_listed listed;
    uint64_t instance;
    str element;
    int64_t due_ms;
    bool is_message; // its end of life
    bool is_backoff; // of a job
    str name, correlation_key;
};

// Whatever waits: an element instance, as its row says.
struct sim_element {
    struct sim_listed listed;
    uint64_t instance;
    str id;
    str type;
    str waits_for;
    // The round in which an event was sent that ends the waiting, or starts an interrupting event
    // sub-process inside.
    uint64_t promised, promised_inside;
};

struct sim_subscription {
    struct sim_listed listed;
    uint64_t instance;
    str element;
    str name;
    str correlation_key;
    bool is_signal;
};

struct sim_instance {
    struct sim_instance *next;
    uint64_t key;
    uint64_t parent;
    const struct bpmn_process *process;
    enum instance_state state;
    uint32_t incidents;
    str variables;
    str cost;
    str image;
};

struct sim_user_task {
    struct sim_listed listed;
    uint64_t instance;
    str element;
};

// A walk's message that is on its way to an element.
struct delivery {
    struct delivery *next;
    str target;
};

struct sim_incident {
    struct sim_listed listed;
    str text;
};

// What a script said about an element's next job.
struct scripted {
    struct scripted *next;
    str element;
    bool is_error;
    int64_t retries;
    str text; // message, or error code
    str variables;
};

struct executed { // a command as it travels
    str bytes;
    int64_t time_ms;
};

struct sim {
    struct arena arena;
    struct sim_options options;
    struct engine_environment environment;
    struct engine *engine;
    ARRAY(struct model) models;
    struct dmn_library library;
    ARRAY(struct deployed) deployed;
    struct pending *queue, *last_pending;
    int64_t now_ms;
    uint64_t commands;
    uint64_t round; // how often nothing was left to do
    uint64_t seq;
    struct sim_list jobs;          // of struct sim_job
    struct sim_list timers;        // of struct sim_timer, the next one first
    struct sim_list elements;      // of struct sim_element
    struct sim_list subscriptions; // of struct sim_subscription
    struct sim_list incidents;     // of struct sim_incident
    struct sim_list user_tasks;    // of struct sim_user_task
    struct sim_instance *instances, *last_instance;
    uint64_t running; // instances that have not ended
    struct delivery *deliveries;
    struct idmap instance_by_key;
    struct idmap interrupted;   // scopes in which nothing but an event sub-process goes on
    struct idmap repeated;      // element instances inside one of the same element
    struct idmap activations;   // those of them in an ad-hoc sub-process
    struct idmap element_names; // key of an element instance -> const struct bpmn_element
    struct mailboxes mailboxes;
    struct map visited;
    struct map breached; // ids whose service level was breached
    struct map delays;   // element -> ms
    struct map waits;    // element -> itself: kept for a trigger
    struct map takes;    // gateway -> struct take
    struct map ways;     // flow of a gateway -> struct way
    str last_element;    // where something happened last
    ARRAY(str) warnings; // decisions that came to null by a mistake, each text once
    struct scripted *answers;
    struct map script_mentions;        // element -> how many later steps answer its job
    ARRAY(struct history_row) history; // verify
    ARRAY(struct executed) executed;   // likewise
    uint64_t rejected;
    bool script_starts;
    bool limit_reached;
    struct error failure; // of verification
};

// A flow that a walk chose by itself.
struct way {
    uint64_t taken;
    bool leads_back; // to the gateway
};

struct take {
    size_t count;
    str *flows;
};

// world.c
MUST_CHECK bool world_compile_decisions(struct sim *sim, struct error *err);
void world_deploy(struct sim *sim);
int sim_max_events(const struct sim *sim);
struct command *world_command(struct sim *sim, enum command_type type);
void world_send(struct sim *sim, const struct command *command); // queued
void world_drain(struct sim *sim);                               // until nothing else can run now
bool world_advance(struct sim *sim,
                   int64_t until_ms); // to the next timer at most; false: none until then
struct sim_instance *world_instance(const struct sim *sim, uint64_t key);
const struct bpmn_process *world_process_of(const struct sim *sim, uint64_t definition);
bool world_answer_job(struct sim *sim, const struct sim_job *job, const struct scripted *answer,
                      str variables);

// reexecute.c
void world_remember(struct sim *sim, const struct command *command);

// rows.c: lists, and the picture kept from changes
void list_append(struct sim_list *list, void *item);
void list_remove(struct sim_list *list, uint64_t key); // nothing when there is none
void world_take_changes(struct sim *sim, const struct changes *changes);

// trace.c
void world_trace(struct sim *sim, const struct changes *changes);

// manual.c
const struct bpmn_process *manual_process(struct sim *sim, const struct bpmn_process *process);
bool manual_choose(struct sim *sim, const struct bpmn_process *process, uint32_t element,
                   uint32_t *ret_flows, uint32_t *ret_count);
// What a message flow to this element or process does there; false: nothing waits yet.
bool manual_reach(struct sim *sim, str target);
str manual_flow_target(const struct sim *sim, str flow); // empty: there is no such message flow
bool manual_deliver(struct sim *sim); // true: something came to where it is waited for
void manual_event(struct sim *sim, const struct bpmn_process *process,
                  const struct bpmn_element *element, uint64_t key);

// trigger.c: makes an event happen, or completes the task that waits; false: nothing of this id
// waits
bool trigger_element(struct sim *sim, str element, str variables);
// A walk's signal, at all that waited for it as `thrown`, an element instance, threw it.
void trigger_everywhere(struct sim *sim, str element, uint64_t thrown);
uint64_t trigger_start(struct sim *sim, const struct deployed *deployed, str element,
                       str variables);
const struct bpmn_element *trigger_find(const struct sim *sim, str id,
                                        const struct deployed **ret_deployed);

// script.c
bool script_read(struct sim *sim, str script, struct error *err); // what it will start and answer
bool script_run(struct sim *sim, str script, struct error *err);

// verify.c
void world_verify(struct sim *sim, const struct changes *changes);

#endif
