// SPDX-License-Identifier: Apache-2.0
//
// What a shard does of its own accord: turns what falls due into commands, and tells PostgreSQL how
// far it has published when there is nothing else to commit.
#include "node/internal.h"

#include "base/clock.h"

enum { DUE_AGAIN_MS = 100, DUE_TURN = 5000, STALLED_MS = 1500, QUIET_MS = 5000 };

// -- Due --------------------------------------------------------------------------------

static void send_due(struct shard *shard, const struct store_due *due)
{
    const struct command command = {.type = due->type,
                                    .instance = due->instance,
                                    .key = due->key,
                                    .tenant = due->tenant,
                                    .due = {.due_ms = due->due_ms,
                                            .attempt = due->attempt,
                                            .name = due->name,
                                            .correlation_key = due->correlation_key}};
    publish_own(shard, &command);
    metrics_add(&shard->node->metrics, METRIC_DUE_SENT, 1);
}

// Nothing is due by a clock that nobody has compared: what it sends too early is taken for what is
// now, does nothing, and rests.
static void fire(struct shard *shard, int64_t now_ms)
{
    struct store_due due;
    if (!clock_is_compared(shard->node))
        return;
    size_t room = DUE_TURN;
    while (room-- > 0 && due_list_take(shard->dues.list, now_ms, &due))
        send_due(shard, &due);
}

static void on_dues(void *context, enum store_outcome outcome, const struct store_due *dues,
                    size_t count, bool complete)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    shard->dues.loading = false;
    int64_t now_ms = clock_shard_now_ms(shard);
    for (size_t i = 0; outcome == STORE_DONE && i < count; i++)
        due_list_add(shard->dues.list, &dues[i], now_ms);
    if (!complete) // look again soon, not only after DUE_RELOAD_MS
        shard->dues.loaded_ms = node_uptime_ms() - DUE_RELOAD_MS + DUE_AGAIN_MS;
    due_remind(shard);
}

static void load_due(struct shard *shard, int64_t now_ms)
{
    shard->dues.loading = true;
    shard->dues.loaded_ms = node_uptime_ms();
    clock_compare(shard);
    store_find_due(shard->node->store, shard->number, now_ms + DUE_HORIZON_MS, on_dues,
                   pending_new(&shard->calls, shard));
}

// -- Progress without commits -----------------------------------------------------------

static void on_trimmed(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL || outcome == STORE_DONE)
        return;
    if (outcome == STORE_BUSY)
        shard->outgoing.trim_needed = true; // with the next commit, or the next look
    else
        node_shard_restart(shard, err->text);
}

static bool is_idle(const struct shard *shard)
{
    int64_t quiet_ns = clock_monotonic_ns() - shard->pace.last_commit_ns;
    return shard->committing == NULL && shard->computed == NULL && shard->computing == NULL &&
           shard->inbox.count == 0 && quiet_ns > (int64_t)NODE_IDLE_TRIM_MS * 1000000;
}

static void trim(struct shard *shard)
{
    const struct store_trim trim = {.shard = shard->number,
                                    .epoch = shard->epoch,
                                    .published = shard->outgoing.published,
                                    .trimmed = shard->outgoing.trimmed,
                                    .has_persons = shard->has_persons,
                                    .events_published = shard->outgoing.events_published};
    shard->outgoing.trim_needed = false;
    store_trim(shard->node->store, &trim, on_trimmed, pending_new(&shard->calls, shard));
}

// A seek can be lost while the broker is away. When there is more to read and nothing comes, the
// consumer seeks again.
static void check_position(struct shard *shard, int64_t uptime_ms)
{
    struct node *node = shard->node;
    if (node->consumer == NULL || !node->placed || shard->reading.asking || shard->inbox.count > 0)
        return;
    int64_t end =
        bus_consumer_end_seen(node->consumer, node->topic_commands, (int32_t)shard->number);
    int64_t patience_ms = end > shard->reading.next ? STALLED_MS : QUIET_MS;
    if (shard->reading.positioned && uptime_ms - shard->reading.last_record_ms > patience_ms) {
        shard->reading.last_record_ms = uptime_ms;
        shard->reading.positioned = false;
    }
    if (!shard->reading.positioned)
        node_assign_soon(node);
}

// -- Reminding --------------------------------------------------------------------------

static void on_timer(void *context)
{
    due_remind(context);
}

void due_start(struct shard *shard)
{
    if (shard->dues.timer == NULL)
        shard->dues.timer = timer_new(shard->node->loop, on_timer, shard);
    shard->dues.list = due_list_new();
    shard->dues.test_clock = *engine_test_clock(shard->engine);
    shard->dues.ahead_ms = shard->node->ahead_ms;
    jobs_forget(shard);
}

void due_stop(struct shard *shard)
{
    due_list_free(shard->dues.list);
    if (shard->dues.timer != NULL)
        timer_stop(shard->dues.timer);
    shard->dues = (struct dues){.timer = shard->dues.timer};
    shard->jobs.any = false;
    jobs_forget(shard);
}

// What is due, and what rests, is by the time that was: it is looked up anew.
static void follow_clock(struct shard *shard)
{
    struct dues *dues = &shard->dues;
    const struct test_clock *clock = engine_test_clock(shard->engine);
    bool went_back = shard->node->ahead_ms > dues->ahead_ms + NODE_CLOCK_TOLERANCE_MS;
    if (!went_back && clock->offset_ms == dues->test_clock.offset_ms &&
        clock->is_pinned == dues->test_clock.is_pinned &&
        clock->pinned_ms == dues->test_clock.pinned_ms) {
        dues->ahead_ms = shard->node->ahead_ms;
        return;
    }
    if (dues->loading)
        return; // of the time that was
    due_list_free(dues->list);
    dues->list = due_list_new();
    dues->test_clock = *clock;
    dues->ahead_ms = shard->node->ahead_ms;
    dues->loaded_ms = node_uptime_ms() - DUE_RELOAD_MS;
}

void due_remind(struct shard *shard)
{
    if (shard->state != SHARD_RUNNING)
        return;
    follow_clock(shard);
    int64_t now_ms = clock_shard_now_ms(shard);
    int64_t uptime_ms = node_uptime_ms();
    check_position(shard, uptime_ms);
    fire(shard, now_ms);
    if (!shard->dues.loading && uptime_ms - shard->dues.loaded_ms >= DUE_RELOAD_MS)
        load_due(shard, now_ms);
    events_remind(shard, uptime_ms);
    rebuild_remind(shard, uptime_ms);
    publish_held(shard);
    if (shard->outgoing.trim_needed && is_idle(shard))
        trim(shard);
    jobs_remind(shard, uptime_ms);
    shares_remind(shard, uptime_ms);

    int64_t next_ms =
        clock_is_compared(shard->node) ? due_list_next_ms(shard->dues.list) : INT64_MAX;
    int64_t wait_ms = next_ms - now_ms < NODE_IDLE_TRIM_MS ? next_ms - now_ms : NODE_IDLE_TRIM_MS;
    if (wait_ms < 1)
        wait_ms = 1;
    timer_set(shard->dues.timer, wait_ms);
}
