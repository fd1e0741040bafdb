// SPDX-License-Identifier: Apache-2.0
#include "gateway/asker.h"
#include "gateway/gateway.h"

#include "base/log.h"
#include "gateway/audit.h"
#include "gateway/audit_checkpoint.h"
#include "gateway/audit_stream.h"
#include "gateway/batch.h"
#include "gateway/call.h"
#include "gateway/erasure.h"
#include "gateway/gateway_private.h"
#include "gateway/job_gateway.h"
#include "gateway/process_cache.h"
#include "gateway/read.h"
#include "gateway/records.h"
#include "gateway/share.h"
#include "gateway/upkeep.h"

#include <stdlib.h>

// Without an end: until then the node is not ready.
static const struct retry_rule join_rule = {.first_ms = 200, .longest_ms = 2000};

const char *gateway_topic(struct gateway *gateway, str name)
{
    const char *prefix = config_str(gateway->options.config, CONFIG_KAFKA_TOPIC_PREFIX);
    struct strbuf topic = strbuf_new(&gateway->arena);
    const char *known = map_get(&gateway->topics, name);
    if (known != NULL)
        return known;
    strbuf_format(&topic, "%s.%.*s", prefix, STR_ARG(name));
    known = strbuf_cstr(&topic);
    map_put(&gateway->topics, str_copy(&gateway->arena, name), (void *)(uintptr_t)known);
    return known;
}

uint32_t gateway_next_shard(struct gateway *gateway)
{
    return gateway->shard_count == 0 ? 0 : gateway->next_shard++ % gateway->shard_count;
}

struct access *gateway_access(const struct gateway *gateway)
{
    return gateway->options.access;
}

void gateway_shares_changed(struct gateway *gateway)
{
    share_desk_changed(gateway->shares);
}

uint32_t gateway_shards(const struct gateway *gateway)
{
    return gateway->shard_count;
}

// -- Kafka ------------------------------------------------------------------------------

static void on_producer_broken(void *context, const struct error *failure)
{
    (void)context;
    log_failure("gateway", failure);
}

// Kafka may come later than we do: until then operations are refused, and the log says so once.
static void join_later(struct gateway *gateway, const struct error *err)
{
    int64_t rest_ms;
    if (!gateway->said_waiting)
        log_warning("gateway", "waiting for Kafka: %s: %s", err->place, err->text);
    gateway->said_waiting = true;
    check(retry_next(&gateway->joins, &join_rule, &rest_ms));
    timer_set(gateway->join, rest_ms);
}

static void on_shards_counted(void *context, size_t count, const struct error *err)
{
    struct gateway *gateway = pending_end(context);
    struct bus_producer_handler handler = {.context = gateway, .broken = on_producer_broken};
    struct error failure;
    if (gateway == NULL)
        return;
    if (err == NULL && count == 0) {
        (void)error_set(&failure, ERROR_UNAVAILABLE,
                        gateway_topic(gateway, topic_rest(TOPIC_COMMANDS)),
                        "the topic does not exist yet");
        err = &failure;
    }
    if (err == NULL) {
        gateway->producer = bus_producer_new(&(struct bus_producer_options){.bus = gateway->bus,
                                                                            .timeout_ms = 30000,
                                                                            .linger_us = 500},
                                             &handler, gateway->options.loop, &failure);
        err = gateway->producer == NULL ? &failure : NULL;
    }
    if (err != NULL) {
        join_later(gateway, err);
        return;
    }
    gateway->shard_count = (uint32_t)count;
    gateway->calls = call_desk_new(gateway);
    log_info("gateway", "takes commands for %u shards", gateway->shard_count);
}

static void try_to_join(void *context)
{
    struct gateway *gateway = context;
    struct error err;
    if (gateway->errands == NULL)
        gateway->errands = bus_errands_new(&gateway->bus, gateway->options.loop, &err);
    if (gateway->errands == NULL)
        join_later(gateway, &err);
    else
        bus_count_partitions(gateway->errands, gateway_topic(gateway, topic_rest(TOPIC_COMMANDS)),
                             on_shards_counted, pending_new(&gateway->asked, gateway));
}

// -- Life -------------------------------------------------------------------------------

struct gateway *gateway_new(const struct gateway_options *options)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    check(gateway != NULL);
    const struct config *config = options->config;
    gateway->options = *options;
    gateway->topics = map_new(&gateway->arena);
    gateway->timeout_ms = (int)config_i64(config, CONFIG_API_TIMEOUT_MS);
    gateway->bus =
        (struct bus_options){config_str(config, CONFIG_KAFKA_BROKERS), options->node_name,
                             config_str(config, CONFIG_KAFKA_PROPERTIES)};
    TAILQ_INIT(&gateway->readings);
    gateway->jobs = job_desk_new(gateway);
    gateway->askers = asker_desk_new(gateway);
    gateway->processes = process_cache_new();
    gateway->batches = batch_runner_new(gateway);
    gateway->upkeep = upkeep_new(gateway);
    gateway->audit = audit_desk_new(gateway);
    gateway->shares = share_desk_new(gateway);
    gateway->streams = audit_streams_new(gateway);
    gateway->checkpoints = audit_checkpoints_new(gateway);
    gateway->records = records_desk_new(gateway->options.reader, gateway->options.loop);
    gateway->erasures = erasure_desk_new(gateway);
    gateway->join = timer_new(options->loop, try_to_join, gateway);
    timer_ring(gateway->join);
    return gateway;
}

const char *gateway_not_ready(const struct gateway *gateway)
{
    if (gateway->draining)
        return "this node is stopping";
    if (gateway->calls == NULL)
        return "Kafka is not reachable yet";
    return gateway_hears(gateway) ? NULL : "Kafka's reply topic is not there: it is looked for";
}

bool gateway_hears(const struct gateway *gateway)
{
    return gateway->calls != NULL && call_desk_hears(gateway->calls);
}

void gateway_drain(struct gateway *gateway)
{
    gateway->draining = true;
    job_desk_drain(gateway->jobs);
}

void gateway_settle(struct gateway *gateway, void (*done)(void *context), void *context)
{
    audit_desk_settle(gateway->audit, done, context);
}

void gateway_stop(struct gateway *gateway)
{
    gateway->draining = true;
    timer_stop(gateway->join);
    pending_cancel(&gateway->asked);
    share_desk_stop(gateway->shares);
    erasure_desk_stop(gateway->erasures);
    read_stop_all(gateway);
    records_desk_stop(gateway->records);
    if (gateway->calls != NULL)
        call_desk_stop(gateway->calls);
    job_desk_drain(gateway->jobs);
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    timer_free(gateway->join);
    batch_runner_free(gateway->batches);
    upkeep_free(gateway->upkeep);
    share_desk_free(gateway->shares);
    erasure_desk_free(gateway->erasures);
    audit_streams_free(gateway->streams);
    audit_checkpoints_free(gateway->checkpoints);
    audit_desk_free(gateway->audit);
    records_desk_free(gateway->records);
    asker_desk_free(gateway->askers);
    job_desk_free(gateway->jobs);
    call_desk_free(gateway->calls);
    process_cache_free(gateway->processes);
    if (gateway->errands != NULL)
        bus_errands_free(gateway->errands);
    if (gateway->producer != NULL) {
        (void)bus_producer_flush(gateway->producer, 1000);
        bus_producer_free(gateway->producer);
    }
    arena_done(&gateway->arena);
    free(gateway);
}
