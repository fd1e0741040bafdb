// SPDX-License-Identifier: Apache-2.0
//
// The Kafka connector: a job whose variables describe a record (request.h), which is acknowledged
// by all replicas in sync before the job completes with {topic, partition, offset, timestamp}.
// Models that name the same brokers with the same settings share a producer; one that is not used
// for a minute is closed.
#ifndef BATON_CONNECTOR_KAFKA_KAFKA_H
#define BATON_CONNECTOR_KAFKA_KAFKA_H

#include "connector/call.h"

// The job types it serves: Camunda's name and ours.
extern const char *const kafka_types[2];

enum {
    KAFKA_MAX_PRODUCERS = 32, // at one time: a job for yet other brokers is tried again later
    KAFKA_IDLE_SECONDS = 60,  // until one is closed
    KAFKA_BUSY_BACKOFF_MS = 5000,
};

struct kafka;

struct kafka *kafka_new(const struct connector_site *site);
void kafka_free(struct kafka *kafka);

// A worker_handler; context is a struct kafka.
void kafka_handle(void *context, struct worker_task *task);

#endif
