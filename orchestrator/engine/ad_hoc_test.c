// SPDX-License-Identifier: Apache-2.0
// Ad-hoc sub-processes that a worker or a caller runs.
#include "engine/fixture.h"

#define AD_HOC(extension)                                                                          \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='u'/>"                \
          "<adHocSubProcess id='u'><extensionElements>" extension "</extensionElements>"           \
          "<userTask id='a'/><sequenceFlow id='f2' sourceRef='a' targetRef='a2'/>"                 \
          "<userTask id='a2'/><userTask id='b'/></adHocSubProcess>")

#define BY_WORKER AD_HOC("<zeebe:taskDefinition type='agent'/>")
#define BY_LIST AD_HOC("<zeebe:adHoc activeElementsCollection='=[\"a\"]'/>")

static const struct job_offer *offered(struct fixture *f)
{
    const struct outbound *out = find_outbound(f, OUTBOUND_JOB);
    return out == NULL ? NULL : out->job;
}

static enum rejection decide(struct fixture *f, struct job_offer job, const char *result)
{
    struct job_answer verdict = answer(job.attempt);
    verdict.variables = STR_EMPTY;
    verdict.result = str_of(result);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job.instance,
                            .key = job.key,
                            .reply = {0, 8},
                            .job_answer = verdict});
    return rejection_of(f);
}

static uint64_t task_at(struct fixture *f, const char *element)
{
    for (size_t i = 0; i < f->changes.user_tasks.count; i++)
        if (str_equal(f->changes.user_tasks.items[i].element_id, str_of(element)))
            return f->changes.user_tasks.items[i].key;
    return 0;
}

static void complete(struct fixture *f, uint64_t instance, uint64_t task)
{
    run(f, (struct command){.type = COMMAND_COMPLETE_USER_TASK,
                            .instance = instance,
                            .key = task,
                            .user_task = {.assignee = STR_EMPTY,
                                          .action = STR_EMPTY,
                                          .variables = STR("{\"found\":1}"),
                                          .changeset = STR_EMPTY}});
}

static void a_worker_is_asked_again_when_something_inside_has_ended(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(BY_WORKER);
    start_with(f, STR_EMPTY);
    struct job_offer job = *offered(f);
    assert_int_equal(decide(f, job, "{\"activateElements\":[{\"elementId\":\"a2\"}]}"),
                     REJECTION_INVALID); // it follows another
    assert_int_equal(decide(f, job,
                            "{\"activateElements\":[{\"elementId\":\"a\",\"variables\":{\"x\":1}},"
                            "{\"elementId\":\"b\"}]}"),
                     REJECTION_NONE);
    assert_null(offered(f));
    uint64_t a = task_at(f, "a"), b = task_at(f, "b");
    complete(f, job.instance, a);
    uint64_t a2 = task_at(f, "a2");
    assert_int_not_equal(a2, 0); // the same activation goes on
    assert_null(offered(f));
    complete(f, job.instance, b);
    struct job_offer again = *offered(f);
    complete(f, job.instance, a2);
    assert_int_equal(decide(f, again, "{}"), REJECTION_LATE); // a newer one took its place
    fixture_free(f);
}

static void a_fulfilled_condition_lets_what_runs_end(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(BY_WORKER);
    start_with(f, STR_EMPTY);
    struct job_offer job = *offered(f);
    decide(f, job, "{\"activateElements\":[{\"elementId\":\"a\"},{\"elementId\":\"b\"}]}");
    uint64_t a = task_at(f, "a"), b = task_at(f, "b");
    complete(f, job.instance, b);
    job = *offered(f);
    assert_int_equal(decide(f, job, "{\"isCompletionConditionFulfilled\":true}"), REJECTION_NONE);
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_ACTIVE);
    complete(f, job.instance, a);
    complete(f, job.instance, task_at(f, "a2"));
    assert_null(offered(f)); // decided already
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    assert_true(str_equal(f->changes.instances.items[0].variables, STR("{}")));
    fixture_free(f);
}

static enum rejection activate(struct fixture *f, uint64_t instance, uint64_t scope,
                               const char *element)
{
    struct element_instruction instruction = {.element_id = str_of(element),
                                              .variables = STR("{\"y\":2}")};
    run(f,
        (struct command){.type = COMMAND_ACTIVATE_AD_HOC,
                         .instance = instance,
                         .key = scope,
                         .reply = {0, 8},
                         .activate_ad_hoc = {
                             .count = 1, .instructions = &instruction, .cancels_remaining = true}});
    return rejection_of(f);
}

static void a_caller_activates_what_is_inside(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(BY_LIST);
    start_with(f, STR_EMPTY);
    uint64_t instance = f->changes.instances.items[0].key, scope = 0;
    for (size_t i = 0; i < f->changes.elements.count; i++)
        if (str_equal(f->changes.elements.items[i].element_id, STR("u")))
            scope = f->changes.elements.items[i].key;
    assert_int_equal(activate(f, instance, scope, "a2"), REJECTION_INVALID);
    assert_int_equal(activate(f, instance, scope + 1, "b"), REJECTION_NOT_FOUND);
    assert_int_equal(activate(f, instance, scope, "b"), REJECTION_NONE);
    uint64_t b = 0;
    for (size_t i = 0; i < f->changes.user_tasks.count; i++)
        if (f->changes.user_tasks.items[i].state == USER_TASK_CREATED)
            b = f->changes.user_tasks.items[i].key;
    complete(f, instance, b);
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_is_asked_again_when_something_inside_has_ended),
        cmocka_unit_test(a_fulfilled_condition_lets_what_runs_end),
        cmocka_unit_test(a_caller_activates_what_is_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
