// SPDX-License-Identifier: Apache-2.0
// Evaluating expressions over the variables an element instance sees. Only what a program reads is
// turned from JSON into FEEL, once a batch.
#include "engine/step.h"

enum { JSON_BYTES_PER_STEP = 16, VARIABLES_PER_STEP = 16 };

feel_value expression_variable(struct engine *engine, struct reading *reading,
                               const struct variable *variable)
{
    struct variable *cache = (struct variable *)variable; // a memo, not state: no image holds it
    struct personal_subjects subjects = {0};
    if (cache->parsed != NULL && cache->parsed_turn == engine->turn_number) {
        personal_note(reading, cache->subjects);
        return *cache->parsed;
    }
    struct error err;
    feel_value value = feel_null();
    str json = personal_read_json(engine, reading, variable->name, variable->value, &subjects);
    step_spend(engine, variable->value.len / JSON_BYTES_PER_STEP);
    if (!feel_from_json_text(engine->turn, json, &value, &err))
        value = feel_null();
    if (!str_is_empty(reading->erased) || reading->is_too_many || personal_has_sealed(json))
        return value; // who reads it next has to hear of it as well
    cache->parsed = arena_copy(engine->turn, &value, sizeof value);
    cache->subjects =
        subjects.count > 0 ? arena_copy(engine->turn, &subjects, sizeof subjects) : NULL;
    cache->parsed_turn = engine->turn_number;
    return value;
}

// What a loop has collected so far is a variable inside of it, made when it is read.
static feel_value collected(struct engine *engine, struct reading *reading, element_ref body)
{
    struct error err;
    feel_value value;
    struct personal_subjects subjects;
    str json = state_outputs_json(engine->turn, body);
    step_spend(engine, json.len / JSON_BYTES_PER_STEP);
    json = personal_read_json(engine, reading, body->output_name, json, &subjects);
    return feel_from_json_text(engine->turn, json, &value, &err) ? value : feel_null();
}

// Of the instance that the scope is in; where something is asked without one, of who asks.
static str tenant_of(const struct scope_lookup *lookup)
{
    element_ref root = lookup->scope;
    while (root != NULL && root->scope != NULL)
        root = root->scope;
    const struct instance *instance =
        root == NULL ? NULL : step_instance(lookup->engine, root->entity.key);
    return instance != NULL ? instance->tenant : lookup->engine->command->tenant;
}

// What comes with a variable, before any of it is set.
static bool is_beside(const struct scope_lookup *lookup, str name, feel_value *ret_value)
{
    const struct json *member = json_get(lookup->beside, name);
    struct strbuf text = strbuf_new(lookup->engine->turn);
    struct json_writer w = json_writer_new(&text);
    struct error err;
    if (member == NULL)
        return false;
    json_value(&w, member);
    str json = personal_unmarked(lookup->engine, strbuf_str(&text));
    return feel_from_json_text(lookup->engine->turn, json, ret_value, &err);
}

static bool look_up(void *context, str name, feel_value *ret_value)
{
    struct scope_lookup *lookup = context;
    struct reading *reading = &lookup->reading;
    struct error err;
    if (lookup->own != NULL && str_equal(lookup->own->name, name))
        return feel_from_json_text(lookup->engine->turn, lookup->own->json, ret_value, &err);
    if (lookup->beside != NULL && is_beside(lookup, name, ret_value))
        return true;
    for (element_ref scope = lookup->scope; scope != NULL; scope = scope->scope) {
        const struct variable *variable = state_local(scope, name);
        if (variable != NULL)
            *ret_value = expression_variable(lookup->engine, reading, variable);
        else if (!str_is_empty(scope->output_name) && str_equal(scope->output_name, name))
            *ret_value = collected(lookup->engine, reading, scope);
        else
            continue;
        return true;
    }
    if (!str_equal(name, STR("camunda")))
        return false;
    *ret_value = cluster_variable_context(lookup->engine, tenant_of(lookup));
    return true;
}

