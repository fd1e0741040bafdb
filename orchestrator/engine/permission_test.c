// SPDX-License-Identifier: Apache-2.0
// Restricted commands: what they may not see is not there, what they may not do is forbidden, and
// what they set off reaches no more than they do.
#include "engine/fixture.h"

#define TASK                                                                                       \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<userTask id='t'><extensionElements><zeebe:userTask/><zeebe:assignmentDefinition "      \
          "candidateUsers='cara' candidateGroups='crew'/></extensionElements></userTask>")

enum { ASKER = 9, MOST = 6 };

// Permissions in one text, and what it belongs to.
struct given {
    const char *type;
    const char *id;
    const char *permission; // NULL: it belongs to it
};

static struct command as(struct fixture *f, struct command command, const struct given *given)
{
    struct grant *grants = ARENA_ARRAY(&f->arena, struct grant, MOST);
    command.restricted = true;
    command.grants = grants;
    for (size_t i = 0; i < MOST && given[i].type != NULL; i++) {
        struct grant *grant = &grants[command.grant_count++];
        *grant = (struct grant){.resource_type = str_of(given[i].type),
                                .resource_id = str_of(given[i].id)};
        if (given[i].permission == NULL)
            continue;
        grant->permissions = ARENA_NEW(&f->arena, str);
        grant->permissions[0] = str_of(given[i].permission);
        grant->permission_count = 1;
    }
    return command;
}

#define HOME                                                                                       \
    {                                                                                              \
        "TENANT", "", NULL                                                                         \
    }

