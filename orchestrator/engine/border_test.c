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

// -- What does not fit ------------------------------------------------------------------

#define FLOW(id, from, to) "<sequenceFlow id='" id "' sourceRef='" from "' targetRef='" to "'/>"
#define AROUND(element)                                                                            \
    MODEL("<startEvent id='s'/>" FLOW("f1", "s", "t")                                              \
              element FLOW("f2", "t", "e") "<endEvent id='e'/>")

static str filled(struct fixture *f, char c, size_t len)
{
    char *bytes = arena_alloc(&f->arena, len);
    memset(bytes, c, len);
    return str_from(bytes, len);
}

static str variable_json(struct fixture *f, const char *name, size_t len)
{
    str value = filled(f, 'x', len);
    return str_format(&f->arena, "{\"%s\":\"%.*s\"}", name, STR_ARG(value));
}

static void set_variables(struct fixture *f, uint64_t instance, str variables)
{
    run(f, (struct command){.type = COMMAND_SET_VARIABLES,
                            .instance = instance,
                            .reply = {0, 8},
                            .set_variables = {.variables = variables}});
}

static void resolve(struct fixture *f, uint64_t instance, uint64_t incident)
{
    run(f, (struct command){.type = COMMAND_RESOLVE_INCIDENT,
                            .instance = instance,
                            .key = incident,
                            .reply = {0, 9}});
}

enum { MUCH = 700000 }; // bytes: one fits a command, two do not

static void a_child_gets_and_gives_back_more_than_a_command_can_carry(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(
        AROUND("<callActivity id='t'><extensionElements><zeebe:calledElement processId='q'/>"
               "</extensionElements></callActivity>"));
    deploy_as(f, "q", ONE_TASK);
    // The caller waits for nothing before it calls: it starts with one, the job brings another.
    uint64_t caller = start_with(f, variable_json(f, "a", MUCH));
    const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job;
    assert_true(job->variables.len > MUCH);
    struct job_answer much = answer(1);
    much.variables = variable_json(f, "b", MUCH);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = much});
    assert_null(incident_of(f));
    for (size_t i = 0; i < f->changes.instances.count; i++) {
        const struct instance_row *row = &f->changes.instances.items[i];
        if (row->key != caller)
            continue;
        assert_int_equal(row->state, INSTANCE_COMPLETED);
        assert_true(row->variables.len > 2 * MUCH);
    }
    fixture_free(f);
}

static void a_job_that_no_record_carries_is_an_incident_that_can_be_resolved(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    uint64_t instance = start_with(f, STR("{}"));
    const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job;
    for (int i = 0; i < 5; i++)
        set_variables(
            f, instance,
            variable_json(f, str_cstr(&f->arena, str_format(&f->arena, "v%d", i)), 900000));
    struct job_answer failure = answer(1);
    failure.variables = STR_EMPTY;
    failure.retries = 1;
    run(f, (struct command){.type = COMMAND_FAIL_JOB,
                            .instance = instance,
                            .key = job->key,
                            .job_answer = failure});
    assert_null(find_outbound(f, OUTBOUND_JOB));
    assert_says(incident_of(f)->message, "OUTPUT_BYTES");
    uint64_t incident = incident_of(f)->key, key = job->key;
    set_variables(f, instance, STR("{\"v0\":1,\"v1\":1}"));
    run(f, (struct command){.type = COMMAND_UPDATE_JOB,
                            .instance = instance,
                            .key = key,
                            .update_job = {.retries = 2, .has_retries = true}});
    resolve(f, instance, incident);
    assert_non_null(find_outbound(f, OUTBOUND_JOB));
    fixture_free(f);
}

#define MESSAGE(name, key)                                                                         \
    "<message id='m' name='" name "'><extensionElements><zeebe:subscription correlationKey='" key  \
    "'/></extensionElements></message>"
