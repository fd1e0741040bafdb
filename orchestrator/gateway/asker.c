// SPDX-License-Identifier: Apache-2.0
#include "gateway/asker.h"

#include "base/json.h"
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
    struct arena arena; // of the map: until it is noted
    struct map seen;    // by type, tenant and worker: struct asker
    bool is_noting;
    bool has_failed; // logged once
};

void asker_seen(struct asker_desk *desk, const struct asker *asker)
{
    struct arena scratch = ARENA_EMPTY;
    str name = str_format(&scratch, "%.*s%c%.*s%c%.*s", STR_ARG(asker->type), '\0',
                          STR_ARG(asker->tenant), '\0', STR_ARG(asker->worker));
    struct asker *kept = map_get(&desk->seen, name);
    if (kept == NULL && desk->seen.count < ASKERS_NOTED) {
        kept = ARENA_NEW(&desk->arena, struct asker);
        *kept = (struct asker){.type = str_copy(&desk->arena, asker->type),
                               .tenant = str_copy(&desk->arena, asker->tenant),
                               .worker = str_copy(&desk->arena, asker->worker),
                               .processes = str_copy(&desk->arena, asker->processes)};
        map_put(&desk->seen, str_copy(&desk->arena, name), kept);
    }
    if (kept != NULL)
        kept->leases = kept->leases || asker->leases;
    arena_done(&scratch);
}

static void forget(struct asker_desk *desk)
{
    arena_reset(&desk->arena);
    desk->seen = map_new(&desk->arena);
}

// [[type, tenant, worker, processes, leases], …]
static str list_of(struct arena *arena, const struct map *seen)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    size_t cursor = 0;
    str name;
    void *value;
    json_begin_array(&w);
    while (map_next(seen, &cursor, &name, &value)) {
        const struct asker *asker = value;
        json_begin_array(&w);
        json_string(&w, asker->type);
        json_string(&w, asker->tenant);
        json_string(&w, asker->worker);
        json_string(&w, asker->processes);
        json_bool(&w, asker->leases);
        json_end_array(&w);
    }
    json_end_array(&w);
    return strbuf_str(&out);
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
    if (desk->seen.count == 0)
        return;
    desk->is_noting = true;
    query_statement(desk->gateway->options.reader,
                    catalogue_askers_note(&arena, list_of(&arena, &desk->seen),
                                          str_of(desk->gateway->options.node_name)),
                    on_noted, pending_new(&desk->asked, desk));
    forget(desk);
    arena_done(&arena);
}

struct asker_desk *asker_desk_new(struct gateway *gateway)
{
    struct asker_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    desk->seen = map_new(&desk->arena);
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
    arena_done(&desk->arena);
    free(desk);
}
