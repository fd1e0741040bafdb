// SPDX-License-Identifier: Apache-2.0
//
// What is said of expressions before they run: the type of each, and what is found.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "feel/feel.h"

static struct arena arena;

static const struct feel_type_member loan_members[] = {
    {{"amount", 6}, NULL}, {{"term", 4}, NULL}, {{"borrower", 8}, NULL}};

// n: number, s: string, d: date, loan: {amount: number, term: …, borrower: string}, loans: a list
// of them.
static const struct feel_type *variable(void *context, str name)
{
    (void)context;
    static struct feel_type_member members[3];
    static struct feel_type loan = {.kind = FEEL_TYPE_CONTEXT, .name = {"tLoan", 5}};
    static struct feel_type loans = {.kind = FEEL_TYPE_LIST, .element = &loan};
    for (size_t i = 0; i < 3; i++)
        members[i] = loan_members[i];
    members[0].type = feel_type_named(STR("number"));
    members[1].type = feel_type_named(STR("years and months duration"));
    members[2].type = feel_type_named(STR("string"));
    loan.members = members;
    loan.member_count = 3;
    return str_equal(name, STR("n"))       ? members[0].type
           : str_equal(name, STR("s"))     ? members[2].type
           : str_equal(name, STR("d"))     ? feel_type_named(STR("date"))
           : str_equal(name, STR("loan"))  ? &loan
           : str_equal(name, STR("loans")) ? &loans
                                           : NULL;
}

struct expectation {
    const char *expression, *type, *finding; // NULL: none
};

static void expect(const struct expectation *e, bool is_tests)
{
    static struct feel_inference inference;
    const struct feel_program *program;
    struct error err;
    bool compiled =
        is_tests ? feel_compile_unary_tests(&arena, str_of(e->expression), NULL, &program, &err)
                 : feel_compile(&arena, str_of(e->expression), NULL, &program, &err);
    if (!compiled)
        fail_msg("%s: %s", e->expression, err.text);
    inference = (struct feel_inference){.arena = &arena, .variable = variable};
    inference.input = is_tests ? feel_type_named(STR("number")) : NULL;
    struct strbuf type = strbuf_new(&arena);
    feel_type_print(&type, feel_infer(program, &inference));
    str found = inference.count ? inference.findings[0].text : STR_EMPTY;
    if (!str_equal(found, e->finding ? str_of(e->finding) : STR_EMPTY))
        fail_msg("%s: found '%.*s'", e->expression, STR_ARG(found));
    if (e->type && !str_equal(strbuf_str(&type), str_of(e->type)))
        fail_msg("%s: is %s", e->expression, strbuf_cstr(&type));
}

