// SPDX-License-Identifier: Apache-2.0
#include "access/proof_private.h"

#include "access/api_key.h"
#include "access/claims.h"
#include "base/log.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { ADMIN_MIN_BYTES = 12 };

struct proving *proving_new(struct proof *proof, proof_done *done, void *context)
{
    struct arena arena = ARENA_EMPTY;
    struct proving *proving = ARENA_NEW(&arena, struct proving);
    proving->arena = arena;
    proving->proof = proof;
    proving->done = done;
    proving->context = context;
    proving->next = proof->first;
    proving->link = &proof->first;
    if (proof->first != NULL)
        proof->first->link = &proving->next;
    proof->first = proving;
    return proving;
}

static void wipe(str secret)
{
    if (secret.len > 0)
        OPENSSL_cleanse((char *)secret.data, secret.len);
}

static void answer(struct proving *proving, const struct subject *subject, const struct error *err)
{
    *proving->link = proving->next;
    if (proving->next != NULL)
        proving->next->link = proving->link;
    enum proving_end end = err == NULL                 ? PROVING_PROVED
                           : err->kind == ERROR_DENIED ? PROVING_REFUSED
                                                       : PROVING_UNAVAILABLE;
    proving->proof->counts[proving->kind][end]++;
    proving->done(proving->context, subject, err);
    wipe(proving->password);
    wipe(proving->secret);
    struct arena arena = proving->arena; // it lives in it
    arena_done(&arena);
}

void proving_succeed(struct proving *proving, const struct subject *subject)
{
    answer(proving, subject, NULL);
}

void proving_fail(struct proving *proving, const struct error *err)
{
    answer(proving, NULL, err);
}

void proving_refuse(struct proving *proving, const char *place, const char *text)
{
    struct error err;
    (void)error_set(&err, ERROR_DENIED, place, "%s", text);
    answer(proving, NULL, &err);
}

// What the database says is for the log, not for whoever is not known yet.
static void on_rows(void *context, const struct query_rows *rows, const struct error *err)
{
    struct proving *proving = pending_end(context);
    struct error unavailable;
    if (proving == NULL)
        return;
    if (rows != NULL) {
        proving->on_rows(proving, rows);
        return;
    }
    log_failure("access", err);
    (void)error_set(&unavailable, ERROR_UNAVAILABLE, "postgres",
                    "who you are cannot be checked now: try again later");
    proving_fail(proving, &unavailable);
}

void proving_ask(struct proving *proving, struct statement statement, proving_rows *then)
{
    struct proof *proof = proving->proof;
    proving->on_rows = then;
    query_statement(proof->pool, statement, on_rows, pending_new(&proof->out, proving));
}

static void on_posted(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context;
    if (rows == NULL)
        log_failure("access", err);
}

void proof_post(struct proof *proof, struct statement statement)
{
    query_statement(proof->pool, statement, on_posted, NULL);
}

void proof_check(struct proof *proof, const struct credential *credential, proof_done *done,
                 void *context)
{
    struct proving *proving = proving_new(proof, done, context);
    proving->user = str_copy(&proving->arena, credential->user);
    proving->secret = str_copy(&proving->arena, credential->secret);
    switch (credential->kind) {
    case CREDENTIAL_NONE:
        proving_refuse(proving, "credential", "there is no credential");
        return;
    case CREDENTIAL_BEARER:
        if (str_starts_with(proving->secret, STR(API_KEY_PREFIX))) {
            proving->kind = PROVING_API_KEY;
            api_key_prove(proving);
        } else {
            proving->kind = PROVING_TOKEN;
            token_prove(proving);
        }
        return;
    case CREDENTIAL_BASIC:
        proving->kind = PROVING_PASSWORD;
        proving->password = proving->secret;
        proving->takes_no_factor = true;
        user_prove(proving);
        return;
    case CREDENTIAL_SESSION:
        proving->kind = PROVING_SESSION;
        session_prove(proving);
        return;
    case CREDENTIAL_CERTIFICATE:
        proving->kind = PROVING_CERTIFICATE;
        certificate_prove(proving);
        return;
    }
    check_unreachable();
}

struct passwords *proof_passwords(struct proof *proof)
{
    return proof->passwords;
}

struct providers *proof_providers(struct proof *proof)
{
    return proof->providers;
}

