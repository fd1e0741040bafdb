// SPDX-License-Identifier: Apache-2.0
//
// The embedded broker: librdkafka's mock cluster, which speaks Kafka's protocol to any process on
// this machine. It keeps everything in memory and forgets it when it ends; it proves nothing about
// durability. For `baton dev` and for tests that do not claim such things.
#ifndef BATON_BUS_EMBEDDED_H
#define BATON_BUS_EMBEDDED_H

#include "bus/bus.h"

struct bus_embedded;

// Starts a broker inside this process, on a free loopback port, with these topics.
MUST_CHECK struct bus_embedded *bus_embedded_new(const struct bus_topic *topics, size_t count,
                                                 struct error *err);
void bus_embedded_free(struct bus_embedded *broker);
const char *bus_embedded_brokers(const struct bus_embedded *broker); // "127.0.0.1:port"

// For tests: it refuses the next `count` requests that bring records, for good.
void bus_embedded_refuse(struct bus_embedded *broker, size_t count);

// The same, because the batch is too large for the topic.
void bus_embedded_refuse_large(struct bus_embedded *broker, size_t count);

// The body of a broker process: starts one, writes "host:port\n" to `out_fd`, and serves until
// `in_fd` ends (its parent has gone) or SIGTERM or SIGINT arrives.
MUST_CHECK bool bus_embedded_serve(const struct bus_topic *topics, size_t count, int in_fd,
                                   int out_fd, struct error *err);

#endif
