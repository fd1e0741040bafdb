// SPDX-License-Identifier: Apache-2.0
//
// Our own history as an event log: reads the pages of GET /v2/insight/processes/…/log.
#ifndef BATON_INSIGHT_OWN_HISTORY_H
#define BATON_INSIGHT_OWN_HISTORY_H

#include "base/json.h"
#include "insight/builder.h"

// Adds the cases of a page. Activities that were cancelled are left out unless they are wanted:
// then their lifecycle is ate_abort.
MUST_CHECK bool own_history_read(struct log_builder *builder, const struct json *page,
                                 bool with_cancelled, struct error *err);

#endif
