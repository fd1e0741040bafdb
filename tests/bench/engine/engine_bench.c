// SPDX-License-Identifier: Apache-2.0
// The engine in memory: commands a second for a process with one service task, a large
// multi-instance, a large model. Prints figures, asserts nothing about time.
#include "base/clock.h"
#include "base/digest.h"
#include "bpmn/bpmn.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH = 200,
    BATCHES = 500,
    ITEMS = 20000,
    TASKS = 3000,
    DEFINITIONS = 5000,
    TASKS_EACH = 60
};

struct bench {
    struct engine *engine;
    struct engine_environment environment;
    struct bpmn_resource *resource;
    struct arena models;
    struct arena turns[8];
    size_t turn;
    struct changes changes;
};

static const struct bpmn_process *find_process(void *context, uint64_t definition)
{
    const struct bench *b = context;
    return definition == 0 ? NULL : b->resource->processes[0];
}

static struct arena *begin(struct bench *b)
{
    struct arena *turn = &b->turns[b->turn++ % COUNT_OF(b->turns)];
    arena_reset(turn);
    engine_begin(b->engine, turn);
    return turn;
}

static void step(struct bench *b, struct command *command)
{
    struct stream_ref refs[ENGINE_MAX_REFS];
    struct error err;
    command->tenant = command->principal = command->origin = command->traceparent = STR_EMPTY;
    for (size_t n; (n = engine_missing(b->engine, command, refs)) > 0;)
        for (size_t i = 0; i < n; i++)
            check(engine_load(b->engine, &refs[i], STR_EMPTY, &err));
    engine_step(b->engine, command);
}

static void deploy(struct bench *b, str model)
{
    struct arena scratch = ARENA_EMPTY;
    struct error err;
    arena_done(&b->models);
    check(bpmn_parse(&b->models, &scratch, model, &b->resource, &err));
    check(b->resource->is_executable);
    arena_done(&scratch);
    struct digest digest = digest_sha256(model);
    struct deployed_resource resource = {.name = STR("p"),
                                         .digest = str_from(digest.bytes, sizeof digest.bytes),
                                         .definition_id = STR("p"),
                                         .version_tag = STR_EMPTY};
    struct command command = {.type = COMMAND_DEPLOY,
                              .deploy = {.count = 1, .resources = &resource}};
    begin(b);
    step(b, &command);
    engine_end(b->engine, &b->changes);
}

static struct command create(str variables)
{
    return (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .create_instance = {.process_id = STR("p"),
                                                .variables = variables,
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = STR_EMPTY}};
}

static struct command complete(const struct job_offer *job)
{
    return (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = {.attempt = job->attempt,
                                           .variables = STR("{\"paid\":true}"),
                                           .error_code = STR_EMPTY,
                                           .message = STR_EMPTY,
                                           .worker = STR("w"),
                                           .result = STR_EMPTY}};
}

static struct job_offer *take_jobs(struct bench *b, size_t *ret_count)
{
    struct job_offer *jobs = calloc(b->changes.outbound.count + 1, sizeof *jobs);
    check(jobs != NULL);
    *ret_count = 0;
    for (size_t i = 0; i < b->changes.outbound.count; i++)
        if (b->changes.outbound.items[i].kind == OUTBOUND_JOB)
            jobs[(*ret_count)++] = *b->changes.outbound.items[i].job;
    return jobs;
}

static void answer_all(struct bench *b, struct job_offer *jobs, size_t count)
{
    for (size_t at = 0; at < count; at += BATCH) {
        struct arena *turn = begin(b);
        for (size_t i = at; i < count && i < at + BATCH; i++) {
            struct command command = complete(&jobs[i]);
            step(b, arena_copy(turn, &command, sizeof command));
        }
        engine_end(b->engine, &b->changes);
    }
}

static double one_task(struct bench *b)
{
    int64_t start = clock_monotonic_ns();
    for (int batch = 0; batch < BATCHES; batch++) {
        struct arena *turn = begin(b);
        for (int i = 0; i < BATCH; i++) {
            struct command command = create(STR("{\"total\":120}"));
            step(b, arena_copy(turn, &command, sizeof command));
        }
        engine_end(b->engine, &b->changes);
        size_t count;
        struct job_offer *jobs = take_jobs(b, &count);
        answer_all(b, jobs, count);
        free(jobs);
    }
    return 2.0 * BATCH * BATCHES / ((double)(clock_monotonic_ns() - start) / 1e9);
}

