// SPDX-License-Identifier: Apache-2.0
//
// Deployments, their deletion, decisions, the cluster.
#include "base/json.h"
#include "gateway/deploy.h"
#include "gateway/gateway.h"
#include "gateway/read.h"
#include "gateway/start.h"
#include "grpc/connection.h"
#include "grpc/methods.h"
#include "store/read/read.h"

// -- Deployments --------------------------------------------------------------------------

static GatewayProtocol__ProcessMetadata *
process_of(struct arena *arena, const struct deployed_resource *from, str tenant)
{
    GatewayProtocol__ProcessMetadata *to = GRPC_MESSAGE(arena, GatewayProtocol__ProcessMetadata,
                                                        GATEWAY_PROTOCOL__PROCESS_METADATA__INIT);
    to->bpmnprocessid = pack_text(arena, from->definition_id);
    to->version = from->version;
    to->processdefinitionkey = (int64_t)from->key;
    to->resourcename = pack_text(arena, from->name);
    to->tenantid = pack_text(arena, tenant_outside(tenant));
    return to;
}

static GatewayProtocol__DecisionMetadata *decision_of(struct arena *arena,
                                                      const struct reply *reply,
                                                      const struct deployed_resource *from,
                                                      str tenant)
{
    GatewayProtocol__DecisionMetadata *to = GRPC_MESSAGE(arena, GatewayProtocol__DecisionMetadata,
                                                         GATEWAY_PROTOCOL__DECISION_METADATA__INIT);
    const struct deployed_resource *requirements = deployed_requirements(reply, from);
    to->dmndecisionid = pack_text(arena, from->definition_id);
    to->dmndecisionname = pack_text(arena, deployed_title(from));
    to->version = from->version;
    to->decisionkey = (int64_t)from->key;
    to->tenantid = pack_text(arena, tenant_outside(tenant));
    if (requirements != NULL) {
        to->dmndecisionrequirementsid = pack_text(arena, requirements->definition_id);
        to->decisionrequirementskey = (int64_t)requirements->key;
    }
    return to;
}

static GatewayProtocol__DecisionRequirementsMetadata *
graph_of(struct arena *arena, const struct deployed_resource *from, str tenant)
{
    GatewayProtocol__DecisionRequirementsMetadata *to =
        GRPC_MESSAGE(arena, GatewayProtocol__DecisionRequirementsMetadata,
                     GATEWAY_PROTOCOL__DECISION_REQUIREMENTS_METADATA__INIT);
    to->dmndecisionrequirementsid = pack_text(arena, from->definition_id);
    to->dmndecisionrequirementsname = pack_text(arena, deployed_title(from));
    to->version = from->version;
    to->decisionrequirementskey = (int64_t)from->key;
    to->resourcename = pack_text(arena, from->name);
    to->tenantid = pack_text(arena, tenant_outside(tenant));
    return to;
}

static GatewayProtocol__FormMetadata *form_of(struct arena *arena,
                                              const struct deployed_resource *from, str tenant)
{
    GatewayProtocol__FormMetadata *to =
        GRPC_MESSAGE(arena, GatewayProtocol__FormMetadata, GATEWAY_PROTOCOL__FORM_METADATA__INIT);
    to->formid = pack_text(arena, from->definition_id);
    to->version = from->version;
    to->formkey = (int64_t)from->key;
    to->resourcename = pack_text(arena, from->name);
    to->tenantid = pack_text(arena, tenant_outside(tenant));
    return to;
}

// NULL for what the protocol has no word for.
static GatewayProtocol__Deployment *deployment_of(struct caller *caller, const struct reply *reply,
                                                  const struct deployed_resource *from)
{
    struct arena *arena = caller->arena;
    GatewayProtocol__Deployment *to =
        GRPC_MESSAGE(arena, GatewayProtocol__Deployment, GATEWAY_PROTOCOL__DEPLOYMENT__INIT);
    switch (from->kind) {
    case RESOURCE_PROCESS:
        to->metadata_case = GATEWAY_PROTOCOL__DEPLOYMENT__METADATA_PROCESS;
        to->process = process_of(arena, from, caller->tenant);
        return to;
    case RESOURCE_DECISIONS:
        to->metadata_case = GATEWAY_PROTOCOL__DEPLOYMENT__METADATA_DECISION;
        to->decision = decision_of(arena, reply, from, caller->tenant);
        return to;
    case RESOURCE_REQUIREMENTS:
        to->metadata_case = GATEWAY_PROTOCOL__DEPLOYMENT__METADATA_DECISION_REQUIREMENTS;
        to->decisionrequirements = graph_of(arena, from, caller->tenant);
        return to;
    case RESOURCE_FORM:
        to->metadata_case = GATEWAY_PROTOCOL__DEPLOYMENT__METADATA_FORM;
        to->form = form_of(arena, from, caller->tenant);
        return to;
    case RESOURCE_OTHER:
        return NULL;
    }
    check_unreachable();
}

