// SPDX-License-Identifier: Apache-2.0
// The borders of the engine: what cannot be read, what costs too much, what does not fit.
#include "engine/fixture.h"

#define ONE_SCRIPT(expression)                                                                     \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<scriptTask id='t'><extensionElements><zeebe:script expression='=" expression           \
          "' resultVariable='r'/></extensionElements></scriptTask>"                                \
          "<sequenceFlow id='f2' sourceRef='t' targetRef='e'/><endEvent id='e'/>")

static const struct incident_row *incident_of(const struct fixture *f)
{
    return f->changes.incidents.count == 0 ? NULL : &f->changes.incidents.items[0];
}

static void assert_says(str text, const char *part)
{
    if (str_find(text, str_of(part)) == SIZE_MAX)
        fail_msg("'%.*s' does not say '%s'", STR_ARG(text), part);
}

static struct command cancel_of(uint64_t instance)
{
    return (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = instance, .reply = {0, 3}};
}

// A fresh engine, as after a take-over: nothing is in memory.
static void take_over(struct fixture *f)
{
    struct error err;
    str shard = f->changes.shard_image;
    engine_free(f->engine);
    f->engine =
        engine_new(&f->environment, shard.data == NULL ? STR_EMPTY : shard, 1000, 1 << 20, &err);
    assert_non_null(f->engine);
}

static void an_instance_whose_definition_is_gone_is_set_aside_until_it_is_retried(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    uint64_t instance = start(f)->instance;
    take_over(f);
    f->has_no_process = true;
    for (int i = 0; i < 2; i++) { // the second time without another load
        run(f, cancel_of(instance));
        assert_int_equal(rejection_of(f), REJECTION_QUARANTINED);
        assert_says(find_outbound(f, OUTBOUND_REPLY)->reply->reason, "cannot be read");
        assert_int_equal(f->changes.instances.count, 0);
        assert_int_equal(f->changes.history.count, 1);
        assert_int_equal(f->changes.history.items[0].events[0].type, EVENT_COMMAND_QUARANTINED);
    }
    struct stream_ref refs[ENGINE_MAX_REFS];
    struct command cancel = cancel_of(instance);
    assert_int_equal(engine_missing(f->engine, &cancel, refs), 0);
    f->has_no_process = false;
    assert_int_equal(engine_retry(f->engine), 1);
    run(f, cancel_of(instance));
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_TERMINATED);
    fixture_free(f);
}

static void work_is_counted_by_batch_and_bounded_by_command(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_SCRIPT("count(for i in 1..1000 return i * 2)"));
    start(f);
    uint64_t one = engine_spent(f->engine);
    assert_in_range(one, 1000, 100000);
    start(f);
    assert_int_equal(engine_spent(f->engine), one);
    fixture_free(f);

    f = fixture_new(MODEL(
        "<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"
        "<scriptTask id='t'><extensionElements><zeebe:script resultVariable='r' expression='="
        "count(for i in 1..100000 return i * 2)'/></extensionElements>"
        "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics "
        "inputCollection='=for i in 1..1000 return "
        "i'/></extensionElements></multiInstanceLoopCharacteristics>"
        "</scriptTask><sequenceFlow id='f2' sourceRef='t' targetRef='e'/><endEvent id='e'/>"));
    start(f);
    assert_in_range(engine_spent(f->engine), 10000000, 10100000);
    assert_true(f->changes.incidents.count >= 1 && f->changes.incidents.count <= 2);
    assert_says(incident_of(f)->message, "10000000 steps");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_whose_definition_is_gone_is_set_aside_until_it_is_retried),
        cmocka_unit_test(work_is_counted_by_batch_and_bounded_by_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
