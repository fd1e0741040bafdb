// SPDX-License-Identifier: Apache-2.0
//
// For tests: one engine, driven as a node drives it. After every batch the history of each instance
// is folded and must give the stored image, byte for byte. Images are kept as a store would keep
// them, so that an engine with a small cache loads them again.
#ifndef BATON_ENGINE_FIXTURE_H
#define BATON_ENGINE_FIXTURE_H

#include "base/array.h"
#include "base/digest.h"
#include "base/map.h"
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
    struct bpmn_resource *pending; // what an unknown definition is
    struct idmap resources;        // definition -> bpmn_resource
    struct engine_environment environment;
    struct changes changes;
    ARRAY(struct history_row) history;
    uint64_t definition;
    int64_t now;
    struct idmap images;                                           // instance -> str, as stored
    str (*entry)(struct fixture *f, const struct stream_ref *ref); // what is stored of entries
    void (*take)(struct fixture *f);                               // sees the changes of a batch
    str shard_image;                                               // as stored
    bool has_no_checks;  // no folding of histories: there are very many
    bool has_no_process; // the definitions do not compile (any more)
};

static inline const struct bpmn_process *find_process(void *context, uint64_t definition)
{
    struct fixture *f = context;
    if (f->has_no_process)
        return NULL;
    struct bpmn_resource *found = idmap_get(&f->resources, definition);
    if (found == NULL && definition != 0)
        idmap_put(&f->resources, definition, found = f->pending);
    return definition == 0 ? NULL : found->processes[0];
}

static inline void check_images(struct fixture *f)
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

static inline str stored_image(struct fixture *f, const struct stream_ref *ref)
{
    if (f->entry != NULL && (ref->kind == STREAM_REMEMBERED || ref->kind == STREAM_WAITING))
        return f->entry(f, ref);
    const str *image = ref->kind == STREAM_INSTANCE ? idmap_get(&f->images, ref->instance) : NULL;
    return image == NULL ? STR_EMPTY : *image;
}

static inline void load_missing(struct fixture *f, const struct command *command)
{
    struct stream_ref refs[ENGINE_MAX_REFS];
    struct error err;
    for (size_t n; (n = engine_missing(f->engine, command, refs)) > 0;)
        for (size_t i = 0; i < n; i++)
            if (!engine_load(f->engine, &refs[i], stored_image(f, &refs[i]), &err))
                engine_set_aside(f->engine, &refs[i], str_of(err.text));
}

// Events point into the engine, which a test may free.
static inline void keep_row(struct fixture *f, const struct history_row *row)
{
    struct history_row *kept = ARRAY_PUSH(&f->arena, &f->history);
    *kept = *row;
    struct event *events = arena_copy(&f->arena, row->events, row->count * sizeof *row->events);
    for (size_t i = 0; i < row->count; i++) {
        str *const texts[] = {&events[i].name, &events[i].code, &events[i].value,
                              &events[i].element_id};
        for (size_t t = 0; t < COUNT_OF(texts); t++)
            *texts[t] = str_copy(&f->arena, *texts[t]);
    }
    kept->events = events;
}

// One command in a batch of its own.
static inline void run(struct fixture *f, struct command command)
{
    struct command *kept = arena_copy(&f->arena, &command, sizeof command);
    kept->time_ms = f->now += 1000;
    kept->origin = kept->traceparent = STR_EMPTY;
    if (kept->principal.data == NULL)
        kept->principal = STR_EMPTY;
    if (kept->tenant.data == NULL)
        kept->tenant = STR_EMPTY;
    str why;
    engine_begin(f->engine, &f->arena);
    load_missing(f, kept);
    if (engine_is_set_aside(f->engine, kept, &why))
        engine_quarantine(f->engine, kept, why);
    else
        engine_step(f->engine, kept);
    engine_end(f->engine, &f->changes);
    for (size_t i = 0; i < f->changes.instances.count; i++) {
        const struct instance_row *row = &f->changes.instances.items[i];
        str image = str_copy(&f->arena, row->image);
        idmap_put(&f->images, row->key, arena_copy(&f->arena, &image, sizeof image));
    }
    for (size_t i = 0; i < f->changes.history.count; i++)
        keep_row(f, &f->changes.history.items[i]);
    if (f->take != NULL)
        f->take(f);
    if (f->changes.shard_image.data != NULL)
        f->shard_image = str_copy(&f->arena, f->changes.shard_image);
    if (!f->has_no_checks)
        check_images(f);
}

