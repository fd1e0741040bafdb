// SPDX-License-Identifier: Apache-2.0
// Tables as text ("policy | input > output …"), beside an oracle that looks at every rule; problems
// by code; traces, services, imports. The TCK's cases run as a test of their own (dmn_tck).
#include "dmn/dmn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static struct arena arena;

static const char head[] = "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' "
                           "name='m' namespace='m'><inputData id='x' name='x'/>"
                           "<inputData id='y' name='y'/>";
static const char needs[] =
    "<informationRequirement><requiredInput href='#x'/></informationRequirement>"
    "<informationRequirement><requiredInput href='#y'/></informationRequirement>";

static void add_escaped(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len; i++)
        strbuf_add(out, text.data[i] == '<' ? STR("&lt;") : str_sub(text, i, 1));
}

static void add_cell(struct strbuf *out, const char *element, str text)
{
    strbuf_format(out, "<%s><text>", element);
    add_escaped(out, str_trim(text));
    strbuf_format(out, "</text></%s>", element);
}

// "x cell ; y cell > output" a rule; rules are separated by '\n'.
static str table_model(const char *policy, str rules)
{
    struct strbuf out = strbuf_new(&arena);
    strbuf_format(
        &out,
        "%s<decision id='d' name='d'>%s<decisionTable %s><input><inputExpression><text>x</text>"
        "</inputExpression></input><input><inputExpression><text>y</text></inputExpression>"
        "</input><output name='o'><outputValues><text>\"high\", \"low\", 1, 2, 3, \"x\"</text>"
        "</outputValues></output>",
        head, needs, policy);
    str rule;
    while (str_split(&rules, '\n', &rule)) {
        size_t arrow = str_find(rule, STR("->")), semicolon = str_find_char(rule, ';');
        strbuf_add(&out, STR("<rule>"));
        add_cell(&out, "inputEntry", str_sub(rule, 0, semicolon));
        add_cell(&out, "inputEntry", str_sub(rule, semicolon + 1, arrow - semicolon - 1));
        add_cell(&out, "outputEntry", str_from_index(rule, arrow + 2));
        strbuf_add(&out, STR("</rule>"));
    }
    strbuf_add(&out, STR("</decisionTable></decision></definitions>"));
    return strbuf_str(&out);
}

static const struct dmn_model *compile(str xml, struct dmn_problems *problems)
{
    *problems = (struct dmn_problems){.arena = &arena};
    struct dmn_source source = {.file = "test.dmn", .xml = xml};
    return dmn_compile(&arena, &source, 1, NULL, problems);
}

static str evaluate(const struct dmn_model *model, const char *name, const char *inputs,
                    struct dmn_trace *trace)
{
    feel_value variables;
    struct error err;
    assert_true(feel_from_json_text(&arena, str_of(inputs), &variables, &err));
    struct feel_run run = feel_run_new(&arena, &variables);
    const struct dmn_decision *decision = dmn_find(model, str_of(name));
    assert_non_null(decision);
    struct strbuf out = strbuf_new(&arena);
    assert_true(feel_to_json(&out, dmn_evaluate(decision, &run, trace)));
    return run.stopped ? STR("stopped") : strbuf_str(&out);
}

