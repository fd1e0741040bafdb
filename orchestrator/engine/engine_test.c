// SPDX-License-Identifier: Apache-2.0
// The engine's contract, driven as a node drives it: batches in, rows, history and records out.
// After every batch the history of each stream is folded and must give the stored image, byte for
// byte. What single elements do is told by the golden traces of the simulator.
#include "base/array.h"
#include "base/digest.h"
#include "bpmn/bpmn.h"
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#define MODEL(body)                                                                                \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "                            \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'><process id='p' isExecutable='true'>" body  \
    "</process></definitions>"

#define ONE_TASK                                                                                   \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='pay'/>"              \
          "</extensionElements></serviceTask><sequenceFlow id='f2' sourceRef='t' targetRef='e'/>"  \
          "<endEvent id='e'/>")

struct fixture {
    struct arena arena;
    struct engine *engine;
    struct bpmn_resource *resource;
    struct engine_environment environment;
    struct changes changes;
    ARRAY(struct history_row) history;
    uint64_t definition;
    struct bpmn_resource *later; // another version
    int64_t now;
};

static const struct bpmn_process *find_process(void *context, uint64_t definition)
{
    struct fixture *f = context;
    if (f->later != NULL && definition != f->definition && definition != 0)
        return f->later->processes[0];
    return definition == 0 ? NULL : f->resource->processes[0];
}

static void check_images(struct fixture *f)
{
    for (size_t i = 0; i < f->changes.instances.count; i++) {
        const struct instance_row *row = &f->changes.instances.items[i];
        struct engine_replay *replay =
            engine_replay_new(&f->environment, STREAM_INSTANCE, row->key, &f->arena);
        struct error err;
        for (size_t k = 0; k < f->history.count; k++)
            if (f->history.items[k].stream_kind == STREAM_INSTANCE &&
                f->history.items[k].stream == row->key)
                assert_true(engine_replay_step(replay, &f->history.items[k], &err));
        assert_true(str_equal(engine_replay_image(replay), row->image));
        engine_replay_free(replay);
    }
}

static void run(struct fixture *f, struct command command)
{
    struct stream_ref refs[ENGINE_MAX_REFS];
    struct command *kept = arena_copy(&f->arena, &command, sizeof command);
    kept->time_ms = f->now += 1000;
    kept->tenant = kept->principal = kept->traceparent = STR_EMPTY;
    engine_begin(f->engine, &f->arena);
    for (size_t n; (n = engine_missing(f->engine, kept, refs)) > 0;)
        for (size_t i = 0; i < n; i++) {
            struct error err;
            assert_true(engine_load(f->engine, &refs[i], STR_EMPTY, &err));
        }
    engine_step(f->engine, kept);
    engine_end(f->engine, &f->changes);
    for (size_t i = 0; i < f->changes.history.count; i++)
        *ARRAY_PUSH(&f->arena, &f->history) = f->changes.history.items[i];
    check_images(f);
}

static struct bpmn_resource *compile(struct fixture *f, const char *model)
{
    struct arena scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    struct error err;
    assert_true(bpmn_parse(&f->arena, &scratch, str_of(model), &resource, &err));
    arena_done(&scratch);
    for (size_t i = 0; i < resource->problem_count; i++)
        if (resource->problems[i].severity == BPMN_ERROR)
            fail_msg("%.*s", STR_ARG(resource->problems[i].message));
    return resource;
}

// Returns the definition's key.
static uint64_t deploy(struct fixture *f, const char *model)
{
    struct deployed_resource *resource = ARENA_NEW(&f->arena, struct deployed_resource);
    struct digest digest = digest_sha256(str_of(model));
    *resource = (struct deployed_resource){
        .name = STR("p.bpmn"),
        .digest = str_copy(&f->arena, str_from(digest.bytes, sizeof digest.bytes)),
        .definition_id = STR("p"),
        .version_tag = STR_EMPTY};
    run(f, (struct command){.type = COMMAND_DEPLOY, .deploy = {.count = 1, .resources = resource}});
    struct command publish = *f->changes.outbound.items[0].command;
    run(f, publish);
    return publish.deploy.resources[0].key;
}

static struct fixture *fixture_new(const char *model)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    f->resource = compile(f, model);
    f->environment = (struct engine_environment){.context = f,
                                                 .find_process = find_process,
                                                 .shard_count = 1,
                                                 .job_window = 2,
                                                 .job_timeout_ms = 60000};
    f->engine = engine_new(&f->environment, STR_EMPTY, 1, 1 << 20, &err);
    f->definition = deploy(f, model);
    return f;
}

