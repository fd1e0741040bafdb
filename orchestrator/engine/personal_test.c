// SPDX-License-Identifier: Apache-2.0
//
// Personal values in the engine: sealed where they are kept, opened where they are read, and what
// is computed of them is sealed for the same persons. After each batch the fixture folds histories
// into images, byte for byte, with no key at all. The vault here seals by base64.
#include "engine/personal_fixture.h"
#include "record/limits.h"

#define B "xmlns:b='http://baton.dev/schema/bpmn' "
#define PERSONAL(variable, subject)                                                                \
    "<b:personal " B "variable='" variable "' subject='" subject "'/>"
#define PROCESS(extensions, body)                                                                  \
    MODEL("<extensionElements>" extensions "</extensionElements>" body)
#define FLOW(id, a, b) "<sequenceFlow id='" id "' sourceRef='" a "' targetRef='" b "'/>"
#define MAIL PERSONAL("email", "=customer")
#define JOB(id, mapping)                                                                           \
    "<serviceTask id='" id "'><extensionElements><zeebe:taskDefinition type='" id "'/>"            \
    "<zeebe:ioMapping>" mapping "</zeebe:ioMapping></extensionElements></serviceTask>"
#define ONE(mapping)                                                                               \
    "<startEvent id='s'/>" FLOW("f1", "s", "t") JOB("t", mapping)                                  \
        FLOW("f2", "t", "e") "<endEvent id='e'/>"

#define TWO_JOBS                                                                                   \
    PROCESS("", "<startEvent id='s'/>" FLOW("f1", "s", "t") JOB("t", "") FLOW("f2", "t", "u")      \
                    JOB("u", "") FLOW("f3", "u", "e") "<endEvent id='e'/>")
#define TASK(listeners, more)                                                                      \
    "<userTask id='t'><extensionElements><zeebe:userTask/><zeebe:taskListeners>" listeners         \
    "</zeebe:taskListeners></extensionElements>" more "</userTask>"
#define SCRIPT_TO(id, expression, mapping)                                                         \
    "<scriptTask id='" id "'><extensionElements><zeebe:script expression='" expression             \
    "' resultVariable='r'/><zeebe:ioMapping>" mapping                                              \
    "</zeebe:ioMapping></extensionElements></scriptTask>"
#define SCRIPT(id, expression, result)                                                             \
    "<scriptTask id='" id "'><extensionElements><zeebe:script expression='" expression             \
    "' resultVariable='" result "'/></extensionElements></scriptTask>"
#define LOUD(event)                                                                                \
    "<startEvent id='s'/>" FLOW("f1", "s", "l") SCRIPT("l", "=upper case(email)", "loud")          \
        FLOW("f2", "l", "t") TASK("<zeebe:taskListener eventType='" event "' type='w'/>", "")      \
            FLOW("f3", "t", "u") JOB("u", "") FLOW("f4", "u", "e") "<endEvent id='e'/>"

static struct arena kept;

// Nothing that is stored says it.
static void assert_nowhere(struct fixture *f, const char *text)
{
    str needle = str_of(text);
    for (size_t i = 0; i < f->history.count; i++)
        for (size_t k = 0; k < f->history.items[i].count; k++)
            if (str_find(f->history.items[i].events[k].value, needle) != SIZE_MAX)
                fail_msg("history says %s: %.*s", text,
                         STR_ARG(f->history.items[i].events[k].value));
    for (size_t i = 0; i < f->changes.instances.count; i++) {
        assert_true(str_find(f->changes.instances.items[i].image, needle) == SIZE_MAX);
        assert_true(str_find(f->changes.instances.items[i].variables, needle) == SIZE_MAX);
    }
    for (size_t i = 0; i < f->changes.elements.count; i++)
        assert_true(str_find(f->changes.elements.items[i].variables, needle) == SIZE_MAX);
    for (size_t i = 0; i < f->changes.mailbox_entries.count; i++)
        assert_true(str_find(f->changes.mailbox_entries.items[i].image, needle) == SIZE_MAX);
    for (size_t i = 0; i < f->changes.messages.count; i++)
        assert_true(str_find(f->changes.messages.items[i].variables, needle) == SIZE_MAX);
    for (size_t i = 0; i < f->changes.decisions.count; i++)
        assert_true(str_find(f->changes.decisions.items[i].trace, needle) == SIZE_MAX);
}

