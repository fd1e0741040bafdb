// SPDX-License-Identifier: Apache-2.0
// The engine's contract: batches in, rows, history and records out. What single elements do is told
// by the golden traces of the simulator.
#include "engine/fixture.h"

static void a_service_task_waits_for_its_job_and_completes(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    assert_non_null(job);
    assert_true(str_equal(job->type, STR("pay")));
    assert_true(str_equal(job->variables, STR("{\"a\":1}")));
    assert_int_equal(f->changes.elements.count, 1); // the start event came and went
    assert_int_equal(f->changes.jobs.count, 1);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    assert_int_equal(f->changes.instances.items[0].image.len, 0);
    assert_true(str_equal(f->changes.instances.items[0].variables, STR("{\"a\":1,\"b\":2}")));
    assert_int_equal(f->changes.jobs.items[0].change, ROW_DELETE);
    fixture_free(f);
}

static void late_and_stale_answers_change_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    struct command complete = {.type = COMMAND_COMPLETE_JOB,
                               .instance = job->instance,
                               .key = job->key,
                               .reply = {0, 9},
                               .job_answer = answer(2)};
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_STALE);
    complete.job_answer.attempt = 1;
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_LATE);
    assert_int_equal(f->changes.instances.count, 0);
    fixture_free(f);
}

static void a_job_without_retries_becomes_an_incident_that_can_be_resolved(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){.type = COMMAND_FAIL_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.incidents.count, 1);
    uint64_t incident = f->changes.incidents.items[0].key;
    assert_int_equal(f->changes.instances.items[0].incidents, 1);
    run(f, (struct command){.type = COMMAND_UPDATE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .update_job = {.retries = 1, .has_retries = true}});
    run(f, (struct command){
               .type = COMMAND_RESOLVE_INCIDENT, .instance = job->instance, .key = incident});
    assert_int_equal(f->changes.incidents.items[0].state, INCIDENT_RESOLVED);
    assert_int_equal(find_outbound(f, OUTBOUND_JOB)->job->attempt, 2);
    fixture_free(f);
}

#define MAPPED(more)                                                                               \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='pay'/>"              \
          "<zeebe:ioMapping><zeebe:input source='=1' target='own'/></zeebe:ioMapping>" more        \
          "</extensionElements></serviceTask>")

static void a_job_carries_what_its_element_sees(void **state)
{
    (void)state;
    static const struct {
        const char *model, *variables;
    } jobs[] = {
        {MAPPED(""), "{\"own\":1,\"a\":1}"},
        {MAPPED("<b:jobVariables xmlns:b='http://baton.dev/schema/bpmn'/>"), "{\"own\":1}"},
        {MAPPED("<b:jobVariables xmlns:b='http://baton.dev/schema/bpmn' names='a, none'/>"),
         "{\"own\":1,\"a\":1}"},
    };
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        struct fixture *f = fixture_new(jobs[i].model);
        const struct job_offer *job = start(f);
        assert_true(str_equal(job->variables, str_of(jobs[i].variables)));
        fixture_free(f);
    }
}

static struct command update_of(const struct job_offer *job, struct update_job update)
{
    return (struct command){.type = COMMAND_UPDATE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .reply = {0, 9},
                            .update_job = update};
}

static void a_change_of_a_job_takes_effect_or_is_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer job = *start(f);
    const struct update_job wrong[] = {
        {0},
        {.has_retries = true, .retries = -1},
        {.has_retries = true, .retries = 0},
        {.has_timeout = true, .timeout_ms = -5},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        run(f, update_of(&job, wrong[i]));
        assert_int_equal(rejection_of(f), REJECTION_INVALID);
        assert_int_equal(f->changes.jobs.count, 0);
    }
    run(f, update_of(&job, (struct update_job){.has_timeout = true, .timeout_ms = 5000}));
    assert_int_equal(rejection_of(f), REJECTION_INVALID_STATE); // nobody has it
    run(f, (struct command){.type = COMMAND_EXTEND_JOB,
                            .instance = job.instance,
                            .key = job.key,
                            .job_answer = {.attempt = 1, .extend_ms = 60000, .worker = STR("w")}});
    run(f, update_of(&job, (struct update_job){.has_timeout = true, .timeout_ms = 5000}));
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_int_equal(f->changes.jobs.items[0].due_ms, f->now + 5000);
    fixture_free(f);
}

