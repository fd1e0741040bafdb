// SPDX-License-Identifier: Apache-2.0
#include "gateway/expression.h"

#include "base/clock.h"
#include "base/zone.h"
#include "gateway/gateway_private.h"
#include "gateway/read.h"
#include "store/catalogue/test_clock.h"
#include "store/read/read.h"

struct trying {
    const struct expression *expression;
    expression_answer *answer;
    int64_t now_ms;
    feel_value camunda; // {vars: {cluster, tenant, env}}
};

// Zones by name are read when they are needed first.
static const struct zone_db *zones_of(struct gateway *gateway)
{
    struct error ignored; // without them zones by name are null, with a warning
    if (gateway->zones == NULL &&
        !zone_db_load(&gateway->arena, ZONE_DIRECTORY, &gateway->zones, &ignored))
        return NULL;
    return gateway->zones;
}

// The members of both; those of `first` count.
static str merge(struct arena *arena, const struct json *first, const struct json *second)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; json_is(first, JSON_OBJECT) && i < first->count; i++) {
        json_key(&w, first->members[i].name);
        json_value(&w, &first->members[i].value);
    }
    for (size_t i = 0; json_is(second, JSON_OBJECT) && i < second->count; i++)
        if (json_get(first, second->members[i].name) == NULL) {
            json_key(&w, second->members[i].name);
            json_value(&w, &second->members[i].value);
        }
    json_end_object(&w);
    return strbuf_str(&out);
}

static void evaluate(struct caller *caller, const struct trying *trying, const struct json *seen)
{
    struct error err;
    feel_value variables;
    const struct feel_program *program;
    struct arena *arena = caller->arena;
    const struct zone_db *zones = zones_of(caller->gateway);
    str context = merge(arena, trying->expression->variables, seen);
    if (!feel_from_json_text(arena, context, &variables, &err)) {
        caller_fail(caller, &err);
        return;
    }
    if (feel_context_get(variables, STR("camunda")) == NULL)
        variables = feel_context_put(arena, variables, STR("camunda"), trying->camunda);
    struct feel_compile_options options = feel_options_for(arena, variables);
    options.zones = zones;
    if (!feel_compile_property(arena, trying->expression->text, &options, &program, &err)) {
        caller_fail(caller, &err);
        return;
    }
    struct feel_warnings *warnings = ARENA_NEW(arena, struct feel_warnings);
    struct feel_run run = feel_run_new(arena, &variables);
    run.warnings = warnings;
    run.zones = zones;
    run.now_ms = trying->now_ms;
    run.limits.fuel = run.fuel = EXPRESSION_MAX_STEPS;
    feel_value result = feel_evaluate(program, &run);
    if (feel_run_finished(&run, &err))
        trying->answer(caller, result, warnings);
    else
        caller_fail(caller, &err);
}

static void on_variables(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct trying *trying = context;
    struct json *seen = NULL;
    struct error err;
    if (query_row_count(rows) == 0)
        caller_fail_format(caller, ERROR_NOT_FOUND, "scopeKey",
                           "no process or element instance has the key %llu",
                           (unsigned long long)trying->expression->scope);
    else if (!json_parse(caller->arena, str_copy(caller->arena, query_value(rows, 0, 0)), &seen,
                         &err))
        caller_fail(caller, &err);
    else
        evaluate(caller, trying, seen);
}

static void find_variables(struct caller *caller, struct trying *trying)
{
    uint64_t scope = trying->expression->scope;
    if (scope != 0)
        read_run(caller, read_visible(caller->arena, caller->scope, scope), on_variables, trying);
    else
        evaluate(caller, trying, NULL);
}

static feel_value with(struct arena *arena, feel_value context, const struct query_rows *rows,
                       size_t row)
{
    struct error err;
    feel_value value;
    str name = str_copy(arena, query_value(rows, row, 1));
    if (!feel_from_json_text(arena, str_copy(arena, query_value(rows, row, 2)), &value, &err))
        value = feel_null();
    return feel_context_put(arena, context, name, value);
}

// As the engine has it (engine/cluster_variable.c).
static void on_cluster_variables(struct caller *caller, void *context,
                                 const struct query_rows *rows)
{
    struct trying *trying = context;
    struct arena *arena = caller->arena;
    feel_value none = feel_context_new(arena, NULL, 0);
    feel_value cluster = none, own = none, env = none, vars = none;
    for (size_t i = 0; i < query_row_count(rows); i++) {
        feel_value *scope = query_bool(rows, i, 0) ? &cluster : &own;
        *scope = with(arena, *scope, rows, i);
        env = with(arena, env, rows, i);
    }
    vars = feel_context_put(arena, vars, STR("cluster"), cluster);
    vars = feel_context_put(arena, vars, STR("tenant"), own);
    vars = feel_context_put(arena, vars, STR("env"), env);
    trying->camunda = feel_context_put(arena, none, STR("vars"), vars);
    find_variables(caller, trying);
}

static void find_cluster_variables(struct caller *caller, struct trying *trying)
{
    read_run(caller, read_cluster_variables(caller->arena, caller->tenant), on_cluster_variables,
             trying);
}

static void on_test_clock(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct trying *trying = context;
    struct clock_row now;
    catalogue_clock_row(rows, &now);
    trying->now_ms = now.now_ms;
    find_cluster_variables(caller, trying);
}

void gateway_evaluate_expression(struct caller *caller, const struct expression *expression,
                                 expression_answer *answer)
{
    struct trying *trying = ARENA_NEW(caller->arena, struct trying);
    *trying = (struct trying){.expression = expression, .answer = answer, .now_ms = clock_now_ms()};
    if (config_bool(caller->gateway->options.config, CONFIG_ENGINE_TEST_CLOCK))
        read_run(caller, catalogue_clock(caller->arena), on_test_clock, trying);
    else
        find_cluster_variables(caller, trying);
}
