// SPDX-License-Identifier: Apache-2.0
//
// Listeners of all user tasks. They are rows; the shards hear of them within some seconds.
#include "api/api_private.h"
#include "record/limits.h"
#include "record/topic.h"
#include "store/catalogue/listener.h"

enum { RETRIES = 3, PRIORITY = 50 }; // unless they are given, as in Camunda

static void answer_listener(struct request *request, int status, const struct listener_row *row)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("id"), row->id);
    write_text(&w, STR("source"), STR("API"));
    json_key(&w, STR("eventTypes"));
    json_begin_array(&w);
    for (size_t i = 0; i < row->event_count; i++)
        json_string(&w, row->events[i]);
    json_end_array(&w);
    write_text(&w, STR("type"), row->type);
    json_key(&w, STR("retries"));
    json_i64(&w, row->retries);
    json_key(&w, STR("afterNonGlobal"));
    json_bool(&w, row->runs_last);
    json_key(&w, STR("priority"));
    json_i64(&w, row->priority);
    json_end_object(&w);
    request_answer_json(request, status, strbuf_str(&out));
}

static str lower(struct arena *arena, str text)
{
    char *copy = arena_zalloc(arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        copy[i] =
            (char)(text.data[i] >= 'A' && text.data[i] <= 'Z' ? text.data[i] + 32 : text.data[i]);
    return str_from(copy, text.len);
}

// What the body says; the description has seen to types and names. False after answering.
static bool read_listener(struct request *request, struct listener_row *ret_row)
{
    const struct json *body = request->body, *list = json_get(body, STR("eventTypes"));
    str *events = ARENA_ARRAY(&request->arena, str, list->count), topic;
    for (size_t i = 0; i < list->count; i++)
        events[i] = lower(&request->arena, list->items[i].text);
    *ret_row = (struct listener_row){
        .id = json_get_str(body, STR("id"), STR_EMPTY),
        .type = json_get_str(body, STR("type"), STR_EMPTY),
        .retries = json_get_i64(body, STR("retries"), RETRIES),
        .runs_last = json_get_bool(body, STR("afterNonGlobal"), false),
        .priority = json_get_i64(body, STR("priority"), PRIORITY),
        .events = events,
        .event_count = list->count,
    };
    if (topic_part_of_job_type(&request->arena, ret_row->type, &topic))
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "\"type\" names a topic: it has 1 to JOB_TYPE_BYTES (%d) bytes, a byte "
                           "other than a letter, digit, dot, hyphen or underscore counting four "
                           "times",
                           LIMIT_JOB_TYPE_BYTES);
    return false;
}

static void on_created(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct listener_row *row = context;
    struct request *request = request_of(caller);
    if (query_bool(rows, 0, 0))
        answer_listener(request, 201, row);
    else if (query_bool(rows, 0, 1))
        request_problem_format(request, 409, "ALREADY_EXISTS",
                               "there is a global task listener with the id '%.*s'",
                               STR_ARG(row->id));
    else
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "there are GLOBAL_LISTENERS (%d) global task listeners already",
                               LIMIT_GLOBAL_LISTENERS);
}

void handle_global_listener_create(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct listener_row row;
    if (read_listener(request, &row))
        read_change(caller, catalogue_listener_create(caller->arena, &row), on_created,
                    arena_copy(caller->arena, &row, sizeof row));
}

static void answer_none(struct request *request)
{
    request_problem_format(request, 404, "NOT_FOUND",
                           "there is no global task listener with the id '%.*s'",
                           STR_ARG(request->arguments[0]));
}

static void on_updated(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    if (query_row_count(rows) > 0)
        answer_listener(request, 200, context);
    else
        answer_none(request);
}

void handle_global_listener_update(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct listener_row row;
    if (!read_listener(request, &row))
        return;
    row.id = request->arguments[0];
    read_change(caller, catalogue_listener_update(caller->arena, &row), on_updated,
                arena_copy(caller->arena, &row, sizeof row));
}

static void on_deleted(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        answer_none(request_of(caller));
}

void handle_global_listener_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_change(caller, catalogue_listener_delete(caller->arena, request->arguments[0]), on_deleted,
                NULL);
}

void handle_global_listener_get(struct request *request)
{
    answer_named(request, &collection_listeners);
}

void handle_global_listener_search(struct request *request)
{
    answer_search(request, &collection_listeners, (struct search_scope){0});
}
