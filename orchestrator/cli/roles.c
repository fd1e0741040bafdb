// SPDX-License-Identifier: Apache-2.0
//
// Roles of PostgreSQL: what the engine and the API get, and who has SQL on a tenant's data. Run as
// the role that owns the schema.
#include <stdio.h>

#include "cli/command.h"
#include "cli/operation.h"
#include "store/query.h"
#include "store/read/scope.h"

static void on_done(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context, (void)rows, (void)err;
}

// A CALL with two names; says what was done.
static int call(int argc, char **argv, const struct operation_help *help, const char *sql,
                const char *done)
{
    struct operation operation;
    struct error err;
    int code;
    if (operation_wants_help(argc, argv, help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (operation.argc != 3) {
        fprintf(stderr, "usage: %s\n", help->synopsis);
        return operation_end(&operation, EXIT_USAGE);
    }
    const str parameters[] = {tenant_inside(str_of(operation.argv[1])), str_of(operation.argv[2])};
    bool good = query_run_blocking(config_str(&operation.config, CONFIG_POSTGRES_URL), str_of(sql),
                                   parameters, COUNT_OF(parameters), on_done, NULL, &err);
    if (good && operation.as_json)
        puts("{\"done\":true}");
    else if (good)
        printf("%s, %s: %s\n", operation.argv[1], operation.argv[2], done);
    return operation_end(&operation, good ? EXIT_OK : operation_fail(&err));
}

int command_migrate_roles(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton migrate roles ENGINE-ROLE API-ROLE [--output table|json]",
        "Gives two roles of PostgreSQL, which own nothing, what nodes and the API need. Run it as "
        "the\nrole that owns the schema, after each baton migrate up.",
        "baton migrate roles baton_engine baton_api --postgres.url=postgresql://owner@db/baton"};
    return call(argc, argv, &help, "CALL baton_grant($1::name, $2::name)",
                "they have what they need");
}

int command_tenant_grant_sql(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton tenant grant-sql TENANT ROLE [--output table|json]",
        "Gives a role of PostgreSQL SELECT on views of one tenant's data, in the schema "
        "tenant_TENANT;\n<default> is the default tenant. The role sees nothing else.",
        "baton tenant grant-sql acme acme_bi --postgres.url=postgresql://owner@db/baton"};
    return call(argc, argv, &help, "CALL tenant_grant_sql($1::text, $2::name)", "can be read");
}

int command_tenant_revoke_sql(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton tenant revoke-sql TENANT ROLE [--output table|json]",
        "Takes from a role of PostgreSQL what baton tenant grant-sql gave.",
        "baton tenant revoke-sql acme acme_bi --postgres.url=postgresql://owner@db/baton"};
    return call(argc, argv, &help, "CALL tenant_revoke_sql($1::text, $2::name)",
                "cannot be read any more");
}