static void fixture_free(struct fixture *f)
{
    engine_free(f->engine);
    arena_done(&f->arena);
    free(f);
}

static const struct outbound *find_outbound(struct fixture *f, enum outbound_kind kind)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        if (f->changes.outbound.items[i].kind == kind)
            return &f->changes.outbound.items[i];
    return NULL;
}

static const struct job_offer *start(struct fixture *f)
{
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .reply = {0, 7},
                            .create_instance = {.process_id = STR("p"),
                                                .variables = STR("{\"a\":1}"),
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = STR_EMPTY}});
    const struct outbound *job = find_outbound(f, OUTBOUND_JOB);
    return job == NULL ? NULL : job->job;
}

static struct job_answer answer(uint32_t attempt)
{
    return (struct job_answer){.attempt = attempt,
                               .variables = STR("{\"b\":2}"),
                               .error_code = STR_EMPTY,
                               .message = STR("no"),
                               .worker = STR("w"),
                               .result = STR_EMPTY};
}

static void a_service_task_waits_for_its_job_and_completes(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    assert_non_null(job);
    assert_true(str_equal(job->type, STR("pay")));
    assert_true(str_equal(job->variables, STR("{\"a\":1}")));
    assert_int_equal(f->changes.elements.count, 1); // the start event came and went
    assert_int_equal(f->changes.jobs.count, 1);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    assert_int_equal(f->changes.instances.items[0].image.len, 0);
    assert_true(str_equal(f->changes.instances.items[0].variables, STR("{\"a\":1,\"b\":2}")));
    assert_int_equal(f->changes.jobs.items[0].change, ROW_DELETE);
    fixture_free(f);
}

static enum rejection rejection_of(struct fixture *f)
{
    const struct outbound *reply = find_outbound(f, OUTBOUND_REPLY);
    assert_non_null(reply);
    return reply->reply->rejection;
}

static void late_and_stale_answers_change_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    struct command complete = {.type = COMMAND_COMPLETE_JOB,
                               .instance = job->instance,
                               .key = job->key,
                               .reply = {0, 9},
                               .job_answer = answer(2)};
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_STALE);
    complete.job_answer.attempt = 1;
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    run(f, complete);
    assert_int_equal(rejection_of(f), REJECTION_LATE);
    assert_int_equal(f->changes.instances.count, 0);
    fixture_free(f);
}

static void a_job_without_retries_becomes_an_incident_that_can_be_resolved(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){.type = COMMAND_FAIL_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.incidents.count, 1);
    uint64_t incident = f->changes.incidents.items[0].key;
    assert_int_equal(f->changes.instances.items[0].incidents, 1);
    run(f, (struct command){.type = COMMAND_UPDATE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .update_job = {.retries = 1, .timeout_ms = -1}});
    run(f, (struct command){
               .type = COMMAND_RESOLVE_INCIDENT, .instance = job->instance, .key = incident});
    assert_int_equal(f->changes.incidents.items[0].state, INCIDENT_RESOLVED);
    assert_int_equal(find_outbound(f, OUTBOUND_JOB)->job->attempt, 2);
    fixture_free(f);
}

static void jobs_beyond_the_window_wait_until_released(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    assert_non_null(start(f));
    assert_non_null(start(f));
    assert_null(start(f));
    assert_int_equal(f->changes.jobs.items[0].state, JOB_WAITING);
    struct released_job released = {f->changes.instances.items[0].key,
                                    f->changes.jobs.items[0].key};
    run(f, (struct command){.type = COMMAND_RELEASE_JOB, .release_job = {1, &released}});
    assert_int_equal(find_outbound(f, OUTBOUND_JOB)->job->key, released.job);
    fixture_free(f);
}

static void an_endless_loop_ends_in_an_incident_that_names_the_limit(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(
        MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='g'/>"
              "<exclusiveGateway id='g' default='f2'/><task id='t'/><endEvent id='e'/>"
              "<sequenceFlow id='f2' sourceRef='g' targetRef='t'/>"
              "<sequenceFlow id='f3' sourceRef='t' targetRef='g'/>"
              "<sequenceFlow id='f4' sourceRef='g' targetRef='e'><conditionExpression>=1 = 2"
              "</conditionExpression></sequenceFlow>"));
    start(f);
    assert_int_equal(f->changes.incidents.count, 1);
    assert_true(str_equal(f->changes.incidents.items[0].kind, STR("LIMIT_REACHED")));
    assert_true(str_find(f->changes.incidents.items[0].message, STR("50000")) != SIZE_MAX);
    fixture_free(f);
}