static str incident_of(struct fixture *f, str *ret_kind)
{
    if (f->changes.incidents.count == 0)
        return STR_EMPTY;
    *ret_kind = f->changes.incidents.items[0].kind;
    return f->changes.incidents.items[0].message;
}

static void assert_incident(struct fixture *f, const char *part)
{
    str kind = STR_EMPTY, message = incident_of(f, &kind);
    if (!str_equal(kind, STR("PERSONAL_DATA")) || str_find(message, str_of(part)) == SIZE_MAX)
        fail_msg("%.*s: %.*s, expected %s", STR_ARG(kind), STR_ARG(message), part);
}

static void complete_job(struct fixture *f, const struct job_offer *job, str variables)
{
    struct job_answer done = answer(job->attempt);
    done.variables = variables;
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .reply = {0, 7},
                            .job_answer = done});
}

static void complete_with(struct fixture *f, str variables)
{
    complete_job(f, find_outbound(f, OUTBOUND_JOB)->job, variables);
}

static void change_task(struct fixture *f, enum command_type type, str variables)
{
    run(f, (struct command){.type = type,
                            .instance = f->changes.user_tasks.items[0].instance,
                            .key = f->changes.user_tasks.items[0].key,
                            .reply = {0, 7},
                            .user_task = {.assignee = STR_EMPTY,
                                          .action = STR_EMPTY,
                                          .variables = variables,
                                          .changeset = STR_EMPTY}});
}

static void assert_refused(struct fixture *f, const char *part)
{
    const struct outbound *reply = find_outbound(f, OUTBOUND_REPLY);
    assert_non_null(reply);
    if (reply->reply->rejection != REJECTION_INVALID ||
        str_find(reply->reply->reason, str_of(part)) == SIZE_MAX)
        fail_msg("%d: %.*s", reply->reply->rejection, STR_ARG(reply->reply->reason));
}

static int reset(void **state)
{
    (void)state;
    erased = STR_EMPTY;
    arena_reset(&kept);
    return 0;
}

static void what_the_model_marks_is_sealed_wherever_it_is_kept(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS(MAIL, ONE("")), &vault);
    start_with(f, STR("{\"email\":\"ann@marked\",\"customer\":\"c7\",\"open\":1}"));
    assert_nowhere(f, "ann@marked");
    assert_true(str_equal(job_reads(f, "email"), STR("c7: \"ann@marked\"")));
    assert_true(str_equal(job_reads(f, "open"), STR("1")));
    fixture_free(f);
}

static void whose_it_is_the_value_itself_can_say(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS(PERSONAL("who", "=who.id"), ONE("")), &vault);
    start_with(f, STR("{\"who\":{\"id\":42,\"mail\":\"ann@marked\"}}"));
    assert_nowhere(f, "ann@marked");
    assert_true(str_equal(job_reads(f, "who"), STR("42: {\"id\":42,\"mail\":\"ann@marked\"}")));
    fixture_free(f);
}

static void what_is_computed_of_it_belongs_to_the_same_persons(void **state)
{
    (void)state;
    struct fixture *f =
        fixture_new_with(PROCESS(MAIL PERSONAL("other", "=friend"),
                                 ONE("<zeebe:input source='=upper case(email)' target='loud'/>"
                                     "<zeebe:input source='=[email, other]' target='both'/>"
                                     "<zeebe:input source='=email' target='deep.inside'/>"
                                     "<zeebe:input source='=1 + 1' target='sum'/>")),
                         &vault);
    start_with(f, STR("{\"customer\":\"c7\",\"friend\":\"c8\",\"email\":\"ann@marked\","
                      "\"other\":\"bob@marked\"}"));
    assert_nowhere(f, "marked");
    assert_nowhere(f, "MARKED");
    assert_true(str_equal(job_reads(f, "loud"), STR("c7: \"ANN@MARKED\"")));
    assert_true(str_equal(job_reads(f, "both"), STR("c7+c8: [\"ann@marked\",\"bob@marked\"]")));
    assert_true(str_equal(job_reads(f, "deep"), STR("c7: {\"inside\":\"ann@marked\"}")));
    assert_true(str_equal(job_reads(f, "sum"), STR("2")));
    fixture_free(f);
}

