// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/separation.h"

#include "record/limits.h"

struct statement catalogue_separation_set(struct arena *arena, const struct separation_row *row)
{
    return STATEMENT(arena,
                     "SELECT n FROM separation_set($1::text, $2::text, $3::text, $4::text, "
                     "$5::text[], $6::text, $7::bigint) AS n WHERE n IS NOT NULL",
                     row->name, row->tenant, row->process_id, row->role,
                     statement_array(arena, row->elements, row->element_count), row->by,
                     statement_i64(arena, LIMIT_POLICIES_BYTES));
}

struct statement catalogue_separation_remove(struct arena *arena, str name)
{
    return STATEMENT(arena, "DELETE FROM separations WHERE name = $1 RETURNING name", name);
}

struct statement catalogue_separations(struct arena *arena)
{
    return statement_new(
        arena,
        "SELECT name, CASE of_tenant WHEN '' THEN '<default>' ELSE of_tenant END, process_id, "
        "role, to_json(elements), to_char(changed AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), changed_by FROM separations ORDER BY name",
        NULL, 0);
}
