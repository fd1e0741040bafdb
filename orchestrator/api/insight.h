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

// Columns of read_insight_log.
enum log_column {
    LOG_CASE,
    LOG_VERSION,
    LOG_TENANT,
    LOG_BUSINESS_ID,
    LOG_CASE_STATE,
    LOG_CASE_STARTED,
    LOG_CASE_ENDED,
    LOG_VARIABLES,
    LOG_ELEMENT,
    LOG_NAME,
    LOG_TYPE,
    LOG_ACTOR,
    LOG_STATE,
    LOG_ENABLED,
    LOG_OFFERED,
    LOG_CLAIMED,
    LOG_ENDED,
    LOG_ATTEMPTS,
    LOG_INCIDENTS,
    LOG_COST,
    LOG_BREACHED,
    LOG_IS_CUT, // there are more cases: their variables are too long
};

// What LOG_CASE_STATE and LOG_STATE say.
enum { STATE_COMPLETED = 2, STATE_TERMINATED = 3 };

// Types of elements that are activities of a case, as an array of the database. In the arena.
str insight_activity_types(struct arena *arena);

void insight_not_found(struct caller *caller, const struct insight_wanted *wanted);

#endif
