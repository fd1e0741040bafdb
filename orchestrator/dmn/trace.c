// SPDX-License-Identifier: Apache-2.0
//
// The evaluation as JSON, in the shape of Camunda 8's evaluatedDecisions: values are JSON as text.
#include "dmn/model.h"

static void write_value(struct json_writer *w, const char *key, feel_value value)
{
    struct strbuf text = strbuf_new(w->out->arena);
    if (!feel_to_json(&text, value)) { // the trace goes on without it, and says so
        text = strbuf_new(w->out->arena);
        strbuf_add(&text, STR("\"(too large for the trace)\""));
    }
    json_key(w, str_of(key));
    json_string(w, strbuf_str(&text));
}

static void write_text(struct json_writer *w, const char *key, str text)
{
    json_key(w, str_of(key));
    json_string(w, text);
}

static void write_inputs(struct json_writer *w, const struct dmn_traced_decision *d)
{
    json_begin_array(w);
    for (size_t i = 0; i < d->input_count; i++) {
        json_begin_object(w);
        write_text(w, "inputId", d->inputs[i].id);
        write_text(w, "inputName", d->inputs[i].name);
        write_value(w, "inputValue", d->inputs[i].value);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_rule_name(struct json_writer *w, const struct dmn_traced_rule *rule)
{
    write_text(w, "ruleId", rule->id);
    json_key(w, STR("ruleIndex"));
    json_u64(w, rule->index);
}

static void write_outputs(struct json_writer *w, const struct dmn_traced_rule *rule)
{
    json_begin_array(w);
    for (size_t i = 0; i < rule->output_count; i++) {
        json_begin_object(w);
        write_text(w, "outputId", rule->outputs[i].id);
        write_text(w, "outputName", rule->outputs[i].name);
        write_value(w, "outputValue", rule->outputs[i].value);
        write_rule_name(w, rule); // once more: Camunda's outputs name their rule
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_rules(struct json_writer *w, const struct dmn_traced_decision *d)
{
    json_begin_array(w);
    for (size_t i = 0; i < d->rule_count; i++) {
        json_begin_object(w);
        write_rule_name(w, &d->rules[i]);
        json_key(w, STR("evaluatedOutputs"));
        write_outputs(w, &d->rules[i]);
        json_end_object(w);
    }
    json_end_array(w);
}

void dmn_trace_to_json(struct strbuf *out, const struct dmn_trace *trace)
{
    struct json_writer w = json_writer_new(out);
    json_begin_array(&w);
    for (size_t i = 0; i < trace->decisions.count; i++) {
        const struct dmn_traced_decision *d = &trace->decisions.items[i];
        json_begin_object(&w);
        write_text(&w, "decisionDefinitionId", dmn_decision_id(d->decision));
        write_text(&w, "decisionDefinitionName", dmn_decision_name(d->decision));
        write_text(&w, "decisionDefinitionType",
                   d->is_table ? STR("DECISION_TABLE") : STR("LITERAL_EXPRESSION"));
        write_value(&w, "output", d->result);
        json_key(&w, STR("evaluatedInputs"));
        write_inputs(&w, d);
        json_key(&w, STR("matchedRules"));
        write_rules(&w, d);
        json_end_object(&w);
    }
    json_end_array(&w);
}
