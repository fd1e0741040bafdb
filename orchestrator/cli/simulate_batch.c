// SPDX-License-Identifier: Apache-2.0
//
// `baton simulate --batch`: many runs in one process, each a line of JSON, answered by the lines of
// its trace, the last of which is its END. Answers are flushed run by run, so that a program can
// ask through a pipe and decide what to ask next. A model that is refused is an answer as well.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/feel_run.h"
#include "cli/files.h"
#include "cli/simulate_lines.h"

struct batch {
    struct arena arena; // of one run
    struct arena scratch;
    struct arena kept; // of all
    const struct zone_db *zones;
};

// The steps as the lines that a script has.
static str script_of(struct batch *batch, const struct json *run)
{
    const struct json *script = json_get(run, STR("script"));
    struct strbuf out = strbuf_new(&batch->arena);
    for (size_t i = 0; json_is(script, JSON_ARRAY) && i < script->count; i++) {
        struct json_writer w = json_writer_new(&out);
        json_value(&w, &script->items[i]);
        strbuf_add(&out, STR("\n"));
    }
    return strbuf_str(&out);
}

static str variables_of(struct batch *batch, const struct json *run)
{
    const struct json *variables = json_get(run, STR("variables"));
    struct strbuf out = strbuf_new(&batch->arena);
    struct json_writer w = json_writer_new(&out);
    if (variables == NULL)
        return STR_EMPTY;
    json_value(&w, variables);
    return strbuf_str(&out);
}

static bool add_models(struct batch *batch, struct sim *sim, const struct json *run,
                       struct error *err)
{
    const struct json *models = json_get(run, STR("models"));
    for (size_t i = 0; json_is(models, JSON_ARRAY) && i < models->count; i++) {
        const struct json *model = &models->items[i];
        str text = model->text;
        if (!json_is(model, JSON_STRING))
            return error_set(err, ERROR_INVALID, "models", "item %zu is no text of a model", i + 1);
        bool decisions = str_find(text, STR("/DMN/")) < text.len;
        str file = str_format(&batch->arena, "model-%zu.%s", i + 1, decisions ? "dmn" : "bpmn");
        if (!sim_add(sim, str_cstr(&batch->arena, file), text, err))
            return false;
    }
    return true;
}

// What gateways take changes on the way, so that commands cannot be done again without it.
static bool overrides_gateways(const struct json *run)
{
    const struct json *script = json_get(run, STR("script"));
    for (size_t i = 0; json_is(script, JSON_ARRAY) && i < script->count; i++)
        if (json_get(&script->items[i], STR("take")) != NULL)
            return true;
    return false;
}

static void run_one(struct batch *batch, const struct json *run)
{
    struct sim_options options = {.manual = json_get_bool(run, STR("manual"), false),
                                  .verify = json_get_bool(run, STR("verify"), false),
                                  .steps = true,
                                  .zones = batch->zones,
                                  .observer = simulate_print_event,
                                  .observer_context = &batch->scratch};
    struct sim_result result = {.state = SIM_WAITING, .variables = STR("{}")};
    struct error err = {0};
    struct sim *sim = sim_new(&options);
    bool added = add_models(batch, sim, run, &err);
    bool ok = added && sim_run(sim, json_get_str(run, STR("process"), STR_EMPTY),
                               variables_of(batch, run), script_of(batch, run), &err);
    if (added)
        sim_result(sim, &result);
    if (ok && options.verify && !options.manual && !overrides_gateways(run))
        ok = sim_reexecute(sim, &err);
    str failure = ok ? STR_EMPTY : str_format(&batch->arena, "%s: %s", err.place, err.text);
    simulate_print_end(&batch->arena, &result, ok ? NULL : str_cstr(&batch->arena, failure));
    sim_free(sim);
}

static void run_line(struct batch *batch, str line)
{
    struct arena_mark mark = arena_mark(&batch->arena);
    struct json *run;
    struct error err;
    if (json_parse(&batch->arena, line, &run, &err)) {
        run_one(batch, run);
    } else {
        struct sim_result none = {.state = SIM_WAITING, .variables = STR("{}")};
        simulate_print_end(&batch->arena, &none, err.text);
    }
    fflush(stdout);
    arena_rewind(&batch->arena, mark);
}

int simulate_batch(const char *path)
{
    struct batch batch = {0};
    struct error err;
    char *line = NULL;
    size_t size = 0;
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (in == NULL) {
        error_set(&err, ERROR_NOT_FOUND, path, "cannot be opened");
        return cli_complain(&err);
    }
    batch.zones = cli_zones(&batch.kept);
    for (ssize_t length; (length = getline(&line, &size, in)) >= 0;) {
        str text = str_trim(str_from(line, (size_t)length));
        if (!str_is_empty(text))
            run_line(&batch, text);
    }
    free(line);
    if (in != stdin)
        fclose(in);
    arena_done(&batch.arena);
    arena_done(&batch.scratch);
    arena_done(&batch.kept);
    return EXIT_OK;
}
