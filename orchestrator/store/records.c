// SPDX-License-Identifier: Apache-2.0
#include "store/records.h"

#include "base/log.h"
#include "store/param.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum records_statement {
#define RECORDS_STATEMENT(name, sql) RECORDS_##name,
#include "store/records.def"
#undef RECORDS_STATEMENT
    RECORDS_STATEMENTS
};

static const struct pg_statement statements[RECORDS_STATEMENTS] = {
#define RECORDS_STATEMENT(name, sql) [RECORDS_##name] = {"records_" #name, sql},
#include "store/records.def"
#undef RECORDS_STATEMENT
};

// A transaction that nobody ends (a node that was stopped) lets the shard's records go.
static const char session[] =
    "SET statement_timeout = '20s'; SET idle_in_transaction_session_timeout = '20s'; "
    "SET synchronous_commit = off; SET jit = off; SET plan_cache_mode = force_custom_plan";

struct records {
    char *url;
    PGconn *conn; // NULL: not connected
    int32_t rows; // of a turn: fewer after one that failed
};

struct records *records_new(const char *url)
{
    struct records *records = calloc(1, sizeof *records);
    check(records != NULL);
    records->rows = RECORDS_TURN_ROWS;
    records->url = strdup(url);
    check(records->url != NULL);
    return records;
}

void records_free(struct records *records)
{
    if (records == NULL)
        return;
    PQfinish(records->conn);
    free(records->url);
    free(records);
}

// -- The connection -----------------------------------------------------------------------

static bool fail(struct records *records, struct error *err)
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
    return good || fail(records, err);
}

static bool prepare(struct records *records, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        PGresult *result = PQprepare(records->conn, statements[i].name, statements[i].sql, 0, NULL);
        bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!good)
            return fail(records, err);
    }
    return true;
}

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

