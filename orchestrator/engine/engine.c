// SPDX-License-Identifier: Apache-2.0
// The engine as its owner sees it: streams in memory, commands in, changes out.
#include "engine/image.h"
#include "engine/step.h"

#include "record/key.h"
#include "record/partition.h"

enum {
    // What a batch said points into streams; they stay for so many batches after they were dropped,
    // so that an owner may still
    // be writing one batch while it computes the next.
    TURNS_KEPT = 4,
    COMPACT_ABOVE_BYTES = 1 << 16,
    EVENT_BYTES = 64, // of its numbers, on the wire
};

struct grave {
    struct grave *next;
    struct stream *stream;
    uint64_t turn;
};

// -- Streams in memory ------------------------------------------------------------------

static void use(struct engine *engine, struct stream *stream)
{
    stream->last_used = engine->turn_number;
    if (engine->newest == stream)
        return;
    if (stream->older != NULL || stream->newer != NULL) {
        *(stream->older ? &stream->older->newer : &engine->oldest) = stream->newer;
        *(stream->newer ? &stream->newer->older : &engine->newest) = stream->older;
    }
    stream->newer = NULL;
    stream->older = engine->newest;
    *(engine->newest ? &engine->newest->newer : &engine->oldest) = stream;
    engine->newest = stream;
}

static struct stream_ref ref_of(const struct mailbox *mailbox)
{
    return (struct stream_ref){.kind = STREAM_MAILBOX,
                               .name = mailbox->name,
                               .correlation_key = mailbox->correlation_key,
                               .tenant = mailbox->tenant,
                               .subscription_kind = mailbox->kind};
}

static str mailbox_name(struct arena *arena, const struct stream_ref *ref)
{
    struct strbuf name = strbuf_new(arena);
    strbuf_format(&name, "%d\n%d\n%zu\n", ref->kind, ref->subscription_kind, ref->tenant.len);
    strbuf_add(&name, ref->tenant);
    strbuf_format(&name, "%zu\n", ref->name.len);
    strbuf_add(&name, ref->name);
    strbuf_add(&name, ref->correlation_key);
    return strbuf_str(&name);
}

static void forget(struct engine *engine, struct stream *stream)
{
    if (engine->newest == stream || stream->newer != NULL) {
        *(stream->older ? &stream->older->newer : &engine->oldest) = stream->newer;
        *(stream->newer ? &stream->newer->older : &engine->newest) = stream->older;
    }
    if (stream->kind == STREAM_INSTANCE) {
        idmap_remove(&engine->instances, stream->key);
    } else {
        const struct mailbox *m = (const struct mailbox *)stream;
        struct stream_ref ref = ref_of(m);
        str name = mailbox_name(engine->turn, &ref);
        if (map_get(&engine->mailboxes, name) == m) // another of this name may have begun
            map_remove(&engine->mailboxes, name);
    }
    engine->memory -= stream->counted;
}

const struct mailbox *engine_mailbox_again(const struct engine *engine,
                                           const struct mailbox *mailbox)
{
    struct stream_ref ref = ref_of(mailbox);
    return map_get(&engine->mailboxes, mailbox_name(engine->turn, &ref));
}

static void bury(struct engine *engine, struct stream *stream)
{
    struct grave *grave = engine->free_graves;
    if (grave == NULL)
        grave = ARENA_NEW(&engine->arena, struct grave);
    else
        engine->free_graves = grave->next;
    *grave = (struct grave){NULL, stream, engine->turn_number};
    *(engine->last_grave ? &engine->last_grave->next : &engine->graves) = grave;
    engine->last_grave = grave;
}

static void clear_graves(struct engine *engine, uint64_t until)
{
    while (engine->graves != NULL && engine->graves->turn < until) {
        struct grave *grave = engine->graves;
        engine->graves = grave->next;
        if (engine->graves == NULL)
            engine->last_grave = NULL;
        if (until != UINT64_MAX)
            personal_forget(engine, grave->stream);
        stream_free(grave->stream);
        grave->next = engine->free_graves;
        engine->free_graves = grave;
    }
}

