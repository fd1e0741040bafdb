// SPDX-License-Identifier: Apache-2.0
#include "api/batch.h"

#include "api/api_private.h"
#include "api/collections.h"
#include "api/read.h"
#include "api/route.h"
#include "api/search_sql.h"
#include "record/key.h"

static const struct {
    enum batch_type type;
    const char *name;
    const char *wanted;
} types[] = {
#define BATCH(name, number, wanted) {BATCH_##name, #name, wanted},
#include "api/batch.def"
#undef BATCH
};

static const char *wanted_of(enum batch_type type)
{
    return types[type - 1].wanted;
}

// -- What an item does ------------------------------------------------------------------

static size_t length_of(const struct json *list)
{
    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

void batch_read_mappings(struct arena *arena, const struct json *list,
                         struct migrate_instance *migrate)
{
    migrate->count = length_of(list);
    migrate->mappings = ARENA_ARRAY(arena, struct element_mapping, migrate->count);
    for (size_t i = 0; i < migrate->count; i++)
        migrate->mappings[i] = (struct element_mapping){
            json_get_str(&list->items[i], STR("sourceElementId"), STR_EMPTY),
            json_get_str(&list->items[i], STR("targetElementId"), STR_EMPTY)};
}

void batch_read_moves(struct arena *arena, const struct json *list, struct modify_instance *modify)
{
    size_t count = length_of(list);
    struct element_instruction *all =
        ARENA_ARRAY(arena, struct element_instruction, modify->count + count);
    if (modify->count > 0)
        memcpy(all, modify->instructions, modify->count * sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[modify->count++] = (struct element_instruction){
            .element_id = json_get_str(&list->items[i], STR("targetElementId"), STR_EMPTY),
            .move_from = json_get_str(&list->items[i], STR("sourceElementId"), STR_EMPTY),
            .variables = STR_EMPTY};
    modify->instructions = all;
}

static bool read_migration(struct arena *arena, const struct json *parameters,
                           struct migrate_instance *migrate, const char **ret_why)
{
    const struct json *plan = json_get(parameters, STR("migrationPlan"));
    const struct json *target = json_get(plan, STR("targetProcessDefinitionKey"));
    *ret_why = "a migration needs \"migrationPlan\" with \"targetProcessDefinitionKey\"";
    batch_read_mappings(arena, json_get(plan, STR("mappingInstructions")), migrate);
    migrate->dry_run = json_get_bool(parameters, STR("dryRun"), false);
    return target != NULL && (target->type == JSON_STRING || target->type == JSON_NUMBER) &&
           str_to_u64(target->text, &migrate->target_definition);
}

static bool read_modification(struct arena *arena, const struct json *parameters,
                              struct modify_instance *modify, const char **ret_why)
{
    *ret_why = "a modification needs \"moveInstructions\": [{sourceElementId, targetElementId}]";
    modify->variables = STR_EMPTY;
    batch_read_moves(arena, json_get(parameters, STR("moveInstructions")), modify);
    return modify->count > 0 && modify->count <= COMMAND_MAX_INSTRUCTIONS;
}

bool batch_command(struct arena *arena, enum batch_type type, const struct json *parameters,
                   struct command *ret_command, const char **ret_why)
{
    struct command command = {.type = COMMAND_NONE};
    bool ok = true;
    switch (type) {
    case BATCH_CANCEL_PROCESS_INSTANCE:
        command.type = COMMAND_CANCEL_INSTANCE;
        break;
    case BATCH_RESOLVE_INCIDENT:
        command.type = COMMAND_RESOLVE_INCIDENT;
        break;
    case BATCH_MIGRATE_PROCESS_INSTANCE:
        command.type = COMMAND_MIGRATE_INSTANCE;
        ok = read_migration(arena, parameters, &command.migrate_instance, ret_why);
        break;
    case BATCH_MODIFY_PROCESS_INSTANCE:
        command.type = COMMAND_MODIFY_INSTANCE;
        ok = read_modification(arena, parameters, &command.modify_instance, ret_why);
        break;
    case BATCH_SUSPEND_PROCESS_INSTANCE:
        command.type = COMMAND_SUSPEND_INSTANCE;
        break;
    case BATCH_RESUME_PROCESS_INSTANCE:
        command.type = COMMAND_RESUME_INSTANCE;
        break;
    case BATCH_DELETE_PROCESS_INSTANCE: // nothing for the engine: it has forgotten the instance
        break;
    }
    *ret_command = command;
    return ok;
}

// -- Beginning --------------------------------------------------------------------------

static void answer_begun(struct request *request, void *context, const struct read_result *rows)
{
    enum batch_type type = *(enum batch_type *)context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("batchOperationKey"));
    json_string(&w, read_cell(rows, 0, 0));
    json_key(&w, STR("batchOperationType"));
    json_string(&w, str_of(types[type - 1].name));
    json_end_object(&w);
    batch_runner_wake(request->api->batches);
    request_answer_json(request, 200, strbuf_str(&out));
}

// Keys grow with time; a millisecond has room for batch_max_items.
static void add_insert(struct strbuf *sql, struct search_sql *search, struct request *request,
                       enum batch_type type)
{
    strbuf_add(sql, STR("WITH b AS (INSERT INTO batch_operations (key, type, parameters, tenant, "
                        "principal) VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint "
                        "<< 22, "));
    strbuf_format(sql, "%d, ", type);
    search_sql_parameter(search, sql, request->raw_body);
    strbuf_add(sql, STR("::json, "));
    search_sql_parameter(search, sql, request_tenant(request));
    strbuf_add(sql, STR(", "));
    search_sql_parameter(search, sql, request->principal.data ? request->principal : STR_EMPTY);
    strbuf_add(sql, STR(") RETURNING key), "));
}

static void begin(struct request *request, enum batch_type type)
{
    struct search_sql *search = ARENA_NEW(&request->arena, struct search_sql);
    enum batch_type *context = arena_copy(&request->arena, &type, sizeof type);
    struct command command;
    struct error err;
    const char *why;
    if (!json_is(json_get(request->body, STR("filter")), JSON_OBJECT)) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"filter\" is missing: {} means every instance"));
        return;
    }
    if (!batch_command(&request->arena, type, request->body, &command, &why)) {
        request_problem(request, 400, "INVALID_ARGUMENT", str_of(why));
        return;
    }
    if (!search_sql_build(&request->arena, &collection_instances, request->body, search, &err)) {
        request_failed(request, &err);
        return;
    }
    bool incidents = type == BATCH_RESOLVE_INCIDENT;
    struct strbuf sql = strbuf_new(&request->arena);
    add_insert(&sql, search, request, type);
    strbuf_format(&sql,
                  "f AS (SELECT i.shard, i.key AS instance, %s AS item FROM %s%s WHERE %.*s AND "
                  "%s), n AS (INSERT INTO batch_items (shard, key, batch, instance, item) SELECT "
                  "f.shard, b.key + row_number() OVER (), b.key, f.instance, f.item FROM f, b) "
                  "SELECT key FROM b",
                  incidents ? "n.key" : "i.key", collection_instances.from,
                  incidents ? " JOIN incidents n ON n.shard = i.shard AND n.instance = i.key AND "
                              "n.state = 1"
                            : "",
                  STR_ARG(strbuf_str(&search->where)), wanted_of(type));
    read_run(request, &(struct read){strbuf_cstr(&sql), search->parameters, search->count},
             answer_begun, context);
}

