// SPDX-License-Identifier: Apache-2.0
#include "store/read/collections.h"

#include "record/rows.h"

// "serviceTask" -> SERVICE_TASK
#define BPMN_TYPE(column) "upper(regexp_replace(" column ", '([a-z])([A-Z])', '\\1_\\2', 'g'))"

static const struct state_name instance_states[] = {
    {INSTANCE_ACTIVE, "ACTIVE"},
    {INSTANCE_COMPLETED, "COMPLETED"},
    {INSTANCE_TERMINATED, "TERMINATED"},
    {INSTANCE_SUSPENDED, "SUSPENDED"},
    {0, NULL},
};

static const struct field instance_fields[] = {
    {"processInstanceKey", "i.key", FIELD_LOCAL_KEY},
    {"processDefinitionKey", "i.definition", FIELD_KEY},
    {"processDefinitionId", "i.process_id", FIELD_TEXT},
    {"processDefinitionName", "coalesce(nullif(d.name, ''), i.process_id)", FIELD_TEXT},
    {"processDefinitionVersion", "i.version", FIELD_INTEGER},
    {"processDefinitionVersionTag", "d.version_tag", FIELD_OPTIONAL},
    {"businessId", "i.business_id", FIELD_OPTIONAL},
    {"parentProcessInstanceKey", "i.parent_instance", FIELD_OPTIONAL_KEY},
    {"parentElementInstanceKey", "i.parent_element_instance", FIELD_OPTIONAL_KEY},
    {"rootProcessInstanceKey", "i.root_instance", FIELD_OPTIONAL_KEY},
    {"state", "i.state", FIELD_STATE, instance_states},
    {"startDate", "i.started", FIELD_TIME},
    {"endDate", "i.ended", FIELD_TIME},
    {"hasIncident", "(i.incidents > 0)", FIELD_BOOLEAN},
    {"slaBreaches", "i.sla_breaches", FIELD_INTEGER},
    {"cost", "i.cost", FIELD_OPTIONAL},
    {"tenantId", "i.tenant", FIELD_TENANT},
    {"variables", "i.variables", FIELD_JSON},
};

const struct collection collection_instances = {
    .noun = "process instance",
    .from = "instances i LEFT JOIN definitions d ON d.key = i.definition",
    .fields = instance_fields,
    .field_count = COUNT_OF(instance_fields),
    .key = "i.key",
    .shard = "i.shard",
    .tenant = "i.tenant",
};

static const struct field definition_fields[] = {
    {"processDefinitionKey", "key", FIELD_KEY},
    {"processDefinitionId", "id", FIELD_TEXT},
    {"name", "coalesce(nullif(name, ''), id)", FIELD_TEXT},
    {"version", "version", FIELD_INTEGER},
    {"versionTag", "version_tag", FIELD_OPTIONAL},
    {"resourceName", "resource_name", FIELD_TEXT},
    {"tenantId", "tenant", FIELD_TENANT},
    {"deploymentKey", "deployment", FIELD_KEY},
    {"deploymentTime", "deployed", FIELD_TIME},
    {"hasStartForm", "false::boolean", FIELD_BOOLEAN},
    {"isLatestVersion",
     "NOT EXISTS (SELECT 1 FROM definitions n WHERE n.deleted IS NULL AND n.kind = "
     "definitions.kind AND n.id = "
     "definitions.id AND n.tenant = definitions.tenant AND n.version > definitions.version)",
     FIELD_BOOLEAN},
};

_Static_assert(RESOURCE_PROCESS == 0 && RESOURCE_DECISIONS == 1, "the numbers in the conditions");

const struct collection collection_definitions = {
    .noun = "process definition",
    .from = "definitions",
    .fields = definition_fields,
    .field_count = COUNT_OF(definition_fields),
    .key = "key",
    .always = "kind = 0 AND deleted IS NULL",
    .tenant = "tenant",
};

static const struct field decision_fields[] = {
    {"decisionDefinitionKey", "key", FIELD_KEY},
    {"decisionDefinitionId", "id", FIELD_TEXT},
    {"name", "name", FIELD_TEXT},
    {"version", "version", FIELD_INTEGER},
    {"decisionRequirementsKey", "requirements", FIELD_KEY},
    {"decisionRequirementsId", "requirements_id", FIELD_TEXT},
    {"decisionRequirementsName", "requirements_name", FIELD_TEXT},
    {"decisionRequirementsVersion", "requirements_version", FIELD_INTEGER},
    {"tenantId", "tenant", FIELD_TENANT},
};