static void what_a_sender_marks_is_sealed_without_a_word_of_the_model(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS("", ONE("")), &vault);
    start_with(f, STR("{\"x\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"},"
                      "\"list\":[1,{\"baton:personal\":[\"c7\",\"c8\"],\"value\":\"z@marked\"}]}"));
    assert_nowhere(f, "marked");
    assert_true(str_equal(job_reads(f, "x"), STR("c7: \"ann@marked\"")));
    start_with(f, STR("{\"x\":{\"baton:personal\":\"c7\"}}"));
    assert_incident(f, "a personal value must be");
    fixture_free(f);
}

static void whose_nobody_can_tell_is_an_incident(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS(MAIL, ONE("")), &vault);
    start_with(f, STR("{\"email\":\"ann@marked\"}"));
    assert_incident(f, "'email' is personal, but whose it is cannot be told: its subject "
                       "'customer' is null");
    assert_nowhere(f, "ann@marked");
    fixture_free(f);
}

static void null_is_nobodys(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS(MAIL, ONE("")), &vault);
    start_with(f, STR("{\"email\":null}"));
    assert_true(str_equal(job_reads(f, "email"), STR("null")));
    fixture_free(f);
}

static void a_loop_keeps_its_items_and_what_it_collects_sealed(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS(
            PERSONAL("people", "=customer"),
            "<startEvent id='s'/>" FLOW(
                "f1", "s",
                "t") "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='t'/>"
                     "</extensionElements><multiInstanceLoopCharacteristics isSequential='true'>"
                     "<extensionElements><zeebe:loopCharacteristics inputCollection='=people' "
                     "inputElement='one' outputCollection='out' outputElement='=one + \"!\"'/>"
                     "</extensionElements></multiInstanceLoopCharacteristics></serviceTask>" FLOW(
                         "f2", "t", "u") JOB("u", "<zeebe:input source='=out[1]' target='first'/>")
                         FLOW("f3", "u", "e") "<endEvent id='e'/>"),
        &vault);
    start_with(f, STR("{\"customer\":\"c7\",\"people\":[\"ann@marked\",\"bob@marked\"]}"));
    for (int i = 0; i < 2; i++) {
        assert_nowhere(f, "marked");
        assert_true(str_equal(job_reads(f, "one"),
                              i == 0 ? STR("c7: \"ann@marked\"") : STR("c7: \"bob@marked\"")));
        complete_with(f, STR("{}"));
    }
    assert_nowhere(f, "marked");
    assert_true(str_equal(job_reads(f, "first"), STR("c7: \"ann@marked!\"")));
    fixture_free(f);
}

static void a_variable_that_belongs_to_somebody_stays_theirs(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS, &vault);
    start_with(f, STR("{\"x\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"}}"));
    complete_with(f, STR("{\"x\":\"new@marked\"}"));
    assert_nowhere(f, "new@marked");
    assert_true(str_equal(job_reads(f, "x"), STR("c7: \"new@marked\"")));
    fixture_free(f);
}

static void unless_who_gives_another_value_says_whose_it_is(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS, &vault);
    start_with(f, STR("{\"x\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"}}"));
    erased = STR("c7");
    complete_with(f, STR("{\"x\":{\"baton:personal\":\"c8\",\"value\":\"bob@marked\"}}"));
    assert_nowhere(f, "marked");
    assert_true(str_equal(job_reads(f, "x"), STR("c8: \"bob@marked\"")));
    fixture_free(f);
}

static void what_stands_in_the_open_takes_none(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS(MAIL,
                "<startEvent id='s'/>" FLOW(
                    "f1", "s", "t") "<serviceTask id='t'><extensionElements><zeebe:taskDefinition "
                                    "type='=email'/></extensionElements></serviceTask>" FLOW(
                                        "f2", "t", "e") "<endEvent id='e'/>"),
        &vault);
    start_with(f, STR("{\"customer\":\"c7\",\"email\":\"ann@marked\"}"));
    assert_incident(f, "reads personal data, and what it gives would stand in the open");
    assert_nowhere(f, "ann@marked");
    fixture_free(f);
}

