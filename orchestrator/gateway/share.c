// SPDX-License-Identifier: Apache-2.0
#include "gateway/share.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway_private.h"
#include "store/catalogue/share.h"
#include "store/query.h"
#include "store/read/scope.h"

#include <stdlib.h>
#include <string.h>

enum { STOCK_MS = 1000, LOOKED_MS = 100, PART = 20, NS_PER_MS = 1000000, MOST_NEEDS = 4 };

static const struct {
    const char *name, *unit;
    enum share_kind kind;
} shares[] = {
#define SHARE(name, kind, text, unit, about) {text, unit, SHARE_KIND_##kind},
#include "gateway/shares.def"
#undef SHARE
};

// A caller on its way through the buckets that it needs.
struct taking {
    TAILQ_ENTRY(taking) link; // of those that wait at a bucket
    struct share_desk *desk;
    struct caller *caller;
    share_granted *granted;
    void *context;
    struct bucket *needs[MOST_NEEDS];
    size_t count, next;
    bool looks;     // takes nothing: goes on where no more was taken than there is
    bool is_inside; // of share_take
    bool is_done;
};

struct bucket {
    struct generation *generation;
    str kind, owner; // whose; the owner as the caller has it
    enum share share;
    int64_t amount;
    int64_t stock; // that was leased and nobody has taken
    int64_t stock_until_ms;
    int64_t empty_until_ms;  // nothing is leased before
    int64_t looked_until_ms; // whether more was taken than there is is known until then
    bool is_beyond;
    bool is_asking;
    bool is_unknown; // PostgreSQL did not answer
    TAILQ_HEAD(, taking) waiting;
    size_t waiting_count;
};

// What was set, until it changes; those who wait then end with what they began with.
struct generation {
    struct generation *next; // older
    struct share_desk *desk;
    struct arena arena;
    struct map amounts; // by "KIND NAME OWNER": of int64_t
    struct map buckets; // likewise
    size_t waiting;     // takings, at all buckets
    size_t asking;      // leases under way
    bool has_any;
};

struct share_desk {
    struct gateway *gateway;
    struct timer *timer;
    struct pending_list asked; // for what was set
    struct pending_list leases;
    int64_t version;
    struct generation *first; // the current one, then those in which somebody waits
    size_t waiting;
    bool is_stopping;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ns() / NS_PER_MS;
}

bool share_find(str name, enum share *ret_share)
{
    for (size_t i = 0; i < SHARES; i++) {
        if (str_equal(name, str_of(shares[i].name))) {
            *ret_share = (enum share)i;
            return true;
        }
    }
    return false;
}

enum share_kind share_kind_of(enum share share)
{
    return shares[share].kind;
}

// -- What was set -------------------------------------------------------------------------

static str place_of(struct arena *arena, str kind, enum share share, str owner)
{
    return str_format(arena, "%.*s %s %.*s", STR_ARG(kind), shares[share].name, STR_ARG(owner));
}

static struct generation *generation_new(struct share_desk *desk)
{
    struct generation *generation = calloc(1, sizeof *generation);
    check(generation != NULL);
    generation->desk = desk;
    generation->amounts = map_new(&generation->arena);
    generation->buckets = map_new(&generation->arena);
    generation->next = desk->first;
    desk->first = generation;
    return generation;
}

static void generation_free(struct generation *generation)
{
    arena_done(&generation->arena);
    free(generation);
}

// Old ones in which nobody waits any more.
static void drop_old(struct share_desk *desk)
{
    struct generation **link = &desk->first->next;
    while (*link != NULL) {
        struct generation *old = *link;
        if (old->waiting > 0 || old->asking > 0) {
            link = &old->next;
            continue;
        }
        *link = old->next;
        generation_free(old);
    }
}

static void add_share(struct generation *generation, const struct query_rows *rows, size_t i)
{
    enum share share;
    struct arena *arena = &generation->arena;
    if (query_is_null(rows, i, 1) || !share_find(query_value(rows, i, 3), &share))
        return;
    int64_t *amount = ARENA_NEW(arena, int64_t);
    *amount = query_i64(rows, i, 4);
    map_put(&generation->amounts,
            place_of(arena, query_value(rows, i, 1), share, query_value(rows, i, 2)), amount);
    generation->has_any = true;
}

