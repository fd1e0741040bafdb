// SPDX-License-Identifier: Apache-2.0
//
// For those who run an installation: `baton migrate`, `baton config`, `baton repair`, `baton
// audit`. They take the settings that an orchestrator takes, from the same places.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "cli/command.h"
#include "cli/table.h"
#include "node/audit.h"
#include "node/repair.h"
#include "store/migrate.h"

enum { OPERATE_MAX_ARGUMENTS = 64 };

struct operation {
    struct arena arena;
    struct config config;
    int argc;
    char *argv[OPERATE_MAX_ARGUMENTS + 2]; // [0] is the program, as config_read_all expects
};

static int fail(const struct error *err)
{
    fprintf(stderr, "baton: %s: %s\n", err->place, err->text);
    return err->kind == ERROR_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

static bool wants_help(int argc, char **argv, const char *help)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            printf("%s\nSettings: --config FILE, --key=value, BATON_KEY in the environment; "
                   "`baton config print` lists them.\n",
                   help);
            return true;
        }
    return false;
}

// False: leave with *ret_exit.
static bool begin(struct operation *operation, int argc, char **argv, int *ret_exit)
{
    static char program[] = "baton";
    struct error err;
    *operation = (struct operation){.argc = 1, .argv = {program}};
    operation->config = config_new(&operation->arena);
    for (int i = 0; i < argc && operation->argc <= OPERATE_MAX_ARGUMENTS; i++)
        operation->argv[operation->argc++] = argv[i];
    if (config_read_all(&operation->config, &operation->argc, operation->argv, &err))
        return true;
    *ret_exit = fail(&err);
    arena_done(&operation->arena);
    return false;
}

static int end(struct operation *operation, int code)
{
    arena_done(&operation->arena);
    return code;
}

static int too_many(struct operation *operation)
{
    fprintf(stderr, "baton: '%s' is not understood; see --help\n", operation->argv[1]);
    return end(operation, EXIT_USAGE);
}

// -- Settings -----------------------------------------------------------------------------

int command_config_print(int argc, char **argv)
{
    struct operation operation;
    int code;
    if (wants_help(
            argc, argv,
            "usage: baton config print\nPrints every setting: what it does, what is allowed, "
            "its value and where that comes from."))
        return EXIT_OK;
    if (!begin(&operation, argc, argv, &code))
        return code;
    struct strbuf out = strbuf_new(&operation.arena);
    config_print(&operation.config, &out);
    printf("%.*s", STR_ARG(strbuf_str(&out)));
    return end(&operation, EXIT_OK);
}

int command_config_check(int argc, char **argv)
{
    struct operation operation;
    struct error err;
    int code;
    if (wants_help(argc, argv,
                   "usage: baton config check\nChecks the settings as an orchestrator would at its "
                   "start; exit 2 and the key, the value and what is allowed when one is wrong."))
        return EXIT_OK;
    if (!begin(&operation, argc, argv, &code))
        return code;
    if (operation.argc > 1)
        return too_many(&operation);
    if (!config_check(&operation.config, &err))
        return end(&operation, fail(&err));
    printf("the settings are good\n");
    return end(&operation, EXIT_OK);
}

// -- The schema ---------------------------------------------------------------------------

int command_migrate_up(int argc, char **argv)
{
    struct operation operation;
    struct error err;
    int code, applied;
    if (wants_help(argc, argv, "usage: baton migrate up\nBrings PostgreSQL's schema up to date."))
        return EXIT_OK;
    if (!begin(&operation, argc, argv, &code))
        return code;
    const char *url = config_str(&operation.config, CONFIG_POSTGRES_URL);
    if (!store_migrate_up(url, &applied, &err))
        return end(&operation, fail(&err));
    printf("%d migrations applied\n", applied);
    return end(&operation, EXIT_OK);
}

static void print_migrations(struct arena *arena, const struct migration_status *migrations,
                             size_t count)
{
    static const char *const titles[] = {"NUMBER", "NAME", "STATE", "APPLIED"};
    struct table table = table_new(arena, titles, COUNT_OF(titles));
    for (size_t i = 0; i < count; i++) {
        table_add(&table, str_format(arena, "%d", migrations[i].number));
        table_add(&table, migrations[i].name);
        table_add(&table, str_of(migration_state_name(migrations[i].state)));
        table_add(&table, migrations[i].applied);
    }
    table_print(&table);
}

