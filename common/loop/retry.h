// SPDX-License-Identifier: Apache-2.0
//
// How often something is tried again, and how long is waited before: a count, a rest and an end.
// The rest doubles from the first to the longest. What has no end (`tries` 0) goes on with the
// longest rest and must be seen by a person: a log line, a gauge, health.
#ifndef BATON_LOOP_RETRY_H
#define BATON_LOOP_RETRY_H

#include "base/check.h"

#include <stdint.h>

struct retry_rule {
    uint32_t first_ms;
    uint32_t longest_ms;
    uint32_t tries; // 0: no end
};

struct retry { // all zero: nothing has failed
    uint32_t failures;
};

// Counts a failure. True: try again after *ret_rest_ms. False: that was the last try.
MUST_CHECK bool retry_next(struct retry *retry, const struct retry_rule *rule,
                           int64_t *ret_rest_ms);

// It has succeeded: the next failure is the first one.
void retry_reset(struct retry *retry);

#endif
