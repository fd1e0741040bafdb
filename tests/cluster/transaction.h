// SPDX-License-Identifier: Apache-2.0
//
// A commit on its way to the simulated PostgreSQL: copied out of the node's memory, as a real one
// is copied into packets.
#ifndef BATON_CLUSTER_TRANSACTION_H
#define BATON_CLUSTER_TRANSACTION_H

#include "database.h"

// Whether the step is the one that sets a record aside, and why.
bool transaction_quarantines(const struct database_step *step);
bool transaction_quarantine_reason(const struct database_step *step, struct arena *arena,
                                   str *ret_why);

#endif