static void an_instance_that_may_not_be_seen_is_not_there(void **state)
{
    (void)state;
    static const struct {
        struct given given[MOST];
        enum rejection rejection;
    } cases[] = {
        {{HOME}, REJECTION_NOT_FOUND},
        {{HOME, {"PROCESS_DEFINITION", "q", "CANCEL_PROCESS_INSTANCE"}}, REJECTION_NOT_FOUND},
        {{{"PROCESS_DEFINITION", "*", "CANCEL_PROCESS_INSTANCE"}}, REJECTION_NOT_FOUND},
        {{{"TENANT", "b", NULL}, {"PROCESS_DEFINITION", "*", "CANCEL_PROCESS_INSTANCE"}},
         REJECTION_NOT_FOUND},
        {{HOME, {"DECISION_DEFINITION", "p", "CANCEL_PROCESS_INSTANCE"}}, REJECTION_NOT_FOUND},
        {{HOME, {"PROCESS_DEFINITION", "p", "READ_PROCESS_INSTANCE"}}, REJECTION_FORBIDDEN},
        {{HOME, {"PROCESS_DEFINITION", "p", "CANCEL_PROCESS_INSTANCE"}}, REJECTION_NONE},
        {{HOME, {"PROCESS_DEFINITION", "*", "CANCEL_PROCESS_INSTANCE"}}, REJECTION_NONE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture *f = fixture_new(ONE_TASK);
        const struct job_offer *job = start(f);
        run(f,
            as(f,
               (struct command){
                   .type = COMMAND_CANCEL_INSTANCE, .instance = job->instance, .reply = {1, ASKER}},
               cases[i].given));
        assert_int_equal(rejection_of(f), cases[i].rejection);
        fixture_free(f);
    }
}

static void a_process_that_may_not_be_started_is_not_there(void **state)
{
    (void)state;
    static const struct {
        struct given given[MOST];
        enum rejection rejection;
    } cases[] = {
        {{HOME}, REJECTION_NOT_FOUND},
        {{HOME, {"PROCESS_DEFINITION", "p", "READ_PROCESS_DEFINITION"}}, REJECTION_FORBIDDEN},
        {{HOME, {"PROCESS_DEFINITION", "p", "CREATE_PROCESS_INSTANCE"}}, REJECTION_NONE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture *f = fixture_new(ONE_TASK);
        run(f, as(f,
                  (struct command){
                      .type = COMMAND_CREATE_INSTANCE,
                      .reply = {1, ASKER},
                      .create_instance = {.definition = f->definition, .variables = STR_EMPTY}},
                  cases[i].given));
        assert_int_equal(rejection_of(f), cases[i].rejection);
        fixture_free(f);
    }
}

// -- User tasks -------------------------------------------------------------------------

static void people_work_their_own_tasks(void **state)
{
    (void)state;
    static const struct {
        struct given given[MOST];
        const char *assignee; // before; "": nobody
        enum command_type type;
        const char *wanted;
        enum rejection rejection;
    } cases[] = {
        {{HOME, {"USER", "ann", NULL}}, "ann", COMMAND_COMPLETE_USER_TASK, "", REJECTION_NONE},
        {{HOME, {"USER", "bob", NULL}}, "ann", COMMAND_COMPLETE_USER_TASK, "", REJECTION_NOT_FOUND},
        {{HOME, {"USER", "cara", NULL}}, "", COMMAND_ASSIGN_USER_TASK, "cara", REJECTION_NONE},
        {{HOME, {"USER", "dan", NULL}, {"GROUP", "crew", NULL}},
         "",
         COMMAND_ASSIGN_USER_TASK,
         "dan",
         REJECTION_NONE},
        {{HOME, {"USER", "cara", NULL}}, "", COMMAND_ASSIGN_USER_TASK, "dan", REJECTION_FORBIDDEN},
        {{HOME, {"USER", "cara", NULL}},
         "ann",
         COMMAND_ASSIGN_USER_TASK,
         "cara",
         REJECTION_FORBIDDEN},
        {{HOME, {"USER", "ann", NULL}}, "ann", COMMAND_ASSIGN_USER_TASK, "", REJECTION_NONE},
        {{HOME, {"USER", "cara", NULL}},
         "ann",
         COMMAND_COMPLETE_USER_TASK,
         "",
         REJECTION_FORBIDDEN},
        {{HOME, {"PROCESS_DEFINITION", "p", "COMPLETE_USER_TASK"}},
         "ann",
         COMMAND_COMPLETE_USER_TASK,
         "",
         REJECTION_NONE},
        {{HOME, {"USER_TASK", "*", "COMPLETE"}},
         "ann",
         COMMAND_COMPLETE_USER_TASK,
         "",
         REJECTION_NONE},
        {{HOME, {"USER", "cara", NULL}, {"USER_TASK", "=candidateUsers", "COMPLETE"}},
         "ann",
         COMMAND_COMPLETE_USER_TASK,
         "",
         REJECTION_NONE},
        {{{"TENANT", "b", NULL}, {"USER", "ann", NULL}},
         "ann",
         COMMAND_COMPLETE_USER_TASK,
         "",
         REJECTION_NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture *f = fixture_new(TASK);
        start_with(f, STR("{}"));
        struct command command = {.type = COMMAND_ASSIGN_USER_TASK,
                                  .instance = f->changes.user_tasks.items[0].instance,
                                  .key = f->changes.user_tasks.items[0].key,
                                  .reply = {1, ASKER},
                                  .user_task = {.assignee = str_of(cases[i].assignee),
                                                .override_assignee = true,
                                                .action = STR_EMPTY,
                                                .variables = STR_EMPTY,
                                                .changeset = STR_EMPTY}};
        run(f, command);
        command.type = cases[i].type;
        command.user_task.assignee = str_of(cases[i].wanted);
        run(f, as(f, command, cases[i].given));
        assert_int_equal(rejection_of(f), cases[i].rejection);
        fixture_free(f);
    }
}

// -- Messages ---------------------------------------------------------------------------

static struct command publish(void)
{
    return (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                            .reply = {1, ASKER},
                            .publish_message = {.name = STR("paper"),
                                                .correlation_key = STR("k"),
                                                .message_id = STR_EMPTY,
                                                .variables = STR_EMPTY,
                                                .ttl_ms = 3600000}};
}

static void subscribe(struct fixture *f, uint64_t key, const char *process)
{
    run(f, (struct command){.type = COMMAND_OPEN_SUBSCRIPTION,
                            .instance = key + 1,
                            .key = key,
                            .subscription = {.name = STR("paper"),
                                             .correlation_key = STR("k"),
                                             .process_id = str_of(process),
                                             .variables = STR_EMPTY,
                                             .reason = STR_EMPTY,
                                             .closes = true}});
}

static bool is_delivered(struct fixture *f)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *out = &f->changes.outbound.items[i];
        if (out->kind == OUTBOUND_COMMAND && out->command->type == COMMAND_CORRELATE_SUBSCRIPTION)
            return true;
    }
    return false;
}

static void a_message_reaches_what_its_sender_may_change(void **state)
{
    (void)state;
    static const struct given only_q[MOST] = {
        HOME,
        {"MESSAGE", "paper", "CREATE"},
        {"PROCESS_DEFINITION", "q", "UPDATE_PROCESS_INSTANCE"}};
    static const struct given other[MOST] = {HOME, {"MESSAGE", "other", "CREATE"}};
    struct fixture *f = fixture_new(ONE_TASK);
    subscribe(f, 1001, "p");
    run(f, as(f, publish(), other));
    assert_int_equal(rejection_of(f), REJECTION_FORBIDDEN);
    run(f, as(f, publish(), only_q));
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_false(is_delivered(f)); // it waits
    subscribe(f, 1003, "p");
    assert_false(is_delivered(f));
    subscribe(f, 1005, "q");
    assert_true(is_delivered(f));
    run(f, publish()); // of the platform itself
    assert_true(is_delivered(f));
    fixture_free(f);
}

static void a_signal_takes_its_grants_along(void **state)
{
    (void)state;
    static const struct given only_q[MOST] = {
        HOME, {"PROCESS_DEFINITION", "q", "UPDATE_PROCESS_INSTANCE"}};
    struct fixture *f = fixture_new(ONE_TASK);
    run(f, as(f,
              (struct command){.type = COMMAND_BROADCAST_SIGNAL,
                               .reply = {1, ASKER},
                               .broadcast_signal = {.name = STR("bell"), .variables = STR_EMPTY}},
              only_q));
    size_t told = 0;
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *out = &f->changes.outbound.items[i];
        if (out->kind != OUTBOUND_COMMAND)
            continue;
        assert_true(out->command->restricted);
        assert_int_equal(out->command->grant_count, 2);
        told++;
    }
    assert_true(told > 0);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_that_may_not_be_seen_is_not_there),
        cmocka_unit_test(a_process_that_may_not_be_started_is_not_there),
        cmocka_unit_test(people_work_their_own_tasks),
        cmocka_unit_test(a_message_reaches_what_its_sender_may_change),
        cmocka_unit_test(a_signal_takes_its_grants_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
