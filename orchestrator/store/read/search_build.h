// SPDX-License-Identifier: Apache-2.0
//
// What the files that turn a query into SQL share.
#ifndef BATON_STORE_READ_SEARCH_BUILD_H
#define BATON_STORE_READ_SEARCH_BUILD_H

#include "store/read/field.h"

struct build {
    struct arena *arena;
    const struct collection *collection;
    struct search_sql *sql;
    struct error *err;
    bool is_alternative; // inside of "$or"
};

// The field that has this name or alias; NULL: none.
const struct field *search_find_field(const struct collection *collection, str name);

// Reads "sort" and "page": the order, the place in it, how many.
MUST_CHECK bool search_build_page(struct build *build, const struct json *query);

// Whether the order is the key's alone, and so that of shard and key, which an index has.
static inline bool search_has_shard_order(const struct collection *collection,
                                          const struct search_sql *sql)
{
    return sql->sort_count == 0 && collection->shard != NULL && !collection->key_is_text;
}

// Whether the order is that of a column which grows with the key within a shard.
static inline bool search_has_grown_order(const struct collection *collection,
                                          const struct search_sql *sql)
{
    return sql->sort_count == 1 && collection->grows != NULL &&
           strcmp(sql->sorts[0].field->sql, collection->grows) == 0;
}

// Whether the order is that of the field `by` and then of the key, both in one direction.
static inline bool search_has_by_order(const struct collection *collection,
                                       const struct search_sql *sql)
{
    return sql->sort_count == 1 && collection->by != NULL &&
           strcmp(sql->sorts[0].field->name, collection->by) == 0 &&
           sql->sorts[0].descends == sql->key_descends;
}

// Writes the order by `by`, with the shard first or without it.
void search_add_by_order(struct strbuf *out, const struct collection *collection,
                         const struct search_sql *sql, bool by_shard);
// Writes " AND …": what comes beyond the place in that order; nothing without one.
void search_add_by_seek(struct strbuf *out, const struct collection *collection,
                        const struct search_sql *sql, bool by_shard);

// How far things are counted.
static inline size_t search_most_counted(const struct search_sql *sql)
{
    return sql->reads_records ? SEARCH_MAX_OVER : SEARCH_MAX_TOTAL;
}

// Writes the columns of the fields that are shown (search.c).
void search_add_columns(struct strbuf *out, const struct collection *collection);

// Writes " AND …": what comes beyond the place that a cursor named; nothing without one.
void search_add_seek(struct strbuf *out, const struct collection *collection,
                     struct search_sql *sql);

#endif
