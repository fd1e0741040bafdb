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
    FRAMING_BYTES = 4096, // of a record and its batch, beside what is in it
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

// The headers that are not ours; room for ours behind them.
static struct bus_header *foreign_headers(struct arena *arena, const struct bus_record *record,
                                          size_t *ret_count)
{
    struct bus_header *headers =
        ARENA_ARRAY(arena, struct bus_header, record->header_count + OWN_HEADERS);
    size_t count = 0;
    for (size_t i = 0; i < record->header_count && count < BUS_MAX_HEADERS - OWN_HEADERS; i++)
        if (!is_own(record->headers[i].name))
            headers[count++] = (struct bus_header){copy(arena, record->headers[i].name),
                                                   copy(arena, record->headers[i].value)};
    *ret_count = count;
    return headers;
}

// A consumer may bring what our own producer refuses: the source's topic has limits of its own.
static size_t room_for_value(const struct bus_record *record, const struct bus_header *headers,
                             size_t count)
{
    size_t others = FRAMING_BYTES + record->key.len;
    for (size_t i = 0; i < count; i++)
        others += headers[i].name.len + headers[i].value.len + 16;
    return others < BUS_MAX_RECORD_BYTES ? BUS_MAX_RECORD_BYTES - others : 0;
}

void dead_letter_make(struct arena *arena, const struct bus_record *record, const struct error *why,
                      struct bus_record *ret_letter)
{
    size_t count;
    struct bus_header *headers = foreign_headers(arena, record, &count);
    headers[count++] = (struct bus_header){reason_header, error_line(arena, why)};
    headers[count++] = (struct bus_header){topic_header, str_copy(arena, str_of(record->topic))};
    headers[count++] =
        (struct bus_header){partition_header, str_format(arena, "%d", (int)record->partition)};
    headers[count++] =
        (struct bus_header){offset_header, str_format(arena, "%lld", (long long)record->offset)};
    str value = record->value;
    size_t room = room_for_value(record, headers, count);
    if (value.len > room) {
        headers[count++] = (struct bus_header){cut_header, str_format(arena, "%zu", value.len)};
        value = str_sub(value, 0, room);
    }
    *ret_letter = (struct bus_record){
        .topic = str_cstr(arena, str_format(arena, "%s.dlq", record->topic)),
        .partition = BUS_PARTITION_BY_KEY,
        .timestamp_ms = record->timestamp_ms,
        .key = copy(arena, record->key),
        .value = copy(arena, value),
        .header_count = count,
        .headers = headers,
    };
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
                         "offset %lld has only %zu of %.*s bytes of its value: it cannot be sent "
                         "again",
                         (long long)letter->offset, letter->value.len, STR_ARG(cut_from));
    size_t count;
    struct bus_header *headers = foreign_headers(arena, letter, &count);
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