#define WITH_MESSAGE(name, key, body)                                                              \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "                            \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'>" MESSAGE(                                  \
        name, key) "<process id='p' isExecutable='true'><startEvent id='s'/>" FLOW("f1", "s", "t") \
        body FLOW("f2", "t", "e") "<endEvent id='e'/></process></definitions>"
#define CATCH                                                                                      \
    "<intermediateCatchEvent id='t'><messageEventDefinition messageRef='m'/>"                      \
    "</intermediateCatchEvent>"

static void a_key_that_no_index_holds_is_an_incident_where_it_is_made(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(WITH_MESSAGE("paid", "=key", CATCH));
    str key = filled(f, 'k', 4000);
    start_with(f, str_format(&f->arena, "{\"key\":\"%.*s\"}", STR_ARG(key)));
    assert_says(incident_of(f)->message,
                "the correlation key has 4000 bytes, the limit NAME_BYTES");
    assert_null(find_outbound(f, OUTBOUND_COMMAND));
    fixture_free(f);
    f = fixture_new(WITH_MESSAGE("paid", "=\"a\\u0000b\"", CATCH));
    start_with(f, STR("{}"));
    assert_says(incident_of(f)->message, "U+0000");
    fixture_free(f);
}

static void names_in_commands_are_refused_with_limit_and_size(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    str names[] = {filled(f, 'n', 3000), STR("a\0b")};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        run(f, (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                                .reply = {0, 7},
                                .publish_message = {.name = STR("paid"),
                                                    .correlation_key = names[i],
                                                    .message_id = STR_EMPTY,
                                                    .variables = STR_EMPTY}});
        assert_int_equal(rejection_of(f), REJECTION_LIMIT);
        run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                                .reply = {0, 7},
                                .create_instance = {.process_id = STR("p"),
                                                    .variables = STR_EMPTY,
                                                    .business_id = names[i],
                                                    .fetch_variables = STR_EMPTY,
                                                    .deduplication_id = STR_EMPTY}});
        assert_int_equal(rejection_of(f), REJECTION_LIMIT);
    }
    run(f, (struct command){.type = COMMAND_OPEN_SUBSCRIPTION,
                            .instance = 1,
                            .key = 2,
                            .subscription = {.name = STR("paid"),
                                             .correlation_key = names[0],
                                             .process_id = STR("p"),
                                             .variables = STR_EMPTY,
                                             .element_instance = 3}});
    const struct command *refusal = find_outbound(f, OUTBOUND_COMMAND)->command;
    assert_int_equal(refusal->type, COMMAND_CONFIRM_SUBSCRIPTION);
    assert_says(refusal->subscription.reason, "NAME_BYTES");
    fixture_free(f);
}

static void a_thrown_message_that_its_shard_would_refuse_is_an_incident(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(WITH_MESSAGE(
        "paid", "=1",
        "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='pay'/>"
        "</extensionElements></serviceTask>" FLOW(
            "f3", "t",
            "u") "<intermediateThrowEvent id='u'><messageEventDefinition messageRef='m'/>"
                 "</intermediateThrowEvent>" FLOW("f4", "u", "e")));
    uint64_t instance = start_with(f, variable_json(f, "a", MUCH));
    const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job;
    struct job_answer much = answer(1);
    much.variables = variable_json(f, "b", MUCH);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = instance,
                            .key = job->key,
                            .job_answer = much});
    assert_says(incident_of(f)->message, "the limit is 1048576");
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        assert_true(f->changes.outbound.items[i].kind != OUTBOUND_COMMAND);
    fixture_free(f);
}

#define LOOP(collection)                                                                           \
    "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics "             \
    "inputCollection='=" collection "' inputElement='item'/></extensionElements>"                  \
    "</multiInstanceLoopCharacteristics>"
#define MANY_TASKS(id, collection)                                                                 \
    "<serviceTask id='" id "'><extensionElements><zeebe:taskDefinition type='pay'/>"               \
    "</extensionElements>" LOOP(collection) "</serviceTask>"

