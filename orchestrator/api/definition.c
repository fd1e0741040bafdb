// SPDX-License-Identifier: Apache-2.0
//
// What is deployed: process definitions and resources.
#include "api/api_private.h"
#include "store/read/read.h"
#include "gateway/batch.h"
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

// -- Deletion ---------------------------------------------------------------------------

static void answer_deletion(struct request *request, str batch)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("resourceKey"), request->arguments[0]);
    write_json(&w, STR("batchOperation"), batch);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static void answer_deleted(struct caller *caller, const struct reply *reply)
{
    (void)reply;
    answer_deletion(request_of(caller), STR("null"));
}

// What was made of a definition goes by a batch operation, as its own request would begin it.
static const struct history_of {
    enum resource_kind kind;
    enum batch_type type;
    const char *filter;
    const char *permission; // of that request (schemas/openapi/batches.yaml)
} histories[] = {
    {RESOURCE_PROCESS, BATCH_DELETE_PROCESS_INSTANCE, "processDefinitionKey",
     "rows PROCESS_DEFINITION/DELETE_PROCESS_INSTANCE, all "
     "BATCH/CREATE|CREATE_BATCH_OPERATION_DELETE_PROCESS_INSTANCE"},
    {RESOURCE_REQUIREMENTS, BATCH_DELETE_DECISION_INSTANCE, "decisionRequirementsKey",
     "rows DECISION_DEFINITION/DELETE_DECISION_INSTANCE, all "
     "BATCH/CREATE|CREATE_BATCH_OPERATION_DELETE_DECISION_INSTANCE"},
};

static void on_history_begun(struct caller *caller, void *context, const struct query_rows *rows)
{
    enum batch_type type = *(const enum batch_type *)context;
    str batch = str_format(caller->arena,
                           "{\"batchOperationKey\": \"%.*s\", \"batchOperationType\": \"%s\"}",
                           STR_ARG(query_value(rows, 0, 0)), batch_type_name(type));
    batch_wake(caller->gateway);
    answer_deletion(request_of(caller), batch);
}

// For another operation of the same request: who asks stays whom the request showed.
static bool allow_again(struct caller *caller, const char *permission, str named, struct error *err)
{
    str principal = caller->principal;
    bool is_allowed = caller_allow(caller, caller->identity, permission, named, err);
    caller->principal = principal;
    return is_allowed;
}

// By the process's id as well, which instances are found by.
static void on_definition_of_history(struct caller *caller, void *context,
                                     const struct query_rows *rows)
{
    const struct history_of *history = context;
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    struct error err;
    struct json *body;
    json_begin_object(&w);
    json_key(&w, STR("filter"));
    json_begin_object(&w);
    write_text(&w, str_of(history->filter), request_of(caller)->arguments[0]);
    if (history->kind == RESOURCE_PROCESS && query_row_count(rows) > 0)
        write_text(&w, STR("processDefinitionId"), query_value(rows, 0, 1));
    json_end_object(&w);
    json_end_object(&w);
    if (json_parse(caller->arena, strbuf_str(&out), &body, &err))
        batch_begin(caller, history->type, body, strbuf_str(&out), on_history_begun);
    else
        caller_fail(caller, &err);
}

static void begin_history(struct caller *caller, const struct history_of *history)
{
    struct error err;
    uint64_t key;
    if (!request_key(request_of(caller), 0, &key))
        return;
    if (allow_again(caller, history->permission, STR_EMPTY, &err))
        read_run(caller, read_resource_kind(caller->arena, caller->scope, key),
                 on_definition_of_history, (void *)history);
    else
        caller_fail(caller, &err);
}

static void on_process_deleted(struct caller *caller, const struct reply *reply)
{
    (void)reply;
    begin_history(caller, &histories[0]);
}

static void on_decisions_deleted(struct caller *caller, const struct reply *reply)
{
    (void)reply;
    begin_history(caller, &histories[1]);
}

// Whether instances of this process, or evaluations of decisions, are within what was allowed last.
static bool reaches(const struct caller *caller, const struct history_of *history, str id)
{
    const struct scope *scope = &caller->scope;
    if (caller->identity->is_everything || scope->has_all_resources)
        return true;
    if (history->kind != RESOURCE_PROCESS)
        return scope->resource_count > 0;
    for (size_t i = 0; i < scope->resource_count; i++)
        if (str_equal(scope->resources[i], id))
            return true;
    return false;
}

// Nothing is deleted for who may not delete all that was asked for.
static bool may_delete(struct caller *caller, const struct history_of *history, str id,
                       struct error *err)
{
    const char *permission = caller->permission;
    str named = caller->named;
    if (!allow_again(caller, history->permission, STR_EMPTY, err))
        return false;
    if (!reaches(caller, history, id))
        return error_set(err, ERROR_DENIED, "", "deleteHistory: its history may not be deleted: %s",
                         history->permission);
    return allow_again(caller, permission, named, err);
}

// One that is deleted already has its history deleted, so that what failed half way is done when it
// is asked for again.
static void delete_with_history(struct caller *caller, const struct history_of *history,
                                uint64_t key, const struct query_rows *rows)
{
    struct command command = {.type = COMMAND_DELETE_DEFINITION, .key = key};
    struct error err;
    if (!may_delete(caller, history, query_value(rows, 0, 1), &err))
        caller_fail(caller, &err);
    else if (str_equal(query_value(rows, 0, 2), STR("t")))
        begin_history(caller, history);
    else
        call_every_shard(caller, &command,
                         history->kind == RESOURCE_PROCESS ? on_process_deleted
                                                           : on_decisions_deleted);
}

static void on_kind(struct caller *caller, void *context, const struct query_rows *rows)
{
    const uint64_t *key = context;
    for (size_t i = 0; query_row_count(rows) > 0 && i < COUNT_OF(histories); i++)
        if (query_i64(rows, 0, 0) == (int64_t)histories[i].kind) {
            delete_with_history(caller, &histories[i], *key, rows);
            return;
        }
    struct command command = {.type = COMMAND_DELETE_DEFINITION, .key = *key};
    call_every_shard(caller, &command, answer_deleted); // a form or the like has no history
}

void handle_resource_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t *key = ARENA_NEW(caller->arena, uint64_t);
    struct command command = {.type = COMMAND_DELETE_DEFINITION};
    if (!request_key(request, 0, key))
        return;
    command.key = *key;
    if (json_get_bool(request->body, STR("deleteHistory"), false))
        read_run(caller, read_resource_kind(caller->arena, caller->scope, *key), on_kind, key);
    else
        call_every_shard(caller, &command, answer_deleted);
}

void handle_variable_names(struct request *request)
{
    struct search_scope narrow = {.field = "processDefinitionKey"};
    if (request_key(request, 0, &narrow.key))
        answer_search(request, &collection_variable_names, narrow);
}
