// SPDX-License-Identifier: Apache-2.0
//
// The key-to-partition function of the protocol: MurmurHash2 as Kafka's Java clients compute it, so
// that every client in every language sends the same key to the same partition.
#ifndef BATON_BASE_MURMUR2_H
#define BATON_BASE_MURMUR2_H

#include "base/str.h"

uint32_t murmur2(str key);

// (murmur2(key) with the sign bit cleared) modulo `partitions`; partitions must not be 0.
uint32_t murmur2_partition(str key, uint32_t partitions);

#endif
