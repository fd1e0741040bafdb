// SPDX-License-Identifier: Apache-2.0
//
// Personal values in the engine: sealed where they are kept, opened where they are read, and what
// is computed of them is sealed for the same persons. After each batch the fixture folds histories
// into images, byte for byte, with no key at all. The vault here seals by base64.
#include "engine/fixture.h"

#include "base/json.h"

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

static str erased; // a person
static struct arena kept;

static bool fake_seal(void *context, struct arena *arena, const struct engine_value *value,
                      str *ret_json, str *ret_why)
{
    (void)context;
    struct strbuf out = strbuf_new(arena);
    for (uint32_t i = 0; i < value->subjects->count; i++)
        if (str_equal(value->subjects->items[i], erased)) {
            *ret_why = STR("a person was erased");
            return false;
        }
    struct strbuf text = strbuf_new(arena);
    strbuf_format(&text, "{\"stream\":%llu,\"of\":", (unsigned long long)value->stream);
    strbuf_add(&text, personal_mark(arena, value->subjects, value->json));
    strbuf_add_char(&text, '}');
    strbuf_add(&out, STR(PERSONAL_SEALED));
    strbuf_add(&out, base64url_encode(arena, strbuf_str(&text)));
    strbuf_add_char(&out, '"');
    *ret_json = strbuf_str(&out);
    return true;
}

static enum engine_opening fake_open(void *context, struct arena *arena, str tenant,
                                     uint64_t stream, str sealed,
                                     struct personal_subjects *ret_subjects, str *ret_json)
{
    (void)context, (void)tenant;
    struct json *json;
    struct error err;
    str text;
    if (!base64url_decode(arena, sealed, &text) || !json_parse(arena, text, &json, &err) ||
        (uint64_t)json_get_i64(json, STR("stream"), 0) != stream)
        return OPENING_FOREIGN;
    const struct json *mark = json_get(json, STR("of"));
    const struct json *named = json_get(mark, STR("baton:personal"));
    for (size_t i = 0; i < named->count; i++) {
        assert_true(personal_add(ret_subjects, named->items[i].text));
        if (str_equal(named->items[i].text, erased))
            return OPENING_ERASED;
    }
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, json_get(mark, STR("value")));
    *ret_json = strbuf_str(&out);
    return OPENING_DONE;
}

static bool fake_has(void *context, uint64_t stream)
{
    (void)context, (void)stream;
    return false;
}

static void fake_forget(void *context, uint64_t stream)
{
    (void)context, (void)stream;
}

static void fake_erase(void *context, uint64_t stream, str digest)
{
    (void)context, (void)stream, (void)digest;
}

static const struct engine_vault vault = {NULL,       fake_seal, fake_open,
                                          fake_erase, fake_has,  fake_forget};

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

// The job's variables as a worker sees them, with the persons beside them.
static str job_reads(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *o = &f->changes.outbound.items[i];
        struct json *json;
        struct error err;
        if (o->kind != OUTBOUND_JOB)
            continue;
        assert_true(json_parse(&f->arena, o->job->variables, &json, &err));
        const struct json *value = json_get(json, str_of(name));
        struct strbuf out = strbuf_new(&f->arena);
        struct json_writer w = json_writer_new(&out);
        if (value == NULL)
            return STR("none");
        json_value(&w, value);
        str sealed = strbuf_str(&out), plain;
        struct personal_subjects subjects = {0};
        if (!personal_is_sealed(sealed))
            return sealed;
        size_t skip = strlen(PERSONAL_SEALED);
        if (fake_open(NULL, &f->arena, STR_EMPTY, o->job->instance,
                      str_sub(sealed, skip, sealed.len - skip - 1), &subjects,
                      &plain) != OPENING_DONE)
            return STR("erased");
        str who = subjects.items[0];
        for (uint32_t k = 1; k < subjects.count; k++)
            who = str_format(&f->arena, "%.*s+%.*s", STR_ARG(who), STR_ARG(subjects.items[k]));
        return str_format(&f->arena, "%.*s: %.*s", STR_ARG(who), STR_ARG(plain));
    }
    return STR("no job");
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
    uint64_t instance =
        start_with(f, STR("{\"customer\":\"c7\",\"people\":[\"ann@marked\",\"bob@marked\"]}"));
    for (int i = 0; i < 2; i++) {
        assert_nowhere(f, "marked");
        assert_true(str_equal(job_reads(f, "one"),
                              i == 0 ? STR("c7: \"ann@marked\"") : STR("c7: \"bob@marked\"")));
        struct job_answer done = answer(1);
        run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                                .instance = instance,
                                .key = find_outbound(f, OUTBOUND_JOB)->job->key,
                                .job_answer = done});
    }
    assert_nowhere(f, "marked");
    assert_true(str_equal(job_reads(f, "first"), STR("c7: \"ann@marked!\"")));
    fixture_free(f);
}

static void a_variable_that_belongs_to_somebody_stays_theirs(void **state)
{
    (void)state;
    struct fixture *f = fixture_new_with(
        PROCESS(MAIL, "<startEvent id='s'/>" FLOW("f1", "s", "t") JOB("t", "") FLOW("f2", "t", "u")
                          JOB("u", "") FLOW("f3", "u", "e") "<endEvent id='e'/>"),
        &vault);
    uint64_t instance =
        start_with(f, STR("{\"x\":{\"baton:personal\":\"c7\",\"value\":\"ann@marked\"}}"));
    struct job_answer answered = answer(1);
    answered.variables = STR("{\"x\":\"new@marked\"}");
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = instance,
                            .key = find_outbound(f, OUTBOUND_JOB)->job->key,
                            .job_answer = answered});
    assert_nowhere(f, "new@marked");
    assert_true(str_equal(job_reads(f, "x"), STR("c7: \"new@marked\"")));
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
    uint64_t instance = start_with(f, STR("{\"customer\":\"c7\",\"email\":\"ann@marked\"}"));
    erased = STR("c7");
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = instance,
                            .key = find_outbound(f, OUTBOUND_JOB)->job->key,
                            .job_answer = answer(1)});
    assert_incident(f, "the value of the variable 'email' is personal and was erased");
    assert_true(str_equal(find_outbound(f, OUTBOUND_JOB)->job->element_id, STR("v")));
    assert_true(str_equal(job_reads(f, "number"), STR("2")));
    assert_true(str_equal(job_reads(f, "email"), STR("erased")));
    struct job_answer late = answer(1);
    late.variables = STR("{\"email\":\"new@marked\"}");
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = instance,
                            .key = find_outbound(f, OUTBOUND_JOB)->job->key,
                            .job_answer = late});
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
        cmocka_unit_test_setup(what_stands_in_the_open_takes_none, reset),
        cmocka_unit_test_setup(a_gateway_may_decide_by_it, reset),
        cmocka_unit_test_setup(an_erased_value_is_missing_only_where_it_is_needed, reset),
        cmocka_unit_test_setup(a_message_keeps_what_its_sender_marks_sealed, reset),
        cmocka_unit_test_setup(without_a_vault_a_simulation_has_plain_values, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
