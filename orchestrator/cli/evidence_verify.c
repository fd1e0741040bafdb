// SPDX-License-Identifier: Apache-2.0
//
// Checks a file of evidence (evidence.h) with nothing but it and a key.
#include "cli/evidence.h"

#include "store/store.h"

#include <string.h>

struct checking {
    struct arena *arena;
    const struct json *file;
    const struct json *batches;
    uint64_t instance;
    struct error *err;
};

static bool wrong(struct checking *checking, const char *what, int64_t number)
{
    return error_set(checking->err, ERROR_INVALID, "evidence", "%s %lld: does not fit", what,
                     (long long)number);
}

static bool read_digest(struct checking *checking, const struct json *text,
                        struct digest *ret_digest)
{
    str bytes;
    if (!json_is(text, JSON_STRING) || !digest_from_hex(checking->arena, text->text, &bytes) ||
        bytes.len != DIGEST_SIZE)
        return false;
    memcpy(ret_digest->bytes, bytes.data, DIGEST_SIZE);
    return true;
}

static const struct json *list_of(const struct checking *checking, const char *name)
{
    const struct json *list = json_get(checking->file, str_of(name));
    return json_is(list, JSON_ARRAY) ? list : NULL;
}

// -- The signature ------------------------------------------------------------------------

static bool check_signature(struct checking *checking, str line, str jws,
                            const struct signature_key *key)
{
    str payload;
    struct json *json;
    if (!signature_verify(checking->arena, key, jws, &payload, checking->err) ||
        !json_parse(checking->arena, payload, &json, checking->err))
        return false;
    struct digest digest = digest_sha256(line);
    str hex = digest_hex(checking->arena, str_from(digest.bytes, DIGEST_SIZE));
    return str_equal(hex, json_get_str(json, STR("sha256"), STR_EMPTY)) ||
           error_set(checking->err, ERROR_INVALID, "evidence",
                     "the file is not what was signed: it was changed");
}

// -- Steps and batches --------------------------------------------------------------------

static const struct json *find_batch(const struct checking *checking, int64_t number)
{
    for (size_t i = 0; i < checking->batches->count; i++)
        if (json_get_i64(&checking->batches->items[i], STR("batch"), -1) == number)
            return &checking->batches->items[i];
    return NULL;
}

// A step's own digest stands at its place among those of its batch.
static bool check_step(struct checking *checking, const struct json *step)
{
    str events;
    int64_t number = json_get_i64(step, STR("sequence"), 0);
    int64_t ordinal = json_get_i64(step, STR("ordinal"), -1);
    const struct json *batch = find_batch(checking, json_get_i64(step, STR("batch"), -1));
    const struct json *rows = batch != NULL ? json_get(batch, STR("rows")) : NULL;
    struct digest stored;
    if (!json_is(rows, JSON_ARRAY) || ordinal < 0 || (size_t)ordinal >= rows->count ||
        !read_digest(checking, &rows->items[ordinal], &stored) ||
        !base64_decode(checking->arena, json_get_str(step, STR("events"), STR_EMPTY), &events))
        return wrong(checking, "step", number);
    const struct history_row row = {.stream_kind = STREAM_INSTANCE,
                                    .stream = checking->instance,
                                    .sequence = (uint64_t)number,
                                    .time_ms = json_get_i64(step, STR("time"), 0),
                                    .offset = json_get_i64(step, STR("offset"), 0),
                                    .cause =
                                        (enum command_type)json_get_i64(step, STR("command"), 0),
                                    .principal = json_get_str(step, STR("principal"), STR_EMPTY),
                                    .origin = json_get_str(step, STR("origin"), STR_EMPTY)};
    struct strbuf digest = strbuf_new(checking->arena);
    store_chain_add(&digest, &row, events);
    return str_equal(strbuf_str(&digest), str_from(stored.bytes, DIGEST_SIZE)) ||
           wrong(checking, "step", number);
}

// Sequences begin with 1 and have no gaps: no step was left out but at the end.
static bool check_steps(struct checking *checking, size_t *ret_count)
{
    const struct json *steps = list_of(checking, "steps");
    for (size_t i = 0; steps != NULL && i < steps->count; i++) {
        int64_t sequence = json_get_i64(&steps->items[i], STR("sequence"), 0);
        if (sequence != (int64_t)i + 1)
            return wrong(checking, "step", (int64_t)i + 1);
        if (!check_step(checking, &steps->items[i]))
            return false;
    }
    *ret_count = steps != NULL ? steps->count : 0;
    return *ret_count > 0 || wrong(checking, "steps", 0);
}

static bool body_of(struct checking *checking, const struct json *batch, struct digest *ret_body)
{
    const struct json *rows = json_get(batch, STR("rows"));
    struct strbuf all = strbuf_new(checking->arena);
    for (size_t i = 0; json_is(rows, JSON_ARRAY) && i < rows->count; i++) {
        struct digest digest;
        if (!read_digest(checking, &rows->items[i], &digest))
            return false;
        strbuf_add(&all, str_from(digest.bytes, DIGEST_SIZE));
    }
    *ret_body = digest_sha256(strbuf_str(&all));
    return true;
}

// -- The chain ----------------------------------------------------------------------------

