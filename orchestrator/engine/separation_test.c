// SPDX-License-Identifier: Apache-2.0
// Separation of duties: who did one of two user tasks that are kept apart does not do the other,
// whichever way they try.
#include "engine/fixture.h"

#include "record/limits.h"

#include <string.h>

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

static enum rejection complete_as(struct fixture *f, struct task task, const char *by,
                                  struct grant *roles, size_t role_count)
{
    return ask(f, (struct command){.type = COMMAND_COMPLETE_USER_TASK,
                                   .instance = task.instance,
                                   .key = task.key,
                                   .principal = str_of(by),
                                   .grants = roles,
                                   .grant_count = role_count,
                                   .user_task = {.assignee = STR_EMPTY,
                                                 .action = STR_EMPTY,
                                                 .variables = STR_EMPTY,
                                                 .changeset = STR_EMPTY}});
}

static enum rejection complete(struct fixture *f, struct task task, const char *by)
{
    return complete_as(f, task, by, NULL, 0);
}

static void set_policies(struct fixture *f, const char *text)
{
    run(f, (struct command){.type = COMMAND_SET_POLICIES, .set_policies.policies = str_of(text)});
}

#define FOUR_EYES "[[\"four eyes\", \"*\", \"p\", \"*\", [\"enter\", \"approve\"]]]"

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

// A worker answers the listener's job.
static void hear(struct fixture *f, const char *result)
{
    const struct outbound *out = find_outbound(f, OUTBOUND_JOB);
    assert_non_null(out);
    struct job_answer verdict = answer(out->job->attempt);
    verdict.variables = STR_EMPTY;
    verdict.result = str_of(result);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = out->job->instance,
                            .key = out->job->key,
                            .principal = STR("a worker"),
                            .job_answer = verdict});
}

static void listeners_do_not_hide_who_did_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER(LISTENER, APART));
    start_with(f, STR_EMPTY);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    hear(f, "{\"denied\":false}");
    assert_int_equal(complete(f, current(f, "approve"), "ann"), REJECTION_FORBIDDEN);
    fixture_free(f);
}

static void nor_do_they_where_a_policy_counts_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER(LISTENER, ""));
    set_policies(f, FOUR_EYES);
    start_with(f, STR_EMPTY);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    hear(f, "{\"denied\":false}");
    assert_int_equal(complete(f, current(f, "approve"), "ann"), REJECTION_FORBIDDEN);
    fixture_free(f);
}

static void creating_keeps_what_listeners_correct_but_not_who_is_barred(void **state)
{
    (void)state;
    static const char corrected[] = "{\"corrections\":{\"assignee\":\"ann\",\"priority\":77}}";
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER(
        "", APART "<zeebe:taskListeners><zeebe:taskListener eventType='creating' type='listen'/>"
                  "</zeebe:taskListeners>"));
    start_with(f, STR_EMPTY);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    hear(f, corrected);
    const struct user_task_row *task =
        &f->changes.user_tasks.items[f->changes.user_tasks.count - 1];
    assert_true(str_is_empty(task->assignee));
    assert_int_equal(task->priority, 77);
    assert_non_null(find_event(f, EVENT_USER_TASK_BARRED));
    fixture_free(f);
}

static void the_model_assigns_to_nobody_who_is_barred(void **state)
{
    (void)state;
    struct task approve;
    struct fixture *f = entered_by_ann(
        ONE_AFTER_THE_OTHER("", APART "<zeebe:assignmentDefinition assignee='ann'/>"), &approve);
    assert_true(
        str_is_empty(f->changes.user_tasks.items[f->changes.user_tasks.count - 1].assignee));
    assert_true(has(find_event(f, EVENT_USER_TASK_BARRED)->value, "'ann' did 'enter'"));
    assert_int_equal(complete(f, approve, "bob"), REJECTION_NONE);
    fixture_free(f);
}

static void nor_does_an_escalation(void **state)
{
    (void)state;
    struct task approve;
    struct fixture *f = entered_by_ann(
        ONE_AFTER_THE_OTHER("", APART "<baton:escalation "
                                      "xmlns:baton='http://baton.dev/schema/bpmn' after='PT1H' "
                                      "assignee='ann' candidateGroups='leads'/>"),
        &approve);
    uint64_t timer = f->changes.timers.items[f->changes.timers.count - 1].key;
    f->now += 2 * 3600 * 1000;
    run(f,
        (struct command){.type = COMMAND_FIRE_TIMER, .instance = approve.instance, .key = timer});
    assert_non_null(find_event(f, EVENT_USER_TASK_ESCALATED));
    assert_null(find_event(f, EVENT_USER_TASK_ASSIGNED));
    assert_non_null(find_event(f, EVENT_USER_TASK_BARRED));
    assert_non_null(find_event(f, EVENT_USER_TASK_UPDATED)); // the rest of it holds
    fixture_free(f);
}

