// SPDX-License-Identifier: Apache-2.0
// Scenarios with golden traces: tests/golden/engine. History is folded and compared with the stored
// images after every command.
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "tests/golden/engine/"

static bool is_told(const char *event)
{
    static const char *const untold[] = {"VARIABLE_",          "SUBSCRIPTION_OPENED", "MAILBOX_",
                                         "JOB_OFFERED",        "DEFINITION_",         "LOOP_",
                                         "MESSAGE_CORRELATIN", "PROCESS_CALLED"};
    for (size_t i = 0; i < COUNT_OF(untold); i++)
        if (strncmp(event, untold[i], strlen(untold[i])) == 0)
            return false;
    return true;
}

static void tell(void *context, const struct sim_event *event)
{
    if (is_told(event->event))
        strbuf_format(context, "%s %.*s\n", event->event, STR_ARG(event->element));
}

static bool read_file(struct arena *arena, const char *path, str *ret_text)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    struct strbuf text = strbuf_new(arena);
    char *room = strbuf_reserve(&text, 1 << 20);
    text.len = fread(room, 1, 1 << 20, file);
    fclose(file);
    *ret_text = strbuf_str(&text);
    return true;
}

static const char *beside(struct arena *arena, const char *model, const char *suffix)
{
    str stem = str_sub(str_of(model), 0, strlen(model) - strlen(".bpmn"));
    return str_cstr(arena, str_format(arena, "%.*s%s", STR_ARG(stem), suffix));
}

static void tell_end(struct strbuf *out, struct sim *sim)
{
    struct sim_result result;
    sim_result(sim, &result);
    strbuf_format(out, "END %s", sim_state_name(result.state));
    for (size_t i = 0; i < result.waiting_count; i++)
        strbuf_format(out, " [%.*s: %.*s]", STR_ARG(result.waiting[i].element),
                      STR_ARG(result.waiting[i].reason));
    strbuf_format(out, " %.*s\n", STR_ARG(result.variables));
    for (size_t i = 0; i < result.incident_count; i++)
        strbuf_format(out, "INCIDENT %.*s\n", STR_ARG(result.incidents[i]));
    for (size_t i = 0; i < result.warning_count; i++)
        strbuf_format(out, "WARNING %.*s\n", STR_ARG(result.warnings[i]));
}

static str trace_of(struct arena *arena, const char *model)
{
    struct strbuf trace = strbuf_new(arena);
    str text, script = STR_EMPTY;
    struct error err;
    struct sim_options options = {.manual = strstr(model, "-manual") != NULL,
                                  .verify = true,
                                  .observer = tell,
                                  .observer_context = &trace};
    struct sim *sim = sim_new(&options);
    if (!read_file(arena, model, &text))
        fail_msg("%s cannot be read", model);
    (void)read_file(arena, beside(arena, model, ".jsonl"), &script);
    if (!sim_add(sim, model, text, &err) || !sim_run(sim, STR_EMPTY, STR_EMPTY, script, &err))
        strbuf_format(&trace, "FAILED %s: %s\n", err.place, err.text);
    else
        tell_end(&trace, sim);
    if (!options.manual && !sim_reexecute(sim, &err))
        strbuf_format(&trace, "DONE AGAIN %s: %s\n", err.place, err.text);
    sim_free(sim);
    return strbuf_str(&trace);
}

static void write_file(const char *path, str text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void every_scenario_gives_its_golden_trace(void **state)
{
    (void)state;
    glob_t models;
    size_t wrong = 0;
    assert_int_equal(glob(FOLDER "*.bpmn", 0, NULL, &models), 0);
    for (size_t i = 0; i < models.gl_pathc; i++) {
        struct arena arena = ARENA_EMPTY;
        const char *golden = beside(&arena, models.gl_pathv[i], ".golden");
        str actual = trace_of(&arena, models.gl_pathv[i]), wanted = STR_EMPTY;
        bool known = read_file(&arena, golden, &wanted);
        if (getenv("GOLDEN") != NULL) {
            write_file(golden, actual);
        } else if (!known || !str_equal(actual, wanted)) {
            print_error("%s gives\n%.*s", models.gl_pathv[i], STR_ARG(actual));
            wrong++;
        }
        arena_done(&arena);
    }
    globfree(&models);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_scenario_gives_its_golden_trace)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
