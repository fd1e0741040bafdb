// SPDX-License-Identifier: Apache-2.0
//
// What is sent again from the rows in PostgreSQL. After the topics were lost: all that was in
// flight on them, definitions that the shard may not have heard of, leases to end now,
// subscriptions to open. And at all times: subscriptions that nobody has confirmed for a minute.
#include "node/internal.h"

#include "base/log.h"
#include "record/partition.h"

// The shard skips those that it knows.
static void define_again(struct shard *shard, const struct store_published *published)
{
    struct deployed_resource resource = published->resource;
    const struct command command = {
        .type = COMMAND_PUBLISH_DEFINITIONS,
        .tenant = published->tenant,
        .deploy = {.deployment = published->deployment, .count = 1, .resources = &resource},
    };
    publish_to(shard->node, shard->number, &command);
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
    publish_to(shard->node, shard->number, &command);
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
    publish_to(shard->node, target, &command);
}

static void on_rebuilt(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard != NULL && outcome != STORE_DONE)
        node_shard_restart(shard, err->text);
}

static void on_flight(void *context, enum store_outcome outcome,
                      const struct store_in_flight *flight)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
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
    store_rebuilt(shard->node->store, shard->number, shard->epoch, on_rebuilt,
                  pending_new(&shard->calls, shard));
}

void rebuild_start(struct shard *shard)
{
    store_find_in_flight(shard->node->store, shard->number, on_flight,
                         pending_new(&shard->calls, shard));
}

// -- Subscriptions that stand unopened ---------------------------------------------------

enum { UNOPENED_MS = 60000, SHARE_OF_TIME = 500 };

// The rows are looked through, which takes a while when many wait: it is done so seldom that it
// takes no more than one part in SHARE_OF_TIME.
static void on_unopened(void *context, enum store_outcome outcome,
                        const struct store_in_flight *flight)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    struct unopened *unopened = &shard->unopened;
    int64_t took_ms = node_uptime_ms() - unopened->asked_ms;
    unopened->asking = false;
    unopened->rest_ms =
        took_ms * SHARE_OF_TIME > UNOPENED_MS ? took_ms * SHARE_OF_TIME : UNOPENED_MS;
    if (outcome != STORE_DONE || shard->state != SHARD_RUNNING)
        return; // looked for again
    unopened->count = flight->subscription_count;
    for (size_t i = 0; i < flight->subscription_count; i++)
        subscribe_again(shard, &flight->subscriptions[i]);
    metrics_add(&shard->node->metrics, METRIC_SUBSCRIBED_AGAIN, flight->subscription_count);
    if (flight->subscription_count > 0)
        log_warning("node", "shard %u: %zu subscriptions stand unopened for a minute: sent again",
                    shard->number, flight->subscription_count);
}

void rebuild_remind(struct shard *shard, int64_t uptime_ms)
{
    struct unopened *unopened = &shard->unopened;
    if (unopened->asked_ms == 0)
        *unopened = (struct unopened){.asked_ms = uptime_ms, .rest_ms = UNOPENED_MS};
    if (unopened->asking || uptime_ms - unopened->asked_ms < unopened->rest_ms)
        return;
    unopened->asking = true;
    unopened->asked_ms = uptime_ms;
    store_find_unopened(shard->node->store, shard->number, clock_shard_now_ms(shard) - UNOPENED_MS,
                        on_unopened, pending_new(&shard->calls, shard));
}
