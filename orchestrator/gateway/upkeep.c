// SPDX-License-Identifier: Apache-2.0
#include "gateway/upkeep.h"

#include "gateway/gateway_private.h"
#include "base/log.h"
#include "store/catalogue/catalogue.h"
#include "store/query.h"

#include <stdlib.h>

enum { FIRST_MS = 5000, EACH_MS = 3600000, AGAIN_MS = 1000, INSTANCES_A_TIME = 1000 };

struct upkeep {
    struct gateway *gateway;
    struct timer *timer;
    struct pending_list asked;
};

static void tell(const struct query_rows *rows)
{
    if (query_i64(rows, 0, 0) > 0)
        log_info("upkeep", "%lld partitions of history made", (long long)query_i64(rows, 0, 0));
    if (query_i64(rows, 0, 1) > 0)
        log_info("upkeep", "%lld partitions of history dropped", (long long)query_i64(rows, 0, 1));
    if (query_i64(rows, 0, 2) > 0)
        log_info("upkeep", "%lld ended instances dropped", (long long)query_i64(rows, 0, 2));
    if (query_i64(rows, 0, 3) > 0)
        log_info("upkeep", "%lld entries of the audit log dropped",
                 (long long)query_i64(rows, 0, 3));
    if (query_i64(rows, 0, 5) > 0)
        log_info("upkeep", "%lld keys of mailboxes that are no more dropped",
                 (long long)query_i64(rows, 0, 5));
}

static void on_done(void *context, const struct query_rows *rows, const struct error *err)
{
    struct upkeep *upkeep = pending_end(context);
    if (upkeep == NULL)
        return;
    if (rows == NULL)
        log_failure("upkeep", err);
    else
        tell(rows);
    bool more =
        rows != NULL &&
        (query_i64(rows, 0, 2) >= INSTANCES_A_TIME || query_i64(rows, 0, 3) >= INSTANCES_A_TIME ||
         query_i64(rows, 0, 4) >= INSTANCES_A_TIME || query_i64(rows, 0, 5) >= INSTANCES_A_TIME);
    timer_set(upkeep->timer, more ? AGAIN_MS : EACH_MS);
}

static void on_time(void *context)
{
    struct upkeep *upkeep = context;
    struct gateway *gateway = upkeep->gateway;
    struct arena arena = ARENA_EMPTY;
    const struct config *config = gateway->options.config;
    struct statement statement =
        catalogue_upkeep(&arena, config_i64(config, CONFIG_HISTORY_RETENTION_DAYS),
                         config_i64(config, CONFIG_AUDIT_RETENTION_DAYS), INSTANCES_A_TIME);
    query_statement(gateway->options.reader, statement, on_done,
                    pending_new(&upkeep->asked, upkeep));
    arena_done(&arena);
}

struct upkeep *upkeep_new(struct gateway *gateway)
{
    struct upkeep *upkeep = calloc(1, sizeof *upkeep);
    check(upkeep != NULL);
    upkeep->gateway = gateway;
    upkeep->timer = timer_new(gateway->options.loop, on_time, upkeep);
    timer_set(upkeep->timer, FIRST_MS);
    return upkeep;
}

void upkeep_free(struct upkeep *upkeep)
{
    if (upkeep == NULL)
        return;
    pending_cancel(&upkeep->asked);
    timer_free(upkeep->timer);
    free(upkeep);
}
