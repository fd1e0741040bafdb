// SPDX-License-Identifier: Apache-2.0
//
// The rows of insight's counters, in the transaction of a turn.
#include "store/records_private.h"

bool records_words_of(const struct records *records, uint64_t definition, uint32_t element,
                      struct arena *arena, struct records_words *ret_words)
{
    const struct definition_names *names = record_names_find(&records->names, definition);
    if (names == NULL)
        return false;
    struct element_names words = {STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY};
    if (element > 0)
        words = record_names_of(names, element, arena);
    *ret_words = (struct records_words){.process_id = names->id,
                                        .version = names->version,
                                        .tenant = names->tenant,
                                        .id = words.id,
                                        .name = words.name,
                                        .type = words.type};
    return true;
}

static struct records_part part_of(const PGresult *result, int row, struct arena *arena)
{
    struct records_part part = {
        .record = {.instance = (uint64_t)field_i64(result, row, 0),
                   .key = (uint64_t)field_i64(result, row, 1),
                   .state = (enum element_state)field_i64(result, row, 5),
                   .started_ms = field_time_ms(result, row, 6),
                   .offered_ms = field_time_ms(result, row, 7),
                   .claimed_ms = field_time_ms(result, row, 8),
                   .ended_ms = field_time_ms(result, row, 9),
                   .actor = str_copy(arena, field_str(result, row, 10)),
                   .attempts = (uint32_t)field_i64(result, row, 11),
                   .incidents = (uint32_t)field_i64(result, row, 12),
                   .cost = str_copy(arena, field_str(result, row, 13)),
                   .breached = field_bool(result, row, 14)},
        .id = str_copy(arena, field_str(result, row, 2)),
        .name = str_copy(arena, field_str(result, row, 3)),
        .type = str_copy(arena, field_str(result, row, 4)),
    };
    return part;
}

bool records_load_parts(struct records *records, const struct records_turn *turn,
                        const struct records_instances *of, struct records_part **ret_parts,
                        size_t *ret_count, struct error *err)
{
    struct params params = records_params(turn);
    struct param_array keys = param_array_new(turn->arena, PARAM_I64);
    *ret_count = 0;
    if (of->count == 0)
        return true;
    for (size_t i = 0; i < of->count; i++)
        param_array_int(&keys, (int64_t)of->instances[i]);
    params_array(&params, &keys);
    params_i32(&params, of->most);
    PGresult *result = records_run(records, RECORDS_CASE_ELEMENTS, &params, err);
    if (result == NULL)
        return false;
    *ret_count = (size_t)PQntuples(result);
    *ret_parts = ARENA_ARRAY(turn->arena, struct records_part, *ret_count);
    for (size_t i = 0; i < *ret_count; i++)
        (*ret_parts)[i] = part_of(result, (int)i, turn->arena);
    PQclear(result);
    return true;
}

// -- Cells --------------------------------------------------------------------------------

static const enum param_type columns[] = {
    PARAM_I64,   PARAM_I32,   PARAM_I32,   PARAM_TEXT,  PARAM_I32,   PARAM_TEXT,
    PARAM_I16,   PARAM_I64,   PARAM_I64,   PARAM_I64,   PARAM_I64,   PARAM_I64,
    PARAM_BYTES, PARAM_BYTES, PARAM_BYTES, PARAM_BYTES, PARAM_BYTES, PARAM_BYTES,
};

static void add_cell(struct param_array *arrays, const struct records_cell *cell)
{
    const str sections[] = {cell->names, cell->head,  cell->elements,
                            cell->times, cell->edges, cell->variants};
    const uint64_t counts[] = {cell->started, cell->entered, cell->gone, cell->entered_ms,
                               cell->gone_ms};
    param_array_int(arrays++, (int64_t)cell->definition);
    param_array_int(arrays++, cell->day);
    param_array_int(arrays++, cell->part);
    param_array_bytes(arrays++, cell->process_id);
    param_array_int(arrays++, cell->version);
    param_array_bytes(arrays++, cell->tenant);
    param_array_int(arrays++, cell->format);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        param_array_int(arrays++, (int64_t)counts[i]);
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        param_array_bytes(arrays++, sections[i]);
}

// Rows come back in any order.
static void find_parts(const PGresult *result, const struct records_cell *cells, size_t count,
                       int32_t *ret_parts)
{
    for (int row = 0; row < PQntuples(result); row++)
        for (size_t i = 0; i < count; i++)
            if (cells[i].definition == (uint64_t)field_i64(result, row, 0) &&
                cells[i].day == field_i64(result, row, 1))
                ret_parts[i] = (int32_t)field_i64(result, row, 2);
}

