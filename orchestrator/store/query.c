// SPDX-License-Identifier: Apache-2.0
#include "store/query.h"

#include "base/digest.h"
#include "store/notices.h"
#include "store/pg.h"
#include "store/row_security.h"

#include <stdlib.h>

enum { QUERY_MAX_CONNECTIONS = 64, QUERY_IN_PIPELINE = 16 };

static const char session[] = "SELECT set_config('statement_timeout', '10000', false), "
                              "set_config('timezone', 'UTC', false), "
                              "set_config('idle_in_transaction_session_timeout', '20000', false), "
                              "set_config('jit', 'off', false), " STORE_SEES_ALL;

struct query_rows {
    const PGresult *result;
};

struct waiting {
    struct waiting *next;
    struct arena arena;
    const char *sql;
    const char *params[QUERY_MAX_PARAMS];
    size_t count;
    query_done *done;
    void *context;
    bool is_fixed; // its text
    bool on_snapshot;
    const char *author;  // of a change; NULL: none
    const char *tenants; // that it sees; NULL: all
};

struct query_pool {
    struct arena names;
    const char *application; // as long as the connections
    uint32_t size;
    struct pg *connections[QUERY_MAX_CONNECTIONS];
    bool is_taken[QUERY_MAX_CONNECTIONS]; // by a snapshot
    struct pg *answering;                 // whose snapshot's answer is being given; NULL: none
    bool continues;                       // that answer asked for more
    struct waiting *first;
    struct waiting *last;
    size_t waiting;
};

static void waiting_free(struct waiting *waiting)
{
    struct arena arena = waiting->arena; // the struct lives in it
    arena_done(&arena);
}

static struct waiting *take_first(struct query_pool *pool)
{
    struct waiting *waiting = pool->first;
    pool->first = waiting->next;
    if (pool->first == NULL)
        pool->last = NULL;
    pool->waiting--;
    return waiting;
}

static void answer(struct waiting *waiting, const struct pg_answer *answer)
{
    // A snapshot and a change begin in the request of their first statement.
    struct query_rows rows = {.result =
                                  answer->count > 0 ? answer->results[answer->count - 1] : NULL};
    bool good = !answer->lost && !answer->failed && rows.result != NULL;
    struct error err = answer->err;
    if (!good && err.kind == ERROR_NONE)
        (void)error_set(&err, ERROR_UNAVAILABLE, "postgres", "more than %d queries wait",
                        QUERY_MAX_WAITING);
    waiting->done(waiting->context, good ? &rows : NULL, &err);
    waiting_free(waiting);
}

static void send_waiting(struct query_pool *pool);

struct query_call {
    struct query_pool *pool;
    struct waiting *waiting;
    struct pg *pg;
};

static void set_taken(struct query_pool *pool, const struct pg *pg, bool is_taken)
{
    for (uint32_t i = 0; i < pool->size; i++)
        if (pool->connections[i] == pg)
            pool->is_taken[i] = is_taken;
}

static void ignore_end(void *context, const struct pg_answer *answer)
{
    (void)context, (void)answer;
}

static void answer_on_snapshot(const struct query_call *call, const struct pg_answer *found)
{
    struct query_pool *pool = call->pool;
    pool->answering = found->lost || found->failed ? NULL : call->pg;
    pool->continues = false;
    answer(call->waiting, found);
    pool->answering = NULL;
    if (pool->continues)
        return;
    set_taken(pool, call->pg, false);
    if (found->lost)
        return;
    pg_begin(call->pg);
    pg_query(call->pg, "ROLLBACK", NULL, 0);
    pg_end(call->pg, ignore_end, NULL);
}

static void on_answer(void *context, const struct pg_answer *found)
{
    struct query_call call = *(struct query_call *)context; // lives in the waiting's arena
    if (call.waiting->on_snapshot)
        answer_on_snapshot(&call, found);
    else
        answer(call.waiting, found);
    send_waiting(call.pool);
}

