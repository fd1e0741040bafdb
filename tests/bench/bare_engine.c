// SPDX-License-Identifier: Apache-2.0
//
// The bare loop: an engine that knows one process — start, one job "bench", end — and decides
// nothing. Linked with the node in place of the real engine it does the same reads and writes on
// Kafka and PostgreSQL, so its throughput is what the machine allows and the difference is what
// orchestration costs. It also lets the node be tested without BPMN.
#include "engine/engine.h"

#include "base/map.h"
#include "bpmn/bpmn.h"
#include "record/key.h"

#include <stdio.h>
#include <stdlib.h>

struct instance {
    uint64_t key;
    uint64_t job;
    uint32_t attempt;
    uint64_t element;
    int64_t started_ms;
    uint64_t events;
    struct reply_to reply; // of an awaited completion
    size_t business_len;
    char business[40];
    struct instance *next_ended;
};

struct engine {
    struct engine_environment environment;
    struct arena arena;
    struct idmap instances;
    uint64_t next_key;
    struct arena *turn;
    struct changes changes;
    struct instance *ended; // in this batch: PostgreSQL does not know it yet
};

struct engine *engine_new(const struct engine_environment *environment, str shard_image,
                          uint64_t next_key, size_t cache_bytes, struct error *err)
{
    (void)shard_image, (void)cache_bytes, (void)err;
    struct engine *engine = calloc(1, sizeof *engine);
    check(engine != NULL);
    engine->environment = *environment;
    engine->next_key = next_key;
    engine->instances = idmap_new(&engine->arena);
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    size_t cursor = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&engine->instances, &cursor, &key, &value))
        free(value);
    arena_done(&engine->arena);
    free(engine);
}

void engine_set_clock(struct engine *engine, int64_t clock_ms)
{
    (void)engine;
    (void)clock_ms;
}

void engine_set_in_flight(struct engine *engine, str type, str tenant, uint32_t offered,
                          uint32_t waiting)
{
    (void)engine, (void)type, (void)tenant, (void)offered, (void)waiting;
}

uint32_t engine_room(struct engine *engine, str type, str tenant)
{
    (void)engine, (void)type, (void)tenant;
    return UINT32_MAX;
}

uint32_t engine_held_room(const struct engine *engine, str tenant, str credential)
{
    (void)engine, (void)tenant, (void)credential;
    return UINT32_MAX;
}

bool engine_is_paused(const struct engine *engine, str type, str tenant)
{
    (void)engine, (void)type, (void)tenant;
    return false;
}

size_t engine_breakers(const struct engine *engine, enum breaker_kind kind)
{
    (void)engine, (void)kind;
    return 0;
}

str engine_shares(const struct engine *engine)
{
    (void)engine;
    return STR_EMPTY;
}

str engine_policies(const struct engine *engine)
{
    (void)engine;
    return STR_EMPTY;
}

str engine_listeners(const struct engine *engine)
{
    (void)engine;
    return STR_EMPTY;
}

bool engine_next_window(const struct engine *engine, size_t *cursor,
                        struct engine_window *ret_window)
{
    (void)engine, (void)cursor, (void)ret_window;
    return false;
}

void engine_begin(struct engine *engine, struct arena *turn)
{
    engine->turn = turn;
    engine->changes = (struct changes){0};
    while (engine->ended != NULL) {
        struct instance *instance = engine->ended;
        engine->ended = instance->next_ended;
        idmap_remove(&engine->instances, instance->key);
        free(instance);
    }
}

static bool needs_instance(const struct command *command)
{
    return command->type == COMMAND_COMPLETE_JOB || command->type == COMMAND_FAIL_JOB ||
           command->type == COMMAND_TIME_OUT_JOB;
}

size_t engine_missing(const struct engine *engine, const struct command *command,
                      struct stream_ref *ret_refs)
{
    if (!needs_instance(command) || command->instance == 0 ||
        idmap_get(&engine->instances, command->instance) != NULL)
        return 0;
    ret_refs[0] = (struct stream_ref){.kind = STREAM_INSTANCE, .instance = command->instance};
    return 1;
}

bool engine_load(struct engine *engine, const struct stream_ref *ref, str image, struct error *err)
{
    (void)err;
    struct instance *instance = calloc(1, sizeof *instance); // job 0: has ended
    check(instance != NULL);
    if (image.len == sizeof *instance)
        memcpy(instance, image.data, sizeof *instance);
    instance->key = ref->instance;
    idmap_put(&engine->instances, ref->instance, instance);
    return true;
}

static uint64_t make_key(struct engine *engine)
{
    return key_make(engine->environment.shard, engine->next_key++);
}

