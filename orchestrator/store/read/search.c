// SPDX-License-Identifier: Apache-2.0
#include "store/read/search.h"

#include "base/digest.h"
#include "record/key.h"
#include "store/query.h"
#include "store/read/search_build.h"

#define RFC_3339 "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'"

static bool is_shown(const struct field *field)
{
    return field->within == NULL && !field->is_hidden;
}

void search_add_columns(struct strbuf *out, const struct collection *collection)
{
    bool first = true;
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        if (!is_shown(field))
            continue;
        strbuf_add(out, first ? STR_EMPTY : STR(", "));
        first = false;
        if (field->kind == FIELD_TIME)
            strbuf_format(out, "to_char((%s) AT TIME ZONE 'UTC', " RFC_3339 ")", field->sql);
        else
            strbuf_add(out, str_of(field->sql));
    }
}

static void write_state(struct json_writer *w, const struct field *field, str cell)
{
    int64_t number;
    if (!str_to_i64(cell, &number))
        number = -1;
    for (const struct state_name *state = field->states; state->name != NULL; state++)
        if (state->number == number) {
            json_string(w, str_of(state->name));
            return;
        }
    json_string(w, STR("UNKNOWN"));
}

static void write_raw(struct json_writer *w, str cell, str when_null)
{
    json_raw(w, cell.len > 0 ? cell : when_null);
}

// A cell is empty when it is null.
static void write_cell(struct json_writer *w, const struct field *field, str cell)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
        json_string(w, cell);
        return;
    case FIELD_KEY:
    case FIELD_LOCAL_KEY:
    case FIELD_OPTIONAL:
    case FIELD_TIME:
        if (cell.len == 0 && field->none != NULL)
            json_string(w, str_of(field->none));
        else if (cell.len == 0)
            json_null(w);
        else
            json_string(w, cell);
        return;
    case FIELD_INTEGER:
        write_raw(w, cell, STR("null"));
        return;
    case FIELD_BOOLEAN:
        if (cell.len == 0)
            json_null(w);
        else
            json_bool(w, str_equal(cell, STR("t")));
        return;
    case FIELD_STATE:
        write_state(w, field, cell);
        return;
    case FIELD_JSON:
        write_raw(w, cell, STR("{}"));
        return;
    case FIELD_LIST:
    case FIELD_TAGS:
        write_raw(w, cell, STR("[]"));
        return;
    case FIELD_TENANT:
        json_string(w, tenant_outside(cell));
        return;
    case FIELD_VARIABLES:
        check_unreachable();
    }
}

static void write_fields(struct json_writer *w, const struct collection *collection,
                         const struct query_rows *rows, size_t row)
{
    size_t column = 0;
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        if (!is_shown(field))
            continue;
        json_key(w, str_of(field->name));
        write_cell(w, field, query_value(rows, row, column++));
    }
}

void search_write_item(struct json_writer *w, const struct collection *collection,
                       const struct query_rows *rows, size_t row)
{
    json_begin_object(w);
    write_fields(w, collection, rows, row);
    json_end_object(w);
}

// The columns from `column` on are the place of the row in the order (search_page.c).
static void write_cursor(struct json_writer *w, str name, const struct search_sql *sql,
                         const struct query_rows *rows, size_t row)
{
    struct strbuf text = strbuf_new(w->out->arena);
    struct strbuf encoded = strbuf_new(w->out->arena);
    size_t first = query_column_count(rows) - sql->sort_count - 1;
    struct json_writer place = json_writer_new(&text);
    json_begin_array(&place);
    for (size_t i = 0; i <= sql->sort_count; i++)
        if (query_is_null(rows, row, first + i))
            json_null(&place);
        else
            json_string(&place, query_value(rows, row, first + i));
    json_end_array(&place);
    base64_encode(&encoded, strbuf_str(&text));
    json_key(w, name);
    json_string(w, strbuf_str(&encoded));
}

static void write_cursors(struct json_writer *w, const struct search_sql *sql,
                          const struct query_rows *rows)
{
    size_t count = query_row_count(rows);
    if (count == 0) {
        json_key(w, STR("startCursor"));
        json_null(w);
        json_key(w, STR("endCursor"));
        json_null(w);
        return;
    }
    write_cursor(w, STR("startCursor"), sql, rows, sql->is_backward ? count - 1 : 0);
    write_cursor(w, STR("endCursor"), sql, rows, sql->is_backward ? 0 : count - 1);
}

void search_write_page(struct json_writer *w, const struct collection *collection,
                       const struct search_sql *sql, const struct query_rows *rows, size_t total)
{
    size_t count = query_row_count(rows);
    json_key(w, STR("items"));
    json_begin_array(w);
    for (size_t i = 0; i < count; i++)
        search_write_item(w, collection, rows, sql->is_backward ? count - 1 - i : i);
    json_end_array(w);
    json_key(w, STR("page"));
    json_begin_object(w);
    json_key(w, STR("totalItems"));
    json_u64(w, total);
    json_key(w, STR("hasMoreTotalItems"));
    json_bool(w, total >= search_most_counted(sql));
    write_cursors(w, sql, rows);
    json_end_object(w);
}