bool records_add_cells(struct records *records, const struct records_turn *turn,
                       const struct records_cell *cells, size_t count, int32_t *ret_parts,
                       struct error *err)
{
    struct params params = records_params(turn);
    struct param_array arrays[COUNT_OF(columns)];
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        arrays[i] = param_array_new(turn->arena, columns[i]);
    for (size_t i = 0; i < count; i++)
        add_cell(arrays, &cells[i]);
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        params_array(&params, &arrays[i]);
    PGresult *result = records_run(records, RECORDS_ADD_CELLS, &params, err);
    if (result == NULL)
        return false;
    find_parts(result, cells, count, ret_parts);
    PQclear(result);
    return true;
}

static struct params params_of(const struct records_turn *turn, const struct records_days *days)
{
    struct params params = records_params(turn);
    params_i64(&params, (int64_t)days->definition);
    params_i32(&params, days->first);
    params_i32(&params, days->end);
    return params;
}

static struct records_cell cell_of(const PGresult *result, int row, struct arena *arena)
{
    struct records_cell cell = {.format = (int32_t)field_i64(result, row, 0)};
    uint64_t *const counts[] = {&cell.started, &cell.entered, &cell.gone, &cell.entered_ms,
                                &cell.gone_ms};
    str *const sections[] = {&cell.names, &cell.head,  &cell.elements,
                             &cell.times, &cell.edges, &cell.variants};
    int column = 1;
    cell.process_id = str_copy(arena, field_str(result, row, column++));
    cell.version = (int32_t)field_i64(result, row, column++);
    cell.tenant = str_copy(arena, field_str(result, row, column++));
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        *counts[i] = (uint64_t)field_i64(result, row, column++);
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        *sections[i] = str_copy(arena, field_str(result, row, column++));
    cell.part = (int32_t)field_i64(result, row, column++);
    cell.day = (int32_t)field_i64(result, row, column);
    return cell;
}

bool records_cell_parts(struct records *records, const struct records_turn *turn,
                        const struct records_days *days, struct records_cell **ret_cells,
                        size_t *ret_count, struct error *err)
{
    struct params params = params_of(turn, days);
    PGresult *result = records_run(records, RECORDS_CELL_PARTS, &params, err);
    if (result == NULL)
        return false;
    *ret_count = (size_t)PQntuples(result);
    *ret_cells = ARENA_ARRAY(turn->arena, struct records_cell, *ret_count);
    for (size_t i = 0; i < *ret_count; i++) {
        (*ret_cells)[i] = cell_of(result, (int)i, turn->arena);
        (*ret_cells)[i].definition = days->definition;
    }
    PQclear(result);
    return true;
}

bool records_drop_cells(struct records *records, const struct records_turn *turn,
                        const struct records_days *days, struct error *err)
{
    struct params params = params_of(turn, days);
    return records_run_only(records, RECORDS_DROP_PARTS, &params, err);
}

bool records_mark_month(struct records *records, const struct records_turn *turn,
                        const struct records_days *days, struct error *err)
{
    struct params params = params_of(turn, days);
    return records_run_only(records, RECORDS_MARK_MONTH, &params, err);
}

bool records_open_month(struct records *records, const struct records_turn *turn,
                        const struct records_days *day, struct error *err)
{
    struct params params = records_params(turn);
    params_i64(&params, (int64_t)day->definition);
    params_i32(&params, day->first);
    return records_run_only(records, RECORDS_OPEN_MONTH, &params, err);
}

bool records_set_aside(struct records *records, const struct records_turn *turn,
                       const struct records_cell *cell, struct error *err)
{
    struct params params = records_params(turn);
    params_i64(&params, (int64_t)cell->definition);
    params_i32(&params, cell->day);
    params_i32(&params, cell->part);
    return records_run_only(records, RECORDS_SET_ASIDE, &params, err);
}

struct search {
    const struct records_turn *turn;
    enum records_statement statement;
    int32_t today;
};

static bool find_old(struct records *records, struct search search, struct records_days *ret_days,
                     size_t *count, struct error *err)
{
    struct params params = records_params(search.turn);
    params_i32(&params, search.today);
    params_i32(&params, (int32_t)*count);
    PGresult *result = records_run(records, search.statement, &params, err);
    if (result == NULL)
        return false;
    *count = (size_t)PQntuples(result);
    for (size_t i = 0; i < *count; i++)
        ret_days[i] = (struct records_days){.definition = (uint64_t)field_i64(result, (int)i, 0),
                                            .first = (int32_t)field_i64(result, (int)i, 1),
                                            .end = (int32_t)field_i64(result, (int)i, 2)};
    PQclear(result);
    return true;
}

bool records_old_days(struct records *records, const struct records_turn *turn, int32_t today,
                      struct records_days *ret_days, size_t *count, struct error *err)
{
    struct search search = {turn, RECORDS_OLD_DAYS, today};
    return find_old(records, search, ret_days, count, err);
}

bool records_old_months(struct records *records, const struct records_turn *turn, int32_t today,
                        struct records_days *ret_days, size_t *count, struct error *err)
{
    struct search search = {turn, RECORDS_OLD_MONTHS, today};
    return find_old(records, search, ret_days, count, err);
}
