// SPDX-License-Identifier: Apache-2.0
#include "store/read/credential.h"

#include "store/query.h"
#include "store/read/time_text.h"

#define MS(column) "(extract(epoch FROM " column ") * 1000)::bigint"
#define IS_STALE(column) "(" column " IS NULL OR " column " < now() - interval '1 minute')"

struct statement read_user_secret(struct arena *arena, str username)
{
    return STATEMENT(
        arena,
        "SELECT password, totp, totp_step, is_locked OR coalesce(locked_until > now(), false), "
        "name, totp_new, totp_wrapped FROM users WHERE username = $1::text",
        username);
}

struct statement read_totp_to_seal(struct arena *arena, str vault_key)
{
    return STATEMENT(arena,
                     "SELECT username, coalesce(totp, totp_new), totp_wrapped FROM users WHERE "
                     "coalesce(totp, totp_new) IS NOT NULL AND totp_key IS DISTINCT FROM $1::text "
                     "ORDER BY username LIMIT 100",
                     vault_key);
}

struct statement read_api_key(struct arena *arena, str id)
{
    return STATEMENT(arena,
                     "SELECT client, digest, " MS("expires") ", " IS_STALE(
                         "used") " FROM api_keys WHERE id = $1::text AND revoked IS NULL AND "
                                 "(expires IS NULL OR expires > now())",
                     id);
}

#define IS_OPEN(idle) "ends > now() AND used > now() - " idle "::bigint * interval '1 second'"

struct statement read_session(struct arena *arena, str digest, int64_t idle_s)
{
    return STATEMENT(
        arena,
        "SELECT username, provider, claims, " MS(
            "least(ends, used + $2::bigint * interval '1 "
            "second')") ", " IS_STALE("used") ", id_token "
                                              "FROM sessions s WHERE digest = $1::bytea "
                                              "AND " IS_OPEN("$2") " AND (provider <> '' OR "
                                                                   "EXISTS (SELECT FROM users u "
                                                                   "WHERE u.username = s.username "
                                                                   "AND NOT u.is_locked))",
        query_hex(arena, digest), statement_i64(arena, idle_s));
}

struct statement read_sessions(struct arena *arena, str username, str digest, int64_t idle_s)
{
    return STATEMENT(
        arena,
        "SELECT id, provider, " RFC3339("created") ", " RFC3339("used") ", " RFC3339(
            "least(ends, used + $3::bigint * interval '1 "
            "second')") ", address, agent, "
                        "digest = $2::bytea FROM sessions WHERE "
                        "username = $1::text AND " IS_OPEN("$3") " ORDER BY created DESC, id "
                                                                 "LIMIT 1000",
        username, query_hex(arena, digest), statement_i64(arena, idle_s));
}

struct statement read_api_keys(struct arena *arena, str client)
{
    return STATEMENT(
        arena,
        "SELECT id, client, name, " RFC3339("created") ", created_by, " RFC3339(
            "expires") ", " RFC3339("used") ", " RFC3339("revoked") " FROM api_keys WHERE $1::text "
                                                                    "= '' OR client = $1::text "
                                                                    "ORDER BY api_keys.created "
                                                                    "DESC, id LIMIT 1000",
        client.len > 0 ? client : STR_EMPTY);
}

struct statement read_users_overview(struct arena *arena)
{
    static const char sql[] =
        "SELECT username, name, email, is_locked OR coalesce(locked_until > now(), false), "
        "failures, "
        "password IS NOT NULL, totp IS NOT NULL, (SELECT count(*) FROM sessions s WHERE "
        "s.username = u.username AND s.ends > now()) FROM users u ORDER BY username LIMIT 1000";
    return statement_new(arena, sql, NULL, 0);
}

struct statement read_provider_kept(struct arena *arena, str name, str issuer)
{
    return STATEMENT(
        arena,
        "SELECT discovery, keys, " RFC3339(
            "fetched") " FROM provider_documents WHERE name = $1::text AND issuer = $2::text",
        name, issuer);
}