static struct instance_row row_of(const struct engine *engine, const struct instance *instance)
{
    str business = str_from(instance->business, instance->business_len);
    return (struct instance_row){.key = instance->key,
                                 .definition = 1,
                                 .process_id = STR("bench"),
                                 .version = 1,
                                 .tenant = STR("<default>"),
                                 .business_id = str_copy(engine->turn, business),
                                 .root_instance = instance->key,
                                 .state = INSTANCE_ACTIVE,
                                 .started_ms = instance->started_ms,
                                 .variables = STR("{\"amount\":1200,\"customer\":\"anna\"}"),
                                 .events = instance->events};
}

static void add_history(struct engine *engine, const struct command *command, uint64_t stream,
                        const struct instance *instance, size_t count)
{
    static const enum event_type types[] = {
        EVENT_PROCESS_ACTIVATED, EVENT_ELEMENT_ACTIVATED, EVENT_ELEMENT_COMPLETED, EVENT_FLOW_TAKEN,
        EVENT_ELEMENT_ACTIVATED, EVENT_JOB_CREATED,       EVENT_JOB_OFFERED};
    struct event *events = ARENA_ARRAY(engine->turn, struct event, count);
    for (size_t i = 0; i < count; i++)
        events[i] = (struct event){.type = types[i % COUNT_OF(types)],
                                   .time_ms = command->time_ms,
                                   .key = instance->job,
                                   .scope = stream,
                                   .element = (uint32_t)i + 1};
    *ARRAY_PUSH(engine->turn, &engine->changes.history) =
        (struct history_row){.stream_kind = STREAM_INSTANCE,
                             .stream = stream,
                             .sequence = instance->events,
                             .time_ms = command->time_ms,
                             .offset = command->offset,
                             .cause = command->type,
                             .count = count,
                             .events = events};
}

static void add_reply(struct engine *engine, struct reply_to to, uint64_t instance)
{
    if (to.request == 0)
        return;
    struct reply *reply = ARENA_NEW(engine->turn, struct reply);
    *reply = (struct reply){.to = to, .key = instance, .instance = instance};
    *ARRAY_PUSH(engine->turn, &engine->changes.outbound) =
        (struct outbound){.kind = OUTBOUND_REPLY, .reply = reply};
}

static void add_job(struct engine *engine, const struct command *command, uint64_t key,
                    const struct instance *instance)
{
    int64_t due_ms = command->time_ms + engine->environment.job_timeout_ms;
    *ARRAY_PUSH(engine->turn, &engine->changes.jobs) =
        (struct job_row){.change = instance->attempt == 1 ? ROW_INSERT : ROW_UPDATE,
                         .key = instance->job,
                         .instance = key,
                         .element_instance = instance->element,
                         .element_id = STR("work"),
                         .definition = 1,
                         .process_id = STR("bench"),
                         .version = 1,
                         .type = STR("bench"),
                         .tenant = STR("<default>"),
                         .state = JOB_OFFERED,
                         .retries = 3,
                         .attempt = instance->attempt,
                         .due_ms = due_ms,
                         .timeout_ms = engine->environment.job_timeout_ms,
                         .created_ms = command->time_ms};
    struct job_offer *offer = ARENA_NEW(engine->turn, struct job_offer);
    *offer = (struct job_offer){.key = instance->job,
                                .instance = key,
                                .element_instance = instance->element,
                                .process_id = STR("bench"),
                                .element_id = STR("work"),
                                .type = STR("bench"),
                                .attempt = instance->attempt,
                                .retries = 3,
                                .lease_ms = 60000,
                                .variables = STR("{\"amount\":1200}")};
    *ARRAY_PUSH(engine->turn, &engine->changes.outbound) =
        (struct outbound){.kind = OUTBOUND_JOB, .job = offer};
}

static void create(struct engine *engine, const struct command *command)
{
    if (str_equal(command->create_instance.process_id, STR("no-such-process"))) {
        add_reply(engine, command->reply, 0); // a load generator's probe
        return;
    }
    struct instance *instance = calloc(1, sizeof *instance);
    check(instance != NULL);
    uint64_t key = make_key(engine);
    *instance = (struct instance){.key = key,
                                  .element = make_key(engine),
                                  .job = make_key(engine),
                                  .attempt = 1,
                                  .started_ms = command->time_ms,
                                  .events = 1};
    str business = str_sub(command->create_instance.business_id, 0, sizeof instance->business);
    memcpy(instance->business, business.data, instance->business_len = business.len);
    if (command->create_instance.await_completion)
        instance->reply = command->reply;
    else
        add_reply(engine, command->reply, key);
    idmap_put(&engine->instances, key, instance);
    struct instance_row row = row_of(engine, instance);
    row.image = str_from(arena_copy(engine->turn, instance, sizeof *instance), sizeof *instance);
    *ARRAY_PUSH(engine->turn, &engine->changes.instances) = row;
    *ARRAY_PUSH(engine->turn, &engine->changes.elements) =
        (struct element_row){.change = ROW_INSERT,
                             .key = instance->element,
                             .instance = key,
                             .element_id = STR("work"),
                             .type = STR("serviceTask"),
                             .waits_for = STR("job bench"),
                             .started_ms = command->time_ms};
    add_job(engine, command, key, instance);
    add_history(engine, command, key, instance, 7);
}