static void a_large_step_is_history_that_can_be_decoded(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(AROUND(MANY_TASKS("t", "for i in 1..20000 return i")));
    uint64_t instance = start_with(f, STR("{}"));
    size_t begun = 0;
    uint64_t sequence = 0;
    for (size_t i = 0; i < f->changes.history.count; i++) {
        const struct history_row *row = &f->changes.history.items[i];
        assert_in_range(row->count, 1, 4000);
        if (row->stream != instance)
            continue;
        assert_int_equal(row->sequence, ++sequence);
        for (size_t k = 0; k < row->count; k++)
            begun += row->events[k].type == EVENT_JOB_CREATED;
    }
    assert_int_equal(begun, 20000);
    assert_null(incident_of(f));
    assert_true(sequence > 10);
    fixture_free(f);
}

static void an_instance_has_no_more_elements_than_its_limit(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(MODEL(
        "<startEvent id='s'/>" FLOW("f1", "s", "g") "<parallelGateway id='g'/>" FLOW("f2", "g", "a")
            FLOW("f3", "g", "b") FLOW("f4", "g", "c") MANY_TASKS("a", "for i in 1..45000 return i")
                MANY_TASKS("b", "for i in 1..45000 return i")
                    MANY_TASKS("c", "for i in 1..45000 return i")));
    uint64_t instance = start_with(f, STR("{}"));
    assert_says(incident_of(f)->message, "ACTIVATIONS_PER_COMMAND");
    resolve(f, instance, incident_of(f)->key); // goes on with what was held
    bool is_named = false;
    for (size_t i = 0; i < f->changes.incidents.count; i++)
        is_named |= str_find(f->changes.incidents.items[i].message, STR("ELEMENTS_PER_INSTANCE")) !=
                    SIZE_MAX;
    assert_true(is_named);
    fixture_free(f);
}

static void a_character_that_no_text_holds_is_refused_where_it_enters(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start_with(f, STR("{\"a\":{\"b\":[1,\"x\\u0000\"]}}"));
    assert_int_equal(rejection_of(f), REJECTION_INVALID);
    assert_says(find_outbound(f, OUTBOUND_REPLY)->reply->reason, "a.b[1] has the character U+0000");
    start_with(f, STR("{\"a\":\"\\\\u0000\"}")); // a backslash and some text
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    fixture_free(f);
    f = fixture_new(ONE_SCRIPT("\"x\\u0000\""));
    start_with(f, STR("{}"));
    assert_says(incident_of(f)->message, "U+0000");
    fixture_free(f);
}

static void a_full_instance_takes_no_more_and_says_so(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(
        AROUND("<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='pay'/>"
               "<zeebe:ioMapping><zeebe:input source='=1' target='one'/></zeebe:ioMapping>"
               "</extensionElements></serviceTask>"));
    uint64_t instance = start_with(f, STR("{}"));
    const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job;
    int set = 0;
    f->has_no_checks = true; // each would fold all that was set before it
    do
        set_variables(
            f, instance,
            variable_json(f, str_cstr(&f->arena, str_format(&f->arena, "v%d", set)), 1000000));
    while (rejection_of(f) == REJECTION_NONE && ++set < 100);
    assert_in_range(set, 33, 35);
    f->has_no_checks = false;
    assert_says(find_outbound(f, OUTBOUND_REPLY)->reply->reason, "INSTANCE_BYTES");
    struct command complete = {.type = COMMAND_COMPLETE_JOB,
                               .instance = instance,
                               .key = job->key,
                               .reply = {0, 4},
                               .job_answer = answer(1)};
    run(f, complete);
    assert_true(rejection_of(f) != REJECTION_NONE); // nothing is lost: the job is still there
    set_variables(f, instance, STR("{\"v0\":1}"));
    assert_true(rejection_of(f) != REJECTION_NONE);
    complete.job_answer.variables = STR("{}");
    run(f, complete);
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void too_many_variables_are_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    struct strbuf many = strbuf_new(&f->arena);
    for (int i = 0; i < 6000; i++)
        strbuf_format(&many, "%s\"v%d\":1", i ? "," : "{", i);
    strbuf_add_char(&many, '}');
    start_with(f, strbuf_str(&many));
    assert_int_equal(rejection_of(f), REJECTION_INVALID);
    assert_says(find_outbound(f, OUTBOUND_REPLY)->reply->reason, "VARIABLES_PER_SCOPE");
    fixture_free(f);
}

