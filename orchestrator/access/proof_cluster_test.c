// SPDX-License-Identifier: Apache-2.0
// Credentials against a real PostgreSQL: what proves somebody, what does not, and what guessing
// costs.
#include "access/api_key.h"
#include "access/login.h"
#include "access/password.h"
#include "access/proof.h"
#include "access/session.h"

#include "base/clock.h"
#include "store/catalogue/credential.h"
#include "store/migrate.h"
#include "store/query.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_SECONDS = 30 };

static struct {
    struct event_base *loop;
    struct arena arena;
    struct config config;
    char url[256];
    struct query_pool *pool;
    struct proof *proof;
    size_t out;
    struct subject subject; // of the last answer; its texts are copies
    bool is_proved;
    struct error err;
    str value;
    size_t rows;
} scene;

static const char *from_environment(const char *name)
{
    static char value[512];
    if (getenv(name) != NULL)
        return getenv(name);
    FILE *file = fopen(BINARY_ROOT "/cluster/env", "r");
    assert_non_null(file);
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == '=') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + strlen(name) + 1, "\n"),
                     line + strlen(name) + 1);
            found = true;
        }
    fclose(file);
    assert_true(found);
    return value;
}

static void give_up(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    fail_msg("nothing happened for %d seconds", PATIENCE_SECONDS);
}

static void wait_for_all(void)
{
    struct event *patience = evtimer_new(scene.loop, give_up, NULL);
    const struct timeval limit = {.tv_sec = PATIENCE_SECONDS};
    event_add(patience, &limit);
    while (scene.out > 0)
        event_base_loop(scene.loop, EVLOOP_ONCE);
    event_free(patience);
}

// -- SQL --------------------------------------------------------------------------------

static void on_rows(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context;
    if (rows == NULL)
        fail_msg("%s: %s", err->place, err->text);
    scene.rows = query_row_count(rows);
    scene.value = scene.rows > 0 && query_column_count(rows) > 0
                      ? str_copy(&scene.arena, query_value(rows, 0, 0))
                      : STR_EMPTY;
    scene.out--;
}

static str ask(const char *sql)
{
    scene.out++;
    query_statement(scene.pool, (struct statement){.sql = sql}, on_rows, NULL);
    wait_for_all();
    return scene.value;
}

static size_t run(struct statement statement)
{
    scene.out++;
    query_statement(scene.pool, statement, on_rows, NULL);
    wait_for_all();
    return scene.rows;
}

static void add_user(const char *name, const char *password)
{
    char stored[PASSWORD_MAX_STORED];
    struct error err;
    assert_true(password_hash_now(str_of(password), 15, stored, &err));
    assert_int_equal(run(catalogue_user_add(&scene.arena, str_of(name), str_of(stored), false)), 1);
}

// -- Proving ----------------------------------------------------------------------------

static void on_proved(void *context, const struct subject *subject, const struct error *err)
{
    (void)context;
    scene.is_proved = subject != NULL;
    scene.err = err != NULL ? *err : (struct error){0};
    if (subject != NULL) {
        scene.subject = *subject;
        scene.subject.id = str_copy(&scene.arena, subject->id);
        scene.subject.proof = str_copy(&scene.arena, subject->proof);
    }
    scene.out--;
}

static bool prove(enum credential_kind kind, const char *user, str secret)
{
    const struct credential credential = {
        .kind = kind, .user = str_of(user), .secret = secret, .address = STR("192.0.2.1")};
    scene.out++;
    proof_check(scene.proof, &credential, on_proved, NULL);
    wait_for_all();
    assert_true(scene.is_proved || scene.err.kind == ERROR_DENIED);
    return scene.is_proved;
}

static bool basic(const char *user, const char *password)
{
    return prove(CREDENTIAL_BASIC, user, str_of(password));
}

static bool log_in(const char *user, const char *password, str code)
{
    const struct login login = {str_of(user), str_of(password), code};
    scene.out++;
    login_check(scene.proof, &login, on_proved, NULL);
    wait_for_all();
    return scene.is_proved;
}

