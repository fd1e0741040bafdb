// SPDX-License-Identifier: Apache-2.0
//
// Expressions that somebody wants to try.
#include "gateway/expression.h"

#include "api/api_private.h"

static void write_warnings(struct json_writer *w, const struct feel_warnings *warnings)
{
    json_key(w, STR("warnings"));
    json_begin_array(w);
    for (size_t i = 0; i < warnings->count && i < FEEL_WARNINGS_MAX; i++) {
        json_begin_object(w);
        write_text(w, STR("message"), warnings->items[i].text);
        json_end_object(w);
    }
    json_end_array(w);
}

static void answer_result(struct caller *caller, feel_value result,
                          const struct feel_warnings *warnings)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(&request->arena);
    struct strbuf value = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    if (!feel_to_json(&value, result)) {
        request_problem(request, 400, "LIMIT_REACHED", STR("the result is too large for JSON"));
        return;
    }
    json_begin_object(&w);
    write_text(&w, STR("expression"), json_get_str(request->body, STR("expression"), STR_EMPTY));
    write_json(&w, STR("result"), strbuf_str(&value));
    write_warnings(&w, warnings);
    write_json(&w, STR("referencedSecrets"), STR("[]"));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_expression_evaluate(struct request *request)
{
    struct expression *expression = ARENA_NEW(&request->arena, struct expression);
    if (!request_text(request, STR("expression"), &expression->text) ||
        !request_body_key(request, STR("scopeKey"), &expression->scope))
        return;
    if (!caller_has_tenant(caller_of(request), caller_of(request)->tenant)) {
        request_problem(request, 403, "FORBIDDEN",
                        STR("tenantId: the caller does not belong to this tenant"));
        return;
    }
    expression->variables = json_get(request->body, STR("variables"));
    gateway_evaluate_expression(caller_of(request), expression, answer_result);
}
