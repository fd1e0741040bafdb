// SPDX-License-Identifier: Apache-2.0
#include "gateway/audit.h"
#include "gateway/call.h"

#include "gateway/gateway_private.h"
#include "gateway/job_gateway.h"
#include "base/digest.h"
#include "base/log.h"
#include "gateway/replies.h"
#include "record/key.h"
#include "record/mac.h"
#include "wire/wire.h"

#include <event2/event.h>
#include <stdlib.h>

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
    struct replies *replies;
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

static size_t count_waiting(void *context)
{
    return ((const struct call_desk *)context)->pending.count;
}

struct call_desk *call_desk_new(struct gateway *gateway)
{
    struct call_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    desk->pending = idmap_new(&desk->arena);
    random_bytes(&desk->next_number, sizeof desk->next_number);
    desk->next_number = (desk->next_number >> 2) + 1; // nodes that share a partition do not collide
    desk->replies = replies_new(
        gateway,
        &(struct replies_handler){.context = desk, .record = on_record, .waiting = count_waiting});
    return desk;
}

bool call_desk_hears(const struct call_desk *desk)
{
    return replies_are_heard(desk->replies);
}

int32_t call_desk_partition(const struct call_desk *desk)
{
    return replies_partition(desk->replies);
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
    replies_free(desk->replies);
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
    struct bus_record record = {.topic = gateway_topic(gateway, topic_rest(TOPIC_COMMANDS)),
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
    command->reply = (struct reply_to){call_desk_partition(desk), call->number};
    command->tenant = caller->tenant;
    command->principal = caller->principal;
    command->origin = audit_origin(caller);
    caller_restrict(caller, command);
    command->traceparent = caller->traceparent;
    command->reference = caller->reference;
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

static bool is_known_tenant(const struct gateway *gateway, str tenant)
{
    str rest = str_of(config_str(gateway->options.config, CONFIG_ENGINE_TENANTS)), known;
    if (str_is_empty(tenant))
        return true;
    while (!str_is_empty(rest) && str_split(&rest, ',', &known))
        if (str_equal(str_trim(known), tenant))
            return true;
    return false;
}

// False after failing. Of a tenant that there is not and of another's the same is said.
static bool is_member(struct caller *caller)
{
    bool is = caller_has_tenant(caller, caller->tenant);
    if (!is)
        caller_fail_format(caller, ERROR_DENIED, "tenantId",
                           "the caller does not belong to a tenant '%.*s'",
                           STR_ARG(tenant_outside(caller->tenant)));
    return is;
}

// False after failing, when no command can be taken now.
static bool can_take(struct caller *caller)
{
    const char *why = gateway_not_ready(caller->gateway);
    if (why != NULL)
        caller_fail_format(caller, ERROR_UNAVAILABLE, "", "%s", why);
    else if (!caller->identity->is_everything)
        return is_member(caller);
    else if (!is_known_tenant(caller->gateway, caller->tenant))
        caller_fail_format(caller, ERROR_INVALID, "tenantId",
                           "there is no tenant '%.*s' here (engine.tenants)",
                           STR_ARG(caller->tenant));
    else
        return true;
    return false;
}

void call_shard(struct caller *caller, struct command *command, uint32_t shard, call_answer *answer)
{
    if (can_take(caller))
        send_call(begin_call(caller, command, answer, 1), command, shard);
}

void call_instance(struct caller *caller, struct command *command, call_answer *answer)
{
    uint32_t shard = key_shard(command->instance);
    const char *why = gateway_not_ready(caller->gateway);
    if (why != NULL) {
        caller_fail_format(caller, ERROR_UNAVAILABLE, "", "%s", why);
        return;
    }
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

void call_each_shard(struct caller *caller, struct command *command, call_answer *answer)
{
    uint32_t count = caller->gateway->shard_count;
    if (!can_take(caller))
        return;
    struct call *call = begin_call(caller, command, answer, count);
    bool is_sent = true;
    for (uint32_t shard = 0; is_sent && shard < count; shard++)
        is_sent = send_call(call, command, shard);
}
