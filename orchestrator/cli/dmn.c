// SPDX-License-Identifier: Apache-2.0
//
// `baton dmn eval` and `baton dmn check`.
#include "dmn/dmn.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/dmn_load.h"
#include "cli/feel_run.h"
#include "cli/files.h"
#include "cli/options.h"

struct evaluation {
    struct arena *arena;
    const struct zone_db *zones;
    const struct dmn_decision *decision;
    bool explain;
};

static void print_warnings(const struct feel_warnings *warnings)
{
    size_t count = warnings->count > FEEL_WARNINGS_MAX ? FEEL_WARNINGS_MAX : warnings->count;
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "warning: %.*s\n", STR_ARG(warnings->items[i].text));
}

static void print_traced(struct arena *arena, const char *what,
                         const struct dmn_traced_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct strbuf text = strbuf_new(arena);
        feel_print(&text, values[i].value);
        printf("    %s %.*s = %.*s\n", what, STR_ARG(values[i].name), STR_ARG(strbuf_str(&text)));
    }
}

static void explain(struct arena *arena, const struct dmn_trace *trace)
{
    for (size_t i = 0; i < trace->decisions.count; i++) {
        const struct dmn_traced_decision *d = &trace->decisions.items[i];
        struct strbuf text = strbuf_new(arena);
        feel_print(&text, d->result);
        str name = dmn_decision_name(d->decision);
        printf("%.*s = %.*s\n", STR_ARG(name), STR_ARG(strbuf_str(&text)));
        print_traced(arena, "in ", d->inputs, d->input_count);
        for (size_t r = 0; r < d->rule_count; r++) {
            printf("    rule %zu (%.*s) matched, hit policy %.*s\n", d->rules[r].index,
                   STR_ARG(d->rules[r].id), STR_ARG(d->hit_policy));
            print_traced(arena, "  out", d->rules[r].outputs, d->rules[r].output_count);
        }
    }
    printf("\n");
}

static int evaluate(struct evaluation *e, str input)
{
    feel_value variables;
    struct error err;
    struct feel_warnings warnings = {0};
    struct dmn_trace trace = {0};
    if (!feel_from_json_text(e->arena, input, &variables, &err))
        return cli_complain(&err);
    struct feel_run run = cli_feel_run(e->arena, &variables);
    run.zones = e->zones;
    run.warnings = &warnings;
    feel_value result = dmn_evaluate(e->decision, &run, e->explain ? &trace : NULL);
    print_warnings(&warnings);
    if (!feel_run_finished(&run, &err)) {
        cli_complain(&err);
        return EXIT_FAILED;
    }
    if (e->explain)
        explain(e->arena, &trace);
    struct strbuf out = strbuf_new(e->arena);
    if (!feel_to_json(&out, result)) {
        fprintf(stderr, "baton: the result is too large, or nested too deep, to be JSON\n");
        return EXIT_FAILED;
    }
    printf("%.*s\n", STR_ARG(strbuf_str(&out)));
    return EXIT_OK;
}

static int evaluate_lines(struct evaluation *e)
{
    str rest, line;
    struct error err;
    int code = EXIT_OK;
    if (!cli_read_file(e->arena, "-", &rest, &err))
        return cli_complain(&err);
    while (str_split(&rest, '\n', &line)) {
        if (str_trim(line).len == 0)
            continue;
        struct arena_mark mark = arena_mark(e->arena);
        int result = evaluate(e, line);
        code = result ? result : code;
        arena_rewind(e->arena, mark);
    }
    return code;
}

static const struct dmn_decision *choose(const struct dmn_model *model, str name, struct error *err)
{
    const struct dmn_decision *decision = NULL;
    if (name.len)
        decision = dmn_find(model, name);
    else if (dmn_decision_count(model) == 1)
        decision = dmn_decision_at(model, 0);
    if (!decision) {
        char names[300] = "";
        size_t used = 0;
        for (size_t i = 0; i < dmn_decision_count(model) && used < sizeof names - 64; i++) {
            str other = dmn_decision_name(dmn_decision_at(model, i));
            used += (size_t)snprintf(names + used, sizeof names - used, "%s'%.40s'", i ? ", " : "",
                                     other.data);
        }
        error_set(err, ERROR_NOT_FOUND, "--decision", "'%.*s' is not in the model, which has %s",
                  STR_ARG(name), names);
    }
    return decision;
}

static int run_eval(struct evaluation *e, const char *path, str decision, str input)
{
    struct dmn_problems problems = {.arena = e->arena};
    struct error err;
    str text;
    const struct dmn_model *model = cli_load_model(e->arena, path, e->zones, &problems, &err);
    if (!model || !(e->decision = choose(model, decision, &err)))
        return cli_complain(&err);
    if (input.data && str_equal(input, STR("-")))
        return evaluate_lines(e);
    if (!cli_read_value(e->arena, input.data ? input : STR("{}"), &text, &err))
        return cli_complain(&err);
    return evaluate(e, text);
}

int command_dmn_eval(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    str decision = STR_EMPTY, input = {0};
    struct evaluation e = {.arena = &arena};
    const struct cli_option options[] = {
        {"decision", "NAME", "name or id of a decision, service or knowledge model", &decision,
         NULL},
        {"input", "JSON", "the input data; @FILE reads a file, - each line of standard input",
         &input, NULL},
        {"explain", NULL, "print which rules matched, and every input and output", NULL,
         &e.explain},
    };
    const struct cli_usage usage = {
        "baton dmn eval MODEL --decision NAME --input JSON [options]",
        "Evaluates a decision and prints its result as JSON.",
        "baton dmn eval loan.dmn --decision Approval --input '{\"Age\": 42}' --explain",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    e.zones = cli_zones(&arena);
    code = run_eval(&e, arguments.items[0], decision, input);
    arena_done(&arena);
    return code;
}

int command_dmn_check(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    const struct cli_usage usage = {"baton dmn check MODEL...",
                                    "Names every problem of the models. Exits 1 when one is an "
                                    "error, 2 when a file is unreadable.",
                                    "baton dmn check loan.dmn",
                                    NULL,
                                    0,
                                    1,
                                    10000};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    code = EXIT_OK;
    const struct zone_db *zones = cli_zones(&arena);
    for (size_t i = 0; i < arguments.count; i++) {
        struct dmn_problems problems = {.arena = &arena};
        struct error err;
        const struct dmn_model *model =
            cli_load_model(&arena, arguments.items[i], zones, &problems, &err);
        cli_print_problems(&problems);
        if (!model)
            code = problems.list.count ? EXIT_USAGE : cli_complain(&err);
        else if (problems.errors && code == EXIT_OK)
            code = EXIT_FAILED;
        if (problems.list.count == 0 && model)
            printf("%s: no problem found\n", arguments.items[i]);
    }
    arena_done(&arena);
    return code;
}
