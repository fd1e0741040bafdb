// SPDX-License-Identifier: Apache-2.0
// Bodies -> what is wrong with them.
#include "http/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct shape name = {.kind = SHAPE_STRING, .max_len = 5, .limit = "NAME_BYTES"};
static const struct shape key = {.kind = SHAPE_KEY};
static const struct shape ancestor = {.kind = SHAPE_KEY, .low = -1};
static const struct shape missing = {.kind = SHAPE_MISSING};
static const struct shape limit = {.kind = SHAPE_INTEGER, .low = 0, .high = 100};
static const struct shape any_integer = {
    .kind = SHAPE_INTEGER, .low = INT64_MIN, .high = INT64_MAX};
static const struct shape flag = {.kind = SHAPE_BOOLEAN};
static const struct shape names = {.kind = SHAPE_ARRAY, .item = &name};
static const struct shape_member page_members[] = {{"limit", &limit}, {"ttl", &any_integer}};
static const struct shape page = {
    .kind = SHAPE_OBJECT, .members = page_members, .count = COUNT_OF(page_members)};
static const struct shape pages = {.kind = SHAPE_ARRAY, .item = &page, .low = 1, .high = 2};
static const struct shape word = {.kind = SHAPE_STRING, .low = 2, .high = 3};
static const struct shape variables = {.kind = SHAPE_OBJECT, .is_open = true};
static const char *const orders[] = {"ASC", "DESC", NULL};
static const struct shape order = {.kind = SHAPE_STRING, .names = orders};
static const struct shape_member members[] = {
    {"name", &name, .is_required = true},
    {"key", &key},
    {"page", &page},
    {"flag", &flag},
    {"names", &names},
    {"pages", &pages},
    {"word", &word},
    {"ancestor", &ancestor},
    {"later", &missing},
    {"variables", &variables},
    {"order", &order},
};
static const struct shape body = {
    .kind = SHAPE_OBJECT, .members = members, .count = COUNT_OF(members)};

static const char *const cases[][2] = {
    {"{\"name\":\"a\"}", NULL},
    {"{\"name\":\"a\",\"key\":\"17\",\"page\":{\"limit\":100},\"flag\":false,\"names\":[\"b\"]}",
     NULL},
    {"{\"name\":\"a\",\"key\":17,\"page\":null,\"unknown\":[1]}",
     "\"unknown\" is not known here: leave it out"},
    {"{\"name\":\"a\",\"unknown\":[],\"more\":{},\"other\":null,\"last\":0}", NULL},
    {"{\"name\":\"a\",\"page\":{\"limt\":3}}", "\"page.limt\" is not known here: leave it out"},
    {"{\"name\":\"a\",\"variables\":{\"x\":1,\"y\":{\"z\":[2]}}}", NULL},
    {"{\"name\":\"a\",\"order\":\"asc\"}", NULL},
    {"{\"name\":\"a\",\"order\":\"up\"}", "\"order\" must be one of ASC, DESC, found 'up'"},
    {"{\"name\":\"a\",\"ancestor\":\"-1\",\"later\":null}", NULL},
    {"{\"name\":\"a\",\"ancestor\":-2}",
     "\"ancestor\" must be a key: a string of digits, found -2"},
    {"{\"name\":\"a\",\"later\":[]}", NULL},
    {"{\"name\":\"a\",\"pages\":[{},{}],\"word\":\"äöü\"}", NULL},
    {"{\"name\":\"a\",\"pages\":[]}", "\"pages\" has 0 items: at least 1"},
    {"{\"name\":\"a\",\"pages\":[{},{},{}]}", "\"pages\" has 3 items: at most 2"},
    {"{\"name\":\"a\",\"word\":\"ä\"}", "\"word\" has 1 characters: at least 2"},
    {"{\"name\":\"a\",\"word\":\"äöüß\"}", "\"word\" has 4 characters: at most 3"},
    {"{\"name\":\"a\",\"later\":\"\"}", NULL},
    {"{\"name\":\"a\",\"later\":{\"x\":1}}", "\"later\" is not done here: leave it out"},
    {"{}", "\"name\" is missing"},
    {"{\"name\":null}", "\"name\" is missing"},
    {"{\"name\":1}", "\"name\" must be a string, found 1"},
    {"{\"name\":\"abcdef\"}", "\"name\" has 6 bytes: at most NAME_BYTES (5)"},
    {"{\"name\":\"a\",\"key\":\"x\"}", "\"key\" must be a key: a string of digits, found string"},
    {"{\"name\":\"a\",\"key\":-1}", "\"key\" must be a key: a string of digits, found -1"},
    {"{\"name\":\"a\",\"key\":18446744073709551615}",
     "\"key\" must be a key: a string of digits, found 18446744073709551615"},
    {"{\"name\":\"a\",\"page\":{\"limit\":1e999999}}",
     "\"page.limit\" must be a whole number from 0 to 100, found 1e999999"},
    {"{\"name\":\"a\",\"page\":{\"limit\":101}}",
     "\"page.limit\" must be a whole number from 0 to 100, found 101"},
    {"{\"name\":\"a\",\"page\":{\"limit\":\"1\"}}",
     "\"page.limit\" must be a whole number from 0 to 100, found string"},
    {"{\"name\":\"a\",\"page\":{\"ttl\":9223372036854775807}}", NULL},
    {"{\"name\":\"a\",\"page\":{\"ttl\":9223372036854775808}}",
     "\"page.ttl\" must be a whole number from -9223372036854775808 to 9223372036854775807, found "
     "9223372036854775808"},
    {"{\"name\":\"a\",\"flag\":\"true\"}", "\"flag\" must be true or false, found string"},
    {"{\"name\":\"a\",\"names\":[\"b\",2]}", "\"names[1]\" must be a string, found 2"},
    {"{\"name\":\"a\",\"names\":{}}", "\"names\" must be an array, found object"},
    {"{\"name\":\"a\",\"pages\":[{},{\"limit\":true}]}",
     "\"pages[1].limit\" must be a whole number from 0 to 100, found boolean"},
    {"{\"name\":\"a\",\"page\":[]}", "\"page\" must be an object, found array"},
};

static void bodies_are_checked_with_their_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY;
        struct json *value;
        struct error err;
        assert_true(json_parse(&arena, str_of(cases[i][0]), &value, &err));
        bool fits = shape_fits(&body, value, &err);
        if (fits != (cases[i][1] == NULL))
            fail_msg("%s\nexpected: %s\nfound: %s", cases[i][0],
                     cases[i][1] ? cases[i][1] : "it fits", fits ? "it fits" : err.text);
        if (!fits)
            assert_string_equal(err.text, cases[i][1]);
        arena_done(&arena);
    }
}

static void an_absent_body_is_an_empty_object(void **state)
{
    (void)state;
    struct error err;
    assert_false(shape_fits(&body, NULL, &err));
    assert_string_equal(err.text, "\"name\" is missing");
    assert_true(shape_fits(&page, NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_checked_with_their_paths),
        cmocka_unit_test(an_absent_body_is_an_empty_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
