// SPDX-License-Identifier: Apache-2.0
#include "cli/audit.h"

#include "cli/audit_heads.h"
#include "base/digest.h"
#include "engine/engine.h"
#include "node/definitions.h"
#include "store/query.h"
#include "store/read/audit.h"
#include "store/store.h"
#include "wire/wire.h"

#include <stdio.h>

enum { CHUNK_BATCHES = 500, CHUNK_ROWS = 20000 };

struct audit {
    const struct audit_wanted *wanted;
    audit_tell *tell;
    void *context;
    struct audit_result result;
    struct definitions *definitions;
    struct engine_environment environment;
    struct arena arena;  // of a chunk
    struct arena stream; // of the stream being folded
    uint32_t shard;
    // the chain
    uint64_t batch;      // the last one checked
    struct digest chain; // after it
    struct strbuf bytes; // of the batch being read
    str stored;          // its stored digest
    bool is_old;         // retention may have taken its rows
    int64_t wanted_rows;
    int64_t found_rows;
    size_t chunk_rows;
    // folding
    enum stream_kind kind;
    uint64_t key; // of the stream being folded; with `replay` NULL: none
    uint64_t sequence;
    struct engine_replay *replay;
    str image; // as stored
    bool broken;
};

static void tell(struct audit *audit, const char *what, uint64_t key, const char *text)
{
    struct arena arena = ARENA_EMPTY;
    audit->result.problems++;
    audit->tell(audit->context, str_format(&arena, "shard %u, %s %llu: %s", audit->shard, what,
                                           (unsigned long long)key, text));
    arena_done(&arena);
}

static bool ask(struct audit *audit, struct statement statement, query_done *done,
                struct error *err)
{
    return query_run_blocking(audit->wanted->url, str_of(statement.sql), statement.parameters,
                              statement.count, done, audit, err);
}

// A step from columns that begin at `first`.
static struct history_row read_row(struct audit *audit, const struct query_rows *rows, size_t i,
                                   size_t first, str *ret_events)
{
    *ret_events = query_bytes(rows, i, first + AUDIT_EVENTS, &audit->arena);
    return (struct history_row){
        .stream_kind = (enum stream_kind)query_i64(rows, i, first + AUDIT_KIND),
        .stream = query_u64(rows, i, first + AUDIT_STREAM),
        .sequence = query_u64(rows, i, first + AUDIT_SEQUENCE),
        .time_ms = query_i64(rows, i, first + AUDIT_TIME_MS),
        .offset = query_i64(rows, i, first + AUDIT_OFFSET),
        .cause = (enum command_type)query_i64(rows, i, first + AUDIT_CAUSE),
        .principal = query_value(rows, i, first + AUDIT_PRINCIPAL),
        .origin = query_value(rows, i, first + AUDIT_ORIGIN),
    };
}

// -- The chain ----------------------------------------------------------------------------

// What a checkpoint has signed is there, or something else is.
static void check_head(struct audit *audit)
{
    struct audit_heads *heads = audit->wanted->heads;
    const struct audit_head *signed_head =
        heads == NULL ? NULL
                      : audit_heads_differ(heads, HEAD_SHARD, audit->shard, audit->batch,
                                           str_from(audit->chain.bytes, DIGEST_SIZE));
    if (signed_head == NULL)
        return;
    struct arena arena = ARENA_EMPTY;
    tell(audit, "batch", audit->batch,
         str_cstr(&arena, str_format(&arena,
                                     "is not what the checkpoint of %.*s has signed: it or what "
                                     "was before it was changed",
                                     STR_ARG(signed_head->time))));
    arena_done(&arena);
}

static void finish_batch(struct audit *audit)
{
    if (audit->bytes.arena == NULL)
        return;
    struct digest body;
    audit->chain = store_chain_end(audit->chain, strbuf_str(&audit->bytes), &body);
    str found = str_from(audit->chain.bytes, DIGEST_SIZE);
    bool is_retired = audit->found_rows < audit->wanted_rows && audit->is_old &&
                      audit->wanted->history_may_be_retired;
    if (is_retired)
        audit->result.retired++;
    else if (audit->found_rows != audit->wanted_rows)
        tell(audit, "batch", audit->batch, "has another number of rows than when it was written");
    else if (!str_equal(found, audit->stored))
        tell(audit, "batch", audit->batch, "its digest does not follow from its rows");
    if (audit->stored.len == DIGEST_SIZE)
        memcpy(audit->chain.bytes, audit->stored.data, DIGEST_SIZE); // each damage is told once
    check_head(audit);
    audit->bytes = (struct strbuf){0};
    audit->result.batches++;
}

