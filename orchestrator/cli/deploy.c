// SPDX-License-Identifier: Apache-2.0
//
// `baton deploy`: uploads models together; all are deployed or none.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/array.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/deploy.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/table.h"

static const char *const suffixes[] = {".bpmn", ".bpmn20.xml", ".dmn", ".form"};

static bool is_model(str name)
{
    for (size_t i = 0; i < COUNT_OF(suffixes); i++)
        if (str_ends_with(name, str_of(suffixes[i])))
            return true;
    return false;
}

static str base_name(str path)
{
    size_t start = path.len;
    while (start > 0 && path.data[start - 1] != '/')
        start--;
    return str_from_index(path, start);
}

static bool add_file(struct arena *arena, struct deploy_files *files, str path, struct error *err)
{
    struct client_file file = {.name = base_name(path)};
    if (!cli_read_file(arena, str_cstr(arena, path), &file.bytes, err))
        return false;
    *ARRAY_PUSH(arena, files) = file;
    return true;
}

static int compare_files(const void *a, const void *b)
{
    return str_compare(((const struct client_file *)a)->name,
                       ((const struct client_file *)b)->name);
}

static bool add_directory(struct arena *arena, struct deploy_files *files, str path,
                          struct error *err)
{
    DIR *directory = opendir(str_cstr(arena, path));
    bool ok = directory != NULL;
    if (!ok)
        return error_set(err, ERROR_IO, str_cstr(arena, path), "cannot be read");
    for (struct dirent *entry; ok && (entry = readdir(directory)) != NULL;)
        if (is_model(str_of(entry->d_name)))
            ok = add_file(arena, files, str_format(arena, "%.*s/%s", STR_ARG(path), entry->d_name),
                          err);
    closedir(directory);
    qsort(files->items, files->count, sizeof *files->items, compare_files);
    return ok;
}

bool deploy_collect(struct arena *arena, struct deploy_files *files, const char *path,
                    struct error *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return error_set(err, ERROR_NOT_FOUND, path, "there is no such file or folder");
    if (S_ISDIR(status.st_mode))
        return add_directory(arena, files, str_of(path), err);
    return add_file(arena, files, str_of(path), err);
}

static str member(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, str_of(name));
    bool has_text = value != NULL && (value->type == JSON_STRING || value->type == JSON_NUMBER);
    return has_text ? value->text : STR_EMPTY;
}

enum { KINDS = 5 };

static str first_of(const struct json *object, const char *const names[KINDS])
{
    str text = STR_EMPTY;
    for (size_t i = 0; i < KINDS && text.len == 0; i++)
        text = member(object, names[i]);
    return text;
}

// "rules.dmn:12: warning: 'Discount': what [code]", to standard error.
static void print_warnings(const struct json *warnings)
{
    for (size_t i = 0; json_is(warnings, JSON_ARRAY) && i < warnings->count; i++) {
        const struct json *warning = &warnings->items[i];
        str element = member(warning, "element");
        fprintf(stderr, "%.*s:%.*s: warning: ", STR_ARG(member(warning, "resourceName")),
                STR_ARG(member(warning, "line")));
        if (element.len > 0)
            fprintf(stderr, "'%.*s': ", STR_ARG(element));
        fprintf(stderr, "%.*s [%.*s]\n", STR_ARG(member(warning, "message")),
                STR_ARG(member(warning, "code")));
    }
}

// The one member of what was deployed that says what it is; the others are null.
static const struct json_member *kind_of(const struct json *item)
{
    size_t i = 0;
    while (i + 1 < item->count && item->members[i].value.type == JSON_NULL)
        i++;
    return &item->members[i];
}

void deploy_print(struct arena *arena, const struct json *answer)
{
    static const char *const titles[] = {"kind", "id", "version", "key", "file"};
    static const char *const ids[KINDS] = {"processDefinitionId", "decisionDefinitionId", "formId",
                                           "decisionRequirementsId", "resourceId"};
    static const char *const versions[KINDS] = {"processDefinitionVersion", "version", "version",
                                                "version", "version"};
    static const char *const keys[KINDS] = {"processDefinitionKey", "decisionDefinitionKey",
                                            "formKey", "decisionRequirementsKey", "resourceKey"};
    struct table table = table_new(arena, titles, COUNT_OF(titles));
    const struct json *items = json_get(answer, STR("deployments"));
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++) {
        if (items->items[i].type != JSON_OBJECT || items->items[i].count == 0)
            continue;
        const struct json_member *entry = kind_of(&items->items[i]);
        table_add(&table, entry->name);
        table_add(&table, first_of(&entry->value, ids));
        table_add(&table, first_of(&entry->value, versions));
        table_add(&table, first_of(&entry->value, keys));
        table_add(&table, member(&entry->value, "resourceName"));
    }
    table_print(&table);
    fflush(stdout);
    print_warnings(json_get(answer, STR("warnings")));
}

int command_deploy(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {
        {"tenant", "ID", "the tenant that it is for", &client.tenant, NULL},
        CLIENT_OPTIONS(client),
    };
    const struct cli_usage usage = {"baton deploy FILE-OR-FOLDER… [options]",
                                    "Deploys models, decisions and forms together: all or none.",
                                    "baton deploy examples/mortgage",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    SIZE_MAX};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct deploy_files files = {0};
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    bool ok = true;
    for (size_t i = 0; i < arguments.count && ok; i++)
        ok = deploy_collect(&arena, &files, arguments.items[i], &err);
    bool sent = ok && client_upload(&arena, &client, STR("/v2/deployments"), files.items,
                                    files.count, &answer, &err);
    code =
        ok ? client_show(&arena, &client, sent, &answer, &err, deploy_print) : cli_complain(&err);
    arena_done(&arena);
    return code;
}
