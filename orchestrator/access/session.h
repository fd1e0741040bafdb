// SPDX-License-Identifier: Apache-2.0
//
// Sessions of browsers: a cookie of 256 random bits, of which PostgreSQL keeps the digest.
#ifndef BATON_ACCESS_SESSION_H
#define BATON_ACCESS_SESSION_H

#include "base/config.h"
#include "store/statement.h"

struct session_start {
    str username;
    str provider;         // empty: a local user, and none of the four below
    str provider_session; // its `sid`; empty: none
    str subject;          // its `sub`
    str id_token;
    str claims;   // JSON
    str address;  // of the browser
    str agent;    // what it calls itself
    str replaced; // the cookie that it had: that session ends; empty: none
};

// The row of a new session; *ret_cookie is for the browser. A login never goes on with a cookie
// that was there before.
struct statement session_begin(struct arena *arena, const struct config *config,
                               const struct session_start *start, str *ret_cookie);

// The digest under which the session of a cookie is kept: bytes.
str session_digest(struct arena *arena, str cookie);

// 256 random bits as text that cookies and URLs take: base64url.
str session_random(struct arena *arena);

#endif
