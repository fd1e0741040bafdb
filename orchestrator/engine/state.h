// SPDX-License-Identifier: Apache-2.0
//
// What the engine remembers. A stream is what has its own history and image: an instance, a
// mailbox, the shard. Each lives in an arena of its own, so that it can be dropped whole.
// Everything here changes by appliers (apply.h) alone; processors see it const.
//
// An instance is a tree of element instances. The root stands for the process and has the
// instance's key. What waits for something hangs on an element instance as an attachment: job,
// timer, subscription, user task, incident.
#ifndef BATON_ENGINE_STATE_H
#define BATON_ENGINE_STATE_H

#include "base/digest.h"
#include "base/map.h"
#include "bpmn/process.h"
#include "engine/engine.h"
#include "record/limits.h"

enum entity_kind {
    ENTITY_KIND_ELEMENT,
    ENTITY_KIND_JOB,
    ENTITY_KIND_TIMER,
    ENTITY_KIND_SUBSCRIPTION,
    ENTITY_KIND_USER_TASK,
    ENTITY_KIND_INCIDENT,
};

// What has a key. `is_stored`: the store has a row of it; `is_dirty`: the row changed in this
// batch.
struct entity {
    enum entity_kind kind;
    bool is_stored;
    bool is_dirty;
    bool is_gone;
    uint64_t key;
    struct entity *next_dirty;
};

struct variable {
    struct variable *next;
    str name;
    str value;                                // JSON
    const feel_value *parsed;                 // in the turn numbered parsed_turn
    const struct personal_subjects *subjects; // whose it is, then; NULL: nobody's
    uint64_t parsed_turn;
};

struct token {
    struct token *next;
    uint32_t flow;
    uint32_t count;
};

// A trigger of an event on the element instance's border, or inside of it, that does not come for
// now: a timer that has fired for the last time, a condition that holds already.
struct mark {
    struct mark *next;
    uint32_t element;
    uint32_t trigger;
};

// A completed activity that can be compensated.
struct compensation {
    struct compensation *next;  // completed later
    struct compensation *inner; // of a sub-process: what completed in it
    uint64_t key;
    uint32_t element;
    bool is_triggered;
    str variables; // local ones when it completed, JSON object
};

// TERMINATING: over, except that its listeners for canceling have not answered; hangs on the root.
enum element_phase { PHASE_ACTIVATING = 1, PHASE_ACTIVE, PHASE_COMPLETING, PHASE_TERMINATING };

struct attachment {
    struct entity entity;
    struct attachment *next; // on the same element instance, in order of creation
    struct element_instance *owner;
};

struct element_instance {
    struct entity entity;
    struct element_instance *scope; // NULL: the root
    struct element_instance *first_child, *last_child;
    struct element_instance *previous, *next; // siblings
    uint32_t element;
    uint8_t phase;
    bool is_body;      // of a multi-instance or loop: its children are the instances
    bool is_held;      // out of fuel: goes on when the incident is resolved
    bool is_triggered; // began because an event happened to it
    bool is_late;      // its service level is breached
    bool interrupted;  // an interrupting event sub-process runs: no other starts
    bool is_fulfilled; // ad-hoc sub-process: its worker decided that it ends
    uint32_t children;
    uint32_t tokens;         // on their way to an element inside
    uint32_t listeners_done; // of the current phase
    int64_t started_ms;
    int64_t loop_counter; // among the instances of a body, from 1; 0: none. Of an activation in an
                          // ad-hoc sub-process: the element that it runs
    int64_t loop_total;   // body
    int64_t loop_started;
    int64_t loop_done;
    uint64_t called;      // call activity: the child instance
    uint64_t compensates; // a compensation handler: the element instance that threw
    struct token *arrived;
    struct mark *marks;
    struct variable *variables;
    uint32_t variable_count;
    size_t bytes; // of variables, items, outputs and compensations
    struct attachment *attachments;
    struct compensation *compensations; // in order of completion
    const str *items;                   // body: the collection, where it is needed later
    str *outputs;                       // body: collected results by loop counter - 1
    str output_name; // body with outputs: of the variable by which they are read inside
};

