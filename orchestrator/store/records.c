// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"
#include "store/records_private.h"
#include "wire/wire.h"
#include "store/notices.h"
#include "store/row_security.h"

#include <stdlib.h>
#include <string.h>

static const struct pg_statement statements[RECORDS_STATEMENTS] = {
#define RECORDS_STATEMENT(name, sql) [RECORDS_##name] = {"records_" #name, sql},
#include "store/records.def"
#undef RECORDS_STATEMENT
};

// A transaction that nobody ends (a node that was stopped) lets the shard's records go.
static const char session[] =
    "SELECT " STORE_SEES_ALL
    "; SET statement_timeout = '20s'; SET idle_in_transaction_session_timeout = '20s'; "
    "SET synchronous_commit = off; SET jit = off; SET plan_cache_mode = force_custom_plan";

struct records *records_new(const char *url)
{
    struct records *records = calloc(1, sizeof *records);
    check(records != NULL);
    records->rows = RECORDS_TURN_ROWS;
    record_names_init(&records->names);
    records->url = strdup(url);
    check(records->url != NULL);
    return records;
}

void records_free(struct records *records)
{
    if (records == NULL)
        return;
    PQfinish(records->conn);
    record_names_done(&records->names);
    free(records->url);
    free(records);
}

// -- The connection -----------------------------------------------------------------------

bool records_fail(struct records *records, struct error *err)
{
    bool is_lost = PQstatus(records->conn) != CONNECTION_OK;
    str text = str_trim(str_of(PQerrorMessage(records->conn)));
    (void)error_set(err, is_lost ? ERROR_UNAVAILABLE : ERROR_IO, "records", "%.*s", STR_ARG(text));
    if (is_lost) {
        PQfinish(records->conn);
        records->conn = NULL;
    }
    return false;
}

static bool execute(struct records *records, const char *sql, struct error *err)
{
    PGresult *result = PQexec(records->conn, sql);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return good || records_fail(records, err);
}

static bool prepare(struct records *records, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        PGresult *result = PQprepare(records->conn, statements[i].name, statements[i].sql, 0, NULL);
        bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!good)
            return records_fail(records, err);
    }
    return true;
}

static bool look_at_policies(struct records *records, struct error *err)
{
    PGresult *result = PQexec(records->conn, "SELECT row_security_active('variables')");
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    records->may_copy = good && PQgetvalue(result, 0, 0)[0] == 'f';
    PQclear(result);
    return good || records_fail(records, err);
}

