// SPDX-License-Identifier: Apache-2.0
// What shard 0 does for all shards: versions, deletions; and that a signal is one signal.
#include "engine/fixture.h"

#define STARTS(task)                                                                               \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>"                            \
    "<message id='M' name='order'/><process id='p' isExecutable='true'>"                           \
    "<startEvent id='s'><messageEventDefinition messageRef='M'/></startEvent>"                     \
    "<startEvent id='c'><timerEventDefinition><timeCycle>R/PT1H</timeCycle>"                       \
    "</timerEventDefinition></startEvent>"                                                         \
    "<sequenceFlow id='f1' sourceRef='s' targetRef='" task "'/>"                                   \
    "<sequenceFlow id='f2' sourceRef='c' targetRef='" task "'/><userTask id='" task "'/>"          \
    "</process></definitions>"

static size_t commands_of(struct fixture *f, enum command_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        count += f->changes.outbound.items[i].kind == OUTBOUND_COMMAND &&
                 f->changes.outbound.items[i].command->type == type;
    return count;
}

static void publish(struct fixture *f)
{
    run(f, (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                            .publish_message = {.name = STR("order"),
                                                .correlation_key = STR_EMPTY,
                                                .message_id = STR_EMPTY,
                                                .variables = STR_EMPTY}});
}

static void a_deletion_is_answered_when_nothing_starts_any_more(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(STARTS("t"));
    f->environment.shard_count = 1;
    publish(f);
    assert_int_equal(f->changes.instances.count, 1);
    run(f,
        (struct command){.type = COMMAND_DELETE_DEFINITION, .key = f->definition, .reply = {0, 4}});
    assert_null(find_outbound(f, OUTBOUND_REPLY)); // each shard answers for itself
    assert_int_equal(commands_of(f, COMMAND_WITHDRAW_DEFINITION), 1);
    assert_int_equal(f->changes.timers.count, 1);
    assert_int_equal(f->changes.timers.items[0].change, ROW_DELETE);
    run(f, *find_outbound(f, OUTBOUND_COMMAND)->command);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    publish(f);
    assert_int_equal(f->changes.instances.count, 0);
    run(f,
        (struct command){.type = COMMAND_DELETE_DEFINITION, .key = f->definition, .reply = {0, 4}});
    assert_int_equal(rejection_of(f), REJECTION_NOT_FOUND);
    fixture_free(f);
}

static void the_version_before_starts_again(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(STARTS("first"));
    uint64_t second = deploy(f, STARTS("second"));
    run(f, (struct command){.type = COMMAND_DELETE_DEFINITION, .key = second, .reply = {0, 4}});
    run(f, *find_outbound(f, OUTBOUND_COMMAND)->command);
    publish(f);
    assert_int_equal(f->changes.instances.items[0].version, 1);
    deploy(f, STARTS("third"));
    publish(f);
    assert_int_equal(f->changes.instances.items[0].version, 3); // a number is given once
    fixture_free(f);
}

struct part {
    const char *id, *bytes;
};

// Deploys resources together; returns how they were named.
static const struct deployed_resource *deploy_together(struct fixture *f, const struct part *parts,
                                                       size_t count)
{
    struct deployed_resource *all = ARENA_ARRAY(&f->arena, struct deployed_resource, count);
    for (size_t i = 0; i < count; i++) {
        struct digest digest = digest_sha256(str_of(parts[i].bytes));
        all[i] = (struct deployed_resource){
            .name = str_of(parts[i].id),
            .kind = RESOURCE_FORM,
            .digest = str_copy(&f->arena, str_from(digest.bytes, sizeof digest.bytes)),
            .definition_id = str_of(parts[i].id),
            .version_tag = STR_EMPTY};
    }
    run(f, (struct command){.type = COMMAND_DEPLOY, .deploy = {.count = count, .resources = all}});
    struct command publishing = *f->changes.outbound.items[0].command;
    run(f, publishing);
    return publishing.deploy.resources;
}

static void what_is_deployed_together_is_named_together(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct part first[] = {{"a", "1"}, {"b", "1"}}, second[] = {{"a", "2"}, {"b", "1"}};
    const struct deployed_resource *old = deploy_together(f, first, 2);
    uint64_t a = old[0].key, b = old[1].key;
    const struct deployed_resource *again = deploy_together(f, first, 2);
    assert_true(again[0].key == a && again[1].key == b);
    const struct deployed_resource *changed = deploy_together(f, second, 2);
    assert_true(changed[0].key != a && changed[1].key != b);
    assert_true(changed[0].version == 2 && changed[1].version == 2);
    fixture_free(f);
}

static void a_signal_is_told_to_each_shard_once(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    run(f, (struct command){.type = COMMAND_BROADCAST_SIGNAL,
                            .reply = {0, 4},
                            .broadcast_signal = {.name = STR("bell"), .variables = STR_EMPTY}});
    assert_int_equal(commands_of(f, COMMAND_BROADCAST_SIGNAL), 1);
    run(f, *find_outbound(f, OUTBOUND_COMMAND)->command);
    assert_int_equal(commands_of(f, COMMAND_BROADCAST_SIGNAL), 0);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deletion_is_answered_when_nothing_starts_any_more),
        cmocka_unit_test(the_version_before_starts_again),
        cmocka_unit_test(what_is_deployed_together_is_named_together),
        cmocka_unit_test(a_signal_is_told_to_each_shard_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
