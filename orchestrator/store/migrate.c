// SPDX-License-Identifier: Apache-2.0
#include "store/migrate.h"

#include "base/digest.h"
#include "record/event.h"
#include "store/migrations.h"
#include "store/notices.h"
#include "store/row_security.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

static const char lock_statement[] = "SELECT pg_advisory_lock(hashtext('baton migrate'))";
static const char unlock_statement[] = "SELECT pg_advisory_unlock(hashtext('baton migrate'))";
static const char table_statement_text[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL, "
    "digest text NOT NULL, applied timestamptz NOT NULL DEFAULT now())";

static bool failed(PGconn *conn, const char *place, struct error *err)
{
    str text = str_trim(str_of(PQerrorMessage(conn)));
    enum error_kind kind = PQstatus(conn) == CONNECTION_BAD ? ERROR_UNAVAILABLE : ERROR_IO;
    return error_set(err, kind, place, "%.*s", STR_ARG(text));
}

static bool sees_all(PGconn *conn)
{
    PGresult *result = PQexec(conn, "SELECT " STORE_SEES_ALL);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return good;
}

static PGconn *connect_to(const char *url, struct error *err)
{
    const char *const names[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {url, "baton migrate", "5", NULL};
    PGconn *conn = PQconnectdbParams(names, values, 1);
    ignore_notices(conn);
    if (PQstatus(conn) == CONNECTION_OK && sees_all(conn))
        return conn;
    (void)failed(conn, "postgres", err);
    PQfinish(conn);
    return NULL;
}

static bool execute(PGconn *conn, const char *sql, const char *place, struct error *err)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || failed(conn, place, err);
}

static const char *digest_of(const struct migration *migration, struct arena *arena)
{
    struct digest digest = digest_sha256(migration->sql);
    return str_cstr(arena, digest_hex(arena, str_from(digest.bytes, DIGEST_SIZE)));
}

static bool has_table(PGconn *conn)
{
    PGresult *result = PQexec(conn, "SELECT to_regclass('schema_migrations')");
    bool there = PQresultStatus(result) == PGRES_TUPLES_OK && !PQgetisnull(result, 0, 0);
    PQclear(result);
    return there;
}

static PGresult *applied_rows(PGconn *conn, struct error *err)
{
    const char *sql = has_table(conn)
                          ? "SELECT number, name, digest, to_char(applied, 'YYYY-MM-DD HH24:MI:SS')"
                            " FROM schema_migrations ORDER BY number"
                          : "SELECT 0, '', '', '' WHERE false";
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    (void)failed(conn, "postgres", err);
    PQclear(result);
    return NULL;
}

static int find_applied(const PGresult *rows, int number)
{
    for (int i = 0; i < PQntuples(rows); i++)
        if (atoi(PQgetvalue(rows, i, 0)) == number)
            return i;
    return -1;
}

static struct migration_status status_of(const struct migration *migration, const PGresult *rows,
                                         struct arena *arena)
{
    struct migration_status status = {.number = migration->number, .name = str_of(migration->name)};
    int row = find_applied(rows, migration->number);
    if (row < 0)
        return status;
    bool same = strcmp(PQgetvalue(rows, row, 2), digest_of(migration, arena)) == 0;
    status.state = same ? MIGRATION_APPLIED : MIGRATION_CHANGED;
    status.applied = str_copy(arena, str_of(PQgetvalue(rows, row, 3)));
    return status;
}

static size_t fill_statuses(const PGresult *rows, struct arena *arena,
                            struct migration_status *statuses)
{
    size_t count = 0;
    for (size_t i = 0; i < migration_count; i++)
        statuses[count++] = status_of(&migrations[i], rows, arena);
    int newest = migrations[migration_count - 1].number;
    for (int i = 0; i < PQntuples(rows); i++) {
        int number = atoi(PQgetvalue(rows, i, 0));
        if (number > newest)
            statuses[count++] = (struct migration_status){
                number, str_copy(arena, str_of(PQgetvalue(rows, i, 1))), MIGRATION_UNKNOWN,
                str_copy(arena, str_of(PQgetvalue(rows, i, 3)))};
    }
    return count;
}

static bool read_status(PGconn *conn, struct arena *arena, struct migration_status **ret_statuses,
                        size_t *ret_count, struct error *err)
{
    PGresult *rows = applied_rows(conn, err);
    if (rows == NULL)
        return false;
    size_t most = migration_count + (size_t)PQntuples(rows);
    *ret_statuses = ARENA_ARRAY(arena, struct migration_status, most);
    *ret_count = fill_statuses(rows, arena, *ret_statuses);
    PQclear(rows);
    return true;
}

static bool refuse(const struct migration_status *status, struct error *err)
{
    if (status->state == MIGRATION_UNKNOWN)
        return error_set(err, ERROR_CONFLICT, "schema",
                         "migration %d (%.*s) is newer than this version of Baton knows (%d)",
                         status->number, STR_ARG(status->name),
                         migrations[migration_count - 1].number);
    if (status->state == MIGRATION_CHANGED)
        return error_set(err, ERROR_CONFLICT, "schema",
                         "migration %d (%.*s) was applied with another text", status->number,
                         STR_ARG(status->name));
    return true;
}

static bool record(PGconn *conn, const struct migration *migration, struct arena *arena,
                   struct error *err)
{
    char number[12];
    snprintf(number, sizeof number, "%d", migration->number);
    const char *const params[] = {number, migration->name, digest_of(migration, arena)};
    PGresult *result = PQexecParams(
        conn, "INSERT INTO schema_migrations (number, name, digest) VALUES ($1, $2, $3)", 3, NULL,
        params, NULL, NULL, 0);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return done || failed(conn, migration->name, err);
}

static bool apply(PGconn *conn, const struct migration *migration, struct arena *arena,
                  struct error *err)
{
    bool done = execute(conn, "BEGIN", migration->name, err) &&
                execute(conn, str_cstr(arena, migration->sql), migration->name, err) &&
                record(conn, migration, arena, err) &&
                execute(conn, "COMMIT", migration->name, err);
    struct error ignored;
    if (!done)
        (void)execute(conn, "ROLLBACK", migration->name, &ignored);
    return done;
}

// The names of numbers in history, for the readable views.
static str names_sql(struct arena *arena)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_add(&sql, STR("BEGIN; DELETE FROM event_types; DELETE FROM command_types;"));
#define EVENT(name, number, entity)                                                                \
    strbuf_format(&sql, "INSERT INTO event_types VALUES (%d, '%s');", number, #name);
#include "record/events.def"
#undef EVENT
#define COMMAND(name, number, need, process, senders)                                              \
    strbuf_format(&sql, "INSERT INTO command_types VALUES (%d, '%s');", number, #name);
#include "record/commands.def"
#undef COMMAND
    strbuf_add(&sql, STR("SELECT history_extend(); CALL row_security_apply(); COMMIT"));
    return strbuf_str(&sql);
}

static bool apply_pending(PGconn *conn, struct arena *arena, int *ret_applied, struct error *err)
{
    struct migration_status *statuses;
    size_t count;
    if (!execute(conn, table_statement_text, "schema_migrations", err) ||
        !read_status(conn, arena, &statuses, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!refuse(&statuses[i], err))
            return false;
    int applied = 0;
    for (size_t i = 0; i < migration_count; i++) {
        if (statuses[i].state != MIGRATION_PENDING)
            continue;
        if (!apply(conn, &migrations[i], arena, err))
            return false;
        applied++;
    }
    *ret_applied = applied;
    return execute(conn, str_cstr(arena, names_sql(arena)), "schema", err);
}

bool store_migrate_up(const char *url, int *ret_applied, struct error *err)
{
    PGconn *conn = connect_to(url, err);
    if (conn == NULL)
        return false;
    struct arena arena = ARENA_EMPTY;
    struct error ignored;
    bool done = execute(conn, lock_statement, "schema", err) &&
                apply_pending(conn, &arena, ret_applied, err);
    (void)execute(conn, unlock_statement, "schema", &ignored);
    PQfinish(conn);
    arena_done(&arena);
    return done;
}

bool store_migrate_status(const char *url, struct arena *arena,
                          struct migration_status **ret_migrations, size_t *ret_count,
                          struct error *err)
{
    PGconn *conn = connect_to(url, err);
    if (conn == NULL)
        return false;
    bool done = read_status(conn, arena, ret_migrations, ret_count, err);
    PQfinish(conn);
    return done;
}

bool store_migrate_verify(const char *url, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct migration_status *statuses;
    size_t count;
    bool good = store_migrate_status(url, &arena, &statuses, &count, err);
    for (size_t i = 0; good && i < count; i++) {
        good = refuse(&statuses[i], err);
        if (good && statuses[i].state == MIGRATION_PENDING)
            good = error_set(err, ERROR_CONFLICT, "schema",
                             "migration %d (%.*s) is not applied: run `baton migrate up`",
                             statuses[i].number, STR_ARG(statuses[i].name));
    }
    arena_done(&arena);
    return good;
}

bool store_check_url(const char *url, struct error *err)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);
    bool good = options != NULL;
    if (!good)
        error_set(err, ERROR_INVALID, "postgres.url",
                  "expected a libpq URL or conninfo string: %.*s",
                  STR_ARG(str_trim(str_of(why != NULL ? why : "out of memory"))));
    PQconninfoFree(options);
    PQfreemem(why);
    return good;
}

bool store_reachable(const char *url, struct error *err)
{
    PGconn *conn = connect_to(url, err);
    if (conn == NULL)
        return error_set(err, ERROR_UNAVAILABLE, "postgres", "%s", err->text);
    PQfinish(conn);
    return true;
}

const char *migration_state_name(enum migration_state state)
{
    static const char *const names[] = {"pending", "applied", "changed", "unknown"};
    check((size_t)state < COUNT_OF(names));
    return names[state];
}