// A large mailbox counts for half of the cache at most, or nothing would stay beside it.
static void account(struct engine *engine, struct stream *stream)
{
    size_t bytes = stream->arena.reserved, most = engine->cache_bytes / 2;
    if (stream->kind == STREAM_MAILBOX && bytes > most)
        bytes = most;
    engine->memory += bytes - stream->counted;
    stream->counted = bytes;
}

static void keep_instance(struct engine *engine, struct instance *instance)
{
    idmap_put(&engine->instances, instance->stream.key, instance);
    use(engine, &instance->stream);
    account(engine, &instance->stream);
}

struct instance *engine_add_instance(struct engine *engine, uint64_t key)
{
    struct instance *instance = instance_new(key);
    keep_instance(engine, instance);
    return instance;
}

static struct mailbox *find_mailbox(const struct engine *engine, const struct stream_ref *ref)
{
    struct arena scratch = ARENA_EMPTY;
    struct mailbox *found = map_get(&engine->mailboxes, mailbox_name(&scratch, ref));
    arena_done(&scratch);
    return found;
}

struct mailbox *engine_mailbox(struct engine *engine, enum subscription_kind kind, str name,
                               str correlation_key)
{
    struct stream_ref ref = {.kind = STREAM_MAILBOX,
                             .name = name,
                             .correlation_key = correlation_key,
                             .tenant = engine->command->tenant,
                             .subscription_kind = kind};
    struct mailbox *mailbox = find_mailbox(engine, &ref);
    check(mailbox != NULL && "engine_missing names the mailbox");
    return mailbox;
}

// Why a stream was set aside; NULL: it was not.
static const str *aside_find(const struct engine *engine, const struct stream_ref *ref)
{
    if (engine->aside.count == 0)
        return NULL;
    if (ref->kind == STREAM_INSTANCE)
        return idmap_get(&engine->aside.instances, ref->instance);
    struct arena scratch = ARENA_EMPTY;
    const str *why = map_get(&engine->aside.mailboxes, mailbox_name(&scratch, ref));
    arena_done(&scratch);
    return why;
}

// -- What a command needs ---------------------------------------------------------------

enum need {
    NEEDS_NOTHING,
    NEEDS_INSTANCE,
    NEEDS_JOBS,
    NEEDS_NAME,
    NEEDS_DUE,
    NEEDS_SUBSCRIPTION,
    NEEDS_SIGNAL,
    NEEDS_REMEMBERED
};

static enum need need_of(enum command_type type)
{
    switch ((int)type) {
#define COMMAND(name, number, need, process, senders)                                              \
    case number:                                                                                   \
        return NEEDS_##need;
#include "record/commands.def"
#undef COMMAND
    default:
        return NEEDS_NOTHING;
    }
}

static size_t named_by_start(const struct command *command, struct stream_ref ref,
                             struct stream_ref *ret_refs)
{
    const struct create_instance *body = &command->create_instance;
    size_t count = 0;
    if (body->is_unique && !str_is_empty(body->business_id)) {
        ref.name = RECORD_BUSINESS_LOCK;
        ref.correlation_key = body->business_id;
        ret_refs[count++] = ref;
    }
    ref.kind = STREAM_REMEMBERED;
    ref.name = body->deduplication_id;
    ref.correlation_key = STR_EMPTY;
    if (!str_is_empty(ref.name))
        ret_refs[count++] = ref;
    return count;
}

