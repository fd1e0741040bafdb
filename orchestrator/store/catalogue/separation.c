// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/separation.h"

#include "record/limits.h"

#define BYTES_OF(name, tenant, process, role, elements)                                            \
    "octet_length(" name " || " tenant " || " process " || " role " || array_to_string(" elements  \
    ", ' '))"

struct statement catalogue_separation_set(struct arena *arena, const struct separation_row *row)
{
    return STATEMENT(
        arena,
        "INSERT INTO separations (name, of_tenant, process_id, role, elements, "
        "changed_by) SELECT $1, $2, $3, $4, $5::text[], $6 WHERE (SELECT "
        "coalesce(sum(" BYTES_OF(
            "s.name", "s.of_tenant", "s.process_id", "s.role",
            "s.elements") "), 0) FROM separations s WHERE s.name "
                          "<> $1) + " BYTES_OF(
                              "$1::text", "$2::text", "$3::text", "$4::text",
                              "$5::text[]") " <= $7::bigint ON CONFLICT (name) DO "
                                            "UPDATE SET of_tenant = excluded.of_tenant, process_id "
                                            "= excluded.process_id, "
                                            "role = excluded.role, elements = excluded.elements, "
                                            "changed = now(), "
                                            "changed_by = excluded.changed_by RETURNING name",
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
