// SPDX-License-Identifier: Apache-2.0
#include "store/pg.h"

#include "base/map.h"
#include "loop/timer.h"
#include "store/notices.h"
#include "store/pg_hosts.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

enum { RETRY_MS = 200, CONNECT_MS = 5000 };

enum pg_state { PG_WAITING, PG_CONNECTING, PG_PREPARING, PG_READY };

enum { PREPARE_AFTER = 2, PREPARED_MOST = 300, PREPARED_IN_REQUEST = 4 };

// A text that comes again and again is parsed once a connection.
struct prepared {
    char name[32];
    size_t number;
    unsigned uses;
    unsigned names; // that it has had: one whose fate is unknown is not used again
    enum { PREPARED_NOT, PREPARED_SENT, PREPARED_READY } state;
};

struct request {
    struct request *next;
    struct prepared *prepared[PREPARED_IN_REQUEST]; // that it uses
    size_t prepared_count;
    pg_done *done;
    void *context;
    size_t count;
    PGresult *results[PG_MAX_RESULTS];
};

struct pg {
    struct pg_options options;
    struct pg_handler handler;
    struct event_base *loop;
    PGconn *conn;
    enum pg_state state;
    struct event *readable;
    struct event *writable;
    struct event *again;    // reconnects, or answers requests made while away
    struct timer *deadline; // of connecting
    struct pg_hosts hosts;
    struct request *first;
    struct request *last;
    size_t pending;
    struct arena texts;
    struct map prepared;                         // by text
    struct prepared *using[PREPARED_IN_REQUEST]; // since pg_begin
    size_t using_count;
    bool sending_failed;
    struct error reason; // why it is given up, when libpq has no words for it
};

static void begin_connecting(struct pg *pg);
static void receive(struct pg *pg);

static struct error error_of(const struct pg *pg)
{
    struct error err = {0};
    const char *text = pg->conn ? PQerrorMessage(pg->conn) : "not connected";
    str line = str_trim(str_of(text));
    (void)error_set(&err, ERROR_UNAVAILABLE, "postgres", "%.*s", line.len ? (int)line.len : 15,
                    line.len ? line.data : "connection lost");
    return err;
}

static void request_free(struct request *request)
{
    for (size_t i = 0; i < request->count; i++)
        PQclear(request->results[i]);
    free(request);
}

static struct request *take_first(struct pg *pg)
{
    struct request *request = pg->first;
    pg->first = request->next;
    if (pg->first == NULL)
        pg->last = NULL;
    pg->pending--;
    return request;
}

static void answer_lost(struct pg *pg, const struct error *err)
{
    struct request *request = pg->first;
    pg->first = pg->last = NULL; // requests made by the callbacks wait for their own turn
    pg->pending = 0;
    while (request != NULL) {
        struct request *next = request->next;
        const struct pg_answer answer = {.lost = true, .err = *err};
        request->done(request->context, &answer);
        request_free(request);
        request = next;
    }
}

static void forget_prepared(struct pg *pg)
{
    arena_done(&pg->texts);
    pg->texts = (struct arena)ARENA_EMPTY;
    pg->prepared = map_new(&pg->texts);
    pg->using_count = 0;
}

static void drop_events(struct pg *pg)
{
    if (pg->readable != NULL)
        event_free(pg->readable);
    if (pg->writable != NULL)
        event_free(pg->writable);
    pg->readable = pg->writable = NULL;
}

static void schedule(struct pg *pg, int delay_ms)
{
    const struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};
    event_add(pg->again, &delay);
}

static void lose(struct pg *pg)
{
    struct error err = pg->reason.kind ? pg->reason : error_of(pg);
    drop_events(pg);
    timer_stop(pg->deadline);
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->state = PG_WAITING;
    pg->sending_failed = false;
    pg->reason = (struct error){0};
    answer_lost(pg, &err);
    forget_prepared(pg);
    schedule(pg, RETRY_MS);
    pg->handler.lost(pg->handler.context, &err);
}