// The streams that a command names. Instances bring those that called them (missing_instance).
static size_t named_by(const struct command *command, struct stream_ref *ret_refs)
{
    const struct release_job *release = &command->release_job;
    const struct subscription_command *change = &command->subscription;
    struct stream_ref ref = {.kind = STREAM_MAILBOX,
                             .name = STR_EMPTY,
                             .tenant = command->tenant,
                             .correlation_key = STR_EMPTY};
    size_t count = 0;
    switch (need_of(command->type)) {
    case NEEDS_NOTHING:
        return 0;
    case NEEDS_INSTANCE:
        if (command->instance == 0)
            return 0;
        ref.kind = STREAM_INSTANCE;
        ref.instance = command->instance;
        break;
    case NEEDS_JOBS:
        ref.kind = STREAM_INSTANCE;
        for (; count < release->count && count < ENGINE_MAX_REFS; count++) {
            ref.instance = release->jobs[count].instance;
            ret_refs[count] = ref;
        }
        return count;
    case NEEDS_NAME:
        ref.name = command->publish_message.name;
        ref.correlation_key = command->publish_message.correlation_key;
        break;
    case NEEDS_DUE:
        ref.name = command->due.name;
        ref.correlation_key = command->due.correlation_key;
        break;
    case NEEDS_SUBSCRIPTION:
        ref.name = change->name;
        ref.correlation_key = change->correlation_key;
        break;
    case NEEDS_SIGNAL:
        ref.kind = STREAM_WAITING;
        ref.name = command->broadcast_signal.name;
        ref.instance = command->broadcast_signal.after;
        *ret_refs = ref;
        return command->broadcast_signal.key != 0; // it has been thrown
    case NEEDS_REMEMBERED:
        return named_by_start(command, ref, ret_refs);
    }
    *ret_refs = ref;
    return 1;
}

// Follows an instance to those that called it, whose step is also theirs when it ends. True: one is
// not in memory, *ret_key.
static bool first_absent(const struct engine *engine, uint64_t key, uint64_t *ret_key)
{
    const struct instance *instance;
    for (; key != 0; key = instance->parent_instance) {
        instance = idmap_get(&engine->instances, key);
        *ret_key = key;
        if (instance == NULL)
            return true;
    }
    return false;
}

// Not in memory: then *ref names what is not, which may be an instance that called the named one.
static bool is_absent(const struct engine *engine, struct stream_ref *ref)
{
    if (ref->kind == STREAM_INSTANCE)
        return first_absent(engine, ref->instance, &ref->instance);
    return ref->kind == STREAM_MAILBOX ? find_mailbox(engine, ref) == NULL
                                       : entries_are_missing(engine, ref);
}

static bool names_same(const struct stream_ref *a, const struct stream_ref *b)
{
    return a->kind == STREAM_INSTANCE && b->kind == STREAM_INSTANCE && a->instance == b->instance;
}

size_t engine_missing(const struct engine *engine, const struct command *command,
                      struct stream_ref *ret_refs)
{
    struct stream_ref named[ENGINE_MAX_REFS];
    size_t named_count = named_by(command, named), count = 0;
    for (size_t i = 0; i < named_count; i++) {
        struct stream_ref *ref = &named[i];
        if (!is_absent(engine, ref) || aside_find(engine, ref) != NULL)
            continue;
        size_t known = 0;
        while (known < count && !names_same(&ret_refs[known], ref))
            known++;
        if (known == count)
            ret_refs[count++] = *ref;
    }
    return count;
}

// -- What cannot be read ----------------------------------------------------------------

void engine_set_aside(struct engine *engine, const struct stream_ref *ref, str why)
{
    struct arena *arena = &engine->aside.arena;
    str *kept = arena_alloc(arena, sizeof *kept);
    *kept = str_copy(arena, why);
    if (engine->aside.count++ == 0) {
        engine->aside.instances = idmap_new(arena);
        engine->aside.mailboxes = map_new(arena);
    }
    if (ref->kind == STREAM_INSTANCE)
        idmap_put(&engine->aside.instances, ref->instance, kept);
    else
        map_put(&engine->aside.mailboxes, mailbox_name(arena, ref), kept);
}

bool engine_is_set_aside(const struct engine *engine, const struct command *command, str *ret_why)
{
    struct stream_ref named[ENGINE_MAX_REFS];
    if (engine->aside.count == 0 || need_of(command->type) == NEEDS_JOBS)
        return false; // it goes on with the jobs of the others
    size_t count = named_by(command, named);
    for (size_t i = 0; i < count; i++) {
        struct stream_ref *ref = &named[i];
        const str *why = is_absent(engine, ref) ? aside_find(engine, ref) : NULL;
        if (why == NULL)
            continue;
        *ret_why = ref->kind == STREAM_INSTANCE
                       ? str_format(engine->turn, "instance %llu cannot be read: %.*s",
                                    (unsigned long long)ref->instance, STR_ARG(*why))
                       : str_format(engine->turn, "mailbox '%.*s' cannot be read: %.*s",
                                    STR_ARG(ref->name), STR_ARG(*why));
        return true;
    }
    return false;
}

