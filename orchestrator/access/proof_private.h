// SPDX-License-Identifier: Apache-2.0
//
// What the files behind proof.h share: somebody who is being proved. A proving is on its proof's
// list from its beginning to its one answer; what it asked for and comes later finds nobody.
#ifndef BATON_ACCESS_PROOF_PRIVATE_H
#define BATON_ACCESS_PROOF_PRIVATE_H

#include "access/jwt.h"
#include "access/login.h"
#include "access/password.h"
#include "access/proof.h"
#include "access/provider.h"
#include "loop/pending.h"
#include "store/query.h"

enum proving_kind {
    PROVING_LOGIN, // at a provider, or a logout that it reports
    PROVING_PASSWORD,
    PROVING_TOKEN,
    PROVING_API_KEY,
    PROVING_SESSION,
    PROVING_CERTIFICATE,
    PROVING_KINDS
};

enum proving_end { PROVING_PROVED, PROVING_REFUSED, PROVING_UNAVAILABLE, PROVING_ENDS };

struct proof {
    const struct config *config;
    struct query_pool *pool;
    const struct vault *vault; // NULL: none
    struct passwords *passwords;
    struct providers *providers;
    struct pending_list out; // that provings wait for
    struct proving *first;   // that are not answered
    uint64_t counts[PROVING_KINDS][PROVING_ENDS];
};

typedef void proving_rows(struct proving *proving, const struct query_rows *rows);

struct proving {
    struct proving *next, **link;
    struct proof *proof;
    enum proving_kind kind;
    struct arena arena;
    proof_done *done;
    void *context;
    proving_rows *on_rows; // of the statement that is out
    // Of passwords.
    str user, password, code;
    bool takes_no_factor; // a user with a second factor is refused
    str stored;           // of the user; empty: nobody's
    struct totp_stored factor;
    int64_t totp_step;
    bool is_locked;
    // Of API keys, sessions and tokens.
    str secret, id;
    struct jwt jwt;
    struct provider *provider; // of the token
    bool has_waited;           // for the provider's keys
    struct flow *flow;         // of logins at a provider (oidc.c)
};

struct proving *proving_new(struct proof *proof, proof_done *done, void *context);

// Ask for rows; a failure of the database ends the proving.
void proving_ask(struct proving *proving, struct statement statement, proving_rows *on_rows);

// The same for a statement whose outcome nobody waits for.
void proof_post(struct proof *proof, struct statement statement);

// The ends; each frees the proving.
void proving_succeed(struct proving *proving, const struct subject *subject);
void proving_refuse(struct proving *proving, const char *place, const char *text);
void proving_fail(struct proving *proving, const struct error *err);

// The kinds, each from its beginning.
void user_prove(struct proving *proving);
void certificate_prove(struct proving *proving);
void api_key_prove(struct proving *proving);
void session_prove(struct proving *proving);
void token_prove(struct proving *proving);

// The groups that claims name, for a subject.
void subject_add_claims(struct arena *arena, const struct provider_settings *settings,
                        const struct json *claims, struct subject *subject);

static inline int64_t session_idle_s(const struct proof *proof)
{
    return config_i64(proof->config, CONFIG_AUTH_SESSION_IDLE_S);
}

#endif
