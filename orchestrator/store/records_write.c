// SPDX-License-Identifier: Apache-2.0
//
// A turn's records as rows. Those that are new go in by COPY, where the role may; those that were
// there, and all of a turn in which a new one turned out not to be, by statements that take either.
#include "base/digest.h"
#include "store/bulk.h"
#include "store/records_private.h"

#include <string.h>

#define COPY(table, columns) "COPY " table " (" columns ") FROM STDIN (FORMAT binary)"

// The rows of one table: those that are copied, and the others.
struct table {
    const char *copy;
    enum records_statement store;
    const enum param_type *types;
    size_t columns;
    struct bulk fresh;
    struct bulk others;
};

struct writing {
    struct records *records;
    const struct records_turn *turn;
    struct idmap deleted; // instances that are not there any more
    struct error *err;
};

static struct table *table_new(const struct writing *writing, struct table table)
{
    struct arena *arena = writing->turn->arena;
    struct table *made = ARENA_NEW(arena, struct table);
    *made = table;
    bulk_init(&made->fresh, arena, table.types, table.columns, true);
    bulk_init(&made->others, arena, table.types, table.columns, false);
    return made;
}

static struct bulk *rows_of(const struct writing *writing, struct table *table, bool is_new)
{
    const struct records *records = writing->records;
    return is_new && records->may_copy && !records->is_careful ? &table->fresh : &table->others;
}

static bool copy(const struct writing *writing, struct table *table)
{
    static const char unique_violation[] = "23505";
    struct records *records = writing->records;
    char sqlstate[6];
    if (bulk_copy(&table->fresh, records->conn, table->copy, sqlstate))
        return true;
    records->is_careful = strcmp(sqlstate, unique_violation) == 0;
    return records_fail(records, writing->err);
}

static bool store(const struct writing *writing, struct table *table)
{
    if (table->fresh.rows > 0 && !copy(writing, table))
        return false;
    if (table->others.rows == 0)
        return true;
    struct params params = params_new(writing->turn->arena);
    bulk_params(&table->others, &params);
    return records_run_only(writing->records, table->store, &params, writing->err);
}

// -- Elements -----------------------------------------------------------------------------

static void add_element(const struct writing *writing, struct table *table,
                        const struct element_record *row, const struct definition_names *names)
{
    struct bulk *rows = rows_of(writing, table, row->is_new);
    struct element_names element = record_names_of(names, row->element, writing->turn->arena);
    bulk_int(rows, writing->turn->shard);
    bulk_int(rows, (int64_t)row->key);
    bulk_int(rows, (int64_t)row->instance);
    if (row->scope != 0)
        bulk_int(rows, (int64_t)row->scope);
    else
        bulk_null(rows);
    bulk_int(rows, (int64_t)row->definition);
    bulk_int(rows, row->element);
    bulk_int(rows, row->is_body);
    bulk_text(rows, names->id);
    bulk_int(rows, names->version);
    bulk_text(rows, names->tenant);
    bulk_text(rows, element.id);
    bulk_text(rows, element.name);
    bulk_text(rows, row->is_body ? STR("multiInstanceBody") : element.type);
    bulk_int(rows, row->state);
    bulk_time(rows, row->started_ms);
    bulk_time(rows, row->ended_ms);
    bulk_time(rows, row->offered_ms);
    bulk_time(rows, row->claimed_ms);
    bulk_optional(rows, row->outcome);
    bulk_optional(rows, row->actor);
    bulk_int(rows, row->attempts);
    bulk_int(rows, row->incidents);
    bulk_optional(rows, row->cost);
    bulk_int(rows, row->breached);
}

static bool store_elements(const struct writing *writing, const struct record_changes *changes)
{
    static const enum param_type types[] = {
        PARAM_I32,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I32,
        PARAM_BOOL, PARAM_TEXT, PARAM_I32,  PARAM_TEXT, PARAM_TEXT, PARAM_TEXT,
        PARAM_TEXT, PARAM_I16,  PARAM_TIME, PARAM_TIME, PARAM_TIME, PARAM_TIME,
        PARAM_TEXT, PARAM_TEXT, PARAM_I32,  PARAM_I32,  PARAM_TEXT, PARAM_BOOL};
    struct table *table = table_new(
        writing, (struct table){.copy = COPY("element_instances", RECORDS_ELEMENT_COLUMNS),
                                .store = RECORDS_STORE_ELEMENTS,
                                .types = types,
                                .columns = COUNT_OF(types)});
    for (size_t i = 0; i < changes->elements.count; i++) {
        const struct element_record *row = changes->elements.items[i];
        const struct definition_names *names =
            record_names_find(&writing->records->names, row->definition);
        if (names != NULL && idmap_get(&writing->deleted, row->instance) == NULL)
            add_element(writing, table, row, names);
    }
    return store(writing, table);
}

// -- Jobs ---------------------------------------------------------------------------------

