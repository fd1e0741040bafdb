// SPDX-License-Identifier: Apache-2.0
// Decisions: looked up among what is deployed and evaluated in the same step, by a business rule
// task or on their own. What was evaluated is history, and a row that people search.
#include "engine/step.h"

#include "dmn/dmn.h"

// One evaluation: who is asked, and what came out.
enum { TRACE_BYTES_PER_STEP = 16 };

struct evaluation {
    const struct definition *definition;
    const struct dmn_decision *decision;
    struct feel_warnings warnings;
    struct dmn_trace trace;
    const struct reading *reading; // of the run; NULL: what it reads is nobody's
    struct computed computed;
    enum decision_state state;
    str failure; // why there is no result; empty: there is one
    str output;  // JSON
    str trace_json;
};

// ---- which decision -------------------------------------------------------------------

static const struct dmn_decision *decision_of(const struct engine *engine,
                                              const struct definition *definition)
{
    const struct engine_environment *environment = &engine->environment;
    const struct dmn_model *model =
        environment->find_decisions == NULL
            ? NULL
            : environment->find_decisions(environment->context, definition->key);
    for (size_t i = 0; model != NULL && i < dmn_decision_count(model); i++)
        if (str_equal(dmn_decision_id(dmn_decision_at(model, i)), definition->id))
            return dmn_decision_at(model, i);
    return NULL;
}

// ---- evaluating -----------------------------------------------------------------------

// As history and rows keep it. What is too large for them is a failure.
static void write_down(struct engine *engine, struct evaluation *e)
{
    struct strbuf trace = strbuf_new(engine->turn);
    str why;
    dmn_trace_to_json(&trace, &e->trace);
    e->trace_json = strbuf_str(&trace);
    step_spend(engine, trace.len / TRACE_BYTES_PER_STEP);
    if (expression_json(engine, &e->computed, &e->output, &why) &&
        personal_seal_trace(engine, &e->computed.reading, &e->trace_json, &why) &&
        border_value(engine, "the trace of the decision", e->trace_json, LIMIT_VALUE_BYTES, &why))
        return;
    e->state = DECISION_FAILED;
    e->failure = why;
    e->output = STR("null");
    if (e->trace_json.len > LIMIT_VALUE_BYTES || json_has_nul(e->trace_json) ||
        e->computed.reading.subjects.count > 0)
        e->trace_json = STR("[]");
}

static void evaluate(struct engine *engine, struct feel_run *run, struct evaluation *e)
{
    struct error err;
    run->warnings = &e->warnings;
    e->computed.value = dmn_evaluate(e->decision, run, &e->trace);
    if (e->reading != NULL)
        e->computed.reading = *e->reading;
    expression_done(engine, run);
    e->state = DECISION_EVALUATED;
    e->failure = STR_EMPTY;
    if (!feel_run_finished(run, &err)) {
        e->state = DECISION_FAILED;
        e->failure = str_format(engine->turn, "the decision was stopped: %s", err.text);
    } else if (feel_is_null(e->computed.value) && e->warnings.count > 0) {
        e->failure = e->computed.reading.subjects.count > 0
                         ? STR("there is no result; why is not said, as the decision has read "
                               "personal data")
                         : e->warnings.items[0].text; // it may say what it was given
    }
    write_down(engine, e);
}

// History and row of an evaluation. The element instance is NULL when it was evaluated on its own.
static uint64_t record(struct engine *engine, instance_ref instance, element_ref ei,
                       const struct evaluation *e)
{
    uint64_t key = step_key(engine);
    const struct definition *definition = e->definition;
    step_emit(engine, ei ? (const void *)instance : engine->shard,
              (struct event){.type = EVENT_DECISION_EVALUATED,
                             .key = key,
                             .scope = ei ? ei->entity.key : 0,
                             .element = ei ? ei->element + 1 : 0,
                             .definition = definition->key,
                             .name = definition->id,
                             .code = e->state == DECISION_FAILED ? STR("FAILED") : STR_EMPTY,
                             .value = e->trace_json});
    *ARRAY_PUSH(engine->turn, &engine->decisions) = (struct decision_row){
        .change = ROW_INSERT,
        .key = key,
        .decision = definition->key,
        .decision_id = definition->id,
        .instance = ei ? instance->stream.key : 0,
        .element_instance = ei ? ei->entity.key : 0,
        .definition = ei ? instance->definition : 0,
        .tenant = definition->tenant,
        .state = e->state,
        .failure = e->failure,
        .evaluated_ms = engine->clock_ms,
        .output = e->output,
        .trace = e->trace_json,
    };
    return key;
}

