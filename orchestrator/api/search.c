// SPDX-License-Identifier: Apache-2.0
//
// Answers of searches and of single things (store/read/search.h has the words of a query).
#include "api/api_private.h"

// A search under way: counted first, then its rows.
struct searching {
    const struct collection *collection;
    struct search_sql sql;
    size_t total;
};

static void on_rows(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct searching *search = context;
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    search_write_page(&w, search->collection, &search->sql, rows, search->total);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void on_count(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct searching *search = context;
    search->total = (size_t)query_u64(rows, 0, 0);
    read_run(caller, search_rows(caller->arena, search->collection, &search->sql), on_rows, search);
}

void answer_search(struct request *request, const struct collection *collection,
                   struct search_scope narrow)
{
    request->reads = true;
    struct error err;
    struct caller *caller = caller_of(request);
    struct searching *search = ARENA_NEW(&request->arena, struct searching);
    search->collection = collection;
    if (!search_sql_build(&request->arena, caller->scope, collection, request->body, &search->sql,
                          &err)) {
        request_failed(request, &err);
        return;
    }
    search_sql_narrow(&request->arena, collection, narrow, &search->sql);
    read_run(caller, search_count(&request->arena, collection, &search->sql), on_count, search);
}

static void no_such(struct request *request, const struct collection *collection)
{
    request_problem_format(request, 404, "NOT_FOUND", "there is no %s with key %.*s",
                           collection->noun, STR_ARG(request->arguments[0]));
}

static void on_one(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct collection *collection = context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0) {
        no_such(request, collection);
        return;
    }
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    search_write_item(&w, collection, rows, 0);
    request_answer_json(request, 200, strbuf_str(&out));
}

void answer_one(struct request *request, const struct collection *collection)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, search_one(caller->arena, caller->scope, collection, key), on_one,
                 (void *)(uintptr_t)collection);
}

void answer_part(struct request *request, const struct collection *collection)
{
    struct caller *caller = caller_of(request);
    str key = request->arguments[0];
    uint64_t whole;
    if (!str_to_u64(str_sub(key, 0, str_find_char(key, '-')), &whole))
        no_such(request, collection);
    else
        read_run(caller, search_part(caller->arena, caller->scope, collection, whole, key), on_one,
                 (void *)(uintptr_t)collection);
}
