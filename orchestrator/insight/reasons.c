// SPDX-License-Identifier: Apache-2.0
#include "insight/reasons.h"

struct reason reason_between(const struct past_case *item, uint32_t steps,
                             const struct prediction *before, const struct prediction *behind)
{
    double passed = (double)past_moment(item, steps) - (double)past_moment(item, steps - 1);
    return (struct reason){passed + behind->remaining_us - before->remaining_us,
                           behind->outcome - before->outcome};
}

struct reasons reasons_of(struct arena *arena, struct predictor *predictor,
                          const struct past_case *item, int64_t now, double *ret_next)
{
    struct arena scratch = ARENA_EMPTY;
    struct prefix prefix = prefix_new(&scratch);
    struct reasons reasons = {.of = ARENA_ARRAY(arena, struct reason, item->count)};
    int64_t waited;
    predictor_settle_at(predictor, &prefix);
    reasons.before = reasons.then = predictor_predict(predictor, &prefix, NULL);
    for (uint32_t i = 0; i < item->count; i++) {
        struct prediction before = reasons.then;
        prefix_add(&prefix, item->steps[i].activity);
        predictor_settle_at(predictor, &prefix);
        reasons.then = predictor_predict(predictor, &prefix, NULL);
        reasons.of[i] = reason_between(item, i + 1, &before, &reasons.then);
    }
    if (now == NO_TIME || __builtin_sub_overflow(now, past_moment(item, item->count), &waited) ||
        waited < 0)
        waited = 0;
    reasons.waited_us = (double)waited;
    reasons.now = predictor_predict_waiting(predictor, &prefix, waited, ret_next);
    arena_done(&scratch);
    return reasons;
}

double reasons_waiting_us(const struct reasons *reasons)
{
    return reasons->waited_us + reasons->now.remaining_us - reasons->then.remaining_us;
}