void proof_print_metrics(const struct proof *proof, struct strbuf *out)
{
    static const char *const kinds[] = {"login",   "password", "token",
                                        "api_key", "session",  "certificate"},
                             *const ends[] = {"proved", "refused", "unavailable"};
    _Static_assert(COUNT_OF(kinds) == PROVING_KINDS && COUNT_OF(ends) == PROVING_ENDS, "named");
    strbuf_add(out, STR("# HELP baton_credentials_total Credentials that were checked (those that "
                        "are remembered are not), by what came of it.\n"
                        "# TYPE baton_credentials_total counter\n"));
    for (size_t kind = 0; kind < PROVING_KINDS; kind++)
        for (size_t end = 0; end < PROVING_ENDS; end++)
            strbuf_format(out, "baton_credentials_total{kind=\"%s\",result=\"%s\"} %llu\n",
                          kinds[kind], ends[end], (unsigned long long)proof->counts[kind][end]);
    strbuf_add(out, STR("# HELP baton_provider_up 1: a provider's description and keys could be "
                        "fetched the last time.\n# TYPE baton_provider_up gauge\n"));
    for (size_t i = 0; i < providers_count(proof->providers); i++) {
        const struct provider *provider = providers_at(proof->providers, i);
        strbuf_format(out, "baton_provider_up{provider=\"%.*s\"} %d\n",
                      STR_ARG(provider_settings(provider)->name), provider_is_up(provider));
    }
}

const char *proof_warning(const struct proof *proof)
{
    return providers_trouble(proof->providers);
}

bool proof_check_settings(const struct config *config, struct error *err)
{
    struct provider_settings *providers;
    struct arena arena = ARENA_EMPTY;
    size_t count;
    struct error why;
    str user = str_of(config_str(config, CONFIG_AUTH_ADMIN_USER)),
        password = str_of(config_str(config, CONFIG_AUTH_ADMIN_PASSWORD));
    if (!claims_check(str_of(config_str(config, CONFIG_AUTH_CERTIFICATE_CLIENT)), &why))
        return error_set(err, ERROR_INVALID, "auth.certificate_client", "%s", why.text);
    bool good = provider_file_read(&arena, config_str(config, CONFIG_AUTH_PROVIDERS), &providers,
                                   &count, err);
    arena_done(&arena);
    if (!good)
        return false;
    str url = str_of(config_str(config, CONFIG_AUTH_PUBLIC_URL));
    if (url.len > 0 && !str_starts_with(url, STR("https://")) &&
        !str_starts_with(url, STR("http://")))
        return error_set(err, ERROR_INVALID, "auth.public_url",
                         "'%.200s' is no address that begins with https:// or http://", url.data);
    if ((user.len == 0) != (password.len == 0))
        return error_set(err, ERROR_INVALID, "auth.admin_user",
                         "auth.admin_user and auth.admin_password are set together");
    if (password.len > 0 && password.len < ADMIN_MIN_BYTES)
        return error_set(err, ERROR_INVALID, "auth.admin_password",
                         "it must have at least %d characters", ADMIN_MIN_BYTES);
    return password.len == 0 || password_may_be(password, &why) ||
           error_set(err, ERROR_INVALID, "auth.admin_password", "%s", why.text);
}

struct proof *proof_new(struct event_base *loop, const struct config *config,
                        struct query_pool *pool, const struct vault *vault, struct error *err)
{
    struct proof *proof = calloc(1, sizeof *proof);
    check(proof != NULL);
    proof->config = config;
    proof->pool = pool;
    proof->vault = vault;
    proof->passwords = passwords_new(loop, config);
    proof->providers = providers_new(loop, config, pool, err);
    if (proof->providers == NULL) {
        proof_free(proof);
        return NULL;
    }
    return proof;
}

void proof_free(struct proof *proof)
{
    struct error err;
    if (proof == NULL)
        return;
    // Whoever is answered may still ask for the providers' names.
    passwords_free(proof->passwords);
    (void)error_set(&err, ERROR_UNAVAILABLE, "access", "this program is stopping");
    while (proof->first != NULL)
        proving_fail(proof->first, &err);
    pending_cancel(&proof->out);
    providers_free(proof->providers);
    free(proof);
}
