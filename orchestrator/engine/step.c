// SPDX-License-Identifier: Apache-2.0
#include "engine/step.h"

uint64_t step_key(struct engine *engine)
{
    return key_make(engine->environment.shard, engine->next_key++);
}

static void touch(struct engine *engine, struct stream *stream)
{
    if (stream->is_touched)
        return;
    stream->is_touched = true;
    stream->next_touched = NULL;
    *(engine->last_touched ? &engine->last_touched->next_touched : &engine->touched) = stream;
    engine->last_touched = stream;
}

static struct step_record *record_of(struct engine *engine, struct stream *stream)
{
    if (stream->record != NULL)
        return stream->record;
    struct step_record *record = ARENA_NEW(engine->turn, struct step_record);
    record->stream = stream;
    stream->record = record;
    *(engine->last_record ? &engine->last_record->next : &engine->records) = record;
    engine->last_record = record;
    touch(engine, stream);
    return record;
}

// Before the change is applied.
static void note_change(struct engine *engine, instance_ref instance, const struct event *event)
{
    if (event->type != EVENT_VARIABLE_SET || instance->process == NULL ||
        instance->process->conditions.count == 0)
        return;
    element_ref scope = state_element(instance, event->scope);
    struct map *names = scope != NULL && state_local(scope, event->name) == NULL ? &engine->created
                                                                                 : &engine->changed;
    bool is_first = engine->created.count + engine->changed.count == 0;
    if (is_first)
        engine->changed_in = event->scope;
    else if (engine->changed_in != event->scope)
        engine->changed_in = CHANGED_IN_SEVERAL;
    if (names->count == 0)
        *names = map_new(engine->turn);
    map_put(names, event->name, engine);
}

// The one place where processors reach the appliers: it takes constness away, and nothing else
// does.
void step_emit(struct engine *engine, const void *stream, struct event event)
{
    struct stream *changed = (struct stream *)stream;
    event.time_ms = engine->clock_ms;
    event.order = engine->events_in_step++;
    str *const texts[] = {&event.name, &event.code, &event.value, &event.element_id};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i]->data == NULL)
            *texts[i] = STR_EMPTY;
    check(event.name.len + event.code.len + event.value.len <=
          LIMIT_VALUE_BYTES + LIMIT_RECORD_ROOM);
    struct step_record *record = record_of(engine, changed);
    *ARRAY_PUSH(engine->turn, &record->events) = event;
    if (changed->kind == STREAM_INSTANCE)
        note_change(engine, stream, &event);
    apply_event(&engine->environment, changed, &event);
}

void step_enqueue(struct engine *engine, instance_ref instance, struct work work)
{
    work.instance = instance;
    *ARRAY_PUSH(engine->turn, &engine->queue) = work;
}

// An element after which the instance was asked to end was terminated.
static void end_if_asked(struct engine *engine)
{
    instance_ref instance = step_instance(engine, engine->ends);
    engine->ends = 0;
    if (instance != NULL && instance->ending == EVENT_NONE)
        process_end(engine, instance, EVENT_PROCESS_TERMINATED, STR("as it was asked to"));
}

static void run_queued(struct engine *engine)
{
    end_if_asked(engine);
    while (engine->queue_head < engine->queue.count) {
        struct work work = engine->queue.items[engine->queue_head++];
        activity_token(engine, work.instance, &work);
        step_look(engine);
        end_if_asked(engine);
    }
    engine->queue.count = engine->queue_head = 0;
}

static bool has_to_look(const struct engine *engine)
{
    return engine->created.count + engine->changed.count + engine->arrived.count > 0 ||
           engine->looks_at_all;
}

void step_look(struct engine *engine)
{
    struct condition_news news = {engine->created,       engine->changed,
                                  engine->changed_in,    engine->looks_at_all,
                                  engine->arrived.count, engine->arrived.items};
    if (!has_to_look(engine))
        return;
    engine->created = engine->changed = (struct map){0};
    memset(&engine->arrived, 0, sizeof engine->arrived);
    engine->looks_at_all = false;
    for (struct step_record *r = engine->records; r != NULL; r = r->next)
        if (r->stream->kind == STREAM_INSTANCE)
            event_check_conditions(engine, (instance_ref)r->stream, &news);
}

// Conditions are looked at when something they read has changed, late joins when nothing else
// moves.
static bool settle(struct engine *engine)
{
    struct step_record *record = engine->records;
    if (has_to_look(engine)) {
        step_look(engine);
        return true;
    }
    for (; record != NULL; record = record->next)
        if (record->stream->kind == STREAM_INSTANCE &&
            gateway_fire_late(engine, (instance_ref)record->stream))
            return true;
    return false;
}

