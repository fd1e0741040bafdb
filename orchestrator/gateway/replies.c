// SPDX-License-Identifier: Apache-2.0
#include "gateway/replies.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "bus/consumer.h"
#include "bus/errand.h"
#include "gateway/gateway_private.h"
#include "loop/pending.h"
#include "loop/retry.h"
#include "loop/timer.h"

#include <stdlib.h>

// With replies to read, the consumer seeks again after the shorter time; without, the engine may
// just have none.
enum { WATCH_MS = 1000, STALLED_SECONDS = 2, QUIET_SECONDS = 5 };

static const int64_t NS_PER_SECOND = 1000000000;

// Without an end: until then the node is not ready, and operations are refused.
static const struct retry_rule search_rule = {.first_ms = 200, .longest_ms = 5000};

enum replies_state { REPLIES_FINDING, REPLIES_MAKING, REPLIES_READING, REPLIES_CHECKING };

struct replies {
    struct gateway *gateway;
    struct replies_handler handler;
    const char *topic;
    enum replies_state state;
    struct pending_list asked; // errands under way
    struct retry search;
    struct timer *again; // FINDING after a rest
    struct timer *watch;
    struct bus_consumer *consumer;
    bool had_partition; // it was read before: a new topic is read from its beginning
    int32_t partition;
    int64_t next_offset; // of the next reply
    int64_t quiet_ns;    // when the last one came, or the first call began to wait
    bool has_fault;      // the consumer says that it cannot read
    bool said_missing;
};

static bool may_enter(enum replies_state from, enum replies_state to)
{
    switch (to) {
    case REPLIES_FINDING:
        return true;
    case REPLIES_MAKING:
        return from == REPLIES_FINDING;
    case REPLIES_READING:
        return from == REPLIES_FINDING || from == REPLIES_CHECKING;
    case REPLIES_CHECKING:
        return from == REPLIES_READING;
    }
    check_unreachable();
}

static void enter(struct replies *replies, enum replies_state state)
{
    check(may_enter(replies->state, state));
    check(state == REPLIES_CHECKING || replies->asked.count == 0);
    replies->state = state;
    if (state == REPLIES_READING)
        retry_reset(&replies->search);
}

// -- Finding the topic ------------------------------------------------------------------

static void find(void *context);

static void find_later(struct replies *replies, const struct error *err)
{
    int64_t rest_ms;
    if (!replies->said_missing)
        log_warning("gateway", "waiting for %s: %s", replies->topic, err->text);
    replies->said_missing = true;
    check(retry_next(&replies->search, &search_rule, &rest_ms));
    enter(replies, REPLIES_FINDING);
    timer_set(replies->again, rest_ms);
}

static void on_record(void *context, const struct bus_record *record)
{
    struct replies *replies = context;
    replies->next_offset = record->offset + 1;
    replies->quiet_ns = clock_monotonic_ns();
    replies->handler.record(replies->handler.context, record);
}

// One line a fault; what is to be done is found out by asking.
static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    (void)partition, (void)fault;
    struct replies *replies = context;
    if (!replies->has_fault)
        log_failure("gateway", err);
    replies->has_fault = true;
}

static bool read_from(struct replies *replies, int64_t offset, struct error *err)
{
    struct bus_consumer_options options = {
        .bus = replies->gateway->bus,
        .kind = BUS_CONSUMER_MANUAL,
        .reset = BUS_RESET_LATEST,
        .group = gateway_topic(replies->gateway, topic_rest(TOPIC_GROUP_ENGINE))};
    struct bus_consumer_handler handler = {
        .context = replies, .record = on_record, .fault = on_fault};
    struct bus_partition partition = {replies->topic, replies->partition, offset};
    if (replies->consumer == NULL)
        replies->consumer =
            bus_consumer_new(&options, &handler, replies->gateway->options.loop, err);
    replies->has_fault = false;
    replies->next_offset = offset;
    replies->quiet_ns = clock_monotonic_ns();
    return replies->consumer != NULL && bus_consumer_assign(replies->consumer, &partition, 1, err);
}

// The end as it is now, not as it is when the first fetch gets there: no reply may fall between.
// All that a new topic has came after the old one was lost.
static void on_first_ends(void *context, int64_t low, int64_t end, const struct error *err)
{
    struct replies *replies = pending_end(context);
    struct error failure;
    if (replies == NULL)
        return;
    if (err != NULL) {
        find_later(replies, err);
    } else if (!read_from(replies, replies->had_partition ? low : end, &failure)) {
        find_later(replies, &failure);
    } else {
        enter(replies, REPLIES_READING);
        log_info("gateway", "replies come on partition %d of %s", (int)replies->partition,
                 replies->topic);
        replies->had_partition = true;
        replies->said_missing = false;
    }
}

