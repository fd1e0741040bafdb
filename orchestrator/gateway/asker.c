// SPDX-License-Identifier: Apache-2.0
#include "gateway/asker.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway_private.h"
#include "gateway/job_gateway.h"
#include "store/catalogue/asker.h"
#include "store/query.h"

#include <stdlib.h>

struct asker_desk {
    struct gateway *gateway;
    struct timer *timer;
    struct pending_list asked;
    struct asker_list *list; // of the last ASKERS_AGAIN_MS
    int64_t began_ms;
    bool is_noting;
    bool has_failed; // logged once
};

void asker_seen(struct asker_desk *desk, const struct asker *asker)
{
    (void)asker_list_add(desk->list, asker);
}

static void begin_again(struct asker_desk *desk)
{
    asker_list_free(desk->list);
    desk->list = asker_list_new();
    desk->began_ms = clock_monotonic_ns() / 1000000;
}

static void on_noted(void *context, const struct query_rows *rows, const struct error *err)
{
    struct asker_desk *desk = pending_end(context);
    if (desk == NULL)
        return;
    if (rows == NULL && !desk->has_failed)
        log_failure("gateway", err);
    desk->has_failed = rows == NULL;
    desk->is_noting = false;
}

static void note(void *context, const struct asker *asker)
{
    asker_seen(context, asker);
}

static void on_time(void *context)
{
    struct asker_desk *desk = context;
    struct arena arena = ARENA_EMPTY;
    timer_set(desk->timer, ASKERS_NOTE_MS);
    if (desk->is_noting)
        return;
    job_desk_askers(desk->gateway->jobs, note, desk);
    str askers = asker_list_take(desk->list, &arena);
    if (!str_is_empty(askers)) {
        desk->is_noting = true;
        query_statement(
            desk->gateway->options.reader,
            catalogue_askers_note(&arena, askers, str_of(desk->gateway->options.node_name)),
            on_noted, pending_new(&desk->asked, desk));
    }
    arena_done(&arena);
    if (clock_monotonic_ns() / 1000000 - desk->began_ms >= ASKERS_AGAIN_MS)
        begin_again(desk);
}

struct asker_desk *asker_desk_new(struct gateway *gateway)
{
    struct asker_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    begin_again(desk);
    desk->timer = timer_new(gateway->options.loop, on_time, desk);
    timer_set(desk->timer, ASKERS_NOTE_MS);
    return desk;
}

void asker_desk_free(struct asker_desk *desk)
{
    if (desk == NULL)
        return;
    pending_cancel(&desk->asked);
    timer_free(desk->timer);
    asker_list_free(desk->list);
    free(desk);
}
