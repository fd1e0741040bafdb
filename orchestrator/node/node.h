// SPDX-License-Identifier: Apache-2.0
//
// A node: runs the shards that the consumer group hands to it. One thread, one loop, which the
// caller owns and may share with other roles (api, ingress).
#ifndef BATON_NODE_NODE_H
#define BATON_NODE_NODE_H

#include "base/config.h"
#include "base/strbuf.h"
#include "store/installation.h"

struct event_base;
struct node;
struct vault;
struct vault_key;

// What the installation looks like, found out before anything starts.
struct node_site {
    uint32_t shards;           // partitions of the command topic
    uint32_t event_partitions; // of the event topic
    struct installation
        installation;          // with the secret that counts: engine.secret, else the one kept
    const struct vault *vault; // seals personal values; NULL: there is none
    const struct vault_key *persons; // what persons are digested with, where there is a vault
};

// Looks for PostgreSQL (schema up to date, or brings it there when postgres.migrate says so) and
// Kafka (topics, made when missing). Blocks some seconds at most; ERROR_UNAVAILABLE: try again.
MUST_CHECK bool node_prepare(const struct config *config, struct node_site *ret_site,
                             struct error *err);

struct watch;

MUST_CHECK struct node *node_new(const struct config *config, const struct node_site *site,
                                 struct event_base *loop, struct error *err);
void node_free(struct node *node);

// Tells the watch (node/watch.h) of each step. It must outlive the node.
void node_watch_with(struct node *node, struct watch *watch);

// Ready: PostgreSQL and Kafka are there, and every shard that was given to this node runs or is
// halted. When not, *ret_why says what is missing; it lives as long as the node.
bool node_is_ready(const struct node *node, const char **ret_why);

// What an operator must look at although the node works; NULL: nothing.
const char *node_warning(const struct node *node);

// Finishes what is being committed, publishes it, hands the shards over and calls back.
typedef void node_drained(void *context);
void node_drain(struct node *node, node_drained *done, void *context);

// Appends the node's metrics in Prometheus' text format.
void node_print_metrics(struct node *node, bool names, struct strbuf *out);

#endif