struct job {
    struct attachment attachment;
    enum job_kind kind;
    enum job_state state;
    uint32_t listener; // index in the element's listeners
    uint32_t attempt;
    uint32_t leased_since; // the first attempt whose token answers need; 0: none yet
    int32_t retries;
    int32_t priority;
    int64_t due_ms; // OFFERED: the end of the lease, 0 until a worker takes the job
    int64_t created_ms;
    int64_t offered_ms;  // the last time
    uint32_t throttled;  // failures in a row that used no retry
    uint32_t unanswered; // deliveries in a row that ended without an answer
    str type;
    str worker; // who took it; empty: nobody yet
    str error_message;
    str unanswered_by; // workers of these, by name
    str held_by;       // the credential behind whose breaker it waits, or waited last
};

// TIMER_OF_EVENT: of `element`; the others are promises of their owner (promise.c).
enum timer_purpose { TIMER_OF_EVENT, TIMER_OF_SLA, TIMER_OF_REMINDER, TIMER_OF_ESCALATION };

struct timer {
    struct attachment attachment;
    enum timer_purpose purpose;
    uint32_t element;
    uint32_t trigger;
    int64_t due_ms;
    int64_t repetitions;
};

struct subscription {
    struct attachment attachment;
    enum subscription_kind kind;
    bool opened;
    uint32_t element;
    uint32_t trigger;
    int64_t created_ms;
    uint64_t last_message; // taken; a second delivery of it is confirmed again
    str name;
    str correlation_key;
};

struct user_task {
    struct attachment attachment;
    enum user_task_state state;
    int64_t created_ms;
    int64_t ended_ms;
    str assignee;
    str details; // JSON object (user_task.h)
    str action;  // of a transition that listeners decide about: create, assign, update, complete
    str request; // what was asked for, JSON object (user_task.h)
    str corrections; // by the listeners so far, JSON object
    struct reply_to asker;
};

struct incident {
    struct attachment attachment;
    enum incident_state state;
    int64_t created_ms;
    int64_t resolved_ms;
    uint64_t job;
    str kind;
    str message;
};

// What instances and mailboxes have in common.
struct stream {
    enum stream_kind kind;
    uint64_t key;
    uint64_t sequence; // of the last step
    struct arena arena;
    bool is_stored;
    bool is_touched;      // in this batch
    bool is_empty;        // nothing of this name exists (any more)
    uint64_t last_used;   // turn
    size_t counted;       // of the arena, in the engine's memory
    size_t compact_above; // bytes of the arena: then it is worth a look how much is still used
    struct stream *next_touched;
    struct stream *older, *newer; // by use
    struct step_record *record;   // of the running step
};

struct instance {
    struct stream stream;
    const struct bpmn_process *process;
    uint64_t definition;
    str process_id;
    int32_t version;
    str tenant;
    str business_id;
    str tags;             // JSON array; empty: none
    str duties;           // JSON array of [element id, person] (separation.c); empty: none
    int64_t suspended_ms; // 0: it is not
    str ends_after;       // JSON array of element ids; empty: none
    uint64_t parent_instance;
    uint64_t parent_element;
    uint64_t root_instance;
    uint32_t depth; // of calls
    enum instance_state state;
    int64_t started_ms;
    int64_t ended_ms;
    struct reply_to await; // who waits for the end
    str await_variables;
    enum event_type ending; // when its listeners for canceling have answered; NONE: it runs
    str ending_why;
    str cost;              // what its elements cost so far, a decimal number; empty: none has one
    uint64_t batch_item;   // the last one of a batch operation that was done to it
    uint32_t sla_breaches; // how many service levels were breached in it
    uint64_t mailbox_lock; // started by a message with a correlation key: who to tell at the end
    str lock_name, lock_key;
    uint32_t incidents;
    struct element_instance *root;
    struct idmap entities;
    uint32_t elements; // alive
    size_t bytes;      // the sum of theirs; like `elements` told by the rest, so in no image
    uint32_t hears;    // subscriptions to signals, likewise
    struct entity *dirty;
    bool row_dirty;
};

// What a mailbox holds: a subscription or a message. Each has a row of its own, so that what one
// command changes costs the same however many there are.
struct mailbox_entry {
    struct mailbox_entry *previous, *next; // of its sort, in the order in which they came
    struct mailbox_entry *next_dirty;
    bool is_message;
    bool is_stored;
    bool is_dirty;
    bool is_gone;
    uint64_t key;
    uint64_t number; // 1, 2, 3, … in the mailbox, whatever the sort
};

struct mailbox_list {
    struct mailbox_entry *first, *last;
};

struct waiting_subscription {
    struct mailbox_entry entry;
    struct waiting_subscription *free_before, *free_after; // of the process, by number
    uint64_t instance;
    uint64_t element_instance;
    uint32_t shard;
    bool closes;
    uint64_t message; // being delivered; 0: free
    struct mailbox_process *process;
};