static void hit_policies_choose_as_the_standard_says(void **state)
{
    static const char rules[] = "> 1; - -> \"low\"\n> 2; - -> \"high\"\n> 3; - -> \"low\"";
    static const char numbers[] = "> 1; - -> 1\n> 2; - -> 2\n> 3; - -> 3";
    static const struct {
        const char *policy, *rules, *inputs, *result;
    } cases[] = {
        {"hitPolicy='UNIQUE'", rules, "{\"x\":2}", "\"low\""},
        {"hitPolicy='UNIQUE'", rules, "{\"x\":3}", "stopped"},
        {"hitPolicy='FIRST'", rules, "{\"x\":5}", "\"low\""},
        {"hitPolicy='ANY'", rules, "{\"x\":3}", "stopped"},
        {"hitPolicy='PRIORITY'", rules, "{\"x\":5}", "\"high\""},
        {"hitPolicy='OUTPUT ORDER'", rules, "{\"x\":5}", "[\"high\",\"low\",\"low\"]"},
        {"hitPolicy='RULE ORDER'", rules, "{\"x\":5}", "[\"low\",\"high\",\"low\"]"},
        {"hitPolicy='COLLECT'", rules, "{\"x\":3}", "[\"low\",\"high\"]"},
        {"hitPolicy='COLLECT' aggregation='SUM'", numbers, "{\"x\":5}", "6"},
        {"hitPolicy='COLLECT' aggregation='MIN'", numbers, "{\"x\":5}", "1"},
        {"hitPolicy='COLLECT' aggregation='MAX'", numbers, "{\"x\":3}", "2"},
        {"hitPolicy='COLLECT' aggregation='COUNT'", numbers, "{\"x\":3}", "2"},
        {"hitPolicy='UNIQUE'", rules, "{\"x\":1}", "null"},
        {"hitPolicy='UNIQUE'", rules, "{}", "null"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dmn_problems problems;
        const struct dmn_model *model =
            compile(table_model(cases[i].policy, str_of(cases[i].rules)), &problems);
        str found = evaluate(model, "d", cases[i].inputs, NULL);
        if (!str_equal(found, str_of(cases[i].result)))
            fail_msg("%s with %s is %.*s", cases[i].policy, cases[i].inputs, STR_ARG(found));
        arena_reset(&arena);
    }
}

// ---- the index beside an oracle that evaluates every rule by itself ----

static uint64_t seed = 7;

static unsigned random_below(unsigned limit)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (unsigned)(seed >> 33) % limit;
}

static void random_cell(struct strbuf *out)
{
    unsigned a = random_below(20), b = a + 1 + random_below(8);
    switch (random_below(9)) {
    case 0:
        strbuf_add(out, STR("-"));
        break;
    case 1:
        strbuf_format(out, "%u", a);
        break;
    case 2:
        strbuf_format(out, "%s %u", random_below(2) ? "<" : "<=", a);
        break;
    case 3:
        strbuf_format(out, "%s %u", random_below(2) ? ">" : ">=", a);
        break;
    case 4:
        strbuf_format(out, "not(%u, [%u..%u])", a, b, b + 3);
        break;
    case 5:
        strbuf_format(out, "%u, %u", a, b);
        break;
    case 6:
        strbuf_format(out, "? * 2 > %u", a);
        break;
    default:
        strbuf_format(out, "%c%u..%u%c", random_below(2) ? '[' : '(', a, b,
                      random_below(2) ? ']' : ')');
    }
}

static str random_rules(unsigned count, str *cells)
{
    struct strbuf out = strbuf_new(&arena);
    for (unsigned i = 0; i < count; i++) {
        for (int c = 0; c < 2; c++) {
            struct strbuf cell = strbuf_new(&arena);
            random_cell(&cell);
            cells[2 * i + (unsigned)c] = strbuf_str(&cell);
        }
        strbuf_format(&out, "%s%.*s; %.*s -> %u", i ? "\n" : "", STR_ARG(cells[2 * i]),
                      STR_ARG(cells[2 * i + 1]), i % 3 + 1);
    }
    return strbuf_str(&out);
}

static bool passes(str cell, int64_t value)
{
    const struct feel_program *program;
    struct error err;
    assert_true(feel_compile_unary_tests(&arena, cell, NULL, &program, &err));
    struct feel_run run = feel_run_new(&arena, NULL);
    return feel_is_true(feel_evaluate_tests(program, &run, feel_i64(value)));
}

