// SPDX-License-Identifier: Apache-2.0
#include "connector_sql/session.h"

#include "base/clock.h"
#include "connector_sql/rows.h"
#include "worker/address.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { POLL_MS = 200, NS_PER_MS = 1000000 };

struct talk {
    struct session *session;
    PGconn *connection;
    int64_t end_ns;
};

// -- How much has come -------------------------------------------------------------------

static bool has_too_much(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    return fd >= 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
           info.tcpi_bytes_received > SQL_MAX_RECEIVED;
}

void session_watch(const struct session *session)
{
    int fd = atomic_load(&session->watched);
    if (has_too_much(fd))
        (void)shutdown(fd, SHUT_RDWR);
}

void session_done(struct session *session)
{
    int fd = atomic_exchange(&session->watched, -1);
    if (fd >= 0)
        close(fd);
}

// -- How it ends ------------------------------------------------------------------------

static bool fail(struct session *session, str code, enum failure_class class, const char *text)
{
    session->outcome =
        (struct outcome){.error_code = code,
                         .error_message = str_format(session->arena, "sql connector: %s", text),
                         .class = class};
    return false;
}

static enum failure_class class_of(const char *state)
{
    static const struct {
        const char *prefix;
        enum failure_class class;
    } rows[] = {
#define SQLSTATE(prefix, class) {prefix, FAILURE_##class},
#include "connector_sql/failures.def"
#undef SQLSTATE
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strncmp(state, rows[i].prefix, 2) == 0)
            return rows[i].class;
    return FAILURE_PERMANENT;
}

// What a server says while it refuses a connection has no result to ask: libpq keeps its text
// alone, "…: FATAL:  28P01: password …\nLOCATION: …" (PQERRORS_VERBOSE). The severity may be of any
// language; no host, which stands before it, has blanks (request.c), so that the first colon with
// two of them is the server's.
static bool find_state(str text, str *ret_before, str *ret_state, str *ret_text)
{
    enum { STATE_LENGTH = 5 };
    size_t at = str_find(text, STR(":  "));
    if (at == SIZE_MAX)
        return false;
    str state = str_sub(text, at + 3, STATE_LENGTH), rest = str_from_index(text, at + 3);
    for (size_t i = 0; i < state.len; i++)
        if (!(state.data[i] >= '0' && state.data[i] <= '9') &&
            !(state.data[i] >= 'A' && state.data[i] <= 'Z'))
            return false;
    if (state.len != STATE_LENGTH ||
        !str_starts_with(str_from_index(rest, STATE_LENGTH), STR(": ")))
        return false;
    str said = str_from_index(rest, STATE_LENGTH + 2);
    size_t line = str_find(said, STR("\n"));
    *ret_before = str_sub(text, 0, at);
    *ret_state = state;
    *ret_text = line == SIZE_MAX ? said : str_sub(said, 0, line);
    return true;
}

static bool fail_refused(struct session *session, str text)
{
    str before, state, said;
    if (!find_state(text, &before, &state, &said))
        return false;
    str line = str_format(session->arena, "%.*s: %.*s (SQLSTATE %.*s)", STR_ARG(before),
                          STR_ARG(said), STR_ARG(state));
    (void)fail(session, STR("CONNECTION"), class_of(str_cstr(session->arena, state)),
               str_cstr(session->arena, line));
    return true;
}

static bool fail_connection(struct talk *talk)
{
    const char *text = talk->connection != NULL ? PQerrorMessage(talk->connection) : "";
    str line = str_trim(str_of(text));
    if (line.len == 0)
        line = STR("the connection was lost");
    if (has_too_much(atomic_load(&talk->session->watched)))
        return fail(talk->session, STR("TOO_MANY_ROWS"), FAILURE_PERMANENT,
                    str_cstr(talk->session->arena,
                             str_format(talk->session->arena,
                                        "the statement gives more than SQL_MAX_ANSWER (%d) bytes: "
                                        "the server had sent SQL_MAX_RECEIVED (%d)",
                                        SQL_MAX_ANSWER, SQL_MAX_RECEIVED)));
    if (fail_refused(talk->session, line))
        return false;
    bool lacks_password = talk->connection != NULL && PQconnectionNeedsPassword(talk->connection);
    return fail(talk->session, STR("CONNECTION"), lacks_password ? FAILURE_AUTH : FAILURE_TRANSIENT,
                str_cstr(talk->session->arena, line));
}

