// SPDX-License-Identifier: Apache-2.0
#include "connector/outcome.h"

#include "base/json.h"
#include "base/utf8.h"
#include "feel/feel.h"

enum { BY_CLASS = -1 }; // the rest of a failure that its model says nothing about

str outcome_valid_text(struct arena *arena, str text)
{
    if (utf8_is_valid(text))
        return text;
    struct strbuf out = strbuf_new(arena);
    while (text.len > 0) {
        uint32_t code_point;
        size_t len = utf8_decode(text, &code_point);
        utf8_add(&out, len > 0 ? code_point : 0xFFFD);
        text = str_from_index(text, len > 0 ? len : 1);
    }
    return strbuf_str(&out);
}

// What expressions see: {"response": …, "status": …, "body": …, "error": …}.
static bool scope_of(struct arena *arena, const struct outcome *outcome, feel_value *ret_scope,
                     struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct json *response = NULL;
    if (outcome->response.len > 0 && !json_parse(arena, outcome->response, &response, err))
        return false;
    json_begin_object(&w);
    json_key(&w, STR("response"));
    json_raw(&w, outcome->response.len > 0 ? outcome->response : STR("null"));
    for (size_t i = 0; json_is(response, JSON_OBJECT) && i < response->count; i++) {
        json_key(&w, response->members[i].name);
        json_value(&w, &response->members[i].value);
    }
    json_key(&w, STR("error"));
    if (outcome->error_code.len == 0) {
        json_null(&w);
    } else {
        json_begin_object(&w);
        json_key(&w, STR("code"));
        json_string(&w, outcome->error_code);
        json_key(&w, STR("message"));
        json_string(&w, outcome->error_message);
        json_end_object(&w);
    }
    json_end_object(&w);
    return feel_from_json_text(arena, strbuf_str(&out), ret_scope, err);
}

bool outcome_check(struct arena *arena, str response, struct error *err)
{
    const struct outcome outcome = {.response = response};
    feel_value ignored;
    return scope_of(arena, &outcome, &ignored, err);
}

// bpmnError and jobError are functions that make a context; an expression may as well write the
// context itself, with "variables" for what goes into the process.
static const char error_prelude[] =
    "{bpmnError: function(code, message) {errorType: \"bpmnError\", code: code, message: message}, "
    "jobError: function(message) {errorType: \"jobError\", message: message}, "
    "result: %.*s}.result";

static bool evaluate(struct arena *arena, str source, feel_value scope, feel_value *ret_value,
                     struct error *err)
{
    const struct feel_program *program;
    if (str_starts_with(source, STR("=")))
        source = str_from_index(source, 1);
    if (!feel_compile(arena, source, NULL, &program, err))
        return false;
    struct feel_run run = feel_run_new(arena, &scope);
    *ret_value = feel_evaluate(program, &run);
    return feel_run_finished(&run, err);
}

static bool json_of(struct arena *arena, feel_value value, str *ret_json, struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    if (!feel_to_json(&out, value))
        return error_set(err, ERROR_INVALID, "variables", "are too large, or nested too deep");
    *ret_json = strbuf_str(&out);
    return true;
}

static feel_value entry_of(feel_value context, str name)
{
    for (size_t i = 0; context.kind == FEEL_CONTEXT && i < context.context->count; i++)
        if (str_equal(context.context->entries[i].name, name))
            return context.context->entries[i].value;
    return feel_null();
}

static str text_of(feel_value value)
{
    return value.kind == FEEL_STRING ? value.string : STR_EMPTY;
}

static int64_t backoff_of(struct worker_task *task)
{
    struct feel_duration duration;
    str text = worker_task_header(task, STR("retryBackoff"));
    return text.len > 0 && feel_duration_parse(text, &duration) ? duration.ms : BY_CLASS;
}

// It may go better later. A model that wants no rest gets none.
static void fail_for_now(struct worker_task *task, str message)
{
    int64_t backoff_ms = backoff_of(task);
    if (backoff_ms == BY_CLASS || backoff_ms > 0)
        worker_fail_as(
            task, &(struct worker_failure){.class = FAILURE_TRANSIENT,
                                           message,
                                           .backoff_ms = backoff_ms == BY_CLASS ? 0 : backoff_ms});
    else
        worker_fail(task, message, -1, 0);
}

