// SPDX-License-Identifier: Apache-2.0
#include "store/read/personal.h"

#include "record/key.h"
#include "store/catalogue/personal.h"
#include "store/query.h"
#include "store/read/time_text.h"

// Streams below 0 are of records on their way, on any shard.
static str shard_of(struct arena *arena, uint64_t stream)
{
    return (int64_t)stream < 0 ? STR("-1") : statement_u64(arena, key_shard(stream));
}

struct statement read_personal_keys(struct arena *arena, struct scope scope,
                                    const struct personal_key_name *names, size_t count)
{
    static const char sql[] =
        "SELECT k.stream, k.number, k.tenant, coalesce(i.process_id, k.process_id), k.wrapped FROM "
        "unnest($2::integer[], $3::bigint[], $4::integer[]) AS u (shard, stream, number) JOIN "
        "personal_keys k ON k.shard = u.shard AND k.stream = u.stream AND k.number = u.number LEFT "
        "JOIN instances i ON i.shard = k.shard AND i.key = k.stream WHERE " SCOPE_SEES_TENANT(
            "k.tenant");
    str *shards = ARENA_ARRAY(arena, str, count + 1), *streams = ARENA_ARRAY(arena, str, count + 1),
        *numbers = ARENA_ARRAY(arena, str, count + 1);
    for (size_t i = 0; i < count; i++) {
        shards[i] = shard_of(arena, names[i].stream);
        streams[i] = statement_i64(arena, (int64_t)names[i].stream);
        numbers[i] = statement_u64(arena, names[i].number);
    }
    return STATEMENT(arena, sql, scope_parameter(arena, scope),
                     statement_array(arena, shards, count), statement_array(arena, streams, count),
                     statement_array(arena, numbers, count));
}

#define OF_PERSON SCOPE_SEES_TENANT("k.tenant") " AND k.tenant = $2::text AND k.subject = $3::bytea"

#define MADE_US "(extract(epoch FROM k.made) * 1000000)::bigint"

struct statement read_subject_streams(struct arena *arena, struct scope scope,
                                      const struct subject_page *page)
{
    static const char sql[] =
        "SELECT k.stream, coalesce(i.process_id, k.process_id), "
        "(ARRAY['ACTIVE','COMPLETED','TERMINATED','SUSPENDED'])[i.state], k.wrapped IS "
        "NULL, " RFC3339("k.made") ", k.number, " MADE_US
                                   " FROM personal_keys k LEFT JOIN instances i ON "
                                   "i.shard = k.shard AND i.key = k.stream WHERE " OF_PERSON
                                   " AND k.stream > 0 AND (NOT "
                                   "$4::boolean OR (" MADE_US
                                   ", k.stream) < ($5::bigint, $6::bigint)) ORDER BY " MADE_US
                                   " DESC, k.stream DESC LIMIT $7::bigint";
    check(page->limit <= SUBJECT_MAX_STREAMS);
    return STATEMENT(arena, sql, scope_parameter(arena, scope), page->tenant,
                     query_hex(arena, page->digest), page->is_after ? STR("t") : STR("f"),
                     statement_u64(arena, page->made_us), statement_u64(arena, page->stream),
                     statement_u64(arena, page->limit));
}

#define SEALED(column) column "::text LIKE '%\"baton:sealed:%'"

#define OF_SCOPES                                                                                  \
    "SELECT 1 AS source, m.place, m.stream, v.name, v.scope, v.value FROM mine m JOIN variables "  \
    "v "                                                                                           \
    "ON v.shard = m.shard AND v.instance = m.stream UNION ALL SELECT 0, m.place, m.stream, "       \
    "e.key, i.key, e.value::text FROM mine m JOIN instances i ON i.shard = m.shard AND i.key = "   \
    "m.stream, json_each(i.variables) e UNION ALL SELECT 0, m.place, m.stream, e.key, w.key, "     \
    "e.value::text FROM mine m JOIN elements w ON w.instance = m.stream AND w.shard = m.shard, "   \
    "json_each(w.variables) e WHERE w.key <> m.stream"

#define OF_VARIABLES                                                                               \
    "SELECT DISTINCT ON (s.place, s.scope, s.name) s.place, s.stream, 'VARIABLE' AS kind, "        \
    "s.name, "                                                                                     \
    "s.scope AS key, s.value AS text FROM (" OF_SCOPES                                             \
    ") s WHERE " SEALED("s.value") " ORDER BY s.place, s.scope, s.name, s.source"

