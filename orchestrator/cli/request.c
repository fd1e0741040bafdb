// SPDX-License-Identifier: Apache-2.0
#include "cli/request.h"

#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/command.h"
#include "cli/files.h"

enum { MOST_OPTIONS = 8 };

struct option {
    enum { TEXT, NUMBER, JSON, FLAG, IDS, PAIRS, PATH } kind;
    const char *name;
    const char *value; // for the help; NULL: a flag
    const char *help;
    const char *member;   // of the body; PATH: the other path
    const char *standard; // when it is not given; NULL: left out
};

// Options follow their request.
struct row {
    struct cli_request request; // name == NULL: an option
    struct option option;
};

static const struct row rows[] = {
#define REQUEST(name, argument, path, member, done, summary, example)                              \
    {.request = {name, argument, path, member, done, summary, example}},
#define OPTION(kind, name, value, help, member, standard)                                          \
    {.option = {kind, name, value, help, member, standard}},
#include "cli/requests.def"
#undef REQUEST
#undef OPTION
};

static const struct row *row_of(size_t n)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].request.name != NULL && n-- == 0)
            return &rows[i];
    return NULL;
}

const struct cli_request *cli_request_at(size_t n)
{
    const struct row *row = row_of(n);
    return row != NULL ? &row->request : NULL;
}

// What was given on the command line.
struct given {
    struct act act;
    const struct row *request;
    size_t count; // of options
    str texts[MOST_OPTIONS];
    bool flags[MOST_OPTIONS];
};

static bool add_ids(struct act *act, const char *name, str text)
{
    str id;
    json_key(&act->writer, str_of(name));
    json_begin_array(&act->writer);
    while (str_split(&text, ',', &id)) {
        json_begin_object(&act->writer);
        act_add_text(act, "elementId", str_trim(id));
        json_end_object(&act->writer);
    }
    json_end_array(&act->writer);
    return true;
}

static bool add_number(struct act *act, const struct option *option, str text, struct error *err)
{
    uint64_t number;
    char place[64];
    snprintf(place, sizeof place, "--%s", option->name);
    if (!str_to_u64(text, &number))
        return error_set(err, ERROR_INVALID, place, "expected a number from 0, found '%.*s'",
                         STR_ARG(text));
    json_key(&act->writer, str_of(option->member));
    json_raw(&act->writer, text);
    return true;
}

static bool add_pairs(struct act *act, const struct option *option, str text, struct error *err)
{
    char place[64];
    snprintf(place, sizeof place, "--%s", option->name);
    return act_add_pairs(act, option->member, text) ||
           error_set(err, ERROR_INVALID, place, "expected FROM=TO, more separated by commas");
}

static bool add_option(struct given *given, size_t i, struct error *err)
{
    const struct option *option = &given->request[1 + i].option;
    struct act *act = &given->act;
    str text = given->texts[i];
    if (option->kind == FLAG) {
        json_key(&act->writer, str_of(option->member));
        json_bool(&act->writer, given->flags[i]);
        return true;
    }
    if (text.len == 0)
        return true;
    switch (option->kind) {
    case TEXT:
        act_add_text(act, option->member, text);
        return true;
    case NUMBER:
        return add_number(act, option, text, err);
    case JSON:
        return act_add_json(act, option->member, text, err);
    case IDS:
        return add_ids(act, option->member, text);
    case PAIRS:
        return add_pairs(act, option, text, err);
    case FLAG:
    case PATH:
        return true;
    }
    check_unreachable();
}

// The path, or another one that an option asks for, with the argument in it.
static str path_of(struct given *given, str argument)
{
    const char *path = given->request->request.path;
    for (size_t i = 0; i < given->count; i++)
        if (given->request[1 + i].option.kind == PATH && given->flags[i])
            path = given->request[1 + i].option.member;
    str text = str_of(path);
    size_t hole = str_find(text, STR("{}"));
    if (hole == SIZE_MAX)
        return text;
    return str_format(&given->act.arena, "%.*s%.*s%.*s", STR_ARG(str_sub(text, 0, hole)),
                      STR_ARG(argument), STR_ARG(str_from_index(text, hole + 2)));
}

static int send(struct given *given, str argument)
{
    const struct cli_request *request = &given->request->request;
    struct error err;
    act_begin(&given->act);
    if (request->member[0] != '\0')
        act_add_text(&given->act, request->member, argument);
    for (size_t i = 0; i < given->count; i++)
        if (!add_option(given, i, &err))
            return cli_complain(&err);
    bool only_tries = false;
    for (size_t i = 0; i < given->count; i++)
        only_tries = only_tries ||
                     (given->flags[i] && strcmp(given->request[1 + i].option.name, "dry-run") == 0);
    return act_send(&given->act, path_of(given, argument),
                    only_tries ? "it could be done" : request->done);
}

int cli_request_run(size_t n, int argc, char **argv)
{
    struct given given = {.request = row_of(n)};
    const struct cli_request *request = &given.request->request;
    const struct cli_option client[] = {CLIENT_OPTIONS(given.act.client)};
    struct cli_option options[MOST_OPTIONS + COUNT_OF(client)];
    struct cli_arguments arguments;
    int code;
    while (given.request + 1 + given.count < rows + COUNT_OF(rows) &&
           given.request[1 + given.count].request.name == NULL) {
        const struct option *option = &given.request[1 + given.count].option;
        size_t i = given.count++;
        check(given.count <= MOST_OPTIONS);
        given.texts[i] = option->standard ? str_of(option->standard) : STR_EMPTY;
        options[i] = (struct cli_option){option->name, option->value, option->help,
                                         option->value ? &given.texts[i] : NULL,
                                         option->value ? NULL : &given.flags[i]};
    }
    memcpy(options + given.count, client, sizeof client);
    str synopsis =
        str_format(&given.act.arena, "baton %s %s [options]", request->name, request->argument);
    const struct cli_usage usage = {str_cstr(&given.act.arena, synopsis),
                                    request->summary,
                                    request->example,
                                    options,
                                    given.count + COUNT_OF(client),
                                    1,
                                    1};
    if (cli_parse(&usage, argc, argv, &arguments, &code))
        code = send(&given, str_of(arguments.items[0]));
    return act_finish(&given.act, code);
}