static void on_shares(void *context, const struct query_rows *rows, const struct error *err)
{
    struct share_desk *desk = pending_end(context);
    if (desk == NULL)
        return;
    if (rows == NULL)
        log_failure("share", err);
    timer_set(desk->timer, SHARE_LOOK_MS);
    if (rows == NULL || query_row_count(rows) == 0)
        return;
    desk->version = query_i64(rows, 0, 0);
    struct generation *generation = generation_new(desk);
    for (size_t i = 0; i < query_row_count(rows); i++)
        add_share(generation, rows, i);
    drop_old(desk);
}

static void look(void *context)
{
    struct share_desk *desk = context;
    struct arena arena = ARENA_EMPTY;
    if (!query_pool_is_ready(desk->gateway->options.reader)) {
        timer_set(desk->timer, SHARE_AGAIN_MS);
        return;
    }
    query_statement(desk->gateway->options.reader, catalogue_shares_seen(&arena, desk->version),
                    on_shares, pending_new(&desk->asked, desk));
    arena_done(&arena);
}

void share_desk_changed(struct share_desk *desk)
{
    timer_ring(desk->timer);
}

// -- Answers ------------------------------------------------------------------------------

static void advance(struct taking *taking);

static void end(struct taking *taking)
{
    taking->is_done = true;
    if (!taking->is_inside)
        free(taking);
}

static void refuse(struct taking *taking, const struct bucket *bucket)
{
    struct caller *caller = taking->caller;
    int64_t wait_ms = bucket->empty_until_ms - now_ms();
    for (size_t i = 0; !taking->looks && i < taking->next; i++)
        taking->needs[i]->stock++; // goes to the next who asks
    if (bucket->is_unknown) {
        end(taking);
        caller_fail_format(
            caller, ERROR_UNAVAILABLE, "",
            "whether the share \"%s\" is used up cannot be told now: try again later",
            shares[bucket->share].name);
        return;
    }
    str owner =
        str_equal(bucket->kind, STR("TENANT")) ? tenant_outside(bucket->owner) : bucket->owner;
    struct error err;
    (void)error_set(&err, ERROR_LIMIT, shares[bucket->share].name,
                    "the share \"%s\" of %.*s '%.*s' is used up: %lld %s",
                    shares[bucket->share].name, STR_ARG(bucket->kind), STR_ARG(owner),
                    (long long)bucket->amount, shares[bucket->share].unit);
    const struct failure failure = {.kind = FAILURE_SHARE,
                                    .err = &err,
                                    .reason = str_of(shares[bucket->share].name),
                                    .wait_ms = wait_ms > 0 ? wait_ms : 1};
    end(taking);
    caller->failed(caller, &failure);
}

static struct taking *take_waiting(struct bucket *bucket)
{
    struct taking *taking = TAILQ_FIRST(&bucket->waiting);
    TAILQ_REMOVE(&bucket->waiting, taking, link);
    bucket->waiting_count--;
    bucket->generation->waiting--;
    bucket->generation->desk->waiting--;
    return taking;
}

// -- Leases -------------------------------------------------------------------------------

static int64_t wanted_by(const struct bucket *bucket)
{
    int64_t wanted = 0;
    const struct taking *taking;
    TAILQ_FOREACH(taking, &bucket->waiting, link)
    wanted += !taking->looks;
    return wanted;
}

static void on_lease(void *context, const struct query_rows *rows, const struct error *err)
{
    struct bucket *bucket = pending_end(context);
    if (bucket == NULL)
        return;
    int64_t given = rows != NULL ? query_i64(rows, 0, 0) : 0;
    bucket->is_asking = false;
    bucket->generation->asking--;
    bucket->is_unknown = rows == NULL;
    bucket->stock = given + (now_ms() < bucket->stock_until_ms ? bucket->stock : 0);
    bucket->stock_until_ms = now_ms() + STOCK_MS;
    bucket->is_beyond = rows != NULL && query_bool(rows, 0, 2);
    bucket->looked_until_ms = now_ms() + LOOKED_MS;
    if (rows == NULL)
        log_failure("share", err);
    bool is_short = given < wanted_by(bucket);
    bucket->empty_until_ms = is_short && rows != NULL ? now_ms() + query_i64(rows, 0, 1)
                             : is_short               ? now_ms() + SHARE_LOOK_MS
                                                      : 0;
    struct share_desk *desk = bucket->generation->desk;
    size_t count = bucket->waiting_count; // those that come meanwhile ask anew
    for (size_t i = 0; i < count; i++)
        advance(take_waiting(bucket));
    drop_old(desk);
}