#define OF_DECISIONS                                                                               \
    "SELECT m.place, m.stream, 'DECISION', d.decision_id, d.key, d.output FROM mine m JOIN "       \
    "decision_evaluations d ON d.shard = m.shard AND d.instance = m.stream WHERE " SEALED(         \
        "d.output")

#define OF_MESSAGES                                                                                \
    "SELECT m.place, m.stream, 'MESSAGE', s.name, s.key, s.variables::text FROM mine m JOIN "      \
    "messages s ON s.shard = m.shard AND s.mailbox = m.stream WHERE " SEALED("s.variables")

// What runs has its values in its rows; records of variables have those of scopes that have ended.
struct statement read_subject_held(struct arena *arena, struct scope scope, const uint64_t *streams,
                                   size_t count)
{
    static const char sql[] =
        "WITH mine AS (SELECT u.place, u.shard, u.stream FROM unnest($2::integer[], $3::bigint[]) "
        "WITH ORDINALITY AS u (shard, stream, place) WHERE EXISTS (SELECT FROM personal_keys p "
        "WHERE p.shard = u.shard AND p.stream = u.stream AND " SCOPE_SEES_TENANT(
            "p.tenant") ")), "
                        "held AS ((" OF_VARIABLES ") UNION ALL " OF_DECISIONS
                        " UNION ALL " OF_MESSAGES "), "
                        "counted AS (SELECT h.*, count(*) OVER () AS total, row_number() OVER w AS "
                        "n, "
                        "sum(octet_length(h.text)) OVER w - octet_length(h.text) AS before FROM "
                        "held h WINDOW w "
                        "AS (ORDER BY h.place, h.kind, h.key, h.name ROWS UNBOUNDED PRECEDING)) "
                        "SELECT c.stream, "
                        "c.kind, c.name, c.key, c.text, c.place, c.total FROM counted c WHERE c.n "
                        "<= 10000 AND "
                        "(c.n = 1 OR c.before < 8388608) ORDER BY c.n";
    _Static_assert(SUBJECT_MAX_HELD == 10000 && SUBJECT_MAX_BYTES == 8388608, "as it says");
    check(count <= SUBJECT_GROUP);
    str *shards = ARENA_ARRAY(arena, str, count + 1), *keys = ARENA_ARRAY(arena, str, count + 1);
    for (size_t i = 0; i < count; i++) {
        shards[i] = shard_of(arena, streams[i]);
        keys[i] = statement_u64(arena, streams[i]);
    }
    return STATEMENT(arena, sql, scope_parameter(arena, scope),
                     statement_array(arena, shards, count), statement_array(arena, keys, count));
}

#define ERASURES_OF                                                                                \
    "FROM personal_erasures e WHERE e.tenant = $2::text AND e.subject = $3::bytea AND e.settled"

struct statement read_erasure(struct arena *arena, struct scope scope, str tenant, str digest,
                              str person)
{
    static const char sql[] =
        "SELECT personal_held($2::text, $3::bytea, $4::text), count(*) FILTER (WHERE k.stream > "
        "0), count(*) FILTER (WHERE i.state IN (1, 4)), (SELECT " RFC3339(
            "max(e.erased)") " " ERASURES_OF
                             " IS NOT NULL AND e.stopped IS NULL), (SELECT " RFC3339(
                                 "min(e.erased)") " " ERASURES_OF
                                                  " IS NULL) FROM personal_keys k LEFT JOIN "
                                                  "instances i ON i.shard = k.shard AND i.key = "
                                                  "k.stream WHERE k.wrapped IS NOT NULL "
                                                  "AND " OF_PERSON;
    return STATEMENT(arena, sql, scope_parameter(arena, scope), tenant, query_hex(arena, digest),
                     person);
}

struct statement read_erasure_state(struct arena *arena, struct scope scope,
                                    const struct erasure_name *name)
{
    static const char sql[] =
        "SELECT e.settled IS NOT NULL, e.streams, e.stopped FROM personal_erasures e WHERE "
        "e.tenant = $2::text AND e.subject = $3::bytea AND personal_erasure_number(e.erased) = "
        "$4::bigint AND " SCOPE_SEES_TENANT("e.tenant");
    return STATEMENT(arena, sql, scope_parameter(arena, scope), name->tenant,
                     query_hex(arena, name->digest), statement_u64(arena, name->number));
}
