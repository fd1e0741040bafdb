// SPDX-License-Identifier: Apache-2.0
// Processes driven by the engine -> the flat records that their histories come to, taken at once
// and step by step.
#include "history/records.h"

#include "engine/fixture.h"

#define TWICE_AND_CATCH                                                                            \
    MODEL("<startEvent id='s'/><sequenceFlow id='f0' sourceRef='s' targetRef='t'/>"                \
          "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='pay'/>"              \
          "</extensionElements><multiInstanceLoopCharacteristics isSequential='true'>"             \
          "<extensionElements><zeebe:loopCharacteristics inputCollection='=[1, 2]' "               \
          "inputElement='x'/></extensionElements></multiInstanceLoopCharacteristics>"              \
          "</serviceTask><boundaryEvent id='b' attachedToRef='t'><errorEventDefinition/>"          \
          "</boundaryEvent><sequenceFlow id='f1' sourceRef='t' targetRef='e'/><endEvent id='e'/>"  \
          "<sequenceFlow id='f2' sourceRef='b' targetRef='e2'/><endEvent id='e2'/>")

// What is stored, by key; a store of its own for the test.
struct stored {
    ARRAY(struct element_record) elements;
    ARRAY(struct job_record) jobs;
    ARRAY(struct variable_record) variables;
};

// What is said to be new is not stored, and the other way around.

static void put_element(struct fixture *f, struct stored *stored, const struct element_record *row)
{
    for (size_t i = 0; i < stored->elements.count; i++)
        if (stored->elements.items[i].key == row->key) {
            assert_false(row->is_new);
            stored->elements.items[i] = *row;
            return;
        }
    assert_true(row->is_new);
    *ARRAY_PUSH(&f->arena, &stored->elements) = *row;
    stored->elements.items[stored->elements.count - 1].is_new = false;
}

static void put_job(struct fixture *f, struct stored *stored, const struct job_record *row)
{
    for (size_t i = 0; i < stored->jobs.count; i++)
        if (stored->jobs.items[i].key == row->key) {
            assert_false(row->is_new);
            stored->jobs.items[i] = *row;
            return;
        }
    assert_true(row->is_new);
    *ARRAY_PUSH(&f->arena, &stored->jobs) = *row;
    stored->jobs.items[stored->jobs.count - 1].is_new = false;
}

static void put_variable(struct fixture *f, struct stored *stored,
                         const struct variable_record *row)
{
    for (size_t i = 0; i < stored->variables.count; i++)
        if (stored->variables.items[i].scope == row->scope &&
            str_equal(stored->variables.items[i].name, row->name)) {
            assert_false(row->is_new);
            return;
        }
    *ARRAY_PUSH(&f->arena, &stored->variables) = *row;
}

static bool is_wanted(const struct record_key *keys, size_t count, uint64_t key)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i].key == key)
            return true;
    return false;
}

// Loads what is wanted and nothing else, as the store does.
static void load(struct record_fold *fold, const struct stored *stored,
                 const struct record_wanted *wanted)
{
    for (size_t i = 0; i < stored->jobs.count; i++) {
        const struct job_record *job = &stored->jobs.items[i];
        if (!is_wanted(wanted->jobs.items, wanted->jobs.count, job->key))
            continue;
        record_fold_add_job(fold, job);
        for (size_t k = 0; k < stored->elements.count; k++)
            if (stored->elements.items[k].key == job->element_instance &&
                !is_wanted(wanted->elements.items, wanted->elements.count, job->element_instance))
                record_fold_add_element(fold, &stored->elements.items[k]);
    }
    for (size_t i = 0; i < stored->elements.count; i++)
        if (is_wanted(wanted->elements.items, wanted->elements.count,
                      stored->elements.items[i].key))
            record_fold_add_element(fold, &stored->elements.items[i]);
}

// `at_once` steps a turn.
static struct stored project(struct fixture *f, size_t at_once)
{
    struct stored stored = {0};
    for (size_t at = 0; at < f->history.count; at += at_once) {
        size_t count = f->history.count - at < at_once ? f->history.count - at : at_once;
        struct record_fold *fold = record_fold_new(&f->arena);
        struct record_wanted wanted = record_fold_want(fold, &f->history.items[at], count);
        load(fold, &stored, &wanted);
        record_fold_steps(fold, &f->history.items[at], count);
        const struct record_changes *changes = record_fold_changes(fold);
        for (size_t i = 0; i < changes->elements.count; i++)
            put_element(f, &stored, changes->elements.items[i]);
        for (size_t i = 0; i < changes->jobs.count; i++)
            put_job(f, &stored, changes->jobs.items[i]);
        for (size_t i = 0; i < changes->variables.count; i++)
            put_variable(f, &stored, changes->variables.items[i]);
    }
    return stored;
}

// "t! 2 1 4 me (error E)": element, body, state, attempts, seconds, actor, outcome; a line each.
static const char *text_of(struct fixture *f, const struct stored *stored)
{
    struct strbuf out = strbuf_new(&f->arena);
    const struct bpmn_process *process = find_process(f, f->definition);
    for (size_t i = 0; i < stored->elements.count; i++) {
        const struct element_record *row = &stored->elements.items[i];
        strbuf_format(&out, "%.*s%s %d %u %.*s(%.*s)\n",
                      STR_ARG(process->elements[row->element - 1].id), row->is_body ? "!" : "",
                      (int)row->state, row->attempts, STR_ARG(row->actor), STR_ARG(row->outcome));
    }
    for (size_t i = 0; i < stored->jobs.count; i++) {
        const struct job_record *row = &stored->jobs.items[i];
        strbuf_format(&out, "job %.*s %d %lld %.*s %.*s\n", STR_ARG(row->type), (int)row->end,
                      (long long)row->retries, STR_ARG(row->worker), STR_ARG(row->error_code));
    }
    return strbuf_cstr(&out);
}

