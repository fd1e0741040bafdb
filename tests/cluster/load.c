// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#include "base/digest.h"
#include "database.h"
#include "promises.h"
#include "record/mac.h"
#include "record/partition.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    START_MEAN_MS = 1400,
    AGAIN_MS = 15000, // a caller without an answer asks again
    POISON_MS = 10000,
    SIGNAL_MS = 3000,
    CREDITS_MS = 2500,
    FUTURE_MS = 50 * 60 * 1000,
    MESSAGE_TTL_MS = 24 * 3600 * 1000,
    MODELS = 2,
    MODEL_MOST = 16384, // bytes of one
};

static const char *const model_names[MODELS] = {"order", "child"};

struct start {
    uint64_t number;
    uint32_t shard;
    bool named;                        // has a deduplication id, so it may be sent again
    const struct kafka_record *record; // its first command
    uint32_t made;                     // instances
    bool answered;
    uint64_t key;
};

struct poison {
    enum kafka_poison kind;
    uint32_t shard;
    const struct kafka_record *record;
    bool set_aside;
};

struct load {
    bool stopped;
    bool deployed;    // and answered
    size_t published; // definitions, on each shard
    ARRAY(struct start *) starts;
    ARRAY(struct poison *) poisons;
    struct digest digests[MODELS];
};

// -- Sending ----------------------------------------------------------------------------

struct letter { // a command on its way
    uint32_t shard;
    struct kafka_record *record;
};

static void act_send(void *context)
{
    struct letter *letter = context;
    letter->record->time_ms = world->now_us / WORLD_MS + letter->record->ahead_ms;
    kafka_append(kafka_topic(STR("baton.commands")), (int32_t)letter->shard, letter->record);
}

static struct kafka_record *send_with(uint32_t shard, const struct command *command,
                                      int64_t delay_us, bool is_signed)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf value = strbuf_new(&arena);
    wire_encode_command(&value, command);
    const struct bus_header mac = {
        STR(MAC_HEADER), mac_make(&arena, STR(LOAD_SECRET), shard, STR_EMPTY, strbuf_str(&value))};
    struct letter *letter = ARENA_NEW(&world->arena, struct letter);
    letter->shard = shard;
    letter->record = kafka_copy(&(struct bus_record){
        .value = strbuf_str(&value), .header_count = is_signed ? 1 : 0, .headers = &mac});
    arena_done(&arena);
    world_later(delay_us, NULL, act_send, letter);
    return letter->record;
}

static struct kafka_record *send_signed(uint32_t shard, const struct command *command,
                                        int64_t delay_us)
{
    return send_with(shard, command, delay_us, true);
}

// As a gateway does; workers' answers have no MAC, the token of their job stands for them.
static struct kafka_record *send(uint32_t shard, const struct command *command, int64_t delay_us)
{
    bool is_answer = command_senders_of(command->type) == SENDERS_API_WORKER;
    return send_with(shard, command, delay_us, !is_answer);
}

static str name(const char *prefix, uint64_t number)
{
    return str_format(&world->arena, "%s%llu", prefix, (unsigned long long)number);
}

// Requests carry what they are about: 1 deploys, 2 + 2n starts n, 3 + 2n sends n's message.
static struct command start_command(const struct start *start)
{
    return (struct command){
        .type = COMMAND_CREATE_INSTANCE,
        .reply = {.partition = (int32_t)(start->number % 4), .request = 2 + 2 * start->number},
        .create_instance = {.process_id = STR("order"),
                            .business_id = name("s", start->number),
                            .deduplication_id = start->named ? name("d", start->number) : STR_EMPTY,
                            .variables = str_format(&world->arena, "{\"id\":\"k%llu\"}",
                                                    (unsigned long long)start->number)}};
}

static void send_message(const struct start *start, int64_t delay_us)
{
    str key = name("k", start->number);
    const struct command command = {.type = COMMAND_PUBLISH_MESSAGE,
                                    .publish_message = {.name = STR("paid"),
                                                        .correlation_key = key,
                                                        .message_id = name("m", start->number),
                                                        .variables = STR("{\"amount\":12}"),
                                                        .ttl_ms = MESSAGE_TTL_MS}};
    uint32_t shard = record_message_partition(STR("paid"), key, world->options.shards);
    send(shard, &command, delay_us);
    if (world_chance(20))
        send(shard, &command, delay_us + world_between(0, 5 * WORLD_SECOND));
}

