// SPDX-License-Identifier: Apache-2.0
//
// A decision in a program of your own: the model is compiled once, then evaluated, with the rules
// that matched.
#include <stdio.h>

#include "dmn/dmn.h"

static const char model_text[] =
    "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='Fees' "
    "namespace='fees'>"
    "  <inputData id='age' name='age'/>"
    "  <decision id='fee' name='fee'>"
    "    <informationRequirement><requiredInput href='#age'/></informationRequirement>"
    "    <decisionTable hitPolicy='FIRST'>"
    "      <input><inputExpression typeRef='number'><text>age</text></inputExpression></input>"
    "      <output typeRef='number'/>"
    "      <rule id='child'><inputEntry><text>&lt; 14</text></inputEntry>"
    "        <outputEntry><text>0</text></outputEntry></rule>"
    "      <rule id='adult'><inputEntry><text>-</text></inputEntry>"
    "        <outputEntry><text>12.50</text></outputEntry></rule>"
    "    </decisionTable>"
    "  </decision>"
    "</definitions>";

int main(void)
{
    struct arena arena = ARENA_EMPTY;
    struct dmn_problems problems = {.arena = &arena};
    struct dmn_source source = {.file = "fees.dmn", .xml = str_of(model_text)};
    const struct dmn_model *model = dmn_compile(&arena, &source, 1, NULL, &problems);
    if (!model || problems.errors)
        return fprintf(stderr, "the model has %zu problems\n", problems.list.count), 1;
    struct feel_entry age = {STR("age"), feel_i64(42)};
    feel_value inputs = feel_context_new(&arena, &age, 1);
    struct feel_run run = feel_run_new(&arena, &inputs);
    struct dmn_trace trace = {0};
    struct strbuf out = strbuf_new(&arena);
    if (!feel_to_json(&out, dmn_evaluate(dmn_find(model, STR("fee")), &run, &trace)))
        return fprintf(stderr, "the result is too large\n"), 1;
    printf("%s by rule '%s'\n", strbuf_cstr(&out), // 12.5 by rule 'adult'
           str_cstr(&arena, trace.decisions.items[0].rules[0].id));
    arena_done(&arena);
    return 0;
}
