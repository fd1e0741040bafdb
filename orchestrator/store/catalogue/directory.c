// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/directory.h"

#include "base/strbuf.h"

struct statement directory_create(struct arena *arena, enum directory_kind kind,
                                  const struct directory_entry *entry)
{
    static const char user[] =
        "INSERT INTO users (username, name, email, password) VALUES ($1, $2, "
        "$3, $4) ON CONFLICT DO NOTHING";
    static const char rule[] = "INSERT INTO mapping_rules (id, name, claim_name, claim_value) "
                               "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    static const char group[] = "INSERT INTO groups (id, name, description) VALUES ($1, $2, $3) ON "
                                "CONFLICT DO NOTHING";
    static const char role[] =
        "INSERT INTO roles (id, name, description) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    static const char tenant[] =
        "INSERT INTO tenants (id, name, description) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    if (kind == DIRECTORY_USER)
        return STATEMENT(arena, user, entry->id, entry->name, entry->email, entry->password);
    if (kind == DIRECTORY_RULE)
        return STATEMENT(arena, rule, entry->id, entry->name, entry->claim_name,
                         entry->claim_value);
    const char *sql = kind == DIRECTORY_GROUP ? group : kind == DIRECTORY_ROLE ? role : tenant;
    return STATEMENT(arena, sql, entry->id, entry->name, entry->description);
}

struct statement directory_update(struct arena *arena, enum directory_kind kind,
                                  const struct directory_entry *entry)
{
    static const char user[] =
        "UPDATE users SET name = coalesce($2, name), email = coalesce($3, email), password = "
        "coalesce($4, password), changed = CASE "
        "WHEN $4 IS NULL THEN changed ELSE now() END, failures = CASE WHEN $4 IS NULL THEN "
        "failures "
        "ELSE 0 END WHERE username = $1";
    static const char rule[] = "UPDATE mapping_rules SET name = $2, claim_name = $3, claim_value = "
                               "$4 WHERE id = $1 AND NOT EXISTS (SELECT FROM mapping_rules o WHERE "
                               "o.id <> $1 AND o.claim_name = $3 AND o.claim_value = $4)";
    static const char group[] = "UPDATE groups SET name = $2, description = $3 WHERE id = $1";
    static const char role[] = "UPDATE roles SET name = $2, description = $3 WHERE id = $1";
    static const char tenant[] = "UPDATE tenants SET name = $2, description = $3 WHERE id = $1";
    if (kind == DIRECTORY_USER)
        return STATEMENT(arena, user, entry->id, entry->name, entry->email, entry->password);
    if (kind == DIRECTORY_RULE)
        return STATEMENT(arena, rule, entry->id, entry->name, entry->claim_name,
                         entry->claim_value);
    const char *sql = kind == DIRECTORY_GROUP ? group : kind == DIRECTORY_ROLE ? role : tenant;
    return STATEMENT(arena, sql, entry->id, entry->name, entry->description);
}

// -- Deleting ---------------------------------------------------------------------------

#define FORGET_ALL                                                                                 \
    "WITH m AS (DELETE FROM members WHERE (whole_kind = $2::smallint AND whole = $1) OR "          \
    "(member_kind = $2::smallint AND member = $1)), a AS (DELETE FROM authorizations WHERE "       \
    "owner_kind = $2::smallint AND owner = $1) "

struct statement directory_delete(struct arena *arena, enum directory_kind kind, str id)
{
    static const char *const sql[] = {
        [DIRECTORY_USER] = "WITH s AS (DELETE FROM sessions WHERE username = $1), " // its logins
                           "m AS (DELETE FROM members WHERE member_kind = $2::smallint AND member "
                           "= $1), a AS (DELETE FROM authorizations WHERE owner_kind = "
                           "$2::smallint AND owner = $1) DELETE FROM users WHERE username = $1",
        [DIRECTORY_GROUP] = FORGET_ALL "DELETE FROM groups WHERE id = $1",
        [DIRECTORY_ROLE] = FORGET_ALL "DELETE FROM roles WHERE id = $1",
        [DIRECTORY_RULE] = FORGET_ALL "DELETE FROM mapping_rules WHERE id = $1",
        // One in which something is deployed stays, with its members.
        [DIRECTORY_TENANT] =
            "WITH t AS (DELETE FROM tenants WHERE id = $1 AND id <> '<default>' AND NOT EXISTS "
            "(SELECT FROM definitions WHERE tenant = $1 AND deleted IS NULL) RETURNING id), m AS "
            "(DELETE FROM members WHERE whole_kind = $2::smallint AND whole IN (SELECT id FROM t)) "
            "SELECT id FROM t",
    };
    check((size_t)kind < COUNT_OF(sql) && sql[kind] != NULL);
    return STATEMENT(arena, sql[kind], id, statement_i64(arena, kind));
}

