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

static str cell_of(struct arena *arena, const struct json *value)
{
    if (value == NULL || value->type == JSON_NULL)
        return STR("-");
    if (value->type == JSON_STRING)
        return value->text.len > 0 ? value->text : STR("-");
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, value);
    return strbuf_str(&out);
}

void table_print_items(struct arena *arena, const char *const *columns, size_t count,
                       const struct json *answer)
{
    struct table table = table_new(arena, columns, count);
    const struct json *items = json_get(answer, STR("items"));
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++)
        for (size_t c = 0; c < count; c++)
            table_add(&table, cell_of(arena, json_get(&items->items[i], str_of(columns[c]))));
    table_print(&table);
}
