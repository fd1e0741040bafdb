// SPDX-License-Identifier: Apache-2.0
#include "api/api_private.h"

#include "api/batch.h"
#include "api/call.h"
#include "api/guard.h"
#include "api/job_gateway.h"
#include "api/process_cache.h"
#include "api/route.h"
#include "api/upkeep.h"
#include "base/endpoint.h"
#include "base/log.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { IDLE_SECONDS = 120, MAX_HEADER_BYTES = 64 << 10, JOIN_AGAIN_SECONDS = 1 };

const char *api_topic(struct api *api, str name)
{
    const char *prefix = config_str(api->environment.config, CONFIG_KAFKA_TOPIC_PREFIX);
    struct strbuf topic = strbuf_new(&api->arena);
    const char *known = map_get(&api->topics, name);
    if (known != NULL)
        return known;
    strbuf_format(&topic, "%s.%.*s", prefix, STR_ARG(name));
    known = strbuf_cstr(&topic);
    map_put(&api->topics, str_copy(&api->arena, name), (void *)(uintptr_t)known);
    return known;
}

// -- Kafka ------------------------------------------------------------------------------

static void on_producer_broken(void *context, const struct error *failure)
{
    (void)context;
    log_failure("api", failure);
}

static bool join_kafka(struct api *api, struct error *err)
{
    struct bus_producer_options options = {.bus = api->bus, .timeout_ms = 30000, .linger_us = 500};
    struct bus_producer_handler handler = {.context = api, .broken = on_producer_broken};
    int shards;
    if (!bus_topic_partitions(&api->bus, api_topic(api, STR("commands")), 5000, &shards, err))
        return false;
    if (shards == 0)
        return error_set(err, ERROR_UNAVAILABLE, api_topic(api, STR("commands")),
                         "the topic does not exist yet");
    api->shard_count = (uint32_t)shards;
    if (api->producer == NULL)
        api->producer = bus_producer_new(&options, &handler, api->environment.loop, err);
    if (api->producer == NULL)
        return false;
    api->calls = call_desk_new(api, err);
    return api->calls != NULL;
}

// Kafka may come later than we do: until then the API answers 503, and says so once.
static void try_to_join(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct api *api = context;
    struct error err;
    if (join_kafka(api, &err)) {
        log_info("api", "serving on http://%s", api->address);
        return;
    }
    if (!api->said_waiting)
        log_warning("api", "waiting for Kafka: %s: %s", err.place, err.text);
    api->said_waiting = true;
    struct timeval again = {JOIN_AGAIN_SECONDS, 0};
    evtimer_add(api->join, &again);
}

// -- HTTP -------------------------------------------------------------------------------

static uint16_t bound_port(struct evhttp_bound_socket *socket)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    evutil_socket_t fd = evhttp_bound_socket_get_fd(socket);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static bool listen_on(struct api *api, struct error *err)
{
    const char *setting = config_str(api->environment.config, CONFIG_API_LISTEN);
    struct endpoint endpoint;
    if (!config_check(api->environment.config, err))
        return false;
    check(endpoint_parse(&api->arena, str_of(setting), &endpoint));
    struct evhttp_bound_socket *socket =
        evhttp_bind_socket_with_handle(api->http, endpoint.host, endpoint.port);
    if (socket == NULL)
        return error_set(err, ERROR_IO, "api.listen", "cannot listen on '%s': %s", setting,
                         strerror(errno));
    snprintf(api->address, sizeof api->address, "%s:%u", endpoint.host, bound_port(socket));
    return true;
}

static void set_up_http(struct api *api)
{
    api->http = evhttp_new(api->environment.loop);
    check(api->http != NULL);
    evhttp_set_allowed_methods(api->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                              EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE);
    evhttp_set_max_headers_size(api->http, MAX_HEADER_BYTES);
    evhttp_set_max_body_size(api->http, REQUEST_MAX_BODY);
    evhttp_set_timeout(api->http, IDLE_SECONDS);
    evhttp_set_default_content_type(api->http, NULL);
    evhttp_set_gencb(api->http, route_request, api);
    guard_install(api->http);
}

struct api *api_new(const struct api_options *environment, struct error *err)
{
    struct api *api = calloc(1, sizeof *api);
    check(api != NULL);
    const struct config *config = environment->config;
    api->environment = *environment;
    api->topics = map_new(&api->arena);
    api->options.key = config_str(config, CONFIG_API_KEY);
    api->options.max_open_requests = (size_t)config_i64(config, CONFIG_API_PENDING);
    api->options.timeout_ms = (int)config_i64(config, CONFIG_API_TIMEOUT_MS);
    api->bus =
        (struct bus_options){config_str(config, CONFIG_KAFKA_BROKERS), environment->node_name,
                             config_str(config, CONFIG_KAFKA_PROPERTIES)};
    api->gateways = gateway_desk_new(api);
    api->processes = process_cache_new();
    api->batches = batch_runner_new(api);
    api->upkeep = upkeep_new(api);
    api->join = evtimer_new(environment->loop, try_to_join, api);
    check(api->join != NULL);
    set_up_http(api);
    if (!listen_on(api, err)) {
        api_free(api);
        return NULL;
    }
    struct timeval now = {0, 0};
    evtimer_add(api->join, &now);
    return api;
}

void api_drain(struct api *api)
{
    api->draining = true;
}

void api_free(struct api *api)
{
    if (api == NULL)
        return;
    api->draining = true;
    event_free(api->join);
    batch_runner_free(api->batches);
    upkeep_free(api->upkeep);
    call_desk_free(api->calls);
    gateway_desk_free(api->gateways);
    process_cache_free(api->processes);
    evhttp_free(api->http);
    if (api->producer != NULL) {
        bus_producer_flush(api->producer, 1000);
        bus_producer_free(api->producer);
    }
    arena_done(&api->arena);
    free(api);
}

const char *api_address(const struct api *api)
{
    return api->address;
}
