// SPDX-License-Identifier: Apache-2.0
//
// A shard's turn: takes a batch of records, computes it, has it committed, and computes the next
// one meanwhile. A batch that has computed for BATCH_COMPUTE_US ends there and gives the rest back,
// so that the loop serves others (other shards, health, signals) between batches.
#include "node/internal.h"

#include "base/clock.h"

#include <stdlib.h>

enum {
    NS_PER_US = 1000,
    BUSY_COMMANDS = 2,
    BUSY_WINDOW_US = 50000,
    BATCH_COMPUTE_US = 20000,
};

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    while (batch->records != NULL) {
        struct inbound *inbound = batch->records;
        batch->records = inbound->next;
        free(inbound);
    }
    arena_done(&batch->arena);
    free(batch);
}

// -- Taking -----------------------------------------------------------------------------

static void note_end(struct batch *batch, const struct inbound *last)
{
    batch->next_offset = last->offset + 1;
    batch->last_record = intake_digest(last->time_ms, str_from(last->bytes, last->len));
    batch->shard->taken_offset = batch->next_offset;
}

// A shard is busy when the wait for a fuller batch brings some: judged by the window before.
static void count_commands(struct shard *shard, size_t count)
{
    struct pace *pace = &shard->pace;
    int64_t now_ns = clock_monotonic_ns();
    int64_t wait_us = config_i64(shard->node->config, CONFIG_ENGINE_BATCH_WAIT_US);
    int64_t window_us = (now_ns - pace->window_ns) / NS_PER_US;
    if (window_us >= BUSY_WINDOW_US) {
        pace->busy = (int64_t)pace->window_commands * wait_us >= BUSY_COMMANDS * window_us;
        pace->window_ns = now_ns;
        pace->window_commands = 0;
    }
    pace->window_commands += count;
}

struct batch *batch_new(struct shard *shard, size_t most)
{
    struct batch *batch = calloc(1, sizeof *batch);
    check(batch != NULL);
    batch->shard = shard;
    batch->first_offset = shard->taken_offset;
    batch->records = inbox_take(shard, most, &batch->count);
    check(batch->count > 0);
    count_commands(shard, batch->count);
    batch->tasks = ARENA_ARRAY(&batch->arena, struct task, batch->count);
    batch->letters = strbuf_new(&batch->arena);
    batch->sealed_letters = strbuf_new(&batch->arena);
    struct inbound *record = batch->records;
    for (size_t i = 0; i < batch->count; i++, record = record->next)
        decode_task(batch, record, &batch->tasks[i]);
    note_end(batch, batch->tasks[batch->count - 1].record);
    return batch;
}

// An idle shard commits at once. A busy one waits a little for a fuller batch; while a transaction
// runs, the next batch is computed as soon as it is worth it.
static bool is_time(struct shard *shard)
{
    const struct config *config = shard->node->config;
    size_t full = (size_t)config_i64(config, CONFIG_ENGINE_BATCH_COMMANDS);
    if (shard->inbox.count >= full)
        return true;
    if (shard->committing != NULL)
        return false;
    int64_t wait_us = config_i64(config, CONFIG_ENGINE_BATCH_WAIT_US);
    int64_t since_us = (clock_monotonic_ns() - shard->pace.last_commit_ns) / NS_PER_US;
    if (!shard->pace.busy || since_us >= wait_us)
        return true;
    if (!timer_is_set(shard->turn))
        timer_set_us(shard->turn, wait_us - since_us);
    return false;
}

static void take(struct shard *shard)
{
    const struct node *node = shard->node;
    if (shard->computing != NULL || shard->computed != NULL || shard->inbox.count == 0 ||
        shard->suspicion.stage == TRIAL_NOTING || shard->outgoing.count >= NODE_MAX_PUBLISHING ||
        (node->trial != NULL && node->trial != shard) || !clock_is_compared(node))
        return;
    if (shard->suspicion.careful > 0 && shard->committing == NULL)
        trial_take(shard);
    else if (shard->suspicion.careful == 0 && is_time(shard))
        shard->computing =
            batch_new(shard, (size_t)config_i64(node->config, CONFIG_ENGINE_BATCH_COMMANDS));
}

// -- Computing --------------------------------------------------------------------------

