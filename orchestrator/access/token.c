// SPDX-License-Identifier: Apache-2.0
//
// Bearer tokens of providers. What a stranger is told of a token that is nobody's is always the
// same; the holder of a genuine one reads what is wrong with it.
#include "access/proof_private.h"

#include "access/claims.h"
#include "base/clock.h"

static void refuse(struct proving *proving)
{
    proving_refuse(proving, "token", "it is no token that is accepted here");
}

void subject_add_claims(struct arena *arena, const struct provider_settings *settings,
                        const struct json *claims, struct subject *subject)
{
    subject->claims = claims;
    subject->groups = claims_texts(arena, settings->groups_claim, claims, &subject->group_count);
}

static bool is_client(struct arena *arena, const struct provider_settings *settings,
                      const struct json *claims)
{
    if (settings->client_if.len > 0)
        return claims_hold(arena, settings->client_if, claims);
    return claims_text(arena, settings->client_claim, claims).len > 0 &&
           !(settings->prefer_username &&
             claims_text(arena, settings->username_claim, claims).len > 0);
}

static void succeed(struct proving *proving)
{
    struct arena *arena = &proving->arena;
    const struct provider_settings *settings = provider_settings(proving->provider);
    const struct json *claims = proving->jwt.claims;
    struct subject subject = {.kind = is_client(arena, settings, claims) ? SUBJECT_CLIENT
                                                                         : SUBJECT_USER};
    bool is_user = subject.kind == SUBJECT_USER;
    subject.id =
        claims_text(arena, is_user ? settings->username_claim : settings->client_claim, claims);
    if (subject.id.len == 0) {
        proving_refuse(proving, "token",
                       is_user ? "the token names no user (username_claim of its provider)"
                               : "the token names no client (client_claim of its provider)");
        return;
    }
    subject.proof = str_format(arena, "token of %.*s", STR_ARG(settings->name));
    subject.until_ms = jwt_until_ms(&proving->jwt, settings->leeway_s);
    subject_add_claims(arena, settings, claims, &subject);
    proving_succeed(proving, &subject);
}

static void check_claims(struct proving *proving)
{
    const struct provider_settings *settings = provider_settings(proving->provider);
    const struct jwt_rules rules = {.use = JWT_ACCESS,
                                    .issuer = settings->issuer,
                                    .audiences = settings->audiences.items,
                                    .audience_count = settings->audiences.count,
                                    .leeway_s = settings->leeway_s,
                                    .now_ms = clock_now_ms()};
    struct error err;
    if (jwt_check(&proving->arena, &proving->jwt, &rules, &err))
        succeed(proving);
    else
        proving_fail(proving, &err);
}

static void verify(struct proving *proving);

static void on_ready(void *context, const struct error *err)
{
    struct proving *proving = pending_end(context);
    if (proving == NULL)
        return;
    if (err != NULL)
        proving_fail(proving, err);
    else
        verify(proving);
}

// An unknown key may be a new one: it is asked for once, and not more often than the provider's
// rest allows, whoever makes up ids of keys.
static void want_key(struct proving *proving)
{
    struct error err;
    bool has_keys = provider_keys(proving->provider) != NULL;
    if (!proving->has_waited && provider_may_refresh(proving->provider)) {
        proving->has_waited = true;
        provider_refresh(proving->provider, on_ready, pending_new(&proving->proof->out, proving));
    } else if (has_keys) {
        refuse(proving);
    } else {
        (void)error_set(&err, ERROR_UNAVAILABLE, "provider",
                        "the keys of the token's provider cannot be had now: try again later");
        proving_fail(proving, &err);
    }
}

static void verify(struct proving *proving)
{
    const struct jwk_set *keys = provider_keys(proving->provider);
    enum jwt_verdict verdict = keys != NULL ? jwt_verify(&proving->jwt, keys) : JWT_NO_KEY;
    switch (verdict) {
    case JWT_GOOD:
        check_claims(proving);
        return;
    case JWT_NO_KEY:
        want_key(proving);
        return;
    case JWT_BAD:
        refuse(proving);
        return;
    }
    check_unreachable();
}

void token_prove(struct proving *proving)
{
    struct error err;
    if (!jwt_parse(&proving->arena, proving->secret, &proving->jwt, &err)) {
        proving_fail(proving, &err);
        return;
    }
    str issuer = json_get_str(proving->jwt.claims, STR("iss"), STR_EMPTY);
    proving->provider = providers_issuing(proving->proof->providers, issuer);
    if (proving->provider == NULL ||
        (provider_settings(proving->provider)->allowed & 1u << proving->jwt.algorithm) == 0) {
        refuse(proving);
        return;
    }
    provider_use(proving->provider);
    verify(proving);
}
