// SPDX-License-Identifier: Apache-2.0
//
// Where the consumer reads: all partitions at once after the group has decided, one again when its
// shard was acquired anew.
#include "node/internal.h"

#include "base/log.h"

// Tells the consumer once, when it is known of all shards where they go on.
static void place_all(struct node *node)
{
    struct bus_partition partitions[NODE_MAX_SHARDS] = {0};
    size_t count = 0;
    struct error err;
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL && node_shard_is_settling(node->shards[i]))
            return;
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (shard == NULL || !shard->wanted)
            continue;
        bool reads = node_shard_reads(shard);
        if (reads)
            intake_recheck(shard);
        shard->reading.positioned = reads;
        shard->reading.paused = !reads;
        partitions[count++] = (struct bus_partition){node->topic_commands, (int32_t)i,
                                                     reads ? shard->reading.next : BUS_OFFSET_END};
    }
    if (!bus_consumer_assign(node->consumer, partitions, count, &err)) {
        log_failure("node", &err);
        return;
    }
    node->placed = true;
    for (size_t i = 0; i < count; i++)
        if (node->shards[partitions[i].partition]->reading.paused)
            bus_consumer_pause(node->consumer, node->topic_commands, partitions[i].partition);
}

// A shard that was acquired anew goes on from where PostgreSQL says.
static void place_again(struct shard *shard)
{
    struct node *node = shard->node;
    intake_recheck(shard);
    const struct bus_partition from = {node->topic_commands, (int32_t)shard->number,
                                       shard->reading.next};
    struct error err;
    bus_consumer_resume(node->consumer, node->topic_commands, (int32_t)shard->number);
    if (!bus_consumer_seek(node->consumer, &from, &err)) { // after resume, which sets a place too
        node_shard_restart(shard, err.text);
        return;
    }
    shard->reading.positioned = true;
    shard->reading.last_record_ms = node_uptime_ms();
    shard->reading.paused = false;
}

void place_shards(struct node *node)
{
    if (!node->placed) {
        place_all(node);
        return;
    }
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (shard != NULL && node_shard_reads(shard) && !shard->reading.positioned)
            place_again(shard);
    }
}
