// SPDX-License-Identifier: Apache-2.0
#include "store/bulk.h"

#include <endian.h>
#include <stdio.h>

// The stream is PostgreSQL's binary COPY format: a signature, flags and the length of an extension,
// then each row as the count of its fields and each field as its length and bytes.
static const char header[19] = "PGCOPY\n\377\r\n";

void bulk_init(struct bulk *bulk, struct arena *arena, const enum param_type *types, size_t columns,
               bool copies)
{
    check(columns <= BULK_MAX_COLUMNS);
    bulk->arena = arena;
    bulk->types = types;
    bulk->columns = columns;
    bulk->column = bulk->rows = 0;
    bulk->copies = copies;
    bulk->stream = strbuf_new(arena);
    if (copies)
        strbuf_add(&bulk->stream, str_from(header, sizeof header));
    for (size_t i = 0; i < columns && !copies; i++)
        bulk->arrays[i] = param_array_new(arena, types[i]);
}

static void add_count(struct strbuf *out, uint16_t count)
{
    uint16_t wire = htobe16(count);
    strbuf_add(out, str_from(&wire, sizeof wire));
}

// The place of the next field; NULL: in the stream.
static struct param_array *next(struct bulk *bulk)
{
    size_t column = bulk->column;
    if (column == 0) {
        bulk->rows++;
        if (bulk->copies)
            add_count(&bulk->stream, (uint16_t)bulk->columns);
    }
    bulk->column = column + 1 < bulk->columns ? column + 1 : 0;
    return bulk->copies ? NULL : &bulk->arrays[column];
}

static enum param_type next_type(const struct bulk *bulk)
{
    return bulk->types[bulk->column];
}

void bulk_int(struct bulk *bulk, int64_t value)
{
    enum param_type type = next_type(bulk);
    struct param_array *array = next(bulk);
    if (array != NULL)
        param_array_int(array, value);
    else
        param_field_int(&bulk->stream, type, value);
}

void bulk_time(struct bulk *bulk, int64_t ms)
{
    struct param_array *array = next(bulk);
    if (array != NULL)
        param_array_time(array, ms);
    else
        param_field_time(&bulk->stream, ms);
}

void bulk_text(struct bulk *bulk, str value)
{
    struct param_array *array = next(bulk);
    if (array != NULL)
        param_array_bytes(array, value);
    else
        param_field_text(&bulk->stream, value);
}

void bulk_optional(struct bulk *bulk, str value)
{
    if (str_is_empty(value))
        bulk_null(bulk);
    else
        bulk_text(bulk, value);
}

void bulk_null(struct bulk *bulk)
{
    struct param_array *array = next(bulk);
    if (array != NULL)
        param_array_null(array);
    else
        param_field_null(&bulk->stream);
}

void bulk_params(struct bulk *bulk, struct params *params)
{
    check(!bulk->copies && bulk->column == 0);
    for (size_t i = 0; i < bulk->columns; i++)
        params_array(params, &bulk->arrays[i]);
}

// What the server has to say at the end; the first failure counts.
static bool take_results(PGconn *conn, char *ret_sqlstate)
{
    bool good = true;
    PGresult *result;
    while ((result = PQgetResult(conn)) != NULL) {
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (PQresultStatus(result) != PGRES_COMMAND_OK && good) {
            snprintf(ret_sqlstate, 6, "%s", sqlstate ? sqlstate : "");
            good = false;
        }
        PQclear(result);
    }
    return good;
}

bool bulk_copy(struct bulk *bulk, PGconn *conn, const char *sql, char *ret_sqlstate)
{
    enum { CHUNK = 1 << 20 };
    check(bulk->copies && bulk->column == 0);
    PGresult *result = PQexec(conn, sql);
    bool good = PQresultStatus(result) == PGRES_COPY_IN;
    PQclear(result);
    ret_sqlstate[0] = '\0';
    if (!good)
        return false;
    add_count(&bulk->stream, UINT16_MAX); // the end
    str left = strbuf_str(&bulk->stream);
    while (good && left.len > 0) {
        size_t some = left.len < CHUNK ? left.len : CHUNK;
        good = PQputCopyData(conn, left.data, (int)some) == 1;
        left = str_from_index(left, some);
    }
    good &= PQputCopyEnd(conn, NULL) == 1;
    return take_results(conn, ret_sqlstate) && good;
}
