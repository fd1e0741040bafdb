// SPDX-License-Identifier: Apache-2.0
#include "access/oidc.h"

#include "access/claims.h"
#include "access/fetch.h"
#include "access/proof_private.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "loop/helper.h"
#include "store/catalogue/credential.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { MAX_CODE_BYTES = 4096 };

// What is under way, in the arena of its proving, which ends it: `subject` plays no part.
struct flow {
    struct proving *proving;
    struct provider *provider;
    void *context; // of the caller
    oidc_started *started;
    oidc_finished *finished;
    oidc_logged_out *logged_out;
    void (*go_on)(struct flow *flow); // once the provider's keys are there
    bool has_waited;
    str target, redirect;
    str url, cookie;     // of the start
    str code, issuer;    // of the return
    str verifier, nonce; // of the row
    str token;           // identity or logout token, as it came
    struct jwt jwt;      // the same, read
    struct session_start session;
};

static void on_end(void *context, const struct subject *subject, const struct error *err)
{
    struct flow *flow = context;
    (void)subject;
    if (flow->started != NULL)
        flow->started(flow->context, flow->url, flow->cookie, err);
    else if (flow->finished != NULL)
        flow->finished(flow->context,
                       err == NULL ? &(struct oidc_login){flow->session, flow->target} : NULL, err);
    else
        flow->logged_out(flow->context, err);
}

static struct flow *flow_new(struct proof *proof, void *context)
{
    struct proving *proving = proving_new(proof, on_end, NULL);
    struct flow *flow = ARENA_NEW(&proving->arena, struct flow);
    proving->context = flow;
    proving->flow = flow;
    flow->proving = proving;
    flow->context = context;
    return flow;
}

static struct arena *arena_of(struct flow *flow)
{
    return &flow->proving->arena;
}

static void succeed(struct flow *flow)
{
    proving_succeed(flow->proving, NULL);
}

static void refuse(struct flow *flow, const char *text)
{
    proving_refuse(flow->proving, "login", text);
}

static void refuse_as(struct flow *flow, enum error_kind kind, const char *text)
{
    struct error err;
    (void)error_set(&err, kind, "login", "%s", text);
    proving_fail(flow->proving, &err);
}

static void on_provider(void *context, const struct error *err)
{
    struct proving *proving = pending_end(context);
    if (proving == NULL)
        return;
    if (err != NULL)
        proving_fail(proving, err);
    else
        proving->flow->go_on(proving->flow);
}

static void wait_for_provider(struct flow *flow, void (*go_on)(struct flow *flow))
{
    flow->go_on = go_on;
    flow->has_waited = true;
    provider_refresh(flow->provider, on_provider,
                     pending_new(&flow->proving->proof->out, flow->proving));
}

static bool find_provider(struct flow *flow, str name)
{
    flow->provider = providers_named(flow->proving->proof->providers, name);
    if (flow->provider != NULL && provider_settings(flow->provider)->client_id.len > 0)
        return true;
    refuse_as(flow, ERROR_NOT_FOUND, "there is no such provider, or it is for tokens only");
    return false;
}

// -- To the provider --------------------------------------------------------------------

static str challenge_of(struct arena *arena, str verifier)
{
    struct digest digest = digest_sha256(verifier);
    return base64url_encode(arena, str_from(digest.bytes, DIGEST_SIZE));
}

static void on_row(struct proving *proving, const struct query_rows *rows)
{
    (void)rows;
    succeed(proving->flow);
}

static void write_url(struct flow *flow, str authorization)
{
    struct arena *arena = arena_of(flow);
    const struct provider_settings *settings = provider_settings(flow->provider);
    struct strbuf query = strbuf_new(arena), scopes = strbuf_new(arena);
    for (size_t i = 0; i < settings->scopes.count; i++)
        strbuf_format(&scopes, "%s%.*s", i ? " " : "", STR_ARG(settings->scopes.items[i]));
    form_add(&query, "response_type", STR("code"));
    form_add(&query, "client_id", settings->client_id);
    form_add(&query, "redirect_uri", flow->redirect);
    form_add(&query, "scope", strbuf_str(&scopes));
    form_add(&query, "state", flow->cookie);
    form_add(&query, "nonce", flow->nonce);
    form_add(&query, "code_challenge", challenge_of(arena, flow->verifier));
    form_add(&query, "code_challenge_method", STR("S256"));
    char mark = str_find_char(authorization, '?') == SIZE_MAX ? '?' : '&';
    flow->url =
        str_format(arena, "%.*s%c%.*s", STR_ARG(authorization), mark, STR_ARG(strbuf_str(&query)));
}

