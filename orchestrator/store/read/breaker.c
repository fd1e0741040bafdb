// SPDX-License-Identifier: Apache-2.0
#include "store/read/breaker.h"

#include "store/read/time_text.h"

struct statement read_breakers(struct arena *arena, struct scope scope, int kind, str name)
{
    static const char sql[] =
        "SELECT CASE b.kind WHEN 1 THEN 'TYPE' ELSE 'CREDENTIAL' END, b.name, CASE WHEN b.tenant = "
        "'' THEN '<default>' ELSE b.tenant END, CASE WHEN b.is_half_open THEN 'HALF_OPEN' ELSE "
        "'OPEN' END, b.cause, " RFC3339("b.opened") ", " RFC3339(
            "b.probes") ", b.times, b.shards, b.jobs, b.job, "
                        "(SELECT j.error_message FROM jobs j WHERE j.shard = (b.job >> 51) - 1 AND "
                        "j.key = b.job AND " SCOPE_SEES_ID(
                            "j.process_id") "), "
                                            "(SELECT coalesce(json_agg(p ORDER BY p), '[]') FROM "
                                            "unnest(b.processes) p WHERE " SCOPE_SEES_ID(
                                                "p") ") "
                                                     "FROM breakers_found b "
                                                     "WHERE " SCOPE_SEES_TENANT(
                                                         "b.tenant") " AND (" SCOPE
                                                                     ".resources IS NULL OR "
                                                                     "b.processes && " SCOPE
                                                                     ".resources) AND ($2::integer "
                                                                     "= 0 OR b.kind = $2::integer) "
                                                                     "AND ($3::text = "
                                                                     "'' OR b.name = $3::text) "
                                                                     "ORDER BY b.tenant, b.kind, "
                                                                     "b.name LIMIT 1000";
    _Static_assert(BREAKERS_MOST == 1000, "as the statement says");
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_i64(arena, kind), name);
}

struct statement read_breaker_reach(struct arena *arena, struct scope scope,
                                    const struct breaker_name *breaker)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM breakers b WHERE b.kind = $2::integer AND b.tenant = "
        "$3::text AND b.name = $4::text), count(p), min(p) FILTER (WHERE NOT " SCOPE_SEES_ID(
            "p") ") FROM breaker_processes($2::integer, $3::text, $4::text) p "
                 "WHERE " SCOPE_SEES_TENANT("$3::text");
    return STATEMENT(arena, sql, scope_parameter(arena, scope),
                     statement_i64(arena, (int)breaker->kind), breaker->tenant, breaker->name);
}