// Variables are found by walking the scopes outwards: each name an expression reads pays for that.
static uint32_t lookup_steps(element_ref scope)
{
    uint64_t variables = 0;
    for (; scope != NULL; scope = scope->scope)
        variables += scope->variable_count;
    return (uint32_t)(variables / VARIABLES_PER_STEP);
}

struct feel_run expression_run(struct engine *engine, element_ref scope,
                               struct scope_lookup *lookup)
{
    struct feel_run run = feel_run_new(engine->turn, NULL);
    *lookup = (struct scope_lookup){.engine = engine, .scope = scope, .reading = {.scope = scope}};
    run.lookup = look_up;
    run.lookup_context = lookup;
    run.lookup_steps = lookup_steps(scope);
    run.zones = engine->environment.zones;
    run.now_ms = engine->clock_ms;
    run.random_seed = engine->next_key;
    run.fuel = engine->run_fuel = step_left(engine);
    return run;
}

void expression_done(struct engine *engine, const struct feel_run *run)
{
    step_spend(engine, engine->run_fuel - feel_run_left(run));
}

bool expression_value(struct engine *engine, element_ref scope, const struct feel_program *program,
                      struct computed *ret_computed, str *ret_why)
{
    const feel_value *constant = feel_program_constant(program);
    if (constant != NULL) {
        *ret_computed = (struct computed){*constant, {.scope = scope}};
        return true;
    }
    struct scope_lookup lookup;
    struct feel_run run = expression_run(engine, scope, &lookup);
    struct error err;
    feel_value value = feel_evaluate(program, &run);
    expression_done(engine, &run);
    if (!feel_run_finished(&run, &err)) {
        *ret_why = str_format(engine->turn, "the expression '%.*s' was stopped: %s",
                              STR_ARG(feel_program_source(program)), err.text);
        return false;
    }
    *ret_computed = (struct computed){value, lookup.reading};
    return personal_is_whole(engine, &lookup.reading, ret_why);
}

// What is to stand in the open.
static bool open_value(struct engine *engine, element_ref scope, const struct feel_program *program,
                       feel_value *ret_value, str *ret_why)
{
    struct computed computed;
    if (!expression_value(engine, scope, program, &computed, ret_why) ||
        !personal_is_open(engine, &computed.reading, program, ret_why))
        return false;
    *ret_value = computed.value;
    return true;
}

static bool wrong_kind(struct engine *engine, const struct feel_program *program, feel_value value,
                       const char *wanted, str *ret_why)
{
    *ret_why =
        str_format(engine->turn, "the expression '%.*s' gave %s, expected %s",
                   STR_ARG(feel_program_source(program)), feel_kind_name(value.kind), wanted);
    return false;
}

bool expression_json(struct engine *engine, const struct computed *computed, str *ret_json,
                     str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    bool is_whole = feel_to_json(&out, computed->value);
    step_spend(engine, out.len / JSON_BYTES_PER_STEP);
    if (!is_whole) {
        *ret_why = str_format(engine->turn,
                              "a value is larger than %d bytes or nested deeper than %d levels",
                              FEEL_TEXT_MAX, JSON_MAX_DEPTH);
        return false;
    }
    *ret_json = strbuf_str(&out);
    return border_value(engine, "a value", *ret_json, LIMIT_VALUE_BYTES, ret_why) &&
           personal_seal_result(engine, &computed->reading, ret_json, ret_why) &&
           (computed->reading.subjects.count == 0 ||
            border_value(engine, "a sealed value", *ret_json, LIMIT_VALUE_BYTES, ret_why));
}

str expression_number_text(struct engine *engine, feel_value number)
{
    struct strbuf out = strbuf_new(engine->turn);
    check(feel_is(number, FEEL_NUMBER) && feel_to_json(&out, number));
    return strbuf_str(&out);
}

