// SPDX-License-Identifier: Apache-2.0
//
// Forms: by their keys, and those that start processes.
#include "api/api_private.h"
#include "store/read/read.h"

void answer_form(struct request *request, const struct query_rows *rows)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("formKey"), query_value(rows, 0, 0));
    write_text(&w, STR("formId"), query_value(rows, 0, 1));
    write_json(&w, STR("version"), query_value(rows, 0, 2));
    write_text(&w, STR("schema"), query_value(rows, 0, 3));
    write_tenant(&w, query_value(rows, 0, 4));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static void no_such(struct request *request, const char *noun)
{
    request_problem_format(request, 404, "NOT_FOUND", "there is no %s with key %.*s", noun,
                           STR_ARG(request->arguments[0]));
}

static void on_form(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        answer_form(request_of(caller), rows);
    else
        no_such(request_of(caller), "form");
}

void handle_form_get(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_form_by_key(caller->arena, caller->scope, key), on_form, NULL);
}

// As Camunda: 204 for a process that starts without a form.
static void on_deployed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        no_such(request_of(caller), "process definition");
}

static void on_start_form(struct caller *caller, void *context, const struct query_rows *rows)
{
    const uint64_t *definition = context;
    if (query_row_count(rows) > 0)
        answer_form(request_of(caller), rows);
    else
        read_run(caller, read_is_deployed(caller->arena, caller->scope, *definition), on_deployed,
                 NULL);
}

void handle_definition_form(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t *key = ARENA_NEW(&request->arena, uint64_t);
    if (request_key(request, 0, key))
        read_run(caller, read_start_form(caller->arena, caller->scope, *key), on_start_form, key);
}
