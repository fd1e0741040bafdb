// SPDX-License-Identifier: Apache-2.0
// Processes driven by the engine -> where their histories say that they stood.
#include "history/picture.h"

#include "engine/fixture.h"

// A fork into a task and a sub-process with a task, and a join.
#define FORKED_WITH_SCOPE                                                                          \
    MODEL("<startEvent id='s'/><sequenceFlow id='f0' sourceRef='s' targetRef='fork'/>"             \
          "<parallelGateway id='fork'/>"                                                           \
          "<sequenceFlow id='f1' sourceRef='fork' targetRef='left'/>"                              \
          "<serviceTask id='left'><extensionElements><zeebe:taskDefinition type='l'/>"             \
          "</extensionElements></serviceTask>"                                                     \
          "<sequenceFlow id='f2' sourceRef='fork' targetRef='sub'/><subProcess id='sub'>"          \
          "<extensionElements><zeebe:ioMapping><zeebe:input source='=a + 1' target='inner'/>"      \
          "</zeebe:ioMapping></extensionElements>"                                                 \
          "<startEvent id='is'/><sequenceFlow id='i1' sourceRef='is' targetRef='right'/>"          \
          "<serviceTask id='right'><extensionElements><zeebe:taskDefinition type='r'/>"            \
          "</extensionElements></serviceTask></subProcess>"                                        \
          "<sequenceFlow id='f3' sourceRef='left' targetRef='join'/>"                              \
          "<sequenceFlow id='f4' sourceRef='sub' targetRef='join'/><parallelGateway id='join'/>"   \
          "<sequenceFlow id='f5' sourceRef='join' targetRef='e'/><endEvent id='e'/>")

static struct picture picture_of(struct fixture *f, uint64_t instance, uint64_t until)
{
    struct picture picture;
    struct error err;
    ARRAY(struct history_row) rows = {0};
    for (size_t i = 0; i < f->history.count; i++)
        if (f->history.items[i].stream_kind == STREAM_INSTANCE &&
            f->history.items[i].stream == instance && f->history.items[i].sequence <= until)
            *ARRAY_PUSH(&f->arena, &rows) = f->history.items[i];
    assert_true(picture_take(&f->environment, &f->arena, rows.items, rows.count, &picture, &err));
    return picture;
}

// "p{a=1} left sub{inner=2} right"
static const char *text_of(struct fixture *f, const struct picture *picture)
{
    struct strbuf out = strbuf_new(&f->arena);
    for (size_t i = 0; i < picture->count; i++) {
        const struct picture_place *place = &picture->places[i];
        strbuf_format(&out, "%s%.*s", i > 0 ? " " : "", STR_ARG(place->element_id));
        for (size_t v = 0; v < place->variable_count; v++)
            strbuf_format(&out, "{%.*s=%.*s}", STR_ARG(place->variables[v].name),
                          STR_ARG(place->variables[v].json));
    }
    if (picture->waiting_join.len > 0)
        strbuf_format(&out, " waits at %.*s", STR_ARG(picture->waiting_join));
    return strbuf_cstr(&out);
}

static void complete(struct fixture *f, const struct job_offer *job)
{
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(job->attempt)});
}

static const struct job_offer *offered(struct fixture *f, const char *type)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *out = &f->changes.outbound.items[i];
        if (out->kind == OUTBOUND_JOB && str_equal(out->job->type, str_of(type)))
            return out->job;
    }
    return NULL;
}

static void a_picture_has_what_was_done_and_is_kept_apart(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(MODEL(
        "<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"
        "<userTask id='t'><extensionElements><zeebe:userTask/><baton:separation "
        "xmlns:baton='http://baton.dev/schema/bpmn' of='s'/></extensionElements></userTask>"));
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .principal = STR("ann"),
                            .create_instance = {.process_id = STR("p"),
                                                .variables = STR_EMPTY,
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = STR_EMPTY}});
    struct picture picture = picture_of(f, f->changes.instances.items[0].key, UINT64_MAX);
    assert_true(str_equal(picture.duties, STR("[[\"s\",\"ann\"]]")));
    fixture_free(f);
}

static void a_picture_has_scopes_and_their_variables(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(FORKED_WITH_SCOPE);
    assert_non_null(start(f));
    struct job_offer left = *offered(f, "l");
    struct job_offer right = *offered(f, "r");
    struct picture first = picture_of(f, left.instance, UINT64_MAX);
    uint64_t steps = f->history.items[f->history.count - 1].sequence;
    assert_string_equal(text_of(f, &first), "p{a=1} left sub{inner=2} right");
    assert_true(first.places[2].has_inner && !first.places[1].has_inner);
    assert_ptr_equal(first.places[3].scope, &first.places[2]);

    complete(f, &left);
    struct picture waiting = picture_of(f, left.instance, UINT64_MAX);
    assert_non_null(strstr(text_of(f, &waiting), "waits at join"));
    struct picture again = picture_of(f, left.instance, steps);
    assert_string_equal(text_of(f, &again), "p{a=1} left sub{inner=2} right");

    complete(f, &right);
    struct picture over = picture_of(f, left.instance, UINT64_MAX);
    assert_int_equal(over.count, 0);
    assert_int_equal(over.definition, f->definition);
    fixture_free(f);
}

static void what_cannot_be_folded_says_why(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    struct job_offer job = *start(f);
    struct history_row rows[2] = {f->history.items[f->history.count - 1]};
    struct picture picture;
    struct error err;
    assert_false(picture_take(&f->environment, &f->arena, NULL, 0, &picture, &err));
    assert_non_null(strstr(err.text, "did not exist"));
    rows[1] = rows[0];
    assert_int_equal(rows[0].stream, job.instance);
    assert_false(picture_take(&f->environment, &f->arena, rows, 2, &picture, &err));
    assert_non_null(strstr(err.text, "expected step"));
    f->has_no_process = true;
    assert_false(picture_take(&f->environment, &f->arena, rows, 1, &picture, &err));
    assert_non_null(strstr(err.text, "is not there"));
    f->has_no_process = false;
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_has_scopes_and_their_variables),
        cmocka_unit_test(a_picture_has_what_was_done_and_is_kept_apart),
        cmocka_unit_test(what_cannot_be_folded_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
