// SPDX-License-Identifier: Apache-2.0
//
// Prediction models that are served: which there are, what they are worth, and their change.
#include "api/insight_cells.h"

#include <math.h>

#include "base/digest.h"
#include "insight/instant.h"
#include "insight/predictor.h"
#include "store/catalogue/prediction.h"

enum { MODEL_BYTES = 1 << 20, MODELS_SHOWN = 1000 };

// -- What one is worth ------------------------------------------------------------------

static void begin_score(struct json_writer *w, const struct predictor *p,
                        enum predict_target target)
{
    static const char *const names[PREDICT_TARGETS] = {"nextActivity", "remainingTime", "outcome"};
    const struct target_score *score = &p->scores[target];
    json_key(w, str_of(names[target]));
    json_begin_object(w);
    write_text(w, STR("method"), str_of(predict_candidate_name(p->rungs[target].candidate)));
    insight_count(w, "cases", score->cases);
    insight_count(w, "prefixes", score->prefixes);
    json_key(w, STR("isBaseline"));
    json_bool(w, p->rungs[target].candidate == PREDICT_PRIOR);
}

static void write_next_score(struct json_writer *w, const struct predictor *p)
{
    const struct target_score *score = &p->scores[PREDICT_NEXT];
    begin_score(w, p, PREDICT_NEXT);
    insight_number_of(w, "accuracy", score->also);
    insight_number_of(w, "baselineAccuracy", score->prior_also);
    insight_number_of(w, "logLoss", score->loss);
    insight_number_of(w, "baselineLogLoss", score->prior_loss);
    json_end_object(w);
}

static void write_remaining_score(struct json_writer *w, const struct predictor *p)
{
    const struct target_score *score = &p->scores[PREDICT_REMAINING];
    const bool has_interval = p->calibrated > 0;
    begin_score(w, p, PREDICT_REMAINING);
    insight_number_of(w, "meanErrorSeconds", score->loss);
    insight_number_of(w, "baselineMeanErrorSeconds", score->prior_loss);
    insight_number_of(w, "intervalHeld", has_interval ? score->also : NAN);
    insight_number_of(w, "intervalSeconds", has_interval ? score->width : NAN);
    json_end_object(w);
}

static void write_outcome_score(struct json_writer *w, const struct predictor *p)
{
    const struct target_score *score = &p->scores[PREDICT_OUTCOME];
    begin_score(w, p, PREDICT_OUTCOME);
    insight_number_of(w, "areaUnderCurve", score->also);
    insight_number_of(w, "brier", score->loss);
    insight_number_of(w, "baselineBrier", score->prior_loss);
    json_end_object(w);
}

static str about(struct arena *arena, const struct predictor *p)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("until"), instant_text(arena, p->until));
    if (p->outcome.len > 0)
        write_text(&w, STR("outcomeOf"), p->outcome);
    write_next_score(&w, p);
    write_remaining_score(&w, p);
    if (p->outcome.len > 0)
        write_outcome_score(&w, p);
    json_end_object(&w);
    return strbuf_str(&out);
}

static void on_models(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {
        {"processDefinitionId"},
        {"tenantId"},
        {"version"},
        {"cases", ITEM_JSON},
        {"changeTime"},
        {"changedBy"},
        {"until"},
        {"outcomeOf"},
        {"nextActivity", ITEM_JSON},
        {"remainingTime", ITEM_JSON},
        {"outcome", ITEM_JSON},
    };
    (void)context;
    answer_list_cut(request_of(caller), columns, COUNT_OF(columns), rows, MODELS_SHOWN);
}

void handle_prediction_model_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller,
             catalogue_predictions(caller->arena, caller->scope,
                                   request_query(request, "processDefinitionId"), MODELS_SHOWN + 1),
             on_models, NULL);
}

// -- Change -----------------------------------------------------------------------------

static void on_model_put(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct prediction_row *row = context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "the tenant has no process '%.*s'",
                               STR_ARG(row->process_id));
        return;
    }
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("version"), row->version);
    json_key(&w, STR("cases"));
    json_u64(&w, row->cases);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

// The body's model, which is one. False after answering 400.
static bool read_model(struct request *request, str *ret_bytes, struct predictor **ret_predictor)
{
    struct error err;
    str text = json_get_str(request->body, STR("model"), STR_EMPTY);
    if (!base64_decode(&request->arena, text, ret_bytes)) {
        request_problem(request, 400, "INVALID_ARGUMENT", STR("\"model\" is not base64"));
        return false;
    }
    if (ret_bytes->len > MODEL_BYTES) {
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "a model that is served has at most %d bytes, this one has %zu",
                               MODEL_BYTES, ret_bytes->len);
        return false;
    }
    if (predictor_read(&request->arena, *ret_bytes, ret_predictor, &err))
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT", "\"model\" %s", err.text);
    return false;
}

void handle_prediction_model_put(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct prediction_row *row = ARENA_NEW(caller->arena, struct prediction_row);
    struct predictor *predictor;
    *row = (struct prediction_row){.tenant = caller->tenant,
                                   .process_id = request->arguments[0],
                                   .by = caller->principal.len > 0 ? caller->principal : STR_EMPTY};
    if (!request_has_tenant(request, row->tenant) || !read_model(request, &row->model, &predictor))
        return;
    row->version = predictor_version(caller->arena, row->model);
    row->cases = predictor->cases;
    row->about = about(caller->arena, predictor);
    read_change(caller, catalogue_prediction_put(caller->arena, row), on_model_put, row);
}

static void on_model_removed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        request_problem(request_of(caller), 404, "NOT_FOUND",
                        STR("no prediction model is served for this process and tenant"));
}

void handle_prediction_model_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    str tenant = tenant_inside(request_query(request, "tenantId"));
    if (request_has_tenant(request, tenant))
        read_change(caller,
                    catalogue_prediction_remove(caller->arena, tenant, request->arguments[0]),
                    on_model_removed, NULL);
}
