// SPDX-License-Identifier: Apache-2.0
//
// Process instances, messages, signals, conditions.
#include "base/json.h"
#include "gateway/locate.h"
#include "gateway/start.h"
#include "grpc/methods.h"

// -- Starts -------------------------------------------------------------------------------

static bool read_starts(struct grpc_call *call,
                        const GatewayProtocol__CreateProcessInstanceRequest *body,
                        struct create_instance *create)
{
    size_t count = body->n_startinstructions;
    if (count > COMMAND_MAX_INSTRUCTIONS) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "at most COMMAND_MAX_INSTRUCTIONS (%d) start instructions",
                       COMMAND_MAX_INSTRUCTIONS);
        return false;
    }
    create->start_count = count;
    create->start_at = ARENA_ARRAY(&call->arena, struct element_instruction, count);
    for (size_t i = 0; i < count; i++)
        create->start_at[i].element_id = grpc_text(body->startinstructions[i]->elementid);
    return true;
}

static str name_list(struct arena *arena, char **names, size_t count)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++)
        json_string(&w, grpc_text(names[i]));
    json_end_array(&w);
    return count > 0 ? strbuf_str(&out) : STR_EMPTY;
}

// The elements after which the instance is to end, as the list of their ids; false after failing.
static bool read_ends(struct grpc_call *call,
                      const GatewayProtocol__CreateProcessInstanceRequest *body,
                      struct create_instance *create)
{
    size_t count = body->n_runtimeinstructions;
    char **ids = ARENA_ARRAY(&call->arena, char *, count);
    for (size_t i = 0; i < count; i++) {
        if (body->runtimeinstructions[i]->instruction_case == 0) {
            grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                           "a runtime instruction must say terminate.afterElementId");
            return false;
        }
        ids[i] = body->runtimeinstructions[i]->terminate->afterelementid;
    }
    create->ends_after = name_list(&call->arena, ids, count);
    return true;
}

// NULL after failing.
static struct create_instance *
read_create(struct grpc_call *call, const GatewayProtocol__CreateProcessInstanceRequest *body)
{
    struct create_instance *create = ARENA_NEW(&call->arena, struct create_instance);
    *create = (struct create_instance){.definition = (uint64_t)body->processdefinitionkey,
                                       .process_id = grpc_text(body->bpmnprocessid),
                                       .version = body->version,
                                       .tags = name_list(&call->arena, body->tags, body->n_tags)};
    GRPC_REFERENCE(call, body);
    grpc_call_tenant(call, body->tenantid);
    if (create->definition == 0 && create->process_id.len == 0) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "name a process by processDefinitionKey or bpmnProcessId");
        return NULL;
    }
    if (!grpc_variables(call, body->variables, &create->variables) ||
        !read_starts(call, body, create) || !read_ends(call, body, create))
        return NULL;
    call->context = create;
    return create;
}

static char **tags_of(struct caller *caller, size_t *ret_count)
{
    const struct create_instance *create = grpc_call_of(caller)->context;
    return grpc_texts(caller->arena, create->tags, ret_count);
}

static void answer_created(struct caller *caller, const struct reply *reply)
{
    GatewayProtocol__CreateProcessInstanceResponse response =
        GATEWAY_PROTOCOL__CREATE_PROCESS_INSTANCE_RESPONSE__INIT;
    response.processdefinitionkey = (int64_t)reply->definition;
    response.bpmnprocessid = pack_text(caller->arena, reply->process_id);
    response.version = reply->version;
    response.processinstancekey = (int64_t)reply->instance;
    response.tenantid = pack_text(caller->arena, tenant_outside(caller->tenant));
    response.tags = tags_of(caller, &response.n_tags);
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

static void answer_ended(struct caller *caller, const struct reply *reply)
{
    GatewayProtocol__CreateProcessInstanceWithResultResponse response =
        GATEWAY_PROTOCOL__CREATE_PROCESS_INSTANCE_WITH_RESULT_RESPONSE__INIT;
    response.processdefinitionkey = (int64_t)reply->definition;
    response.bpmnprocessid = pack_text(caller->arena, reply->process_id);
    response.version = reply->version;
    response.processinstancekey = (int64_t)reply->instance;
    str variables = reply->variables.len > 0 ? reply->variables : STR("{}");
    response.variables = pack_text(caller->arena, grpc_hidden(caller->arena, variables));
    response.tenantid = pack_text(caller->arena, tenant_outside(caller->tenant));
    response.tags = tags_of(caller, &response.n_tags);
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

GRPC_HANDLER(create_process_instance)
{
    struct create_instance *create = read_create(call, (const void *)request);
    if (create != NULL)
        gateway_start(&call->caller, create, STR_EMPTY, answer_created);
}

GRPC_HANDLER(create_process_instance_with_result)
{
    const GatewayProtocol__CreateProcessInstanceWithResultRequest *body = (const void *)request;
    if (body->request == NULL) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "request must be given");
        return;
    }
    struct create_instance *create = read_create(call, body->request);
    if (create == NULL)
        return;
    create->await_completion = true;
    create->fetch_variables = name_list(&call->arena, body->fetchvariables, body->n_fetchvariables);
    if (body->requesttimeout > 0)
        call->caller.timeout_ms = body->requesttimeout;
    gateway_start(&call->caller, create, STR_EMPTY, answer_ended);
}

