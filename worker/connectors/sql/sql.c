// SPDX-License-Identifier: Apache-2.0
#include "connector_sql/sql.h"

#include "connector_sql/session.h"
#include "loop/helper.h"

#include <stdlib.h>

const char *const sql_types[2] = {"io.camunda:connector-jdbc:1", "baton:sql"};

struct sql {
    const struct connector_site *site;
    struct helper *helper;
    atomic_bool stops;
};

// A statement in its task's arena, which is the thread's while it runs.
struct running {
    struct call *call;
    struct sql_request request;
    struct session session;
};

static void run(void *task)
{
    session_run(&((struct running *)task)->session);
}

static void on_run(void *task, bool was_run)
{
    struct running *running = task;
    struct outcome *outcome = &running->session.outcome;
    if (!was_run)
        *outcome = (struct outcome){.error_code = STR("CONNECTION"),
                                    .error_message = STR("sql connector: the worker stops")};
    call_end(running->call, outcome);
}

static void begin(struct call *call)
{
    struct sql *sql = call->connector;
    struct running *running = ARENA_NEW(call->arena, struct running);
    struct error err;
    struct input input = {"sql connector", call->arena, NULL, &err};
    struct sql_request *request = &running->request;
    if (!input_open(&input, call->filled.variables) || !sql_read(&input, request)) {
        call_refuse(call, &err);
        return;
    }
    str url =
        str_format(call->arena, strchr(request->host, ':') ? "https://[%s]:%s" : "https://%s:%s",
                   request->host, request->port);
    if (!secrets_may_go(&call->filled, str_cstr(call->arena, url), &err)) {
        call_refuse(call, &err);
        return;
    }
    running->call = call;
    running->session = (struct session){.request = request,
                                        .arena = call->arena,
                                        .filled = &call->filled,
                                        .allowed = sql->site->allowed,
                                        .stops = &sql->stops};
    bool is_taken = helper_run(sql->helper, run, on_run, running);
    check(is_taken); // two job types have no more tasks
}

void sql_handle(void *context, struct worker_task *task)
{
    call_open(((struct sql *)context)->site, task, begin, context);
}

// What the worker's environment would tell libpq is nothing to a model.
static void forget_environment(void)
{
    static const char *const names[] = {"PGPASSWORD", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS",
                                        "PGUSER",     "PGHOST",    "PGHOSTADDR",    "PGDATABASE"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
}

struct sql *sql_new(const struct connector_site *site)
{
    struct sql *sql = calloc(1, sizeof *sql);
    check(sql != NULL);
    forget_environment();
    sql->site = site;
    sql->helper = helper_new(site->loop, SQL_THREADS, 2 * (size_t)WORKER_MAX_CONCURRENCY);
    return sql;
}

void sql_free(struct sql *sql)
{
    if (sql == NULL)
        return;
    atomic_store(&sql->stops, true);
    helper_free(sql->helper);
    free(sql);
}