static void ask(struct bucket *bucket)
{
    struct share_desk *desk = bucket->generation->desk;
    struct arena arena = ARENA_EMPTY;
    int64_t wanted = wanted_by(bucket);
    if (wanted > 0 && shares[bucket->share].kind == SHARE_KIND_RATE)
        wanted += bucket->amount / PART;
    const struct share_lease lease = {.kind = bucket->kind,
                                      .owner = bucket->owner,
                                      .name = str_of(shares[bucket->share].name),
                                      .amount = bucket->amount,
                                      .wanted = wanted};
    bucket->is_asking = true;
    bucket->generation->asking++;
    query_statement(desk->gateway->options.reader, catalogue_share_lease(&arena, &lease), on_lease,
                    pending_new(&desk->leases, bucket));
    arena_done(&arena);
}

static void wait_at(struct bucket *bucket, struct taking *taking)
{
    TAILQ_INSERT_TAIL(&bucket->waiting, taking, link);
    bucket->waiting_count++;
    bucket->generation->waiting++;
    taking->desk->waiting++;
    if (!bucket->is_asking)
        ask(bucket);
}

enum chance { CHANCE_GOOD, CHANCE_NONE, CHANCE_UNKNOWN };

static enum chance look_at(struct bucket *bucket, int64_t now)
{
    if (bucket->is_unknown && now < bucket->empty_until_ms)
        return CHANCE_NONE;
    if (now >= bucket->looked_until_ms)
        return CHANCE_UNKNOWN;
    return bucket->is_beyond ? CHANCE_NONE : CHANCE_GOOD;
}

static enum chance take_from(struct bucket *bucket, int64_t now)
{
    if (now >= bucket->stock_until_ms)
        bucket->stock = 0;
    if (bucket->stock <= 0)
        return now < bucket->empty_until_ms ? CHANCE_NONE : CHANCE_UNKNOWN;
    bucket->stock--;
    return CHANCE_GOOD;
}

// True when the taking has one of this bucket's and goes on; else it waits, or was refused.
static bool take_one(struct taking *taking, struct bucket *bucket)
{
    int64_t now = now_ms();
    enum chance chance = taking->looks ? look_at(bucket, now) : take_from(bucket, now);
    bool is_full = taking->desk->waiting >= SHARE_MAX_WAITING;
    if (chance == CHANCE_NONE || (chance == CHANCE_UNKNOWN && is_full))
        refuse(taking, bucket);
    else if (chance == CHANCE_UNKNOWN)
        wait_at(bucket, taking);
    return chance == CHANCE_GOOD;
}

static void advance(struct taking *taking)
{
    while (taking->next < taking->count) {
        if (!take_one(taking, taking->needs[taking->next]))
            return;
        taking->next++;
    }
    struct caller *caller = taking->caller;
    share_granted *granted = taking->granted;
    void *context = taking->context;
    end(taking);
    granted(caller, context);
}

// -- Whose --------------------------------------------------------------------------------

static struct bucket *find_bucket(struct taking *taking, str kind, enum share share, str owner)
{
    struct arena *arena = taking->caller->arena;
    struct generation *now = taking->desk->first;
    str place = place_of(arena, kind, share, owner);
    struct bucket *bucket = map_get(&now->buckets, place);
    if (bucket != NULL)
        return bucket;
    const int64_t *amount = map_get(&now->amounts, place);
    if (amount == NULL)
        amount = map_get(&now->amounts, place_of(arena, kind, share, STR("*")));
    if (amount == NULL)
        return NULL;
    bucket = ARENA_NEW(&now->arena, struct bucket);
    *bucket = (struct bucket){.generation = now,
                              .kind = str_copy(&now->arena, kind),
                              .owner = str_copy(&now->arena, owner),
                              .share = share,
                              .amount = *amount};
    TAILQ_INIT(&bucket->waiting);
    map_put(&now->buckets, str_copy(&now->arena, place), bucket);
    return bucket;
}

