// SPDX-License-Identifier: Apache-2.0
//
// Models of Camunda 7, Flowable and Activiti as models with zeebe: extensions, and for each thing
// what it became or why it did not. What is not taken over stays in the model, where lint names it.
// docs/migrate.md is the table for people.
#ifndef BATON_BPMN_MIGRATE_H
#define BATON_BPMN_MIGRATE_H

#include "base/array.h"
#include "base/error.h"
#include "base/str.h"

struct bpmn_migration_note {
    uint32_t line; // of the model as it was
    str element;   // id
    str what;      // "camunda:topic"
    str became;    // empty: it is not taken over
    str why;
};

struct bpmn_migrated {
    str xml;
    ARRAY(struct bpmn_migration_note) notes;
    size_t open; // notes of what is not taken over
};

// In the arena. False when the text is no XML or no BPMN.
MUST_CHECK bool bpmn_migrate(struct arena *arena, str xml, struct bpmn_migrated *ret_migrated,
                             struct error *err);

#endif
