// SPDX-License-Identifier: Apache-2.0
#include "store/read/pending.h"

#include "base/json.h"
#include "record/key.h"
#include "store/query.h"

struct statement read_records_lag(struct arena *arena)
{
    static const char sql[] =
        "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, (extract(epoch FROM "
        "min(coalesce(p.time, 'epoch'))) * 1000)::bigint, "
        "to_char(min(coalesce(p.time, 'epoch')) AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
        "FROM shards s LEFT JOIN projections p ON p.shard = s.shard "
        "WHERE s.batch > coalesce(p.batch, 0)";
    return statement_new(arena, sql, NULL, 0);
}

struct statement read_pending_steps(struct arena *arena, struct scope scope, uint64_t instance)
{
    static const char sql[] =
        "SELECT (extract(epoch FROM h.time) * 1000)::bigint, h.principal, h.events FROM history h "
        "LEFT JOIN projections p ON p.shard = h.shard WHERE h.shard = $3::bigint AND h.stream = "
        "$2::bigint AND h.kind = 1 AND h.batch > coalesce(p.batch, 0) AND EXISTS (SELECT FROM "
        "instances i WHERE i.shard = $3::bigint AND i.key = $2::bigint AND " SCOPE_SEES(
            "i.tenant", "i.process_id") ") ORDER BY h.sequence";
    return STATEMENT(arena, sql, scope_parameter(arena, scope), statement_u64(arena, instance),
                     statement_u64(arena, key_shard(instance)));
}

static str keys_array(struct arena *arena, const struct record_key *keys, size_t count)
{
    str *texts = ARENA_ARRAY(arena, str, count);
    for (size_t i = 0; i < count; i++)
        texts[i] = statement_u64(arena, keys[i].key);
    return statement_array(arena, texts, count);
}

#define MS(column) "(extract(epoch FROM " column ") * 1000)::bigint"

struct statement read_wanted_jobs(struct arena *arena, uint64_t instance,
                                  const struct record_wanted *wanted)
{
    static const char sql[] =
        "SELECT key, instance, element_instance, definition, element, listener, type, kind, "
        "priority, retries, attempt, worker, error_message, " MS(
            "created") " FROM job_records "
                       "WHERE shard = $1::bigint AND instance = $2::bigint AND key = "
                       "ANY($3::bigint[])";
    return STATEMENT(arena, sql, statement_u64(arena, key_shard(instance)),
                     statement_u64(arena, instance),
                     keys_array(arena, wanted->jobs.items, wanted->jobs.count));
}

struct statement read_wanted_elements(struct arena *arena, uint64_t instance,
                                      const struct record_wanted *wanted)
{
    static const char sql[] = "SELECT key, instance, scope, definition, element, is_body, "
                              "state, " MS("started") ", " MS("ended") ", " MS("offered") ", " MS(
                                  "claimed") ", outcome, actor, attempts, incidents, cost, "
                                             "breached FROM element_instances "
                                             "WHERE shard = $1::bigint AND instance = $2::bigint "
                                             "AND (key = "
                                             "ANY($3::bigint[]) OR key IN "
                                             "(SELECT j.element_instance FROM job_records j WHERE "
                                             "j.shard = $1::bigint AND "
                                             "j.instance = "
                                             "$2::bigint AND j.key = ANY($4::bigint[])))";
    return STATEMENT(arena, sql, statement_u64(arena, key_shard(instance)),
                     statement_u64(arena, instance),
                     keys_array(arena, wanted->elements.items, wanted->elements.count),
                     keys_array(arena, wanted->jobs.items, wanted->jobs.count));
}

static str text_of(const struct query_rows *rows, size_t row, size_t column, struct arena *arena)
{
    return str_copy(arena, query_value(rows, row, column));
}

struct job_record pending_job_of(const struct query_rows *rows, size_t row, struct arena *arena)
{
    return (struct job_record){.key = query_u64(rows, row, 0),
                               .instance = query_u64(rows, row, 1),
                               .element_instance = query_u64(rows, row, 2),
                               .definition = query_u64(rows, row, 3),
                               .element = (uint32_t)query_u64(rows, row, 4),
                               .listener = (uint32_t)query_u64(rows, row, 5),
                               .type = text_of(rows, row, 6, arena),
                               .kind = (enum job_kind)query_i64(rows, row, 7),
                               .priority = query_i64(rows, row, 8),
                               .retries = query_i64(rows, row, 9),
                               .attempt = query_i64(rows, row, 10),
                               .worker = text_of(rows, row, 11, arena),
                               .error_message = text_of(rows, row, 12, arena),
                               .created_ms = query_i64(rows, row, 13)};
}