const struct collection collection_decisions = {
    .noun = "decision definition",
    .from = "decision_definitions",
    .fields = decision_fields,
    .field_count = COUNT_OF(decision_fields),
    .key = "key",
    .always = "deleted IS NULL",
    .tenant = "tenant",
};

static const struct field requirements_fields[] = {
    {"decisionRequirementsKey", "key", FIELD_KEY},
    {"decisionRequirementsId", "id", FIELD_TEXT},
    {"decisionRequirementsName", "coalesce(nullif(name, ''), id)", FIELD_TEXT},
    {"version", "version", FIELD_INTEGER},
    {"resourceName", "resource_name", FIELD_TEXT},
    {"tenantId", "tenant", FIELD_TENANT},
};

_Static_assert(RESOURCE_REQUIREMENTS == 4, "the number in the condition");

const struct collection collection_requirements = {
    .noun = "decision requirements graph",
    .from = "definitions",
    .fields = requirements_fields,
    .field_count = COUNT_OF(requirements_fields),
    .key = "key",
    .always = "kind = 4 AND deleted IS NULL",
    .tenant = "tenant",
};

static const struct state_name decision_states[] = {
    {DECISION_EVALUATED, "EVALUATED"},
    {DECISION_FAILED, "FAILED"},
    {0, NULL},
};

#define DECISION_INSTANCE_FIELDS                                                                   \
    {"decisionEvaluationInstanceKey", "key", FIELD_TEXT},                                          \
        {"decisionEvaluationKey", "evaluation", FIELD_LOCAL_KEY},                                  \
        {"state", "state", FIELD_STATE, decision_states},                                          \
        {"evaluationDate", "evaluated", FIELD_TIME},                                               \
        {"evaluationFailure", "failure", FIELD_OPTIONAL},                                          \
        {"decisionDefinitionId", "decision_id", FIELD_TEXT},                                       \
        {"decisionDefinitionName", "decision_name", FIELD_TEXT},                                   \
        {"decisionDefinitionVersion", "decision_version", FIELD_INTEGER},                          \
        {"decisionDefinitionType", "decision_type", FIELD_TEXT},                                   \
        {"decisionDefinitionKey", "decision", FIELD_KEY},                                          \
        {"decisionRequirementsKey", "requirements", FIELD_KEY}, {"result", "output", FIELD_TEXT},  \
        {"processDefinitionKey", "definition", FIELD_OPTIONAL_KEY},                                \
        {"processInstanceKey", "instance", FIELD_OPTIONAL_KEY},                                    \
        {"elementInstanceKey", "element_instance", FIELD_OPTIONAL_KEY},                            \
    {                                                                                              \
        "tenantId", "tenant", FIELD_TENANT                                                         \
    }

static const struct field decision_instance_fields[] = {DECISION_INSTANCE_FIELDS};

const struct collection collection_decision_instances = {
    .noun = "decision instance",
    .from = "decision_instances",
    .fields = decision_instance_fields,
    .field_count = COUNT_OF(decision_instance_fields),
    .key = "key",
    .shard = "shard",
    .tenant = "tenant",
};

// One of them alone also tells what it looked at and which rules matched.
static const struct field decision_instance_details[] = {
    DECISION_INSTANCE_FIELDS,
    {"evaluatedInputs", "inputs", FIELD_LIST},
    {"matchedRules", "rules", FIELD_LIST},
};

const struct collection collection_decision_instance = {
    .noun = "decision instance",
    .from = "decision_instances",
    .fields = decision_instance_details,
    .field_count = COUNT_OF(decision_instance_details),
    .key = "key",
    .shard = "shard",
    .tenant = "tenant",
    .whole = "evaluation",
};

static const struct state_name element_states[] = {
    {ELEMENT_ACTIVE, "ACTIVE"},
    {ELEMENT_COMPLETED, "COMPLETED"},
    {ELEMENT_TERMINATED, "TERMINATED"},
    {0, NULL},
};

