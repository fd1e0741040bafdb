// SPDX-License-Identifier: Apache-2.0
//
// Flat records of what happened: one an element instance, job and variable, made from history
// (history/records.h) and kept for searches, SQL and insight (schemas/0100_records.sql). What can
// be looked up by definition and element (ids, names, types) is not in them.
#ifndef BATON_RECORD_RECORDS_H
#define BATON_RECORD_RECORDS_H

#include "base/array.h"
#include "record/rows.h"

struct element_record {
    uint64_t key; // of the root: the instance's
    uint64_t instance;
    uint64_t scope;      // 0: the root
    uint64_t definition; // in which `element` counts
    uint32_t element;    // index + 1
    bool is_body;        // of a multi-instance or loop
    enum element_state state;
    int64_t started_ms;
    int64_t ended_ms;   // 0: it runs
    int64_t offered_ms; // its work, the last time: to workers or people; 0: never
    int64_t claimed_ms; // by who has or had it: taken by a worker, assigned to a person; 0: nobody
    str outcome;        // of an unusual end; empty: none
    str actor;          // empty: nobody
    uint32_t attempts;
    uint32_t incidents;
    str cost; // a decimal number; empty: none
    bool breached;
    bool is_new; // not stored before
};

// What became of a job; the numbers stand in job_records.state, beside those of enum job_state.
enum job_end {
    JOB_END_NONE = 0,
    JOB_END_COMPLETED = 5,
    JOB_END_CANCELED = 6,
    JOB_END_ERROR = 7,
};

struct job_record {
    uint64_t key;
    uint64_t instance;
    uint64_t element_instance;
    uint64_t definition;
    uint32_t element;  // index + 1
    uint32_t listener; // index + 1; 0: no listener's
    str type;
    enum job_kind kind;
    enum job_end end;
    int64_t priority;
    int64_t retries;
    int64_t attempt;
    str worker;
    str error_code;
    str error_message;
    int64_t created_ms;
    int64_t ended_ms; // 0: open
    bool is_new;      // not stored before
};

struct variable_record {
    uint64_t instance;
    uint64_t scope;
    uint64_t definition; // of the instance
    str name;
    str value; // JSON
    bool is_removed;
    bool is_new; // its scope was not stored before, so neither was it
};

// What a step is in the audit log.
struct audit_record {
    uint64_t batch; // where the step stands in its shard's history
    uint32_t ordinal;
    uint32_t part; // of the step
    int64_t time_ms;
    str actor;
    str origin;
    const char *operation;
    const char *category;
    const char *entity_type;
    bool has_failed;
    str entity;
    str tenant;      // empty with has_tenant: the default tenant
    bool has_tenant; // else it is the instance's, the mailbox's
    str process_id;
    uint64_t definition; // each 0: none
    uint64_t instance;
    uint64_t mailbox;
    uint64_t element_instance;
    uint64_t job;
    uint64_t user_task;
    uint64_t decision;
    str decision_id;
    uint64_t evaluation;
    uint64_t deployment;
    uint64_t resource;
    str resource_kind;
    uint64_t batch_item;
    str description;
};

// What a process instance did that counts as a case of its definition.
enum case_move {
    CASE_BEGAN,
    CASE_CAME, // from another definition: it was migrated
    CASE_LEFT, // to another one
    CASE_COMPLETED,
    CASE_TERMINATED,
};

struct case_record {
    enum case_move move;
    uint64_t instance;
    uint64_t definition;
    uint64_t batch; // of history, in which it did
    int64_t time_ms;
    int64_t began_ms; // of one that has ended
    bool is_whole;    // all element instances that it ever had are among the changes
};

// Stored records by their instance and key.
struct record_key {
    uint64_t instance;
    uint64_t key;
};

struct record_wanted {
    ARRAY(struct record_key) jobs;
    ARRAY(struct record_key) elements; // and those that the jobs belong to
};

// New and changed ones, each once, in its last state.
struct record_changes {
    ARRAY(const struct element_record *) elements;
    ARRAY(const struct job_record *) jobs;
    ARRAY(const struct variable_record *) variables;
    ARRAY(struct case_record) cases;
    ARRAY(struct audit_record) audit; // all are new
};

#endif