static double large_loop(struct bench *b)
{
    begin(b);
    struct command command = create(STR("{}"));
    size_t count;
    int64_t start = clock_monotonic_ns();
    step(b, &command);
    engine_end(b->engine, &b->changes);
    struct job_offer *jobs = take_jobs(b, &count);
    check(count == ITEMS);
    answer_all(b, jobs, count);
    free(jobs);
    check(b->changes.instances.items[0].state == INSTANCE_COMPLETED);
    return (double)(clock_monotonic_ns() - start) / 1e9;
}

#define OPEN                                                                                       \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "                            \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'><process id='p' isExecutable='true'>"       \
    "<startEvent id='s'/>"
#define TASK(id)                                                                                   \
    "<serviceTask id='" id "'><extensionElements><zeebe:taskDefinition type='t'/>"                 \
    "</extensionElements>"
#define CLOSE "</process></definitions>"

static str large_model(struct arena *arena, int tasks)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, STR(OPEN "<sequenceFlow id='f0' sourceRef='s' targetRef='t1'/>"));
    for (int i = 1; i <= tasks; i++) {
        strbuf_format(
            &out,
            "<serviceTask id='t%d' name='Some work of this kind'><documentation>What is to be done "
            "here"
            "</documentation><extensionElements><zeebe:taskDefinition "
            "type='t'/><zeebe:ioMapping><zeebe:input "
            "source='=total + %d' target='x'/></zeebe:ioMapping></extensionElements></serviceTask>",
            i, i);
        strbuf_format(&out, "<sequenceFlow id='f%d' sourceRef='t%d' targetRef='%s%d'/>", i, i,
                      i == tasks ? "e" : "t", i == tasks ? 0 : i + 1);
    }
    strbuf_add(&out, STR("<endEvent id='e0'/>" CLOSE));
    return strbuf_str(&out);
}

static void parse_large(void)
{
    struct arena text = ARENA_EMPTY, arena = ARENA_EMPTY, scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    struct error err;
    str model = large_model(&text, TASKS);
    int64_t start = clock_monotonic_ns();
    check(bpmn_parse(&arena, &scratch, model, &resource, &err));
    double ms = (double)(clock_monotonic_ns() - start) / 1e6;
    printf("model of %zu bytes parsed and compiled: %.1f ms, %zu bytes held\n", model.len, ms,
           arena.used);
    arena_done(&text);
    arena_done(&arena);
    arena_done(&scratch);
}

// As a node holds them: in one arena for ever.
static void hold_many(void)
{
    struct arena text = ARENA_EMPTY, arena = ARENA_EMPTY;
    struct error err;
    str model = large_model(&text, TASKS_EACH);
    for (int i = 0; i < DEFINITIONS; i++) {
        struct arena scratch = ARENA_EMPTY;
        struct bpmn_resource *resource;
        check(bpmn_parse(&arena, &scratch, model, &resource, &err));
        arena_done(&scratch);
    }
    printf("%d definitions of %zu bytes: %.0f MiB held\n", DEFINITIONS, model.len,
           (double)arena.reserved / (1 << 20));
    arena_done(&text);
    arena_done(&arena);
}

int main(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct error err;
    check(b != NULL);
    b->environment = (struct engine_environment){.context = b,
                                                 .find_process = find_process,
                                                 .shard_count = 1,
                                                 .job_window = 1000000,
                                                 .job_timeout_ms = 60000};
    b->engine = engine_new(&b->environment, STR_EMPTY, 1, (size_t)1 << 30, &err);
    deploy(b, STR(OPEN "<sequenceFlow id='f1' sourceRef='s' targetRef='t'/>" TASK(
                  "t") "</serviceTask><sequenceFlow id='f2' sourceRef='t' targetRef='e'/>"
                       "<endEvent id='e'/>" CLOSE));
    printf("one service task: %.0f steps/s\n", one_task(b));
    deploy(b,
           STR(OPEN "<sequenceFlow id='f1' sourceRef='s' targetRef='t'/>" TASK(
               "t") "<multiInstanceLoopCharacteristics><loopCardinality>20000</loopCardinality>"
                    "</multiInstanceLoopCharacteristics></serviceTask>"
                    "<sequenceFlow id='f2' sourceRef='t' targetRef='e'/><endEvent id='e'/>" CLOSE));
    printf("multi-instance of %d: %.2f s\n", ITEMS, large_loop(b));
    parse_large();
    hold_many();
    engine_free(b->engine);
    return 0;
}
