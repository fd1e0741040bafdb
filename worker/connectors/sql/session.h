// SPDX-License-Identifier: Apache-2.0
//
// One statement on one connection to PostgreSQL, in a transaction of its own that commits when the
// statement and its answer were good. Blocks: for a helper thread. The name is resolved here, and
// what is connected to is the address that was checked.
#ifndef BATON_CONNECTOR_SQL_SESSION_H
#define BATON_CONNECTOR_SQL_SESSION_H

#include "connector/outcome.h"
#include "connector_sql/request.h"
#include "worker/secrets.h"

#include <stdatomic.h>

enum {
    SQL_MAX_ROWS = 1000,      // of an answer
    SQL_MAX_ANSWER = 1000000, // bytes of its values and names: a variable has at most 1 MiB
    SQL_MAX_RECEIVED = 8 * SQL_MAX_ANSWER, // bytes that a server may send, whatever becomes of them
    SQL_GRACE_MS = 2000, // for the server to end a statement whose time is over by itself
};

struct session {
    const struct sql_request *request;
    struct arena *arena;
    const struct filled *filled;
    str allowed;              // hosts that may have special addresses
    const atomic_bool *stops; // the program ends: give up
    atomic_int watched;       // of the connection, for session_watch; -1: there is none yet
    struct outcome outcome;   // what became of it; the response is {modifiedRows, resultSet}
};

void session_run(struct session *session);

// On another thread while it runs, every few milliseconds: libpq reads as long as there is
// something to read, a row of a gigabyte whole. Ends the connection of a server that has sent more
// than SQL_MAX_RECEIVED.
void session_watch(const struct session *session);

// When it has run, on the thread that watched.
void session_done(struct session *session);

#endif
