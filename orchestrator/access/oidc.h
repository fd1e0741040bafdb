// SPDX-License-Identifier: Apache-2.0
//
// Logins of browsers at a provider: authorization code with PKCE (RFC 7636), state and nonce; and
// what the provider says when somebody logs out there (OpenID Connect Back-Channel Logout 1.0).
#ifndef BATON_ACCESS_OIDC_H
#define BATON_ACCESS_OIDC_H

#include "access/proof.h"
#include "access/session.h"

struct provider;

// -- To the provider ------------------------------------------------------------------------------

struct oidc_start {
    str provider; // its name
    str target;   // where the browser goes in the end: a path of ours, checked by the caller
    str redirect; // where the provider sends it back: an address of ours
};

// err == NULL: the browser keeps `cookie` until it comes back, and goes to `url`. ERROR_NOT_FOUND:
// there is no such provider, or it has no logins. Texts are valid during the call.
typedef void oidc_started(void *context, str url, str cookie, const struct error *err);

void oidc_begin(struct proof *proof, const struct oidc_start *start, oidc_started *done,
                void *context);

// -- And back -------------------------------------------------------------------------------------

struct oidc_return {
    str state;    // of the address that it came back with
    str code;     // …
    str issuer;   // …, RFC 9207; empty: none
    str cookie;   // what the browser had kept
    str redirect; // as it was given to oidc_begin
};

struct oidc_login {
    struct session_start session; // address, agent and what it replaces are the caller's to fill in
    str target;
};

// err == NULL: somebody has logged in. Texts are valid during the call.
typedef void oidc_finished(void *context, const struct oidc_login *login, const struct error *err);

void oidc_finish(struct proof *proof, const struct oidc_return *back, oidc_finished *done,
                 void *context);

// Where a browser goes after the logout here, so that it is logged out there; empty: nowhere.
str oidc_logout_url(struct proof *proof, struct arena *arena, str provider, str id_token,
                    str afterwards);

// -- Back-channel logout --------------------------------------------------------------------------

// err == NULL: the sessions that the token names have ended.
typedef void oidc_logged_out(void *context, const struct error *err);

void oidc_backchannel(struct proof *proof, str provider, str token, oidc_logged_out *done,
                      void *context);

#endif
