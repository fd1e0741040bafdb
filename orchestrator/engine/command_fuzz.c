// SPDX-License-Identifier: Apache-2.0
// Any bytes as a list of commands, put through the engine as an owner does: every reference, number
// and text may be wrong. Keys are small or taken from what the engine made, so that many of them
// meet something. After each command the history of each instance, folded, gives its image, and
// what is to be published fits a record.
#include "engine/fuzz_model.h"
#include "record/limits.h"

#include "base/digest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_COMMANDS = 60, MOST_KEYS = 64, LONG_TEXT = 600 };

struct fuzz {
    struct arena arena;
    struct engine_environment environment;
    struct engine *engine;
    const uint8_t *at, *end;
    uint64_t keys[MOST_KEYS];
    size_t key_count;
    int64_t now;
    ARRAY(struct history_row) history;
};

static uint8_t byte(struct fuzz *f)
{
    return f->at < f->end ? *f->at++ : 0;
}

static int64_t number(struct fuzz *f)
{
    static const int64_t ends[] = {0, 1, -1, 3, 1000, INT64_MAX, INT64_MIN, INT64_MAX / 2};
    uint8_t b = byte(f);
    return b < 128 ? b : ends[b % COUNT_OF(ends)];
}

static uint64_t key(struct fuzz *f)
{
    uint8_t b = byte(f);
    return f->key_count > 0 && b >= 8 ? f->keys[b % f->key_count] : b;
}

static str text(struct fuzz *f)
{
    static const char *const texts[] = {"",  "p", "m", "k", "g",    "x",      "t",    "task",
                                        "s", "w", "a", "5", "user", "update", "many", "none"};
    uint8_t b = byte(f);
    if (b == 255) {
        char *bytes = arena_alloc(&f->arena, LONG_TEXT);
        memset(bytes, 'x', LONG_TEXT);
        return str_from(bytes, LONG_TEXT);
    }
    return b == 254 ? STR("a\0b") : str_of(texts[b % COUNT_OF(texts)]);
}

static str json(struct fuzz *f)
{
    static const char *const texts[] = {"",
                                        "{}",
                                        "{\"a\":1}",
                                        "{\"a\":[1,{\"b\":null}],\"b\":\"x\"}",
                                        "[]",
                                        "{\"",
                                        "1",
                                        "{\"a\":\"\\u0000\"}",
                                        "{\"assignee\":\"w\",\"candidateGroups\":[\"x\"]}",
                                        "{\"denied\":true,\"deniedReason\":\"no\"}",
                                        "{\"activateElements\":[{\"elementId\":\"task\"}]}"};
    return str_of(texts[byte(f) % COUNT_OF(texts)]);
}

static void fill_instance(struct fuzz *f, struct command *command)
{
    struct element_instruction *i = ARENA_ARRAY(&f->arena, struct element_instruction, 2);
    for (size_t n = 0; n < 2; n++)
        i[n] = (struct element_instruction){.element_id = text(f),
                                            .element_instance = byte(f) & 1 ? key(f) : 0,
                                            .variables = json(f),
                                            .terminate = byte(f) & 1,
                                            .move_from = byte(f) & 3 ? STR_EMPTY : text(f)};
    if (command->type == COMMAND_MODIFY_INSTANCE)
        command->modify_instance =
            (struct modify_instance){.count = byte(f) % 3, .instructions = i, .variables = json(f)};
    else
        command->create_instance = (struct create_instance){.definition = byte(f) & 1,
                                                            .process_id = text(f),
                                                            .version = (int32_t)number(f),
                                                            .variables = json(f),
                                                            .business_id = text(f),
                                                            .await_completion = byte(f) & 1,
                                                            .fetch_variables = json(f),
                                                            .deduplication_id = text(f),
                                                            .duties = json(f),
                                                            .start_count = byte(f) % 3,
                                                            .start_at = i};
}

static void fill_deploy(struct fuzz *f, struct command *command)
{
    struct deployed_resource *r = ARENA_NEW(&f->arena, struct deployed_resource);
    struct digest digest = digest_sha256(STR("x"));
    *r = (struct deployed_resource){
        .name = text(f),
        .digest = str_copy(&f->arena, str_from(digest.bytes, sizeof digest.bytes)),
        .kind = (enum resource_kind)(byte(f) % 4),
        .definition_id = text(f),
        .key = FUZZ_DEFINITION + byte(f) % 3,
        .version = 1 + byte(f) % 3,
        .version_tag = text(f),
        .title = text(f)};
    if (r->kind == RESOURCE_PROCESS)
        r->definition_id = STR("p");
    command->deploy = (struct deploy){.deployment = 3, .count = 1, .resources = r};
}

