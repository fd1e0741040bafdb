// SPDX-License-Identifier: Apache-2.0
//
// `baton test`: process tests with virtual time. A file NAME.test.yaml lists models and tests; each
// test is given a process, does what `when` says (the steps of `baton simulate`'s scripts) and
// expects what `then` says.
#include "base/array.h"
#include "base/map.h"
#include "sim/sim.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/feel_run.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/yaml.h"

struct suite {
    struct arena arena;
    const struct zone_db *zones;
    struct map visited;  // "process/element"
    struct map elements; // the same, of everything there is
    struct strbuf junit;
    size_t passed, failed;
};

static struct arena found_arena;
static struct {
    char **items;
    size_t count, capacity;
} found; // nftw has no context

static void put_value(struct strbuf *out, const struct json *value)
{
    struct json_writer w = json_writer_new(out);
    if (value == NULL)
        strbuf_add(out, STR("{}"));
    else
        json_value(&w, value);
}

// The test as a script.
static str script_of(struct suite *s, const struct json *test)
{
    const struct json *given = json_get(test, STR("given"));
    const struct json *when = json_get(test, STR("when"));
    const struct json *then = json_get(test, STR("then"));
    const struct json *before = json_get(given, STR("steps"));
    struct strbuf out = strbuf_new(&s->arena);
    for (size_t i = 0; json_is(before, JSON_ARRAY) && i < before->count; i++) {
        put_value(&out, &before->items[i]);
        strbuf_add_char(&out, '\n');
    }
    str process = json_get_str(given, STR("process"), STR_EMPTY);
    if (!str_is_empty(process)) {
        strbuf_add(&out, STR("{\"start\":"));
        json_quote(&out, process);
        strbuf_add(&out, STR(",\"variables\":"));
        put_value(&out, json_get(given, STR("variables")));
        strbuf_add(&out, STR("}\n"));
    }
    for (size_t i = 0; json_is(when, JSON_ARRAY) && i < when->count; i++) {
        put_value(&out, &when->items[i]);
        strbuf_add_char(&out, '\n');
    }
    strbuf_add(&out, STR("{\"expect\":"));
    put_value(&out, then);
    strbuf_add(&out, STR("}\n"));
    return strbuf_str(&out);
}

static bool add_models(struct suite *s, struct sim *sim, const char *file, const struct json *suite,
                       struct error *err)
{
    const struct json *models = json_get(suite, STR("models"));
    const char *slash = strrchr(file, '/');
    str folder = slash ? str_from(file, (size_t)(slash - file + 1)) : STR_EMPTY;
    if (!json_is(models, JSON_ARRAY))
        return error_set(err, ERROR_INVALID, file, "expected a list 'models'");
    for (size_t i = 0; i < models->count; i++) {
        str name = models->items[i].type == JSON_STRING ? models->items[i].text : STR_EMPTY;
        const char *path = str_cstr(&s->arena, str_join2(&s->arena, folder, name));
        str text;
        if (!cli_read_file(&s->arena, path, &text, err) || !sim_add(sim, path, text, err))
            return false;
    }
    return true;
}

static void cover(struct suite *s, const struct sim *sim, str process, str id)
{
    str name = str_format(&s->arena, "%.*s/%.*s", STR_ARG(process), STR_ARG(id));
    map_put(&s->elements, name, s);
    if (sim_was_visited(sim, id))
        map_put(&s->visited, name, s);
}

static void cover_all(struct suite *s, const struct sim *sim)
{
    for (size_t i = 0; i < sim_process_count(sim); i++) {
        const struct bpmn_process *process = sim_process(sim, i);
        for (uint32_t k = 1; k < process->element_count; k++)
            cover(s, sim, process->id, process->elements[k].id);
        for (uint32_t k = 0; k < process->flow_count; k++)
            cover(s, sim, process->id, process->flows[k].id);
    }
}

