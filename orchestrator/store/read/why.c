// SPDX-License-Identifier: Apache-2.0
#include "store/read/why.h"

#include "record/key.h"

static str shard_of(struct arena *arena, uint64_t key)
{
    return key < key_make(0, 0) ? STR("-1") : statement_u64(arena, key_shard(key));
}

// $1 the scope, $2 the key, $3 its shard.
static struct statement by_key(struct arena *arena, struct scope scope, const char *sql,
                               uint64_t key)
{
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, key),
                     shard_of(arena, key));
}

#define SEES_JOB SCOPE_SEES("j.tenant", "j.process_id")
#define SEES_INSTANCE SCOPE_SEES("i.tenant", "i.process_id")
#define SEES_NEWS SCOPE_SEES("w.tenant", "w.name")

struct statement read_why_job(struct arena *arena, struct scope scope, uint64_t job)
{
    static const char sql[] = "SELECT j.* FROM why_jobs j WHERE j.shard = $3::bigint AND j.key = "
                              "$2::bigint AND " SEES_JOB;
    return by_key(arena, scope, sql, job);
}

// $1 the scope, $2 the instance, $3 its shard, $4 the keys.
static struct statement by_keys(struct arena *arena, struct scope scope, const char *sql,
                                const struct why_keys *keys)
{
    str *texts = ARENA_ARRAY(arena, str, keys->count);
    for (size_t i = 0; i < keys->count; i++)
        texts[i] = statement_u64(arena, keys->keys[i]);
    return STATEMENT(arena, sql, scope_parameter(arena, scope),
                     statement_u64(arena, keys->instance), shard_of(arena, keys->instance),
                     statement_array(arena, texts, keys->count));
}

struct statement read_why_jobs(struct arena *arena, struct scope scope, const struct why_keys *jobs)
{
    static const char sql[] =
        "SELECT j.* FROM why_jobs j WHERE j.shard = $3::bigint AND j.key = ANY ($4::bigint[]) AND "
        "j.instance = $2::bigint AND " SEES_JOB " ORDER BY j.key";
    return by_keys(arena, scope, sql, jobs);
}

struct statement read_why_flights(struct arena *arena, const struct why_flights *flights)
{
    static const char sql[] =
        "SELECT * FROM why_flights($1::bigint, $2::text[], $3::text[], $4::integer)";
    return STATEMENT(arena, sql, shard_of(arena, flights->key),
                     statement_array(arena, flights->types, flights->count),
                     statement_array(arena, flights->tenants, flights->count),
                     statement_i64(arena, WHY_FLIGHT_ROWS));
}

// Where a record is behind, the job is over in a way that is not known yet.
struct statement read_why_ended_job(struct arena *arena, struct scope scope, uint64_t job)
{
    static const char sql[] =
        "SELECT j.key, j.type, j.tenant, j.process_id, j.definition, j.instance, j.element_id, "
        "j.element_instance, 0, CASE WHEN j.state = 0 THEN 6 ELSE j.state END, false, j.attempt, "
        "j.retries, NULL, NULL, ms_of(j.ended), j.worker, concat_ws(': ', j.error_code, "
        "j.error_message), ms_of(clock_timestamp()) FROM job_records j WHERE j.shard = $3::bigint "
        "AND j.key = $2::bigint AND " SEES_JOB;
    return by_key(arena, scope, sql, job);
}

struct statement read_why_secrets(struct arena *arena, const struct why_secrets *secrets)
{
    static const char sql[] =
        "SELECT n.name, s.name IS NOT NULL, s.processes = '{}' OR $3::text = ANY (s.processes) "
        "FROM unnest($1::text[]) n (name) LEFT JOIN secrets s ON s.tenant = $2::text AND s.name = "
        "n.name";
    return STATEMENT(arena, sql, statement_array(arena, secrets->names, secrets->count),
                     secrets->tenant, secrets->process_id);
}

struct statement read_why_instance(struct arena *arena, struct scope scope, uint64_t instance)
{
    static const char sql[] =
        "SELECT i.process_id, i.definition, i.state, ms_of(i.ended), i.tenant FROM instances i "
        "WHERE i.shard = $3::bigint AND i.key = $2::bigint AND " SEES_INSTANCE;
    return by_key(arena, scope, sql, instance);
}

struct statement read_why_image(struct arena *arena, struct scope scope, uint64_t instance)
{
    static const char sql[] = "SELECT i.image FROM instances i WHERE i.shard = $3::bigint AND "
                              "i.key = $2::bigint AND i.image IS NOT NULL AND " SEES_INSTANCE;
    return by_key(arena, scope, sql, instance);
}

struct statement read_why_waits(struct arena *arena, struct scope scope,
                                const struct why_keys *waits)
{
    static const char sql[] =
        "SELECT w.* FROM instances i CROSS JOIN LATERAL why_waits($3::bigint, $2::bigint, "
        "$4::bigint[], " SCOPE ".tenants, 200) w WHERE i.shard = $3::bigint AND i.key = $2::bigint "
        "AND " SEES_INSTANCE;
    return by_keys(arena, scope, sql, waits);
}

// Who may ask sees all processes; tenants are told apart all the same.
struct statement read_why_worker(struct arena *arena, struct scope scope, str worker)
{
    static const char sql[] =
        "SELECT w.* FROM why_worker($2::text) w WHERE w.kind = 'KAFKA' OR " SCOPE_SEES_TENANT(
            "w.tenant");
    return STATEMENT(arena, sql, scope_parameter(arena, scope), worker);
}

struct statement read_why_message(struct arena *arena, struct scope scope, uint64_t message)
{
    static const char sql[] =
        "SELECT w.* FROM why_message($3::bigint, $2::bigint) w WHERE " SEES_NEWS;
    return by_key(arena, scope, sql, message);
}

struct statement read_why_name(struct arena *arena, struct scope scope, str name,
                               str correlation_key)
{
    static const char sql[] =
        "SELECT w.* FROM why_name($2::text, $3::text, " SCOPE ".tenants, 20) w WHERE " SEES_NEWS;
    return STATEMENT(arena, sql, scope_parameter(arena, scope), name, correlation_key);
}

struct statement read_why_wanted(struct arena *arena, struct scope scope, str name)
{
    static const char sql[] = "SELECT w.* FROM why_name($2::text, NULL, " SCOPE
                              ".tenants, 20) w WHERE w.kind = 'WANTED' AND " SEES_NEWS;
    return STATEMENT(arena, sql, scope_parameter(arena, scope), name);
}
