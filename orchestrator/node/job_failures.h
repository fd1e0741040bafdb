// SPDX-License-Identifier: Apache-2.0
//
// Failures of jobs by job type and class, for Prometheus: whoever watches sees that a credential is
// refused, or that another system is away, without reading messages.
#ifndef BATON_NODE_JOB_FAILURES_H
#define BATON_NODE_JOB_FAILURES_H

#include "base/map.h"
#include "base/strbuf.h"

struct changes;

enum {
    JOB_FAILURE_TYPES = 200, // job types that have a label of their own; others share "(other)"
};

struct job_failures { // all zero: none yet
    struct arena arena;
    struct map types; // struct type_failures
    size_t type_count;
};

void job_failures_done(struct job_failures *failures);

// Those of a batch that was committed.
void job_failures_note(struct job_failures *failures, const struct changes *changes);

// One. `class`: as the event has it (record/events/job.def); empty or unknown: UNSPECIFIED.
void job_failures_count(struct job_failures *failures, str type, str class);

// baton_jobs_failed_total{type="…",class="…"}, in Prometheus' text format.
void job_failures_print(const struct job_failures *failures, struct strbuf *out);

#endif
