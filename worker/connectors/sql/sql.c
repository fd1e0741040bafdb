// SPDX-License-Identifier: Apache-2.0
#include "connector_sql/sql.h"

#include "connector_sql/session.h"
#include "loop/helper.h"

#include <event2/event.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <sys/queue.h>

const char *const sql_types[2] = {"io.camunda:connector-jdbc:1", "baton:sql"};

enum { WATCH_US = 5000 };

TAILQ_HEAD(running_list, running);

struct sql {
    const struct connector_site *site;
    struct helper *helper;
    struct running_list waiting; // in the order in which they came
    struct running_list running;
    struct event *watch; // while something runs
    atomic_bool stops;
};

// A statement in its task's arena, which is the thread's while it runs.
struct running {
    TAILQ_ENTRY(running) link;
    struct sql *sql;
    struct call *call;
    str tenant;
    struct sql_request request;
    struct session session;
};

static void run(void *task)
{
    session_run(&((struct running *)task)->session);
}

static void end_stopped(struct running *running)
{
    const struct outcome outcome = {.error_code = STR("CONNECTION"),
                                    .error_message = STR("sql connector: the worker stops")};
    call_end(running->call, &outcome);
}

static void start_waiting(struct sql *sql);

static void on_run(void *task, bool was_run)
{
    struct running *running = task;
    struct sql *sql = running->sql;
    TAILQ_REMOVE(&sql->running, running, link);
    session_done(&running->session);
    if (TAILQ_EMPTY(&sql->running))
        event_del(sql->watch);
    struct outcome *outcome = &running->session.outcome;
    if (was_run && outcome->class == FAILURE_AUTH)
        outcome->subject = call_credential(running->call, STR("/variables/connection"),
                                           STR("connection.password"));
    if (was_run)
        call_end(running->call, outcome);
    else
        end_stopped(running);
    if (!atomic_load(&sql->stops))
        start_waiting(sql);
}

static void on_watch(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    const struct running *running;
    TAILQ_FOREACH(running, &((struct sql *)context)->running, link)
    {
        session_watch(&running->session);
    }
}

static bool may_run(const struct sql *sql, const struct running *wanted)
{
    const struct running *other;
    size_t all = 0, own = 0;
    TAILQ_FOREACH(other, &sql->running, link)
    {
        all++;
        own += str_equal(other->tenant, wanted->tenant) ? 1 : 0;
    }
    return all < SQL_THREADS && own < SQL_TENANT_THREADS;
}

static void start_waiting(struct sql *sql)
{
    struct running *next, *wanted = TAILQ_FIRST(&sql->waiting);
    for (; wanted != NULL; wanted = next) {
        next = TAILQ_NEXT(wanted, link);
        if (!may_run(sql, wanted))
            continue;
        TAILQ_REMOVE(&sql->waiting, wanted, link);
        TAILQ_INSERT_TAIL(&sql->running, wanted, link);
        event_add(sql->watch, &(struct timeval){.tv_usec = WATCH_US});
        bool is_taken = helper_run(sql->helper, run, on_run, wanted);
        check(is_taken); // as many as there are threads
    }
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
    running->sql = sql;
    running->call = call;
    running->tenant = worker_task_job(call->task)->tenant;
    running->session = (struct session){.request = request,
                                        .arena = call->arena,
                                        .filled = &call->filled,
                                        .allowed = sql->site->allowed,
                                        .stops = &sql->stops,
                                        .watched = -1};
    TAILQ_INSERT_TAIL(&sql->waiting, running, link);
    start_waiting(sql);
}

void sql_handle(void *context, struct worker_task *task)
{
    call_open(((struct sql *)context)->site, task, begin, context);
}

// What the worker's environment would tell libpq is nothing to a model.
static void forget_environment(void)
{
    PQconninfoOption *options = PQconndefaults();
    for (const PQconninfoOption *each = options; each != NULL && each->keyword != NULL; each++)
        if (each->envvar != NULL)
            unsetenv(each->envvar);
    PQconninfoFree(options);
    unsetenv("PGSERVICEFILE");
    unsetenv("PGSYSCONFDIR");
}

struct sql *sql_new(const struct connector_site *site)
{
    struct sql *sql = calloc(1, sizeof *sql);
    check(sql != NULL);
    forget_environment();
    sql->site = site;
    TAILQ_INIT(&sql->waiting);
    TAILQ_INIT(&sql->running);
    sql->watch = event_new(site->loop, -1, EV_PERSIST, on_watch, sql);
    check(sql->watch != NULL);
    sql->helper = helper_new(site->loop, SQL_THREADS, SQL_THREADS);
    return sql;
}

void sql_free(struct sql *sql)
{
    if (sql == NULL)
        return;
    atomic_store(&sql->stops, true);
    helper_free(sql->helper);
    event_free(sql->watch);
    while (!TAILQ_EMPTY(&sql->waiting)) {
        struct running *running = TAILQ_FIRST(&sql->waiting);
        TAILQ_REMOVE(&sql->waiting, running, link);
        end_stopped(running);
    }
    free(sql);
}
