// SPDX-License-Identifier: Apache-2.0
//
// DECLARE: rules between activities instead of ways through a process. Found in a log with how many
// traces gave occasion for each and how many of those kept it; and held against a log.
#ifndef BATON_INSIGHT_DECLARE_H
#define BATON_INSIGHT_DECLARE_H

#include "base/error.h"
#include "insight/variants.h"

enum { DECLARE_TEMPLATES = 18, DECLARE_ACTIVITIES_MOST = 200 };

struct declare_constraint {
    uint32_t template;        // row of declare_templates.def
    str a, b;                 // b is empty where the template has one activity
    uint64_t activated, kept; // traces
};

const char *declare_name(uint32_t template);
bool declare_is_unary(uint32_t template);

// UINT32_MAX: there is none of this name.
uint32_t declare_template(str name);

// Those for which at least `support` (a share) of the traces give occasion, and `confidence` of
// these keep them. In the arena; by template,
// then by names. ERROR_LIMIT: too many activities.
MUST_CHECK bool declare_discover(struct arena *arena, const struct event_log *log, double support,
                                 double confidence, struct declare_constraint **ret_found,
                                 size_t *ret_count, struct error *err);

// Counts for each constraint, and for each variant how many it violates (in the arena).
uint32_t *declare_check(struct arena *arena, const struct event_log *log,
                        const struct variants *variants, struct declare_constraint *constraints,
                        size_t count);

#endif
