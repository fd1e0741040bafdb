// SPDX-License-Identifier: Apache-2.0
#include "store/read/read.h"

#include "record/key.h"

static str shard_of(struct arena *arena, uint64_t key)
{
    return statement_u64(arena, key_shard(key));
}

// -- Definitions ------------------------------------------------------------------------

struct statement read_process_key(struct arena *arena, struct scope scope, str tenant,
                                  const struct process_version *wanted)
{
    static const char sql[] = "SELECT key FROM definitions WHERE " SCOPE_SEES(
        "tenant",
        "id") " AND kind = 0 AND id = $2 AND "
              "deleted IS NULL AND tenant = $3 AND ($4::int <= 0 OR version = $4::int) "
              "AND ($5::text = '' OR version_tag = $5::text) ORDER BY version DESC LIMIT 1";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), wanted->id, tenant,
                     statement_i64(arena, wanted->version),
                     wanted->tag.len > 0 ? wanted->tag : STR_EMPTY);
}

struct statement read_process_source(struct arena *arena, struct scope scope, uint64_t definition)
{
    static const char sql[] =
        "SELECT d.id, r.bytes FROM definitions d JOIN resources r ON r.digest = d.digest "
        "WHERE " SCOPE_SEES("d.tenant", "d.id") " AND d.key = $2::bigint AND d.kind = 0";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, definition));
}

struct statement read_resource_text(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] =
        "SELECT convert_from(r.bytes, 'UTF8') FROM definitions d JOIN resources r ON r.digest = "
        "d.digest WHERE " SCOPE_SEES("d.tenant", "d.id") " AND d.key = $2::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key));
}

struct statement read_resource_bytes(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] =
        "SELECT r.bytes FROM definitions d JOIN resources r ON r.digest = d.digest "
        "WHERE " SCOPE_SEES("d.tenant", "d.id") " AND d.key = $2::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key));
}

struct statement read_resource_kind(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] =
        "SELECT kind, id, deleted IS NOT NULL FROM definitions WHERE " SCOPE_SEES_TENANT(
            "tenant") " AND key = $2::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key));
}

struct statement read_resource(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] =
        "SELECT key, id, resource_name, version, version_tag, tenant FROM definitions "
        "WHERE " SCOPE_SEES("tenant", "id") " AND key = $2::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key));
}

struct statement read_model(struct arena *arena, struct scope scope, str tenant, str namespace)
{
    static const char sql[] =
        "SELECT d.resource_name, r.bytes FROM definitions d JOIN resources r ON r.digest = "
        "d.digest "
        "WHERE " SCOPE_SEES("d.tenant",
                            "d.id") " AND r.namespace = $2::text AND d.tenant = $3::text AND "
                                    "d.kind IN (1, 4) AND d.deleted IS NULL ORDER BY "
                                    "d.deployed DESC, d.key DESC LIMIT 1";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), namespace, tenant);
}

// -- Where something lives --------------------------------------------------------------

static struct statement by_key(struct arena *arena, struct scope scope, const char *sql,
                               uint64_t key)
{
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key),
                     shard_of(arena, key));
}

struct statement read_instance_of_job(struct arena *arena, struct scope scope, uint64_t job)
{
    return by_key(arena, scope,
                  "SELECT instance FROM jobs WHERE " SCOPE_SEES(
                      "tenant", "process_id") " AND key = $2::bigint AND shard = $3::bigint",
                  job);
}

struct statement read_untaken_job(struct arena *arena, struct scope scope, str type)
{
    static const char sql[] =
        "SELECT 1 FROM shards s, LATERAL (SELECT 1 FROM jobs j WHERE j.shard = s.shard AND "
        "j.type = $2::text AND j.due IS NULL AND j.state IN (1, 2) AND " SCOPE_SEES(
            "j.tenant", "j.process_id") " LIMIT 1) AS found LIMIT 1";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), type);
}

struct statement read_instance_of_user_task(struct arena *arena, struct scope scope, uint64_t task)
{
    return by_key(arena, scope,
                  "SELECT instance FROM user_tasks WHERE " SCOPE_SEES_TASK(
                      "user_tasks") " AND key = $2::bigint AND shard = $3::bigint",
                  task);
}

struct statement read_separation_of_task(struct arena *arena, struct scope scope, uint64_t task)
{
    return by_key(
        arena, scope,
        "SELECT element_id, process_id, tenant, separation FROM user_tasks WHERE " SCOPE_SEES_TASK(
            "user_tasks") " AND key = $2::bigint AND shard = $3::bigint",
        task);
}

