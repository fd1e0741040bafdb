// SPDX-License-Identifier: Apache-2.0
#include "store/read/insight.h"

#define SEES_DEFINITION SCOPE_SEES("d.tenant", "d.id")
#define SEES_INSTANCE SCOPE_SEES("i.tenant", "i.process_id")

struct statement read_insight_definitions(struct arena *arena, struct scope scope,
                                          const struct insight_wanted *wanted)
{
    static const char sql[] =
        "SELECT d.key, d.version, d.tenant, coalesce(nullif(d.name, ''), d.id) FROM definitions d "
        "WHERE " SEES_DEFINITION " AND d.kind = 0 AND d.id = $2::text AND ($3::integer IS NULL OR "
        "d.version = $3::integer) AND ($4::text IS NULL OR d.tenant = $4::text) ORDER BY "
        "d.version, d.key";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), wanted->process_id, wanted->version,
                     wanted->tenant);
}

// The root's record says how the case stands, so that it and what was done in it are of one moment.
struct statement read_insight_log(struct arena *arena, struct scope scope,
                                  const struct insight_wanted *wanted,
                                  const struct insight_page *page)
{
    static const char sql[] =
        "WITH cases AS MATERIALIZED (SELECT i.shard, i.key, r.version, i.tenant, i.business_id, "
        "r.state, r.started, r.ended, CASE WHEN $9::boolean THEN i.variables END AS variables FROM "
        "instances i JOIN element_instances r ON r.shard = i.shard AND r.instance = i.key AND "
        "r.key = i.key WHERE " SEES_INSTANCE " AND i.process_id = $2::text AND i.key > $3::bigint "
        "AND ($4::integer IS NULL OR r.version = $4::integer) AND ($5::text IS NULL OR i.tenant = "
        "$5::text) AND r.state = ANY ($6::smallint[]) AND ($7::timestamptz IS NULL OR "
        "coalesce(r.ended, now()) >= $7::timestamptz) AND ($8::timestamptz IS NULL OR "
        "coalesce(r.ended, now()) < $8::timestamptz) ORDER BY i.key LIMIT $10::bigint) "
        "SELECT c.key, c.version, c.tenant, c.business_id, c.state, epoch_ms(c.started), "
        "epoch_ms(c.ended), CASE WHEN row_number() OVER (PARTITION BY c.key ORDER BY e.ended, "
        "e.key) = 1 THEN c.variables END, e.element_id, e.element_name, e.type, e.actor, e.state, "
        "epoch_ms(e.started), epoch_ms(e.offered), epoch_ms(e.claimed), epoch_ms(e.ended), "
        "e.attempts, e.incidents, e.cost, e.breached FROM cases c LEFT JOIN element_instances e ON "
        "e.shard = c.shard AND e.instance = c.key AND e.key <> c.key AND e.ended IS NOT NULL AND "
        "e.type = ANY ($11::text[]) ORDER BY c.key, e.ended, e.key LIMIT $12::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), wanted->process_id,
                     statement_u64(arena, page->after), wanted->version, wanted->tenant,
                     page->states, wanted->since, wanted->until,
                     page->with_variables ? STR("true") : STR("false"),
                     statement_i64(arena, page->cases), page->types,
                     statement_i64(arena, INSIGHT_PAGE_EVENTS + 1));
}
