// SPDX-License-Identifier: Apache-2.0
//
// Time. A shard's time is that of the newest command it has done, and a record says its own: so a
// clock that is ahead, or a writer who claims a time from the future, would move the shard's time
// for good. PostgreSQL's clock is the one that all nodes share: a node whose clock is ahead of it
// takes off the difference, and no record is believed to come from later than now.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"

enum { NS_PER_MS = 1000000 };

int64_t node_uptime_ms(void)
{
    return clock_monotonic_ns() / NS_PER_MS;
}

// What parts the clock from the monotonic one since it was compared is a jump, of somebody who sets
// it: it counts when it was compared again.
int64_t node_now_ms(const struct node *node)
{
    int64_t now_ms = clock_now_ms();
    int64_t steady_ms = node->compared_ms + node_uptime_ms() - node->compared_uptime_ms;
    int64_t jump_ms = now_ms > steady_ms ? now_ms - steady_ms : steady_ms - now_ms;
    if (node->compared_ms > 0 && jump_ms > NODE_CLOCK_TOLERANCE_MS)
        now_ms = steady_ms;
    return now_ms - node->ahead_ms;
}

int64_t clock_latest_ms(const struct node *node)
{
    return node_now_ms(node) + NODE_CLOCK_TOLERANCE_MS;
}

int64_t clock_shard_now_ms(const struct shard *shard)
{
    return test_clock_time(engine_test_clock(shard->engine), node_now_ms(shard->node));
}

int64_t clock_shard_ahead_ms(const struct shard *shard)
{
    int64_t latest_ms =
        test_clock_time(engine_test_clock(shard->engine), clock_latest_ms(shard->node));
    int64_t ahead_ms = shard->clock_ms - latest_ms;
    return ahead_ms > 0 ? ahead_ms : 0;
}

// The question was on its way for some time, which is no fault of the clock: only what is ahead
// already when it is asked counts.
static void on_clock(void *context, enum store_outcome outcome, int64_t time_ms)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL || outcome != STORE_DONE)
        return;
    struct node *node = shard->node;
    int64_t ahead_ms = shard->dues.clock_asked_ms - time_ms;
    if (ahead_ms <= NODE_CLOCK_TOLERANCE_MS)
        ahead_ms = 0;
    if (ahead_ms > 0 && node->ahead_ms == 0)
        log_error("node",
                  "ALARM: the clock of this node is %lld ms ahead of PostgreSQL's: taken off, but "
                  "set it right",
                  (long long)ahead_ms);
    else if (ahead_ms == 0 && node->ahead_ms > 0)
        log_info("node", "the clock of this node is right again");
    bool is_first = node->compared_ms == 0;
    node->ahead_ms = ahead_ms;
    node->compared_ms = shard->dues.clock_asked_ms;
    node->compared_uptime_ms = shard->dues.clock_asked_uptime_ms;
    for (uint32_t i = 0; is_first && i < node->shard_count; i++)
        if (node->shards[i] != NULL) {
            node_shard_wake(node->shards[i]);
            due_remind(node->shards[i]);
        }
}

bool clock_is_compared(const struct node *node)
{
    return node->compared_ms > 0;
}

void clock_compare(struct shard *shard)
{
    shard->dues.clock_asked_ms = clock_now_ms();
    shard->dues.clock_asked_uptime_ms = node_uptime_ms();
    store_clock(shard->node->store, shard->number, on_clock, pending_new(&shard->calls, shard));
}
