// SPDX-License-Identifier: Apache-2.0
//
// What is written to the audit log beside what changes of administration write themselves
// (schemas/0210_audit.sql).
#ifndef BATON_STORE_CATALOGUE_AUDIT_H
#define BATON_STORE_CATALOGUE_AUDIT_H

#include "store/statement.h"

// Adds entries to a node's chain, in order: a JSON array of objects with members by the names of
// the columns.
struct statement catalogue_audit_add(struct arena *arena, str chain, str entries);

// Remembers that a principal is a client: a name in history alone does not tell.
struct statement catalogue_audit_client(struct arena *arena, str id);

#endif