static void records_are_the_same_however_steps_are_taken_together(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TWICE_AND_CATCH);
    struct job_offer first = *start(f);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = first.instance,
                            .key = first.key,
                            .job_answer = answer(first.attempt)});
    struct job_offer second = {0};
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        if (f->changes.outbound.items[i].kind == OUTBOUND_JOB)
            second = *f->changes.outbound.items[i].job;
    assert_int_not_equal(second.key, 0);
    struct job_answer thrown = answer(second.attempt);
    thrown.error_code = STR("E");
    thrown.message = STR("no money");
    run(f, (struct command){.type = COMMAND_THROW_JOB_ERROR,
                            .instance = second.instance,
                            .key = second.key,
                            .job_answer = thrown});

    struct stored whole = project(f, SIZE_MAX / 2);
    const char *text = text_of(f, &whole);
    assert_string_equal(text, "p 2 0 ()\n"
                              "s 2 0 ()\n"
                              "t! 3 0 ()\n"
                              "t 2 1 w()\n"
                              "t 3 1 (error E)\n"
                              "b 2 0 ()\n"
                              "e2 2 0 ()\n"
                              "job pay 5 3 w \n"
                              "job pay 7 3  E\n");
    for (size_t at_once = 1; at_once < 4; at_once++) {
        struct stored parts = project(f, at_once);
        assert_string_equal(text_of(f, &parts), text);
    }
    fixture_free(f);
}

static const struct element_record *stored_of(struct fixture *f, const struct stored *stored,
                                              const char *id)
{
    const struct bpmn_process *process = find_process(f, f->definition);
    for (size_t i = 0; i < stored->elements.count; i++)
        if (str_equal(process->elements[stored->elements.items[i].element - 1].id, str_of(id)))
            return &stored->elements.items[i];
    return NULL;
}

static void it_is_known_when_work_was_offered_and_taken(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    struct job_offer job = *start(f);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job.instance,
                            .key = job.key,
                            .job_answer = answer(job.attempt)});
    struct stored stored = project(f, 1);
    const struct element_record *task = stored_of(f, &stored, "t");
    assert_int_equal(task->offered_ms, task->started_ms);
    assert_int_equal(task->claimed_ms, 0); // its worker did not say that it took it
    assert_true(task->ended_ms > task->offered_ms);
    fixture_free(f);
}

#define USER_TASK                                                                                  \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<userTask id='t'><extensionElements><zeebe:userTask/></extensionElements></userTask>")

static void assign_at(struct fixture *f, int64_t ms, uint64_t instance, uint64_t task, str who)
{
    f->now = ms - 1000; // a command comes a second later
    run(f, (struct command){.type = COMMAND_ASSIGN_USER_TASK,
                            .instance = instance,
                            .key = task,
                            .user_task = {.assignee = who,
                                          .override_assignee = true,
                                          .variables = STR_EMPTY,
                                          .action = STR_EMPTY,
                                          .changeset = STR_EMPTY}});
}

static void a_task_is_claimed_from_its_first_assignment_on_until_it_is_nobodys(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(USER_TASK);
    uint64_t task = 0, instance = start_with(f, STR_EMPTY);
    for (size_t i = 0; i < f->history.count; i++)
        for (size_t k = 0; k < f->history.items[i].count; k++)
            if (f->history.items[i].events[k].type == EVENT_USER_TASK_CREATED)
                task = f->history.items[i].events[k].key;
    assert_int_not_equal(task, 0);
    const struct {
        int64_t at;
        str who;
        int64_t claimed;
    } steps[] = {{12000, STR("ann"), 12000},
                 {13000, STR("bob"), 12000},
                 {14000, STR_EMPTY, 0},
                 {15000, STR("cid"), 15000}};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        assign_at(f, steps[i].at, instance, task, steps[i].who);
        struct stored stored = project(f, 1 + i);
        assert_int_equal(stored_of(f, &stored, "t")->claimed_ms, steps[i].claimed);
    }
    fixture_free(f);
}

static void a_record_that_is_not_there_is_passed_over(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    struct job_offer job = *start(f);
    size_t before = f->history.count;
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job.instance,
                            .key = job.key,
                            .job_answer = answer(job.attempt)});
    struct record_fold *fold = record_fold_new(&f->arena);
    (void)record_fold_want(fold, &f->history.items[before], f->history.count - before);
    record_fold_steps(fold, &f->history.items[before], f->history.count - before);
    assert_int_equal(record_fold_changes(fold)->elements.count, 0);
    assert_int_equal(record_fold_changes(fold)->jobs.count, 0);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_the_same_however_steps_are_taken_together),
        cmocka_unit_test(it_is_known_when_work_was_offered_and_taken),
        cmocka_unit_test(a_task_is_claimed_from_its_first_assignment_on_until_it_is_nobodys),
        cmocka_unit_test(a_record_that_is_not_there_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