static void send_away(struct flow *flow)
{
    struct arena *arena = arena_of(flow);
    str authorization = provider_endpoints(flow->provider)->authorization;
    if (authorization.len == 0) {
        refuse_as(flow, ERROR_UNAVAILABLE,
                  "the provider says not where browsers log in (authorization_url)");
        return;
    }
    flow->cookie = session_random(arena);
    flow->verifier = session_random(arena);
    flow->nonce = session_random(arena);
    write_url(flow, authorization);
    const struct login_row row = {.state = session_digest(arena, flow->cookie),
                                  .provider = provider_settings(flow->provider)->name,
                                  .verifier = flow->verifier,
                                  .nonce = flow->nonce,
                                  .target = flow->target};
    proving_ask(flow->proving, catalogue_login_begin(arena, &row), on_row);
}

void oidc_begin(struct proof *proof, const struct oidc_start *start, oidc_started *done,
                void *context)
{
    struct flow *flow = flow_new(proof, context);
    flow->started = done;
    flow->target = str_copy(arena_of(flow), start->target);
    flow->redirect = str_copy(arena_of(flow), start->redirect);
    if (!find_provider(flow, start->provider))
        return;
    if (provider_endpoints(flow->provider)->authorization.len == 0 &&
        provider_may_refresh(flow->provider))
        wait_for_provider(flow, send_away);
    else
        send_away(flow);
}

// -- Its tokens -------------------------------------------------------------------------

// Identity and logout tokens are for this client alone.
static bool check_claims(struct flow *flow, enum jwt_use use, struct error *err)
{
    const struct provider_settings *settings = provider_settings(flow->provider);
    const struct jwt_rules rules = {.use = use,
                                    .issuer = settings->issuer,
                                    .audiences = &settings->client_id,
                                    .audience_count = 1,
                                    .leeway_s = settings->leeway_s,
                                    .now_ms = clock_now_ms()};
    const struct json *azp = json_get(flow->jwt.claims, STR("azp")),
                      *audience = json_get(flow->jwt.claims, STR("aud"));
    if (!jwt_check(arena_of(flow), &flow->jwt, &rules, err))
        return false;
    bool is_ours = azp == NULL
                       ? !json_is(audience, JSON_ARRAY) || audience->count == 1
                       : json_is(azp, JSON_STRING) && str_equal(azp->text, settings->client_id);
    return use != JWT_IDENTITY || is_ours ||
           error_set(err, ERROR_DENIED, "token", "the token is of another client (azp)");
}

// Calls `good` once the token's signature and claims hold; else ends the flow.
static void take_token(struct flow *flow, enum jwt_use use, void (*good)(struct flow *flow),
                       void (*again)(struct flow *flow))
{
    struct error err;
    const struct jwk_set *keys = provider_keys(flow->provider);
    if (!jwt_parse(arena_of(flow), flow->token, &flow->jwt, &err)) {
        proving_fail(flow->proving, &err);
        return;
    }
    bool is_allowed = (provider_settings(flow->provider)->allowed & 1u << flow->jwt.algorithm) != 0;
    enum jwt_verdict verdict = keys != NULL ? jwt_verify(&flow->jwt, keys) : JWT_NO_KEY;
    if (is_allowed && verdict == JWT_NO_KEY && !flow->has_waited &&
        provider_may_refresh(flow->provider))
        wait_for_provider(flow, again);
    else if (!is_allowed || verdict != JWT_GOOD)
        refuse(flow, "the provider's token is not signed as it should be");
    else if (!check_claims(flow, use, &err))
        proving_fail(flow->proving, &err);
    else
        good(flow);
}

// -- And back ---------------------------------------------------------------------------

// One request for the tokens of a code, on its way through a thread.
struct exchange {
    struct arena arena;
    struct pending *pending;
    struct fetch fetch;
    str answer;
    bool is_good;
    struct error err;
};

static void run_exchange(void *context)
{
    struct exchange *exchange = context;
    exchange->is_good =
        fetch_run(&exchange->arena, &exchange->fetch, &exchange->answer, &exchange->err);
}