size_t engine_retry(struct engine *engine)
{
    size_t count = engine->aside.count;
    arena_done(&engine->aside.arena);
    memset(&engine->aside, 0, sizeof engine->aside);
    return count;
}

static bool load_instance(struct engine *engine, const struct stream_ref *ref, str image,
                          struct error *err)
{
    struct instance *instance = instance_new(ref->instance);
    instance->stream.is_empty = str_is_empty(image);
    if (!str_is_empty(image) && !image_read_instance(&engine->environment, image, instance, err)) {
        stream_free(&instance->stream);
        return false;
    }
    if (instance->stream.is_empty)
        engine_touch_empty(engine, &instance->stream);
    keep_instance(engine, instance);
    return true;
}

static bool load_mailbox(struct engine *engine, const struct stream_ref *ref, str image,
                         struct error *err)
{
    struct mailbox *mailbox = mailbox_new(0);
    struct arena *arena = &mailbox->stream.arena;
    mailbox->name = str_copy(arena, ref->name);
    mailbox->correlation_key = str_copy(arena, ref->correlation_key);
    mailbox->tenant = str_copy(arena, ref->tenant);
    mailbox->kind = ref->subscription_kind;
    mailbox->stream.is_empty = str_is_empty(image);
    if (!str_is_empty(image) && !image_read_mailbox(image, mailbox, err)) {
        stream_free(&mailbox->stream);
        return false;
    }
    if (mailbox->stream.is_empty)
        engine_touch_empty(engine, &mailbox->stream);
    map_put(&engine->mailboxes, mailbox_name(arena, ref), mailbox);
    use(engine, &mailbox->stream);
    account(engine, &mailbox->stream);
    return true;
}

bool engine_load(struct engine *engine, const struct stream_ref *ref, str image, struct error *err)
{
    if (ref->kind == STREAM_INSTANCE)
        return load_instance(engine, ref, image, err);
    return ref->kind == STREAM_MAILBOX ? load_mailbox(engine, ref, image, err)
                                       : entries_load(engine, ref, image, err);
}

// -- Life -------------------------------------------------------------------------------

struct engine *engine_new(const struct engine_environment *environment, str shard_image,
                          uint64_t next_key, size_t cache_bytes, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct engine *engine = ARENA_NEW(&arena, struct engine);
    engine->arena = arena;
    engine->environment = *environment;
    engine->instances = idmap_new(&engine->arena);
    engine->mailboxes = map_new(&engine->arena);
    engine->windows = map_new(&engine->arena);
    engine->window_types = map_new(&engine->arena);
    credit_init(engine);
    engine->cache_bytes = cache_bytes;
    engine->next_key = next_key == 0 ? 1 : next_key;
    engine->shard = shard_new();
    entries_init(engine);
    if (str_is_empty(shard_image) || image_read_shard(shard_image, engine->shard, err))
        return engine;
    engine_free(engine);
    return NULL;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    clear_graves(engine, UINT64_MAX);
    struct stream *newer;
    for (struct stream *s = engine->oldest; s != NULL; s = newer) {
        newer = s->newer;
        stream_free(s);
    }
    stream_free(&engine->shard->stream);
    arena_done(&engine->aside.arena);
    entries_done(engine);
    credit_done(engine);
    struct arena arena = engine->arena;
    arena_done(&arena);
}

// Much of an arena may be what is no longer used: the stream is then read anew from its own image.
static bool is_worth_it(struct stream *stream, str image)
{
    if (stream->arena.used >= image.len * 8)
        return true;
    stream->compact_above = stream->arena.used * 2; // worth another look then
    return false;
}

