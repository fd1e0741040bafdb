// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/credential.h"

#include "store/query.h"

static str or_null(str text)
{
    return text.len > 0 ? text : (str){NULL, 0};
}

static str or_empty(str text)
{
    return text.len > 0 ? text : STR_EMPTY;
}

static str truth(bool value)
{
    return value ? STR("true") : STR("false");
}

// -- Local users ------------------------------------------------------------------------

struct statement catalogue_login_failed(struct arena *arena, str username)
{
    return STATEMENT(arena,
                     "UPDATE users SET failures = least(failures, 1000) + 1, locked_until = "
                     "greatest(locked_until, now() + least(900, 2 ^ least(failures, 10)) * "
                     "interval '1 second') WHERE username = $1::text",
                     username);
}

struct statement catalogue_login_passed(struct arena *arena, str username, str stored,
                                        bool keeps_failures)
{
    return STATEMENT(arena,
                     "WITH free AS (SELECT FROM users WHERE username = $1::text AND password = "
                     "$2::text AND NOT is_locked AND (locked_until IS NULL OR locked_until <= "
                     "now())), reset AS "
                     "(UPDATE users SET failures = 0, locked_until = NULL WHERE NOT $3::boolean "
                     "AND username = $1::text AND failures > 0 AND EXISTS (SELECT FROM free)) "
                     "SELECT true FROM free",
                     username, stored, truth(keeps_failures));
}

struct statement catalogue_password_renew(struct arena *arena, str username, str old, str renewed)
{
    return STATEMENT(arena,
                     "UPDATE users SET password = $3::text WHERE username = $1::text AND "
                     "password = $2::text",
                     username, old, renewed);
}

struct statement catalogue_password_set(struct arena *arena, str username, str stored,
                                        str kept_session)
{
    return STATEMENT(arena,
                     "WITH gone AS (DELETE FROM sessions WHERE username = $1::text AND digest <> "
                     "$3::bytea) UPDATE users SET password = $2::text, changed = now(), failures = "
                     "0, locked_until = NULL WHERE username = $1::text RETURNING username",
                     username, stored, query_hex(arena, kept_session));
}

struct statement catalogue_user_add(struct arena *arena, str username, str stored, bool is_admin)
{
    return STATEMENT(arena,
                     "WITH made AS (INSERT INTO users (username, password) VALUES ($1::text, "
                     "$2::text) ON CONFLICT DO NOTHING RETURNING username), member AS (INSERT INTO "
                     "members (whole_kind, whole, member_kind, member) SELECT 4, 'admin', 1, "
                     "username FROM made WHERE $3::boolean ON CONFLICT DO NOTHING) SELECT username "
                     "FROM made",
                     username, stored, truth(is_admin));
}

struct statement catalogue_user_lock(struct arena *arena, str username, bool locks)
{
    return STATEMENT(
        arena,
        "WITH gone AS (DELETE FROM sessions WHERE username = $1::text AND $2::boolean) "
        "UPDATE users SET is_locked = $2::boolean, failures = 0, locked_until = NULL, "
        "password = password WHERE username = $1::text RETURNING username",
        username, truth(locks));
}

// -- Second factors ---------------------------------------------------------------------

struct statement catalogue_totp_offer(struct arena *arena, const struct totp_row *row)
{
    bool is_sealed = row->wrapped.len > 0;
    return STATEMENT(arena,
                     "UPDATE users SET totp_new = $2::bytea, totp_wrapped = $3::bytea, totp_key = "
                     "$4::text WHERE username = $1::text AND totp IS NULL RETURNING username",
                     row->username, query_hex(arena, row->secret),
                     is_sealed ? query_hex(arena, row->wrapped) : (str){0},
                     is_sealed ? row->vault_key : (str){0});
}

struct statement catalogue_totp_reseal(struct arena *arena, const struct totp_row *row, str old)
{
    return STATEMENT(arena,
                     "UPDATE users SET totp = CASE WHEN totp = $5::bytea THEN $2::bytea ELSE totp "
                     "END, totp_new = CASE WHEN totp_new = $5::bytea THEN $2::bytea ELSE totp_new "
                     "END, totp_wrapped = $3::bytea, totp_key = $4::text WHERE username = $1::text "
                     "AND coalesce(totp, totp_new) = $5::bytea RETURNING username",
                     row->username, query_hex(arena, row->secret), query_hex(arena, row->wrapped),
                     row->vault_key, query_hex(arena, old));
}

struct statement catalogue_totp_confirm(struct arena *arena, str username, str secret, int64_t step)
{
    return STATEMENT(arena,
                     "UPDATE users SET totp = totp_new, totp_new = NULL, totp_step = $3::bigint "
                     "WHERE username = $1::text AND totp_new = $2::bytea RETURNING username",
                     username, query_hex(arena, secret), statement_i64(arena, step));
}

struct statement catalogue_totp_remove(struct arena *arena, str username)
{
    return STATEMENT(arena,
                     "UPDATE users SET totp = NULL, totp_new = NULL, totp_step = 0, totp_wrapped = "
                     "NULL, totp_key = NULL WHERE username = $1::text RETURNING username",
                     username);
}

