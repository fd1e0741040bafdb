// SPDX-License-Identifier: Apache-2.0
#include "loop/retry.h"

enum { MOST_DOUBLINGS = 30 };

bool retry_next(struct retry *retry, const struct retry_rule *rule, int64_t *ret_rest_ms)
{
    check(rule->first_ms <= rule->longest_ms);
    uint32_t doublings = retry->failures < MOST_DOUBLINGS ? retry->failures : MOST_DOUBLINGS;
    int64_t rest_ms = (int64_t)rule->first_ms << doublings;
    if (retry->failures < UINT32_MAX)
        retry->failures++;
    if (rule->tries > 0 && retry->failures >= rule->tries)
        return false;
    *ret_rest_ms = rest_ms < rule->longest_ms ? rest_ms : rule->longest_ms;
    return true;
}

void retry_reset(struct retry *retry)
{
    *retry = (struct retry){0};
}
