// SPDX-License-Identifier: Apache-2.0
//
// The keys of what is open of an instance, from its image. Tables of the step have no index by
// instance, and a shard may have millions of rows of others: by these keys its rows are found.
#ifndef BATON_HISTORY_OPEN_KEYS_H
#define BATON_HISTORY_OPEN_KEYS_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct engine_environment;

struct open_keys {
    const uint64_t *jobs;
    size_t job_count;
    const uint64_t *waits; // timers and subscriptions
    size_t wait_count;
};

struct open_most {
    size_t jobs, waits;
};

// At most so many of each, in the order of the tree of elements. `environment` finds the definition
// that the image names. False: the image cannot be read. The keys are in the arena.
MUST_CHECK bool open_keys_read(const struct engine_environment *environment, struct arena *arena,
                               str image, struct open_most most, struct open_keys *ret_keys,
                               struct error *err);

#endif
