// SPDX-License-Identifier: Apache-2.0
//
// What a worker has done with the jobs of a type, and how Prometheus is told.
#ifndef BATON_WORKER_COUNTS_H
#define BATON_WORKER_COUNTS_H

#include "base/strbuf.h"
#include "record/command.h"

enum {
#define FAILURE(name, number, retries, rest, incident, meaning) +1
    FAILURE_CLASSES = 0
#include "record/failure_classes.def"
#undef FAILURE
};

struct type_counts {
    const char *type;
    uint64_t received;
    uint64_t completed;
    uint64_t thrown;                  // BPMN errors
    uint64_t failed[FAILURE_CLASSES]; // by enum failure_class
    size_t in_flight;
};

// baton_worker_jobs_…{type="…"}, as the SDKs name them; failures by class, too.
void type_counts_print(const struct type_counts *const *counts, size_t count, struct strbuf *out);

#endif
