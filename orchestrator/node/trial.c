// SPDX-License-Identifier: Apache-2.0
//
// Records under suspicion. A record that may be deadly is noted in PostgreSQL before it is tried,
// and tried while nothing else is done on the node: when the node dies, it is known of what, and no
// healthy record of another shard is suspected with it.
#include "node/internal.h"

static bool is_working(const struct shard *shard)
{
    return shard != NULL &&
           (shard->computing != NULL || shard->computed != NULL || shard->committing != NULL);
}

// Keeps the others from beginning anything; true when what they had begun is done.
static bool is_alone(struct shard *shard)
{
    struct node *node = shard->node;
    if (node->trial == NULL)
        node->trial = shard;
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != shard && is_working(node->shards[i]))
            return false;
    return node->trial == shard;
}

// Whose turn is next: that of the one who waits to try, else of all, the one that has tried last.
static void hand_on(struct shard *shard)
{
    struct node *node = shard->node;
    if (node->draining)
        return;
    if (node->trial != shard) {
        if (node->trial != NULL)
            node_shard_wake(node->trial);
        return;
    }
    node->trial = NULL;
    shard->suspicion.yields = true;
    for (uint32_t i = 1; i <= node->shard_count; i++) {
        struct shard *next = node->shards[(shard->number + i) % node->shard_count];
        if (next != NULL)
            node_shard_wake(next);
    }
}

void trial_end(struct shard *shard)
{
    struct suspicion *suspicion = &shard->suspicion;
    if (suspicion->careful > 0)
        suspicion->careful--;
    suspicion->stage = TRIAL_NONE;
    hand_on(shard);
}

void trial_suspect(struct shard *shard, size_t count)
{
    shard->suspicion.careful = (uint32_t)count;
    shard->suspicion.stage = TRIAL_NONE; // what failed is the record, not the connection
    shard->suspicion.survived = 0;
}

void trial_excuse(struct shard *shard)
{
    struct suspicion *suspicion = &shard->suspicion;
    if (suspicion->stage == TRIAL_NONE)
        return;
    suspicion->stage = TRIAL_NONE;
    if (suspicion->survived == 0)
        suspicion->survived = 1; // so that the next try of it is not counted
}

void trial_forget(struct shard *shard)
{
    struct suspicion *suspicion = &shard->suspicion;
    if (suspicion->stage != TRIAL_NONE)
        suspicion->survived++;
    suspicion->stage = TRIAL_NONE;
    hand_on(shard);
    suspicion->yields = false; // acquiring it again takes long enough
}

static void on_noted(void *context, enum store_outcome outcome, uint32_t tries)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL || shard->state != SHARD_RUNNING)
        return; // released meanwhile
    check(shard->suspicion.stage == TRIAL_NOTING);
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, "the shard was lost while a record was tried");
        return;
    }
    shard->suspicion.stage = TRIAL_NOTED;
    shard->suspicion.tries = tries;
    node_shard_wake(shard);
}

static void note(struct shard *shard)
{
    struct suspicion *suspicion = &shard->suspicion;
    int64_t offset = shard->inbox.first->offset;
    bool again = suspicion->survived > 0 && offset == suspicion->offset;
    const struct store_trial trial = {
        .shard = shard->number,
        .epoch = shard->epoch,
        .offset = offset,
        .survived = again && suspicion->survived <= NODE_MAX_SURVIVED,
    };
    if (!again)
        suspicion->survived = 0;
    suspicion->offset = offset;
    suspicion->stage = TRIAL_NOTING;
    store_try(shard->node->store, &trial, on_noted, pending_new(&shard->calls, shard));
}

void trial_take(struct shard *shard)
{
    struct suspicion *suspicion = &shard->suspicion;
    if (suspicion->yields || !is_alone(shard))
        return;
    if (suspicion->stage == TRIAL_NONE) {
        note(shard);
        return;
    }
    struct batch *batch = shard->computing = batch_new(shard, 1);
    if (suspicion->tries <= NODE_QUARANTINE_TRIES || batch->tasks[0].what != TASK_STEP)
        return;
    batch->tasks[0].what = TASK_QUARANTINE;
    batch->tasks[0].why = "failed three times";
}
