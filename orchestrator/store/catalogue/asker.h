// SPDX-License-Identifier: Apache-2.0
//
// Who asks for jobs (schemas/0017_why.sql).
#ifndef BATON_STORE_CATALOGUE_ASKER_H
#define BATON_STORE_CATALOGUE_ASKER_H

#include "store/statement.h"

// askers: JSON, [[type, tenant, worker, processes, leases], …], each of which has asked just now.
struct statement catalogue_askers_note(struct arena *arena, str askers, str node);

#endif