static void a_gateway_may_decide_by_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS(
            MAIL,
            "<startEvent id='s'/>" FLOW(
                "f1", "s",
                "g") "<exclusiveGateway id='g' default='f3'/><sequenceFlow id='f2' sourceRef='g' "
                     "targetRef='t'><conditionExpression>=contains(email, "
                     "\"@marked\")</conditionExpression></sequenceFlow>" FLOW("f3", "g", "e")
                         JOB("t", "") FLOW("f4", "t", "e") "<endEvent id='e'/>"),
        &vault);
    start_with(f, STR("{\"customer\":\"c7\",\"email\":\"ann@marked\"}"));
    assert_true(str_equal(job_reads(f, "email"), STR("c7: \"ann@marked\"")));
    fixture_free(f);
}

// Folding after each batch shows that state and history stay the same.
static void an_erased_value_is_missing_only_where_it_is_needed(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS(MAIL,
                "<startEvent id='s'/>" FLOW("f1", "s", "t") JOB("t", "")
                    FLOW("f2", "t", "g") "<parallelGateway id='g'/>" FLOW("f3", "g", "u") FLOW(
                        "f4", "g", "v") JOB("u", "<zeebe:input source='=email' target='mail'/>")
                        JOB("v", "<zeebe:input source='=b' target='number'/>") FLOW("f5", "u", "e")
                            FLOW("f6", "v", "e") "<endEvent id='e'/>"),
        &vault);
    start_with(f, STR("{\"customer\":\"c7\",\"email\":\"ann@marked\"}"));
    erased = STR("c7");
    complete_with(f, STR("{\"b\":2}"));
    assert_incident(f, "the value of the variable 'email' is personal and was erased");
    assert_true(str_equal(find_outbound(f, OUTBOUND_JOB)->job->element_id, STR("v")));
    assert_true(str_equal(job_reads(f, "number"), STR("2")));
    assert_true(str_equal(job_reads(f, "email"), STR("erased")));
    complete_with(f, STR("{\"email\":\"new@marked\"}"));
    assert_incident(f, "a person was erased");
    fixture_free(f);
}

static void a_message_keeps_what_its_sender_marks_sealed(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS("", ONE("")), &vault);
    run(f,
        (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                         .publish_message = {.name = STR("m"),
                                             .correlation_key = STR("k"),
                                             .message_id = STR_EMPTY,
                                             .variables = STR("{\"x\":{\"baton:personal\":"
                                                              "\"c7\",\"value\":\"ann@marked\"}}"),
                                             .ttl_ms = 100000}});
    assert_int_equal(f->changes.messages.count, 1);
    assert_nowhere(f, "ann@marked");
    fixture_free(f);
}

static void without_a_vault_a_simulation_has_plain_values(void **state)
{
    (void)state;
    struct fixture *f =
        fixture_new(PROCESS(MAIL, ONE("<zeebe:input source='=upper case(email)' target='loud'/>")));
    start_with(f, STR("{\"email\":\"ann@marked\",\"customer\":\"c7\",\"x\":{\"baton:personal\":"
                      "\"c7\",\"value\":1}}"));
    assert_true(str_equal(job_reads(f, "loud"), STR("\"ANN@MARKED\"")));
    assert_true(str_equal(job_reads(f, "x"), STR("1")));
    start_with(f, STR("{\"email\":\"ann@marked\"}"));
    assert_incident(f, "whose it is cannot be told");
    fixture_free(f);
}

