// SPDX-License-Identifier: Apache-2.0
//
// Process instances: create, look, cancel, modify, migrate, suspend, resume.
#include "api/api_private.h"
#include "api/batch.h"
#include "api/call.h"
#include "api/collections.h"
#include "api/instance.h"
#include "api/read.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/murmur2.h"
#include "record/key.h"

enum { SAME_SHARD_MS = 8, NS_PER_MS = 1000000 };

static void answer_created(struct request *request, const struct reply *reply)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    request_write_key(&w, STR("processInstanceKey"), reply->instance);
    request_write_key(&w, STR("processDefinitionKey"), reply->definition);
    json_key(&w, STR("processDefinitionId"));
    json_string(&w, reply->process_id);
    json_key(&w, STR("processDefinitionVersion"));
    json_i64(&w, reply->version);
    json_key(&w, STR("tenantId"));
    json_string(&w, tenant_outside(request_tenant(request)));
    json_key(&w, STR("variables"));
    json_raw(&w, reply->variables.len > 0 ? reply->variables : STR("{}"));
    json_key(&w, STR("tags"));
    json_raw(&w, STR("[]"));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

// The list under `name` as element instructions; false after answering.
static bool read_starts(struct request *request, struct create_instance *create)
{
    const struct json *list = json_get(request->body, STR("startInstructions"));
    if (!json_is(list, JSON_ARRAY))
        return true;
    if (list->count > COMMAND_MAX_INSTRUCTIONS) {
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "at most COMMAND_MAX_INSTRUCTIONS (%d) start instructions",
                               COMMAND_MAX_INSTRUCTIONS);
        return false;
    }
    create->start_count = list->count;
    create->start_at = ARENA_ARRAY(&request->arena, struct element_instruction, list->count);
    for (size_t i = 0; i < list->count; i++)
        create->start_at[i].element_id = json_get_str(&list->items[i], STR("elementId"), STR_EMPTY);
    return true;
}

// A repeated request goes to the shard that remembers the first one. Others go round, but all that
// come within a moment to the same one: they travel and commit together.
static uint32_t choose_shard(struct api *api, const struct create_instance *create)
{
    if (create->deduplication_id.len > 0)
        return murmur2_partition(create->deduplication_id, api->shard_count);
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns - api->chosen_ns > SAME_SHARD_MS * NS_PER_MS) {
        api->chosen_ns = now_ns;
        api->start_shard = api->next_shard++ % api->shard_count;
    }
    return api->start_shard;
}

void instance_create(struct request *request, const struct create_instance *create)
{
    struct command command = {.type = COMMAND_CREATE_INSTANCE, .create_instance = *create};
    int64_t timeout_ms = json_get_i64(request->body, STR("requestTimeout"), 0);
    if (timeout_ms > 0)
        call_set_timeout(request, timeout_ms);
    call_shard(request, &command, choose_shard(request->api, create), answer_created);
}

// The id has been resolved here, on the primary, so that who deployed before starts what was
// deployed.
static void on_definition(struct request *request, void *context, const struct read_result *rows)
{
    struct create_instance *create = context;
    if (rows->row_count == 0) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "no process '%.*s' with version %d is deployed (-1: any)",
                               STR_ARG(create->process_id), create->version);
        return;
    }
    if (!str_to_u64(read_cell(rows, 0, 0), &create->definition))
        create->definition = 0;
    instance_create(request, create);
}

static void resolve_definition(struct request *request, struct create_instance *create)
{
    str *parameters = ARENA_ARRAY(&request->arena, str, 3);
    parameters[0] = create->process_id;
    parameters[1] = request_tenant(request);
    parameters[2] = str_format(&request->arena, "%d", create->version);
    read_run(
        request,
        &(struct read){"SELECT key FROM definitions WHERE kind = 0 AND id = $1 AND "
                       "deleted IS NULL AND tenant = $2 AND ($3::int <= 0 OR version = $3::int) "
                       "ORDER BY version DESC LIMIT 1",
                       parameters, 3},
        on_definition, create);
}

void handle_instance_create(struct request *request)
{
    struct create_instance *create = ARENA_NEW(&request->arena, struct create_instance);
    if (!request_body_key(request, STR("processDefinitionKey"), &create->definition) ||
        !request_variables(request, STR("variables"), &create->variables) ||
        !read_starts(request, create))
        return;
    create->await_completion = json_get_bool(request->body, STR("awaitCompletion"), false);
    create->fetch_variables = request_member_json(request, request->body, STR("fetchVariables"));
    create->business_id = json_get_str(request->body, STR("businessId"), STR_EMPTY);
    create->deduplication_id = request_header(request, "Idempotency-Key");
    if (create->definition != 0) {
        instance_create(request, create);
        return;
    }
    create->version = (int32_t)json_get_i64(request->body, STR("processDefinitionVersion"), -1);
    if (request_text(request, STR("processDefinitionId"), &create->process_id))
        resolve_definition(request, create);
}

