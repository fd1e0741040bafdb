// SPDX-License-Identifier: Apache-2.0
//
// `baton simulate`: runs models offline with virtual time.
#include "sim/sim.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/feel_run.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/simulate_lines.h"

enum { EXIT_WAITING = 3, EXIT_INCIDENT = 4, EXIT_TERMINATED = 5 };

struct simulation {
    struct arena arena;
    str process;
    str variables;
    str script;
    str trace;
    str until;
    str batch;
    bool manual;
};

static void print_row(void *context, const struct sim_event *event)
{
    struct arena *arena = context;
    struct arena_mark mark = arena_mark(arena);
    printf("%5llu  %-20.*s  %-24s %-24.*s %.*s\n", (unsigned long long)event->seq,
           STR_ARG(simulate_time(arena, event->time_ms)), event->event, STR_ARG(event->element),
           STR_ARG(event->type));
    arena_rewind(arena, mark);
}

static void print_end(const struct sim_result *result)
{
    printf("\n%s\n", sim_state_name(result->state));
    for (size_t i = 0; i < result->waiting_count; i++)
        printf("  %.*s waits for %.*s\n", STR_ARG(result->waiting[i].element),
               STR_ARG(result->waiting[i].reason));
    for (size_t i = 0; i < result->incident_count; i++)
        printf("  incident %.*s\n", STR_ARG(result->incidents[i]));
    for (size_t i = 0; i < result->warning_count; i++)
        printf("  warning %.*s\n", STR_ARG(result->warnings[i]));
    printf("  variables %.*s\n", STR_ARG(result->variables));
}

static int exit_code(enum sim_state state)
{
    static const int codes[] = {EXIT_OK, EXIT_WAITING, EXIT_INCIDENT, EXIT_TERMINATED};
    return codes[state];
}

static bool add_models(struct simulation *s, struct sim *sim, const struct cli_arguments *files,
                       struct error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        str text;
        if (!cli_read_file(&s->arena, files->items[i], &text, err) ||
            !sim_add(sim, files->items[i], text, err))
            return false;
    }
    return true;
}

static int simulate(struct simulation *s, const struct cli_arguments *files)
{
    bool json = str_equal(s->trace, STR("jsonl"));
    struct arena lines = ARENA_EMPTY;
    struct feel_duration until = {0};
    struct error err;
    str script = STR_EMPTY;
    if (!str_is_empty(s->until) && !feel_duration_parse(s->until, &until)) {
        error_set(&err, ERROR_INVALID, "--until", "expected a duration such as P30D, found '%.*s'",
                  STR_ARG(s->until));
        return cli_complain(&err);
    }
    int64_t until_ms = 0;
    if (!feel_instant_add(0, until, NULL, &until_ms))
        until_ms = 0;
    if (!str_is_empty(s->script) &&
        !cli_read_file(&s->arena, str_cstr(&s->arena, s->script), &script, &err))
        return cli_complain(&err);
    struct sim_options options = {.manual = s->manual,
                                  .until_ms = until_ms,
                                  .zones = cli_zones(&s->arena),
                                  .observer = json ? simulate_print_event : print_row,
                                  .observer_context = &lines};
    struct sim *sim = sim_new(&options);
    struct sim_result result;
    int code = EXIT_OK;
    if (!add_models(s, sim, files, &err)) {
        code = cli_complain(&err);
    } else {
        bool ok = sim_run(sim, s->process, s->variables, script, &err);
        sim_result(sim, &result);
        if (json)
            simulate_print_end(&s->arena, &result, NULL);
        else
            print_end(&result);
        code = exit_code(result.state);
        if (!ok) {
            cli_complain(&err);
            code = EXIT_FAILED;
        }
    }
    sim_free(sim);
    arena_done(&lines);
    return code;
}

static int no_models(void)
{
    struct error err;
    error_set(&err, ERROR_INVALID, "simulate", "expected models, or --batch FILE");
    return cli_complain(&err);
}

int command_simulate(int argc, char **argv)
{
    struct simulation s = {.process = STR_EMPTY,
                           .variables = STR_EMPTY,
                           .script = STR_EMPTY,
                           .trace = STR_EMPTY,
                           .until = STR_EMPTY,
                           .batch = STR_EMPTY};
    const struct cli_option options[] = {
        {"process", "ID", "the process to start; else the first that can start by itself",
         .text = &s.process},
        {"variables", "JSON", "its variables, or @FILE", .text = &s.variables},
        {"script", "FILE", "what happens, as JSON lines", .text = &s.script},
        {"trace", "FORMAT", "jsonl: each event as a line of JSON; else a table", .text = &s.trace},
        {"until", "DURATION", "how far time may jump without a script; a year", .text = &s.until},
        {"batch", "FILE", "many runs, a line of JSON each, instead of models; - is standard input",
         .text = &s.batch},
        {"manual", NULL, "walk a model that has no data yet", .flag = &s.manual},
    };
    const struct cli_usage usage = {
        .synopsis = "baton simulate MODEL... [options] | --batch FILE",
        .summary = "Deploys the models together and runs them offline with virtual time. Exit "
                   "codes: 0 completed, 3 waiting, "
                   "4 incident, 5 terminated.",
        .example = "baton simulate order.bpmn --variables '{\"total\": 120}' --trace jsonl",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 0,
        .arguments_max = 1000,
    };
    struct cli_arguments files;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &files, &code))
        return code;
    if (!str_is_empty(s.batch))
        code = simulate_batch(str_cstr(&s.arena, s.batch));
    else if (files.count == 0)
        code = no_models();
    else if (!cli_read_value(&s.arena, s.variables, &s.variables, &err))
        code = cli_complain(&err);
    else
        code = simulate(&s, &files);
    arena_done(&s.arena);
    return code;
}
