// SPDX-License-Identifier: Apache-2.0
//
// A user's own password, second factor and sessions; and what administrators may do with those of
// others. A password that is known is asked for again before anything is changed that opens a door.
#include "api/api_private.h"

#include "access/access.h"
#include "access/login.h"
#include "access/session.h"
#include "base/clock.h"
#include "base/digest.h"
#include "store/catalogue/credential.h"
#include "store/read/credential.h"

static struct access *access_of(const struct request *request)
{
    return gateway_access(api_of(request)->options.gateway);
}

static void forget(const struct request *request)
{
    if (access_of(request) != NULL)
        access_forget(access_of(request));
}

// The caller's name; empty after answering: it is no user.
static str own_name(struct request *request)
{
    const struct identity *identity = caller_of(request)->identity;
    if (access_of(request) != NULL && !identity->is_everything && identity->kind == SUBJECT_USER)
        return identity->id;
    request_problem(request, 409, "INVALID_STATE", STR("the caller is no user"));
    return STR_EMPTY;
}

static str own_session(struct request *request)
{
    str cookie = browser_cookie(request, COOKIE_SESSION);
    return cookie.len > 0 ? session_digest(&request->arena, cookie) : STR_EMPTY;
}

static void on_row_wanted(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    forget(request);
    if (query_row_count(rows) > 0)
        request_answer_empty(request);
    else
        request_problem(request, 404, "NOT_FOUND", str_of(context));
}

// -- Sessions ---------------------------------------------------------------------------

static void on_sessions(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {
        {"sessionId"}, {"provider"}, {"startTime"}, {"lastUsedTime"},
        {"endTime"},   {"address"},  {"userAgent"}, {"isCurrent", ITEM_TRUTH}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

static void list_sessions(struct request *request, str username)
{
    struct caller *caller = caller_of(request);
    int64_t idle_s = config_i64(api_of(request)->options.config, CONFIG_AUTH_SESSION_IDLE_S);
    read_run(caller, read_sessions(caller->arena, username, own_session(request), idle_s),
             on_sessions, NULL);
}

void handle_own_sessions(struct request *request)
{
    str name = own_name(request);
    if (name.len > 0)
        list_sessions(request, name);
}

void handle_user_sessions(struct request *request)
{
    list_sessions(request, request->arguments[0]);
}

static void on_all_ended(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context, (void)rows;
    forget(request_of(caller));
    request_answer_empty(request_of(caller));
}

void handle_own_session_end(struct request *request)
{
    static char missing[] = "there is no such session";
    struct caller *caller = caller_of(request);
    str name = own_name(request);
    if (name.len > 0)
        read_change(caller,
                    catalogue_sessions_end(caller->arena, name, request->arguments[0], STR_EMPTY),
                    on_row_wanted, missing);
}

// All but the one that asks.
void handle_own_sessions_end(struct request *request)
{
    struct caller *caller = caller_of(request);
    str name = own_name(request);
    if (name.len > 0)
        read_change(caller,
                    catalogue_sessions_end(caller->arena, name, STR_EMPTY, own_session(request)),
                    on_all_ended, NULL);
}

void handle_user_sessions_end(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_change(caller,
                catalogue_sessions_end(caller->arena, request->arguments[0], STR_EMPTY, STR_EMPTY),
                on_all_ended, NULL);
}

// -- With the password once more --------------------------------------------------------

// False after answering; else `done` is called with the request as context.
static void prove_again(struct request *request, proof_done *done)
{
    const struct login login = {.user = own_name(request),
                                .password = json_get_str(request->body, STR("password"), STR_EMPTY),
                                .code = json_get_str(request->body, STR("code"), STR_EMPTY)};
    if (login.user.len > 0)
        login_check(access_proof(access_of(request)), &login, done, request);
}

// Never 401: whoever asks is known, and stays logged in.
static void answer_unproved(struct request *request, const struct error *err)
{
    if (err->kind != ERROR_DENIED)
        request_failed(request, err);
    else
        request_problem(request, 403,
                        strcmp(err->place, "code") == 0 ? "SECOND_FACTOR_REQUIRED" : "FORBIDDEN",
                        str_of(err->text));
}

static char no_local_user[] = "there is no such local user";

static void on_hashed(void *context, str stored, const struct error *err)
{
    struct request *request = context;
    struct caller *caller = caller_of(request);
    if (err != NULL)
        request_failed(request, err);
    else
        read_change(caller,
                    catalogue_password_set(caller->arena, caller->identity->id, stored,
                                           own_session(request)),
                    on_row_wanted, no_local_user);
}

static void on_password_proved(void *context, const struct subject *subject,
                               const struct error *err)
{
    struct request *request = context;
    if (subject == NULL)
        answer_unproved(request, err);
    else
        password_hash_async(api_of(request)->passwords,
                            json_get_str(request->body, STR("newPassword"), STR_EMPTY), on_hashed,
                            request);
}

void handle_own_password(struct request *request)
{
    prove_again(request, on_password_proved);
}

// -- Second factors ---------------------------------------------------------------------

static void on_offered(struct caller *caller, void *context, const struct query_rows *rows)
{
    const str *secret = context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0) {
        request_problem(request, 409, "INVALID_STATE", STR("there is a second factor already"));
        return;
    }
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("uri"),
               totp_uri(caller->arena, STR("Baton"), caller->identity->id, *secret));
    json_end_object(&w);
    request_add_header(request, "Cache-Control", "no-store");
    request_answer_json(request, 201, strbuf_str(&out));
}

