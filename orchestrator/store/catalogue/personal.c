// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/personal.h"

#include "store/query.h"

struct statement catalogue_erase(struct arena *arena, const struct erasure *erasure)
{
    return STATEMENT(arena,
                     "SELECT personal_erase($1::text, $2::bytea, $3::text, $4::text, $5::text)",
                     erasure->tenant, query_hex(arena, erasure->digest), erasure->person,
                     erasure->reason, erasure->by);
}

struct statement catalogue_erasures_take(struct arena *arena, str node, uint64_t most)
{
    return STATEMENT(arena, "SELECT * FROM personal_take($1::text, $2::integer)", node,
                     statement_u64(arena, most));
}

struct statement catalogue_erase_page(struct arena *arena, const struct erasure_name *name,
                                      str node, str marks)
{
    return STATEMENT(arena,
                     "SELECT * FROM personal_erase_page($1::text, $2::bytea, $3::bigint, "
                     "$4::text, $5::integer, $6::bigint[])",
                     name->tenant, query_hex(arena, name->digest),
                     statement_u64(arena, name->number), node, statement_u64(arena, ERASURE_PAGE),
                     str_is_empty(marks) ? STR("{}") : marks);
}

struct statement catalogue_erasure_settle(struct arena *arena, const struct erasure_name *name)
{
    return STATEMENT(arena, "SELECT personal_settle($1::text, $2::bytea, $3::bigint)", name->tenant,
                     query_hex(arena, name->digest), statement_u64(arena, name->number));
}

struct statement catalogue_erasure_close(struct arena *arena, const struct erasure_name *name)
{
    return STATEMENT(arena, "SELECT personal_close($1::text, $2::bytea, $3::bigint)", name->tenant,
                     query_hex(arena, name->digest), statement_u64(arena, name->number));
}

struct statement catalogue_erased_streams(struct arena *arena, const struct erasure_name *name,
                                          const struct erased_stream *after)
{
    static const char sql[] =
        "SELECT k.shard, k.stream FROM personal_keys k LEFT JOIN instances i ON i.shard = k.shard "
        "AND i.key = k.stream WHERE k.tenant = $1::text AND k.subject = $2::bytea AND k.wrapped IS "
        "NULL AND k.erased >= to_timestamp(($3::bigint - 1000) / 1000000.0) AND k.stream > 0 AND "
        "(k.shard, k.stream) > ($4::integer, $5::bigint) AND (i.state IN (1, 4) OR EXISTS (SELECT "
        "FROM mailboxes m WHERE m.shard = k.shard AND m.key = k.stream)) ORDER BY k.shard, "
        "k.stream LIMIT 2000";
    _Static_assert(ERASURE_PAGE == 2000, "as the statement says");
    return STATEMENT(arena, sql, name->tenant, query_hex(arena, name->digest),
                     statement_u64(arena, name->number), statement_i64(arena, after->shard),
                     statement_u64(arena, after->stream));
}

struct statement catalogue_persons_to_rewrap(struct arena *arena, str vault_key)
{
    return STATEMENT(
        arena,
        "(SELECT 0, 0::bigint, 0, '' AS tenant, wrapped FROM personal_index WHERE vault_key <> "
        "$1::text) UNION ALL (SELECT shard, stream, number, tenant, wrapped FROM personal_keys "
        "WHERE vault_key <> $1::text AND wrapped IS NOT NULL LIMIT 1000)",
        vault_key);
}

struct statement catalogue_person_rewrap(struct arena *arena, const struct person_rewrap *rewrap)
{
    return STATEMENT(
        arena,
        "WITH i AS (UPDATE personal_index SET wrapped = $5::bytea, vault_key = $6::text WHERE "
        "$3::integer = 0 AND wrapped = $4::bytea RETURNING 1), k AS (UPDATE personal_keys SET "
        "wrapped = $5::bytea, vault_key = $6::text WHERE shard = $1::integer AND stream = "
        "$2::bigint AND number = $3::integer AND wrapped = $4::bytea RETURNING 1) SELECT 1 FROM i "
        "UNION ALL SELECT 1 FROM k",
        statement_i64(arena, rewrap->shard), statement_i64(arena, rewrap->stream),
        statement_i64(arena, rewrap->number), query_hex(arena, rewrap->old),
        query_hex(arena, rewrap->wrapped), rewrap->vault_key);
}
