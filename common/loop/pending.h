// SPDX-License-Identifier: Apache-2.0
//
// Answers that somebody waits for. Whoever asks something asynchronously keeps a list of what is
// out; one object stands for each answer and is the `context` of its callback. When the owner
// forgets what it asked (it starts anew) or ends, it cancels: an answer that comes later finds no
// owner and is dropped. So an owner may be freed while answers are out, and a provider may answer
// in its own time: stop the users, then the providers.
#ifndef BATON_LOOP_PENDING_H
#define BATON_LOOP_PENDING_H

#include "base/check.h"

#include <stdint.h>

struct pending;

// What an owner waits for. All zero: nothing.
struct pending_list {
    struct pending *first;
    size_t count;
    uint64_t generation; // counts the cancellations, for records that name the life they belong to
};

// One answer is out. It belongs to whoever holds it and ends with pending_end.
struct pending *pending_new(struct pending_list *list, void *owner);

// The owner; NULL once cancelled. For answers that come in several calls.
void *pending_owner(const struct pending *pending);

// The answer is complete: frees *pending and returns the owner; NULL when it was cancelled and the
// answer is to be dropped.
MUST_CHECK void *pending_end(struct pending *pending);

// Nothing that is out concerns the owner any more. Takes time in proportion to what is out.
void pending_cancel(struct pending_list *list);

#endif
