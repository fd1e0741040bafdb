// SPDX-License-Identifier: Apache-2.0
//
// The Kafka connector: a job whose variables describe a record (request.h), which is acknowledged
// by all replicas in sync before the job completes with {topic, partition, offset, timestamp}.
// Models that name the same brokers with the same settings and nearly the same time-out share a
// producer; one that is not used for a minute is closed. A job for yet other brokers waits until
// one is free; the worker's own brokers have theirs beside.
#ifndef BATON_CONNECTOR_KAFKA_KAFKA_H
#define BATON_CONNECTOR_KAFKA_KAFKA_H

#include "connector/call.h"

// The job types it serves: Camunda's name and ours.
extern const char *const kafka_types[2];

enum {
    KAFKA_MAX_PRODUCERS = 32,    // for brokers that models name, at one time
    KAFKA_TENANT_PRODUCERS = 24, // of them with records of one tenant under way
    KAFKA_PRODUCER_TOPICS = 256, // then a new one is made: each topic costs until the end
    KAFKA_IDLE_SECONDS = 60,     // until one is closed
};

struct kafka;

struct kafka *kafka_new(const struct connector_site *site);
void kafka_free(struct kafka *kafka);

// A worker_handler; context is a struct kafka.
void kafka_handle(void *context, struct worker_task *task);

#endif