struct statement catalogue_totp_use(struct arena *arena, str username, int64_t step)
{
    return STATEMENT(arena,
                     "UPDATE users SET totp_step = $2::bigint, failures = 0, locked_until = NULL "
                     "WHERE username = $1::text AND totp_step < $2::bigint AND NOT is_locked AND "
                     "(locked_until IS NULL OR locked_until <= now()) RETURNING username",
                     username, statement_i64(arena, step));
}

// -- API keys ---------------------------------------------------------------------------

struct statement catalogue_api_key_add(struct arena *arena, const struct api_key_row *row)
{
    return STATEMENT(arena,
                     "INSERT INTO api_keys (id, client, name, digest, created_by, expires) VALUES "
                     "($1::text, $2::text, $3::text, $4::bytea, $5::text, $6::timestamptz) "
                     "RETURNING id",
                     row->id, row->client, or_empty(row->name), query_hex(arena, row->digest),
                     or_empty(row->created_by), or_null(row->expires));
}

struct statement catalogue_api_key_revoke(struct arena *arena, str id)
{
    return STATEMENT(arena,
                     "UPDATE api_keys SET revoked = now() WHERE id = $1::text AND revoked IS NULL "
                     "RETURNING id",
                     id);
}

struct statement catalogue_api_key_used(struct arena *arena, str id)
{
    return STATEMENT(
        arena, "UPDATE api_keys SET used = date_trunc('minute', now()) WHERE id = $1::text", id);
}

// -- Sessions ---------------------------------------------------------------------------

struct statement catalogue_session_add(struct arena *arena, const struct session_row *row)
{
    static const char sql[] =
        "WITH over AS (DELETE FROM sessions WHERE digest IN (SELECT digest FROM sessions WHERE "
        "ends < now() LIMIT 20)), replaced AS (DELETE FROM sessions WHERE digest = $12::bytea) "
        "INSERT INTO sessions (digest, id, username, provider, provider_session, subject, "
        "id_token, claims, ends, address, agent) VALUES ($1::bytea, $2::text, $3::text, $4::text, "
        "$5::text, $6::text, $7::text, $8::json, now() + $9::bigint * interval '1 second', "
        "$10::text, $11::text) RETURNING id";
    return STATEMENT(arena, sql, query_hex(arena, row->digest), row->id, row->username,
                     or_empty(row->provider), or_null(row->provider_session), or_null(row->subject),
                     or_null(row->id_token), or_null(row->claims),
                     statement_i64(arena, row->seconds), or_empty(row->address),
                     or_empty(row->agent), query_hex(arena, row->replaces));
}

struct statement catalogue_session_used(struct arena *arena, str digest)
{
    return STATEMENT(arena,
                     "UPDATE sessions SET used = now() WHERE digest = $1::bytea AND used < now() - "
                     "interval '1 minute'",
                     query_hex(arena, digest));
}

struct statement catalogue_session_end(struct arena *arena, str digest)
{
    return STATEMENT(arena,
                     "DELETE FROM sessions WHERE digest = $1::bytea RETURNING provider, id_token",
                     query_hex(arena, digest));
}

struct statement catalogue_sessions_end(struct arena *arena, str username, str id, str kept_session)
{
    return STATEMENT(arena,
                     "DELETE FROM sessions WHERE username = $1::text AND ($2::text = '' OR id = "
                     "$2::text) AND digest <> $3::bytea RETURNING id",
                     username, or_empty(id), query_hex(arena, kept_session));
}

struct statement catalogue_sessions_of_provider_end(struct arena *arena, str provider,
                                                    str provider_session, str subject)
{
    return STATEMENT(arena,
                     "DELETE FROM sessions WHERE provider = $1::text AND provider <> '' AND CASE "
                     "WHEN $2::text <> '' THEN provider_session = $2::text AND ($3::text = '' OR "
                     "subject = $3::text) ELSE $3::text <> '' AND subject = $3::text END RETURNING "
                     "id",
                     provider, or_empty(provider_session), or_empty(subject));
}

// -- Logins at a provider ---------------------------------------------------------------

struct statement catalogue_login_begin(struct arena *arena, const struct login_row *row)
{
    static const char sql[] =
        "WITH over AS (DELETE FROM logins WHERE state IN (SELECT state FROM logins WHERE made < "
        "now() - interval '10 minutes' LIMIT 20)) INSERT INTO logins (state, provider, verifier, "
        "nonce, target) VALUES ($1::bytea, $2::text, $3::text, $4::text, $5::text)";
    return STATEMENT(arena, sql, query_hex(arena, row->state), row->provider, row->verifier,
                     row->nonce, row->target);
}

struct statement catalogue_login_take(struct arena *arena, str state)
{
    return STATEMENT(arena,
                     "DELETE FROM logins WHERE state = $1::bytea AND made > now() - interval '10 "
                     "minutes' RETURNING provider, verifier, nonce, target",
                     query_hex(arena, state));
}

// -- Providers --------------------------------------------------------------------------

struct statement catalogue_provider_keep(struct arena *arena, str name, str issuer, str discovery,
                                         str keys)
{
    return STATEMENT(arena,
                     "INSERT INTO provider_documents (name, issuer, discovery, keys) VALUES "
                     "($1::text, $2::text, $3::text, $4::text) ON CONFLICT (name) DO UPDATE SET "
                     "issuer = excluded.issuer, discovery = excluded.discovery, keys = "
                     "excluded.keys, fetched = now()",
                     name, issuer, or_empty(discovery), keys);
}