bool expression_text(struct engine *engine, element_ref scope, const struct feel_program *program,
                     str *ret_text, str *ret_why)
{
    feel_value value;
    if (!open_value(engine, scope, program, &value, ret_why))
        return false;
    if (feel_is(value, FEEL_STRING))
        *ret_text = value.string;
    else if (feel_is(value, FEEL_NUMBER))
        *ret_text = expression_number_text(engine, value);
    else
        return wrong_kind(engine, program, value, "a string or number", ret_why);
    return true;
}

bool expression_name(struct engine *engine, element_ref scope, const struct feel_program *program,
                     const char *what, str *ret_name, str *ret_why)
{
    return expression_text(engine, scope, program, ret_name, ret_why) &&
           border_name(engine, what, *ret_name, ret_why);
}

bool expression_truth(struct engine *engine, element_ref scope, const struct feel_program *program,
                      bool *ret_truth, str *ret_why)
{
    struct computed computed;
    if (!expression_value(engine, scope, program, &computed, ret_why))
        return false;
    if (!feel_is(computed.value, FEEL_BOOLEAN))
        return wrong_kind(engine, program, computed.value, "true or false", ret_why);
    *ret_truth = computed.value.boolean;
    return true;
}

bool expression_i64(struct engine *engine, element_ref scope, const struct feel_program *program,
                    int64_t fallback, int64_t *ret_number, str *ret_why)
{
    feel_value value;
    *ret_number = fallback;
    if (program == NULL)
        return true;
    if (!open_value(engine, scope, program, &value, ret_why))
        return false;
    feel_value number = value;
    if (feel_is(value, FEEL_STRING) && !feel_number_parse(str_trim(value.string), &number))
        return wrong_kind(engine, program, value, "a whole number", ret_why);
    if (!feel_is(number, FEEL_NUMBER) || !feel_to_i64(number, ret_number))
        return wrong_kind(engine, program, value, "a whole number", ret_why);
    return true;
}

// Working time has no months: how long one is would depend on where it begins.
static bool add_duration(struct engine *engine, struct moment from, struct feel_duration duration,
                         int64_t *ret_ms)
{
    const struct bpmn_calendar *calendar = from.calendar;
    if (calendar == NULL)
        return feel_instant_add(from.ms, duration, NULL, ret_ms);
    const struct zone *zone =
        str_is_empty(calendar->zone) ? NULL : zone_find(engine->environment.zones, calendar->zone);
    return duration.months == 0 && (zone != NULL || str_is_empty(calendar->zone)) &&
           bpmn_calendar_add(calendar, zone, from.ms, duration.ms, ret_ms);
}

static bool moment_of_text(struct engine *engine, struct moment from, str text, int64_t *ret_ms)
{
    struct feel_duration duration;
    if (feel_duration_parse(text, &duration))
        return add_duration(engine, from, duration, ret_ms);
    return feel_instant_parse(text, engine->environment.zones, NULL, ret_ms);
}

bool expression_moment(struct engine *engine, element_ref scope, const struct feel_program *program,
                       struct moment from, int64_t *ret_ms, str *ret_why)
{
    feel_value value;
    struct feel_duration duration;
    if (!open_value(engine, scope, program, &value, ret_why))
        return false;
    bool ok = feel_is(value, FEEL_STRING)
                  ? moment_of_text(engine, from, str_trim(value.string), ret_ms)
              : feel_to_duration(value, &duration) ? add_duration(engine, from, duration, ret_ms)
                                                   : feel_to_instant(value, NULL, ret_ms);
    *ret_ms = border_moment(ok ? *ret_ms : 0);
    return ok || wrong_kind(engine, program, value,
                            from.calendar ? "a date and time or a duration that the calendar has"
                                          : "a date and time or a duration",
                            ret_why);
}

bool expression_instant(struct engine *engine, element_ref scope,
                        const struct feel_program *program, int64_t *ret_ms, str *ret_why)
{
    return expression_moment(engine, scope, program, (struct moment){NULL, engine->clock_ms},
                             ret_ms, ret_why);
}