static void act_ask_again(void *context)
{
    struct start *start = context;
    if (start->answered)
        return;
    const struct command command = start_command(start);
    send(start->shard, &command, 0);
    world_later(AGAIN_MS * WORLD_MS, NULL, act_ask_again, start);
}

static void start_one(void)
{
    struct load *load = world->load;
    struct start *start = ARENA_NEW(&world->arena, struct start);
    *ARRAY_PUSH(&world->arena, &load->starts) = start;
    start->number = load->starts.count - 1;
    start->shard = (uint32_t)(world_random() % world->options.shards);
    start->named = world_chance(50);
    const struct command command = start_command(start);
    struct kafka_record *record = send(start->shard, &command, 0);
    if (!world->options.topic_faults &&
        world_chance(3)) // whoever repairs a topic goes by its times
        record->ahead_ms = FUTURE_MS;
    start->record = record;
    if (start->named)
        world_later(AGAIN_MS * WORLD_MS, NULL, act_ask_again, start);
    if (start->named && world_chance(20))
        send(start->shard, &command, world_between(0, WORLD_SECOND));
    send_message(start, world_between(0, 12 * WORLD_SECOND));
}

// All shards know of the definitions: a deployment is answered before that.
static bool is_ready(void)
{
    return world->load->published >= (size_t)MODELS * world->options.shards;
}

static void act_start(void *context)
{
    if (world->load->stopped)
        return;
    int64_t burst = world_chance(10) ? world_between(2, 15) : 1;
    while (is_ready() && burst-- > 0)
        start_one();
    world_later(world_between(1, 2 * START_MEAN_MS) * WORLD_MS, NULL, act_start, context);
}

// Whoever waits for it goes on; whoever waits too long has a timer.
static void act_signal(void *context)
{
    if (world->load->stopped)
        return;
    const struct command command = {
        .type = COMMAND_BROADCAST_SIGNAL,
        .broadcast_signal = {.name = STR("go"), .variables = STR("{\"heard\":true}")}};
    if (is_ready())
        send((uint32_t)(world_random() % world->options.shards), &command, 0);
    world_later(world_between(1, 2 * SIGNAL_MS) * WORLD_MS, NULL, act_signal, context);
}

static struct kafka_record *send_poison(const struct poison *poison, size_t number)
{
    const struct command start = {.type = COMMAND_CREATE_INSTANCE,
                                  .create_instance = {.process_id = STR("order"),
                                                      .business_id = name("p", number),
                                                      .variables = STR("{\"id\":\"none\"}")}};
    struct digest unknown = digest_sha256(name("unknown", number));
    struct deployed_resource resource = {.name = STR("order"),
                                         .digest = str_from(unknown.bytes, DIGEST_SIZE),
                                         .kind = RESOURCE_PROCESS,
                                         .definition_id = STR("order")};
    const struct command deploy = {.type = COMMAND_DEPLOY,
                                   .deploy = {.count = 1, .resources = &resource}};
    bool deploys = poison->kind == POISON_DIGEST;
    struct kafka_record *record = send(poison->shard, deploys ? &deploy : &start, 0);
    record->poison = poison->kind;
    return record;
}

// Somebody who may write to the topic, and knows no key.
static void forge(struct kafka_record *record, const struct poison *poison)
{
    static const uint64_t last = UINT64_MAX;
    uint64_t sender = world_random() % world->options.shards;
    struct bus_header *headers = ARENA_ARRAY(&world->arena, struct bus_header, 2);
    str from = str_format(&world->arena, "%llu:%llu", (unsigned long long)sender,
                          (unsigned long long)last);
    headers[0] = (struct bus_header){STR(FROM_HEADER), from};
    headers[1] = (struct bus_header){STR(MAC_HEADER), mac_make(&world->arena, STR("a guess"),
                                                               poison->shard, from, record->value)};
    record->headers = headers;
    record->header_count = world_chance(50) ? 1 : 2;
}