static bool is_sending_state(const struct pg *pg)
{
    return pg->state == PG_PREPARING || pg->state == PG_READY;
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct pg *pg = context;
    struct error err = error_of(pg);
    if (pg->state == PG_WAITING)
        begin_connecting(pg);
    if (!is_sending_state(pg))
        answer_lost(pg, &err);
    else if (pg->sending_failed)
        lose(pg);
}

static void flush(struct pg *pg)
{
    int left = PQflush(pg->conn);
    if (left < 0)
        pg->sending_failed = true;
    if (left > 0)
        event_add(pg->writable, NULL);
    if (left < 0)
        schedule(pg, 0);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct pg *pg = context;
    if (!PQconsumeInput(pg->conn))
        lose(pg);
    else
        flush(pg);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct pg *pg = context;
    if (!PQconsumeInput(pg->conn)) {
        lose(pg);
        return;
    }
    receive(pg);
    if (pg->conn != NULL && PQstatus(pg->conn) == CONNECTION_BAD)
        lose(pg);
}

// -- Receiving --------------------------------------------------------------------------

static void describe_failure(const PGresult *result, struct pg_answer *answer)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    answer->failed = true;
    snprintf(answer->sqlstate, sizeof answer->sqlstate, "%s", sqlstate ? sqlstate : "");
    (void)error_set(&answer->err, ERROR_IO, "postgres", "%s%s%s", text ? text : "failed",
                    detail ? ": " : "", detail ? detail : "");
}

// A server that goes away says so as a failed statement (class 57P) before it hangs up.
static bool is_farewell(const struct pg_answer *answer)
{
    return answer->failed && strncmp(answer->sqlstate, "57P", 3) == 0;
}

// After a failure nobody knows whether one that was sent is there; one that was there is no more
// when the tables it was made for have changed.
static void settle_prepared(const struct request *request, const struct pg_answer *answer)
{
    bool is_stale =
        strcmp(answer->sqlstate, "0A000") == 0 || strcmp(answer->sqlstate, "26000") == 0;
    for (size_t i = 0; i < request->prepared_count; i++) {
        struct prepared *prepared = request->prepared[i];
        if (!answer->failed)
            prepared->state = PREPARED_READY;
        else if (prepared->state == PREPARED_SENT || is_stale)
            prepared->state = PREPARED_NOT;
    }
}

static void complete(struct pg *pg)
{
    struct request *request = take_first(pg);
    struct pg_answer answer = {.count = request->count, .results = request->results};
    for (size_t i = 0; i < request->count && !answer.failed; i++)
        if (PQresultStatus(request->results[i]) == PGRES_FATAL_ERROR)
            describe_failure(request->results[i], &answer);
    settle_prepared(request, &answer);
    if (is_farewell(&answer)) {
        answer.failed = false;
        answer.lost = true;
    }
    request->done(request->context, &answer);
    request_free(request);
}

static void keep_result(struct pg *pg, PGresult *result)
{
    check(pg->first->count < PG_MAX_RESULTS);
    pg->first->results[pg->first->count++] = result;
}

static void receive(struct pg *pg)
{
    int ends = 0; // a statement's results end with NULL; two in a row: nothing more is there
    while (pg->first != NULL && pg->conn != NULL && !PQisBusy(pg->conn) && ends < 2) {
        PGresult *result = PQgetResult(pg->conn);
        if (result == NULL) {
            ends++;
            continue;
        }
        ends = 0;
        if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
            keep_result(pg, result);
            continue;
        }
        PQclear(result);
        complete(pg);
    }
}

// -- Connecting -------------------------------------------------------------------------

static void on_prepared(void *context, const struct pg_answer *answer)
{
    struct pg *pg = context;
    if (answer->lost)
        return;
    if (answer->failed) {
        pg->sending_failed = true;
        pg->reason = answer->err;
        schedule(pg, 0);
        return;
    }
    timer_stop(pg->deadline);
    pg->state = PG_READY;
    pg->handler.connected(pg->handler.context);
}

