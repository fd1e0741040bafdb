// SPDX-License-Identifier: Apache-2.0
//
// Insight's counters: the cases that began and ended in a turn go into the cells of their
// definitions and days, in the turn's transaction, so that each is counted once.
#ifndef BATON_PROJECTOR_COUNT_H
#define BATON_PROJECTOR_COUNT_H

#include "store/records.h"

// After records_store.
MUST_CHECK bool count_cases(struct records *records, const struct records_turn *turn,
                            const struct record_changes *changes, struct error *err);

#endif