static void compare_with_oracle(const struct dmn_model *model, const str *cells, unsigned count)
{
    int64_t x = random_below(32), y = random_below(32);
    char inputs[64];
    struct strbuf wanted = strbuf_new(&arena);
    for (unsigned i = 0; i < count; i++)
        if (passes(cells[2 * i], x) && passes(cells[2 * i + 1], y))
            strbuf_format(&wanted, "%s%u", wanted.len ? "," : "[", i % 3 + 1);
    strbuf_add(&wanted, wanted.len ? STR("]") : STR("null"));
    snprintf(inputs, sizeof inputs, "{\"x\":%d,\"y\":%d}", (int)x, (int)y);
    str found = evaluate(model, "d", inputs, NULL);
    if (!str_equal(found, strbuf_str(&wanted)))
        fail_msg("%s: %.*s instead of %s", inputs, STR_ARG(found), strbuf_cstr(&wanted));
}

static void an_index_lets_through_what_the_rules_let_through(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        unsigned count = 1 + random_below(90);
        str *cells = ARENA_ARRAY(&arena, str, 2 * count);
        struct dmn_problems problems;
        str xml = table_model("hitPolicy='RULE ORDER'", random_rules(count, cells));
        const struct dmn_model *model = compile(xml, &problems);
        assert_int_equal(problems.errors, 0);
        for (int i = 0; i < 20; i++)
            compare_with_oracle(model, cells, count);
        arena_reset(&arena);
    }
}

// ---- problems ----

static bool has_problem(const struct dmn_problems *problems, const char *code)
{
    for (size_t i = 0; i < problems->list.count; i++)
        if (strcmp(problems->list.items[i].code, code) == 0)
            return true;
    return false;
}

