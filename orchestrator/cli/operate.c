// SPDX-License-Identifier: Apache-2.0
//
// For those who run an installation: `baton migrate`, `baton config`, `baton repair`. They take the
// settings that an orchestrator takes, from the same places.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/proof.h"
#include "base/config.h"
#include "base/json.h"
#include "bus/bus.h"
#include "cli/command.h"
#include "cli/operation.h"
#include "cli/options.h"
#include "cli/table.h"
#include "cli/repair.h"
#include "store/migrate.h"

// -- Settings -----------------------------------------------------------------------------

int command_config_print(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton config print [--output table|json]",
        "Prints every setting: what it does, what is allowed, its value and where that comes from.",
        "baton config print --config node.conf"};
    struct operation operation;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    struct strbuf out = strbuf_new(&operation.arena);
    (operation.as_json ? config_print_json : config_print)(&operation.config, &out);
    printf("%.*s%s", STR_ARG(strbuf_str(&out)), operation.as_json ? "\n" : "");
    return operation_end(&operation, EXIT_OK);
}

int command_config_check(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton config check [--output table|json]",
        "Checks the settings as an orchestrator does at its start. Exit 2 with the key, the value\n"
        "and what is allowed when one is wrong.",
        "baton config check --config node.conf"};
    struct operation operation;
    struct error err;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (operation.argc > 1)
        return operation_too_many(&operation);
    if (!config_check(&operation.config, &err) ||
        !store_check_url(config_str(&operation.config, CONFIG_POSTGRES_URL), &err) ||
        !store_check_url(config_str(&operation.config, CONFIG_POSTGRES_API_URL), &err) ||
        !bus_check_properties(config_str(&operation.config, CONFIG_KAFKA_BROKERS),
                              config_str(&operation.config, CONFIG_KAFKA_PROPERTIES), &err) ||
        !proof_check_settings(&operation.config, &err))
        return operation_end(&operation, operation_fail(&err));
    puts(operation.as_json ? "{\"good\":true}" : "the settings are good");
    return operation_end(&operation, EXIT_OK);
}

// -- The schema ---------------------------------------------------------------------------

int command_migrate_up(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton migrate up [--output table|json]", "Brings PostgreSQL's schema up to date.",
        "baton migrate up --postgres.url=postgresql://db/baton"};
    struct operation operation;
    struct error err;
    int code, applied;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    const char *url = config_str(&operation.config, CONFIG_POSTGRES_URL);
    if (!store_migrate_up(url, &applied, &err))
        return operation_end(&operation, operation_fail(&err));
    printf(operation.as_json ? "{\"applied\":%d}\n" : "%d migrations applied\n", applied);
    return operation_end(&operation, EXIT_OK);
}

static void print_migrations_json(struct arena *arena, const struct migration_status *migrations,
                                  size_t count)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        json_key(&w, STR("number"));
        json_i64(&w, migrations[i].number);
        json_key(&w, STR("name"));
        json_string(&w, migrations[i].name);
        json_key(&w, STR("state"));
        json_string(&w, str_of(migration_state_name(migrations[i].state)));
        json_key(&w, STR("applied"));
        if (migrations[i].applied.len > 0)
            json_string(&w, migrations[i].applied);
        else
            json_null(&w);
        json_end_object(&w);
    }
    json_end_array(&w);
    printf("%.*s\n", STR_ARG(strbuf_str(&out)));
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
    static const struct operation_help help = {"baton migrate status [--output table|json]",
                                               "Lists the migrations and their state.",
                                               "baton migrate status --output json"};
    struct operation operation;
    struct migration_status *migrations;
    size_t count;
    struct error err;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    const char *url = config_str(&operation.config, CONFIG_POSTGRES_URL);
    if (!store_migrate_status(url, &operation.arena, &migrations, &count, &err))
        return operation_end(&operation, operation_fail(&err));
    (operation.as_json ? print_migrations_json : print_migrations)(&operation.arena, migrations,
                                                                   count);
    return operation_end(&operation, EXIT_OK);
}

