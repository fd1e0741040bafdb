// SPDX-License-Identifier: Apache-2.0
//
// Reads for the API and the command line: parametrised statements on a small pool of connections of
// their own, answered on the loop with rows as text. Reads go to the primary, so a caller reads its
// own writes.
#ifndef BATON_STORE_QUERY_H
#define BATON_STORE_QUERY_H

#include "base/error.h"
#include "base/str.h"
#include "store/statement.h"

struct event_base;
struct query_pool;

enum {
    QUERY_MAX_PARAMS = STATEMENT_MAX_PARAMETERS,
    QUERY_MAX_WAITING = 10000, // queries that wait for a connection; more are answered at once with
                               // ERROR_UNAVAILABLE
    QUERY_TIMEOUT_MS = 10000,  // a statement that takes longer is stopped
};

// PostgreSQL knows its connections as "api NODE": another name than the engine's, whose
// transactions a new owner of its shards may end (vault_node_runs knows both).
struct query_pool *query_pool_new(const char *url, const char *node, uint32_t connections,
                                  struct event_base *loop);
void query_pool_free(struct query_pool *pool); // answers what is out with ERROR_UNAVAILABLE

bool query_pool_is_ready(const struct query_pool *pool);

struct query_rows; // valid during the call

size_t query_row_count(const struct query_rows *rows);
size_t query_column_count(const struct query_rows *rows);
str query_column_name(const struct query_rows *rows, size_t column);
str query_value(const struct query_rows *rows, size_t row, size_t column); // empty when null
bool query_is_null(const struct query_rows *rows, size_t row, size_t column);
int64_t query_i64(const struct query_rows *rows, size_t row, size_t column); // 0 when null
uint64_t query_u64(const struct query_rows *rows, size_t row, size_t column);
bool query_bool(const struct query_rows *rows, size_t row, size_t column);

// bytea as bytes, in the arena.
str query_bytes(const struct query_rows *rows, size_t row, size_t column, struct arena *arena);

// Rows touched by an INSERT, UPDATE or DELETE.
int64_t query_touched(const struct query_rows *rows);

// rows == NULL: it failed, *err says why (ERROR_UNAVAILABLE: try again later).
typedef void query_done(void *context, const struct query_rows *rows, const struct error *err);

// SQL and parameters are copied. `done` is never called from inside.
void query_statement(struct query_pool *pool, struct statement statement, query_done *done,
                     void *context);

// The same for a statement that changes what is administered. `author` says who does it, for the
// audit log (JSON, as audit_author() of schemas/0210_audit.sql takes it), in the same transaction.
void query_change(struct query_pool *pool, str author, struct statement statement, query_done *done,
                  void *context);

// The same on one snapshot: what is asked by query_on from inside of `done` sees nothing that was
// committed after the first of them. A snapshot has a connection to itself, and ends by itself as
// soon as an answer's `done` has asked nothing more. It reads only.
void query_snapshot(struct query_pool *pool, struct statement statement, query_done *done,
                    void *context);
// Inside of `done` of query_snapshot or query_on alone, once each, and not after a failure.
void query_on(struct query_pool *pool, struct statement statement, query_done *done, void *context);

// For bytea parameters: the bytes as \x… text.
str query_hex(struct arena *arena, str bytes);

// The same, blocking, on a connection of its own: for tools and tests. rows as above, then freed.
MUST_CHECK bool query_run_blocking(const char *url, str sql, const str *params, size_t count,
                                   query_done *done, void *context, struct error *err);

// The same on one connection, for a thread of its own.
struct query_session;

MUST_CHECK struct query_session *query_session_new(const char *url, struct error *err);
void query_session_free(struct query_session *session);
bool query_session_is_good(const struct query_session *session); // false: make a new one

MUST_CHECK bool query_session_run(struct query_session *session, struct statement statement,
                                  query_done *done, void *context, struct error *err);

#endif
