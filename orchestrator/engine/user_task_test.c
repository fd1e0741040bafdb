// SPDX-License-Identifier: Apache-2.0
// User tasks whose changes listeners decide about: who asked hears what they decided, and they see
// the whole task.
#include "engine/fixture.h"

#define TASK(listeners, more)                                                                      \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<userTask id='t'><extensionElements><zeebe:userTask/>" more                             \
          "<zeebe:taskHeaders><zeebe:header key='h' value='v'/></zeebe:taskHeaders>"               \
          "<zeebe:taskListeners>" listeners                                                        \
          "</zeebe:taskListeners></extensionElements></userTask>")

#define LISTENER(event) "<zeebe:taskListener eventType='" event "' type='" event "'/>"

enum { ASKER = 9 };

static struct command change(struct fixture *f, enum command_type type)
{
    return (struct command){.type = type,
                            .instance = f->changes.user_tasks.items[0].instance,
                            .key = f->changes.user_tasks.items[0].key,
                            .reply = {1, ASKER},
                            .user_task = {.assignee = STR_EMPTY,
                                          .override_assignee = true,
                                          .action = STR_EMPTY,
                                          .variables = STR_EMPTY,
                                          .changeset = STR_EMPTY}};
}

static struct job_offer offered(struct fixture *f)
{
    const struct outbound *out = find_outbound(f, OUTBOUND_JOB);
    assert_non_null(out);
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
                            .reply = {1, ASKER + 1},
                            .job_answer = verdict});
}

static const struct reply *answered(struct fixture *f, uint64_t request)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *out = &f->changes.outbound.items[i];
        if (out->kind == OUTBOUND_REPLY && out->reply->to.request == request)
            return out->reply;
    }
    return NULL;
}

static const struct user_task_row *task_row(struct fixture *f)
{
    assert_true(f->changes.user_tasks.count > 0);
    return &f->changes.user_tasks.items[f->changes.user_tasks.count - 1];
}

static bool has(str text, const char *part)
{
    return str_find(text, str_of(part)) != SIZE_MAX;
}

static void who_completes_hears_what_the_listener_decided(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TASK(LISTENER("completing"), ""));
    start_with(f, STR("{\"a\":1}"));
    struct command complete = change(f, COMMAND_COMPLETE_USER_TASK);
    complete.user_task.variables = STR("{\"b\":7,\"a\":2}");
    complete.user_task.action = STR("approve");
    run(f, complete);
    assert_null(answered(f, ASKER));
    assert_int_equal(task_row(f)->state, USER_TASK_COMPLETING);
    struct job_offer job = offered(f);
    assert_true(str_equal(job.variables, STR("{\"b\":7,\"a\":2}")));
    assert_true(has(job.user_task, "\"action\":\"approve\""));
    assert_true(has(job.headers, "\"h\":\"v\""));
    assert_true(has(job.headers, "\"io.camunda.zeebe:action\":\"approve\""));
    decide(f, &job, "{\"denied\":true,\"deniedReason\":\"two signatures\"}");
    const struct reply *reply = answered(f, ASKER);
    assert_non_null(reply);
    assert_int_equal(reply->rejection, REJECTION_INVALID_STATE);
    assert_true(has(reply->reason, "two signatures"));
    assert_int_equal(task_row(f)->state, USER_TASK_CREATED);
    run(f, complete);
    job = offered(f);
    decide(f, &job, "{\"denied\":false}");
    assert_int_equal(answered(f, ASKER)->rejection, REJECTION_NONE);
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    assert_true(str_equal(f->changes.instances.items[0].variables, STR("{\"a\":2,\"b\":7}")));
    fixture_free(f);
}

static void listeners_see_and_correct_the_change_that_they_decide_about(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(
        TASK(LISTENER("assigning") "<zeebe:taskListener eventType='assigning' type='second'/>",
             "<zeebe:taskSchedule dueDate='2026-03-01T10:00:00Z'/>"
             "<zeebe:priorityDefinition priority='30'/>"));
    start_with(f, STR_EMPTY);
    struct command assign = change(f, COMMAND_ASSIGN_USER_TASK);
    assign.user_task.assignee = STR("ann");
    run(f, assign);
    struct job_offer job = offered(f);
    assert_true(has(job.user_task, "\"assignee\":\"ann\""));
    assert_true(has(job.user_task, "\"action\":\"assign\""));
    assert_true(has(job.user_task, "\"changedAttributes\":[\"assignee\"]"));
    assert_true(has(job.user_task, "\"dueDate\":\"2026-03-01T10:00:00Z\""));
    assert_true(has(job.user_task, "\"userTaskKey\":\""));
    assert_true(has(job.user_task, "\"formKey\":null"));
    decide(f, &job, "{\"corrections\":{\"priority\":77,\"dueDate\":\"\",\"assignee\":null}}");
    assert_null(answered(f, ASKER));
    assert_int_equal(task_row(f)->priority, 30); // not before all have decided
    job = offered(f);
    assert_true(
        has(job.user_task, "\"changedAttributes\":[\"assignee\",\"dueDate\",\"priority\"]"));
    decide(f, &job, "{\"corrections\":{\"priority\":30,\"candidateUsers\":[\"bob\"]}}");
    assert_int_equal(answered(f, ASKER)->rejection, REJECTION_NONE);
    assert_int_equal(task_row(f)->priority, 30);
    assert_int_equal(task_row(f)->due_ms, 0);
    assert_true(str_equal(task_row(f)->assignee, STR("ann")));
    assert_true(str_equal(task_row(f)->candidate_users, STR("[\"bob\"]")));
    fixture_free(f);
}

