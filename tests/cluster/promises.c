// SPDX-License-Identifier: Apache-2.0
#include "promises.h"
#include "story.h"

#include "engine/engine.h"
#include "load.h"
#include "node/definitions.h"
#include "node/internal.h"
#include "node/outbox.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

struct stream {
    struct arena arena;
    struct engine_replay *replay;
    uint64_t sequence;
    struct stream *next; // all of them
};

enum { CLOCK_AHEAD_MS = 5000 }; // twice the tolerance of a node, and the difference of clocks here

struct sent { // one record of a shard's outbox
    uint64_t content;
    struct target *target;
    str value;        // of commands
    int64_t taken_at; // the offset at which it counted; -1: not yet
    bool appended;
};

struct target { // the records of an outbox that go to one partition, in their order
    const struct kafka_partition *partition;
    ARRAY(uint64_t) numbers;
    size_t at; // the first one that was never appended
};

struct shard_promises {
    struct engine_environment environment; // of replays
    size_t history_at;                     // rows below it are checked
    struct digest chain;
    struct idmap streams; // instances and mailboxes, by key
    struct stream *shard_stream;
    ARRAY(struct sent) sent; // by number - 1
    ARRAY(struct target *) targets;
    int64_t truncated_at; // records from here on have gone; -1: none
    int64_t lost_from;    // likewise, and none of them had been taken; -1: none
    bool unseen;          // new ones had made up for them before anybody looked
    struct {
        const struct machine *machine; // that tries a record
        uint64_t life;
        int64_t offset;
        uint32_t chances; // how often chance ended such a try
    } trial;
};

struct promises {
    struct definitions *definitions;
    struct shard_promises shards[WORLD_SHARDS];
    struct idmap born;      // key -> anything
    struct idmap ended;     // jobs and timers that have ended, subscriptions that have correlated
    struct idmap timers;    // key -> when due
    struct idmap steps;     // hash of an event record's id -> 1 committed, 2 published
    struct idmap sequences; // hash of a stream's part of it -> the last one published
    size_t unpublished_steps;
    struct stream *streams;
    struct arena turn;
    bool lost; // some topic lost records: what was in them may be missing
};

static struct shard_promises *of(uint32_t shard)
{
    return &world->promises->shards[shard];
}

static uint64_t hash(str text)
{
    uint64_t value = 0xcbf29ce484222325;
    for (size_t i = 0; i < text.len; i++)
        value = (value ^ (unsigned char)text.data[i]) * 0x100000001b3;
    return value | 1; // 0 is no key
}

// -- Outbox -----------------------------------------------------------------------------

static struct target *target_of(struct shard_promises *shard,
                                const struct kafka_partition *partition)
{
    for (size_t i = 0; i < shard->targets.count; i++)
        if (shard->targets.items[i]->partition == partition)
            return shard->targets.items[i];
    struct target *target = ARENA_NEW(&world->arena, struct target);
    target->partition = partition;
    *ARRAY_PUSH(&world->arena, &shard->targets) = target;
    return target;
}

static void note_sent(struct shard_promises *shard, const struct outbox_record *record)
{
    struct arena *turn = &world->promises->turn;
    struct kafka_topic *topic = kafka_topic(str_join2(turn, STR("baton."), record->topic));
    uint32_t partition = record->partition == BUS_PARTITION_BY_KEY
                             ? kafka_partition_of_key(topic, record->key)
                             : (uint32_t)record->partition;
    struct target *target = target_of(shard, &topic->partitions[partition]);
    *ARRAY_PUSH(&world->arena, &shard->sent) =
        (struct sent){.content = hash(record->value),
                      .target = target,
                      .value = record->kind == OUTBOX_COMMAND ? record->value : STR_EMPTY,
                      .taken_at = -1};
    *ARRAY_PUSH(&world->arena, &target->numbers) = shard->sent.count;
}