static void add_job(const struct writing *writing, struct table *table,
                    const struct job_record *row, const struct definition_names *names)
{
    struct bulk *rows = rows_of(writing, table, row->is_new);
    struct element_names element = record_names_of(names, row->element, writing->turn->arena);
    bulk_int(rows, writing->turn->shard);
    bulk_int(rows, (int64_t)row->key);
    bulk_int(rows, (int64_t)row->instance);
    bulk_int(rows, (int64_t)row->element_instance);
    bulk_int(rows, (int64_t)row->definition);
    bulk_int(rows, row->element);
    bulk_int(rows, row->listener);
    bulk_text(rows, names->id);
    bulk_int(rows, names->version);
    bulk_text(rows, names->tenant);
    bulk_text(rows, element.id);
    bulk_text(rows, row->type);
    bulk_int(rows, row->kind);
    bulk_optional(rows, record_names_listener(&element, row->listener));
    bulk_int(rows, row->end);
    bulk_int(rows, row->priority);
    bulk_int(rows, row->retries);
    bulk_int(rows, row->attempt);
    bulk_optional(rows, row->worker);
    bulk_optional(rows, row->error_code);
    bulk_optional(rows, row->error_message);
    bulk_time(rows, row->created_ms);
    bulk_time(rows, row->ended_ms);
}

static bool store_jobs(const struct writing *writing, const struct record_changes *changes)
{
    static const enum param_type types[] = {
        PARAM_I32,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I32,
        PARAM_I32,  PARAM_TEXT, PARAM_I32,  PARAM_TEXT, PARAM_TEXT, PARAM_TEXT,
        PARAM_I16,  PARAM_TEXT, PARAM_I16,  PARAM_I32,  PARAM_I32,  PARAM_I32,
        PARAM_TEXT, PARAM_TEXT, PARAM_TEXT, PARAM_TIME, PARAM_TIME};
    struct table *table =
        table_new(writing, (struct table){.copy = COPY("job_records", RECORDS_JOB_COLUMNS),
                                          .store = RECORDS_STORE_JOBS,
                                          .types = types,
                                          .columns = COUNT_OF(types)});
    for (size_t i = 0; i < changes->jobs.count; i++) {
        const struct job_record *row = changes->jobs.items[i];
        const struct definition_names *names =
            record_names_find(&writing->records->names, row->definition);
        if (names != NULL && idmap_get(&writing->deleted, row->instance) == NULL)
            add_job(writing, table, row, names);
    }
    return store(writing, table);
}

// -- Variables ----------------------------------------------------------------------------

// variable_start() of the schema, for the values that most are: short numbers, truths and texts
// without escapes. False: PostgreSQL is to make it.
static bool plain_start(str value, str *ret_start)
{
    enum { MOST_DIGITS = 15, START = 60 };
    static const char *const words[] = {"true", "false", "null", "0"};
    *ret_start = value;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_equal(value, str_of(words[i])))
            return true;
    if (value.len > 1 && value.data[0] == '"' && value.len <= START)
        return memchr(value.data, '\\', value.len) == NULL;
    size_t digits = 0;
    while (digits < value.len && value.data[digits] >= '0' && value.data[digits] <= '9')
        digits++;
    return value.len > 0 && value.len <= MOST_DIGITS && digits == value.len && value.data[0] != '0';
}

// variable_key() of the schema.
static uint64_t variable_key(uint64_t scope, str name)
{
    enum { SHARD_SHIFT = 51 };
    const uint64_t local = ((uint64_t)1 << SHARD_SHIFT) - 1;
    struct digest digest = digest_sha256(name);
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof hash; i++)
        hash = hash << 8 | (uint8_t)digest.bytes[i];
    return (scope & ~local) | ((hash ^ scope) & local);
}

static void add_variable(const struct writing *writing, struct table *table,
                         const struct variable_record *row, const struct definition_names *names)
{
    str start;
    bool is_plain = plain_start(row->value, &start);
    struct bulk *rows = rows_of(writing, table, row->is_new && is_plain);
    bulk_int(rows, writing->turn->shard);
    bulk_int(rows, (int64_t)row->instance);
    bulk_int(rows, (int64_t)row->scope);
    bulk_text(rows, row->name);
    bulk_int(rows, (int64_t)variable_key(row->scope, row->name));
    bulk_text(rows, names->tenant);
    bulk_text(rows, row->value);
    if (is_plain)
        bulk_text(rows, start);
    else
        bulk_null(rows);
}

static bool store_variables(const struct writing *writing, const struct record_changes *changes)
{
    static const enum param_type types[] = {PARAM_I32, PARAM_I64,  PARAM_I64,  PARAM_TEXT,
                                            PARAM_I64, PARAM_TEXT, PARAM_TEXT, PARAM_TEXT};
    struct table *table =
        table_new(writing, (struct table){.copy = COPY("variables", RECORDS_VARIABLE_COLUMNS),
                                          .store = RECORDS_STORE_VARIABLES,
                                          .types = types,
                                          .columns = COUNT_OF(types)});
    for (size_t i = 0; i < changes->variables.count; i++) {
        const struct variable_record *row = changes->variables.items[i];
        const struct definition_names *names =
            record_names_find(&writing->records->names, row->definition);
        if (names != NULL && !row->is_removed &&
            idmap_get(&writing->deleted, row->instance) == NULL)
            add_variable(writing, table, row, names);
    }
    return store(writing, table);
}

