// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <stdio.h>

#include "base/strbuf.h"
#include "base/utf8.h"

struct table table_new(struct arena *arena, const char *const *titles, size_t columns)
{
    struct table table = {.arena = arena, .columns = columns};
    check(columns > 0 && columns <= TABLE_MAX_COLUMNS);
    for (size_t i = 0; i < columns; i++)
        table_add(&table, str_of(titles[i]));
    return table;
}

void table_add(struct table *table, str cell)
{
    struct strbuf text = strbuf_new(table->arena);
    bool too_long = utf8_length(cell) > TABLE_MAX_CELL;
    if (too_long)
        cell = str_sub(cell, 0, utf8_offset(cell, TABLE_MAX_CELL - 1));
    for (size_t i = 0; i < cell.len; i++)
        strbuf_add_char(&text, (unsigned char)cell.data[i] < ' ' ? ' ' : cell.data[i]);
    if (too_long)
        strbuf_add(&text, STR("…"));
    *ARRAY_PUSH(table->arena, &table->cells) = strbuf_str(&text);
}

static void print_row(const struct table *table, size_t row, const size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++) {
        str cell = table->cells.items[row * table->columns + i];
        bool is_last = i + 1 == table->columns;
        int padding = is_last ? 0 : (int)(widths[i] - utf8_length(cell)) + 2;
        printf("%.*s%*s", STR_ARG(cell), padding, "");
    }
    putchar('\n');
}

void table_print(const struct table *table)
{
    size_t rows = table->cells.count / table->columns;
    size_t widths[TABLE_MAX_COLUMNS] = {0};
    if (rows == 1) {
        puts("Nothing found.");
        return;
    }
    for (size_t i = 0; i < rows * table->columns; i++) {
        size_t width = utf8_length(table->cells.items[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t row = 0; row < rows; row++)
        print_row(table, row, widths);
}
