// SPDX-License-Identifier: Apache-2.0
//
// `baton secret`: secrets of models, written and listed by the API. `baton vault`: the keys that
// seal them, of whoever runs the installation.
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "access/login.h"
#include "cli/command.h"
#include "cli/credentials.h"
#include "cli/operation.h"
#include "cli/resource.h"
#include "store/catalogue/personal.h"
#include "store/catalogue/secret.h"
#include "store/query.h"
#include "store/catalogue/credential.h"
#include "store/read/credential.h"
#include "store/read/secret.h"
#include "store/vault_keys.h"
#include "vault/personal.h"
#include "vault/secret.h"

// -- Secrets ----------------------------------------------------------------------------

struct secret_options {
    struct client_options client;
    str value_file, hosts, processes, note, tenant;
    bool keeps_value;
};

#define SECRET_OPTIONS(o)                                                                          \
    {"value-file", "FILE", "has the value, - is standard input; else it is asked for",             \
     &(o).value_file, NULL},                                                                       \
        {"keep-value", NULL, "changes what else is said, not the value", NULL, &(o).keeps_value},  \
        {"hosts", "HOST,…", "where connectors may send it: host or host:port", &(o).hosts, NULL},  \
        {"processes", "ID,…", "processes whose jobs may have it", &(o).processes, NULL},           \
        {"note", "TEXT", "what it is for", &(o).note, NULL},                                       \
        {"tenant", "TENANT", "whose it is; else the default tenant's", &(o).tenant, NULL},         \
        CLIENT_OPTIONS((o).client)

static void add_text(struct json_writer *w, const char *name, str text)
{
    if (text.len == 0)
        return;
    json_key(w, str_of(name));
    json_string(w, text);
}

static void add_list(struct json_writer *w, const char *name, str list)
{
    str one;
    if (list.len == 0)
        return;
    json_key(w, str_of(name));
    json_begin_array(w);
    while (str_split(&list, ',', &one))
        if (str_trim(one).len > 0)
            json_string(w, str_trim(one));
    json_end_array(w);
}

static str body_of(struct arena *arena, const struct secret_options *options, str name, str value)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    add_text(&w, "name", name);
    if (!options->keeps_value)
        add_text(&w, "value", value);
    add_text(&w, "note", options->note);
    add_text(&w, "tenantId", options->tenant);
    add_list(&w, "hosts", options->hosts);
    add_list(&w, "processDefinitionIds", options->processes);
    json_end_object(&w);
    return strbuf_str(&out);
}

// Changes the one that is there, or makes it.
static bool put(struct arena *arena, const struct secret_options *options, const char *name,
                str value, struct error *err)
{
    struct client_answer answer;
    str path = str_join2(arena, STR("/v2/secrets/"), resource_escaped(arena, str_of(name)));
    str body = body_of(arena, options, STR_EMPTY, value);
    if (client_send(arena, &options->client, "PUT", path, body, &answer, err))
        return true;
    return err->kind == ERROR_NOT_FOUND && !options->keeps_value &&
           client_send(arena, &options->client, "POST", STR("/v2/secrets"),
                       body_of(arena, options, str_of(name), value), &answer, err);
}

