// SPDX-License-Identifier: Apache-2.0
//
// What a shard does of its own accord: turns what falls due into commands, releases waiting jobs
// when their window has room, sends again what was in flight when the topics were lost, and tells
// PostgreSQL how far it has published when there is nothing else to commit.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "record/partition.h"

#include <stdlib.h>

enum {
    RELEASE_EVERY_MS = 100,
    RELEASE_MOST = 1000,
    DUE_AGAIN_MS = 100,
    DUE_TURN = 5000,
    STALLED_MS = 1500,
    QUIET_MS = 5000
};

// -- Due --------------------------------------------------------------------------------

static void send_due(struct shard *shard, const struct store_due *due)
{
    const struct command command = {.type = due->type,
                                    .instance = due->instance,
                                    .key = due->key,
                                    .tenant = due->tenant,
                                    .due = {.due_ms = due->due_ms,
                                            .attempt = due->attempt,
                                            .name = due->name,
                                            .correlation_key = due->correlation_key}};
    publish_own(shard, &command);
    metrics_add(&shard->node->metrics, METRIC_DUE_SENT, 1);
}

static void fire(struct shard *shard, int64_t now_ms)
{
    struct store_due due;
    size_t room = DUE_TURN;
    while (room-- > 0 && due_list_take(shard->due, now_ms, &due))
        send_due(shard, &due);
}

static void on_dues(void *context, enum store_outcome outcome, const struct store_due *dues,
                    size_t count, bool complete)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    shard->due_loading = false;
    int64_t now_ms = clock_now_ms();
    for (size_t i = 0; outcome == STORE_DONE && i < count; i++)
        due_list_add(shard->due, &dues[i], now_ms);
    if (!complete) // look again soon, not only after DUE_RELOAD_MS
        shard->due_loaded_ms = now_ms - DUE_RELOAD_MS + DUE_AGAIN_MS;
    node_shard_remind(shard);
}

static void load_due(struct shard *shard, int64_t now_ms)
{
    shard->due_loading = true;
    shard->due_loaded_ms = now_ms;
    store_find_due(shard->node->store, shard->number, now_ms + DUE_HORIZON_MS, on_dues,
                   life_new(shard));
}

// -- Progress without commits -----------------------------------------------------------

static void on_trimmed(void *context, enum store_outcome outcome, const struct error *err)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (!is_old && outcome != STORE_DONE)
        node_shard_restart(shard, err->text);
}

static bool is_idle(const struct shard *shard)
{
    int64_t quiet_ns = clock_monotonic_ns() - shard->last_commit_ns;
    return shard->committing == NULL && shard->computed == NULL && shard->computing == NULL &&
           shard->inbox_count == 0 && quiet_ns > (int64_t)NODE_IDLE_TRIM_MS * 1000000;
}

static void trim(struct shard *shard)
{
    const struct store_trim trim = {.shard = shard->number,
                                    .epoch = shard->epoch,
                                    .published = shard->published,
                                    .trimmed = shard->trimmed,
                                    .events_published = shard->events_published};
    shard->trim_needed = false;
    store_trim(shard->node->store, &trim, on_trimmed, life_new(shard));
}

// A seek can be lost while the broker is away. When there is more to read and nothing comes, the
// place is told again.
static void check_position(struct shard *shard, int64_t now_ms)
{
    struct node *node = shard->node;
    if (node->consumer == NULL || !node->placed || shard->inbox_count > 0)
        return;
    int64_t end =
        bus_consumer_end_seen(node->consumer, node->topic_commands, (int32_t)shard->number);
    int64_t patience_ms = end > shard->read_offset ? STALLED_MS : QUIET_MS;
    if (shard->positioned && now_ms - shard->last_record_ms > patience_ms) {
        shard->last_record_ms = now_ms;
        shard->positioned = false;
    }
    if (!shard->positioned)
        node_assign_soon(node);
}

void node_shard_remind(struct shard *shard)
{
    if (shard->state != SHARD_RUNNING)
        return;
    int64_t now_ms = clock_now_ms();
    check_position(shard, now_ms);
    fire(shard, now_ms);
    if (!shard->due_loading && now_ms - shard->due_loaded_ms >= DUE_RELOAD_MS)
        load_due(shard, now_ms);
    if (shard->trim_needed && is_idle(shard))
        trim(shard);
    if (shard->jobs_wait && !shard->releasing && now_ms - shard->released_ms >= RELEASE_EVERY_MS)
        node_shard_release_jobs(shard);

    int64_t next_ms = due_list_next_ms(shard->due);
    int64_t wait_ms = next_ms - now_ms < NODE_IDLE_TRIM_MS ? next_ms - now_ms : NODE_IDLE_TRIM_MS;
    if (wait_ms < 1)
        wait_ms = 1;
    const struct timeval delay = {.tv_usec = (suseconds_t)(wait_ms * 1000)};
    event_add(shard->due_timer, &delay);
}

