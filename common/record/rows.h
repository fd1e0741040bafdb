// SPDX-License-Identifier: Apache-2.0
//
// What the store keeps of a shard, as plain rows: the current picture that people query and that
// answers every read, written in the same transaction as the history it follows from. The engine
// says after a batch which rows changed (struct changes); the store writes them set by set. One row
// struct a table of schemas/.
#ifndef BATON_RECORD_ROWS_H
#define BATON_RECORD_ROWS_H

#include "base/array.h"
#include "record/event.h"

enum row_change { ROW_INSERT, ROW_UPDATE, ROW_DELETE }; // DELETE: only the keys are set

enum instance_state {
    INSTANCE_ACTIVE = 1,
    INSTANCE_COMPLETED = 2,
    INSTANCE_TERMINATED = 3,
    INSTANCE_SUSPENDED = 4,
};

struct instance_row {
    enum row_change change;
    uint64_t key;
    uint64_t definition;
    str process_id;
    int32_t version;
    str tenant;
    str business_id;
    str tags;                 // JSON array of texts; empty: none
    uint64_t parent_instance; // call activity
    uint64_t parent_element_instance;
    uint64_t root_instance;
    enum instance_state state;
    int64_t started_ms;
    int64_t ended_ms;     // 0: running
    int64_t suspended_ms; // 0: it is not
    uint32_t incidents;   // open ones
    uint32_t sla_breaches;
    str cost;        // a decimal number; empty: none
    str variables;   // root scope, JSON object
    str conditions;  // that its own event sub-processes wait for, as of an element
    uint64_t events; // sequence number of the stream's last step
    str image;       // the engine's encoded state; empty when ended
};

enum element_state { ELEMENT_ACTIVE = 1, ELEMENT_COMPLETED = 2, ELEMENT_TERMINATED = 3 };

// Only elements that wait: one that starts and ends within one transaction never becomes a row; its
// history has it.
struct element_row {
    enum row_change change;
    uint64_t key;
    uint64_t instance;
    uint64_t scope;
    str element_id;
    str type;      // BPMN local name: "serviceTask"
    str waits_for; // "job payment", "timer 2026-11-22T17:00:00Z", "message paid (4711)": why it
                   // stands here
    int64_t started_ms;
    bool has_incident;
    bool sla_breached;
    str variables;  // local ones, JSON object; empty: none
    str conditions; // that events on or in it wait for; empty: none. A JSON array of objects with
                    // the event's "element" and "type", "expression", "events" (create, update)
};

enum job_state {
    JOB_WAITING = 1,
    JOB_OFFERED = 2,
    JOB_BACKING_OFF = 3,
    JOB_FAILED = 4,
    JOB_HELD = 8, // behind the breaker of a credential; 5 to 7 are ends (records.h)
};

enum job_kind {
    JOB_TASK = 0,
    JOB_EXECUTION_LISTENER = 1,
    JOB_TASK_LISTENER = 2,
    JOB_AD_HOC = 3,
    JOB_NOTIFICATION = 4, // of a reminder: nothing waits for it
};

struct job_row {
    enum row_change change;
    uint64_t key;
    uint64_t instance;
    uint64_t element_instance;
    str element_id;
    uint64_t definition;
    str process_id;
    int32_t version;
    str type;
    str tenant;
    enum job_kind kind;
    str listener_event; // "start", "completing", …; empty for a task
    enum job_state state;
    int32_t priority;
    int32_t retries;
    uint32_t attempt;
    int64_t due_ms;     // OFFERED: the lease's end, 0 until a worker takes it. BACKING_OFF: the
                        // next try. Else 0.
    int64_t offered_ms; // the last time; 0: never
    str worker;         // who took it; empty: nobody yet
    int64_t timeout_ms; // length of a lease
    int64_t created_ms;
    str headers;       // JSON object
    str error_message; // of the last failure
    bool is_leased;    // it goes to who answers with the token of its attempt alone
    str held_by;       // HELD: the credential behind whose breaker it waits; else empty
};

// A breaker that is open on this shard. It goes when it closes.
struct breaker_row {
    enum row_change change;
    uint64_t key;
    enum breaker_kind kind;
    str tenant;
    str name;      // of the job type or the credential
    str cause;     // class of the failure that opened it, or "BY_HAND"
    uint64_t job;  // that failed; 0: none
    int32_t times; // opened in a row
    int64_t opened_ms;
    int64_t probes_ms; // from then on probes are offered; 0: when it is closed by hand
};

struct timer_row {
    enum row_change change;
    uint64_t key;
    uint64_t instance; // 0: starts a definition
    uint64_t element_instance;
    uint64_t definition;
    str element_id;
    int64_t due_ms;
    int64_t repetitions; // left after this one; -1: for ever
    bool is_promise;     // a service level, reminder or escalation; no event of the model
};

// The id of a start, for as long as it is remembered. Written once; what is over is deleted without
// a word, because nobody believes it any more.
struct remembered_row {
    str tenant;
    str id;
    uint64_t instance;
    int64_t until_ms;
};

