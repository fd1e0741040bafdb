// SPDX-License-Identifier: Apache-2.0
//
// Secrets of models: what they are, and, sealed, their values.
#ifndef BATON_STORE_READ_SECRET_H
#define BATON_STORE_READ_SECRET_H

#include "store/read/scope.h"
#include "store/statement.h"

enum { SECRETS_MAX_LISTED = 1000 };

// What answers show of one, in order; the scope's resources are names.
enum {
    SECRET_NAME,
    SECRET_TENANT,
    SECRET_HOSTS, // JSON
    SECRET_PROCESSES,
    SECRET_NOTE,
    SECRET_CREATED,
    SECRET_CHANGED,
    SECRET_CHANGED_BY,
    SECRET_USED,
    SECRET_VAULT_KEY
};
struct statement read_secrets(struct arena *arena, struct scope scope);
struct statement read_secret(struct arena *arena, struct scope scope, str tenant, str name);

// Where a job stands: tenant, process id, definition, element id.
enum { SECRET_JOB_TENANT, SECRET_JOB_PROCESS, SECRET_JOB_DEFINITION, SECRET_JOB_ELEMENT };
struct statement read_job_place(struct arena *arena, struct scope scope, uint64_t job);

// Those whose data key another key than this one wrapped, some at a time: tenant, name, wrapped.
struct statement read_secrets_to_rewrap(struct arena *arena, struct scope scope, str vault_key);

#endif