// -- Waiting jobs -----------------------------------------------------------------------

static void on_waiting(void *context, enum store_outcome outcome, const struct store_job_id *jobs,
                       size_t count)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old || outcome != STORE_DONE || count == 0)
        return;
    struct arena arena = ARENA_EMPTY;
    struct command command = {.type = COMMAND_RELEASE_JOB};
    command.release_job.count = count;
    command.release_job.jobs = ARENA_ARRAY(&arena, struct released_job, count);
    for (size_t i = 0; i < count; i++)
        command.release_job.jobs[i] =
            (struct released_job){.instance = jobs[i].instance, .job = jobs[i].key};
    publish_own(shard, &command);
    arena_done(&arena);
}

// The window is per type and tenant, so tenants do not take each other's room.
static void on_counts(void *context, enum store_outcome outcome, const struct store_count *counts,
                      size_t count)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    uint32_t window = (uint32_t)config_i64(shard->node->config, CONFIG_ENGINE_JOB_WINDOW);
    shard->releasing = false;
    shard->jobs_wait = outcome != STORE_DONE;
    for (size_t i = 0; i < count; i++) {
        shard->jobs_wait = shard->jobs_wait || counts[i].waiting > 0;
        if (counts[i].waiting == 0 || counts[i].offered >= window)
            continue;
        uint32_t room = window - counts[i].offered;
        const struct store_waiting waiting = {.shard = shard->number,
                                              .type = counts[i].type,
                                              .tenant = counts[i].tenant,
                                              .limit = room < RELEASE_MOST ? room : RELEASE_MOST};
        store_find_waiting(shard->node->store, &waiting, on_waiting, life_new(shard));
    }
}

void node_shard_release_jobs(struct shard *shard)
{
    shard->releasing = true;
    shard->released_ms = clock_now_ms();
    store_count_jobs(shard->node->store, shard->number, on_counts, life_new(shard));
}

// -- After the topics were lost ---------------------------------------------------------

// The shard skips those that it knows.
static void define_again(struct shard *shard, const struct store_published *published)
{
    struct deployed_resource resource = published->resource;
    const struct command command = {
        .type = COMMAND_PUBLISH_DEFINITIONS,
        .tenant = published->tenant,
        .deploy = {.deployment = published->deployment, .count = 1, .resources = &resource},
    };
    publish_to(shard->node, shard->number, &command, STR_EMPTY);
}

static void offer_again(struct shard *shard, const struct store_due *job)
{
    const struct command command = {
        .type = COMMAND_FAIL_JOB,
        .instance = job->instance,
        .key = job->key,
        .tenant = job->tenant,
        .job_answer = {.attempt = job->attempt,
                       .retries = job->retries,
                       .message = STR("the topics were lost; offered again"),
                       .worker = STR("baton repair")},
    };
    struct arena arena = ARENA_EMPTY;
    publish_to(shard->node, shard->number, &command,
               token_make(&arena, node_secret(shard->node), job->key, job->attempt));
    arena_done(&arena);
}

static void subscribe_again(struct shard *shard, const struct store_open_subscription *open)
{
    const struct command command = {
        .type = COMMAND_OPEN_SUBSCRIPTION,
        .instance = open->instance,
        .key = open->key,
        .tenant = open->tenant,
        .subscription = {.name = open->name,
                         .correlation_key = open->correlation_key,
                         .element_instance = open->element_instance,
                         .process_id = open->process_id,
                         .shard = shard->number},
    };
    uint32_t target =
        record_message_partition(open->name, open->correlation_key, shard->node->shard_count);
    publish_to(shard->node, target, &command, STR_EMPTY);
}

static void on_rebuilt(void *context, enum store_outcome outcome, const struct error *err)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (!is_old && outcome != STORE_DONE)
        node_shard_restart(shard, err->text);
}

static void on_flight(void *context, enum store_outcome outcome,
                      const struct store_in_flight *flight)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, "what was in flight cannot be read");
        return;
    }
    for (size_t i = 0; i < flight->definition_count; i++)
        define_again(shard, &flight->definitions[i]);
    for (size_t i = 0; i < flight->job_count; i++)
        offer_again(shard, &flight->jobs[i]);
    for (size_t i = 0; i < flight->subscription_count; i++)
        subscribe_again(shard, &flight->subscriptions[i]);
    log_info("node", "shard %u: %zu definitions, %zu jobs and %zu subscriptions sent again",
             shard->number, flight->definition_count, flight->job_count,
             flight->subscription_count);
    shard->rebuild = false;
    store_rebuilt(shard->node->store, shard->number, shard->epoch, on_rebuilt, life_new(shard));
}

void node_shard_rebuild(struct shard *shard)
{
    store_find_in_flight(shard->node->store, shard->number, on_flight, life_new(shard));
}
