// SPDX-License-Identifier: Apache-2.0
//
// Signals reach those that wait as they are thrown (BPMN 2.0, 10.5.4), on every shard. What waits
// in the instance that throws, and in those that called it, hears the signal in that very step,
// before anything goes on: a border of the scope that throws, an event sub-process, another
// instance of a loop. Of all others the first shard gives the signal its key and tells all shards.
// Each tells those of its instances whose subscription has a key below the one that the signal has,
// or that the shard would give next when it hears of it; so many at a time that others are served
// in between: the next piece is a command that the shard sends to itself.
#include "engine/step.h"

#include "record/key.h"
#include "record/partition.h"

#include <stdlib.h>

// Whoever asked for a signal from outside reaches no more with its parts. A signal that an instance
// throws reaches all: `asked` is NULL.
static void restrict_as(struct command *command, const struct command *asked)
{
    if (asked == NULL)
        return;
    command->restricted = asked->restricted;
    command->grants = asked->grants;
    command->grant_count = asked->grant_count;
}

// `thrower` is whose values it carries; 0: they are marked already.
static void send_signal(struct engine *engine, uint32_t shard, struct broadcast_signal signal,
                        const struct command *asked, uint64_t thrower)
{
    struct command command = {.type = COMMAND_BROADCAST_SIGNAL,
                              .tenant = engine->command->tenant,
                              .principal = asked != NULL ? asked->principal : STR_EMPTY,
                              .broadcast_signal = signal};
    restrict_as(&command, asked);
    step_send_values(engine, shard, &command, thrower);
}

// -- In the throwing instance -----------------------------------------------------------

struct heard {
    uint64_t instance;
    uint64_t key; // of the subscription
};

struct hearers {
    struct arena *arena;
    ARRAY(struct heard) items;
};

static int by_key(const void *a, const void *b)
{
    uint64_t left = ((const struct heard *)a)->key, right = ((const struct heard *)b)->key;
    return left < right ? -1 : left > right;
}

enum { ENTITIES_PER_STEP = 16 };

static void find_hearers(struct engine *engine, instance_ref instance, str name,
                         struct hearers *hearers)
{
    size_t cursor = 0;
    uint64_t key;
    void *entity;
    if (instance->hears == 0)
        return;
    step_spend(engine, instance->entities.count / ENTITIES_PER_STEP);
    while (idmap_next(&instance->entities, &cursor, &key, &entity)) {
        const struct subscription *s = entity;
        if (s->attachment.entity.kind == ENTITY_KIND_SUBSCRIPTION &&
            s->kind == SUBSCRIPTION_SIGNAL && str_equal(s->name, name))
            *ARRAY_PUSH(hearers->arena, &hearers->items) =
                (struct heard){instance->stream.key, key};
    }
}

// In the order in which they began to wait. What one of them ends does not hear it any more.
static void tell_at_once(struct engine *engine, instance_ref instance,
                         const struct broadcast_signal *signal)
{
    struct hearers hearers = {.arena = engine->turn};
    for (; instance != NULL; instance = step_instance(engine, instance->parent_instance))
        find_hearers(engine, instance, signal->name, &hearers);
    if (hearers.items.count > 1)
        qsort(hearers.items.items, hearers.items.count, sizeof *hearers.items.items, by_key);
    for (size_t i = 0; i < hearers.items.count; i++) {
        instance_ref hearer = step_instance(engine, hearers.items.items[i].instance);
        const struct subscription *s =
            hearer ? state_entity(hearer, ENTITY_KIND_SUBSCRIPTION, hearers.items.items[i].key)
                   : NULL;
        if (s != NULL)
            message_take_signal(engine, hearer, s, signal);
    }
}

static struct broadcast_signal broadcast(struct engine *engine, str name, str variables,
                                         const struct command *asked, uint64_t thrower)
{
    struct broadcast_signal signal = {.name = name, .variables = variables};
    signal.key = step_key(engine);
    for (uint32_t shard = 0; shard < engine->environment.shard_count; shard++)
        send_signal(engine, shard, signal, asked, thrower);
    return signal;
}

void signal_broadcast(struct engine *engine, instance_ref instance, str name, str variables)
{
    struct broadcast_signal signal = broadcast(engine, name, variables, NULL, instance->stream.key);
    signal.variables = personal_travel(engine, instance->stream.key, signal.variables);
    tell_at_once(engine, instance, &signal);
}

// -- Everywhere -------------------------------------------------------------------------

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
    signal_broadcast(engine, instance, name, variables);
    return true;
}

static void tell(struct engine *engine, const struct waiting *waiting,
                 const struct broadcast_signal *signal)
{
    struct command command = {
        .type = COMMAND_CORRELATE_SUBSCRIPTION,
        .instance = waiting->instance,
        .key = waiting->key,
        .tenant = engine->command->tenant,
        .subscription = {.name = signal->name,
                         .reason = STR_EMPTY,
                         .correlation_key = STR_EMPTY,
                         .element_instance = waiting->element_instance,
                         .message = signal->key,
                         .process_id = STR_EMPTY,
                         .variables = signal->variables,
                         .signal = true,
                         .shard = engine->environment.shard},
    };
    restrict_as(&command, engine->command);
    step_send_command(engine, engine->environment.shard, &command);
}

// What one shard does has an order, which its keys tell; what several do has none.
static uint64_t end_of(const struct engine *engine, const struct broadcast_signal *signal)
{
    if (signal->until != 0)
        return signal->until;
    return key_shard(signal->key) == engine->environment.shard
               ? signal->key
               : key_make(engine->environment.shard, engine->next_key);
}

static void tell_piece(struct engine *engine, struct broadcast_signal signal)
{
    struct waiting waiting[LIMIT_SIGNAL_PIECE];
    size_t fit = LIMIT_SIGNAL_PIECE_BYTES / (signal.variables.len + 1) + 1;
    size_t most = fit < LIMIT_SIGNAL_PIECE ? fit : LIMIT_SIGNAL_PIECE;
    signal.until = end_of(engine, &signal);
    size_t count = entries_piece(
        engine, (struct wanted_piece){signal.name, signal.after, signal.until, most}, waiting);
    for (size_t i = 0; i < count; i++)
        tell(engine, &waiting[i], &signal);
    if (count < most)
        return;
    signal.after = waiting[count - 1].key;
    send_signal(engine, engine->environment.shard, signal, engine->command, 0);
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
            str_equal(s->name, signal->name) && str_equal(s->tenant, engine->command->tenant) &&
            permission_on(engine, "PROCESS_DEFINITION", definition->id, "CREATE_PROCESS_INSTANCE"))
            process_start_at(
                engine, definition,
                (struct start_place){s->element, s->trigger, engine->command->principal},
                signal->variables, STR_EMPTY);
    }
}

void signal_receive(struct engine *engine)
{
    const struct command *command = engine->command;
    const struct broadcast_signal *signal = &command->broadcast_signal;
    str why;
    if (!variable_is_object(engine, signal->variables, &why) ||
        !personal_marks_fit(engine, signal->variables, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    if (signal->key == 0) {
        step_accept(engine, key_make(engine->environment.shard, engine->next_key), 0);
        broadcast(engine, signal->name, signal->variables, command, 0);
        return;
    }
    tell_piece(engine, *signal);
    if (signal->after == 0)
        start_instances(engine, signal); // they began after the signal, and do not hear it
}