enum subscription_kind { SUBSCRIPTION_MESSAGE = 0, SUBSCRIPTION_SIGNAL = 1 };

struct subscription_row {
    enum row_change change;
    uint64_t key;
    uint64_t instance;
    uint64_t element_instance;
    enum subscription_kind kind;
    str element_id;
    str name;
    str correlation_key;
    bool opened; // the message's shard knows of it
    int64_t created_ms;
    str tenant;
};

struct message_row {
    enum row_change change;
    uint64_t key;
    uint64_t mailbox;
    str name;
    str correlation_key;
    str message_id;
    str variables;
    int64_t published_ms;
    int64_t expires_ms;
    str tenant;
};

// What is known at the message's shard of one (name, correlation key): locks, and what there is of
// entries.
struct mailbox_row {
    enum row_change change;
    uint64_t key;
    str name;
    str correlation_key;
    str tenant;
    enum subscription_kind kind;
    uint64_t events;
    str image;
};

// A subscription or a message of a mailbox. The image of the whole is the one of the mailbox's row,
// and these after it by their numbers.
struct mailbox_entry_row {
    enum row_change change;
    uint64_t key;
    uint64_t mailbox;
    uint64_t number;
    str image;
};

// The later ones: listeners decide about it. An instance keeps the first three alone.
enum user_task_state {
    USER_TASK_CREATED = 1,
    USER_TASK_COMPLETED = 2,
    USER_TASK_CANCELED = 3,
    USER_TASK_CREATING = 4,
    USER_TASK_ASSIGNING = 5,
    USER_TASK_UPDATING = 6,
    USER_TASK_COMPLETING = 7,
    USER_TASK_CANCELING = 8,
};

struct user_task_row {
    enum row_change change;
    uint64_t key;
    uint64_t instance;
    uint64_t element_instance;
    uint64_t definition;
    str process_id;
    int32_t version;
    str element_id;
    str name; // the element's
    str tenant;
    enum user_task_state state;
    str assignee;
    str candidate_groups; // JSON array of strings
    str candidate_users;  // JSON array of strings
    int64_t due_ms;       // 0: none
    int64_t follow_up_ms; // 0: none
    int32_t priority;
    str form_key;  // external form; empty: none
    str form_id;   // deployed form; empty: none
    uint64_t form; // that one's key; 0: none of this id was deployed
    int64_t created_ms;
    int64_t ended_ms;
    str headers;    // JSON object
    str separation; // {"elements": [ids], "done": [[id, person]]}: who may not do it; empty:
                    // anybody may
};

enum incident_state { INCIDENT_OPEN = 1, INCIDENT_RESOLVED = 2 };

struct incident_row {
    enum row_change change;
    uint64_t key;
    uint64_t instance;
    uint64_t element_instance;
    uint64_t job; // 0: not about a job
    uint64_t definition;
    str process_id;
    str element_id;
    str tenant;
    enum incident_state state;
    str kind; // "JOB_NO_RETRIES", "EXTRACT_VALUE_ERROR", …: engine/incidents.def
    str message;
    int64_t created_ms;
    int64_t resolved_ms;
};

struct definition_row {
    enum row_change change;
    uint64_t key;
    uint64_t deployment;
    enum resource_kind kind;
    str id; // process id, decision requirements id, form id
    int32_t version;
    str version_tag;
    str name;
    str resource_name;
    str digest; // 32 bytes, of its resource
    str tenant;
    int64_t deployed_ms;
};

// Of shard 0. Everywhere else it is in the shard's image alone.
struct cluster_variable_row {
    enum row_change change;
    uint64_t key;
    str name;
    bool is_global;
    str tenant;
    str value; // JSON
    int64_t changed_ms;
};

enum decision_state { DECISION_EVALUATED = 1, DECISION_FAILED = 2 };

// An evaluation of a decision and of all it required. Written once.
struct decision_row {
    enum row_change change;
    uint64_t key;
    uint64_t decision; // the decision definition that was asked for
    str decision_id;
    uint64_t instance; // 0: evaluated on its own
    uint64_t element_instance;
    uint64_t definition; // the process's
    str tenant;
    enum decision_state state;
    str failure; // why there is no result; empty: none
    int64_t evaluated_ms;
    str output; // JSON
    str trace;  // JSON array of the evaluated decisions, the one that was asked for last
};

// A message that an instance took, or that began it. Written once.
struct correlation_row {
    enum row_change change;
    uint64_t key; // of the subscription, or of the start
    uint64_t message;
    uint64_t instance;
    uint64_t element_instance; // 0: it began the instance
    str element_id;
    str name;
    str correlation_key;
    int64_t correlated_ms;
};

// A message that reached nobody in its time. Written once.
struct missed_message_row {
    enum row_change change;
    uint64_t key;
    str name;
    str correlation_key;
    str tenant;
    int64_t published_ms;
    int64_t missed_ms;
};

enum batch_item_state {
    BATCH_ITEM_ACTIVE = 1,
    BATCH_ITEM_COMPLETED = 2,
    BATCH_ITEM_FAILED = 3,
    BATCH_ITEM_CANCELED = 4,
};

