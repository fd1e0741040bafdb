// SPDX-License-Identifier: Apache-2.0
//
// The role ingress: user topics become messages and instances. Which topics, and how, is told by
// topic subscriptions in PostgreSQL (mapping.h); changes are taken up within seconds. Each record
// takes effect once: its topic, partition and offset are its deduplication key. What cannot be
// understood goes to <topic>.dlq with its key, value and headers kept and the reason added.
#ifndef BATON_INGRESS_INGRESS_H
#define BATON_INGRESS_INGRESS_H

#include "base/config.h"
#include "base/strbuf.h"

struct event_base;
struct ingress;
struct query_pool;

enum {
    INGRESS_RELOAD_MS = 2000, // subscriptions are read again
    INGRESS_REST_MS = 1000,   // between two tries of a record that the broker refused
    INGRESS_MAX_SUBSCRIPTIONS = 500,
    INGRESS_MAX_REFUSALS = 4, // then the record becomes a dead letter
    INGRESS_STUCK_MS = 60000, // a subscription rests when its dead letter is refused as well
};

struct ingress_options {
    struct event_base *loop;
    const struct config *config;
    struct query_pool *reader; // not owned
    const char *node_name;
    uint32_t shards;
    str secret; // of the installation: commands are signed with it; outlives the ingress
};

MUST_CHECK struct ingress *ingress_new(const struct ingress_options *options, struct error *err);

// Commits what is done and leaves the consumer groups.
void ingress_free(struct ingress *ingress);

// Appends metrics in Prometheus' text format.
void ingress_add_metrics(const struct ingress *ingress, struct strbuf *out);

#endif
