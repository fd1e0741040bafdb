// SPDX-License-Identifier: Apache-2.0
//
// Sends the items of batch operations, whoever began them, and closes those that are through. One
// turn: deletions, take items, send their commands, close, wait.
#include "gateway/batch.h"

#include "gateway/gateway_private.h"
#include "gateway/call.h"
#include "base/log.h"
#include "store/query.h"

#include <event2/event.h>
#include <stdlib.h>

enum { ITEMS_A_TURN = 500, DELETIONS_A_TURN = 100, SOON_MS = 50, IDLE_MS = 1000 };

struct batch_runner {
    struct gateway *gateway;
    struct event *turn;
    bool is_busy;
    bool is_over; // freed when what is out has come back
    int64_t done; // in this turn
};

static void wait_ms(struct batch_runner *runner, int64_t ms)
{
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    evtimer_add(runner->turn, &wait);
}

static void release(struct batch_runner *runner)
{
    event_free(runner->turn);
    free(runner);
}

// True when the turn goes on with the rows.
static bool goes_on(struct batch_runner *runner, const struct query_rows *rows,
                    const struct error *err)
{
    if (runner->is_over) {
        release(runner);
        return false;
    }
    if (rows != NULL)
        return true;
    log_failure("batch", err);
    runner->is_busy = false;
    wait_ms(runner, IDLE_MS);
    return false;
}

static void on_closed(void *context, const struct query_rows *rows, const struct error *err)
{
    struct batch_runner *runner = context;
    if (!goes_on(runner, rows, err))
        return;
    runner->is_busy = false;
    wait_ms(runner, runner->done > 0 ? SOON_MS : IDLE_MS);
}

static void on_failed_item(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context;
    if (rows == NULL)
        log_failure("batch", err); // the item is taken again later
}

// An item that can never be sent ends here, where the operation's reader sees it.
static void fail_item(struct batch_runner *runner, const struct query_rows *rows, size_t row,
                      const char *why)
{
    struct arena arena = ARENA_EMPTY;
    query_statement(
        runner->gateway->options.reader,
        catalogue_batch_fail(&arena, query_u64(rows, row, 0), query_u64(rows, row, 1), str_of(why)),
        on_failed_item, NULL);
    arena_done(&arena);
}

static void send_item(struct batch_runner *runner, struct arena *arena,
                      const struct query_rows *rows, size_t row)
{
    struct json *parameters;
    struct command command;
    struct error err;
    const char *why;
    if (!json_parse(arena, query_value(rows, row, 5), &parameters, &err)) {
        fail_item(runner, rows, row, err.text);
        return;
    }
    if (!batch_command(arena, (enum batch_type)query_i64(rows, row, 4), parameters, &command,
                       &why)) {
        fail_item(runner, rows, row, why);
        return;
    }
    command.batch_item = query_u64(rows, row, 1);
    command.instance = query_u64(rows, row, 2);
    command.key = command.type == COMMAND_RESOLVE_INCIDENT ? query_u64(rows, row, 3) : 0;
    command.tenant = query_value(rows, row, 6);
    command.principal = query_value(rows, row, 7);
    if (call_post(runner->gateway, &command, (uint32_t)query_i64(rows, row, 0), &err))
        return;
    if (err.kind == ERROR_UNAVAILABLE)
        log_failure("batch", &err); // it is taken again later
    else
        fail_item(runner, rows, row, err.text);
}

static void on_items(void *context, const struct query_rows *rows, const struct error *err)
{
    struct batch_runner *runner = context;
    if (!goes_on(runner, rows, err))
        return;
    struct arena arena = ARENA_EMPTY;
    for (size_t row = 0; row < query_row_count(rows); row++)
        send_item(runner, &arena, rows, row);
    runner->done += (int64_t)query_row_count(rows);
    query_statement(runner->gateway->options.reader, catalogue_batch_close(&arena), on_closed,
                    runner);
    arena_done(&arena);
}

static void on_deleted(void *context, const struct query_rows *rows, const struct error *err)
{
    struct batch_runner *runner = context;
    if (!goes_on(runner, rows, err))
        return;
    struct arena arena = ARENA_EMPTY;
    runner->done = query_i64(rows, 0, 0);
    query_statement(runner->gateway->options.reader, catalogue_batch_take(&arena, ITEMS_A_TURN),
                    on_items, runner);
    arena_done(&arena);
}

static void on_turn(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct batch_runner *runner = context;
    if (runner->is_busy)
        return;
    if (gateway_not_ready(runner->gateway) != NULL) {
        wait_ms(runner, IDLE_MS);
        return;
    }
    struct arena arena = ARENA_EMPTY;
    runner->is_busy = true;
    query_statement(runner->gateway->options.reader,
                    catalogue_batch_delete(&arena, DELETIONS_A_TURN), on_deleted, runner);
    arena_done(&arena);
}

struct batch_runner *batch_runner_new(struct gateway *gateway)
{
    struct batch_runner *runner = calloc(1, sizeof *runner);
    check(runner != NULL);
    runner->gateway = gateway;
    runner->turn = evtimer_new(gateway->options.loop, on_turn, runner);
    check(runner->turn != NULL);
    wait_ms(runner, IDLE_MS);
    return runner;
}

void batch_runner_wake(struct batch_runner *runner)
{
    if (!runner->is_busy)
        wait_ms(runner, 0);
}

void batch_runner_free(struct batch_runner *runner)
{
    if (runner == NULL)
        return;
    runner->is_over = true;
    if (!runner->is_busy)
        release(runner);
}