struct statement read_separations_of_element(struct arena *arena, str tenant, str process_id,
                                             str element_id)
{
    return STATEMENT(arena,
                     "SELECT name, role, to_json(elements) FROM separations WHERE of_tenant IN "
                     "('*', $1) AND process_id IN ('*', $2) AND $3 = ANY (elements) ORDER BY name",
                     tenant, process_id, element_id);
}

struct statement read_instance_of_incident(struct arena *arena, struct scope scope,
                                           uint64_t incident)
{
    return by_key(arena, scope,
                  "SELECT instance FROM incidents WHERE " SCOPE_SEES(
                      "tenant", "process_id") " AND key = $2::bigint AND shard = $3::bigint",
                  incident);
}

struct statement read_instance_of_scope(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] = "SELECT i.key FROM instances i WHERE " SCOPE_SEES(
        "i.tenant",
        "i.process_id") " AND i.shard = $3::bigint AND i.key IN (SELECT instance FROM elements "
                        "WHERE key = $2::bigint AND shard = $3::bigint UNION ALL SELECT $2::bigint)"
                        " AND i.ended IS NULL";
    return by_key(arena, scope, sql, key);
}

struct statement read_identity(struct arena *arena, struct scope scope, uint64_t instance)
{
    return by_key(
        arena, scope,
        "SELECT definition, process_id, tenant, coalesce(root_instance, key) FROM "
        "instances WHERE " SCOPE_SEES("tenant", "process_id") " AND key = $2::bigint AND shard = "
                                                              "$3::bigint",
        instance);
}

// -- Others -----------------------------------------------------------------------------

struct statement read_form(struct arena *arena, struct scope scope, uint64_t task)
{
    static const char sql[] =
        "SELECT d.key, d.id, d.version, convert_from(r.bytes, 'UTF8'), d.tenant "
        "FROM user_tasks t JOIN definitions d ON d.kind = 2 AND d.id = t.form_id AND "
        "d.tenant = t.tenant AND (d.key = t.form OR (t.form IS NULL AND d.deleted IS NULL)) "
        "JOIN resources r ON r.digest = d.digest "
        "WHERE " SCOPE_SEES_TASK("t") " AND t.key = $2::bigint AND t.shard = $3::bigint "
                                      "ORDER BY d.version DESC LIMIT 1";
    return by_key(arena, scope, sql, task);
}

struct statement read_form_by_key(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] =
        "SELECT d.key, d.id, d.version, convert_from(r.bytes, 'UTF8'), d.tenant FROM definitions d "
        "JOIN resources r ON r.digest = d.digest WHERE " SCOPE_SEES(
            "d.tenant", "d.id") " AND d.kind = 2 AND d.key = $2::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key));
}

struct statement read_start_form(struct arena *arena, struct scope scope, uint64_t definition)
{
    static const char sql[] =
        "SELECT f.key, f.id, f.version, convert_from(r.bytes, 'UTF8'), f.tenant FROM start_forms f "
        "JOIN resources r ON r.digest = f.digest WHERE " SCOPE_SEES(
            "f.tenant",
            "(SELECT p.id FROM definitions p WHERE p.key = f.definition)") " AND f.definition = "
                                                                           "$2::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, definition));
}

struct statement read_is_deployed(struct arena *arena, struct scope scope, uint64_t definition)
{
    return STATEMENT(arena,
                     "SELECT 1 FROM definitions WHERE " SCOPE_SEES(
                         "tenant", "id") " AND key = $2::bigint AND kind = 0",
                     scope_parameter(arena, scope), statement_u64(arena, definition));
}

struct statement read_visible(struct arena *arena, struct scope scope, uint64_t key)
{
    static const char sql[] =
        "WITH s AS (SELECT * FROM scopes_around($3::integer, $2::bigint)), v AS (SELECT DISTINCT "
        "ON (x.name) x.name, x.value FROM (SELECT y.key AS name, y.value, s.depth FROM s JOIN "
        "instances i ON i.shard = $3::integer AND i.key = s.scope CROSS JOIN LATERAL "
        "json_each(json_without_nul(i.variables)) y UNION ALL SELECT y.key, y.value, s.depth FROM "
        "s JOIN elements e ON e.shard = $3::integer AND e.key = s.scope CROSS JOIN LATERAL "
        "json_each(json_without_nul(e.variables)) y) x ORDER BY x.name, x.depth) "
        "SELECT (SELECT coalesce(json_object_agg(v.name, v.value), '{}') FROM v) FROM instances i "
        "WHERE i.shard = $3::integer AND i.key IN (SELECT scope FROM s) AND " SCOPE_SEES(
            "i.tenant", "i.process_id");
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key),
                     key < key_make(0, 0) ? STR("0") : shard_of(arena, key));
}

