// SPDX-License-Identifier: Apache-2.0
//
// What the files of store share: its connections and the numbers of its statements. Private to
// store.
#ifndef BATON_STORE_INTERNAL_H
#define BATON_STORE_INTERNAL_H

#include "store/param.h"
#include "store/store.h"
#include "store/table.h"

enum statement {
#define STATEMENT(name, sql) STATEMENT_##name,
#include "store/statements.def"
#undef STATEMENT
    STATEMENT_TABLES, // those of tables.def follow
    STATEMENT_COUNT = STATEMENT_TABLES + TABLE_STATEMENTS
};

enum { STORE_MAX_CONNECTIONS = 32, STORE_MAX_SENDERS = 8192 };

struct store {
    struct store_options options;
    struct store_handler handler;
    struct arena arena; // of the process: the statements' texts
    struct arena turn;  // parameters of the request being sent
    struct pg_statement statements[STATEMENT_COUNT];
    struct pg *connections[STORE_MAX_CONNECTIONS];
    uint32_t ready;
};

struct pg *store_connection(struct store *store, uint32_t shard);

// What an answer means for the one who asked.
enum store_outcome store_outcome_of(const struct pg_answer *answer);

// Remembers whom to answer, until the answer comes.
struct store_call {
    void *context;
    uint32_t shard;
    store_done *done;
    bool asks_remembered, asks_waiting; // of a load: it has results for them
    store_keyed *keyed;                 // likewise
    union {
        store_acquired *acquired;
        store_loaded *loaded;
        store_tried *tried;
        store_dues *dues;
        store_time *time;
        store_shares_found *shares;
        store_jobs *jobs;
        store_counts *counts;
        store_flight *flight;
        store_defined *defined;
        store_resource *resource;
        store_step *step;
    };
};
struct store_call *store_call_new(void *context, uint32_t shard);

// pg_done of calls that want to know the outcome only.
void store_call_done(void *context, const struct pg_answer *answer);

// A request of one statement.
void store_ask(struct store *store, uint32_t shard, enum statement statement,
               const struct params *params);

// Counts by type and tenant out of a result.
size_t store_read_counts(const PGresult *result, struct store_count *counts, size_t capacity);

#endif
