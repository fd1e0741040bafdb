// SPDX-License-Identifier: Apache-2.0
//
// Messages and signals.
#include "api/api_private.h"
#include "gateway/start.h"
#include "gateway/call.h"

static void answer_message(struct caller *caller, const struct reply *reply)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_key(&w, STR("messageKey"), reply->key);
    write_tenant(&w, caller->tenant);
    if (reply->instance != 0)
        write_key(&w, STR("processInstanceKey"), reply->instance);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static void send_message(struct request *request, bool answer_correlation)
{
    struct command command = {.type = COMMAND_PUBLISH_MESSAGE};
    struct publish_message *message = &command.publish_message;
    if (!request_text(request, STR("name"), &message->name) ||
        !request_variables(request, STR("variables"), &message->variables))
        return;
    message->correlation_key = json_get_str(request->body, STR("correlationKey"), STR_EMPTY);
    message->message_id = json_get_str(request->body, STR("messageId"), STR_EMPTY);
    message->ttl_ms = json_get_i64(request->body, STR("timeToLive"), 0);
    message->answer_correlation = answer_correlation;
    message->business_id = json_get_str(request->body, STR("businessId"), STR_EMPTY);
    if (message->ttl_ms < 0) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"timeToLive\" is in milliseconds and not negative"));
        return;
    }
    struct caller *caller = caller_of(request);
    if (message->business_id.len > 0 && gateway_has_unique_ids(caller->gateway))
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"businessId\" cannot be given with a message: " UNIQUE_IDS_AT_START
                            ", which a message's shard does not watch over"));
    else
        gateway_publish(caller, &command, answer_message);
}

void handle_message_publish(struct request *request)
{
    send_message(request, false);
}

void handle_message_correlate(struct request *request)
{
    send_message(request, true);
}

// Who names no state asks for what waits: Camunda Process Test's isNotWaitingForMessage does.
void handle_subscription_search(struct request *request)
{
    const struct json *filter = json_get(request->body, STR("filter"));
    bool names_state = json_is(filter, JSON_OBJECT) &&
                       (json_get(filter, STR("messageSubscriptionState")) != NULL ||
                        json_get(filter, STR("$or")) != NULL);
    answer_search(request, names_state ? &collection_subscriptions : &collection_open_subscriptions,
                  (struct search_scope){0});
}

void handle_correlation_search(struct request *request)
{
    answer_search(request, &collection_correlations, (struct search_scope){0});
}

static void answer_signal(struct caller *caller, const struct reply *reply)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_key(&w, STR("signalKey"), reply->key);
    write_tenant(&w, caller->tenant);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_signal_broadcast(struct request *request)
{
    struct command command = {.type = COMMAND_BROADCAST_SIGNAL};
    if (request_text(request, STR("signalName"), &command.broadcast_signal.name) &&
        request_variables(request, STR("variables"), &command.broadcast_signal.variables))
        gateway_signal(caller_of(request), &command, answer_signal);
}
