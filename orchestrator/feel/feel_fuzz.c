// SPDX-License-Identifier: Apache-2.0
// Any bytes as an expression and as unary tests: compiled, and evaluated within small limits. What
// compiles and prints as a literal must evaluate again to something that prints the same.
#include "feel/feel.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct feel_run small_run(struct arena *arena, feel_value *variables)
{
    struct feel_run run = feel_run_new(arena, variables);
    run.fuel = run.limits.fuel = 20000;
    run.limits.bytes = 4 << 20;
    run.limits.list_items = 10000;
    run.limits.string_bytes = 1 << 16;
    run.limits.regex_steps = 10000;
    return run;
}

// What was said of the program before it ran must hold for its value.
static void check_type(struct arena *arena, const struct feel_program *program, bool tests,
                       feel_value value)
{
    struct feel_inference inference = {.arena = arena};
    struct feel_run run = feel_run_new(arena, NULL);
    inference.input = tests ? feel_type_named(STR("number")) : NULL;
    const struct feel_type *type = feel_infer(program, &inference);
    check(feel_conforms(&run, value, type) || run.stopped);
}

static void evaluate(struct arena *arena, str source, bool tests)
{
    static const str variables_text = {"{\"a\": 1, \"b c\": [1, {\"d-e\": \"x\"}]}", 34};
    const struct feel_program *program;
    struct error err;
    struct feel_warnings warnings = {0};
    feel_value variables;
    bool read = feel_from_json_text(arena, variables_text, &variables, &err);
    check(read);
    struct feel_compile_options options = feel_options_for(arena, variables);
    bool compiled = tests ? feel_compile_unary_tests(arena, source, &options, &program, &err)
                          : feel_compile(arena, source, &options, &program, &err);
    if (!compiled) {
        check(err.text[0] != 0);
        return;
    }
    struct feel_run run = small_run(arena, &variables);
    run.warnings = &warnings;
    feel_value value =
        tests ? feel_evaluate_tests(program, &run, feel_i64(5)) : feel_evaluate(program, &run);
    check_type(arena, program, tests, value);
    struct strbuf text = strbuf_new(arena);
    feel_print(&text, value);
    if (!feel_to_json(&text, value))
        check(str_ends_with(strbuf_str(&text), STR("null")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    str source = str_from(data, size > 4096 ? 4096 : size);
    evaluate(&arena, source, false);
    evaluate(&arena, source, true);
    arena_done(&arena);
    return 0;
}
