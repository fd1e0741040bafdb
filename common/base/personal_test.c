// SPDX-License-Identifier: Apache-2.0
#include "base/personal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static bool say(void *context, str sealed, str *ret_json)
{
    (void)context;
    *ret_json = str_equal(sealed, STR("AA")) ? STR("{\"a\":\"b\\\"c\"}") : STR("7");
    return !str_equal(sealed, STR("ZZ"));
}

static void sealed_values_are_found_however_often_they_are_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *text, *replaced;
    } cases[] = {
        {"\"baton:sealed:AA\"", "{\"a\":\"b\\\"c\"}"},
        {"[1,\"baton:sealed:BB\",\"baton:sealed:ZZ\",2]", "[1,7,\"baton:sealed:ZZ\",2]"},
        {"{\"value\":\"\\\"baton:sealed:AA\\\"\"}",
         "{\"value\":\"{\\\"a\\\":\\\"b\\\\\\\"c\\\"}\"}"},
        {"\"\\\"{\\\\\\\"x\\\\\\\":\\\\\\\"baton:sealed:BB\\\\\\\"}\\\"\"",
         "\"\\\"{\\\\\\\"x\\\\\\\":7}\\\"\""},
        {"\"baton:sealed:AA", "\"baton:sealed:AA"},
        {"\"baton:sealed:A A\"", "\"baton:sealed:A A\""},
        {"\\\\\"baton:sealed:AA\\\\\"", "\\\\\"baton:sealed:AA\\\\\""},
        {"baton:sealed:AA\"", "baton:sealed:AA\""},
        {"", ""},
    };
    struct arena arena = ARENA_EMPTY;
    const struct personal_replacing replacing = {NULL, say};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str replaced = personal_replace(&arena, str_of(cases[i].text), &replacing);
        assert_string_equal(str_cstr(&arena, replaced), cases[i].replaced);
    }
    arena_done(&arena);
}

static void what_only_speaks_of_sealed_values_holds_none(void **state)
{
    (void)state;
    assert_true(personal_holds_sealed(STR("{\"x\":\"baton:sealed:AA\"}")));
    assert_true(personal_holds_sealed(STR("{\"x\":\"{\\\"y\\\":\\\"baton:sealed:AA\\\"}\"}")));
    assert_false(personal_holds_sealed(STR("\"baton:sealed: is how it begins\"")));
    assert_false(personal_holds_sealed(STR("\"see baton:sealed:AA\"")));
}

static bool note(void *context, const struct personal_subjects *subjects, str json, str *ret_json,
                 struct error *err)
{
    struct arena *arena = context;
    (void)err;
    str who = subjects->items[0];
    for (uint32_t i = 1; i < subjects->count; i++)
        who = str_format(arena, "%.*s+%.*s", STR_ARG(who), STR_ARG(subjects->items[i]));
    *ret_json = str_format(arena, "\"%.*s has %zu\"", STR_ARG(who), json.len);
    return true;
}

static void marked_values_give_way(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sealed; // NULL: refused
    } cases[] = {
        {"{\"baton:personal\":\"c\",\"value\":12}", "\"c has 2\""},
        {"{\"x\":[{\"baton:personal\":[\"c\",\"d\"],\"value\":12}]}", "{\"x\":[\"c+d has 2\"]}"},
        {"{\"value\":[{\"value\":1,\"baton:personal\":7}],\"baton:personal\":\"c\"}",
         "\"c+7 has 3\""},
        {"{\"other\": 1}", "{\"other\": 1}"},
        {"{\"other\": \"\\u00e9\"}", "{\"other\": \"\\u00e9\"}"},
        {"{\"baton\\u003apersonal\":\"c\",\"value\":12}", "\"c has 2\""},
        {"[{\"\\u0062aton:personal\":\"c\",\"value\":12}]", "[\"c has 2\"]"},
        {"{\"baton:personal\":7.0,\"value\":1}", "\"7 has 1\""},
        {"{\"baton:personal\":[7,7.00,70e-1,0.7E+1],\"value\":1}", "\"7 has 1\""},
        {"{\"baton:personal\":[-0.0,-12.50,0.050,1e3],\"value\":1}", "\"0+-12.5+0.05+1000 has 1\""},
        {"{\"baton:personal\":1e40,\"value\":1}", "\"1E+40 has 1\""},
        {"{\"baton:personal\":[1e1001],\"value\":1}", NULL},
        {"{\"baton:personal\":12345678901234567890123456789012345,\"value\":1}", NULL},
        {"{\"baton:personal\":\"\",\"value\":1}", NULL},
        {"{\"baton:personal\":[],\"value\":1}", NULL},
        {"{\"baton:personal\":[[\"a\"]],\"value\":1}", NULL},
        {"{\"baton:personal\":true,\"value\":1}", NULL},
        {"{\"baton:personal\":\"c\"}", NULL},
        {"{\"baton:personal\":\"c\",\"value\":1,\"more\":2}", NULL},
        {"{\"baton:personal\":[1,2,3,4,5,6,7,8,9],\"value\":1}", NULL},
    };
    struct arena arena = ARENA_EMPTY;
    const struct personal_sealing sealing = {&arena, note};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err;
        str sealed;
        bool good = personal_seal_marked(&arena, str_of(cases[i].text), &sealing, &sealed, &err);
        assert_int_equal(good, cases[i].sealed != NULL);
        if (good)
            assert_string_equal(str_cstr(&arena, sealed), cases[i].sealed);
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_values_are_found_however_often_they_are_quoted),
        cmocka_unit_test(what_only_speaks_of_sealed_values_holds_none),
        cmocka_unit_test(marked_values_give_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
