// SPDX-License-Identifier: Apache-2.0
// What steps of history are in the audit log.
#include "history/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct history_row step_of(enum command_type cause, enum stream_kind kind,
                                  const struct event *events, size_t count)
{
    return (struct history_row){.stream_kind = kind,
                                .stream = kind == STREAM_SHARD ? 0 : 77,
                                .cause = cause,
                                .principal = STR("anna"),
                                .origin = STR("192.0.2.1 req"),
                                .batch = 3,
                                .ordinal = 2,
                                .count = count,
                                .events = events};
}

static void assert_text(str found, const char *wanted)
{
    assert_int_equal(found.len, strlen(wanted));
    assert_memory_equal(found.data, wanted, found.len);
}

static void test_a_start_says_which_process_of_which_tenant(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct audit_records records;
    const struct event events[] = {{.type = EVENT_PROCESS_ACTIVATED,
                                    .key = 77,
                                    .definition = 5,
                                    .name = STR("loan"),
                                    .code = STR("north")}};
    const struct history_row step = step_of(COMMAND_CREATE_INSTANCE, STREAM_INSTANCE, events, 1);
    audit_records_of(&arena, &step, &records);
    assert_int_equal(records.count, 1);
    const struct audit_record *record = &records.items[0];
    assert_string_equal(record->operation, "CREATE");
    assert_string_equal(record->entity_type, "PROCESS_INSTANCE");
    assert_text(record->entity, "77");
    assert_text(record->process_id, "loan");
    assert_text(record->tenant, "north");
    assert_true(record->has_tenant);
    assert_int_equal(record->definition, 5);
    assert_text(record->actor, "anna");
    arena_done(&arena);
}

static void test_an_instance_that_a_signal_starts_is_created(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct audit_records records;
    const struct event events[] = {
        {.type = EVENT_PROCESS_ACTIVATED, .key = 77, .name = STR("alarm"), .code = STR("")}};
    struct history_row step = step_of(COMMAND_BROADCAST_SIGNAL, STREAM_INSTANCE, events, 1);
    audit_records_of(&arena, &step, &records);
    assert_int_equal(records.count, 1);
    assert_string_equal(records.items[0].operation, "CREATE");
    step.count = 0; // one that it reaches is updated
    audit_records_of(&arena, &step, &records);
    assert_string_equal(records.items[0].operation, "UPDATE");
    arena_done(&arena);
}

static void test_each_variable_is_an_entry_up_to_a_limit(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct audit_records records;
    struct event events[AUDIT_STEP_PARTS + 5];
    for (size_t i = 0; i < COUNT_OF(events); i++)
        events[i] = (struct event){.type = EVENT_VARIABLE_SET, .scope = 77, .name = STR("sum")};
    struct history_row step = step_of(COMMAND_SET_VARIABLES, STREAM_INSTANCE, events, 2);
    audit_records_of(&arena, &step, &records);
    assert_int_equal(records.count, 2);
    assert_text(records.items[1].description, "sum");
    assert_int_equal(records.items[1].part, 1);
    step.count = COUNT_OF(events);
    audit_records_of(&arena, &step, &records);
    assert_int_equal(records.count, AUDIT_STEP_PARTS);
    arena_done(&arena);
}

static void test_a_task_is_assigned_or_taken_from_somebody(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct audit_records records;
    struct event event = {
        .type = EVENT_USER_TASK_ASSIGNED, .key = 9, .scope = 8, .name = STR("bob")};
    const struct history_row step = step_of(COMMAND_ASSIGN_USER_TASK, STREAM_INSTANCE, &event, 1);
    audit_records_of(&arena, &step, &records);
    assert_string_equal(records.items[0].operation, "ASSIGN");
    assert_text(records.items[0].description, "bob");
    assert_int_equal(records.items[0].user_task, 9);
    assert_string_equal(records.items[0].category, "USER_TASKS");
    event.name = STR_EMPTY;
    audit_records_of(&arena, &step, &records);
    assert_string_equal(records.items[0].operation, "UNASSIGN");
    arena_done(&arena);
}

static void test_a_refusal_has_failed_and_says_why(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct audit_records records;
    const struct event event = {.type = EVENT_COMMAND_REJECTED,
                                .number = COMMAND_CANCEL_INSTANCE,
                                .key = 77,
                                .code = STR("NOT_FOUND"),
                                .value = STR("it has ended")};
    const struct history_row step = step_of(COMMAND_CANCEL_INSTANCE, STREAM_SHARD, &event, 1);
    audit_records_of(&arena, &step, &records);
    assert_int_equal(records.count, 1);
    assert_true(records.items[0].has_failed);
    assert_string_equal(records.items[0].operation, "CANCEL");
    assert_int_equal(records.items[0].instance, 77);
    assert_text(records.items[0].description, "NOT_FOUND: it has ended");
    arena_done(&arena);
}

static void test_what_the_platform_does_itself_is_none(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct audit_records records;
    const struct event event = {.type = EVENT_PROCESS_ACTIVATED, .name = STR("loan")};
    struct history_row step = step_of(COMMAND_CREATE_INSTANCE, STREAM_INSTANCE, &event, 1);
    step.principal = STR_EMPTY;
    audit_records_of(&arena, &step, &records);
    assert_int_equal(records.count, 0);
    step = step_of(COMMAND_OFFER_CREDITS, STREAM_SHARD, NULL, 0);
    audit_records_of(&arena, &step, &records);
    assert_int_equal(records.count, 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_start_says_which_process_of_which_tenant),
        cmocka_unit_test(test_an_instance_that_a_signal_starts_is_created),
        cmocka_unit_test(test_each_variable_is_an_entry_up_to_a_limit),
        cmocka_unit_test(test_a_task_is_assigned_or_taken_from_somebody),
        cmocka_unit_test(test_a_refusal_has_failed_and_says_why),
        cmocka_unit_test(test_what_the_platform_does_itself_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