// From the digest before the first batch over all bodies to the end, past each batch's own.
static bool walk(struct checking *checking, const struct json *links, struct digest *ret_end,
                 uint64_t *ret_batch)
{
    struct digest chain, body;
    const struct json *first = &checking->batches->items[0];
    int64_t number = json_get_i64(first, STR("batch"), -1);
    size_t next = 0;
    if (number < 1 || !read_digest(checking, json_get(first, STR("before")), &chain))
        return wrong(checking, "batch", number);
    for (size_t i = 0; i < links->count; i++, number++) {
        struct digest own, before;
        if (!read_digest(checking, &links->items[i], &body))
            return wrong(checking, "link", number);
        const struct json *batch =
            next < checking->batches->count ? &checking->batches->items[next] : NULL;
        if (batch != NULL && json_get_i64(batch, STR("batch"), -1) == number) {
            if (!body_of(checking, batch, &own) || memcmp(&own, &body, sizeof own) != 0 ||
                !read_digest(checking, json_get(batch, STR("before")), &before) ||
                memcmp(&before, &chain, sizeof before) != 0)
                return wrong(checking, "batch", number);
            next++;
        }
        chain = digest_chain(chain, str_from(body.bytes, DIGEST_SIZE));
    }
    *ret_end = chain;
    *ret_batch = (uint64_t)number - 1;
    return next == checking->batches->count || wrong(checking, "batch", number);
}

static bool check_end(struct checking *checking, const struct signature_key *key,
                      const struct digest *end, uint64_t batch, str *ret_time)
{
    str payload;
    struct json *json;
    str jws = json_get_str(checking->file, STR("checkpoint"), STR_EMPTY);
    int64_t shard = json_get_i64(checking->file, STR("shard"), -1);
    if (!signature_verify(checking->arena, key, jws, &payload, checking->err) ||
        !json_parse(checking->arena, payload, &json, checking->err))
        return false;
    *ret_time = json_get_str(json, STR("time"), STR_EMPTY);
    const struct json *shards = json_get(json, STR("shards"));
    for (size_t i = 0; json_is(shards, JSON_ARRAY) && i < shards->count; i++) {
        const struct json *head = &shards->items[i];
        struct digest digest;
        if (json_get_i64(head, STR("shard"), -1) == shard)
            return (json_get_i64(head, STR("batch"), -1) == (int64_t)batch &&
                    read_digest(checking, json_get(head, STR("digest")), &digest) &&
                    memcmp(&digest, end, sizeof digest) == 0) ||
                   error_set(checking->err, ERROR_INVALID, "evidence",
                             "the chain does not end where the checkpoint has signed");
    }
    return wrong(checking, "shard", shard);
}

// -- Entries of the audit log -------------------------------------------------------------

static bool check_entry(struct checking *checking, const struct json *entry)
{
    struct digest before, stored;
    const struct json *texts = json_get(entry, STR("texts"));
    struct strbuf bytes = strbuf_new(checking->arena);
    if (!json_is(texts, JSON_ARRAY) ||
        !read_digest(checking, json_get(entry, STR("before")), &before) ||
        !read_digest(checking, json_get(entry, STR("digest")), &stored))
        return false;
    for (size_t i = 0; i < texts->count; i++) {
        if (texts->items[i].type == JSON_NULL) {
            strbuf_add_char(&bytes, '-');
            continue;
        }
        strbuf_format(&bytes, "%zu:", texts->items[i].text.len);
        strbuf_add(&bytes, texts->items[i].text);
    }
    struct digest digest = digest_chain(before, strbuf_str(&bytes));
    return memcmp(&digest, &stored, sizeof digest) == 0;
}

static bool check_entries(struct checking *checking, size_t *ret_count)
{
    const struct json *entries = json_get(json_get(checking->file, STR("case")), STR("entries"));
    *ret_count = json_is(entries, JSON_ARRAY) ? entries->count : 0;
    for (size_t i = 0; i < *ret_count; i++)
        if (!check_entry(checking, &entries->items[i]))
            return wrong(checking, "audit entry", (int64_t)i + 1);
    return true;
}

bool evidence_verify(struct arena *arena, str text, const struct signature_key *key,
                     struct evidence_result *ret_result, struct error *err)
{
    str line, jws;
    struct json *file;
    struct checking checking = {.arena = arena, .err = err};
    struct digest end;
    uint64_t batch = 0;
    bool has_lines = str_split(&text, '\n', &line) && str_split(&text, '\n', &jws);
    if (!has_lines)
        return error_set(err, ERROR_INVALID, "evidence", "the file has not its two lines");
    if (!check_signature(&checking, line, str_trim(jws), key) ||
        !json_parse(arena, line, &file, err))
        return false;
    checking.file = file;
    checking.batches = list_of(&checking, "batches");
    const struct json *links = list_of(&checking, "links");
    ret_result->instance = json_get_str(file, STR("instance"), STR_EMPTY);
    if (checking.batches == NULL || checking.batches->count == 0 || links == NULL ||
        !str_to_u64(ret_result->instance, &checking.instance))
        return error_set(err, ERROR_INVALID, "evidence", "the file is no evidence of a case");
    ret_result->batches = checking.batches->count;
    ret_result->links = links->count;
    return check_steps(&checking, &ret_result->steps) && walk(&checking, links, &end, &batch) &&
           check_end(&checking, key, &end, batch, &ret_result->time) &&
           check_entries(&checking, &ret_result->entries);
}
