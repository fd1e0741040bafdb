// SPDX-License-Identifier: Apache-2.0
//
// Values in PostgreSQL's binary format: parameters of a statement, arrays of them, and fields of
// results. Private to store.
#ifndef BATON_STORE_PARAM_H
#define BATON_STORE_PARAM_H

#include "store/pg.h"

enum param_type { // object ids of pg_type, fixed by PostgreSQL
    PARAM_BOOL = 16,
    PARAM_BYTES = 17,
    PARAM_I64 = 20,
    PARAM_I16 = 21,
    PARAM_I32 = 23,
    PARAM_TEXT = 25,
    PARAM_JSON = 114,
    PARAM_TIME = 1184,
};

// Parameters in order; the bytes live in the arena.
struct params {
    struct arena *arena;
    struct pg_params list;
};

struct params params_new(struct arena *arena);
void params_i64(struct params *params, int64_t value);
void params_i32(struct params *params, int32_t value);
void params_text(struct params *params, str value); // NUL bytes, which text cannot hold, become '?'
void params_bytes(struct params *params, str value);
void params_null(struct params *params);
void params_time(struct params *params, int64_t ms); // 0: null

// A one-dimensional array, filled item by item, then added to the parameters.
struct param_array {
    struct strbuf bytes;
    enum param_type type;
    uint32_t count;
    bool has_null;
};

struct param_array param_array_new(struct arena *arena, enum param_type type);
void param_array_int(struct param_array *array, int64_t value); // I16, I32, I64, BOOL by its type
void param_array_time(struct param_array *array, int64_t ms);   // 0: null
void param_array_bytes(struct param_array *array, str value);   // TEXT, JSON, BYTES
void param_array_null(struct param_array *array);
void params_array(struct params *params, struct param_array *array);

// One field, its length first, as arrays and COPY have it.
void param_field_int(struct strbuf *out, enum param_type type, int64_t value);
void param_field_time(struct strbuf *out, int64_t ms); // 0: null
void param_field_text(struct strbuf *out, str value);
void param_field_bytes(struct strbuf *out, str value);
void param_field_null(struct strbuf *out);

// Fields of a binary result. A null is 0, false or empty.
int64_t field_i64(const PGresult *result, int row, int column); // any integer width
int64_t field_time_ms(const PGresult *result, int row, int column);
bool field_bool(const PGresult *result, int row, int column);
str field_str(const PGresult *result, int row, int column); // into the result

// The items of a bigint[]; at most `capacity`; returns how many.
size_t field_i64_array(const PGresult *result, int row, int column, uint64_t *items,
                       size_t capacity);

#endif