static void a_suspended_instance_goes_on_when_it_resumes(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){.type = COMMAND_SUSPEND_INSTANCE, .instance = job->instance});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_SUSPENDED);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_SUSPENDED);
    run(f, (struct command){.type = COMMAND_RESUME_INSTANCE, .instance = job->instance});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void elements_are_activated_and_terminated_from_outside(void **state)
{
    (void)state;
    struct fixture *f =
        fixture_new(MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"
                          "<userTask id='t'/><sequenceFlow id='f2' sourceRef='t' targetRef='u'/>"
                          "<subProcess id='u'><startEvent id='us'/><userTask id='v'/>"
                          "<sequenceFlow id='f3' sourceRef='us' targetRef='v'/></subProcess>"));
    start(f);
    uint64_t instance = f->changes.instances.items[0].key;
    struct element_instruction move[] = {
        {.element_id = STR("v"), .variables = STR("{\"x\":1}")},
        {.element_id = STR("t"), .variables = STR_EMPTY, .terminate = true},
    };
    run(f, (struct command){.type = COMMAND_MODIFY_INSTANCE,
                            .instance = instance,
                            .modify_instance = {2, move, STR("{\"y\":2}")}});
    assert_int_equal(f->changes.user_tasks.count, 2); // one new, one canceled
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_ACTIVE);
    uint64_t task = 0;
    for (size_t i = 0; i < 2; i++)
        if (f->changes.user_tasks.items[i].state == USER_TASK_CREATED)
            task = f->changes.user_tasks.items[i].key;
    run(f, (struct command){.type = COMMAND_COMPLETE_USER_TASK,
                            .instance = instance,
                            .key = task,
                            .user_task = {.assignee = STR_EMPTY,
                                          .action = STR_EMPTY,
                                          .variables = STR_EMPTY,
                                          .changeset = STR_EMPTY}});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void an_instance_migrates_with_its_job(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){.type = COMMAND_MIGRATE_INSTANCE,
                            .instance = job->instance,
                            .reply = {0, 5},
                            .migrate_instance = {.target_definition = f->definition}});
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

#define FORKED(before, name)                                                                       \
    MODEL(before "<startEvent id='s'/><task id='u'/><boundaryEvent id='c' attachedToRef='u'>"      \
                 "<compensateEventDefinition/></boundaryEvent>"                                    \
                 "<serviceTask id='h' isForCompensation='true'><extensionElements>"                \
                 "<zeebe:taskDefinition type='undo'/></extensionElements></serviceTask>"           \
                 "<association id='as' sourceRef='c' targetRef='h'/>"                              \
                 "<parallelGateway id='g'/><serviceTask id='a'><extensionElements>"                \
                 "<zeebe:taskDefinition type='a'/></extensionElements></serviceTask>"              \
                 "<serviceTask id='b'><extensionElements><zeebe:taskDefinition type='" name        \
                 "'/></extensionElements></serviceTask><parallelGateway id='j'/>"                  \
                 "<endEvent id='e'><compensateEventDefinition/></endEvent>"                        \
                 "<sequenceFlow id='1' sourceRef='s' targetRef='u'/>"                              \
                 "<sequenceFlow id='2' sourceRef='u' targetRef='g'/>"                              \
                 "<sequenceFlow id='3' sourceRef='g' targetRef='a'/>"                              \
                 "<sequenceFlow id='4' sourceRef='g' targetRef='b'/>"                              \
                 "<sequenceFlow id='5' sourceRef='a' targetRef='j'/>"                              \
                 "<sequenceFlow id='6' sourceRef='b' targetRef='j'/>"                              \
                 "<sequenceFlow id='7' sourceRef='j' targetRef='e'/>")

static const struct job_offer *job_of_type(struct fixture *f, const char *type)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        if (f->changes.outbound.items[i].kind == OUTBOUND_JOB &&
            str_equal(f->changes.outbound.items[i].job->type, str_of(type)))
            return f->changes.outbound.items[i].job;
    fail_msg("no job of type %s is offered", type);
    return NULL;
}

static void complete(struct fixture *f, const struct job_offer *job)
{
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = answer(1)});
}

// In the target every element and flow has another index, and one task's work another type.
static void a_migration_takes_waiting_tokens_and_compensation_along(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(FORKED("", "b"));
    start(f);
    const struct job_offer *a = job_of_type(f, "a");
    complete(f, a);
    const char *changed = FORKED("<task id='x'/><task id='y'/><sequenceFlow id='0' sourceRef='x' "
                                 "targetRef='y'/>",
                                 "other");
    f->later = compile(f, changed);
    uint64_t later = deploy(f, changed);
    struct command migrate = {.type = COMMAND_MIGRATE_INSTANCE,
                              .instance = a->instance,
                              .reply = {0, 5},
                              .migrate_instance = {.target_definition = later, .dry_run = true}};
    run(f, migrate);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_int_equal(f->changes.instances.count, 0);
    migrate.migrate_instance.dry_run = false;
    run(f, migrate);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_int_equal(f->changes.instances.items[0].definition, later);
    complete(f, job_of_type(f, "other"));
    complete(f, job_of_type(f, "undo"));
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_COMPLETED);
    fixture_free(f);
}

