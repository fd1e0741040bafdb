// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/separation.h"

struct statement catalogue_separation_set(struct arena *arena, const struct separation_row *row)
{
    return STATEMENT(arena,
                     "INSERT INTO separations (name, of_tenant, process_id, role, elements, "
                     "changed_by) VALUES ($1, $2, $3, $4, $5::text[], $6) ON CONFLICT (name) DO "
                     "UPDATE SET of_tenant = excluded.of_tenant, process_id = excluded.process_id, "
                     "role = excluded.role, elements = excluded.elements, changed = now(), "
                     "changed_by = excluded.changed_by",
                     row->name, row->tenant, row->process_id, row->role,
                     statement_array(arena, row->elements, row->element_count), row->by);
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