static void fill_message(struct fuzz *f, struct command *command)
{
    switch (command->type) {
    case COMMAND_PUBLISH_MESSAGE:
        command->publish_message = (struct publish_message){.name = text(f),
                                                            .correlation_key = text(f),
                                                            .message_id = text(f),
                                                            .ttl_ms = number(f),
                                                            .variables = json(f),
                                                            .answer_correlation = byte(f) & 1};
        break;
    case COMMAND_BROADCAST_SIGNAL:
        command->broadcast_signal = (struct broadcast_signal){
            .name = text(f), .variables = json(f), .key = byte(f) & 1 ? command->key : 0};
        break;
    default:
        command->subscription = (struct subscription_command){.name = text(f),
                                                              .correlation_key = text(f),
                                                              .element_instance = key(f),
                                                              .message = key(f),
                                                              .process_id = text(f),
                                                              .closes = byte(f) & 1,
                                                              .variables = json(f),
                                                              .opened = byte(f) & 1,
                                                              .reason = text(f),
                                                              .signal = byte(f) & 1,
                                                              .shard = byte(f) & 1};
        break;
    }
}

static void fill_work(struct fuzz *f, struct command *command)
{
    struct released_job *jobs = ARENA_NEW(&f->arena, struct released_job);
    struct job_credit *credit = ARENA_NEW(&f->arena, struct job_credit);
    switch (command->type) {
    case COMMAND_OFFER_CREDITS:
        *credit = (struct job_credit){.type = text(f),
                                      .tenant = STR_EMPTY,
                                      .count = byte(f) % 4,
                                      .lease_ms = number(f),
                                      .worker = text(f)};
        command->job_credits = (struct job_credits){.gateway = 1 + byte(f) % 3,
                                                    .expires_ms = number(f),
                                                    .renews = byte(f) & 1,
                                                    .credit_count = byte(f) & 1,
                                                    .credits = credit};
        break;
    case COMMAND_RELEASE_JOB:
    case COMMAND_RETURN_JOBS:
    case COMMAND_REOFFER_JOBS:
        *jobs = (struct released_job){key(f), key(f)};
        command->release_job = (struct release_job){.count = 1, .jobs = jobs};
        break;
    case COMMAND_UPDATE_JOB:
        command->update_job = (struct update_job){.retries = (int32_t)number(f),
                                                  .priority = (int32_t)number(f),
                                                  .has_retries = byte(f) & 1,
                                                  .has_priority = byte(f) & 1,
                                                  .has_timeout = byte(f) & 1,
                                                  .timeout_ms = number(f)};
        break;
    case COMMAND_COMPLETE_USER_TASK:
    case COMMAND_ASSIGN_USER_TASK:
    case COMMAND_UPDATE_USER_TASK:
        command->user_task = (struct user_task_command){.assignee = text(f),
                                                        .override_assignee = byte(f) & 1,
                                                        .action = text(f),
                                                        .variables = json(f),
                                                        .changeset = json(f)};
        break;
    default:
        command->job_answer = (struct job_answer){.attempt = byte(f) % 3,
                                                  .variables = json(f),
                                                  .retries = (int32_t)number(f),
                                                  .backoff_ms = number(f),
                                                  .extend_ms = number(f),
                                                  .error_code = text(f),
                                                  .message = text(f),
                                                  .worker = text(f),
                                                  .result = json(f)};
        break;
    }
}

static void fill(struct fuzz *f, struct command *command)
{
    switch (command->type) {
    case COMMAND_CREATE_INSTANCE:
    case COMMAND_EVALUATE_CONDITIONS:
    case COMMAND_MODIFY_INSTANCE:
        fill_instance(f, command);
        break;
    case COMMAND_SET_VARIABLES:
        command->set_variables = (struct set_variables){.variables = json(f), .local = byte(f) & 1};
        break;
    case COMMAND_MIGRATE_INSTANCE:
        command->migrate_instance = (struct migrate_instance){.target_definition = byte(f) % 4};
        break;
    case COMMAND_DEPLOY:
    case COMMAND_PUBLISH_DEFINITIONS:
        fill_deploy(f, command);
        break;
    case COMMAND_FIRE_TIMER:
    case COMMAND_EXPIRE_MESSAGE:
    case COMMAND_TIME_OUT_JOB:
    case COMMAND_RETRY_JOB:
        command->due = (struct due){.due_ms = number(f),
                                    .attempt = byte(f) % 3,
                                    .name = text(f),
                                    .correlation_key = text(f)};
        break;
    case COMMAND_EVALUATE_DECISION:
        command->evaluate_decision =
            (struct evaluate_decision){.decision_id = text(f), .variables = json(f)};
        break;
    case COMMAND_SET_CLOCK:
        command->set_clock = (struct test_clock){
            .offset_ms = number(f), .pinned_ms = number(f), .is_pinned = byte(f) & 1};
        break;
    case COMMAND_SET_SHARES:
        command->set_shares.shares = json(f);
        break;
    case COMMAND_SET_POLICIES:
        command->set_policies.policies = json(f);
        break;
    case COMMAND_SET_LISTENERS:
        command->set_listeners.listeners = json(f);
        break;
    case COMMAND_SET_BREAKER:
        command->set_breaker = (struct set_breaker){
            .kind = byte(f) % 4, .name = text(f), .opens = byte(f) & 1, .rest_ms = number(f)};
        break;
    case COMMAND_SET_CLUSTER_VARIABLE:
    case COMMAND_SPREAD_CLUSTER_VARIABLE:
        command->cluster_variable = (struct cluster_variable_command){.name = text(f),
                                                                      .value = json(f),
                                                                      .change = byte(f) % 5,
                                                                      .is_global = byte(f) & 1,
                                                                      .key = key(f)};
        break;
    default:
        if (command->type >= COMMAND_PUBLISH_MESSAGE && command->type <= COMMAND_BROADCAST_SIGNAL)
            fill_message(f, command);
        else
            fill_work(f, command);
        break;
    }
}

