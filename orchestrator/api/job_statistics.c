// SPDX-License-Identifier: Apache-2.0
//
// Counts of the jobs that were created in a time. A query names the time in its filter, beside what
// a search asks for; it is taken out of there, and the rest is searched.
#include "store/read/job_statistics.h"

#include "api/api_private.h"
#include "feel/feel.h"
#include "gateway/records.h"
#include "gateway/read.h"
#include "store/read/time_text.h"

enum { BUCKETS = 60, MINUTE_MS = 60000 }; // of a window, unless the query says how long each is
static const int64_t always_ms = INT64_C(253402300800000); // the year 10000

// False after answering 400.
static bool read_time(struct request *request, str text, const char *name, int64_t *ret_time_ms)
{
    if (time_text_parse(text, ret_time_ms))
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "\"%s\" must be a date-time such as 2026-11-22T17:00:00Z", name);
    return false;
}

static bool read_resolution(struct request *request, str text, struct job_window *window)
{
    struct feel_duration duration;
    int64_t span_ms = (window->to_ms - window->from_ms) / BUCKETS;
    window->bucket_ms = span_ms < MINUTE_MS ? MINUTE_MS : span_ms / MINUTE_MS * MINUTE_MS;
    if (text.len == 0)
        return true;
    bool is_duration = feel_duration_parse(text, &duration) && duration.months == 0;
    window->bucket_ms = is_duration ? duration.ms : 0;
    if (window->bucket_ms > 0)
        return true;
    request_problem(request, 400, "INVALID_ARGUMENT",
                    STR("\"filter.resolution\" must be a duration such as PT1M or P1D"));
    return false;
}

// A filter that is not there is of all times: the description says where it must be.
static bool read_window(struct request *request, const struct json *filter,
                        struct job_window *ret_window)
{
    *ret_window = (struct job_window){.to_ms = always_ms};
    if (filter == NULL)
        return true;
    return read_time(request, json_get_str(filter, STR("from"), STR_EMPTY), "filter.from",
                     &ret_window->from_ms) &&
           read_time(request, json_get_str(filter, STR("to"), STR_EMPTY), "filter.to",
                     &ret_window->to_ms) &&
           read_resolution(request, json_get_str(filter, STR("resolution"), STR_EMPTY), ret_window);
}

static void copy_rest(struct json_writer *w, const struct json *filter)
{
    for (size_t i = 0; i < filter->count; i++) {
        str name = filter->members[i].name;
        if (str_equal(name, STR("from")) || str_equal(name, STR("to")) ||
            str_equal(name, STR("resolution")))
            continue;
        json_key(w, name);
        json_value(w, &filter->members[i].value);
    }
}

// The query without its time.
static bool rewrite(struct request *request, const struct json *filter, struct error *err)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    const struct json *page = json_get(request->body, STR("page"));
    json_begin_object(&w);
    json_key(&w, STR("filter"));
    json_begin_object(&w);
    if (filter != NULL)
        copy_rest(&w, filter);
    json_end_object(&w);
    if (page != NULL) {
        json_key(&w, STR("page"));
        json_value(&w, page);
    }
    json_end_object(&w);
    struct json *query;
    bool is_read = json_parse(&request->arena, strbuf_str(&out), &query, err);
    if (is_read)
        request->body = query;
    return is_read;
}

static void answer_statistics(struct request *request, job_statistics *statistics)
{
    struct job_window window;
    struct error err;
    const struct json *filter = json_get(request->body, STR("filter"));
    filter = json_is(filter, JSON_OBJECT) ? filter : NULL;
    if (!read_window(request, filter, &window))
        return;
    if (!rewrite(request, filter, &err))
        request_failed(request, &err);
    else
        answer_search(request, statistics(&request->arena, &window), (struct search_scope){0});
}

void handle_job_statistics_types(struct request *request)
{
    answer_statistics(request, job_statistics_by_type);
}

void handle_job_statistics_workers(struct request *request)
{
    answer_statistics(request, job_statistics_by_worker);
}

void handle_job_statistics_errors(struct request *request)
{
    answer_statistics(request, job_statistics_by_error);
}

void handle_job_statistics_times(struct request *request)
{
    answer_statistics(request, job_statistics_by_time);
}

// -- Of all -----------------------------------------------------------------------------

static void on_counted(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    request_answer_json(request_of(caller), 200, query_value(rows, 0, 0));
}

static void on_records(struct caller *caller, void *context, const struct records_view *view)
{
    if (view->until.len > 0)
        request_add_header(request_of(caller), "Baton-Records-Until",
                           str_cstr(caller->arena, view->until));
    read_on(caller, *(const struct statement *)context, on_counted, NULL);
}

void handle_job_statistics_global(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct job_window window = {0};
    str type = request_query(request, "jobType");
    request->reads = true;
    if (!read_time(request, request_query(request, "from"), "from", &window.from_ms) ||
        !read_time(request, request_query(request, "to"), "to", &window.to_ms))
        return;
    struct statement statement = job_statistics_of_all(caller->arena, caller->scope, &window,
                                                       type.len > 0 ? type : (str){NULL, 0});
    records_prepare(caller, 0, on_records, arena_copy(caller->arena, &statement, sizeof statement));
}
