// SPDX-License-Identifier: Apache-2.0
//
// Sends the items of batch operations, whoever began them, and closes those that are through. One
// turn: deletions, take items, send their commands, close, wait.
#include "gateway/batch.h"

#include "gateway/gateway_private.h"
#include "gateway/call.h"
#include "base/log.h"
#include "store/query.h"

#include <stdlib.h>

enum { ITEMS_A_TURN = 500, DELETIONS_A_TURN = 100, SOON_MS = 50, IDLE_MS = 1000 };

struct batch_runner {
    struct gateway *gateway;
    struct timer *turn;
    struct pending_list asked; // the database
    int64_t done;              // in this turn
};

static void ask(struct batch_runner *runner, struct statement statement, query_done *done)
{
    query_statement(runner->gateway->options.reader, statement, done,
                    pending_new(&runner->asked, runner));
}

// The runner, when the turn goes on with the rows.
static struct batch_runner *go_on(void *context, const struct query_rows *rows,
                                  const struct error *err)
{
    struct batch_runner *runner = pending_end(context);
    if (runner == NULL || rows != NULL)
        return runner;
    log_failure("batch", err);
    timer_set(runner->turn, IDLE_MS);
    return NULL;
}

static void on_closed(void *context, const struct query_rows *rows, const struct error *err)
{
    struct batch_runner *runner = go_on(context, rows, err);
    if (runner != NULL)
        timer_set(runner->turn, runner->done > 0 ? SOON_MS : IDLE_MS);
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
    bool is_of_one = command.type == COMMAND_RESOLVE_INCIDENT || command.type == COMMAND_UPDATE_JOB;
    command.key = is_of_one ? query_u64(rows, row, 3) : 0;
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
    struct batch_runner *runner = go_on(context, rows, err);
    if (runner == NULL)
        return;
    struct arena arena = ARENA_EMPTY;
    for (size_t row = 0; row < query_row_count(rows); row++)
        send_item(runner, &arena, rows, row);
    runner->done += (int64_t)query_row_count(rows);
    ask(runner, catalogue_batch_close(&arena), on_closed);
    arena_done(&arena);
}

static void on_deleted(void *context, const struct query_rows *rows, const struct error *err)
{
    struct batch_runner *runner = go_on(context, rows, err);
    if (runner == NULL)
        return;
    struct arena arena = ARENA_EMPTY;
    runner->done = query_i64(rows, 0, 0);
    ask(runner, catalogue_batch_take(&arena, ITEMS_A_TURN), on_items);
    arena_done(&arena);
}

static void on_turn(void *context)
{
    struct batch_runner *runner = context;
    if (runner->asked.count > 0)
        return;
    if (gateway_not_ready(runner->gateway) != NULL) {
        timer_set(runner->turn, IDLE_MS);
        return;
    }
    struct arena arena = ARENA_EMPTY;
    ask(runner, catalogue_batch_delete(&arena, DELETIONS_A_TURN), on_deleted);
    arena_done(&arena);
}

struct batch_runner *batch_runner_new(struct gateway *gateway)
{
    struct batch_runner *runner = calloc(1, sizeof *runner);
    check(runner != NULL);
    runner->gateway = gateway;
    runner->turn = timer_new(gateway->options.loop, on_turn, runner);
    timer_set(runner->turn, IDLE_MS);
    return runner;
}

void batch_runner_wake(struct batch_runner *runner)
{
    if (runner->asked.count == 0)
        timer_set(runner->turn, 0);
}

void batch_runner_free(struct batch_runner *runner)
{
    if (runner == NULL)
        return;
    pending_cancel(&runner->asked);
    timer_free(runner->turn);
    free(runner);
}
