// SPDX-License-Identifier: Apache-2.0
#include "gateway/call.h"

#include "gateway/gateway_private.h"
#include "gateway/job_gateway.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "bus/consumer.h"
#include "record/key.h"
#include "record/mac.h"
#include "wire/wire.h"

#include <event2/event.h>
#include <stdlib.h>

// With replies to read, the place is told again after the shorter time; without, the broker may
// just have none.
enum { WATCH_SECONDS = 1, STALLED_SECONDS = 2, QUIET_SECONDS = 5 };

static const int64_t NS_PER_SECOND = 1000000000;

struct call {
    struct call_desk *desk;
    struct caller *caller;
    uint64_t number;
    call_answer *answer;
    unsigned wanted; // replies still to come
    bool *answered;  // by shard, when more than one answers: a reply may come again
    bool has_first;
    struct reply first; // of the shard that made something, copied
    struct event *deadline;
};

struct call_desk {
    struct gateway *gateway;
    struct bus_consumer *replies;
    int32_t partition;
    int64_t next_offset; // of the next reply
    bool is_lost;        // the topic was not there
    int64_t quiet_ns;    // when the last one came, or the first call began to wait
    struct event *watch;
    uint64_t next_number;
    struct arena arena;
    struct idmap pending; // call by number
};

static void end_call(struct call *call)
{
    idmap_remove(&call->desk->pending, call->number);
    event_free(call->deadline);
    free(call->answered);
    free(call);
}

static bool is_repeated(struct call *call, uint32_t shard)
{
    if (call->answered == NULL || shard >= call->desk->gateway->shard_count)
        return false;
    bool repeated = call->answered[shard];
    call->answered[shard] = true;
    return repeated;
}

static void on_deadline(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct call *call = context;
    struct caller *caller = call->caller;
    end_call(call);
    caller_fail_deadline(caller);
}

static void copy_reply(struct arena *arena, const struct reply *from, struct reply *to)
{
    *to = *from;
    to->reason = str_copy(arena, from->reason);
    to->process_id = str_copy(arena, from->process_id);
    to->variables = str_copy(arena, from->variables);
    struct deployed_resource *deployed =
        ARENA_ARRAY(arena, struct deployed_resource, from->deployed_count);
    for (size_t i = 0; i < from->deployed_count; i++) {
        deployed[i] = from->deployed[i];
        deployed[i].name = str_copy(arena, deployed[i].name);
        deployed[i].definition_id = str_copy(arena, deployed[i].definition_id);
        deployed[i].version_tag = str_copy(arena, deployed[i].version_tag);
        deployed[i].digest = str_copy(arena, deployed[i].digest);
        deployed[i].title = str_copy(arena, deployed[i].title);
    }
    to->deployed = deployed;
}

static void take_reply(struct call *call, const struct reply *reply)
{
    struct caller *caller = call->caller;
    if (reply->rejection != REJECTION_NONE) {
        end_call(call);
        caller_reject(caller, reply->rejection, reply->reason);
        return;
    }
    if (is_repeated(call, reply->shard))
        return;
    if (!call->has_first || reply->deployed_count > 0) {
        copy_reply(caller->arena, reply, &call->first);
        call->has_first = true;
    }
    if (--call->wanted > 0)
        return;
    struct reply first = call->first;
    call_answer *answer = call->answer;
    end_call(call);
    answer(caller, &first);
}

static void on_record(void *context, const struct bus_record *record)
{
    struct call_desk *desk = context;
    struct arena arena = ARENA_EMPTY;
    struct reply reply;
    desk->next_offset = record->offset + 1;
    desk->is_lost = false;
    desk->quiet_ns = clock_monotonic_ns();
    struct error err;
    if (!wire_decode_reply(&arena, record->value, &reply, &err)) {
        log_failure("gateway", &err);
    } else {
        struct call *call = reply.gateway == 0 ? idmap_get(&desk->pending, reply.to.request) : NULL;
        if (call != NULL)
            take_reply(call, &reply);
        else if (reply.gateway != 0)
            job_desk_take(desk->gateway->jobs, &reply);
    }
    arena_done(&arena);
}

static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    struct call_desk *desk = context;
    (void)partition;
    desk->is_lost = desk->is_lost || fault != BUS_FAULT_OTHER;
    log_failure("gateway", err);
}