static void act_poison(void *context)
{
    struct load *load = world->load;
    if (load->stopped || world->options.story != NULL)
        return;
    world_later(world_between(1, 2 * POISON_MS) * WORLD_MS, NULL, act_poison, context);
    if (!is_ready())
        return;
    struct poison *poison = ARENA_NEW(&world->arena, struct poison);
    *ARRAY_PUSH(&world->arena, &load->poisons) = poison;
    poison->kind = (enum kafka_poison)world_between(POISON_GARBAGE, POISON_LAST);
    poison->shard = (uint32_t)(world_random() % world->options.shards);
    struct kafka_record *record = send_poison(poison, load->poisons.count);
    if (poison->kind == POISON_GARBAGE || poison->kind == POISON_FORGED)
        record->value = str_format(&world->arena, "\xff\xff garbage %zu", load->poisons.count);
    if (poison->kind == POISON_FORGED)
        forge(record, poison);
    if (poison->kind == POISON_UNSIGNED)
        record->header_count = 0;
    poison->record = record;
}

// -- Deploying --------------------------------------------------------------------------

static void act_deploy(void *context)
{
    static struct deployed_resource resources[MODELS];
    struct load *load = world->load;
    if (load->deployed)
        return;
    for (size_t i = 0; i < MODELS; i++)
        resources[i] =
            (struct deployed_resource){.name = str_of(model_names[i]),
                                       .digest = str_from(load->digests[i].bytes, DIGEST_SIZE),
                                       .kind = RESOURCE_PROCESS,
                                       .definition_id = str_of(model_names[i])};
    const struct command command = {.type = COMMAND_DEPLOY,
                                    .reply = {.request = 1},
                                    .deploy = {.count = MODELS, .resources = resources}};
    send(0, &command, 0);
    world_later(AGAIN_MS * WORLD_MS, NULL, act_deploy, context);
}

// The file's text, in the world's arena.
static str read_model(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s.bpmn", CLUSTER_MODELS, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        check_failed(path, 0, "cannot be read");
    char *text = arena_alloc(&world->arena, MODEL_MOST);
    size_t len = fread(text, 1, MODEL_MOST, file);
    fclose(file);
    check(len > 0 && len < MODEL_MOST);
    return str_from(text, len);
}

static void put_models(struct load *load)
{
    for (size_t i = 0; i < MODELS; i++) {
        str text = read_model(model_names[i]);
        load->digests[i] = digest_sha256(text);
        database_put_resource(str_from(load->digests[i].bytes, DIGEST_SIZE), text);
    }
}

// -- Workers ----------------------------------------------------------------------------

// Which failure it is, if it is one: many are throttled, and some refuse a credential.
static enum failure_class class_of(const struct job_offer *job)
{
    static const enum failure_class classes[] = {FAILURE_THROTTLED, FAILURE_UNSPECIFIED,
                                                 FAILURE_THROTTLED, FAILURE_AUTH};
    return classes[(job->key + job->attempt) % COUNT_OF(classes)];
}

static struct command answer_to(const struct job_offer *job, enum command_type type)
{
    enum failure_class class = class_of(job);
    return (struct command){
        .type = type,
        .instance = job->instance,
        .key = job->key,
        .job_answer = {.attempt = job->attempt,
                       .retries = job->retries,
                       .failure_class = class,
                       .subject = class == FAILURE_AUTH ? STR("card") : STR_EMPTY,
                       .backoff_ms = world_between(0, 2000),
                       .extend_ms = 5000,
                       .error_code = STR("oops"),
                       .message = STR("on purpose"),
                       .worker = STR("w"),
                       .token = job->token}};
}