static void need(struct taking *taking, struct bucket *bucket)
{
    if (bucket != NULL)
        taking->needs[taking->count++] = bucket;
}

static void need_own(struct taking *taking, enum share share)
{
    const struct caller *caller = taking->caller;
    const struct identity *identity = caller->identity;
    bool is_client = identity->is_everything ? str_equal(caller->principal, STR("api.key"))
                                             : identity->kind == SUBJECT_CLIENT;
    if (!str_is_empty(caller->principal))
        need(taking, find_bucket(taking, is_client ? STR("CLIENT") : STR("USER"), share,
                                 caller->principal));
}

static void need_of_tenant(struct taking *taking, enum share share, str tenant)
{
    need(taking, find_bucket(taking, STR("TENANT"), share, tenant));
}

static void find_needs(struct taking *taking, enum share_use use)
{
    const struct caller *caller = taking->caller;
    const struct identity *identity = caller->identity;
    switch (use) {
    case SHARE_USE_CALL:
        need_own(taking, SHARE_CALLS);
        if (!identity->is_everything && identity->tenants.count == 1)
            need_of_tenant(taking, SHARE_CALLS, identity->tenants.items[0]);
        return;
    case SHARE_USE_START:
        need_own(taking, SHARE_STARTS);
        need_of_tenant(taking, SHARE_STARTS, caller->tenant);
        need_of_tenant(taking, SHARE_INSTANCES, caller->tenant);
        need_of_tenant(taking, SHARE_BYTES, caller->tenant);
        return;
    case SHARE_USE_MESSAGE:
        taking->looks = true;
        need_of_tenant(taking, SHARE_STARTS, caller->tenant);
        need_of_tenant(taking, SHARE_BYTES, caller->tenant);
        return;
    }
}

bool share_take(struct caller *caller, enum share_use use, share_granted *granted, void *context)
{
    struct share_desk *desk = caller->gateway->shares;
    if (!desk->first->has_any || desk->is_stopping) {
        granted(caller, context);
        return true;
    }
    if (desk->first->buckets.count >= SHARE_MAX_BUCKETS) {
        desk->version = 0; // everything is read anew
        timer_ring(desk->timer);
    }
    struct taking *taking = calloc(1, sizeof *taking);
    check(taking != NULL);
    *taking = (struct taking){
        .desk = desk, .caller = caller, .granted = granted, .context = context, .is_inside = true};
    find_needs(taking, use);
    advance(taking);
    taking->is_inside = false;
    bool is_done = taking->is_done;
    if (is_done)
        free(taking);
    return is_done;
}

// -- Life ---------------------------------------------------------------------------------

struct share_desk *share_desk_new(struct gateway *gateway)
{
    struct share_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    (void)generation_new(desk);
    desk->timer = timer_new(gateway->options.loop, look, desk);
    timer_ring(desk->timer);
    return desk;
}

static void stop_bucket(struct bucket *bucket)
{
    while (!TAILQ_EMPTY(&bucket->waiting)) {
        struct taking *taking = take_waiting(bucket);
        struct caller *caller = taking->caller;
        end(taking);
        caller_fail_format(caller, ERROR_UNAVAILABLE, "", "this node is stopping");
    }
}

void share_desk_stop(struct share_desk *desk)
{
    desk->is_stopping = true;
    timer_stop(desk->timer);
    pending_cancel(&desk->asked);
    pending_cancel(&desk->leases);
    for (struct generation *one = desk->first; one != NULL; one = one->next) {
        size_t cursor = 0;
        str place;
        void *bucket;
        while (map_next(&one->buckets, &cursor, &place, &bucket))
            stop_bucket(bucket);
    }
}

void share_desk_free(struct share_desk *desk)
{
    if (desk == NULL)
        return;
    timer_free(desk->timer);
    while (desk->first != NULL) {
        struct generation *one = desk->first;
        desk->first = one->next;
        generation_free(one);
    }
    free(desk);
}
