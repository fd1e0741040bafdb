// SPDX-License-Identifier: Apache-2.0
//
// The history of one instance, read from PostgreSQL and decoded; and restarts from it.
#ifndef BATON_GATEWAY_HISTORY_H
#define BATON_GATEWAY_HISTORY_H

#include "gateway/call.h"
#include "record/event.h"

struct bpmn_process;
struct history;
struct json;

enum { HISTORY_MAX_STEPS = 10000 }; // that are read of one instance

struct history_step {
    int64_t sequence;
    str time;
    enum command_type cause;
    str principal;
    size_t count;
    struct event *events;
};

// `process` is the definition that the instance had at the step `until`; NULL when it is gone.
typedef void history_answer(struct caller *caller, const struct history *history,
                            const struct bpmn_process *process);

struct history {
    uint64_t instance;
    int64_t until; // of the steps up to this one; the others are there too
    size_t count;
    struct history_step *steps;
    history_answer *answer;
    void *context;
};

// Reads the instance's steps. In the caller's arena.
void history_read(struct caller *caller, uint64_t instance, int64_t until, history_answer *answer,
                  void *context);

// Begins a new instance where the other one stood after the step `until`, its variables replaced by
// those of `variables`, an object or NULL.
void history_restart(struct caller *caller, uint64_t instance, int64_t until,
                     const struct json *variables, call_answer *answer);

#endif
