// SPDX-License-Identifier: Apache-2.0
//
// A command asks a shard for a change. All of them arrive on baton.commands; time, and everything
// else that may differ from one execution to the next, comes in with them. Strings belong to
// whoever decoded the command; variables are a JSON object as text, or empty.
#ifndef BATON_RECORD_COMMAND_H
#define BATON_RECORD_COMMAND_H

#include "base/str.h"

enum command_type {
    COMMAND_NONE = 0,
#define COMMAND(name, number, need, process, senders) COMMAND_##name = number,
#include "record/commands.def"
#undef COMMAND
};

enum rejection {
#define REJECTION(name, http, title) REJECTION_##name,
#include "record/rejections.def"
#undef REJECTION
};

// Where the answer goes: a partition of baton.replies and the caller's number for it. request == 0:
// nobody waits.
struct reply_to {
    int32_t partition;
    uint64_t request;
};

enum { COMMAND_MAX_INSTRUCTIONS = 256, COMMAND_MAX_RESOURCES = 256 };

// In which scope what has moved begins: the nearest one around both places; the one that it came
// from.
enum move_ancestor { ANCESTOR_INFERRED, ANCESTOR_SOURCE_PARENT };

// Where a new instance starts, when not at its none start event; or an element to activate or
// terminate.
struct element_instruction {
    str element_id;
    uint64_t element_instance; // terminate: this one; activate: the ancestor to start in; 0: any
    str variables;             // local to the activated element
    str scoped_variables; // JSON array of {"scopeId", "variables"}: each local to the scope of this
                          // id on the way to the element; empty: of the instance
    bool terminate;
    str move_from; // modify: as many tokens as stand at this element go to element_id; empty: none
    uint64_t move_from_key; // likewise: this element instance; 0: none
    uint32_t ancestor;      // of a move: enum move_ancestor, when element_instance names none
};

struct create_instance {
    uint64_t definition; // 0: the latest version of process_id
    str process_id;
    int32_t version; // with process_id; 0 or less: the latest
    str variables;
    str business_id; // optional name of the case; shown and searchable
    bool is_unique;  // refused while another root instance of the process runs with this business
                     // id; for the shard of it (partition.h)
    str tags;        // JSON array of texts; empty: none
    str ends_after; // JSON array of element ids: terminated when one of them has ended; empty: none
    bool await_completion; // answer when the instance has ended, with its variables
    str fetch_variables;   // JSON array of names for the awaited answer; empty: all
    str deduplication_id; // optional: a second create with the same id answers with the first one's
                          // key
    str duties;           // JSON array of [element id, person]: done in the instance that this one
                          // goes on from, and kept apart; empty: none
    size_t start_count;
    struct element_instruction *start_at;
};

struct modify_instance {
    size_t count;
    struct element_instruction *instructions;
    str variables; // of the instance
};

// key = the element instance of the ad-hoc sub-process.
struct activate_ad_hoc {
    size_t count;
    struct element_instruction *instructions; // element_id and variables
    bool cancels_remaining;                   // what runs in it ends before
};

struct element_mapping {
    str source_id;
    str target_id;
};

struct migrate_instance {
    uint64_t target_definition;
    size_t count;
    struct element_mapping *mappings;
    bool dry_run; // say whether it could be done, and change nothing
};

struct set_variables {
    str variables;
    bool local; // exactly in this scope; else where each is defined, new ones in the root
};

// Why a job failed (failure_classes.def).
enum failure_class {
#define FAILURE(name, number, retries, rest, incident, meaning) FAILURE_##name = number,
#include "record/failure_classes.def"
#undef FAILURE
};

struct job_answer {
    uint32_t attempt; // 0: an answer by REST, whatever the attempt, of a job without a lease token
    str variables;
    int32_t retries;    // FAIL_JOB: what is left
    int64_t backoff_ms; // FAIL_JOB
    int64_t extend_ms;  // EXTEND_JOB: the lease from now on
    str error_code;     // THROW_JOB_ERROR
    str message;
    str worker;      // who works, for people
    str token;       // the job's; a node's answer on behalf of a REST client has a MAC instead
    str business_id; // COMPLETE_JOB: of the instance from now on; empty: as it is
    str result;      // listeners: JSON {"denied", "deniedReason", "corrections":{…}}; ad-hoc:
                     // {"activateElements":[…]}
    enum failure_class failure_class; // FAIL_JOB
    str subject;                      // FAIL_JOB: the credential or the input that is meant
};

// "TRANSIENT"; empty for FAILURE_UNSPECIFIED.
str failure_class_name(enum failure_class class);
// By its name in any case. False: there is no such class.
MUST_CHECK bool failure_class_find(str name, enum failure_class *ret_class);