static void check_outbox(const struct store_commit *commit)
{
    struct shard_promises *shard = of(commit->shard);
    struct outbox_record record;
    str rest = commit->outbound;
    if (commit->first_outbound != shard->sent.count + 1)
        world_fail("shard %u: outbox numbers go on at %llu after %zu", commit->shard,
                   (unsigned long long)commit->first_outbound, shard->sent.count);
    while (outbox_unpack(&rest, &record)) {
        note_sent(shard, &record);
        if (record.kind == OUTBOX_DEAD_LETTER || record.kind == OUTBOX_SIGNED_LETTER)
            load_set_aside(commit, record.value, record.note);
    }
    const struct shard_tables *tables = &world->database->shards[commit->shard];
    if (commit->next_outbound > commit->first_outbound &&
        (tables->outbox.count == 0 ||
         tables->outbox.items[tables->outbox.count - 1].first != commit->first_outbound))
        world_fail("shard %u: a commit has left its outbox out", commit->shard);
    if (commit->next_outbound != shard->sent.count + 1)
        world_fail("shard %u: %zu outbox records where %llu are numbered", commit->shard,
                   shard->sent.count, (unsigned long long)commit->next_outbound - 1);
}

bool promises_read_sender(const struct kafka_record *record, uint32_t *ret_shard,
                          uint64_t *ret_number)
{
    for (size_t i = 0; record->poison != POISON_FORGED && i < record->header_count; i++) {
        uint64_t shard;
        str value = record->headers[i].value;
        size_t colon = str_find_char(value, ':');
        if (!str_equal(record->headers[i].name, STR("baton-from")) || colon == SIZE_MAX ||
            !str_to_u64(str_sub(value, 0, colon), &shard) ||
            !str_to_u64(str_from_index(value, colon + 1), ret_number))
            continue;
        *ret_shard = (uint32_t)shard;
        return true;
    }
    return false;
}

static void check_order(uint32_t shard, struct sent *sent, uint64_t number)
{
    struct target *target = sent->target;
    if (sent->appended) {
        story_tell("what shard %u had published is published again, with the same numbers", shard);
        return;
    }
    sent->appended = true;
    bool is_command = sent->value.len > 0; // a job or reply that was refused is sent by itself
    if (is_command && target->numbers.items[target->at] != number)
        world_fail("shard %u: outbox record %llu is published before %llu to the same partition",
                   shard, (unsigned long long)number,
                   (unsigned long long)target->numbers.items[target->at]);
    target->at++;
}

static void check_published(const struct kafka_record *record, uint32_t shard, uint64_t number)
{
    struct shard_promises *promises = of(shard);
    if (number == 0 || number > promises->sent.count) {
        world_fail("shard %u: outbox record %llu is published and was not committed", shard,
                   (unsigned long long)number);
        return;
    }
    struct sent *sent = &promises->sent.items[number - 1];
    if (sent->value.len > 0)
        world_tell("command %u:%llu is at offset %lld", shard, (unsigned long long)number,
                   (long long)record->offset);
    if (sent->content != hash(record->value))
        world_fail("shard %u: outbox record %llu is published with other bytes than committed",
                   shard, (unsigned long long)number);
    else
        check_order(shard, sent, number);
}

// The steps of a stream come in order.
static void check_event_order(str id)
{
    struct idmap *sequences = &world->promises->sequences;
    uint64_t sequence = 0;
    size_t dash = id.len;
    while (dash > 0 && id.data[dash - 1] != '-')
        dash--;
    uint64_t stream = hash(str_sub(id, 0, dash));
    uint64_t last = (uintptr_t)idmap_get(sequences, stream);
    if (!str_to_u64(str_from_index(id, dash), &sequence) || sequence != last + 1)
        world_fail("event %.*s is published after %llu", STR_ARG(id), (unsigned long long)last);
    idmap_put(sequences, stream, (void *)(uintptr_t)sequence);
}

