// SPDX-License-Identifier: Apache-2.0
//
// What the files of this layer share.
#ifndef BATON_API_API_PRIVATE_H
#define BATON_API_API_PRIVATE_H

#include "api/api.h"
#include "api/request.h"
#include "base/map.h"
#include "bus/producer.h"

enum { API_STATUS_CLASSES = 6, API_BUCKETS = 9 };

struct call_desk;
struct event;
struct gateway_desk;
struct process_cache;
struct batch_runner;
struct upkeep;
struct evhttp;

struct api {
    struct api_options environment;
    struct {
        const char *key; // empty: no authentication
        size_t max_open_requests;
        int timeout_ms;
    } options;
    char address[96];
    struct arena arena; // as long as the api
    struct map topics;  // full names by short ones
    struct event *join; // tries to reach Kafka until it is there
    bool said_waiting;
    struct evhttp *http;
    struct bus_options bus;
    struct bus_producer *producer;
    struct call_desk *calls;
    struct gateway_desk *gateways;
    struct process_cache *processes;
    struct batch_runner *batches;
    struct upkeep *upkeep;
    uint32_t shard_count;
    uint32_t next_shard;  // round robin
    uint32_t start_shard; // of the instances that are started now
    int64_t chosen_ns;    // when it was chosen
    bool draining;
    size_t open_requests;
    uint64_t answered[API_STATUS_CLASSES]; // by hundreds of the status
    uint64_t duration_buckets[API_BUCKETS];
    int64_t duration_ns;
};

void api_count_request(struct api *api, int status, int64_t duration_ns);
void api_add_metrics(const struct api *api, struct strbuf *out);

// "<prefix>.<name>" in the api's arena.
const char *api_topic(struct api *api, str name);

#endif
