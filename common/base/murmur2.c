// SPDX-License-Identifier: Apache-2.0
#include "base/murmur2.h"

enum { MURMUR_MULTIPLIER = 0x5bd1e995, MURMUR_SHIFT = 24 };

static const uint32_t seed = 0x9747b28c; // org.apache.kafka.common.utils.Utils.murmur2

static uint32_t read_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static uint32_t mix_tail(uint32_t hash, const unsigned char *tail, size_t len)
{
    for (size_t i = len; i > 0; i--)
        hash ^= (uint32_t)tail[i - 1] << (8 * (i - 1));
    return len > 0 ? hash * MURMUR_MULTIPLIER : hash;
}

uint32_t murmur2(str key)
{
    const unsigned char *bytes = (const unsigned char *)key.data;
    uint32_t hash = seed ^ (uint32_t)key.len;
    size_t whole = key.len & ~(size_t)3;
    for (size_t i = 0; i < whole; i += 4) {
        uint32_t word = read_u32(bytes + i) * MURMUR_MULTIPLIER;
        word = (word ^ word >> MURMUR_SHIFT) * MURMUR_MULTIPLIER;
        hash = hash * MURMUR_MULTIPLIER ^ word;
    }
    hash = mix_tail(hash, bytes + whole, key.len - whole);
    hash = (hash ^ hash >> 13) * MURMUR_MULTIPLIER;
    return hash ^ hash >> 15;
}

uint32_t murmur2_partition(str key, uint32_t partitions)
{
    check(partitions > 0);
    return (murmur2(key) & 0x7fffffff) % partitions;
}
