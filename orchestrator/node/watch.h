// SPDX-License-Identifier: Apache-2.0
//
// A thread beside the loop, for what must happen although the loop does not come round:
//
//   a record whose step has used the processor for WATCH_NOTE_MS is noted in PostgreSQL, so that
//   whoever has the shard next takes it with care, should this process be killed;
//   one that has used it for WATCH_MOST_MS ends the process: after three tries it is set aside;
//   SIGTERM and SIGINT are taken here and handed to the loop; WATCH_END_MS after the first one, or
//   at the second one, the process ends whatever the loop does.
//
// What is measured is the processor's time of the loop's thread: a process that was stopped, or a
// machine that is busy, is no fault of a record.
#ifndef BATON_NODE_WATCH_H
#define BATON_NODE_WATCH_H

#include "base/error.h"

#include <stdint.h>

struct event_base;
struct watch;

enum { WATCH_NOTE_MS = 1000, WATCH_MOST_MS = 30000, WATCH_END_MS = 25000 };

// Before any other thread is made: the signals are blocked here, and so in all of them.
void watch_block_signals(void);

// Waits so long; true when a signal to end has come meanwhile.
MUST_CHECK bool watch_wait(int milliseconds);

// On the loop, once per signal.
typedef void watch_signal(void *context, int number);

// Watches the thread that calls this, which runs the loop.
MUST_CHECK struct watch *watch_new(const char *url, struct event_base *loop, watch_signal *signal,
                                   void *context, struct error *err);
void watch_free(struct watch *watch);

// What the loop's thread computes now. is_noted: its try has been written down already.
struct watch_step {
    uint32_t shard;
    uint64_t epoch;
    int64_t offset;
    bool is_noted;
};

// Around each step. watch may be NULL.
void watch_begin(struct watch *watch, const struct watch_step *step);
void watch_end(struct watch *watch);

#endif