static void prepare(struct pg *pg)
{
    pg->state = PG_PREPARING;
    pg_begin(pg);
    if (pg->options.session != NULL)
        PQsendQueryParams(pg->conn, pg->options.session, 0, NULL, NULL, NULL, NULL, 0);
    for (size_t i = 0; i < pg->options.statement_count; i++)
        PQsendPrepare(pg->conn, pg->options.statements[i].name, pg->options.statements[i].sql, 0,
                      NULL);
    pg_end(pg, on_prepared, pg);
}

static void become_connected(struct pg *pg)
{
    struct error away = error_of(pg);
    answer_lost(pg, &away); // asked before there was a connection, and never sent
    drop_events(pg);
    PQsetnonblocking(pg->conn, 1);
    if (!PQenterPipelineMode(pg->conn)) {
        lose(pg);
        return;
    }
    int fd = PQsocket(pg->conn);
    pg->readable = event_new(pg->loop, fd, EV_READ | EV_PERSIST, on_readable, pg);
    pg->writable = event_new(pg->loop, fd, EV_WRITE, on_writable, pg);
    event_add(pg->readable, NULL);
    prepare(pg);
}

static void on_connecting(evutil_socket_t fd, short what, void *context);

// libpq may change the socket while connecting (several addresses), so the event is made anew.
static void watch_connecting(struct pg *pg, short what)
{
    drop_events(pg);
    pg->readable = event_new(pg->loop, PQsocket(pg->conn), what, on_connecting, pg);
    event_add(pg->readable, NULL);
}

static void on_connecting(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct pg *pg = context;
    switch (PQconnectPoll(pg->conn)) {
    case PGRES_POLLING_OK:
        become_connected(pg);
        return;
    case PGRES_POLLING_READING:
        watch_connecting(pg, EV_READ);
        return;
    case PGRES_POLLING_WRITING:
        watch_connecting(pg, EV_WRITE);
        return;
    default:
        lose(pg);
    }
}

static void begin_connecting(struct pg *pg)
{
    const char *const names[] = {"dbname",
                                 "application_name",
                                 "keepalives_idle",
                                 "tcp_user_timeout",
                                 "host",
                                 "hostaddr",
                                 "port",
                                 NULL};
    const char *const values[] = {
        pg->options.url,    pg->options.application, "5", "15000", pg->hosts.host,
        pg->hosts.hostaddr, pg->hosts.port,          NULL};
    pg->conn = PQconnectStartParams(names, values, 1);
    check(pg->conn != NULL);
    ignore_notices(pg->conn);
    pg->state = PG_CONNECTING;
    timer_set(pg->deadline, pg->options.connect_ms ? pg->options.connect_ms : CONNECT_MS);
    if (PQstatus(pg->conn) == CONNECTION_BAD || PQsocket(pg->conn) < 0)
        lose(pg);
    else
        watch_connecting(pg, EV_WRITE);
}

// Until statements are prepared: a server that accepts and is silent is none.
static void on_deadline(void *context)
{
    struct pg *pg = context;
    if (pg->state != PG_CONNECTING && pg->state != PG_PREPARING)
        return;
    pg_hosts_next(&pg->hosts);
    (void)error_set(&pg->reason, ERROR_UNAVAILABLE, "postgres", "no answer while connecting");
    lose(pg);
}

struct pg *pg_new(const struct pg_options *options, const struct pg_handler *handler,
                  struct event_base *loop)
{
    struct pg *pg = calloc(1, sizeof *pg);
    check(pg != NULL);
    pg->options = *options;
    pg->handler = *handler;
    pg->loop = loop;
    pg->again = evtimer_new(loop, on_again, pg);
    pg->deadline = timer_new(loop, on_deadline, pg);
    pg->hosts = pg_hosts_new(options->url);
    pg->prepared = map_new(&pg->texts);
    schedule(pg, 0);
    return pg;
}