static void every_problem_has_a_code_and_a_line(void **state)
{
    static const struct {
        const char *body, *code;
    } cases[] = {
        {"<decision id='d' name='d'><literalExpression><text>1 "
         "+</text></literalExpression></decision>",
         "syntax"},
        {"<decision id='d' "
         "name='d'><literalExpression><text>zz</text></literalExpression></decision>",
         "unknown-name"},
        {"<decision id='d' name='d'><informationRequirement><requiredInput href='#nowhere'/>"
         "</informationRequirement></decision>",
         "unknown-reference"},
        {"<decision id='d' name='d'><variable name='d' typeRef='tNone'/></decision>",
         "unknown-type"},
        {"<decision id='d' name='d'><variable name='d' "
         "typeRef='number'/><literalExpression><text>\"a\"</text>"
         "</literalExpression></decision>",
         "type"},
        {"<decision id='x' name='d'/>", "duplicate"},
        {"<decision id='d'/>", "missing"},
        {"<itemDefinition name='t'><typeRef>t</typeRef></itemDefinition>", "cycle"},
        {"<decision id='p' name='p'><informationRequirement><requiredDecision href='#q'/>"
         "</informationRequirement></decision><decision id='q' name='q'><informationRequirement>"
         "<requiredDecision href='#p'/></informationRequirement></decision>",
         "cycle"},
        {"<import name='i' namespace='none' "
         "importType='https://www.omg.org/spec/DMN/20230324/MODEL/'/>",
         "unknown-reference"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dmn_problems problems;
        compile(str_format(&arena, "%s%s</definitions>", head, cases[i].body), &problems);
        if (!has_problem(&problems, cases[i].code))
            fail_msg("case %zu has no problem '%s'", i, cases[i].code);
        assert_true(problems.list.items[0].line > 0);
        arena_reset(&arena);
    }
}

static void what_comes_from_the_calling_process_is_no_problem(void **state)
{
    static const struct {
        const char *attributes, *body;
        const char *code; // NULL: no problem
    } cases[] = {
        {"",
         "<decision id='d' name='d'><literalExpression><text>amount + 1</text>"
         "</literalExpression></decision>",
         NULL},
        {"exporter='Camunda Modeler'",
         "<inputData id='i' name='The amount'/><decision id='d' name='d'><informationRequirement>"
         "<requiredInput href='#i'/></informationRequirement><literalExpression><text>amount + 1"
         "</text></literalExpression></decision>",
         NULL},
        {"",
         "<inputData id='i' name='The amount'/><decision id='d' name='d'>"
         "<informationRequirement><requiredInput href='#i'/></informationRequirement>"
         "<literalExpression><text>amount + 1</text></literalExpression></decision>",
         "unknown-name"},
        {"",
         "<decision id='d' name='d'><literalExpression><text>rate(amount)</text>"
         "</literalExpression></decision>",
         "type"},
        {"",
         "<decision id='d' name='d'><decisionTable hitPolicy='FIRST'><input>"
         "<inputExpression typeRef='string'><text>amount</text></inputExpression></input>"
         "<output name='o' typeRef='string'/><rule><inputEntry><text>&gt; 5</text></inputEntry>"
         "<outputEntry><text>1</text></outputEntry></rule><rule><inputEntry><text>-</text>"
         "</inputEntry><outputEntry><text>0</text></outputEntry></rule></decisionTable>"
         "</decision>",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dmn_problems problems;
        compile(str_format(&arena,
                           "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' "
                           "id='m' name='m' namespace='urn:m' %s>%s</definitions>",
                           cases[i].attributes, cases[i].body),
                &problems);
        if (cases[i].code ? !has_problem(&problems, cases[i].code) : problems.list.count > 0)
            fail_msg("case %zu: %s", i,
                     problems.list.count ? problems.list.items[0].text.data : "nothing is said");
        arena_reset(&arena);
    }
}

static void tables_are_analysed(void **state)
{
    static const struct {
        const char *policy, *rules, *code;
        bool expected;
    } cases[] = {
        {"hitPolicy='UNIQUE'", "< 5; - -> 1\n>= 5; - -> 2", "overlap", false},
        {"hitPolicy='UNIQUE'", "< 5; - -> 1\n>= 5; - -> 2", "gap", false},
        {"hitPolicy='UNIQUE'", "<= 5; - -> 1\n>= 5; - -> 2", "overlap", true},
        {"hitPolicy='UNIQUE'", "<= 5; < 1 -> 1\n>= 5; >= 1 -> 2", "overlap", false},
        {"hitPolicy='UNIQUE'", "< 5; - -> 1\n> 5; - -> 2", "gap", true},
        {"hitPolicy='ANY'", "<= 5; - -> 1\n>= 5; - -> 1\n", "overlap", false},
        {"hitPolicy='FIRST'", "< 9; - -> 1\n< 5; - -> 2\n-; - -> 3", "unreachable-rule", true},
        {"hitPolicy='FIRST'", "< 5; - -> 1\n< 9; - -> 2\n-; - -> 3", "unreachable-rule", false},
        {"hitPolicy='FIRST'", "true; - -> 1\nfalse; - -> 2", "gap", false},
        {"hitPolicy='FIRST'", "true; - -> 1", "gap", true},
        {"hitPolicy='FIRST'", "-; - -> 7", "value-not-allowed", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dmn_problems problems;
        compile(table_model(cases[i].policy, str_trim(str_of(cases[i].rules))), &problems);
        if (has_problem(&problems, cases[i].code) != cases[i].expected)
            fail_msg("case %zu: '%s' should %sbe found", i, cases[i].code,
                     cases[i].expected ? "" : "not ");
        arena_reset(&arena);
    }
}

// ---- traces, services, limits ----

static void a_trace_says_what_matched(void **state)
{
    struct dmn_problems problems;
    struct dmn_trace trace = {0};
    (void)state;
    const struct dmn_model *model =
        compile(table_model("hitPolicy='FIRST'", STR("< 5; - -> 1\n-; - -> 2")), &problems);
    evaluate(model, "d", "{\"x\":7,\"y\":1}", &trace);
    assert_int_equal(trace.decisions.count, 1);
    const struct dmn_traced_decision *d = &trace.decisions.items[0];
    assert_true(d->is_table && d->rule_count == 1 && d->rules[0].index == 2);
    assert_true(feel_equal(d->inputs[0].value, feel_i64(7)) == 1);
    assert_true(feel_equal(d->rules[0].outputs[0].value, feel_i64(2)) == 1);
    struct strbuf json = strbuf_new(&arena);
    dmn_trace_to_json(&json, &trace);
    assert_non_null(strstr(strbuf_cstr(&json), "\"ruleIndex\":2"));
    arena_reset(&arena);
}

static void services_knowledge_and_decisions_call_each_other(void **state)
{
    struct dmn_problems problems;
    (void)state;
    str xml = str_format(
        &arena,
        "%s<businessKnowledgeModel id='k' name='fact'><encapsulatedLogic><formalParameter "
        "name='n'/>"
        "<literalExpression><text>if n &lt; 2 then 1 else n * fact(n - "
        "1)</text></literalExpression>"
        "</encapsulatedLogic></businessKnowledgeModel>"
        "<decision id='i' "
        "name='i'><literalExpression><text>100</text></literalExpression></decision>"
        "<decision id='o' name='o'><informationRequirement><requiredDecision href='#i'/>"
        "</informationRequirement><informationRequirement><requiredInput "
        "href='#x'/></informationRequirement>"
        "<literalExpression><text>i + x</text></literalExpression></decision>"
        "<decisionService id='s' name='s'><outputDecision href='#o'/><inputDecision href='#i'/>"
        "<inputData href='#x'/></decisionService>"
        "<decision id='d' name='d'><knowledgeRequirement><requiredKnowledge "
        "href='#s'/></knowledgeRequirement>"
        "<knowledgeRequirement><requiredKnowledge href='#k'/></knowledgeRequirement>"
        "<literalExpression><text>[s(1, 2), s(i: 5, x: 6), "
        "fact(5)]</text></literalExpression></decision>"
        "</definitions>",
        head);
    const struct dmn_model *model = compile(xml, &problems);
    assert_int_equal(problems.list.count, 0);
    assert_true(str_equal(evaluate(model, "d", "{}", NULL), STR("[3,11,120]")));
    assert_true(str_equal(evaluate(model, "s", "{\"x\":1,\"i\":4}", NULL), STR("5")));
    assert_true(str_equal(evaluate(model, "o", "{\"x\":1}", NULL), STR("101")));
    assert_true(str_equal(evaluate(model, "fact", "{\"n\":6}", NULL), STR("720")));
    arena_reset(&arena);
}

static void a_column_whose_type_is_only_a_word_compares_and_gives_what_there_is(void **state)
{
    struct dmn_problems problems;
    (void)state;
    str xml = str_format(
        &arena,
        "%s<itemDefinition name='tSize'><typeRef>string</typeRef></itemDefinition>"
        "<decision id='w' name='w'><informationRequirement><requiredInput href='#x'/>"
        "</informationRequirement><decisionTable hitPolicy='FIRST'><input><inputExpression "
        "typeRef='string'><text>x</text></inputExpression></input><output typeRef='string'/>"
        "<rule><inputEntry><text>&gt; 5</text></inputEntry><outputEntry><text>x + 1</text>"
        "</outputEntry></rule></decisionTable></decision>"
        "<decision id='d' name='d'><informationRequirement><requiredInput href='#x'/>"
        "</informationRequirement><decisionTable hitPolicy='FIRST'><input><inputExpression "
        "typeRef='tSize'><text>x</text></inputExpression></input><output typeRef='string'/>"
        "<rule><inputEntry><text>null</text></inputEntry><outputEntry><text>\"none\"</text>"
        "</outputEntry></rule></decisionTable></decision></definitions>",
        head);
    const struct dmn_model *model = compile(xml, &problems);
    assert_int_equal(problems.errors, 0);
    assert_true(str_equal(evaluate(model, "w", "{\"x\":7}", NULL), STR("8")));
    assert_true(str_equal(evaluate(model, "d", "{\"x\":7}", NULL), STR("\"none\"")));
    arena_reset(&arena);
}

// What Camunda Modeler writes of a variable's type changes no value in Camunda's engine.
static void a_model_of_camunda_modeler_gives_what_it_gives_in_camunda(void **state)
{
    struct dmn_problems problems;
    struct feel_warnings warnings = {0};
    (void)state;
    str xml = STR(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='m' name='m' "
        "namespace='http://camunda.org/schema/1.0/dmn'><inputData id='i' name='The amount'/>"
        "<decision id='r-1' name='Rate'><variable name='rate' typeRef='string'/>"
        "<informationRequirement><requiredInput href='#i'/></informationRequirement>"
        "<literalExpression><text>amount * 2</text></literalExpression></decision>"
        "<decision id='d' name='d'><informationRequirement><requiredDecision href='#r-1'/>"
        "</informationRequirement><literalExpression><text>rate + r-1</text></literalExpression>"
        "</decision></definitions>");
    const struct dmn_model *model = compile(xml, &problems);
    assert_int_equal(problems.list.count, 0);
    assert_true(str_equal(evaluate(model, "d", "{\"amount\":3}", NULL), STR("12")));
    feel_value amount = feel_i64(3);
    struct feel_entry entry = {STR("amount"), amount};
    feel_value variables = feel_context_new(&arena, &entry, 1);
    struct feel_run run = feel_run_new(&arena, &variables);
    run.warnings = &warnings;
    (void)dmn_evaluate(dmn_find(model, STR("d")), &run, NULL);
    assert_int_equal(warnings.count, 0);
    arena_reset(&arena);
}

// As Camunda's models are: no input data, decisions named by their id.
static void names_that_no_element_has_are_variables_of_the_caller(void **state)
{
    struct dmn_problems problems;
    (void)state;
    str xml = str_format(
        &arena,
        "%s<decision id='first-id' name='First decision'><literalExpression><text>amount * 2"
        "</text></literalExpression></decision><decision id='d' name='d'>"
        "<informationRequirement><requiredDecision href='#first-id'/></informationRequirement>"
        "<literalExpression><text>[first-id, First decision, amount, x]</text>"
        "</literalExpression></decision></definitions>",
        head);
    const struct dmn_model *model = compile(xml, &problems);
    assert_int_equal(problems.errors, 0);
    str found = evaluate(model, "d", "{\"amount\":4,\"x\":1}", NULL);
    assert_true(str_equal(found, STR("[8,8,4,null]"))); // x is input data that d does not require
    arena_reset(&arena);
}

static void endless_recursion_ends_with_an_error_that_names_the_limit(void **state)
{
    struct dmn_problems problems;
    struct error err = {0};
    (void)state;
    str xml =
        str_format(&arena,
                   "%s<businessKnowledgeModel id='k' name='f'><encapsulatedLogic><formalParameter "
                   "name='n'/><literalExpression><text>f(n + 1)</text></literalExpression>"
                   "</encapsulatedLogic></businessKnowledgeModel></definitions>",
                   head);
    const struct dmn_model *model = compile(xml, &problems);
    struct feel_entry entry = {STR("n"), feel_i64(1)};
    feel_value inputs = feel_context_new(&arena, &entry, 1);
    struct feel_run run = feel_run_new(&arena, &inputs);
    assert_true(feel_is_null(dmn_evaluate(dmn_find(model, STR("f")), &run, NULL)));
    assert_false(feel_run_finished(&run, &err));
    assert_non_null(strstr(err.text, "2500 levels"));
    arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hit_policies_choose_as_the_standard_says),
        cmocka_unit_test(an_index_lets_through_what_the_rules_let_through),
        cmocka_unit_test(every_problem_has_a_code_and_a_line),
        cmocka_unit_test(what_comes_from_the_calling_process_is_no_problem),
        cmocka_unit_test(tables_are_analysed),
        cmocka_unit_test(a_trace_says_what_matched),
        cmocka_unit_test(services_knowledge_and_decisions_call_each_other),
        cmocka_unit_test(a_column_whose_type_is_only_a_word_compares_and_gives_what_there_is),
        cmocka_unit_test(a_model_of_camunda_modeler_gives_what_it_gives_in_camunda),
        cmocka_unit_test(names_that_no_element_has_are_variables_of_the_caller),
        cmocka_unit_test(endless_recursion_ends_with_an_error_that_names_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
