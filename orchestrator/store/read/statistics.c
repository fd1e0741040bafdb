// SPDX-License-Identifier: Apache-2.0
//
// Searches whose rows are groups of others: so many instances of a definition, with an error, that
// wait for messages. And what the elements of a definition's instances did.
#include "store/read/statistics.h"

#include "record/key.h"

#include "record/rows.h"
#include "store/read/collections.h"

_Static_assert(INSTANCE_ACTIVE == 1 && INSTANCE_SUSPENDED == 4 && INCIDENT_OPEN == 1,
               "the numbers in the conditions");

static const struct field definition_fields[] = {
    {"processDefinitionId", "v.process_id", FIELD_TEXT, .is_present = true},
    {"tenantId", "v.tenant", FIELD_TENANT, .is_present = true},
    {"latestProcessDefinitionName", "v.name", FIELD_OPTIONAL},
    {"hasMultipleVersions", "v.has_many", FIELD_BOOLEAN, .is_present = true},
    {"activeInstancesWithoutIncidentCount", "v.good", FIELD_INTEGER, .is_present = true},
    {"activeInstancesWithIncidentCount", "v.bad", FIELD_INTEGER, .is_present = true},
};

const struct collection collection_definition_statistics = {
    .noun = "process definition's statistics",
    .from = "(SELECT i.process_id, i.tenant, count(DISTINCT i.definition) > 1 AS has_many, "
            "count(*) FILTER (WHERE i.incidents = 0) AS good, count(*) FILTER (WHERE i.incidents > "
            "0) AS bad, (SELECT coalesce(nullif(d.name, ''), d.id) FROM definitions d WHERE d.kind "
            "= 0 AND d.id = i.process_id AND d.tenant = i.tenant AND d.deleted IS NULL ORDER BY "
            "d.version DESC LIMIT 1) AS name FROM instances i WHERE i.state IN (1, 4) GROUP BY "
            "i.process_id, i.tenant) v",
    .fields = definition_fields,
    .field_count = COUNT_OF(definition_fields),
    .key = "(v.process_id || ' ' || v.tenant)",
    .key_is_text = true,
    .sees = SCOPE_SEES("v.tenant", "v.process_id"),
};

static const struct field version_fields[] = {
    {"processDefinitionId", "v.process_id", FIELD_TEXT, .is_present = true},
    {"processDefinitionKey", "v.definition", FIELD_KEY, .is_present = true},
    {"processDefinitionName", "coalesce(nullif(d.name, ''), v.process_id)", FIELD_TEXT},
    {"processDefinitionVersion", "v.version", FIELD_INTEGER, .is_present = true},
    {"tenantId", "v.tenant", FIELD_TENANT, .is_present = true},
    {"activeInstancesWithIncidentCount", "v.bad", FIELD_INTEGER, .is_present = true},
    {"activeInstancesWithoutIncidentCount", "v.good", FIELD_INTEGER, .is_present = true},
};

const struct collection collection_version_statistics = {
    .noun = "process definition's statistics",
    .from = "(SELECT i.process_id, i.definition, i.version, i.tenant, count(*) FILTER (WHERE "
            "i.incidents = 0) AS good, count(*) FILTER (WHERE i.incidents > 0) AS bad FROM "
            "instances i WHERE i.state IN (1, 4) GROUP BY 1, 2, 3, 4) v LEFT JOIN definitions d ON "
            "d.key = v.definition",
    .fields = version_fields,
    .field_count = COUNT_OF(version_fields),
    .key = "v.definition",
    .sees = SCOPE_SEES("v.tenant", "v.process_id"),
};

static const struct field subscription_fields[] = {
    {"processDefinitionId", "v.process_id", FIELD_TEXT, .is_present = true},
    {"tenantId", "v.tenant", FIELD_TENANT, .is_present = true},
    {"processDefinitionKey", "v.definition", FIELD_KEY, .is_present = true},
    {"processInstancesWithActiveSubscriptions", "v.instances", FIELD_INTEGER, .is_present = true},
    {"activeSubscriptions", "v.subscriptions", FIELD_INTEGER, .is_present = true},
};

const struct collection collection_subscription_statistics = {
    .noun = "process definition's statistics",
    .from = "(SELECT i.process_id, i.definition, i.tenant, count(DISTINCT i.key) AS instances, "
            "count(*) AS subscriptions FROM subscriptions s JOIN instances i ON i.shard = s.shard "
            "AND i.key = s.instance WHERE s.kind = 0 GROUP BY 1, 2, 3) v",
    .fields = subscription_fields,
    .field_count = COUNT_OF(subscription_fields),
    .key = "v.definition",
    .sees = SCOPE_SEES("v.tenant", "v.process_id"),
};