static const struct command *next_command(struct fuzz *f)
{
    static const enum command_type types[] = {
#define COMMAND(name, number, need, process, senders) COMMAND_##name,
#include "record/commands.def"
#undef COMMAND
    };
    struct command *command = ARENA_NEW(&f->arena, struct command);
    command->type = types[byte(f) % COUNT_OF(types)];
    command->time_ms = f->now += byte(f) * 100;
    command->instance = key(f);
    command->key = key(f);
    command->reply = (struct reply_to){0, byte(f) & 1};
    command->tenant = command->principal = command->origin = command->traceparent = STR_EMPTY;
    fill(f, command);
    return command;
}

static void load_missing(struct fuzz *f, const struct command *command)
{
    struct stream_ref refs[ENGINE_MAX_REFS];
    struct error err;
    for (size_t count; (count = engine_missing(f->engine, command, refs)) > 0;)
        for (size_t i = 0; i < count; i++)
            check(engine_load(f->engine, &refs[i], STR_EMPTY, &err));
}

static void check_outbound(const struct changes *changes)
{
    for (size_t i = 0; i < changes->outbound.count; i++) {
        const struct outbound *out = &changes->outbound.items[i];
        if (out->kind == OUTBOUND_JOB)
            check(out->job->variables.len <= LIMIT_OUTPUT_BYTES);
        else if (out->kind == OUTBOUND_REPLY)
            check(out->reply->variables.len <= LIMIT_OUTPUT_BYTES);
    }
}

static void check_images(struct fuzz *f, const struct changes *changes)
{
    struct error err;
    for (size_t i = 0; i < changes->history.count; i++)
        *ARRAY_PUSH(&f->arena, &f->history) = changes->history.items[i];
    for (size_t i = 0; i < changes->instances.count; i++) {
        const struct instance_row *row = &changes->instances.items[i];
        struct engine_replay *replay =
            engine_replay_new(&f->environment, STREAM_INSTANCE, row->key, &f->arena);
        for (size_t k = 0; k < f->history.count; k++)
            if (f->history.items[k].stream_kind == STREAM_INSTANCE &&
                f->history.items[k].stream == row->key)
                check(engine_replay_step(replay, &f->history.items[k], &err));
        check(str_equal(engine_replay_image(replay), row->image));
        engine_replay_free(replay);
    }
}

// What the engine sends to itself comes back; and its keys are used by what follows.
static void learn_keys(struct fuzz *f, const struct changes *changes)
{
    for (size_t i = 0; i < changes->history.count; i++)
        for (size_t k = 0; k < changes->history.items[i].count; k++) {
            uint64_t made = changes->history.items[i].events[k].key;
            if (made != 0)
                f->keys[f->key_count++ % MOST_KEYS] = made;
        }
    if (f->key_count > MOST_KEYS)
        f->key_count = MOST_KEYS;
}

static void run_command(struct fuzz *f, const struct command *command)
{
    struct changes changes;
    engine_begin(f->engine, &f->arena);
    load_missing(f, command);
    if (byte(f) == 255)
        engine_quarantine(f->engine, command, STR("failed three times"));
    else
        engine_step(f->engine, command);
    engine_end(f->engine, &changes);
    check_outbound(&changes);
    check_images(f, &changes);
    learn_keys(f, &changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz *f = calloc(1, sizeof *f);
    struct error err;
    check(f != NULL);
    f->environment = fuzz_environment(&f->arena);
    f->engine = engine_new(&f->environment, STR_EMPTY, 1, 64 << 20, &err);
    f->at = data;
    f->end = data + size;
    for (int i = 0; i < MOST_COMMANDS && f->at < f->end; i++)
        run_command(f, next_command(f));
    engine_free(f->engine);
    arena_done(&f->arena);
    free(f);
    return 0;
}