static void an_item_of_a_batch_operation_is_done_once(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    struct element_instruction move = {
        .element_id = STR("t"), .move_from = STR("t"), .variables = STR_EMPTY};
    struct command modify = {.type = COMMAND_MODIFY_INSTANCE,
                             .instance = job->instance,
                             .batch_item = 77,
                             .modify_instance = {1, &move, STR_EMPTY}};
    run(f, modify);
    assert_int_equal(f->changes.batch_items.count, 1);
    assert_int_equal(f->changes.batch_items.items[0].key, 77);
    assert_int_equal(f->changes.batch_items.items[0].state, BATCH_ITEM_COMPLETED);
    assert_int_equal(f->changes.elements.count, 2); // one began, one ended
    run(f, modify);
    assert_int_equal(f->changes.batch_items.count, 0);
    assert_int_equal(f->changes.elements.count, 0);
    move.move_from = STR("e");
    modify.batch_item = 78;
    run(f, modify);
    assert_int_equal(f->changes.batch_items.items[0].state, BATCH_ITEM_FAILED);
    fixture_free(f);
}

static void a_listener_denies_the_completion_of_a_user_task(void **state)
{
    (void)state;
    struct fixture *f =
        fixture_new(MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"
                          "<userTask id='t'><extensionElements><zeebe:taskListeners>"
                          "<zeebe:taskListener eventType='completing' type='check'/>"
                          "</zeebe:taskListeners></extensionElements></userTask>"));
    start(f);
    uint64_t instance = f->changes.instances.items[0].key;
    struct command complete = {.type = COMMAND_COMPLETE_USER_TASK,
                               .instance = instance,
                               .key = f->changes.user_tasks.items[0].key,
                               .user_task = {.assignee = STR_EMPTY,
                                             .action = STR_EMPTY,
                                             .variables = STR_EMPTY,
                                             .changeset = STR_EMPTY}};
    for (int denied = 1; denied >= 0; denied--) {
        run(f, complete);
        const struct job_offer *job = find_outbound(f, OUTBOUND_JOB)->job;
        assert_int_equal(job->kind, JOB_TASK_LISTENER);
        struct job_answer verdict = answer(1);
        verdict.result = denied ? STR("{\"denied\":true,\"deniedReason\":\"no\"}") : STR("{}");
        run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                                .instance = instance,
                                .key = job->key,
                                .job_answer = verdict});
        assert_int_equal(f->changes.instances.items[0].state,
                         denied ? INSTANCE_ACTIVE : INSTANCE_COMPLETED);
    }
    fixture_free(f);
}

static void a_cancelled_instance_owns_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct job_offer *job = start(f);
    run(f, (struct command){
               .type = COMMAND_CANCEL_INSTANCE, .instance = job->instance, .reply = {0, 3}});
    assert_int_equal(f->changes.instances.items[0].state, INSTANCE_TERMINATED);
    assert_int_equal(f->changes.jobs.items[0].change, ROW_DELETE);
    assert_int_equal(f->changes.elements.items[0].change, ROW_DELETE);
    run(f, (struct command){
               .type = COMMAND_CANCEL_INSTANCE, .instance = job->instance, .reply = {0, 4}});
    assert_int_equal(rejection_of(f), REJECTION_NOT_FOUND);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_task_waits_for_its_job_and_completes),
        cmocka_unit_test(late_and_stale_answers_change_nothing),
        cmocka_unit_test(a_job_without_retries_becomes_an_incident_that_can_be_resolved),
        cmocka_unit_test(jobs_beyond_the_window_wait_until_released),
        cmocka_unit_test(an_endless_loop_ends_in_an_incident_that_names_the_limit),
        cmocka_unit_test(a_suspended_instance_goes_on_when_it_resumes),
        cmocka_unit_test(elements_are_activated_and_terminated_from_outside),
        cmocka_unit_test(an_instance_migrates_with_its_job),
        cmocka_unit_test(a_migration_takes_waiting_tokens_and_compensation_along),
        cmocka_unit_test(an_item_of_a_batch_operation_is_done_once),
        cmocka_unit_test(a_listener_denies_the_completion_of_a_user_task),
        cmocka_unit_test(a_cancelled_instance_owns_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
