// SPDX-License-Identifier: Apache-2.0
#include "gateway/records.h"

#include "base/clock.h"
#include "gateway/gateway_private.h"
#include "gateway/read.h"
#include "history/records.h"
#include "wire/wire.h"

#include <stdlib.h>

enum { NS_PER_MS = 1000000 };

struct preparing {
    uint64_t instance;
    records_answer *answer;
    void *context;
    struct record_fold *fold;
    struct record_wanted wanted;
    struct history_row *steps;
    size_t count;
};

// -- Of one instance ----------------------------------------------------------------------

static void finish(struct caller *caller, struct preparing *preparing)
{
    record_fold_steps(preparing->fold, preparing->steps, preparing->count);
    struct records_view view = {
        .pending = pending_write(caller->arena, record_fold_changes(preparing->fold))};
    preparing->answer(caller, preparing->context, &view);
}

static void on_elements(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct preparing *preparing = context;
    for (size_t i = 0; i < query_row_count(rows); i++) {
        struct element_record element = pending_element_of(rows, i, caller->arena);
        record_fold_add_element(preparing->fold, &element);
    }
    finish(caller, preparing);
}

static void on_jobs(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct preparing *preparing = context;
    for (size_t i = 0; i < query_row_count(rows); i++) {
        struct job_record job = pending_job_of(rows, i, caller->arena);
        record_fold_add_job(preparing->fold, &job);
    }
    read_on(caller, read_wanted_elements(caller->arena, preparing->instance, &preparing->wanted),
            on_elements, preparing);
}

static bool read_step(struct preparing *preparing, struct arena *arena,
                      const struct query_rows *rows, size_t row, struct error *err)
{
    struct history_row *step = &preparing->steps[row];
    struct event *events;
    *step = (struct history_row){.stream_kind = STREAM_INSTANCE,
                                 .stream = preparing->instance,
                                 .time_ms = query_i64(rows, row, 0),
                                 .principal = str_copy(arena, query_value(rows, row, 1))};
    if (!wire_decode_events(arena, query_bytes(rows, row, 2, arena), &events, &step->count, err))
        return false;
    step->events = events;
    return true;
}

static void on_steps(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct preparing *preparing = context;
    struct error err;
    preparing->count = query_row_count(rows);
    preparing->steps = ARENA_ARRAY(caller->arena, struct history_row, preparing->count);
    for (size_t i = 0; i < preparing->count; i++)
        if (!read_step(preparing, caller->arena, rows, i, &err)) {
            caller_fail(caller, &err);
            return;
        }
    preparing->fold = record_fold_new(caller->arena);
    preparing->wanted = record_fold_want(preparing->fold, preparing->steps, preparing->count);
    if (preparing->count == 0)
        finish(caller, preparing);
    else
        read_on(caller, read_wanted_jobs(caller->arena, preparing->instance, &preparing->wanted),
                on_jobs, preparing);
}

// -- Across instances ---------------------------------------------------------------------

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct caller *caller;
    records_answer *answer;
    void *context;
    int64_t began_ms; // by PostgreSQL's clock; 0: not known yet
    int64_t ends_ns;
};

// One look at a time, for all who wait.
struct records_desk {
    struct query_pool *reader;
    struct timer *timer;
    TAILQ_HEAD(, waiter) waiters;
    struct look *look; // under way; NULL: none
};

// Owned by the query until it is answered: it may outlive the desk.
struct look {
    struct records_desk *desk; // NULL: nobody waits any more
};

// How far the records are in the snapshot that is searched: they may have fallen behind again.
static void on_snapshot(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct waiter *waiter = context;
    const struct records_view view = {.pending = pending_none(),
                                      .until = str_copy(caller->arena, query_value(rows, 0, 2))};
    waiter->answer(caller, waiter->context, &view);
}

static void leave(struct records_desk *desk, struct waiter *waiter)
{
    struct caller *caller = waiter->caller;
    struct waiter *last = ARENA_NEW(caller->arena, struct waiter);
    *last = *waiter;
    TAILQ_REMOVE(&desk->waiters, waiter, link);
    free(waiter);
    read_snapshot(caller, read_records_lag(caller->arena), on_snapshot, last);
}

