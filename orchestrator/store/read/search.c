// SPDX-License-Identifier: Apache-2.0
#include "store/read/search.h"

#include "base/digest.h"
#include "record/key.h"
#include "store/query.h"

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

void search_write_item(struct json_writer *w, const struct collection *collection,
                       const struct query_rows *rows, size_t row)
{
    json_begin_object(w);
    for (size_t i = 0; i < collection->field_count; i++) {
        json_key(w, str_of(collection->fields[i].name));
        write_cell(w, &collection->fields[i], query_value(rows, row, i));
    }
    json_end_object(w);
}

static void write_cursor(struct json_writer *w, str name, size_t place)
{
    struct strbuf text = strbuf_new(w->out->arena);
    struct strbuf encoded = strbuf_new(w->out->arena);
    strbuf_add_u64(&text, place);
    base64_encode(&encoded, strbuf_str(&text));
    json_key(w, name);
    json_string(w, strbuf_str(&encoded));
}

void search_write_page(struct json_writer *w, const struct search_sql *sql, size_t total,
                       size_t count)
{
    json_key(w, STR("page"));
    json_begin_object(w);
    json_key(w, STR("totalItems"));
    json_u64(w, total);
    json_key(w, STR("hasMoreTotalItems"));
    json_bool(w, total >= SEARCH_MAX_TOTAL);
    if (count > 0) {
        write_cursor(w, STR("startCursor"), sql->offset);
        write_cursor(w, STR("endCursor"), sql->offset + count - 1);
    }
    json_end_object(w);
}

// -- Statements -------------------------------------------------------------------------

struct statement search_count(struct arena *arena, const struct collection *collection,
                              const struct search_sql *search)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_format(&sql, "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %.*s LIMIT %d) AS counted",
                  collection->from, STR_ARG(strbuf_str(&search->where)), SEARCH_MAX_TOTAL);
    return statement_new(arena, strbuf_cstr(&sql), search->parameters, search->count);
}

struct statement search_rows(struct arena *arena, const struct collection *collection,
                             const struct search_sql *search)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_add(&sql, STR("SELECT "));
    add_columns(&sql, collection);
    strbuf_format(&sql, " FROM %s WHERE %.*s ORDER BY %.*s LIMIT %zu OFFSET %zu", collection->from,
                  STR_ARG(strbuf_str(&search->where)), STR_ARG(strbuf_str(&search->order)),
                  search->limit, search->offset);
    return statement_new(arena, strbuf_cstr(&sql), search->parameters, search->count);
}

static struct statement first(struct arena *arena, struct scope scope,
                              const struct collection *collection, str condition, str key)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_add(&sql, STR("SELECT "));
    add_columns(&sql, collection);
    strbuf_format(&sql,
                  " FROM %s WHERE ($1::text[] IS NULL OR %s = ANY ($1::text[])) AND %.*s LIMIT 1",
                  collection->from, collection->tenant, STR_ARG(condition));
    return STATEMENT(arena, strbuf_cstr(&sql), scope_parameter(arena, scope), key);
}

struct statement search_one(struct arena *arena, struct scope scope,
                            const struct collection *collection, uint64_t key)
{
    struct strbuf condition = strbuf_new(arena);
    strbuf_format(&condition, "%s = $2::bigint", collection->key);
    if (collection->shard != NULL && key >= key_make(0, 0))
        strbuf_format(&condition, " AND %s = %u", collection->shard, key_shard(key));
    return first(arena, scope, collection, strbuf_str(&condition), statement_u64(arena, key));
}

struct statement search_part(struct arena *arena, struct scope scope,
                             const struct collection *collection, uint64_t whole, str key)
{
    struct strbuf condition = strbuf_new(arena);
    check(collection->whole != NULL && collection->shard != NULL);
    strbuf_format(&condition, "%s = %llu AND %s = %u AND %s = $2", collection->whole,
                  (unsigned long long)whole, collection->shard, key_shard(whole), collection->key);
    return first(arena, scope, collection, strbuf_str(&condition), key);
}
