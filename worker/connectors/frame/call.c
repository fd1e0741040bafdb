// SPDX-License-Identifier: Apache-2.0
#include "connector/call.h"

static void on_filled(void *context, struct worker_task *task, const struct filled *filled,
                      const struct error *err)
{
    struct call *call = context;
    if (filled == NULL && err->kind == ERROR_UNAVAILABLE) {
        worker_fail(task, error_line(call->arena, err), -1, SECRETS_BACKOFF_MS);
    } else if (filled == NULL) {
        call_refuse(call, err);
    } else {
        call->filled = *filled;
        call->begin(call);
    }
}

void call_open(const struct connector_site *site, struct worker_task *task,
               void (*begin)(struct call *call), void *connector)
{
    struct call *call = ARENA_NEW(worker_task_arena(task), struct call);
    call->site = site;
    call->task = task;
    call->arena = worker_task_arena(task);
    call->connector = connector;
    call->begin = begin;
    secrets_fill(site->secrets, task, on_filled, call);
}

str call_hide(struct call *call, str text)
{
    return secrets_hide(call->arena, &call->filled, text);
}

void call_end(struct call *call, const struct outcome *outcome)
{
    struct outcome shown = *outcome;
    shown.error_message = outcome_valid_text(call->arena, call_hide(call, outcome->error_message));
    secrets_wipe(&call->filled);
    outcome_answer(call->task, &shown);
}

void call_refuse(struct call *call, const struct error *err)
{
    str why = call_hide(call, error_line(call->arena, err));
    secrets_wipe(&call->filled);
    worker_fail(call->task, why, 0, 0); // trying again would not help
}