static void an_answer_that_no_record_carries_says_so(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .reply = {0, 7},
                            .create_instance = {.process_id = STR("p"),
                                                .variables = STR_EMPTY,
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = STR_EMPTY,
                                                .await_completion = true}});
    const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job;
    for (int i = 0; i < 5; i++)
        set_variables(
            f, job->instance,
            variable_json(f, str_cstr(&f->arena, str_format(&f->arena, "v%d", i)), 900000));
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    assert_int_equal(rejection_of(f), REJECTION_LIMIT);
    assert_says(find_outbound(f, OUTBOUND_REPLY)->reply->reason, "OUTPUT_BYTES");
    fixture_free(f);
}

// -- Numbers at their ends --------------------------------------------------------------

static void times_at_their_ends_do_not_overflow(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    run(f, (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                            .publish_message = {.name = STR("paid"),
                                                .correlation_key = STR("1"),
                                                .message_id = STR_EMPTY,
                                                .variables = STR_EMPTY,
                                                .ttl_ms = INT64_MAX}});
    assert_null(find_event(f, EVENT_MESSAGE_EXPIRED));
    assert_int_equal(find_event(f, EVENT_MESSAGE_PUBLISHED)->due_ms, INT64_C(253402300799999));
    fixture_free(f);

    static const char *const durations[] = {"P9999999Y", "P1169100Y", "P300000Y", "PT9999999999H"};
    for (size_t i = 0; i < COUNT_OF(durations); i++) {
        struct strbuf model = {0};
        struct arena arena = ARENA_EMPTY;
        model = strbuf_new(&arena);
        strbuf_format(&model,
                      AROUND("<intermediateCatchEvent id='t'><timerEventDefinition><timeDuration>%s"
                             "</timeDuration></timerEventDefinition></intermediateCatchEvent>"),
                      durations[i]);
        f = fixture_new(strbuf_cstr(&model));
        start(f);
        if (f->changes.timers.count > 0)
            assert_in_range(f->changes.timers.items[0].due_ms, f->now, INT64_C(253402300799999));
        else
            assert_non_null(incident_of(f));
        fixture_free(f);
        arena_done(&arena);
    }
}

static void a_cycle_that_never_rests_is_an_incident(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(
        AROUND("<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='pay'/>"
               "</extensionElements></serviceTask><boundaryEvent id='b' attachedToRef='t' "
               "cancelActivity='false'><timerEventDefinition><timeCycle>R/PT0.001S</timeCycle>"
               "</timerEventDefinition></boundaryEvent>" FLOW("f3", "b", "e")));
    start(f);
    assert_says(incident_of(f)->message, "CYCLE_MS");
    fixture_free(f);
}

// -- What is set aside ------------------------------------------------------------------

static void a_start_of_what_this_version_cannot_run_is_rejected(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    f->has_no_process = true;
    start_with(f, STR("{}"));
    assert_int_equal(rejection_of(f), REJECTION_INVALID_STATE);
    assert_says(find_outbound(f, OUTBOUND_REPLY)->reply->reason, "cannot run");
    fixture_free(f);
}