void handle_batch_cancel(struct request *request)
{
    begin(request, BATCH_CANCEL_PROCESS_INSTANCE);
}

void handle_batch_resolve(struct request *request)
{
    begin(request, BATCH_RESOLVE_INCIDENT);
}

void handle_batch_migrate(struct request *request)
{
    begin(request, BATCH_MIGRATE_PROCESS_INSTANCE);
}

void handle_batch_modify(struct request *request)
{
    begin(request, BATCH_MODIFY_PROCESS_INSTANCE);
}

void handle_batch_delete(struct request *request)
{
    begin(request, BATCH_DELETE_PROCESS_INSTANCE);
}

void handle_batch_suspend(struct request *request)
{
    begin(request, BATCH_SUSPEND_PROCESS_INSTANCE);
}

void handle_batch_resume(struct request *request)
{
    begin(request, BATCH_RESUME_PROCESS_INSTANCE);
}

// -- Looking and steering ---------------------------------------------------------------

void handle_batch_search(struct request *request)
{
    search_collection(request, &collection_batches, (struct search_scope){0});
}

void handle_batch_items(struct request *request)
{
    search_collection(request, &collection_batch_items, (struct search_scope){0});
}

void handle_batch_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_batches, key);
}

static void answer_steered(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    if (rows->row_count == 0)
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no batch operation with key %.*s",
                               STR_ARG(request->arguments[0]));
    else if (!str_equal(read_cell(rows, 0, 0), STR("t")))
        request_problem(request, 409, "INVALID_STATE",
                        STR("the batch operation is not in a state that allows this"));
    else {
        batch_runner_wake(request->api->batches);
        request_answer_empty(request);
    }
}

static void steer(struct request *request, const char *sql)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(request, &(struct read){sql, request->arguments, 1}, answer_steered, NULL);
}

// Items on their way may still be done.
void handle_batch_stop(struct request *request)
{
    steer(request,
          "WITH u AS (UPDATE batch_operations SET state = 3, ended = now() WHERE key = $1::bigint "
          "AND state IN (1, 2) RETURNING key), n AS (UPDATE batch_items i SET state = 4, processed "
          "= now() FROM u WHERE i.batch = u.key AND i.state = 1) "
          "SELECT EXISTS (SELECT FROM u) FROM batch_operations WHERE key = $1::bigint");
}

void handle_batch_pause(struct request *request)
{
    steer(request, "WITH u AS (UPDATE batch_operations SET state = 2 WHERE key = $1::bigint AND "
                   "state = 1 RETURNING key) SELECT EXISTS (SELECT FROM u) FROM batch_operations "
                   "WHERE key = $1::bigint");
}

void handle_batch_continue(struct request *request)
{
    steer(request, "WITH u AS (UPDATE batch_operations SET state = 1 WHERE key = $1::bigint AND "
                   "state = 2 RETURNING key) SELECT EXISTS (SELECT FROM u) FROM batch_operations "
                   "WHERE key = $1::bigint");
}

static void answer_deleted(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    if (str_equal(read_cell(rows, 0, 0), STR("t")))
        request_answer_empty(request);
    else
        request_problem_format(request, 409, "INVALID_STATE",
                               "instance %.*s runs, or is not there: only what has ended can be "
                               "deleted",
                               STR_ARG(request->arguments[0]));
}

void handle_instance_delete(struct request *request)
{
    uint64_t key;
    if (!request_key(request, 0, &key))
        return;
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    parameters[0] = str_format(&request->arena, "%u", key_shard(key));
    parameters[1] = request->arguments[0];
    read_run(request,
             &(struct read){"SELECT instance_delete($1::integer, $2::bigint)", parameters, 2},
             answer_deleted, NULL);
}
