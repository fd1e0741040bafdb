// SPDX-License-Identifier: Apache-2.0
#include "gateway/erasure.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "gateway/call.h"
#include "gateway/gateway_private.h"
#include "record/key.h"
#include "store/catalogue/personal.h"
#include "store/read/personal.h"

#include <stdlib.h>

enum {
    AT_ONCE = 4, // erasures that a node works on
    IDLE_MS = 1000,
    SHARD_MS = 8000, // an erasure is a node's for 30 s from each page on
    NS_PER_MS = 1000000,
};

// One that this node works on.
struct erasing {
    TAILQ_ENTRY(erasing) link;
    struct erasure_desk *desk;
    struct arena arena;
    struct arena round; // emptied when the next one begins
    struct caller caller;
    struct erasure_name name;
    str by;
    struct erased_stream told; // the last, of those that an earlier try has left
    bool are_old_told;
    bool is_dirty;   // keys went that not all shards have been told of
    bool are_barred; // all shards have been told at least once
    bool is_settled;
    str marks; // what each shard had to send when there were no keys; empty: there were
    struct retry rests;
    struct timer *next;
    bool is_over; // freed at the desk's next turn
};

// Somebody who waits for one.
struct waiter {
    TAILQ_ENTRY(waiter) link; // while it rests
    struct erasure_desk *desk;
    struct caller *caller;
    struct erasure_name name;
    read_answer *answer;
    void *context;
    struct retry rests;
    int64_t next_ns, end_ns;
};

struct erasure_desk {
    struct gateway *gateway;
    struct timer *turn;
    struct timer *look; // for those who wait
    struct pending_list asked;
    bool is_taking;
    TAILQ_HEAD(, erasing) erasings;
    size_t count;
    TAILQ_HEAD(, waiter) waiters;
};

// -- A round ----------------------------------------------------------------------------

static void leave(struct erasing *erasing)
{
    erasing->is_over = true;
    timer_ring(erasing->desk->turn);
}

// Another try begins when it is nobody's any more.
static void on_failed(struct caller *caller, const struct failure *failure)
{
    struct erasing *erasing = caller->context;
    static const char *const kinds[] = {[FAILURE_ERROR] = "",
                                        [FAILURE_REJECTED] = "a shard refuses it",
                                        [FAILURE_SHARE] = "a share is used up",
                                        [FAILURE_DEADLINE] = "a shard does not answer"};
    log_warning("erasure", "the erasure %llu is not over, it is tried again: %s%s",
                (unsigned long long)erasing->name.number, kinds[failure->kind],
                failure->kind == FAILURE_ERROR ? failure->err->text : "");
    leave(erasing);
}

static void go_on(struct erasing *erasing)
{
    timer_set(erasing->next, 0);
}

static void go_on_later(struct erasing *erasing)
{
    static const struct retry_rule rule = {.first_ms = 20, .longest_ms = 1000, .tries = 0};
    int64_t rest_ms;
    check(retry_next(&erasing->rests, &rule, &rest_ms));
    timer_set(erasing->next, rest_ms);
}

// Whoever has the stream in memory forgets the key.
static bool tell_stream(struct erasing *erasing, uint64_t stream)
{
    struct command command = {
        .type = COMMAND_ERASE_PERSON,
        .instance = stream,
        .tenant = erasing->name.tenant,
        .principal = erasing->by,
        .create_instance = {.business_id = digest_hex(&erasing->round, erasing->name.digest)}};
    struct error err;
    if (key_shard(stream) >= erasing->desk->gateway->shard_count)
        return true; // of an installation that had more
    if (call_post(erasing->desk->gateway, &command, key_shard(stream), &err))
        return true;
    caller_fail(&erasing->caller, &err);
    return false;
}

// All shards answer when they have done what came before. `version` 1: the erasure is over.
static void tell_shards(struct erasing *erasing, int32_t version, call_answer *answer)
{
    struct command command = {
        .type = COMMAND_ERASE_PERSON,
        .create_instance = {.business_id = digest_hex(&erasing->round, erasing->name.digest),
                            .definition = erasing->name.number,
                            .version = version}};
    call_each_shard(&erasing->caller, &command, answer);
}

static void on_closed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context, (void)rows;
    leave(caller->context);
}

static void on_lifted_again(struct caller *caller, const struct reply *reply)
{
    struct erasing *erasing = caller->context;
    (void)reply;
    read_run(caller, catalogue_erasure_close(caller->arena, &erasing->name), on_closed, NULL);
}

static void on_settled(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct erasing *erasing = caller->context;
    (void)context, (void)rows;
    erasing->is_settled = true;
    go_on(erasing);
}

static void on_lifted(struct caller *caller, const struct reply *reply)
{
    struct erasing *erasing = caller->context;
    (void)reply;
    read_run(caller, catalogue_erasure_settle(caller->arena, &erasing->name), on_settled, NULL);
}

static void on_told(struct caller *caller, const struct reply *reply)
{
    struct erasing *erasing = caller->context;
    (void)reply;
    erasing->are_barred = true;
    go_on_later(erasing);
}

