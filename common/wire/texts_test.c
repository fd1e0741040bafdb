// SPDX-License-Identifier: Apache-2.0
#include "wire/texts.h"

#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena arena = ARENA_EMPTY;

static bool wants(str text)
{
    return str_find(text, STR("secret")) != SIZE_MAX;
}

static str take_out(void *context, str json)
{
    (void)context, (void)json;
    return STR("{}");
}

static str replaced(str variables)
{
    const struct wire_replacing replacing = {NULL, wants, take_out};
    const struct command command = {.type = COMMAND_PUBLISH_MESSAGE,
                                    .publish_message = {.name = STR("a secret name"),
                                                        .correlation_key = STR("secret"),
                                                        .variables = variables}};
    struct strbuf value = strbuf_new(&arena);
    struct command back;
    struct error err;
    wire_encode_command(&value, &command);
    str changed = wire_replace_texts(&arena, strbuf_str(&value), &replacing);
    assert_true(wire_decode_command(&arena, changed, &back, &err));
    assert_true(str_equal(back.publish_message.name, STR("a secret name")));
    assert_true(str_equal(back.publish_message.correlation_key, STR("secret")));
    return back.publish_message.variables;
}

static void texts_are_found_with_space_before_them_too(void **state)
{
    (void)state;
    static const char *const found[] = {"{\"x\":\"secret\"}", "[\"secret\"]", " {\"x\":\"secret\"}",
                                        "\n\t\r {\"x\" : \"secret\"} \n"};
    for (size_t i = 0; i < COUNT_OF(found); i++)
        assert_true(str_equal(replaced(str_of(found[i])), STR("{}")));
    assert_true(str_equal(replaced(STR("{\"x\":1}")), STR("{\"x\":1}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_found_with_space_before_them_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