// A user task that names no candidates seals none.
static void what_one_instance_read_is_not_sealed_into_the_next(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS(MAIL, "<startEvent id='s'/>" FLOW("f1", "s", "t") TASK("", "") FLOW("f2", "t", "v")
                          SCRIPT("v", "=upper case(email)", "loud")
                              FLOW("f3", "v", "e") "<endEvent id='e'/>"),
        &vault);
    start_with(f, STR("{\"customer\":\"c7\",\"email\":\"ann@marked\"}"));
    change_task(f, COMMAND_COMPLETE_USER_TASK, STR_EMPTY);
    assert_nowhere(f, "MARKED");
    for (int i = 0; i < 6; i++)
        run(f, (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                                .publish_message = {.name = STR("m"),
                                                    .correlation_key = STR("k"),
                                                    .message_id = STR_EMPTY,
                                                    .variables = STR("{}")}});
    start_with(f, STR("{}"));
    assert_int_equal(f->changes.user_tasks.count, 1);
    const struct history_row *last = &f->history.items[f->history.count - 1];
    for (size_t i = 0; i < last->count; i++)
        assert_false(personal_has_sealed(last->events[i].value));
    fixture_free(f);
}

static void a_value_with_personal_members_stays_theirs(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS, &vault);
    start_with(f, STR("{\"x\":{\"m\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"},"
                      "\"n\":[1,{\"baton:personal\":\"c8\",\"value\":2}]}}"));
    complete_with(f, STR("{\"x\":{\"m\":\"new@marked\",\"n\":[1,2]}}"));
    assert_nowhere(f, "marked");
    assert_true(str_equal(job_reads(f, "x"), STR("c7+c8: {\"m\":\"new@marked\",\"n\":[1,2]}")));
    fixture_free(f);
}

static void who_gives_a_value_back_as_it_was_seen_changes_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS, &vault);
    start_with(f, STR("{\"x\":{\"m\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"}}}"));
    complete_with(f, STR("{\"x\": {\"m\" : \"ann@\\u006darked\"}}"));
    assert_nowhere(f, "marked");
    const struct history_row *last = &f->history.items[f->history.count - 1];
    for (size_t i = 0; i < last->count; i++)
        assert_int_not_equal(last->events[i].type, EVENT_VARIABLE_SET);
    fixture_free(f);
}

static void null_does_not_take_the_persons_away(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS, &vault);
    start_with(f, STR("{\"x\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"}}"));
    complete_with(f, STR("{\"x\":null}"));
    assert_true(str_equal(job_reads(f, "x"), STR("c7: null")));
    complete_with(f, STR("{\"x\":\"new@marked\"}"));
    assert_nowhere(f, "marked");
    fixture_free(f);
}

// A worker that got null for an erased value and gives it back has not given another.
static void an_erased_value_given_back_as_null_stays_erased(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(TWO_JOBS, &vault);
    start_with(f, STR("{\"x\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"}}"));
    erased = STR("c7");
    complete_with(f, STR("{\"x\":null}"));
    assert_int_equal(f->changes.incidents.count, 0);
    assert_true(str_equal(job_reads(f, "x"), STR("erased")));
    complete_with(f, STR("{\"x\":\"new@marked\"}"));
    assert_incident(f, "belongs to a person who was erased");
    assert_nowhere(f, "marked");
    fixture_free(f);
}

// It lives in the root, the task in a scope of its own; the process declares something or nothing.
static void what_a_listener_hears_of_is_sealed(void **state)
{
    static const struct {
        const char *model, *variables;
    } cases[] = {
        {PROCESS(MAIL, LOUD("completing")), "{\"customer\":\"c7\",\"email\":\"ann@marked\"}"},
        {PROCESS(MAIL, LOUD("updating")), "{\"customer\":\"c7\",\"email\":\"ann@marked\"}"},
        {PROCESS("", LOUD("completing")),
         "{\"email\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"}}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture *f = fixture_new_with(cases[i].model, &vault);
        start_with(f, str_of(cases[i].variables));
        struct command set = {.type = COMMAND_SET_VARIABLES,
                              .instance = f->changes.user_tasks.items[0].instance,
                              .key = f->changes.user_tasks.items[0].element_instance,
                              .reply = {0, 7},
                              .set_variables = {.variables = STR("{\"loud\":\"x@marked\"}")}};
        if (i == 1)
            run(f, set);
        else
            change_task(f, COMMAND_COMPLETE_USER_TASK, STR("{\"loud\":\"x@marked\"}"));
        assert_non_null(find_outbound(f, OUTBOUND_JOB));
        assert_nowhere(f, "marked");
        complete_with(f, STR_EMPTY);
        assert_nowhere(f, "marked");
        if (i != 1)
            assert_true(str_equal(job_reads(f, "loud"), STR("c7: \"x@marked\"")));
        fixture_free(f);
    }
}