static void end_login(struct flow *flow)
{
    struct arena *arena = arena_of(flow);
    const struct provider_settings *settings = provider_settings(flow->provider);
    const struct json *claims = flow->jwt.claims;
    struct strbuf text = strbuf_new(arena);
    struct json_writer writer = json_writer_new(&text);
    if (!digest_equal(json_get_str(claims, STR("nonce"), STR_EMPTY), flow->nonce)) {
        refuse(flow, "the provider's token is of another login (nonce)");
        return;
    }
    json_value(&writer, claims);
    flow->session =
        (struct session_start){.username = claims_text(arena, settings->username_claim, claims),
                               .provider = settings->name,
                               .provider_session = json_get_str(claims, STR("sid"), STR_EMPTY),
                               .subject = json_get_str(claims, STR("sub"), STR_EMPTY),
                               .id_token = flow->token,
                               .claims = strbuf_str(&text)};
    if (flow->session.username.len == 0)
        refuse(flow, "the provider's token names no user (username_claim)");
    else
        succeed(flow);
}

static void take_identity(struct flow *flow)
{
    take_token(flow, JWT_IDENTITY, end_login, take_identity);
}

static void read_answer(struct flow *flow, const struct exchange *exchange)
{
    struct error err;
    struct json *json;
    bool is_json = json_parse(arena_of(flow), exchange->answer, &json, &err);
    if (!exchange->is_good) {
        str code = is_json ? json_get_str(json, STR("error"), STR_EMPTY) : STR_EMPTY;
        log_warning("access", "login at %.*s: %s: %s %.*s",
                    STR_ARG(provider_settings(flow->provider)->name), exchange->err.place,
                    exchange->err.text, (int)(code.len < 100 ? code.len : 100), code.data);
        refuse_as(flow, exchange->err.kind, "the provider gives no tokens for this login");
        return;
    }
    flow->token = is_json ? str_copy(arena_of(flow), json_get_str(json, STR("id_token"), STR_EMPTY))
                          : STR_EMPTY;
    take_identity(flow);
}

static void on_exchange(void *context, bool was_run)
{
    struct exchange *exchange = context;
    struct proving *proving = pending_end(exchange->pending);
    if (proving != NULL && was_run)
        read_answer(proving->flow, exchange);
    else if (proving != NULL)
        refuse_as(proving->flow, ERROR_UNAVAILABLE, "this program is stopping");
    if (exchange->fetch.form.len > 0)
        OPENSSL_cleanse((char *)exchange->fetch.form.data, exchange->fetch.form.len);
    arena_done(&exchange->arena);
    free(exchange);
}

static str escaped(struct arena *arena, str text)
{
    struct strbuf form = strbuf_new(arena);
    form_add(&form, "", text);
    return str_from_index(strbuf_str(&form), 1); // behind the '='
}

// RFC 6749, 2.3.1: name and secret are form-encoded before they become HTTP Basic.
static void write_exchange(struct flow *flow, struct exchange *exchange)
{
    struct arena *arena = &exchange->arena;
    const struct provider_settings *settings = provider_settings(flow->provider);
    struct strbuf form = strbuf_new(arena);
    form_add(&form, "grant_type", STR("authorization_code"));
    form_add(&form, "code", flow->code);
    form_add(&form, "redirect_uri", flow->redirect);
    form_add(&form, "code_verifier", flow->verifier);
    if (settings->client_secret.len == 0 || settings->secret_in_body)
        form_add(&form, "client_id", settings->client_id);
    if (settings->client_secret.len > 0 && settings->secret_in_body)
        form_add(&form, "client_secret", settings->client_secret);
    exchange->fetch =
        (struct fetch){.url = str_copy(arena, provider_endpoints(flow->provider)->token),
                       .form = strbuf_str(&form),
                       .ca_file = settings->ca_file};
    if (settings->client_secret.len > 0 && !settings->secret_in_body) {
        exchange->fetch.user = escaped(arena, settings->client_id);
        exchange->fetch.password = escaped(arena, settings->client_secret);
    }
}