// Nothing of what goes back to the inbox has had an effect.
void batch_cut(struct batch *batch, size_t count)
{
    check(count > 0 && count >= batch->at);
    if (count >= batch->count)
        return;
    struct inbound *last = batch->tasks[count - 1].record;
    inbox_give_back(batch->shard, last->next);
    last->next = NULL;
    batch->count = count;
    note_end(batch, last);
}

static void finish(struct shard *shard)
{
    struct batch *batch = shard->computing;
    struct error err;
    batch_cut(batch, batch->at);
    engine_end(shard->engine, &batch->changes);
    if (!outbound_pack(batch, &err)) {
        commit_refused(shard, batch, &err);
        return;
    }
    keyring_take_new(shard->keyring, &batch->arena, &batch->changes);
    shard->has_persons |= batch->changes.personal_keys.count > 0;
    batch->packed = store_pack(shard->chain, &batch->changes, &batch->arena);
    batch->number = shard->batch_number += batch->changes.history.count > 0;
    shard->chain = batch->packed.chain;
    batch->first_outbound = shard->next_outbound;
    shard->next_outbound += batch->changes.outbound.count + batch->letter_count;
    batch->next_outbound = shard->next_outbound;
    shard->computing = NULL;
    shard->computed = batch;
}

static void quarantine(struct shard *shard, struct batch *batch, const struct task *task,
                       const char *why)
{
    engine_quarantine(shard->engine, &task->command, str_of(why));
    decode_set_aside(batch, task->record, why);
    metrics_add(&shard->node->metrics, METRIC_QUARANTINED, 1);
}

static void do_task(struct shard *shard, struct batch *batch, const struct task *task)
{
    str why;
    if (decode_is_duplicate(batch, task->record))
        return;
    switch (task->what) {
    case TASK_STEP:
        if (engine_is_set_aside(shard->engine, &task->command, &why)) {
            shard->unreadable_wanted = true;
            quarantine(shard, batch, task, str_cstr(&batch->arena, why));
        } else {
            engine_step(shard->engine, &task->command);
        }
        break;
    case TASK_QUARANTINE:
        quarantine(shard, batch, task, task->why);
        break;
    case TASK_SET_ASIDE:
        decode_set_aside(batch, task->record, task->why);
        break;
    }
}

// Runs the engine over the batch until it needs a stream that is not in memory, or its time is up.
static void compute(struct shard *shard)
{
    struct batch *batch = shard->computing;
    struct stream_ref refs[ENGINE_MAX_REFS];
    int64_t started_ns = clock_monotonic_ns();
    if (!batch->begun) {
        if (load_resources(shard))
            return;
        batch->begun = true;
        load_unreadable_again(shard);
        engine_begin(shard->engine, &batch->arena);
    }
    int64_t spent_us = 0;
    while (batch->at < batch->count && (batch->at == 0 || spent_us < BATCH_COMPUTE_US)) {
        const struct task *task = &batch->tasks[batch->at];
        if (task->what == TASK_STEP && engine_missing(shard->engine, &task->command, refs) > 0) {
            load_streams(shard);
            return;
        }
        const struct watch_step step = {.shard = shard->number,
                                        .epoch = shard->epoch,
                                        .offset = task->record->offset,
                                        .is_noted = shard->suspicion.stage == TRIAL_NOTED};
        watch_begin(shard->node->guard, &step);
        do_task(shard, batch, task);
        watch_end(shard->node->guard);
        batch->at++;
        spent_us = (clock_monotonic_ns() - started_ns) / NS_PER_US;
    }
    finish(shard);
    metrics_add(&shard->node->metrics, METRIC_COMPUTE_US, (uint64_t)spent_us);
}

static void take_and_compute(struct shard *shard)
{
    take(shard);
    if (shard->computing != NULL && !shard->computing->loading)
        compute(shard);
}

void node_shard_turn(struct shard *shard)
{
    if (shard->state == SHARD_DRAINING)
        node_shard_drained(shard);
    if (shard->state != SHARD_RUNNING)
        return;
    take_and_compute(shard);
    if (shard->computed != NULL && shard->committing == NULL) {
        commit_send(shard);
        take_and_compute(shard); // computes ahead when enough is there
    }
}
