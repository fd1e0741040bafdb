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

struct statement read_evidence_steps(struct arena *arena, uint32_t shard, uint64_t instance)
{
    static const char sql[] = "SELECT h.batch, h.ordinal, " STEP_COLUMNS
                              " FROM history h WHERE h.shard = $1::integer AND h.kind = 1 AND "
                              "h.stream = $2::bigint ORDER BY h.sequence";
    return STATEMENT(arena, sql, statement_u64(arena, shard), statement_u64(arena, instance));
}

struct statement read_batch_digest(struct arena *arena, uint32_t shard, uint64_t batch)
{
    return STATEMENT(arena,
                     "SELECT digest FROM history_batches WHERE shard = $1::integer AND batch = "
                     "$2::bigint",
                     statement_u64(arena, shard), statement_u64(arena, batch));
}

struct statement read_batch_bodies(struct arena *arena, uint32_t shard, uint64_t above,
                                   uint64_t last, int64_t most)
{
    return STATEMENT(arena,
                     "SELECT batch, body FROM history_batches WHERE shard = $1::integer AND batch "
                     "> $2::bigint AND batch <= $3::bigint ORDER BY batch LIMIT $4::integer",
                     statement_u64(arena, shard), statement_u64(arena, above),
                     statement_u64(arena, last), statement_i64(arena, most));
}

#define OF_INSTANCE " x WHERE x.shard = $1::integer AND x.instance = $2::bigint)"
#define ALL_OF(table) "(SELECT coalesce(json_agg(x ORDER BY x.key), '[]') FROM " table OF_INSTANCE

#define THE_INSTANCE                                                                               \
    "(SELECT to_jsonb(i) - 'image' FROM instances i WHERE i.shard = $1::integer AND i.key = "      \
    "$2::bigint)"
#define THE_DEFINITION                                                                             \
    "(SELECT json_build_object('key', d.key::text, 'id', d.id, 'version', d.version, "             \
    "'resourceName', d.resource_name, 'sha256', encode(d.digest, 'hex'), 'text', "                 \
    "convert_from(r.bytes, 'UTF8')) FROM instances i JOIN definitions d ON d.key = i.definition "  \
    "JOIN resources r ON r.digest = d.digest WHERE i.shard = $1::integer AND i.key = $2::bigint)"
#define THE_AUDIT                                                                                  \
    "(SELECT coalesce(json_agg(a ORDER BY a.time), '[]') FROM audit_found a WHERE a.instance = "   \
    "$2::bigint OR a.entity = $2::bigint::text)"
#define THE_ENTRIES                                                                                \
    "(SELECT coalesce(json_agg(json_build_object('texts', ARRAY[e.chain::text, e.number::text, "   \
    "(extract(epoch FROM e.time) * 1000000)::bigint::text, e.operation, e.category, e.result, "    \
    "e.actor_type, e.actor, e.address, e.request, e.entity_type, e.entity, e.related_type, "       \
    "e.related, e.tenant, e.process_id, e.instance::text, e.batch::text, e.permission, "           \
    "e.description, e.times::text], 'digest', encode(e.digest, 'hex'), 'before', "                 \
    "encode(coalesce((SELECT p.digest FROM audit_entries p WHERE p.key = e.key - 1), (SELECT "     \
    "c.base FROM audit_chains c WHERE c.id = e.chain)), 'hex')) ORDER BY e.key), '[]') FROM "      \
    "audit_entries e WHERE e.instance = $2::bigint OR e.entity = $2::bigint::text)"
#define THE_HISTORY                                                                                \
    "(SELECT coalesce(json_agg(json_build_object('sequence', h.sequence, 'time', h.time, "         \
    "'command', h.command, 'event', h.event, 'key', h.key, 'name', h.name, 'code', h.code, "       \
    "'value', h.value, 'principal', h.principal) ORDER BY h.sequence, h.position), '[]') FROM "    \
    "readable_history h WHERE h.shard = $1::integer AND h.stream = $2::bigint AND h.kind = "       \
    "'instance')"

#define THE_ELEMENTS ALL_OF("element_instances")
#define THE_VARIABLES ALL_OF("variables")
#define THE_DECISIONS ALL_OF("decision_evaluations")
#define THE_TASKS ALL_OF("user_tasks")
#define THE_INCIDENTS ALL_OF("incidents")
#define MEMBERS_OF_CASE                                                                            \
    "'instance', " THE_INSTANCE ", 'definition', " THE_DEFINITION ", 'elements', " THE_ELEMENTS    \
    ", 'variables', " THE_VARIABLES ", 'decisions', " THE_DECISIONS ", 'userTasks', " THE_TASKS    \
    ", 'incidents', " THE_INCIDENTS
#define MEMBERS_OF_AUDIT                                                                           \
    ", 'audit', " THE_AUDIT ", 'entries', " THE_ENTRIES ", 'history', " THE_HISTORY

struct statement read_evidence_case(struct arena *arena, uint32_t shard, uint64_t instance)
{
    static const char sql[] = "SELECT json_build_object(" MEMBERS_OF_CASE MEMBERS_OF_AUDIT ")";
    return STATEMENT(arena, sql, statement_u64(arena, shard), statement_u64(arena, instance));
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
