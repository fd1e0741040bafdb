// SPDX-License-Identifier: Apache-2.0
//
// What proves who somebody is: passwords, API keys, sessions. They belong to no tenant, and are
// read before anybody is known; lists are for those who may see the user or client that they name.
#ifndef BATON_STORE_READ_CREDENTIAL_H
#define BATON_STORE_READ_CREDENTIAL_H

#include "store/statement.h"

// Of a local user: password, totp, totp_step, whether logins are locked out now, name, whether
// totp_new is there.
enum user_secret_columns {
    USER_PASSWORD,
    USER_TOTP,
    USER_TOTP_STEP,
    USER_IS_LOCKED,
    USER_NAME,
    USER_TOTP_NEW,
    USER_TOTP_WRAPPED, // the data key of either; empty: they lie as they are
};
struct statement read_user_secret(struct arena *arena, str username);

// Second factors that another key of the vault wraps, or none, 100 at a time: username, secret as
// it is stored, data key (empty: it lies as it is).
struct statement read_totp_to_seal(struct arena *arena, str vault_key);

// An API key that is neither over nor revoked.
enum api_key_columns {
    API_KEY_CLIENT,
    API_KEY_DIGEST,
    API_KEY_EXPIRES_MS, // null: never
    API_KEY_IS_STALE,   // `used` is more than a minute ago
};
struct statement read_api_key(struct arena *arena, str id);

// A session that has not ended.
enum session_columns {
    SESSION_USERNAME,
    SESSION_PROVIDER,
    SESSION_CLAIMS,
    SESSION_ENDS_MS,
    SESSION_IS_STALE,
    SESSION_ID_TOKEN,
};
struct statement read_session(struct arena *arena, str digest, int64_t idle_s);

// id, provider, created, used, ends, address, agent, and whether it is the one with the digest:
// newest first. Times are RFC 3339.
struct statement read_sessions(struct arena *arena, str username, str digest, int64_t idle_s);

// id, client, name, created, created_by, expires, used, revoked: of one client, or where it is
// empty of all; newest first, at most 1000.
struct statement read_api_keys(struct arena *arena, str client);

// username, name, email, whether locked out now, failures, whether a password, whether a second
// factor, sessions: at most 1000, by name.
struct statement read_users_overview(struct arena *arena);

// What is kept of a provider's description and keys, where the issuer is still the same.
enum provider_columns { PROVIDER_DISCOVERY, PROVIDER_KEYS, PROVIDER_FETCHED };
struct statement read_provider_kept(struct arena *arena, str name, str issuer);

#endif
