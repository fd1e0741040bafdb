// SPDX-License-Identifier: Apache-2.0
//
// How a running instance goes on, as the model says that is served for its process.
#include "api/insight_cells.h"

#include <math.h>

#include "base/clock.h"
#include "gateway/records.h"
#include "insight/reasons.h"
#include "store/catalogue/prediction.h"

enum { NEXT_SHOWN = 5, US_PER_MS = 1000 };

static const double S_PER_US = 1e-6;

struct step_name {
    str element_id, name;
};

struct predicting {
    uint64_t instance;
    struct insight_wanted wanted;
    struct insight_page page;
    struct past_case item;
    str tenant;
    ARRAY(struct past_step) steps;
    ARRAY(struct step_name) names;
};

static void write_next(struct json_writer *w, const struct predictor *p, double *next)
{
    json_key(w, STR("next"));
    json_begin_array(w);
    for (uint32_t shown = 0; shown < NEXT_SHOWN && shown < p->labels.count; shown++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < p->labels.count; i++)
            best = next[i] > next[best] ? i : best;
        json_begin_object(w);
        write_optional(w, STR("activity"), p->labels.items[best]);
        insight_number_of(w, "probability", next[best]);
        json_end_object(w);
        next[best] = -1; // it is shown
    }
    json_end_array(w);
}

static void write_reasons(struct json_writer *w, const struct predicting *asked,
                          const struct reasons *reasons)
{
    insight_number_of(w, "expectedAtBeginSeconds", reasons->before.remaining_us * S_PER_US);
    insight_number_of(w, "outcomeAtBegin", reasons->before.outcome);
    json_key(w, STR("reasons"));
    json_begin_array(w);
    for (uint32_t i = 0; i < asked->item.count; i++) {
        json_begin_object(w);
        write_text(w, STR("elementId"), asked->names.items[i].element_id);
        write_text(w, STR("activity"), asked->names.items[i].name);
        insight_number_of(w, "addedSeconds", reasons->of[i].added_us * S_PER_US);
        insight_number_of(w, "addedOutcome", reasons->of[i].added_outcome);
        json_end_object(w);
    }
    json_end_array(w);
    insight_number_of(w, "waitedSeconds", reasons->waited_us * S_PER_US);
    insight_number_of(w, "waitingAddedSeconds", reasons_waiting_us(reasons) * S_PER_US);
}

static str answer_of(struct arena *arena, const struct predicting *asked, struct predictor *p,
                     str version)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    double *next = ARENA_ARRAY(arena, double, p->labels.count);
    struct reasons reasons = reasons_of(arena, p, &asked->item, clock_now_us(), next);
    json_begin_object(&w);
    write_key(&w, STR("processInstanceKey"), asked->instance);
    write_text(&w, STR("modelVersion"), version);
    json_key(&w, STR("modelCases"));
    json_u64(&w, p->cases);
    insight_number_of(&w, "remainingSeconds", reasons.now.remaining_us * S_PER_US);
    insight_number_of(&w, "lowSeconds", reasons.now.low_us * S_PER_US);
    insight_number_of(&w, "highSeconds", reasons.now.high_us * S_PER_US);
    json_key(&w, STR("seen"));
    json_u64(&w, reasons.now.seen);
    write_optional(&w, STR("outcomeOf"), p->outcome);
    insight_number_of(&w, "outcome", reasons.now.outcome);
    write_next(&w, p, next);
    write_reasons(&w, asked, &reasons);
    json_end_object(&w);
    return strbuf_str(&out);
}

static void on_model(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct predicting *asked = context;
    struct request *request = request_of(caller);
    struct predictor *predictor;
    struct error err;
    if (query_row_count(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "no prediction model is served for process '%.*s' and this tenant: "
                               "train one (baton predict train), and publish it",
                               STR_ARG(asked->wanted.process_id));
        return;
    }
    if (!predictor_read(caller->arena, query_bytes(rows, 0, 1, caller->arena), &predictor, &err))
        request_problem_format(request, 503, "UNAVAILABLE", "the model %s", err.text);
    else
        request_answer_json(request, 200,
                            answer_of(caller->arena, asked, predictor, query_value(rows, 0, 0)));
}

// What was cancelled is no step, as in logs.
static void take_steps(struct caller *caller, struct predicting *asked,
                       const struct query_rows *rows)
{
    for (size_t row = 0; row < query_row_count(rows); row++) {
        if (query_is_null(rows, row, LOG_ELEMENT) ||
            query_i64(rows, row, LOG_STATE) == STATE_TERMINATED)
            continue;
        str name = str_copy(caller->arena, query_value(rows, row, LOG_NAME));
        *ARRAY_PUSH(caller->arena, &asked->steps) =
            (struct past_step){activity_hash(name), query_i64(rows, row, LOG_ENDED) * US_PER_MS};
        *ARRAY_PUSH(caller->arena, &asked->names) =
            (struct step_name){str_copy(caller->arena, query_value(rows, row, LOG_ELEMENT)), name};
    }
    asked->item = (struct past_case){.count = (uint32_t)asked->steps.count,
                                     .steps = asked->steps.items,
                                     .begun = query_i64(rows, 0, LOG_CASE_STARTED) * US_PER_MS,
                                     .ended = NO_TIME,
                                     .outcome = OUTCOME_UNKNOWN};
    asked->tenant = str_copy(caller->arena, query_value(rows, 0, LOG_TENANT));
}

static void on_case(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct predicting *asked = context;
    if (query_row_count(rows) == 0 || query_u64(rows, 0, LOG_CASE) != asked->instance) {
        caller_fail_format(caller, ERROR_NOT_FOUND, "",
                           "process '%.*s' has no instance %llu that the caller may see",
                           STR_ARG(asked->wanted.process_id), (unsigned long long)asked->instance);
        return;
    }
    if (query_i64(rows, 0, LOG_CASE_ENDED) != 0) {
        request_problem(request_of(caller), 409, "INVALID_STATE",
                        STR("the instance has ended: there is nothing to predict"));
        return;
    }
    take_steps(caller, asked, rows);
    read_on(
        caller,
        catalogue_prediction(caller->arena, caller->scope, asked->tenant, asked->wanted.process_id),
        on_model, asked);
}

static void on_records(struct caller *caller, void *context, const struct records_view *view)
{
    const struct predicting *asked = context;
    if (view->until.len > 0)
        request_add_header(request_of(caller), "Baton-Records-Until",
                           str_cstr(caller->arena, view->until));
    read_on(caller, read_insight_log(caller->arena, caller->scope, &asked->wanted, &asked->page),
            on_case, context);
}

void handle_prediction(struct request *request)
{
    struct predicting *asked = ARENA_NEW(&request->arena, struct predicting);
    asked->wanted.process_id = request->arguments[0];
    if (!request_key(request, 1, &asked->instance))
        return;
    asked->page = (struct insight_page){.states = STR("{1,2,3}"),
                                        .after = asked->instance > 0 ? asked->instance - 1 : 0,
                                        .last = asked->instance,
                                        .cases = 1,
                                        .types = insight_activity_types(&request->arena)};
    records_prepare(caller_of(request), 0, on_records, asked);
}
