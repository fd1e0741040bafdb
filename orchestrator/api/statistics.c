// SPDX-License-Identifier: Apache-2.0
//
// Counts: running instances by definition, version and error, what elements did, what was used.
#include "store/read/statistics.h"

#include "api/api_private.h"
#include "gateway/records.h"
#include "store/read/time_text.h"

static void search(struct request *request, const struct collection *collection)
{
    answer_search(request, collection, (struct search_scope){0});
}

void handle_statistics_definitions(struct request *request)
{
    search(request, &collection_definition_statistics);
}

void handle_statistics_versions(struct request *request)
{
    search(request, &collection_version_statistics);
}

void handle_statistics_subscriptions(struct request *request)
{
    search(request, &collection_subscription_statistics);
}

void handle_statistics_errors(struct request *request)
{
    search(request, &collection_error_statistics);
}

void handle_statistics_failing(struct request *request)
{
    search(request, &collection_failing_definitions);
}

// -- What elements did ------------------------------------------------------------------

static void on_elements(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"elementId"},
                                                 {"active", ITEM_JSON},
                                                 {"canceled", ITEM_JSON},
                                                 {"incidents", ITEM_JSON},
                                                 {"completed", ITEM_JSON}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

static void on_records(struct caller *caller, void *context, const struct records_view *view)
{
    const struct search_sql *instances = context;
    if (view->until.len > 0)
        request_add_header(request_of(caller), "Baton-Records-Until",
                           str_cstr(caller->arena, view->until));
    read_on(caller, read_element_statistics(caller->arena, instances), on_elements, NULL);
}

// Of the instances of a definition that the filter finds.
void handle_definition_statistics(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct search_scope narrow = {.field = "processDefinitionKey"};
    struct search_sql *instances = ARENA_NEW(&request->arena, struct search_sql);
    struct error err;
    request->reads = true;
    if (!request_key(request, 0, &narrow.key))
        return;
    if (!search_sql_build(&request->arena, caller->scope, &collection_instances, request->body,
                          instances, &err)) {
        request_failed(request, &err);
        return;
    }
    search_sql_narrow(&request->arena, &collection_instances, narrow, instances);
    records_prepare(caller, 0, on_records, instances);
}

// -- What waits -------------------------------------------------------------------------

static void on_waiting(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"elementId"}, {"waitingCount", ITEM_JSON}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

void handle_statistics_waiting(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t instance;
    if (request_key(request, 0, &instance))
        read_run(caller, read_waiting_statistics(caller->arena, caller->scope, instance),
                 on_waiting, NULL);
}

// -- What was used ----------------------------------------------------------------------

struct usage {
    int64_t instances;
    int64_t decisions;
    int64_t assignees;
};

static void write_usage(struct json_writer *w, const struct usage *usage)
{
    json_key(w, STR("processInstances"));
    json_i64(w, usage->instances);
    json_key(w, STR("decisionInstances"));
    json_i64(w, usage->decisions);
    json_key(w, STR("assignees"));
    json_i64(w, usage->assignees);
}

static struct usage usage_of(const struct query_rows *rows, size_t row)
{
    return (struct usage){query_i64(rows, row, 1), query_i64(rows, row, 2),
                          query_i64(rows, row, 3)};
}

static void write_tenants(struct json_writer *w, const struct query_rows *rows)
{
    json_key(w, STR("tenants"));
    json_begin_object(w);
    for (size_t row = 0; rows != NULL && row < query_row_count(rows); row++) {
        struct usage usage = usage_of(rows, row);
        json_key(w, tenant_outside(query_value(rows, row, 0)));
        json_begin_object(w);
        write_usage(w, &usage);
        json_end_object(w);
    }
    json_end_object(w);
}

static void on_usage(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    struct usage all = {0};
    bool shows_tenants = str_equal(request_query(request, "withTenants"), STR("true"));
    for (size_t row = 0; row < query_row_count(rows); row++) {
        struct usage usage = usage_of(rows, row);
        all.instances += usage.instances;
        all.decisions += usage.decisions;
        all.assignees += usage.assignees;
    }
    json_begin_object(&w);
    write_usage(&w, &all);
    json_key(&w, STR("activeTenants"));
    json_u64(&w, query_row_count(rows));
    write_tenants(&w, shows_tenants ? rows : NULL);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

// False after answering 400.
static bool read_time(struct request *request, const char *name, str *ret_time)
{
    int64_t time_ms;
    *ret_time = request_query(request, name);
    if (time_text_parse(*ret_time, &time_ms))
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "the query needs \"%s\": a date-time such as 2026-11-22T17:00:00Z",
                           name);
    return false;
}

void handle_usage_get(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct usage_wanted wanted = {.tenant = {NULL, 0}};
    str tenant = request_query(request, "tenantId");
    if (!read_time(request, "startTime", &wanted.from) ||
        !read_time(request, "endTime", &wanted.to))
        return;
    if (tenant.len > 0)
        wanted.tenant = tenant_inside(tenant);
    read_run(caller, read_usage(caller->arena, caller->scope, &wanted), on_usage, NULL);
}
