// SPDX-License-Identifier: Apache-2.0
#include "store/param.h"

#include <endian.h>

enum { ARRAY_HEADER = 20, SECONDS_TO_2000 = 946684800 };

static const int64_t us_to_2000 = (int64_t)SECONDS_TO_2000 * 1000000;

static void add_u32(struct strbuf *out, uint32_t value)
{
    uint32_t wire = htobe32(value);
    strbuf_add(out, str_from(&wire, sizeof wire));
}

// Writes the low `size` bytes, most significant first.
static void put_int(char *bytes, int64_t value, size_t size)
{
    uint64_t wire = htobe64((uint64_t)value);
    memcpy(bytes, (const char *)&wire + sizeof wire - size, size);
}

static size_t size_of(enum param_type type)
{
    switch (type) {
    case PARAM_BOOL:
        return 1;
    case PARAM_I16:
        return 2;
    case PARAM_I32:
        return 4;
    default:
        return 8;
    }
}

struct params params_new(struct arena *arena)
{
    return (struct params){.arena = arena};
}

static void add(struct params *params, const char *data, size_t len)
{
    check(params->list.count < PG_MAX_PARAMS);
    check(len <= INT32_MAX);
    params->list.values[params->list.count] = data;
    params->list.lengths[params->list.count++] = (int)len;
}

static void add_int(struct params *params, int64_t value, size_t size)
{
    char *bytes = arena_alloc(params->arena, size);
    put_int(bytes, value, size);
    add(params, bytes, size);
}

void params_i64(struct params *params, int64_t value)
{
    add_int(params, value, sizeof(int64_t));
}

void params_i32(struct params *params, int32_t value)
{
    add_int(params, value, sizeof(int32_t));
}

void params_time(struct params *params, int64_t ms)
{
    if (ms == 0)
        params_null(params);
    else
        params_i64(params, ms * 1000 - us_to_2000);
}

static str without_nul(struct arena *arena, str text)
{
    if (text.len == 0 || memchr(text.data, '\0', text.len) == NULL)
        return text;
    char *copy = arena_copy(arena, text.data, text.len);
    for (size_t i = 0; i < text.len; i++)
        if (copy[i] == '\0')
            copy[i] = '?';
    return str_from(copy, text.len);
}

void params_text(struct params *params, str value)
{
    params_bytes(params, without_nul(params->arena, value));
}

void params_bytes(struct params *params, str value)
{
    add(params, value.len ? value.data : "", value.len);
}

void params_null(struct params *params)
{
    add(params, NULL, 0);
}

// -- Fields -----------------------------------------------------------------------------

void param_field_int(struct strbuf *out, enum param_type type, int64_t value)
{
    size_t size = size_of(type);
    char *bytes = strbuf_reserve(out, sizeof(uint32_t) + size);
    put_int(bytes, (int64_t)size, sizeof(uint32_t));
    put_int(bytes + sizeof(uint32_t), value, size);
    out->len += sizeof(uint32_t) + size;
}

void param_field_time(struct strbuf *out, int64_t ms)
{
    if (ms == 0)
        param_field_null(out);
    else
        param_field_int(out, PARAM_TIME, ms * 1000 - us_to_2000);
}

void param_field_text(struct strbuf *out, str value)
{
    param_field_bytes(out, without_nul(out->arena, value));
}

void param_field_bytes(struct strbuf *out, str value)
{
    add_u32(out, (uint32_t)value.len);
    strbuf_add(out, value);
}

void param_field_null(struct strbuf *out)
{
    add_u32(out, UINT32_MAX);
}

// -- Arrays -----------------------------------------------------------------------------

struct param_array param_array_new(struct arena *arena, enum param_type type)
{
    struct param_array array = {.bytes = strbuf_new(arena), .type = type};
    memset(strbuf_reserve(&array.bytes, ARRAY_HEADER), 0, ARRAY_HEADER);
    array.bytes.len = ARRAY_HEADER;
    return array;
}

void param_array_int(struct param_array *array, int64_t value)
{
    param_field_int(&array->bytes, array->type, value);
    array->count++;
}

void param_array_time(struct param_array *array, int64_t ms)
{
    param_field_time(&array->bytes, ms);
    array->has_null |= ms == 0;
    array->count++;
}

void param_array_bytes(struct param_array *array, str value)
{
    if (array->type == PARAM_BYTES)
        param_field_bytes(&array->bytes, value);
    else
        param_field_text(&array->bytes, value);
    array->count++;
}

void param_array_null(struct param_array *array)
{
    param_field_null(&array->bytes);
    array->has_null = true;
    array->count++;
}

// Dimensions, null flag, item type, length, lower bound (array_recv in PostgreSQL's arrayfuncs.c).
void params_array(struct params *params, struct param_array *array)
{
    const uint32_t header[] = {htobe32(1), htobe32(array->has_null), htobe32(array->type),
                               htobe32(array->count), htobe32(1)};
    memcpy(array->bytes.data, header, ARRAY_HEADER);
    add(params, array->bytes.data, array->bytes.len);
}

static int64_t read_int(const char *bytes, size_t size)
{
    int64_t value = (signed char)bytes[0];
    for (size_t i = 1; i < size; i++)
        value = (int64_t)((uint64_t)value << 8 | (unsigned char)bytes[i]);
    return value;
}

int64_t field_i64(const PGresult *result, int row, int column)
{
    int len = PQgetlength(result, row, column);
    return len > 0 ? read_int(PQgetvalue(result, row, column), (size_t)len) : 0;
}

int64_t field_time_ms(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return 0;
    return (field_i64(result, row, column) + us_to_2000) / 1000;
}

bool field_bool(const PGresult *result, int row, int column)
{
    return field_i64(result, row, column) != 0;
}

str field_str(const PGresult *result, int row, int column)
{
    return str_from(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

size_t field_i64_array(const PGresult *result, int row, int column, uint64_t *items,
                       size_t capacity)
{
    enum { ITEM = sizeof(uint32_t) + sizeof(int64_t) };
    str bytes = field_str(result, row, column);
    size_t count = 0;
    for (size_t at = ARRAY_HEADER; at + ITEM <= bytes.len && count < capacity; at += ITEM)
        items[count++] = (uint64_t)read_int(bytes.data + at + sizeof(uint32_t), sizeof(int64_t));
    return count;
}
