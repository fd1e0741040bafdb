// SPDX-License-Identifier: Apache-2.0
//
// The REST API of a node: Camunda 8's paths and shapes under /v2, Baton's own resources beside
// them, health and metrics. Each resource turns a request into an operation of the gateway or a
// read, and what comes of it into JSON.
#ifndef BATON_API_API_H
#define BATON_API_API_H

#include "base/config.h"
#include "base/error.h"
#include "base/strbuf.h"

struct api;
struct event_base;
struct vault;
struct gateway;

struct api_options {
    struct event_base *loop;
    const struct config *config;
    const struct vault_key *persons; // what persons are digested with, where there is a vault
    const struct vault *vault;       // NULL: none; outlives the api
    struct gateway *gateway;         // not owned; stopped before the api is freed
    const char *node_name;
    str secret; // of the installation: commands are signed with it; outlives the api
    void *context;
    // Why the node is not ready; NULL when it is. The text may be static or live until the next
    // call.
    const char *(*not_ready)(void *context);
    // What an operator must look at although the process is ready; NULL: nothing. May be NULL.
    const char *(*warning)(void *context);
    // Adds the node's metrics in Prometheus' text format; `names`: those of processes and job
    // types, else their sums. May be NULL.
    void (*add_metrics)(void *context, bool names, struct strbuf *out);
};

// Listens. NULL and *err when the address cannot be had, or when it is not a loopback address and
// no api.key is set.
MUST_CHECK struct api *api_new(const struct api_options *options, struct error *err);

// Takes no new connections. `done` is called from the loop when every request has been answered and
// its answer sent.
void api_drain(struct api *api, void (*done)(void *context), void *context);

void api_free(struct api *api);

#endif
