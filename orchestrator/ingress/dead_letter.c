// SPDX-License-Identifier: Apache-2.0
#include "ingress/dead_letter.h"

static const str reason_header = {"baton-reason", 12};
static const str topic_header = {"baton-source-topic", 18};
static const str partition_header = {"baton-source-partition", 22};
static const str outbox_header = {"baton-from", 10}; // of the dead letter, not of what it holds
static const str offset_header = {"baton-source-offset", 19};
static const str cut_header = {"baton-cut-from", 14};

enum {
    OWN_HEADERS = 5,
    // Beside the value a letter has 64 KiB: for its key, the source's headers, ours, and its frame.
    MOST_KEY_BYTES = 16 * 1024,
    MOST_HEADER_BYTES = 32 * 1024,
    CUT_BYTES = 64 * 1024,
};

static bool is_own(str name)
{
    return str_equal(name, reason_header) || str_equal(name, topic_header) ||
           str_equal(name, partition_header) || str_equal(name, offset_header) ||
           str_equal(name, cut_header) || str_equal(name, outbox_header);
}

static str copy(struct arena *arena, str bytes)
{
    return bytes.data ? str_copy(arena, bytes) : bytes;
}

// The headers that are not ours, as many as fit; room for ours behind them.
static struct bus_header *foreign_headers(struct arena *arena, const struct bus_record *record,
                                          size_t *ret_count, bool *ret_all)
{
    size_t bytes = 0;
    bool all = true;
    struct bus_header *headers =
        ARENA_ARRAY(arena, struct bus_header, record->header_count + OWN_HEADERS);
    size_t count = 0;
    for (size_t i = 0; i < record->header_count && count < BUS_MAX_HEADERS - OWN_HEADERS; i++) {
        const struct bus_header *header = &record->headers[i];
        size_t size = header->name.len + header->value.len;
        if (is_own(header->name))
            continue;
        if (bytes + size > MOST_HEADER_BYTES) {
            all = false;
            continue;
        }
        bytes += size;
        headers[count++] =
            (struct bus_header){copy(arena, header->name), copy(arena, header->value)};
    }
    *ret_count = count;
    *ret_all = all;
    return headers;
}

// Says that the letter is not whole, and how long its value was, the first time.
static void say_cut(struct arena *arena, struct bus_record *letter)
{
    if (bus_record_header(letter, cut_header).data == NULL) {
        struct bus_header *headers =
            ARENA_ARRAY(arena, struct bus_header, letter->header_count + 1);
        memcpy(headers, letter->headers, letter->header_count * sizeof *headers);
        headers[letter->header_count++] =
            (struct bus_header){cut_header, str_format(arena, "%zu", letter->value.len)};
        letter->headers = headers;
    }
}

static void cut(struct arena *arena, struct bus_record *letter, size_t room)
{
    if (letter->value.len <= room)
        return;
    say_cut(arena, letter);
    letter->value = str_sub(letter->value, 0, room);
}

void dead_letter_make(struct arena *arena, const struct bus_record *record, const struct error *why,
                      struct bus_record *ret_letter)
{
    size_t count;
    bool all;
    struct bus_header *headers = foreign_headers(arena, record, &count, &all);
    headers[count++] = (struct bus_header){reason_header, error_line(arena, why)};
    headers[count++] = (struct bus_header){topic_header, str_copy(arena, str_of(record->topic))};
    headers[count++] =
        (struct bus_header){partition_header, str_format(arena, "%d", (int)record->partition)};
    headers[count++] =
        (struct bus_header){offset_header, str_format(arena, "%lld", (long long)record->offset)};
    *ret_letter = (struct bus_record){
        .topic = str_cstr(arena, str_format(arena, "%s.dlq", record->topic)),
        .partition = BUS_PARTITION_BY_KEY,
        .timestamp_ms = record->timestamp_ms,
        .key = copy(arena, record->key),
        .value = record->value,
        .header_count = count,
        .headers = headers,
    };
    if (record->key.len > MOST_KEY_BYTES)
        ret_letter->key = (str){0};
    if (record->key.len > MOST_KEY_BYTES || !all)
        say_cut(arena, ret_letter);
    cut(arena, ret_letter, BUS_MAX_LETTER_BYTES);
    ret_letter->value = copy(arena, ret_letter->value);
}

bool dead_letter_shorten(struct arena *arena, struct bus_record *letter)
{
    size_t len = letter->value.len;
    cut(arena, letter, len > CUT_BYTES ? CUT_BYTES : len / 4);
    return len > 0;
}

bool dead_letter_revive(struct arena *arena, const struct bus_record *letter,
                        struct bus_record *ret_record, struct error *err)
{
    str topic = bus_record_header(letter, topic_header);
    if (topic.data == NULL || topic.len == 0)
        return error_set(err, ERROR_INVALID, letter->topic, "offset %lld has no header %s",
                         (long long)letter->offset, topic_header.data);
    str cut_from = bus_record_header(letter, cut_header);
    if (cut_from.data != NULL)
        return error_set(err, ERROR_INVALID, letter->topic,
                         "offset %lld is not whole (%zu of %.*s bytes of its value): it cannot be "
                         "sent again",
                         (long long)letter->offset, letter->value.len, STR_ARG(cut_from));
    size_t count;
    bool all; // those of a letter fit
    struct bus_header *headers = foreign_headers(arena, letter, &count, &all);
    int64_t partition = BUS_PARTITION_BY_KEY;
    str source = bus_record_header(letter, partition_header);
    // A command is for the shard that set it aside, as its MAC says.
    if (letter->key.data == NULL && source.len > 0 && !str_to_i64(source, &partition))
        return error_set(err, ERROR_INVALID, letter->topic, "offset %lld: header %s is no number",
                         (long long)letter->offset, partition_header.data);
    *ret_record = (struct bus_record){
        .topic = str_cstr(arena, topic),
        .partition = (int32_t)partition,
        .key = copy(arena, letter->key),
        .value = copy(arena, letter->value),
        .header_count = count,
        .headers = headers,
    };
    return true;
}
