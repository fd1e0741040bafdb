// SPDX-License-Identifier: Apache-2.0
//
// Cells come in pages, so that no merge holds up the others for long.
#include "api/insight_cells.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "insight/instant.h"
#include "insight/limits.h"
#include "store/read/pending.h"
#include "store/read/time_text.h"

// -- Groups -------------------------------------------------------------------------------

enum { DAYS_OF_WEEK = 7, THURSDAY = 3, MONTHS = 12, DAYS_OF_MONTH_AND_MORE = 32 };

// 1970-01-01 was a Thursday; weeks begin on Mondays.
static int64_t monday_of(int64_t day)
{
    return day - ((day + THURSDAY) % DAYS_OF_WEEK + DAYS_OF_WEEK) % DAYS_OF_WEEK;
}

static int64_t first_of_month(struct arena *arena, int64_t day)
{
    str text = instant_text(arena, day * MS_PER_DAY * 1000);
    int64_t year = 1970, month = 1;
    bool is_read =
        str_to_i64(str_sub(text, 0, 4), &year) && str_to_i64(str_sub(text, 5, 2), &month);
    check(is_read);
    return instant_days(year, (int)month, 1);
}

static void bounds_of(const struct insight_cells *cells, struct arena *arena, int64_t day,
                      int64_t *ret_first, int64_t *ret_end)
{
    switch (cells->by) {
    case BY_NOTHING:
    case BY_VERSION:
        *ret_first = cells->from_ms / MS_PER_DAY;
        *ret_end = INT32_MAX;
        return;
    case BY_DAY:
        *ret_first = day;
        *ret_end = day + 1;
        return;
    case BY_WEEK:
        *ret_first = monday_of(day);
        *ret_end = *ret_first + DAYS_OF_WEEK;
        return;
    case BY_MONTH:
        *ret_first = first_of_month(arena, day);
        *ret_end = first_of_month(arena, *ret_first + DAYS_OF_MONTH_AND_MORE);
        return;
    }
    check_unreachable();
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct insight_group *group_of(struct insight_cells *cells, struct arena *arena, int64_t day,
                                      int64_t version)
{
    int64_t first, end;
    bounds_of(cells, arena, day, &first, &end);
    version = cells->by == BY_VERSION ? version : 0;
    int64_t from_ms = later(first * MS_PER_DAY, cells->from_ms);
    for (size_t i = cells->groups.count; i > 0; i--) {
        struct insight_group *group = cells->groups.items[i - 1];
        if (group->from_ms == from_ms && group->version == version)
            return group;
    }
    struct insight_group *group = ARENA_NEW(arena, struct insight_group);
    int64_t to_ms = end == INT32_MAX ? cells->to_ms : end * MS_PER_DAY;
    *group = (struct insight_group){.version = version,
                                    .from_ms = from_ms,
                                    .to_ms = to_ms < cells->to_ms ? to_ms : cells->to_ms,
                                    .cell = cell_new(arena)};
    *ARRAY_PUSH(arena, &cells->groups) = group;
    return group;
}

// What was in progress, over the time of the group: how much there was at its begin, and from then
// on each that entered until the end, less each that was gone.
static void weigh(const struct insight_cells *cells, struct insight_group *group)
{
    int64_t before = 0, now = 0;
    double area = 0, time = (double)(group->to_ms - group->from_ms);
    for (size_t i = 0; i < cells->flows.count; i++) {
        const struct insight_flow *flow = &cells->flows.items[i];
        int64_t day_ms = flow->day * MS_PER_DAY, left_ms = group->to_ms - day_ms - MS_PER_DAY;
        int64_t more = flow->entered - flow->gone;
        if ((group->version != 0 && group->version != flow->version) || day_ms >= group->to_ms)
            continue;
        now += more;
        if (day_ms < group->from_ms) {
            before += more;
            continue;
        }
        group->started += (uint64_t)flow->started;
        area += (double)(flow->entered_ms - flow->gone_ms) + (double)more * (double)left_ms;
    }
    group->now_in_progress = now;
    group->in_progress = time > 0 ? (double)before + area / time : 0;
}

// -- Reading ------------------------------------------------------------------------------

static void finish(struct caller *caller, struct insight_cells *cells)
{
    if (cells->by == BY_NOTHING)
        (void)group_of(cells, caller->arena, cells->from_ms / MS_PER_DAY, 0);
    for (size_t i = 0; i < cells->groups.count; i++)
        weigh(cells, cells->groups.items[i]);
    cells->answer(caller, cells);
}

struct page {
    const struct query_rows *rows;
    struct arena arena; // of its bytes: a cell keeps none of them
};

static bool merge_row(struct caller *caller, struct insight_cells *cells, struct page *page,
                      size_t row, struct error *err)
{
    const struct query_rows *rows = page->rows;
    enum { PLACE_COLUMNS = 4, FORMAT_COLUMN = 5, SECTION_COLUMN = 6 };
    struct cell_pack pack = {0};
    str *const sections[INSIGHT_SECTIONS] = {&pack.names, &pack.head,  &pack.elements,
                                             &pack.times, &pack.edges, &pack.variants};
    cells->place = (struct insight_place){.day = query_i64(rows, row, 0),
                                          .shard = query_i64(rows, row, 1),
                                          .definition = query_u64(rows, row, 2),
                                          .part = query_i64(rows, row, 3)};
    if (query_i64(rows, row, FORMAT_COLUMN) != CELL_FORMAT)
        return error_set(err, ERROR_UNAVAILABLE, "insight",
                         "counters are of another format: this node is of another version");
    for (size_t i = 0; i < INSIGHT_SECTIONS; i++) {
        *sections[i] = query_bytes(rows, row, SECTION_COLUMN + i, &page->arena);
        cells->bytes += sections[i]->len;
    }
    struct insight_group *group =
        group_of(cells, caller->arena, cells->place.day, query_i64(rows, row, PLACE_COLUMNS));
    return cell_read(group->cell, &pack, err);
}

static bool is_within(const struct insight_cells *cells, struct error *err)
{
    struct error limit;
    return (insight_within(INSIGHT_LIMIT_CELLS, cells->read, &limit) &&
            insight_within(INSIGHT_LIMIT_CELL_BYTES, cells->bytes, &limit)) ||
           error_set(err, ERROR_INVALID, "", "%s (%s): narrow the time", limit.text, limit.place);
}

static bool merge_page(struct caller *caller, struct insight_cells *cells,
                       const struct query_rows *rows, struct error *err)
{
    struct page page = {.rows = rows, .arena = ARENA_EMPTY};
    bool good = true;
    for (size_t row = 0; good && row < query_row_count(rows); row++)
        good = merge_row(caller, cells, &page, row, err);
    cells->read += query_row_count(rows);
    arena_done(&page.arena);
    return good && is_within(cells, err);
}

static void on_cells(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct insight_cells *cells = context;
    struct error err;
    if (!merge_page(caller, cells, rows, &err))
        caller_fail(caller, &err);
    else if (query_row_count(rows) < INSIGHT_CELLS_AT_ONCE)
        finish(caller, cells);
    else
        read_on(caller,
                read_insight_cells(caller->arena, caller->scope, &cells->wanted, cells->sections,
                                   &cells->place),
                on_cells, cells);
}

static void on_flow(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct insight_cells *cells = context;
    for (size_t row = 0; row < query_row_count(rows); row++)
        *ARRAY_PUSH(caller->arena, &cells->flows) =
            (struct insight_flow){.version = query_i64(rows, row, 0),
                                  .day = query_i64(rows, row, 1),
                                  .started = query_i64(rows, row, 2),
                                  .entered = query_i64(rows, row, 3),
                                  .gone = query_i64(rows, row, 4),
                                  .entered_ms = query_i64(rows, row, 5),
                                  .gone_ms = query_i64(rows, row, 6)};
    if (cells->from_ms == 0)
        cells->from_ms =
            cells->flows.count > 0 ? cells->flows.items[0].day * MS_PER_DAY : cells->to_ms;
    for (size_t i = 0; i < cells->flows.count; i++)
        if (cells->flows.items[i].day * MS_PER_DAY >= cells->from_ms)
            (void)group_of(cells, caller->arena, cells->flows.items[i].day,
                           cells->flows.items[i].version);
    read_on(caller,
            read_insight_cells(caller->arena, caller->scope, &cells->wanted, cells->sections,
                               &cells->place),
            on_cells, cells);
}

static void on_definitions(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct insight_cells *cells = context;
    if (query_row_count(rows) == 0)
        insight_not_found(caller, &cells->wanted);
    else
        read_on(caller, read_insight_flow(caller->arena, caller->scope, &cells->wanted), on_flow,
                cells);
}

// Dashboards do not wait for what is newer than the counters; they are told.
static void on_lag(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct insight_cells *cells = context;
    str until = query_value(rows, 0, 2);
    if (until.len > 0)
        request_add_header(request_of(caller), "Baton-Records-Until",
                           str_cstr(caller->arena, until));
    read_on(caller, read_insight_definitions(caller->arena, caller->scope, &cells->wanted),
            on_definitions, cells);
}

static bool read_by(struct request *request, enum insight_by *ret_by)
{
    static const char *const names[] = {"nothing", "version", "day", "week", "month"};
    str wanted = request_query(request, "by");
    *ret_by = BY_NOTHING;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal(wanted, str_of(names[i]))) {
            *ret_by = (enum insight_by)i;
            return true;
        }
    if (wanted.len == 0)
        return true;
    request_problem(request, 400, "INVALID_ARGUMENT",
                    STR("\"by\" of the query: expected version, day, week or month"));
    return false;
}

