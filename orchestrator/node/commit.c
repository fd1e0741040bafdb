// SPDX-License-Identifier: Apache-2.0
//
// The transaction of a batch, and what follows from its outcome.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "vault/vault.h"

static void note_commit(struct shard *shard, const struct batch *batch)
{
    struct metrics *metrics = &shard->node->metrics;
    metrics_add(metrics, METRIC_COMMITS, 1);
    metrics_add(metrics, METRIC_COMMANDS, batch->count);
    metrics_add(metrics, METRIC_HISTORY_ROWS, batch->changes.history.count);
    for (size_t i = 0; i < batch->changes.breakers.count; i++)
        metrics_add(metrics, METRIC_BREAKERS_OPENED,
                    batch->changes.breakers.items[i].change != ROW_DELETE);
    histogram_add(&metrics->commits, clock_monotonic_ns() - batch->sent_ns);
}

static bool has_waiting_job(const struct changes *changes)
{
    for (size_t i = 0; i < changes->jobs.count; i++)
        if (changes->jobs.items[i].change != ROW_DELETE &&
            (changes->jobs.items[i].state == JOB_WAITING ||
             changes->jobs.items[i].state == JOB_HELD))
            return true;
    return false;
}

// An answer that changed nothing is in history; here it is counted by its reason, and logged.
static void note_rejections(struct shard *shard, const struct changes *changes)
{
    static const struct {
        enum rejection rejection;
        enum metric metric;
    } counted[] = {{REJECTION_LATE, METRIC_ANSWERS_LATE},
                   {REJECTION_STALE, METRIC_ANSWERS_STALE},
                   {REJECTION_NOT_FOUND, METRIC_ANSWERS_NOT_FOUND}};
    for (size_t i = 0; i < changes->history.count; i++) {
        const struct history_row *row = &changes->history.items[i];
        const struct event *event = &row->events[0];
        if (row->stream_kind != STREAM_SHARD || event->type != EVENT_COMMAND_REJECTED ||
            command_senders_of((enum command_type)event->number) != SENDERS_API_WORKER)
            continue;
        for (size_t j = 0; j < COUNT_OF(counted); j++)
            if (str_equal(event->code, str_of(rejection_name(counted[j].rejection))))
                metrics_add(&shard->node->metrics, counted[j].metric, 1);
        log_info("node", "shard %u: %s of job %llu changes nothing: %.*s", shard->number,
                 command_type_name((enum command_type)event->number),
                 (unsigned long long)event->key, STR_ARG(event->value));
    }
}

static void settle(struct shard *shard)
{
    struct batch *batch = shard->committing;
    shard->committing = NULL;
    note_commit(shard, batch);
    shard->next_offset = batch->next_offset;
    shard->outgoing.trimmed = batch->trims;
    shard->last_record = batch->last_record;
    shard->clock_ms = batch->changes.clock_ms;
    shard->has_last = true;
    shard->outgoing.trim_needed = false;
    trial_end(shard);
    retry_reset(&shard->commits);
    if (shard->dues.list != NULL)
        due_list_apply(shard->dues.list, &batch->changes, clock_shard_now_ms(shard));
    shard->jobs.any = shard->jobs.any || has_waiting_job(&batch->changes);
    jobs_serve(shard, batch);
    note_rejections(shard, &batch->changes);
    tally_note(&shard->node->tallies, &batch->changes);
    publish_batch(shard, batch);
    due_remind(shard);
}

void commit_refused(struct shard *shard, const struct batch *batch, const struct error *err)
{
    metrics_add(&shard->node->metrics, METRIC_REFUSED, 1);
    log_error("node", "shard %u: a transaction of %zu commands from offset %lld was refused: %s",
              shard->number, batch->count, (long long)batch->first_offset, err->text);
    trial_suspect(shard, batch->count);
    node_shard_restart(shard, shard->suspicion.careful > 1 ? NULL : err->text);
}

// The records are not to blame. The same transaction goes once more, and when that does not help
// the shard begins anew.
static void commit_busy(struct shard *shard, const struct error *err)
{
    static const struct retry_rule rule = {.first_ms = 100, .longest_ms = 2000, .tries = 5};
    int64_t rest_ms;
    metrics_add(&shard->node->metrics, METRIC_BUSY, 1);
    if (retry_next(&shard->commits, &rule, &rest_ms)) {
        timer_set(shard->again, rest_ms);
        return;
    }
    trial_excuse(shard);
    node_shard_restart(shard, err->text);
}

static void on_committed(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    struct metrics *metrics = &shard->node->metrics;
    switch (outcome) {
    case STORE_DONE:
        settle(shard);
        node_shard_wake(shard);
        return;
    case STORE_TAKEN:
        metrics_add(metrics, METRIC_TAKEN, 1);
        // Where everything may be deleted, that is what has happened: whoever did it waits.
        node_shard_restart(shard, config_bool(shard->node->config, CONFIG_ENGINE_TEST_CLOCK)
                                      ? NULL
                                      : "another owner has taken the shard");
        return;
    case STORE_REFUSED:
        commit_refused(shard, shard->committing, err);
        return;
    case STORE_BUSY:
        commit_busy(shard, err);
        return;
    case STORE_LOST:
        metrics_add(metrics, METRIC_LOST, 1);
        node_shard_restart(shard, err->text);
        return;
    }
}

static void send(struct shard *shard)
{
    struct batch *batch = shard->committing;
    const struct store_commit commit = {
        .shard = shard->number,
        .epoch = shard->epoch,
        .expected_offset = shard->next_offset,
        .next_offset = batch->next_offset,
        .batch = batch->number,
        .changes = &batch->changes,
        .has_persons = shard->has_persons,
        .packed = batch->packed,
        .first_outbound = batch->first_outbound,
        .next_outbound = batch->next_outbound,
        .outbound = strbuf_str(&batch->outbound),
        .letters_key = batch->has_sealed_letters ? vault_current(shard->node->vault) : STR_EMPTY,
        .published = batch->trims,
        .trimmed = shard->outgoing.trimmed,
        .events_published = shard->outgoing.events_published,
        .last_record = str_from(batch->last_record.bytes, DIGEST_SIZE),
        .sender_count = batch->senders_changed ? shard->sender_count : 0,
        .senders = shard->senders,
        .counts_usage = shard->counts_usage,
    };
    shard->pace.last_commit_ns = batch->sent_ns = clock_monotonic_ns();
    store_commit(shard->node->store, &commit, &batch->arena, on_committed,
                 pending_new(&shard->calls, shard));
}

void commit_send(struct shard *shard)
{
    shard->committing = shard->computed;
    shard->computed = NULL;
    shard->committing->trims = shard->outgoing.published;
    send(shard);
}

void commit_again(struct shard *shard)
{
    check(shard->committing != NULL);
    send(shard);
}