static void begin_batch(struct audit *audit, const struct query_rows *rows, size_t i,
                        uint64_t number)
{
    finish_batch(audit);
    if (number != audit->batch + 1)
        tell(audit, "batch", audit->batch + 1, "is missing");
    audit->batch = number;
    audit->stored = query_bytes(rows, i, 1, &audit->arena);
    audit->wanted_rows = query_i64(rows, i, 2);
    audit->is_old = query_bool(rows, i, 3);
    audit->found_rows = 0;
    audit->bytes = strbuf_new(&audit->arena);
}

static void on_batches(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    struct audit *audit = context;
    audit->chunk_rows = query_row_count(rows);
    for (size_t i = 0; i < audit->chunk_rows; i++) {
        uint64_t number = query_u64(rows, i, 0);
        if (audit->bytes.arena == NULL || number != audit->batch)
            begin_batch(audit, rows, i, number);
        if (query_is_null(rows, i, AUDIT_OF_BATCH))
            continue; // a batch whose rows have gone
        str events;
        struct history_row row = read_row(audit, rows, i, AUDIT_OF_BATCH, &events);
        store_chain_add(&audit->bytes, &row, events);
        audit->found_rows++;
        audit->result.rows++;
    }
    finish_batch(audit);
}

static void on_end(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    struct audit *audit = context;
    str end = query_bytes(rows, 0, 1, &audit->arena);
    if (query_u64(rows, 0, 0) != audit->batch)
        tell(audit, "batch", query_u64(rows, 0, 0), "is the shard's last one and is missing");
    else if (audit->batch > 0 && !str_equal(end, str_from(audit->chain.bytes, DIGEST_SIZE)))
        tell(audit, "batch", audit->batch, "its digest is not the one in the shard's row");
}

static bool check_chain(struct audit *audit, struct error *err)
{
    audit->batch = 0;
    audit->chain = (struct digest){{0}};
    do {
        if (!ask(
                audit,
                read_chain(&audit->arena, audit->shard, audit->batch, audit->batch + CHUNK_BATCHES),
                on_batches, err))
            return false;
        arena_reset(&audit->arena);
    } while (audit->chunk_rows > 0);
    return ask(audit, read_chain_end(&audit->arena, audit->shard), on_end, err);
}

// -- Folding ------------------------------------------------------------------------------

static void finish_stream(struct audit *audit)
{
    static const char *const names[] = {"state of", "instance", "mailbox"};
    if (audit->replay == NULL)
        return;
    if (!audit->broken && !engine_replay_gives(audit->replay, audit->image))
        tell(audit, names[audit->kind], audit->key,
             "its stored state is not what its history gives");
    engine_replay_free(audit->replay);
    audit->replay = NULL;
    arena_reset(&audit->stream);
    audit->result.streams++;
}

static void begin_stream(struct audit *audit, const struct query_rows *rows, size_t i, uint64_t key)
{
    finish_stream(audit);
    audit->key = key;
    audit->broken = false;
    audit->image = query_bytes(rows, i, AUDIT_COLUMNS, &audit->stream);
    audit->replay = engine_replay_new(&audit->environment, audit->kind, key, &audit->stream);
}

static void fold(struct audit *audit, struct history_row *row, str events)
{
    struct event *decoded;
    struct error err;
    if (audit->broken)
        return;
    audit->broken = !wire_decode_events(&audit->stream, events, &decoded, &row->count, &err);
    row->events = decoded;
    audit->broken = audit->broken || !engine_replay_step(audit->replay, row, &err);
    if (audit->broken)
        tell(audit, "stream", row->stream, err.text);
}

static void on_steps(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    struct audit *audit = context;
    audit->chunk_rows = query_row_count(rows);
    for (size_t i = 0; i < audit->chunk_rows; i++) {
        str events;
        struct history_row row = read_row(audit, rows, i, 0, &events);
        if (audit->replay == NULL || row.stream != audit->key)
            begin_stream(audit, rows, i, row.stream);
        fold(audit, &row, str_copy(&audit->stream, events));
        audit->key = row.stream;
        audit->sequence = row.sequence;
    }
}

