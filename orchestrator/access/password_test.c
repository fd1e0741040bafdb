// SPDX-License-Identifier: Apache-2.0
// Passwords, second factors and API keys, without a database.
#include "access/api_key.h"
#include "access/login.h"
#include "access/password.h"

#include "base/clock.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct scene {
    struct event_base *loop;
    struct arena arena;
    struct passwords *passwords;
    size_t out;
    bool fits;
    str stored, renewed;
    struct error err;
    size_t turns;              // of the loop
    int64_t worst_ms, last_ms; // between two of them
};

static struct scene *scene_of(void **state)
{
    return *state;
}

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct config config = config_new(&scene->arena);
    scene->loop = event_base_new();
    scene->passwords = passwords_new(scene->loop, &config);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = scene_of(state);
    passwords_free(scene->passwords);
    event_base_free(scene->loop);
    arena_done(&scene->arena);
    free(scene);
    return 0;
}

static void answered(struct scene *scene, const struct error *err)
{
    scene->err = err != NULL ? *err : (struct error){0};
    if (--scene->out == 0)
        event_base_loopbreak(scene->loop);
}

static void on_hashed(void *context, str stored, const struct error *err)
{
    struct scene *scene = context;
    scene->stored = str_copy(&scene->arena, stored);
    answered(scene, err);
}

static void on_checked(void *context, bool fits, str renewed, const struct error *err)
{
    struct scene *scene = context;
    scene->fits = fits;
    scene->renewed = str_copy(&scene->arena, renewed);
    answered(scene, err);
}

static str hash(struct scene *scene, const char *password)
{
    scene->out = 1;
    password_hash_async(scene->passwords, str_of(password), on_hashed, scene);
    if (scene->out > 0)
        event_base_dispatch(scene->loop);
    return scene->stored;
}

static bool fits(struct scene *scene, str password, str stored)
{
    scene->out = 1;
    password_check_async(scene->passwords, password, stored, on_checked, scene);
    if (scene->out > 0)
        event_base_dispatch(scene->loop);
    assert_int_equal(scene->err.kind, ERROR_NONE);
    return scene->fits;
}

static void a_password_fits_its_own_hash_alone(void **state)
{
    struct scene *scene = scene_of(state);
    str first = hash(scene, "correct horse");
    str second = hash(scene, "correct horse");
    assert_true(str_starts_with(first, STR("scrypt$32768$8$1$")));
    assert_false(str_equal(first, second)); // each has a salt
    assert_true(fits(scene, STR("correct horse"), first));
    assert_true(str_is_empty(scene->renewed));
    assert_false(fits(scene, STR("correct horsf"), first));
    assert_false(fits(scene, STR(""), first));
    assert_false(fits(scene, STR("correct horse"), STR("")));
}

// RFC 7914, 12: the third vector, with parameters that were ours once.
static void a_hash_with_smaller_parameters_is_renewed(void **state)
{
    struct scene *scene = scene_of(state);
    char stored[PASSWORD_MAX_STORED];
    struct error err;
    assert_true(password_hash_now(STR("pleaseletmein"), 14, stored, &err));
    assert_true(fits(scene, STR("pleaseletmein"), str_of(stored)));
    assert_true(str_starts_with(scene->renewed, STR("scrypt$32768$8$1$")));
    str renewed = scene->renewed;
    assert_true(fits(scene, STR("pleaseletmein"), renewed));
    assert_false(fits(scene, STR("pleaseletmeout"), str_of(stored)));
    assert_true(str_is_empty(scene->renewed));
}

static void what_is_stored_and_no_hash_of_ours_fits_nothing(void **state)
{
    struct scene *scene = scene_of(state);
    static const char *const stored[] = {
        "pleaseletmein",
        "scrypt$32768$8$1$AAAA$AAAA",
        "scrypt$99999999$8$1$AAAAAAAAAAAAAAAAAAAAAA==$"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$32767$8$1$AAAAAAAAAAAAAAAAAAAAAA==$"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$32768$8$99$AAAAAAAAAAAAAAAAAAAAAA==$"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA==$"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=x",
    };
    for (size_t i = 0; i < COUNT_OF(stored); i++)
        assert_false(fits(scene, STR("pleaseletmein"), str_of(stored[i])));
}

static void a_password_that_cannot_be_is_refused(void **state)
{
    struct scene *scene = scene_of(state);
    char longest[PASSWORD_MAX_BYTES + 2];
    memset(longest, 'x', sizeof longest);
    longest[PASSWORD_MAX_BYTES + 1] = '\0';
    static const char *const wrong[] = {"", "seven77", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f",
                                        "latin\xe4 text"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_true(str_is_empty(hash(scene, wrong[i])));
        assert_int_equal(scene->err.kind, ERROR_INVALID);
    }
    assert_true(str_is_empty(hash(scene, longest)));
    assert_non_null(strstr(scene->err.text, "PASSWORD_MAX_BYTES"));
    longest[PASSWORD_MAX_BYTES] = '\0';
    str stored = hash(scene, longest);
    assert_true(fits(scene, str_of(longest), stored));
    longest[PASSWORD_MAX_BYTES] = 'x'; // one byte more is another password
    assert_false(fits(scene, str_of(longest), stored));
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct scene *scene = context;
    int64_t now = clock_monotonic_ns() / 1000000;
    if (scene->last_ms != 0 && now - scene->last_ms > scene->worst_ms)
        scene->worst_ms = now - scene->last_ms;
    scene->last_ms = now;
    scene->turns++;
}

