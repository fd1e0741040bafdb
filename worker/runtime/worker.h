// SPDX-License-Identifier: Apache-2.0
//
// Baton's worker runtime for C: receives jobs of one or more types from Kafka, hands each to a
// handler, keeps its lease alive while the handler works, and sends the answer. Protocol:
// docs/protocol.md.
//
//     static void charge(void *context, struct worker_task *task)
//     {
//         if (charge_card(worker_task_variables(task)))
//             worker_complete(task, STR("{\"paid\": true}"));
//         else
//             worker_fail(task, STR("card service is down"), -1, 5000);
//     }
//
//     struct worker *worker = worker_new(&options, loop, &err);
//     worker_serve(worker, &(struct worker_type){"charge-card", charge, NULL, 32}, &err);
//     event_base_dispatch(loop);
//
// A job is delivered at least once: what a handler does to the outside world may happen twice. A
// handler may answer later from the loop's thread; each task is answered exactly once.
#ifndef BATON_WORKER_WORKER_H
#define BATON_WORKER_WORKER_H

#include "base/config.h"
#include "base/error.h"
#include "record/command.h"
#include "record/rows.h"

struct event_base;
struct worker;
struct worker_task;

enum {
    WORKER_MAX_TYPES = 64,
    WORKER_MAX_CONCURRENCY = 100000,
    WORKER_TAKE_MS = 1000,   // a job that is worked on for so long gets its first heartbeat, which
                             // asks for the job's lease, and another one every third of it
    WORKER_LEASE_MS = 60000, // of a job that names none
    WORKER_BACK_OFF = -1,    // wait about a second, and twice as long after each attempt
    WORKER_MAX_BACK_OFF_MS = 300000,
};

struct worker_options {
    const struct config *config; // kafka.*
    const char *name;            // who answers, for the audit
};

typedef void worker_handler(void *context, struct worker_task *task);

struct worker_type {
    const char *type;
    worker_handler *handle;
    void *context;
    unsigned concurrency; // tasks handled at one time; 1 to WORKER_MAX_CONCURRENCY
};

// NULL and *err when Kafka's settings are wrong. Kafka may be away: jobs come when it is back.
MUST_CHECK struct worker *worker_new(const struct worker_options *options, struct event_base *loop,
                                     struct error *err);

// Joins the type's group of workers. Makes its topic when there is none. When it fails nothing has
// changed: try again.
MUST_CHECK bool worker_serve(struct worker *worker, const struct worker_type *type,
                             struct error *err);

// Takes no new tasks, gives back those that have not begun, and calls `done` when the last one is
// answered or `timeout_ms` has passed.
void worker_drain(struct worker *worker, int timeout_ms, void (*done)(void *context),
                  void *context);

void worker_free(struct worker *worker);

struct worker_counts {
    uint64_t received;
    uint64_t completed;
    uint64_t failed;
    uint64_t errors; // BPMN errors thrown
    size_t in_flight;
};

struct worker_counts worker_counts(const struct worker *worker);

// The same by job type, and failures by class, in Prometheus' text format (worker/counts.h).
struct strbuf;
void worker_print_metrics(const struct worker *worker, struct strbuf *out);

// -- A task -----------------------------------------------------------------------------

const struct job_offer *worker_task_job(const struct worker_task *task);
str worker_task_variables(const struct worker_task *task);  // a JSON object
str worker_task_header(struct worker_task *task, str name); // from the model; empty when absent

// Memory that lives until the task is answered.
struct arena *worker_task_arena(struct worker_task *task);

// -- Answers: each ends the task and frees it -------------------------------------------

// `variables`: a JSON object, or empty.
void worker_complete(struct worker_task *task, str variables);

// `retries`: how many are left; -1: one less than the job had. `backoff_ms`: wait this long before
// the next try; WORKER_BACK_OFF: longer after each. A message beyond LIMIT_TEXT_BYTES is cut.
void worker_fail(struct worker_task *task, str message, int32_t retries, int64_t backoff_ms);

// Why it failed, by class: what becomes of the job follows from it (docs/protocol.md), whatever the
// message says. A business outcome is no failure: worker_throw_error.
struct worker_failure {
    enum failure_class class;
    str message;
    int64_t backoff_ms; // TRANSIENT, THROTTLED: wait so long; 0: as the class has it
    str subject;        // AUTH: the credential that was refused; POISON: the input that is bad
};
void worker_fail_as(struct worker_task *task, const struct worker_failure *failure);

// A BPMN error, caught by the process.
void worker_throw_error(struct worker_task *task, str code, str message, str variables);

#endif