// -- Operations on one --------------------------------------------------------------------

GRPC_ANSWER_EMPTY(CancelProcessInstance, cancel_process_instance, CANCEL_PROCESS_INSTANCE)
GRPC_ANSWER_EMPTY(ModifyProcessInstance, modify_process_instance, MODIFY_PROCESS_INSTANCE)
GRPC_ANSWER_EMPTY(MigrateProcessInstance, migrate_process_instance, MIGRATE_PROCESS_INSTANCE)
GRPC_ANSWER_EMPTY(ResolveIncident, resolve_incident, RESOLVE_INCIDENT)

GRPC_HANDLER(cancel_process_instance)
{
    const GatewayProtocol__CancelProcessInstanceRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_CANCEL_INSTANCE,
                              .instance = (uint64_t)body->processinstancekey};
    GRPC_REFERENCE(call, body);
    call_instance(&call->caller, &command, answer_cancel_process_instance);
}

// A JSON array of {"scopeId", "variables"}; false after failing.
static bool
read_scoped(struct grpc_call *call,
            const GatewayProtocol__ModifyProcessInstanceRequest__ActivateInstruction *from,
            str *ret_scoped)
{
    struct strbuf out = strbuf_new(&call->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < from->n_variableinstructions; i++) {
        str variables;
        if (!grpc_variables(call, from->variableinstructions[i]->variables, &variables))
            return false;
        json_begin_object(&w);
        json_key(&w, STR("scopeId"));
        json_string(&w, grpc_text(from->variableinstructions[i]->scopeid));
        json_key(&w, STR("variables"));
        json_raw(&w, variables.len > 0 ? variables : STR("{}"));
        json_end_object(&w);
    }
    json_end_array(&w);
    *ret_scoped = from->n_variableinstructions > 0 ? strbuf_str(&out) : STR_EMPTY;
    return true;
}

GRPC_HANDLER(modify_process_instance)
{
    const GatewayProtocol__ModifyProcessInstanceRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_MODIFY_INSTANCE,
                              .instance = (uint64_t)body->processinstancekey};
    struct modify_instance *modify = &command.modify_instance;
    size_t count = body->n_activateinstructions + body->n_terminateinstructions;
    if (count > COMMAND_MAX_INSTRUCTIONS) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "at most COMMAND_MAX_INSTRUCTIONS (%d) instructions",
                       COMMAND_MAX_INSTRUCTIONS);
        return;
    }
    modify->instructions = ARENA_ARRAY(&call->arena, struct element_instruction, count);
    for (size_t i = 0; i < body->n_activateinstructions; i++) {
        struct element_instruction *to = &modify->instructions[modify->count++];
        int64_t ancestor = body->activateinstructions[i]->ancestorelementinstancekey;
        to->element_id = grpc_text(body->activateinstructions[i]->elementid);
        to->element_instance = ancestor > 0 ? (uint64_t)ancestor : 0;
        if (!read_scoped(call, body->activateinstructions[i], &to->scoped_variables))
            return;
    }
    for (size_t i = 0; i < body->n_terminateinstructions; i++)
        modify->instructions[modify->count++] = (struct element_instruction){
            .element_instance = (uint64_t)body->terminateinstructions[i]->elementinstancekey,
            .terminate = true};
    GRPC_REFERENCE(call, body);
    call_instance(&call->caller, &command, answer_modify_process_instance);
}

GRPC_HANDLER(migrate_process_instance)
{
    const GatewayProtocol__MigrateProcessInstanceRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_MIGRATE_INSTANCE,
                              .instance = (uint64_t)body->processinstancekey};
    struct migrate_instance *migrate = &command.migrate_instance;
    const GatewayProtocol__MigrateProcessInstanceRequest__MigrationPlan *plan = body->migrationplan;
    if (plan == NULL || plan->n_mappinginstructions > COMMAND_MAX_INSTRUCTIONS) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "migrationPlan must be given, with at most COMMAND_MAX_INSTRUCTIONS (%d) "
                       "mapping instructions",
                       COMMAND_MAX_INSTRUCTIONS);
        return;
    }
    migrate->target_definition = (uint64_t)plan->targetprocessdefinitionkey;
    migrate->count = plan->n_mappinginstructions;
    migrate->mappings = ARENA_ARRAY(&call->arena, struct element_mapping, migrate->count);
    for (size_t i = 0; i < migrate->count; i++)
        migrate->mappings[i] =
            (struct element_mapping){grpc_text(plan->mappinginstructions[i]->sourceelementid),
                                     grpc_text(plan->mappinginstructions[i]->targetelementid)};
    GRPC_REFERENCE(call, body);
    call_instance(&call->caller, &command, answer_migrate_process_instance);
}