static void twenty_checks_do_not_hold_the_loop(void **state)
{
    struct scene *scene = scene_of(state);
    const struct timeval period = {.tv_usec = 2000};
    struct event *turn = event_new(scene->loop, -1, EV_PERSIST, on_turn, scene);
    str stored = hash(scene, "correct horse");
    event_add(turn, &period);
    scene->out = 20;
    for (size_t i = 0; i < 20; i++)
        password_check_async(scene->passwords, STR("correct horse"), stored, on_checked, scene);
    int64_t begun = clock_monotonic_ns();
    event_base_dispatch(scene->loop);
    print_message("20 checks: %lld ms; the loop turned %zu times and stood still for at most %lld "
                  "ms\n",
                  (long long)(clock_monotonic_ns() - begun) / 1000000, scene->turns,
                  (long long)scene->worst_ms);
    assert_true(scene->fits);
    assert_true(scene->turns >= 40); // two in the time of a check, on however slow a machine
    event_free(turn);
}

static void too_many_checks_are_refused(void **state)
{
    struct scene *scene = scene_of(state);
    size_t refused = 0;
    scene->out = PASSWORD_MAX_WAITING + 10;
    for (size_t i = 0; i < PASSWORD_MAX_WAITING + 10; i++) {
        scene->err = (struct error){0};
        password_check_async(scene->passwords, STR("correct horse"), STR(""), on_checked, scene);
        refused += scene->err.kind == ERROR_UNAVAILABLE;
    }
    assert_true(refused >= 8);
    passwords_free(scene->passwords); // and all others have their answer
    scene->passwords = NULL;
    assert_int_equal(scene->out, 0);
    assert_int_equal(scene->err.kind, ERROR_UNAVAILABLE);
}

// RFC 6238, appendix B: the last six of eight digits.
static void codes_are_those_of_the_standard(void **state)
{
    static const struct {
        int64_t seconds;
        const char *code;
    } rows[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    struct scene *scene = scene_of(state);
    str secret = STR("12345678901234567890");
    int64_t step;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t wanted = rows[i].seconds / TOTP_STEP_S, ms = rows[i].seconds * 1000;
        assert_true(str_equal(totp_code(&scene->arena, secret, wanted), str_of(rows[i].code)));
        assert_true(totp_find(secret, str_of(rows[i].code), ms, &step));
        assert_int_equal(step, wanted);
        assert_true(totp_find(secret, str_of(rows[i].code), ms + 30000, &step));
        assert_true(totp_find(secret, str_of(rows[i].code), ms - 30000, &step));
        assert_false(totp_find(secret, str_of(rows[i].code), ms + 90000, &step));
    }
    assert_false(totp_find(secret, STR(""), 59000, &step));
    assert_false(totp_find(secret, STR("28708"), 59000, &step));
}

static void an_authenticator_gets_an_address(void **state)
{
    struct scene *scene = scene_of(state);
    str uri = totp_uri(&scene->arena, STR("Baton"), STR("anna m\xc3\xbcller"),
                       STR("12345678901234567890"));
    assert_true(str_equal(
        uri, STR("otpauth://totp/Baton:anna%20m%C3%BCller?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&"
                 "issuer=Baton&algorithm=SHA1&digits=6&period=30")));
}

static void a_key_is_read_in_one_form(void **state)
{
    struct scene *scene = scene_of(state);
    struct api_key key = api_key_new(&scene->arena);
    str id, secret;
    assert_true(api_key_read(key.text, &id, &secret));
    assert_true(str_equal(id, key.id));
    struct digest digest = digest_sha256(secret);
    assert_memory_equal(digest.bytes, key.digest.bytes, DIGEST_SIZE);
    assert_false(api_key_read(str_sub(key.text, 0, key.text.len - 1), &id, &secret));
    assert_false(api_key_read(str_join2(&scene->arena, key.text, STR("0")), &id, &secret));
    assert_false(api_key_read(STR("baton_"), &id, &secret));
    assert_false(api_key_read(STR("baton_0123456789abcdef"), &id, &secret));
    assert_false(api_key_read(str_upper(&scene->arena, key.text), &id, &secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_password_fits_its_own_hash_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_hash_with_smaller_parameters_is_renewed, begin, end),
        cmocka_unit_test_setup_teardown(what_is_stored_and_no_hash_of_ours_fits_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_password_that_cannot_be_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(twenty_checks_do_not_hold_the_loop, begin, end),
        cmocka_unit_test_setup_teardown(too_many_checks_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(codes_are_those_of_the_standard, begin, end),
        cmocka_unit_test_setup_teardown(an_authenticator_gets_an_address, begin, end),
        cmocka_unit_test_setup_teardown(a_key_is_read_in_one_form, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
