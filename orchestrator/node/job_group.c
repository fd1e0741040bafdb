// SPDX-License-Identifier: Apache-2.0
#include "node/job_group.h"

#include "node/internal.h"

enum { NOTE_EVERY_MS = 10000 };

// What could not be noted is noted with the next look.
static void on_noted(void *context, enum store_outcome outcome, const struct error *err)
{
    (void)outcome, (void)err;
    struct node *node = pending_end(context);
    (void)node;
}

// Any shard's connection will do. False: the node runs none.
static bool find_shard(const struct node *node, uint32_t *ret_shard)
{
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL && node->shards[i]->state == SHARD_RUNNING) {
            *ret_shard = node->shards[i]->number;
            return true;
        }
    return false;
}

static void on_members(void *context, const str *clients, size_t count, const struct error *err)
{
    struct job_group *group = context;
    struct node *node = group->node;
    uint32_t shard;
    group->is_asking = false;
    if (!find_shard(node, &shard))
        return;
    const struct store_group noted = {.type = group->type,
                                      .knows_members = err == NULL,
                                      .members = clients,
                                      .member_count = count,
                                      .lag = group->lag};
    store_note_group(node->store, shard, &noted, on_noted, pending_new(&node->calls, node));
}

void job_group_look(struct job_group *group, int64_t lag, int64_t now_ms)
{
    if (group->is_asking || (group->noted_ms != 0 && now_ms - group->noted_ms < NOTE_EVERY_MS))
        return;
    group->is_asking = true;
    group->noted_ms = now_ms;
    group->lag = lag;
    bus_find_members(group->node->errands, group->name, on_members, group);
}
