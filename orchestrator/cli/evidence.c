// SPDX-License-Identifier: Apache-2.0
#include "cli/evidence.h"

#include "record/key.h"
#include "store/query.h"
#include "store/read/audit.h"
#include "store/store.h"

struct packing {
    const char *url;
    uint32_t shard;
    uint64_t instance;
    const struct signature_key *key;
    struct arena *arena;
    struct json_writer writer;
    ARRAY(uint64_t) batches; // that have a step of it, in order
    size_t rows;
    str text; // one column of one row
    str digest;
    struct strbuf row_digests; // of the batch being read
    uint64_t last;             // batch that was linked
    size_t links;
};

static bool ask(struct packing *packing, struct statement statement, query_done *done,
                struct error *err)
{
    return query_run_blocking(packing->url, str_of(statement.sql), statement.parameters,
                              statement.count, done, packing, err);
}

static void write_hex(struct packing *packing, str bytes)
{
    json_string(&packing->writer, digest_hex(packing->arena, bytes));
}

static void write_number(struct packing *packing, const char *name, int64_t number)
{
    json_key(&packing->writer, str_of(name));
    json_i64(&packing->writer, number);
}

static void write_text(struct packing *packing, const char *name, str text)
{
    json_key(&packing->writer, str_of(name));
    json_string(&packing->writer, text);
}

static struct history_row row_of(const struct query_rows *rows, size_t i, size_t first)
{
    return (struct history_row){.stream_kind =
                                    (enum stream_kind)query_i64(rows, i, first + AUDIT_KIND),
                                .stream = query_u64(rows, i, first + AUDIT_STREAM),
                                .sequence = query_u64(rows, i, first + AUDIT_SEQUENCE),
                                .time_ms = query_i64(rows, i, first + AUDIT_TIME_MS),
                                .offset = query_i64(rows, i, first + AUDIT_OFFSET),
                                .cause = (enum command_type)query_i64(rows, i, first + AUDIT_CAUSE),
                                .principal = query_value(rows, i, first + AUDIT_PRINCIPAL),
                                .origin = query_value(rows, i, first + AUDIT_ORIGIN)};
}

// -- Steps --------------------------------------------------------------------------------

enum { STEP_BATCH, STEP_ORDINAL, STEP_ROW };

static void on_steps(void *context, const struct query_rows *rows, const struct error *err)
{
    struct packing *packing = context;
    struct json_writer *w = &packing->writer;
    (void)err;
    packing->rows = query_row_count(rows);
    for (size_t i = 0; i < packing->rows; i++) {
        struct history_row row = row_of(rows, i, STEP_ROW);
        uint64_t batch = query_u64(rows, i, STEP_BATCH);
        struct strbuf events = strbuf_new(packing->arena);
        base64_encode(&events, query_bytes(rows, i, STEP_ROW + AUDIT_EVENTS, packing->arena));
        json_begin_object(w);
        write_number(packing, "batch", (int64_t)batch);
        write_number(packing, "ordinal", query_i64(rows, i, STEP_ORDINAL));
        write_number(packing, "sequence", (int64_t)row.sequence);
        write_number(packing, "time", row.time_ms);
        write_number(packing, "offset", row.offset);
        write_number(packing, "command", row.cause);
        write_text(packing, "principal", row.principal);
        write_text(packing, "origin", row.origin);
        write_text(packing, "events", strbuf_str(&events));
        json_end_object(w);
        if (packing->batches.count == 0 ||
            packing->batches.items[packing->batches.count - 1] != batch)
            *ARRAY_PUSH(packing->arena, &packing->batches) = batch;
    }
}

static bool write_steps(struct packing *packing, struct error *err)
{
    json_key(&packing->writer, STR("steps"));
    json_begin_array(&packing->writer);
    bool good = ask(packing, read_evidence_steps(packing->arena, packing->shard, packing->instance),
                    on_steps, err);
    json_end_array(&packing->writer);
    return good && (packing->rows > 0 || error_set(err, ERROR_NOT_FOUND, "instance",
                                                   "there is no history of instance %llu",
                                                   (unsigned long long)packing->instance));
}

// -- Batches ------------------------------------------------------------------------------

static void on_batch(void *context, const struct query_rows *rows, const struct error *err)
{
    struct packing *packing = context;
    (void)err;
    packing->rows = query_row_count(rows);
    for (size_t i = 0; i < packing->rows; i++) {
        struct history_row row = row_of(rows, i, AUDIT_OF_BATCH);
        struct strbuf digest = strbuf_new(packing->arena);
        str events = query_bytes(rows, i, AUDIT_OF_BATCH + AUDIT_EVENTS, packing->arena);
        store_chain_add(&digest, &row, events);
        write_hex(packing, strbuf_str(&digest));
    }
}

static void on_digest(void *context, const struct query_rows *rows, const struct error *err)
{
    static const struct digest none = {{0}};
    struct packing *packing = context;
    (void)err;
    packing->digest = query_row_count(rows) > 0
                          ? query_bytes(rows, 0, 0, packing->arena)
                          : str_copy(packing->arena, str_from(none.bytes, DIGEST_SIZE));
}

static bool write_batch(struct packing *packing, uint64_t batch, struct error *err)
{
    struct json_writer *w = &packing->writer;
    if (!ask(packing, read_batch_digest(packing->arena, packing->shard, batch - 1), on_digest, err))
        return false;
    json_begin_object(w);
    write_number(packing, "batch", (int64_t)batch);
    json_key(w, STR("before"));
    write_hex(packing, packing->digest);
    json_key(w, STR("rows"));
    json_begin_array(w);
    bool good =
        ask(packing, read_chain(packing->arena, packing->shard, batch - 1, batch), on_batch, err);
    json_end_array(w);
    json_end_object(w);
    return good;
}