static void answer_deployed(struct caller *caller, const struct reply *reply,
                            const struct deployment *deployment)
{
    GatewayProtocol__DeployResourceResponse response =
        GATEWAY_PROTOCOL__DEPLOY_RESOURCE_RESPONSE__INIT;
    (void)deployment;
    response.key = (int64_t)reply->key;
    response.tenantid = pack_text(caller->arena, tenant_outside(caller->tenant));
    response.deployments =
        ARENA_ARRAY(caller->arena, GatewayProtocol__Deployment *, reply->deployed_count);
    for (size_t i = 0; i < reply->deployed_count; i++) {
        GatewayProtocol__Deployment *to = deployment_of(caller, reply, &reply->deployed[i]);
        if (to != NULL)
            response.deployments[response.n_deployments++] = to;
    }
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

static void answer_processes(struct caller *caller, const struct reply *reply,
                             const struct deployment *deployment)
{
    GatewayProtocol__DeployProcessResponse response =
        GATEWAY_PROTOCOL__DEPLOY_PROCESS_RESPONSE__INIT;
    (void)deployment;
    response.key = (int64_t)reply->key;
    response.processes =
        ARENA_ARRAY(caller->arena, GatewayProtocol__ProcessMetadata *, reply->deployed_count);
    for (size_t i = 0; i < reply->deployed_count; i++)
        if (reply->deployed[i].kind == RESOURCE_PROCESS)
            response.processes[response.n_processes++] =
                process_of(caller->arena, &reply->deployed[i], caller->tenant);
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

static bool fits(struct grpc_call *call, size_t count)
{
    if (count <= COMMAND_MAX_RESOURCES)
        return true;
    grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "more than COMMAND_MAX_RESOURCES (%d) files",
                   COMMAND_MAX_RESOURCES);
    return false;
}

GRPC_HANDLER(deploy_process)
{
    const GatewayProtocol__DeployProcessRequest *body = (const void *)request;
    struct deploy_file *files = ARENA_ARRAY(&call->arena, struct deploy_file, body->n_processes);
    for (size_t i = 0; i < body->n_processes; i++)
        files[i] = (struct deploy_file){grpc_text(body->processes[i]->name),
                                        unpack_bytes(body->processes[i]->definition)};
    if (fits(call, body->n_processes))
        gateway_deploy(&call->caller, files, body->n_processes, answer_processes);
}

GRPC_HANDLER(deploy_resource)
{
    const GatewayProtocol__DeployResourceRequest *body = (const void *)request;
    struct deploy_file *files = ARENA_ARRAY(&call->arena, struct deploy_file, body->n_resources);
    grpc_call_tenant(call, body->tenantid);
    for (size_t i = 0; i < body->n_resources; i++)
        files[i] = (struct deploy_file){grpc_text(body->resources[i]->name),
                                        unpack_bytes(body->resources[i]->content)};
    if (fits(call, body->n_resources))
        gateway_deploy(&call->caller, files, body->n_resources, answer_deployed);
}

static void answer_deleted(struct caller *caller, const struct reply *reply)
{
    GatewayProtocol__DeleteResourceResponse response =
        GATEWAY_PROTOCOL__DELETE_RESOURCE_RESPONSE__INIT;
    (void)reply;
    grpc_call_answer(grpc_call_of(caller), &response.base);
}

GRPC_HANDLER(delete_resource)
{
    const GatewayProtocol__DeleteResourceRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_DELETE_DEFINITION,
                              .key = (uint64_t)body->resourcekey};
    GRPC_REFERENCE(call, body);
    call_shard(&call->caller, &command, 0, answer_deleted);
}

// -- Decisions ----------------------------------------------------------------------------

static char *cell(struct arena *arena, const struct query_rows *rows, size_t row, size_t column)
{
    return pack_text(arena, query_value(rows, row, column));
}

static char *member(struct arena *arena, const struct json *object, const char *name)
{
    return pack_text(arena, json_get_str(object, str_of(name), STR_EMPTY));
}

