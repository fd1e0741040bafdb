// SPDX-License-Identifier: Apache-2.0
//
// A case as predictions see it: its steps, when it began and ended, and what came of it.
#ifndef BATON_INSIGHT_PAST_CASE_H
#define BATON_INSIGHT_PAST_CASE_H

#include "insight/instant.h"
#include "insight/prefix.h"

enum past_outcome { OUTCOME_FALSE, OUTCOME_TRUE, OUTCOME_UNKNOWN };

struct past_step {
    uint64_t activity; // activity_hash
    int64_t time;      // completed
};

struct past_case {
    uint32_t trace, count;
    const struct past_step *steps;
    int64_t begun, ended; // ended: NO_TIME while it runs
    enum past_outcome outcome;
};

// When the prefix of so many steps was all that was known: its last step's end, or the case's
// begin.
static inline int64_t past_moment(const struct past_case *item, uint32_t steps)
{
    int64_t time = steps > 0 ? item->steps[steps - 1].time : item->begun;
    return time > item->begun ? time : item->begun;
}

// From that moment to the end of the case, which has ended; never negative.
static inline int64_t past_remaining(const struct past_case *item, uint32_t steps)
{
    int64_t us;
    if (__builtin_sub_overflow(item->ended, past_moment(item, steps), &us))
        return 0;
    return us > 0 ? us : 0;
}

#endif
