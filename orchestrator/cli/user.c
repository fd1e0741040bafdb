// SPDX-License-Identifier: Apache-2.0
//
// `baton user` and `baton api-key`: who may get in. Users are added, and given passwords, straight
// in PostgreSQL, as nobody could be asked before the first one; the rest is asked of the API.
#include <stdio.h>
#include <string.h>

#include "access/local_user.h"
#include "cli/act.h"
#include "cli/command.h"
#include "cli/credentials.h"
#include "cli/operation.h"
#include "cli/resource.h"

struct user_options {
    str name;
    str password_file;
    bool is_admin;
};

// False when something is not understood.
static bool read_options(const struct operation *operation, struct user_options *ret_options)
{
    struct user_options options = {0};
    for (int i = 1; i < operation->argc; i++) {
        str word = str_of(operation->argv[i]);
        if (str_equal(word, STR("--admin")))
            options.is_admin = true;
        else if (str_equal(word, STR("--password-stdin")))
            options.password_file = STR("-");
        else if (str_equal(word, STR("--password-file")) && i + 1 < operation->argc)
            options.password_file = str_of(operation->argv[++i]);
        else if (options.name.len == 0 && !str_starts_with(word, STR("--")))
            options.name = word;
        else
            return false;
    }
    *ret_options = options;
    return options.name.len > 0;
}

static int complain(struct operation *operation, const struct operation_help *help)
{
    fprintf(stderr, "usage: %s\n", help->synopsis);
    return operation_end(operation, EXIT_USAGE);
}

static int say(struct operation *operation, str name, const char *done)
{
    if (operation->as_json)
        printf("{\"%s\":true}\n", done);
    else
        printf("%.*s %s\n", STR_ARG(name), done);
    return operation_end(operation, EXIT_OK);
}

int command_user_add(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton user add NAME [--admin] [--password-file FILE | --password-stdin]",
        "Adds a local user straight in PostgreSQL, so it works before there is anybody to ask. "
        "The\n"
        "password is asked for unless a file has it. --admin: a member of the role admin.",
        "baton user add anna --admin --postgres.url=postgresql://db/baton"};
    struct operation operation;
    struct user_options options;
    struct local_user user = {0};
    struct error err;
    bool added;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (!read_options(&operation, &options))
        return complain(&operation, &help);
    user.name = options.name;
    user.is_admin = options.is_admin;
    if (!credentials_read_password(&operation.arena, options.password_file, true, &user.password,
                                   &err) ||
        !local_user_add(&operation.config, &user, &added, &err))
        return operation_end(&operation, operation_fail(&err));
    if (added)
        return say(&operation, user.name, "added");
    (void)error_set(&err, ERROR_CONFLICT, "user", "there is a user of that name");
    return operation_end(&operation, operation_fail(&err));
}

int command_user_password(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton user password NAME [--password-file FILE | --password-stdin]",
        "Gives a local user another password straight in PostgreSQL, ends their sessions, and "
        "lets\n"
        "them log in again at once where failures had locked them out.",
        "baton user password anna --postgres.url=postgresql://db/baton"};
    struct operation operation;
    struct user_options options;
    struct error err;
    str password;
    bool found;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (!read_options(&operation, &options) || options.is_admin)
        return complain(&operation, &help);
    if (!credentials_read_password(&operation.arena, options.password_file, true, &password,
                                   &err) ||
        !local_user_set_password(&operation.config, options.name, password, &found, &err))
        return operation_end(&operation, operation_fail(&err));
    if (found)
        return say(&operation, options.name, "changed");
    (void)error_set(&err, ERROR_NOT_FOUND, "user", "there is no user of that name");
    return operation_end(&operation, operation_fail(&err));
}

// -- Asked of the API -------------------------------------------------------------------

int command_user_list(int argc, char **argv)
{
    static const struct resource_listing users = {{"username", "name", "email"}, 3};
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton user list [options]",
                                    "Lists local users.",
                                    "baton user list",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return resource_list(&client, "POST", STR("/v2/users/search"),
                         STR("{\"page\":{\"limit\":1000}}"), &users);
}

int command_user_sessions(int argc, char **argv)
{
    static const struct resource_listing sessions = {
        {"sessionId", "provider", "startTime", "lastUsedTime", "endTime", "address", "userAgent"},
        7};
    struct client_options client = {0};
    struct arena arena = ARENA_EMPTY;
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton user sessions NAME [options]",
                                    "Lists the sessions of a user's browsers.",
                                    "baton user sessions anna",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    str name = resource_escaped(&arena, str_of(arguments.items[0]));
    code =
        resource_list(&client, "GET", str_format(&arena, "/v2/users/%.*s/sessions", STR_ARG(name)),
                      STR_EMPTY, &sessions);
    arena_done(&arena);
    return code;
}

int command_api_key_list(int argc, char **argv)
{
    static const struct resource_listing keys = {{"keyId", "clientId", "name", "creationTime",
                                                  "expiresAt", "lastUsedTime", "revocationTime"},
                                                 7};
    struct client_options client = {0};
    struct arena arena = ARENA_EMPTY;
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton api-key list [CLIENT] [options]",
                                    "Lists API keys: of a client, or all.",
                                    "baton api-key list billing",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    str path = STR("/v2/api-keys");
    if (arguments.count == 1) {
        str name = resource_escaped(&arena, str_of(arguments.items[0]));
        path = str_format(&arena, "/v2/api-keys?clientId=%.*s", STR_ARG(name));
    }
    code = resource_list(&client, "GET", path, STR_EMPTY, &keys);
    arena_done(&arena);
    return code;
}

int command_user_logout(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton user logout NAME [options]",
                                    "Ends the sessions of all of a user's browsers.",
                                    "baton user logout anna",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    return resource_delete(argc, argv, &usage, &client, "/v2/users/{}/sessions");
}

int command_api_key_revoke(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton api-key revoke KEY-ID [options]",
                                    "Revokes an API key, at once.",
                                    "baton api-key revoke 0123456789abcdef",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    return resource_delete(argc, argv, &usage, &client, "/v2/api-keys/{}");
}
