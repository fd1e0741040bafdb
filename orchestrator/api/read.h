// SPDX-License-Identifier: Apache-2.0
//
// A read of the database on behalf of a request. A failure is answered here; the callback sees rows
// only.
#ifndef BATON_API_READ_H
#define BATON_API_READ_H

#include "api/request.h"

struct query_rows;

struct read {
    const char *sql;
    const str *parameters; // as text; data == NULL: SQL null
    size_t parameter_count;
};

struct read_result {
    size_t row_count;
    const struct query_rows *rows;
};

typedef void read_answer(struct request *request, void *context, const struct read_result *result);

void read_run(struct request *request, const struct read *query, read_answer *answer,
              void *context);

// The cell as text; empty for null. Valid during the callback.
str read_cell(const struct read_result *result, size_t row, size_t column);

#endif
