// SPDX-License-Identifier: Apache-2.0
//
// `baton migrate-model`: models of Camunda 7, Flowable and Activiti with zeebe: extensions, and
// what became of each thing.
#include "bpmn/bpmn.h"
#include "bpmn/migrate.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"

enum { EXIT_MIGRATED = 0, EXIT_LEFT = 1, EXIT_NOT_READ = 2 };

struct migrating_file {
    struct arena arena;
    const char *file;
    str folder;
    bool is_json;
};

// FOLDER/NAME, else NAME.zeebe.bpmn beside the model.
static const char *target_of(struct migrating_file *f)
{
    str path = str_of(f->file);
    size_t name = path.len, end = path.len;
    while (name > 0 && path.data[name - 1] != '/')
        name--;
    if (!str_is_empty(f->folder))
        return str_cstr(&f->arena, str_format(&f->arena, "%.*s/%.*s", STR_ARG(f->folder),
                                              STR_ARG(str_from_index(path, name))));
    static const char *const endings[] = {".bpmn20.xml", ".bpmn", ".xml"};
    for (size_t i = 0; i < COUNT_OF(endings) && end == path.len; i++)
        if (str_ends_with(path, str_of(endings[i])))
            end -= strlen(endings[i]);
    return str_cstr(&f->arena,
                    str_format(&f->arena, "%.*s.zeebe.bpmn", STR_ARG(str_sub(path, 0, end))));
}

static bool write_file(const char *path, str text, struct error *err)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return error_set(err, ERROR_INVALID, path, "the file cannot be written");
    bool ok = fwrite(text.data, 1, text.len, file) == text.len;
    ok &= fclose(file) == 0;
    return ok || error_set(err, ERROR_INVALID, path, "the file cannot be written");
}

static void print_lines(const struct migrating_file *f, const struct bpmn_migrated *migrated)
{
    for (size_t i = 0; i < migrated->notes.count; i++) {
        const struct bpmn_migration_note *n = &migrated->notes.items[i];
        bool is_open = str_is_empty(n->became);
        printf("%s:%u: %.*s: %.*s %s%.*s%s%.*s\n", f->file, n->line, STR_ARG(n->element),
               STR_ARG(n->what), is_open ? "is not taken over" : "becomes ", STR_ARG(n->became),
               str_is_empty(n->why) ? "" : ": ", STR_ARG(n->why));
    }
}

static void print_json(struct migrating_file *f, const struct bpmn_migrated *migrated)
{
    struct strbuf out = strbuf_new(&f->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < migrated->notes.count; i++) {
        const struct bpmn_migration_note *n = &migrated->notes.items[i];
        json_begin_object(&w);
        json_optional(&w, "file", str_of(f->file));
        json_key(&w, STR("line"));
        json_u64(&w, n->line);
        json_optional(&w, "element", n->element);
        json_optional(&w, "what", n->what);
        json_optional(&w, "became", n->became);
        json_optional(&w, "why", n->why);
        json_end_object(&w);
    }
    json_end_array(&w);
    printf("%s\n", strbuf_cstr(&out));
}

// What lint finds in the model as it is now: what a person has to look at.
static size_t print_rest(struct migrating_file *f, const char *target, str xml)
{
    struct arena scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    struct error err;
    size_t errors = 0;
    if (!bpmn_parse(&f->arena, &scratch, xml, &resource, &err)) {
        fprintf(stderr, "%s: %s: %s\n", target, err.place, err.text);
        errors = 1;
    } else {
        for (size_t i = 0; i < resource->problem_count; i++) {
            const struct bpmn_problem *p = &resource->problems[i];
            if (p->severity != BPMN_ERROR)
                continue;
            errors++;
            fprintf(stderr, "%s:%u: error: %.*s: %.*s [%s]\n", target, p->line, STR_ARG(p->element),
                    STR_ARG(p->message), bpmn_code_name(p->code));
        }
    }
    arena_done(&scratch);
    return errors;
}

static int migrate_file(struct migrating_file *f)
{
    struct bpmn_migrated migrated;
    struct error err;
    str text;
    if (!cli_read_file(&f->arena, f->file, &text, &err))
        return cli_complain(&err);
    if (!bpmn_migrate(&f->arena, text, &migrated, &err)) {
        fprintf(stderr, "%s: %s: %s\n", f->file, err.place, err.text);
        return EXIT_NOT_READ;
    }
    const char *target = target_of(f);
    if (!write_file(target, migrated.xml, &err))
        return cli_complain(&err);
    if (f->is_json)
        print_json(f, &migrated);
    else
        print_lines(f, &migrated);
    size_t errors = print_rest(f, target, migrated.xml);
    fprintf(stderr, "%s: %zu things, %zu not taken over, %zu errors left: %s\n", f->file,
            migrated.notes.count, migrated.open, errors, target);
    return migrated.open + errors == 0 ? EXIT_MIGRATED : EXIT_LEFT;
}

int command_migrate_model(int argc, char **argv)
{
    str folder = STR_EMPTY, output = STR_EMPTY;
    const struct cli_option options[] = {
        {"to", "FOLDER", "where the models are written; else NAME.zeebe.bpmn beside each",
         .text = &folder},
        {"output", "lines|json", "json: an array for each file", .text = &output},
    };
    const struct cli_usage usage = {
        .synopsis = "baton migrate-model MODEL... [options]",
        .summary = "Writes models of Camunda 7 and Flowable with zeebe: extensions and says what "
                   "each thing became or why not. Exit codes: 0 all of it, 1 something is left to "
                   "do, 2 unreadable.",
        .example = "baton migrate-model order.bpmn --to migrated",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 1,
        .arguments_max = 100000,
    };
    struct cli_arguments files;
    int code, worst = EXIT_MIGRATED;
    if (!cli_parse(&usage, argc, argv, &files, &code))
        return code;
    for (size_t i = 0; i < files.count; i++) {
        struct migrating_file f = {ARENA_EMPTY, files.items[i], folder,
                                   str_equal(output, STR("json"))};
        code = migrate_file(&f);
        worst = code > worst ? code : worst;
        arena_done(&f.arena);
    }
    return worst;
}
