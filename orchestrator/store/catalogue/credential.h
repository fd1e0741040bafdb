// SPDX-License-Identifier: Apache-2.0
//
// Changes to what proves who somebody is: passwords, second factors, API keys, sessions, logins
// that are at a provider.
#ifndef BATON_STORE_CATALOGUE_CREDENTIAL_H
#define BATON_STORE_CATALOGUE_CREDENTIAL_H

#include "store/statement.h"

// -- Local users ----------------------------------------------------------------------------------

// A login failed: the next one has to wait 1 s, 2 s, 4 s … 15 min.
struct statement catalogue_login_failed(struct arena *arena, str username);

// A password was right: a row where logins are not locked out and `stored` is still what is stored.
// Then failures are forgotten; with `keeps_failures` they are not, as a second factor is to come.
struct statement catalogue_login_passed(struct arena *arena, str username, str stored,
                                        bool keeps_failures);

// The same password, hashed anew.
struct statement catalogue_password_renew(struct arena *arena, str username, str old, str renewed);

// Another password; ends all sessions but the one with the digest (empty: all). A row when there is
// such a user.
struct statement catalogue_password_set(struct arena *arena, str username, str stored,
                                        str kept_session);

// A new user, with the role admin where asked for. A row; none when there is one of the name.
struct statement catalogue_user_add(struct arena *arena, str username, str stored, bool is_admin);

// Nobody can log in as the user, and no session is left; or they can again, at once. A row when
// there is such a user.
struct statement catalogue_user_lock(struct arena *arena, str username, bool locks);

// -- Second factors -------------------------------------------------------------------------------

// As it is stored: the secret, sealed or as it is, the data key that sealed it and the id of the
// vault's key that wrapped that one (empty: as it is).
struct totp_row {
    str username;
    str secret, wrapped, vault_key;
};

// A row when there is such a user and it has none yet.
struct statement catalogue_totp_offer(struct arena *arena, const struct totp_row *row);

// A row unless it was changed meanwhile: `old` is the secret as it was stored.
struct statement catalogue_totp_reseal(struct arena *arena, const struct totp_row *row, str old);

// What was offered counts from here on, and the step of the code is used up. A row unless something
// else was offered meanwhile.
struct statement catalogue_totp_confirm(struct arena *arena, str username, str secret,
                                        int64_t step);
struct statement catalogue_totp_remove(struct arena *arena, str username);

// A row unless a code of this step or a later one was used before.
struct statement catalogue_totp_use(struct arena *arena, str username, int64_t step);

// -- API keys -------------------------------------------------------------------------------------

struct api_key_row {
    str id;
    str client;
    str name;
    str digest; // bytes
    str created_by;
    str expires; // RFC 3339; empty: never
};
struct statement catalogue_api_key_add(struct arena *arena, const struct api_key_row *row);

// id, when there is one that is not revoked yet.
struct statement catalogue_api_key_revoke(struct arena *arena, str id);
struct statement catalogue_api_key_used(struct arena *arena, str id);

// -- Sessions -------------------------------------------------------------------------------------

struct session_row {
    str digest; // bytes
    str id;
    str username;
    str provider;         // empty: a local user
    str provider_session; // empty: none
    str subject;          // empty: none
    str id_token;         // empty: none
    str claims;           // JSON; empty: none
    int64_t seconds;      // until its end
    str address;
    str agent;
    str replaces; // bytes: the digest of the one that the browser had; empty: none
};

// Some that have ended go with it.
struct statement catalogue_session_add(struct arena *arena, const struct session_row *row);
struct statement catalogue_session_used(struct arena *arena, str digest);

// provider, id_token of the one that is gone.
struct statement catalogue_session_end(struct arena *arena, str digest);

// A row for each that is gone: by its id, or where the id is empty all but the one with the digest.
struct statement catalogue_sessions_end(struct arena *arena, str username, str id,
                                        str kept_session);

// Of a provider: by its session id, or where that is empty by subject.
struct statement catalogue_sessions_of_provider_end(struct arena *arena, str provider,
                                                    str provider_session, str subject);

// -- Logins at a provider -------------------------------------------------------------------------

struct login_row {
    str state; // bytes: a digest
    str provider;
    str verifier;
    str nonce;
    str target;
};

// Those that were never finished go with it.
struct statement catalogue_login_begin(struct arena *arena, const struct login_row *row);

// provider, verifier, nonce, target: once.
struct statement catalogue_login_take(struct arena *arena, str state);

// -- Providers ------------------------------------------------------------------------------------

// What a provider says of itself (empty: nothing) and its keys, for a start without it.
struct statement catalogue_provider_keep(struct arena *arena, str name, str issuer, str discovery,
                                         str keys);

#endif
