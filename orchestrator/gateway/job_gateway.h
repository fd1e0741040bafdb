// SPDX-License-Identifier: Apache-2.0
//
// Job activation over REST: a gateway for workers without Kafka. It joins the consumer group of a
// job type only while somebody polls for it, so a job is never offered on two ways at once: to the
// group it is one more worker. Jobs that were received and that nobody took are given back to the
// engine when the gateway leaves.
#ifndef BATON_GATEWAY_JOB_GATEWAY_H
#define BATON_GATEWAY_JOB_GATEWAY_H

#include "gateway/caller.h"

enum {
    GATEWAY_MAX_JOBS = 1000,     // of one activation
    GATEWAY_MAX_BUFFERED = 2000, // of one type; beyond, the consumer is paused
    GATEWAY_MAX_TYPES = 1000,    // polled for at one time
    GATEWAY_DEFAULT_WAIT_MS = 10000,
    GATEWAY_LINGER_MS = 30000, // stays in the group this long after the last poll
};

struct job_offer;

struct job_poll {
    struct caller *caller;
    str type;
    size_t limit;
    int64_t lease_ms;
    int64_t wait_ms; // 0: GATEWAY_DEFAULT_WAIT_MS; below 0: do not wait
    str worker;
    const str *tenants; // none: every tenant
    size_t tenant_count;
    // Called for each job that the caller takes, until `deadline_ms`; its bytes are valid during
    // the call.
    void (*job)(const struct job_poll *poll, const struct job_offer *job, int64_t deadline_ms);
    void (*end)(const struct job_poll *poll); // no more come
    void *context;                            // of these two
};

struct job_desk *job_desk_new(struct gateway *gateway);
void job_desk_drain(struct job_desk *desk); // ends the polls that wait
void job_desk_free(struct job_desk *desk);

// Ends at once where there are jobs, when some arrive, or when its time is over. The poll is
// copied.
void job_poll_begin(const struct job_poll *poll);

#endif