static bool write_batches(struct packing *packing, struct error *err)
{
    bool good = true;
    json_key(&packing->writer, STR("batches"));
    json_begin_array(&packing->writer);
    for (size_t i = 0; i < packing->batches.count && good; i++)
        good = write_batch(packing, packing->batches.items[i], err);
    json_end_array(&packing->writer);
    return good;
}

// -- To the end of the chain --------------------------------------------------------------

static void on_links(void *context, const struct query_rows *rows, const struct error *err)
{
    struct packing *packing = context;
    (void)err;
    packing->rows = query_row_count(rows);
    for (size_t i = 0; i < packing->rows; i++) {
        packing->last = query_u64(rows, i, 0);
        write_hex(packing, query_bytes(rows, i, 1, packing->arena));
    }
    packing->links += packing->rows;
}

// From the first of its batches on: the others' bodies are told, and all that came between.
static bool write_links(struct packing *packing, uint64_t end, struct error *err)
{
    enum { CHUNK = 20000 };
    uint64_t first = packing->batches.items[0];
    bool good = end - first < EVIDENCE_MAX_LINKS ||
                error_set(err, ERROR_LIMIT, "evidence",
                          "%llu batches came since: more than EVIDENCE_MAX_LINKS (%d)",
                          (unsigned long long)(end - first), EVIDENCE_MAX_LINKS);
    json_key(&packing->writer, STR("links"));
    json_begin_array(&packing->writer);
    packing->last = first - 1;
    do
        good = good &&
               ask(packing,
                   read_batch_bodies(packing->arena, packing->shard, packing->last, end, CHUNK),
                   on_links, err);
    while (good && packing->rows > 0);
    json_end_array(&packing->writer);
    return good;
}

static void on_text(void *context, const struct query_rows *rows, const struct error *err)
{
    struct packing *packing = context;
    (void)err;
    packing->text =
        query_row_count(rows) > 0 ? str_copy(packing->arena, query_value(rows, 0, 0)) : STR_EMPTY;
}

// Where the shard's chain ends in the heads that are signed.
static bool end_of(struct packing *packing, str heads, uint64_t *ret_end, struct error *err)
{
    struct json *json;
    if (!json_parse(packing->arena, heads, &json, err))
        return false;
    const struct json *shards = json_get(json, STR("shards"));
    for (size_t i = 0; json_is(shards, JSON_ARRAY) && i < shards->count; i++)
        if (json_get_i64(&shards->items[i], STR("shard"), -1) == packing->shard) {
            *ret_end = (uint64_t)json_get_i64(&shards->items[i], STR("batch"), 0);
            return true;
        }
    return error_set(err, ERROR_NOT_FOUND, "evidence", "there is no shard %u", packing->shard);
}

// -- All ----------------------------------------------------------------------------------

static bool write_all(struct packing *packing, struct error *err)
{
    struct json_writer *w = &packing->writer;
    uint64_t end = 0;
    if (!write_steps(packing, err) || !write_batches(packing, err) ||
        !ask(packing, read_audit_heads(packing->arena), on_text, err))
        return false;
    str heads = packing->text;
    if (!end_of(packing, heads, &end, err) || !write_links(packing, end, err) ||
        !ask(packing, read_evidence_case(packing->arena, packing->shard, packing->instance),
             on_text, err))
        return false;
    json_key(w, STR("case"));
    json_raw(w, packing->text);
    write_text(packing, "checkpoint", signature_sign(packing->arena, packing->key, heads));
    return true;
}

// Strings of JSON have no raw line breaks; between members PostgreSQL writes some.
static str on_one_line(struct arena *arena, str text)
{
    char *copy = arena_copy(arena, text.data, text.len);
    for (size_t i = 0; i < text.len; i++)
        if (copy[i] == '\n')
            copy[i] = ' ';
    return str_from(copy, text.len);
}

bool evidence_write(const char *url, uint64_t instance, const struct signature_key *key,
                    struct arena *arena, str *ret_text, struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    if (instance < key_make(0, 0))
        return error_set(err, ERROR_NOT_FOUND, "instance", "there is no instance with this key");
    struct packing packing = {.url = url,
                              .shard = key_shard(instance),
                              .instance = instance,
                              .key = key,
                              .arena = arena,
                              .writer = json_writer_new(&out)};
    json_begin_object(&packing.writer);
    write_text(&packing, "kind", STR("evidence"));
    write_number(&packing, "shard", packing.shard);
    write_text(&packing, "instance", str_format(arena, "%llu", (unsigned long long)instance));
    if (!write_all(&packing, err))
        return false;
    json_end_object(&packing.writer);
    str line = on_one_line(arena, strbuf_str(&out));
    struct digest digest = digest_sha256(line);
    str payload =
        str_format(arena, "{\"kind\":\"evidence\",\"instance\":\"%llu\",\"sha256\":\"%.*s\"}",
                   (unsigned long long)instance,
                   STR_ARG(digest_hex(arena, str_from(digest.bytes, DIGEST_SIZE))));
    str jws = signature_sign(arena, key, payload);
    *ret_text = str_format(arena, "%.*s\n%.*s\n", STR_ARG(line), STR_ARG(jws));
    return true;
}
