// SPDX-License-Identifier: Apache-2.0
#include "gateway/history.h"

#include "gateway/process_cache.h"
#include "gateway/read.h"
#include "store/read/read.h"
#include "wire/wire.h"

static void on_process(struct caller *caller, void *context, const struct bpmn_process *process)
{
    const struct history *history = context;
    history->answer(caller, history, process);
}

static bool read_step(struct arena *arena, const struct query_rows *rows, size_t row,
                      struct history_step *ret_step, struct error *err)
{
    ret_step->sequence = query_i64(rows, row, 0);
    ret_step->time = str_copy(arena, query_value(rows, row, 1));
    ret_step->cause = (enum command_type)query_i64(rows, row, 2);
    ret_step->principal = str_copy(arena, query_value(rows, row, 3));
    return wire_decode_events(arena, query_bytes(rows, row, 4, arena), &ret_step->events,
                              &ret_step->count, err);
}

static uint64_t last_definition(const struct history *history)
{
    uint64_t definition = 0;
    for (size_t i = 0; i < history->count && history->steps[i].sequence <= history->until; i++)
        for (size_t e = 0; e < history->steps[i].count; e++) {
            const struct event *event = &history->steps[i].events[e];
            if (event->type == EVENT_PROCESS_ACTIVATED || event->type == EVENT_PROCESS_MIGRATED)
                definition = event->definition;
        }
    return definition;
}

static void on_steps(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct history *history = context;
    struct error err;
    history->count = query_row_count(rows);
    if (history->count == 0) {
        caller_fail_format(caller, ERROR_NOT_FOUND, "", "there is no such instance");
        return;
    }
    history->steps = ARENA_ARRAY(caller->arena, struct history_step, history->count);
    for (size_t i = 0; i < history->count; i++)
        if (!read_step(caller->arena, rows, i, &history->steps[i], &err)) {
            caller_fail(caller, &err);
            return;
        }
    process_find(caller, last_definition(history), on_process, history);
}

void history_read(struct caller *caller, uint64_t instance, int64_t until, history_answer *answer,
                  void *context)
{
    struct history *history = ARENA_NEW(caller->arena, struct history);
    *history = (struct history){
        .instance = instance, .until = until, .answer = answer, .context = context};
    read_run(caller, read_history(caller->arena, caller->scope, instance, HISTORY_MAX_STEPS),
             on_steps, history);
}
