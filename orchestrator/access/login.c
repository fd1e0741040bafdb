// SPDX-License-Identifier: Apache-2.0
//
// A local user's password, and the code of their second factor. Whatever is wrong costs the same
// and says the same: no such user, a wrong password, a locked one.
#include "access/proof_private.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "record/limits.h"
#include "store/catalogue/credential.h"
#include "store/read/credential.h"

static const char refusal[] = "the user name or the password is wrong, or logins of this user are "
                              "locked out for a while";

static void succeed(struct proving *proving)
{
    const struct subject subject = {
        .kind = SUBJECT_USER, .id = proving->user, .proof = STR("password"), .until_ms = INT64_MAX};
    proving_succeed(proving, &subject);
}

// The right password at a wrong time is no failure: a program that comes too often gets in again.
static void refuse_for_now(struct proving *proving)
{
    proving_refuse(proving, "password", refusal);
}

static void on_noted(struct proving *proving, const struct query_rows *rows)
{
    (void)rows;
    refuse_for_now(proving);
}

static void refuse(struct proving *proving)
{
    proving_ask(proving, catalogue_login_failed(&proving->arena, proving->user), on_noted);
}

static void on_code_used(struct proving *proving, const struct query_rows *rows)
{
    if (query_row_count(rows) > 0)
        succeed(proving);
    else
        refuse(proving);
}

static void check_code(struct proving *proving)
{
    int64_t step;
    str secret = STR_EMPTY;
    struct error err;
    if (!totp_open(&proving->arena, proving->proof->vault, proving->user, &proving->factor, &secret,
                   &err)) {
        err.kind = ERROR_UNAVAILABLE;
        proving_fail(proving, &err);
        return;
    }
    if (proving->takes_no_factor)
        proving_refuse(proving, "password",
                       "this user has a second factor: log in for a session, or use an API key");
    else if (proving->code.len == 0)
        proving_refuse(proving, "code", "the code of the second factor is needed");
    else if (!totp_find(secret, proving->code, clock_now_ms(), &step))
        refuse(proving);
    else
        proving_ask(proving, catalogue_totp_use(&proving->arena, proving->user, step),
                    on_code_used);
}

static void on_passed(struct proving *proving, const struct query_rows *rows)
{
    if (query_row_count(rows) == 0)
        refuse_for_now(proving);
    else if (proving->factor.secret.len > 0)
        check_code(proving);
    else
        succeed(proving);
}

static void pass(struct proving *proving)
{
    bool has_factor = proving->factor.secret.len > 0;
    proving_ask(proving,
                catalogue_login_passed(&proving->arena, proving->user, proving->stored, has_factor),
                on_passed);
}

static void on_renewed(struct proving *proving, const struct query_rows *rows)
{
    (void)rows;
    pass(proving);
}

// A locked user's password is checked as any other, and not believed.
static void on_checked(void *context, bool fits, str renewed, const struct error *err)
{
    struct proving *proving = pending_end(context);
    if (proving == NULL)
        return;
    if (err != NULL)
        proving_fail(proving, err);
    else if (!fits)
        refuse(proving);
    else if (proving->is_locked)
        refuse_for_now(proving);
    else if (renewed.len == 0)
        pass(proving);
    else {
        str old = proving->stored;
        proving->stored = str_copy(&proving->arena, renewed);
        proving_ask(proving,
                    catalogue_password_renew(&proving->arena, proving->user, old, proving->stored),
                    on_renewed);
    }
}

static void on_user(struct proving *proving, const struct query_rows *rows)
{
    if (query_row_count(rows) > 0) {
        struct arena *arena = &proving->arena;
        proving->stored = str_copy(arena, query_value(rows, 0, USER_PASSWORD));
        proving->factor.secret = query_bytes(rows, 0, USER_TOTP, arena);
        proving->factor.wrapped = query_bytes(rows, 0, USER_TOTP_WRAPPED, arena);
        proving->totp_step = query_i64(rows, 0, USER_TOTP_STEP);
        proving->is_locked = query_bool(rows, 0, USER_IS_LOCKED);
    }
    password_check_async(proving->proof->passwords, proving->password, proving->stored, on_checked,
                         pending_new(&proving->proof->out, proving));
}

// What PostgreSQL cannot read is nobody's name, and costs as much.
static bool may_be_name(str name)
{
    return name.len <= LIMIT_NAME_BYTES && utf8_is_valid(name) &&
           str_find_char(name, '\0') == SIZE_MAX;
}

void user_prove(struct proving *proving)
{
    if (!may_be_name(proving->user))
        proving->user = STR_EMPTY;
    proving_ask(proving, read_user_secret(&proving->arena, proving->user), on_user);
}

void login_check(struct proof *proof, const struct login *login, proof_done *done, void *context)
{
    struct proving *proving = proving_new(proof, done, context);
    proving->kind = PROVING_PASSWORD;
    proving->user = str_copy(&proving->arena, login->user);
    proving->password = str_copy(&proving->arena, login->password);
    proving->code = str_copy(&proving->arena, login->code);
    user_prove(proving);
}