static void check_event(const struct kafka_record *record)
{
    struct promises *promises = world->promises;
    for (size_t i = 0; i < record->header_count; i++) {
        if (!str_equal(record->headers[i].name, STR("ce_id")))
            continue;
        uint64_t id = hash(record->headers[i].value);
        uintptr_t state = (uintptr_t)idmap_get(&promises->steps, id);
        if (state == 0)
            world_fail("event %.*s is published and was not committed",
                       STR_ARG(record->headers[i].value));
        if (state == 1) {
            promises->unpublished_steps--;
            check_event_order(record->headers[i].value);
        }
        idmap_put(&promises->steps, id, (void *)(uintptr_t)2);
    }
}

// A reader of the same place, who had nothing to fetch meanwhile, finds the next record there and
// cannot know: the client that is used knows no leader epochs.
static void note_unseen(uint32_t shard, int64_t offset)
{
    struct shard_promises *promises = of(shard);
    const struct shard_row *row = &world->database->shards[shard].row;
    if (promises->truncated_at >= 0 && offset + 1 >= row->next_offset &&
        !kafka_commands(shard)->looked)
        promises->unseen = true;
}

void promises_appended(const struct kafka_topic *topic, int32_t partition,
                       const struct kafka_record *record)
{
    uint32_t shard;
    uint64_t number;
    if (str_equal(topic->name, STR("baton.commands")))
        note_unseen((uint32_t)partition, record->offset);
    if (promises_read_sender(record, &shard, &number))
        check_published(record, shard, number);
    else if (str_equal(topic->name, STR("baton.events")))
        check_event(record);
}

// -- Before a commit --------------------------------------------------------------------

// Records that had been fetched when they were lost may be taken all the same.
static void note_taken_late(const struct store_commit *commit, struct shard_promises *promises)
{
    const struct kafka_partition *partition = kafka_commands(commit->shard);
    const struct kafka_record *last = kafka_at(partition, commit->next_offset - 1);
    if (promises->lost_from < 0 || commit->next_offset <= promises->lost_from)
        return;
    struct digest digest = last ? intake_digest(last->time_ms, last->value) : (struct digest){0};
    bool is_lost =
        last == NULL || !str_equal(commit->last_record, str_from(digest.bytes, DIGEST_SIZE));
    if (is_lost && promises->truncated_at < 0) {
        promises->truncated_at = promises->lost_from;
        promises->unseen = kafka_end(partition) >= commit->next_offset;
    }
    promises->lost_from = -1;
}

// After a loss of taken records, to go on with the topic's new records is to skip some. A shard
// that has taken nothing since it was repaired has no record to compare with.
static void check_skipped(const struct store_commit *commit, struct shard_promises *promises)
{
    const struct kafka_record *last =
        kafka_at(kafka_commands(commit->shard), commit->next_offset - 1);
    const struct shard_row *row = &world->database->shards[commit->shard].row;
    if (row->last_record.len == 0 || promises->truncated_at < 0 || promises->unseen ||
        commit->expected_offset <= promises->truncated_at || last == NULL)
        return;
    struct digest digest = intake_digest(last->time_ms, last->value);
    if (str_equal(commit->last_record, str_from(digest.bytes, DIGEST_SIZE)))
        world_fail("shard %u: goes on at offset %lld of a topic whose records from %lld on are new",
                   commit->shard, (long long)commit->expected_offset,
                   (long long)promises->truncated_at);
}

static void check_taken(const struct transaction *transaction, int64_t offset)
{
    uint32_t shard = transaction->commit.shard, sender;
    uint64_t number;
    const struct kafka_record *record = kafka_at(kafka_commands(shard), offset);
    if (record == NULL || !promises_read_sender(record, &sender, &number) ||
        number > of(sender)->sent.count)
        return;
    struct sent *sent = &of(sender)->sent.items[number - 1];
    if (sent->taken_at >= 0 && sent->taken_at != offset)
        world_fail("shard %u: record %u:%llu counts twice, at offsets %lld and %lld", shard, sender,
                   (unsigned long long)number, (long long)sent->taken_at, (long long)offset);
    sent->taken_at = offset;
}

