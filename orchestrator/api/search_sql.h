// SPDX-License-Identifier: Apache-2.0
//
// From a search request to SQL. Private to the searches.
#ifndef BATON_API_SEARCH_SQL_H
#define BATON_API_SEARCH_SQL_H

#include "api/search.h"

struct search_sql {
    struct strbuf where; // conditions joined with AND
    struct strbuf order;
    size_t offset;
    size_t limit;
    size_t count; // parameters
    str parameters[SEARCH_MAX_PARAMETERS];
};

// False after *err says what is wrong with the query.
MUST_CHECK bool search_sql_build(struct arena *arena, const struct collection *collection,
                                 const struct json *query, struct search_sql *ret_sql,
                                 struct error *err);

// Adds a parameter and writes its place ($n) to the statement.
void search_sql_parameter(struct search_sql *sql, struct strbuf *out, str value);

// Where a local key is asked for, its shard is known: adds " AND shard = n".
void search_sql_narrow(const struct collection *collection, const struct field *field, str key,
                       struct strbuf *out);

const struct field *search_find_field(const struct collection *collection, str name);

#endif
