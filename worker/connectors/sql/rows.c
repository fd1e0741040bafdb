// SPDX-License-Identifier: Apache-2.0
#include "connector_sql/rows.h"

#include "connector_sql/session.h"

// pg_type.dat: they never change.
enum {
    TYPE_BOOL = 16,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_OID = 26,
    TYPE_JSON = 114,
    TYPE_FLOAT4 = 700,
    TYPE_FLOAT8 = 701,
    TYPE_NUMERIC = 1700,
    TYPE_JSONB = 3802,
};

static const char place[] = "sql connector";

struct rows rows_new(struct arena *arena, const struct filled *filled, bool is_wanted)
{
    return (struct rows){
        .arena = arena, .filled = filled, .out = strbuf_new(arena), .is_wanted = is_wanted};
}

static bool is_raw(Oid type)
{
    switch (type) {
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_OID:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC:
    case TYPE_JSON:
    case TYPE_JSONB:
        return true;
    default:
        return false;
    }
}

// As the process may have it: a database in SQL_ASCII sends whatever bytes it has.
static str shown(const struct rows *rows, str text)
{
    return outcome_valid_text(rows->arena, secrets_hide(rows->arena, rows->filled, text));
}

// NaN and Infinity are no JSON, and what JSON readers disagree on is not: both stay text.
static void add_value(struct rows *rows, struct json_writer *w, Oid type, str text)
{
    struct json *value;
    struct error ignored;
    text = shown(rows, text);
    if (type == TYPE_BOOL)
        json_bool(w, str_equal(text, STR("t")));
    else if (is_raw(type) && json_parse(rows->arena, text, &value, &ignored))
        json_value(w, value);
    else
        json_string(w, text);
}

static bool name_columns(struct rows *rows, const PGresult *result, struct error *err)
{
    int count = PQnfields(result);
    rows->names = ARENA_ARRAY(rows->arena, str, (size_t)count);
    for (int i = 0; i < count; i++) {
        rows->names[i] = shown(rows, str_of(PQfname(result, i)));
        for (int k = 0; k < i; k++)
            if (str_equal(rows->names[i], rows->names[k]))
                return error_set(err, ERROR_INVALID, place,
                                 "two columns are named '%.*s': give one another name with AS",
                                 STR_ARG(rows->names[i]));
    }
    return true;
}

static bool take_row(struct rows *rows, const PGresult *result, int row, struct error *err)
{
    struct json_writer w = json_writer_new(&rows->out);
    if (rows->count == SQL_MAX_ROWS)
        return error_set(err, ERROR_LIMIT, place,
                         "the statement gives more than SQL_MAX_ROWS (%d) rows: add LIMIT",
                         SQL_MAX_ROWS);
    if (rows->count++ > 0)
        strbuf_add_char(&rows->out, ',');
    json_begin_object(&w);
    for (int i = 0; i < PQnfields(result); i++) {
        json_key(&w, rows->names[i]);
        if (PQgetisnull(result, row, i))
            json_null(&w);
        else
            add_value(rows, &w, PQftype(result, i),
                      str_from(PQgetvalue(result, row, i), (size_t)PQgetlength(result, row, i)));
    }
    json_end_object(&w);
    return rows->out.len <= SQL_MAX_ANSWER ||
           error_set(err, ERROR_LIMIT, place,
                     "the statement gives more than SQL_MAX_ANSWER (%d) bytes", SQL_MAX_ANSWER);
}

// A command tag counts what was read as well: "SELECT 3", "INSERT 0 3".
static bool is_modifying(str tag)
{
    static const char *const commands[] = {"INSERT ", "UPDATE ", "DELETE ", "MERGE "};
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (str_starts_with(tag, str_of(commands[i])))
            return true;
    return false;
}

bool rows_take(struct rows *rows, const PGresult *result, struct error *err)
{
    PGresult *tagged = (PGresult *)result; // libpq does not say const
    if (is_modifying(str_of(PQcmdStatus(tagged))))
        rows->modified = str_copy(rows->arena, str_of(PQcmdTuples(tagged)));
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        return true;
    rows->is_set = true;
    if (!rows->is_wanted)
        return true;
    if (rows->count == 0 && !name_columns(rows, result, err))
        return false;
    for (int row = 0; row < PQntuples(result); row++)
        if (!take_row(rows, result, row, err))
            return false;
    return true;
}

str rows_json(const struct rows *rows)
{
    bool shows_rows = rows->is_set && rows->is_wanted;
    return str_format(rows->arena, "{\"modifiedRows\":%.*s,\"resultSet\":%s%.*s%s}",
                      STR_ARG(rows->modified.len > 0 ? rows->modified : STR("null")),
                      shows_rows ? "[" : "null", STR_ARG(strbuf_str(&rows->out)),
                      shows_rows ? "]" : "");
}