static void types_follow_from_operators_forms_and_functions(void **state)
{
    (void)state;
    static const struct expectation cases[] = {
        {"1 + n", "number", NULL},
        {"s + \"x\"", "string", NULL},
        {"n + unknown", "Any", NULL},
        {"d + duration(s)", "Any", NULL},
        {"d + @\"P1M\"", "date", NULL},
        {"d - d", "days and time duration", NULL},
        {"@\"PT1H\" / @\"PT1M\"", "number", NULL},
        {"@\"PT1H\" * 2", "days and time duration", NULL},
        {"-n", "number", NULL},
        {"n > 1 and s = \"x\"", "boolean", NULL},
        {"n between 1 and 2", "boolean", NULL},
        {"n in [1..2]", "boolean", NULL},
        {"if n > 1 then 1 else null", "number", NULL},
        {"if n > 1 then 1 else \"x\"", "Any", NULL},
        {"[1, 2]", "list<number>", NULL},
        {"[1, \"x\"]", "list", NULL},
        {"[1..n]", "range<number>", NULL},
        {"loan.amount", "number", NULL},
        {"loans.amount", "list<number>", NULL},
        {"loans[amount > 1]", "list<tLoan>", NULL},
        {"loans[amount > 1].borrower", "list<string>", NULL},
        {"loans[1].borrower", "string", NULL},
        {"loans[n].borrower", "string", NULL},
        {"loans[unknown]", "Any", NULL},
        {"for l in loans return l.amount * 2", "list<number>", NULL},
        {"for i in 1..n return i", "list<number>", NULL},
        {"some l in loans satisfies l.amount > 1", "boolean", NULL},
        {"{a: 1, b: a + 1}.b", "number", NULL},
        {"(function(x: number) x + 1)(n)", "number", NULL},
        {"{f: function(x) if x > 1 then f(x - 1) else x, r: f(3)}.r", "Any", NULL},
        {"sum(loans.amount)", "number", NULL},
        {"max(1, n, 3)", "number", NULL},
        {"upper case(s)", "string", NULL},
        {"split(s, \",\")", "list<string>", NULL},
        {"d.year", "number", NULL},
        {"reverse(loans)", "list<tLoan>", NULL},
        {"date(s)", "date", NULL},
        {"substring([\"one\"], 1)", "string", NULL}, // a list of one is its item
        {"n = null", "boolean", NULL},
        {"unknown.entry.of.it", "Any", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(&cases[i], false);
}

static void what_can_only_be_null_is_found(void **state)
{
    (void)state;
    static const struct expectation cases[] = {
        {"n + s", NULL, "number and string cannot be added"},
        {"s - s", NULL, "string cannot be reduced by string"},
        {"d + d", NULL, "date and date cannot be added"},
        {"s * 2", NULL, "string cannot be multiplied by number"},
        {"-s", NULL, "string has no negative"},
        {"n = s", NULL, "number and string are never equal"},
        {"n < s", NULL, "number and string have no order"},
        {"true < false", NULL, "boolean and boolean have no order"},
        {"s between 1 and 2", NULL, "string and number have no order"},
        {"n and true", NULL, "an operand is number, not boolean"},
        {"if n then 1 else 2", NULL, "the condition is number, not boolean"},
        {"loans[borrower]", NULL, "the filter is string, not boolean"},
        {"every l in loans satisfies l.amount", NULL,
         "what is to be satisfied is number, not boolean"},
        {"loan.amout", NULL, "tLoan has no entry 'amout'"},
        {"loans.amout", NULL, "tLoan has no entry 'amout'"},
        {"n.amount", NULL, "number has no entry 'amount'"},
        {"d.hour", NULL, "date has no entry 'hour'"},
        {"{a: 1}.b", NULL, "context has no entry 'b'"},
        {"n(1)", NULL, "number is not a function"},
        {"(function(x: number) x)(s)", NULL, "the parameter 'x' takes number, not string"},
        {"(function(x) x)(1, 2)", NULL, "the function takes 1 arguments, not 2"},
        {"(function(x) x)(y: 1)", NULL, "the function has no parameter 'y'"},
        {"upper case(n)", NULL, "upper case does not take (number)"},
        {"substring(s)", NULL, "substring does not take (string)"},
        {"sqrt(s)", NULL, "sqrt does not take (string)"},
        {"contains(string: s, match: n)", NULL, "contains does not take (string, number)"},
        {"[1..s]", NULL, "number and string have no order"},
        {"n in (\"a\", \"b\")", NULL, "number never passes a test with string"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(&cases[i], false);
}

static void tests_are_of_the_inputs_type(void **state)
{
    (void)state;
    static const struct expectation cases[] = {
        {"< 5, [7..9]", NULL, NULL},
        {"-", NULL, NULL},
        {"not(1, 2)", NULL, NULL},
        {"null", NULL, NULL},
        {"? > 5", NULL, NULL},
        {"unknown", NULL, NULL},
        {"odd(?)", NULL, NULL},
        {"\"high\"", NULL, "number never passes a test with string"},
        {"< \"high\"", NULL, "number never passes a test with string"},
        {"[date(\"2024-01-01\")..date(\"2024-02-01\")]", NULL,
         "number never passes a test with date"},
        {"contains(?, \"x\")", NULL, "contains does not take (number, string)"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(&cases[i], true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_follow_from_operators_forms_and_functions),
        cmocka_unit_test(what_can_only_be_null_is_found),
        cmocka_unit_test(tests_are_of_the_inputs_type),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