static inline struct bpmn_resource *compile(struct fixture *f, const char *model)
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
static inline uint64_t deploy_for(struct fixture *f, str tenant, const char *id, const char *model)
{
    f->pending = compile(f, model);
    struct deployed_resource *resource = ARENA_NEW(&f->arena, struct deployed_resource);
    struct digest digest = digest_sha256(str_of(model));
    *resource = (struct deployed_resource){
        .name = STR("p.bpmn"),
        .digest = str_copy(&f->arena, str_from(digest.bytes, sizeof digest.bytes)),
        .definition_id = str_of(id),
        .version_tag = STR_EMPTY};
    run(f, (struct command){.type = COMMAND_DEPLOY,
                            .tenant = tenant,
                            .deploy = {.count = 1, .resources = resource}});
    struct command publish = *f->changes.outbound.items[0].command;
    run(f, publish);
    return publish.deploy.resources[0].key;
}

static inline uint64_t deploy_as(struct fixture *f, const char *id, const char *model)
{
    return deploy_for(f, STR_EMPTY, id, model);
}

static inline uint64_t deploy(struct fixture *f, const char *model)
{
    return deploy_as(f, "p", model);
}

static inline struct fixture *fixture_made(const char *model, uint32_t job_window,
                                           const struct engine_vault *vault)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    f->images = idmap_new(&f->arena);
    f->shard_image = STR_EMPTY;
    f->resources = idmap_new(&f->arena);
    f->environment = (struct engine_environment){.context = f,
                                                 .find_process = find_process,
                                                 .vault = vault,
                                                 .shard_count = 1,
                                                 .job_window = job_window,
                                                 .max_deliveries = 10,
                                                 .job_timeout_ms = 60000};
    f->engine = engine_new(&f->environment, STR_EMPTY, 1, 1 << 20, &err);
    f->definition = deploy(f, model);
    return f;
}

static inline struct fixture *fixture_with_window(const char *model, uint32_t job_window)
{
    return fixture_made(model, job_window, NULL);
}

static inline struct fixture *fixture_new_with(const char *model, const struct engine_vault *vault)
{
    return fixture_made(model, 2, vault);
}

static inline struct fixture *fixture_new(const char *model)
{
    return fixture_made(model, 2, NULL);
}

static inline void fixture_free(struct fixture *f)
{
    engine_free(f->engine);
    arena_done(&f->arena);
    free(f);
}

static inline const struct outbound *find_outbound(struct fixture *f, enum outbound_kind kind)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++)
        if (f->changes.outbound.items[i].kind == kind)
            return &f->changes.outbound.items[i];
    return NULL;
}

// Of the last batch.
static inline const struct event *find_event(const struct fixture *f, enum event_type type)
{
    for (size_t i = 0; i < f->changes.history.count; i++)
        for (size_t k = 0; k < f->changes.history.items[i].count; k++)
            if (f->changes.history.items[i].events[k].type == type)
                return &f->changes.history.items[i].events[k];
    return NULL;
}

// Returns the instance, or 0: it was refused.
static inline uint64_t start_with(struct fixture *f, str variables)
{
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .reply = {0, 7},
                            .create_instance = {.process_id = STR("p"),
                                                .variables = variables,
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = STR_EMPTY}});
    return f->changes.instances.count == 0 ? 0 : f->changes.instances.items[0].key;
}

static inline const struct job_offer *start(struct fixture *f)
{
    start_with(f, STR("{\"a\":1}"));
    const struct outbound *job = find_outbound(f, OUTBOUND_JOB);
    return job == NULL ? NULL : job->job;
}

static inline struct job_answer answer(uint32_t attempt)
{
    return (struct job_answer){.attempt = attempt,
                               .variables = STR("{\"b\":2}"),
                               .error_code = STR_EMPTY,
                               .message = STR("no"),
                               .worker = STR("w"),
                               .result = STR_EMPTY};
}

static inline enum rejection rejection_of(struct fixture *f)
{
    const struct outbound *reply = find_outbound(f, OUTBOUND_REPLY);
    assert_non_null(reply);
    return reply->reply->rejection;
}

#endif
