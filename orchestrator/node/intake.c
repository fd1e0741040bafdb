// SPDX-License-Identifier: Apache-2.0
//
// Records from Kafka into a shard's inbox, and the check that the topic is still the one that was
// read before.
#include "node/internal.h"

#include "record/mac.h"

#include <stdio.h>
#include <stdlib.h>

enum { OFFSET_TEXT = 200, GAP_PATIENCE_MS = 30000 };

void inbox_clear(struct shard *shard)
{
    while (shard->inbox.first != NULL) {
        struct inbound *inbound = shard->inbox.first;
        shard->inbox.first = inbound->next;
        free(inbound);
    }
    shard->inbox.last = NULL;
    shard->inbox.count = shard->inbox.bytes = 0;
}

void inbox_pause(struct shard *shard)
{
    if (shard->reading.paused || shard->node->consumer == NULL)
        return;
    shard->reading.paused = true;
    bus_consumer_pause(shard->node->consumer, shard->node->topic_commands, (int32_t)shard->number);
}

static void resume(struct shard *shard)
{
    if (!shard->reading.paused)
        return;
    shard->reading.paused = false;
    if (shard->node->consumer != NULL)
        bus_consumer_resume(shard->node->consumer, shard->node->topic_commands,
                            (int32_t)shard->number);
}

struct inbound *inbox_take(struct shard *shard, size_t most, size_t *ret_count)
{
    struct inbound *first = shard->inbox.first;
    struct inbound *last = NULL;
    size_t count = 0;
    while (shard->inbox.first != NULL && count < most) {
        last = shard->inbox.first;
        shard->inbox.first = last->next;
        shard->inbox.bytes -= last->len;
        count++;
    }
    if (last != NULL)
        last->next = NULL;
    if (shard->inbox.first == NULL)
        shard->inbox.last = NULL;
    shard->inbox.count -= count;
    size_t limit = (size_t)config_i64(shard->node->config, CONFIG_ENGINE_BACKLOG);
    if (shard->inbox.count < limit / 2)
        resume(shard);
    *ret_count = count;
    return first;
}

void inbox_give_back(struct shard *shard, struct inbound *first)
{
    struct inbox *inbox = &shard->inbox;
    struct inbound *last = NULL;
    for (struct inbound *inbound = first; inbound != NULL; inbound = inbound->next) {
        last = inbound;
        inbox->count++;
        inbox->bytes += inbound->len;
    }
    if (last == NULL)
        return;
    check(inbox->first == NULL || last->offset < inbox->first->offset);
    last->next = inbox->first;
    if (inbox->first == NULL)
        inbox->last = last;
    inbox->first = first;
}

// "shard:number" in the header of a record that comes from another shard's outbox. What no node
// has signed comes from nobody.
static void read_sender(struct inbound *inbound, str header)
{
    uint64_t shard;
    size_t colon = str_find_char(header, ':');
    inbound->sender = NODE_SENDER_NONE;
    if (inbound->is_signed && colon != SIZE_MAX && str_to_u64(str_sub(header, 0, colon), &shard) &&
        str_to_u64(str_from_index(header, colon + 1), &inbound->number))
        inbound->sender = (uint32_t)shard;
}

static void push(struct shard *shard, const struct bus_record *record)
{
    struct inbound *inbound = malloc(sizeof *inbound + record->value.len);
    check(inbound != NULL);
    *inbound = (struct inbound){
        .offset = record->offset, .time_ms = record->timestamp_ms, .len = record->value.len};
    if (record->value.len > 0)
        memcpy(inbound->bytes, record->value.data, record->value.len);
    str from = bus_record_header(record, STR(FROM_HEADER));
    inbound->is_signed = mac_is_good(bus_record_header(record, STR(MAC_HEADER)),
                                     node_secret(shard->node), shard->number, from, record->value);
    read_sender(inbound, from);
    if (shard->inbox.last != NULL)
        shard->inbox.last->next = inbound;
    else
        shard->inbox.first = inbound;
    shard->inbox.last = inbound;
    shard->inbox.count++;
    shard->inbox.bytes += inbound->len;
    if (shard->inbox.count >= (size_t)config_i64(shard->node->config, CONFIG_ENGINE_BACKLOG))
        inbox_pause(shard);
}

struct digest intake_digest(int64_t time_ms, str value)
{
    char time[24];
    int len = snprintf(time, sizeof time, "%lld", (long long)time_ms);
    return digest_chain(digest_sha256(str_from(time, (size_t)len)), value);
}

