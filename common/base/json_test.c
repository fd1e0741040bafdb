// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void a_nul_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
    } cases[] = {
        {"\"\\u0000\"", "the text"},
        {"{\"a\":{\"b\":[1,\"x\\u0000y\"]}}", "a.b[1]"},
        {"[[],[{\"c\":\"\\u0000\"}]]", "[1][0].c"},
        {"{\"a\\u0000\":1}", "the text"},
    };
    struct arena arena = ARENA_EMPTY;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json *json;
        struct error err;
        assert_false(json_parse(&arena, str_of(cases[i].text), &json, &err));
        assert_ptr_equal(strstr(err.text, cases[i].place), err.text);
        assert_non_null(strstr(err.text, "U+0000"));
        assert_true(json_has_nul(str_of(cases[i].text)));
    }
    assert_false(json_has_nul(STR("\"a\\\\u0000\"")));
    assert_true(json_has_nul(STR("\"a\\\\u0000 \\\\\\u0000\"")));
    arena_done(&arena);
}

static void an_error_is_cut_between_two_characters(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    for (size_t lead = 0; lead < 4; lead++) {
        struct strbuf text = strbuf_new(&arena);
        for (size_t i = 0; i < lead; i++)
            strbuf_add_char(&text, 'x');
        while (text.len < 4 * sizeof(struct error))
            strbuf_add(&text, STR("\xf0\x9f\x90\x9f")); // a fish of four bytes
        struct error err;
        error_set(&err, ERROR_INVALID, "json", "%s", strbuf_cstr(&text));
        assert_true(utf8_is_valid(str_of(err.text)));
        assert_true(strlen(err.text) + 4 >= sizeof err.text);
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_is_refused_with_its_place),
        cmocka_unit_test(an_error_is_cut_between_two_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
