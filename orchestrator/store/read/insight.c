// SPDX-License-Identifier: Apache-2.0
#include "store/read/insight.h"

#include "base/strbuf.h"

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
        "WITH found AS MATERIALIZED (SELECT i.shard, i.key, r.version, i.tenant, i.business_id, "
        "r.state, r.started, r.ended, CASE WHEN $9::boolean THEN i.variables END AS variables FROM "
        "instances i JOIN element_instances r ON r.shard = i.shard AND r.instance = i.key AND "
        "r.key = i.key WHERE " SEES_INSTANCE " AND i.process_id = $2::text AND i.key > $3::bigint "
        "AND i.key <= $14::bigint AND ($4::integer IS NULL OR r.version = $4::integer) AND "
        "($5::text IS NULL OR i.tenant = "
        "$5::text) AND r.state = ANY ($6::smallint[]) AND ($7::timestamptz IS NULL OR "
        "coalesce(r.ended, now()) >= $7::timestamptz) AND ($8::timestamptz IS NULL OR "
        "coalesce(r.ended, now()) < $8::timestamptz) ORDER BY i.key LIMIT $10::bigint), "
        "sized AS MATERIALIZED (SELECT f.*, sum(octet_length(f.variables::text)) OVER (ORDER BY "
        "f.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM found f), "
        "cases AS MATERIALIZED (SELECT * FROM sized WHERE coalesce(before, 0) < $13::bigint) "
        "SELECT c.key, c.version, c.tenant, c.business_id, c.state, epoch_ms(c.started), "
        "epoch_ms(c.ended), CASE WHEN row_number() OVER (PARTITION BY c.key ORDER BY e.ended, "
        "e.key) = 1 THEN c.variables END, e.element_id, e.element_name, e.type, e.actor, e.state, "
        "epoch_ms(e.started), epoch_ms(e.offered), epoch_ms(e.claimed), epoch_ms(e.ended), "
        "e.attempts, e.incidents, e.cost, e.breached, (SELECT count(*) FROM found) > (SELECT "
        "count(*) FROM cases) FROM cases c LEFT JOIN element_instances e ON "
        "e.shard = c.shard AND e.instance = c.key AND e.key <> c.key AND e.ended IS NOT NULL AND "
        "e.type = ANY ($11::text[]) ORDER BY c.key, e.ended, e.key LIMIT $12::bigint";
    return STATEMENT(
        arena, sql, scope_parameter(arena, scope), wanted->process_id,
        statement_u64(arena, page->after), wanted->version, wanted->tenant, page->states,
        wanted->since, wanted->until, page->with_variables ? STR("true") : STR("false"),
        statement_i64(arena, page->cases), page->types,
        statement_i64(arena, INSIGHT_PAGE_EVENTS + 1), statement_i64(arena, INSIGHT_PAGE_BYTES),
        statement_i64(arena, page->last > 0 ? (int64_t)page->last : INT64_MAX));
}

// -- Counters -----------------------------------------------------------------------------

#define SEES_CELL SCOPE_SEES("c.tenant", "c.process_id")
#define OF_PROCESS                                                                                 \
    "c.process_id = $2::text AND ($3::integer IS NULL OR c.version = $3::integer) AND ($4::text "  \
    "IS NULL OR c.tenant = $4::text) AND ($5::timestamptz IS NULL OR c.day < ($5::timestamptz AT " \
    "TIME ZONE 'UTC')::date)"

// Months are read where all of one is wanted, and nothing is told apart by days.
#define WHOLE_MONTH                                                                                \
    "($12::boolean AND ($6::timestamptz IS NULL OR date_trunc('month', c.day) >= "                 \
    "($6::timestamptz "                                                                            \
    "AT TIME ZONE 'UTC')::date) AND ($5::timestamptz IS NULL OR date_trunc('month', c.day) + "     \
    "interval '1 month' <= ($5::timestamptz AT TIME ZONE 'UTC')::date))"

struct statement read_insight_cells(struct arena *arena, struct scope scope,
                                    const struct insight_wanted *wanted, unsigned sections,
                                    const struct insight_place *after)
{
    bool takes_months = (sections & INSIGHT_MONTHS) != 0;
    static const char *const names[INSIGHT_SECTIONS] = {"names", "head",  "elements",
                                                        "times", "edges", "variants"};
    struct strbuf sql = strbuf_new(arena);
    strbuf_add(&sql, STR("SELECT c.day - date '1970-01-01', c.shard, c.definition, c.part, "
                         "c.version, c.format"));
    for (size_t i = 0; i < INSIGHT_SECTIONS; i++)
        if ((sections & 1U << i) != 0)
            strbuf_format(&sql, ", c.%s", names[i]);
        else
            strbuf_add(&sql, STR(", ''::bytea"));
    strbuf_add(&sql, STR(" FROM insight_cells c WHERE " SEES_CELL " AND " OF_PROCESS
                         " AND CASE WHEN c.part = -1 THEN " WHOLE_MONTH
                         " ELSE NOT (c.in_month AND " WHOLE_MONTH ") END"
                         " AND ($6::timestamptz IS NULL OR c.day >= ($6::timestamptz AT TIME ZONE "
                         "'UTC')::date) AND (c.day, c.shard, c.definition, c.part) > (date "
                         "'1970-01-01' + $7::integer, $8::integer, $9::bigint, $10::integer) ORDER "
                         "BY c.day, c.shard, c.definition, c.part LIMIT $11::bigint"));
    return STATEMENT(arena, strbuf_cstr(&sql), scope_parameter(arena, scope), wanted->process_id,
                     wanted->version, wanted->tenant, wanted->until, wanted->since,
                     statement_i64(arena, after->day), statement_i64(arena, after->shard),
                     statement_u64(arena, after->definition), statement_i64(arena, after->part),
                     statement_i64(arena, INSIGHT_CELLS_AT_ONCE),
                     takes_months ? STR("true") : STR("false"));
}

struct statement read_insight_flow(struct arena *arena, struct scope scope,
                                   const struct insight_wanted *wanted)
{
    static const char sql[] =
        "SELECT c.version, CASE WHEN c.day < w.since THEN w.since - 1 ELSE c.day END - date "
        "'1970-01-01', sum(c.started)::bigint, "
        "sum(c.entered)::bigint, sum(c.gone)::bigint, sum(c.entered_ms)::bigint, "
        "sum(c.gone_ms)::bigint FROM insight_cells c CROSS JOIN (SELECT ($6::timestamptz AT TIME "
        "ZONE 'UTC')::date AS since) w WHERE " SEES_CELL " AND " OF_PROCESS
        " AND c.part <> -1 GROUP BY 1, 2 ORDER BY 2, 1";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), wanted->process_id, wanted->version,
                     wanted->tenant, wanted->until, wanted->since);
}
