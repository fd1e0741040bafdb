// SPDX-License-Identifier: Apache-2.0
//
// Batch operations: begin, look, steer.
#include "gateway/batch.h"

#include "api/api_private.h"
#include "store/catalogue/catalogue.h"
#include "store/read/read.h"

// -- Beginning --------------------------------------------------------------------------

static void answer_begun(struct caller *caller, enum batch_type type, str key)
{
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("batchOperationKey"));
    json_string(&w, key);
    json_key(&w, STR("batchOperationType"));
    json_string(&w, str_of(batch_type_name(type)));
    json_end_object(&w);
    batch_wake(caller->gateway);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void on_begun(struct caller *caller, void *context, const struct query_rows *rows)
{
    answer_begun(caller, *(const enum batch_type *)context, query_value(rows, 0, 0));
}

static void begin(struct request *request, enum batch_type type)
{
    batch_begin(caller_of(request), type, request->body, request->raw_body, on_begun);
}

void handle_batch_cancel(struct request *request)
{
    begin(request, BATCH_CANCEL_PROCESS_INSTANCE);
}

void handle_batch_resolve(struct request *request)
{
    begin(request, BATCH_RESOLVE_INCIDENT);
}

// The items are sent without grants: whether instances may become what they are to is asked here.
static void on_target(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0)
        request_problem(request, 404, "NOT_FOUND", STR("the target is not deployed"));
    else
        begin(request, BATCH_MIGRATE_PROCESS_INSTANCE);
}

void handle_batch_migrate(struct request *request)
{
    struct caller *caller = caller_of(request);
    const struct json *plan = json_get(request->body, STR("migrationPlan"));
    const struct json *target = json_get(plan, STR("targetProcessDefinitionKey"));
    uint64_t key = 0;
    bool is_key = json_is(target, JSON_STRING) && str_to_u64(target->text, &key);
    if (!is_key && target != NULL)
        key = (uint64_t)json_get_i64(plan, STR("targetProcessDefinitionKey"), 0);
    if (caller->identity->is_everything || key == 0) // what is no key is refused with the rest
        begin(request, BATCH_MIGRATE_PROCESS_INSTANCE);
    else
        read_run(caller, read_resource(caller->arena, caller->scope, key), on_target, NULL);
}

void handle_batch_modify(struct request *request)
{
    begin(request, BATCH_MODIFY_PROCESS_INSTANCE);
}

void handle_batch_delete(struct request *request)
{
    begin(request, BATCH_DELETE_PROCESS_INSTANCE);
}

void handle_batch_jobs(struct request *request)
{
    begin(request, BATCH_UPDATE_JOB);
}

void handle_batch_forget(struct request *request)
{
    begin(request, BATCH_DELETE_DECISION_INSTANCE);
}

void handle_batch_suspend(struct request *request)
{
    begin(request, BATCH_SUSPEND_PROCESS_INSTANCE);
}

void handle_batch_resume(struct request *request)
{
    begin(request, BATCH_RESUME_PROCESS_INSTANCE);
}

// The incidents of one instance, as a batch of its own.
static void on_instance(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct json *query;
    struct error err;
    (void)context;
    str written = str_format(caller->arena, "{\"filter\":{\"processInstanceKey\":\"%.*s\"}}",
                             STR_ARG(request->arguments[0]));
    if (query_row_count(rows) == 0)
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no process instance with key %.*s",
                               STR_ARG(request->arguments[0]));
    else if (json_parse(caller->arena, written, &query, &err))
        batch_begin(caller, BATCH_RESOLVE_INCIDENT, query, written, on_begun);
    else
        request_failed(request, &err);
}

void handle_instance_resolve(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_identity(caller->arena, caller->scope, key), on_instance, NULL);
}

// -- Looking and steering ---------------------------------------------------------------

void handle_batch_search(struct request *request)
{
    answer_search(request, &collection_batches, (struct search_scope){0});
}

void handle_batch_items(struct request *request)
{
    answer_search(request, &collection_batch_items, (struct search_scope){0});
}

void handle_batch_get(struct request *request)
{
    answer_one(request, &collection_batches);
}

static void answer_steered(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no batch operation with key %.*s",
                               STR_ARG(request->arguments[0]));
    } else if (!query_bool(rows, 0, 0)) {
        request_problem(request, 409, "INVALID_STATE",
                        STR("the batch operation is not in a state that allows this"));
    } else {
        batch_wake(caller->gateway);
        request_answer_empty(request);
    }
}

typedef struct statement steering(struct arena *arena, struct scope scope, uint64_t key);

static void steer(struct request *request, steering *make)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_change(caller, make(caller->arena, caller->scope, key), answer_steered, NULL);
}

void handle_batch_stop(struct request *request)
{
    steer(request, catalogue_batch_stop);
}

void handle_batch_pause(struct request *request)
{
    steer(request, catalogue_batch_pause);
}

void handle_batch_continue(struct request *request)
{
    steer(request, catalogue_batch_continue);
}

static void on_seen(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0)
        request_problem_format(request, 404, "NOT_FOUND", "there is no instance with key %.*s",
                               STR_ARG(request->arguments[0]));
    else
        request_problem_format(request, 403, "FORBIDDEN",
                               "this takes DELETE_PROCESS_INSTANCE on PROCESS_DEFINITION '%.*s'",
                               STR_ARG(query_value(rows, 0, 1)));
}

// Nothing was deleted: the instance is not there, or may only be seen.
static void tell_why_not(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    caller_narrow(caller, "READ_PROCESS_INSTANCE");
    if (request_key(request, 0, &key))
        read_run(caller, read_identity(caller->arena, caller->scope, key), on_seen, NULL);
}

static void answer_deleted(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0)
        tell_why_not(request);
    else if (!query_is_null(rows, 0, 1))
        request_problem_format(request, 409, "INVALID_STATE", "instance %.*s is kept by %.*s",
                               STR_ARG(request->arguments[0]), STR_ARG(query_value(rows, 0, 1)));
    else if (query_bool(rows, 0, 0))
        request_answer_empty(request);
    else
        request_problem_format(request, 409, "INVALID_STATE",
                               "instance %.*s runs: only what has ended can be deleted",
                               STR_ARG(request->arguments[0]));
}

void handle_instance_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_change(caller, catalogue_delete_instance(caller->arena, caller->scope, key),
                    answer_deleted, NULL);
}