static bool fail_statement(struct talk *talk, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct session *session = talk->session;
    if (state == NULL)
        return fail_connection(talk);
    str line =
        str_format(session->arena, "%s (SQLSTATE %s)", text != NULL ? text : "failed", state);
    return fail(session, str_copy(session->arena, str_of(state)), class_of(state),
                str_cstr(session->arena, line));
}

// -- Waiting ----------------------------------------------------------------------------

static bool wait_for(struct talk *talk, short events)
{
    struct pollfd fd = {.fd = PQsocket(talk->connection), .events = events};
    for (;;) {
        if (atomic_load(talk->session->stops))
            return fail(talk->session, STR("CONNECTION"), FAILURE_TRANSIENT, "the worker stops");
        if (clock_monotonic_ns() >= talk->end_ns)
            return fail(talk->session, STR("TIMEOUT"), FAILURE_TRANSIENT,
                        "no answer within timeoutInSeconds");
        int ready = poll(&fd, 1, POLL_MS);
        if (ready > 0)
            return true;
    }
}

static bool consume(struct talk *talk)
{
    return PQconsumeInput(talk->connection) != 0 || fail_connection(talk);
}

// -- Connecting -------------------------------------------------------------------------

// The first address that may be called. Empty: there is none, and the session has failed.
static const char *address_of(struct session *session)
{
    const struct sql_request *request = session->request;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char text[64] = "";
    uint64_t port = 0;
    int code = getaddrinfo(request->host, request->port, &hints, &found);
    if (code != 0) {
        (void)fail(session, STR("CONNECTION"), FAILURE_TRANSIENT,
                   str_cstr(session->arena, str_format(session->arena, "%s: %s", request->host,
                                                       gai_strerror(code))));
        return "";
    }
    bool is_port = str_to_u64(str_of(request->port), &port);
    check(is_port);
    bool may_all = address_is_allowed(session->allowed, str_of(request->host), (unsigned)port);
    for (struct addrinfo *each = found; each != NULL && text[0] == '\0'; each = each->ai_next)
        if (may_all || !address_is_special(each->ai_addr))
            (void)getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, NULL, 0,
                              NI_NUMERICHOST);
    freeaddrinfo(found);
    if (text[0] == '\0')
        (void)fail(session, STR("ADDRESS_NOT_ALLOWED"), FAILURE_PERMANENT,
                   "the address of \"connection.host\" is private, link-local or otherwise "
                   "special; the worker's --allow HOST:PORT permits it");
    return str_cstr(session->arena, str_of(text));
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context, (void)notice;
}

// The system's certificate authorities, where distributions have them.
static const char *authorities(void)
{
    static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (access(files[i], R_OK) == 0)
            return files[i];
    return files[0]; // libpq names it
}

// The worker's own files and environment are nothing to a model: what has a default there is set.
static PGconn *start(const struct session *session, const char *address)
{
    const struct sql_request *request = session->request;
    bool is_verified = strncmp(request->ssl_mode, "verify", 6) == 0;
    const char *const names[] = {
        "host",     "hostaddr",   "port",        "dbname",           "user",
        "password", "sslmode",    "sslrootcert", "sslcert",          "sslkey",
        "passfile", "gssencmode", "options",     "application_name", "client_encoding",
        NULL};
    const char *const values[] = {request->host,
                                  address,
                                  request->port,
                                  request->database,
                                  request->user,
                                  request->password,
                                  request->ssl_mode,
                                  is_verified ? authorities() : "/nonexistent",
                                  "/nonexistent",
                                  "/nonexistent",
                                  "/nonexistent",
                                  "disable",
                                  "",
                                  "baton-connector",
                                  "UTF8",
                                  NULL};
    _Static_assert(COUNT_OF(names) == COUNT_OF(values), "a value each");
    return PQconnectStartParams(names, values, 0);
}