static void an_instance_hears_that_its_subscription_was_set_aside(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(WITH_MESSAGE("paid", "=1", CATCH));
    uint64_t instance = start_with(f, STR("{}"));
    struct command open = *find_outbound(f, OUTBOUND_COMMAND)->command;
    assert_int_equal(open.type, COMMAND_OPEN_SUBSCRIPTION);
    open.tenant = open.principal = open.origin = open.traceparent = STR_EMPTY;
    engine_begin(f->engine, &f->arena);
    engine_quarantine(f->engine, &open, STR("failed three times"));
    engine_end(f->engine, &f->changes);
    struct command refusal = *find_outbound(f, OUTBOUND_COMMAND)->command;
    run(f, refusal);
    assert_true(str_equal(incident_of(f)->kind, STR("COMMAND_QUARANTINED")));
    assert_says(incident_of(f)->message, "failed three times");
    resolve(f, instance, incident_of(f)->key);
    assert_int_equal(find_outbound(f, OUTBOUND_COMMAND)->command->type, COMMAND_OPEN_SUBSCRIPTION);
    fixture_free(f);
}

static void a_process_cannot_be_activated_inside_itself(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    struct element_instruction inside = {
        .element_id = STR("p"), .variables = STR_EMPTY, .move_from = STR_EMPTY};
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .reply = {0, 7},
                            .create_instance = {.process_id = STR("p"),
                                                .variables = STR_EMPTY,
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = STR_EMPTY,
                                                .start_count = 1,
                                                .start_at = &inside}});
    assert_int_equal(rejection_of(f), REJECTION_INVALID);
    uint64_t instance = start(f)->instance;
    run(f, (struct command){
               .type = COMMAND_MODIFY_INSTANCE,
               .instance = instance,
               .reply = {0, 7},
               .modify_instance = {.count = 1, .instructions = &inside, .variables = STR_EMPTY}});
    assert_int_equal(rejection_of(f), REJECTION_INVALID);
    fixture_free(f);
}

static void one_damaged_byte_of_an_image_is_noticed(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    uint64_t instance = start(f)->instance;
    const str *image = idmap_get(&f->images, instance);
    char *bytes = (char *)image->data;
    for (size_t i = 0; i < image->len; i++) {
        take_over(f);
        bytes[i] ^= 4;
        run(f, cancel_of(instance));
        assert_int_equal(rejection_of(f), REJECTION_QUARANTINED);
        bytes[i] ^= 4;
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_whose_definition_is_gone_is_set_aside_until_it_is_retried),
        cmocka_unit_test(work_is_counted_by_batch_and_bounded_by_command),
        cmocka_unit_test(a_process_cannot_be_activated_inside_itself),
        cmocka_unit_test(one_damaged_byte_of_an_image_is_noticed),
        cmocka_unit_test(a_child_gets_and_gives_back_more_than_a_command_can_carry),
        cmocka_unit_test(a_job_that_no_record_carries_is_an_incident_that_can_be_resolved),
        cmocka_unit_test(a_key_that_no_index_holds_is_an_incident_where_it_is_made),
        cmocka_unit_test(names_in_commands_are_refused_with_limit_and_size),
        cmocka_unit_test(a_thrown_message_that_its_shard_would_refuse_is_an_incident),
        cmocka_unit_test(a_large_step_is_history_that_can_be_decoded),
        cmocka_unit_test(an_instance_has_no_more_elements_than_its_limit),
        cmocka_unit_test(a_character_that_no_text_holds_is_refused_where_it_enters),
        cmocka_unit_test(a_full_instance_takes_no_more_and_says_so),
        cmocka_unit_test(too_many_variables_are_refused),
        cmocka_unit_test(an_answer_that_no_record_carries_says_so),
        cmocka_unit_test(times_at_their_ends_do_not_overflow),
        cmocka_unit_test(a_cycle_that_never_rests_is_an_incident),
        cmocka_unit_test(a_start_of_what_this_version_cannot_run_is_rejected),
        cmocka_unit_test(an_instance_hears_that_its_subscription_was_set_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
