// SPDX-License-Identifier: Apache-2.0
#include "store/read/secret.h"

#include "record/key.h"
#include "store/read/time_text.h"

#define SHOWN                                                                                      \
    "SELECT name, tenant, array_to_json(hosts), array_to_json(processes), note, " RFC3339(         \
        "created") ", " RFC3339("changed") ", changed_by, " RFC3339("used") ", vault_key FROM "    \
                                                                            "secrets WHERE "

struct statement read_secrets(struct arena *arena, struct scope scope)
{
    static const char sql[] =
        SHOWN SCOPE_SEES("tenant", "name") " ORDER BY tenant, name LIMIT 1000";
    _Static_assert(SECRETS_MAX_LISTED == 1000, "as the statement says");
    return STATEMENT(arena, sql, scope_parameter(arena, scope));
}

struct statement read_secret(struct arena *arena, struct scope scope, str tenant, str name)
{
    static const char sql[] =
        SHOWN SCOPE_SEES("tenant", "name") " AND tenant = $2::text AND name = $3::text";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), tenant, name);
}

struct statement read_job_place(struct arena *arena, struct scope scope, uint64_t job)
{
    static const char sql[] =
        "SELECT tenant, process_id, definition, element_id FROM jobs WHERE " SCOPE_SEES_TENANT(
            "tenant") " AND shard = $2::int AND key = $3::bigint AND kind = 0 AND state IN (1, 2)";
    return STATEMENT(arena, sql, scope_parameter(arena, scope),
                     statement_u64(arena, key_shard(job)), statement_u64(arena, job));
}

struct statement read_secrets_to_rewrap(struct arena *arena, struct scope scope, str vault_key)
{
    static const char sql[] = "SELECT tenant, name, wrapped FROM secrets WHERE " SCOPE_SEES_TENANT(
        "tenant") " AND vault_key <> $2::text ORDER BY tenant, name LIMIT 100";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), vault_key);
}