static const struct json *list_in(struct arena *arena, str text)
{
    static const struct json none = {.type = JSON_ARRAY};
    struct json *list;
    struct error err;
    bool good = text.len > 0 && json_parse(arena, text, &list, &err) && list->type == JSON_ARRAY;
    return good ? list : &none;
}

static void fill_inputs(struct arena *arena, const struct json *from,
                        GatewayProtocol__EvaluatedDecision *to)
{
    to->n_evaluatedinputs = from->count;
    to->evaluatedinputs =
        ARENA_ARRAY(arena, GatewayProtocol__EvaluatedDecisionInput *, from->count);
    for (size_t i = 0; i < from->count; i++) {
        to->evaluatedinputs[i] = GRPC_MESSAGE(arena, GatewayProtocol__EvaluatedDecisionInput,
                                              GATEWAY_PROTOCOL__EVALUATED_DECISION_INPUT__INIT);
        to->evaluatedinputs[i]->inputid = member(arena, &from->items[i], "inputId");
        to->evaluatedinputs[i]->inputname = member(arena, &from->items[i], "inputName");
        to->evaluatedinputs[i]->inputvalue = member(arena, &from->items[i], "inputValue");
    }
}

static GatewayProtocol__MatchedDecisionRule *rule_of(struct arena *arena, const struct json *from)
{
    GatewayProtocol__MatchedDecisionRule *to = GRPC_MESSAGE(
        arena, GatewayProtocol__MatchedDecisionRule, GATEWAY_PROTOCOL__MATCHED_DECISION_RULE__INIT);
    const struct json *outputs = json_get(from, STR("evaluatedOutputs"));
    to->ruleid = member(arena, from, "ruleId");
    to->ruleindex = (int32_t)json_get_i64(from, STR("ruleIndex"), 0);
    to->n_evaluatedoutputs = json_is(outputs, JSON_ARRAY) ? outputs->count : 0;
    to->evaluatedoutputs =
        ARENA_ARRAY(arena, GatewayProtocol__EvaluatedDecisionOutput *, to->n_evaluatedoutputs);
    for (size_t i = 0; i < to->n_evaluatedoutputs; i++) {
        GatewayProtocol__EvaluatedDecisionOutput *output =
            GRPC_MESSAGE(arena, GatewayProtocol__EvaluatedDecisionOutput,
                         GATEWAY_PROTOCOL__EVALUATED_DECISION_OUTPUT__INIT);
        output->outputid = member(arena, &outputs->items[i], "outputId");
        output->outputname = member(arena, &outputs->items[i], "outputName");
        output->outputvalue = member(arena, &outputs->items[i], "outputValue");
        to->evaluatedoutputs[i] = output;
    }
    return to;
}

// Columns as read_evaluation has them.
static GatewayProtocol__EvaluatedDecision *
evaluated_of(struct arena *arena, const struct query_rows *rows, size_t row, str tenant)
{
    GatewayProtocol__EvaluatedDecision *to = GRPC_MESSAGE(
        arena, GatewayProtocol__EvaluatedDecision, GATEWAY_PROTOCOL__EVALUATED_DECISION__INIT);
    const struct json *rules = list_in(arena, query_value(rows, row, 19));
    to->decisionevaluationinstancekey = cell(arena, rows, row, 11);
    to->decisionkey = query_i64(rows, row, 12);
    to->decisionid = cell(arena, rows, row, 13);
    to->decisionname = cell(arena, rows, row, 14);
    to->decisionversion = (int32_t)query_i64(rows, row, 15);
    to->decisiontype = cell(arena, rows, row, 16);
    to->decisionoutput = cell(arena, rows, row, 17);
    to->tenantid = pack_text(arena, tenant);
    fill_inputs(arena, list_in(arena, query_value(rows, row, 18)), to);
    to->n_matchedrules = rules->count;
    to->matchedrules = ARENA_ARRAY(arena, GatewayProtocol__MatchedDecisionRule *, rules->count);
    for (size_t i = 0; i < rules->count; i++)
        to->matchedrules[i] = rule_of(arena, &rules->items[i]);
    return to;
}