// ---- business rule tasks --------------------------------------------------------------

void decision_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_call *call = element_of(instance, ei)->call;
    struct evaluation e = {0};
    str id, why;
    if (call->id == NULL || !expression_text(engine, ei, call->id, &id, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR",
                       call->id ? why : STR("nothing says which decision"));
        return;
    }
    e.definition = definition_bound(
        engine, instance, &(struct binding){RESOURCE_DECISIONS, call->binding, call->version, id});
    e.decision = e.definition ? decision_of(engine, e.definition) : NULL;
    if (e.decision == NULL) {
        incident_raise(engine, instance, ei, "CALLED_DECISION_ERROR",
                       str_format(engine->turn, "no decision '%.*s' is deployed", STR_ARG(id)));
        return;
    }
    struct scope_lookup lookup;
    struct feel_run run = expression_run(engine, ei, &lookup);
    e.reading = &lookup.reading;
    evaluate(engine, &run, &e);
    record(engine, instance, ei, &e);
    if (e.state == DECISION_FAILED) {
        incident_raise(engine, instance, ei, "DECISION_EVALUATION_ERROR", e.failure);
        return;
    }
    if (variable_result(engine, instance, ei, (struct result){call->result_variable, e.computed},
                        &why))
        activity_complete(engine, instance, ei);
    else
        incident_raise(engine, instance, ei, "DECISION_EVALUATION_ERROR", why);
}

// ---- on its own -----------------------------------------------------------------------

static const struct definition *find_asked(const struct engine *engine)
{
    const struct command *command = engine->command;
    if (command->key == 0)
        return state_latest(engine->shard, command->tenant, RESOURCE_DECISIONS,
                            command->evaluate_decision.decision_id);
    const struct definition *d = idmap_get(&engine->shard->by_key, command->key);
    bool is_one = d != NULL && d->kind == RESOURCE_DECISIONS && !d->is_deleted;
    return is_one ? d : NULL;
}

static bool may_evaluate(const struct engine *engine, const struct definition *definition)
{
    return permission_sees_tenant(engine, definition->tenant) &&
           permission_on(engine, "DECISION_DEFINITION", definition->id, "CREATE_DECISION_INSTANCE");
}

static feel_value with_cluster_variables(struct engine *engine, feel_value variables)
{
    if (!feel_is(variables, FEEL_CONTEXT))
        variables = feel_context_new(engine->turn, NULL, 0);
    if (feel_context_get(variables, STR("camunda")) != NULL)
        return variables;
    return feel_context_put(engine->turn, variables, STR("camunda"),
                            cluster_variable_context(engine, engine->command->tenant));
}

void decision_evaluate(struct engine *engine)
{
    str text = engine->command->evaluate_decision.variables;
    struct evaluation e = {.definition = find_asked(engine)};
    feel_value variables = feel_null();
    struct error err;
    str why;
    e.decision = e.definition ? decision_of(engine, e.definition) : NULL;
    if (e.decision == NULL || !may_evaluate(engine, e.definition)) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    STR("no such decision is deployed"));
        return;
    }
    if (text.len > 0 && !feel_from_json_text(engine->turn, text, &variables, &err)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, STR("the variables are no JSON"));
        return;
    }
    if (!personal_is_nobodys(engine, "a decision outside of an instance", text, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    variables = with_cluster_variables(engine, variables);
    struct feel_run run = feel_run_new(engine->turn, &variables);
    run.zones = engine->environment.zones;
    run.now_ms = engine->clock_ms;
    run.random_seed = engine->next_key;
    run.fuel = engine->run_fuel = step_left(engine);
    evaluate(engine, &run, &e);
    step_accept(engine, record(engine, NULL, NULL, &e), 0);
}
