// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/prediction.h"

#include "store/query.h"
#include "store/read/time_text.h"

struct statement catalogue_prediction_put(struct arena *arena, const struct prediction_row *row)
{
    static const char sql[] =
        "INSERT INTO prediction_models (tenant, process_id, version, model, cases, changed_by, "
        "about) "
        "SELECT $1::text, $2::text, $3::text, $4::bytea, $5::bigint, $6::text, $7::jsonb WHERE "
        "EXISTS (SELECT "
        "FROM definitions d WHERE d.tenant = $1::text AND d.id = $2::text AND d.kind = 0) ON "
        "CONFLICT (tenant, process_id) DO UPDATE SET version = excluded.version, model = "
        "excluded.model, cases = excluded.cases, changed = now(), changed_by = "
        "excluded.changed_by, about = excluded.about RETURNING 1";
    return STATEMENT(arena, sql, row->tenant, row->process_id, row->version,
                     query_hex(arena, row->model), statement_u64(arena, row->cases), row->by,
                     row->about);
}

struct statement catalogue_prediction_remove(struct arena *arena, str tenant, str process_id)
{
    return STATEMENT(arena,
                     "DELETE FROM prediction_models WHERE tenant = $1::text AND process_id = "
                     "$2::text RETURNING 1",
                     tenant, process_id);
}

struct statement catalogue_prediction(struct arena *arena, struct scope scope, str tenant,
                                      str process_id)
{
    static const char sql[] =
        "SELECT m.version, m.model FROM prediction_models m WHERE " SCOPE_SEES(
            "m.tenant", "m.process_id") " AND m.tenant = $2::text AND m.process_id = $3::text";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), tenant, process_id);
}

struct statement catalogue_predictions(struct arena *arena, struct scope scope, str process_id,
                                       unsigned most)
{
    static const char sql[] =
        "SELECT m.process_id, CASE m.tenant WHEN '' THEN '<default>' ELSE m.tenant END, m.version, "
        "m.cases, " RFC3339(
            "m.changed") ", m.changed_by, m.about->>'until', "
                         "m.about->>'outcomeOf', m.about->'nextActivity', "
                         "m.about->'remainingTime', "
                         "m.about->'outcome' FROM prediction_models m WHERE " SCOPE_SEES(
                             "m.tenant", "m.process_id") " AND ($2::text = '' OR m.process_id = "
                                                         "$2::text) ORDER BY "
                                                         "m.process_id, m.tenant LIMIT $3::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), process_id,
                     statement_u64(arena, most));
}