struct taker {
    struct taker *next;
    str process_id;
    uint64_t instance;
};

struct buffered_message {
    struct mailbox_entry entry;
    str message_id;
    str variables;
    int64_t published_ms;
    int64_t expires_ms;
    uint32_t deliveries; // on their way
    struct reply_to reply;
    bool correlated;
    str reach;            // the processes that it may reach (process_list_has)
    str sender;           // where it may count who starts an instance (separation.c)
    str business_id;      // of an instance that it starts; empty: the correlation key
    struct taker *takers; // processes that took it, or are being offered it
};

// What would have to be searched for: told by the entries, so in no image.
struct mailbox_process {
    struct mailbox_process *next;
    str id;
    struct waiting_subscription *first_free;
    struct buffered_message *untaken; // the first that is for it; NULL: none
};

struct mailbox {
    struct stream stream;
    str next_reach; // of the message that is published next, in the same step
    str next_sender;
    str next_business_id;
    enum subscription_kind kind;
    str name;
    str correlation_key;
    str tenant;
    uint64_t last_number;
    size_t bytes; // of its entries
    struct mailbox_list subscriptions;
    struct mailbox_list messages;
    struct taker *locks; // message-start instances that hold the correlation key
    struct idmap by_key; // entries
    struct map by_id;    // messages that have one
    struct map by_process;
    struct mailbox_process *processes;
    struct mailbox_entry *first_dirty, *last_dirty;
    bool row_exists;
};

struct definition {
    struct definition *next;
    bool is_dirty;
    bool is_deleted;
    uint64_t key;
    uint64_t deployment;
    enum resource_kind kind;
    int32_t version;
    str id;
    str version_tag;
    str name; // for the row that is written when it is published; in no image
    str resource_name;
    str digest;
    str tenant;
    int64_t deployed_ms;
};

struct start {
    struct start *next;
    uint64_t key; // of the timer; of the subscription: a key of its own
    uint64_t definition;
    uint32_t element;
    uint32_t trigger;
    enum bpmn_trigger_kind kind;
    str name;
    str tenant;
    int64_t due_ms;
    int64_t repetitions;
    bool is_stored, is_dirty, is_gone;
};

struct cluster_variable {
    struct cluster_variable *next;
    uint64_t key;
    str name;
    str value; // JSON
    bool is_global;
    str tenant; // of those that are not
    int64_t changed_ms;
    bool is_stored;
    bool is_dirty;
};

// What a tenant has of the windows of job types.
struct tenant_share {
    int64_t jobs; // in flight of a type, in the whole cluster; -1: what its weight gives
    uint32_t weight;
};

// Which user tasks of an instance the same person must not do; "*": each tenant, process, role.
struct policy {
    str name;
    str tenant, process_id, role;
    str *elements;
    size_t element_count;
};
typedef ARRAY(struct policy) policy_list;

// A listener of all user tasks (global_listener.c).
struct global_listener {
    str type; // of its jobs
    int32_t retries;
    bool runs_last;  // after those of the model
    uint32_t events; // a bit by enum bpmn_listener_event
};
typedef ARRAY(struct global_listener) global_listener_list;

// Open, or half-open from probes_ms on (breaker.c).
struct breaker {
    struct breaker *next;
    uint64_t key;
    enum breaker_kind kind;
    str tenant;
    str name;
    str cause;
    uint64_t job;
    int32_t times;
    int64_t opened_ms;
    int64_t probes_ms; // 0: closed by hand alone
    bool is_stored, is_dirty;
    uint64_t probes[LIMIT_BREAKER_PROBES]; // jobs that are in flight to probe it; in no image
    uint32_t probe_count;
};

struct shard {
    struct stream stream;
    struct definition *definitions; // in order of publication
    struct definition *last_definition;
    struct idmap by_key;
    struct map latest; // "tenant\0kind id" -> newest definition
    struct start *starts;
    struct start *gone_starts;                       // in this batch
    struct cluster_variable *cluster_variables;      // of the installation and of tenants
    struct cluster_variable *gone_cluster_variables; // in this batch
    struct test_clock clock;                         // all 0 but under engine.test_clock
    str shares_text;                                 // struct set_shares
    struct map shares;                               // by tenant, and "*": struct tenant_share
    str policies_text;                               // struct set_policies
    policy_list policies;
    str listeners_text; // struct set_listeners
    global_listener_list listeners;
    struct breaker *breakers;      // in order of opening
    struct breaker *gone_breakers; // in this batch
    uint32_t breaker_count;
};