static bool fold_kind(struct audit *audit, enum stream_kind kind, struct error *err)
{
    audit->kind = kind;
    audit->key = audit->sequence = 0;
    do {
        const struct audit_place behind = {audit->key, audit->sequence};
        if (!ask(audit, read_streams(&audit->arena, kind, audit->shard, behind, CHUNK_ROWS),
                 on_steps, err))
            return false;
        arena_reset(&audit->arena);
    } while (audit->chunk_rows > 0);
    finish_stream(audit);
    return true;
}

static bool fold_all(struct audit *audit, struct error *err)
{
    return fold_kind(audit, STREAM_SHARD, err) && fold_kind(audit, STREAM_INSTANCE, err) &&
           fold_kind(audit, STREAM_MAILBOX, err);
}

// -- All shards ---------------------------------------------------------------------------

static void on_definitions(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    struct audit *audit = context;
    for (size_t i = 0; i < query_row_count(rows); i++) {
        const struct definition_source source = {.key = query_u64(rows, i, 0),
                                                 .kind = (enum resource_kind)query_i64(rows, i, 1),
                                                 .id = query_value(rows, i, 2),
                                                 .bytes = query_bytes(rows, i, 3, &audit->arena),
                                                 .imports = query_bytes(rows, i, 4, &audit->arena)};
        struct error why;
        if (!definitions_add(audit->definitions, &source, &why))
            tell(audit, "definition", source.key, why.text);
    }
}

struct shard_list {
    uint32_t numbers[8192];
    size_t count;
};

static void on_shards(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    struct shard_list *list = context;
    for (size_t i = 0; i < query_row_count(rows) && i < COUNT_OF(list->numbers); i++)
        list->numbers[list->count++] = (uint32_t)query_i64(rows, i, 0);
}

static void on_overdue(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    struct audit *audit = context;
    for (size_t i = 0; i < query_row_count(rows); i++) {
        char what[160];
        str text = query_value(rows, i, 2);
        snprintf(what, sizeof what, "%.*s", STR_ARG(text));
        audit->shard = (uint32_t)query_i64(rows, i, 0);
        tell(audit, "standing", query_u64(rows, i, 1), what);
    }
}

static bool audit_all(struct audit *audit, struct error *err)
{
    struct shard_list shards = {.count = 0};
    struct statement all = read_all_shards(&audit->arena);
    if (!query_run_blocking(audit->wanted->url, str_of(all.sql), NULL, 0, on_shards, &shards,
                            err) ||
        !ask(audit, read_all_definitions(&audit->arena), on_definitions, err))
        return false;
    audit->environment.shard_count = (uint32_t)shards.count;
    for (size_t i = 0; i < shards.count; i++) {
        audit->shard = audit->environment.shard = shards.numbers[i];
        if (!check_chain(audit, err) || !fold_all(audit, err))
            return false;
    }
    return ask(audit, read_overdue(&audit->arena), on_overdue, err); // history says nothing of it
}

// Heads that no chain has come to.
static void tell_lost_heads(struct audit *audit)
{
    const struct audit_heads *heads = audit->wanted->heads;
    for (size_t i = 0; heads != NULL && i < heads->list.count; i++) {
        const struct audit_head *head = &heads->list.items[i];
        struct arena arena = ARENA_EMPTY;
        audit->result.heads += head->is_found;
        if (!head->is_found) {
            audit->result.problems++;
            audit->tell(audit->context,
                        str_format(&arena,
                                   "%s %lld, %s %llu: was signed by the checkpoint of %.*s and is "
                                   "not there",
                                   head->kind == HEAD_SHARD ? "shard" : "audit chain",
                                   (long long)head->id,
                                   head->kind == HEAD_SHARD ? "batch" : "entry",
                                   (unsigned long long)head->number, STR_ARG(head->time)));
        }
        arena_done(&arena);
    }
}

bool node_audit(const struct audit_wanted *wanted, audit_tell *say, void *context,
                struct audit_result *ret_result, struct error *err)
{
    struct audit audit = {
        .wanted = wanted, .tell = say, .context = context, .definitions = definitions_new(NULL)};
    audit.environment = (struct engine_environment){.context = audit.definitions,
                                                    .find_process = definitions_find_process,
                                                    .find_decisions = definitions_find_decisions};
    bool done =
        audit_all(&audit, err) && audit_check_entries(wanted, say, context, &audit.result, err);
    if (done)
        tell_lost_heads(&audit);
    *ret_result = audit.result;
    if (audit.replay != NULL)
        engine_replay_free(audit.replay);
    definitions_free(audit.definitions);
    arena_done(&audit.arena);
    arena_done(&audit.stream);
    return done;
}