// -- Members ----------------------------------------------------------------------------

static const char *is_there(enum directory_kind kind, bool may_be_elsewhere)
{
    switch (kind) {
    case DIRECTORY_CLIENT:
        return "true";
    case DIRECTORY_USER:
        return may_be_elsewhere ? "true" : "EXISTS (SELECT FROM users WHERE username = %s)";
    case DIRECTORY_GROUP:
        return may_be_elsewhere ? "true" : "EXISTS (SELECT FROM groups WHERE id = %s)";
    case DIRECTORY_ROLE:
        return "EXISTS (SELECT FROM roles WHERE id = %s)";
    case DIRECTORY_RULE:
        return "EXISTS (SELECT FROM mapping_rules WHERE id = %s)";
    case DIRECTORY_TENANT:
        return "EXISTS (SELECT FROM tenants WHERE id = %s)";
    }
    check_unreachable();
}

static void add_condition(struct strbuf *sql, const char *condition, const char *parameter)
{
    str rest = str_of(condition);
    size_t at = str_find(rest, STR("%s"));
    if (at == SIZE_MAX) {
        strbuf_add(sql, rest);
        return;
    }
    strbuf_add(sql, str_sub(rest, 0, at));
    strbuf_add(sql, str_of(parameter));
    strbuf_add(sql, str_from_index(rest, at + 2));
}

struct statement directory_add_member(struct arena *arena, const struct membership *membership,
                                      bool has_other_users)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_add(&sql, STR("WITH there AS (SELECT "));
    add_condition(&sql, is_there(membership->whole_kind, false), "$2");
    strbuf_add(&sql, STR(" AS whole, "));
    add_condition(&sql, is_there(membership->member_kind, has_other_users), "$4");
    strbuf_add(&sql,
               STR(" AS member), added AS (INSERT INTO members (whole_kind, whole, member_kind, "
                   "member) SELECT $1::smallint, $2::text, $3::smallint, $4::text FROM there WHERE "
                   "whole AND member ON CONFLICT DO NOTHING RETURNING 1) SELECT whole, member, "
                   "EXISTS (SELECT FROM added) FROM there"));
    return STATEMENT(arena, strbuf_cstr(&sql), statement_i64(arena, membership->whole_kind),
                     membership->whole, statement_i64(arena, membership->member_kind),
                     membership->member);
}

struct statement directory_remove_member(struct arena *arena, const struct membership *membership)
{
    static const char sql[] = "DELETE FROM members WHERE whole_kind = $1::smallint AND whole = $2 "
                              "AND member_kind = $3::smallint AND member = $4";
    return STATEMENT(arena, sql, statement_i64(arena, membership->whole_kind), membership->whole,
                     statement_i64(arena, membership->member_kind), membership->member);
}

// -- Authorizations ---------------------------------------------------------------------

struct statement directory_authorize(struct arena *arena, const struct authorization *wanted)
{
    static const char sql[] =
        "INSERT INTO authorizations (owner_kind, owner, resource_type, resource_id, "
        "resource_property, permissions) VALUES ($1::smallint, $2, $3, $4, $5, $6::text[]) ON "
        "CONFLICT DO NOTHING RETURNING key";
    return STATEMENT(arena, sql, statement_i64(arena, wanted->owner_kind), wanted->owner,
                     wanted->resource_type, wanted->resource_id, wanted->resource_property,
                     statement_array(arena, wanted->permissions, wanted->permission_count));
}

struct statement directory_reauthorize(struct arena *arena, uint64_t key,
                                       const struct authorization *wanted)
{
    static const char sql[] =
        "UPDATE authorizations SET owner_kind = $1::smallint, owner = $2, resource_type = $3, "
        "resource_id = $4, resource_property = $5, permissions = $6::text[] WHERE key = $7::bigint "
        "AND NOT EXISTS (SELECT FROM authorizations o WHERE o.key <> $7::bigint AND o.owner_kind = "
        "$1::smallint AND o.owner = $2 AND o.resource_type = $3 AND coalesce(o.resource_id, '') = "
        "coalesce($4, '') AND coalesce(o.resource_property, '') = coalesce($5, ''))";
    return STATEMENT(arena, sql, statement_i64(arena, wanted->owner_kind), wanted->owner,
                     wanted->resource_type, wanted->resource_id, wanted->resource_property,
                     statement_array(arena, wanted->permissions, wanted->permission_count),
                     statement_u64(arena, key));
}

struct statement directory_unauthorize(struct arena *arena, uint64_t key)
{
    return STATEMENT(arena, "DELETE FROM authorizations WHERE key = $1::bigint",
                     statement_u64(arena, key));
}
