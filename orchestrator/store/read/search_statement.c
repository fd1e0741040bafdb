// SPDX-License-Identifier: Apache-2.0
//
// The statements of a search: how many there are, a page of them, one of them.
#include "record/key.h"
#include "store/read/search_build.h"

// -- Conditions and orders --------------------------------------------------------------

// The condition with one of its parts in the place of the view that is split.
static str where_of(struct arena *arena, const struct collection *collection,
                    const struct search_sql *search, const char *part)
{
    str where = strbuf_str(&search->where);
    if (part == NULL)
        return where;
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, str_sub(where, 0, search->split_at));
    strbuf_add(&out, str_of(part));
    strbuf_add(&out, str_from_index(where, search->split_at + strlen(collection->split)));
    return strbuf_str(&out);
}

static void add_order(struct strbuf *out, const struct collection *collection,
                      const struct search_sql *search)
{
    if (search_has_by_order(collection, search)) {
        search_add_by_order(out, collection, search, false);
        return;
    }
    for (size_t i = 0; i < search->sort_count; i++) {
        const struct search_sort *sort = &search->sorts[i];
        bool descends = sort->descends != search->is_backward;
        field_add_order(out, sort->field);
        strbuf_add(out, descends ? STR(" DESC") : STR(" ASC"));
        if (!sort->field->is_present)
            strbuf_add(out, search->is_backward ? STR(" NULLS FIRST") : STR(" NULLS LAST"));
        strbuf_add(out, STR(", "));
    }
    const char *direction = search->key_descends != search->is_backward ? " DESC" : "";
    if (search_has_shard_order(collection, search))
        strbuf_format(out, "%s%s, ", collection->shard, direction);
    strbuf_format(out, "%s%s", collection->key, direction);
}

// -- Counting ---------------------------------------------------------------------------

// Nothing is counted further than need be, wherever it comes from.
static void add_counted_places(struct strbuf *out, const struct collection *collection,
                               const struct search_sql *search)
{
    for (size_t i = 0; collection->places[i].from != NULL; i++)
        strbuf_format(out, "%s(SELECT 1 FROM %s %s%s WHERE %.*s LIMIT %zu)",
                      i > 0 ? " UNION ALL " : "", collection->places[i].from, collection->alias,
                      collection->joins, STR_ARG(strbuf_str(&search->where)),
                      search_most_counted(search));
}

static void add_counted_parts(struct strbuf *out, const struct collection *collection,
                              const struct search_sql *search)
{
    for (size_t i = 0; collection->split_into[i] != NULL; i++) {
        str where = where_of(out->arena, collection, search, collection->split_into[i]);
        strbuf_format(out, "%s(SELECT %s, %s FROM %s WHERE %.*s LIMIT %zu)", i > 0 ? " UNION " : "",
                      collection->shard, collection->key, collection->from, STR_ARG(where),
                      search_most_counted(search));
    }
}

struct statement search_count(struct arena *arena, const struct collection *collection,
                              const struct search_sql *search)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_add(&sql, STR("SELECT count(*) FROM ("));
    if (collection->places != NULL || search->split_at > 0) {
        strbuf_add(&sql, STR("SELECT 1 FROM ("));
        if (collection->places != NULL)
            add_counted_places(&sql, collection, search);
        else
            add_counted_parts(&sql, collection, search);
        strbuf_add(&sql, STR(") AS each"));
    } else {
        strbuf_format(&sql, "SELECT 1 FROM %s WHERE %.*s", collection->from,
                      STR_ARG(strbuf_str(&search->where)));
    }
    strbuf_format(&sql, " LIMIT %zu) AS counted", search_most_counted(search));
    return statement_new(arena, strbuf_cstr(&sql), search->parameters, search->count);
}

// -- A page -----------------------------------------------------------------------------

// The page is among the first of each shard, in the order of keys.
static void add_newest(struct strbuf *out, const struct collection *collection,
                       const struct search_sql *placed, str where)
{
    const char *direction = placed->key_descends != placed->is_backward ? " DESC" : "";
    strbuf_format(out,
                  "shards of CROSS JOIN LATERAL (SELECT i.* FROM %s WHERE %s = of.shard AND %.*s "
                  "ORDER BY %s%s, %s%s LIMIT %zu) i%s",
                  collection->from, collection->shard, STR_ARG(where), collection->shard, direction,
                  collection->key, direction, placed->limit + placed->offset, collection->joins);
}

// Of one source, its condition with the place in it.
static void add_source(struct strbuf *out, const struct collection *collection,
                       const struct search_sql *placed, str where)
{
    if (search_has_grown_order(collection, placed))
        add_newest(out, collection, placed, where);
    else
        strbuf_format(out, "%s WHERE %.*s", collection->from, STR_ARG(where));
}

