// SPDX-License-Identifier: Apache-2.0
//
// Promise 5, second half: a shard's commands, run again by a new engine one by one, give the
// history that the cluster wrote, in bytes, whatever the batches, owners and faults were. Time and
// everything else that may differ comes with the records, and the engine forgets nothing here: what
// it misses has never been.
#include "promises.h"

#include "engine/engine.h"
#include "load.h"
#include "record/mac.h"
#include "record/token.h"
#include "wire/wire.h"

enum { CACHE_BYTES = 1 << 30 };

struct again {
    uint32_t shard;
    struct engine *engine;
    struct arena turn;
    uint64_t senders[WORLD_SHARDS];
    size_t at;     // the next row of history
    size_t owners; // that have taken over so far
};

static bool is_duplicate(struct again *again, const struct kafka_record *record)
{
    uint32_t sender;
    uint64_t number;
    if (!promises_read_sender(record, &sender, &number) || sender >= world->options.shards)
        return false;
    if (number <= again->senders[sender])
        return true;
    again->senders[sender] = number;
    return false;
}

static str header_of(const struct kafka_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (str_equal(record->headers[i].name, str_of(name)))
            return record->headers[i].value;
    return STR_EMPTY;
}

static bool is_signed(const struct again *again, const struct kafka_record *record)
{
    return mac_is_good(header_of(record, MAC_HEADER), STR(LOAD_SECRET), again->shard,
                       header_of(record, FROM_HEADER), record->value);
}

// The next row of history, when it is of this record.
static const struct database_step *step_of(const struct again *again, int64_t offset)
{
    const struct shard_tables *tables = &world->database->shards[again->shard];
    bool is_there =
        again->at < tables->history.count && tables->history.items[again->at].row.offset == offset;
    return is_there ? &tables->history.items[again->at] : NULL;
}

// A command that was decoded, has a good token and was not taken before.
static bool read_command(struct again *again, const struct kafka_record *record,
                         struct command *ret_command)
{
    struct error err;
    if (is_duplicate(again, record) ||
        !wire_decode_command(&again->turn, record->value, ret_command, &err) ||
        !(is_signed(again, record) || token_is_good(STR(LOAD_SECRET), ret_command)))
        return false;
    const struct shard_tables *tables = &world->database->shards[again->shard];
    ret_command->time_ms = stamps_find(&tables->stamps, record->offset, record->time_ms);
    ret_command->offset = record->offset;
    return true;
}

static void load(struct again *again, const struct command *command)
{
    struct stream_ref refs[ENGINE_MAX_REFS];
    struct error err;
    for (size_t count; (count = engine_missing(again->engine, command, refs)) > 0;)
        for (size_t i = 0; i < count; i++)
            if (!engine_load(again->engine, &refs[i], STR_EMPTY, &err))
                world_fail("shard %u: a new stream is refused: %s", again->shard, err.text);
}

static bool is_same(const struct history_row *a, const struct database_step *b, str events)
{
    return a->stream_kind == b->row.stream_kind && a->stream == b->row.stream &&
           a->sequence == b->row.sequence && a->time_ms == b->row.time_ms &&
           a->offset == b->row.offset && a->cause == b->row.cause &&
           str_equal(a->principal, b->row.principal) && str_equal(a->origin, b->row.origin) &&
           str_equal(events, b->events);
}

static void compare(struct again *again, const struct changes *changes)
{
    const struct shard_tables *tables = &world->database->shards[again->shard];
    for (size_t i = 0; i < changes->history.count; i++, again->at++) {
        const struct history_row *row = &changes->history.items[i];
        struct strbuf events = strbuf_new(&again->turn);
        wire_encode_events(&events, row->events, row->count);
        if (again->at >= tables->history.count ||
            !is_same(row, &tables->history.items[again->at], strbuf_str(&events)))
            world_fail("shard %u: offset %lld, run again, gives another history in stream %llu",
                       again->shard, (long long)row->offset, (unsigned long long)row->stream);
    }
}

// A new owner knows nothing of the gateways that wait for jobs, nor which failures came in a row.
static void change_owner(struct again *again, int64_t offset)
{
    const struct shard_tables *tables = &world->database->shards[again->shard];
    while (again->owners < tables->taken_over.count &&
           tables->taken_over.items[again->owners] <= offset) {
        again->owners++;
        engine_forget_credits(again->engine);
        engine_forget_answers(again->engine);
    }
}

static void run_again(struct again *again, const struct kafka_record *record)
{
    change_owner(again, record->offset);
    struct changes changes;
    str why;
    struct command *command = ARENA_NEW(&again->turn, struct command);
    if (read_command(again, record, command)) {
        engine_begin(again->engine, &again->turn);
        const struct database_step *step = step_of(again, record->offset);
        if (step != NULL && transaction_quarantine_reason(step, &again->turn, &why)) {
            engine_quarantine(again->engine, command, why);
        } else {
            load(again, command);
            engine_step(again->engine, command);
        }
        engine_end(again->engine, &changes);
        compare(again, &changes);
    }
    arena_reset(&again->turn);
}

static void run_shard(uint32_t shard)
{
    const struct shard_tables *tables = &world->database->shards[shard];
    const struct kafka_partition *partition = kafka_commands(shard);
    struct engine_environment environment = *promises_environment(shard);
    struct again again = {.shard = shard};
    struct error err;
    environment.job_window = world->job_window;
    environment.keeps_entries = true;
    environment.breakers = (struct breaker_settings){.failures = WORLD_BREAKER_FAILURES,
                                                     .has_credentials = true,
                                                     .rest_ms = WORLD_BREAKER_REST_MS,
                                                     .longest_rest_ms = WORLD_BREAKER_MOST_MS,
                                                     .probes = WORLD_BREAKER_PROBES};
    environment.job_timeout_ms = WORLD_JOB_TIMEOUT_MS;
    again.engine = engine_new(&environment, STR_EMPTY, 1, CACHE_BYTES, &err);
    check(again.engine != NULL);
    for (int64_t offset = 0; offset < tables->row.next_offset && world->failure[0] == '\0';
         offset++)
        run_again(&again, kafka_at(partition, offset));
    if (world->failure[0] == '\0' && again.at != tables->history.count)
        world_fail("shard %u: run again, its commands give %zu rows of history, not %zu", shard,
                   again.at, tables->history.count);
    engine_free(again.engine);
    arena_done(&again.turn);
}

void promises_reexecute(void)
{
    for (uint32_t shard = 0; shard < world->options.shards; shard++)
        run_shard(shard);
}