void promises_committing(const struct transaction *transaction)
{
    const struct store_commit *commit = &transaction->commit;
    const struct shard_row *row = &world->database->shards[commit->shard].row;
    world_tell("shard %u commits offsets %lld to %lld under epoch %llu, %zu steps", commit->shard,
               (long long)commit->expected_offset, (long long)commit->next_offset - 1,
               (unsigned long long)commit->epoch, transaction->steps.count);
    if (commit->sender_count > 0 && world->options.verbose)
        for (size_t i = 0; i < commit->sender_count; i++)
            world_tell("  has taken %zu:%llu", i, (unsigned long long)commit->senders[i]);
    if (commit->epoch != row->epoch)
        world_fail("shard %u: commits under epoch %llu, the owner's is %llu", commit->shard,
                   (unsigned long long)commit->epoch, (unsigned long long)row->epoch);
    if (commit->expected_offset != row->next_offset || commit->next_offset <= row->next_offset)
        world_fail("shard %u: commits offsets %lld to %lld after %lld", commit->shard,
                   (long long)commit->expected_offset, (long long)commit->next_offset - 1,
                   (long long)row->next_offset - 1);
    if (transaction->changes.next_key < row->next_key ||
        transaction->changes.clock_ms < row->clock_ms)
        world_fail("shard %u: its counter or its clock goes back", commit->shard);
    if (transaction->changes.clock_ms > world->now_us / WORLD_MS + CLOCK_AHEAD_MS)
        world_fail("shard %u: its clock is %lld ms ahead of everybody's", commit->shard,
                   (long long)(transaction->changes.clock_ms - world->now_us / WORLD_MS));
    for (size_t i = 0; i < commit->sender_count && i < row->sender_count; i++)
        if (commit->senders[i] < row->senders[i])
            world_fail("shard %u: forgets that it has taken record %zu:%llu", commit->shard, i,
                       (unsigned long long)row->senders[i]);
    check_skipped(commit, of(commit->shard));
}

// -- Events -----------------------------------------------------------------------------

static void once(struct idmap *map, uint64_t key, const char *what)
{
    if (idmap_get(map, key) != NULL)
        world_fail("key %llu %s twice", (unsigned long long)key, what);
    idmap_put(map, key, map);
}

static void check_fired(const struct event *event, int64_t time_ms)
{
    const int64_t *due_ms = idmap_get(&world->promises->timers, event->key);
    if (due_ms == NULL)
        world_fail("timer %llu fires and was never set", (unsigned long long)event->key);
    else if (time_ms < *due_ms)
        world_fail("timer %llu fires %lld ms early", (unsigned long long)event->key,
                   (long long)(*due_ms - time_ms));
    once(&world->promises->ended, event->key, "ends as a timer");
}

static void check_one_event(const struct event *event, const struct history_row *row)
{
    struct promises *promises = world->promises;
    switch (event->type) {
    case EVENT_TIMER_CREATED:
        idmap_put(&promises->timers, event->key,
                  arena_copy(&world->arena, &event->due_ms, sizeof event->due_ms));
        once(&promises->born, event->key, "is given");
        return;
    case EVENT_PROCESS_ACTIVATED:
        load_instance_made(event->key, event->name, event->value);
        once(&promises->born, event->key, "is given");
        return;
    case EVENT_JOB_CREATED:
    case EVENT_SUBSCRIPTION_OPENING:
    case EVENT_MESSAGE_PUBLISHED:
    case EVENT_INCIDENT_CREATED:
    case EVENT_DEFINITION_DEPLOYED:
        once(&promises->born, event->key, "is given");
        return;
    case EVENT_DEFINITION_PUBLISHED:
        load_definition_published();
        return;
    case EVENT_TIMER_FIRED:
        check_fired(event, row->time_ms);
        return;
    case EVENT_TIMER_CANCELED:
        once(&promises->ended, event->key, "ends as a timer");
        return;
    case EVENT_JOB_COMPLETED:
    case EVENT_JOB_ERROR_THROWN:
    case EVENT_JOB_CANCELED:
        once(&promises->ended, event->key, "ends as a job");
        return;
    case EVENT_SUBSCRIPTION_CORRELATED:
        once(&promises->ended, event->key, "correlates");
        return;
    case EVENT_COMMAND_QUARANTINED:
        load_quarantined(row->offset);
        return;
    default:
        return;
    }
}

