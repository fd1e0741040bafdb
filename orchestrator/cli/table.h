// SPDX-License-Identifier: Apache-2.0
//
// Tables for people: columns as wide as their widest cell, at most TABLE_MAX_CELL characters.
#ifndef BATON_CLI_TABLE_H
#define BATON_CLI_TABLE_H

#include "base/array.h"
#include "base/json.h"
#include "base/str.h"

enum { TABLE_MAX_COLUMNS = 12, TABLE_MAX_CELL = 60 };

struct table {
    struct arena *arena;
    size_t columns;
    ARRAY(str) cells; // row by row, the titles first
};

struct table table_new(struct arena *arena, const char *const *titles, size_t columns);

// The next cell of the current row. Cut with … when too long; line breaks become spaces.
void table_add(struct table *table, str cell);

// To standard output. "Nothing found." when there are no rows.
void table_print(const struct table *table);

// The items of a search's answer, with the members that the columns name.
void table_print_items(struct arena *arena, const char *const *columns, size_t count,
                       const struct json *answer);

#endif