static void answer_set_variables(struct caller *caller, const struct reply *reply)
{
    GatewayProtocol__SetVariablesResponse response = GATEWAY_PROTOCOL__SET_VARIABLES_RESPONSE__INIT;
    response.key = (int64_t)reply->key;
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

GRPC_HANDLER(set_variables)
{
    const GatewayProtocol__SetVariablesRequest *body = (const void *)request;
    struct command *command = ARENA_NEW(&call->arena, struct command);
    *command = (struct command){.type = COMMAND_SET_VARIABLES,
                                .key = (uint64_t)body->elementinstancekey,
                                .set_variables = {.local = body->local}};
    GRPC_REFERENCE(call, body);
    if (grpc_variables(call, body->variables, &command->set_variables.variables))
        call_scope(&call->caller, command, answer_set_variables);
}

GRPC_HANDLER(resolve_incident)
{
    const GatewayProtocol__ResolveIncidentRequest *body = (const void *)request;
    struct command *command = ARENA_NEW(&call->arena, struct command);
    *command =
        (struct command){.type = COMMAND_RESOLVE_INCIDENT, .key = (uint64_t)body->incidentkey};
    GRPC_REFERENCE(call, body);
    call_incident(&call->caller, command, answer_resolve_incident);
}

// -- Messages, signals, conditions --------------------------------------------------------

static void answer_message(struct caller *caller, const struct reply *reply)
{
    GatewayProtocol__PublishMessageResponse response =
        GATEWAY_PROTOCOL__PUBLISH_MESSAGE_RESPONSE__INIT;
    response.key = (int64_t)reply->key;
    response.tenantid = pack_text(caller->arena, tenant_outside(caller->tenant));
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

GRPC_HANDLER(publish_message)
{
    const GatewayProtocol__PublishMessageRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_PUBLISH_MESSAGE,
                              .publish_message = {
                                  .name = grpc_text(body->name),
                                  .correlation_key = grpc_text(body->correlationkey),
                                  .message_id = grpc_text(body->messageid),
                                  .ttl_ms = body->timetolive,
                              }};
    grpc_call_tenant(call, body->tenantid);
    if (command.publish_message.name.len == 0 || body->timetolive < 0) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "name must not be empty, timeToLive is in milliseconds and not negative");
        return;
    }
    if (grpc_variables(call, body->variables, &command.publish_message.variables))
        gateway_publish(&call->caller, &command, answer_message);
}

static void answer_signal(struct caller *caller, const struct reply *reply)
{
    GatewayProtocol__BroadcastSignalResponse response =
        GATEWAY_PROTOCOL__BROADCAST_SIGNAL_RESPONSE__INIT;
    response.key = (int64_t)reply->key;
    response.tenantid = pack_text(caller->arena, tenant_outside(caller->tenant));
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

GRPC_HANDLER(broadcast_signal)
{
    const GatewayProtocol__BroadcastSignalRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_BROADCAST_SIGNAL,
                              .broadcast_signal = {.name = grpc_text(body->signalname)}};
    grpc_call_tenant(call, body->tenantid);
    if (command.broadcast_signal.name.len == 0)
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "signalName must not be empty");
    else if (grpc_variables(call, body->variables, &command.broadcast_signal.variables))
        gateway_signal(&call->caller, &command, answer_signal);
}

static void answer_conditions(struct caller *caller, const struct reply *reply)
{
    GatewayProtocol__EvaluateConditionalResponse response =
        GATEWAY_PROTOCOL__EVALUATE_CONDITIONAL_RESPONSE__INIT;
    struct json *list;
    struct error err;
    bool any = reply->variables.len > 0 &&
               json_parse(caller->arena, reply->variables, &list, &err) && list->type == JSON_ARRAY;
    response.n_processinstances = any ? list->count : 0;
    response.processinstances = ARENA_ARRAY(
        caller->arena, GatewayProtocol__ProcessInstanceReference *, response.n_processinstances);
    for (size_t i = 0; i < response.n_processinstances; i++) {
        GatewayProtocol__ProcessInstanceReference *to =
            GRPC_MESSAGE(caller->arena, GatewayProtocol__ProcessInstanceReference,
                         GATEWAY_PROTOCOL__PROCESS_INSTANCE_REFERENCE__INIT);
        const struct json *from = &list->items[i];
        str definition = json_get_str(from, STR("processDefinitionKey"), STR_EMPTY);
        str instance = json_get_str(from, STR("processInstanceKey"), STR_EMPTY);
        check(str_to_i64(definition, &to->processdefinitionkey) &&
              str_to_i64(instance, &to->processinstancekey));
        response.processinstances[i] = to;
    }
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

GRPC_HANDLER(evaluate_conditional)
{
    const GatewayProtocol__EvaluateConditionalRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_EVALUATE_CONDITIONS};
    command.create_instance.definition = (uint64_t)body->processdefinitionkey;
    grpc_call_tenant(call, body->tenantid);
    if (grpc_variables(call, body->variables, &command.create_instance.variables))
        gateway_evaluate_conditions(&call->caller, &command, answer_conditions);
}
