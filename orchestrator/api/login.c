// SPDX-License-Identifier: Apache-2.0
//
// Browsers log in and out: with a local user's password as Camunda 8's web applications do, or at a
// provider of OpenID Connect.
#include "api/api_private.h"

#include "access/access.h"
#include "access/login.h"
#include "access/oidc.h"
#include "access/provider.h"
#include "access/session.h"
#include "base/log.h"
#include "base/utf8.h"
#include "store/catalogue/credential.h"

static struct access *access_of(const struct request *request)
{
    return gateway_access(api_of(request)->options.gateway);
}

static struct proof *proof_of(const struct request *request)
{
    return access_proof(access_of(request));
}

// False after answering.
static bool has_users(struct request *request)
{
    if (access_of(request) != NULL)
        return true;
    request_problem(request, 404, "NOT_FOUND", STR("nobody logs in here: auth.enabled is off"));
    return false;
}

// False after answering. A login that a stranger's page makes would make the browser work in the
// stranger's name.
static bool is_own_page(struct request *request)
{
    if (!caller_is_of_other_origin(request))
        return true;
    request_problem(request, 403, "FORBIDDEN",
                    STR("a page of another origin may not log in or out"));
    return false;
}

static void answer_failure(struct request *request, const struct error *err, str target)
{
    bool is_refusal = err->kind == ERROR_DENIED;
    if (is_refusal && browser_wants_page(request))
        caller_refused(request, 401, str_of(err->text));
    if (browser_wants_page(request))
        browser_login_page(request, &(struct login_page){.status = is_refusal ? 401 : 503,
                                                         .message = str_of(err->text),
                                                         .target = target});
    else if (is_refusal)
        request_problem(request, 401,
                        strcmp(err->place, "code") == 0 ? "SECOND_FACTOR_REQUIRED"
                                                        : "UNAUTHENTICATED",
                        str_of(err->text));
    else
        request_failed(request, err);
}

// -- Sessions that begin ----------------------------------------------------------------

struct beginning {
    str cookie;
    str target;
    bool is_page;
    bool replaces; // another session
};

static void on_session(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    const struct beginning *beginning = context;
    (void)rows;
    if (beginning->replaces)
        access_forget(access_of(request));
    browser_set_cookie(request, COOKIE_SESSION, beginning->cookie);
    if (beginning->is_page)
        browser_send_to(request, beginning->target);
    else
        request_answer_empty(request);
}

static void begin_session(struct request *request, struct session_start start, str target,
                          bool is_page)
{
    struct caller *caller = caller_of(request);
    struct beginning *beginning = ARENA_NEW(caller->arena, struct beginning);
    str agent = request_header(request, "User-Agent");
    start.address = request_peer(request);
    start.agent = utf8_is_valid(agent) ? agent : STR_EMPTY;
    start.replaced = browser_cookie(request, COOKIE_SESSION);
    beginning->target = browser_target(request, str_copy(caller->arena, target));
    beginning->is_page = is_page;
    beginning->replaces = start.replaced.len > 0;
    struct statement statement =
        session_begin(caller->arena, api_of(request)->options.config, &start, &beginning->cookie);
    log_info("access", "%.*s has logged in from %.*s", STR_ARG(start.username),
             STR_ARG(start.address));
    read_change(caller, statement, on_session, beginning);
}

// -- With a password --------------------------------------------------------------------

static void on_checked(void *context, const struct subject *subject, const struct error *err)
{
    struct request *request = context;
    str target = browser_target(request, form_get(&request->form, STR("target")));
    if (subject != NULL) {
        begin_session(request,
                      (struct session_start){.username = str_copy(&request->arena, subject->id)},
                      target, browser_wants_page(request));
        return;
    }
    log_info("access", "a login from %.*s was refused: %s", STR_ARG(request_peer(request)),
             err->place);
    answer_failure(request, err, target);
}

void handle_login(struct request *request)
{
    const struct login login = {.user = form_get(&request->form, STR("username")),
                                .password = form_get(&request->form, STR("password")),
                                .code = form_get(&request->form, STR("code"))};
    caller_of(request)->claimed = login.user;
    if (has_users(request) && is_own_page(request))
        login_check(proof_of(request), &login, on_checked, request);
}

static void on_identified(void *context, const struct identity *identity, const struct error *err)
{
    struct request *request = context;
    if (err != NULL && err->kind == ERROR_UNAVAILABLE) {
        request_failed(request, err);
        return;
    }
    browser_login_page(
        request,
        &(struct login_page){.status = 200,
                             .target = browser_target(request, request_query(request, "target")),
                             .user = identity != NULL ? identity->id : STR_EMPTY});
}

void handle_login_page(struct request *request)
{
    if (!has_users(request))
        return;
    const struct credential credential = {.kind = CREDENTIAL_SESSION,
                                          .secret = browser_cookie(request, COOKIE_SESSION),
                                          .address = request_peer(request)};
    if (credential.secret.len > 0)
        access_identify(access_of(request), &request->arena, &credential, on_identified, request);
    else
        on_identified(request, NULL, NULL);
}

// -- Logout -----------------------------------------------------------------------------

enum { ENDED_PROVIDER, ENDED_TOKEN };

