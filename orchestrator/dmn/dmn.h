// SPDX-License-Identifier: Apache-2.0
//
// DMN 1.1 to 1.5 as a library: compile models once into an arena, evaluate their decisions as often
// as you like from as many threads as you like.
//
//     struct dmn_source source = {.file = "loan.dmn", .xml = text};
//     struct dmn_problems problems = {.arena = &arena};
//     const struct dmn_model *model = dmn_compile(&arena, &source, 1, zones, &problems);
//     const struct dmn_decision *decision = model ? dmn_find(model, STR("Approval")) : NULL;
//     struct feel_run run = feel_run_new(&arena, &inputs);       // inputs: a context, by the names
//     of the input data feel_value result = dmn_evaluate(decision, &run, NULL);
//
// As in feel, nothing here does I/O or takes memory outside the arenas; what goes wrong in a
// decision is null with a warning of the run, what it uses up is run.stopped.
#ifndef BATON_DMN_DMN_H
#define BATON_DMN_DMN_H

#include "base/array.h"
#include "feel/feel.h"

struct xml_element;

struct dmn_source {
    const char *file; // for messages
    str xml;
    const struct xml_element *root; // of xml when it is parsed already, for as long as the model
                                    // lives; NULL: not yet
};

enum dmn_severity { DMN_ERROR, DMN_WARNING };

struct dmn_problem {
    enum dmn_severity severity;
    const char *code; // "unknown-name", from problems.def
    const char *file;
    uint32_t line;
    str element; // the nearest named element
    str text;
};

enum { DMN_PROBLEMS_MAX = 1000 };

// Everything found wrong, in the order of the documents. Fill in the arena.
struct dmn_problems {
    struct arena *arena;
    ARRAY(struct dmn_problem) list;
    size_t errors;
};

struct dmn_model;

// Compiles the first source; the others are models it may import, in any order. NULL when it cannot
// be evaluated at all (not XML, no DMN); with problems of severity DMN_ERROR it can be evaluated in
// part but should not be deployed. zones may be NULL.
const struct dmn_model *dmn_compile(struct arena *arena, const struct dmn_source *sources,
                                    size_t count, const struct zone_db *zones,
                                    struct dmn_problems *problems);

str dmn_model_id(const struct dmn_model *model);
str dmn_model_name(const struct dmn_model *model);
str dmn_model_namespace(const struct dmn_model *model);

enum dmn_kind { DMN_DECISION, DMN_SERVICE, DMN_KNOWLEDGE };

// Something that can be evaluated: a decision, a decision service or a business knowledge model.
struct dmn_decision;

size_t dmn_decision_count(const struct dmn_model *model);
const struct dmn_decision *dmn_decision_at(const struct dmn_model *model, size_t index);

// By name, else by id; NULL when there is none.
const struct dmn_decision *dmn_find(const struct dmn_model *model, str name_or_id);

enum dmn_kind dmn_decision_kind(const struct dmn_decision *decision);
str dmn_decision_id(const struct dmn_decision *decision);
str dmn_decision_name(const struct dmn_decision *decision);
str dmn_decision_version_tag(
    const struct dmn_decision *decision); // zeebe:versionTag; empty when none

// ---- evaluating ----

struct dmn_traced_value {
    str id, name; // of the input or output; the id is empty for a boxed expression's
    feel_value value;
};

// A rule of a decision table that matched.
struct dmn_traced_rule {
    str id;
    size_t index; // from 1
    size_t output_count;
    const struct dmn_traced_value *outputs;
};

// One decision that was evaluated on the way, after those it requires.
struct dmn_traced_decision {
    const struct dmn_decision *decision;
    feel_value result;
    bool is_table;
    str hit_policy;
    size_t input_count; // of the table, or the required inputs and decisions
    const struct dmn_traced_value *inputs;
    size_t rule_count;
    const struct dmn_traced_rule *rules;
};

// The whole evaluation as data, in the run's arena. The last decision is the one that was asked
// for.
struct dmn_trace {
    ARRAY(struct dmn_traced_decision) decisions;
};

// Inputs (input data of a decision, input data and input decisions of a service, parameters of a
// knowledge model) are asked of run->lookup by name. Inputs that do not conform to their type are
// null with a warning. ret_trace may be NULL.
feel_value dmn_evaluate(const struct dmn_decision *decision, struct feel_run *run,
                        struct dmn_trace *ret_trace);

// The trace as JSON, shaped as Camunda's evaluatedDecisions: values are JSON as text.
void dmn_trace_to_json(struct strbuf *out, const struct dmn_trace *trace);

#endif