struct update_job {
    int32_t retries;    // with has_retries; at least 1
    int32_t priority;   // with has_priority
    int64_t timeout_ms; // with has_timeout: the lease of a job that a worker has, from now on
    bool has_retries;
    bool has_priority;
    bool has_timeout;
    uint32_t attempt; // that the sender believes it has; 0: whatever it is
};

// RELEASE_JOB: jobs that wait and may be offered. RETURN_JOBS: jobs that came to a gateway when no
// client was left for them.
struct release_job {
    size_t count;
    struct released_job {
        uint64_t instance;
        uint64_t job;
        uint32_t attempt; // RETURN_JOBS: of the offer that nobody took
    } * jobs;
};

// A gateway node has clients that wait for jobs. What it says of a type, tenant, lease and worker
// replaces what it said of them before; everything of it ends expires_ms after the last command.
struct job_credits {
    uint64_t gateway; // random, of this start of the node
    int32_t reply_partition;
    int64_t expires_ms; // from the command's time
    bool renews;        // says again what stands
    size_t credit_count;
    struct job_credit {
        str type;
        str tenant;
        uint32_t count; // jobs that may be sent, beyond those sent already; 0: none any more
        int64_t lease_ms;
        str worker;
        str processes; // process_list_has: whose jobs it takes
        bool leases;   // its clients answer with the token of the attempt, or not at all
    } * credits;
};

// Ids of processes, a newline before each and after the last; empty: of any process.
bool process_list_has(str processes, str process_id);

// Something the node was asked to remind the engine of. The engine fires it only if it still stands
// and its time has come.
struct due {
    int64_t due_ms;
    uint32_t attempt; // TIME_OUT_JOB, RETRY_JOB
    str name;         // EXPIRE_MESSAGE: the mailbox
    str correlation_key;
};

struct publish_message {
    str name;
    str correlation_key;
    str message_id; // deduplication within the time to live; empty: none
    int64_t ttl_ms; // 0: correlate now or never
    str variables;
    bool answer_correlation; // answer only when correlated, or NOT_FOUND (Camunda's correlate)
    str business_id;         // of an instance that it starts; empty: its correlation key
};

// The subscription protocol between an instance's shard and a message's shard. command.key is the
// subscription's key, given by the instance's shard; command.instance is the instance.
struct subscription_command {
    str name;
    str correlation_key;
    uint64_t element_instance;
    uint64_t message; // correlate, confirm, reject
    str process_id;   // one instance of a process takes a message at most once
    bool closes;      // interrupting: at most one message
    str variables;    // correlate
    bool opened;      // CONFIRM_SUBSCRIPTION: opened, else closed
    str reason;       // CONFIRM_SUBSCRIPTION: why it could not be opened; empty: nothing failed
    bool signal;      // a signal's subscription, else a message's
    uint32_t shard;   // who sends it: where the answer goes
};

struct broadcast_signal {
    str name;
    str variables;
    uint64_t key;   // the signal's own, given by the first shard or the api's request
    uint64_t after; // of a piece: subscriptions above this key, which have not been told
    uint64_t until; // and below this one: they wait since before the signal. 0: the first piece
};

struct user_task_command {
    str assignee;
    bool override_assignee; // ASSIGN: take it from whoever has it
    str action;             // what the caller calls it: "complete", "claim", …
    str variables;          // COMPLETE
    str changeset;          // UPDATE: JSON object of Camunda's names (dueDate, followUpDate,
                            // candidateGroups, …)
};

enum resource_kind {
    RESOURCE_PROCESS,
    RESOURCE_DECISIONS, // one decision of a file
    RESOURCE_FORM,
    RESOURCE_OTHER,
    RESOURCE_REQUIREMENTS, // the file that decisions came in
};

// One thing in a deployment. Its bytes are in PostgreSQL by their digest, immutable, before the
// command is sent.
struct deployed_resource {
    str name;   // file name
    str digest; // SHA-256, 32 bytes; of DMN that imports, of all it is compiled from
    enum resource_kind kind;
    str definition_id; // process id, decision requirements id, form id
    uint64_t key;      // PUBLISH_DEFINITIONS: the definition's key and version
    int32_t version;
    str version_tag;
    str title; // what people call it: the name of the process, decision or graph
};

struct deploy {
    uint64_t deployment; // PUBLISH_DEFINITIONS
    size_t count;
    struct deployed_resource *resources;
};

struct evaluate_decision {
    str decision_id; // when the command's key is 0
    str variables;
};

