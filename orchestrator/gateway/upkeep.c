// SPDX-License-Identifier: Apache-2.0
#include "gateway/upkeep.h"

#include "gateway/gateway_private.h"
#include "base/log.h"
#include "store/catalogue/catalogue.h"
#include "store/query.h"

#include <event2/event.h>
#include <stdlib.h>

enum { FIRST_SECONDS = 5, EACH_SECONDS = 3600, AGAIN_SECONDS = 1, INSTANCES_A_TIME = 1000 };

struct upkeep {
    struct gateway *gateway;
    struct event *timer;
    bool is_busy;
    bool is_over;
};

static void wait_seconds(struct upkeep *upkeep, int seconds)
{
    struct timeval wait = {seconds, 0};
    evtimer_add(upkeep->timer, &wait);
}

static void release(struct upkeep *upkeep)
{
    event_free(upkeep->timer);
    free(upkeep);
}

static void tell(const struct query_rows *rows)
{
    if (query_i64(rows, 0, 0) > 0)
        log_info("upkeep", "%lld partitions of history made", (long long)query_i64(rows, 0, 0));
    if (query_i64(rows, 0, 1) > 0)
        log_info("upkeep", "%lld partitions of history dropped", (long long)query_i64(rows, 0, 1));
    if (query_i64(rows, 0, 2) > 0)
        log_info("upkeep", "%lld ended instances dropped", (long long)query_i64(rows, 0, 2));
}

static void on_done(void *context, const struct query_rows *rows, const struct error *err)
{
    struct upkeep *upkeep = context;
    if (upkeep->is_over) {
        release(upkeep);
        return;
    }
    upkeep->is_busy = false;
    if (rows == NULL)
        log_failure("upkeep", err);
    else
        tell(rows);
    bool more = rows != NULL && query_i64(rows, 0, 2) >= INSTANCES_A_TIME;
    wait_seconds(upkeep, more ? AGAIN_SECONDS : EACH_SECONDS);
}

static void on_time(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct upkeep *upkeep = context;
    struct gateway *gateway = upkeep->gateway;
    struct arena arena = ARENA_EMPTY;
    int64_t days = config_i64(gateway->options.config, CONFIG_HISTORY_RETENTION_DAYS);
    struct statement statement = catalogue_upkeep(&arena, days, INSTANCES_A_TIME);
    upkeep->is_busy = true;
    query_statement(gateway->options.reader, statement, on_done, upkeep);
    arena_done(&arena);
}

struct upkeep *upkeep_new(struct gateway *gateway)
{
    struct upkeep *upkeep = calloc(1, sizeof *upkeep);
    check(upkeep != NULL);
    upkeep->gateway = gateway;
    upkeep->timer = evtimer_new(gateway->options.loop, on_time, upkeep);
    check(upkeep->timer != NULL);
    wait_seconds(upkeep, FIRST_SECONDS);
    return upkeep;
}

void upkeep_free(struct upkeep *upkeep)
{
    if (upkeep == NULL)
        return;
    upkeep->is_over = true;
    if (!upkeep->is_busy)
        release(upkeep);
}