bool records_open(struct records *records, struct error *err)
{
    const char *const names[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {records->url, "baton projector", "5", NULL};
    if (records->conn != NULL)
        return true;
    records->conn = PQconnectdbParams(names, values, 1);
    check(records->conn != NULL);
    PQsetNoticeReceiver(records->conn, ignore_notice, NULL);
    if (PQstatus(records->conn) != CONNECTION_OK)
        return fail(records, err);
    if (execute(records, session, err) && prepare(records, err))
        return true;
    PQfinish(records->conn);
    records->conn = NULL;
    return false;
}

// NULL after *err says why.
static PGresult *run(struct records *records, enum records_statement statement,
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
    (void)fail(records, err);
    return NULL;
}

static bool run_only(struct records *records, enum records_statement statement,
                     const struct params *params, struct error *err)
{
    PGresult *result = run(records, statement, params, err);
    PQclear(result);
    return result != NULL;
}

static struct params params_of_turn(const struct records_turn *turn)
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
    PGresult *result = run(records, RECORDS_BEHIND, &params, err);
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
static bool lock(struct records *records, const struct records_turn *turn, int64_t *ret_batch,
                 struct error *err)
{
    struct params params = params_of_turn(turn);
    *ret_batch = 0;
    if (!run_only(records, RECORDS_NEW, &params, err))
        return false;
    PGresult *result = run(records, RECORDS_LOCK, &params, err);
    bool is_mine = result != NULL && PQntuples(result) > 0;
    if (result != NULL)
        *ret_batch = is_mine ? field_i64(result, 0, 0) : -1;
    PQclear(result);
    return is_mine;
}

static bool find_until(struct records *records, const struct records_turn *turn, int64_t from,
                       int64_t *ret_until, struct error *err)
{
    struct params params = params_of_turn(turn);
    params_i64(&params, from);
    params_i32(&params, records->rows);
    PGresult *result = run(records, RECORDS_UNTIL, &params, err);
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
    *ret_step = (struct history_row){.stream_kind = STREAM_INSTANCE,
                                     .stream = (uint64_t)field_i64(result, row, 0),
                                     .time_ms = field_time_ms(result, row, 1),
                                     .principal = copied(arena, result, row, 2)};
    if (wire_decode_events(arena, copied(arena, result, row, 3), &events, &ret_step->count, &err)) {
        ret_step->events = events;
    } else {
        ret_step->count = 0;
        log_warning("records", "instance %llu: a step cannot be read: %s",
                    (unsigned long long)ret_step->stream, err.text);
    }
}

static bool read_steps(struct records *records, int64_t from, struct records_turn *turn,
                       struct error *err)
{
    struct params params = params_of_turn(turn);
    params_i64(&params, from);
    params_i64(&params, (int64_t)turn->batch);
    PGresult *result = run(records, RECORDS_STEPS, &params, err);
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

static void add_keys(struct params *params, const struct record_key *keys, size_t count)
{
    struct param_array instances = param_array_new(params->arena, PARAM_I64);
    struct param_array array = param_array_new(params->arena, PARAM_I64);
    for (size_t i = 0; i < count; i++) {
        param_array_int(&instances, (int64_t)keys[i].instance);
        param_array_int(&array, (int64_t)keys[i].key);
    }
    params_array(params, &instances);
    params_array(params, &array);
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
                                   .outcome = copied(arena, result, row, 9),
                                   .actor = copied(arena, result, row, 10),
                                   .attempts = (uint32_t)field_i64(result, row, 11),
                                   .incidents = (uint32_t)field_i64(result, row, 12),
                                   .cost = copied(arena, result, row, 13),
                                   .breached = field_bool(result, row, 14)};
}

static bool load_jobs(struct records *records, const struct records_turn *turn,
                      const struct record_wanted *wanted, struct records_loaded *loaded,
                      struct error *err)
{
    if (wanted->jobs.count == 0)
        return true;
    struct params params = params_of_turn(turn);
    add_keys(&params, wanted->jobs.items, wanted->jobs.count);
    PGresult *result = run(records, RECORDS_JOBS, &params, err);
    if (result == NULL)
        return false;
    loaded->job_count = (size_t)PQntuples(result);
    loaded->jobs = ARENA_ARRAY(turn->arena, struct job_record, loaded->job_count);
    for (size_t i = 0; i < loaded->job_count; i++)
        loaded->jobs[i] = job_of(result, (int)i, turn->arena);
    PQclear(result);
    return true;
}

static bool load_elements(struct records *records, const struct records_turn *turn,
                          const struct record_wanted *wanted, struct records_loaded *loaded,
                          struct error *err)
{
    if (wanted->jobs.count + wanted->elements.count == 0)
        return true;
    struct params params = params_of_turn(turn);
    add_keys(&params, wanted->elements.items, wanted->elements.count);
    add_keys(&params, wanted->jobs.items, wanted->jobs.count);
    PGresult *result = run(records, RECORDS_ELEMENTS, &params, err);
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

// -- Writing ------------------------------------------------------------------------------

static bool store_elements(struct records *records, const struct records_turn *turn,
                           const struct record_changes *changes, struct error *err)
{
    enum {
        KEY,
        INSTANCE,
        SCOPE,
        DEFINITION,
        ELEMENT,
        BODY,
        STATE,
        STARTED,
        ENDED,
        OUTCOME,
        ACTOR,
        ATTEMPTS,
        INCIDENTS,
        COST,
        BREACHED,
        COLUMNS
    };
    static const enum param_type types[COLUMNS] = {
        PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I64, PARAM_I32, PARAM_BOOL, PARAM_I16, PARAM_TIME,
        PARAM_TIME, PARAM_TEXT, PARAM_TEXT, PARAM_I32, PARAM_I32, PARAM_TEXT, PARAM_BOOL};
    struct param_array columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = param_array_new(turn->arena, types[i]);
    for (size_t i = 0; i < changes->elements.count; i++) {
        const struct element_record *row = changes->elements.items[i];
        param_array_int(&columns[KEY], (int64_t)row->key);
        param_array_int(&columns[INSTANCE], (int64_t)row->instance);
        param_array_int(&columns[SCOPE], (int64_t)row->scope);
        param_array_int(&columns[DEFINITION], (int64_t)row->definition);
        param_array_int(&columns[ELEMENT], row->element);
        param_array_int(&columns[BODY], row->is_body);
        param_array_int(&columns[STATE], row->state);
        param_array_time(&columns[STARTED], row->started_ms);
        param_array_time(&columns[ENDED], row->ended_ms);
        param_array_bytes(&columns[OUTCOME], row->outcome);
        param_array_bytes(&columns[ACTOR], row->actor);
        param_array_int(&columns[ATTEMPTS], row->attempts);
        param_array_int(&columns[INCIDENTS], row->incidents);
        param_array_bytes(&columns[COST], row->cost);
        param_array_int(&columns[BREACHED], row->breached);
    }
    struct params params = params_of_turn(turn);
    for (size_t i = 0; i < COLUMNS; i++)
        params_array(&params, &columns[i]);
    return changes->elements.count == 0 || run_only(records, RECORDS_STORE_ELEMENTS, &params, err);
}

static bool store_jobs(struct records *records, const struct records_turn *turn,
                       const struct record_changes *changes, struct error *err)
{
    enum {
        KEY,
        INSTANCE,
        ELEMENT_INSTANCE,
        DEFINITION,
        ELEMENT,
        LISTENER,
        TYPE,
        KIND,
        STATE,
        PRIORITY,
        RETRIES,
        ATTEMPT,
        WORKER,
        CODE,
        MESSAGE,
        CREATED,
        ENDED,
        COLUMNS
    };
    static const enum param_type types[COLUMNS] = {
        PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I32, PARAM_I32,
        PARAM_TEXT, PARAM_I16,  PARAM_I16,  PARAM_I32,  PARAM_I32, PARAM_I32,
        PARAM_TEXT, PARAM_TEXT, PARAM_TEXT, PARAM_TIME, PARAM_TIME};
    struct param_array columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = param_array_new(turn->arena, types[i]);
    for (size_t i = 0; i < changes->jobs.count; i++) {
        const struct job_record *row = changes->jobs.items[i];
        param_array_int(&columns[KEY], (int64_t)row->key);
        param_array_int(&columns[INSTANCE], (int64_t)row->instance);
        param_array_int(&columns[ELEMENT_INSTANCE], (int64_t)row->element_instance);
        param_array_int(&columns[DEFINITION], (int64_t)row->definition);
        param_array_int(&columns[ELEMENT], row->element);
        param_array_int(&columns[LISTENER], row->listener);
        param_array_bytes(&columns[TYPE], row->type);
        param_array_int(&columns[KIND], row->kind);
        param_array_int(&columns[STATE], row->end);
        param_array_int(&columns[PRIORITY], row->priority);
        param_array_int(&columns[RETRIES], row->retries);
        param_array_int(&columns[ATTEMPT], row->attempt);
        param_array_bytes(&columns[WORKER], row->worker);
        param_array_bytes(&columns[CODE], row->error_code);
        param_array_bytes(&columns[MESSAGE], row->error_message);
        param_array_time(&columns[CREATED], row->created_ms);
        param_array_time(&columns[ENDED], row->ended_ms);
    }
    struct params params = params_of_turn(turn);
    for (size_t i = 0; i < COLUMNS; i++)
        params_array(&params, &columns[i]);
    return changes->jobs.count == 0 || run_only(records, RECORDS_STORE_JOBS, &params, err);
}

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

// Those that are removed, or those that are not.
static bool store_variables(struct records *records, const struct records_turn *turn,
                            const struct record_changes *changes, bool removed, struct error *err)
{
    struct param_array scopes = param_array_new(turn->arena, PARAM_I64);
    struct param_array names = param_array_new(turn->arena, PARAM_TEXT);
    struct param_array instances = param_array_new(turn->arena, PARAM_I64);
    struct param_array values = param_array_new(turn->arena, PARAM_TEXT);
    struct param_array starts = param_array_new(turn->arena, PARAM_TEXT);
    for (size_t i = 0; i < changes->variables.count; i++) {
        const struct variable_record *row = changes->variables.items[i];
        str start;
        if (row->is_removed != removed)
            continue;
        if (plain_start(row->value, &start))
            param_array_bytes(&starts, start);
        else
            param_array_null(&starts);
        param_array_int(&scopes, (int64_t)row->scope);
        param_array_bytes(&names, row->name);
        param_array_int(&instances, (int64_t)row->instance);
        param_array_bytes(&values, row->value);
    }
    struct params params = params_of_turn(turn);
    params_array(&params, &scopes);
    params_array(&params, &names);
    params_array(&params, &instances);
    if (!removed) {
        params_array(&params, &values);
        params_array(&params, &starts);
    }
    return values.count == 0 ||
           run_only(records, removed ? RECORDS_REMOVE_VARIABLES : RECORDS_STORE_VARIABLES, &params,
                    err);
}

bool records_store(struct records *records, const struct records_turn *turn,
                   const struct record_changes *changes, struct error *err)
{
    struct params params = params_of_turn(turn);
    params_i64(&params, (int64_t)turn->batch);
    return settle(records, store_elements(records, turn, changes, err) &&
                               store_jobs(records, turn, changes, err) &&
                               store_variables(records, turn, changes, false, err) &&
                               store_variables(records, turn, changes, true, err) &&
                               run_only(records, RECORDS_ADVANCE, &params, err) &&
                               execute(records, "COMMIT", err));
}
