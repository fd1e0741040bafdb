// SPDX-License-Identifier: Apache-2.0
#include "insight/reasons.h"

struct reason reason_between(const struct past_case *item, uint32_t steps,
                             const struct prediction *before, const struct prediction *behind)
{
    double passed = (double)past_moment(item, steps) - (double)past_moment(item, steps - 1);
    return (struct reason){passed + behind->remaining_us - before->remaining_us,
                           behind->outcome - before->outcome};
}

struct reasons reasons_of(struct arena *arena, const struct predictor *predictor,
                          const struct past_case *item, uint32_t steps, double *ret_next)
{
    struct arena scratch = ARENA_EMPTY;
    struct prefix prefix = prefix_new(&scratch);
    struct reasons reasons = {.of = ARENA_ARRAY(arena, struct reason, steps)};
    reasons.before = predictor_predict(predictor, &prefix, steps == 0 ? ret_next : NULL);
    reasons.now = reasons.before;
    for (uint32_t i = 0; i < steps; i++) {
        struct prediction before = reasons.now;
        prefix_add(&prefix, item->steps[i].activity);
        reasons.now = predictor_predict(predictor, &prefix, i + 1 == steps ? ret_next : NULL);
        reasons.of[i] = reason_between(item, i + 1, &before, &reasons.now);
    }
    arena_done(&scratch);
    return reasons;
}