static void what_is_denied_leaves_no_correction_behind(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(
        TASK(LISTENER("updating") "<zeebe:taskListener eventType='updating' type='second'/>", ""));
    start_with(f, STR_EMPTY);
    struct command update = change(f, COMMAND_UPDATE_USER_TASK);
    update.user_task.changeset = STR("{\"priority\":10}");
    run(f, update);
    struct job_offer job = offered(f);
    decide(f, &job, "{\"corrections\":{\"candidateGroups\":[\"g\"]}}");
    job = offered(f);
    decide(f, &job, "{\"denied\":true,\"corrections\":{\"priority\":1}}");
    assert_int_equal(answered(f, ASKER + 1)->rejection, REJECTION_INVALID); // not both
    decide(f, &job, "{\"denied\":true}");
    assert_int_equal(answered(f, ASKER)->rejection, REJECTION_INVALID_STATE);
    assert_int_equal(task_row(f)->priority, 50);
    assert_true(str_equal(task_row(f)->candidate_groups, STR("[]")));
    fixture_free(f);
}

static void a_new_task_is_assigned_after_it_was_created(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TASK(LISTENER("creating") LISTENER("assigning"),
                                         "<zeebe:assignmentDefinition assignee='eve'/>"));
    start_with(f, STR_EMPTY);
    assert_int_equal(task_row(f)->state, USER_TASK_CREATING);
    assert_int_equal(task_row(f)->assignee.len, 0);
    struct job_offer job = offered(f);
    assert_true(has(job.user_task, "\"assignee\":\"eve\""));
    decide(f, &job, "{\"denied\":true}");
    assert_int_equal(answered(f, ASKER + 1)->rejection, REJECTION_INVALID);
    decide(f, &job, "{\"corrections\":{\"assignee\":\"other\"}}");
    assert_int_equal(answered(f, ASKER + 1)->rejection, REJECTION_INVALID);
    decide(f, &job, "{}");
    job = offered(f);
    assert_true(str_equal(job.type, STR("assigning")));
    assert_int_equal(task_row(f)->state, USER_TASK_ASSIGNING);
    decide(f, &job, "{\"corrections\":{\"assignee\":\"adam\"}}");
    assert_true(str_equal(task_row(f)->assignee, STR("adam")));
    assert_int_equal(task_row(f)->state, USER_TASK_CREATED);
    fixture_free(f);
}

static void what_cannot_be_read_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"dueDate\":\"next week\"}",
        "{\"followUpDate\":7}",
        "{\"priority\":101}",
        "{\"priority\":-1}",
        "{\"priority\":\"high\"}",
        "{\"priority\":1.5}",
        "{\"candidateGroups\":\"x\"}",
        "{\"candidateUsers\":[1]}",
        "{\"colour\":\"red\"}",
        "{\"assignee\":\"x\"}",
        "{}",
        "{\"dueDate\":null}",
        "[]",
    };
    struct fixture *f =
        fixture_new(TASK("", "<zeebe:taskSchedule dueDate='2026-03-01T10:00:00Z'/>"));
    start_with(f, STR_EMPTY);
    struct command update = change(f, COMMAND_UPDATE_USER_TASK);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        update.user_task.changeset = str_of(wrong[i]);
        run(f, update);
        assert_int_equal(answered(f, ASKER)->rejection, REJECTION_INVALID);
        assert_int_equal(f->changes.user_tasks.count, 0);
    }
    update.user_task.changeset = STR("{\"priority\":100,\"dueDate\":null}");
    run(f, update);
    assert_int_equal(answered(f, ASKER)->rejection, REJECTION_NONE);
    assert_int_equal(task_row(f)->priority, 100);
    assert_true(task_row(f)->due_ms > 0);
    fixture_free(f);
}

static void who_waits_for_a_change_hears_that_the_task_was_canceled(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TASK(LISTENER("assigning"), ""));
    start_with(f, STR_EMPTY);
    struct command assign = change(f, COMMAND_ASSIGN_USER_TASK);
    assign.user_task.assignee = STR("ann");
    run(f, assign);
    run(f, (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = assign.instance});
    assert_int_equal(answered(f, ASKER)->rejection, REJECTION_INVALID_STATE);
    fixture_free(f);
}

static void variables_of_a_user_task_are_set_when_its_listeners_agree(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TASK(LISTENER("updating"), ""));
    start_with(f, STR_EMPTY);
    struct command set = {.type = COMMAND_SET_VARIABLES,
                          .instance = f->changes.user_tasks.items[0].instance,
                          .key = f->changes.user_tasks.items[0].element_instance,
                          .reply = {1, ASKER},
                          .set_variables = {.variables = STR("{\"x\":1}"), .local = true}};
    run(f, set);
    assert_null(answered(f, ASKER));
    struct job_offer job = offered(f);
    assert_true(has(job.user_task, "\"changedAttributes\":[\"variables\"]"));
    assert_true(str_equal(job.variables, STR("{\"x\":1}")));
    decide(f, &job, "{}");
    assert_int_equal(answered(f, ASKER)->rejection, REJECTION_NONE);
    assert_true(str_equal(f->changes.elements.items[0].variables, STR("{\"x\":1}")));
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_completes_hears_what_the_listener_decided),
        cmocka_unit_test(listeners_see_and_correct_the_change_that_they_decide_about),
        cmocka_unit_test(what_is_denied_leaves_no_correction_behind),
        cmocka_unit_test(a_new_task_is_assigned_after_it_was_created),
        cmocka_unit_test(what_cannot_be_read_is_refused_and_changes_nothing),
        cmocka_unit_test(who_waits_for_a_change_hears_that_the_task_was_canceled),
        cmocka_unit_test(variables_of_a_user_task_are_set_when_its_listeners_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
