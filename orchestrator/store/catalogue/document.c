// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/document.h"

#include "store/query.h"

static str or_null(str text)
{
    return text.len > 0 ? text : (str){NULL, 0};
}

struct statement catalogue_document_insert(struct arena *arena, struct scope scope,
                                           const struct document_row *row)
{
    static const char sql[] =
        "WITH gone AS (DELETE FROM documents WHERE (tenant, id) IN (SELECT tenant, id FROM "
        "documents WHERE expires < now() LIMIT 20)) INSERT INTO documents (id, tenant, "
        "content_hash, content_type, file_name, size, expires, process_id, instance, properties, "
        "bytes) SELECT coalesce($2::text, gen_random_uuid()::text), coalesce((SELECT i.tenant FROM "
        "instances i WHERE $11::boolean AND i.shard = ($9::bigint >> 51) - 1 AND i.key = "
        "$9::bigint AND " SCOPE_SEES_TENANT(
            "i.tenant") "), $3::text), encode(sha256($4::bytea), 'hex'), $5::text, $6::text, "
                        "length($4::bytea), $7::timestamptz, $8::text, $9::bigint, $10::json, "
                        "$4::bytea ON CONFLICT DO NOTHING RETURNING id, content_hash, "
                        "content_type, file_name, size, to_char(expires AT TIME ZONE 'UTC', "
                        "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), process_id, instance, properties";
    str instance = row->instance != 0 ? statement_u64(arena, row->instance) : (str){NULL, 0};
    return STATEMENT(arena, sql, scope_parameter(arena, scope), or_null(row->id),
                     row->tenant.len > 0 ? row->tenant : STR_EMPTY, query_hex(arena, row->bytes),
                     row->content_type, row->file_name, or_null(row->expires),
                     or_null(row->process_id), instance, or_null(row->properties),
                     row->is_of_instance ? STR("t") : STR("f"));
}

// $3: of this tenant alone; null: of any that the scope has.
#define IS_MEANT                                                                                   \
    SCOPE_SEES_TENANT("tenant") " AND id = $2::text AND ($3::text IS NULL OR tenant = $3::text)"

struct statement catalogue_document_delete(struct arena *arena, struct scope scope,
                                           const struct document_name *name)
{
    return STATEMENT(
        arena,
        "WITH found AS (SELECT tenant, id FROM documents WHERE " IS_MEANT "), gone AS (DELETE FROM "
        "documents d USING found f WHERE d.tenant = f.tenant AND d.id = f.id AND (SELECT count(*) "
        "FROM found) = 1) SELECT f.id FROM found f LIMIT 2",
        scope_parameter(arena, scope), name->id, name->tenant);
}

struct statement catalogue_document_look(struct arena *arena, struct scope scope,
                                         const struct document_name *name)
{
    return STATEMENT(arena,
                     "SELECT content_hash, tenant FROM documents WHERE " IS_MEANT
                     " AND (expires IS NULL OR expires > now()) LIMIT 2",
                     scope_parameter(arena, scope), name->id, name->tenant);
}

struct statement catalogue_document_read(struct arena *arena, struct scope scope,
                                         const struct document_name *name)
{
    return STATEMENT(
        arena,
        "SELECT content_type, file_name, content_hash, bytes FROM documents WHERE " IS_MEANT
        " AND (expires IS NULL OR expires > now()) LIMIT 2",
        scope_parameter(arena, scope), name->id, name->tenant);
}
