// SPDX-License-Identifier: Apache-2.0
//
// What a caller shows, and who that proves it to be.
#ifndef BATON_ACCESS_SUBJECT_H
#define BATON_ACCESS_SUBJECT_H

#include "base/json.h"

enum credential_kind {
    CREDENTIAL_NONE,
    CREDENTIAL_BEARER,  // a token of a provider, or an API key (baton_ID_SECRET)
    CREDENTIAL_BASIC,   // user and password; a second factor, where the user has one, is asked for
                        // at the login only, so such users are refused here
    CREDENTIAL_SESSION, // the value of a session's cookie
    CREDENTIAL_CERTIFICATE, // of the connection, which TLS has found good
};

// Texts are the caller's, as long as the call.
struct credential {
    enum credential_kind kind;
    str user;    // CREDENTIAL_BASIC
    str secret;  // the token, password, cookie, or the claims of a certificate as JSON
    str address; // of the peer; empty: not known
};

enum subject_kind { SUBJECT_USER = 1, SUBJECT_CLIENT = 2 };

struct subject {
    enum subject_kind kind;
    str id;                    // username or client id
    const struct json *claims; // of the token, for mapping rules; NULL: none
    const str *groups;         // that the token names: members of them without a row
    size_t group_count;
    str proof;        // for the audit: "token of ISSUER", "API key ID", "password", …
    int64_t until_ms; // when the proof ends, since 1970; INT64_MAX: not by itself
};

#endif