static void report(struct suite *s, const char *file, str name, const struct error *err)
{
    printf("%s  %s: %.*s\n", err ? "FAILED" : "passed", file, STR_ARG(name));
    if (err != NULL)
        printf("        %s: %s\n", err->place, err->text);
    strbuf_format(&s->junit, "  <testcase classname=\"%s\" name=\"%.*s\">", file, STR_ARG(name));
    if (err != NULL)
        strbuf_format(&s->junit, "<failure message=\"%s\"/>", err->place);
    strbuf_add(&s->junit, STR("</testcase>\n"));
    *(err ? &s->failed : &s->passed) += 1;
}

static void run_test(struct suite *s, const char *file, const struct json *suite,
                     const struct json *test)
{
    struct sim_options options = {.zones = s->zones,
                                  .manual = json_get_bool(suite, STR("manual"), false)};
    struct sim *sim = sim_new(&options);
    struct error err;
    str name = json_get_str(test, STR("name"), STR("unnamed"));
    bool ok = add_models(s, sim, file, suite, &err) &&
              sim_run(sim, STR_EMPTY, STR_EMPTY, script_of(s, test), &err);
    report(s, file, name, ok ? NULL : &err);
    cover_all(s, sim);
    sim_free(sim);
}

static void run_file(struct suite *s, const char *file)
{
    struct json *suite;
    struct error err;
    str text;
    if (!cli_read_file(&s->arena, file, &text, &err) ||
        !yaml_parse(&s->arena, text, &suite, &err)) {
        report(s, file, STR("the file"), &err);
        return;
    }
    const struct json *tests = json_get(suite, STR("tests"));
    for (size_t i = 0; json_is(tests, JSON_ARRAY) && i < tests->count; i++)
        run_test(s, file, suite, &tests->items[i]);
}

static int find_tests(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)walk;
    if (type != FTW_F || !str_ends_with(str_of(path), STR(".test.yaml")))
        return 0;
    found.items =
        array_room(&found_arena, found.items, found.count, &found.capacity, sizeof *found.items);
    found.items[found.count++] = str_cstr(&found_arena, str_of(path));
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool write_junit(struct suite *s, str path)
{
    FILE *file = fopen(str_cstr(&s->arena, path), "w");
    if (file == NULL)
        return false;
    fprintf(file, "<testsuite name=\"baton\" tests=\"%zu\" failures=\"%zu\">\n%s</testsuite>\n",
            s->passed + s->failed, s->failed, strbuf_cstr(&s->junit));
    return fclose(file) == 0;
}

static int run_all(struct suite *s, const char *folder, str junit)
{
    struct error err;
    s->visited = map_new(&s->arena);
    s->elements = map_new(&s->arena);
    s->junit = strbuf_new(&s->arena);
    s->zones = cli_zones(&s->arena);
    if (nftw(folder, find_tests, 16, FTW_PHYS) != 0 || found.count == 0) {
        error_set(&err, ERROR_NOT_FOUND, folder, "no *.test.yaml below this folder");
        return cli_complain(&err);
    }
    qsort(found.items, found.count, sizeof *found.items, by_name);
    for (size_t i = 0; i < found.count; i++)
        run_file(s, found.items[i]);
    printf("\n%zu passed, %zu failed; %zu of %zu elements and sequence flows passed through\n",
           s->passed, s->failed, s->visited.count, s->elements.count);
    if (!str_is_empty(junit) && !write_junit(s, junit)) {
        error_set(&err, ERROR_IO, "--junit", "cannot write '%.*s'", STR_ARG(junit));
        return cli_complain(&err);
    }
    return s->failed == 0 ? EXIT_OK : EXIT_FAILED;
}

int command_test(int argc, char **argv)
{
    struct suite s = {.arena = ARENA_EMPTY};
    str junit = STR_EMPTY;
    const struct cli_option options[] = {
        {"junit", "FILE", "writes the results for a build server", .text = &junit},
    };
    const struct cli_usage usage = {
        .synopsis = "baton test FOLDER [options]",
        .summary = "Runs the process tests (*.test.yaml) below a folder with virtual time.",
        .example = "baton test examples --junit results.xml",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    code = run_all(&s, arguments.items[0], junit);
    arena_done(&found_arena);
    arena_done(&s.arena);
    return code;
}
