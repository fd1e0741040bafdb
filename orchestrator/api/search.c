// SPDX-License-Identifier: Apache-2.0
#include "api/search.h"

#include "api/read.h"
#include "api/search_sql.h"
#include "base/digest.h"
#include "record/key.h"

// A search under way: counted first, then its rows.
struct search {
    const struct collection *collection;
    struct search_sql sql;
    size_t total;
};

#define RFC_3339 "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'"

static void add_columns(struct strbuf *out, const struct collection *collection)
{
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        strbuf_add(out, i > 0 ? STR(", ") : STR_EMPTY);
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

static void write_cell(struct json_writer *w, const struct field *field, str cell)
{
    switch (field->kind) {
    case FIELD_KEY:
    case FIELD_LOCAL_KEY:
    case FIELD_TEXT:
        json_string(w, cell);
        return;
    case FIELD_OPTIONAL:
    case FIELD_OPTIONAL_KEY:
    case FIELD_TIME:
        if (cell.len == 0)
            json_null(w);
        else
            json_string(w, cell);
        return;
    case FIELD_INTEGER:
        json_raw(w, cell.len > 0 ? cell : STR("0"));
        return;
    case FIELD_BOOLEAN:
        json_bool(w, str_equal(cell, STR("t")));
        return;
    case FIELD_STATE:
        write_state(w, field, cell);
        return;
    case FIELD_JSON:
        json_raw(w, cell.len > 0 ? cell : STR("{}"));
        return;
    case FIELD_LIST:
        json_raw(w, cell.len > 0 ? cell : STR("[]"));
        return;
    case FIELD_TENANT:
        json_string(w, tenant_outside(cell));
        return;
    }
}

static void write_item(struct json_writer *w, const struct collection *collection,
                       const struct read_result *rows, size_t row)
{
    json_begin_object(w);
    for (size_t i = 0; i < collection->field_count; i++) {
        json_key(w, str_of(collection->fields[i].name));
        write_cell(w, &collection->fields[i], read_cell(rows, row, i));
    }
    json_end_object(w);
}

static void write_cursor(struct json_writer *w, struct arena *arena, str name, size_t place)
{
    struct strbuf text = strbuf_new(arena);
    struct strbuf encoded = strbuf_new(arena);
    strbuf_add_u64(&text, place);
    base64_encode(&encoded, strbuf_str(&text));
    json_key(w, name);
    json_string(w, strbuf_str(&encoded));
}

static void write_page(struct json_writer *w, const struct search *search, size_t count,
                       struct arena *arena)
{
    json_key(w, STR("page"));
    json_begin_object(w);
    json_key(w, STR("totalItems"));
    json_u64(w, search->total);
    json_key(w, STR("hasMoreTotalItems"));
    json_bool(w, search->total >= SEARCH_MAX_TOTAL);
    if (count > 0) {
        write_cursor(w, arena, STR("startCursor"), search->sql.offset);
        write_cursor(w, arena, STR("endCursor"), search->sql.offset + count - 1);
    }
    json_end_object(w);
}

static void on_rows(struct request *request, void *context, const struct read_result *rows)
{
    const struct search *search = context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t row = 0; row < rows->row_count; row++)
        write_item(&w, search->collection, rows, row);
    json_end_array(&w);
    write_page(&w, search, rows->row_count, &request->arena);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static void on_count(struct request *request, void *context, const struct read_result *rows)
{
    struct search *search = context;
    const struct collection *collection = search->collection;
    uint64_t total;
    search->total = str_to_u64(read_cell(rows, 0, 0), &total) ? (size_t)total : 0;
    struct strbuf sql = strbuf_new(&request->arena);
    strbuf_add(&sql, STR("SELECT "));
    add_columns(&sql, collection);
    strbuf_format(&sql, " FROM %s WHERE %.*s ORDER BY %.*s LIMIT %zu OFFSET %zu", collection->from,
                  STR_ARG(strbuf_str(&search->sql.where)), STR_ARG(strbuf_str(&search->sql.order)),
                  search->sql.limit, search->sql.offset);
    read_run(request, &(struct read){strbuf_cstr(&sql), search->sql.parameters, search->sql.count},
             on_rows, search);
}

static void add_scope(struct search *search, struct search_scope scope, struct arena *arena)
{
    if (scope.field == NULL)
        return;
    const struct field *field = search_find_field(search->collection, str_of(scope.field));
    check(field != NULL);
    str key = str_format(arena, "%llu", (unsigned long long)scope.key);
    strbuf_format(&search->sql.where, " AND %s = ", field->sql);
    search_sql_parameter(&search->sql, &search->sql.where, key);
    strbuf_add(&search->sql.where, STR("::bigint"));
    search_sql_narrow(search->collection, field, key, &search->sql.where);
}

void search_collection(struct request *request, const struct collection *collection,
                       struct search_scope scope)
{
    struct error err;
    struct search *search = ARENA_NEW(&request->arena, struct search);
    search->collection = collection;
    if (!search_sql_build(&request->arena, collection, request->body, &search->sql, &err)) {
        request_failed(request, &err);
        return;
    }
    add_scope(search, scope, &request->arena);
    struct strbuf sql = strbuf_new(&request->arena);
    strbuf_format(&sql, "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %.*s LIMIT %d) AS counted",
                  collection->from, STR_ARG(strbuf_str(&search->sql.where)), SEARCH_MAX_TOTAL);
    read_run(request, &(struct read){strbuf_cstr(&sql), search->sql.parameters, search->sql.count},
             on_count, search);
}

static void on_one(struct request *request, void *context, const struct read_result *rows)
{
    const struct collection *collection = context;
    if (rows->row_count == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no %s with key %.*s",
                               collection->noun, STR_ARG(request->arguments[0]));
        return;
    }
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    write_item(&w, collection, rows, 0);
    request_answer_json(request, 200, strbuf_str(&out));
}

void search_first(struct request *request, const struct collection *collection,
                  const char *condition, const str *parameters, size_t parameter_count)
{
    struct strbuf sql = strbuf_new(&request->arena);
    strbuf_add(&sql, STR("SELECT "));
    add_columns(&sql, collection);
    strbuf_format(&sql, " FROM %s WHERE %s LIMIT 1", collection->from, condition);
    read_run(request, &(struct read){strbuf_cstr(&sql), parameters, parameter_count}, on_one,
             (void *)(uintptr_t)collection);
}

void search_one(struct request *request, const struct collection *collection, uint64_t key)
{
    struct strbuf condition = strbuf_new(&request->arena);
    strbuf_format(&condition, "%s = $1::bigint", collection->key);
    if (collection->shard != NULL && key >= key_make(0, 0))
        strbuf_format(&condition, " AND %s = %u", collection->shard, key_shard(key));
    str *parameter = ARENA_NEW(&request->arena, str);
    *parameter = str_format(&request->arena, "%llu", (unsigned long long)key);
    search_first(request, collection, strbuf_cstr(&condition), parameter, 1);
}