static bool read_day(struct request *request, const char *name, str text, int64_t *ret_ms)
{
    if (text.len == 0 || (time_text_parse(text, ret_ms) && *ret_ms % MS_PER_DAY == 0))
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "\"%s\" of the query: counters are kept by day: expected the begin of "
                           "one (UTC), such as 2026-11-22",
                           name);
    return false;
}

void insight_read(struct request *request, unsigned sections, insight_answer *answer)
{
    struct insight_cells *cells = ARENA_NEW(&request->arena, struct insight_cells);
    struct caller *caller = caller_of(request);
    cells->sections = sections;
    cells->answer = answer;
    cells->now_ms = cells->to_ms = clock_now_ms();
    cells->place.day = -1;
    if (!insight_wanted_of(request, &cells->wanted) || !read_by(request, &cells->by) ||
        !read_day(request, "since", cells->wanted.since, &cells->from_ms) ||
        !read_day(request, "until", cells->wanted.until, &cells->to_ms))
        return;
    cells->to_ms = cells->to_ms < cells->now_ms ? cells->to_ms : cells->now_ms;
    if (cells->wanted.since.len > 0 && cells->from_ms >= cells->to_ms) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"since\" of the query: expected a day before \"until\" and now"));
        return;
    }
    if (cells->by != BY_DAY && cells->by != BY_WEEK)
        cells->sections |= INSIGHT_MONTHS;
    read_snapshot(caller, read_records_lag(caller->arena), on_lag, cells);
}