// The page is among the first of each place.
static void add_places(struct strbuf *out, const struct collection *collection,
                       const struct search_sql *placed, str seek)
{
    bool is_by = search_has_by_order(collection, placed);
    strbuf_add_char(out, '(');
    for (size_t i = 0; collection->places[i].from != NULL; i++) {
        const struct search_place *place = &collection->places[i];
        strbuf_format(out, "%s(SELECT %s.* FROM %s %s%s WHERE %.*s%.*s", i > 0 ? " UNION ALL " : "",
                      collection->alias, place->from, collection->alias, collection->joins,
                      STR_ARG(strbuf_str(&placed->where)), STR_ARG(seek));
        if (is_by)
            search_add_by_seek(out, collection, placed, place->by_shard);
        strbuf_add(out, STR(" ORDER BY "));
        if (is_by)
            search_add_by_order(out, collection, placed, place->by_shard);
        else
            add_order(out, collection, placed);
        strbuf_format(out, " LIMIT %zu)", placed->limit + placed->offset);
    }
    strbuf_format(out, ") %s%s", collection->alias, collection->joins);
}

// The page's keys are among the first that each part of what is split has.
static void add_parts(struct strbuf *out, const struct collection *collection,
                      const struct search_sql *placed, str seek)
{
    strbuf_format(out, "%s WHERE (%s, %s) IN (", collection->from, collection->shard,
                  collection->key);
    for (size_t i = 0; collection->split_into[i] != NULL; i++) {
        str where = str_join2(
            out->arena, where_of(out->arena, collection, placed, collection->split_into[i]), seek);
        strbuf_format(out, "%s(SELECT %s, %s FROM ", i > 0 ? " UNION " : "", collection->shard,
                      collection->key);
        add_source(out, collection, placed, where);
        strbuf_add(out, STR(" ORDER BY "));
        add_order(out, collection, placed);
        strbuf_format(out, " LIMIT %zu)", placed->limit + placed->offset);
    }
    strbuf_add_char(out, ')');
}

struct statement search_rows(struct arena *arena, const struct collection *collection,
                             const struct search_sql *search)
{
    struct strbuf sql = strbuf_new(arena), seek = strbuf_new(arena);
    struct search_sql placed = *search; // the place has parameters that counting has not
    if (!search_has_by_order(collection, search))
        search_add_seek(&seek, collection, &placed);
    strbuf_add(&sql, STR("SELECT "));
    search_add_columns(&sql, collection);
    for (size_t i = 0; i < search->sort_count; i++) {
        strbuf_add(&sql, STR(", "));
        field_add_cursor(&sql, search->sorts[i].field);
        strbuf_format(&sql, " AS place_%zu", i); // no name that ORDER BY could mean
    }
    strbuf_format(&sql, ", %s AS place FROM ", collection->key);
    if (collection->places != NULL)
        add_places(&sql, collection, &placed, strbuf_str(&seek));
    else if (search->split_at > 0)
        add_parts(&sql, collection, &placed, strbuf_str(&seek));
    else
        add_source(&sql, collection, &placed,
                   str_join2(arena, strbuf_str(&search->where), strbuf_str(&seek)));
    strbuf_add(&sql, STR(" ORDER BY "));
    add_order(&sql, collection, search);
    strbuf_format(&sql, " LIMIT %zu OFFSET %zu", search->limit, search->offset);
    return statement_new(arena, strbuf_cstr(&sql), placed.parameters, placed.count);
}

// -- One --------------------------------------------------------------------------------

static struct statement first(struct arena *arena, struct scope scope,
                              const struct collection *collection, str condition, str key)
{
    struct strbuf sql = strbuf_new(arena);
    strbuf_add(&sql, STR("SELECT "));
    search_add_columns(&sql, collection);
    strbuf_format(&sql, " FROM %s WHERE %s AND %.*s LIMIT 1", collection->from, collection->sees,
                  STR_ARG(condition));
    if (collection->pending != PENDING_NOTHING)
        return STATEMENT(arena, strbuf_cstr(&sql), scope_parameter(arena, scope), STR("[]"), key);
    return STATEMENT(arena, strbuf_cstr(&sql), scope_parameter(arena, scope), key);
}

struct statement search_named(struct arena *arena, struct scope scope,
                              const struct collection *collection, str name)
{
    struct strbuf condition = strbuf_new(arena);
    strbuf_format(&condition, "%s = $2::text", collection->key);
    return first(arena, scope, collection, strbuf_str(&condition), name);
}

struct statement search_one(struct arena *arena, struct scope scope,
                            const struct collection *collection, uint64_t key)
{
    struct strbuf condition = strbuf_new(arena);
    strbuf_format(&condition, "%s = $%d::bigint", collection->key,
                  collection->pending != PENDING_NOTHING ? 3 : 2);
    if (collection->shard != NULL && key >= key_make(0, 0))
        strbuf_format(&condition, " AND %s = %u", collection->shard, key_shard(key));
    return first(arena, scope, collection, strbuf_str(&condition), statement_u64(arena, key));
}

struct statement search_part(struct arena *arena, struct scope scope,
                             const struct collection *collection, uint64_t whole, str key)
{
    struct strbuf condition = strbuf_new(arena);
    check(collection->whole != NULL && collection->shard != NULL && !collection->pending);
    strbuf_format(&condition, "%s = %llu AND %s = %u AND %s = $2", collection->whole,
                  (unsigned long long)whole, collection->shard, key_shard(whole), collection->key);
    return first(arena, scope, collection, strbuf_str(&condition), key);
}
