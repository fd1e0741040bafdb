// SPDX-License-Identifier: Apache-2.0
#include "record/partition.h"

#include "base/murmur2.h"
#include "base/strbuf.h"

uint32_t record_message_partition(str name, str correlation_key, uint32_t shard_count)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf key = strbuf_new(&arena);
    strbuf_add(&key, name);
    strbuf_add_char(&key, '\0');
    strbuf_add(&key, correlation_key);
    uint32_t partition = murmur2_partition(strbuf_str(&key), shard_count);
    arena_done(&arena);
    return partition;
}
