// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/catalogue.h"

#include "base/digest.h"
#include "base/strbuf.h"
#include "record/key.h"
#include "store/query.h"

// {"\\x…","\\x…"}: an array of PostgreSQL; null when there are none.
static str imports_array(struct arena *arena, str imports)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t at = 0; at < imports.len; at += DIGEST_SIZE) {
        strbuf_add(&out, at > 0 ? STR(",\"\\") : STR("{\"\\"));
        strbuf_add(&out, query_hex(arena, str_sub(imports, at, DIGEST_SIZE)));
        strbuf_add_char(&out, '"');
    }
    if (out.len == 0)
        return (str){0};
    strbuf_add_char(&out, '}');
    return strbuf_str(&out);
}

struct statement catalogue_store_resource(struct arena *arena, const struct resource_row *row)
{
    static const char sql[] =
        "WITH kept AS (INSERT INTO process_elements SELECT $1::bytea, e.* FROM "
        "json_to_recordset($5::json) AS e (process_id text, element integer, id text, name text, "
        "type text, listeners text[], form text, form_binding smallint, form_version text) ON "
        "CONFLICT DO NOTHING) "
        "INSERT INTO resources (digest, bytes, imports, namespace) VALUES ($1::bytea, $2::bytea, "
        "$3::bytea[], $4::text) ON CONFLICT DO NOTHING";
    return STATEMENT(arena, sql, query_hex(arena, row->digest), query_hex(arena, row->bytes),
                     imports_array(arena, row->imports),
                     row->namespace.len > 0 ? row->namespace : (str){0},
                     row->elements.len > 0 ? row->elements : STR("[]"));
}

struct statement catalogue_delete_instance(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] =
        "SELECT CASE WHEN h.held IS NULL THEN instance_delete(i.shard, i.key) END, h.held FROM "
        "instances i CROSS JOIN LATERAL held_by(i.key, i.tenant, i.business_id) h (held) WHERE "
        "i.shard = $3::bigint AND i.key = $2::bigint AND " SCOPE_SEES("i.tenant", "i.process_id");
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key),
                     statement_u64(arena, key_shard(key)));
}

struct statement catalogue_delete_evaluation(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] = "DELETE FROM decision_evaluations WHERE " SCOPE_SEES(
        "tenant", "decision_id") " AND key = $2::bigint AND shard = $3::bigint RETURNING key";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key),
                     statement_u64(arena, key_shard(key)));
}

// -- Topic subscriptions ----------------------------------------------------------------

struct statement catalogue_subscriptions(struct arena *arena)
{
    return statement_new(arena,
                         "SELECT name, topic, settings::text, enabled FROM topic_subscriptions "
                         "ORDER BY name",
                         NULL, 0);
}

struct statement catalogue_enabled_subscriptions(struct arena *arena, int64_t most)
{
    return STATEMENT(arena,
                     "SELECT name, topic, settings::text, enabled FROM topic_subscriptions WHERE "
                     "enabled ORDER BY name LIMIT $1::bigint",
                     statement_i64(arena, most));
}

struct statement catalogue_put_subscription(struct arena *arena,
                                            const struct topic_subscription *row)
{
    return STATEMENT(arena,
                     "INSERT INTO topic_subscriptions (name, topic, settings, enabled) VALUES "
                     "($1, $2, $3::json, $4::boolean) ON CONFLICT (name) DO UPDATE SET topic "
                     "= excluded.topic, settings = excluded.settings, enabled = excluded.enabled",
                     row->name, row->topic, row->settings,
                     row->is_enabled ? STR("true") : STR("false"));
}

struct statement catalogue_drop_subscription(struct arena *arena, str name)
{
    return STATEMENT(arena, "DELETE FROM topic_subscriptions WHERE name = $1", name);
}

// -- Upkeep -----------------------------------------------------------------------------

struct statement catalogue_upkeep(struct arena *arena, int64_t history_days, int64_t audit_days,
                                  int64_t most)
{
    static const char sql[] =
        "SELECT history_extend(), CASE WHEN mine AND $1::integer > 0 THEN "
        "history_drop(current_date - $1::integer) END, CASE WHEN mine AND $1::integer > 0 THEN "
        "instances_drop(current_date - $1::integer, $2::integer) END, CASE WHEN mine AND "
        "$3::integer > 0 THEN audit_retire(now() - $3::integer * interval '1 day', $2::integer) + "
        "audit_steps_retire(now() - $3::integer * interval '1 day', $2::integer) END, CASE WHEN "
        "mine THEN why_retire($2::integer) END, CASE WHEN mine THEN personal_sweep($2::integer) "
        "END FROM (SELECT "
        "pg_try_advisory_xact_lock(hashtext('baton upkeep')) AS mine) AS lock";
    return STATEMENT(arena, sql, statement_i64(arena, history_days), statement_i64(arena, most),
                     statement_i64(arena, audit_days));
}