int command_secret_set(int argc, char **argv)
{
    struct secret_options o = {0};
    struct arena arena = ARENA_EMPTY;
    const struct cli_option options[] = {SECRET_OPTIONS(o)};
    const struct cli_usage usage = {
        "baton secret set NAME [options]",
        "Makes a secret, or gives it another value. Models refer to it as {{secrets.NAME}}.",
        "baton secret set BUREAU_TOKEN --hosts bureau.example.com --value-file token.txt",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    struct error err;
    str value = STR_EMPTY;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    bool good =
        (o.keeps_value || credentials_read_password(&arena, o.value_file, true, &value, &err)) &&
        put(&arena, &o, arguments.items[0], value, &err);
    code = good ? EXIT_OK : client_fail(&err);
    if (good)
        printf(client_wants_json(&o.client) ? "{\"done\":true}\n" : "%s set\n", arguments.items[0]);
    explicit_bzero((char *)value.data, value.len);
    arena_done(&arena);
    return code;
}

int command_secret_list(int argc, char **argv)
{
    static const struct resource_listing listing = {
        {"name", "tenantId", "hosts", "processDefinitionIds", "note", "lastChangedTime",
         "lastUsedTime", "vaultKeyId"},
        8};
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton secret list [options]",
                                    "Lists secrets, without their values.",
                                    "baton secret list",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return resource_list(&client, "GET", STR("/v2/secrets"), STR_EMPTY, &listing);
}

int command_secret_delete(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton secret delete NAME [options]",
                                    "Deletes a secret of the default tenant.",
                                    "baton secret delete BUREAU_TOKEN",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    return resource_delete(argc, argv, &usage, &client, "/v2/secrets/{}");
}

// -- The vault --------------------------------------------------------------------------

int command_vault_key(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton vault key [ID]",
        "Makes a key for the vault (vault.key_file, vault.keys) from random bytes: a line with its "
        "id.\nPut a new key before the others, restart the nodes one by one, then: baton vault "
        "rotate.",
        "baton vault key k2 >> new.keys"};
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str line;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (argc > 1) {
        fprintf(stderr, "usage: %s\n", help.synopsis);
        return EXIT_USAGE;
    }
    bool good = vault_make_line(&arena, argc == 1 ? str_of(argv[0]) : STR("k1"), &line, &err);
    if (good)
        printf("%.*s\n", STR_ARG(line));
    int code = good ? EXIT_OK : operation_fail(&err);
    arena_done(&arena);
    return code;
}

struct rotation {
    const char *url;
    const struct vault *vault;
    size_t seen, done;
    struct error *err;
    bool good;
};

static void on_rewrapped(void *context, const struct query_rows *rows, const struct error *err)
{
    struct rotation *rotation = context;
    (void)err;
    rotation->done += rows != NULL ? query_row_count(rows) : 0;
}

static bool rewrap(struct rotation *rotation, struct arena *arena, const struct query_rows *rows,
                   size_t i)
{
    struct secret_row row = {.tenant = query_value(rows, i, 0), .name = query_value(rows, i, 1)};
    str old = query_bytes(rows, i, 2, arena);
    row.vault_key = vault_current(rotation->vault);
    if (!vault_rewrap(arena, rotation->vault, old, secret_bound(arena, row.tenant, row.name),
                      &row.wrapped, rotation->err))
        return false;
    struct statement statement = catalogue_secret_rewrap(arena, &row, old);
    return query_run_blocking(rotation->url, str_of(statement.sql), statement.parameters,
                              statement.count, on_rewrapped, rotation, rotation->err);
}

static void on_to_rewrap(void *context, const struct query_rows *rows, const struct error *err)
{
    struct rotation *rotation = context;
    struct arena arena = ARENA_EMPTY;
    (void)err;
    rotation->seen = rows != NULL ? query_row_count(rows) : 0;
    for (size_t i = 0; i < rotation->seen && rotation->good; i++)
        rotation->good = rewrap(rotation, &arena, rows, i);
    arena_done(&arena);
}

// What lay as it was is sealed, too.
static bool reseal(struct rotation *rotation, struct arena *arena, const struct query_rows *rows,
                   size_t i)
{
    str user = query_value(rows, i, 0), old = query_bytes(rows, i, 1, arena);
    str wrapped = query_bytes(rows, i, 2, arena);
    struct totp_row row = {user, old, wrapped, vault_current(rotation->vault)};
    if (wrapped.len == 0) {
        const struct totp_stored stored = totp_seal(arena, rotation->vault, user, old);
        row.secret = stored.secret;
        row.wrapped = stored.wrapped;
    } else if (!vault_rewrap(arena, rotation->vault, wrapped, totp_bound(arena, user), &row.wrapped,
                             rotation->err)) {
        return false;
    }
    struct statement statement = catalogue_totp_reseal(arena, &row, old);
    return query_run_blocking(rotation->url, str_of(statement.sql), statement.parameters,
                              statement.count, on_rewrapped, rotation, rotation->err);
}

static void on_to_reseal(void *context, const struct query_rows *rows, const struct error *err)
{
    struct rotation *rotation = context;
    struct arena arena = ARENA_EMPTY;
    (void)err;
    rotation->seen = rows != NULL ? query_row_count(rows) : 0;
    for (size_t i = 0; i < rotation->seen && rotation->good; i++)
        rotation->good = reseal(rotation, &arena, rows, i);
    arena_done(&arena);
}

