// SPDX-License-Identifier: Apache-2.0
//
// `baton dmn test`: runs test cases in the format of the DMN TCK, found at any depth below folders.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/xml.h"
#include "cli/command.h"
#include "cli/dmn_load.h"
#include "cli/feel_run.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/tck.h"

enum { FOLDER_DEPTH_MAX = 32 };

struct tally {
    size_t passed, failed;
    size_t excepted;
    size_t passed_with_value, with_value; // cases that expect something else than null
};

struct testing {
    struct arena lasting; // paths and zones
    struct arena arena;   // one file
    const struct zone_db *zones;
    str root;
    FILE *csv;
    str exceptions; // lines of "directory case reason"
    bool failed_to_read;
    struct tally tally;
    // of the file being run
    str directory, file;
    const struct dmn_model *model;
};

struct verdict {
    bool passed, has_value;
    str detail;
};

// ---- one case ----

static feel_value inputs_of(struct testing *t, const struct xml_element *test_case)
{
    ARRAY(struct feel_entry) entries = {0};
    const struct xml_element *x = xml_child(test_case, "inputNode");
    for (; x; x = xml_next(x, "inputNode")) {
        struct feel_entry entry = {xml_attribute(x, "name", STR_EMPTY),
                                   tck_value(&t->arena, x, t->zones)};
        *ARRAY_PUSH(&t->arena, &entries) = entry;
    }
    return feel_context_new(&t->arena, entries.items, entries.count);
}

static str printed(struct testing *t, feel_value value)
{
    struct strbuf text = strbuf_new(&t->arena);
    feel_print(&text, value);
    return strbuf_str(&text);
}

// What the case evaluates: the result's decision, or the service or knowledge model that the case
// names.
static feel_value evaluate(struct testing *t, const struct xml_element *test_case, str result,
                           struct feel_run *run, str *ret_missing)
{
    str invocable = xml_attribute(test_case, "invocableName", STR_EMPTY);
    str name = invocable.len ? invocable : result;
    const struct dmn_decision *decision = t->model ? dmn_find(t->model, name) : NULL;
    if (!decision) {
        *ret_missing = str_format(&t->arena, "'%.*s' is not in the model; ", STR_ARG(name));
        return feel_null();
    }
    feel_value value = dmn_evaluate(decision, run, NULL);
    const feel_value *output = feel_context_get(value, result);
    return invocable.len && output && !str_equal(invocable, result) ? *output : value;
}

static void judge(struct testing *t, const struct xml_element *test_case,
                  const struct xml_element *node, struct verdict *verdict)
{
    feel_value variables = inputs_of(t, test_case);
    const struct xml_element *x = xml_child(node, "expected");
    feel_value expected = x ? tck_value(&t->arena, x, t->zones) : feel_null();
    bool is_error = str_equal(xml_attribute(node, "errorResult", STR_EMPTY), STR("true"));
    struct feel_warnings warnings = {0};
    struct feel_run run = cli_feel_run(&t->arena, &variables);
    str name = xml_attribute(node, "name", STR_EMPTY), missing = STR_EMPTY;
    run.zones = t->zones;
    run.warnings = &warnings;
    if (is_error)
        expected = feel_null();
    verdict->has_value |= expected.kind != FEEL_NULL;
    feel_value actual = evaluate(t, test_case, name, &run, &missing);
    if (missing.len == 0 && tck_matches(&t->arena, expected, actual))
        return;
    verdict->passed = false;
    str wanted = printed(t, expected), found = printed(t, actual);
    str why = warnings.count ? warnings.items[0].text : STR_EMPTY;
    verdict->detail = str_format(&t->arena, "%.*s%.*s: expected %.*s, found %.*s%s%.*s",
                                 STR_ARG(missing), STR_ARG(name), STR_ARG(wanted), STR_ARG(found),
                                 why.len ? "; " : "", STR_ARG(why));
}

// ---- reports ----

static void write_csv_text(FILE *csv, str text)
{
    fputc('"', csv);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"')
            fputc('"', csv);
        fputc(c == '\n' || c == '\r' ? ' ' : c, csv);
    }
    fputc('"', csv);
}

static bool is_excepted(const struct testing *t, str id)
{
    str rest = t->exceptions, line;
    while (str_split(&rest, '\n', &line)) {
        str directory, test_case;
        if (str_split(&line, ' ', &directory) && str_split(&line, ' ', &test_case) &&
            str_equal(directory, t->directory) && str_equal(test_case, id))
            return true;
    }
    return false;
}

static void report(struct testing *t, str id, const struct verdict *verdict)
{
    const str columns[] = {t->directory, t->file, id,
                           verdict->passed ? STR("SUCCESS") : STR("ERROR"), verdict->detail};
    bool excepted = !verdict->passed && is_excepted(t, id);
    t->tally.passed += verdict->passed;
    t->tally.failed += !verdict->passed && !excepted;
    t->tally.excepted += excepted;
    t->tally.with_value += verdict->has_value;
    t->tally.passed_with_value += verdict->has_value && verdict->passed;
    if (!verdict->passed && !excepted)
        printf("FAILED %.*s/%.*s %.*s: %.*s\n", STR_ARG(t->directory), STR_ARG(t->file),
               STR_ARG(id), STR_ARG(verdict->detail));
    for (size_t i = 0; t->csv && i < COUNT_OF(columns); i++) {
        if (i)
            fputc(',', t->csv);
        write_csv_text(t->csv, columns[i]);
    }
    if (t->csv)
        fputc('\n', t->csv);
}

