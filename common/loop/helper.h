// SPDX-License-Identifier: Apache-2.0
//
// Threads beside the loop, for what takes long and needs nothing of the loop's: a password's hash,
// a page fetched from a provider. Tasks run in the order in which they came, as many at a time as
// there are threads; each comes back on the loop.
#ifndef BATON_LOOP_HELPER_H
#define BATON_LOOP_HELPER_H

#include "base/check.h"

#include <stddef.h>

struct event_base;
struct helper;

enum { HELPER_MAX_THREADS = 4 };

// On a thread, with a lower priority: the loop goes first. It touches nothing but its task.
typedef void helper_work(void *task);

// On the loop, never from inside helper_run. was_run: false: the helper ended before.
typedef void helper_done(void *task, bool was_run);

struct helper *helper_new(struct event_base *loop, size_t threads, size_t most_waiting);

// Waits for what runs, and gives back everything that is out.
void helper_free(struct helper *helper);

// False: `most_waiting` tasks wait already, and the task stays the caller's.
MUST_CHECK bool helper_run(struct helper *helper, helper_work *work, helper_done *done, void *task);

#endif
