// SPDX-License-Identifier: Apache-2.0
#include "store/read/given.h"

#define TO " → "

// Whoever asks, the groups that they are in, and what owns for them: each with the way that leads
// there.
#define OWNERS_OF(members)                                                                         \
    "WITH asker (kind, id, way) AS (VALUES ($1::smallint, $2::text, CASE $1::smallint WHEN 1 "     \
    "THEN 'user ' ELSE 'client ' END || $2::text) UNION SELECT 3::smallint, g, "                   \
    "'token" TO "group ' || g FROM unnest($3::text[]) g UNION SELECT 5::smallint, r, "             \
    "'token" TO "mapping rule ' || r FROM unnest($4::text[]) r), "                                 \
    "grouped AS (SELECT * FROM asker UNION SELECT 3::smallint, m.whole, a.way || '" TO             \
    "group ' || "                                                                                  \
    "m.whole FROM " members " m JOIN asker a ON m.member_kind = a.kind AND m.member = a.id WHERE " \
    "m.whole_kind = 3), "                                                                          \
    "ways AS (SELECT * FROM grouped UNION SELECT 4::smallint, m.whole, a.way || '" TO "role ' || " \
    "m.whole FROM " members                                                                        \
    " m JOIN grouped a ON m.member_kind = a.kind AND m.member = a.id WHERE "                       \
    "m.whole_kind = 4), "                                                                          \
    "owners AS (SELECT DISTINCT kind, id FROM ways) "

#define OWNERS OWNERS_OF("members")
// As it was at $6; NULL: as it is.
#define OWNERS_THEN OWNERS_OF("members_at($6::timestamptz)")

struct statement read_given(struct arena *arena, const struct given_to *to)
{
    static const char sql[] = OWNERS
        "SELECT kind::integer, id, '', '', '' FROM owners WHERE kind > 2 UNION "
        "SELECT 6, m.whole, '', '', '' FROM members m JOIN owners o ON m.member_kind = o.kind AND "
        "m.member = o.id WHERE m.whole_kind = 6 UNION ALL "
        "SELECT 0, o.id, a.resource_type, coalesce(a.resource_id, '=' || a.resource_property), "
        "array_to_string(a.permissions, ' ') FROM authorizations a JOIN owners o ON a.owner_kind = "
        "o.kind AND a.owner = o.id UNION ALL "
        // The roles that policies name, and '' where there are any: whose roles are known.
        "SELECT DISTINCT 0, '', 'SEPARATION', r.id, '' FROM separations s CROSS JOIN LATERAL "
        "(SELECT '' AS id UNION ALL SELECT o.id FROM owners o WHERE o.kind = 4 AND o.id = s.role) "
        "r "
        "WHERE s.role <> '*'";
    return STATEMENT(arena, sql, statement_i64(arena, to->kind), to->id,
                     statement_array(arena, to->groups, to->group_count),
                     statement_array(arena, to->rules, to->rule_count));
}

struct statement read_standing(struct arena *arena, const struct given_to *to, str at)
{
    static const char sql[] =
        OWNERS_OF("members_at($5::timestamptz)") "SELECT EXISTS (SELECT FROM users WHERE username "
                                                 "= $2::text), EXISTS (SELECT FROM users "
                                                 "WHERE "
                                                 "username = $2::text AND locked_until > now()), "
                                                 "EXISTS (SELECT FROM api_keys WHERE client "
                                                 "= "
                                                 "$2::text) OR EXISTS (SELECT FROM members WHERE "
                                                 "member_kind = 2 AND member = $2::text) OR "
                                                 "EXISTS (SELECT FROM authorizations WHERE "
                                                 "owner_kind = 2 AND owner = $2::text), "
                                                 "(SELECT coalesce(string_agg(DISTINCT m.whole, "
                                                 "',' ORDER BY m.whole), '') FROM "
                                                 "members_at($5::timestamptz) m JOIN owners o ON "
                                                 "m.member_kind = o.kind AND m.member = o.id WHERE "
                                                 "m.whole_kind = 6)";
    return STATEMENT(arena, sql, statement_i64(arena, to->kind), to->id,
                     statement_array(arena, to->groups, to->group_count),
                     statement_array(arena, to->rules, to->rule_count), at);
}

struct statement read_way_of_grants(struct arena *arena, const struct given_to *to,
                                    str resource_type, str at)
{
    static const char sql[] = OWNERS_THEN
        "SELECT a.key, o.way, coalesce(a.resource_id, '=' || a.resource_property), "
        "array_to_string(a.permissions, ' ') FROM authorizations_at($6::timestamptz) a JOIN ways o "
        "ON a.owner_kind = "
        "o.kind AND a.owner = o.id WHERE a.resource_type = $5::text ORDER BY a.key, o.way LIMIT "
        "1000";
    return STATEMENT(arena, sql, statement_i64(arena, to->kind), to->id,
                     statement_array(arena, to->groups, to->group_count),
                     statement_array(arena, to->rules, to->rule_count), resource_type, at);
}

struct statement read_who(struct arena *arena, const struct who_question *question)
{
    return STATEMENT(arena,
                     "SELECT owner_type, owner, way, authorization_key, resource_id FROM "
                     "access_who($1, $2, $3, $4::timestamptz)",
                     question->resource_type, question->permission, question->resource_id,
                     question->at);
}

struct statement read_simulation(struct arena *arena, str changes, bool has_providers)
{
    return STATEMENT(arena,
                     "SELECT CASE WHEN wins THEN 'WINS' ELSE 'LOSES' END, owner_type, owner, "
                     "resource_type, resource_id, permission, refused FROM "
                     "access_simulate($1::jsonb, $2::boolean)",
                     changes, has_providers ? STR("true") : STR("false"));
}

struct statement read_mapping_rules(struct arena *arena)
{
    return statement_new(arena, "SELECT id, claim_name, claim_value FROM mapping_rules ORDER BY id",
                         NULL, 0);
}

struct statement read_tenants(struct arena *arena, struct scope scope)
{
    return STATEMENT(arena,
                     "SELECT id, name, coalesce(description, '') FROM tenants WHERE CASE WHEN id = "
                     "'<default>' THEN '' ELSE id END = ANY (" SCOPE ".tenants) ORDER BY id",
                     scope_parameter(arena, scope));
}

struct statement read_access_version(struct arena *arena)
{
    return statement_new(arena, "SELECT version FROM access_version", NULL, 0);
}