void step_run_queue(struct engine *engine)
{
    do
        run_queued(engine);
    while (settle(engine));
}

void step_send_command(struct engine *engine, uint32_t shard, const struct command *command)
{
    struct command *copy = arena_copy(engine->turn, command, sizeof *command);
    str *const texts[] = {&copy->tenant, &copy->principal, &copy->origin, &copy->traceparent};
    copy->offset = -1;
    copy->time_ms = engine->clock_ms;
    if (engine->command != NULL)
        copy->traceparent = engine->command->traceparent;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i]->data == NULL)
            *texts[i] = STR_EMPTY;
    *ARRAY_PUSH(engine->turn, &engine->outbound) =
        (struct outbound){.kind = OUTBOUND_COMMAND, .partition = (int32_t)shard, .command = copy};
}

void step_send_values(struct engine *engine, uint32_t shard, const struct command *command,
                      uint64_t stream)
{
    step_send_command(engine, shard, command);
    engine->outbound.items[engine->outbound.count - 1].stream = stream;
}

void step_reply(struct engine *engine, struct reply reply)
{
    if (reply.to.request == 0)
        return;
    reply.reason = border_text(reply.reason);
    if (reply.variables.len > LIMIT_OUTPUT_BYTES) {
        reply.rejection = REJECTION_LIMIT;
        reply.reason =
            str_format(engine->turn,
                       "the answer has %zu bytes of variables, the limit OUTPUT_BYTES is "
                       "%d: ask for fewer",
                       reply.variables.len, LIMIT_OUTPUT_BYTES);
        reply.variables = STR_EMPTY;
    }
    str *const texts[] = {&reply.reason, &reply.process_id, &reply.variables};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i]->data == NULL)
            *texts[i] = STR_EMPTY;
    reply.shard = engine->environment.shard;
    *ARRAY_PUSH(engine->turn, &engine->outbound) = (struct outbound){
        .kind = OUTBOUND_REPLY, .reply = arena_copy(engine->turn, &reply, sizeof reply)};
}

// What comes of an item of a batch operation stands in its row with the commit that does it.
static void settle_item(struct engine *engine, enum batch_item_state state, str error)
{
    const struct command *command = engine->command;
    instance_ref instance = step_instance(engine, command->instance);
    if (command->batch_item == 0)
        return;
    *ARRAY_PUSH(engine->turn, &engine->batch_items) =
        (struct batch_item_row){.change = ROW_UPDATE,
                                .key = command->batch_item,
                                .state = state,
                                .error = error,
                                .processed_ms = engine->clock_ms};
    if (instance != NULL && state == BATCH_ITEM_COMPLETED)
        step_emit(engine, instance,
                  (struct event){.type = EVENT_PROCESS_BATCHED,
                                 .key = instance->stream.key,
                                 .parent = command->batch_item});
}

void step_note_reference(struct engine *engine, const void *stream)
{
    uint64_t reference = engine->command->reference;
    if (reference != 0)
        step_emit(engine, stream,
                  (struct event){.type = EVENT_REFERENCED, .number = (int64_t)reference});
}

void step_accept(struct engine *engine, uint64_t key, uint64_t instance)
{
    settle_item(engine, BATCH_ITEM_COMPLETED, STR_EMPTY);
    step_reply(engine,
               (struct reply){.to = engine->command->reply, .key = key, .instance = instance});
}

void step_reject(struct engine *engine, const void *stream, enum rejection rejection, str why)
{
    const struct command *command = engine->command;
    why = border_text(why);
    settle_item(engine, BATCH_ITEM_FAILED, why);
    step_emit(engine, stream,
              (struct event){.type = EVENT_COMMAND_REJECTED,
                             .key = command->key ? command->key : command->instance,
                             .number = command->type,
                             .code = str_of(rejection_name(rejection)),
                             .value = why});
    step_reply(engine, (struct reply){.to = command->reply,
                                      .rejection = rejection,
                                      .reason = why,
                                      .key = command->key,
                                      .instance = command->instance});
}

struct instance *step_instance(struct engine *engine, uint64_t key)
{
    struct instance *instance = key == 0 ? NULL : idmap_get(&engine->instances, key);
    if (instance == NULL || instance->stream.is_empty || instance->state == INSTANCE_COMPLETED ||
        instance->state == INSTANCE_TERMINATED)
        return NULL;
    return instance;
}