static void answer(const struct job_offer *job)
{
    int64_t soon_us = world_between(1, 400) * WORLD_MS;
    uint32_t shard = (uint32_t)job->reply_partition;
    const struct command done = answer_to(job, COMMAND_COMPLETE_JOB);
    const struct command failed = answer_to(job, COMMAND_FAIL_JOB);
    const struct command thrown = answer_to(job, COMMAND_THROW_JOB_ERROR);
    const struct command longer = answer_to(job, COMMAND_EXTEND_JOB);
    int64_t what = world->calm ? 0 : world_between(0, 99);
    if (what < 60) {
        send(shard, &done, soon_us);
    } else if (what < 70) { // twice
        send(shard, &done, soon_us);
        send(shard, &done, soon_us + world_between(0, 3 * WORLD_SECOND));
    } else if (what < 75) { // at odds with itself
        send(shard, &failed, soon_us);
        send(shard, &done, world_between(1, 400) * WORLD_MS);
    } else if (what < 82) {
        send(shard, &failed, soon_us);
    } else if (what < 86) {
        bool caught = str_equal(job->type, STR("pack"));
        send(shard, caught ? &thrown : &done, soon_us);
    } else if (what < 90) { // too late, when the lease has ended
        send(shard, &done, world_between(7, 12) * WORLD_SECOND);
    } else if (what < 94) { // wrongly, then rightly
        struct command wrong = done;
        wrong.job_answer.token = STR("0123456789abcdef0123456789abcdef");
        send(shard, &wrong, soon_us);
        send(shard, &done, soon_us + WORLD_SECOND);
    } else if (what < 97) {
        send(shard, &longer, soon_us);
        send(shard, &done, soon_us + world_between(1, 11) * WORLD_SECOND);
    } // else never
}

// -- A gateway --------------------------------------------------------------------------

// Clients of a gateway wait for jobs: it says so to all shards, now and then too late.
static void act_credits(void *context)
{
    static const char *const types[] = {"pack", "ship", "race"};
    struct job_credit credits[COUNT_OF(types)];
    if (world->load->stopped)
        return;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        credits[i] = (struct job_credit){.type = str_of(types[i]),
                                         .tenant = STR_EMPTY,
                                         .count = (uint32_t)world_between(0, 4),
                                         .lease_ms = world_between(1000, 8000),
                                         .worker = name("client", (uint64_t)world_between(0, 2))};
    const struct command command = {
        .type = COMMAND_OFFER_CREDITS,
        .job_credits = {.gateway = (uint64_t)world_between(1, 2),
                        .expires_ms = world_between(1000, 10000),
                        .renews = world_chance(30),
                        .credit_count = (size_t)world_between(0, COUNT_OF(types)),
                        .credits = credits}};
    for (uint32_t shard = 0; shard < world->options.shards; shard++)
        send(shard, &command, world_between(0, 200) * WORLD_MS);
    world_later(world_between(1, 2 * CREDITS_MS) * WORLD_MS, NULL, act_credits, context);
}

// The client answers, is gone by then, or dies with the job.
static void take_gateway_job(uint32_t shard, const struct job_offer *job)
{
    int64_t soon_us = world_between(1, 400) * WORLD_MS;
    int64_t what = world->calm ? 0 : world_between(0, 99);
    struct command done = answer_to(job, COMMAND_COMPLETE_JOB);
    done.job_answer.attempt = 0; // a client of REST knows no attempt: the gateway signs
    struct released_job returned = {job->instance, job->key, job->attempt};
    const struct command back = {.type = COMMAND_RETURN_JOBS, .release_job = {1, &returned}};
    if (what < 70)
        send_signed(shard, &done, soon_us);
    else if (what < 90)
        send_signed(shard, &back, soon_us);
}

static void take_job(const struct kafka_record *record)
{
    struct arena arena = ARENA_EMPTY;
    struct job_offer job;
    struct error err;
    if (wire_decode_job(&arena, record->value, &job, &err))
        answer(&job);
    else
        world_fail("a job cannot be read: %s", err.text);
    arena_done(&arena);
}

// -- Answers ----------------------------------------------------------------------------

// An acknowledged start is in PostgreSQL.
static void check_answer(struct start *start, const struct reply *reply)
{
    const struct shard_tables *tables = &world->database->shards[start->shard];
    if (reply->rejection != REJECTION_NONE) {
        world_fail("start %llu is rejected: %.*s", (unsigned long long)start->number,
                   STR_ARG(reply->reason));
        return;
    }
    if (start->answered && start->key != reply->key)
        world_fail("start %llu is answered with two keys", (unsigned long long)start->number);
    start->answered = true;
    start->key = reply->key;
    if (idmap_get(&tables->instances, reply->key) == NULL)
        world_fail("start %llu is acknowledged and not there", (unsigned long long)start->number);
}

