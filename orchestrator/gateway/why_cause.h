// SPDX-License-Identifier: Apache-2.0
//
// Why nothing happens: a job that nobody does, an instance that stands still, a worker without
// work, a message that reached nobody. Facts in, causes out: these functions read no clock and no
// database; why.c fetches the facts. There is one source of causes: REST, the command line and the
// console show these.
#ifndef BATON_GATEWAY_WHY_CAUSE_H
#define BATON_GATEWAY_WHY_CAUSE_H

#include "base/array.h"
#include "record/records.h"
#include "record/rows.h"

enum why_cause {
#define CAUSE(name, remedy) WHY_##name,
#include "gateway/why_causes.def"
#undef CAUSE
};

const char *why_cause_name(enum why_cause cause);   // NO_MEMBER
const char *why_cause_remedy(enum why_cause cause); // what can be done; may be empty

struct why_finding {
    enum why_cause cause;
    str sentence;
    str element_id;
    uint64_t element_instance; // 0: of no element
    uint64_t key;              // of what is meant: job, incident, instance, message …; 0: nothing
    str name;                  // job type, message, signal, secret, worker
    int64_t until_ms;          // 0: for ever, or not known
};

// In the order in which they were found; why_sort puts the weightiest first.
struct why_findings {
    struct arena *arena;
    ARRAY(struct why_finding) list;
};

void why_sort(struct why_findings *findings);

enum {
    WHY_RECENT_MS = 30000, // who asked within this time is there; a long poll may take so long
};

// -- Jobs -----------------------------------------------------------------------------------------

struct why_asker { // the last one of its kind; seen_ms == 0: there is none
    str worker;
    str tenant;
    int64_t seen_ms;
};

struct why_job {
    uint64_t key;
    str type, tenant, process_id, element_id;
    uint64_t element_instance, instance;
    enum job_state state; // with end == JOB_END_NONE
    enum job_end end;
    bool is_suspended; // its instance
    uint32_t attempt;
    int32_t retries;
    int64_t due_ms, offered_ms, ended_ms;
    str worker, message;
    uint64_t incident; // open; 0: none
    str incident_kind, incident_message;
    struct why_asker fit, abroad, barred; // may have it; ask for other tenants; may not have it
    struct why_asker unleased;            // might, but asks without the lease that the job takes
    bool is_group_known;                  // workers on Kafka were looked for
    int64_t member_count;                 // -1: the brokers do not tell
    str members;
    int64_t lag, looked_ms, member_seen_ms;
    // Of one that waits: of its type and tenant on its shard.
    int64_t in_flight, ahead; // ahead: that wait before it
    bool is_flight_cut;       // at least so many are in flight
    int64_t share;            // of the tenant, jobs in the whole cluster; -1: none
    int64_t part;             // of the share, this shard's
    struct why_breaker {
        enum breaker_kind kind; // 0: none stands before it
        str name, cause;
        int64_t opened_ms, probes_ms;
    } breaker;
    int64_t now_ms;
};

void why_of_job(struct why_findings *findings, const struct why_job *job);

// A secret that the model of the job's element names.
struct why_secret {
    str name;
    bool is_there, is_allowed;
};
void why_of_secret(struct why_findings *findings, const struct why_job *job,
                   const struct why_secret *secret);

// -- Instances ------------------------------------------------------------------------------------

struct why_instance {
    uint64_t key;
    str process_id;
    enum instance_state state;
    int64_t ended_ms;
};
void why_of_instance(struct why_findings *findings, const struct why_instance *instance);

enum why_wait_kind {
    WHY_WAIT_PLACE, // the element instance itself
    WHY_WAIT_TIMER,
    WHY_WAIT_MESSAGE,
    WHY_WAIT_NEAR, // a message of the name that an element waits for, which does not fit
    WHY_WAIT_SIGNAL,
    WHY_WAIT_CONDITION,
    WHY_WAIT_USER_TASK,
    WHY_WAIT_INCIDENT,
    WHY_WAIT_CALLED,
};

// What one token waits for.
struct why_wait {
    enum why_wait_kind kind;
    uint64_t element_instance, key;
    str element_id, element_type;
    str name;       // message, signal, type of incident, assignee, process; the expression
    str key_text;   // correlation key; candidates; text of the incident
    str wanted_key; // NEAR: what is waited for
    str tenant;     // NEAR
    bool other_tenant;
    bool is_hidden;   // NEAR: its key is not for who asks
    bool is_over;     // NEAR: it reached nobody and has gone
    bool has_more;    // PLACE: something of it was told: of itself or inside
    int64_t until_ms; // timer's and task's due date, message's expiry
};
void why_of_wait(struct why_findings *findings, const struct why_wait *wait);
void why_of_stillness(struct why_findings *findings); // it runs, and nothing else was found
void why_of_unreadable(struct why_findings *findings, const struct why_instance *instance,
                       const char *reason); // its stored state

// -- Workers --------------------------------------------------------------------------------------

struct why_service { // a job type that the worker serves
    str type, tenant;
    bool is_kafka; // as a member of a group, which serves all tenants
    int64_t seen_ms, since_ms;
    int64_t open; // jobs of the type and tenant that nobody has
    int64_t lag;
    int64_t now_ms;
};
void why_of_service(struct why_findings *findings, str worker, const struct why_service *service);

struct why_held {
    uint64_t key, instance;
    str type, element_id;
    int64_t until_ms;
};
void why_of_held(struct why_findings *findings, str worker, const struct why_held *held);
void why_of_nobody(struct why_findings *findings, str worker); // no fact was found

// -- Messages -------------------------------------------------------------------------------------

enum why_news_kind {
    WHY_NEWS_REACHED, // an instance
    WHY_NEWS_WAITS,   // buffered
    WHY_NEWS_MISSED,  // it reached nobody
    WHY_NEWS_WANTED,  // an instance waits for a message of the name
    WHY_NEWS_SIGNAL,  // likewise for a signal
};

struct why_news {
    enum why_news_kind kind;
    uint64_t key; // of the message; of who waits
    uint64_t instance;
    str element_id, name, correlation_key, tenant;
    int64_t since_ms, until_ms; // published, until; since when it is waited for
};
void why_of_news(struct why_findings *findings, const struct why_news *news);
void why_of_silence(struct why_findings *findings, str name); // nobody waits, and nothing came

#endif
