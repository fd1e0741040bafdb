// SPDX-License-Identifier: Apache-2.0
//
// Evaluations of decisions: one is asked for by a command, as everything that is recorded, and its
// answer is read from where every evaluation can be read.
#include "api/api_private.h"
#include "api/call.h"
#include "api/collections.h"
#include "api/read.h"
#include "api/route.h"
#include "record/key.h"

// ---- evaluating -----------------------------------------------------------------------

// The evaluation's own columns stand in every row, the decisions on the way row by row.
#define EVALUATION_QUERY                                                                           \
    "SELECT e.key, a.key, a.id, a.name, a.version, a.requirements, a.requirements_id, e.tenant, "  \
    "e.output, coalesce(e.failure, ''), CASE WHEN e.failure IS NULL THEN '' WHEN e.state = 2 "     \
    "THEN e.trace -> -1 ->> 'decisionDefinitionId' ELSE e.decision_id END, "                       \
    "i.key, i.decision, i.decision_id, i.decision_name, i.decision_version, i.decision_type, "     \
    "i.output, i.inputs, i.rules FROM decision_evaluations e JOIN decision_definitions a ON "      \
    "a.key = e.decision LEFT JOIN decision_instances i ON i.shard = e.shard AND i.evaluation = "   \
    "e.key WHERE e.shard = $1::bigint AND e.key = $2::bigint ORDER BY i.place"

enum kind { TEXT, NUMBER, TENANT };

struct member {
    const char *name;
    size_t column;
    enum kind kind; // keys are text
};

enum { INSTANCE_KEY = 11 };

static const struct member evaluation_members[] = {
    {"decisionEvaluationKey", 0, TEXT},
    {"decisionInstanceKey", 0, TEXT},
    {"decisionDefinitionKey", 1, TEXT},
    {"decisionDefinitionId", 2, TEXT},
    {"decisionDefinitionName", 3, TEXT},
    {"decisionDefinitionVersion", 4, NUMBER},
    {"decisionRequirementsKey", 5, TEXT},
    {"decisionRequirementsId", 6, TEXT},
    {"tenantId", 7, TENANT},
    {"output", 8, TEXT},
    {"failureMessage", 9, TEXT},
    {"failedDecisionDefinitionId", 10, TEXT},
};

static const struct member decision_members[] = {
    {"decisionEvaluationInstanceKey", INSTANCE_KEY, TEXT},
    {"decisionDefinitionKey", 12, TEXT},
    {"decisionDefinitionId", 13, TEXT},
    {"decisionDefinitionName", 14, TEXT},
    {"decisionDefinitionVersion", 15, NUMBER},
    {"decisionDefinitionType", 16, TEXT},
    {"tenantId", 7, TENANT},
    {"output", 17, TEXT},
    {"evaluatedInputs", 18, NUMBER},
    {"matchedRules", 19, NUMBER},
};

static void write_members(struct json_writer *w, const struct member *members, size_t count,
                          const struct read_result *rows, size_t row)
{
    for (size_t i = 0; i < count; i++) {
        str cell = read_cell(rows, row, members[i].column);
        json_key(w, str_of(members[i].name));
        if (members[i].kind == NUMBER)
            json_raw(w, cell);
        else
            json_string(w, members[i].kind == TENANT ? tenant_outside(cell) : cell);
    }
}

static void on_evaluation(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    if (rows->row_count == 0) {
        request_problem(request, 404, "NOT_FOUND", STR("the evaluation is not recorded"));
        return;
    }
    json_begin_object(&w);
    write_members(&w, evaluation_members, COUNT_OF(evaluation_members), rows, 0);
    json_key(&w, STR("evaluatedDecisions"));
    json_begin_array(&w);
    for (size_t row = 0; row < rows->row_count; row++) {
        if (read_cell(rows, row, INSTANCE_KEY).len == 0)
            continue; // nothing was evaluated on the way
        json_begin_object(&w);
        write_members(&w, decision_members, COUNT_OF(decision_members), rows, row);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static void answer_evaluated(struct request *request, const struct reply *reply)
{
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    parameters[0] = str_format(&request->arena, "%u", key_shard(reply->key));
    parameters[1] = str_format(&request->arena, "%llu", (unsigned long long)reply->key);
    read_run(request, &(struct read){EVALUATION_QUERY, parameters, 2}, on_evaluation, NULL);
}

void handle_decision_evaluate(struct request *request)
{
    struct api *api = request->api;
    struct command command = {.type = COMMAND_EVALUATE_DECISION};
    struct evaluate_decision *evaluate = &command.evaluate_decision;
    if (!request_body_key(request, STR("decisionDefinitionKey"), &command.key) ||
        !request_variables(request, STR("variables"), &evaluate->variables) ||
        (command.key == 0 &&
         !request_text(request, STR("decisionDefinitionId"), &evaluate->decision_id)))
        return;
    call_shard(request, &command, api->next_shard++ % api->shard_count, answer_evaluated);
}

// ---- what was evaluated ---------------------------------------------------------------

void handle_decision_instance_search(struct request *request)
{
    search_collection(request, &collection_decision_instances, (struct search_scope){0});
}

enum { PLACE_DIGITS = 4 }; // after the evaluation's key; schemas/0003_decisions.sql

void handle_decision_instance_get(struct request *request)
{
    str key = request->arguments[0];
    uint64_t evaluation;
    if (key.len <= PLACE_DIGITS ||
        !str_to_u64(str_from(key.data, key.len - PLACE_DIGITS), &evaluation)) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no decision instance '%.*s'",
                               STR_ARG(key));
        return;
    }
    str *parameters = ARENA_ARRAY(&request->arena, str, 3);
    parameters[0] = str_format(&request->arena, "%u", key_shard(evaluation));
    parameters[1] = str_format(&request->arena, "%llu", (unsigned long long)evaluation);
    parameters[2] = key;
    search_first(request, &collection_decision_instance,
                 "shard = $1::bigint AND evaluation = $2::bigint AND key = $3", parameters, 3);
}