static void on_offer_proved(void *context, const struct subject *subject, const struct error *err)
{
    struct request *request = context;
    struct caller *caller = caller_of(request);
    if (subject == NULL) {
        answer_unproved(request, err);
        return;
    }
    char *bytes = arena_alloc(caller->arena, TOTP_SECRET_BYTES);
    str *secret = ARENA_NEW(caller->arena, str);
    random_bytes(bytes, TOTP_SECRET_BYTES);
    *secret = str_from(bytes, TOTP_SECRET_BYTES);
    const struct totp_stored stored =
        totp_seal(caller->arena, api_of(request)->options.vault, caller->identity->id, *secret);
    const struct totp_row row = {caller->identity->id, stored.secret, stored.wrapped,
                                 stored.vault_key};
    read_change(caller, catalogue_totp_offer(caller->arena, &row), on_offered, secret);
}

void handle_second_factor_offer(struct request *request)
{
    prove_again(request, on_offer_proved);
}

static void on_offer(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    int64_t step;
    (void)context;
    struct totp_stored stored = {.secret = STR_EMPTY, .wrapped = STR_EMPTY};
    struct error err;
    str secret;
    if (query_row_count(rows) > 0) {
        stored.secret = query_bytes(rows, 0, USER_TOTP_NEW, caller->arena);
        stored.wrapped = query_bytes(rows, 0, USER_TOTP_WRAPPED, caller->arena);
    }
    if (!totp_open(caller->arena, api_of(request)->options.vault, caller->identity->id, &stored,
                   &secret, &err))
        request_failed(request, &err);
    else if (secret.len == 0)
        request_problem(request, 409, "INVALID_STATE", STR("no second factor was offered"));
    else if (!totp_find(secret, json_get_str(request->body, STR("code"), STR_EMPTY), clock_now_ms(),
                        &step))
        request_problem(request, 403, "FORBIDDEN",
                        STR("the code does not fit: is the clock right?"));
    else
        read_change(
            caller,
            catalogue_totp_confirm(caller->arena, caller->identity->id, stored.secret, step),
            on_row_wanted, no_local_user);
}

void handle_second_factor_confirm(struct request *request)
{
    struct caller *caller = caller_of(request);
    str name = own_name(request);
    if (name.len > 0)
        read_run(caller, read_user_secret(caller->arena, name), on_offer, NULL);
}

static void on_removal_proved(void *context, const struct subject *subject, const struct error *err)
{
    struct request *request = context;
    struct caller *caller = caller_of(request);
    if (subject == NULL)
        answer_unproved(request, err);
    else
        read_change(caller, catalogue_totp_remove(caller->arena, caller->identity->id),
                    on_row_wanted, no_local_user);
}

void handle_second_factor_remove(struct request *request)
{
    prove_again(request, on_removal_proved);
}

// -- Administrators ---------------------------------------------------------------------

void handle_user_second_factor_remove(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_change(caller, catalogue_totp_remove(caller->arena, request->arguments[0]), on_row_wanted,
                no_local_user);
}

static void lock(struct request *request, bool locks)
{
    struct caller *caller = caller_of(request);
    read_change(caller, catalogue_user_lock(caller->arena, request->arguments[0], locks),
                on_row_wanted, no_local_user);
}

void handle_user_lock(struct request *request)
{
    lock(request, true);
}

void handle_user_unlock(struct request *request)
{
    lock(request, false);
}