static void take_reply(const struct kafka_record *record)
{
    struct load *load = world->load;
    struct arena arena = ARENA_EMPTY;
    struct reply reply;
    struct error err;
    if (!wire_decode_reply(&arena, record->value, &reply, &err)) {
        world_fail("a reply cannot be read: %s", err.text);
    } else if (reply.gateway != 0) {
        for (size_t i = 0; i < reply.job_count; i++)
            take_gateway_job(reply.shard, &reply.jobs[i]);
    } else if (reply.to.request == 1) {
        if (reply.rejection != REJECTION_NONE)
            world_fail("the deployment is rejected: %.*s", STR_ARG(reply.reason));
        load->deployed = true;
    } else if (reply.to.request >= 2 && (reply.to.request - 2) / 2 < load->starts.count) {
        check_answer(load->starts.items[(reply.to.request - 2) / 2], &reply);
    }
    arena_done(&arena);
}

void load_appended(const struct kafka_topic *topic, int32_t partition,
                   const struct kafka_record *record)
{
    (void)partition;
    if (str_starts_with(topic->name, STR("baton.jobs.")))
        take_job(record);
    else if (str_equal(topic->name, STR("baton.replies")))
        take_reply(record);
}

// -- What promises.c finds --------------------------------------------------------------

void load_definition_published(void)
{
    world->load->published++;
}

void load_instance_made(uint64_t key, str process, str business_id)
{
    struct load *load = world->load;
    uint64_t number;
    if (!str_equal(process, STR("order")) || !str_starts_with(business_id, STR("s")) ||
        !str_to_u64(str_from_index(business_id, 1), &number) || number >= load->starts.count)
        return;
    struct start *start = load->starts.items[number];
    if (start->made++ > 0)
        world_fail("start %llu made a second instance, %llu", (unsigned long long)number,
                   (unsigned long long)key);
}

void load_set_aside(const struct store_commit *commit, str value, str why)
{
    struct load *load = world->load;
    if (str_starts_with(why, STR("the token")))
        return;
    for (size_t i = 0; i < load->poisons.count; i++)
        if (str_equal(load->poisons.items[i]->record->value, value)) {
            load->poisons.items[i]->set_aside = true;
            return;
        }
    if (!promises_excuse(commit->shard, commit->expected_offset))
        world_fail("shard %u: a healthy record from offset %lld on is set aside: %.*s",
                   commit->shard, (long long)commit->expected_offset, STR_ARG(why));
}

void load_quarantined(int64_t offset)
{
    (void)offset; // the dead letter beside it is what is looked at
}

bool load_is_settled(char *ret_text, size_t size)
{
    const struct load *load = world->load;
    for (size_t i = 0; i < load->starts.count; i++) {
        const struct start *start = load->starts.items[i];
        snprintf(ret_text, size, "start %zu made %u instances and was%s answered", i, start->made,
                 start->answered ? "" : " not");
        if (!start->record->lost && (start->made != 1 || !start->answered))
            return false;
    }
    for (size_t i = 0; i < load->poisons.count; i++) {
        snprintf(ret_text, size, "poison %zu was not set aside", i);
        if (!load->poisons.items[i]->set_aside && !load->poisons.items[i]->record->lost)
            return false;
    }
    return true;
}

uint64_t load_started(void)
{
    return world->load->starts.count;
}

// -- Life -------------------------------------------------------------------------------

struct load *load_new(void)
{
    struct load *load = ARENA_NEW(&world->arena, struct load);
    put_models(load);
    world_later(WORLD_SECOND, NULL, act_deploy, NULL);
    world_later(WORLD_SECOND, NULL, act_start, NULL);
    world_later(POISON_MS * WORLD_MS, NULL, act_poison, NULL);
    world_later(SIGNAL_MS * WORLD_MS, NULL, act_signal, NULL);
    world_later(CREDITS_MS * WORLD_MS, NULL, act_credits, NULL);
    return load;
}

void load_stop(void)
{
    world->load->stopped = true;
}

void load_free(struct load *load)
{
    (void)load; // the world's arena has it
}
