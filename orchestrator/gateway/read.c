// SPDX-License-Identifier: Apache-2.0
#include "gateway/read.h"

#include "gateway/audit.h"
#include "gateway/gateway_private.h"

#include <stdlib.h>

// Owned by the query until it is answered: it may outlive its caller and the gateway.
struct reading {
    TAILQ_ENTRY(reading) link;
    struct gateway *gateway;
    struct caller *caller; // NULL: nobody waits any more
    read_answer *answer;
    void *context;
};

static void on_done(void *context, const struct query_rows *rows, const struct error *err)
{
    struct reading reading = *(struct reading *)context;
    if (reading.caller != NULL)
        TAILQ_REMOVE(&reading.gateway->readings, (struct reading *)context, link);
    free(context);
    if (reading.caller == NULL)
        return;
    if (rows == NULL) {
        caller_fail(reading.caller, err);
        return;
    }
    reading.answer(reading.caller, reading.context, rows);
}

typedef void run_query(struct query_pool *pool, struct statement statement, query_done *done,
                       void *context);

static struct reading *reading_new(struct reading reading)
{
    struct gateway *gateway = reading.caller->gateway;
    struct reading *kept = calloc(1, sizeof *kept);
    check(kept != NULL);
    *kept = reading;
    kept->gateway = gateway;
    TAILQ_INSERT_TAIL(&gateway->readings, kept, link);
    return kept;
}

// Beneath the statement's own conditions, PostgreSQL holds its rows against the caller's tenants.
static struct statement within_tenants(const struct caller *caller, struct statement statement)
{
    const struct identity *identity = caller->identity;
    if (!identity->is_everything)
        statement.tenants =
            statement_array(caller->arena, identity->tenants.items, identity->tenants.count);
    return statement;
}

static void run(struct reading reading, struct statement statement, run_query *query)
{
    query(reading.caller->gateway->options.reader, within_tenants(reading.caller, statement),
          on_done, reading_new(reading));
}

void read_run(struct caller *caller, struct statement statement, read_answer *answer, void *context)
{
    run((struct reading){.caller = caller, .answer = answer, .context = context}, statement,
        query_statement);
}

void read_change(struct caller *caller, struct statement statement, read_answer *answer,
                 void *context)
{
    query_change(
        caller->gateway->options.reader, audit_author(caller), within_tenants(caller, statement),
        on_done,
        reading_new((struct reading){.caller = caller, .answer = answer, .context = context}));
}

void read_snapshot(struct caller *caller, struct statement statement, read_answer *answer,
                   void *context)
{
    run((struct reading){.caller = caller, .answer = answer, .context = context}, statement,
        query_snapshot);
}

void read_on(struct caller *caller, struct statement statement, read_answer *answer, void *context)
{
    run((struct reading){.caller = caller, .answer = answer, .context = context}, statement,
        query_on);
}

void read_stop_all(struct gateway *gateway)
{
    struct reading *reading;
    while ((reading = TAILQ_FIRST(&gateway->readings)) != NULL) {
        struct caller *caller = reading->caller;
        TAILQ_REMOVE(&gateway->readings, reading, link);
        reading->caller = NULL;
        caller_fail_format(caller, ERROR_UNAVAILABLE, "", "this node is stopping");
    }
}
