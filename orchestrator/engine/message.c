// SPDX-License-Identifier: Apache-2.0
//
// Messages. An instance's subscriptions live twice: on the instance (what to do) and in the mailbox
// of (name, correlation key) on the shard that the two hash to (who waits). They talk by commands,
// each of which may come twice:
//
//     instance's shard                       message's shard
//       SUBSCRIPTION_OPENING  -- OPEN ------->  MAILBOX_SUBSCRIBED
//       SUBSCRIPTION_OPENED   <- CONFIRM ----
//                             <- CORRELATE --  MESSAGE_CORRELATING   (published, or buffered)
//       SUBSCRIPTION_CORRELATED - CONFIRM -->  MESSAGE_CORRELATED
//          or nobody waits      - REJECT --->  MESSAGE_REJECTED      (goes to another)
//       SUBSCRIPTION_CLOSED   -- CLOSE ----->  MAILBOX_UNSUBSCRIBED
//
// A delivery is settled by the first CONFIRM or REJECT that names it, so a message correlates at
// most once per subscription.
#include "engine/step.h"

#include "record/partition.h"

static uint32_t shard_of(const struct engine *engine, str name, str correlation_key)
{
    return record_message_partition(name, correlation_key, engine->environment.shard_count);
}

// -- The instance's side ----------------------------------------------------------------

// A message waits where its name and key hash to.
static void send_change(struct engine *engine, enum command_type type, instance_ref instance,
                        const struct subscription *s, uint64_t message)
{
    struct command command = {
        .type = type,
        .instance = instance->stream.key,
        .key = s->attachment.entity.key,
        .tenant = instance->tenant,
        .subscription = {.name = s->name,
                         .correlation_key = s->correlation_key,
                         .element_instance = s->attachment.owner->entity.key,
                         .message = message,
                         .process_id = instance->process_id,
                         .variables = STR_EMPTY,
                         .reason = STR_EMPTY,
                         .shard = engine->environment.shard},
    };
    const struct bpmn_element *event = &instance->process->elements[s->element];
    command.subscription.closes = event->interrupting || (event->type != BPMN_BOUNDARY_EVENT &&
                                                          event->type != BPMN_START_EVENT);
    step_send_command(engine, shard_of(engine, s->name, s->correlation_key), &command);
}

void message_open(struct engine *engine, instance_ref instance, element_ref host,
                  struct event event)
{
    event.type = EVENT_SUBSCRIPTION_OPENING;
    event.key = step_key(engine);
    event.scope = host->entity.key;
    step_emit(engine, instance, event);
    const struct subscription *s = state_entity(instance, ENTITY_KIND_SUBSCRIPTION, event.key);
    if (s->kind == SUBSCRIPTION_SIGNAL)
        entries_opened(engine, instance, s); // heard on this shard
    else
        send_change(engine, COMMAND_OPEN_SUBSCRIPTION, instance, s, 0);
}

void message_close(struct engine *engine, instance_ref instance, const struct subscription *s)
{
    if (s->kind == SUBSCRIPTION_SIGNAL)
        entries_closed(engine, instance, s);
    else
        send_change(engine, COMMAND_CLOSE_SUBSCRIPTION, instance, s, 0);
    step_emit(engine, instance,
              (struct event){.type = EVENT_SUBSCRIPTION_CLOSED,
                             .key = s->attachment.entity.key,
                             .scope = s->attachment.owner->entity.key});
}

void message_confirm_subscription(struct engine *engine)
{
    instance_ref instance = step_instance(engine, engine->command->instance);
    const struct subscription *s =
        instance ? state_entity(instance, ENTITY_KIND_SUBSCRIPTION, engine->command->key) : NULL;
    if (s != NULL && !str_is_empty(engine->command->subscription.reason))
        incident_raise(engine, instance, s->attachment.owner, "COMMAND_QUARANTINED",
                       engine->command->subscription.reason);
    else if (s != NULL && !s->opened && engine->command->subscription.opened)
        step_emit(engine, instance,
                  (struct event){.type = EVENT_SUBSCRIPTION_OPENED, .key = engine->command->key});
}