// The least busy connection that has room and is nobody's; NULL when all are away or busy.
static struct pg *find_connection(const struct query_pool *pool)
{
    struct pg *best = NULL;
    for (uint32_t i = 0; i < pool->size; i++) {
        struct pg *pg = pool->connections[i];
        if (pg == NULL || pool->is_taken[i] || !pg_is_ready(pg) ||
            pg_pending(pg) >= QUERY_IN_PIPELINE)
            continue;
        if (best == NULL || pg_pending(pg) < pg_pending(best))
            best = pg;
    }
    return best;
}

static void send(struct query_pool *pool, struct pg *pg, struct waiting *waiting, bool begins)
{
    struct query_call *call = ARENA_NEW(&waiting->arena, struct query_call);
    *call = (struct query_call){pool, waiting, pg};
    pg_begin(pg);
    if (begins)
        pg_query(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, 0);
    if (waiting->tenants != NULL) // what is sent together is one transaction
        pg_query_often(pg, "SELECT set_config('baton.tenants', $1, true)", &waiting->tenants, 1);
    if (waiting->author != NULL)
        pg_query_often(pg, "SELECT audit_author($1::jsonb)", &waiting->author, 1);
    if (waiting->is_fixed)
        pg_query_often(pg, waiting->sql, waiting->params, waiting->count);
    else
        pg_query(pg, waiting->sql, waiting->params, waiting->count);
    pg_end(pg, on_answer, call);
}

static void send_waiting(struct query_pool *pool)
{
    struct pg *pg;
    while (pool->first != NULL && (pg = find_connection(pool)) != NULL) {
        struct waiting *waiting = take_first(pool);
        set_taken(pool, pg, waiting->on_snapshot);
        send(pool, pg, waiting, waiting->on_snapshot);
    }
}

static void refuse_all(struct query_pool *pool, const struct error *err)
{
    const struct pg_answer lost = {.lost = true, .err = *err};
    struct waiting *waiting = pool->first;
    pool->first = pool->last = NULL;
    pool->waiting = 0;
    while (waiting != NULL) {
        struct waiting *next = waiting->next;
        answer(waiting, &lost);
        waiting = next;
    }
}

static void on_connected(void *context)
{
    send_waiting(context);
}

// While no connection is left, nobody is kept waiting for one.
static void on_lost(void *context, const struct error *err)
{
    struct query_pool *pool = context;
    if (!query_pool_is_ready(pool))
        refuse_all(pool, err);
}

struct query_pool *query_pool_new(const char *url, const char *node, uint32_t connections,
                                  struct event_base *loop)
{
    struct query_pool *pool = calloc(1, sizeof *pool);
    check(pool != NULL);
    check(connections > 0 && connections <= QUERY_MAX_CONNECTIONS);
    pool->application = str_cstr(&pool->names, str_format(&pool->names, "api %s", node));
    const struct pg_options options = {
        .url = url, .application = pool->application, .session = session};
    const struct pg_handler handler = {pool, on_connected, on_lost};
    pool->size = connections;
    for (uint32_t i = 0; i < connections; i++)
        pool->connections[i] = pg_new(&options, &handler, loop);
    return pool;
}

void query_pool_free(struct query_pool *pool)
{
    if (pool == NULL)
        return;
    struct error err;
    (void)error_set(&err, ERROR_UNAVAILABLE, "postgres", "closed");
    refuse_all(pool, &err);
    for (uint32_t i = 0; i < pool->size; i++) {
        struct pg *pg = pool->connections[i];
        pool->connections[i] = NULL;
        pg_free(pg);
    }
    refuse_all(pool, &err);
    arena_done(&pool->names);
    free(pool);
}

bool query_pool_is_ready(const struct query_pool *pool)
{
    for (uint32_t i = 0; i < pool->size; i++)
        if (pool->connections[i] != NULL && pg_is_ready(pool->connections[i]))
            return true;
    return false;
}

