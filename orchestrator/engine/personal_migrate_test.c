// SPDX-License-Identifier: Apache-2.0
//
// Instances that come to a model that marks a variable they have.
#include "engine/personal_fixture.h"

#define JOB(id)                                                                                    \
    "<serviceTask id='" id "'><extensionElements><zeebe:taskDefinition type='" id "'/>"            \
    "</extensionElements></serviceTask>"
#define FLOW(id, a, b) "<sequenceFlow id='" id "' sourceRef='" a "' targetRef='" b "'/>"
#define TWO_JOBS(extensions)                                                                       \
    MODEL("<extensionElements>" extensions                                                         \
          "</extensionElements><startEvent id='s'/>" FLOW("f1", "s", "t") JOB("t")                 \
              FLOW("f2", "t", "u") JOB("u") FLOW("f3", "u", "e") "<endEvent id='e'/>")
#define MAIL                                                                                       \
    "<b:personal xmlns:b='http://baton.dev/schema/bpmn' variable='email' subject='=customer'/>"

static enum rejection migrate(struct fixture *f, uint64_t instance, uint64_t target, bool dry_run)
{
    run(f, (struct command){.type = COMMAND_MIGRATE_INSTANCE,
                            .instance = instance,
                            .reply = {0, 7},
                            .migrate_instance = {.target_definition = target, .dry_run = dry_run}});
    return find_outbound(f, OUTBOUND_REPLY)->reply->rejection;
}

static void what_is_there_is_sealed_when_another_version_marks_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS(""), &vault);
    uint64_t instance =
        start_with(f, STR("{\"email\":\"old@marked\",\"customer\":\"ann\",\"x\":1}"));
    uint64_t marked = deploy(f, TWO_JOBS(MAIL));
    assert_int_equal(migrate(f, instance, marked, true), REJECTION_NONE);
    assert_null(find_event(f, EVENT_VARIABLE_SET));
    assert_int_equal(migrate(f, instance, marked, false), REJECTION_NONE);
    const struct instance_row *row = &f->changes.instances.items[0];
    assert_true(str_find(row->image, STR("old@marked")) == SIZE_MAX);
    assert_true(str_find(row->variables, STR("old@marked")) == SIZE_MAX);
    assert_true(personal_is_sealed(find_event(f, EVENT_VARIABLE_SET)->value));
    const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job; // it was offered anew
    struct job_answer done = answer(job->attempt);
    done.variables = STR_EMPTY;
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = done});
    assert_true(str_equal(job_reads(f, "email"), STR("ann: \"old@marked\"")));
    assert_true(str_equal(job_reads(f, "x"), STR("1")));
    fixture_free(f);
}

static void a_migration_to_where_nobody_can_tell_whose_it_is_is_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS(""), &vault);
    uint64_t instance = start_with(f, STR("{\"email\":\"old@marked\"}"));
    uint64_t marked = deploy(f, TWO_JOBS(MAIL));
    for (int dry_run = 0; dry_run <= 1; dry_run++) {
        assert_int_equal(migrate(f, instance, marked, dry_run), REJECTION_INVALID_STATE);
        str why = find_outbound(f, OUTBOUND_REPLY)->reply->reason;
        assert_true(str_find(why, STR("whose it is cannot be told")) != SIZE_MAX);
        assert_null(find_event(f, EVENT_PROCESS_MIGRATED));
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_sealed_when_another_version_marks_it),
        cmocka_unit_test(a_migration_to_where_nobody_can_tell_whose_it_is_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
