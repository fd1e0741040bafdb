// SPDX-License-Identifier: Apache-2.0
//
// `baton lint`: names everything that is wrong with BPMN models.
#include "bpmn/bpmn.h"

#include <stdio.h>

#include "base/array.h"
#include "cli/command.h"
#include "cli/feel_run.h"
#include "cli/files.h"
#include "cli/options.h"

enum { EXIT_EXECUTABLE = 0, EXIT_REFUSED = 1, EXIT_UNREADABLE = 2 };

static void print_json(struct arena *arena, const struct bpmn_resource *resource)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < resource->problem_count; i++) {
        const struct bpmn_problem *p = &resource->problems[i];
        json_begin_object(&w);
        json_optional(&w, "severity", str_of(bpmn_severity_name(p->severity)));
        json_optional(&w, "code", str_of(bpmn_code_name(p->code)));
        json_optional(&w, "element", p->element);
        json_key(&w, STR("line"));
        json_u64(&w, p->line);
        json_optional(&w, "message", p->message);
        json_end_object(&w);
    }
    json_end_array(&w);
    printf("%s\n", strbuf_cstr(&out));
}

static void print_lines(const char *file, const struct bpmn_resource *resource)
{
    for (size_t i = 0; i < resource->problem_count; i++) {
        const struct bpmn_problem *p = &resource->problems[i];
        printf("%s:%u: %s: %.*s: %.*s [%s]\n", file, p->line, bpmn_severity_name(p->severity),
               STR_ARG(p->element), STR_ARG(p->message), bpmn_code_name(p->code));
    }
}

// -- Between files ----------------------------------------------------------------------

struct call {
    const char *file;
    uint32_t line;
    str element, process;
};

// What of each file the others have to know.
struct together {
    struct arena arena;
    struct map uncallable; // id of a process without a none start -> its file
    ARRAY(struct call) calls;
};

static void note_processes(struct together *t, const char *file,
                           const struct bpmn_resource *resource)
{
    for (size_t i = 0; i < resource->process_count; i++) {
        const struct bpmn_element *root = &resource->processes[i]->elements[0];
        if (root->starts.count == 0 && root->children.count > 0)
            map_put(&t->uncallable, str_copy(&t->arena, resource->processes[i]->id),
                    (void *)(uintptr_t)file);
    }
}

static void note_calls(struct together *t, const char *file, const struct bpmn_resource *resource,
                       const struct bpmn_process *process)
{
    for (uint32_t i = 0; i < process->element_count; i++) {
        const struct bpmn_element *e = &process->elements[i];
        const feel_value *id = e->type == BPMN_CALL_ACTIVITY && e->call->id
                                   ? feel_program_constant(e->call->id)
                                   : NULL;
        if (id == NULL || !feel_is(*id, FEEL_STRING) ||
            bpmn_find_process(resource, id->string) != NULL)
            continue; // one of the same file was looked at with it
        *ARRAY_PUSH(&t->arena, &t->calls) = (struct call){file, e->line, str_copy(&t->arena, e->id),
                                                          str_copy(&t->arena, id->string)};
    }
}

static void print_together(const struct together *t)
{
    for (size_t i = 0; i < t->calls.count; i++) {
        const struct call *call = &t->calls.items[i];
        const char *file = map_get(&t->uncallable, call->process);
        if (file != NULL)
            printf("%s:%u: warning: %.*s: the called process '%.*s' of %s has no start event "
                   "without a trigger [%s]\n",
                   call->file, call->line, STR_ARG(call->element), STR_ARG(call->process), file,
                   bpmn_code_name(BPMN_CODE_CALLED_WITHOUT_START));
    }
}

static void print_unreadable(struct arena *arena, const struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    int64_t line = 0;
    if (!str_to_i64(str_from_index(str_of(err->place), strlen("line ")), &line))
        line = 1;
    json_begin_array(&w);
    json_begin_object(&w);
    json_optional(&w, "severity", STR("error"));
    json_optional(&w, "code", STR("UNREADABLE"));
    json_optional(&w, "element", STR_EMPTY);
    json_key(&w, STR("line"));
    json_i64(&w, line);
    json_optional(&w, "message", str_of(err->text));
    json_end_object(&w);
    json_end_array(&w);
    printf("%s\n", strbuf_cstr(&out));
}

static int lint(const char *file, const struct zone_db *zones, bool json, struct together *together)
{
    struct arena arena = ARENA_EMPTY, scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    struct error err;
    str text;
    int code = EXIT_UNREADABLE;
    bool read = cli_read_file(&arena, file, &text, &err);
    if (read && bpmn_parse_in_zones(&arena, &scratch, text, zones, &resource, &err)) {
        bool has_error = false;
        for (size_t i = 0; i < resource->problem_count; i++)
            has_error |= resource->problems[i].severity == BPMN_ERROR;
        code = has_error ? EXIT_REFUSED : EXIT_EXECUTABLE;
        note_processes(together, file, resource);
        for (size_t i = 0; i < resource->process_count; i++)
            note_calls(together, file, resource, resource->processes[i]);
        if (json)
            print_json(&arena, resource);
        else
            print_lines(file, resource);
    } else if (json) {
        print_unreadable(&arena, &err);
        cli_complain(&err);
    } else {
        fprintf(stderr, "%s: %s: %s\n", file, err.place, err.text);
    }
    arena_done(&scratch);
    arena_done(&arena);
    return code;
}

int command_lint(int argc, char **argv)
{
    str output = STR_EMPTY;
    const struct cli_option options[] = {
        {"output", "lines|json", "json: an array for each file", .text = &output},
    };
    const struct cli_usage usage = {
        .synopsis = "baton lint MODEL... [options]",
        .summary = "Checks BPMN models. Exit codes: 0 executable, 1 refused, 2 unreadable.",
        .example = "baton lint order.bpmn --output json",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 1,
        .arguments_max = 100000,
    };
    struct cli_arguments files;
    int code, worst = EXIT_EXECUTABLE;
    if (!cli_parse(&usage, argc, argv, &files, &code))
        return code;
    bool json = str_equal(output, STR("json"));
    struct together together = {.arena = ARENA_EMPTY};
    together.uncallable = map_new(&together.arena);
    const struct zone_db *zones = cli_zones(&together.arena);
    for (size_t i = 0; i < files.count; i++) {
        code = lint(files.items[i], zones, json, &together);
        worst = code > worst ? code : worst;
    }
    if (!json)
        print_together(&together);
    arena_done(&together.arena);
    return worst;
}