static void compact_mailbox(struct engine *engine, struct mailbox *mailbox)
{
    str image = image_of_mailbox(engine->turn, mailbox);
    struct stream_ref ref = ref_of(mailbox);
    struct error err;
    if (!is_worth_it(&mailbox->stream, image))
        return;
    forget(engine, &mailbox->stream);
    bury(engine, &mailbox->stream);
    check(load_mailbox(engine, &ref, image, &err));
    struct stream *fresh = &find_mailbox(engine, &ref)->stream;
    fresh->compact_above = fresh->arena.used * 2;
}

static void compact_shard(struct engine *engine)
{
    struct shard *shard = engine->shard;
    str image = image_of_shard(engine->turn, shard);
    struct error err;
    if (!is_worth_it(&shard->stream, image))
        return;
    engine->shard = shard_new();
    check(image_read_shard(image, engine->shard, &err));
    bury(engine, &shard->stream);
    engine->shard->stream.compact_above = engine->shard->stream.arena.used * 2;
}

static void compact_instance(struct engine *engine, struct instance *instance)
{
    str image = image_of_instance(engine->turn, instance);
    struct error err;
    if (!is_worth_it(&instance->stream, image))
        return;
    struct instance *fresh = instance_new(instance->stream.key);
    check(image_read_instance(&engine->environment, image, fresh, &err));
    check(fresh->bytes == instance->bytes && fresh->elements == instance->elements);
    forget(engine, &instance->stream);
    bury(engine, &instance->stream);
    keep_instance(engine, fresh);
    fresh->stream.compact_above = fresh->stream.arena.used * 2;
}

static void settle(struct engine *engine, struct stream *stream)
{
    stream->is_touched = false;
    stream->next_touched = NULL;
    bool is_large =
        stream->arena.used > COMPACT_ABOVE_BYTES && stream->arena.used > stream->compact_above;
    if (stream->kind == STREAM_SHARD) {
        if (is_large)
            compact_shard(engine);
        return;
    }
    account(engine, stream);
    if (stream->is_empty) {
        forget(engine, stream);
        bury(engine, stream);
    } else if (is_large && stream->kind == STREAM_INSTANCE) {
        compact_instance(engine, (struct instance *)stream);
    } else if (is_large) {
        compact_mailbox(engine, (struct mailbox *)stream);
    }
}

static void make_room(struct engine *engine)
{
    while (engine->memory > engine->cache_bytes && engine->oldest != NULL) {
        struct stream *stream = engine->oldest;
        forget(engine, stream);
        bury(engine, stream);
    }
}

void engine_begin(struct engine *engine, struct arena *turn)
{
    struct stream *next;
    engine->turn = turn;
    engine->spent = 0;
    engine->turn_number++;
    for (struct stream *s = engine->touched; s != NULL; s = next) {
        next = s->next_touched;
        settle(engine, s);
    }
    engine->touched = engine->last_touched = NULL;
    make_room(engine);
    if (engine->turn_number > TURNS_KEPT)
        clear_graves(engine, engine->turn_number - TURNS_KEPT);
    memset(&engine->history, 0, sizeof engine->history);
    memset(&engine->outbound, 0, sizeof engine->outbound);
    memset(&engine->decisions, 0, sizeof engine->decisions);
    memset(&engine->correlations, 0, sizeof engine->correlations);
    memset(&engine->missed, 0, sizeof engine->missed);
    memset(&engine->batch_items, 0, sizeof engine->batch_items);
    memset(&engine->remembered, 0, sizeof engine->remembered);
    entries_begin_turn(engine);
    memset(&engine->queue, 0, sizeof engine->queue);
    engine->queue_head = 0;
}

// An absent stream is remembered as such for this batch.
void engine_touch_empty(struct engine *engine, struct stream *stream)
{
    stream->next_touched = NULL;
    stream->is_touched = true;
    *(engine->last_touched ? &engine->last_touched->next_touched : &engine->touched) = stream;
    engine->last_touched = stream;
}

// -- Stepping ---------------------------------------------------------------------------

typedef void (*processor)(struct engine *engine);

