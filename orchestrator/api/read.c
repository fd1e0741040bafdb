// SPDX-License-Identifier: Apache-2.0
#include "api/read.h"

#include "api/api_private.h"
#include "store/query.h"

struct reading {
    struct request *request;
    read_answer *answer;
    void *context;
};

static void on_done(void *context, const struct query_rows *rows, const struct error *err)
{
    struct reading *reading = context;
    if (rows == NULL) {
        request_failed(reading->request, err);
        return;
    }
    struct read_result result = {query_row_count(rows), rows};
    reading->answer(reading->request, reading->context, &result);
}

void read_run(struct request *request, const struct read *read, read_answer *answer, void *context)
{
    struct reading *reading = ARENA_NEW(&request->arena, struct reading);
    *reading = (struct reading){request, answer, context};
    query_run(request->api->environment.reader, str_of(read->sql), read->parameters,
              read->parameter_count, on_done, reading);
}

str read_cell(const struct read_result *result, size_t row, size_t column)
{
    return query_value(result->rows, row, column);
}
