// SPDX-License-Identifier: Apache-2.0
//
// Signals reach whoever waits at the moment, on every shard. The first shard gives the signal its
// key and tells the others. Each then sends it once more to itself, so that it comes after every
// subscription that was on its way before it.
#include "engine/step.h"

#include "record/key.h"
#include "record/partition.h"

static void send_signal(struct engine *engine, uint32_t shard,
                        const struct broadcast_signal *signal, bool again)
{
    struct command command = {
        .type = COMMAND_BROADCAST_SIGNAL,
        .key = again ? signal->key : 0,
        .tenant = engine->command->tenant,
        .broadcast_signal = *signal,
    };
    step_send_command(engine, shard, &command);
}

void signal_broadcast(struct engine *engine, str name, str variables)
{
    const struct broadcast_signal signal = {
        .name = name, .variables = variables, .key = step_key(engine)};
    for (uint32_t shard = 0; shard < engine->environment.shard_count; shard++)
        send_signal(engine, shard, &signal, false);
}

bool signal_throw(struct engine *engine, instance_ref instance, element_ref ei,
                  const struct bpmn_trigger *trigger, str *ret_why)
{
    str name;
    if (!expression_name(engine, ei, trigger->name, "the name of the signal", &name, ret_why))
        return false;
    str variables = variable_outgoing_json(engine, instance, ei);
    if (!border_value(engine, "the signal, with all its variables,", variables,
                      LIMIT_COMMAND_VARIABLES_BYTES, ret_why))
        return false;
    signal_broadcast(engine, name, variables);
    return true;
}

// A signal is for those that wait as it is thrown (BPMN 2.0, 10.4.4). What one shard does has an
// order, which its keys tell; what several do has none.
static bool came_too_late(uint64_t subscription, uint64_t signal)
{
    return key_shard(subscription) == key_shard(signal) && subscription > signal;
}

static void tell_waiting(struct engine *engine, const struct mailbox *mailbox,
                         const struct broadcast_signal *signal)
{
    for (const struct waiting_subscription *s = mailbox->subscriptions; s != NULL; s = s->next) {
        if (came_too_late(s->key, signal->key))
            continue;
        struct command command = {
            .type = COMMAND_CORRELATE_SUBSCRIPTION,
            .instance = s->instance,
            .key = s->key,
            .tenant = mailbox->tenant,
            .subscription = {.name = mailbox->name,
                             .reason = STR_EMPTY,
                             .correlation_key = STR_EMPTY,
                             .element_instance = s->element_instance,
                             .message = signal->key,
                             .process_id = s->process_id,
                             .variables = signal->variables,
                             .signal = true,
                             .shard = engine->environment.shard},
        };
        step_send_command(engine, s->shard, &command);
    }
}

// A signal starts each process once, not once on every shard.
static void start_instances(struct engine *engine, const struct broadcast_signal *signal)
{
    if (record_message_partition(signal->name, STR_EMPTY, engine->environment.shard_count) !=
        engine->environment.shard)
        return;
    for (const struct start *s = engine->shard->starts; s != NULL; s = s->next) {
        const struct definition *definition = idmap_get(&engine->shard->by_key, s->definition);
        if (s->kind == BPMN_SIGNAL_TRIGGER && definition != NULL &&
            str_equal(s->name, signal->name) && str_equal(s->tenant, engine->command->tenant))
            process_start_at(engine, definition, s->element, signal->variables, STR_EMPTY);
    }
}

void signal_receive(struct engine *engine)
{
    const struct command *command = engine->command;
    const struct broadcast_signal *signal = &command->broadcast_signal;
    str why;
    if (!variable_is_object(engine, signal->variables, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    if (signal->key == 0) {
        step_accept(engine, key_make(engine->environment.shard, engine->next_key), 0);
        signal_broadcast(engine, signal->name, signal->variables);
        return;
    }
    if (command->key != signal->key) {
        send_signal(engine, engine->environment.shard, signal, true);
        return;
    }
    tell_waiting(engine, engine_mailbox(engine, SUBSCRIPTION_SIGNAL, signal->name, STR_EMPTY),
                 signal);
    start_instances(engine, signal);
}
