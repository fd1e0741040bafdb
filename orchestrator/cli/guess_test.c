// SPDX-License-Identifier: Apache-2.0
#include "cli/guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char *guessed(const char *word)
{
    static const char *const known[] = {"start", "list", "lint", "migrate up", "api-key list"};
    struct guess guess = guess_new(str_of(word));
    for (size_t i = 0; i < COUNT_OF(known); i++)
        guess_offer(&guess, str_of(known[i]));
    return guess.best.len > 0 ? guess.best.data : "";
}

static void what_was_meant_is_found(void **state)
{
    (void)state;
    assert_string_equal(guessed("strat"), "start");
    assert_string_equal(guessed("starts"), "start");
    assert_string_equal(guessed("tart"), "start");
    assert_string_equal(guessed("lits"), "list");
    assert_string_equal(guessed("lin"), "lint");
    assert_string_equal(guessed("migrate pu"), "migrate up");
    assert_string_equal(guessed("apikey list"), "api-key list");
}

static void what_is_far_from_all_is_not_guessed_at(void **state)
{
    (void)state;
    char longest[GUESS_MOST_BYTES + 2];
    memset(longest, 'l', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_string_equal(guessed("nonsense"), "");
    assert_string_equal(guessed("x"), "");
    assert_string_equal(guessed(""), "");
    assert_string_equal(guessed(longest), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_meant_is_found),
        cmocka_unit_test(what_is_far_from_all_is_not_guessed_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