struct statement read_callers(struct arena *arena, struct scope scope, uint64_t instance)
{
    static const char sql[] =
        "WITH RECURSIVE up AS (SELECT i.key, i.definition, i.process_id, i.parent_instance, 0 AS "
        "depth FROM instances i WHERE " SCOPE_SEES(
            "i.tenant",
            "i.process_id") " AND i.key = $2::bigint AND i.shard = $3::bigint UNION ALL SELECT "
                            "i.key, "
                            "i.definition, i.process_id, i.parent_instance, up.depth + 1 FROM up "
                            "JOIN "
                            "instances i ON i.key = up.parent_instance AND i.shard = "
                            "(up.parent_instance >> 51) - 1 WHERE up.depth < 1000) SELECT up.key, "
                            "up.definition, coalesce(nullif(d.name, ''), up.process_id) FROM up "
                            "LEFT JOIN definitions d ON d.key = up.definition WHERE " SCOPE_SEES_ID(
                                "up.process_id") " ORDER BY "
                                                 "up.depth DESC";
    return by_key(arena, scope, sql, instance);
}

struct statement read_evaluation(struct arena *arena, struct scope scope, uint64_t evaluation)
{
    static const char sql[] =
        "SELECT e.key, a.key, a.id, a.name, a.version, a.requirements, a.requirements_id, "
        "e.tenant, e.output, coalesce(e.failure, ''), CASE WHEN e.failure IS NULL THEN '' WHEN "
        "e.state = 2 THEN e.trace -> -1 ->> 'decisionDefinitionId' ELSE e.decision_id END, "
        "i.key, i.decision, i.decision_id, i.decision_name, i.decision_version, i.decision_type, "
        "i.output, i.inputs, i.rules FROM decision_evaluations e JOIN decision_definitions a ON "
        "a.key = e.decision LEFT JOIN decision_instances i ON i.shard = e.shard AND i.evaluation = "
        "e.key WHERE " SCOPE_SEES(
            "e.tenant", "e.decision_id") " AND e.key = $2::bigint AND e.shard = $3::bigint "
                                         "ORDER BY i.place";
    return by_key(arena, scope, sql, evaluation);
}

struct statement read_history(struct arena *arena, struct scope scope, uint64_t instance,
                              int64_t most)
{
    static const char sql[] =
        "SELECT sequence, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
        "cause, principal, events FROM history WHERE shard = $3::bigint AND stream = $2::bigint "
        "AND kind = 1 AND ($1::read_scope IS NULL OR EXISTS (SELECT FROM instances i WHERE "
        "i.shard = $3::bigint AND i.key = $2::bigint AND " SCOPE_SEES(
            "i.tenant", "i.process_id") "))"
                                        " "
                                        "ORDER BY sequence LIMIT $4::bigint";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, instance),
                     shard_of(arena, instance), statement_i64(arena, most));
}

struct statement read_cluster_variable(struct arena *arena, bool is_global, str tenant, str name)
{
    return STATEMENT(arena,
                     "SELECT value FROM cluster_variables WHERE shard = 0 AND name = $3 AND "
                     "is_global = $1::boolean AND (is_global OR tenant = $2)",
                     is_global ? STR("true") : STR("false"), tenant, name);
}

struct statement read_cluster_variables(struct arena *arena, str tenant)
{
    return STATEMENT(arena,
                     "SELECT is_global, name, value FROM cluster_variables WHERE shard = 0 AND "
                     "(is_global OR tenant = $1) ORDER BY is_global DESC, key",
                     tenant);
}

struct statement read_topology(struct arena *arena)
{
    return statement_new(arena,
                         "SELECT owner, shard, halted, (SELECT id FROM installation LIMIT 1), "
                         "(SELECT purges FROM installation LIMIT 1) FROM "
                         "shards WHERE owner <> '' ORDER BY 1, 2",
                         NULL, 0);
}
