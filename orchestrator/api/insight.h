// SPDX-License-Identifier: Apache-2.0
//
// What the operations of insight share: what was asked for.
#ifndef BATON_API_INSIGHT_H
#define BATON_API_INSIGHT_H

#include "api/api_private.h"
#include "store/read/insight.h"

// From the path and the query. False after answering 400.
MUST_CHECK bool insight_wanted_of(struct request *request, struct insight_wanted *ret_wanted);

// A whole number of the query within bounds; the fallback when absent. False after answering 400.
MUST_CHECK bool insight_number(struct request *request, const char *name, int64_t most,
                               int64_t *value);

void insight_not_found(struct caller *caller, const struct insight_wanted *wanted);

#endif
