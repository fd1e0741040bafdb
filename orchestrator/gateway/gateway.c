// SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.h"

#include "base/log.h"
#include "gateway/batch.h"
#include "gateway/call.h"
#include "gateway/gateway_private.h"
#include "gateway/job_gateway.h"
#include "gateway/process_cache.h"
#include "gateway/read.h"
#include "gateway/upkeep.h"

#include <event2/event.h>
#include <stdlib.h>

enum { JOIN_AGAIN_SECONDS = 1 };

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

static bool join_kafka(struct gateway *gateway, struct error *err)
{
    struct bus_producer_options options = {
        .bus = gateway->bus, .timeout_ms = 30000, .linger_us = 500};
    struct bus_producer_handler handler = {.context = gateway, .broken = on_producer_broken};
    const char *commands = gateway_topic(gateway, STR("commands"));
    int shards;
    if (!bus_topic_partitions(&gateway->bus, commands, 5000, &shards, err))
        return false;
    if (shards == 0)
        return error_set(err, ERROR_UNAVAILABLE, commands, "the topic does not exist yet");
    gateway->shard_count = (uint32_t)shards;
    if (gateway->producer == NULL)
        gateway->producer = bus_producer_new(&options, &handler, gateway->options.loop, err);
    if (gateway->producer == NULL)
        return false;
    gateway->calls = call_desk_new(gateway, err);
    return gateway->calls != NULL;
}

// Kafka may come later than we do: until then operations are refused, and the log says so once.
static void try_to_join(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct gateway *gateway = context;
    struct error err;
    if (join_kafka(gateway, &err)) {
        log_info("gateway", "takes commands for %u shards", gateway->shard_count);
        return;
    }
    if (!gateway->said_waiting)
        log_warning("gateway", "waiting for Kafka: %s: %s", err.place, err.text);
    gateway->said_waiting = true;
    struct timeval again = {JOIN_AGAIN_SECONDS, 0};
    evtimer_add(gateway->join, &again);
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
    gateway->processes = process_cache_new();
    gateway->batches = batch_runner_new(gateway);
    gateway->upkeep = upkeep_new(gateway);
    gateway->join = evtimer_new(options->loop, try_to_join, gateway);
    check(gateway->join != NULL);
    struct timeval now = {0, 0};
    evtimer_add(gateway->join, &now);
    return gateway;
}

const char *gateway_not_ready(const struct gateway *gateway)
{
    if (gateway->draining)
        return "this node is stopping";
    return gateway->calls == NULL ? "Kafka's reply topic is not reachable yet" : NULL;
}

void gateway_drain(struct gateway *gateway)
{
    gateway->draining = true;
    job_desk_drain(gateway->jobs);
}

void gateway_stop(struct gateway *gateway)
{
    gateway->draining = true;
    event_del(gateway->join);
    read_stop_all(gateway);
    if (gateway->calls != NULL)
        call_desk_stop(gateway->calls);
    job_desk_drain(gateway->jobs);
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    event_free(gateway->join);
    batch_runner_free(gateway->batches);
    upkeep_free(gateway->upkeep);
    job_desk_free(gateway->jobs);
    call_desk_free(gateway->calls);
    process_cache_free(gateway->processes);
    if (gateway->producer != NULL) {
        (void)bus_producer_flush(gateway->producer, 1000);
        bus_producer_free(gateway->producer);
    }
    arena_done(&gateway->arena);
    free(gateway);
}