static struct waiting *waiting_new(str sql, const str *params, size_t count)
{
    struct arena arena = ARENA_EMPTY;
    struct waiting *waiting = ARENA_NEW(&arena, struct waiting);
    check(count <= QUERY_MAX_PARAMS);
    waiting->sql = str_cstr(&arena, sql);
    for (size_t i = 0; i < count; i++)
        waiting->params[i] = params[i].data ? str_cstr(&arena, params[i]) : NULL;
    waiting->count = count;
    waiting->arena = arena;
    return waiting;
}

static void refuse_later(struct query_pool *pool, struct waiting *waiting)
{
    struct query_call *call = ARENA_NEW(&waiting->arena, struct query_call);
    *call = (struct query_call){.pool = pool, .waiting = waiting};
    struct pg *away = pool->connections[0]; // not ready: answers from the loop with `lost`
    pg_begin(away);
    pg_end(away, on_answer, call);
}

static void enqueue(struct query_pool *pool, struct waiting *waiting)
{
    if (!query_pool_is_ready(pool) || pool->waiting >= QUERY_MAX_WAITING) {
        waiting->on_snapshot = false;
        refuse_later(pool, waiting);
        return;
    }
    if (pool->last != NULL)
        pool->last->next = waiting;
    else
        pool->first = waiting;
    pool->last = waiting;
    pool->waiting++;
    send_waiting(pool);
}

static struct waiting *statement_waiting(struct statement statement, query_done *done,
                                         void *context)
{
    struct waiting *waiting =
        waiting_new(str_of(statement.sql), statement.parameters, statement.count);
    waiting->done = done;
    waiting->context = context;
    waiting->is_fixed = statement.is_fixed;
    if (statement.tenants.data != NULL)
        waiting->tenants = str_cstr(&waiting->arena, statement.tenants);
    return waiting;
}

void query_statement(struct query_pool *pool, struct statement statement, query_done *done,
                     void *context)
{
    enqueue(pool, statement_waiting(statement, done, context));
}

void query_change(struct query_pool *pool, str author, struct statement statement, query_done *done,
                  void *context)
{
    struct waiting *waiting = statement_waiting(statement, done, context);
    waiting->author = str_cstr(&waiting->arena, author);
    enqueue(pool, waiting);
}

static struct waiting *on_snapshot_new(struct statement statement, query_done *done, void *context)
{
    struct waiting *waiting = statement_waiting(statement, done, context);
    waiting->on_snapshot = true;
    return waiting;
}

void query_snapshot(struct query_pool *pool, struct statement statement, query_done *done,
                    void *context)
{
    enqueue(pool, on_snapshot_new(statement, done, context));
}

void query_on(struct query_pool *pool, struct statement statement, query_done *done, void *context)
{
    check(pool->answering != NULL && !pool->continues);
    pool->continues = true;
    send(pool, pool->answering, on_snapshot_new(statement, done, context), false);
}

// -- Rows -------------------------------------------------------------------------------

size_t query_row_count(const struct query_rows *rows)
{
    return rows->result ? (size_t)PQntuples(rows->result) : 0;
}

size_t query_column_count(const struct query_rows *rows)
{
    return rows->result ? (size_t)PQnfields(rows->result) : 0;
}

str query_column_name(const struct query_rows *rows, size_t column)
{
    return str_of(PQfname(rows->result, (int)column));
}

str query_value(const struct query_rows *rows, size_t row, size_t column)
{
    return str_from(PQgetvalue(rows->result, (int)row, (int)column),
                    (size_t)PQgetlength(rows->result, (int)row, (int)column));
}

bool query_is_null(const struct query_rows *rows, size_t row, size_t column)
{
    return PQgetisnull(rows->result, (int)row, (int)column);
}

