// SPDX-License-Identifier: Apache-2.0
//
// Answers of searches and of single things (store/read/search.h has the words of a query).
#include "api/api_private.h"
#include "gateway/records.h"

// A search under way: counted first, then its rows; on the snapshot of the records, if it has them.
struct searching {
    const struct collection *collection;
    struct search_sql sql;
    size_t total;
};

static void read_more(struct caller *caller, struct searching *search, struct statement statement,
                      read_answer *answer)
{
    if (search->sql.reads_records)
        read_on(caller, statement, answer, search);
    else
        read_run(caller, statement, answer, search);
}

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
    read_more(caller, search, search_rows(caller->arena, search->collection, &search->sql),
              on_rows);
}

static void count(struct caller *caller, struct searching *search)
{
    read_more(caller, search, search_count(caller->arena, search->collection, &search->sql),
              on_count);
}

static str pending_of(const struct collection *collection, const struct pending *pending)
{
    switch (collection->pending) {
    case PENDING_NOTHING:
        return STR_EMPTY;
    case PENDING_ELEMENTS:
        return pending->elements;
    case PENDING_JOBS:
        return pending->jobs;
    case PENDING_VARIABLES:
        return pending->variables;
    }
    check_unreachable();
}

// Of what is over there may be more than the answer has: until then it is complete.
static void tell_until(struct caller *caller, const struct records_view *view)
{
    if (view->until.len > 0)
        request_add_header(request_of(caller), "Baton-Records-Until",
                           str_cstr(caller->arena, view->until));
}

static void on_records(struct caller *caller, void *context, const struct records_view *view)
{
    struct searching *search = context;
    if (search->collection->pending != PENDING_NOTHING)
        search_sql_set_pending(&search->sql, pending_of(search->collection, &view->pending));
    tell_until(caller, view);
    count(caller, search);
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
    bool takes_pending = collection->pending != PENDING_NOTHING;
    uint64_t instance = takes_pending ? search_instance(request->body, narrow) : 0;
    if (search->sql.reads_records)
        records_prepare(caller, instance, on_records, search);
    else
        count(caller, search);
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

// A thing that is asked for by its key.
struct finding {
    const struct collection *collection;
    struct statement statement;
};

static void on_records_for_one(struct caller *caller, void *context,
                               const struct records_view *view)
{
    const struct finding *finding = context;
    tell_until(caller, view);
    read_on(caller, finding->statement, on_one, (void *)(uintptr_t)finding->collection);
}

// What is not there may be over and not in the records yet.
static void on_one_at_once(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct finding *finding = context;
    if (query_row_count(rows) == 0)
        records_prepare(caller, 0, on_records_for_one, finding);
    else
        on_one(caller, (void *)(uintptr_t)finding->collection, rows);
}

void answer_one(struct request *request, const struct collection *collection)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (!request_key(request, 0, &key))
        return;
    struct finding *finding = ARENA_NEW(&request->arena, struct finding);
    *finding =
        (struct finding){collection, search_one(caller->arena, caller->scope, collection, key)};
    if (collection->pending == PENDING_NOTHING)
        read_run(caller, finding->statement, on_one, (void *)(uintptr_t)collection);
    else if (collection->pending == PENDING_VARIABLES) // the records may have an older value
        records_prepare(caller, 0, on_records_for_one, finding);
    else
        read_run(caller, finding->statement, on_one_at_once, finding);
}

static void on_named(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct collection *collection = context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) > 0)
        on_one(caller, context, rows);
    else
        request_problem_format(request, 404, "NOT_FOUND", "there is no %s '%.*s'", collection->noun,
                               STR_ARG(request->arguments[0]));
}

void answer_named(struct request *request, const struct collection *collection)
{
    struct caller *caller = caller_of(request);
    read_run(caller, search_named(caller->arena, caller->scope, collection, request->arguments[0]),
             on_named, (void *)(uintptr_t)collection);
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