// As if the delays after failures were over.
static void let_time_pass(const char *user)
{
    run(STATEMENT(&scene.arena, "UPDATE users SET locked_until = now() WHERE username = $1::text",
                  str_of(user)));
}

static int begin(void **state)
{
    (void)state;
    struct error err;
    int applied;
    char sql[64];
    const char *server = from_environment("BATON_TEST_POSTGRES");
    snprintf(sql, sizeof sql, "CREATE DATABASE access_%d", (int)getpid());
    if (!query_run_blocking(server, str_of(sql), NULL, 0, NULL, NULL, &err))
        fail_msg("%s", err.text);
    snprintf(scene.url, sizeof scene.url, "%s dbname=access_%d", server, (int)getpid());
    if (!store_migrate_up(scene.url, &applied, &err))
        fail_msg("%s: %s", err.place, err.text);
    scene.loop = event_base_new();
    scene.config = config_new(&scene.arena);
    scene.pool = query_pool_new(scene.url, "test", 2, scene.loop);
    scene.proof = proof_new(scene.loop, &scene.config, scene.pool, NULL, &err);
    assert_non_null(scene.proof);
    while (!query_pool_is_ready(scene.pool))
        event_base_loop(scene.loop, EVLOOP_ONCE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    struct error err;
    char sql[80];
    proof_free(scene.proof);
    query_pool_free(scene.pool);
    event_base_free(scene.loop);
    arena_done(&scene.arena);
    snprintf(sql, sizeof sql, "DROP DATABASE access_%d WITH (FORCE)", (int)getpid());
    return query_run_blocking(from_environment("BATON_TEST_POSTGRES"), str_of(sql), NULL, 0, NULL,
                              NULL, &err)
               ? 0
               : -1;
}

// -- Local users ------------------------------------------------------------------------

static void a_user_is_proved_by_their_password_alone(void **state)
{
    (void)state;
    add_user("anna", "correct horse");
    assert_true(basic("anna", "correct horse"));
    assert_int_equal(scene.subject.kind, SUBJECT_USER);
    assert_true(str_equal(scene.subject.id, STR("anna")));
    assert_true(str_equal(scene.subject.proof, STR("password")));
    assert_false(basic("Anna", "correct horse"));
    assert_false(basic("nobody", "correct horse"));
    assert_false(basic("ann\xe4", "correct horse"));
    const struct credential cut = {.kind = CREDENTIAL_BASIC,
                                   .user = str_from("anna\0admin", 10),
                                   .secret = STR("correct horse")};
    scene.out++;
    proof_check(scene.proof, &cut, on_proved, NULL);
    wait_for_all();
    assert_false(scene.is_proved);
    assert_false(basic("", ""));
    assert_false(prove(CREDENTIAL_NONE, "anna", STR("")));
    ask("INSERT INTO users (username) VALUES ('of a provider')");
    assert_false(basic("of a provider", ""));
    assert_false(log_in("of a provider", "", STR("")));
}

// What a stranger reads says nothing about who exists, and takes as long.
static void an_unknown_user_looks_like_a_known_one(void **state)
{
    (void)state;
    add_user("known", "correct horse");
    char known[sizeof scene.err.text];
    int64_t spent[2] = {INT64_MAX, INT64_MAX};
    for (int i = 0; i < 4; i++) {
        int64_t begun = clock_monotonic_ns();
        assert_false(basic("known", "wrong horse"));
        strcpy(known, scene.err.text);
        int64_t between = clock_monotonic_ns();
        assert_false(basic("unknown", "wrong horse"));
        assert_string_equal(scene.err.text, known);
        int64_t ended = clock_monotonic_ns();
        spent[0] = between - begun < spent[0] ? between - begun : spent[0];
        spent[1] = ended - between < spent[1] ? ended - between : spent[1];
    }
    print_message("wrong password: %lld ms; no such user: %lld ms\n", (long long)spent[0] / 1000000,
                  (long long)spent[1] / 1000000);
    assert_true(spent[0] < spent[1] * 2 && spent[1] < spent[0] * 2);
}

static void failures_in_a_row_lock_the_right_password_out(void **state)
{
    (void)state;
    add_user("bert", "correct horse");
    static const char *const waits[] = {"1",  "2",   "4",   "8",   "16",  "32",
                                        "64", "128", "256", "512", "900", "900"};
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        let_time_pass("bert");
        assert_false(basic("bert", "wrong horse"));
        str wait = ask("SELECT ceil(extract(epoch FROM locked_until - now())) FROM users WHERE "
                       "username = 'bert'");
        assert_true(str_equal(wait, str_of(waits[i])));
        assert_false(basic("bert", "correct horse"));
    }
    str failures = ask("SELECT failures FROM users WHERE username = 'bert'");
    assert_true(str_equal(failures, STR("12"))); // the right one at a wrong time is none
    let_time_pass("bert");
    assert_true(basic("bert", "correct horse"));
    str state_after = ask("SELECT failures || ' ' || (locked_until IS NULL) FROM users WHERE "
                          "username = 'bert'");
    assert_true(str_equal(state_after, STR("0 true")));
}

