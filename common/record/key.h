// SPDX-License-Identifier: Apache-2.0
//
// Keys name everything that lives on a shard: instances, element instances, jobs, timers, … A key
// is the shard's number and a counter of that shard, so keys are unique without talking to anybody,
// never used twice, and tell where a thing lives. The layout is Camunda 8's (13 bits of partition,
// 51 bits of counter), so keys fit where its clients expect them.
#ifndef BATON_RECORD_KEY_H
#define BATON_RECORD_KEY_H

#include <stdint.h>

enum { KEY_COUNTER_BITS = 51, KEY_MAX_SHARDS = 8191 };

// Shards are numbered from 0 like Kafka's partitions; keys carry shard + 1, so that no key is 0.
static inline uint64_t key_make(uint32_t shard, uint64_t counter)
{
    return (uint64_t)(shard + 1) << KEY_COUNTER_BITS | counter;
}

static inline uint32_t key_shard(uint64_t key)
{
    return (uint32_t)(key >> KEY_COUNTER_BITS) - 1;
}

static inline uint64_t key_counter(uint64_t key)
{
    return key & (((uint64_t)1 << KEY_COUNTER_BITS) - 1);
}

#endif