static void whose_it_is_can_come_beside_it_to_a_listener(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS(MAIL, LOUD("completing")), &vault);
    start_with(f, STR("{\"email\":null}"));
    change_task(f, COMMAND_COMPLETE_USER_TASK,
                STR("{\"email\":\"ann@marked\",\"customer\":\"c9\"}"));
    assert_nowhere(f, "marked");
    complete_with(f, STR_EMPTY);
    assert_true(str_equal(job_reads(f, "email"), STR("c9: \"ann@marked\"")));
    fixture_free(f);
}

static void a_constant_put_into_a_personal_value_leaves_the_rest_of_it(void **state)
{
    (void)state;
    struct fixture *f =
        fixture_new_with(PROCESS(PERSONAL("who", "=who.id"),
                                 "<startEvent id='s'/>" FLOW("f1", "s", "t")
                                     JOB("t", "<zeebe:output source='=true' target='who.checked'/>"
                                              "<zeebe:output source='=who.mail' target='copy'/>")
                                         FLOW("f2", "t", "u") JOB("u", "")
                                             FLOW("f3", "u", "e") "<endEvent id='e'/>"),
                         &vault);
    start_with(f, STR("{\"who\":{\"id\":\"c7\",\"mail\":\"ann@marked\"}}"));
    complete_with(f, STR("{}"));
    assert_nowhere(f, "marked");
    assert_true(str_equal(job_reads(f, "who"),
                          STR("c7: {\"id\":\"c7\",\"mail\":\"ann@marked\",\"checked\":true}")));
    assert_true(str_equal(job_reads(f, "copy"), STR("c7: \"ann@marked\"")));
    fixture_free(f);
}

// Each expression of a batch says so, not just the first.
static void what_belongs_to_too_many_is_never_sealed_for_some_of_them(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS("", "<startEvent id='s'/>" FLOW("f0", "s", "g") "<parallelGateway id='g'/>" FLOW(
                        "f1", "g", "t") FLOW("f2", "g", "u") FLOW("f3", "g", "v")
                        JOB("t", "<zeebe:input source='=x' target='y'/>")
                            JOB("u", "<zeebe:input source='=x' target='y'/>")
                                SCRIPT_TO("v", "=1", "<zeebe:output source='=1' target='x.y'/>")),
        &vault);
    struct strbuf x = strbuf_new(&f->arena);
    for (int i = 1; i <= PERSONAL_MAX_SUBJECTS + 1; i++)
        strbuf_format(&x, "%s\"m%d\":{\"baton:personal\":\"c%d\",\"value\":\"%d@marked\"}",
                      i == 1 ? "{\"x\":{" : ",", i, i, i);
    strbuf_add(&x, STR("}}"));
    start_with(f, strbuf_str(&x));
    assert_null(find_outbound(f, OUTBOUND_JOB));
    assert_int_equal(f->changes.incidents.count, 3);
    assert_incident(f, "more than 8 persons");
    assert_nowhere(f, "marked");
    fixture_free(f);
}

static void a_mark_written_with_escapes_is_one(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS("", ONE("")), &vault);
    start_with(f, STR("{\"x\":{\"baton\\u003apersonal\":7.0,\"value\":\"ann@marked\"}}"));
    assert_nowhere(f, "ann@marked");
    assert_true(str_equal(job_reads(f, "x"), STR("7: \"ann@marked\"")));
    fixture_free(f);
}