static void who_is_barred_may_have_been_assigned_before(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(BESIDE);
    start_with(f, STR_EMPTY);
    struct task enter = current(f, "enter"), approve = current(f, "approve");
    assert_int_equal(assign(f, approve, "boss", "ann"), REJECTION_NONE);
    assert_int_equal(complete(f, enter, "ann"), REJECTION_NONE);
    // She has it, cannot do it, and its due date can be changed all the same.
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(ask(f, (struct command){.type = COMMAND_UPDATE_USER_TASK,
                                             .instance = approve.instance,
                                             .key = approve.key,
                                             .principal = STR("boss"),
                                             .user_task = {.assignee = STR_EMPTY,
                                                           .action = STR_EMPTY,
                                                           .variables = STR_EMPTY,
                                                           .changeset = STR("{\"priority\":3}")}}),
                     REJECTION_NONE);
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
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    set_policies(f, FOUR_EYES);
    assert_true(str_equal(engine_policies(f->engine), STR(FOUR_EYES)));
    start_with(f, STR_EMPTY);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    struct task approve = current(f, "approve");
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "a policy of this installation"));
    set_policies(f, "[[\"four eyes\", \"north\", \"p\", \"*\", [\"enter\", \"approve\"]]]");
    assert_int_equal(complete(f, approve, "ann"), REJECTION_NONE);
    fixture_free(f);
}

static void policies_that_are_none_change_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{}", "[1]", "[[\"a\"]]",
                                        "[[\"a\", \"*\", \"*\", \"*\", [1]]]", "no JSON"};
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    set_policies(f, FOUR_EYES);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        set_policies(f, wrong[i]);
        assert_true(str_equal(engine_policies(f->engine), STR(FOUR_EYES)));
    }
    set_policies(f, "");
    assert_true(str_is_empty(engine_policies(f->engine)));
    fixture_free(f);
}

static struct grant role(str name)
{
    return (struct grant){.resource_type = STR("SEPARATION"), .resource_id = name};
}

static void a_policy_with_a_role_is_for_whoever_may_have_it(void **state)
{
    (void)state;
    struct grant none[] = {role(STR_EMPTY)}, clerk[] = {role(STR_EMPTY), role(STR("clerk"))};
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    set_policies(f, "[[\"c\", \"*\", \"*\", \"clerk\", [\"enter\", \"approve\"]]]");
    start_with(f, STR_EMPTY);
    assert_int_equal(complete_as(f, current(f, "enter"), "ann", none, 1), REJECTION_NONE);
    struct task approve = current(f, "approve");
    assert_int_equal(complete_as(f, approve, "ann", clerk, 2), REJECTION_FORBIDDEN);
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN); // nothing is known
    assert_int_equal(complete_as(f, approve, "ann", none, 1), REJECTION_NONE);
    fixture_free(f);
}

static void a_listener_does_not_hide_which_roles_somebody_has(void **state)
{
    (void)state;
    struct grant none[] = {role(STR_EMPTY)};
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", LISTENER));
    set_policies(f, "[[\"c\", \"*\", \"*\", \"clerk\", [\"enter\", \"approve\"]]]");
    start_with(f, STR_EMPTY);
    assert_int_equal(complete_as(f, current(f, "enter"), "ann", none, 1), REJECTION_NONE);
    assert_int_equal(complete_as(f, current(f, "approve"), "ann", none, 1), REJECTION_NONE);
    hear(f, "{\"denied\":false}");
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void a_batch_does_not_lead_past_a_policy(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    uint64_t other = deploy(f, ONE_AFTER_THE_OTHER("", "") " ");
    set_policies(f, "[[\"four eyes\", \"*\", \"p\", \"*\", [\"enter\", \"approve\", \"s\"]]]");
    start_with(f, STR_EMPTY);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    struct task approve = current(f, "approve");
    struct element_instruction again = {.element_id = STR("enter"),
                                        .variables = STR_EMPTY,
                                        .scoped_variables = STR_EMPTY,
                                        .move_from = STR("approve")};
    struct element_mapping renamed = {STR("approve"), STR("enter")};
    struct command items[] = {
        // of a batch: they have a principal and no grants
        {.type = COMMAND_MODIFY_INSTANCE,
         .modify_instance = {.instructions = &again, .count = 1, .variables = STR_EMPTY}},
        {.type = COMMAND_MIGRATE_INSTANCE,
         .migrate_instance = {.target_definition = other, .count = 1, .mappings = &renamed}}};
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        items[i].instance = approve.instance;
        items[i].principal = STR("ann");
        items[i].batch_item = 77 + i;
        run(f, items[i]);
        assert_int_equal(f->changes.batch_items.items[0].state, BATCH_ITEM_FAILED);
        assert_true(has(f->changes.batch_items.items[0].error, "'ann' did 'enter'"));
    }
    fixture_free(f);
}