struct element_record pending_element_of(const struct query_rows *rows, size_t row,
                                         struct arena *arena)
{
    return (struct element_record){.key = query_u64(rows, row, 0),
                                   .instance = query_u64(rows, row, 1),
                                   .scope = query_u64(rows, row, 2),
                                   .definition = query_u64(rows, row, 3),
                                   .element = (uint32_t)query_u64(rows, row, 4),
                                   .is_body = query_bool(rows, row, 5),
                                   .state = (enum element_state)query_i64(rows, row, 6),
                                   .started_ms = query_i64(rows, row, 7),
                                   .ended_ms = query_i64(rows, row, 8),
                                   .offered_ms = query_i64(rows, row, 9),
                                   .claimed_ms = query_i64(rows, row, 10),
                                   .outcome = text_of(rows, row, 11, arena),
                                   .actor = text_of(rows, row, 12, arena),
                                   .attempts = (uint32_t)query_u64(rows, row, 13),
                                   .incidents = (uint32_t)query_u64(rows, row, 14),
                                   .cost = text_of(rows, row, 15, arena),
                                   .breached = query_bool(rows, row, 16)};
}

// -- As JSON ------------------------------------------------------------------------------

static void add_number(struct json_writer *writer, const char *name, int64_t value)
{
    json_key(writer, str_of(name));
    json_i64(writer, value);
}

static void add_text(struct json_writer *writer, const char *name, str value)
{
    json_key(writer, str_of(name));
    json_string(writer, value);
}

static void add_truth(struct json_writer *writer, const char *name, bool value)
{
    json_key(writer, str_of(name));
    json_bool(writer, value);
}

static void add_element(struct json_writer *writer, const struct element_record *row)
{
    json_begin_object(writer);
    add_number(writer, "shard", key_shard(row->key));
    add_number(writer, "key", (int64_t)row->key);
    add_number(writer, "instance", (int64_t)row->instance);
    add_number(writer, "scope", (int64_t)row->scope);
    add_number(writer, "definition", (int64_t)row->definition);
    add_number(writer, "element", row->element);
    add_truth(writer, "is_body", row->is_body);
    add_number(writer, "state", row->state);
    add_number(writer, "started", row->started_ms);
    add_number(writer, "ended", row->ended_ms);
    add_truth(writer, "breached", row->breached);
    json_end_object(writer);
}

static void add_job(struct json_writer *writer, const struct job_record *row)
{
    json_begin_object(writer);
    add_number(writer, "shard", key_shard(row->key));
    add_number(writer, "key", (int64_t)row->key);
    add_number(writer, "instance", (int64_t)row->instance);
    add_number(writer, "element_instance", (int64_t)row->element_instance);
    add_number(writer, "definition", (int64_t)row->definition);
    add_number(writer, "element", row->element);
    add_number(writer, "listener", row->listener);
    add_text(writer, "type", row->type);
    add_number(writer, "kind", row->kind);
    add_number(writer, "state", row->end);
    add_number(writer, "priority", row->priority);
    add_number(writer, "retries", row->retries);
    add_number(writer, "attempt", row->attempt);
    add_text(writer, "worker", row->worker);
    add_text(writer, "error_code", row->error_code);
    add_text(writer, "error_message", row->error_message);
    add_number(writer, "created", row->created_ms);
    add_number(writer, "ended", row->ended_ms);
    json_end_object(writer);
}

static void add_variable(struct json_writer *writer, const struct variable_record *row)
{
    json_begin_object(writer);
    add_number(writer, "shard", key_shard(row->instance));
    add_number(writer, "instance", (int64_t)row->instance);
    add_number(writer, "scope", (int64_t)row->scope);
    add_text(writer, "name", row->name);
    add_text(writer, "value", row->value);
    add_truth(writer, "removed", row->is_removed);
    json_end_object(writer);
}

struct pending pending_none(void)
{
    return (struct pending){STR("[]"), STR("[]"), STR("[]")};
}

typedef void add_rows(struct json_writer *writer, const struct record_changes *changes);

static void add_elements(struct json_writer *writer, const struct record_changes *changes)
{
    for (size_t i = 0; i < changes->elements.count; i++) {
        const struct element_record *row = changes->elements.items[i];
        if (row->ended_ms != 0 && row->key != row->instance)
            add_element(writer, row);
    }
}

static void add_jobs(struct json_writer *writer, const struct record_changes *changes)
{
    for (size_t i = 0; i < changes->jobs.count; i++)
        if (changes->jobs.items[i]->ended_ms != 0)
            add_job(writer, changes->jobs.items[i]);
}

static void add_variables(struct json_writer *writer, const struct record_changes *changes)
{
    for (size_t i = 0; i < changes->variables.count; i++)
        add_variable(writer, changes->variables.items[i]);
}

static str list_of(struct arena *arena, const struct record_changes *changes, add_rows *add)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer writer = json_writer_new(&out);
    json_begin_array(&writer);
    add(&writer, changes);
    json_end_array(&writer);
    return strbuf_str(&out);
}

struct pending pending_write(struct arena *arena, const struct record_changes *changes)
{
    return (struct pending){.elements = list_of(arena, changes, add_elements),
                            .jobs = list_of(arena, changes, add_jobs),
                            .variables = list_of(arena, changes, add_variables)};
}
