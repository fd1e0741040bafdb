// SPDX-License-Identifier: Apache-2.0
//
// What kafka.c says to a node's clients.
#ifndef BATON_CLUSTER_FAKE_BUS_H
#define BATON_CLUSTER_FAKE_BUS_H

#include "bus/consumer.h"
#include "bus/producer.h"

void fake_bus_wake(struct bus_consumer *consumer); // there may be something to read
bool fake_bus_reads(const struct bus_consumer *consumer, uint32_t partition);
void fake_bus_revoked(struct bus_consumer *consumer);
void fake_bus_assigned(struct bus_consumer *consumer, const struct bus_partition *partitions,
                       size_t count);
void fake_bus_gone(struct bus_producer *producer); // all of a process that died; NULL is fine

#endif
