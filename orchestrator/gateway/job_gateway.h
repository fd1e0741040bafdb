// SPDX-License-Identifier: Apache-2.0
//
// Jobs for clients without Kafka: long polls of REST, streams. The shards serve them: this gateway
// tells each shard by a command what all its clients together wait for (credits, engine/credit.c),
// and jobs come back in replies, taken already. No topic and no consumer group has a part in it, so
// a type that is polled for costs some memory. A job that comes when no client is left for it is
// returned, without counting an attempt.
#ifndef BATON_GATEWAY_JOB_GATEWAY_H
#define BATON_GATEWAY_JOB_GATEWAY_H

#include "gateway/caller.h"

enum {
    GATEWAY_MAX_JOBS = 1000,     // of one activation
    GATEWAY_MAX_TYPES = 10000,   // polled for at one time
    GATEWAY_MAX_TENANTS = 100,   // of one poll
    GATEWAY_MAX_DEMANDS = 1000,  // of one type: tenants, leases and workers that differ
    GATEWAY_ALL_DEMANDS = 50000, // of all types
    GATEWAY_DEFAULT_WAIT_MS = 10000,
    GATEWAY_ASK_MS = 5000,   // a poll that does not wait, when there are jobs: until they come
    GATEWAY_HOLD_MS = 250,   // a job that finds no client waits so long for the next poll
    GATEWAY_LINGER_MS = 500, // credits outlive the last poll: its worker is likely to poll again
    GATEWAY_RENEW_MS = 2000, // shards that have moved hear of all that stands
};

struct job_offer;
struct released_job;
struct reply;

struct job_poll {
    struct caller *caller;
    str type;
    size_t limit;
    int64_t lease_ms;
    int64_t wait_ms; // 0: GATEWAY_DEFAULT_WAIT_MS; below 0: takes what is there, and does not wait
    str worker;
    const str *tenants; // none: the default tenant
    size_t tenant_count;
    str processes;       // whose jobs the caller may take (process_list_has); filled in
    bool leases;         // answers come with the token of their attempt (job_lease_token)
    bool of_all_tenants; // of the caller's, instead of those that are named
    // Called for each job that the caller takes, until `deadline_ms`; its bytes are valid during
    // the call.
    void (*job)(const struct job_poll *poll, const struct job_offer *job, int64_t deadline_ms);
    void (*end)(const struct job_poll *poll); // no more come
    void *context;                            // of these two
};

// What says which attempt of a job an answer is of; opaque to clients.
str job_lease_token(const struct gateway *gateway, struct arena *arena, uint64_t job,
                    uint32_t attempt);
// False: it is no such token of the job.
MUST_CHECK bool job_lease_attempt(const struct gateway *gateway, str token, uint64_t job,
                                  uint32_t *ret_attempt);

// The job's variables, or those that were asked for by name: a JSON object.
str job_variables(struct arena *arena, str variables, const str *names, size_t count);

struct job_desk *job_desk_new(struct gateway *gateway);
void job_desk_drain(struct job_desk *desk); // ends the polls that wait, returns what nobody took
void job_desk_free(struct job_desk *desk);

// Ends when some jobs have come, or when its time is over. The poll is copied; its type, worker and
// tenants live in the caller's arena.
void job_poll_begin(const struct job_poll *asked);

// A job that a client was given and cannot have had: it is offered again at once, and the attempt
// does not count.
void job_gateway_give_back(struct gateway *gateway, const struct released_job *job);

// The shards have forgotten who waits: says it again soon.
void job_desk_renew(struct job_desk *desk);

// Calls `each` for every type and tenant that clients wait for now.
struct asker;
void job_desk_askers(const struct job_desk *desk, void (*each)(void *context, const struct asker *),
                     void *context);

// A reply with jobs has come; those for another gateway are left alone.
void job_desk_take(struct job_desk *desk, const struct reply *reply);

#endif
