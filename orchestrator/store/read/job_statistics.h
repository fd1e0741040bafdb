// SPDX-License-Identifier: Apache-2.0
//
// How many jobs of a time were created, completed and failed: of all, by type, worker, error and
// time. Each is a search whose rows are groups of jobs, or one row.
#ifndef BATON_STORE_READ_JOB_STATISTICS_H
#define BATON_STORE_READ_JOB_STATISTICS_H

#include "store/read/search.h"

// Jobs that were created from `from_ms` on and before `to_ms`.
struct job_window {
    int64_t from_ms;
    int64_t to_ms;
    int64_t bucket_ms; // of the time series: how long each of its times is; above 0
};

typedef const struct collection *job_statistics(struct arena *arena,
                                                const struct job_window *window);

// Each in the arena. The field jobType is of all but the first a filter alone.
job_statistics job_statistics_by_type;
job_statistics job_statistics_by_worker;
job_statistics job_statistics_by_error;
job_statistics job_statistics_by_time;

// One row, one column: JSON. `type` without data: of all.
struct statement job_statistics_of_all(struct arena *arena, struct scope scope,
                                       const struct job_window *window, str type);

#endif
