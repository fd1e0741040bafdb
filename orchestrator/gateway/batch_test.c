// SPDX-License-Identifier: Apache-2.0
// The requests of batch operations -> the commands of their items.
#include "gateway/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
    enum batch_type type;
    const char *request;
    enum command_type command; // NONE: *why
    const char *why;
} cases[] = {
    {BATCH_CANCEL_PROCESS_INSTANCE, "{}", COMMAND_CANCEL_INSTANCE, NULL},
    {BATCH_RESOLVE_INCIDENT, "{}", COMMAND_RESOLVE_INCIDENT, NULL},
    {BATCH_SUSPEND_PROCESS_INSTANCE, "{}", COMMAND_SUSPEND_INSTANCE, NULL},
    {BATCH_UPDATE_JOB, "{\"changeset\":{\"retries\":2}}", COMMAND_UPDATE_JOB, NULL},
    {BATCH_UPDATE_JOB, "{\"changeset\":{\"retries\":null}}", COMMAND_NONE, "changeset"},
    {BATCH_MIGRATE_PROCESS_INSTANCE,
     "{\"migrationPlan\":{\"targetProcessDefinitionKey\":\"7\",\"mappingInstructions\":[{}]}}",
     COMMAND_MIGRATE_INSTANCE, NULL},
    {BATCH_MIGRATE_PROCESS_INSTANCE, "{}", COMMAND_NONE, "migrationPlan"},
    {BATCH_MIGRATE_PROCESS_INSTANCE, "{\"migrationPlan\":{\"targetProcessDefinitionKey\":\"x\"}}",
     COMMAND_NONE, "migrationPlan"},
    {BATCH_MODIFY_PROCESS_INSTANCE,
     "{\"moveInstructions\":[{\"sourceElementId\":\"a\",\"targetElementId\":\"b\"}]}",
     COMMAND_MODIFY_INSTANCE, NULL},
    {BATCH_MODIFY_PROCESS_INSTANCE, "{\"moveInstructions\":[]}", COMMAND_NONE, "moveInstructions"},
};

static void requests_become_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY;
        struct json *request;
        struct error err;
        struct command command;
        const char *why = NULL;
        assert_true(json_parse(&arena, str_of(cases[i].request), &request, &err));
        bool good = batch_command(&arena, cases[i].type, request, &command, &why);
        assert_int_equal(good, cases[i].why == NULL);
        if (good)
            assert_int_equal(command.type, cases[i].command);
        else
            assert_non_null(strstr(why, cases[i].why));
        arena_done(&arena);
    }
}

static void moves_are_added_to_those_that_are_there(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct element_instruction first = {.element_id = STR("x")};
    struct modify_instance modify = {.count = 1, .instructions = &first};
    struct json *list;
    struct error err;
    assert_true(json_parse(&arena, STR("[{\"sourceElementId\":\"a\",\"targetElementId\":\"b\"}]"),
                           &list, &err));
    batch_read_moves(&arena, list, &modify);
    assert_int_equal(modify.count, 2);
    assert_true(str_equal(modify.instructions[0].element_id, STR("x")));
    assert_true(str_equal(modify.instructions[1].element_id, STR("b")));
    assert_true(str_equal(modify.instructions[1].move_from, STR("a")));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_become_commands),
        cmocka_unit_test(moves_are_added_to_those_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
