// SPDX-License-Identifier: Apache-2.0
//
// From steps of history to entries of the audit log: what a command of somebody did, in Camunda's
// words, and what the engine refused. Pure.
#ifndef BATON_HISTORY_AUDIT_H
#define BATON_HISTORY_AUDIT_H

#include "record/records.h"

enum { AUDIT_STEP_PARTS = 8 }; // entries of one step; what it did beyond is not told one by one

struct audit_records {
    struct audit_record items[AUDIT_STEP_PARTS];
    size_t count;
};

// None for a step of the platform itself, or of a command that is nothing to audit. Texts are the
// events', or in the arena.
void audit_records_of(struct arena *arena, const struct history_row *step,
                      struct audit_records *ret_records);

#endif
