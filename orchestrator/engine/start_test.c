// SPDX-License-Identifier: Apache-2.0
// What a start may ask for beside the process: tags, a business id of its own, an early end.
#include "engine/fixture.h"

#include "record/limits.h"
#include "record/partition.h"

#define TWO_TASKS                                                                                  \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='a'/>"                \
          "<userTask id='a'/><sequenceFlow id='f2' sourceRef='a' targetRef='b'/>"                  \
          "<userTask id='b'/><boundaryEvent id='x' attachedToRef='a'><timerEventDefinition>"       \
          "<timeDuration>PT1S</timeDuration></timerEventDefinition></boundaryEvent>"               \
          "<sequenceFlow id='f3' sourceRef='x' targetRef='c'/><userTask id='c'/>")

static struct create_instance asked(void)
{
    return (struct create_instance){.process_id = STR("p"),
                                    .variables = STR_EMPTY,
                                    .business_id = STR_EMPTY,
                                    .fetch_variables = STR_EMPTY,
                                    .deduplication_id = STR_EMPTY};
}

static enum rejection begin(struct fixture *f, struct create_instance create)
{
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .reply = {0, 7},
                            .reference = 4711,
                            .create_instance = create});
    return rejection_of(f);
}

static void complete(struct fixture *f)
{
    run(f, (struct command){.type = COMMAND_COMPLETE_USER_TASK,
                            .instance = f->changes.user_tasks.items[0].instance,
                            .key = f->changes.user_tasks.items[0].key,
                            .user_task = {.assignee = STR_EMPTY,
                                          .action = STR_EMPTY,
                                          .variables = STR_EMPTY,
                                          .changeset = STR_EMPTY}});
}

static void tags_are_kept_or_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}",
        "[1]",
        "[\"\"]",
        "[\"1a\"]",
        "[\"a b\"]",
        "[\"a\",\"\xc3\xa4\"]",
        "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\"]",
    };
    struct fixture *f = fixture_new(TWO_TASKS);
    struct create_instance create = asked();
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        create.tags = str_of(wrong[i]);
        assert_int_equal(begin(f, create), REJECTION_INVALID);
        assert_int_equal(f->changes.instances.count, 0);
    }
    create.tags = STR("[\"vip\",\"region:north-2.x\"]");
    assert_int_equal(begin(f, create), REJECTION_NONE);
    assert_true(str_equal(f->changes.instances.items[0].tags, create.tags));
    fixture_free(f);
}

static void an_instance_ends_after_the_element_that_was_named(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TWO_TASKS);
    struct create_instance create = asked();
    create.ends_after = STR("[\"nowhere\"]");
    assert_int_equal(begin(f, create), REJECTION_INVALID);
    create.ends_after = STR("[\"a\"]");
    begin(f, create);
    complete(f);
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_TERMINATED);
    begin(f, create); // terminated is ended, too
    uint64_t instance = f->changes.instances.items[0].key;
    f->now += 5000;
    run(f, (struct command){.type = COMMAND_FIRE_TIMER,
                            .instance = instance,
                            .key = f->changes.timers.items[0].key});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_TERMINATED);
    fixture_free(f);
}

static void a_business_id_is_one_instances_while_it_runs(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TWO_TASKS);
    struct create_instance create = asked();
    create.business_id = STR("case-1");
    create.is_unique = true;
    assert_int_equal(begin(f, create), REJECTION_NONE);
    uint64_t first = f->changes.instances.items[0].key;
    assert_int_equal(begin(f, create), REJECTION_ALREADY_EXISTS);
    run(f, (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = first});
    const struct outbound *unlock = find_outbound(f, OUTBOUND_COMMAND);
    assert_true(str_equal(unlock->command->subscription.name, RECORD_BUSINESS_LOCK));
    run(f, *unlock->command);
    assert_int_equal(begin(f, create), REJECTION_NONE);
    fixture_free(f);
}

static void a_business_id_is_given_once(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TWO_TASKS);
    struct create_instance create = asked();
    assert_int_equal(begin(f, create), REJECTION_NONE);
    struct command name = {.type = COMMAND_NAME_INSTANCE,
                           .instance = f->changes.instances.items[0].key,
                           .reply = {0, 7},
                           .create_instance = create};
    run(f, name);
    assert_int_equal(rejection_of(f), REJECTION_INVALID); // empty
    name.create_instance.business_id = STR("case-1");
    run(f, name);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_true(str_equal(f->changes.instances.items[0].business_id, STR("case-1")));
    run(f, name); // the same again
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    name.create_instance.business_id = STR("case-2");
    run(f, name);
    assert_int_equal(rejection_of(f), REJECTION_INVALID_STATE);
    fixture_free(f);
}

static void a_business_id_is_measured_in_characters(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TWO_TASKS);
    struct create_instance create = asked();
    struct strbuf id = strbuf_new(&f->arena);
    for (int i = 0; i < LIMIT_BUSINESS_ID_CHARACTERS - 1; i++)
        strbuf_add_char(&id, 'x');
    strbuf_add(&id, STR("\xc3\xa4"));
    create.business_id = strbuf_str(&id);
    assert_int_equal(begin(f, create), REJECTION_NONE);
    strbuf_add_char(&id, 'x');
    create.business_id = strbuf_str(&id);
    assert_int_equal(begin(f, create), REJECTION_LIMIT);
    fixture_free(f);
}

static void the_callers_number_is_noted(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TWO_TASKS);
    begin(f, asked());
    const struct history_row *row = &f->history.items[f->history.count - 1];
    bool found = false;
    for (size_t i = 0; i < row->count; i++)
        found |= row->events[i].type == EVENT_REFERENCED && row->events[i].number == 4711;
    assert_true(found);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_kept_or_refused),
        cmocka_unit_test(an_instance_ends_after_the_element_that_was_named),
        cmocka_unit_test(a_business_id_is_one_instances_while_it_runs),
        cmocka_unit_test(a_business_id_is_given_once),
        cmocka_unit_test(a_business_id_is_measured_in_characters),
        cmocka_unit_test(the_callers_number_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
