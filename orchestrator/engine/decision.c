// SPDX-License-Identifier: Apache-2.0
// Business rule tasks: the decision is looked up among what is deployed and evaluated in the same
// step.
#include "engine/step.h"

#include "dmn/dmn.h"

static const struct dmn_decision *decision_in(const struct engine *engine,
                                              const struct definition *definition, str id)
{
    const struct dmn_model *model =
        engine->environment.find_decisions == NULL
            ? NULL
            : engine->environment.find_decisions(engine->environment.context, definition->key);
    const struct dmn_decision *decision = model ? dmn_find(model, id) : NULL;
    return decision != NULL && str_equal(dmn_decision_id(decision), id) ? decision : NULL;
}

static bool fits(const struct engine *engine, instance_ref instance, const struct bpmn_call *call,
                 const struct definition *definition)
{
    const struct definition *own = idmap_get(&engine->shard->by_key, instance->definition);
    if (call->binding == BPMN_DEPLOYMENT)
        return own != NULL && own->deployment == definition->deployment;
    if (call->binding == BPMN_VERSION_TAG)
        return str_equal(definition->version_tag, call->version);
    return true;
}

// The newest deployed model that has the decision.
static const struct dmn_decision *find_decision(struct engine *engine, instance_ref instance,
                                                const struct bpmn_call *call, str id)
{
    const struct dmn_decision *found = NULL;
    for (const struct definition *d = engine->shard->definitions; d != NULL; d = d->next) {
        if (d->kind != RESOURCE_DECISIONS || d->is_deleted ||
            !str_equal(d->tenant, instance->tenant) || !fits(engine, instance, call, d))
            continue;
        const struct dmn_decision *decision = decision_in(engine, d, id);
        found = decision ? decision : found;
    }
    return found;
}

static bool evaluate(struct engine *engine, element_ref ei, const struct dmn_decision *decision,
                     feel_value *ret_value, str *ret_trace, str *ret_why)
{
    struct scope_lookup lookup;
    struct feel_run run = expression_run(engine, ei, &lookup);
    struct dmn_trace trace = {0};
    struct error err;
    *ret_value = dmn_evaluate(decision, &run, &trace);
    struct strbuf out = strbuf_new(engine->turn);
    dmn_trace_to_json(&out, &trace);
    *ret_trace = strbuf_str(&out);
    if (feel_run_finished(&run, &err))
        return true;
    *ret_why = str_format(engine->turn, "the decision was stopped: %s", err.text);
    return false;
}

static void store_result(struct engine *engine, instance_ref instance, element_ref ei,
                         feel_value value)
{
    const struct bpmn_element *element = element_of(instance, ei);
    str json = expression_json(engine, value);
    if (str_is_empty(element->call->result_variable))
        return;
    if (element->output_count > 0)
        variable_set(engine, instance, ei, element->call->result_variable, json);
    else
        variable_propagate(engine, instance, ei, element->call->result_variable, json);
}

void decision_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_call *call = element_of(instance, ei)->call;
    feel_value value;
    str id, why, trace;
    if (call->id == NULL || !expression_text(engine, ei, call->id, &id, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR",
                       call->id ? why : STR("nothing says which decision"));
        return;
    }
    const struct dmn_decision *decision = find_decision(engine, instance, call, id);
    if (decision == NULL) {
        incident_raise(engine, instance, ei, "CALLED_DECISION_ERROR",
                       str_format(engine->turn, "no decision '%.*s' is deployed", STR_ARG(id)));
        return;
    }
    if (!evaluate(engine, ei, decision, &value, &trace, &why)) {
        incident_raise(engine, instance, ei, "DECISION_EVALUATION_ERROR", why);
        return;
    }
    step_emit(engine, instance,
              (struct event){.type = EVENT_DECISION_EVALUATED,
                             .scope = ei->entity.key,
                             .element = ei->element + 1,
                             .name = id,
                             .value = trace});
    store_result(engine, instance, ei, value);
    activity_complete(engine, instance, ei);
}
