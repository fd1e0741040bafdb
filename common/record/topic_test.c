// SPDX-License-Identifier: Apache-2.0
#include "record/topic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *const cases[][2] = {
    {"pay", "pay"},
    {"io.camunda:http-json:1", "io.camunda_x3ahttp-json_x3a1"},
    {"a_b", "a_b"},
    {"a_xb", "a_x5fxb"},
    {"Prüfen", "Pr_xc3_xbcfen"},
    {"a b", "a_x20b"},
};

static void types_become_parts_of_topic_names(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str part;
        assert_true(topic_part_of_job_type(&arena, str_of(cases[i][0]), &part));
        assert_true(str_equal(part, str_of(cases[i][1])));
    }
    arena_done(&arena);
}

static void empty_and_endless_types_are_refused(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    char *endless = arena_alloc(&arena, TOPIC_MAX_JOB_TYPE + 1);
    memset(endless, 'a', TOPIC_MAX_JOB_TYPE + 1);
    str part;
    assert_false(topic_part_of_job_type(&arena, STR_EMPTY, &part));
    assert_false(topic_part_of_job_type(&arena, str_from(endless, TOPIC_MAX_JOB_TYPE + 1), &part));
    assert_true(topic_part_of_job_type(&arena, str_from(endless, TOPIC_MAX_JOB_TYPE), &part));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_become_parts_of_topic_names),
        cmocka_unit_test(empty_and_endless_types_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