static bool remove_variables(const struct writing *writing, const struct record_changes *changes)
{
    struct arena *arena = writing->turn->arena;
    struct param_array scopes = param_array_new(arena, PARAM_I64);
    struct param_array names = param_array_new(arena, PARAM_TEXT);
    struct param_array instances = param_array_new(arena, PARAM_I64);
    for (size_t i = 0; i < changes->variables.count; i++) {
        const struct variable_record *row = changes->variables.items[i];
        if (!row->is_removed || row->is_new)
            continue;
        param_array_int(&scopes, (int64_t)row->scope);
        param_array_bytes(&names, row->name);
        param_array_int(&instances, (int64_t)row->instance);
    }
    struct params params = records_params(writing->turn);
    params_array(&params, &scopes);
    params_array(&params, &names);
    params_array(&params, &instances);
    return names.count == 0 ||
           records_run_only(writing->records, RECORDS_REMOVE_VARIABLES, &params, writing->err);
}

// -- What is looked up --------------------------------------------------------------------

// Instances that have no record yet and are gone already.
static bool find_deleted(struct writing *writing, const struct record_changes *changes)
{
    struct params params = records_params(writing->turn);
    struct param_array roots = param_array_new(writing->turn->arena, PARAM_I64);
    for (size_t i = 0; i < changes->elements.count; i++) {
        const struct element_record *row = changes->elements.items[i];
        if (row->is_new && row->key == row->instance)
            param_array_int(&roots, (int64_t)row->key);
    }
    if (roots.count == 0)
        return true;
    params_array(&params, &roots);
    PGresult *result = records_run(writing->records, RECORDS_DELETED, &params, writing->err);
    if (result == NULL)
        return false;
    for (int i = 0; i < PQntuples(result); i++)
        idmap_put(&writing->deleted, (uint64_t)field_i64(result, i, 0), writing);
    PQclear(result);
    return true;
}

static void add_names(struct record_names *names, const PGresult *result)
{
    struct definition_names *definition = NULL;
    uint64_t last = 0;
    for (int i = 0; i < PQntuples(result); i++) {
        uint64_t key = (uint64_t)field_i64(result, i, 0);
        const struct definition_names words = {.id = field_str(result, i, 1),
                                               .version = (int32_t)field_i64(result, i, 2),
                                               .tenant = field_str(result, i, 3)};
        const struct element_names element = {.id = field_str(result, i, 5),
                                              .name = field_str(result, i, 6),
                                              .type = field_str(result, i, 7),
                                              .listeners = field_str(result, i, 8)};
        if (key != last)
            definition = record_names_add(names, key, &words);
        last = key;
        record_names_add_element(names, definition, (uint32_t)field_i64(result, i, 4), &element);
    }
}

// One whose elements nobody has noted yet is asked for again.
static void want_names(struct record_names *names, struct idmap *seen, struct param_array *keys,
                       uint64_t definition)
{
    const struct definition_names *known = record_names_find(names, definition);
    if (definition == 0 || (known != NULL && known->elements.count > 0) ||
        idmap_get(seen, definition) != NULL)
        return;
    idmap_put(seen, definition, keys);
    param_array_int(keys, (int64_t)definition);
}

static bool load_names(const struct writing *writing, const struct record_changes *changes)
{
    struct arena *arena = writing->turn->arena;
    struct record_names *names = &writing->records->names;
    struct param_array keys = param_array_new(arena, PARAM_I64);
    struct idmap seen = idmap_new(arena);
    record_names_bound(names);
    for (size_t i = 0; i < changes->elements.count; i++)
        want_names(names, &seen, &keys, changes->elements.items[i]->definition);
    for (size_t i = 0; i < changes->jobs.count; i++)
        want_names(names, &seen, &keys, changes->jobs.items[i]->definition);
    for (size_t i = 0; i < changes->variables.count; i++)
        want_names(names, &seen, &keys, changes->variables.items[i]->definition);
    for (size_t i = 0; i < changes->cases.count; i++)
        want_names(names, &seen, &keys, changes->cases.items[i].definition);
    if (keys.count == 0)
        return true;
    struct params params = params_new(arena);
    params_array(&params, &keys);
    PGresult *result = records_run(writing->records, RECORDS_NAMES, &params, writing->err);
    if (result == NULL)
        return false;
    add_names(names, result);
    PQclear(result);
    return true;
}

bool records_write(struct records *records, const struct records_turn *turn,
                   const struct record_changes *changes, struct error *err)
{
    struct writing writing = {
        .records = records, .turn = turn, .deleted = idmap_new(turn->arena), .err = err};
    bool good = find_deleted(&writing, changes) && load_names(&writing, changes) &&
                store_elements(&writing, changes) && store_jobs(&writing, changes) &&
                store_variables(&writing, changes) && remove_variables(&writing, changes) &&
                records_write_audit(records, turn, changes, err);
    if (good)
        records->is_careful = false;
    return good;
}
