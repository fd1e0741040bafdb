// SPDX-License-Identifier: Apache-2.0
#include "store/read/news.h"

#define TEXT_OF(number) #number
#define NUMBER(number) TEXT_OF(number)

struct statement read_news(struct arena *arena, str shards, str batches)
{
    // Old partitions of history are left alone: what is new is of this hour.
    static const char sql[] =
        "SELECT s.shard, s.batch, n.kind, CASE WHEN n.count <= $3::bigint THEN n.stream END FROM "
        "shards s LEFT JOIN unnest($1::integer[], $2::bigint[]) AS a (shard, batch) ON a.shard = "
        "s.shard LEFT JOIN LATERAL (SELECT DISTINCT m.kind, CASE WHEN m.count <= $3::bigint THEN "
        "m.stream END AS stream, m.count FROM (SELECT h.kind, h.stream, count(*) OVER () AS count "
        "FROM history h WHERE h.shard = s.shard AND h.batch > a.batch AND h.time > now() - "
        "interval "
        "'1 hour' LIMIT $3::bigint + 1) m) n ON s.batch > a.batch ORDER BY s.shard";
    return STATEMENT(arena, sql, shards, batches, statement_u64(arena, NEWS_STREAMS));
}

struct statement read_seen_instances(struct arena *arena, struct scope scope, str keys)
{
    // A key has its shard in its upper bits (record/key.h).
    static const char sql[] =
        "SELECT i.key FROM json_array_elements_text($2::json) AS k JOIN instances i ON i.shard = "
        "((k::bigint >> 51) - 1)::integer AND i.key = k::bigint WHERE " SCOPE_SEES("i.tenant",
                                                                                   "i.process_id");
    return STATEMENT(arena, sql, scope_parameter(arena, scope), keys);
}
