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
#ifndef BATON_API_SEARCH_H
#define BATON_API_SEARCH_H

#include "api/request.h"

enum {
    SEARCH_DEFAULT_LIMIT = 100,
    SEARCH_MAX_LIMIT = 10000,
    SEARCH_MAX_TOTAL = 10000, // counting stops here: "hasMoreTotalItems"
    SEARCH_MAX_PARAMETERS = 40,
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
    const char *always; // condition that always holds; NULL: none
};

// A condition that the path adds: the field's value is this key. field == NULL: none.
struct search_scope {
    const char *field;
    uint64_t key;
};

// Reads the body's query, and answers.
void search_collection(struct request *request, const struct collection *collection,
                       struct search_scope scope);

// Answers with the one item that has this key, or 404.
void search_one(struct request *request, const struct collection *collection, uint64_t key);

// Answers with the first item for which the condition holds, or 404. The condition names its
// parameters $1, $2, …
void search_first(struct request *request, const struct collection *collection,
                  const char *condition, const str *parameters, size_t parameter_count);

#endif