// What came of one item of a batch operation; the row was made by whoever began the operation.
struct batch_item_row {
    enum row_change change;
    uint64_t key;
    enum batch_item_state state;
    str error; // FAILED: why
    int64_t processed_ms;
};

// One step of a stream: everything that one command did to it.
struct history_row {
    enum stream_kind stream_kind;
    uint64_t stream;   // key of the instance or mailbox; the shard's own stream has 0
    uint64_t sequence; // 1, 2, 3, … in the stream
    int64_t time_ms;
    int64_t offset; // of the command
    enum command_type cause;
    str principal;
    str origin; // whence the principal asked
    size_t count;
    const struct event *events;
    uint64_t definition; // of the instance as it is now, for readers of events; not stored here
    str tenant;          // likewise
    uint64_t batch;      // where it stands in the shard's history, for readers
    uint32_t ordinal;    // likewise: in the batch
};

// Numbers of listeners that are not of a model, but of all user tasks, by their event: that much
// more than its place among creating, assigning, updating, completing, canceling.
enum { JOB_GLOBAL_LISTENER = 0x10000 };

enum outbound_kind { OUTBOUND_COMMAND, OUTBOUND_JOB, OUTBOUND_REPLY };

// A job as it is sent to workers.
struct job_offer {
    uint64_t key;
    uint64_t instance;
    uint64_t element_instance;
    uint64_t definition;
    str process_id;
    int32_t version;
    str element_id;
    str type;
    str tenant;
    enum job_kind kind;
    str listener_event;
    uint32_t attempt;
    bool leases; // in a reply: its answers need the attempt
    str worker;  // in a reply: on whose credit it comes
    int32_t retries;
    int32_t priority;
    int64_t lease_ms; // how long it belongs to whoever takes it
    str headers;      // JSON object
    str variables;    // JSON object: what its element sees, or what it restricts that to
    str user_task;    // task listeners: JSON of the task; empty else
    str traceparent;  // W3C; empty: none
    str business_id;  // of the instance
    str tags;         // likewise: JSON array of texts; empty: none
    uint64_t root_instance;
    size_t secret_count;
    const struct secret_pointer {
        str pointer; // RFC 6901, from {"headers": …, "variables": …}
        str name;
    } * secrets;
    str token;               // filled in by the node that sends it
    int32_t reply_partition; // of the commands topic; likewise
};

struct reply {
    struct reply_to to;
    enum rejection rejection;
    str reason;   // for people, when rejected
    uint64_t key; // what was made or touched
    uint64_t instance;
    uint64_t definition;
    str process_id;
    int32_t version;
    str variables;         // awaited completion
    size_t deployed_count; // DEPLOY
    const struct deployed_resource *deployed;
    uint32_t shard;
    uint64_t gateway; // jobs for the clients of a gateway, which asked with credits; 0: an answer
    size_t job_count;
    const struct job_offer *jobs;
};

// The key of a person in a stream. It is made at the rim, which adds the row.
struct personal_key_row {
    uint64_t stream;
    uint32_t number; // in the stream, from 1
    str tenant;
    str subject;    // digest
    str process_id; // empty: a mailbox's, or of records on their way
    str wrapped;
    str vault_key; // the id of the key that wrapped it
};

// A record to publish after the commit, in this order.
struct outbound {
    enum outbound_kind kind;
    int32_t partition; // COMMAND: of baton.commands
    uint64_t stream;   // whose sealed values it takes along; 0: nobody's
    union {
        const struct command *command;
        const struct job_offer *job;
        const struct reply *reply;
    };
};

// Everything that a batch of commands changed on one shard. Memory belongs to the arena that was
// passed to the engine.
struct changes {
    ARRAY(struct history_row) history; // in the order of the commands
    ARRAY(struct instance_row) instances;
    ARRAY(struct element_row) elements;
    ARRAY(struct job_row) jobs;
    ARRAY(struct timer_row) timers;
    ARRAY(struct subscription_row) subscriptions;
    ARRAY(struct message_row) messages;
    ARRAY(struct mailbox_row) mailboxes;
    ARRAY(struct mailbox_entry_row) mailbox_entries;
    ARRAY(struct user_task_row) user_tasks;
    ARRAY(struct incident_row) incidents;
    ARRAY(struct definition_row) definitions;
    ARRAY(struct cluster_variable_row) cluster_variables;
    ARRAY(struct breaker_row) breakers;
    ARRAY(struct decision_row) decisions;
    ARRAY(struct correlation_row) correlations;
    ARRAY(struct missed_message_row) missed_messages;
    ARRAY(struct batch_item_row) batch_items;
    ARRAY(struct remembered_row) remembered;
    ARRAY(struct personal_key_row) personal_keys;
    ARRAY(struct outbound) outbound; // in the order of the commands
    uint64_t next_key;               // of the shard
    int64_t clock_ms;                // the shard's time: never goes back
    uint64_t shard_events;           // sequence number of the shard stream's last step
    str shard_image; // the shard's own state when it changed; data == NULL: unchanged
};

#endif
