// SPDX-License-Identifier: Apache-2.0
#include "cli/dmn_load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/files.h"
#include "dmn/library.h"

static str folder_of(str path)
{
    size_t end = path.len;
    while (end > 0 && path.data[end - 1] != '/')
        end--;
    return end ? str_sub(path, 0, end - 1) : STR(".");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef ARRAY(char *) path_array;

// The other models of the folder, sorted, so that the same folder always reads the same.
static void list_neighbours(struct arena *arena, str path, path_array *out)
{
    str folder = folder_of(path);
    DIR *directory = opendir(str_cstr(arena, folder));
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        str full = str_format(arena, "%.*s/%s", STR_ARG(folder), entry->d_name);
        bool is_self = str_ends_with(path, str_of(entry->d_name)) &&
                       path.len - strlen(entry->d_name) <= folder.len + 1;
        if (str_ends_with(full, STR(".dmn")) && !is_self && out->count < CLI_MODELS_MAX)
            *ARRAY_PUSH(arena, out) = str_cstr(arena, full);
    }
    if (directory)
        closedir(directory);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_name);
}

// Problems of neighbours that this model does not need would only be noise.
static void keep_own(struct dmn_problems *problems, const char *file)
{
    size_t kept = 0;
    problems->errors = 0;
    for (size_t i = 0; i < problems->list.count; i++) {
        struct dmn_problem p = problems->list.items[i];
        if (strcmp(p.file, file) != 0)
            continue;
        problems->errors += p.severity == DMN_ERROR;
        problems->list.items[kept++] = p;
    }
    problems->list.count = kept;
}

const struct dmn_model *cli_load_model(struct arena *arena, const char *path,
                                       const struct zone_db *zones, struct dmn_problems *problems,
                                       struct error *err)
{
    path_array neighbours = {0};
    struct dmn_library library = {.arena = arena};
    struct dmn_source source = {.file = path};
    if (!cli_read_file(arena, path, &source.xml, err))
        return NULL;
    dmn_library_add(&library, source);
    bool imports = library.documents.items[0].import_count > 0;
    if (imports && strcmp(path, "-") != 0)
        list_neighbours(arena, str_of(path), &neighbours);
    for (size_t i = 0; i < neighbours.count; i++) {
        struct dmn_source other = {.file = neighbours.items[i]};
        if (cli_read_file(arena, other.file, &other.xml, err))
            dmn_library_add(&library, other);
    }
    const struct dmn_model *model = dmn_library_compile(&library, 0, arena, zones, problems);
    keep_own(problems, path);
    if (!model)
        error_set(err, ERROR_INVALID, path, "%s",
                  problems->list.count
                      ? str_cstr(arena, problems->list.items[problems->list.count - 1].text)
                      : "this is no DMN model");
    return model;
}

void cli_print_problems(const struct dmn_problems *problems)
{
    for (size_t i = 0; i < problems->list.count; i++) {
        const struct dmn_problem *p = &problems->list.items[i];
        printf("%s:%u: %s [%s]", p->file, p->line, p->severity == DMN_ERROR ? "error" : "warning",
               p->code);
        if (p->element.len)
            printf(" '%.*s'", STR_ARG(p->element));
        printf(": %.*s\n", STR_ARG(p->text));
    }
}