static void answer_delivery(struct engine *engine, enum command_type type)
{
    struct command answer = *engine->command;
    uint32_t shard = answer.subscription.shard;
    if (answer.subscription.signal)
        return; // a signal is not kept: nobody counts who heard it
    answer.type = type;
    answer.subscription.variables = STR_EMPTY;
    answer.subscription.shard = engine->environment.shard;
    answer.reply = (struct reply_to){0};
    step_send_command(engine, shard, &answer);
}

void message_give_back(struct engine *engine)
{
    answer_delivery(engine, COMMAND_REJECT_CORRELATION);
}

void message_refuse_subscription(struct engine *engine, str why)
{
    struct command refusal = *engine->command;
    uint32_t shard = refusal.subscription.shard;
    refusal.type = COMMAND_CONFIRM_SUBSCRIPTION;
    refusal.subscription.reason =
        str_format(engine->turn, "the subscription could not be opened: %.*s", STR_ARG(why));
    refusal.subscription.shard = engine->environment.shard;
    refusal.reply = (struct reply_to){0};
    step_send_command(engine, shard, &refusal);
}

// Held until the instance resumes: the message stays with its mailbox, whose subscription opens
// again then.
static bool takes_messages(instance_ref instance, const struct subscription *s)
{
    return instance->state == INSTANCE_ACTIVE && s->attachment.owner->phase != PHASE_COMPLETING;
}

// Simulation: an event that nobody subscribed to happens because it is told to. True: it did.
static bool happens_when_told(struct engine *engine, instance_ref instance)
{
    const struct command *command = engine->command;
    element_ref host =
        instance && engine->environment.is_simulated ? state_element(instance, command->key) : NULL;
    const struct bpmn_element *event =
        host ? bpmn_find_element(instance->process, command->subscription.name) : NULL;
    if (event == NULL)
        return false;
    event_happened(engine, instance, host, bpmn_index(instance->process, event),
                   command->subscription.variables);
    return true;
}

// A full instance takes nothing: the message goes to another or waits, and a person hears of it.
// When the incident is resolved, the subscription opens again.
static void refuse_message(struct engine *engine, instance_ref instance, element_ref host, str why)
{
    answer_delivery(engine, COMMAND_REJECT_CORRELATION);
    if (state_attachment(host, ENTITY_KIND_INCIDENT) == NULL)
        incident_raise(engine, instance, host, "LIMIT_REACHED", why);
}

static void correlate(struct engine *engine, instance_ref instance, const struct subscription *s,
                      uint64_t message, str variables)
{
    element_ref host = s->attachment.owner;
    const struct bpmn_element *event = &instance->process->elements[s->element];
    uint32_t element = s->element;
    step_emit(engine, instance,
              (struct event){.type = EVENT_SUBSCRIPTION_CORRELATED,
                             .key = s->attachment.entity.key,
                             .scope = host->entity.key,
                             .parent = message});
    if (event->parallel_multiple)
        message_close(engine, instance, s);
    event_happened(engine, instance, host, element, variables);
}

static void note_correlation(struct engine *engine, instance_ref instance,
                             const struct subscription *s)
{
    const struct command *command = engine->command;
    *ARRAY_PUSH(engine->turn, &engine->correlations) = (struct correlation_row){
        .change = ROW_INSERT,
        .key = s->attachment.entity.key,
        .message = command->subscription.message,
        .instance = instance->stream.key,
        .element_instance = s->attachment.owner->entity.key,
        .element_id = str_copy(engine->turn, instance->process->elements[s->element].id),
        .name = str_copy(engine->turn, s->name),
        .correlation_key = str_copy(engine->turn, s->correlation_key),
        .correlated_ms = engine->clock_ms,
    };
}

