// SPDX-License-Identifier: Apache-2.0
//
// Searches: a collection is a table of fields, each with its name outside and its expression in
// SQL, and everything else — filters, sorting, pages, the JSON that comes out — follows from it.
// What a field can be asked is decided by its kind alone (field.h). Values reach PostgreSQL as
// parameters only.
//
// Requests and answers have Camunda 8's shape:
// {"filter":{…},"sort":[{"field","order"}],"page":{"from","limit"|"after"|"before"}} and
// {"items":[…],"page":{"totalItems","hasMoreTotalItems","startCursor","endCursor"}}. A filter is a
// value or {"$eq","$neq","$exists","$in","$notIn","$like","$gt","$gte","$lt","$lte"}; "$or" takes a
// list of filters. What is null or an empty list is not asked: clients send what nobody filled in.
//
// A cursor is the place of an item in the order: its values of the sorted fields and its key. So a
// page that follows one is right while items come and go. Nulls come last in either direction.
#ifndef BATON_STORE_READ_SEARCH_H
#define BATON_STORE_READ_SEARCH_H

#include "base/json.h"
#include "store/read/scope.h"
#include "store/statement.h"

enum {
    SEARCH_DEFAULT_LIMIT = 100,
    SEARCH_MAX_LIMIT = 10000,
    SEARCH_MAX_TOTAL = 10000, // counting stops here: "hasMoreTotalItems"
    SEARCH_MAX_OVER = 1000,   // likewise, where what may be over is looked through
    SEARCH_MAX_VALUES = 96,   // single values and lists in a filter; a variable's counts up to four
    SEARCH_OTHER_PARAMETERS = 32, // of a statement: scope, place, path, what others add
    SEARCH_MAX_LIST = 1000,       // values in one list: $in, $notIn
    SEARCH_MAX_SORTS = 8,         // fields that an order has
    SEARCH_MAX_SHOWN = 8191,      // characters of a variable's value, unless all are asked for
};

enum field_kind {
    FIELD_KEY,       // bigint; a string of digits outside, null when null
    FIELD_LOCAL_KEY, // the same, of something on the row's shard: the shard narrows the search
    FIELD_TEXT,
    FIELD_OPTIONAL, // text; empty is null outside
    FIELD_NAME,     // text in upper case; any case in a filter
    FIELD_INTEGER,  // null when null
    FIELD_BOOLEAN,  // null when null
    FIELD_TIME,     // timestamptz; RFC 3339 outside, null when null
    FIELD_STATE,    // smallint; a name outside; any case in a filter
    FIELD_TENANT,
    FIELD_JSON,      // JSON; no order
    FIELD_LIST,      // JSON array; no order and no filter
    FIELD_VARIABLES, // filter only: a JSON object; [{"name","value"}] must be in it
    FIELD_TAGS,      // jsonb array of strings; a filter's list must all be in it
};

enum { STATE_NEVER = -1 }; // number of a name that Camunda knows and no row ever has

struct state_name {
    int number;
    const char *name;
};

struct field {
    const char *name; // outside
    const char *sql;
    enum field_kind kind;
    const struct state_name *states; // FIELD_STATE; ends with a NULL name
    const char *alias;               // another name that filters and sorts use; NULL: none
    // Filter only: what the field is a part of, such as "FROM elements x WHERE …". There must be
    // one for which every filter of the same `within` holds.
    const char *within;
    const char *indexed; // FIELD_VARIABLES of an instance: SQL of the row (shard, instance)
    bool is_hidden;      // filter only
    bool is_present;     // never null, which spares the order the question
    const char *none;    // what a key that is null is outside; NULL: null
    bool is_record;      // of what may be over: known as far as the records are (pending.h)
};

// What the projector has not come to yet, of the kind that a collection needs (pending.h). Its FROM
// has it as parameter $2.
enum search_pending { PENDING_NOTHING, PENDING_ELEMENTS, PENDING_JOBS, PENDING_VARIABLES };

struct search_place {
    const char *from;
    bool by_shard; // an index has its rows in the order of shard and `by`; else of `by` alone
};

