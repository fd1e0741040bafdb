// SPDX-License-Identifier: Apache-2.0
//
// One connection to PostgreSQL on the loop, always in pipeline mode. A request is a list of
// statements and one sync: a transaction of its own that commits when nothing in it failed.
// Requests are answered in the order they were sent. A lost connection answers everything that is
// out with `lost` (its outcome is unknown) and is made again by itself. Private to store.
#ifndef BATON_STORE_PG_H
#define BATON_STORE_PG_H

#include "base/error.h"
#include "base/strbuf.h"

#include <libpq-fe.h>

struct event_base;
struct pg;

enum { PG_MAX_RESULTS = 128, PG_MAX_PARAMS = 40 };

struct pg_answer {
    bool lost;          // the connection broke: done or not, nobody knows
    bool failed;        // a statement failed and nothing was done
    char sqlstate[6];   // of the failed statement
    struct error err;   // when lost or failed
    size_t count;       // results, one a statement
    PGresult **results; // valid during the call
};

typedef void pg_done(void *context, const struct pg_answer *answer);

struct pg_handler {
    void *context;
    void (*connected)(void *context);                     // ready for requests
    void (*lost)(void *context, const struct error *err); // after the requests were answered
};

struct pg_statement {
    const char *name;
    const char *sql;
};

struct pg_options {
    const char *url;
    const char *application;               // shown in pg_stat_activity
    const struct pg_statement *statements; // prepared on every connection before anything else
    size_t statement_count;
    const char *session; // SET …; … run first
    int connect_ms;      // a server that is silent for so long is given up; 0: 5,000
};

struct pg *pg_new(const struct pg_options *options, const struct pg_handler *handler,
                  struct event_base *loop);
void pg_free(struct pg *pg); // answers what is out with `lost`. Never from inside a callback.

bool pg_is_ready(const struct pg *pg);

// Parameters in PostgreSQL's binary format.
struct pg_params {
    size_t count;
    const char *values[PG_MAX_PARAMS];
    int lengths[PG_MAX_PARAMS];
};

// Between begin and end: statements of one request. On a connection that is not ready the request
// is answered with `lost` from the loop, never from inside pg_end.
void pg_begin(struct pg *pg);
void pg_execute(struct pg *pg, size_t statement, const struct pg_params *params);
// Any SQL, parameters and results as text.
void pg_query(struct pg *pg, const char *sql, const char *const *params, size_t count);
// The same for a text that comes again and again: it is parsed once, and planned anew only where
// the values matter. Adds a result before its own when it is prepared.
void pg_query_often(struct pg *pg, const char *sql, const char *const *params, size_t count);
void pg_end(struct pg *pg, pg_done *done, void *context);

size_t pg_pending(const struct pg *pg); // requests that are out

#endif