static void a_back_off_holds_a_job_back_whoever_failed_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer job = *start(f);
    struct command fail = {.type = COMMAND_FAIL_JOB,
                           .instance = job.instance,
                           .key = job.key,
                           .reply = {0, 9},
                           .job_answer = answer(0)};
    fail.job_answer.retries = -2;
    run(f, fail);
    assert_int_equal(rejection_of(f), REJECTION_INVALID);
    fail.job_answer.retries = 3;
    fail.job_answer.backoff_ms = 3600000;
    run(f, fail);
    assert_int_equal(f->changes.jobs.items[0].state, JOB_BACKING_OFF);
    struct command complete = {.type = COMMAND_COMPLETE_JOB,
                               .instance = job.instance,
                               .key = job.key,
                               .reply = {0, 9},
                               .job_answer = answer(0)};
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_INVALID_STATE);
    complete.job_answer.attempt = 1; // read from its topic
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_LATE);
    struct job_credit credit = {
        .type = STR("pay"), .tenant = STR_EMPTY, .count = 5, .lease_ms = 1000, .worker = STR("w")};
    run(f, (struct command){
               .type = COMMAND_OFFER_CREDITS,
               .job_credits = {
                   .gateway = 3, .expires_ms = 60000, .credit_count = 1, .credits = &credit}});
    struct released_job untaken = {.instance = job.instance, .job = job.key};
    run(f, (struct command){.type = COMMAND_RELEASE_JOB, .release_job = {1, &untaken}});
    assert_null(find_outbound(f, OUTBOUND_REPLY));
    fixture_free(f);
}

static void jobs_beyond_the_window_wait_until_released(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer first = *start(f);
    assert_non_null(start(f));
    assert_null(start(f));
    assert_int_equal(f->changes.jobs.items[0].state, JOB_WAITING);
    struct released_job released = {.instance = f->changes.instances.items[0].key,
                                    .job = f->changes.jobs.items[0].key};
    const struct command release = {.type = COMMAND_RELEASE_JOB, .release_job = {1, &released}};
    run(f, release); // no room yet
    assert_null(find_outbound(f, OUTBOUND_JOB));
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = first.instance,
                            .key = first.key,
                            .job_answer = answer(1)});
    run(f, release);
    assert_int_equal(find_outbound(f, OUTBOUND_JOB)->job->key, released.job);
    fixture_free(f);
}

static void an_endless_loop_ends_in_an_incident_that_names_the_limit(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(
        MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='g'/>"
              "<exclusiveGateway id='g' default='f2'/><task id='t'/><endEvent id='e'/>"
              "<sequenceFlow id='f2' sourceRef='g' targetRef='t'/>"
              "<sequenceFlow id='f3' sourceRef='t' targetRef='g'/>"
              "<sequenceFlow id='f4' sourceRef='g' targetRef='e'><conditionExpression>=1 = 2"
              "</conditionExpression></sequenceFlow>"));
    start(f);
    assert_int_equal(f->changes.incidents.count, 1);
    assert_true(str_equal(f->changes.incidents.items[0].kind, STR("LIMIT_REACHED")));
    assert_true(str_find(f->changes.incidents.items[0].message, STR("50000")) != SIZE_MAX);
    fixture_free(f);
}

static void a_suspended_instance_goes_on_when_it_resumes(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){.type = COMMAND_SUSPEND_INSTANCE, .instance = job->instance});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_SUSPENDED);
    assert_int_equal(f->changes.instances.items[0].suspended_ms, f->now);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_SUSPENDED);
    run(f, (struct command){.type = COMMAND_RESUME_INSTANCE, .instance = job->instance});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void elements_are_activated_and_terminated_from_outside(void **state)
{
    (void)state;
    struct fixture *f =
        fixture_new(MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"
                          "<userTask id='t'/><sequenceFlow id='f2' sourceRef='t' targetRef='u'/>"
                          "<subProcess id='u'><startEvent id='us'/><userTask id='v'/>"
                          "<sequenceFlow id='f3' sourceRef='us' targetRef='v'/></subProcess>"));
    start(f);
    uint64_t instance = f->changes.instances.items[0].key;
    struct element_instruction move[] = {
        {.element_id = STR("v"), .variables = STR("{\"x\":1}")},
        {.element_id = STR("t"), .variables = STR_EMPTY, .terminate = true},
    };
    run(f, (struct command){.type = COMMAND_MODIFY_INSTANCE,
                            .instance = instance,
                            .modify_instance = {2, move, STR("{\"y\":2}")}});
    assert_int_equal(f->changes.user_tasks.count, 2); // one new, one canceled
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_ACTIVE);
    uint64_t task = 0;
    for (size_t i = 0; i < 2; i++)
        if (f->changes.user_tasks.items[i].state == USER_TASK_CREATED)
            task = f->changes.user_tasks.items[i].key;
    run(f, (struct command){.type = COMMAND_COMPLETE_USER_TASK,
                            .instance = instance,
                            .key = task,
                            .user_task = {.assignee = STR_EMPTY,
                                          .action = STR_EMPTY,
                                          .variables = STR_EMPTY,
                                          .changeset = STR_EMPTY}});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void an_instance_migrates_with_its_job(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){.type = COMMAND_MIGRATE_INSTANCE,
                            .instance = job->instance,
                            .reply = {0, 5},
                            .migrate_instance = {.target_definition = f->definition}});
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(2)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

