// SPDX-License-Identifier: Apache-2.0
//
// What a job asks the Kafka connector for. Inputs have the names of Camunda 8's Kafka producer:
// topic {topicName, bootstrapServers}, message {key, value}, headers, authentication {username,
// password}, additionalProperties; and timeoutInSeconds. See docs/connectors.md.
#ifndef BATON_CONNECTOR_KAFKA_REQUEST_H
#define BATON_CONNECTOR_KAFKA_REQUEST_H

#include "bus/bus.h"
#include "connector/input.h"

enum {
    KAFKA_MAX_TOPIC = 249,    // characters, as brokers have it
    KAFKA_MAX_SETTINGS = 16,  // of a model's own brokers
    KAFKA_MAX_BROKERS = 1000, // bytes of their list
};

struct kafka_request {
    const char *brokers; // empty: the worker's
    const char *topic;
    str key;   // data == NULL: none
    str value; // text, or JSON
    struct bus_header headers[BUS_MAX_HEADERS];
    size_t header_count;
    struct bus_setting settings[KAFKA_MAX_SETTINGS];
    size_t setting_count;
    long timeout_ms;
};

// The record that a job's variables (a JSON object) describe, in the arena; `own` are the first
// characters of the topics that are Baton's, which no model may write to. `job_key` becomes the
// header idempotency-key, unless the model has its own. False and *err, which names the input that
// is wrong.
MUST_CHECK bool kafka_read(const struct input *given, str own, uint64_t job_key,
                           struct kafka_request *ret_request);

#endif