// Every stream of an array as PostgreSQL writes it: {1,2}.
static bool tell_all(struct erasing *erasing, str array)
{
    str part;
    uint64_t stream;
    if (array.len < 2)
        return true;
    array = str_sub(array, 1, array.len - 2);
    while (!str_is_empty(array) && str_split(&array, ',', &part))
        if (str_to_u64(part, &stream) && !tell_stream(erasing, stream))
            return false;
    return true;
}

static void on_page(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct erasing *erasing = caller->context;
    (void)context;
    uint64_t keys = query_u64(rows, 0, PAGE_KEYS);
    bool is_clean = erasing->are_barred && !erasing->is_dirty && keys == 0 &&
                    !query_bool(rows, 0, PAGE_IS_LEFT);
    bool is_sent = erasing->marks.len > 0 && query_bool(rows, 0, PAGE_IS_SENT);
    if (!query_bool(rows, 0, PAGE_IS_MINE)) {
        leave(erasing);
        return;
    }
    if (!query_is_null(rows, 0, PAGE_STOPPED)) {
        log_warning("erasure", "the erasure %llu was stopped by a hold",
                    (unsigned long long)erasing->name.number);
        erasing->is_settled = true;
        go_on(erasing);
        return;
    }
    if (!tell_all(erasing, query_value(rows, 0, PAGE_TOLD)))
        return;
    erasing->is_dirty |= keys > 0;
    if (keys == ERASURE_PAGE) {
        go_on(erasing);
        return;
    }
    if (is_clean && is_sent) {
        tell_shards(erasing, 1, on_lifted);
        return;
    }
    if (!is_clean)
        erasing->marks = STR_EMPTY;
    else if (erasing->marks.len == 0)
        erasing->marks = str_copy(&erasing->arena, query_value(rows, 0, PAGE_MARKS));
    erasing->is_dirty = false;
    tell_shards(erasing, 0, on_told);
}

static void on_old(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct erasing *erasing = caller->context;
    size_t count = query_row_count(rows);
    (void)context;
    for (size_t i = 0; i < count; i++) {
        erasing->told = (struct erased_stream){query_i64(rows, i, 0), query_u64(rows, i, 1)};
        if (!tell_stream(erasing, erasing->told.stream))
            return;
    }
    erasing->are_old_told = count < ERASURE_PAGE;
    go_on(erasing);
}

static void next_round(void *context)
{
    struct erasing *erasing = context;
    struct caller *caller = &erasing->caller;
    if (erasing->is_over)
        return;
    arena_reset(&erasing->round);
    if (erasing->is_settled)
        tell_shards(erasing, 1, on_lifted_again);
    else if (!erasing->are_old_told)
        read_run(caller, catalogue_erased_streams(caller->arena, &erasing->name, &erasing->told),
                 on_old, NULL);
    else
        read_run(caller,
                 catalogue_erase_page(caller->arena, &erasing->name,
                                      str_of(caller->gateway->options.node_name), erasing->marks),
                 on_page, NULL);
}

// -- Those that a node works on ---------------------------------------------------------

static void erasing_new(struct erasure_desk *desk, const struct query_rows *rows, size_t row)
{
    struct erasing *erasing = calloc(1, sizeof *erasing);
    check(erasing != NULL);
    erasing->desk = desk;
    erasing->name = (struct erasure_name){
        .tenant = str_copy(&erasing->arena, query_value(rows, row, TAKEN_TENANT)),
        .digest = query_bytes(rows, row, TAKEN_SUBJECT, &erasing->arena),
        .number = query_u64(rows, row, TAKEN_NUMBER)};
    erasing->by = str_copy(&erasing->arena, query_value(rows, row, TAKEN_BY));
    erasing->is_settled = query_bool(rows, row, TAKEN_IS_SETTLED);
    erasing->are_old_told = query_u64(rows, row, TAKEN_TRY) == 1;
    erasing->caller = (struct caller){.gateway = desk->gateway,
                                      .arena = &erasing->round,
                                      .identity = caller_everybody(),
                                      .principal = erasing->by,
                                      .timeout_ms = SHARD_MS,
                                      .context = erasing,
                                      .failed = on_failed};
    erasing->next = timer_new(desk->gateway->options.loop, next_round, erasing);
    TAILQ_INSERT_TAIL(&desk->erasings, erasing, link);
    desk->count++;
    go_on(erasing);
}

static void erasing_free(struct erasing *erasing)
{
    TAILQ_REMOVE(&erasing->desk->erasings, erasing, link);
    erasing->desk->count--;
    timer_free(erasing->next);
    arena_done(&erasing->round);
    arena_done(&erasing->arena);
    free(erasing);
}

static void on_taken(void *context, const struct query_rows *rows, const struct error *err)
{
    struct erasure_desk *desk = pending_end(context);
    if (desk == NULL)
        return;
    desk->is_taking = false;
    if (rows == NULL)
        log_failure("erasure", err);
    for (size_t i = 0; rows != NULL && i < query_row_count(rows); i++)
        erasing_new(desk, rows, i);
}

