// SPDX-License-Identifier: Apache-2.0
//
// The cases of a log as predictions learn from them: in the order in which they began, each with
// its steps, when it ended, and whether what is to be predicted came true.
#ifndef BATON_INSIGHT_PAST_H
#define BATON_INSIGHT_PAST_H

#include "base/error.h"
#include "insight/event_log.h"
#include "insight/past_case.h"

// What counts as the outcome. All empty: none.
struct outcome_wanted {
    str attribute;    // of the case, or the newest of its events that has it
    str value;        // it is this; empty: it is true
    str end_activity; // or: the case's last activity is this
};

struct past {
    const struct event_log *log;
    size_t count;
    const struct past_case *cases; // by begin, then as in the log
    uint64_t without_times;        // cases left out: not all of their times are known
    size_t outcomes[3];            // cases that have ended, by outcome
};

// False when the log has no such attribute or activity, or the attribute has a value that is
// neither true nor false. In the arena.
MUST_CHECK bool past_of(struct arena *arena, const struct event_log *log,
                        const struct outcome_wanted *wanted, struct past *ret_past,
                        struct error *err);

#endif
