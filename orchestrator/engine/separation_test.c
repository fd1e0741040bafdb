// SPDX-License-Identifier: Apache-2.0
// Separation of duties: who did one of two user tasks that are kept apart does not do the other,
// whichever way they try.
#include "engine/fixture.h"

#define TASK(id, more)                                                                             \
    "<userTask id='" id "'><extensionElements><zeebe:userTask/>" more                              \
    "</extensionElements></userTask>"

#define LISTENER                                                                                   \
    "<zeebe:taskListeners><zeebe:taskListener eventType='completing' type='listen'/>"              \
    "</zeebe:taskListeners>"

#define APART "<baton:separation xmlns:baton='http://baton.dev/schema/bpmn' of='enter'/>"

// enter, then approve.
#define ONE_AFTER_THE_OTHER(enter, approve)                                                        \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='enter'/>" TASK(      \
        "enter",                                                                                   \
        enter) "<sequenceFlow id='f2' sourceRef='enter' targetRef='approve'/>" TASK("approve",     \
                                                                                    approve))

// Both at once: approve names enter.
#define BESIDE                                                                                     \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='g'/>"                \
          "<parallelGateway id='g'/><sequenceFlow id='f2' sourceRef='g' targetRef='enter'/>"       \
          "<sequenceFlow id='f3' sourceRef='g' targetRef='approve'/>" TASK("enter", "")            \
              TASK("approve", APART))

enum { ASKER = 9 };

static uint64_t task_of(struct fixture *f, const char *element)
{
    for (size_t i = 0; i < f->changes.user_tasks.count; i++)
        if (str_equal(f->changes.user_tasks.items[i].element_id, str_of(element)) &&
            f->changes.user_tasks.items[i].state != USER_TASK_COMPLETED)
            return f->changes.user_tasks.items[i].key;
    fail_msg("no task %s", element);
    return 0;
}

static uint64_t instance_of(const struct fixture *f)
{
    return f->changes.instances.items[0].key;
}

static const struct reply *replied(struct fixture *f)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        if (f->changes.outbound.items[i].kind == OUTBOUND_REPLY &&
            f->changes.outbound.items[i].reply->to.request == ASKER)
            return f->changes.outbound.items[i].reply;
    return NULL;
}

struct task {
    uint64_t instance, key;
};

static enum rejection ask(struct fixture *f, struct command command)
{
    command.reply = (struct reply_to){1, ASKER};
    run(f, command);
    const struct reply *reply = replied(f);
    return reply == NULL ? REJECTION_NONE : reply->rejection;
}

static enum rejection assign(struct fixture *f, struct task task, const char *by, const char *to)
{
    return ask(f, (struct command){.type = COMMAND_ASSIGN_USER_TASK,
                                   .instance = task.instance,
                                   .key = task.key,
                                   .principal = str_of(by),
                                   .user_task = {.assignee = str_of(to),
                                                 .override_assignee = true,
                                                 .action = STR_EMPTY,
                                                 .variables = STR_EMPTY,
                                                 .changeset = STR_EMPTY}});
}

static enum rejection complete_with(struct fixture *f, struct task task, const char *by,
                                    struct grant *policy)
{
    return ask(f, (struct command){.type = COMMAND_COMPLETE_USER_TASK,
                                   .instance = task.instance,
                                   .key = task.key,
                                   .principal = str_of(by),
                                   .grants = policy,
                                   .grant_count = policy != NULL,
                                   .user_task = {.assignee = STR_EMPTY,
                                                 .action = STR_EMPTY,
                                                 .variables = STR_EMPTY,
                                                 .changeset = STR_EMPTY}});
}

static enum rejection complete(struct fixture *f, struct task task, const char *by)
{
    return complete_with(f, task, by, NULL);
}

static struct task current(struct fixture *f, const char *element)
{
    return (struct task){instance_of(f), task_of(f, element)};
}

static bool has(str text, const char *part)
{
    return str_find(text, str_of(part)) != SIZE_MAX;
}

static struct fixture *entered_by_ann(const char *model, struct task *ret_approve)
{
    struct fixture *f = fixture_new(model);
    start_with(f, STR_EMPTY);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    *ret_approve = current(f, "approve");
    return f;
}