static void on_turn(void *context)
{
    struct erasure_desk *desk = context;
    struct gateway *gateway = desk->gateway;
    struct erasing *next;
    for (struct erasing *erasing = TAILQ_FIRST(&desk->erasings); erasing != NULL; erasing = next) {
        next = TAILQ_NEXT(erasing, link);
        if (erasing->is_over)
            erasing_free(erasing);
    }
    if (desk->count < AT_ONCE && !desk->is_taking && gateway_not_ready(gateway) == NULL) {
        struct arena arena = ARENA_EMPTY;
        desk->is_taking = true;
        query_statement(gateway->options.reader,
                        catalogue_erasures_take(&arena, str_of(gateway->options.node_name),
                                                AT_ONCE - desk->count),
                        on_taken, pending_new(&desk->asked, desk));
        arena_done(&arena);
    }
    timer_set(desk->turn, IDLE_MS);
}

// -- Those who wait ---------------------------------------------------------------------

static void rest(struct waiter *waiter)
{
    static const struct retry_rule rule = {.first_ms = 25, .longest_ms = 500, .tries = 0};
    struct erasure_desk *desk = waiter->desk;
    int64_t rest_ms;
    check(retry_next(&waiter->rests, &rule, &rest_ms));
    waiter->next_ns = clock_monotonic_ns() + rest_ms * NS_PER_MS;
    TAILQ_INSERT_TAIL(&desk->waiters, waiter, link);
    if (!timer_is_set(desk->look))
        timer_set(desk->look, 25);
}

static void on_state(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct waiter *waiter = context;
    if (query_row_count(rows) == 1 && query_bool(rows, 0, ERASURE_IS_SETTLED))
        waiter->answer(caller, waiter->context, rows);
    else if (caller->gateway->draining || clock_monotonic_ns() > waiter->end_ns)
        caller_fail_format(caller, ERROR_UNAVAILABLE, "",
                           "the erasure has begun, and goes on until it is over; no value of the "
                           "person is taken meanwhile. The search says when it was over");
    else
        rest(waiter);
}

static void look(void *context)
{
    struct erasure_desk *desk = context;
    int64_t now_ns = clock_monotonic_ns();
    struct waiter *next;
    for (struct waiter *waiter = TAILQ_FIRST(&desk->waiters); waiter != NULL; waiter = next) {
        next = TAILQ_NEXT(waiter, link);
        if (waiter->next_ns > now_ns)
            continue;
        struct caller *caller = waiter->caller;
        TAILQ_REMOVE(&desk->waiters, waiter, link);
        read_run(caller, read_erasure_state(caller->arena, caller->scope, &waiter->name), on_state,
                 waiter);
    }
    if (!TAILQ_EMPTY(&desk->waiters))
        timer_set(desk->look, 25);
}

void erasure_await(struct caller *caller, const struct erasure_name *name, read_answer *answer,
                   void *context)
{
    struct gateway *gateway = caller->gateway;
    struct waiter *waiter = ARENA_NEW(caller->arena, struct waiter);
    *waiter =
        (struct waiter){.desk = gateway->erasures,
                        .caller = caller,
                        .name = *name,
                        .answer = answer,
                        .context = context,
                        .end_ns = clock_monotonic_ns() + (int64_t)gateway->timeout_ms * NS_PER_MS};
    rest(waiter);
    timer_ring(gateway->erasures->turn);
}

// -- Life -------------------------------------------------------------------------------

struct erasure_desk *erasure_desk_new(struct gateway *gateway)
{
    struct erasure_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    TAILQ_INIT(&desk->erasings);
    TAILQ_INIT(&desk->waiters);
    desk->turn = timer_new(gateway->options.loop, on_turn, desk);
    desk->look = timer_new(gateway->options.loop, look, desk);
    timer_set(desk->turn, IDLE_MS);
    return desk;
}

void erasure_desk_stop(struct erasure_desk *desk)
{
    struct waiter *waiter;
    struct erasing *erasing;
    timer_stop(desk->turn);
    timer_stop(desk->look);
    pending_cancel(&desk->asked);
    TAILQ_FOREACH(erasing, &desk->erasings, link)
    timer_stop(erasing->next);
    while ((waiter = TAILQ_FIRST(&desk->waiters)) != NULL) {
        TAILQ_REMOVE(&desk->waiters, waiter, link);
        caller_fail_format(waiter->caller, ERROR_UNAVAILABLE, "",
                           "this node is stopping: the erasure goes on elsewhere");
    }
}

void erasure_desk_free(struct erasure_desk *desk)
{
    if (desk == NULL)
        return;
    check(TAILQ_EMPTY(&desk->waiters));
    while (!TAILQ_EMPTY(&desk->erasings))
        erasing_free(TAILQ_FIRST(&desk->erasings));
    timer_free(desk->turn);
    timer_free(desk->look);
    free(desk);
}
