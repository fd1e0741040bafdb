// SPDX-License-Identifier: Apache-2.0
#include "cli/operation.h"

#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"

// What shells complete: settings are too many.
static const struct cli_option setting_words[] = {
    {"config", "FILE", "read settings from a file", NULL, NULL},
    {"output", "table|json", "how to print it", NULL, NULL},
};

int operation_fail(const struct error *err)
{
    fprintf(stderr, "baton: %s: %s\n", err->place, err->text);
    return err->kind == ERROR_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

bool operation_wants_help(int argc, char **argv, const struct operation_help *help)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            const struct cli_usage words = {.options = setting_words,
                                            .option_count = COUNT_OF(setting_words)};
            if (cli_print_words(&words))
                return true;
            printf("%s\n\n%s\n\n"
                   "Settings: --config FILE, --key=value, BATON_KEY in the environment;\n"
                   "`baton config print` lists them.\n\nExample:\n  %s\n",
                   help->synopsis, help->summary, help->example);
            return true;
        }
    return false;
}

bool operation_begin(struct operation *operation, int argc, char **argv, int *ret_exit)
{
    static char program[] = "baton";
    struct error err;
    *operation = (struct operation){.argc = 1, .argv = {program}};
    operation->config = config_new(&operation->arena);
    for (int i = 0; i < argc && operation->argc <= OPERATION_MAX_ARGUMENTS; i++)
        operation->argv[operation->argc++] = argv[i];
    *ret_exit = EXIT_USAGE;
    if (!cli_take_output(&operation->argc, operation->argv, &operation->as_json)) {
        arena_done(&operation->arena);
        return false;
    }
    if (config_read_all(&operation->config, &operation->argc, operation->argv, &err)) {
        store_default_to_tls(config_str(&operation->config, CONFIG_POSTGRES_URL));
        return true;
    }
    *ret_exit = operation_fail(&err);
    arena_done(&operation->arena);
    return false;
}

int operation_end(struct operation *operation, int code)
{
    arena_done(&operation->arena);
    return code;
}

int operation_too_many(struct operation *operation)
{
    fprintf(stderr, "baton: '%s' is not understood; see --help\n", operation->argv[1]);
    return operation_end(operation, EXIT_USAGE);
}