static void complete(struct engine *engine, const struct command *command)
{
    struct instance *instance = idmap_get(&engine->instances, command->instance);
    if (instance == NULL || instance->job == 0 || instance->job != command->key) {
        add_reply(engine, command->reply, 0); // late
        return;
    }
    instance->events++;
    struct instance_row row = row_of(engine, instance);
    row.change = ROW_UPDATE;
    row.state = INSTANCE_COMPLETED;
    row.ended_ms = command->time_ms;
    *ARRAY_PUSH(engine->turn, &engine->changes.instances) = row;
    *ARRAY_PUSH(engine->turn, &engine->changes.elements) =
        (struct element_row){.change = ROW_DELETE, .key = instance->element};
    *ARRAY_PUSH(engine->turn, &engine->changes.jobs) =
        (struct job_row){.change = ROW_DELETE, .key = instance->job};
    add_history(engine, command, command->instance, instance, 7);
    add_reply(engine, instance->reply, command->instance);
    add_reply(engine, command->reply, command->instance);
    instance->job = 0;
    instance->next_ended = engine->ended;
    engine->ended = instance;
}

// A failure that is forgiven, or a lease that ended: offered again.
static void offer_again(struct engine *engine, const struct command *command, uint32_t attempt)
{
    struct instance *instance = idmap_get(&engine->instances, command->instance);
    if (instance == NULL || instance->job != command->key || instance->attempt != attempt)
        return;
    instance->attempt++;
    instance->events++;
    struct instance_row row = row_of(engine, instance);
    row.change = ROW_UPDATE;
    row.image = str_from(arena_copy(engine->turn, instance, sizeof *instance), sizeof *instance);
    *ARRAY_PUSH(engine->turn, &engine->changes.instances) = row;
    add_job(engine, command, command->instance, instance);
    add_history(engine, command, command->instance, instance, 1);
}

void engine_set_aside(struct engine *engine, const struct stream_ref *ref, str why)
{
    (void)engine, (void)ref, (void)why;
    check_unreachable(); // every image is read
}

bool engine_is_set_aside(const struct engine *engine, const struct command *command, str *ret_why)
{
    (void)engine, (void)command, (void)ret_why;
    return false;
}

size_t engine_retry(struct engine *engine)
{
    (void)engine;
    return 0;
}

uint64_t engine_spent(const struct engine *engine)
{
    (void)engine;
    return 0;
}

void engine_step(struct engine *engine, const struct command *command)
{
    if (command->type == COMMAND_CREATE_INSTANCE)
        create(engine, command);
    else if (command->type == COMMAND_COMPLETE_JOB)
        complete(engine, command);
    else if (command->type == COMMAND_FAIL_JOB)
        offer_again(engine, command, command->job_answer.attempt);
    else if (command->type == COMMAND_TIME_OUT_JOB)
        offer_again(engine, command, command->due.attempt);
    if (engine->changes.clock_ms < command->time_ms)
        engine->changes.clock_ms = command->time_ms;
}

void engine_quarantine(struct engine *engine, const struct command *command, str why)
{
    (void)why;
    add_reply(engine, command->reply, 0);
}

void engine_end(struct engine *engine, struct changes *ret_changes)
{
    engine->changes.next_key = engine->next_key;
    *ret_changes = engine->changes;
}

const struct test_clock *engine_test_clock(const struct engine *engine)
{
    static const struct test_clock none;
    (void)engine;
    return &none;
}

size_t engine_memory(const struct engine *engine)
{
    return engine->instances.count * sizeof(struct instance);
}

bool bpmn_parse(struct arena *arena, struct arena *scratch, str xml,
                struct bpmn_resource **ret_resource, struct error *err)
{
    (void)arena, (void)scratch, (void)xml, (void)ret_resource;
    return error_set(err, ERROR_UNSUPPORTED, "bare", "the bare loop reads no models");
}

const struct bpmn_process *bpmn_find_process(const struct bpmn_resource *resource, str id)
{
    (void)resource, (void)id;
    return NULL;
}