void pg_free(struct pg *pg)
{
    if (pg == NULL)
        return;
    struct error err = error_of(pg);
    drop_events(pg);
    event_free(pg->again);
    timer_free(pg->deadline);
    if (pg->conn != NULL)
        PQfinish(pg->conn);
    pg->conn = NULL;
    pg->state = PG_WAITING;
    answer_lost(pg, &err);
    pg_hosts_done(&pg->hosts);
    arena_done(&pg->texts);
    free(pg);
}

bool pg_is_ready(const struct pg *pg)
{
    return pg->state == PG_READY && !pg->sending_failed;
}

size_t pg_pending(const struct pg *pg)
{
    return pg->pending;
}

// -- Sending ----------------------------------------------------------------------------

static bool can_send(const struct pg *pg)
{
    return is_sending_state(pg) && !pg->sending_failed;
}

void pg_begin(struct pg *pg)
{
    (void)pg;
}

void pg_execute(struct pg *pg, size_t statement, const struct pg_params *params)
{
    static const int formats[PG_MAX_PARAMS] = {
        [0 ... PG_MAX_PARAMS - 1] = 1,
    };
    check(statement < pg->options.statement_count);
    if (can_send(pg) &&
        !PQsendQueryPrepared(pg->conn, pg->options.statements[statement].name, (int)params->count,
                             params->values, params->lengths, formats, 1))
        pg->sending_failed = true;
}

void pg_query(struct pg *pg, const char *sql, const char *const *params, size_t count)
{
    if (can_send(pg) && !PQsendQueryParams(pg->conn, sql, (int)count, NULL, params, NULL, NULL, 0))
        pg->sending_failed = true;
}

static struct prepared *find_prepared(struct pg *pg, const char *sql)
{
    struct prepared *prepared = map_get(&pg->prepared, str_of(sql));
    if (prepared != NULL || pg->prepared.count >= PREPARED_MOST)
        return prepared;
    prepared = ARENA_NEW(&pg->texts, struct prepared);
    prepared->number = pg->prepared.count;
    map_put(&pg->prepared, str_copy(&pg->texts, str_of(sql)), prepared);
    return prepared;
}

// False: it is sent as any other, while one that was sent before is not known to be there.
static bool may_use(struct pg *pg, struct prepared *prepared, const char *sql)
{
    if (prepared == NULL || pg->using_count == PREPARED_IN_REQUEST)
        return false;
    if (prepared->state == PREPARED_NOT && ++prepared->uses > PREPARE_AFTER) {
        snprintf(prepared->name, sizeof prepared->name, "q%zu_%u", prepared->number,
                 prepared->names++);
        if (!PQsendPrepare(pg->conn, prepared->name, sql, 0, NULL)) {
            pg->sending_failed = true;
            return false;
        }
        prepared->state = PREPARED_SENT;
    } else if (prepared->state != PREPARED_READY) {
        return false;
    }
    pg->using[pg->using_count++] = prepared;
    return true;
}

void pg_query_often(struct pg *pg, const char *sql, const char *const *params, size_t count)
{
    if (!can_send(pg))
        return;
    struct prepared *prepared = find_prepared(pg, sql);
    if (!may_use(pg, prepared, sql)) {
        pg_query(pg, sql, params, count);
        return;
    }
    if (!PQsendQueryPrepared(pg->conn, prepared->name, (int)count, params, NULL, NULL, 0))
        pg->sending_failed = true;
}

void pg_end(struct pg *pg, pg_done *done, void *context)
{
    struct request *request = calloc(1, sizeof *request);
    check(request != NULL);
    request->done = done;
    request->context = context;
    request->prepared_count = pg->using_count;
    memcpy(request->prepared, pg->using, pg->using_count * sizeof *pg->using);
    pg->using_count = 0;
    if (pg->last != NULL)
        pg->last->next = request;
    else
        pg->first = request;
    pg->last = request;
    pg->pending++;
    if (can_send(pg) && !PQpipelineSync(pg->conn))
        pg->sending_failed = true;
    if (can_send(pg))
        flush(pg);
    else
        schedule(pg, 0);
}
