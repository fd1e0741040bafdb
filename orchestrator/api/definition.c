// SPDX-License-Identifier: Apache-2.0
//
// What is deployed: process definitions and resources.
#include "api/api_private.h"
#include "store/read/read.h"
#include "gateway/call.h"

void handle_definition_search(struct request *request)
{
    answer_search(request, &collection_definitions, (struct search_scope){0});
}

void handle_definition_get(struct request *request)
{
    answer_one(request, &collection_definitions);
}

void handle_decision_search(struct request *request)
{
    answer_search(request, &collection_decisions, (struct search_scope){0});
}

void handle_decision_get(struct request *request)
{
    answer_one(request, &collection_decisions);
}

void handle_requirements_search(struct request *request)
{
    answer_search(request, &collection_requirements, (struct search_scope){0});
}

void handle_requirements_get(struct request *request)
{
    answer_one(request, &collection_requirements);
}

static void no_such(struct request *request)
{
    request_problem_format(request, 404, "NOT_FOUND", "nothing with key %.*s is deployed",
                           STR_ARG(request->arguments[0]));
}

static void on_text(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0)
        no_such(request);
    else
        request_answer_text(request, 200, context, query_value(rows, 0, 0));
}

static void send_text(struct request *request, const char *content_type)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_resource_text(caller->arena, caller->scope, key), on_text,
                 (void *)(uintptr_t)content_type);
}

void handle_definition_xml(struct request *request)
{
    send_text(request, "text/xml");
}

void handle_resource_content(struct request *request)
{
    send_text(request, "application/json");
}

static void on_bytes(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    if (query_row_count(rows) == 0)
        no_such(request);
    else
        request_answer_text(request, 200, "application/octet-stream",
                            query_bytes(rows, 0, 0, caller->arena));
}

void handle_resource_bytes(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_resource_bytes(caller->arena, caller->scope, key), on_bytes, NULL);
}

void handle_resource_search(struct request *request)
{
    answer_search(request, &collection_resources, (struct search_scope){0});
}

static void on_resource(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    enum { VERSION = 3, VERSION_TAG = 4, TENANT = 5 };
    static const char *const names[] = {"resourceKey", "resourceId", "resourceName",
                                        "version",     "versionTag", "tenantId"};
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0) {
        no_such(request);
        return;
    }
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        str name = str_of(names[i]);
        str cell = query_value(rows, 0, i);
        if (i == VERSION)
            write_json(&w, name, cell);
        else if (i == VERSION_TAG)
            write_optional(&w, name, cell);
        else
            write_text(&w, name, i == TENANT ? tenant_outside(cell) : cell);
    }
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_resource_get(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_resource(caller->arena, caller->scope, key), on_resource, NULL);
}

static void answer_deleted(struct caller *caller, const struct reply *reply)
{
    struct request *request = request_of(caller);
    (void)reply;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("resourceKey"), request->arguments[0]);
    write_json(&w, STR("batchOperation"), STR("null"));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_resource_delete(struct request *request)
{
    struct command command = {.type = COMMAND_DELETE_DEFINITION};
    if (request_key(request, 0, &command.key))
        call_every_shard(caller_of(request), &command, answer_deleted);
}

void handle_variable_names(struct request *request)
{
    struct search_scope narrow = {.field = "processDefinitionKey"};
    if (request_key(request, 0, &narrow.key))
        answer_search(request, &collection_variable_names, narrow);
}
