// SPDX-License-Identifier: Apache-2.0
//
// The SQL connector: a job whose variables describe one statement for a PostgreSQL (request.h),
// which runs in a transaction of its own on a helper thread.
#ifndef BATON_CONNECTOR_SQL_SQL_H
#define BATON_CONNECTOR_SQL_SQL_H

#include "connector/call.h"

// The job types it serves: Camunda's name and ours.
extern const char *const sql_types[2];

enum {
    SQL_THREADS = 4,        // statements of a worker that run at one time; others wait
    SQL_TENANT_THREADS = 3, // of them one tenant's: a database that hangs stops nobody else
};

struct sql;

struct sql *sql_new(const struct connector_site *site);

// Gives up the statements that run, whose jobs fail with one retry less. Before the worker.
void sql_free(struct sql *sql);

// A worker_handler; context is a struct sql.
void sql_handle(void *context, struct worker_task *task);

#endif
