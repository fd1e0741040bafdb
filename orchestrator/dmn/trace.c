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

static void write_values(struct json_writer *w, const char *side,
                         const struct dmn_traced_value *values, size_t count)
{
    bool is_input = side[0] == 'i';
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        write_text(w, is_input ? "inputId" : "outputId", values[i].id);
        write_text(w, is_input ? "inputName" : "outputName", values[i].name);
        write_value(w, is_input ? "inputValue" : "outputValue", values[i].value);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_rules(struct json_writer *w, const struct dmn_traced_decision *d)
{
    json_begin_array(w);
    for (size_t i = 0; i < d->rule_count; i++) {
        json_begin_object(w);
        write_text(w, "ruleId", d->rules[i].id);
        json_key(w, STR("ruleIndex"));
        json_u64(w, d->rules[i].index);
        json_key(w, STR("evaluatedOutputs"));
        write_values(w, "output", d->rules[i].outputs, d->rules[i].output_count);
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
        write_values(&w, "input", d->inputs, d->input_count);
        json_key(&w, STR("matchedRules"));
        write_rules(&w, d);
        json_end_object(&w);
    }
    json_end_array(&w);
}
