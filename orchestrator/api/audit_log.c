// SPDX-License-Identifier: Apache-2.0
//
// The audit log: who did what; and what is kept in spite of retention and deletion.
#include "api/api_private.h"

#include "store/catalogue/audit.h"
#include "store/read/read.h"

void handle_audit_log_search(struct request *request)
{
    answer_search(request, &collection_audit_log, (struct search_scope){0});
}

void handle_audit_log_get(struct request *request)
{
    answer_one(request, &collection_audit_log);
}

static void on_task(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct search_scope narrow = {.field = "userTaskKey"};
    (void)context;
    check(str_to_u64(request->arguments[0], &narrow.key));
    if (query_row_count(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no user task with key %.*s",
                               STR_ARG(request->arguments[0]));
        return;
    }
    caller_widen(caller); // whoever sees the task sees what was done to it
    answer_search(request, &collection_audit_log, narrow);
}

void handle_user_task_audit_log(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_instance_of_user_task(caller->arena, caller->scope, key), on_task,
                 NULL);
}

// -- Holds --------------------------------------------------------------------------------

static void on_held(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    (void)context;
    if (query_row_count(rows) == 0) {
        request_problem(request, 409, "ALREADY_EXISTS",
                        STR("there is a hold with this reason already"));
        return;
    }
    json_begin_object(&w);
    write_text(&w, STR("holdKey"), query_value(rows, 0, 0));
    json_end_object(&w);
    request_answer_json(request, 201, strbuf_str(&out));
}

void handle_audit_hold_create(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t instance;
    struct hold_row row = {.kind = json_get_str(request->body, STR("kind"), STR_EMPTY),
                           .value = json_get_str(request->body, STR("value"), STR_EMPTY),
                           .reason = json_get_str(request->body, STR("reason"), STR_EMPTY),
                           .made_by = caller->principal.len > 0 ? caller->principal : STR_EMPTY};
    bool is_instance = str_equal(row.kind, STR("INSTANCE")),
         is_tenant = str_equal(row.kind, STR("TENANT"));
    if (!is_instance && !is_tenant && !str_equal(row.kind, STR("SUBJECT"))) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"kind\" must be INSTANCE, TENANT or SUBJECT"));
        return;
    }
    if (is_instance && (!str_to_u64(row.value, &instance) || instance == 0)) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"value\" must be the key of a process instance"));
        return;
    }
    if (is_tenant)
        row.value = tenant_inside(row.value);
    read_change(caller, catalogue_hold_add(caller->arena, &row), on_held, NULL);
}

static void on_holds(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"holdKey"},     {"kind"},         {"value"},
                                                 {"reason"},      {"creationTime"}, {"createdBy"},
                                                 {"releaseTime"}, {"releasedBy"}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

void handle_audit_hold_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, catalogue_holds(caller->arena), on_holds, NULL);
}

static void on_released(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        request_problem(request_of(caller), 404, "NOT_FOUND",
                        STR("there is no such hold, or it was released"));
}

void handle_audit_hold_release(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    str by = caller->principal.len > 0 ? caller->principal : STR_EMPTY;
    if (request_key(request, 0, &key))
        read_change(caller, catalogue_hold_release(caller->arena, key, by), on_released, NULL);
}