static const struct field element_fields[] = {
    {"elementInstanceKey", "e.key", FIELD_LOCAL_KEY},
    {"processInstanceKey", "e.instance", FIELD_LOCAL_KEY},
    {"processDefinitionKey", "i.definition", FIELD_KEY},
    {"processDefinitionId", "i.process_id", FIELD_TEXT},
    {"elementId", "e.element_id", FIELD_TEXT},
    {"elementName", "e.element_id", FIELD_TEXT},
    {"elementInstanceScopeKey", "e.scope", FIELD_LOCAL_KEY},
    {"type", BPMN_TYPE("e.type"), FIELD_TEXT},
    {"state", "1::smallint", FIELD_STATE, element_states},
    {"startDate", "e.started", FIELD_TIME},
    {"endDate", "NULL::timestamptz", FIELD_TIME},
    {"hasIncident", "e.has_incident", FIELD_BOOLEAN},
    {"slaBreached", "e.sla_breached", FIELD_BOOLEAN},
    {"waitsFor", "e.waits_for", FIELD_OPTIONAL},
    {"tenantId", "i.tenant", FIELD_TENANT},
};

const struct collection collection_elements = {
    .noun = "waiting element instance",
    .from = "elements e JOIN instances i ON i.shard = e.shard AND i.key = e.instance",
    .fields = element_fields,
    .field_count = COUNT_OF(element_fields),
    .key = "e.key",
    .shard = "e.shard",
    .tenant = "i.tenant",
};

static const struct state_name job_states[] = {
    {JOB_WAITING, "CREATED"},
    {JOB_OFFERED, "CREATED"},
    {JOB_BACKING_OFF, "RETRIES_UPDATED"},
    {JOB_FAILED, "FAILED"},
    {0, NULL},
};

static const struct state_name job_kinds[] = {
    {JOB_TASK, "BPMN_ELEMENT"},           {JOB_EXECUTION_LISTENER, "EXECUTION_LISTENER"},
    {JOB_TASK_LISTENER, "TASK_LISTENER"}, {JOB_AD_HOC, "AD_HOC_SUB_PROCESS"},
    {JOB_NOTIFICATION, "NOTIFICATION"},   {0, NULL},
};

static const struct field job_fields[] = {
    {"jobKey", "key", FIELD_LOCAL_KEY},
    {"type", "type", FIELD_TEXT},
    {"state", "state", FIELD_STATE, job_states},
    {"kind", "kind", FIELD_STATE, job_kinds},
    {"listenerEventType", "coalesce(nullif(upper(listener_event), ''), 'UNSPECIFIED')", FIELD_TEXT},
    {"processInstanceKey", "instance", FIELD_LOCAL_KEY},
    {"processDefinitionKey", "definition", FIELD_KEY},
    {"processDefinitionId", "process_id", FIELD_TEXT},
    {"elementId", "element_id", FIELD_TEXT},
    {"elementInstanceKey", "element_instance", FIELD_LOCAL_KEY},
    {"retries", "retries", FIELD_INTEGER},
    {"priority", "priority", FIELD_INTEGER},
    {"attempt", "attempt", FIELD_INTEGER},
    {"deadline", "due", FIELD_TIME},
    {"creationTime", "created", FIELD_TIME},
    {"customHeaders", "headers", FIELD_JSON},
    {"errorMessage", "error_message", FIELD_OPTIONAL},
    {"worker", "''::text", FIELD_TEXT},
    {"hasFailedWithRetriesLeft", "(state = 3)", FIELD_BOOLEAN},
    {"tenantId", "tenant", FIELD_TENANT},
};

_Static_assert(JOB_BACKING_OFF == 3, "the number in hasFailedWithRetriesLeft");

const struct collection collection_jobs = {
    .noun = "job",
    .from = "jobs",
    .fields = job_fields,
    .field_count = COUNT_OF(job_fields),
    .key = "key",
    .shard = "shard",
    .tenant = "tenant",
};

static const struct state_name user_task_states[] = {
    {USER_TASK_CREATED, "CREATED"},
    {USER_TASK_COMPLETED, "COMPLETED"},
    {USER_TASK_CANCELED, "CANCELED"},
    {USER_TASK_CREATING, "CREATING"},
    {USER_TASK_ASSIGNING, "ASSIGNING"},
    {USER_TASK_UPDATING, "UPDATING"},
    {USER_TASK_COMPLETING, "COMPLETING"},
    {USER_TASK_CANCELING, "CANCELING"},
    {0, NULL},
};

