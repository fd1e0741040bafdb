// SPDX-License-Identifier: Apache-2.0
//
// The history of one instance, read from PostgreSQL and decoded.
#ifndef BATON_API_HISTORY_H
#define BATON_API_HISTORY_H

#include "api/request.h"
#include "record/event.h"

struct bpmn_process;
struct history;

enum { HISTORY_MAX_STEPS = 10000 }; // that are read of one instance

struct history_step {
    int64_t sequence;
    str time;
    enum command_type cause;
    str principal;
    size_t count;
    struct event *events;
};

typedef void history_answer(struct request *request, const struct history *history,
                            const struct bpmn_process *process);
typedef void history_write(struct json_writer *w, const struct history *history,
                           const struct bpmn_process *process);

struct history {
    int64_t until; // of the steps up to this one; the others are there too
    size_t count;
    struct history_step *steps;
    history_write *write;
    history_answer *answer;
};

// Reads the instance that the path names and calls `answer` with the definition that it had at the
// step `until`.
void history_read(struct request *request, int64_t until, history_answer *answer);

#endif