static const struct field error_fields[] = {
    {"errorHashCode", "v.hash", FIELD_INTEGER, .is_present = true},
    {"errorMessage", "v.message", FIELD_TEXT, .is_present = true},
    {"activeInstancesWithErrorCount", "v.instances", FIELD_INTEGER, .is_present = true},
};

const struct collection collection_error_statistics = {
    .noun = "error's statistics",
    .from = "(SELECT hashtext(coalesce(n.message, '')) AS hash, coalesce(n.message, '') AS "
            "message, count(DISTINCT n.instance) AS instances FROM incidents n WHERE n.state = 1 "
            "AND " SCOPE_SEES("n.tenant", "n.process_id") " GROUP BY 1, 2) v",
    .fields = error_fields,
    .field_count = COUNT_OF(error_fields),
    .key = "v.message",
    .key_is_text = true,
    .sees = "true", // by those that it counts
};

static const struct field failing_fields[] = {
    {"processDefinitionId", "v.process_id", FIELD_TEXT, .is_present = true},
    {"processDefinitionKey", "v.definition", FIELD_KEY, .is_present = true},
    {"processDefinitionName", "coalesce(nullif(d.name, ''), v.process_id)", FIELD_TEXT},
    {"processDefinitionVersion", "d.version", FIELD_INTEGER},
    {"tenantId", "v.tenant", FIELD_TENANT, .is_present = true},
    {"activeInstancesWithErrorCount", "v.instances", FIELD_INTEGER, .is_present = true},
    {"errorHashCode", "v.hash", FIELD_INTEGER, .is_hidden = true},
};

const struct collection collection_failing_definitions = {
    .noun = "error's statistics",
    .from = "(SELECT n.process_id, n.definition, n.tenant, hashtext(coalesce(n.message, '')) AS "
            "hash, count(DISTINCT n.instance) AS instances FROM incidents n WHERE n.state = 1 "
            "GROUP BY 1, 2, 3, 4) v LEFT JOIN definitions d ON d.key = v.definition",
    .fields = failing_fields,
    .field_count = COUNT_OF(failing_fields),
    .key = "v.definition",
    .sees = SCOPE_SEES("v.tenant", "v.process_id"),
};

struct statement read_element_statistics(struct arena *arena, const struct search_sql *instances)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_format(&sql,
                  "WITH wanted AS (SELECT i.shard, i.key FROM %s WHERE %.*s) SELECT e.element_id, "
                  "count(*) FILTER (WHERE e.state = 1), count(*) FILTER (WHERE e.state = 3), "
                  "count(*) FILTER (WHERE e.has_incident), count(*) FILTER (WHERE e.state = 2) "
                  "FROM wanted w JOIN elements_found e ON e.shard = w.shard AND e.instance = w.key "
                  "WHERE e.key <> e.instance GROUP BY 1 ORDER BY 1",
                  collection_instances.from, STR_ARG(strbuf_str(&instances->where)));
    return statement_new(arena, strbuf_cstr(&sql), instances->parameters, instances->count);
}

struct statement read_waiting_statistics(struct arena *arena, struct scope scope, uint64_t instance)
{
    static const char sql[] =
        "SELECT coalesce(w.element_id, e.element_id), count(DISTINCT w.element_instance) FROM "
        "wait_states w LEFT JOIN elements e ON e.shard = w.shard AND e.key = w.element_instance "
        "JOIN instances i ON i.shard = w.shard AND i.key = w.instance AND i.state = 1 WHERE "
        "coalesce(w.element_id, e.element_id) IS NOT NULL AND " SCOPE_SEES(
            "i.tenant", "i.process_id") " AND w.instance = $2::bigint AND w.shard = $3::bigint "
                                        "GROUP BY 1 ORDER BY 1";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, instance),
                     statement_u64(arena, key_shard(instance)));
}

struct statement read_usage(struct arena *arena, struct scope scope,
                            const struct usage_wanted *wanted)
{
    static const char sql[] =
        "SELECT t.tenant, (SELECT count(*) FROM instances i WHERE i.tenant = t.tenant AND "
        "i.started >= $2::timestamptz AND i.started < $3::timestamptz AND i.parent_instance IS "
        "NULL), (SELECT count(*) FROM decision_evaluations d WHERE d.tenant = t.tenant AND "
        "d.evaluated >= $2::timestamptz AND d.evaluated < $3::timestamptz), (SELECT count(DISTINCT "
        "u.assignee) FROM user_tasks u WHERE u.tenant = t.tenant AND u.assignee <> '' AND "
        "u.created < $3::timestamptz AND coalesce(u.ended, 'infinity') >= $2::timestamptz) FROM "
        "(SELECT DISTINCT tenant FROM definitions) t WHERE " SCOPE_SEES_TENANT(
            "t.tenant") " AND ($4::text IS NULL OR t.tenant = $4::text) ORDER BY 1";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), wanted->from, wanted->to,
                     wanted->tenant);
}