static bool connect_to(struct talk *talk)
{
    const char *address = address_of(talk->session);
    if (address[0] == '\0')
        return false;
    talk->connection = start(talk->session, address);
    if (talk->connection == NULL || PQstatus(talk->connection) == CONNECTION_BAD)
        return fail_connection(talk);
    PQsetNoticeReceiver(talk->connection, ignore_notice, NULL);
    (void)PQsetErrorVerbosity(talk->connection, PQERRORS_VERBOSE); // with the SQLSTATE
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        if (!wait_for(talk, state == PGRES_POLLING_READING ? POLLIN : POLLOUT))
            return false;
        state = PQconnectPoll(talk->connection);
        if (state == PGRES_POLLING_FAILED)
            return fail_connection(talk);
    }
    if (PQsetnonblocking(talk->connection, 1) != 0)
        return fail_connection(talk);
    atomic_store(&talk->session->watched, dup(PQsocket(talk->connection)));
    return true;
}

// -- Statements -------------------------------------------------------------------------

static bool flush(struct talk *talk)
{
    int left;
    while ((left = PQflush(talk->connection)) > 0) {
        if (!wait_for(talk, POLLOUT | POLLIN) || !consume(talk))
            return false;
    }
    return left == 0 || fail_connection(talk);
}

// False: the session has failed. NULL: the statement is over.
static bool next_result(struct talk *talk, PGresult **ret_result)
{
    while (PQisBusy(talk->connection)) {
        if (!wait_for(talk, POLLIN) || !consume(talk))
            return false;
    }
    *ret_result = PQgetResult(talk->connection);
    return true;
}

static bool take(struct talk *talk, const PGresult *result, struct rows *rows)
{
    ExecStatusType status = PQresultStatus(result);
    struct error err;
    if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        if (rows == NULL || rows_take(rows, result, &err))
            return true;
        bool is_limit = err.kind == ERROR_LIMIT;
        return fail(talk->session, is_limit ? STR("TOO_MANY_ROWS") : STR("RESULT"),
                    FAILURE_PERMANENT, err.text);
    }
    if (status == PGRES_FATAL_ERROR)
        return fail_statement(talk, result);
    return fail(talk->session, STR("UNSUPPORTED"), FAILURE_PERMANENT,
                "COPY and statements of its kind are not supported");
}

static bool read_all(struct talk *talk, struct rows *rows)
{
    PGresult *result = NULL;
    do {
        if (!next_result(talk, &result))
            return false;
        bool good = result == NULL || take(talk, result, rows);
        PQclear(result);
        if (!good)
            return false;
    } while (result != NULL);
    return true;
}

static bool run_plain(struct talk *talk, const char *sql)
{
    return (PQsendQuery(talk->connection, sql) == 1 || fail_connection(talk)) && flush(talk) &&
           read_all(talk, NULL);
}

static bool run_statement(struct talk *talk, struct rows *rows)
{
    const struct places *statement = &talk->session->request->statement;
    int sent = PQsendQueryParams(talk->connection, statement->sql, (int)statement->count, NULL,
                                 statement->values, NULL, NULL, 0);
    if (sent != 1 || PQsetSingleRowMode(talk->connection) != 1)
        return fail_connection(talk);
    return flush(talk) && read_all(talk, rows);
}

// Before it is committed: an answer that nobody could read must have changed nothing.
static bool check_answer(struct talk *talk, const struct rows *rows, str *ret_json)
{
    struct error err;
    *ret_json = rows_json(rows);
    return outcome_check(talk->session->arena, *ret_json, &err) ||
           fail(talk->session, STR("RESULT"), FAILURE_PERMANENT, err.text);
}

void session_run(struct session *session)
{
    const struct sql_request *request = session->request;
    struct talk talk = {.session = session,
                        .end_ns = clock_monotonic_ns() +
                                  (request->timeout_ms + SQL_GRACE_MS) * (int64_t)NS_PER_MS};
    struct rows rows = rows_new(session->arena, session->filled, request->wants_rows);
    str begin = str_format(session->arena,
                           "BEGIN; SET LOCAL statement_timeout = %ld; SET LOCAL datestyle = 'ISO'; "
                           "SET LOCAL intervalstyle = 'iso_8601'",
                           request->timeout_ms);
    str answer;
    if (connect_to(&talk) && run_plain(&talk, str_cstr(session->arena, begin)) &&
        run_statement(&talk, &rows) && check_answer(&talk, &rows, &answer) &&
        run_plain(&talk, "COMMIT"))
        session->outcome = (struct outcome){.response = answer};
    // What still runs ends by its statement_timeout, and what is not committed is rolled back.
    PQfinish(talk.connection);
}