// The topic was deleted, and is another one when it is there again: it is read from its beginning
// until a reply comes. One that comes twice finds no call.
static void find_replies(struct call_desk *desk)
{
    const char *topic = gateway_topic(desk->gateway, STR("replies"));
    const struct bus_partition place = {topic, desk->partition, BUS_OFFSET_BEGINNING};
    struct error err;
    desk->next_offset = 0;
    if (!bus_consumer_assign(desk->replies, &place, 1, &err))
        log_failure("gateway", &err);
}

// A consumer may lose its place when the broker was away. When calls wait and nothing comes, it is
// told again; a reply that comes twice finds no call.
static void watch_replies(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct call_desk *desk = context;
    struct error err;
    int64_t now_ns = clock_monotonic_ns();
    const char *topic = gateway_topic(desk->gateway, STR("replies"));
    struct bus_partition place = {topic, desk->partition, desk->next_offset};
    if (desk->is_lost && now_ns - desk->quiet_ns >= STALLED_SECONDS * NS_PER_SECOND) {
        desk->quiet_ns = now_ns;
        find_replies(desk);
        return;
    }
    if (desk->is_lost)
        return;
    if (desk->pending.count == 0)
        desk->quiet_ns = now_ns;
    bool stalled = bus_consumer_end_seen(desk->replies, topic, desk->partition) > place.offset;
    if (now_ns - desk->quiet_ns < (stalled ? STALLED_SECONDS : QUIET_SECONDS) * NS_PER_SECOND)
        return;
    desk->quiet_ns = now_ns;
    if (stalled)
        log_warning("gateway",
                    "no replies come though there are some: reading from offset %lld again",
                    (long long)place.offset);
    if (!bus_consumer_seek(desk->replies, &place, &err))
        log_failure("gateway", &err);
}

static bool join_replies(struct call_desk *desk, struct error *err)
{
    struct gateway *gateway = desk->gateway;
    const char *topic = gateway_topic(gateway, STR("replies"));
    int partitions;
    if (!bus_topic_partitions(&gateway->bus, topic, 10000, &partitions, err))
        return false;
    if (partitions == 0)
        return error_set(err, ERROR_UNAVAILABLE, topic, "the topic does not exist yet");
    struct bus_consumer_options options = {
        .bus = gateway->bus, .kind = BUS_CONSUMER_MANUAL, .reset = BUS_RESET_LATEST};
    struct bus_consumer_handler handler = {.context = desk, .record = on_record, .fault = on_fault};
    desk->replies = bus_consumer_new(&options, &handler, gateway->options.loop, err);
    if (desk->replies == NULL)
        return false;
    uint32_t random;
    random_bytes(&random, sizeof random);
    desk->partition = (int32_t)(random % (uint32_t)partitions);
    // The end as it is now, not as it is when the first fetch gets there: no reply may fall
    // between.
    int64_t low;
    int64_t high;
    if (!bus_consumer_offsets(desk->replies, topic, desk->partition, 10000, &low, &high, err))
        return false;
    struct bus_partition partition = {topic, desk->partition, high};
    desk->next_offset = high;
    return bus_consumer_assign(desk->replies, &partition, 1, err);
}

struct call_desk *call_desk_new(struct gateway *gateway, struct error *err)
{
    struct call_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    desk->pending = idmap_new(&desk->arena);
    random_bytes(&desk->next_number, sizeof desk->next_number);
    desk->next_number = (desk->next_number >> 2) + 1; // nodes that share a partition do not collide
    if (!join_replies(desk, err)) {
        call_desk_free(desk);
        return NULL;
    }
    desk->quiet_ns = clock_monotonic_ns();
    desk->watch = event_new(gateway->options.loop, -1, EV_PERSIST, watch_replies, desk);
    check(desk->watch != NULL);
    const struct timeval period = {.tv_sec = WATCH_SECONDS};
    event_add(desk->watch, &period);
    return desk;
}

int32_t call_desk_partition(const struct call_desk *desk)
{
    return desk->partition;
}

void call_desk_stop(struct call_desk *desk)
{
    size_t cursor = 0;
    uint64_t number;
    void *value;
    while (idmap_next(&desk->pending, &cursor, &number, &value)) {
        struct caller *caller = ((struct call *)value)->caller;
        end_call(value);
        caller_fail_format(caller, ERROR_UNAVAILABLE, "", "this node is stopping");
        cursor = 0; // the map moves what is behind a hole
    }
}

