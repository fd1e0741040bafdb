// SPDX-License-Identifier: Apache-2.0
#include "gateway/read.h"

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

void read_run(struct caller *caller, struct statement statement, read_answer *answer, void *context)
{
    struct gateway *gateway = caller->gateway;
    struct reading *reading = calloc(1, sizeof *reading);
    check(reading != NULL);
    *reading = (struct reading){
        .gateway = gateway, .caller = caller, .answer = answer, .context = context};
    TAILQ_INSERT_TAIL(&gateway->readings, reading, link);
    query_statement(gateway->options.reader, statement, on_done, reading);
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