// More than is remembered: everybody lets the first task begin once more.
static void fill_duties(struct fixture *f, uint64_t instance)
{
    char person[LIMIT_NAME_BYTES + 1];
    for (unsigned i = 0; i < 2 * LIMIT_DUTIES_BYTES / LIMIT_NAME_BYTES; i++) {
        memset(person, 'x', LIMIT_NAME_BYTES);
        person[LIMIT_NAME_BYTES] = '\0';
        person[0] = (char)('A' + i % 26);
        person[1] = (char)('A' + i / 26);
        struct element_instruction *here = ARENA_NEW(&f->arena, struct element_instruction);
        *here = (struct element_instruction){
            .element_id = STR("enter"), .variables = STR_EMPTY, .scoped_variables = STR_EMPTY};
        ask(f, (struct command){
                   .type = COMMAND_MODIFY_INSTANCE,
                   .instance = instance,
                   .principal = str_of(person),
                   .modify_instance = {.instructions = here, .count = 1, .variables = STR_EMPTY}});
    }
}

static void beyond_what_can_be_remembered_a_policy_lets_nobody_through(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    set_policies(f, FOUR_EYES);
    start_with(f, STR_EMPTY);
    struct task enter = current(f, "enter");
    fill_duties(f, enter.instance);
    assert_int_equal(complete(f, enter, "ann"), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "DUTIES_BYTES"));
    fixture_free(f);
}

static void nor_does_anybody_lead_the_instance_past_it_then(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    set_policies(f, FOUR_EYES);
    start_with(f, STR_EMPTY);
    uint64_t instance = instance_of(f);
    fill_duties(f, instance);
    assert_int_equal(modify(f, instance, "ann"), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "DUTIES_BYTES"));
    fixture_free(f);
}

// -- Migrations -------------------------------------------------------------------------

static enum rejection migrate(struct fixture *f, uint64_t instance, const char *by, uint64_t target,
                              struct element_mapping *renamed)
{
    return ask(f, (struct command){.type = COMMAND_MIGRATE_INSTANCE,
                                   .instance = instance,
                                   .principal = str_of(by),
                                   .migrate_instance = {.target_definition = target,
                                                        .count = renamed != NULL,
                                                        .mappings = renamed}});
}

static void nobody_escapes_a_rule_by_migrating_to_where_it_is_not(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    uint64_t free_of_it = f->definition;
    uint64_t ruled = deploy(f, ONE_AFTER_THE_OTHER("", APART));
    start_with(f, STR_EMPTY); // the newest
    uint64_t instance = instance_of(f);
    assert_int_equal(migrate(f, instance, "ann", free_of_it, NULL), REJECTION_NONE);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    struct task approve = current(f, "approve");
    assert_int_equal(migrate(f, instance, "ann", ruled, NULL), REJECTION_NONE);
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(complete(f, approve, "bob"), REJECTION_NONE);
    fixture_free(f);
}

static void nor_by_bringing_the_rule_in_when_the_first_task_is_done(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    start_with(f, STR_EMPTY);
    assert_int_equal(complete(f, current(f, "enter"), "ann"), REJECTION_NONE);
    struct task approve = current(f, "approve");
    uint64_t ruled = deploy(f, ONE_AFTER_THE_OTHER("", APART));
    assert_int_equal(migrate(f, approve.instance, "ann", ruled, NULL), REJECTION_NONE);
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    fixture_free(f);
}

