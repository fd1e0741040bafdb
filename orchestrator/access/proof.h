// SPDX-License-Identifier: Apache-2.0
//
// From a credential to the subject that it proves: passwords, API keys, sessions, tokens of OpenID
// Connect providers. What takes long (scrypt, asking a provider) runs on a helper thread; nothing
// here holds the loop. Nothing is remembered here but providers' keys: access.h remembers.
#ifndef BATON_ACCESS_PROOF_H
#define BATON_ACCESS_PROOF_H

#include "access/subject.h"
#include "base/config.h"
#include "base/error.h"
#include "base/strbuf.h"

struct event_base;
struct query_pool;
struct vault;
struct proof;

// NULL and *err when the settings are wrong (a providers file that cannot be read).
MUST_CHECK struct proof *proof_new(struct event_base *loop, const struct config *config,
                                   struct query_pool *pool, const struct vault *vault,
                                   struct error *err);

// Whether the settings auth.… are good: the providers' file, the first administrator's password.
MUST_CHECK bool proof_check_settings(const struct config *config, struct error *err);

// What an operator should look at: a provider that cannot be reached; NULL: nothing. The text is
// valid until the next call.
const char *proof_warning(const struct proof *proof);

// In Prometheus' text format.
void proof_print_metrics(const struct proof *proof, struct strbuf *out);

// Answers what is out with ERROR_UNAVAILABLE.
void proof_free(struct proof *proof);

// subject == NULL: refused. ERROR_DENIED: the credential proves nothing; err->text says to the
// caller no more than may be known to everybody. ERROR_UNAVAILABLE: it could not be checked now.
// The subject is valid during the call.
typedef void proof_done(void *context, const struct subject *subject, const struct error *err);

// `done` is called once, on the loop, perhaps from inside.
void proof_check(struct proof *proof, const struct credential *credential, proof_done *done,
                 void *context);

#endif