// -- Folding ----------------------------------------------------------------------------

static struct stream *stream_new(uint32_t shard, const struct history_row *row)
{
    struct stream *stream = ARENA_NEW(&world->arena, struct stream);
    stream->replay =
        engine_replay_new(&of(shard)->environment, row->stream_kind, row->stream, &stream->arena);
    stream->next = world->promises->streams;
    world->promises->streams = stream;
    return stream;
}

static struct stream *find_stream(uint32_t shard, const struct history_row *row)
{
    struct shard_promises *promises = of(shard);
    struct stream *stream = row->stream_kind == STREAM_SHARD
                                ? promises->shard_stream
                                : idmap_get(&promises->streams, row->stream);
    if (stream != NULL)
        return stream;
    stream = stream_new(shard, row);
    if (row->stream_kind == STREAM_SHARD)
        promises->shard_stream = stream;
    else
        idmap_put(&promises->streams, row->stream, stream);
    return stream;
}

static void note_step(uint32_t shard, const struct history_row *row)
{
    struct promises *promises = world->promises;
    str id = str_format(&promises->turn, "%u-%llu-%llu", shard, (unsigned long long)row->stream,
                        (unsigned long long)row->sequence);
    idmap_put(&promises->steps, hash(id), (void *)(uintptr_t)1);
    promises->unpublished_steps++;
}

static void fold(uint32_t shard, const struct database_step *step)
{
    struct history_row row = step->row;
    struct stream *stream = find_stream(shard, &row);
    struct event *events;
    struct error err;
    str bytes = str_copy(&stream->arena, step->events);
    note_step(shard, &row);
    if (row.sequence != ++stream->sequence)
        world_fail("shard %u: step %llu of stream %llu follows on %llu", shard,
                   (unsigned long long)row.sequence, (unsigned long long)row.stream,
                   (unsigned long long)stream->sequence - 1);
    if (!wire_decode_events(&stream->arena, bytes, &events, &row.count, &err)) {
        world_fail("shard %u: history cannot be read: %s", shard, err.text);
        return;
    }
    row.events = events;
    if (!engine_replay_step(stream->replay, &row, &err))
        world_fail("shard %u: history cannot be folded: %s", shard, err.text);
    for (size_t i = 0; i < row.count; i++)
        check_one_event(&events[i], &row);
}

static void compare(uint32_t shard, const char *what, const struct stream *stream, str image)
{
    if (stream == NULL)
        world_fail("shard %u: a state of %s is stored and has no history", shard, what);
    else if (!str_equal(engine_replay_image(stream->replay), image))
        world_fail("shard %u: the stored state of %s is not what its history gives", shard, what);
}

static void compare_states(const struct transaction *transaction)
{
    uint32_t shard = transaction->commit.shard;
    const struct changes *changes = &transaction->changes;
    const struct shard_tables *tables = &world->database->shards[shard];
    struct shard_promises *promises = of(shard);
    for (size_t i = 0; i < changes->instances.count; i++) {
        const struct instance_row *row =
            idmap_get(&tables->instances, changes->instances.items[i].key);
        compare(shard, "an instance",
                idmap_get(&promises->streams, changes->instances.items[i].key),
                row ? row->image : STR_EMPTY);
    }
    for (size_t i = 0; i < changes->mailboxes.count; i++) {
        const struct mailbox_row *row = &changes->mailboxes.items[i];
        const struct store_stream stream = {.kind = STREAM_MAILBOX,
                                            .name = row->name,
                                            .correlation_key = row->correlation_key,
                                            .tenant = row->tenant,
                                            .subscription_kind = row->kind};
        str image;
        if (row->change != ROW_DELETE && (database_find_stream(shard, &stream, &image) || true))
            compare(shard, "a mailbox", idmap_get(&promises->streams, row->key), image);
    }
    if (transaction->image_changed)
        compare(shard, "the shard", promises->shard_stream, tables->row.image);
}

