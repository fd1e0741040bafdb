// SPDX-License-Identifier: Apache-2.0
//
// Job activation over REST: a gateway for workers without Kafka. It joins the consumer group of a
// job type only while somebody polls for it, so a job is never offered on two ways at once: to the
// group it is one more worker. Jobs that were received and that nobody took are given back to the
// engine when the gateway leaves.
#ifndef BATON_API_JOB_GATEWAY_H
#define BATON_API_JOB_GATEWAY_H

#include "api/request.h"

enum {
    GATEWAY_MAX_JOBS = 1000,     // of one activation
    GATEWAY_MAX_BUFFERED = 2000, // of one type; beyond, the consumer is paused
    GATEWAY_MAX_TYPES = 1000,    // polled for at one time
    GATEWAY_DEFAULT_WAIT_MS = 10000,
    GATEWAY_LINGER_MS = 30000, // stays in the group this long after the last poll
};

struct job_poll {
    struct request *request;
    str type;
    size_t limit;
    int64_t lease_ms;
    int64_t wait_ms; // 0: GATEWAY_DEFAULT_WAIT_MS; below 0: do not wait
    str worker;
    const struct json *fetch;   // names of variables; NULL or empty: all
    const struct json *tenants; // NULL: every tenant
};

struct gateway_desk *gateway_desk_new(struct api *api);
void gateway_desk_free(struct gateway_desk *desk);

// Answers the poll's request: at once, when jobs arrive, or empty when its time is over.
void gateway_poll(const struct job_poll *poll);

#endif