// Who has seen a sealed value of another instance, in a row or an event, reads it nowhere.
static void a_sealed_value_comes_from_nobody(void **state)
{
    static const char *const texts[] = {
        "{\"x\":\"baton:sealed:AAAA\"}",
        "{\"x\":[1,{\"y\":\"baton\\u003asealed:AAAA\"}]}",
        "{\"x\":\"{\\\"y\\\":\\\"baton:sealed:AAAA\\\"}\"}",
        "{\"x\":{\"baton:personal\":\"c7\",\"value\":\"baton:sealed:AAAA\"}}",
    };
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS("", ONE("")), &vault);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        str variables = str_of(texts[i]);
        assert_int_equal(start_with(f, variables), 0);
        assert_refused(f, "looks like a sealed value");
        run(f, (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                                .reply = {0, 7},
                                .publish_message = {.name = STR("m"),
                                                    .correlation_key = STR("k"),
                                                    .message_id = STR_EMPTY,
                                                    .variables = variables}});
        assert_refused(f, "looks like a sealed value");
        run(f, (struct command){.type = COMMAND_BROADCAST_SIGNAL,
                                .reply = {0, 7},
                                .broadcast_signal = {.name = STR("g"), .variables = variables}});
        assert_refused(f, "looks like a sealed value");
        start_with(f, STR("{}"));
        const struct job_offer job = *find_outbound(f, OUTBOUND_JOB)->job;
        complete_job(f, &job, variables);
        assert_refused(f, "looks like a sealed value");
        complete_job(f, &job, STR("{}"));
    }
    start_with(f, STR("{\"x\":\"see baton:sealed:AAAA\"}"));
    assert_true(str_equal(job_reads(f, "x"), STR("\"see baton:sealed:AAAA\"")));
    fixture_free(f);
}

static void an_expression_makes_no_sealed_value(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS("", ONE("<zeebe:input source='=\"baton:\" + \"sealed:AAAA\"' target='y'/>")),
        &vault);
    start_with(f, STR("{}"));
    assert_incident(f, "looks like a sealed value");
    fixture_free(f);
}

static void a_signal_with_a_bad_mark_goes_nowhere(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS("", ONE("")), &vault);
    run(f,
        (struct command){.type = COMMAND_BROADCAST_SIGNAL,
                         .reply = {0, 7},
                         .broadcast_signal = {.name = STR("g"),
                                              .variables = STR("{\"x\":{\"baton:personal\":1}}")}});
    assert_refused(f, "a personal value must be");
    assert_null(find_outbound(f, OUTBOUND_COMMAND));
    fixture_free(f);
}

static void a_signal_of_too_many_persons_goes_nowhere(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(PROCESS("", ONE("")), &vault);
    struct strbuf out = strbuf_new(&f->arena);
    for (int i = 0; i <= LIMIT_PERSONS_PER_STREAM; i++)
        strbuf_format(&out, "%s{\"baton:personal\":\"p-%d\",\"value\":1}", i > 0 ? "," : "{\"x\":[",
                      i);
    strbuf_add(&out, STR("]}"));
    run(f, (struct command){.type = COMMAND_BROADCAST_SIGNAL,
                            .reply = {0, 7},
                            .broadcast_signal = {.name = STR("g"), .variables = strbuf_str(&out)}});
    assert_refused(f, "PERSONS_PER_STREAM");
    assert_null(find_outbound(f, OUTBOUND_COMMAND));
    fixture_free(f);
}

static void what_an_ad_hoc_sub_process_collects_stays_sealed(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS(
            MAIL,
            "<startEvent id='s'/>" FLOW(
                "f1", "s",
                "h") "<adHocSubProcess id='h'>"
                     "<extensionElements><zeebe:adHoc activeElementsCollection='=[\"t\",\"u\"]' "
                     "outputCollection='all' outputElement='=upper "
                     "case(email)'/></extensionElements>" JOB("t", "")
                         JOB("u", "") "</adHocSubProcess>" FLOW("f2", "h", "v")
                             JOB("v", "<zeebe:input source='=all[2]' target='last'/>")
                                 FLOW("f3", "v", "e") "<endEvent id='e'/>"),
        &vault);
    start_with(f, STR("{\"customer\":\"c7\",\"email\":\"ann@marked\"}"));
    const struct job_offer first = *find_outbound(f, OUTBOUND_JOB)->job;
    struct job_offer second = first;
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        if (f->changes.outbound.items[i].kind == OUTBOUND_JOB)
            second = *f->changes.outbound.items[i].job;
    complete_job(f, &first, STR("{}"));
    complete_job(f, &second, STR("{}"));
    assert_nowhere(f, "MARKED");
    assert_true(str_equal(job_reads(f, "last"), STR("c7: \"ANN@MARKED\"")));
    fixture_free(f);
}