// Guesses that are made at once, before the first has failed, gain nothing.
static void guesses_at_once_are_failures_in_a_row(void **state)
{
    (void)state;
    add_user("carl", "correct horse");
    const struct credential wrong = {
        .kind = CREDENTIAL_BASIC, .user = STR("carl"), .secret = STR("wrong horse")};
    const struct credential right = {
        .kind = CREDENTIAL_BASIC, .user = STR("carl"), .secret = STR("correct horse")};
    scene.out += 11;
    for (int i = 0; i < 10; i++)
        proof_check(scene.proof, &wrong, on_proved, NULL);
    proof_check(scene.proof, &right, on_proved, NULL);
    wait_for_all();
    assert_false(basic("carl", "correct horse"));
    assert_true(str_equal(ask("SELECT failures FROM users WHERE username = 'carl'"), STR("10")));
}

static void a_locked_user_does_not_get_in(void **state)
{
    (void)state;
    add_user("dora", "correct horse");
    assert_int_equal(run(catalogue_user_lock(&scene.arena, STR("dora"), true)), 1);
    assert_false(basic("dora", "correct horse"));
    assert_false(log_in("dora", "correct horse", STR("")));
    assert_int_equal(run(catalogue_user_lock(&scene.arena, STR("dora"), false)), 1);
    assert_true(basic("dora", "correct horse"));
}

static void an_old_hash_is_renewed_by_a_login(void **state)
{
    (void)state;
    char stored[PASSWORD_MAX_STORED];
    struct error err;
    assert_true(password_hash_now(STR("correct horse"), 14, stored, &err));
    run(catalogue_user_add(&scene.arena, STR("emil"), str_of(stored), false));
    assert_true(basic("emil", "correct horse"));
    str after = ask("SELECT password FROM users WHERE username = 'emil'");
    assert_true(str_starts_with(after, STR("scrypt$32768$")));
    assert_true(basic("emil", "correct horse"));
}

static void a_second_factor_is_asked_for_at_the_login(void **state)
{
    (void)state;
    str secret = STR("12345678901234567890");
    int64_t step = clock_now_ms() / 1000 / TOTP_STEP_S;
    add_user("frida", "correct horse");
    assert_int_equal(
        run(catalogue_totp_offer(&scene.arena,
                                 &(struct totp_row){STR("frida"), secret, STR_EMPTY, STR_EMPTY})),
        1);
    assert_true(basic("frida", "correct horse")); // nothing counts before it is confirmed
    assert_int_equal(
        run(catalogue_totp_confirm(&scene.arena, STR("frida"), STR("another"), step - 1)), 0);
    assert_int_equal(run(catalogue_totp_confirm(&scene.arena, STR("frida"), secret, step - 1)), 1);
    assert_false(basic("frida", "correct horse"));
    assert_false(log_in("frida", "correct horse", STR("")));
    assert_string_equal(scene.err.place, "code");
    assert_false(log_in("frida", "wrong horse", STR("")));
    assert_string_equal(scene.err.place, "password");
    let_time_pass("frida");
    assert_false(log_in("frida", "correct horse", STR("000000")));
    assert_false(log_in("frida", "correct horse", STR(""))); // locked out by the wrong code
    let_time_pass("frida");
    str code = totp_code(&scene.arena, secret, step + 1);
    assert_true(log_in("frida", "correct horse", code));
    assert_false(log_in("frida", "correct horse", code)); // each code once
}