// Some at a time; what was wrapped anew is not looked at again, so that it goes on after a crash.
static bool rotate(struct rotation *rotation, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    bool good = true;
    rotation->err = err;
    rotation->good = true;
    do {
        struct statement statement =
            read_secrets_to_rewrap(&arena, scope_everything(), vault_current(rotation->vault));
        good = query_run_blocking(rotation->url, str_of(statement.sql), statement.parameters,
                                  statement.count, on_to_rewrap, rotation, err) &&
               rotation->good;
    } while (good && rotation->seen > 0);
    while (good) {
        struct statement statement = read_totp_to_seal(&arena, vault_current(rotation->vault));
        good = query_run_blocking(rotation->url, str_of(statement.sql), statement.parameters,
                                  statement.count, on_to_reseal, rotation, err) &&
               rotation->good;
        if (rotation->seen == 0)
            break;
    }
    arena_done(&arena);
    return good;
}

static bool rewrap_person(struct rotation *rotation, struct arena *arena,
                          const struct query_rows *rows, size_t i)
{
    struct person_rewrap person = {.shard = query_i64(rows, i, 0),
                                   .stream = query_i64(rows, i, 1),
                                   .number = query_i64(rows, i, 2),
                                   .old = query_bytes(rows, i, 4, arena),
                                   .vault_key = vault_current(rotation->vault)};
    str bound = personal_bound(arena, query_value(rows, i, 3), (uint64_t)person.stream,
                               (uint32_t)person.number);
    if (!vault_rewrap(arena, rotation->vault, person.old, bound, &person.wrapped, rotation->err))
        return false;
    struct statement statement = catalogue_person_rewrap(arena, &person);
    return query_run_blocking(rotation->url, str_of(statement.sql), statement.parameters,
                              statement.count, on_rewrapped, rotation, rotation->err);
}

static void on_persons_to_rewrap(void *context, const struct query_rows *rows,
                                 const struct error *err)
{
    struct rotation *rotation = context;
    struct arena arena = ARENA_EMPTY;
    (void)err;
    rotation->seen = rows != NULL ? query_row_count(rows) : 0;
    for (size_t i = 0; i < rotation->seen && rotation->good; i++)
        rotation->good = rewrap_person(rotation, &arena, rows, i);
    arena_done(&arena);
}

static bool rotate_persons(struct rotation *rotation, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    bool good = true;
    do {
        struct statement statement =
            catalogue_persons_to_rewrap(&arena, vault_current(rotation->vault));
        good = query_run_blocking(rotation->url, str_of(statement.sql), statement.parameters,
                                  statement.count, on_persons_to_rewrap, rotation, err) &&
               rotation->good;
    } while (good && rotation->seen > 0);
    arena_done(&arena);
    return good;
}

int command_vault_rotate(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton vault rotate [--output table|json]",
        "Wraps what older keys of the vault wrapped by its first key. Nodes go on meanwhile; a "
        "run that\nwas broken off is run again. After it older keys may be taken out of the list.",
        "baton vault rotate --vault.key_file=/etc/baton/vault.keys"};
    struct operation operation;
    struct vault *vault = NULL;
    struct error err;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (operation.argc > 1)
        return operation_too_many(&operation);
    struct rotation rotation = {.url = config_str(&operation.config, CONFIG_POSTGRES_URL)};
    bool good = vault_open(&operation.config, &vault, &err);
    if (good && vault == NULL)
        good = error_set(&err, ERROR_INVALID, "vault.keys", "no keys are set (vault.key_file, …)");
    rotation.vault = vault;
    good = good && store_check_vault(rotation.url, "", vault, &err) && rotate(&rotation, &err);
    size_t secrets = rotation.done;
    good = good && rotate_persons(&rotation, &err);
    if (good && operation.as_json)
        printf("{\"wrapped\":%zu,\"secrets\":%zu,\"persons\":%zu}\n", rotation.done, secrets,
               rotation.done - secrets);
    else if (good)
        printf("%zu secrets and second factors and %zu keys of persons wrapped by the key %.*s\n",
               secrets, rotation.done - secrets, STR_ARG(vault_current(vault)));
    code = good ? EXIT_OK : operation_fail(&err);
    vault_close(vault);
    return operation_end(&operation, code);
}