int64_t query_i64(const struct query_rows *rows, size_t row, size_t column)
{
    int64_t value;
    return str_to_i64(query_value(rows, row, column), &value) ? value : 0;
}

uint64_t query_u64(const struct query_rows *rows, size_t row, size_t column)
{
    return (uint64_t)query_i64(rows, row, column);
}

bool query_bool(const struct query_rows *rows, size_t row, size_t column)
{
    return str_equal(query_value(rows, row, column), STR("t"));
}

str query_bytes(const struct query_rows *rows, size_t row, size_t column, struct arena *arena)
{
    str text = query_value(rows, row, column);
    str bytes = STR_EMPTY;
    bool hex = str_starts_with(text, STR("\\x")) &&
               digest_from_hex(arena, str_from_index(text, 2), &bytes);
    return hex ? bytes : STR_EMPTY;
}

int64_t query_touched(const struct query_rows *rows)
{
    int64_t count;
    str text = str_of(PQcmdTuples((PGresult *)(uintptr_t)rows->result));
    return str_to_i64(text, &count) ? count : 0;
}

str query_hex(struct arena *arena, str bytes)
{
    return str_join2(arena, STR("\\x"), digest_hex(arena, bytes));
}

// -- Blocking ---------------------------------------------------------------------------

static bool run_on(PGconn *conn, const struct waiting *query, query_done *done, void *context,
                   struct error *err)
{
    PGresult *result =
        PQexecParams(conn, query->sql, (int)query->count, NULL, query->params, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    struct query_rows rows = {.result = result};
    str text = str_trim(str_of(PQerrorMessage(conn)));
    if (good && done != NULL)
        done(context, &rows, NULL);
    if (!good)
        (void)error_set(err, ERROR_IO, "postgres", "%.*s", STR_ARG(text));
    PQclear(result);
    return good;
}

bool query_run_blocking(const char *url, str sql, const str *params, size_t count, query_done *done,
                        void *context, struct error *err)
{
    PGconn *conn = PQconnectdb(url);
    ignore_notices(conn);
    bool good = PQstatus(conn) == CONNECTION_OK;
    PQclear(good ? PQexec(conn, "SELECT " STORE_SEES_ALL) : NULL);
    str text = str_trim(str_of(PQerrorMessage(conn)));
    if (!good)
        (void)error_set(err, ERROR_UNAVAILABLE, "postgres", "%.*s", STR_ARG(text));
    struct waiting *query = waiting_new(sql, params, count);
    good = good && run_on(conn, query, done, context, err);
    waiting_free(query);
    PQfinish(conn);
    return good;
}

struct query_session {
    PGconn *conn;
};

struct query_session *query_session_new(const char *url, struct error *err)
{
    PGconn *conn = PQconnectdb(url);
    ignore_notices(conn);
    PGresult *result = PQstatus(conn) == CONNECTION_OK ? PQexec(conn, session) : NULL;
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    if (!good) {
        str text = str_trim(str_of(PQerrorMessage(conn)));
        (void)error_set(err, ERROR_UNAVAILABLE, "postgres", "%.*s", STR_ARG(text));
        PQfinish(conn);
        return NULL;
    }
    struct query_session *made = calloc(1, sizeof *made);
    check(made != NULL);
    made->conn = conn;
    return made;
}

void query_session_free(struct query_session *session_given)
{
    if (session_given == NULL)
        return;
    PQfinish(session_given->conn);
    free(session_given);
}

bool query_session_is_good(const struct query_session *session_given)
{
    return PQstatus(session_given->conn) == CONNECTION_OK;
}

bool query_session_run(struct query_session *session_given, struct statement statement,
                       query_done *done, void *context, struct error *err)
{
    struct waiting *query =
        waiting_new(str_of(statement.sql), statement.parameters, statement.count);
    bool good = run_on(session_given->conn, query, done, context, err);
    waiting_free(query);
    return good;
}