// The stretch of a step's events that belongs to one stream.
struct step_record {
    struct stream *stream;
    struct step_record *next;
    ARRAY(struct event) events;
};

// -- Reading, for processors ------------------------------------------------------------

static inline const struct bpmn_element *element_of(const struct instance *instance,
                                                    const struct element_instance *ei)
{
    return &instance->process->elements[ei->element];
}

// An instance of a loop, or an activation in an ad-hoc sub-process: what belongs to its element as
// a whole (borders, mappings, listeners) is the outer one's, but for what each instance of a loop
// has.
static inline bool state_is_repeated(const struct element_instance *ei)
{
    return ei->scope != NULL && ei->scope->element == ei->element;
}

static inline bool state_is_activation(const struct element_instance *ei)
{
    return state_is_repeated(ei) && !ei->scope->is_body;
}

void *state_entity(const struct instance *instance, enum entity_kind kind, uint64_t key);
const struct element_instance *state_element(const struct instance *instance, uint64_t key);

// The attachment of this kind on the element instance; NULL when there is none.
void *state_attachment(const struct element_instance *ei, enum entity_kind kind);

// The variable in this scope alone; or the nearest one from here outwards.
const struct variable *state_local(const struct element_instance *ei, str name);
const struct variable *state_visible(const struct element_instance *ei, str name,
                                     const struct element_instance **ret_scope);

// What a body has collected so far, as a JSON array; null where nothing came yet.
str state_outputs_json(struct arena *arena, const struct element_instance *body);

// The name under which what the body collects is seen inside, by its process (again).
void state_name_outputs(const struct instance *instance, struct element_instance *body);

bool state_is_marked(const struct element_instance *host, uint32_t element, uint32_t trigger);

uint32_t state_arrived(const struct element_instance *scope, uint32_t flow);

// What a complex gateway remembers between its two phases (BPMN 2.0, 13.4.5), kept as tokens on
// flows beyond the last: that it waits for reset, and from which flows it has consumed a token.
uint32_t state_reset_mark(const struct bpmn_process *process, uint32_t gateway);
uint32_t state_consumed_mark(const struct bpmn_process *process, uint32_t flow);

const struct definition *state_latest(const struct shard *shard, str tenant,
                                      enum resource_kind kind, str id);

// The entry of this sort with the key; NULL when the mailbox has none.
const struct waiting_subscription *state_waiting(const struct mailbox *mailbox, uint64_t key);
const struct buffered_message *state_message(const struct mailbox *mailbox, uint64_t key);

// Not taken by the process, and nothing keeps it from it.
bool state_is_for(const struct buffered_message *message, str process_id);

// The first of those that wait for the process and are not being served; NULL when none is.
const struct waiting_subscription *state_first_free(const struct mailbox *mailbox, str process_id);

// The first message that the process has not taken; the next one after a message.
const struct buffered_message *state_first_untaken(const struct mailbox *mailbox, str process_id);
const struct buffered_message *state_next_untaken(const struct buffered_message *message,
                                                  str process_id);

bool state_mailbox_is_empty(const struct mailbox *mailbox);

// Bytes that an entry with these texts counts for in its mailbox.
size_t state_entry_bytes(str a, str b);
size_t state_message_bytes(const struct buffered_message *message);

// Bytes of this and the following records, and of what is inside of them.
size_t state_compensation_bytes(const struct compensation *first);

// Bytes that an element instance holds: its part of instance->bytes.
size_t state_bytes_of(const struct element_instance *ei);

// For appliers: the definition becomes what its id means, if it is the newest.
void state_set_latest(struct shard *shard, struct definition *definition);

// struct set_shares by tenant, in the arena. False: the text is none.
MUST_CHECK bool state_read_shares(struct arena *arena, str text, struct map *ret_shares);
void state_set_shares(struct shard *shard, str text); // one that can be read
// struct set_policies, in the arena. False: the text is none.
MUST_CHECK bool state_read_policies(struct arena *arena, str text, policy_list *ret_policies);
void state_set_policies(struct shard *shard, str text); // one that can be read
// struct set_listeners, in the arena. False: the text is none.
MUST_CHECK bool state_read_listeners(struct arena *arena, str text,
                                     global_listener_list *ret_listeners);
void state_set_listeners(struct shard *shard, str text); // one that can be read

#endif
