// SPDX-License-Identifier: Apache-2.0
//
// What the files of this layer share.
#ifndef BATON_GATEWAY_GATEWAY_PRIVATE_H
#define BATON_GATEWAY_GATEWAY_PRIVATE_H

#include "base/map.h"
#include "bus/errand.h"
#include "bus/producer.h"
#include "gateway/gateway.h"
#include "loop/pending.h"
#include "loop/retry.h"
#include "loop/timer.h"
#include "record/topic.h"

#include <sys/queue.h>

struct asker_desk;
struct audit_checkpoints;
struct audit_desk;
struct audit_streams;
struct batch_runner;
struct call_desk;
struct erasure_desk;
struct job_desk;
struct process_cache;
struct reading;
struct records_desk;
struct share_desk;
struct timer;
struct upkeep;
struct zone_db;

struct gateway {
    struct gateway_options options;
    int timeout_ms;
    struct arena arena; // as long as the gateway
    struct map topics;  // full names by short ones
    struct timer *join; // tries to reach Kafka until it is there
    struct retry joins;
    struct pending_list asked; // errands under way
    struct bus_errands *errands;
    bool said_waiting;
    struct bus_options bus;
    struct bus_producer *producer;
    struct call_desk *calls;
    struct job_desk *jobs;
    struct asker_desk *askers;
    struct process_cache *processes;
    struct batch_runner *batches;
    struct upkeep *upkeep;
    struct share_desk *shares;
    struct audit_desk *audit;
    struct audit_streams *streams;         // of the audit log
    struct audit_checkpoints *checkpoints; // NULL: nothing is signed
    struct records_desk *records;
    struct erasure_desk *erasures;
    const struct zone_db *zones; // NULL: not read yet
    uint32_t shard_count;
    uint32_t next_shard;  // round robin
    uint32_t start_shard; // of the instances that are started now
    int64_t chosen_ns;    // when it was chosen
    bool draining;
    TAILQ_HEAD(, reading) readings; // that the database has not answered
};

// "<prefix>.<name>" in the gateway's arena.
const char *gateway_topic(struct gateway *gateway, str name);

// Replies come: what is sent now will be answered.
bool gateway_hears(const struct gateway *gateway);

// One shard after the other.
uint32_t gateway_next_shard(struct gateway *gateway);

#endif