static processor processor_of(enum command_type type)
{
    switch ((int)type) {
#define COMMAND(name, number, need, process, senders)                                              \
    case number:                                                                                   \
        return process;
#include "record/commands.def"
#undef COMMAND
    default:
        return NULL;
    }
}

static void begin_step(struct engine *engine, const struct command *command)
{
    if (command->time_ms > engine->record_ms)
        engine->record_ms = command->time_ms;
    int64_t time_ms = test_clock_time(&engine->shard->clock, command->time_ms);
    if (time_ms > engine->clock_ms)
        engine->clock_ms = time_ms;
    engine->command = command;
    engine->records = engine->last_record = NULL;
    engine->fuel = LIMIT_ACTIVATIONS_PER_COMMAND;
    engine->spent_start = engine->spent;
    engine->out_of_fuel = 0;
    engine->offered_bytes = 0;
    engine->events_in_step = 0;
    engine->personal.position = 0;
    engine->personal.why = STR_EMPTY;
    engine->starting = NULL;
    engine->parsed_text = (str){NULL, 0};
    engine->created = engine->changed = (struct map){0};
    memset(&engine->arrived, 0, sizeof engine->arrived);
    engine->looks_at_all = false;
    engine->terminates_all = false;
    engine->ends = 0;
}

// A mailbox ends with the step that empties it, not with the batch: what comes to its name later
// begins another, however commands are put into batches.
static void end_mailbox(struct engine *engine, const struct mailbox *mailbox)
{
    struct stream_ref ref = ref_of(mailbox);
    struct error err;
    if (state_mailbox_is_empty(mailbox))
        check(load_mailbox(engine, &ref, STR_EMPTY, &err));
}

// How many events from here on make one row: as many as can be decoded again.
static size_t row_length(const struct event *events, size_t count)
{
    size_t bytes = 0, length = 0;
    while (length < count && length < LIMIT_HISTORY_ROW_EVENTS &&
           bytes <= LIMIT_HISTORY_ROW_BYTES) {
        const struct event *e = &events[length++];
        bytes += EVENT_BYTES + e->name.len + e->code.len + e->value.len + e->element_id.len;
    }
    return length;
}

// One history row per stream that the step changed, or several when it changed very much.
static void write_history(struct engine *engine, const struct step_record *record)
{
    struct stream *stream = record->stream;
    for (size_t at = 0, length; at < record->events.count; at += length) {
        const struct event *events = record->events.items + at;
        length = row_length(events, record->events.count - at);
        *ARRAY_PUSH(engine->turn, &engine->history) = (struct history_row){
            .stream_kind = stream->kind,
            .stream = stream->key,
            .sequence = ++stream->sequence,
            .time_ms = engine->clock_ms,
            .offset = engine->command->offset,
            .cause = engine->command->type,
            .principal = engine->command->principal,
            .origin = engine->command->origin,
            .count = length,
            .events = events,
        };
    }
}

static void end_step(struct engine *engine)
{
    for (struct step_record *r = engine->records; r != NULL; r = r->next) {
        struct stream *stream = r->stream;
        stream->record = NULL;
        if (stream->kind != STREAM_SHARD)
            use(engine, stream);
        write_history(engine, r);
        if (stream->kind == STREAM_MAILBOX)
            end_mailbox(engine, (const struct mailbox *)stream);
    }
    engine->command = NULL;
    engine->records = engine->last_record = NULL;
}

// An item of a batch operation that came again: it was done, and its row says so.
static bool is_done(struct engine *engine, const struct command *command)
{
    const struct instance *instance =
        command->batch_item ? step_instance(engine, command->instance) : NULL;
    return instance != NULL && instance->batch_item == command->batch_item;
}

static void refuse(struct engine *engine, str why)
{
    step_reject(engine, engine->shard, REJECTION_LIMIT, why);
    if (engine->command->type == COMMAND_OPEN_SUBSCRIPTION)
        message_refuse_subscription(engine, why);
}

// For a command that may not see its instance, there is none.
static void do_without_instance(struct engine *engine, processor process)
{
    struct command *blind = arena_copy(engine->turn, engine->command, sizeof *blind);
    blind->instance = 0;
    engine->command = blind;
    process(engine);
}

