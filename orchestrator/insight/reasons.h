// SPDX-License-Identifier: Apache-2.0
//
// Why a prediction is what it is: what each step of the case changed. The changes add up: the
// case's expected duration when it began, and what its steps and waiting added, is the time that
// has passed and the remaining time; the same holds for the outcome's probability.
#ifndef BATON_INSIGHT_REASONS_H
#define BATON_INSIGHT_REASONS_H

#include "insight/past_case.h"
#include "insight/predictor.h"

struct reason {
    double added_us;      // the expected end of the case came to be later by so much
    double added_outcome; // NaN: there is no outcome
};

struct reasons {
    struct prediction before; // any step
    struct prediction then;   // at the last step
    struct prediction now;    // when it has waited since
    double waited_us;
    struct reason *of; // by step
};

// Of all steps of the case, that has waited since the last one until `now` (NO_TIME: not at all).
// In the arena. ret_next as in predictor_predict, after all steps.
struct reasons reasons_of(struct arena *arena, struct predictor *predictor,
                          const struct past_case *item, int64_t now, double *ret_next);

// What waiting changed since the last step; NaN when nothing can be said any more.
double reasons_waiting_us(const struct reasons *reasons);

// What the last step changed, between the predictions before and behind it.
struct reason reason_between(const struct past_case *item, uint32_t steps,
                             const struct prediction *before, const struct prediction *behind);

#endif