#define FORKED(before, name)                                                                       \
    MODEL(before "<startEvent id='s'/><task id='u'/><boundaryEvent id='c' attachedToRef='u'>"      \
                 "<compensateEventDefinition/></boundaryEvent>"                                    \
                 "<serviceTask id='h' isForCompensation='true'><extensionElements>"                \
                 "<zeebe:taskDefinition type='undo'/></extensionElements></serviceTask>"           \
                 "<association id='as' sourceRef='c' targetRef='h'/>"                              \
                 "<parallelGateway id='g'/><serviceTask id='a'><extensionElements>"                \
                 "<zeebe:taskDefinition type='a'/></extensionElements></serviceTask>"              \
                 "<serviceTask id='b'><extensionElements><zeebe:taskDefinition type='" name        \
                 "'/></extensionElements></serviceTask><parallelGateway id='j'/>"                  \
                 "<endEvent id='e'><compensateEventDefinition/></endEvent>"                        \
                 "<sequenceFlow id='1' sourceRef='s' targetRef='u'/>"                              \
                 "<sequenceFlow id='2' sourceRef='u' targetRef='g'/>"                              \
                 "<sequenceFlow id='3' sourceRef='g' targetRef='a'/>"                              \
                 "<sequenceFlow id='4' sourceRef='g' targetRef='b'/>"                              \
                 "<sequenceFlow id='5' sourceRef='a' targetRef='j'/>"                              \
                 "<sequenceFlow id='6' sourceRef='b' targetRef='j'/>"                              \
                 "<sequenceFlow id='7' sourceRef='j' targetRef='e'/>")

static const struct job_offer *job_of_type(struct fixture *f, const char *type)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        if (f->changes.outbound.items[i].kind == OUTBOUND_JOB &&
            str_equal(f->changes.outbound.items[i].job->type, str_of(type)))
            return f->changes.outbound.items[i].job;
    fail_msg("no job of type %s is offered", type);
    return NULL;
}

static void complete(struct fixture *f, const struct job_offer *job)
{
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
}