static void who_entered_neither_claims_nor_gets_nor_completes_what_approves(void **state)
{
    (void)state;
    struct task approve;
    struct fixture *f = entered_by_ann(ONE_AFTER_THE_OTHER("", APART), &approve);
    assert_true(has(f->changes.user_tasks.items[f->changes.user_tasks.count - 1].separation,
                    "[\"enter\",\"ann\"]"));
    assert_int_equal(assign(f, approve, "ann", "ann"), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "'ann' did 'enter'"));
    assert_true(has(replied(f)->reason, "'approve' (a rule of the model)"));
    assert_int_equal(assign(f, approve, "boss", "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(assign(f, approve, "ann", "bob"), REJECTION_NONE);
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN); // in bob's place
    assert_int_equal(assign(f, approve, "boss", ""), REJECTION_NONE);
    assert_int_equal(complete(f, approve, "bob"), REJECTION_NONE);
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void the_rule_holds_in_both_directions(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(BESIDE);
    start_with(f, STR_EMPTY);
    struct task enter = current(f, "enter"), approve = current(f, "approve");
    assert_int_equal(complete(f, approve, "ann"), REJECTION_NONE);
    assert_int_equal(complete(f, enter, "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(complete(f, enter, "bob"), REJECTION_NONE);
    fixture_free(f);
}

static void without_anybody_known_the_assignee_counts(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", APART));
    start_with(f, STR_EMPTY);
    struct task enter = current(f, "enter");
    assert_int_equal(assign(f, enter, "", "ann"), REJECTION_NONE);
    assert_int_equal(complete(f, enter, ""), REJECTION_NONE);
    struct task approve = current(f, "approve");
    assert_int_equal(assign(f, approve, "", "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(assign(f, approve, "", "bob"), REJECTION_NONE);
    assert_int_equal(complete(f, approve, ""), REJECTION_NONE);
    fixture_free(f);
}

static void listeners_do_not_hide_who_did_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER(LISTENER, APART));
    start_with(f, STR_EMPTY);
    struct task enter = current(f, "enter");
    assert_int_equal(complete(f, enter, "ann"), REJECTION_NONE);
    const struct outbound *out = find_outbound(f, OUTBOUND_JOB);
    assert_non_null(out);
    struct job_answer verdict = answer(out->job->attempt);
    verdict.variables = STR_EMPTY;
    verdict.result = STR("{\"denied\":false}");
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = out->job->instance,
                            .key = out->job->key,
                            .job_answer = verdict});
    assert_int_equal(complete(f, current(f, "approve"), "ann"), REJECTION_FORBIDDEN);
    fixture_free(f);
}

static enum rejection modify(struct fixture *f, uint64_t instance, const char *by)
{
    static const struct element_instruction past[] = {{.element_id = {0}}};
    struct element_instruction *move = arena_copy(&f->arena, past, sizeof past);
    *move = (struct element_instruction){.element_id = STR("approve"),
                                         .variables = STR_EMPTY,
                                         .scoped_variables = STR_EMPTY,
                                         .move_from = STR("enter")};
    return ask(f, (struct command){.type = COMMAND_MODIFY_INSTANCE,
                                   .instance = instance,
                                   .principal = str_of(by),
                                   .modify_instance = {
                                       .instructions = move, .count = 1, .variables = STR_EMPTY}});
}

static void nobody_leads_the_instance_past_what_they_may_not_do(void **state)
{
    (void)state;
    struct task approve;
    struct fixture *f = entered_by_ann(ONE_AFTER_THE_OTHER("", APART), &approve);
    assert_int_equal(modify(f, approve.instance, "ann"), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "lead the instance past it"));
    fixture_free(f);
}

static void who_skips_a_task_counts_as_having_done_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", APART));
    start_with(f, STR_EMPTY);
    assert_int_equal(modify(f, instance_of(f), "ann"), REJECTION_NONE);
    struct task approve = current(f, "approve");
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(complete(f, approve, "bob"), REJECTION_NONE);
    fixture_free(f);
}

static void a_policy_keeps_tasks_apart_that_the_model_does_not(void **state)
{
    (void)state;
    static str both[] = {{"enter", 5}, {"approve", 7}};
    struct grant policy = {.resource_type = STR("SEPARATION"),
                           .resource_id = STR("*\np\nfour eyes"),
                           .permissions = both,
                           .permission_count = 2};
    struct grant elsewhere = {.resource_type = STR("SEPARATION"),
                              .resource_id = STR("north\np\nfour eyes"),
                              .permissions = both,
                              .permission_count = 2};
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    start_with(f, STR_EMPTY);
    assert_int_equal(complete_with(f, current(f, "enter"), "ann", &policy), REJECTION_NONE);
    struct task approve = current(f, "approve");
    assert_int_equal(complete_with(f, approve, "ann", &policy), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "a policy of this installation"));
    assert_int_equal(complete_with(f, approve, "ann", &elsewhere), REJECTION_NONE);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_entered_neither_claims_nor_gets_nor_completes_what_approves),
        cmocka_unit_test(the_rule_holds_in_both_directions),
        cmocka_unit_test(without_anybody_known_the_assignee_counts),
        cmocka_unit_test(listeners_do_not_hide_who_did_it),
        cmocka_unit_test(nobody_leads_the_instance_past_what_they_may_not_do),
        cmocka_unit_test(who_skips_a_task_counts_as_having_done_it),
        cmocka_unit_test(a_policy_keeps_tasks_apart_that_the_model_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
