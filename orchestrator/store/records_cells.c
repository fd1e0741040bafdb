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
                        const uint64_t *instances, size_t count, struct records_part **ret_parts,
                        size_t *ret_count, struct error *err)
{
    struct params params = records_params(turn);
    struct param_array keys = param_array_new(turn->arena, PARAM_I64);
    *ret_count = 0;
    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        param_array_int(&keys, (int64_t)instances[i]);
    params_array(&params, &keys);
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

static void add_cell(struct param_array *arrays, const struct records_cell *cell,
                     const struct records_words *words)
{
    const str sections[] = {cell->names, cell->head,  cell->elements,
                            cell->times, cell->edges, cell->variants};
    const uint64_t counts[] = {cell->started, cell->entered, cell->gone, cell->entered_ms,
                               cell->gone_ms};
    param_array_int(arrays++, (int64_t)cell->definition);
    param_array_int(arrays++, cell->day);
    param_array_int(arrays++, cell->part);
    param_array_bytes(arrays++, words->process_id);
    param_array_int(arrays++, words->version);
    param_array_bytes(arrays++, words->tenant);
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
    for (size_t i = 0; i < count; i++) {
        struct records_words words;
        bool has_words = records_words_of(records, cells[i].definition, 0, turn->arena, &words);
        check(has_words);
        add_cell(arrays, &cells[i], &words);
    }
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        params_array(&params, &arrays[i]);
    PGresult *result = records_run(records, RECORDS_ADD_CELLS, &params, err);
    if (result == NULL)
        return false;
    find_parts(result, cells, count, ret_parts);
    PQclear(result);
    return true;
}

static struct params params_of(const struct records_turn *turn, uint64_t definition, int32_t day)
{
    struct params params = records_params(turn);
    params_i64(&params, (int64_t)definition);
    params_i32(&params, day);
    return params;
}

bool records_cell_parts(struct records *records, const struct records_turn *turn,
                        uint64_t definition, int32_t day, struct records_cell **ret_cells,
                        size_t *ret_count, struct error *err)
{
    struct params params = params_of(turn, definition, day);
    PGresult *result = records_run(records, RECORDS_CELL_PARTS, &params, err);
    if (result == NULL)
        return false;
    *ret_count = (size_t)PQntuples(result);
    *ret_cells = ARENA_ARRAY(turn->arena, struct records_cell, *ret_count);
    for (int i = 0; i < PQntuples(result); i++) {
        struct records_cell *cell = &(*ret_cells)[i];
        uint64_t *const counts[] = {&cell->started, &cell->entered, &cell->gone, &cell->entered_ms,
                                    &cell->gone_ms};
        str *const sections[] = {&cell->names, &cell->head,  &cell->elements,
                                 &cell->times, &cell->edges, &cell->variants};
        cell->definition = definition;
        cell->day = day;
        cell->format = (int32_t)field_i64(result, i, 0);
        for (size_t c = 0; c < COUNT_OF(counts); c++)
            *counts[c] = (uint64_t)field_i64(result, i, 1 + (int)c);
        for (size_t s = 0; s < COUNT_OF(sections); s++)
            *sections[s] =
                str_copy(turn->arena, field_str(result, i, 1 + (int)COUNT_OF(counts) + (int)s));
    }
    PQclear(result);
    return true;
}

bool records_drop_cells(struct records *records, const struct records_turn *turn,
                        uint64_t definition, int32_t day, struct error *err)
{
    struct params params = params_of(turn, definition, day);
    return records_run_only(records, RECORDS_DROP_PARTS, &params, err);
}

bool records_old_cells(struct records *records, const struct records_turn *turn,
                       uint64_t definition, int32_t day, int32_t **ret_days, size_t *ret_count,
                       struct error *err)
{
    struct params params = params_of(turn, definition, day);
    PGresult *result = records_run(records, RECORDS_OLD_PARTS, &params, err);
    if (result == NULL)
        return false;
    *ret_count = (size_t)PQntuples(result);
    *ret_days = ARENA_ARRAY(turn->arena, int32_t, *ret_count);
    for (int i = 0; i < PQntuples(result); i++)
        (*ret_days)[i] = (int32_t)field_i64(result, i, 0);
    PQclear(result);
    return true;
}
