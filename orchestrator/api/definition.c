// SPDX-License-Identifier: Apache-2.0
//
// What is deployed: process definitions and resources.
#include "api/api_private.h"
#include "api/call.h"
#include "api/collections.h"
#include "api/read.h"
#include "api/route.h"

void handle_definition_search(struct request *request)
{
    search_collection(request, &collection_definitions, (struct search_scope){0});
}

void handle_definition_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_definitions, key);
}

void handle_decision_search(struct request *request)
{
    search_collection(request, &collection_decisions, (struct search_scope){0});
}

void handle_decision_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_decisions, key);
}

void handle_requirements_search(struct request *request)
{
    search_collection(request, &collection_requirements, (struct search_scope){0});
}

void handle_requirements_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_requirements, key);
}

static void on_bytes(struct request *request, void *context, const struct read_result *rows)
{
    if (rows->row_count == 0)
        request_problem_format(request, 404, "NOT_FOUND", "nothing with key %.*s is deployed",
                               STR_ARG(request->arguments[0]));
    else
        request_answer_text(request, 200, context, read_cell(rows, 0, 0));
}

static void send_bytes(struct request *request, const char *content_type)
{
    uint64_t key;
    if (!request_key(request, 0, &key))
        return;
    read_run(request,
             &(struct read){"SELECT convert_from(r.bytes, 'UTF8') FROM definitions d JOIN "
                            "resources r ON r.digest = d.digest WHERE d.key = $1::bigint",
                            request->arguments, 1},
             on_bytes, (void *)(uintptr_t)content_type);
}

void handle_definition_xml(struct request *request)
{
    send_bytes(request, "text/xml");
}

void handle_resource_content(struct request *request)
{
    send_bytes(request, "application/json");
}

static void on_resource(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    if (rows->row_count == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "nothing with key %.*s is deployed",
                               STR_ARG(request->arguments[0]));
        return;
    }
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    static const char *const names[] = {"resourceKey", "resourceId", "resourceName",
                                        "version",     "versionTag", "tenantId"};
    json_begin_object(&w);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        json_key(&w, str_of(names[i]));
        str cell = read_cell(rows, 0, i);
        if (i == 3)
            json_raw(&w, cell);
        else
            json_string(&w, i == 5 ? tenant_outside(cell) : cell);
    }
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_resource_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(request,
                 &(struct read){"SELECT key, id, resource_name, version, version_tag, tenant "
                                "FROM definitions WHERE key = $1::bigint",
                                request->arguments, 1},
                 on_resource, NULL);
}

static void answer_deleted(struct request *request, const struct reply *reply)
{
    (void)reply;
    request_answer_json(request, 200, STR("{}"));
}

void handle_resource_delete(struct request *request)
{
    struct command command = {.type = COMMAND_DELETE_DEFINITION};
    if (request_key(request, 0, &command.key))
        call_shard(request, &command, 0, answer_deleted);
}
