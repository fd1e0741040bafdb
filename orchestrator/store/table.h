// SPDX-License-Identifier: Apache-2.0
//
// Writes rows of the current picture set by set: one INSERT, UPDATE and DELETE a table and batch,
// each with one array a column. The SQL is made from columns.def. Private to store.
#ifndef BATON_STORE_TABLE_H
#define BATON_STORE_TABLE_H

#include "record/rows.h"
#include "store/param.h"

enum table {
#define TABLE(name, table, member) TABLE_##name,
#include "store/tables.def"
#undef TABLE
    TABLE_COUNT
};

enum { TABLE_STATEMENTS = TABLE_COUNT * 3 }; // insert, update, delete of each

// The statement that makes this change to a table, by its number below TABLE_STATEMENTS.
struct pg_statement table_statement(struct arena *arena, enum table table, enum row_change change);

// Executes the statements that `changes` needs; statement numbers begin at `first`.
void table_write_all(struct pg *pg, size_t first, uint32_t shard, const struct changes *changes,
                     struct arena *arena);

#endif