// An ended instance owns nothing.
static void check_orphans(const struct transaction *transaction)
{
    const struct shard_tables *tables = &world->database->shards[transaction->commit.shard];
    const struct changes *changes = &transaction->changes;
#define CHECK_OWNER(member)                                                                        \
    for (size_t i = 0; i < changes->member.count; i++) {                                           \
        const struct instance_row *owner =                                                         \
            idmap_get(&tables->instances, changes->member.items[i].instance);                      \
        if (changes->member.items[i].change != ROW_DELETE && (owner == NULL || owner->ended_ms))   \
            world_fail("key %llu in " #member " belongs to no running instance",                   \
                       (unsigned long long)changes->member.items[i].key);                          \
    }
    CHECK_OWNER(jobs)
    CHECK_OWNER(timers)
    CHECK_OWNER(elements)
    CHECK_OWNER(subscriptions)
#undef CHECK_OWNER
}

static void define(const struct changes *changes)
{
    struct error err;
    for (size_t i = 0; i < changes->definitions.count; i++) {
        const struct definition_row *row = &changes->definitions.items[i];
        const struct definition_source source = {.key = row->key,
                                                 .kind = row->kind,
                                                 .id = row->id,
                                                 .bytes = database_resource(row->digest)};
        if (!definitions_add(world->promises->definitions, &source, &err))
            world_fail("a model cannot be compiled: %s", err.text);
    }
}

static void check_chain(const struct transaction *transaction, size_t from)
{
    struct shard_promises *promises = of(transaction->commit.shard);
    const struct shard_tables *tables = &world->database->shards[transaction->commit.shard];
    struct digest body;
    struct strbuf bytes = strbuf_new(&world->promises->turn);
    for (size_t i = from; i < tables->history.count; i++)
        store_chain_add(&bytes, &tables->history.items[i].row, tables->history.items[i].events);
    if (tables->history.count > from)
        promises->chain = store_chain_end(promises->chain, strbuf_str(&bytes), &body);
    if (memcmp(promises->chain.bytes, tables->row.chain.bytes, DIGEST_SIZE) != 0)
        world_fail("shard %u: the chain of history does not follow from its rows",
                   transaction->commit.shard);
}

void promises_committed(const struct transaction *transaction)
{
    uint32_t shard = transaction->commit.shard;
    struct shard_promises *promises = of(shard);
    const struct shard_tables *tables = &world->database->shards[shard];
    size_t from = promises->history_at;
    if (world->failure[0] != '\0')
        return;
    define(&transaction->changes);
    for (size_t i = from; i < tables->history.count; i++) {
        fold(shard, &tables->history.items[i]);
        if (i == from ||
            tables->history.items[i].row.offset != tables->history.items[i - 1].row.offset)
            check_taken(transaction, tables->history.items[i].row.offset);
    }
    promises->history_at = tables->history.count;
    check_chain(transaction, from);
    compare_states(transaction);
    check_orphans(transaction);
    check_outbox(&transaction->commit);
    note_taken_late(&transaction->commit, promises);
    arena_reset(&world->promises->turn);
}

bool promises_is_deadly(const struct transaction *transaction)
{
    const struct kafka_partition *partition = kafka_commands(transaction->commit.shard);
    for (size_t i = 0; i < transaction->steps.count; i++) {
        const struct database_step *step = &transaction->steps.items[i];
        const struct kafka_record *record = kafka_at(partition, step->row.offset);
        if (record != NULL && record->poison == POISON_DEADLY && !transaction_quarantines(step))
            return true;
    }
    return false;
}

// -- Ownership and topics ---------------------------------------------------------------