void handle_instance_search(struct request *request)
{
    search_collection(request, &collection_instances, (struct search_scope){0});
}

void handle_instance_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_instances, key);
}

static void send_plain(struct request *request, enum command_type type)
{
    struct command command = {.type = type};
    if (request_key(request, 0, &command.instance))
        call_instance(request, &command, call_answer_empty);
}

void handle_instance_cancel(struct request *request)
{
    send_plain(request, COMMAND_CANCEL_INSTANCE);
}

void handle_instance_suspend(struct request *request)
{
    send_plain(request, COMMAND_SUSPEND_INSTANCE);
}

void handle_instance_resume(struct request *request)
{
    send_plain(request, COMMAND_RESUME_INSTANCE);
}

static size_t list_length(const struct json *list)
{
    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

static uint64_t key_member(const struct json *object, str name)
{
    const struct json *member = json_get(object, name);
    uint64_t key;
    bool readable = member != NULL && (member->type == JSON_STRING || member->type == JSON_NUMBER);
    return readable && str_to_u64(member->text, &key) ? key : 0;
}

// Camunda: variableInstructions [{variables, scopeId}] of an activation; ours are local to the
// activated element.
static str activation_variables(struct request *request, const struct json *activation)
{
    const struct json *list = json_get(activation, STR("variableInstructions"));
    return list_length(list) > 0 ? request_member_json(request, &list->items[0], STR("variables"))
                                 : STR_EMPTY;
}

void handle_instance_modify(struct request *request)
{
    struct command command = {.type = COMMAND_MODIFY_INSTANCE};
    const struct json *activate = json_get(request->body, STR("activateInstructions"));
    const struct json *terminate = json_get(request->body, STR("terminateInstructions"));
    size_t count = list_length(activate) + list_length(terminate);
    struct modify_instance *modify = &command.modify_instance;
    if (!request_key(request, 0, &command.instance) ||
        !request_variables(request, STR("variables"), &modify->variables))
        return;
    if (count > COMMAND_MAX_INSTRUCTIONS) {
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "at most COMMAND_MAX_INSTRUCTIONS (%d) instructions",
                               COMMAND_MAX_INSTRUCTIONS);
        return;
    }
    modify->instructions = ARENA_ARRAY(&request->arena, struct element_instruction, count);
    for (size_t i = 0; i < list_length(activate); i++)
        modify->instructions[modify->count++] = (struct element_instruction){
            .element_id = json_get_str(&activate->items[i], STR("elementId"), STR_EMPTY),
            .element_instance = key_member(&activate->items[i], STR("ancestorElementInstanceKey")),
            .variables = activation_variables(request, &activate->items[i]),
        };
    for (size_t i = 0; i < list_length(terminate); i++)
        modify->instructions[modify->count++] = (struct element_instruction){
            .element_id = json_get_str(&terminate->items[i], STR("elementId"), STR_EMPTY),
            .element_instance = key_member(&terminate->items[i], STR("elementInstanceKey")),
            .variables = STR_EMPTY,
            .terminate = true,
        };
    batch_read_moves(&request->arena, json_get(request->body, STR("moveInstructions")), modify);
    call_instance(request, &command, call_answer_empty);
}

void handle_instance_migrate(struct request *request)
{
    struct command command = {.type = COMMAND_MIGRATE_INSTANCE};
    const struct json *list = json_get(request->body, STR("mappingInstructions"));
    struct migrate_instance *migrate = &command.migrate_instance;
    if (!request_key(request, 0, &command.instance) ||
        !request_body_key(request, STR("targetProcessDefinitionKey"), &migrate->target_definition))
        return;
    batch_read_mappings(&request->arena, list, migrate);
    migrate->dry_run = json_get_bool(request->body, STR("dryRun"), false);
    call_instance(request, &command, call_answer_empty);
}

void handle_instance_incidents(struct request *request)
{
    struct search_scope scope = {.field = "processInstanceKey"};
    if (request_key(request, 0, &scope.key))
        search_collection(request, &collection_incidents, scope);
}

void handle_instance_waiting(struct request *request)
{
    struct search_scope scope = {.field = "processInstanceKey"};
    if (request_key(request, 0, &scope.key))
        search_collection(request, &collection_elements, scope);
}