static const struct field user_task_fields[] = {
    {"userTaskKey", "key", FIELD_LOCAL_KEY},
    {"name", "coalesce(nullif(name, ''), element_id)", FIELD_TEXT},
    {"state", "state", FIELD_STATE, user_task_states},
    {"assignee", "assignee", FIELD_OPTIONAL},
    {"elementId", "element_id", FIELD_TEXT},
    {"candidateGroups", "candidate_groups", FIELD_LIST, NULL, "candidateGroup"},
    {"candidateUsers", "candidate_users", FIELD_LIST, NULL, "candidateUser"},
    {"processDefinitionId", "process_id", FIELD_TEXT},
    {"processDefinitionVersion", "version", FIELD_INTEGER},
    {"processDefinitionKey", "definition", FIELD_KEY},
    {"processInstanceKey", "instance", FIELD_LOCAL_KEY},
    {"elementInstanceKey", "element_instance", FIELD_LOCAL_KEY},
    {"creationDate", "created", FIELD_TIME},
    {"completionDate", "ended", FIELD_TIME},
    {"followUpDate", "follow_up", FIELD_TIME},
    {"dueDate", "due", FIELD_TIME},
    {"externalFormReference", "form_key", FIELD_OPTIONAL},
    {"formId", "form_id", FIELD_OPTIONAL},
    {"customHeaders", "headers", FIELD_JSON},
    {"priority", "priority", FIELD_INTEGER},
    {"tenantId", "tenant", FIELD_TENANT},
};

const struct collection collection_user_tasks = {
    .noun = "user task",
    .from = "user_tasks",
    .fields = user_task_fields,
    .field_count = COUNT_OF(user_task_fields),
    .key = "key",
    .shard = "shard",
    .tenant = "tenant",
};

static const struct state_name incident_states[] = {
    {INCIDENT_OPEN, "ACTIVE"},
    {INCIDENT_RESOLVED, "RESOLVED"},
    {0, NULL},
};

static const struct field incident_fields[] = {
    {"incidentKey", "key", FIELD_LOCAL_KEY},
    {"errorType", "kind", FIELD_TEXT},
    {"errorMessage", "message", FIELD_TEXT},
    {"state", "state", FIELD_STATE, incident_states},
    {"processDefinitionId", "process_id", FIELD_TEXT},
    {"processDefinitionKey", "definition", FIELD_KEY},
    {"processInstanceKey", "instance", FIELD_LOCAL_KEY},
    {"elementId", "element_id", FIELD_TEXT},
    {"elementInstanceKey", "element_instance", FIELD_LOCAL_KEY},
    {"jobKey", "job", FIELD_OPTIONAL_KEY},
    {"creationTime", "created", FIELD_TIME},
    {"resolutionTime", "resolved", FIELD_TIME},
    {"tenantId", "tenant", FIELD_TENANT},
};

const struct collection collection_incidents = {
    .noun = "incident",
    .from = "incidents",
    .fields = incident_fields,
    .field_count = COUNT_OF(incident_fields),
    .key = "key",
    .shard = "shard",
    .tenant = "tenant",
};

// A variable has no row of its own. Its key is its scope's key and five digits of its name's hash.
static const struct field variable_fields[] = {
    {"variableKey", "v.variable_key", FIELD_TEXT},
    {"name", "v.name", FIELD_TEXT},
    {"value", "v.value", FIELD_TEXT},
    {"scopeKey", "v.scope", FIELD_LOCAL_KEY},
    {"processInstanceKey", "v.instance", FIELD_LOCAL_KEY},
    {"tenantId", "v.tenant", FIELD_TENANT},
    {"isTruncated", "false::boolean", FIELD_BOOLEAN},
};

#define VARIABLE_KEY(scope, name)                                                                  \
    scope "::text || lpad((abs(hashtext(" name ")::bigint) % 100000)::text, 5, '0')"

const struct collection collection_variables = {
    .noun = "variable",
    .from = "(SELECT i.shard, i.key AS instance, i.key AS scope, i.tenant, x.key AS name, "
            "x.value::text AS "
            "value, " VARIABLE_KEY(
                "i.key",
                "x.key") " AS variable_key "
                         "FROM instances i, json_each(json_without_nul(i.variables)) x "
                         "UNION ALL "
                         "SELECT e.shard, e.instance, e.key, i.tenant, x.key, "
                         "x.value::text, " VARIABLE_KEY(
                             "e.key",
                             "x.key") " "
                                      "FROM elements e JOIN instances i ON i.shard = e.shard AND "
                                      "i.key = e.instance, "
                                      "json_each(json_without_nul(e.variables)) x) AS v",
    .fields = variable_fields,
    .field_count = COUNT_OF(variable_fields),
    .key = "v.variable_key",
    .shard = "v.shard",
    .tenant = "v.tenant",
    .whole = "v.scope",
};

