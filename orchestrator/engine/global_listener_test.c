// SPDX-License-Identifier: Apache-2.0
// Listeners of all user tasks: their order beside the model's, and what is set while they decide.
#include "engine/fixture.h"

#define TASK                                                                                       \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<userTask id='t'><extensionElements><zeebe:userTask/><zeebe:taskListeners>"             \
          "<zeebe:taskListener eventType='completing' type='own'/>"                                \
          "<zeebe:taskListener eventType='completing' type='own too'/>"                            \
          "</zeebe:taskListeners></extensionElements></userTask>")

#define PLAIN                                                                                      \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<userTask id='t'><extensionElements><zeebe:userTask/>"                                  \
          "<zeebe:assignmentDefinition assignee='ann'/></extensionElements></userTask>")

enum { ASKER = 9 };

static void set_listeners(struct fixture *f, const char *listeners)
{
    run(f, (struct command){.type = COMMAND_SET_LISTENERS,
                            .set_listeners.listeners = str_of(listeners)});
}

static void ask(struct fixture *f, enum command_type type)
{
    run(f, (struct command){.type = type,
                            .instance = f->changes.user_tasks.items[0].instance,
                            .key = f->changes.user_tasks.items[0].key,
                            .reply = {1, ASKER},
                            .user_task = {.assignee = STR("bob"),
                                          .override_assignee = true,
                                          .action = STR_EMPTY,
                                          .variables = STR_EMPTY,
                                          .changeset = STR_EMPTY}});
}

static struct job_offer offered(struct fixture *f, const char *type)
{
    const struct outbound *out = find_outbound(f, OUTBOUND_JOB);
    assert_non_null(out);
    assert_true(str_equal(out->job->type, str_of(type)));
    assert_int_equal(out->job->kind, JOB_TASK_LISTENER);
    return *out->job;
}

static void decide(struct fixture *f, const struct job_offer *job, const char *result)
{
    struct job_answer verdict = answer(job->attempt);
    verdict.variables = STR_EMPTY;
    verdict.result = str_of(result);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = verdict});
}

static void pass(struct fixture *f, const char *type)
{
    struct job_offer job = offered(f, type);
    decide(f, &job, "");
}

static enum instance_state state_of(const struct fixture *f)
{
    return f->changes.instances.items[0].state;
}

static void they_run_before_those_of_the_model_or_after(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TASK);
    set_listeners(f, "[[\"last\",1,true,[\"completing\"]],[\"first\",5,false,[\"completing\"]],"
                     "[\"other\",1,false,[\"updating\"]],[\"second\",3,false,[\"completing\","
                     "\"canceling\"]]]");
    start_with(f, STR_EMPTY);
    assert_null(find_outbound(f, OUTBOUND_JOB));
    ask(f, COMMAND_COMPLETE_USER_TASK);
    struct job_offer job = offered(f, "first");
    assert_int_equal(job.retries, 5);
    assert_true(str_equal(job.listener_event, STR("completing")));
    assert_true(str_equal(f->changes.jobs.items[0].listener_event, STR("completing")));
    assert_true(str_find(job.user_task, STR("\"action\":\"complete\"")) != SIZE_MAX);
    decide(f, &job, "");
    pass(f, "second");
    pass(f, "own");
    pass(f, "own too");
    pass(f, "last");
    assert_int_equal(state_of(f), INSTANCE_COMPLETED);
    fixture_free(f);
}

static void a_change_goes_on_with_the_listeners_that_it_began_with(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TASK);
    set_listeners(f, "[[\"a\",1,false,[\"completing\"]],[\"b\",1,true,[\"completing\"]]]");
    start_with(f, STR_EMPTY);
    ask(f, COMMAND_COMPLETE_USER_TASK);
    struct job_offer job = offered(f, "a");
    set_listeners(f, "[[\"c\",1,false,[\"completing\"]],[\"d\",1,false,[\"completing\"]]]");
    decide(f, &job, "");
    pass(f, "own");
    pass(f, "own too");
    pass(f, "b");
    assert_int_equal(state_of(f), INSTANCE_COMPLETED);
    fixture_free(f);
}

static void they_deny_and_correct_as_those_of_the_model(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(PLAIN);
    set_listeners(f, "[[\"g\",1,false,[\"assigning\",\"completing\"]]]");
    start_with(f, STR_EMPTY);
    struct job_offer job = offered(f, "g");
    decide(f, &job, "{\"corrections\":{\"assignee\":\"cid\"}}");
    assert_true(str_equal(f->changes.user_tasks.items[0].assignee, STR("cid")));
    ask(f, COMMAND_COMPLETE_USER_TASK);
    job = offered(f, "g");
    decide(f, &job, "{\"denied\":true}");
    assert_int_equal(f->changes.user_tasks.items[0].state, USER_TASK_CREATED);
    fixture_free(f);
}

static void each_event_is_heard_in_turn(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(PLAIN);
    set_listeners(f, "[[\"g\",1,true,[\"creating\",\"assigning\",\"updating\",\"completing\","
                     "\"canceling\"]]]");
    start_with(f, STR_EMPTY);
    static const char *const events[] = {"creating", "assigning"};
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        struct job_offer job = offered(f, "g");
        assert_true(str_equal(job.listener_event, str_of(events[i])));
        decide(f, &job, "");
    }
    uint64_t instance = f->changes.user_tasks.items[0].instance;
    run(f, (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = instance});
    struct job_offer job = offered(f, "g");
    assert_true(str_equal(job.listener_event, STR("canceling")));
    decide(f, &job, "");
    assert_int_equal(state_of(f), INSTANCE_TERMINATED);
    fixture_free(f);
}

static void what_is_no_list_of_listeners_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{}",
                                        "[1]",
                                        "[[\"a\",1,true]]",
                                        "[[\"a\",1,true,[\"sometimes\"]]]",
                                        "[[\"a\",1,true,[]]]",
                                        "[[\"a\",-1,true,[\"creating\"]]]",
                                        "[[\"a\",1,1,[\"creating\"]]]"};
    struct fixture *f = fixture_new(PLAIN);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        set_listeners(f, wrong[i]);
        assert_int_equal(f->changes.history.count, 1); // the refusal
        assert_true(str_is_empty(engine_listeners(f->engine)));
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_run_before_those_of_the_model_or_after),
        cmocka_unit_test(a_change_goes_on_with_the_listeners_that_it_began_with),
        cmocka_unit_test(they_deny_and_correct_as_those_of_the_model),
        cmocka_unit_test(each_event_is_heard_in_turn),
        cmocka_unit_test(what_is_no_list_of_listeners_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
