// SPDX-License-Identifier: Apache-2.0
//
// The gateway of a node: every operation that a caller can ask for. Whatever changes state becomes
// a command on Kafka and is answered when the engine's reply is there; whatever is read comes from
// PostgreSQL. It speaks no protocol: HTTP and others bring callers (caller.h).
#ifndef BATON_GATEWAY_GATEWAY_H
#define BATON_GATEWAY_GATEWAY_H

#include "base/config.h"
#include "gateway/caller.h"

struct access;
struct event_base;
struct query_pool;

struct gateway_options {
    struct event_base *loop;
    const struct config *config;
    struct query_pool *reader; // not owned; outlives the gateway
    struct access *access;     // who callers are; NULL: nobody is asked. Outlives the gateway
    const char *node_name;
    str secret; // of the installation: commands are signed with it; outlives the gateway
};

// Joins Kafka when it is there; until then operations fail with ERROR_UNAVAILABLE.
struct gateway *gateway_new(const struct gateway_options *options);

// Takes no new operations; those that wait for an answer may finish.
void gateway_drain(struct gateway *gateway);

// Its callers are answered: writes what is still to be told of them, and calls `done` from the
// loop, within seconds.
void gateway_settle(struct gateway *gateway, void (*done)(void *context), void *context);

// Ends every operation that still waits, each with ERROR_UNAVAILABLE: afterwards no caller is
// called again.
void gateway_stop(struct gateway *gateway);

void gateway_free(struct gateway *gateway); // stopped; callers may be gone

// Why operations would fail now; NULL: they would not.
const char *gateway_not_ready(const struct gateway *gateway);

struct access *gateway_access(const struct gateway *gateway);

// What was set of fair shares has changed on this node.
void gateway_shares_changed(struct gateway *gateway);

uint32_t gateway_shards(const struct gateway *gateway); // 0 until Kafka was reached

#endif
