// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL's rows as a list of contexts: numbers keep every digit, booleans and JSON are what
// they are, null is null, everything else is PostgreSQL's text of it.
#ifndef BATON_CONNECTOR_SQL_ROWS_H
#define BATON_CONNECTOR_SQL_ROWS_H

#include "base/json.h"
#include "worker/secrets.h"

#include <libpq-fe.h>

struct rows {
    struct arena *arena;
    const struct filled *filled; // whose secrets are taken out of every value
    struct strbuf out;           // the items of the list
    str *names;                  // of the columns, as they are shown
    size_t count;
    bool is_wanted;
    bool is_set;  // the statement gives rows, if none
    str modified; // as a number; empty: the statement changes nothing
};

struct rows rows_new(struct arena *arena, const struct filled *filled, bool is_wanted);

// Any result that is no failure. ERROR_LIMIT: more than SQL_MAX_ROWS or SQL_MAX_ANSWER;
// ERROR_INVALID: two columns have one name.
MUST_CHECK bool rows_take(struct rows *rows, const PGresult *result, struct error *err);

// {"modifiedRows": …, "resultSet": […]}; each null where the statement has none.
str rows_json(const struct rows *rows);

#endif
