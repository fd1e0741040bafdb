// SPDX-License-Identifier: Apache-2.0
//
// A worker that only pretends: it takes its time, fails now and then, and answers with fixed
// variables. For tests, benchmarks and demonstrations.
#ifndef BATON_WORKER_SIMULATE_H
#define BATON_WORKER_SIMULATE_H

#include "worker/worker.h"

struct event_base;

struct simulation {
    struct event_base *loop;
    char type[256];
    int64_t delay_ms;
    unsigned fail_percent;  // of the jobs
    unsigned error_percent; // answer with the BPMN error `error_code`
    char error_code[64];
    const char *variables; // JSON; NULL: none
    bool says;             // prints a line a job
    uint64_t random;       // state; seeded
};

// "type[,delay=MS][,fail=PERCENT][,error=CODE:PERCENT][,say][,variables={…}]"; variables last,
// because JSON has commas.
MUST_CHECK bool simulation_parse(const char *text, struct simulation *ret_simulation,
                                 struct error *err);

// A worker_handler; context is a struct simulation.
void simulation_handle(void *context, struct worker_task *task);

#endif
