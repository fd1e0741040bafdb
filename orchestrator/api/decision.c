// SPDX-License-Identifier: Apache-2.0
//
// Evaluations of decisions: one is asked for by a command, as everything that is recorded, and its
// answer is read from where every evaluation can be read.
#include "api/api_private.h"
#include "gateway/start.h"
#include "gateway/call.h"
#include "store/catalogue/catalogue.h"

// ---- evaluating -----------------------------------------------------------------------

// Columns as read_evaluation has them.
enum kind { TEXT, NUMBER, TENANT, OPTIONAL };

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
    {"failureMessage", 9, OPTIONAL},
    {"failedDecisionDefinitionId", 10, OPTIONAL},
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
                          const struct query_rows *rows, size_t row)
{
    for (size_t i = 0; i < count; i++) {
        str cell = query_value(rows, row, members[i].column);
        str name = str_of(members[i].name);
        if (members[i].kind == NUMBER)
            write_json(w, name, cell);
        else if (members[i].kind == OPTIONAL)
            write_optional(w, name, cell);
        else
            write_text(w, name, members[i].kind == TENANT ? tenant_outside(cell) : cell);
    }
}

static void on_evaluation(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    if (query_row_count(rows) == 0) {
        request_problem(request, 404, "NOT_FOUND", STR("the evaluation is not recorded"));
        return;
    }
    json_begin_object(&w);
    write_members(&w, evaluation_members, COUNT_OF(evaluation_members), rows, 0);
    json_key(&w, STR("evaluatedDecisions"));
    json_begin_array(&w);
    for (size_t row = 0; row < query_row_count(rows); row++) {
        if (query_value(rows, row, INSTANCE_KEY).len == 0)
            continue; // nothing was evaluated on the way
        json_begin_object(&w);
        write_members(&w, decision_members, COUNT_OF(decision_members), rows, row);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_decision_evaluate(struct request *request)
{
    struct command command = {.type = COMMAND_EVALUATE_DECISION};
    struct evaluate_decision *evaluate = &command.evaluate_decision;
    if (!request_body_key(request, STR("decisionDefinitionKey"), &command.key) ||
        !request_variables(request, STR("variables"), &evaluate->variables) ||
        (command.key == 0 &&
         !request_text(request, STR("decisionDefinitionId"), &evaluate->decision_id)))
        return;
    gateway_evaluate(caller_of(request), &command, on_evaluation);
}

// ---- what was evaluated ---------------------------------------------------------------

void handle_decision_instance_search(struct request *request)
{
    answer_search(request, &collection_decision_instances, (struct search_scope){0});
}

static void on_deleted(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request);
    else
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no evaluation of a decision with key %.*s",
                               STR_ARG(request->arguments[0]));
}

void handle_decision_instance_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_change(caller, catalogue_delete_evaluation(caller->arena, caller->scope, key),
                    on_deleted, NULL);
}

void handle_decision_instance_get(struct request *request)
{
    answer_part(request, &collection_decision_instance);
}
