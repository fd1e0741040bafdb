// SPDX-License-Identifier: Apache-2.0
//
// Process instances: create, look, cancel, modify, migrate, suspend, resume, restart.
#include "api/api_private.h"
#include "gateway/batch.h"
#include "gateway/history.h"
#include "gateway/start.h"
#include "store/read/read.h"

static void answer_created(struct caller *caller, const struct reply *reply)
{
    struct request *request = request_of(caller);
    str business_id = json_get_str(request->body, STR("businessId"), STR_EMPTY);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_key(&w, STR("processInstanceKey"), reply->instance);
    write_key(&w, STR("processDefinitionKey"), reply->definition);
    write_text(&w, STR("processDefinitionId"), reply->process_id);
    json_key(&w, STR("processDefinitionVersion"));
    json_i64(&w, reply->version);
    write_tenant(&w, caller->tenant);
    write_json(&w, STR("variables"), reply->variables.len > 0 ? reply->variables : STR("{}"));
    str tags = request_member_json(request, request->body, STR("tags"));
    write_json(&w, STR("tags"), tags.len > 0 ? tags : STR("[]"));
    write_optional(&w, STR("businessId"), business_id);
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

// The elements after which the instance is to end, as the list of their ids.
static str ends_after(struct request *request)
{
    const struct json *list = json_get(request->body, STR("runtimeInstructions"));
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    if (!json_is(list, JSON_ARRAY) || list->count == 0)
        return STR_EMPTY;
    json_begin_array(&w);
    for (size_t i = 0; i < list->count; i++)
        json_string(&w, json_get_str(&list->items[i], STR("afterElementId"), STR_EMPTY));
    json_end_array(&w);
    return strbuf_str(&out);
}

// By key or by id, not by both; false after answering.
static bool read_definition(struct request *request, struct create_instance *create, str tag)
{
    str id = json_get_str(request->body, STR("processDefinitionId"), STR_EMPTY);
    bool by_key = create->definition != 0;
    if (by_key != (id.len > 0) && (!by_key || tag.len == 0)) {
        create->process_id = id;
        return true;
    }
    request_problem(request, 400, "INVALID_ARGUMENT",
                    STR("name one of processDefinitionKey and processDefinitionId, the id perhaps "
                        "with processDefinitionVersion or processDefinitionVersionTag"));
    return false;
}

// How long the caller wants to wait instead of api.timeout_ms.
static struct caller *patient_caller(struct request *request)
{
    struct caller *caller = caller_of(request);
    int64_t timeout_ms = json_get_i64(request->body, STR("requestTimeout"), 0);
    caller->timeout_ms = timeout_ms > 0 ? timeout_ms : 0;
    return caller;
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
    create->tags = request_member_json(request, request->body, STR("tags"));
    create->ends_after = ends_after(request);
    create->deduplication_id = request_header(request, "Idempotency-Key");
    create->version = (int32_t)json_get_i64(request->body, STR("processDefinitionVersion"), -1);
    str tag = json_get_str(request->body, STR("processDefinitionVersionTag"), STR_EMPTY);
    if (!read_definition(request, create, tag))
        return;
    if (create->await_completion && !request_may_wait(request))
        return;
    gateway_start(patient_caller(request), create, tag, answer_created);
}

void handle_instance_restart(struct request *request)
{
    int64_t until = json_get_i64(request->body, STR("sequence"), INT64_MAX);
    uint64_t key;
    if (request_key(request, 0, &key))
        history_restart(patient_caller(request), key, until,
                        json_get(request->body, STR("variables")), answer_created);
}

void handle_instance_search(struct request *request)
{
    answer_search(request, &collection_instances, (struct search_scope){0});
}

void handle_instance_get(struct request *request)
{
    answer_one(request, &collection_instances);
}

static void send_plain(struct request *request, enum command_type type)
{
    struct command command = {.type = type};
    if (request_key(request, 0, &command.instance))
        call_instance(caller_of(request), &command, answer_done);
}

void handle_instance_cancel(struct request *request)
{
    send_plain(request, COMMAND_CANCEL_INSTANCE);
}

void handle_instance_name(struct request *request)
{
    struct command command = {.type = COMMAND_NAME_INSTANCE};
    struct caller *caller = caller_of(request);
    if (!request_key(request, 0, &command.instance) ||
        !request_text(request, STR("businessId"), &command.create_instance.business_id))
        return;
    if (gateway_has_unique_ids(caller->gateway))
        request_problem(request, 409, "INVALID_STATE", STR(UNIQUE_IDS_AT_START));
    else
        call_instance(caller, &command, answer_done);
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
            .variables = STR_EMPTY,
            .scoped_variables = batch_json_of(
                &request->arena, json_get(&activate->items[i], STR("variableInstructions"))),
        };
    for (size_t i = 0; i < list_length(terminate); i++)
        modify->instructions[modify->count++] = (struct element_instruction){
            .element_id = json_get_str(&terminate->items[i], STR("elementId"), STR_EMPTY),
            .element_instance = key_member(&terminate->items[i], STR("elementInstanceKey")),
            .variables = STR_EMPTY,
            .terminate = true,
        };
    batch_read_moves(&request->arena, json_get(request->body, STR("moveInstructions")), modify);
    call_instance(caller_of(request), &command, answer_done);
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
    call_instance(caller_of(request), &command, answer_done);
}

void handle_instance_incidents(struct request *request)
{
    struct search_scope scope = {.field = "processInstanceKey"};
    if (request_key(request, 0, &scope.key))
        answer_search(request, &collection_incidents, scope);
}

static void on_callers(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    if (query_row_count(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no process instance with key %.*s",
                               STR_ARG(request->arguments[0]));
        return;
    }
    json_begin_array(&w);
    for (size_t row = 0; row < query_row_count(rows); row++) {
        json_begin_object(&w);
        write_text(&w, STR("processInstanceKey"), query_value(rows, row, 0));
        write_text(&w, STR("processDefinitionKey"), query_value(rows, row, 1));
        write_text(&w, STR("processDefinitionName"), query_value(rows, row, 2));
        json_end_object(&w);
    }
    json_end_array(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_instance_callers(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_callers(caller->arena, caller->scope, key), on_callers, NULL);
}

void handle_instance_waiting(struct request *request)
{
    struct search_scope scope = {.field = "processInstanceKey"};
    if (request_key(request, 0, &scope.key))
        answer_search(request, &collection_waiting, scope);
}