// In the target every element and flow has another index, and one task's work another type.
static void a_migration_takes_waiting_tokens_and_compensation_along(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(FORKED("", "b"));
    start(f);
    const struct job_offer *a = job_of_type(f, "a");
    complete(f, a);
    const char *changed = FORKED("<task id='x'/><task id='y'/><sequenceFlow id='0' sourceRef='x' "
                                 "targetRef='y'/>",
                                 "other");
    uint64_t later = deploy(f, changed);
    struct command migrate = {.type = COMMAND_MIGRATE_INSTANCE,
                              .instance = a->instance,
                              .reply = {0, 5},
                              .migrate_instance = {.target_definition = later, .dry_run = true}};
    run(f, migrate);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_int_equal(f->changes.instances.count, 0);
    migrate.migrate_instance.dry_run = false;
    run(f, migrate);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_int_equal(f->changes.instances.items[0].definition, later);
    complete(f, job_of_type(f, "other"));
    complete(f, job_of_type(f, "undo"));
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void an_item_of_a_batch_operation_is_done_once(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    struct element_instruction move = {
        .element_id = STR("t"), .move_from = STR("t"), .variables = STR_EMPTY};
    struct command modify = {.type = COMMAND_MODIFY_INSTANCE,
                             .instance = job->instance,
                             .batch_item = 77,
                             .modify_instance = {1, &move, STR_EMPTY}};
    run(f, modify);
    assert_int_equal(f->changes.batch_items.count, 1);
    assert_int_equal(f->changes.batch_items.items[0].key, 77);
    assert_int_equal(f->changes.batch_items.items[0].state, BATCH_ITEM_COMPLETED);
    assert_int_equal(f->changes.elements.count, 2); // one began, one ended
    run(f, modify);
    assert_int_equal(f->changes.batch_items.count, 0);
    assert_int_equal(f->changes.elements.count, 0);
    move.move_from = STR("e");
    modify.batch_item = 78;
    run(f, modify);
    assert_int_equal(f->changes.batch_items.items[0].state, BATCH_ITEM_FAILED);
    fixture_free(f);
}

#define CALLS                                                                                      \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "                            \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'><process id='p' isExecutable='true'>"       \
    "<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='c'/>"                      \
    "<callActivity id='c'><extensionElements><zeebe:calledElement processId='q'/>"                 \
    "</extensionElements></callActivity></process></definitions>"

#define CALLED                                                                                     \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>"                            \
    "<process id='q' isExecutable='true'><startEvent id='s'/>"                                     \
    "<sequenceFlow id='f1' sourceRef='s' targetRef='t'/><userTask id='t'/></process>"              \
    "</definitions>"

static uint64_t instance_of(struct fixture *f, const char *process)
{
    for (size_t i = 0; i < f->changes.instances.count; i++)
        if (str_equal(f->changes.instances.items[i].process_id, str_of(process)))
            return f->changes.instances.items[i].key;
    return 0;
}

static void a_called_instance_ends_with_its_caller_or_an_incident(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(CALLS);
    deploy_as(f, "q", CALLED);
    start_with(f, STR_EMPTY);
    uint64_t caller = instance_of(f, "p"), child = instance_of(f, "q");
    run(f, (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = child, .reply = {0, 3}});
    assert_int_equal(rejection_of(f), REJECTION_INVALID_STATE);
    struct element_instruction end = {
        .element_id = STR("t"), .variables = STR_EMPTY, .terminate = true};
    run(f, (struct command){.type = COMMAND_MODIFY_INSTANCE,
                            .instance = child,
                            .modify_instance = {1, &end, STR_EMPTY}});
    assert_int_equal(f->changes.incidents.count, 1);
    assert_true(str_equal(f->changes.incidents.items[0].kind, STR("CALLED_INSTANCE_TERMINATED")));
    assert_int_equal(f->changes.incidents.items[0].instance, caller);
    run(f, (struct command){.type = COMMAND_RESOLVE_INCIDENT,
                            .instance = caller,
                            .key = f->changes.incidents.items[0].key});
    uint64_t again = instance_of(f, "q");
    assert_true(again != 0 && again != child); // it is called again
    run(f, (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = caller, .reply = {0, 3}});
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    fixture_free(f);
}

static void a_cancelled_instance_owns_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){
               .type = COMMAND_CANCEL_INSTANCE, .instance = job->instance, .reply = {0, 3}});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_TERMINATED);
    assert_int_equal(f->changes.jobs.items[0].change, ROW_DELETE);
    assert_int_equal(f->changes.elements.items[0].change, ROW_DELETE);
    run(f, (struct command){
               .type = COMMAND_CANCEL_INSTANCE, .instance = job->instance, .reply = {0, 4}});
    assert_int_equal(rejection_of(f), REJECTION_NOT_FOUND);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_task_waits_for_its_job_and_completes),
        cmocka_unit_test(late_and_stale_answers_change_nothing),
        cmocka_unit_test(a_job_without_retries_becomes_an_incident_that_can_be_resolved),
        cmocka_unit_test(a_job_carries_what_its_element_sees),
        cmocka_unit_test(a_change_of_a_job_takes_effect_or_is_refused),
        cmocka_unit_test(a_back_off_holds_a_job_back_whoever_failed_it),
        cmocka_unit_test(jobs_beyond_the_window_wait_until_released),
        cmocka_unit_test(an_endless_loop_ends_in_an_incident_that_names_the_limit),
        cmocka_unit_test(a_suspended_instance_goes_on_when_it_resumes),
        cmocka_unit_test(elements_are_activated_and_terminated_from_outside),
        cmocka_unit_test(an_instance_migrates_with_its_job),
        cmocka_unit_test(a_migration_takes_waiting_tokens_and_compensation_along),
        cmocka_unit_test(an_item_of_a_batch_operation_is_done_once),
        cmocka_unit_test(a_called_instance_ends_with_its_caller_or_an_incident),
        cmocka_unit_test(a_cancelled_instance_owns_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