static void on_made(void *context, const struct error *err)
{
    struct replies *replies = pending_end(context);
    struct error waits;
    if (replies == NULL)
        return;
    (void)error_set(&waits, ERROR_UNAVAILABLE, replies->topic, "it was made again");
    find_later(replies, err != NULL ? err : &waits);
}

static void make(struct replies *replies)
{
    const struct config *config = replies->gateway->options.config;
    const struct bus_topic topic = {
        replies->topic, (int)config_i64(config, CONFIG_KAFKA_REPLY_PARTITIONS),
        (int)config_i64(config, CONFIG_KAFKA_REPLICAS), "max.message.bytes=4194304"};
    enter(replies, REPLIES_MAKING);
    bus_make_topic(replies->gateway->errands, &topic, on_made,
                   pending_new(&replies->asked, replies));
}

static void on_counted(void *context, size_t count, const struct error *err)
{
    struct replies *replies = pending_end(context);
    if (replies == NULL)
        return;
    if (err != NULL) {
        find_later(replies, err);
    } else if (count == 0) {
        make(replies);
    } else {
        uint32_t random;
        random_bytes(&random, sizeof random);
        if (!replies->had_partition || (size_t)replies->partition >= count)
            replies->partition = (int32_t)(random % count);
        bus_find_ends(replies->gateway->errands, replies->topic, replies->partition, on_first_ends,
                      pending_new(&replies->asked, replies));
    }
}

static void find(void *context)
{
    struct replies *replies = context;
    bus_count_partitions(replies->gateway->errands, replies->topic, on_counted,
                         pending_new(&replies->asked, replies));
}

// -- Looking after it -------------------------------------------------------------------

// It is there as it was: the consumer may have lost its place when the broker was away. A reply
// that comes twice finds no call.
static void seek_again(struct replies *replies, int64_t end)
{
    struct bus_partition place = {replies->topic, replies->partition, replies->next_offset};
    struct error err;
    if (end > replies->next_offset)
        log_warning("gateway",
                    "no replies come though there are some: reading from offset %lld again",
                    (long long)place.offset);
    if (!bus_consumer_seek(replies->consumer, &place, &err))
        log_failure("gateway", &err);
}

static void on_ends(void *context, int64_t low, int64_t end, const struct error *err)
{
    struct replies *replies = pending_end(context);
    if (replies == NULL)
        return;
    replies->quiet_ns = clock_monotonic_ns();
    bool is_same = err == NULL && low <= replies->next_offset && replies->next_offset <= end;
    if (is_same) {
        enter(replies, REPLIES_READING);
        replies->has_fault = false;
        seek_again(replies, end);
        return;
    }
    log_error("gateway", "%s is not the topic that it was: %s; finding it again", replies->topic,
              err != NULL ? err->text : "its offsets began anew");
    enter(replies, REPLIES_FINDING);
    find(replies);
}

static bool is_quiet(struct replies *replies)
{
    int64_t now_ns = clock_monotonic_ns();
    bool stalled = bus_consumer_end_seen(replies->consumer, replies->topic, replies->partition) >
                   replies->next_offset;
    if (replies->handler.waiting(replies->handler.context) == 0)
        replies->quiet_ns = now_ns;
    return now_ns - replies->quiet_ns >=
           (stalled ? STALLED_SECONDS : QUIET_SECONDS) * NS_PER_SECOND;
}

static void on_watch(void *context)
{
    struct replies *replies = context;
    timer_set(replies->watch, WATCH_MS);
    if (replies->state != REPLIES_READING || !(replies->has_fault || is_quiet(replies)))
        return;
    enter(replies, REPLIES_CHECKING);
    bus_find_ends(replies->gateway->errands, replies->topic, replies->partition, on_ends,
                  pending_new(&replies->asked, replies));
}

// -- Life -------------------------------------------------------------------------------

struct replies *replies_new(struct gateway *gateway, const struct replies_handler *handler)
{
    struct replies *replies = calloc(1, sizeof *replies);
    check(replies != NULL);
    replies->gateway = gateway;
    replies->handler = *handler;
    replies->topic = gateway_topic(gateway, topic_rest(TOPIC_REPLIES));
    replies->again = timer_new(gateway->options.loop, find, replies);
    replies->watch = timer_new(gateway->options.loop, on_watch, replies);
    timer_set(replies->watch, WATCH_MS);
    find(replies);
    return replies;
}

void replies_free(struct replies *replies)
{
    if (replies == NULL)
        return;
    pending_cancel(&replies->asked);
    timer_free(replies->again);
    timer_free(replies->watch);
    bus_consumer_free(replies->consumer);
    free(replies);
}

bool replies_are_heard(const struct replies *replies)
{
    return replies->state == REPLIES_READING || replies->state == REPLIES_CHECKING;
}

int32_t replies_partition(const struct replies *replies)
{
    return replies->partition;
}