static void what_a_condition_is_asked_about_is_in_the_open(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS("", "<startEvent id='s'><conditionalEventDefinition><condition>=x = "
                    "\"ann@marked\"</condition></conditionalEventDefinition></startEvent>" FLOW(
                        "f1", "s", "t") JOB("t", "")),
        &vault);
    run(f, (struct command){
               .type = COMMAND_EVALUATE_CONDITIONS,
               .reply = {0, 7},
               .create_instance = {.process_id = STR_EMPTY,
                                   .business_id = STR_EMPTY,
                                   .variables = STR("{\"x\":{\"baton:personal\":\"c7\",\"value\":"
                                                    "\"ann@marked\"}}")}});
    assert_nowhere(f, "marked");
    assert_true(str_equal(job_reads(f, "x"), STR("c7: \"ann@marked\"")));
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_model_marks_is_sealed_wherever_it_is_kept, reset),
        cmocka_unit_test_setup(whose_it_is_the_value_itself_can_say, reset),
        cmocka_unit_test_setup(what_is_computed_of_it_belongs_to_the_same_persons, reset),
        cmocka_unit_test_setup(what_a_sender_marks_is_sealed_without_a_word_of_the_model, reset),
        cmocka_unit_test_setup(whose_nobody_can_tell_is_an_incident, reset),
        cmocka_unit_test_setup(null_is_nobodys, reset),
        cmocka_unit_test_setup(a_loop_keeps_its_items_and_what_it_collects_sealed, reset),
        cmocka_unit_test_setup(a_variable_that_belongs_to_somebody_stays_theirs, reset),
        cmocka_unit_test_setup(unless_who_gives_another_value_says_whose_it_is, reset),
        cmocka_unit_test_setup(what_stands_in_the_open_takes_none, reset),
        cmocka_unit_test_setup(a_gateway_may_decide_by_it, reset),
        cmocka_unit_test_setup(an_erased_value_is_missing_only_where_it_is_needed, reset),
        cmocka_unit_test_setup(a_message_keeps_what_its_sender_marks_sealed, reset),
        cmocka_unit_test_setup(what_one_instance_read_is_not_sealed_into_the_next, reset),
        cmocka_unit_test_setup(a_value_with_personal_members_stays_theirs, reset),
        cmocka_unit_test_setup(who_gives_a_value_back_as_it_was_seen_changes_nothing, reset),
        cmocka_unit_test_setup(null_does_not_take_the_persons_away, reset),
        cmocka_unit_test_setup(an_erased_value_given_back_as_null_stays_erased, reset),
        cmocka_unit_test_setup(what_a_listener_hears_of_is_sealed, reset),
        cmocka_unit_test_setup(whose_it_is_can_come_beside_it_to_a_listener, reset),
        cmocka_unit_test_setup(a_constant_put_into_a_personal_value_leaves_the_rest_of_it, reset),
        cmocka_unit_test_setup(what_belongs_to_too_many_is_never_sealed_for_some_of_them, reset),
        cmocka_unit_test_setup(a_mark_written_with_escapes_is_one, reset),
        cmocka_unit_test_setup(a_sealed_value_comes_from_nobody, reset),
        cmocka_unit_test_setup(an_expression_makes_no_sealed_value, reset),
        cmocka_unit_test_setup(a_signal_with_a_bad_mark_goes_nowhere, reset),
        cmocka_unit_test_setup(a_signal_of_too_many_persons_goes_nowhere, reset),
        cmocka_unit_test_setup(what_an_ad_hoc_sub_process_collects_stays_sealed, reset),
        cmocka_unit_test_setup(what_a_condition_is_asked_about_is_in_the_open, reset),
        cmocka_unit_test_setup(without_a_vault_a_simulation_has_plain_values, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