static void run_case(struct testing *t, const struct xml_element *test_case)
{
    struct verdict verdict = {.passed = true};
    const struct xml_element *node = xml_child(test_case, "resultNode");
    for (; node; node = xml_next(node, "resultNode"))
        judge(t, test_case, node, &verdict);
    report(t, xml_attribute(test_case, "id", STR_EMPTY), &verdict);
}

// ---- files and folders ----

static void load_model(struct testing *t, str folder, const struct xml_element *root)
{
    struct dmn_problems problems = {.arena = &t->arena};
    struct error err;
    str name = xml_child_text(root, "modelName");
    str path = str_format(&t->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name));
    t->model = cli_load_model(&t->arena, str_cstr(&t->arena, path), t->zones, &problems, &err);
    if (!t->model)
        fprintf(stderr, "baton: %s: %s\n", err.place, err.text);
}

static str relative(const struct testing *t, str folder)
{
    str rest = str_starts_with(folder, t->root) ? str_from_index(folder, t->root.len) : folder;
    return str_starts_with(rest, STR("/")) ? str_from_index(rest, 1) : rest;
}

static void run_file(struct testing *t, str folder, str name)
{
    const struct xml_element *root;
    struct error err;
    str text;
    const char *path = str_format(&t->arena, "%.*s/%.*s%c", STR_ARG(folder), STR_ARG(name), 0).data;
    t->directory = relative(t, folder);
    t->file = name;
    if (!cli_read_file(&t->arena, path, &text, &err) ||
        !xml_parse(&t->arena, text, path, &root, &err)) {
        cli_complain(&err);
        t->failed_to_read = true;
    } else if (xml_is(root, "testCases")) {
        load_model(t, folder, root);
        for (const struct xml_element *x = xml_child(root, "testCase"); x;
             x = xml_next(x, "testCase"))
            run_case(t, x);
    }
    arena_reset(&t->arena);
}

static int by_name(const void *a, const void *b)
{
    return str_compare(*(const str *)a, *(const str *)b);
}

static bool is_test(str name)
{
    return str_find(name, STR("-test-")) != SIZE_MAX && str_ends_with(name, STR(".xml"));
}

static void run_folder(struct testing *t, str folder, int depth)
{
    ARRAY(str) names = {0};
    DIR *directory = depth > FOLDER_DEPTH_MAX ? NULL : opendir(str_cstr(&t->lasting, folder));
    const struct dirent *entry;
    if (!directory) {
        fprintf(stderr, "baton: %.*s: cannot be read\n", STR_ARG(folder));
        t->failed_to_read = true;
        return;
    }
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            *ARRAY_PUSH(&t->lasting, &names) = str_copy(&t->lasting, str_of(entry->d_name));
    closedir(directory);
    if (names.count)
        qsort(names.items, names.count, sizeof *names.items, by_name);
    for (size_t i = 0; i < names.count; i++) {
        struct stat info;
        str child = str_format(&t->lasting, "%.*s/%.*s", STR_ARG(folder), STR_ARG(names.items[i]));
        if (is_test(names.items[i]))
            run_file(t, folder, names.items[i]);
        else if (stat(str_cstr(&t->lasting, child), &info) == 0 && S_ISDIR(info.st_mode))
            run_folder(t, child, depth + 1);
    }
}

static int summarize(const struct testing *t)
{
    const struct tally *n = &t->tally;
    printf("%zu cases; %zu expect a value that is not null, %zu of them passed\n",
           n->passed + n->failed, n->with_value, n->passed_with_value);
    if (n->excepted)
        printf("%zu excepted\n", n->excepted);
    printf("%zu passed, %zu failed\n", n->passed, n->failed);
    if (t->failed_to_read || n->passed + n->failed == 0)
        return EXIT_USAGE;
    return n->failed ? EXIT_FAILED : EXIT_OK;
}

int command_dmn_test(int argc, char **argv)
{
    str csv = STR_EMPTY, exceptions = STR_EMPTY;
    const struct cli_option options[] = {
        {"except", "FILE", "lines of directory, case and reason: cases that may fail", &exceptions,
         NULL},
        {"csv", "FILE", "write a line a case: directory, file, case, SUCCESS or ERROR, detail",
         &csv, NULL}};
    const struct cli_usage usage = {"baton dmn test DIR... [options]",
                                    "Runs every *-test-*.xml of the DMN TCK's format below the "
                                    "folders. Exits 1 when a case failed.",
                                    "baton dmn test tests/suites/dmn-tck --csv results.csv",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1000};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    struct testing *t = calloc(1, sizeof *t);
    check(t != NULL);
    t->zones = cli_zones(&t->lasting);
    if (csv.len && !(t->csv = fopen(csv.data, "w"))) {
        fprintf(stderr, "baton: %s: cannot be written\n", csv.data);
        return EXIT_USAGE;
    }
    struct error err;
    if (exceptions.len && !cli_read_file(&t->lasting, exceptions.data, &t->exceptions, &err))
        return cli_complain(&err);
    for (size_t i = 0; i < arguments.count; i++) {
        t->root = str_of(arguments.items[i]);
        while (t->root.len > 1 && str_ends_with(t->root, STR("/")))
            t->root.len--;
        run_folder(t, t->root, 0);
    }
    if (t->csv)
        fclose(t->csv);
    code = summarize(t);
    arena_done(&t->arena);
    arena_done(&t->lasting);
    free(t);
    return code;
}
