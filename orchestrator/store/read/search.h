// SPDX-License-Identifier: Apache-2.0
//
// Searches: a collection is a table of fields, each with its name outside and its expression in
// SQL, and everything else — filters, sorting, pages, the JSON that comes out — follows from it.
// Values reach PostgreSQL as parameters only.
//
// Requests and answers have Camunda 8's shape:
// {"filter":{…},"sort":[{"field","order"}],"page":{"from","limit"|"after"|"before"}} and
// {"items":[…],"page":{"totalItems","hasMoreTotalItems","startCursor","endCursor"}}. A filter is a
// value or {"$eq","$neq","$exists","$in","$notIn",
// "$like","$gt","$gte","$lt","$lte"}; "$or" takes a list of filters.
#ifndef BATON_STORE_READ_SEARCH_H
#define BATON_STORE_READ_SEARCH_H

#include "base/json.h"
#include "store/read/scope.h"
#include "store/statement.h"

enum {
    SEARCH_DEFAULT_LIMIT = 100,
    SEARCH_MAX_LIMIT = 10000,
    SEARCH_MAX_TOTAL = 10000, // counting stops here: "hasMoreTotalItems"
    SEARCH_MAX_VALUES = 48,   // single values and lists in a filter
    SEARCH_MAX_LIST = 1000,   // values in one list: $in, $notIn
};

enum field_kind {
    FIELD_KEY,       // bigint; a string of digits outside
    FIELD_LOCAL_KEY, // the same, of something on the row's shard: the shard narrows the search
    FIELD_TEXT,
    FIELD_INTEGER,
    FIELD_BOOLEAN,
    FIELD_TIME,  // timestamptz; RFC 3339 outside
    FIELD_STATE, // smallint; a name outside
    FIELD_JSON,  // JSON as text
    FIELD_TENANT,
    FIELD_LIST,         // JSON array of strings; a filter value must be among them
    FIELD_OPTIONAL,     // text; empty is null outside
    FIELD_OPTIONAL_KEY, // bigint; null outside when null
};

struct state_name {
    int number;
    const char *name;
};

struct field {
    const char *name; // outside
    const char *sql;
    enum field_kind kind;
    const struct state_name *states; // FIELD_STATE; ends with a NULL name
    const char *alias;               // another name that filters use; NULL: none
};

struct collection {
    const char *noun; // for messages: "process instance"
    const char *from; // SQL from-list
    const struct field *fields;
    size_t field_count;
    const char *key;    // SQL of the key that a GET names and that ends every order
    const char *shard;  // SQL of the row's shard, where there is one; else NULL
    const char *tenant; // SQL of the row's tenant
    const char *always; // condition that always holds; NULL: none
    const char *whole;  // SQL of the key that the key begins with (search_part); NULL: none
};

// A condition that the path adds: the field's value is this key. field == NULL: none.
struct search_scope {
    const char *field;
    uint64_t key;
};

// -- From a query to SQL --------------------------------------------------------------------------

struct search_sql {
    struct strbuf where; // conditions joined with AND
    struct strbuf order;
    size_t offset;
    size_t limit;
    size_t values; // of the filter
    size_t count;  // parameters
    str parameters[STATEMENT_MAX_PARAMETERS];
};

// False after *err says what is wrong with the query. The scope is parameter $1.
MUST_CHECK bool search_sql_build(struct arena *arena, struct scope scope,
                                 const struct collection *collection, const struct json *query,
                                 struct search_sql *ret_sql, struct error *err);

// Adds a parameter and writes its place ($n) to the statement.
void search_sql_parameter(struct search_sql *sql, struct strbuf *out, str value);

// Narrows what was built to one thing: the path of the request names its key.
void search_sql_narrow(struct arena *arena, const struct collection *collection,
                       struct search_scope narrow, struct search_sql *sql);

// One row, one column: how many there are, counted up to SEARCH_MAX_TOTAL.
struct statement search_count(struct arena *arena, const struct collection *collection,
                              const struct search_sql *sql);

// The page's rows, for search_write_item.
struct statement search_rows(struct arena *arena, const struct collection *collection,
                             const struct search_sql *sql);

// The one item that has this key.
struct statement search_one(struct arena *arena, struct scope scope,
                            const struct collection *collection, uint64_t key);

// Things whose keys are texts made of another key and a number: the item of a decision's
// evaluation, a variable of a scope.
struct statement search_part(struct arena *arena, struct scope scope,
                             const struct collection *collection, uint64_t whole, str key);

// -- From rows to JSON ----------------------------------------------------------------------------

struct query_rows;

void search_write_item(struct json_writer *writer, const struct collection *collection,
                       const struct query_rows *rows, size_t row);

// "page": {…} of a page with `count` items.
void search_write_page(struct json_writer *writer, const struct search_sql *sql, size_t total,
                       size_t count);

#endif
