// SPDX-License-Identifier: Apache-2.0
//
// `baton feel eval` and `baton feel repl`.
#include "feel/feel.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "cli/command.h"
#include "cli/feel_run.h"
#include "cli/files.h"
#include "cli/options.h"

struct feel_run cli_feel_run(struct arena *arena, const feel_value *variables)
{
    struct feel_run run = feel_run_new(arena, variables);
    run.now_ms = clock_now_ms();
    random_bytes(&run.random_seed, sizeof run.random_seed);
    return run;
}

const struct zone_db *cli_zones(struct arena *arena)
{
    const struct zone_db *zones;
    struct error err;
    return zone_db_load(arena, ZONE_DIRECTORY, &zones, &err) ? zones : NULL;
}

struct evaluation {
    struct arena *arena;
    const struct zone_db *zones;
    feel_value variables;
    str unary; // the input of unary tests; data NULL: an expression
    bool as_json;
};

static void print_warnings(const struct feel_warnings *warnings)
{
    size_t count = warnings->count > FEEL_WARNINGS_MAX ? FEEL_WARNINGS_MAX : warnings->count;
    for (size_t i = 0; i < count; i++) {
        const struct feel_warning *w = &warnings->items[i];
        fprintf(stderr, "warning: ");
        if (w->line)
            fprintf(stderr, "line %u, column %u: ", w->line, w->column);
        fprintf(stderr, "%.*s\n", STR_ARG(w->text));
    }
}

// Null for what is too large, or nested too deep, to be JSON.
static void print_result(struct evaluation *e, feel_value value)
{
    struct strbuf out = strbuf_new(e->arena);
    if (!e->as_json)
        feel_print(&out, value);
    else if (!feel_to_json(&out, value))
        fprintf(stderr, "warning: the result is too large, or nested too deep, to be JSON\n");
    printf("%.*s\n", STR_ARG(strbuf_str(&out)));
}

static bool compile(struct evaluation *e, str source, const struct feel_program **ret_program,
                    struct error *err)
{
    struct feel_compile_options options = feel_options_for(e->arena, e->variables);
    options.zones = e->zones;
    if (e->unary.data)
        return feel_compile_unary_tests(e->arena, source, &options, ret_program, err);
    return feel_compile(e->arena, source, &options, ret_program, err);
}

static bool read_input(struct evaluation *e, feel_value *ret_input, struct error *err)
{
    const struct feel_program *program;
    if (!feel_compile(e->arena, e->unary, NULL, &program, err))
        return false;
    struct feel_run run = cli_feel_run(e->arena, &e->variables);
    run.zones = e->zones;
    *ret_input = feel_evaluate(program, &run);
    return true;
}

static int evaluate(struct evaluation *e, str source)
{
    const struct feel_program *program;
    struct error err;
    feel_value input = feel_null();
    struct feel_warnings warnings = {0};
    if (!compile(e, source, &program, &err) || (e->unary.data && !read_input(e, &input, &err)))
        return cli_complain(&err);
    struct feel_run run = cli_feel_run(e->arena, &e->variables);
    run.zones = e->zones;
    run.warnings = &warnings;
    feel_value value =
        e->unary.data ? feel_evaluate_tests(program, &run, input) : feel_evaluate(program, &run);
    print_warnings(&warnings);
    if (!feel_run_finished(&run, &err)) {
        cli_complain(&err);
        return EXIT_FAILED;
    }
    print_result(e, value);
    return EXIT_OK;
}

static bool is_json(str output)
{
    return str_equal(output, STR("json"));
}

static bool read_context(struct evaluation *e, str context, struct error *err)
{
    str text;
    return cli_read_value(e->arena, context, &text, err) &&
           feel_from_json_text(e->arena, text, &e->variables, err);
}

// Each line of standard input is a context; the expression is evaluated against each.
static int evaluate_lines(struct evaluation *e, str source)
{
    str rest, line;
    struct error err;
    int code = EXIT_OK;
    if (!cli_read_file(e->arena, "-", &rest, &err))
        return cli_complain(&err);
    while (str_split(&rest, '\n', &line)) {
        if (str_trim(line).len == 0)
            continue;
        int result = feel_from_json_text(e->arena, line, &e->variables, &err) ? evaluate(e, source)
                                                                              : cli_complain(&err);
        code = result ? result : code;
    }
    return code;
}

int command_feel_eval(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    str context = STR("{}"), unary = {0}, output = STR("feel");
    bool lines = false;
    const struct cli_option options[] = {
        {"context", "JSON", "the variables; @FILE reads a file", &context, NULL},
        {"unary", "INPUT", "EXPRESSION is unary tests over this input", &unary, NULL},
        {"lines", NULL, "evaluate against each JSON line of standard input", NULL, &lines},
        {"output", "feel|json", "how to print the result", &output, NULL},
    };
    const struct cli_usage usage = {
        "baton feel eval EXPRESSION [options]",
        "Evaluates a FEEL expression and prints its value.",
        "baton feel eval 'sum(prices) * 1.19' --context '{\"prices\": [1.20, 3]}'",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    struct evaluation e = {&arena, cli_zones(&arena), feel_null(), unary, is_json(output)};
    str source = str_of(arguments.items[0]);
    if (!read_context(&e, context, &err))
        code = cli_complain(&err);
    else
        code = lines ? evaluate_lines(&e, source) : evaluate(&e, source);
    arena_done(&arena);
    return code;
}

// ---- the loop ----

// `name = expression` keeps a value for the following lines.
static bool assign(struct evaluation *e, str line)
{
    size_t colon = str_find(line, STR(":="));
    const struct feel_program *program;
    struct error err;
    if (colon == SIZE_MAX)
        return false;
    str name = str_copy(e->arena, str_trim(str_sub(line, 0, colon)));
    if (!compile(e, str_from_index(line, colon + 2), &program, &err)) {
        cli_complain(&err);
        return true;
    }
    struct feel_run run = cli_feel_run(e->arena, &e->variables);
    run.zones = e->zones;
    feel_value value = feel_evaluate(program, &run);
    e->variables = feel_context_put(e->arena, e->variables, name, value);
    print_result(e, value);
    return true;
}

int command_feel_repl(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    str context = STR("{}");
    const struct cli_option options[] = {
        {"context", "JSON", "the variables; @FILE reads a file", &context, NULL}};
    const struct cli_usage usage = {"baton feel repl [options]",
                                    "Reads FEEL from standard input and prints each line's value. "
                                    "`name := expression` keeps one.",
                                    "echo 'x := 6\nx * 7' | baton feel repl",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    struct evaluation e = {&arena, cli_zones(&arena), feel_null(), {0}, false};
    if (!read_context(&e, context, &err))
        return cli_complain(&err);
    bool prompts = isatty(STDIN_FILENO);
    char *line = NULL;
    size_t capacity = 0;
    while (prompts ? fputs("feel> ", stdout), fflush(stdout), true : true) {
        ssize_t len = getline(&line, &capacity, stdin);
        if (len < 0)
            break;
        str text = str_copy(&arena, str_trim(str_from(line, (size_t)len)));
        if (text.len > 0 && !assign(&e, text))
            evaluate(&e, text);
        fflush(stdout);
    }
    free(line);
    arena_done(&arena);
    return EXIT_OK;
}
