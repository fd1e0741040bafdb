// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/workspace.h"

#include "record/key.h"

#define TIME_TEXT(column)                                                                          \
    "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
#define SEEN                                                                                       \
    "seen AS (SELECT t.shard, t.key, t.state FROM user_tasks t WHERE t.shard = $3::bigint AND "    \
    "t.key = $2::bigint AND " SCOPE_SEES_TASK("t") ")"

struct statement catalogue_draft(struct arena *arena, struct scope scope, uint64_t task, str person)
{
    static const char sql[] = "WITH " SEEN " SELECT d.variables, " TIME_TEXT(
        "d.changed") " FROM seen s LEFT JOIN drafts d ON d.shard = s.shard AND d.task = s.key "
                     "AND d.person = $4::text";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, task),
                     statement_u64(arena, key_shard(task)), person);
}

struct statement catalogue_draft_put(struct arena *arena, struct scope scope, uint64_t task,
                                     str person, str variables)
{
    static const char sql[] =
        "WITH " SEEN
        ", over AS (DELETE FROM drafts d WHERE d.person = $4::text AND NOT EXISTS (SELECT FROM "
        "user_tasks t WHERE t.shard = d.shard AND t.key = d.task AND t.state = 1)), "
        "room AS (SELECT count(*) < $6::bigint AS is_there FROM drafts d WHERE d.person = "
        "$4::text AND NOT (d.shard = $3::bigint AND d.task = $2::bigint)), "
        "kept AS (INSERT INTO drafts (shard, task, person, variables) SELECT s.shard, s.key, "
        "$4::text, $5::text FROM seen s, room r WHERE s.state = 1 AND r.is_there ON CONFLICT "
        "(shard, task, person) DO UPDATE SET variables = excluded.variables, changed = now()) "
        "SELECT r.is_there FROM seen s, room r WHERE s.state = 1";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, task),
                     statement_u64(arena, key_shard(task)), person, variables,
                     statement_u64(arena, WORKSPACE_DRAFTS));
}

struct statement catalogue_draft_drop(struct arena *arena, struct scope scope, uint64_t task,
                                      str person)
{
    static const char sql[] =
        "WITH " SEEN ", gone AS (DELETE FROM drafts d USING seen s WHERE d.shard = s.shard AND "
        "d.task = s.key AND d.person = $4::text) SELECT 1 FROM seen";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, task),
                     statement_u64(arena, key_shard(task)), person);
}

struct statement catalogue_views(struct arena *arena, str person)
{
    return STATEMENT(
        arena,
        "SELECT name, address, " TIME_TEXT(
            "changed") " FROM views WHERE person = $1::text ORDER BY lower(name), name",
        person);
}

struct statement catalogue_view_put(struct arena *arena, str person, str name, str address)
{
    static const char sql[] =
        "INSERT INTO views (person, name, address) SELECT $1::text, $2::text, $3::text WHERE "
        "(SELECT count(*) FROM views WHERE person = $1::text AND name <> $2::text) < $4::bigint "
        "ON CONFLICT (person, name) DO UPDATE SET address = excluded.address, changed = now() "
        "RETURNING 1";
    return STATEMENT(arena, sql, person, name, address, statement_u64(arena, WORKSPACE_VIEWS));
}

struct statement catalogue_view_drop(struct arena *arena, str person, str name)
{
    return STATEMENT(arena,
                     "DELETE FROM views WHERE person = $1::text AND name = $2::text RETURNING 1",
                     person, name);
}