// The record before the first one that we want must be the one that was taken last.
static void check_topic(struct shard *shard, const struct bus_record *record)
{
    struct digest digest = intake_digest(record->timestamp_ms, record->value);
    shard->reading.checking = false;
    if (memcmp(digest.bytes, shard->reading.checked.bytes, DIGEST_SIZE) != 0)
        node_shard_halt(shard,
                        "the topic is not the one that was read before: another record is at the "
                        "last offset taken");
}

// The digest of the record before read_offset; false when it is not known.
static bool last_read(const struct shard *shard, struct digest *ret_digest)
{
    const struct batch *batch = shard->computing  ? shard->computing
                                : shard->computed ? shard->computed
                                                  : shard->committing;
    const struct inbound *last = shard->inbox.last;
    if (last != NULL)
        *ret_digest = intake_digest(last->time_ms, str_from(last->bytes, last->len));
    else
        *ret_digest = batch != NULL ? batch->last_record : shard->last_record;
    return last != NULL || batch != NULL || shard->has_last;
}

// Between two places the brokers may have lost records and given their offsets to others.
void intake_recheck(struct shard *shard)
{
    if (shard->reading.checking || shard->reading.next == 0 ||
        !last_read(shard, &shard->reading.checked))
        return;
    shard->reading.checking = true;
    shard->reading.next--;
}

// Records that were fetched before a seek may still come; they are dropped and the seek is
// repeated. Nothing is ever skipped: what stays missing halts the shard.
static bool is_expected(struct shard *shard, int64_t offset)
{
    char why[OFFSET_TEXT];
    if (offset <= shard->reading.next)
        return offset == shard->reading.next;
    int64_t now_ms = node_uptime_ms();
    inbox_pause(shard);
    shard->reading.positioned = false; // due_remind seeks again
    if (shard->reading.gap_since_ms == 0)
        shard->reading.gap_since_ms = now_ms;
    if (now_ms - shard->reading.gap_since_ms > GAP_PATIENCE_MS) {
        snprintf(why, sizeof why, "the topic has no records at offsets %lld to %lld",
                 (long long)shard->reading.next, (long long)offset - 1);
        node_shard_halt(shard, why);
    }
    return false;
}

void intake_record(struct shard *shard, const struct bus_record *record)
{
    if (!node_shard_reads(shard) || !shard->reading.positioned ||
        !is_expected(shard, record->offset))
        return;
    shard->reading.next = record->offset + 1;
    shard->reading.gap_since_ms = 0;
    shard->reading.last_record_ms = node_uptime_ms();
    if (shard->reading.checking)
        check_topic(shard, record);
    else
        push(shard, record);
}

static void compare_ends(struct shard *shard, int64_t low, int64_t high)
{
    char why[OFFSET_TEXT];
    bool ahead = shard->reading.next + shard->reading.checking > shard->next_offset;
    if (high >= shard->next_offset && low <= shard->next_offset && ahead) {
        node_shard_restart(shard, "records that were read and not committed have gone");
        return;
    }
    if (high >= shard->next_offset && low <= shard->next_offset) {
        shard->reading.checking = false; // only what was taken before has gone: retention
        shard->reading.next = shard->next_offset;
        shard->reading.positioned = false;
        node_assign_soon(shard->node);
        return;
    }
    snprintf(why, sizeof why,
             "the topic has offsets %lld to %lld and the shard goes on at %lld: it was truncated, "
             "recreated or not kept long enough",
             (long long)low, (long long)high, (long long)shard->next_offset);
    node_shard_halt(shard, why);
}

static void on_ends(void *context, int64_t low, int64_t high, const struct error *failure)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    struct node *node = shard->node;
    shard->reading.asking = false;
    if (!node_shard_reads(shard))
        return;
    if (failure != NULL)
        node_shard_restart(shard, failure->text);
    else
        compare_ends(shard, low, high);
    node->placed = false; // seeking does not make a place that was out of range be read again
    node_assign_soon(node);
}

void intake_out_of_range(struct shard *shard)
{
    struct node *node = shard->node;
    if (!node_shard_reads(shard) || !shard->reading.positioned || shard->reading.asking)
        return;
    shard->reading.asking = true;
    bus_find_ends(node->errands, node->topic_commands, (int32_t)shard->number, on_ends,
                  pending_new(&shard->calls, shard));
}
