// SPDX-License-Identifier: Apache-2.0
//
// Local users: what a login takes, and second factors (TOTP, RFC 6238).
#ifndef BATON_ACCESS_LOGIN_H
#define BATON_ACCESS_LOGIN_H

#include "access/proof.h"

struct passwords;

struct login {
    str user;
    str password;
    str code; // of the second factor; empty: none
};

// As proof_check. A right password of a user with a second factor, without a code: ERROR_DENIED
// with err->place "code". After failures in a row logins are locked out for 1 s, 2 s, 4 s … 15 min:
// the right password does not help then.
void login_check(struct proof *proof, const struct login *login, proof_done *done, void *context);

struct passwords *proof_passwords(struct proof *proof);

struct providers;
struct providers *proof_providers(struct proof *proof);

// -- Second factors -------------------------------------------------------------------------------

enum { TOTP_SECRET_BYTES = 20, TOTP_DIGITS = 6, TOTP_STEP_S = 30 };

// The step that the code is of: now, the one before or the one after. False: none of these.
MUST_CHECK bool totp_find(str secret, str code, int64_t now_ms, int64_t *ret_step);

// For tests and programs: the code of a step.
str totp_code(struct arena *arena, str secret, int64_t step);

struct vault;

// A secret as it is stored: sealed where there is a vault, else as it is.
struct totp_stored {
    str secret;
    str wrapped;   // the data key that sealed it; empty: it lies as it is
    str vault_key; // that wrapped that one
};

struct totp_stored totp_seal(struct arena *arena, const struct vault *vault, str user, str secret);

// False: the key is not there, or something was changed; whoever asks cannot be proved.
MUST_CHECK bool totp_open(struct arena *arena, const struct vault *vault, str user,
                          const struct totp_stored *stored, str *ret_secret, struct error *err);

// What it is bound to: nobody can give a user another one's.
str totp_bound(struct arena *arena, str user);

// otpauth://totp/… for an authenticator's QR code.
str totp_uri(struct arena *arena, str issuer, str user, str secret);

#endif