static void want_tokens(struct flow *flow)
{
    struct proof *proof = flow->proving->proof;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    check(exchange != NULL);
    write_exchange(flow, exchange);
    if (exchange->fetch.url.len == 0) {
        refuse_as(flow, ERROR_UNAVAILABLE, "the provider cannot be reached now: try again later");
    } else {
        exchange->pending = pending_new(&proof->out, flow->proving);
        if (helper_run(providers_logins(proof->providers), run_exchange, on_exchange, exchange))
            return;
        check(pending_end(exchange->pending) == flow->proving);
        refuse_as(flow, ERROR_UNAVAILABLE, "too many logins wait for providers: try again later");
    }
    arena_done(&exchange->arena);
    free(exchange);
}

enum { LOGIN_PROVIDER, LOGIN_VERIFIER, LOGIN_NONCE, LOGIN_TARGET };

static void on_login(struct proving *proving, const struct query_rows *rows)
{
    struct flow *flow = proving->flow;
    struct arena *arena = &proving->arena;
    if (query_row_count(rows) == 0) {
        refuse(flow, "this login has ended or was used: begin again");
        return;
    }
    flow->verifier = str_copy(arena, query_value(rows, 0, LOGIN_VERIFIER));
    flow->nonce = str_copy(arena, query_value(rows, 0, LOGIN_NONCE));
    flow->target = str_copy(arena, query_value(rows, 0, LOGIN_TARGET));
    if (!find_provider(flow, query_value(rows, 0, LOGIN_PROVIDER)))
        return;
    if (flow->issuer.len > 0 && !str_equal(flow->issuer, provider_settings(flow->provider)->issuer))
        refuse(flow, "another provider than the one of this login has answered (iss)");
    else if (provider_endpoints(flow->provider)->token.len == 0 &&
             provider_may_refresh(flow->provider))
        wait_for_provider(flow, want_tokens);
    else
        want_tokens(flow);
}

void oidc_finish(struct proof *proof, const struct oidc_return *back, oidc_finished *done,
                 void *context)
{
    struct flow *flow = flow_new(proof, context);
    struct arena *arena = arena_of(flow);
    flow->finished = done;
    flow->redirect = str_copy(arena, back->redirect);
    flow->code = str_copy(arena, back->code);
    flow->issuer = str_copy(arena, back->issuer);
    if (back->state.len == 0 || !digest_equal(back->state, back->cookie))
        refuse(flow, "this login did not begin in this browser: begin again");
    else if (back->code.len == 0 || back->code.len > MAX_CODE_BYTES)
        refuse(flow, "the provider has sent no code");
    else
        proving_ask(flow->proving, catalogue_login_take(arena, session_digest(arena, back->state)),
                    on_login);
}

str oidc_logout_url(struct proof *proof, struct arena *arena, str provider_name, str id_token,
                    str afterwards)
{
    struct provider *provider = providers_named(proof->providers, provider_name);
    struct strbuf query = strbuf_new(arena);
    if (provider == NULL || provider_endpoints(provider)->end_session.len == 0)
        return STR_EMPTY;
    str url = provider_endpoints(provider)->end_session;
    if (id_token.len > 0)
        form_add(&query, "id_token_hint", id_token);
    form_add(&query, "client_id", provider_settings(provider)->client_id);
    if (afterwards.len > 0)
        form_add(&query, "post_logout_redirect_uri", afterwards);
    char mark = str_find_char(url, '?') == SIZE_MAX ? '?' : '&';
    return str_format(arena, "%.*s%c%.*s", STR_ARG(url), mark, STR_ARG(strbuf_str(&query)));
}

// -- Back-channel logout ----------------------------------------------------------------

static void end_sessions(struct flow *flow)
{
    const struct json *claims = flow->jwt.claims;
    str session = json_get_str(claims, STR("sid"), STR_EMPTY),
        subject = json_get_str(claims, STR("sub"), STR_EMPTY);
    if (session.len == 0 && subject.len == 0)
        refuse(flow, "the token names neither a session nor a subject");
    else
        proving_ask(flow->proving,
                    catalogue_sessions_of_provider_end(
                        arena_of(flow), provider_settings(flow->provider)->name, session, subject),
                    on_row);
}

static void take_logout(struct flow *flow)
{
    take_token(flow, JWT_LOGOUT, end_sessions, take_logout);
}

void oidc_backchannel(struct proof *proof, str provider, str token, oidc_logged_out *done,
                      void *context)
{
    struct flow *flow = flow_new(proof, context);
    flow->logged_out = done;
    flow->token = str_copy(arena_of(flow), token);
    if (find_provider(flow, provider))
        take_logout(flow);
}
