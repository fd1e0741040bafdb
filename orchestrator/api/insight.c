// SPDX-License-Identifier: Apache-2.0
//
// Own history as an event log: a page of cases, with what was done in each.
#include "api/insight.h"

#include "gateway/records.h"
#include "insight/activity.h"
#include "store/read/time_text.h"

// -- What was asked for -----------------------------------------------------------------

static bool bad_query(struct request *request, const char *name, const char *expected)
{
    request_problem_format(request, 400, "INVALID_ARGUMENT", "\"%s\" of the query: expected %s",
                           name, expected);
    return false;
}

static bool read_time(struct request *request, const char *name, str *ret_time)
{
    int64_t time_ms;
    enum { DATE_LENGTH = 10 };
    str text = request_query(request, name);
    if (text.len == DATE_LENGTH)
        text = str_format(&request->arena, "%.*sT00:00:00Z", STR_ARG(text));
    *ret_time = text.len > 0 ? text : (str){NULL, 0};
    return text.len == 0 || time_text_parse(text, &time_ms) ||
           bad_query(request, name, "a date or a date-time such as 2026-11-22T17:00:00Z");
}

bool insight_number(struct request *request, const char *name, int64_t most, int64_t *value)
{
    str text = request_query(request, name);
    if (text.len == 0)
        return true;
    return (str_to_i64(text, value) && *value >= 0 && *value <= most) ||
           bad_query(request, name, "a number that is not too large");
}

bool insight_wanted_of(struct request *request, struct insight_wanted *ret_wanted)
{
    int64_t version = 0;
    str tenant = request_query(request, "tenantId");
    *ret_wanted = (struct insight_wanted){.process_id = request->arguments[0]};
    if (!insight_number(request, "version", INT32_MAX, &version) ||
        !read_time(request, "since", &ret_wanted->since) ||
        !read_time(request, "until", &ret_wanted->until))
        return false;
    if (version > 0)
        ret_wanted->version = statement_i64(&request->arena, version);
    if (tenant.len > 0)
        ret_wanted->tenant = tenant_inside(tenant);
    return true;
}

void insight_not_found(struct caller *caller, const struct insight_wanted *wanted)
{
    caller_fail_format(caller, ERROR_NOT_FOUND, "", "there is no process '%.*s'%s",
                       STR_ARG(wanted->process_id),
                       wanted->version.len > 0 ? " of this version" : "");
}

// -- The log ----------------------------------------------------------------------------

struct reading {
    struct insight_wanted wanted;
    struct insight_page page;
};

static void write_i64(struct json_writer *w, const char *name, int64_t value)
{
    json_key(w, str_of(name));
    json_i64(w, value);
}

static void write_ms(struct json_writer *w, const char *name, int64_t value)
{
    json_key(w, str_of(name));
    if (value == 0)
        json_null(w);
    else
        json_i64(w, value);
}

static void write_bool(struct json_writer *w, const char *name, bool value)
{
    json_key(w, str_of(name));
    json_bool(w, value);
}

static void write_event(struct json_writer *w, const struct query_rows *rows, size_t row)
{
    str type = query_value(rows, row, LOG_TYPE), actor = query_value(rows, row, LOG_ACTOR);
    enum activity_waits_for waits_for = activity_waits_for(type);
    const struct activity_times times = {.enabled = query_i64(rows, row, LOG_ENABLED),
                                         .offered = query_i64(rows, row, LOG_OFFERED),
                                         .claimed = query_i64(rows, row, LOG_CLAIMED),
                                         .completed = query_i64(rows, row, LOG_ENDED)};
    json_begin_object(w);
    write_text(w, STR("elementId"), query_value(rows, row, LOG_ELEMENT));
    write_text(w, STR("activity"), query_value(rows, row, LOG_NAME));
    write_text(w, STR("type"), type);
    write_optional(w, STR("resource"), waits_for == ACTIVITY_PERSON ? actor : STR_EMPTY);
    write_optional(w, STR("worker"), waits_for == ACTIVITY_PERSON ? STR_EMPTY : actor);
    write_ms(w, "enabledMs", times.enabled);
    write_ms(w, "offeredMs", times.offered);
    write_ms(w, "claimedMs", times.claimed);
    write_ms(w, "startedMs", activity_started(waits_for, &times));
    write_ms(w, "endedMs", times.completed);
    write_bool(w, "cancelled", query_i64(rows, row, LOG_STATE) == STATE_TERMINATED);
    write_i64(w, "attempts", query_i64(rows, row, LOG_ATTEMPTS));
    write_i64(w, "incidents", query_i64(rows, row, LOG_INCIDENTS));
    write_optional(w, STR("cost"), query_value(rows, row, LOG_COST));
    write_bool(w, "breached", query_bool(rows, row, LOG_BREACHED));
    json_end_object(w);
}

