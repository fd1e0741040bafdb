// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/secret.h"

#include "store/query.h"

static const str null_text = {NULL, 0};

static str bytes_or_null(struct arena *arena, str bytes)
{
    return bytes.len > 0 ? query_hex(arena, bytes) : null_text;
}

static str list_or_null(struct arena *arena, const str *texts, size_t count)
{
    return texts != NULL ? statement_array(arena, texts, count) : null_text;
}

struct statement catalogue_secret_add(struct arena *arena, const struct secret_row *row)
{
    static const char sql[] =
        "INSERT INTO secrets (tenant, name, wrapped, sealed, vault_key, hosts, processes, note, "
        "changed_by) VALUES ($1::text, $2::text, $3::bytea, $4::bytea, $5::text, $6::text[], "
        "$7::text[], $8::text, $9::text) ON CONFLICT DO NOTHING RETURNING name";
    return STATEMENT(arena, sql, row->tenant, row->name, query_hex(arena, row->wrapped),
                     query_hex(arena, row->sealed), row->vault_key,
                     statement_array(arena, row->hosts, row->host_count),
                     statement_array(arena, row->processes, row->process_count), row->note,
                     row->changed_by.len > 0 ? row->changed_by : STR_EMPTY);
}

struct statement catalogue_secret_change(struct arena *arena, const struct secret_row *row)
{
    static const char sql[] =
        "UPDATE secrets SET wrapped = coalesce($3::bytea, wrapped), sealed = coalesce($4::bytea, "
        "sealed), vault_key = CASE WHEN $3::bytea IS NULL THEN vault_key ELSE $5::text END, hosts "
        "= coalesce($6::text[], hosts), processes = coalesce($7::text[], processes), note = "
        "coalesce($8::text, note), changed_by = $9::text, changed = CASE WHEN $3::bytea IS NULL "
        "THEN changed ELSE now() END WHERE tenant = $1::text AND name = $2::text RETURNING name";
    return STATEMENT(arena, sql, row->tenant, row->name, bytes_or_null(arena, row->wrapped),
                     bytes_or_null(arena, row->sealed), row->vault_key,
                     list_or_null(arena, row->hosts, row->host_count),
                     list_or_null(arena, row->processes, row->process_count), row->note,
                     row->changed_by.len > 0 ? row->changed_by : STR_EMPTY);
}

struct statement catalogue_secret_delete(struct arena *arena, str tenant, str name)
{
    return STATEMENT(arena,
                     "DELETE FROM secrets WHERE tenant = $1::text AND name = $2::text RETURNING "
                     "name",
                     tenant, name);
}

struct statement catalogue_secrets_tell(struct arena *arena, str tenant, const str *names,
                                        size_t count)
{
    static const char sql[] =
        "WITH told AS (UPDATE secrets SET used = date_trunc('minute', now()) WHERE tenant = "
        "$1::text AND name = ANY ($2::text[]) AND (used IS NULL OR used < now() - interval '1 "
        "minute')) SELECT name, wrapped, sealed, array_to_json(hosts), array_to_json(processes) "
        "FROM secrets WHERE tenant = $1::text AND name = ANY ($2::text[])";
    return STATEMENT(arena, sql, tenant, statement_array(arena, names, count));
}

struct statement catalogue_secret_rewrap(struct arena *arena, const struct secret_row *row,
                                         str old_wrapped)
{
    return STATEMENT(arena,
                     "UPDATE secrets SET wrapped = $3::bytea, vault_key = $4::text WHERE tenant = "
                     "$1::text AND name = $2::text AND wrapped = $5::bytea RETURNING name",
                     row->tenant, row->name, query_hex(arena, row->wrapped), row->vault_key,
                     query_hex(arena, old_wrapped));
}