void message_correlate(struct engine *engine)
{
    const struct command *command = engine->command;
    instance_ref instance = step_instance(engine, command->instance);
    if (happens_when_told(engine, instance))
        return;
    const struct subscription *s =
        instance ? state_entity(instance, ENTITY_KIND_SUBSCRIPTION, command->key) : NULL;
    str why;
    bool known = s != NULL && s->last_message == command->subscription.message;
    if (s != NULL && !known && takes_messages(instance, s) &&
        !variable_has_room(engine, instance, &why)) {
        refuse_message(engine, instance, s->attachment.owner, why);
        return;
    }
    if (s == NULL || (!takes_messages(instance, s) && !known)) {
        answer_delivery(engine, COMMAND_REJECT_CORRELATION);
        return;
    }
    answer_delivery(engine, COMMAND_CONFIRM_CORRELATION);
    if (known)
        return;
    note_correlation(engine, instance, s);
    correlate(engine, instance, s, command->subscription.message, command->subscription.variables);
}

void message_take_signal(struct engine *engine, instance_ref instance, const struct subscription *s,
                         const struct broadcast_signal *signal)
{
    str why;
    if (!takes_messages(instance, s))
        return;
    if (!variable_has_room(engine, instance, &why)) {
        if (state_attachment(s->attachment.owner, ENTITY_KIND_INCIDENT) == NULL)
            incident_raise(engine, instance, s->attachment.owner, "LIMIT_REACHED", why);
        return;
    }
    correlate(engine, instance, s, signal->key, signal->variables);
}

// Subscriptions that were refused a message open again.
void message_reopen(struct engine *engine, instance_ref instance, element_ref host)
{
    for (const struct attachment *a = host->attachments; a != NULL; a = a->next)
        if (a->entity.kind == ENTITY_KIND_SUBSCRIPTION &&
            ((const struct subscription *)a)->kind == SUBSCRIPTION_MESSAGE)
            send_change(engine, COMMAND_OPEN_SUBSCRIPTION, instance, (const struct subscription *)a,
                        0);
}

// After a suspension: all of them.
void message_reopen_all(struct engine *engine, instance_ref instance, element_ref scope)
{
    message_reopen(engine, instance, scope);
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        message_reopen_all(engine, instance, child);
}

// -- Throwing ---------------------------------------------------------------------------

static bool message_time_to_live(struct engine *engine, element_ref ei,
                                 const struct bpmn_trigger *trigger, int64_t *ret_ttl, str *ret_why)
{
    int64_t until;
    *ret_ttl = LIMIT_THROWN_MESSAGE_TTL_MS;
    if (trigger->time_to_live == NULL)
        return true;
    if (!expression_instant(engine, ei, trigger->time_to_live, &until, ret_why))
        return false;
    *ret_ttl = until - engine->clock_ms;
    return true;
}

bool message_throw(struct engine *engine, instance_ref instance, element_ref ei,
                   const struct bpmn_trigger *trigger, str *ret_why)
{
    struct command command = {.type = COMMAND_PUBLISH_MESSAGE, .tenant = instance->tenant};
    struct publish_message *body = &command.publish_message;
    *body = (struct publish_message){
        .name = STR_EMPTY, .correlation_key = STR_EMPTY, .message_id = STR_EMPTY};
    if (!expression_name(engine, ei, trigger->name, "the name of the message", &body->name,
                         ret_why) ||
        (trigger->correlation &&
         !expression_name(engine, ei, trigger->correlation, "the correlation key",
                          &body->correlation_key, ret_why)) ||
        (trigger->message_id && !expression_name(engine, ei, trigger->message_id, "the message id",
                                                 &body->message_id, ret_why)) ||
        !message_time_to_live(engine, ei, trigger, &body->ttl_ms, ret_why))
        return false;
    body->variables = variable_outgoing_json(engine, instance, ei);
    if (!border_value(engine, "the message, with all its variables,", body->variables,
                      LIMIT_COMMAND_VARIABLES_BYTES, ret_why))
        return false;
    step_send_values(engine, shard_of(engine, body->name, body->correlation_key), &command,
                     instance->stream.key);
    return true;
}
