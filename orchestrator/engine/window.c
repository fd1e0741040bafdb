// SPDX-License-Identifier: Apache-2.0
//
// Windows: how many jobs of a type are in flight on this shard. Tenants that have jobs of the type
// share its window by their weights; none of them gets more in the whole cluster than was set for
// it. The parts move as tenants come and go: who has more than its part keeps what is in flight and
// gets no more until it is below it.
#include "engine/window.h"

#include "engine/breaker.h"

#include <string.h>

// All windows of a job type.
struct type_windows {
    uint64_t weight; // of the tenants that have jobs of it
};

static const struct tenant_share *share_of(const struct engine *engine, str tenant)
{
    static const struct tenant_share nothing_set = {.jobs = -1, .weight = 1};
    const struct map *shares = &engine->shard->shares;
    const struct tenant_share *share = map_get(shares, tenant);
    if (share == NULL)
        share = map_get(shares, STR("*"));
    return share != NULL ? share : &nothing_set;
}

static void weigh(const struct engine *engine, struct window *window)
{
    bool has_jobs = window->offered > 0 || window->waiting > 0;
    uint32_t weight = has_jobs ? share_of(engine, window->tenant)->weight : 0;
    window->type->weight = window->type->weight - window->weight + weight;
    window->weight = weight;
}

static struct type_windows *find_type(struct engine *engine, str type)
{
    struct type_windows *found = map_get(&engine->window_types, type);
    if (found != NULL)
        return found;
    found = ARENA_NEW(&engine->arena, struct type_windows);
    map_put(&engine->window_types, str_copy(&engine->arena, type), found);
    return found;
}

static struct window *find(struct engine *engine, str type, str tenant)
{
    char buffer[LIMIT_JOB_TYPE_BYTES + 1 + LIMIT_NAME_BYTES];
    size_t len = type.len + 1 + tenant.len;
    check(len <= sizeof buffer);
    memcpy(buffer, type.data, type.len);
    buffer[type.len] = '\0';
    if (tenant.len > 0)
        memcpy(buffer + type.len + 1, tenant.data, tenant.len);
    struct window *window = map_get(&engine->windows, str_from(buffer, len));
    if (window != NULL)
        return window;
    window = ARENA_NEW(&engine->arena, struct window);
    window->tenant = str_copy(&engine->arena, tenant);
    window->type = find_type(engine, type);
    map_put(&engine->windows, str_copy(&engine->arena, str_from(buffer, len)), window);
    return window;
}

static struct window *window_of(struct engine *engine, instance_ref instance, const struct job *job)
{
    return find(engine, job->type, instance->tenant);
}

// -- Counting ---------------------------------------------------------------------------

void window_wait(struct engine *engine, instance_ref instance, const struct job *job)
{
    struct window *window = window_of(engine, instance, job);
    window->waiting++;
    weigh(engine, window);
}

void window_offer(struct engine *engine, instance_ref instance, const struct job *job)
{
    struct window *window = window_of(engine, instance, job);
    if (job->state == JOB_WAITING && window->waiting > 0)
        window->waiting--;
    window->offered += job->state != JOB_OFFERED;
    weigh(engine, window);
}

void window_leave(struct engine *engine, instance_ref instance, const struct job *job)
{
    struct window *window = window_of(engine, instance, job);
    breaker_leave(engine, instance, job);
    if (job->state == JOB_OFFERED && window->offered > 0)
        window->offered--;
    else if (job->state == JOB_WAITING && window->waiting > 0)
        window->waiting--;
    weigh(engine, window);
}

bool window_fails(struct engine *engine, instance_ref instance, const struct job *job, int64_t most)
{
    struct window *window = window_of(engine, instance, job);
    if (most <= 0 || ++window->failures < most)
        return false;
    window->failures = 0;
    return true;
}

void window_works(struct engine *engine, instance_ref instance, const struct job *job)
{
    window_of(engine, instance, job)->failures = 0;
}