bool records_open(struct records *records, struct error *err)
{
    const char *const names[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {records->url, "baton projector", "5", NULL};
    if (records->conn != NULL)
        return true;
    records->conn = PQconnectdbParams(names, values, 1);
    check(records->conn != NULL);
    ignore_notices(records->conn);
    if (PQstatus(records->conn) != CONNECTION_OK)
        return records_fail(records, err);
    if (execute(records, session, err) && look_at_policies(records, err) && prepare(records, err))
        return true;
    PQfinish(records->conn);
    records->conn = NULL;
    return false;
}

PGresult *records_run(struct records *records, enum records_statement statement,
                      const struct params *params, struct error *err)
{
    enum { BINARY = 1 };
    int formats[PG_MAX_PARAMS];
    for (size_t i = 0; i < params->list.count; i++)
        formats[i] = BINARY;
    PGresult *result =
        PQexecPrepared(records->conn, statements[statement].name, (int)params->list.count,
                       params->list.values, params->list.lengths, formats, BINARY);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return result;
    PQclear(result);
    records_fail(records, err);
    return NULL;
}

bool records_run_only(struct records *records, enum records_statement statement,
                      const struct params *params, struct error *err)
{
    PGresult *result = records_run(records, statement, params, err);
    PQclear(result);
    return result != NULL;
}

struct params records_params(const struct records_turn *turn)
{
    struct params params = params_new(turn->arena);
    params_i32(&params, (int32_t)turn->shard);
    return params;
}

void records_abandon(struct records *records)
{
    struct error ignored;
    if (records->conn != NULL)
        (void)execute(records, "ROLLBACK", &ignored);
}

// What failed as a whole may do in pieces.
static bool settle(struct records *records, bool good)
{
    enum { FASTER = 2, SLOWER = 8 };
    records->rows = good ? records->rows * FASTER : records->rows / SLOWER;
    if (records->rows > RECORDS_TURN_ROWS)
        records->rows = RECORDS_TURN_ROWS;
    if (records->rows < 1)
        records->rows = 1;
    return good;
}

// -- What there is to do ------------------------------------------------------------------

bool records_behind(struct records *records, uint32_t *ret_shards, size_t *ret_count,
                    struct records_lag *ret_lag, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct params params = params_new(&arena);
    params_i32(&params, RECORDS_MOST_SHARDS);
    PGresult *result = records_run(records, RECORDS_BEHIND, &params, err);
    arena_done(&arena);
    if (result == NULL)
        return false;
    *ret_lag = (struct records_lag){0};
    *ret_count = (size_t)PQntuples(result);
    for (int i = 0; i < PQntuples(result); i++) {
        int64_t behind_ms = field_i64(result, i, 2);
        ret_shards[i] = (uint32_t)field_i64(result, i, 0);
        ret_lag->batches += (uint64_t)field_i64(result, i, 1);
        ret_lag->behind_ms = behind_ms > ret_lag->behind_ms ? behind_ms : ret_lag->behind_ms;
    }
    PQclear(result);
    return true;
}

// -- Reading ------------------------------------------------------------------------------

static str copied(struct arena *arena, const PGresult *result, int row, int column)
{
    return str_copy(arena, field_str(result, row, column));
}

// False also when another has the lock: then *ret_batch is -1 and *err untouched.
static bool lock(struct records *records, struct records_turn *turn, int64_t *ret_batch,
                 struct error *err)
{
    struct params params = records_params(turn);
    *ret_batch = 0;
    if (!records_run_only(records, RECORDS_NEW, &params, err))
        return false;
    PGresult *result = records_run(records, RECORDS_LOCK, &params, err);
    bool is_mine = result != NULL && PQntuples(result) > 0;
    if (result != NULL)
        *ret_batch = is_mine ? field_i64(result, 0, 0) : -1;
    if (is_mine)
        turn->counted = (uint64_t)field_i64(result, 0, 1);
    PQclear(result);
    return is_mine;
}

static bool find_until(struct records *records, const struct records_turn *turn, int64_t from,
                       int64_t *ret_until, struct error *err)
{
    struct params params = records_params(turn);
    params_i64(&params, from);
    params_i32(&params, records->rows);
    PGresult *result = records_run(records, RECORDS_UNTIL, &params, err);
    if (result != NULL)
        *ret_until = field_i64(result, 0, 0);
    PQclear(result);
    return result != NULL;
}

// One that cannot be read is passed over: it is history's to keep, and `audit verify` tells of it.
static void read_step(const PGresult *result, int row, struct arena *arena,
                      struct history_row *ret_step)
{
    struct event *events;
    struct error err;
    *ret_step = (struct history_row){
        .stream_kind = (enum stream_kind)field_i64(result, row, 4),
        .stream = (uint64_t)field_i64(result, row, 0),
        .time_ms = field_time_ms(result, row, 1),
        .cause = (enum command_type)field_i64(result, row, 5),
        .principal = copied(arena, result, row, 2),
        .origin = copied(arena, result, row, 8),
        .batch = (uint64_t)field_i64(result, row, 6),
        .ordinal = (uint32_t)field_i64(result, row, 7),
    };
    if (wire_decode_events(arena, copied(arena, result, row, 3), &events, &ret_step->count, &err)) {
        ret_step->events = events;
    } else {
        ret_step->count = 0;
        log_warning("records", "stream %llu: a step cannot be read: %s",
                    (unsigned long long)ret_step->stream, err.text);
    }
}

static bool read_steps(struct records *records, int64_t from, struct records_turn *turn,
                       struct error *err)
{
    struct params params = records_params(turn);
    params_i64(&params, from);
    params_i64(&params, (int64_t)turn->batch);
    PGresult *result = records_run(records, RECORDS_STEPS, &params, err);
    if (result == NULL)
        return false;
    turn->count = (size_t)PQntuples(result);
    turn->steps = ARENA_ARRAY(turn->arena, struct history_row, turn->count);
    for (size_t i = 0; i < turn->count; i++)
        read_step(result, (int)i, turn->arena, &turn->steps[i]);
    PQclear(result);
    return true;
}

bool records_begin(struct records *records, uint32_t shard, struct arena *arena,
                   struct records_turn *ret_turn, struct error *err)
{
    int64_t from, until;
    *ret_turn = (struct records_turn){.arena = arena, .shard = shard};
    if (!execute(records, "BEGIN", err))
        return false;
    if (!lock(records, ret_turn, &from, err))
        return from < 0;
    if (!find_until(records, ret_turn, from, &until, err))
        return false;
    if (until == 0)
        return true;
    ret_turn->batch = (uint64_t)until;
    return settle(records, read_steps(records, from, ret_turn, err));
}

struct keys {
    struct param_array instances;
    struct param_array keys;
};

static struct keys keys_new(struct arena *arena)
{
    return (struct keys){param_array_new(arena, PARAM_I64), param_array_new(arena, PARAM_I64)};
}

static void keys_add(struct keys *keys, uint64_t instance, uint64_t key)
{
    param_array_int(&keys->instances, (int64_t)instance);
    param_array_int(&keys->keys, (int64_t)key);
}

static PGresult *run_keys(struct records *records, enum records_statement statement,
                          const struct records_turn *turn, struct keys *keys, struct error *err)
{
    struct params params = records_params(turn);
    params_array(&params, &keys->instances);
    params_array(&params, &keys->keys);
    return records_run(records, statement, &params, err);
}

static struct job_record job_of(const PGresult *result, int row, struct arena *arena)
{
    return (struct job_record){.key = (uint64_t)field_i64(result, row, 0),
                               .instance = (uint64_t)field_i64(result, row, 1),
                               .element_instance = (uint64_t)field_i64(result, row, 2),
                               .definition = (uint64_t)field_i64(result, row, 3),
                               .element = (uint32_t)field_i64(result, row, 4),
                               .listener = (uint32_t)field_i64(result, row, 5),
                               .type = copied(arena, result, row, 6),
                               .kind = (enum job_kind)field_i64(result, row, 7),
                               .priority = field_i64(result, row, 8),
                               .retries = field_i64(result, row, 9),
                               .attempt = field_i64(result, row, 10),
                               .worker = copied(arena, result, row, 11),
                               .error_message = copied(arena, result, row, 12),
                               .created_ms = field_time_ms(result, row, 13)};
}

static struct element_record element_of(const PGresult *result, int row, struct arena *arena)
{
    return (struct element_record){.key = (uint64_t)field_i64(result, row, 0),
                                   .instance = (uint64_t)field_i64(result, row, 1),
                                   .scope = (uint64_t)field_i64(result, row, 2),
                                   .definition = (uint64_t)field_i64(result, row, 3),
                                   .element = (uint32_t)field_i64(result, row, 4),
                                   .is_body = field_bool(result, row, 5),
                                   .state = (enum element_state)field_i64(result, row, 6),
                                   .started_ms = field_time_ms(result, row, 7),
                                   .ended_ms = field_time_ms(result, row, 8),
                                   .offered_ms = field_time_ms(result, row, 9),
                                   .claimed_ms = field_time_ms(result, row, 10),
                                   .outcome = copied(arena, result, row, 11),
                                   .actor = copied(arena, result, row, 12),
                                   .attempts = (uint32_t)field_i64(result, row, 13),
                                   .incidents = (uint32_t)field_i64(result, row, 14),
                                   .cost = copied(arena, result, row, 15),
                                   .breached = field_bool(result, row, 16)};
}

static bool load_jobs(struct records *records, const struct records_turn *turn,
                      const struct record_wanted *wanted, struct records_loaded *loaded,
                      struct error *err)
{
    struct keys keys = keys_new(turn->arena);
    for (size_t i = 0; i < wanted->jobs.count; i++)
        keys_add(&keys, wanted->jobs.items[i].instance, wanted->jobs.items[i].key);
    if (wanted->jobs.count == 0)
        return true;
    PGresult *result = run_keys(records, RECORDS_JOBS, turn, &keys, err);
    if (result == NULL)
        return false;
    loaded->job_count = (size_t)PQntuples(result);
    loaded->jobs = ARENA_ARRAY(turn->arena, struct job_record, loaded->job_count);
    for (size_t i = 0; i < loaded->job_count; i++)
        loaded->jobs[i] = job_of(result, (int)i, turn->arena);
    PQclear(result);
    return true;
}

// The wanted ones and those of the loaded jobs, each once.
static struct keys element_keys(const struct records_turn *turn, const struct record_wanted *wanted,
                                const struct records_loaded *loaded)
{
    struct keys keys = keys_new(turn->arena);
    struct idmap seen = idmap_new(turn->arena);
    for (size_t i = 0; i < wanted->elements.count; i++) {
        keys_add(&keys, wanted->elements.items[i].instance, wanted->elements.items[i].key);
        idmap_put(&seen, wanted->elements.items[i].key, &seen);
    }
    for (size_t i = 0; i < loaded->job_count; i++) {
        const struct job_record *job = &loaded->jobs[i];
        if (job->element_instance == 0 || idmap_get(&seen, job->element_instance) != NULL)
            continue;
        keys_add(&keys, job->instance, job->element_instance);
        idmap_put(&seen, job->element_instance, &seen);
    }
    return keys;
}

static bool load_elements(struct records *records, const struct records_turn *turn,
                          const struct record_wanted *wanted, struct records_loaded *loaded,
                          struct error *err)
{
    struct keys keys = element_keys(turn, wanted, loaded);
    if (keys.keys.count == 0)
        return true;
    PGresult *result = run_keys(records, RECORDS_ELEMENTS, turn, &keys, err);
    if (result == NULL)
        return false;
    loaded->element_count = (size_t)PQntuples(result);
    loaded->elements = ARENA_ARRAY(turn->arena, struct element_record, loaded->element_count);
    for (size_t i = 0; i < loaded->element_count; i++)
        loaded->elements[i] = element_of(result, (int)i, turn->arena);
    PQclear(result);
    return true;
}

bool records_load(struct records *records, const struct records_turn *turn,
                  const struct record_wanted *wanted, struct records_loaded *ret_loaded,
                  struct error *err)
{
    *ret_loaded = (struct records_loaded){0};
    return load_jobs(records, turn, wanted, ret_loaded, err) &&
           load_elements(records, turn, wanted, ret_loaded, err);
}

bool records_store(struct records *records, const struct records_turn *turn,
                   const struct record_changes *changes, struct error *err)
{
    return records_write(records, turn, changes, err) || settle(records, false);
}

bool records_commit(struct records *records, const struct records_turn *turn, struct error *err)
{
    struct params params = records_params(turn);
    params_i64(&params, (int64_t)turn->batch);
    return settle(records, records_run_only(records, RECORDS_ADVANCE, &params, err) &&
                               execute(records, "COMMIT", err));
}
