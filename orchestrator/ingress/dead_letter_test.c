// SPDX-License-Identifier: Apache-2.0
// Records -> dead letters -> records.
#include "ingress/dead_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

static const struct bus_header source_headers[] = {{{"h", 1}, {"v", 1}}};

static struct bus_record source(str value)
{
    return (struct bus_record){.topic = "orders",
                               .partition = 3,
                               .offset = 17,
                               .key = STR("k"),
                               .value = value,
                               .header_count = 1,
                               .headers = source_headers};
}

static void a_letter_is_sent_again_as_it_was(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct bus_record record = source(STR("value"));
    struct bus_record letter;
    struct bus_record revived;
    struct error err;
    (void)error_set(&err, ERROR_INVALID, "place", "why");
    dead_letter_make(&arena, &record, &err, &letter);
    assert_string_equal(letter.topic, "orders.dlq");
    assert_true(str_equal(bus_record_header(&letter, STR("baton-reason")), STR("place: why")));
    assert_true(dead_letter_revive(&arena, &letter, &revived, &err));
    assert_string_equal(revived.topic, "orders");
    assert_true(str_equal(revived.value, STR("value")));
    assert_int_equal(revived.header_count, 1);
    arena_done(&arena);
}

static void a_value_that_does_not_fit_is_cut_and_said(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    enum { SIZE = BUS_MAX_RECORD_BYTES + 1000 };
    char *bytes = calloc(1, SIZE);
    struct bus_record record = source(str_from(bytes, SIZE));
    struct bus_record letter;
    struct bus_record revived;
    struct error err;
    (void)error_set(&err, ERROR_LIMIT, "place", "too large");
    dead_letter_make(&arena, &record, &err, &letter);
    assert_int_equal(letter.value.len, BUS_MAX_LETTER_BYTES);
    assert_true(str_equal(bus_record_header(&letter, STR("baton-cut-from")), STR("4195304")));
    assert_false(dead_letter_revive(&arena, &letter, &revived, &err));
    assert_non_null(strstr(err.text, "of 4195304 bytes"));
    size_t tries = 0;
    while (dead_letter_shorten(&arena, &letter))
        tries++;
    assert_int_equal(letter.value.len, 0);
    assert_in_range(tries, 2, 12);
    assert_true(str_equal(bus_record_header(&letter, STR("baton-cut-from")), STR("4195304")));
    free(bytes);
    arena_done(&arena);
}

static void keys_and_headers_never_make_a_letter_too_large(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    enum { SIZE = BUS_MAX_RECORD_BYTES };
    char *bytes = calloc(1, SIZE);
    const struct bus_header headers[] = {{STR("small"), STR("v")},
                                         {STR("large"), str_from(bytes, 40000)}};
    struct bus_record record = source(STR("value"));
    struct bus_record letter;
    struct bus_record revived;
    struct error err;
    record.key = str_from(bytes, SIZE / 2);
    record.headers = headers;
    record.header_count = COUNT_OF(headers);
    (void)error_set(&err, ERROR_LIMIT, "place", "too large");
    dead_letter_make(&arena, &record, &err, &letter);
    assert_null(letter.key.data);
    assert_non_null(bus_record_header(&letter, STR("small")).data);
    assert_null(bus_record_header(&letter, STR("large")).data);
    assert_true(str_equal(bus_record_header(&letter, STR("baton-cut-from")), STR("5")));
    assert_false(dead_letter_revive(&arena, &letter, &revived, &err));
    free(bytes);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_is_sent_again_as_it_was),
        cmocka_unit_test(a_value_that_does_not_fit_is_cut_and_said),
        cmocka_unit_test(keys_and_headers_never_make_a_letter_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