static void fail_all(struct records_desk *desk, const struct error *err)
{
    struct waiter *waiter;
    while ((waiter = TAILQ_FIRST(&desk->waiters)) != NULL) {
        struct caller *caller = waiter->caller;
        TAILQ_REMOVE(&desk->waiters, waiter, link);
        free(waiter);
        caller_fail(caller, err);
    }
}

// now, and until when the records are complete: both ms; null: nothing is missing.
static void tell(struct records_desk *desk, const struct query_rows *rows)
{
    bool is_complete = query_is_null(rows, 0, 1);
    int64_t until_ms = query_i64(rows, 0, 1);
    struct waiter *next;
    for (struct waiter *waiter = TAILQ_FIRST(&desk->waiters); waiter != NULL; waiter = next) {
        next = TAILQ_NEXT(waiter, link);
        if (waiter->began_ms == 0)
            waiter->began_ms = query_i64(rows, 0, 0);
        if (is_complete || until_ms > waiter->began_ms || waiter->caller->is_gone ||
            clock_monotonic_ns() > waiter->ends_ns)
            leave(desk, waiter);
    }
}

static void on_lag(void *context, const struct query_rows *rows, const struct error *err)
{
    struct records_desk *desk = ((struct look *)context)->desk;
    free(context);
    if (desk == NULL)
        return;
    desk->look = NULL;
    if (rows == NULL)
        fail_all(desk, err);
    else
        tell(desk, rows);
    if (!TAILQ_EMPTY(&desk->waiters) && desk->look == NULL)
        timer_set(desk->timer, RECORDS_LOOK_MS);
}

static void look_now(void *context)
{
    struct records_desk *desk = context;
    struct arena arena = ARENA_EMPTY;
    if (desk->look != NULL)
        return;
    desk->look = calloc(1, sizeof *desk->look);
    check(desk->look != NULL);
    desk->look->desk = desk;
    query_statement(desk->reader, read_records_lag(&arena), on_lag, desk->look);
    arena_done(&arena);
}

struct records_desk *records_desk_new(struct query_pool *reader, struct event_base *loop)
{
    struct records_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->reader = reader;
    desk->timer = timer_new(loop, look_now, desk);
    TAILQ_INIT(&desk->waiters);
    return desk;
}

void records_desk_stop(struct records_desk *desk)
{
    struct error err;
    timer_stop(desk->timer);
    (void)error_set(&err, ERROR_UNAVAILABLE, "", "this node is stopping");
    fail_all(desk, &err);
}

void records_desk_free(struct records_desk *desk)
{
    if (desk == NULL)
        return;
    check(TAILQ_EMPTY(&desk->waiters));
    if (desk->look != NULL)
        desk->look->desk = NULL;
    timer_free(desk->timer);
    free(desk);
}

static void wait_for_records(struct caller *caller, records_answer *answer, void *context)
{
    struct records_desk *desk = caller->gateway->records;
    struct waiter *waiter = calloc(1, sizeof *waiter);
    check(waiter != NULL);
    *waiter =
        (struct waiter){.caller = caller,
                        .answer = answer,
                        .context = context,
                        .ends_ns = clock_monotonic_ns() + (int64_t)RECORDS_WAIT_MS * NS_PER_MS};
    TAILQ_INSERT_TAIL(&desk->waiters, waiter, link);
    look_now(desk);
}

void records_prepare(struct caller *caller, uint64_t instance, records_answer *answer,
                     void *context)
{
    if (instance == 0) {
        wait_for_records(caller, answer, context);
        return;
    }
    struct preparing *preparing = ARENA_NEW(caller->arena, struct preparing);
    *preparing = (struct preparing){.instance = instance, .answer = answer, .context = context};
    read_snapshot(caller, read_pending_steps(caller->arena, caller->scope, instance), on_steps,
                  preparing);
}