void promises_acquired(uint32_t shard)
{
    story_tell("%.*s acquires shard %u: epoch %llu",
               STR_ARG(world->database->shards[shard].row.owner), shard,
               (unsigned long long)world->database->shards[shard].row.epoch);
    world_tell("acquires shard %u: epoch %llu", shard,
               (unsigned long long)world->database->shards[shard].row.epoch);
}

void promises_tried(const struct machine *machine, const struct store_trial *trial)
{
    struct shard_promises *promises = of(trial->shard);
    const struct machine *before = promises->trial.machine;
    if (before == NULL || promises->trial.offset != trial->offset)
        promises->trial.chances = 0;
    else if (before != machine || promises->trial.life != machine->life)
        promises->trial.chances += !before->killed || before->life <= promises->trial.life;
    promises->trial.machine = machine;
    promises->trial.life = machine->life;
    promises->trial.offset = trial->offset;
}

bool promises_excuse(uint32_t shard, int64_t offset)
{
    const struct shard_promises *promises = of(shard);
    return promises->trial.offset == offset && promises->trial.chances >= 3;
}

void promises_halted(uint32_t shard, str why)
{
    world_tell("shard %u is halted: %.*s", shard, STR_ARG(why));
    if (of(shard)->truncated_at < 0)
        world_fail("shard %u is halted and nothing is wrong with its topic: %.*s", shard,
                   STR_ARG(why));
}

// What came after all that was done is not to be skipped. Records that came within a second of it
// may be: their time does not tell.
void promises_repairing(uint32_t shard, int64_t next_offset)
{
    struct shard_promises *promises = of(shard);
    int64_t clock_ms = world->database->shards[shard].row.clock_ms;
    for (int64_t offset = promises->truncated_at; offset < next_offset; offset++) {
        struct kafka_record *record = kafka_at(kafka_commands(shard), offset);
        if (record->time_ms > clock_ms + 1000)
            world_fail("shard %u: repaired, it skips offset %lld, which came %lld ms after the "
                       "last command done",
                       shard, (long long)offset, (long long)(record->time_ms - clock_ms));
        record->lost = true;
    }
    promises->truncated_at = promises->lost_from = -1;
}

void promises_truncated(uint32_t shard, int64_t kept)
{
    struct shard_promises *promises = of(shard);
    world->promises->lost = true;
    if (kept >= world->database->shards[shard].row.next_offset)
        promises->lost_from = promises->lost_from < 0 ? kept : promises->lost_from;
    else if (promises->truncated_at < 0 || kept < promises->truncated_at)
        promises->truncated_at = kept;
    promises->unseen = false;
}

// -- The end ----------------------------------------------------------------------------

// What is in a topic that the brokers lose is lost: instances may wait for it.
static bool rows_are_settled(const struct shard_tables *tables)
{
    return world->promises->lost ||
           (tables->jobs.count == 0 && tables->timers.count == 0 &&
            tables->subscriptions.count == 0 && tables->elements.count == 0);
}

static bool shard_is_settled(uint32_t shard, struct strbuf *out)
{
    const struct shard_tables *tables = &world->database->shards[shard];
    int64_t lag = kafka_end(kafka_commands(shard)) - tables->row.next_offset;
    size_t outbox = tables->outbox.count - tables->outbox_at;
    if (lag == 0 && outbox == 0 && tables->row.halted.len == 0 && rows_are_settled(tables))
        return true;
    strbuf_format(out,
                  "shard %u has lag %lld, outbox %zu, jobs %zu, timers %zu, "
                  "subscriptions %zu, elements %zu%s; ",
                  shard, (long long)lag, outbox, tables->jobs.count, tables->timers.count,
                  tables->subscriptions.count, tables->elements.count,
                  tables->row.halted.len ? ", halted" : "");
    return false;
}

