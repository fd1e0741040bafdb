// SPDX-License-Identifier: Apache-2.0
#include "store/read/audit.h"

#define STEP_COLUMNS                                                                               \
    "h.kind, h.stream, h.sequence, (extract(epoch FROM h.time) * 1000)::bigint, h.\"offset\", "    \
    "h.cause, h.principal, h.origin, h.events"

#define BEHIND                                                                                     \
    " WHERE h.shard = $1::integer AND (h.stream, h.sequence) > ($2::bigint, $3::bigint) "          \
    "ORDER BY h.stream, h.sequence LIMIT $4::integer"

struct statement read_all_shards(struct arena *arena)
{
    return statement_new(arena, "SELECT shard FROM shards ORDER BY shard", NULL, 0);
}

struct statement read_all_definitions(struct arena *arena)
{
    return statement_new(arena,
                         "SELECT d.key, d.kind, d.id, r.bytes, r.imports FROM definitions d "
                         "JOIN compiled_resources r ON r.digest = d.digest ORDER BY d.key",
                         NULL, 0);
}

struct statement read_chain(struct arena *arena, uint32_t shard, uint64_t above, uint64_t last)
{
    static const char sql[] =
        "SELECT b.batch, b.digest, b.rows, b.time < (SELECT max(before) FROM history_retired)::"
        "timestamp AT TIME ZONE 'UTC', " STEP_COLUMNS " FROM history_batches b "
        "LEFT JOIN history h ON h.shard = b.shard AND h.batch = b.batch "
        "WHERE b.shard = $1::integer AND b.batch > $2::bigint "
        "AND b.batch <= $3::bigint ORDER BY b.batch, h.ordinal";
    return STATEMENT(arena, sql, statement_u64(arena, shard), statement_u64(arena, above),
                     statement_u64(arena, last));
}

struct statement read_chain_end(struct arena *arena, uint32_t shard)
{
    return STATEMENT(arena, "SELECT batch, chain FROM shards WHERE shard = $1::integer",
                     statement_u64(arena, shard));
}

struct statement read_audit_chains(struct arena *arena)
{
    return statement_new(
        arena, "SELECT id, name, number, digest, first, base FROM audit_chains ORDER BY id", NULL,
        0);
}

struct statement read_audit_heads(struct arena *arena)
{
    return statement_new(arena, "SELECT audit_heads()", NULL, 0);
}

// The texts in the order of audit_add().
struct statement read_audit_entries(struct arena *arena, int64_t chain, uint64_t above,
                                    int64_t most)
{
    static const char sql[] =
        "SELECT number, digest, chain::text, number::text, (extract(epoch FROM time) * "
        "1000000)::bigint::text, operation, category, result, actor_type, actor, address, request, "
        "entity_type, entity, related_type, related, tenant, process_id, instance::text, "
        "batch::text, permission, description, times::text FROM audit_entries WHERE key > "
        "(($1::bigint << 33) | $2::bigint) AND key < (($1::bigint + 1) << 33) ORDER BY key LIMIT "
        "$3::integer";
    return STATEMENT(arena, sql, statement_i64(arena, chain), statement_u64(arena, above),
                     statement_i64(arena, most));
}

struct statement read_streams(struct arena *arena, enum stream_kind kind, uint32_t shard,
                              struct audit_place behind, int64_t most)
{
    static const char *const sql[] = {
        [STREAM_SHARD] = "SELECT " STEP_COLUMNS ", s.image FROM history h JOIN shards s "
                         "ON s.shard = h.shard AND h.kind = 0" BEHIND,
        [STREAM_INSTANCE] = "SELECT " STEP_COLUMNS ", i.image FROM (SELECT * FROM history WHERE "
                            "kind = 1) h LEFT JOIN instances i ON i.shard = h.shard AND "
                            "i.key = h.stream" BEHIND,
        // It is made of parts, and asked for once.
        [STREAM_MAILBOX] = "SELECT " STEP_COLUMNS ", CASE WHEN h.sequence = 1 AND m.image IS NOT "
                           "NULL THEN mailbox_image(m.shard, m.key, m.image) END FROM "
                           "(SELECT * FROM history WHERE kind = 2) h LEFT JOIN mailboxes m ON "
                           "m.shard = h.shard AND "
                           "m.key = h.stream" BEHIND,
    };
    check((size_t)kind < COUNT_OF(sql));
    return STATEMENT(arena, sql[kind], statement_u64(arena, shard),
                     statement_u64(arena, behind.stream), statement_u64(arena, behind.sequence),
                     statement_i64(arena, most));
}

struct statement read_overdue(struct arena *arena)
{
    return statement_new(
        arena,
        "(SELECT shard, key, 'subscription to \"' || name || '\" of instance ' || "
        "instance || ': not opened for ' || "
        "extract(epoch FROM now() - created)::bigint || ' s' FROM subscriptions WHERE "
        "kind = 0 AND NOT opened AND created < now() - interval '1 minute' "
        "ORDER BY shard, key LIMIT 1000) UNION ALL "
        "(SELECT shard, min(first), sum(records) || ' records of the outbox are not on "
        "Kafka, the first for ' || extract(epoch FROM now() - min(made))::bigint || ' s' "
        "FROM outbox WHERE made < now() - interval '1 minute' GROUP BY shard)",
        NULL, 0);
}