void call_desk_free(struct call_desk *desk)
{
    if (desk == NULL)
        return;
    check(desk->pending.count == 0);
    if (desk->watch != NULL)
        event_free(desk->watch);
    if (desk->replies != NULL)
        bus_consumer_free(desk->replies);
    arena_done(&desk->arena);
    free(desk);
}

bool call_post(struct gateway *gateway, struct command *command, uint32_t shard, struct error *err)
{
    if (!wire_check_command(command, err))
        return false;
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    wire_encode_command(&out, command);
    const struct bus_header headers[] = {
        {STR("content-type"), wire_command_content_type},
        {STR(MAC_HEADER),
         mac_make(&arena, gateway->options.secret, shard, STR_EMPTY, strbuf_str(&out))},
    };
    struct bus_record record = {.topic = gateway_topic(gateway, STR("commands")),
                                .partition = (int32_t)shard,
                                .value = strbuf_str(&out),
                                .header_count = COUNT_OF(headers),
                                .headers = headers};
    enum bus_sending sending = bus_producer_send(gateway->producer, &record, 0, err);
    arena_done(&arena);
    if (sending == BUS_FULL)
        return error_set(err, ERROR_UNAVAILABLE, "kafka", "the producer's queue is full");
    return sending == BUS_SENT;
}

static struct call *begin_call(struct caller *caller, struct command *command, call_answer *answer,
                               unsigned wanted)
{
    struct gateway *gateway = caller->gateway;
    struct call_desk *desk = gateway->calls;
    struct call *call = calloc(1, sizeof *call);
    check(call != NULL);
    *call = (struct call){.desk = desk,
                          .caller = caller,
                          .number = desk->next_number++,
                          .answer = answer,
                          .wanted = wanted};
    if (wanted > 1) {
        call->answered = calloc(wanted, sizeof *call->answered);
        check(call->answered != NULL);
    }
    command->reply = (struct reply_to){desk->partition, call->number};
    command->tenant = caller->tenant;
    command->principal = caller->principal;
    command->traceparent = caller->traceparent;
    call->deadline = evtimer_new(gateway->options.loop, on_deadline, call);
    check(call->deadline != NULL);
    int64_t timeout_ms = caller->timeout_ms > 0 ? caller->timeout_ms : gateway->timeout_ms;
    struct timeval wait = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    evtimer_add(call->deadline, &wait);
    idmap_put(&desk->pending, call->number, call);
    return call;
}

static bool send_call(struct call *call, struct command *command, uint32_t shard)
{
    struct error err;
    struct caller *caller = call->caller;
    if (call_post(caller->gateway, command, shard, &err))
        return true;
    end_call(call);
    caller_fail(caller, &err);
    return false;
}

// False after failing, when no command can be taken now.
static bool can_take(struct caller *caller)
{
    const char *why = gateway_not_ready(caller->gateway);
    if (why != NULL)
        caller_fail_format(caller, ERROR_UNAVAILABLE, "", "%s", why);
    return why == NULL;
}

void call_shard(struct caller *caller, struct command *command, uint32_t shard, call_answer *answer)
{
    if (can_take(caller))
        send_call(begin_call(caller, command, answer, 1), command, shard);
}

void call_instance(struct caller *caller, struct command *command, call_answer *answer)
{
    uint32_t shard = key_shard(command->instance);
    if (!can_take(caller))
        return;
    if (shard >= caller->gateway->shard_count)
        caller_fail_format(caller, ERROR_NOT_FOUND, "", "there is no instance with key %llu",
                           (unsigned long long)command->instance);
    else
        send_call(begin_call(caller, command, answer, 1), command, shard);
}

void call_every_shard(struct caller *caller, struct command *command, call_answer *answer)
{
    if (can_take(caller))
        send_call(begin_call(caller, command, answer, caller->gateway->shard_count), command, 0);
}

void call_broadcast(struct caller *caller, struct command *command, call_answer *answer)
{
    if (!can_take(caller))
        return;
    uint32_t shards = caller->gateway->shard_count;
    struct call *call = begin_call(caller, command, answer, shards);
    for (uint32_t shard = 0; shard < shards; shard++)
        if (!send_call(call, command, shard))
            return;
}