static void fail_for_good(struct worker_task *task, str message)
{
    worker_fail_as(task, &(struct worker_failure){FAILURE_PERMANENT, message, 0, STR_EMPTY});
}

static void fail_by_class(struct worker_task *task, const struct outcome *outcome)
{
    const struct worker_failure failure = {outcome->class, outcome->error_message,
                                           outcome->backoff_ms, outcome->subject};
    if (outcome->class == FAILURE_UNSPECIFIED || outcome->class == FAILURE_TRANSIENT)
        fail_for_now(task, outcome->error_message);
    else
        worker_fail_as(task, &failure);
}

// True when the expression decided and the task has been answered.
static bool answer_by_error_expression(struct worker_task *task, feel_value scope)
{
    struct arena *arena = worker_task_arena(task);
    str source = worker_task_header(task, STR("errorExpression"));
    struct error err;
    feel_value value;
    if (source.len == 0)
        return false;
    if (str_starts_with(source, STR("=")))
        source = str_from_index(source, 1);
    if (!evaluate(arena, str_format(arena, error_prelude, STR_ARG(source)), scope, &value, &err)) {
        fail_for_good(task, str_format(arena, "errorExpression: %s", err.text));
        return true;
    }
    str kind = text_of(entry_of(value, STR("errorType")));
    feel_value variables = entry_of(value, STR("variables"));
    str message = text_of(entry_of(value, STR("message")));
    if (str_equal(kind, STR("bpmnError"))) {
        str json = STR_EMPTY;
        struct error why;
        if (variables.kind == FEEL_CONTEXT && !json_of(arena, variables, &json, &why))
            fail_for_now(task, str_of(why.text));
        else
            worker_throw_error(task, text_of(entry_of(value, STR("code"))), message, json);
    } else if (str_equal(kind, STR("jobError"))) {
        fail_for_now(task, message);
    } else {
        return false;
    }
    return true;
}

// Merges the response under its variable and the expression's entries.
static bool result_variables(struct worker_task *task, const struct outcome *outcome,
                             feel_value scope, str *ret_json, struct error *err)
{
    struct arena *arena = worker_task_arena(task);
    str variable = worker_task_header(task, STR("resultVariable"));
    str expression = worker_task_header(task, STR("resultExpression"));
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    feel_value value = feel_null();
    if (expression.len > 0 && !evaluate(arena, expression, scope, &value, err))
        return false;
    if (expression.len > 0 && value.kind != FEEL_CONTEXT && value.kind != FEEL_NULL)
        return error_set(err, ERROR_INVALID, "resultExpression",
                         "must give a context whose entries become variables");
    json_begin_object(&w);
    if (variable.len > 0) {
        json_key(&w, variable);
        json_raw(&w, outcome->response);
    }
    for (size_t i = 0; value.kind == FEEL_CONTEXT && i < value.context->count; i++) {
        if (str_equal(value.context->entries[i].name, variable))
            continue;
        str json;
        if (!json_of(arena, value.context->entries[i].value, &json, err))
            return false;
        json_key(&w, value.context->entries[i].name);
        json_raw(&w, json);
    }
    json_end_object(&w);
    *ret_json = strbuf_str(&out);
    return true;
}

void outcome_answer(struct worker_task *task, const struct outcome *outcome)
{
    struct arena *arena = worker_task_arena(task);
    struct error err;
    feel_value scope;
    str variables;
    if (!scope_of(arena, outcome, &scope, &err)) {
        fail_for_good(task, error_line(arena, &err));
        return;
    }
    if (answer_by_error_expression(task, scope))
        return;
    if (outcome->error_code.len > 0)
        fail_by_class(task, outcome);
    else if (!result_variables(task, outcome, scope, &variables, &err))
        fail_for_good(task, error_line(arena, &err));
    else
        worker_complete(task, variables);
}
