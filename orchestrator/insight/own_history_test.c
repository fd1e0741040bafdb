// SPDX-License-Identifier: Apache-2.0
// Pages of own history -> a log: which events, with which times, and what is said of cases.
#include "insight/own_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/activity.h"
#include "insight/variants.h"

#define CASE                                                                                       \
    "{\"cases\":[{\"processInstanceKey\":\"7\",\"processDefinitionVersion\":2,\"tenantId\":\"a\"," \
    "\"businessId\":null,\"state\":\"COMPLETED\",\"startedMs\":1000,\"endedMs\":9000,"             \
    "\"variables\":{\"amount\":2.5,\"name\":\"Ann\",\"is_new\":true,\"parts\":[1]},\"events\":["
#define READ                                                                                       \
    "{\"elementId\":\"r\",\"activity\":\"Read\",\"type\":\"userTask\",\"resource\":\"ann\","       \
    "\"worker\":null,\"enabledMs\":1000,\"startedMs\":2000,\"endedMs\":3000,\"cancelled\":false},"
#define SIGN                                                                                       \
    "{\"elementId\":\"s\",\"activity\":\"Sign\",\"type\":\"userTask\",\"resource\":null,"          \
    "\"enabledMs\":3000,\"startedMs\":3000,\"endedMs\":4000,\"cancelled\":true}"

static const char page[] = CASE READ SIGN "]}],\"next\":null}";

static const struct event_log *log_of(struct arena *arena, const char *text, bool with_cancelled)
{
    struct error err;
    struct json *json;
    const struct event_log *log = NULL;
    struct log_builder *builder = log_builder_new(arena);
    assert_true(json_parse(arena, str_of(text), &json, &err));
    assert_true(own_history_read(builder, json, with_cancelled, &err));
    assert_true(log_builder_finish(builder, &log, &err));
    log_builder_free(builder);
    return log;
}

static void a_case_keeps_its_own_times_and_what_is_said_of_it(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const struct event_log *log = log_of(&arena, page, false);
    int64_t us;
    assert_int_equal(log->event_count, 1);
    assert_int_equal(log->moments[MOMENT_STARTED][0], 2000000);
    assert_true(trace_duration(log, 0, &us));
    assert_int_equal(us, 8000000);
    const struct attribute *amount =
        event_log_attribute(log, log->case_attributes[0], names_find(log->names, STR("amount")));
    assert_non_null(amount);
    assert_true(amount->real == 2.5);
    assert_int_equal(names_find(log->names, STR("parts")), NAME_NONE);
    arena_done(&arena);
}

static void what_was_cancelled_is_there_where_it_is_wanted(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const struct event_log *log = log_of(&arena, page, true);
    assert_int_equal(log->event_count, 2);
    assert_true(str_equal(names_text(log->names, log->lifecycle[1]), STR("ate_abort")));
    arena_done(&arena);
}

static void work_begins_by_who_is_waited_for(void **state)
{
    (void)state;
    const struct activity_times times = {
        .enabled = 10, .offered = 20, .claimed = 30, .completed = 40};
    const struct activity_times bare = {.enabled = 10, .completed = 40};
    assert_int_equal(activity_started(activity_waits_for(STR("userTask")), &times), 30);
    assert_int_equal(activity_started(activity_waits_for(STR("userTask")), &bare), 40);
    assert_int_equal(activity_started(activity_waits_for(STR("serviceTask")), &times), 30);
    assert_int_equal(activity_started(activity_waits_for(STR("serviceTask")), &bare), 10);
    assert_int_equal(activity_started(activity_waits_for(STR("receiveTask")), &times), 40);
    assert_int_equal(activity_started(activity_waits_for(STR("manualTask")), &times), 10);
    assert_int_equal(activity_waits_for(STR("exclusiveGateway")), ACTIVITY_NONE);
}

static void a_page_of_another_shape_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "[]", "{\"cases\":[{}]}", "{\"cases\":[1]}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct arena arena = ARENA_EMPTY;
        struct error err;
        struct json *json;
        struct log_builder *builder = log_builder_new(&arena);
        assert_true(json_parse(&arena, str_of(texts[i]), &json, &err));
        assert_false(own_history_read(builder, json, false, &err));
        log_builder_free(builder);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_keeps_its_own_times_and_what_is_said_of_it),
        cmocka_unit_test(what_was_cancelled_is_there_where_it_is_wanted),
        cmocka_unit_test(work_begins_by_who_is_waited_for),
        cmocka_unit_test(a_page_of_another_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