// The caller's own number stands with what the command did, in the instance that it is about.
static void do_command(struct engine *engine, processor process)
{
    instance_ref instance = step_instance(engine, engine->command->instance);
    enum verdict verdict = instance == NULL ? VERDICT_MAY : permission_judge(engine, instance);
    if (verdict == VERDICT_FORBIDDEN) {
        permission_refuse(engine, instance->process_id);
        return;
    }
    if (verdict == VERDICT_ABSENT) {
        do_without_instance(engine, process);
        return;
    }
    if (instance != NULL)
        step_note_reference(engine, instance);
    process(engine);
}

void engine_step(struct engine *engine, const struct command *command)
{
    str why;
    begin_step(engine, command);
    processor process = processor_of(command->type);
    if (is_done(engine, command))
        step_reply(engine, (struct reply){.to = command->reply, .instance = command->instance});
    else if (!border_command(engine, &why))
        refuse(engine, why);
    else if (process != NULL)
        do_command(engine, process);
    else
        step_reject(engine, engine->shard, REJECTION_INVALID,
                    STR("this command is not known here"));
    step_run_queue(engine);
    end_step(engine);
}

void engine_quarantine(struct engine *engine, const struct command *command, str why)
{
    begin_step(engine, command);
    step_emit(engine, engine->shard,
              (struct event){.type = EVENT_COMMAND_QUARANTINED,
                             .number = command->type,
                             .value = border_text(why)});
    step_reply(
        engine,
        (struct reply){.to = command->reply, .rejection = REJECTION_QUARANTINED, .reason = why});
    incident_of_quarantine(engine, border_text(why));
    end_step(engine);
}

void engine_end(struct engine *engine, struct changes *ret_changes)
{
    memset(ret_changes, 0, sizeof *ret_changes);
    rows_collect(engine, ret_changes);
    ret_changes->history.items = engine->history.items;
    ret_changes->history.count = engine->history.count;
    ret_changes->outbound.items = engine->outbound.items;
    ret_changes->outbound.count = engine->outbound.count;
    ret_changes->decisions.items = engine->decisions.items;
    ret_changes->decisions.count = engine->decisions.count;
    ret_changes->correlations.items = engine->correlations.items;
    ret_changes->correlations.count = engine->correlations.count;
    ret_changes->missed_messages.items = engine->missed.items;
    ret_changes->missed_messages.count = engine->missed.count;
    ret_changes->batch_items.items = engine->batch_items.items;
    ret_changes->batch_items.count = engine->batch_items.count;
    ret_changes->remembered.items = engine->remembered.items;
    ret_changes->remembered.count = engine->remembered.count;
    ret_changes->next_key = engine->next_key;
    ret_changes->clock_ms = engine->clock_ms;
}

uint64_t engine_spent(const struct engine *engine)
{
    return engine->spent;
}

size_t engine_memory(const struct engine *engine)
{
    return engine->memory;
}

const struct test_clock *engine_test_clock(const struct engine *engine)
{
    return &engine->shard->clock;
}

// The only command after which the shard's time may be an earlier one: whoever tests goes back.
void clock_set(struct engine *engine)
{
    const struct test_clock *clock = &engine->command->set_clock;
    engine->clock_ms = test_clock_time(clock, engine->command->time_ms);
    step_emit(engine, engine->shard,
              (struct event){.type = EVENT_CLOCK_SET,
                             .number = clock->is_pinned ? 0 : clock->offset_ms,
                             .due_ms = clock->is_pinned ? clock->pinned_ms : 0,
                             .code = clock->is_pinned ? STR("PINNED") : STR_EMPTY});
    step_accept(engine, 0, 0);
}

void engine_set_clock(struct engine *engine, int64_t clock_ms)
{
    const struct test_clock *test = engine_test_clock(engine);
    if (clock_ms > engine->clock_ms)
        engine->clock_ms = clock_ms;
    if (!test->is_pinned && test->offset_ms == 0)
        engine->record_ms = engine->clock_ms;
}