struct collection {
    const char *noun; // for messages: "process instance"
    const char *from; // SQL from-list
    // Where a column grows with the key within a shard, an order by it is that of the keys, shard
    // by shard, which the primary key has. `from` is then the table `grows_in`, as `i`, and its
    // joins.
    const char *grows; // SQL of the column; NULL: none
    const char *grows_in;
    const char *joins;
    // Where rows come from several tables a page is among the first of each: items of a from-list,
    // each with the rows of `from` and its alias; `joins` follow. Ends with a NULL from.
    const struct search_place *places; // NULL: `from` alone
    const char *alias;
    // The field by which pages are that ask for no order: a local key, never null. NULL: the key.
    const char *by;
    // A time that pages have that ask for no order, the newest first; NULL: none.
    const char *newest;
    bool is_record; // all rows are known as far as the records are
    // A view in the `within` of fields, and what it is made of: a search that asks for one of it
    // asks each in turn. Ends with NULL.
    const char *split;
    const char *const *split_into;
    const struct field *fields;
    size_t field_count;
    const char *key;    // SQL of the key that a GET names and that ends every order
    bool key_is_text;   // else bigint
    const char *shard;  // SQL of the row's shard, where there is one; else NULL
    const char *sees;   // SQL: whether the scope sees the row (scope.h)
    const char *always; // condition that always holds; NULL: none
    const char *whole;  // SQL of the key that the key begins with (search_part); NULL: none
    enum search_pending pending;
};

// A condition that the path adds: the field's value is this key (field == NULL: none), and another
// one, in which @ stands for `text`, or for `other` where that is null (condition == NULL: none).
struct search_scope {
    const char *field;
    uint64_t key;
    const char *condition;
    uint64_t other;
    str text;
};

// -- From a query to SQL --------------------------------------------------------------------------

struct search_sort {
    const struct field *field;
    bool descends;
};

struct search_sql {
    struct strbuf where; // conditions joined with AND
    struct search_sort sorts[SEARCH_MAX_SORTS];
    size_t sort_count;
    bool key_descends;               // the key ends every order
    bool has_place;                  // a cursor was given: its values and key
    str place[SEARCH_MAX_SORTS + 1]; // data == NULL: null
    bool is_backward;                // the page before a cursor: rows come in the opposite order
    size_t offset;
    size_t limit;
    bool reads_records; // it asks for what may be over
    size_t split_at;    // where `split` stands in `where`; 0: nowhere
    size_t values;      // of the filter
    size_t count;       // parameters
    str parameters[STATEMENT_MAX_PARAMETERS];
};

// False after *err says what is wrong with the query. The scope is parameter $1.
MUST_CHECK bool search_sql_build(struct arena *arena, struct scope scope,
                                 const struct collection *collection, const struct json *query,
                                 struct search_sql *ret_sql, struct error *err);

// The one process instance that a query is about, by its filter or its path; 0: several.
uint64_t search_instance(const struct json *query, struct search_scope narrow);

// For collections with something pending, before the statements are made: a JSON array.
void search_sql_set_pending(struct search_sql *sql, str pending);

// Whether a query has a filter that leaves something out.
bool search_has_filter(const struct json *query);

// Adds a parameter and writes its place ($n) to the statement.
void search_sql_parameter(struct search_sql *sql, struct strbuf *out, str value);

// Narrows what was built to one thing: the path of the request names its key.
void search_sql_narrow(struct arena *arena, const struct collection *collection,
                       struct search_scope narrow, struct search_sql *sql);

// One row, one column: how many there are, counted up to SEARCH_MAX_TOTAL or
// SEARCH_MAX_OVER.
struct statement search_count(struct arena *arena, const struct collection *collection,
                              const struct search_sql *sql);

// The page's rows, for search_write_items and search_write_page.
struct statement search_rows(struct arena *arena, const struct collection *collection,
                             const struct search_sql *sql);

// The one item that has this key, for search_write_item.
struct statement search_one(struct arena *arena, struct scope scope,
                            const struct collection *collection, uint64_t key);

// The same where keys are names.
struct statement search_named(struct arena *arena, struct scope scope,
                              const struct collection *collection, str name);

// Things whose keys are texts made of another key and a number: a decision on the way of an
// evaluation.
struct statement search_part(struct arena *arena, struct scope scope,
                             const struct collection *collection, uint64_t whole, str key);

// -- From rows to JSON ----------------------------------------------------------------------------

struct query_rows;

void search_write_item(struct json_writer *writer, const struct collection *collection,
                       const struct query_rows *rows, size_t row);

// "items": […], "page": {…}
void search_write_page(struct json_writer *writer, const struct collection *collection,
                       const struct search_sql *sql, const struct query_rows *rows, size_t total);

#endif