// -- API keys ---------------------------------------------------------------------------

static struct api_key add_key(const char *expires)
{
    struct api_key key = api_key_new(&scene.arena);
    const struct api_key_row row = {
        .id = key.id,
        .client = STR("billing"),
        .name = STR("nightly"),
        .digest = str_copy(&scene.arena, str_from(key.digest.bytes, DIGEST_SIZE)),
        .created_by = STR("anna"),
        .expires = str_of(expires)};
    assert_int_equal(run(catalogue_api_key_add(&scene.arena, &row)), 1);
    return key;
}

static void a_key_proves_its_client_until_it_ends(void **state)
{
    (void)state;
    struct api_key key = add_key(""), over = add_key("2001-01-01T00:00:00Z"),
                   later = add_key("2999-01-01T00:00:00Z");
    assert_true(prove(CREDENTIAL_BEARER, "", key.text));
    assert_int_equal(scene.subject.kind, SUBJECT_CLIENT);
    assert_true(str_equal(scene.subject.id, STR("billing")));
    assert_true(scene.subject.until_ms == INT64_MAX);
    assert_false(prove(CREDENTIAL_BEARER, "", over.text));
    assert_true(prove(CREDENTIAL_BEARER, "", later.text));
    assert_true(scene.subject.until_ms == INT64_C(32472144000000));
    // The secret of one with the id of another, one digit off, one digit less.
    str mixed = str_format(&scene.arena, "baton_%.*s_%.*s", STR_ARG(key.id),
                           STR_ARG(str_from_index(later.text, 23)));
    assert_false(prove(CREDENTIAL_BEARER, "", mixed));
    assert_false(prove(CREDENTIAL_BEARER, "", str_sub(key.text, 0, key.text.len - 1)));
    assert_false(prove(CREDENTIAL_BEARER, "", STR("baton_0123456789abcdef_")));
    assert_int_equal(run(catalogue_api_key_revoke(&scene.arena, key.id)), 1);
    assert_false(prove(CREDENTIAL_BEARER, "", key.text));
    assert_int_equal(run(catalogue_api_key_revoke(&scene.arena, key.id)), 0);
    assert_true(str_equal(ask("SELECT count(*) FROM api_keys WHERE used = date_trunc('minute', "
                              "used) AND used > now() - interval '2 minutes'"),
                          STR("2")));
}

// -- Sessions ---------------------------------------------------------------------------

static str open_session(const char *user, str replaced)
{
    str cookie;
    const struct session_start start = {
        .username = str_of(user), .agent = STR("browser"), .replaced = replaced};
    assert_int_equal(run(session_begin(&scene.arena, &scene.config, &start, &cookie)), 1);
    return cookie;
}

static void a_session_lasts_until_it_is_idle_or_over(void **state)
{
    (void)state;
    add_user("gina", "correct horse");
    str cookie = open_session("gina", STR(""));
    assert_true(prove(CREDENTIAL_SESSION, "", cookie));
    assert_true(str_equal(scene.subject.id, STR("gina")));
    int64_t left = scene.subject.until_ms - clock_now_ms();
    assert_true(left > 3590000 && left <= 3601000);
    ask("UPDATE sessions SET used = now() - interval '59 minutes'");
    assert_true(prove(CREDENTIAL_SESSION, "", cookie));
    const char *is_noted = "SELECT used > now() - interval '1 minute' FROM sessions";
    for (int i = 0; i < 100 && str_equal(ask(is_noted), STR("f")); i++)
        usleep(50000); // the use is noted behind the answer
    assert_true(str_equal(ask(is_noted), STR("t")));
    ask("UPDATE sessions SET used = now() - interval '61 minutes'");
    assert_false(prove(CREDENTIAL_SESSION, "", cookie));
    ask("UPDATE sessions SET used = now(), ends = now() - interval '1 second'");
    assert_false(prove(CREDENTIAL_SESSION, "", cookie));
    assert_false(prove(CREDENTIAL_SESSION, "", STR("")));
    assert_false(prove(CREDENTIAL_SESSION, "", session_random(&scene.arena)));
    open_session("gina", STR("")); // takes what is over with it
    assert_true(str_equal(ask("SELECT count(*) FROM sessions"), STR("1")));
}