static const struct state_name subscription_states[] = {{0, "CREATED"}, {1, "CREATED"}, {0, NULL}};

static const struct field subscription_fields[] = {
    {"messageSubscriptionKey", "s.key", FIELD_LOCAL_KEY},
    {"processDefinitionId", "i.process_id", FIELD_TEXT},
    {"processDefinitionKey", "i.definition", FIELD_KEY},
    {"processInstanceKey", "s.instance", FIELD_LOCAL_KEY},
    {"elementId", "s.element_id", FIELD_TEXT},
    {"elementInstanceKey", "s.element_instance", FIELD_LOCAL_KEY},
    {"messageSubscriptionState", "0::smallint", FIELD_STATE, subscription_states},
    {"lastUpdatedDate", "s.created", FIELD_TIME},
    {"messageName", "s.name", FIELD_TEXT},
    {"correlationKey", "s.correlation_key", FIELD_TEXT},
    {"tenantId", "s.tenant", FIELD_TENANT},
};

_Static_assert(SUBSCRIPTION_MESSAGE == 0, "the number in the condition");

const struct collection collection_subscriptions = {
    .noun = "message subscription",
    .from = "subscriptions s JOIN instances i ON i.shard = s.shard AND i.key = s.instance",
    .fields = subscription_fields,
    .field_count = COUNT_OF(subscription_fields),
    .key = "s.key",
    .shard = "s.shard",
    .always = "s.kind = 0",
    .tenant = "s.tenant",
};

static const struct state_name batch_types[] = {
#define BATCH(name, number, wanted) {number, #name},
#include "store/catalogue/batches.def"
#undef BATCH
    {0, NULL},
};

static const struct state_name batch_states[] = {
    {1, "ACTIVE"}, {2, "SUSPENDED"}, {3, "CANCELED"}, {4, "COMPLETED"}, {0, NULL},
};

static const struct field batch_fields[] = {
    {"batchOperationKey", "b.key", FIELD_KEY},
    {"batchOperationType", "b.type", FIELD_STATE, batch_types, "operationType"},
    {"state", "b.state", FIELD_STATE, batch_states},
    {"startDate", "b.started", FIELD_TIME},
    {"endDate", "b.ended", FIELD_TIME},
    {"actorId", "b.principal", FIELD_OPTIONAL},
    {"operationsTotalCount", "b.total", FIELD_INTEGER},
    {"operationsCompletedCount", "b.completed", FIELD_INTEGER},
    {"operationsFailedCount", "b.failed", FIELD_INTEGER},
    {"errors", "NULL::text", FIELD_LIST},
};

const struct collection collection_batches = {
    .noun = "batch operation",
    .from = "batch_progress b",
    .fields = batch_fields,
    .field_count = COUNT_OF(batch_fields),
    .key = "b.key",
    .tenant = "b.tenant",
};

static const struct state_name batch_item_states[] = {
    {BATCH_ITEM_ACTIVE, "ACTIVE"},
    {BATCH_ITEM_COMPLETED, "COMPLETED"},
    {BATCH_ITEM_FAILED, "FAILED"},
    {BATCH_ITEM_CANCELED, "CANCELED"},
    {0, NULL},
};

static const struct field batch_item_fields[] = {
    {"batchOperationKey", "n.batch", FIELD_KEY},
    {"operationType", "b.type", FIELD_STATE, batch_types},
    {"itemKey", "n.item", FIELD_KEY},
    {"processInstanceKey", "n.instance", FIELD_KEY},
    {"rootProcessInstanceKey", "coalesce(i.root_instance, n.instance)", FIELD_OPTIONAL_KEY},
    {"state", "n.state", FIELD_STATE, batch_item_states},
    {"processedDate", "n.processed", FIELD_TIME},
    {"errorMessage", "n.error", FIELD_OPTIONAL},
};

const struct collection collection_batch_items = {
    .noun = "item of a batch operation",
    .from = "batch_items n JOIN batch_operations b ON b.key = n.batch LEFT JOIN instances i ON "
            "i.shard = "
            "n.shard AND i.key = n.instance",
    .fields = batch_item_fields,
    .field_count = COUNT_OF(batch_item_fields),
    .key = "n.key",
    .shard = "n.shard",
    .tenant = "b.tenant",
};