// Commands to other shards that never counted, for the story.
static void tell_untaken(uint32_t shard)
{
    struct shard_promises *promises = of(shard);
    struct command command;
    struct error err;
    for (size_t i = 0; i < promises->sent.count; i++) {
        const struct sent *sent = &promises->sent.items[i];
        if (sent->taken_at < 0 &&
            wire_decode_command(&world->promises->turn, sent->value, &command, &err))
            world_tell("command %u:%zu %s of %llu about %llu %s", shard, i + 1,
                       command_type_name(command.type), (unsigned long long)command.instance,
                       (unsigned long long)command.key,
                       sent->appended ? "changed nothing" : "was never published");
    }
}

// What still waits, for the story.
static void tell_waiting(const struct shard_tables *tables)
{
    size_t cursor = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&tables->elements, &cursor, &key, &value)) {
        const struct element_row *row = value;
        world_tell("instance %llu waits at %.*s, %llu", (unsigned long long)row->instance,
                   STR_ARG(row->element_id), (unsigned long long)key);
    }
    cursor = 0;
    while (idmap_next(&tables->subscriptions, &cursor, &key, &value)) {
        const struct subscription_row *row = value;
        world_tell("subscription %llu to %.*s is%s opened", (unsigned long long)key,
                   STR_ARG(row->correlation_key), row->opened ? "" : " not");
    }
}

static bool all_published(uint32_t shard, char *ret_text, size_t size)
{
    const struct shard_promises *promises = of(shard);
    for (size_t i = 0; i < promises->targets.count; i++) {
        const struct target *target = promises->targets.items[i];
        if (target->at == target->numbers.count)
            continue;
        snprintf(ret_text, size, "shard %u: outbox record %llu was committed and never published",
                 shard, (unsigned long long)target->numbers.items[target->at]);
        return false;
    }
    return true;
}

bool promises_settled(char *ret_text, size_t size)
{
    struct arena *turn = &world->promises->turn;
    struct strbuf out = strbuf_new(turn);
    bool settled = true;
    for (uint32_t shard = 0; shard < world->options.shards; shard++)
        settled = shard_is_settled(shard, &out) && settled;
    snprintf(ret_text, size, "%s", strbuf_cstr(&out));
    arena_reset(turn);
    if (!settled)
        return false;
    for (uint32_t shard = 0; shard < world->options.shards; shard++)
        if (!all_published(shard, ret_text, size))
            return false;
    snprintf(ret_text, size, "%zu steps are not on the event topic",
             world->promises->unpublished_steps);
    return world->promises->unpublished_steps == 0 && load_is_settled(ret_text, size);
}

void promises_tell_open(void)
{
    for (uint32_t shard = 0; shard < world->options.shards && world->options.verbose; shard++) {
        tell_waiting(&world->database->shards[shard]);
        tell_untaken(shard);
    }
}

const struct engine_environment *promises_environment(uint32_t shard)
{
    return &of(shard)->environment;
}

struct promises *promises_new(void)
{
    struct promises *promises = calloc(1, sizeof *promises);
    check(promises != NULL);
    promises->definitions = definitions_new(NULL);
    struct idmap *maps[] = {&promises->born, &promises->ended, &promises->timers, &promises->steps,
                            &promises->sequences};
    for (size_t i = 0; i < COUNT_OF(maps); i++)
        *maps[i] = idmap_new(&world->arena);
    for (uint32_t i = 0; i < WORLD_SHARDS; i++) {
        promises->shards[i].environment =
            (struct engine_environment){.context = promises->definitions,
                                        .find_process = definitions_find_process,
                                        .find_decisions = definitions_find_decisions,
                                        .shard = i,
                                        .shard_count = world->options.shards};
        promises->shards[i].streams = idmap_new(&world->arena);
        promises->shards[i].truncated_at = promises->shards[i].lost_from = -1;
    }
    return promises;
}

void promises_free(struct promises *promises)
{
    for (struct stream *stream = promises->streams; stream != NULL; stream = stream->next) {
        engine_replay_free(stream->replay);
        arena_done(&stream->arena);
    }
    definitions_free(promises->definitions);
    arena_done(&promises->turn);
    free(promises);
}