static void on_ended(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    str url = STR_EMPTY,
        page = str_join2(caller->arena, browser_public_url(request), STR("/login"));
    (void)context;
    access_forget(access_of(request));
    if (query_row_count(rows) > 0)
        url =
            oidc_logout_url(proof_of(request), caller->arena, query_value(rows, 0, ENDED_PROVIDER),
                            query_value(rows, 0, ENDED_TOKEN), page);
    browser_set_cookie(request, COOKIE_SESSION, STR_EMPTY);
    if (browser_wants_page(request)) {
        browser_send_to(request, url.len > 0 ? url : STR("/login"));
    } else if (url.len > 0) {
        struct strbuf out = strbuf_new(caller->arena);
        struct json_writer w = json_writer_new(&out);
        json_begin_object(&w);
        write_text(&w, STR("url"), url);
        json_end_object(&w);
        request_answer_json(request, 200, strbuf_str(&out));
    } else {
        request_answer_empty(request);
    }
}

void handle_logout(struct request *request)
{
    struct caller *caller = caller_of(request);
    if (!has_users(request) || !is_own_page(request))
        return;
    str digest = session_digest(caller->arena, browser_cookie(request, COOKIE_SESSION));
    read_change(caller, catalogue_session_end(caller->arena, digest), on_ended, NULL);
}

// -- At a provider ----------------------------------------------------------------------

void handle_login_providers(struct request *request)
{
    if (!has_users(request))
        return;
    struct providers *providers = proof_providers(proof_of(request));
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t i = 0; i < providers_count(providers); i++) {
        const struct provider_settings *settings = provider_settings(providers_at(providers, i));
        if (settings->client_id.len == 0)
            continue;
        json_begin_object(&w);
        write_text(&w, STR("name"), settings->name);
        write_text(&w, STR("label"), settings->label);
        write_text(&w, STR("url"), str_join2(&request->arena, STR("/auth/login/"), settings->name));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static str redirect_address(struct request *request)
{
    return str_join2(&request->arena, browser_public_url(request), STR("/auth/callback"));
}

static void on_started(void *context, str url, str cookie, const struct error *err)
{
    struct request *request = context;
    if (err != NULL && err->kind == ERROR_NOT_FOUND) {
        request_failed(request, err);
        return;
    }
    if (err != NULL) {
        answer_failure(request, err, STR_EMPTY);
        return;
    }
    browser_set_cookie(request, COOKIE_LOGIN, cookie);
    browser_send_to(request, url);
}

void handle_login_begin(struct request *request)
{
    if (!has_users(request))
        return;
    const struct oidc_start start = {.provider = request->arguments[0],
                                     .target =
                                         browser_target(request, request_query(request, "target")),
                                     .redirect = redirect_address(request)};
    oidc_begin(proof_of(request), &start, on_started, request);
}

static void on_finished(void *context, const struct oidc_login *login, const struct error *err)
{
    struct request *request = context;
    browser_set_cookie(request, COOKIE_LOGIN, STR_EMPTY);
    if (err != NULL) {
        log_info("access", "a login at a provider was refused: %s", err->text);
        answer_failure(request, err, STR_EMPTY);
        return;
    }
    struct session_start start = login->session;
    str *const texts[] = {&start.username, &start.provider, &start.provider_session,
                          &start.subject,  &start.id_token, &start.claims};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        *texts[i] = str_copy(&request->arena, *texts[i]);
    begin_session(request, start, login->target, true);
}

void handle_login_end(struct request *request)
{
    struct error err;
    if (!has_users(request))
        return;
    str failure = request_query(request, "error");
    if (failure.len > 0) {
        str shown = utf8_is_valid(failure) ? str_sub(failure, 0, 100) : STR("?");
        (void)error_set(&err, ERROR_DENIED, "login", "the provider says: %.*s", STR_ARG(shown));
        on_finished(request, NULL, &err);
        return;
    }
    const struct oidc_return back = {.state = request_query(request, "state"),
                                     .code = request_query(request, "code"),
                                     .issuer = request_query(request, "iss"),
                                     .cookie = browser_cookie(request, COOKIE_LOGIN),
                                     .redirect = redirect_address(request)};
    oidc_finish(proof_of(request), &back, on_finished, request);
}

// OpenID Connect Back-Channel Logout 1.0, 2.8: 400 with an error of OAuth's form.
static void on_logged_out(void *context, const struct error *err)
{
    struct request *request = context;
    request_add_header(request, "Cache-Control", "no-store");
    if (err == NULL) {
        access_forget(access_of(request));
        request_answer_json(request, 200, STR("{}"));
        return;
    }
    if (err->kind != ERROR_DENIED) {
        request_failed(request, err);
        return;
    }
    log_warning("access", "a back-channel logout was refused: %s", err->text);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("error"), STR("invalid_request"));
    write_text(&w, STR("error_description"), str_of(err->text));
    json_end_object(&w);
    request_answer_json(request, 400, strbuf_str(&out));
}

void handle_login_backchannel(struct request *request)
{
    if (has_users(request))
        oidc_backchannel(proof_of(request), request->arguments[0],
                         form_get(&request->form, STR("logout_token")), on_logged_out, request);
}
