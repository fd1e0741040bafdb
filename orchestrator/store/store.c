// SPDX-License-Identifier: Apache-2.0
#include "store/internal.h"
#include "store/row_security.h"

#include <stdlib.h>

// Plans are made once and must stay good when a table grows from nothing: always by index.
static const char session[] =
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', false), "
    "set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false), "
    "set_config('enable_mergejoin', 'off', false), "
    "set_config('enable_bitmapscan', 'off', false), set_config('jit', 'off', false), "
    "set_config('statement_timeout', '60s', false), set_config('lock_timeout', '3s', false), "
    "set_config('timezone', 'UTC', false), " STORE_SEES_ALL;

static const struct pg_statement fixed[] = {
#define STATEMENT(name, sql) {#name, sql},
#include "store/statements.def"
#undef STATEMENT
};

_Static_assert(COUNT_OF(fixed) == STATEMENT_TABLES, "one row a statement");

static void on_connected(void *context)
{
    struct store *store = context;
    if (++store->ready == store->options.connections)
        store->handler.connected(store->handler.context);
}

static void count_ready(struct store *store)
{
    store->ready = 0;
    for (uint32_t i = 0; i < store->options.connections; i++)
        store->ready += store->connections[i] != NULL && pg_is_ready(store->connections[i]);
}

static void on_lost(void *context, const struct error *err)
{
    struct store *store = context;
    count_ready(store);
    store->handler.lost(store->handler.context, err);
}

static void fill_statements(struct store *store)
{
    memcpy(store->statements, fixed, sizeof fixed);
    for (size_t i = 0; i < TABLE_STATEMENTS; i++)
        store->statements[STATEMENT_TABLES + i] =
            table_statement(&store->arena, (enum table)(i / 3), (enum row_change)(i % 3));
}

struct store *store_new(const struct store_options *options, const struct store_handler *handler,
                        struct event_base *loop)
{
    struct store *store = calloc(1, sizeof *store);
    check(store != NULL);
    check(options->connections > 0 && options->connections <= STORE_MAX_CONNECTIONS);
    store->options = *options;
    store->handler = *handler;
    fill_statements(store);
    const struct pg_options pg = {.url = options->url,
                                  .application = options->node,
                                  .statements = store->statements,
                                  .statement_count = STATEMENT_COUNT,
                                  .session = session};
    const struct pg_handler events = {store, on_connected, on_lost};
    for (uint32_t i = 0; i < options->connections; i++)
        store->connections[i] = pg_new(&pg, &events, loop);
    return store;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    for (uint32_t i = 0; i < store->options.connections; i++)
        pg_free(store->connections[i]);
    arena_done(&store->arena);
    arena_done(&store->turn);
    free(store);
}

bool store_is_ready(const struct store *store)
{
    return store->ready == store->options.connections;
}

struct pg *store_connection(struct store *store, uint32_t shard)
{
    return store->connections[shard % store->options.connections];
}

// Classes of SQLSTATE that say nothing against what was asked: transaction rollback, insufficient
// resources, object not in prerequisite state (lock_timeout), the server's own ends, system error.
static bool is_passing(const char *sqlstate)
{
    static const char *const classes[] = {"40", "53", "55", "57P", "58"};
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (strncmp(sqlstate, classes[i], strlen(classes[i])) == 0)
            return true;
    return strcmp(sqlstate, "25006") == 0; // read-only: a standby that is about to be the primary
}

enum store_outcome store_outcome_of(const struct pg_answer *answer)
{
    if (answer->lost)
        return STORE_LOST;
    if (!answer->failed)
        return STORE_DONE;
    if (strcmp(answer->sqlstate, "BA001") == 0) // shard_fence()
        return STORE_TAKEN;
    return is_passing(answer->sqlstate) ? STORE_BUSY : STORE_REFUSED;
}

struct store_call *store_call_new(void *context, uint32_t shard)
{
    struct store_call *call = calloc(1, sizeof *call);
    check(call != NULL);
    call->context = context;
    call->shard = shard;
    return call;
}

void store_call_done(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    call->done(call->context, store_outcome_of(answer), &answer->err);
    free(call);
}

void store_ask(struct store *store, uint32_t shard, enum statement statement,
               const struct params *params)
{
    pg_execute(store_connection(store, shard), statement, &params->list);
}
