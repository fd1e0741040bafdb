// SPDX-License-Identifier: Apache-2.0
#include "connector/call.h"

static void on_filled(void *context, struct worker_task *task, const struct filled *filled,
                      const struct error *err)
{
    struct call *call = context;
    if (filled == NULL) {
        bool is_away = err->kind == ERROR_UNAVAILABLE;
        worker_fail_as(
            task, &(struct worker_failure){.class = is_away ? FAILURE_TRANSIENT : FAILURE_PERMANENT,
                                           .message = call_hide(call, error_line(call->arena, err)),
                                           .backoff_ms = is_away ? SECRETS_BACKOFF_MS : 0});
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
    worker_fail_as(call->task, &(struct worker_failure){.class = FAILURE_POISON, .message = why});
}

str call_credential(const struct call *call, str place, str otherwise)
{
    const struct job_offer *job = worker_task_job(call->task);
    struct strbuf out = strbuf_new(call->arena);
    for (size_t i = 0; i < job->secret_count; i++) {
        if (!str_starts_with(job->secrets[i].pointer, place))
            continue;
        strbuf_add(&out, out.len > 0 ? STR(", ") : STR_EMPTY);
        strbuf_add(&out, job->secrets[i].name);
    }
    return out.len > 0 ? strbuf_str(&out) : otherwise;
}