static void begin_case(struct json_writer *w, const struct query_rows *rows, size_t row)
{
    static const char *const states[] = {"ACTIVE", "ACTIVE", "COMPLETED", "TERMINATED"};
    int64_t state = query_i64(rows, row, LOG_CASE_STATE);
    json_begin_object(w);
    write_text(w, STR("processInstanceKey"), query_value(rows, row, LOG_CASE));
    write_i64(w, "processDefinitionVersion", query_i64(rows, row, LOG_VERSION));
    write_tenant(w, query_value(rows, row, LOG_TENANT));
    write_optional(w, STR("businessId"), query_value(rows, row, LOG_BUSINESS_ID));
    write_text(w, STR("state"),
               str_of(states[state >= 0 && state <= STATE_TERMINATED ? state : 0]));
    write_ms(w, "startedMs", query_i64(rows, row, LOG_CASE_STARTED));
    write_ms(w, "endedMs", query_i64(rows, row, LOG_CASE_ENDED));
    json_key(w, STR("variables"));
    if (query_is_null(rows, row, LOG_VARIABLES))
        json_null(w);
    else
        json_raw(w, query_value(rows, row, LOG_VARIABLES));
    json_key(w, STR("events"));
    json_begin_array(w);
}

// The rows that are answered: whole cases, unless there is but one.
static size_t whole_cases(const struct query_rows *rows)
{
    size_t count = query_row_count(rows), end = count - 1;
    if (count <= INSIGHT_PAGE_EVENTS)
        return count;
    while (end > 0 &&
           str_equal(query_value(rows, end - 1, LOG_CASE), query_value(rows, count - 1, LOG_CASE)))
        end--;
    return end > 0 ? end : count - 1;
}

static void write_cases(struct json_writer *w, const struct query_rows *rows, size_t end,
                        size_t *ret_cases)
{
    *ret_cases = 0;
    for (size_t row = 0; row < end; row++) {
        bool is_first = row == 0 || !str_equal(query_value(rows, row, LOG_CASE),
                                               query_value(rows, row - 1, LOG_CASE));
        bool is_last = row + 1 == end || !str_equal(query_value(rows, row, LOG_CASE),
                                                    query_value(rows, row + 1, LOG_CASE));
        if (is_first)
            begin_case(w, rows, row);
        if (!query_is_null(rows, row, LOG_ELEMENT))
            write_event(w, rows, row);
        if (!is_last)
            continue;
        json_end_array(w);
        json_end_object(w);
        ++*ret_cases;
    }
}

static void on_log(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct reading *reading = context;
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    size_t end = whole_cases(rows), cases;
    json_begin_object(&w);
    write_text(&w, STR("processDefinitionId"), reading->wanted.process_id);
    json_key(&w, STR("cases"));
    json_begin_array(&w);
    write_cases(&w, rows, end, &cases);
    json_end_array(&w);
    bool has_more = end < query_row_count(rows) || (int64_t)cases == reading->page.cases ||
                    (end > 0 && query_bool(rows, 0, LOG_IS_CUT));
    write_optional(&w, STR("next"), has_more ? query_value(rows, end - 1, LOG_CASE) : STR_EMPTY);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void on_definitions(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct reading *reading = context;
    if (query_row_count(rows) == 0) {
        insight_not_found(caller, &reading->wanted);
        return;
    }
    read_on(caller,
            read_insight_log(caller->arena, caller->scope, &reading->wanted, &reading->page),
            on_log, reading);
}

static void on_records(struct caller *caller, void *context, const struct records_view *view)
{
    const struct reading *reading = context;
    if (view->until.len > 0)
        request_add_header(request_of(caller), "Baton-Records-Until",
                           str_cstr(caller->arena, view->until));
    read_on(caller, read_insight_definitions(caller->arena, caller->scope, &reading->wanted),
            on_definitions, context);
}

static bool read_states(struct request *request, str *ret_states)
{
    static const struct {
        const char *name, *states;
    } choices[] = {{"", "{2}"}, {"completed", "{2}"}, {"ended", "{2,3}"}, {"all", "{1,2,3}"}};
    str wanted = request_query(request, "cases");
    for (size_t i = 0; i < COUNT_OF(choices); i++)
        if (str_equal(wanted, str_of(choices[i].name))) {
            *ret_states = str_of(choices[i].states);
            return true;
        }
    return bad_query(request, "cases", "completed, ended or all");
}

str insight_activity_types(struct arena *arena)
{
    str types[64];
    size_t count = 0;
    while (count < COUNT_OF(types) && activity_type_at(count) != NULL) {
        types[count] = str_of(activity_type_at(count));
        count++;
    }
    return statement_array(arena, types, count);
}

void handle_insight_log(struct request *request)
{
    struct reading *reading = ARENA_NEW(&request->arena, struct reading);
    struct insight_page *page = &reading->page;
    int64_t after = 0;
    page->cases = INSIGHT_PAGE_CASES;
    if (!insight_wanted_of(request, &reading->wanted) || !read_states(request, &page->states) ||
        !insight_number(request, "after", INT64_MAX, &after) ||
        !insight_number(request, "limit", INSIGHT_PAGE_CASES, &page->cases))
        return;
    page->cases = page->cases > 0 ? page->cases : 1;
    page->after = (uint64_t)after;
    page->with_variables = str_equal(request_query(request, "withVariables"), STR("true"));
    page->types = insight_activity_types(&request->arena);
    records_prepare(caller_of(request), 0, on_records, reading);
}