// The clock of tests: a shard's time is that of the record plus the offset, or stands still.
struct test_clock {
    int64_t offset_ms;
    int64_t pinned_ms; // with is_pinned: since 1970
    bool is_pinned;
};

// The time that it makes of another one, from 1970 to the year 9999.
int64_t test_clock_time(const struct test_clock *clock, int64_t time_ms);

// What tenants have of the windows of job types: [[tenant, jobs, weight], …], all that was set;
// empty: nothing. "jobs" are those of one type in flight in the whole cluster, -1: no limit of the
// tenant's own. The tenant "*" stands for all that are not named.
struct set_shares {
    str shares; // JSON
};

// Which user tasks policies keep apart: [[name, tenant, process, role, [element id, …]], …], all
// that was set; empty: none. "*" is each tenant, process and role.
struct set_policies {
    str policies; // JSON
};

// Listeners of all user tasks, in the order in which they run: [[job type, retries, runs after the
// model's, [event, …]], …], all that was set; empty: none.
struct set_listeners {
    str listeners; // JSON
};

// What a breaker stands before (engine/breaker.c).
enum breaker_kind {
    BREAKER_TYPE = 1,       // jobs of a type
    BREAKER_CREDENTIAL = 2, // jobs that need a credential
};

// Of the command's tenant.
struct set_breaker {
    uint32_t kind;
    str name;
    bool opens;
    int64_t rest_ms; // until probes are offered; 0: until somebody closes it
};

enum cluster_variable_change {
    CLUSTER_VARIABLE_CREATE = 1,
    CLUSTER_VARIABLE_UPDATE,
    CLUSTER_VARIABLE_DELETE,
};

// Of the whole installation, or of the command's tenant.
struct cluster_variable_command {
    str name;
    str value; // JSON
    uint32_t change;
    bool is_global;
    uint64_t key; // SPREAD: given by shard 0
};

// What a principal may do with the resources of one kind, in the words of the REST API.
struct grant {
    str resource_type; // PROCESS_DEFINITION, …
    str resource_id;   // "*": all
    size_t permission_count;
    str *permissions;
};

struct command {
    enum command_type type;
    int64_t time_ms;   // of the record, since 1970
    int64_t offset;    // of the record in its partition; -1 when there is none (simulator)
    uint64_t instance; // whom it is about; 0 where the command is not about an instance
    uint64_t key;      // the job, task, timer, incident, subscription, scope; 0: none
    struct reply_to reply;
    str tenant;          // empty: the default tenant
    str principal;       // who asked, for the audit; empty: the platform itself
    str origin;          // whence: address and the request's id; empty: not known
    str traceparent;     // W3C, kept and passed on
    uint64_t batch_item; // of a batch operation: what comes of it is written to its row; 0: none
    uint32_t shard;      // the logical shard that it is for, plus 1; 0: by the partition
    uint64_t reference;  // a number of the caller's own, noted in history; 0: none
    str reason;          // why, in the words of the person who asked
    str on_behalf_of;    // whom the principal stands in for; empty: nobody
    bool restricted;     // what the command reaches is checked against its grants
    size_t grant_count;
    struct grant *grants;
    union {
        struct create_instance create_instance;
        struct modify_instance modify_instance;
        struct activate_ad_hoc activate_ad_hoc;
        struct migrate_instance migrate_instance;
        struct set_variables set_variables;
        struct job_answer job_answer;
        struct update_job update_job;
        struct release_job release_job;
        struct job_credits job_credits;
        struct due due;
        struct publish_message publish_message;
        struct subscription_command subscription;
        struct broadcast_signal broadcast_signal;
        struct user_task_command user_task;
        struct deploy deploy;
        struct evaluate_decision evaluate_decision;
        struct test_clock set_clock;
        struct set_shares set_shares;
        struct set_policies set_policies;
        struct set_listeners set_listeners;
        struct set_breaker set_breaker;
        struct cluster_variable_command cluster_variable;
    };
};

// Who sends commands of a type. A worker's own carry the token of their job; all others a node's
// MAC (record/mac.h).
enum command_senders {
    SENDERS_API, // a gateway, for a caller; ingress
    SENDERS_API_WORKER,
    SENDERS_API_SHARD,
    SENDERS_NODE,  // the node that runs the shard, to itself
    SENDERS_SHARD, // a shard's outbox
};

enum command_senders command_senders_of(enum command_type type);

const char *command_type_name(
    enum command_type type); // "CREATE_INSTANCE"; "UNKNOWN" for a number without a name
bool command_type_is_known(int number);

const char *rejection_name(enum rejection rejection); // "NOT_FOUND"
const char *rejection_title(enum rejection rejection);
int rejection_http_status(enum rejection rejection);

#endif
