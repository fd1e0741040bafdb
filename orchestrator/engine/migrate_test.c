// SPDX-License-Identifier: Apache-2.0
// What a migration keeps, what it makes anew, and to which definition all of it belongs.
#include "engine/fixture.h"

#define TIMED(task, border)                                                                        \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='" task "'/>"         \
          "<userTask id='" task "'/>"                                                              \
          "<boundaryEvent id='" border "' attachedToRef='" task "' cancelActivity='false'>"        \
          "<timerEventDefinition><timeDuration>PT5S</timeDuration></timerEventDefinition>"         \
          "</boundaryEvent><sequenceFlow id='f2' sourceRef='" border "' targetRef='n'/>"           \
          "<userTask id='n'/>"                                                                     \
          "<boundaryEvent id='late' attachedToRef='" task "' cancelActivity='false'>"              \
          "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"         \
          "</boundaryEvent><sequenceFlow id='f3' sourceRef='late' targetRef='n'/>")

static struct command migration(uint64_t instance, uint64_t target,
                                struct element_mapping *mappings, size_t count)
{
    return (struct command){
        .type = COMMAND_MIGRATE_INSTANCE,
        .instance = instance,
        .reply = {0, 5},
        .migrate_instance = {.target_definition = target, .count = count, .mappings = mappings}};
}

static const struct timer_row *timer_at(struct fixture *f, const char *element)
{
    for (size_t i = 0; i < f->changes.timers.count; i++)
        if (str_equal(f->changes.timers.items[i].element_id, str_of(element)) &&
            f->changes.timers.items[i].change != ROW_DELETE)
            return &f->changes.timers.items[i];
    return NULL;
}

static void what_has_fired_is_not_armed_again(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TIMED("t", "b"));
    start_with(f, STR_EMPTY);
    uint64_t instance = f->changes.instances.items[0].key;
    uint64_t soon = timer_at(f, "b")->key, late = timer_at(f, "late")->key;
    int64_t due_ms = timer_at(f, "late")->due_ms;
    f->now += 10000;
    run(f, (struct command){.type = COMMAND_FIRE_TIMER, .instance = instance, .key = soon});
    assert_int_equal(f->changes.user_tasks.count, 1); // behind the border
    uint64_t target = deploy(f, TIMED("t2", "b2"));
    struct element_mapping mappings[] = {{STR("t"), STR("t2")}, {STR("b"), STR("b2")}};
    run(f, migration(instance, target, mappings, 2));
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_null(timer_at(f, "b2"));
    assert_int_equal(timer_at(f, "late")->key, late); // keeps its time
    assert_int_equal(timer_at(f, "late")->due_ms, due_ms);
    assert_int_equal(timer_at(f, "late")->definition, target);
    target = deploy(f, TIMED("t2", "b3")); // another event: it has not fired
    run(f, migration(instance, target, NULL, 0));
    assert_non_null(timer_at(f, "b3"));
    fixture_free(f);
}

static void a_task_that_waits_belongs_to_the_new_definition(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TIMED("t", "b"));
    start_with(f, STR_EMPTY);
    uint64_t instance = f->changes.instances.items[0].key;
    uint64_t target = deploy(f, TIMED("t2", "b"));
    struct element_mapping mapping = {STR("t"), STR("t2")};
    run(f, migration(instance, target, &mapping, 1));
    const struct user_task_row *task = &f->changes.user_tasks.items[0];
    assert_true(str_equal(task->element_id, STR("t2")));
    assert_int_equal(task->definition, target);
    assert_int_equal(task->version, 2);
    fixture_free(f);
}

#define WORK(id)                                                                                   \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='" id "'/>"           \
          "<serviceTask id='" id "'><extensionElements><zeebe:taskDefinition type='pay'/>"         \
          "</extensionElements></serviceTask>")

static void a_job_on_its_topic_is_offered_again(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(WORK("t"));
    const struct job_offer old = *start(f);
    uint64_t target = deploy(f, WORK("t2"));
    struct element_mapping mapping = {STR("t"), STR("t2")};
    run(f, migration(old.instance, target, &mapping, 1));
    const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job;
    assert_int_equal(job->key, old.key);
    assert_int_equal(job->definition, target);
    assert_true(str_equal(job->element_id, STR("t2")));
    assert_int_equal(job->attempt, 2); // what was on the topic before is stale
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = old.instance,
                            .key = old.key,
                            .job_answer = answer(2)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void an_incident_is_shown_at_its_new_element(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(WORK("t"));
    const struct job_offer old = *start(f);
    run(f, (struct command){.type = COMMAND_FAIL_JOB,
                            .instance = old.instance,
                            .key = old.key,
                            .job_answer = answer(1)});
    uint64_t target = deploy(f, WORK("t2"));
    struct element_mapping mapping = {STR("t"), STR("t2")};
    run(f, migration(old.instance, target, &mapping, 1));
    assert_int_equal(f->changes.incidents.count, 1);
    assert_true(str_equal(f->changes.incidents.items[0].element_id, STR("t2")));
    assert_int_equal(f->changes.incidents.items[0].definition, target);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_fired_is_not_armed_again),
        cmocka_unit_test(a_task_that_waits_belongs_to_the_new_definition),
        cmocka_unit_test(a_job_on_its_topic_is_offered_again),
        cmocka_unit_test(an_incident_is_shown_at_its_new_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