int command_migrate_verify(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton migrate verify [--output table|json]",
        "Exit 1 unless the schema is exactly the one that this version of Baton was built with.",
        "baton migrate verify"};
    struct operation operation;
    struct error err;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (!store_migrate_verify(config_str(&operation.config, CONFIG_POSTGRES_URL), &err))
        return operation_end(&operation, operation_fail(&err));
    puts(operation.as_json ? "{\"upToDate\":true}" : "the schema is up to date");
    return operation_end(&operation, EXIT_OK);
}

// -- Repair -------------------------------------------------------------------------------

// People read of shards as they are repaired; programs get all at the end.
struct repairs {
    bool as_json;
    struct json_writer shards;
    int count;
};

static void write_number(struct json_writer *w, const char *name, int64_t value)
{
    json_key(w, str_of(name));
    json_i64(w, value);
}

static void take_repaired(void *context, const struct repaired *repaired)
{
    struct repairs *repairs = context;
    repairs->count++;
    if (!repairs->as_json) {
        printf("shard %u: had stood still at offset %lld; the topic holds %lld to %lld; goes on at "
               "%lld\n",
               repaired->shard, (long long)repaired->wanted_offset, (long long)repaired->low,
               (long long)repaired->high - 1, (long long)repaired->next_offset);
        return;
    }
    json_begin_object(&repairs->shards);
    write_number(&repairs->shards, "shard", repaired->shard);
    write_number(&repairs->shards, "stoodAt", repaired->wanted_offset);
    write_number(&repairs->shards, "topicFirst", repaired->low);
    write_number(&repairs->shards, "topicEnd", repaired->high);
    write_number(&repairs->shards, "goesOnAt", repaired->next_offset);
    json_end_object(&repairs->shards);
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

static int adopt_topics(struct operation *operation)
{
    struct error err;
    if (!repair_adopt_topics(&operation->config, &err))
        return operation_end(operation, operation_fail(&err));
    const char *prefix = config_str(&operation->config, CONFIG_KAFKA_TOPIC_PREFIX);
    if (operation->as_json)
        printf("{\"adopted\":\"%s\"}\n", prefix);
    else
        printf("the topics with prefix '%s' belong to this installation now\n", prefix);
    return operation_end(operation, EXIT_OK);
}

int command_repair(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton repair [SHARD] [--from beginning|end] [--output table|json]\n"
        "baton repair --adopt-topics",
        "Moves shards on that halted because their topic was truncated, recreated or rewound. "
        "They\n"
        "go on at the topic's beginning when all its records are newer than what they had done;\n"
        "else --from says: beginning, for a topic that was made anew; end, for one that lost its\n"
        "last records. What was in flight (jobs, subscriptions, timers) is sent again from\n"
        "PostgreSQL. Commands that Kafka lost are lost.\n"
        "--adopt-topics: the topics with kafka.topic_prefix, which belonged to another\n"
        "installation that is no more, belong to the one in this PostgreSQL from here on.",
        "baton repair 3 --from end"};
    struct operation operation;
    struct error err;
    enum repair_from from;
    int64_t shard;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (operation.argc == 2 && strcmp(operation.argv[1], "--adopt-topics") == 0)
        return adopt_topics(&operation);
    if (!read_repair(&operation, &shard, &from))
        return operation_too_many(&operation);
    struct strbuf shards = strbuf_new(&operation.arena);
    struct repairs repairs = {.as_json = operation.as_json, .shards = json_writer_new(&shards)};
    json_begin_array(&repairs.shards);
    bool ok = node_repair(&operation.config, shard, from, take_repaired, &repairs, &err);
    json_end_array(&repairs.shards);
    if (repairs.as_json)
        printf("%.*s\n", STR_ARG(strbuf_str(&shards)));
    else
        printf("%d shards repaired; their next owner takes them up\n", repairs.count);
    return operation_end(&operation, ok ? EXIT_OK : operation_fail(&err));
}
