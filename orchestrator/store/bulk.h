// SPDX-License-Identifier: Apache-2.0
//
// Many rows of one table: as a stream for COPY, which is three times as fast where all of them are
// new, or as an array a column for a statement. Who fills them need not know which. Private to
// store.
#ifndef BATON_STORE_BULK_H
#define BATON_STORE_BULK_H

#include "store/param.h"

enum { BULK_MAX_COLUMNS = PG_MAX_PARAMS };

struct bulk {
    struct arena *arena;
    const enum param_type *types;
    size_t columns;
    size_t column; // the next one of the row
    size_t rows;
    bool copies;
    struct strbuf stream; // when it copies
    struct param_array arrays[BULK_MAX_COLUMNS];
};

// `types`, an item a column, must live as long.
void bulk_init(struct bulk *bulk, struct arena *arena, const enum param_type *types, size_t columns,
               bool copies);

// The columns of a row in order; the row after a whole one begins by itself.
void bulk_int(struct bulk *bulk, int64_t value);  // any integer, or a truth
void bulk_time(struct bulk *bulk, int64_t ms);    // 0: null
void bulk_text(struct bulk *bulk, str value);     // NUL bytes, which text cannot hold, become '?'
void bulk_optional(struct bulk *bulk, str value); // empty: null
void bulk_null(struct bulk *bulk);

// One array parameter a column.
void bulk_params(struct bulk *bulk, struct params *params);

// Runs "COPY … FROM STDIN (FORMAT binary)" and waits for it. False: see PQerrorMessage;
// ret_sqlstate has room for six characters.
MUST_CHECK bool bulk_copy(struct bulk *bulk, PGconn *conn, const char *sql, char *ret_sqlstate);

#endif
