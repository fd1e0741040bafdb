// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the migration share. Private to this layer: migrate.c walks the model and does
// what every element may have, migrate_task.c what tasks, calls and loops have of their own.
#ifndef BATON_BPMN_MIGRATION_H
#define BATON_BPMN_MIGRATION_H

#include "bpmn/document.h"
#include "bpmn/migrate.h"

struct migration {
    struct arena *arena;
    struct document document;
    struct bpmn_migrated *result;
};

struct migrating {
    struct migration *m;
    struct document_node *node; // a BPMN element
};

// What became of a thing; `became` empty: it is not taken over.
void migration_note(const struct migrating *at, str what, str became, str why);

// The attribute of Camunda 7's, and that it is gone; data NULL: there was none.
str migration_take(const struct migrating *at, const char *name);
str migration_look(const struct migrating *at, const char *name);

// An element inside of extensionElements: one of Camunda 7's (NULL: there is none), a new one.
struct document_node *migration_extension(const struct migrating *at, const char *name);
struct document_node *migration_add(const struct migrating *at, const char *name);
// The one that is there already, else a new one.
struct document_node *migration_the(const struct migrating *at, const char *name);
void migration_set(const struct migrating *at, struct document_node *node, const char *name,
                   str value);
struct document_node *migration_next(const struct migrating *at, const struct document_node *node);

// Texts of Camunda 7 as zeebe: has them: "${a == 1}" is "= a = 1", "for ${x}" a joined text, the
// rest stays. False, and a note is made for `what`, when Java would be called.
MUST_CHECK bool migration_value(const struct migrating *at, str what, str text, str *ret_value);

// migrate_task.c
void migrate_task(const struct migrating *at);
void migrate_mappings(const struct migrating *at);
void migrate_loop(const struct migrating *at);

#endif