int command_migrate_status(int argc, char **argv)
{
    struct operation operation;
    struct migration_status *migrations;
    size_t count;
    struct error err;
    int code;
    if (wants_help(argc, argv,
                   "usage: baton migrate status\nLists the migrations and their state."))
        return EXIT_OK;
    if (!begin(&operation, argc, argv, &code))
        return code;
    const char *url = config_str(&operation.config, CONFIG_POSTGRES_URL);
    if (!store_migrate_status(url, &operation.arena, &migrations, &count, &err))
        return end(&operation, fail(&err));
    print_migrations(&operation.arena, migrations, count);
    return end(&operation, EXIT_OK);
}

int command_migrate_verify(int argc, char **argv)
{
    struct operation operation;
    struct error err;
    int code;
    if (wants_help(argc, argv,
                   "usage: baton migrate verify\nExit 1 unless the schema is exactly the one that "
                   "this version of Baton was built with."))
        return EXIT_OK;
    if (!begin(&operation, argc, argv, &code))
        return code;
    if (!store_migrate_verify(config_str(&operation.config, CONFIG_POSTGRES_URL), &err))
        return end(&operation, fail(&err));
    printf("the schema is up to date\n");
    return end(&operation, EXIT_OK);
}

// -- Repair and audit ---------------------------------------------------------------------

static void print_repaired(void *context, const struct repaired *repaired)
{
    ++*(int *)context;
    printf(
        "shard %u: had stood still at offset %lld; the topic holds %lld to %lld; goes on at %lld\n",
        repaired->shard, (long long)repaired->wanted_offset, (long long)repaired->low,
        (long long)repaired->high - 1, (long long)repaired->next_offset);
}

static bool read_repair(const struct operation *operation, int64_t *ret_shard,
                        enum repair_from *ret_from)
{
    static const char *const places[] = {[REPAIR_FROM_SURE] = "sure",
                                         [REPAIR_FROM_BEGINNING] = "beginning",
                                         [REPAIR_FROM_END] = "end"};
    *ret_shard = -1;
    *ret_from = REPAIR_FROM_SURE;
    for (int i = 1; i < operation->argc; i++) {
        const char *word = operation->argv[i];
        if (strcmp(word, "--from") == 0 && i + 1 < operation->argc) {
            size_t place = 0;
            while (place < COUNT_OF(places) && strcmp(places[place], operation->argv[i + 1]) != 0)
                place++;
            *ret_from = (enum repair_from)place;
            i++;
            if (place == COUNT_OF(places))
                return false;
        } else if (*ret_shard >= 0 || !str_to_i64(str_of(word), ret_shard) || *ret_shard < 0) {
            return false;
        }
    }
    return true;
}

int command_repair(int argc, char **argv)
{
    struct operation operation;
    struct error err;
    enum repair_from from;
    int64_t shard;
    int code, repaired = 0;
    if (wants_help(
            argc, argv,
            "usage: baton repair [SHARD] [--from beginning|end]\nMoves shards on that halted "
            "because "
            "their topic was truncated, recreated or rewound. They go on at the\ntopic's beginning "
            "when all its records are newer than what they had done; else --from says: beginning, "
            "for\na topic that was made anew; end, for one that lost its last records. What was in "
            "flight (jobs, subscriptions,\ntimers) is sent again from PostgreSQL. Commands that "
            "Kafka lost are lost.\nExample: baton repair 3 --from end"))
        return EXIT_OK;
    if (!begin(&operation, argc, argv, &code))
        return code;
    if (!read_repair(&operation, &shard, &from))
        return too_many(&operation);
    bool ok = node_repair(&operation.config, shard, from, print_repaired, &repaired, &err);
    printf("%d shards repaired; their next owner takes them up\n", repaired);
    return end(&operation, ok ? EXIT_OK : fail(&err));
}

static void print_problem(void *context, str problem)
{
    (void)context;
    printf("%.*s\n", STR_ARG(problem));
}

int command_audit_verify(int argc, char **argv)
{
    struct operation operation;
    struct audit_result result;
    struct error err;
    int code;
    if (wants_help(
            argc, argv,
            "usage: baton audit verify\nChecks the chain of digests over all history, and that "
            "every stored state is what its history gives,\nbyte for byte. Exit 1 when a problem "
            "was found. Run it while no node writes."))
        return EXIT_OK;
    if (!begin(&operation, argc, argv, &code))
        return code;
    if (!node_audit(config_str(&operation.config, CONFIG_POSTGRES_URL), print_problem, NULL,
                    &result, &err))
        return end(&operation, fail(&err));
    printf("%llu batches, %llu steps, %llu streams checked: %llu problems\n",
           (unsigned long long)result.batches, (unsigned long long)result.rows,
           (unsigned long long)result.streams, (unsigned long long)result.problems);
    return end(&operation, result.problems == 0 ? EXIT_OK : EXIT_FAILED);
}