// -- Writing ------------------------------------------------------------------------------

void insight_begin(struct json_writer *w, const struct insight_cells *cells)
{
    json_begin_object(w);
    write_text(w, STR("processDefinitionId"), cells->wanted.process_id);
    json_key(w, STR("version"));
    if (cells->wanted.version.len > 0)
        json_raw(w, cells->wanted.version);
    else
        json_null(w);
}

void insight_end(struct caller *caller, struct json_writer *w)
{
    json_end_object(w);
    request_answer_json(request_of(caller), 200, strbuf_str(w->out));
}

void insight_count(struct json_writer *w, const char *name, uint64_t value)
{
    json_key(w, str_of(name));
    json_u64(w, value);
}

void insight_number_of(struct json_writer *w, const char *name, double value)
{
    char digits[40];
    json_key(w, str_of(name));
    if (!isfinite(value)) {
        json_null(w);
        return;
    }
    int len = snprintf(digits, sizeof digits, "%.15g", value);
    json_raw(w, str_from(digits, (size_t)len));
}

void insight_share(struct json_writer *w, const char *name, uint64_t part, uint64_t whole)
{
    insight_number_of(w, name, whole > 0 ? (double)part / (double)whole : NAN);
}

// A quantile says something from so many on: one must lie above it.
static const struct {
    const char *name;
    double share;
    uint64_t needs;
} quantiles[] = {
    {"p50", 0.5, 2}, {"p75", 0.75, 4}, {"p90", 0.9, 10}, {"p95", 0.95, 20}, {"p99", 0.99, 100}};

double insight_quantile(struct arena *arena, const struct sketch *sketch, double share)
{
    double value;
    for (size_t i = 0; i < COUNT_OF(quantiles); i++)
        if (share <= quantiles[i].share && sketch->count < quantiles[i].needs)
            return NAN;
        else if (share <= quantiles[i].share)
            break;
    return sketch_quantiles(sketch, arena, &share, 1, &value) ? value / 1000 : NAN;
}

static void write_notes(struct json_writer *w, uint64_t n)
{
    json_key(w, STR("notes"));
    json_begin_array(w);
    for (size_t i = 0; i < COUNT_OF(quantiles); i++)
        if (n < quantiles[i].needs)
            json_string(w,
                        str_format(w->out->arena, "%s: not enough cases yet (n = %llu, needs %llu)",
                                   quantiles[i].name, (unsigned long long)n,
                                   (unsigned long long)quantiles[i].needs));
    json_end_array(w);
}

void insight_distribution(struct json_writer *w, const char *name, const struct sketch *sketch,
                          uint64_t sum_ms)
{
    double shares[COUNT_OF(quantiles)], values[COUNT_OF(quantiles)] = {0};
    double none = sketch->count > 0 ? 0 : NAN;
    for (size_t i = 0; i < COUNT_OF(quantiles); i++)
        shares[i] = quantiles[i].share;
    bool is_known = sketch_quantiles(sketch, w->out->arena, shares, COUNT_OF(quantiles), values);
    json_key(w, str_of(name));
    json_begin_object(w);
    insight_count(w, "n", sketch->count);
    insight_number_of(w, "mean", (double)sum_ms / 1000 / (double)sketch->count);
    for (size_t i = 0; i < COUNT_OF(quantiles); i++)
        insight_number_of(w, quantiles[i].name,
                          is_known && sketch->count >= quantiles[i].needs ? values[i] / 1000 : NAN);
    insight_number_of(w, "min", (double)sketch->min / 1000 + none);
    insight_number_of(w, "max", (double)sketch->max / 1000 + none);
    write_notes(w, sketch->count);
    json_end_object(w);
}