static void who_did_one_does_not_migrate_the_rule_away(void **state)
{
    (void)state;
    struct task approve;
    struct fixture *f = entered_by_ann(ONE_AFTER_THE_OTHER("", APART), &approve);
    uint64_t free_of_it = deploy(f, ONE_AFTER_THE_OTHER("", ""));
    assert_int_equal(migrate(f, approve.instance, "ann", free_of_it, NULL), REJECTION_FORBIDDEN);
    assert_int_equal(migrate(f, approve.instance, "bob", free_of_it, NULL), REJECTION_NONE);
    fixture_free(f);
}

static void where_the_rules_stay_somebody_migrates_again_and_again(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", APART));
    start_with(f, STR_EMPTY);
    struct task enter = current(f, "enter");
    for (int i = 0; i < 3; i++) {
        uint64_t next = deploy(f, ONE_AFTER_THE_OTHER("", APART));
        assert_int_equal(migrate(f, enter.instance, "boss", next, NULL), REJECTION_NONE);
        assert_null(find_event(f, EVENT_DUTY_DONE));
    }
    assert_int_equal(complete(f, enter, "boss"), REJECTION_NONE);
    assert_int_equal(complete(f, current(f, "approve"), "boss"), REJECTION_FORBIDDEN);
    fixture_free(f);
}

#define RENAMED                                                                                    \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='type'/>" TASK(       \
        "type",                                                                                    \
        "") "<sequenceFlow id='f2' sourceRef='type' targetRef='sign'/>" TASK("sign",               \
                                                                             "<baton:separation "  \
                                                                             "xmlns:baton='http:/" \
                                                                             "/baton.dev/schema/"  \
                                                                             "bpmn' of='type'/>"))

static void what_was_done_counts_under_its_new_name(void **state)
{
    (void)state;
    static struct element_mapping renamed[] = {{{"enter", 5}, {"type", 4}},
                                               {{"approve", 7}, {"sign", 4}}};
    struct task approve;
    struct fixture *f = entered_by_ann(ONE_AFTER_THE_OTHER("", APART), &approve);
    uint64_t target = deploy(f, RENAMED);
    assert_int_equal(ask(f, (struct command){.type = COMMAND_MIGRATE_INSTANCE,
                                             .instance = approve.instance,
                                             .principal = STR("boss"),
                                             .migrate_instance = {.target_definition = target,
                                                                  .count = 2,
                                                                  .mappings = renamed}}),
                     REJECTION_NONE);
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "'ann' did 'type'"));
    assert_int_equal(complete(f, approve, "bob"), REJECTION_NONE);
    fixture_free(f);
}

// -- Starts -----------------------------------------------------------------------------

#define BY_MESSAGE                                                                                 \
    "<?xml version='1.0'?><definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "       \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0' targetNamespace='t' id='d'>"                \
    "<message id='m' name='order'/><signal id='g' name='all'/><process id='p' "                    \
    "isExecutable='true'><startEvent id='begun'><messageEventDefinition messageRef='m'/>"          \
    "</startEvent><startEvent id='called'><signalEventDefinition signalRef='g'/></startEvent>"     \
    "<sequenceFlow id='f1' sourceRef='begun' targetRef='approve'/><sequenceFlow id='f2' "          \
    "sourceRef='called' targetRef='approve'/><userTask id='approve'><extensionElements>"           \
    "<zeebe:userTask/><baton:separation xmlns:baton='http://baton.dev/schema/bpmn' "               \
    "of='begun,called'/></extensionElements></userTask></process></definitions>"

static void who_starts_it_by_a_message_or_a_signal_is_remembered(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(BY_MESSAGE);
    run(f, (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                            .principal = STR("ann"),
                            .publish_message = {.name = STR("order"),
                                                .correlation_key = STR_EMPTY,
                                                .message_id = STR_EMPTY,
                                                .variables = STR_EMPTY}});
    struct task approve = current(f, "approve");
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(complete(f, approve, "bob"), REJECTION_NONE);
    run(f, (struct command){.type = COMMAND_BROADCAST_SIGNAL,
                            .principal = STR("ann"),
                            .broadcast_signal = {.name = STR("all"), .variables = STR_EMPTY}});
    run(f, *find_outbound(f, OUTBOUND_COMMAND)->command);
    approve = current(f, "approve");
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    fixture_free(f);
}

// -- Restarts ---------------------------------------------------------------------------

static enum rejection go_on(struct fixture *f, const char *by, const char *duties)
{
    static struct element_instruction approve[] = {{.element_id = {"approve", 7}}};
    return ask(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                                   .principal = str_of(by),
                                   .create_instance = {.process_id = STR("p"),
                                                       .variables = STR_EMPTY,
                                                       .business_id = STR_EMPTY,
                                                       .fetch_variables = STR_EMPTY,
                                                       .deduplication_id = STR_EMPTY,
                                                       .duties = str_of(duties),
                                                       .start_count = 1,
                                                       .start_at = approve}});
}