void window_forget(struct engine *engine)
{
    size_t cursor = 0;
    str name;
    void *window;
    while (map_next(&engine->windows, &cursor, &name, &window))
        ((struct window *)window)->failures = 0;
}

// -- Room -------------------------------------------------------------------------------

// What is set for the cluster, divided among its shards: the first ones have what is left over.
static uint32_t own_limit(const struct engine *engine, const struct window *window)
{
    const struct engine_environment *environment = &engine->environment;
    int64_t jobs = share_of(engine, window->tenant)->jobs;
    if (jobs < 0)
        return UINT32_MAX;
    int64_t part = jobs / environment->shard_count;
    part += environment->shard < (uint64_t)jobs % environment->shard_count;
    return part < UINT32_MAX ? (uint32_t)part : UINT32_MAX;
}

// A tenant without jobs is asked for as if it had one.
static uint32_t part_of(const struct engine *engine, const struct window *window)
{
    uint64_t weight =
        window->weight > 0 ? window->weight : share_of(engine, window->tenant)->weight;
    uint64_t all = window->type->weight - window->weight + weight;
    uint64_t part = engine->environment.job_window * weight / all;
    return part > 0 ? (uint32_t)part : 1;
}

static uint32_t room_below(const struct window *window, uint32_t limit)
{
    return limit > window->offered ? limit - window->offered : 0;
}

static uint32_t room_of(const struct engine *engine, const struct window *window)
{
    uint32_t part = part_of(engine, window), own = own_limit(engine, window);
    return room_below(window, part < own ? part : own);
}

bool window_has_room(struct engine *engine, instance_ref instance, const struct job *job)
{
    return room_of(engine, window_of(engine, instance, job)) > 0 &&
           breaker_admits(engine, instance, job);
}

bool window_may_hand(struct engine *engine, instance_ref instance, const struct job *job)
{
    const struct window *window = window_of(engine, instance, job);
    return room_below(window, own_limit(engine, window)) > 0 &&
           breaker_admits(engine, instance, job);
}

uint32_t engine_room(struct engine *engine, str type, str tenant)
{
    uint32_t room = room_of(engine, find(engine, type, tenant));
    uint32_t probes = breaker_room(engine, type, tenant);
    return room < probes ? room : probes;
}

bool engine_next_window(const struct engine *engine, size_t *cursor,
                        struct engine_window *ret_window)
{
    str name;
    void *value;
    if (!map_next(&engine->windows, cursor, &name, &value))
        return false;
    const struct window *window = value;
    *ret_window = (struct engine_window){.type = str_sub(name, 0, str_find_char(name, '\0')),
                                         .tenant = window->tenant,
                                         .offered = window->offered,
                                         .waiting = window->waiting};
    return true;
}

void engine_set_in_flight(struct engine *engine, str type, str tenant, uint32_t offered,
                          uint32_t waiting)
{
    if (type.len > LIMIT_JOB_TYPE_BYTES)
        return;
    struct window *window = find(engine, type, tenant);
    window->offered = offered;
    window->waiting = waiting;
    weigh(engine, window);
}

// -- What is set ------------------------------------------------------------------------

str engine_shares(const struct engine *engine)
{
    return engine->shard->shares_text;
}

void shares_set(struct engine *engine)
{
    str text = engine->command->set_shares.shares;
    struct map shares;
    if (!state_read_shares(engine->turn, text, &shares)) {
        step_reject(engine, engine->shard, REJECTION_INVALID,
                    STR("shares are [[tenant, jobs, weight], …] with whole jobs and a weight of "
                        "1 to 1,000"));
        return;
    }
    step_emit(engine, engine->shard, (struct event){.type = EVENT_SHARES_SET, .value = text});
    size_t cursor = 0;
    str name;
    void *window;
    while (map_next(&engine->windows, &cursor, &name, &window))
        weigh(engine, window);
    step_accept(engine, 0, 0);
}
