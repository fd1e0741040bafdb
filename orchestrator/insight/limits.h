// SPDX-License-Identifier: Apache-2.0
//
// The named limits of logs, models and analyses.
#ifndef BATON_INSIGHT_LIMITS_H
#define BATON_INSIGHT_LIMITS_H

#include "base/error.h"

enum insight_limit {
#define INSIGHT_LIMIT(name, most, what) INSIGHT_LIMIT_##name,
#include "insight/limits.def"
#undef INSIGHT_LIMIT
};

enum insight_most {
#define INSIGHT_LIMIT(name, most, what) INSIGHT_MOST_##name = (most),
#include "insight/limits.def"
#undef INSIGHT_LIMIT
};

// False, with an error that names the limit, when `count` is above it.
MUST_CHECK bool insight_within(enum insight_limit limit, size_t count, struct error *err);

#endif
