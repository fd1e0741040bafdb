// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/batch.h"

#include "base/strbuf.h"
#include "store/read/collections.h"

static const struct {
    const char *name;
    const char *wanted;
} types[] = {
#define BATCH(name, number, wanted) [number] = {#name, wanted},
#include "store/catalogue/batches.def"
#undef BATCH
};

const char *batch_type_name(enum batch_type type)
{
    return types[type].name;
}

// What a filter of each type looks through, and what becomes an item of what it finds.
struct source {
    const struct collection *collection;
    const char *joins;
    const char *items; // shard, instance, item
};

static struct source source_of(enum batch_type type)
{
    switch (type) {
    case BATCH_RESOLVE_INCIDENT:
        return (struct source){
            &collection_instances,
            " JOIN incidents n ON n.shard = i.shard AND n.instance = i.key AND n.state = 1",
            "i.shard, i.key AS instance, n.key AS item"};
    case BATCH_DELETE_DECISION_INSTANCE: // several decisions of one evaluation go together
        return (struct source){
            &collection_decision_instances, "",
            "DISTINCT v.shard, coalesce(v.instance, 0) AS instance, v.evaluation AS item"};
    case BATCH_UPDATE_JOB:
        return (struct source){&collection_open_jobs, "", "j.shard, j.instance, j.key AS item"};
    case BATCH_CANCEL_PROCESS_INSTANCE:
    case BATCH_MIGRATE_PROCESS_INSTANCE:
    case BATCH_MODIFY_PROCESS_INSTANCE:
    case BATCH_DELETE_PROCESS_INSTANCE:
    case BATCH_SUSPEND_PROCESS_INSTANCE:
    case BATCH_RESUME_PROCESS_INSTANCE:
        return (struct source){&collection_instances, "",
                               "i.shard, i.key AS instance, i.key AS item"};
    }
    check_unreachable();
}

// Keys grow with time; a millisecond has room for batch_max_items.
bool catalogue_batch_begin(struct arena *arena, struct scope scope, const struct batch_row *row,
                           const struct json *query, struct statement *ret_statement,
                           struct error *err)
{
    struct search_sql *search = ARENA_NEW(arena, struct search_sql);
    const struct source source = source_of(row->type);
    if (!search_sql_build(arena, scope, source.collection, query, search, err))
        return false;
    struct strbuf sql = strbuf_new(arena);
    strbuf_format(&sql,
                  "WITH b AS (INSERT INTO batch_operations (key, type, parameters, tenant, "
                  "principal) VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint << "
                  "22, %d, ",
                  row->type);
    search_sql_parameter(search, &sql, row->parameters);
    strbuf_add(&sql, STR("::json, "));
    search_sql_parameter(search, &sql, row->tenant.data ? row->tenant : STR_EMPTY);
    strbuf_add(&sql, STR(", "));
    search_sql_parameter(search, &sql, row->principal.data ? row->principal : STR_EMPTY);
    strbuf_format(
        &sql,
        ") RETURNING key), f AS (SELECT %s FROM %s%s WHERE "
        "%.*s AND %s), n AS (INSERT INTO batch_items (shard, key, batch, instance, item) SELECT "
        "f.shard, b.key + row_number() OVER (), b.key, f.instance, f.item FROM f, b) "
        "SELECT key FROM b",
        source.items, source.collection->from, source.joins, STR_ARG(strbuf_str(&search->where)),
        types[row->type].wanted);
    *ret_statement = statement_new(arena, strbuf_cstr(&sql), search->parameters, search->count);
    return true;
}

// -- Steering ---------------------------------------------------------------------------

#define BATCH_EXISTS                                                                               \
    " SELECT EXISTS (SELECT FROM u) FROM batch_operations WHERE " SCOPE_SEES_TENANT(               \
        "tenant") " AND key = $2::bigint"

static struct statement steer(struct arena *arena, struct scope scope, const char *sql,
                              uint64_t key)
{
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key));
}

// Items on their way may still be done.
struct statement catalogue_batch_stop(struct arena *arena, struct scope scope, uint64_t key)
{
    return steer(
        arena, scope,
        "WITH u AS (UPDATE batch_operations SET state = 3, ended = now() WHERE " SCOPE_SEES_TENANT(
            "tenant") " AND key = $2::bigint AND state IN (1, 2) RETURNING key), n AS "
                      "(UPDATE batch_items i SET state = 4, processed = now() FROM u "
                      "WHERE i.batch = u.key AND i.state = 1)" BATCH_EXISTS,
        key);
}

struct statement catalogue_batch_pause(struct arena *arena, struct scope scope, uint64_t key)
{
    return steer(arena, scope,
                 "WITH u AS (UPDATE batch_operations SET state = 2 WHERE " SCOPE_SEES_TENANT(
                     "tenant") " AND key = $2::bigint AND state = 1 RETURNING key)" BATCH_EXISTS,
                 key);
}

struct statement catalogue_batch_continue(struct arena *arena, struct scope scope, uint64_t key)
{
    return steer(arena, scope,
                 "WITH u AS (UPDATE batch_operations SET state = 1 WHERE " SCOPE_SEES_TENANT(
                     "tenant") " AND key = $2::bigint AND state = 2 RETURNING key)" BATCH_EXISTS,
                 key);
}

// -- Working ----------------------------------------------------------------------------

struct statement catalogue_batch_delete(struct arena *arena, int64_t most)
{
    return STATEMENT(arena, "SELECT batch_delete($1::integer)", statement_i64(arena, most));
}

struct statement catalogue_batch_take(struct arena *arena, int64_t most)
{
    return STATEMENT(arena, "SELECT * FROM batch_take($1::integer)", statement_i64(arena, most));
}

struct statement catalogue_batch_fail(struct arena *arena, uint64_t shard, uint64_t key, str why)
{
    return STATEMENT(arena,
                     "UPDATE batch_items SET state = 3, processed = now(), error = $3 WHERE shard "
                     "= $1::integer AND key = $2::bigint",
                     statement_u64(arena, shard), statement_u64(arena, key), why);
}

struct statement catalogue_batch_close(struct arena *arena)
{
    return statement_new(arena, "SELECT batch_close()", NULL, 0);
}
