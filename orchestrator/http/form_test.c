// SPDX-License-Identifier: Apache-2.0
// Forms and cookies, as browsers and strangers send them.
#include "http/form.h"

#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;
static struct error err;

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void fields_are_decoded(void **state)
{
    (void)state;
    struct form form;
    assert_true(form_parse(
        &arena, STR("username=anna+m%C3%BCller&password=a%26b%3Dc%25&empty=&&lonely&x=a=b"), &form,
        &err));
    assert_int_equal(form.count, 5);
    assert_true(str_equal(form_get(&form, STR("username")), STR("anna m\xc3\xbcller")));
    assert_true(str_equal(form_get(&form, STR("password")), STR("a&b=c%")));
    assert_true(str_is_empty(form_get(&form, STR("empty"))));
    assert_true(str_is_empty(form_get(&form, STR("lonely"))));
    assert_true(str_equal(form_get(&form, STR("x")), STR("a=b")));
    assert_true(str_is_empty(form_get(&form, STR("nothing"))));
    assert_true(form_parse(&arena, STR(""), &form, &err));
    assert_int_equal(form.count, 0);
}

static void what_is_no_form_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"a=%",     "a=%4",      "a=%zz",      "a=%00",
                                        "%00=a",   "a=\xff",    "a=%ff",      "a=%C0%AF",
                                        "a=1&a=2", "a=1&%61=2", "a=%ED%A0%80"};
    struct form form;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(form_parse(&arena, str_of(wrong[i]), &form, &err));
        assert_int_equal(err.kind, ERROR_INVALID);
    }
}

static void a_form_has_bounds(void **state)
{
    (void)state;
    struct form form;
    struct strbuf many = strbuf_new(&arena), large = strbuf_new(&arena);
    for (int i = 0; i < FORM_MAX_FIELDS; i++)
        strbuf_format(&many, "%sf%d=1", i ? "&" : "", i);
    assert_true(form_parse(&arena, strbuf_str(&many), &form, &err));
    strbuf_add(&many, STR("&more=1"));
    assert_false(form_parse(&arena, strbuf_str(&many), &form, &err));
    assert_non_null(strstr(err.text, "FORM_MAX_FIELDS"));
    strbuf_add_repeated(&large, 'x', FORM_MAX_BYTES);
    assert_true(form_parse(&arena, strbuf_str(&large), &form, &err));
    strbuf_add_char(&large, 'x');
    assert_false(form_parse(&arena, strbuf_str(&large), &form, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
}

static void a_cookie_is_found_once(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *value;
    } rows[] = {
        {"baton=abc", "abc"},
        {"a=1; baton=abc; b=2", "abc"},
        {"a=1;baton=abc;b=2", "abc"},
        {"baton=\"abc\"", "abc"},
        {"baton=a=b", "a=b"},
        {"Baton=abc", ""},
        {"xbaton=abc", ""},
        {"baton", ""},
        {"", ""},
        {"; ;;=;baton=abc", "abc"},
        {"baton=abc; baton=def", ""}, // one of them is not ours
        {"baton=; baton=def", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_true(
            str_equal(cookie_get(str_of(rows[i].header), STR("baton")), str_of(rows[i].value)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_decoded),
        cmocka_unit_test(what_is_no_form_is_refused),
        cmocka_unit_test(a_form_has_bounds),
        cmocka_unit_test(a_cookie_is_found_once),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
