// SPDX-License-Identifier: Apache-2.0
//
// `baton profile list`, `set`, `use`, `remove`.
#include <stdio.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/profile.h"
#include "cli/table.h"

enum { COLUMNS = PROFILE_FIELDS + 2 };

// -- list -------------------------------------------------------------------------------

static void print_table(struct arena *arena, const struct profiles *profiles)
{
    const char *titles[COLUMNS] = {"current", "name"};
    for (size_t i = 0; i < PROFILE_FIELDS; i++)
        titles[i + 2] = profile_field(i);
    struct table table = table_new(arena, titles, COLUMNS);
    for (size_t i = 0; i < profiles->items.count; i++) {
        const struct profile *profile = &profiles->items.items[i];
        table_add(&table, str_equal(profile->name, profiles->current) ? STR("*") : STR_EMPTY);
        table_add(&table, profile->name);
        for (size_t field = 0; field < PROFILE_FIELDS; field++)
            table_add(&table, profile->values[field]);
    }
    table_print(&table);
}

static void print_json(struct arena *arena, const struct profiles *profiles)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t i = 0; i < profiles->items.count; i++) {
        const struct profile *profile = &profiles->items.items[i];
        json_begin_object(&w);
        json_key(&w, STR("name"));
        json_string(&w, profile->name);
        json_key(&w, STR("current"));
        json_bool(&w, str_equal(profile->name, profiles->current));
        for (size_t field = 0; field < PROFILE_FIELDS; field++) {
            json_key(&w, str_of(profile_field(field)));
            json_string(&w, profile->values[field]);
        }
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    puts(strbuf_cstr(&out));
}

int command_profile_list(int argc, char **argv)
{
    str output = STR_EMPTY;
    const struct cli_option options[] = {
        {"output", "table|json", "for people or for programs", &output, NULL}};
    const struct cli_usage usage = {
        "baton profile list [options]",
        "Lists the installations that have a name here. They stand in "
        "~/.config/baton/profiles.json "
        "(below XDG_CONFIG_HOME where it is set; BATON_CLI_PROFILES names another file).",
        "baton profile list",
        options,
        COUNT_OF(options),
        0,
        0};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct profiles profiles;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    bool read = profiles_read(&arena, &profiles, &err);
    if (!read)
        code = client_fail(&err);
    else if (str_equal(output, STR("json")))
        print_json(&arena, &profiles);
    else
        print_table(&arena, &profiles);
    arena_done(&arena);
    return read ? EXIT_OK : code;
}

// -- set, use, remove -------------------------------------------------------------------

typedef bool changes(struct arena *arena, struct profiles *profiles, str name, void *context,
                     struct error *err);

// Reads, changes and writes. Returns the exit code.
static int run(const struct cli_usage *usage, int argc, char **argv, changes *change, void *context,
               const char *done)
{
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct profiles profiles;
    struct error err;
    int code;
    if (!cli_parse(usage, argc, argv, &arguments, &code))
        return code;
    str name = str_of(arguments.items[0]);
    bool good = profiles_read(&arena, &profiles, &err) &&
                change(&arena, &profiles, name, context, &err) &&
                profiles_write(&arena, &profiles, &err);
    if (good)
        printf("profile %.*s %s\n", STR_ARG(name), done);
    code = good ? EXIT_OK : client_fail(&err);
    arena_done(&arena);
    return code;
}

static bool is_known(struct arena *arena, const struct profiles *profiles, str name,
                     struct error *err)
{
    return profiles_find(profiles, name) != NULL ||
           error_set(err, ERROR_NOT_FOUND, str_cstr(arena, name),
                     "is no profile: `baton profile list` shows those that are");
}

static bool set(struct arena *arena, struct profiles *profiles, str name, void *context,
                struct error *err)
{
    const struct profile *given = context;
    struct profile *profile = profiles_find(profiles, name);
    if (name.len == 0)
        return error_set(err, ERROR_INVALID, "NAME", "is empty");
    if (profile == NULL && profiles->items.count == PROFILES_MAX)
        return error_set(err, ERROR_INVALID, str_cstr(arena, name),
                         "%d profiles are the most: remove one", PROFILES_MAX);
    if (profile == NULL) {
        profile = ARRAY_PUSH(arena, &profiles->items);
        *profile = (struct profile){.name = name};
    }
    for (size_t i = 0; i < PROFILE_FIELDS; i++)
        if (given->values[i].data != NULL)
            profile->values[i] = given->values[i];
    if (profile->values[0].len == 0)
        return error_set(err, ERROR_INVALID, "--api", "is missing: where is it?");
    if (profiles->items.count == 1)
        profiles->current = name;
    return true;
}

int command_profile_set(int argc, char **argv)
{
    struct profile given = {0};
    struct cli_option options[PROFILE_FIELDS];
    for (size_t i = 0; i < PROFILE_FIELDS; i++)
        options[i] = profile_option(i, &given.values[i]);
    const struct cli_usage usage = {
        "baton profile set NAME --api URL [options]",
        "Gives an installation a name, with where it is and who you are there; what is not named "
        "stays as it was, and an empty value takes it away. Passwords and keys stay in their "
        "files. "
        "The first one is used at once.",
        "baton profile set prod --api https://baton.example.org --key-file ~/.baton-prod.key",
        options,
        COUNT_OF(options),
        1,
        1};
    return run(&usage, argc, argv, set, &given, "is set");
}

static bool use(struct arena *arena, struct profiles *profiles, str name, void *context,
                struct error *err)
{
    (void)context;
    profiles->current = name;
    return is_known(arena, profiles, name, err);
}

int command_profile_use(int argc, char **argv)
{
    const struct cli_usage usage = {
        "baton profile use NAME",
        "Uses an installation from now on, where neither --profile, --api nor the environment "
        "(BATON_CLI_PROFILE, BATON_CLI_URL) says another.",
        "baton profile use prod",
        NULL,
        0,
        1,
        1};
    return run(&usage, argc, argv, use, NULL, "is used from now on");
}

static bool take_out(struct arena *arena, struct profiles *profiles, str name, void *context,
                     struct error *err)
{
    (void)context;
    if (!is_known(arena, profiles, name, err))
        return false;
    struct profile *found = profiles_find(profiles, name);
    size_t at = (size_t)(found - profiles->items.items);
    memmove(found, found + 1, (profiles->items.count - at - 1) * sizeof *found);
    profiles->items.count--;
    if (str_equal(profiles->current, name))
        profiles->current = STR_EMPTY;
    return true;
}

int command_profile_remove(int argc, char **argv)
{
    const struct cli_usage usage = {"baton profile remove NAME",
                                    "Forgets an installation. Nothing of the installation changes.",
                                    "baton profile remove old",
                                    NULL,
                                    0,
                                    1,
                                    1};
    return run(&usage, argc, argv, take_out, NULL, "is forgotten");
}
