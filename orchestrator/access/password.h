// SPDX-License-Identifier: Apache-2.0
//
// Passwords of local users: scrypt (RFC 7914) with parameters and salt beside the digest, as
// users.password has them. A hash takes a tenth of a second and 32 MiB on purpose, so it runs on
// helper threads; what waits for them is bounded.
#ifndef BATON_ACCESS_PASSWORD_H
#define BATON_ACCESS_PASSWORD_H

#include "base/config.h"
#include "base/error.h"

struct event_base;
struct passwords;

enum {
    PASSWORD_MIN_CHARACTERS = 8,
    PASSWORD_MAX_BYTES = 256,
    PASSWORD_MAX_WAITING = 200, // beyond, ERROR_UNAVAILABLE
    PASSWORD_THREADS = 2,
    PASSWORD_MAX_STORED = 160, // bytes of what is stored, with a NUL
};

struct passwords *passwords_new(struct event_base *loop, const struct config *config);
void passwords_free(struct passwords *passwords); // answers what is out with ERROR_UNAVAILABLE

// Whether a password may be set: its length. False: ERROR_INVALID.
MUST_CHECK bool password_may_be(str password, struct error *err);

// err == NULL: `stored` is for users.password, valid during the call. ERROR_INVALID: it may not be
// a password; ERROR_UNAVAILABLE: too many wait, or this process ends.
typedef void password_hashed(void *context, str stored, const struct error *err);

// `done` is called once, on the loop, perhaps from inside. The password is copied, and wiped.
void password_hash_async(struct passwords *passwords, str password, password_hashed *done,
                         void *context);

// err == NULL: `fits` says whether it is the password. Where it is and what is stored was made with
// smaller parameters than the settings have, `renewed` is to be stored in its place; else empty.
typedef void password_checked(void *context, bool fits, str renewed, const struct error *err);

// `stored` empty (there is no such user, or one without a password): takes as long, and never fits.
void password_check_async(struct passwords *passwords, str password, str stored,
                          password_checked *done, void *context);

// The same as password_hash_async, waiting: for the command line and the start. `cost` is the
// setting auth.password_cost.
MUST_CHECK bool password_hash_now(str password, int64_t cost, char ret_stored[PASSWORD_MAX_STORED],
                                  struct error *err);

#endif