// Whoever fixed a cookie in a browser before the login has nothing of it afterwards.
static void a_login_replaces_the_session_that_was_there(void **state)
{
    (void)state;
    add_user("hanna", "correct horse");
    str fixed = open_session("hanna", STR(""));
    str fresh = open_session("hanna", fixed);
    assert_false(str_equal(fixed, fresh));
    assert_false(prove(CREDENTIAL_SESSION, "", fixed));
    assert_true(prove(CREDENTIAL_SESSION, "", fresh));
}

static void another_password_a_lock_and_a_logout_end_sessions(void **state)
{
    (void)state;
    add_user("ina", "correct horse");
    str first = open_session("ina", STR("")), second = open_session("ina", STR(""));
    str version = ask("SELECT version FROM access_version");
    run(catalogue_password_set(&scene.arena, STR("ina"), STR("other"),
                               session_digest(&scene.arena, second)));
    assert_false(prove(CREDENTIAL_SESSION, "", first));
    assert_true(prove(CREDENTIAL_SESSION, "", second));
    assert_false(str_equal(ask("SELECT version FROM access_version"), version));
    assert_int_equal(run(catalogue_session_end(&scene.arena, session_digest(&scene.arena, second))),
                     1);
    assert_false(prove(CREDENTIAL_SESSION, "", second));
    str third = open_session("ina", STR(""));
    run(catalogue_user_lock(&scene.arena, STR("ina"), true));
    assert_false(prove(CREDENTIAL_SESSION, "", third));
    str fourth = open_session("ina", STR("")); // as by a race with the lock
    assert_false(prove(CREDENTIAL_SESSION, "", fourth));
}

static void what_ends_by_itself_makes_nobody_forget(void **state)
{
    (void)state;
    add_user("jan", "correct horse");
    open_session("jan", STR(""));
    ask("UPDATE sessions SET ends = now() - interval '1 second'");
    str before = ask("SELECT version FROM access_version");
    open_session("jan", STR(""));
    assert_true(str_equal(ask("SELECT version FROM access_version"), before));
}

// -- Ends -------------------------------------------------------------------------------

static void whoever_waits_at_the_end_is_answered(void **state)
{
    (void)state;
    struct error err;
    struct proof *proof = proof_new(scene.loop, &scene.config, scene.pool, NULL, &err);
    const struct credential credential = {
        .kind = CREDENTIAL_BASIC, .user = STR("anna"), .secret = STR("correct horse")};
    scene.out = 20;
    for (int i = 0; i < 20; i++) {
        proof_check(proof, &credential, on_proved, NULL);
        if (i % 3 == 0)
            event_base_loop(scene.loop, EVLOOP_ONCE);
    }
    proof_free(proof);
    assert_int_equal(scene.out, 0);
    assert_int_equal(scene.err.kind, ERROR_UNAVAILABLE);
    ask("SELECT 1"); // answers of the database that come later find nobody
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_proved_by_their_password_alone),
        cmocka_unit_test(an_unknown_user_looks_like_a_known_one),
        cmocka_unit_test(failures_in_a_row_lock_the_right_password_out),
        cmocka_unit_test(guesses_at_once_are_failures_in_a_row),
        cmocka_unit_test(a_locked_user_does_not_get_in),
        cmocka_unit_test(an_old_hash_is_renewed_by_a_login),
        cmocka_unit_test(a_second_factor_is_asked_for_at_the_login),
        cmocka_unit_test(a_key_proves_its_client_until_it_ends),
        cmocka_unit_test(a_session_lasts_until_it_is_idle_or_over),
        cmocka_unit_test(a_login_replaces_the_session_that_was_there),
        cmocka_unit_test(another_password_a_lock_and_a_logout_end_sessions),
        cmocka_unit_test(what_ends_by_itself_makes_nobody_forget),
        cmocka_unit_test(whoever_waits_at_the_end_is_answered),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