static void on_evaluation(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct arena *arena = caller->arena;
    struct grpc_call *call = grpc_call_of(caller);
    GatewayProtocol__EvaluateDecisionResponse to =
        GATEWAY_PROTOCOL__EVALUATE_DECISION_RESPONSE__INIT;
    (void)context;
    if (query_row_count(rows) == 0) {
        grpc_call_fail(call, GRPC_NOT_FOUND, "the evaluation is not recorded");
        return;
    }
    str tenant = tenant_outside(query_value(rows, 0, 7));
    to.decisionevaluationkey = to.decisioninstancekey = query_i64(rows, 0, 0);
    to.decisionkey = query_i64(rows, 0, 1);
    to.decisionid = cell(arena, rows, 0, 2);
    to.decisionname = cell(arena, rows, 0, 3);
    to.decisionversion = (int32_t)query_i64(rows, 0, 4);
    to.decisionrequirementskey = query_i64(rows, 0, 5);
    to.decisionrequirementsid = cell(arena, rows, 0, 6);
    to.tenantid = pack_text(arena, tenant);
    to.decisionoutput = cell(arena, rows, 0, 8);
    to.failuremessage = cell(arena, rows, 0, 9);
    to.faileddecisionid = cell(arena, rows, 0, 10);
    to.evaluateddecisions =
        ARENA_ARRAY(arena, GatewayProtocol__EvaluatedDecision *, query_row_count(rows));
    for (size_t row = 0; row < query_row_count(rows); row++)
        if (!query_is_null(rows, row, 11))
            to.evaluateddecisions[to.n_evaluateddecisions++] =
                evaluated_of(arena, rows, row, tenant);
    grpc_call_answer(call, &to.base);
}

GRPC_HANDLER(evaluate_decision)
{
    const GatewayProtocol__EvaluateDecisionRequest *body = (const void *)request;
    struct command command = {.type = COMMAND_EVALUATE_DECISION,
                              .key = (uint64_t)body->decisionkey,
                              .evaluate_decision = {.decision_id = grpc_text(body->decisionid)}};
    grpc_call_tenant(call, body->tenantid);
    if ((command.key == 0) == (command.evaluate_decision.decision_id.len == 0))
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "name one of decisionKey and decisionId");
    else if (grpc_variables(call, body->variables, &command.evaluate_decision.variables))
        gateway_evaluate(&call->caller, &command, on_evaluation);
}

// -- The cluster --------------------------------------------------------------------------

// Rows come by owner; *row is left at the first row of the next one.
static GatewayProtocol__BrokerInfo *broker_of(struct arena *arena, const struct query_rows *rows,
                                              size_t *row)
{
    enum { OWNER, SHARD, HALTED };
    GatewayProtocol__BrokerInfo *to =
        GRPC_MESSAGE(arena, GatewayProtocol__BrokerInfo, GATEWAY_PROTOCOL__BROKER_INFO__INIT);
    str owner = query_value(rows, *row, OWNER);
    to->host = pack_text(arena, owner);
    to->version = pack_text(arena, STR(BATON_VERSION));
    to->partitions = ARENA_ARRAY(arena, GatewayProtocol__Partition *, query_row_count(rows) - *row);
    for (; *row < query_row_count(rows) && str_equal(query_value(rows, *row, OWNER), owner);
         ++*row) {
        GatewayProtocol__Partition *partition =
            GRPC_MESSAGE(arena, GatewayProtocol__Partition, GATEWAY_PROTOCOL__PARTITION__INIT);
        partition->partitionid = (int32_t)query_i64(rows, *row, SHARD) + 1;
        partition->health = query_value(rows, *row, HALTED).len > 0
                                ? GATEWAY_PROTOCOL__PARTITION__PARTITION_BROKER_HEALTH__UNHEALTHY
                                : GATEWAY_PROTOCOL__PARTITION__PARTITION_BROKER_HEALTH__HEALTHY;
        to->partitions[to->n_partitions++] = partition;
    }
    return to;
}

static void on_topology(struct caller *caller, void *context, const struct query_rows *rows)
{
    GatewayProtocol__TopologyResponse to = GATEWAY_PROTOCOL__TOPOLOGY_RESPONSE__INIT;
    struct grpc_call *call = grpc_call_of(caller);
    size_t row = 0;
    (void)context;
    to.brokers = ARENA_ARRAY(caller->arena, GatewayProtocol__BrokerInfo *, query_row_count(rows));
    while (row < query_row_count(rows)) {
        to.brokers[to.n_brokers] = broker_of(caller->arena, rows, &row);
        to.brokers[to.n_brokers]->nodeid = (int32_t)to.n_brokers;
        to.n_brokers++;
    }
    to.clustersize = (int32_t)to.n_brokers;
    to.partitionscount = (int32_t)gateway_shards(caller->gateway);
    to.replicationfactor = 1;
    to.gatewayversion = pack_text(caller->arena, STR(BATON_VERSION));
    grpc_call_answer(call, &to.base);
}

GRPC_HANDLER(topology)
{
    (void)request;
    read_run(&call->caller, read_topology(&call->arena), on_topology, NULL);
}
