// SPDX-License-Identifier: Apache-2.0
//
// Evaluates a deployed decision on behalf of a caller, without an instance: nothing changes, so no
// command is sent.
#include "api/api_private.h"
#include "api/read.h"
#include "api/route.h"
#include "base/clock.h"
#include "dmn/dmn.h"
#include "store/query.h"

struct evaluation {
    struct request *request;
    struct read_result rows; // key, id, version, resource, tenant, bytes
    const struct dmn_decision *decision;
    feel_value output;
    struct dmn_trace trace;
    struct feel_warnings warnings;
};

static void write_answer(struct evaluation *e)
{
    struct arena *arena = &e->request->arena;
    struct strbuf out = strbuf_new(arena);
    struct strbuf output = strbuf_new(arena);
    struct strbuf trace = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    uint64_t key = query_u64(e->rows.rows, 0, 0);
    bool has_failed = feel_is_null(e->output) && e->warnings.count > 0;
    feel_to_json(&output, e->output);
    dmn_trace_to_json(&trace, &e->trace);
    json_begin_object(&w);
    request_write_key(&w, STR("decisionDefinitionKey"), key);
    json_key(&w, STR("decisionDefinitionId"));
    json_string(&w, read_cell(&e->rows, 0, 1));
    json_key(&w, STR("decisionDefinitionName"));
    json_string(&w, dmn_decision_name(e->decision));
    json_key(&w, STR("decisionDefinitionVersion"));
    json_raw(&w, read_cell(&e->rows, 0, 2));
    request_write_key(&w, STR("decisionRequirementsKey"), key);
    json_key(&w, STR("decisionRequirementsId"));
    json_string(&w, read_cell(&e->rows, 0, 3));
    json_key(&w, STR("tenantId"));
    json_string(&w, tenant_outside(read_cell(&e->rows, 0, 4)));
    json_key(&w, STR("output"));
    json_string(&w, strbuf_str(&output));
    json_key(&w, STR("failedDecisionDefinitionId"));
    json_string(&w, has_failed ? read_cell(&e->rows, 0, 1) : STR_EMPTY);
    json_key(&w, STR("failureMessage"));
    json_string(&w, has_failed ? e->warnings.items[0].text : STR_EMPTY);
    request_write_key(&w, STR("decisionEvaluationKey"), key);
    request_write_key(&w, STR("decisionInstanceKey"), key);
    json_key(&w, STR("evaluatedDecisions"));
    json_raw(&w, strbuf_str(&trace));
    json_end_object(&w);
    request_answer_json(e->request, 200, strbuf_str(&out));
}

static bool find_variable(void *context, str name, feel_value *ret_value)
{
    const struct json *member =
        json_get(((struct evaluation *)context)->request->body, STR("variables"));
    const struct json *value = json_get(member, name);
    if (value == NULL)
        return false;
    *ret_value = feel_from_json(&((struct evaluation *)context)->request->arena, value);
    return true;
}

static void evaluate(struct evaluation *e)
{
    struct error err;
    struct feel_run run = feel_run_new(&e->request->arena, NULL);
    run.lookup = find_variable;
    run.lookup_context = e;
    run.now_ms = clock_now_ms();
    run.random_seed = (uint64_t)clock_monotonic_ns();
    run.warnings = &e->warnings;
    e->output = dmn_evaluate(e->decision, &run, &e->trace);
    if (feel_run_finished(&run, &err))
        write_answer(e);
    else
        request_failed(e->request, &err);
}

static void on_definition(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    struct arena *arena = &request->arena;
    if (rows->row_count == 0) {
        request_problem(request, 404, "NOT_FOUND", STR("no such decision is deployed"));
        return;
    }
    struct evaluation *e = ARENA_NEW(arena, struct evaluation);
    struct dmn_problems problems = {.arena = arena};
    struct dmn_source source = {"decision", query_bytes(rows->rows, 0, 5, arena)};
    const struct dmn_model *model = dmn_compile(arena, &source, 1, NULL, &problems);
    e->request = request;
    e->rows = *rows;
    e->decision = model ? dmn_find(model, read_cell(rows, 0, 1)) : NULL;
    if (e->decision == NULL)
        request_problem(request, 500, "INTERNAL", STR("the deployed decision cannot be read"));
    else
        evaluate(e);
}

#define COLUMNS "SELECT d.key, d.id, d.version, d.resource_name, d.tenant, r.bytes "
#define TABLES "FROM definitions d JOIN resources r ON r.digest = d.digest WHERE d.kind = 1 "

void handle_decision_evaluate(struct request *request)
{
    uint64_t key;
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    if (!request_body_key(request, STR("decisionDefinitionKey"), &key))
        return;
    if (key != 0) {
        parameters[0] = str_format(&request->arena, "%llu", (unsigned long long)key);
        read_run(request, &(struct read){COLUMNS TABLES "AND d.key = $1::bigint", parameters, 1},
                 on_definition, NULL);
        return;
    }
    parameters[1] = request_tenant(request);
    if (request_text(request, STR("decisionDefinitionId"), &parameters[0]))
        read_run(request,
                 &(struct read){COLUMNS TABLES "AND d.id = $1 AND d.tenant = $2 AND d.deleted IS "
                                               "NULL ORDER BY d.version DESC LIMIT 1",
                                parameters, 2},
                 on_definition, NULL);
}