static void an_instance_that_goes_on_from_another_knows_who_did_what_there(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", APART));
    assert_int_equal(go_on(f, "boss", "[[\"enter\",\"ann\"],[\"gone\",\"ann\"]]"), REJECTION_NONE);
    struct task approve = current(f, "approve");
    assert_int_equal(complete(f, approve, "ann"), REJECTION_FORBIDDEN);
    assert_int_equal(complete(f, approve, "boss"), REJECTION_FORBIDDEN); // who led it there
    assert_int_equal(complete(f, approve, "bob"), REJECTION_NONE);
    fixture_free(f);
}

static void nobody_restarts_past_what_they_may_not_do(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", APART));
    assert_int_equal(go_on(f, "ann", "[[\"enter\",\"ann\"]]"), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "'ann' did 'enter'"));
    assert_int_equal(f->changes.instances.count, 0);
    assert_int_equal(go_on(f, "bob", "[[\"enter\",\"ann\"]]"), REJECTION_NONE);
    fixture_free(f);
}

static void nor_starts_past_what_whoever_starts_may_not_do(void **state)
{
    (void)state;
    static const char start_apart[] = "[[\"s\", \"*\", \"p\", \"*\", [\"s\", \"approve\"]]]";
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", ""));
    set_policies(f, start_apart);
    assert_int_equal(go_on(f, "ann", ""), REJECTION_FORBIDDEN);
    assert_true(has(replied(f)->reason, "'ann' did 's'"));
    fixture_free(f);
}

static void what_was_done_before_has_its_form(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}", "[1]", "[[\"enter\"]]", "[[\"enter\",1]]", "[[\"enter\",\"\"]]", "no JSON"};
    struct fixture *f = fixture_new(ONE_AFTER_THE_OTHER("", APART));
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(go_on(f, "boss", wrong[i]), REJECTION_INVALID);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_entered_neither_claims_nor_gets_nor_completes_what_approves),
        cmocka_unit_test(the_rule_holds_in_both_directions),
        cmocka_unit_test(without_anybody_known_the_assignee_counts),
        cmocka_unit_test(listeners_do_not_hide_who_did_it),
        cmocka_unit_test(nor_do_they_where_a_policy_counts_it),
        cmocka_unit_test(creating_keeps_what_listeners_correct_but_not_who_is_barred),
        cmocka_unit_test(the_model_assigns_to_nobody_who_is_barred),
        cmocka_unit_test(nor_does_an_escalation),
        cmocka_unit_test(who_is_barred_may_have_been_assigned_before),
        cmocka_unit_test(nobody_leads_the_instance_past_what_they_may_not_do),
        cmocka_unit_test(who_skips_a_task_counts_as_having_done_it),
        cmocka_unit_test(a_policy_keeps_tasks_apart_that_the_model_does_not),
        cmocka_unit_test(policies_that_are_none_change_nothing),
        cmocka_unit_test(a_policy_with_a_role_is_for_whoever_may_have_it),
        cmocka_unit_test(a_listener_does_not_hide_which_roles_somebody_has),
        cmocka_unit_test(a_batch_does_not_lead_past_a_policy),
        cmocka_unit_test(beyond_what_can_be_remembered_a_policy_lets_nobody_through),
        cmocka_unit_test(nor_does_anybody_lead_the_instance_past_it_then),
        cmocka_unit_test(nobody_escapes_a_rule_by_migrating_to_where_it_is_not),
        cmocka_unit_test(nor_by_bringing_the_rule_in_when_the_first_task_is_done),
        cmocka_unit_test(who_did_one_does_not_migrate_the_rule_away),
        cmocka_unit_test(where_the_rules_stay_somebody_migrates_again_and_again),
        cmocka_unit_test(what_was_done_counts_under_its_new_name),
        cmocka_unit_test(who_starts_it_by_a_message_or_a_signal_is_remembered),
        cmocka_unit_test(an_instance_that_goes_on_from_another_knows_who_did_what_there),
        cmocka_unit_test(nobody_restarts_past_what_they_may_not_do),
        cmocka_unit_test(nor_starts_past_what_whoever_starts_may_not_do),
        cmocka_unit_test(what_was_done_before_has_its_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
