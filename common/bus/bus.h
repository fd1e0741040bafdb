// SPDX-License-Identifier: Apache-2.0
//
// What producers and consumers share: how a broker is reached, what a record looks like, how topics
// are made. The bus is the only layer that sees librdkafka; everybody else sees slices and
// callbacks on a libevent loop.
#ifndef BATON_BUS_BUS_H
#define BATON_BUS_BUS_H

#include "base/error.h"
#include "base/str.h"

struct event_base;
struct sockaddr;

// A record with its headers and all that frames it, as brokers measure it (max.message.bytes). A
// dead letter's value stays so far below that its headers always fit.
enum {
    BUS_MAX_HEADERS = 32,
    BUS_MAX_RECORD_BYTES = 4 << 20,
    BUS_MAX_LETTER_BYTES = BUS_MAX_RECORD_BYTES - 64 * 1024,
};

struct bus_setting {
    const char *name; // by librdkafka
    const char *value;
};

// Whether a broker's address may be connected to. Called on threads of librdkafka, for every
// connection, once its name is resolved; `broker` is "host:port".
typedef bool bus_may_connect(void *context, const struct sockaddr *address, str broker);

struct bus_options {
    const char *brokers;   // "host:port,host:port"
    const char *client_id; // shown in the brokers' logs
    const char
        *properties; // more settings by librdkafka's names: "security.protocol=SSL;…" or NULL
    const struct bus_setting *settings; // more, whose values may hold any characters; copied
    size_t setting_count;
    bus_may_connect *may_connect; // producers only; NULL: wherever the brokers are
    void *connect_context;
};

struct bus_header {
    str name;
    str value;
};

enum { BUS_PARTITION_BY_KEY = -1 }; // murmur2 of the key

struct bus_record {
    const char *topic;
    int32_t partition;
    int64_t offset;       // consumed records only
    int64_t timestamp_ms; // when sending: 0 for now
    str key;              // data == NULL: none
    str value;            // data == NULL: none (a tombstone)
    size_t header_count;
    const struct bus_header *headers;
};

// Whether librdkafka knows the settings of kafka.properties, and they say how brokers on other
// machines are spoken to (security.protocol); asks no broker.
MUST_CHECK bool bus_check_properties(const char *brokers, const char *properties,
                                     struct error *err);

// The value of the first header with this name; data == NULL when there is none.
str bus_record_header(const struct bus_record *record, str name);

struct bus_topic {
    const char *name;
    int partitions;
    int replicas;           // 0: the broker's default
    const char *properties; // topic settings: "retention.ms=…;…" or NULL
    const char *wishes;     // settings that older brokers do not know: left out there; or NULL
    bool grows;             // one that exists with fewer partitions gets more
};

// Makes the topics that are missing and leaves those that exist as they are. Blocks up to
// `timeout_ms`. On a broker without an admin API (the embedded one) topics come into being when
// they are first used.
MUST_CHECK bool bus_topics_ensure(const struct bus_options *options, const struct bus_topic *topics,
                                  size_t count, int timeout_ms, struct error *err);

// Whether there is such a topic. Asks for all topics, since brokers may make one that is asked for
// by its name. Blocks up to `timeout_ms`.
MUST_CHECK bool bus_topic_exists(const struct bus_options *options, const char *topic,
                                 int timeout_ms, bool *ret_exists, struct error *err);

// Number of partitions of a topic; 0 when there is no such topic. Blocks up to `timeout_ms`.
MUST_CHECK bool bus_topic_partitions(const struct bus_options *options, const char *topic,
                                     int timeout_ms, int *ret_partitions, struct error *err);

#endif
