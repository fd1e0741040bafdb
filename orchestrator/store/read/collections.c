// SPDX-License-Identifier: Apache-2.0
#include "store/read/collections.h"

#include "record/records.h"
#include "store/read/instance_fields.h"

// -- Process instances ------------------------------------------------------------------

static const struct state_name instance_states[] = {
    {INSTANCE_ACTIVE, "ACTIVE"},
    {INSTANCE_COMPLETED, "COMPLETED"},
    {INSTANCE_TERMINATED, "TERMINATED"},
    {INSTANCE_SUSPENDED, "SUSPENDED"},
    {0, NULL},
};

static const struct state_name element_states[] = {
    {ELEMENT_ACTIVE, "ACTIVE"},
    {ELEMENT_COMPLETED, "COMPLETED"},
    {ELEMENT_TERMINATED, "TERMINATED"},
    {0, NULL},
};

static const char instance_elements[] =
    "FROM elements_found x WHERE x.shard = i.shard AND x.instance = i.key";
static const char instance_incidents[] =
    "FROM incidents n WHERE n.shard = i.shard AND n.instance = "
    "i.key AND n.state = 1";
static const char instance_batches[] =
    "FROM batch_items n WHERE n.shard = i.shard AND n.instance = "
    "i.key";

static const char *const kinds_of_elements[] = {"elements_running", "elements_roots",
                                                "elements_over", NULL};

_Static_assert(INCIDENT_OPEN == 1 && JOB_BACKING_OFF == 3 && JOB_HELD == 8,
               "the numbers in conditions");

static const struct field instance_fields[] = {
    {"processInstanceKey", "i.key", FIELD_LOCAL_KEY, .is_present = true},
    {"processDefinitionKey", "i.definition", FIELD_KEY, .is_present = true},
    {"processDefinitionId", "i.process_id", FIELD_TEXT, .is_present = true},
    {"processDefinitionName", "coalesce(nullif(d.name, ''), i.process_id)", FIELD_TEXT},
    {"processDefinitionVersion", "i.version", FIELD_INTEGER, .is_present = true},
    {"processDefinitionVersionTag", "d.version_tag", FIELD_OPTIONAL},
    {"businessId", "i.business_id", FIELD_OPTIONAL},
    {"parentProcessInstanceKey", "i.parent_instance", FIELD_KEY},
    {"parentElementInstanceKey", "i.parent_element_instance", FIELD_KEY},
    ROOT_FIELD,
    {"state", "i.state", FIELD_STATE, instance_states, .is_present = true},
    {"startDate", "i.started", FIELD_TIME, .is_present = true},
    {"endDate", "i.ended", FIELD_TIME},
    {"suspendedDate", "i.suspended", FIELD_TIME},
    {"hasIncident", "(i.incidents > 0)", FIELD_BOOLEAN, .is_present = true},
    {"slaBreaches", "i.sla_breaches", FIELD_INTEGER, .is_present = true},
    {"cost", "i.cost", FIELD_OPTIONAL},
    {"tags", "i.tags", FIELD_TAGS},
    {"tenantId", "i.tenant", FIELD_TENANT, .is_present = true},
    {"variables", "i.variables", FIELD_VARIABLES, .is_hidden = true, .indexed = "(i.shard, i.key)"},
    {"variables", "i.variables", FIELD_JSON},
    {"elementId", "x.element_id", FIELD_TEXT, .within = instance_elements, .is_record = true},
    {"elementInstanceState", "x.state", FIELD_STATE, element_states, .within = instance_elements,
     .is_record = true},
    {"hasElementInstanceIncident", "x.has_incident", FIELD_BOOLEAN, .within = instance_elements},
    {"errorMessage", "n.message", FIELD_TEXT, .within = instance_incidents},
    {"incidentErrorHashCode", "hashtext(n.message)", FIELD_INTEGER, .within = instance_incidents},
    {"batchOperationKey", "n.batch", FIELD_KEY, NULL, "batchOperationId", instance_batches},
    {"hasRetriesLeft",
     "EXISTS (SELECT FROM jobs j WHERE j.shard = i.shard AND j.instance = i.key AND j.state = 3)",
     FIELD_BOOLEAN, .is_hidden = true},
};

#define INSTANCE_JOINS " LEFT JOIN definitions d ON d.key = i.definition"

const struct collection collection_instances = {
    .noun = "process instance",
    .from = "instances i" INSTANCE_JOINS,
    .grows = "i.started",
    .grows_in = "instances",
    .joins = INSTANCE_JOINS,
    .split = "elements_found",
    .split_into = kinds_of_elements,
    .fields = instance_fields,
    .field_count = COUNT_OF(instance_fields),
    .key = "i.key",
    .shard = "i.shard",
    .sees = SCOPE_SEES("i.tenant", "i.process_id"),
};

// -- What is deployed -------------------------------------------------------------------

static const struct state_name definition_states[] = {
    {1, "ACTIVE"}, {STATE_NEVER, "DRAINING"}, {STATE_NEVER, "DELETED"}, {0, NULL}};

static const struct field definition_fields[] = {
    {"processDefinitionKey", "key", FIELD_KEY, .is_present = true},
    {"processDefinitionId", "id", FIELD_TEXT, .is_present = true},
    {"name", "coalesce(nullif(name, ''), id)", FIELD_TEXT},
    {"version", "version", FIELD_INTEGER, .is_present = true},
    {"versionTag", "version_tag", FIELD_OPTIONAL},
    {"resourceName", "resource_name", FIELD_TEXT},
    {"tenantId", "tenant", FIELD_TENANT, .is_present = true},
    {"deploymentKey", "deployment", FIELD_KEY},
    {"deploymentTime", "deployed", FIELD_TIME, .is_present = true},
    {"hasStartForm",
     "EXISTS (SELECT FROM process_elements p WHERE p.digest = definitions.digest AND p.process_id "
     "= definitions.id AND p.form IS NOT NULL)",
     FIELD_BOOLEAN},
    {"state", "1", FIELD_STATE, definition_states},
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
    .sees = SCOPE_SEES("tenant", "id"),
};

static const struct field decision_fields[] = {
    {"decisionDefinitionKey", "key", FIELD_KEY, .is_present = true},
    {"decisionDefinitionId", "id", FIELD_TEXT},
    {"name", "name", FIELD_TEXT},
    {"version", "version", FIELD_INTEGER},
    {"decisionRequirementsKey", "requirements", FIELD_KEY},
    {"decisionRequirementsId", "requirements_id", FIELD_TEXT},
    {"decisionRequirementsName", "requirements_name", FIELD_TEXT},
    {"decisionRequirementsVersion", "requirements_version", FIELD_INTEGER},
    {"tenantId", "tenant", FIELD_TENANT},
    {"isLatestVersion",
     "NOT EXISTS (SELECT 1 FROM definitions n WHERE n.deleted IS NULL AND n.kind = 1 AND n.id = "
     "decision_definitions.id AND n.tenant = decision_definitions.tenant AND n.version > "
     "decision_definitions.version)",
     FIELD_BOOLEAN, .is_hidden = true},
};

const struct collection collection_decisions = {
    .noun = "decision definition",
    .from = "decision_definitions",
    .fields = decision_fields,
    .field_count = COUNT_OF(decision_fields),
    .key = "key",
    .always = "deleted IS NULL",
    .sees = SCOPE_SEES("tenant", "id"),
};

static const struct field requirements_fields[] = {
    {"decisionRequirementsKey", "key", FIELD_KEY, .is_present = true},
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
    .sees = SCOPE_SEES("tenant", "id"),
};

// -- Evaluated decisions ----------------------------------------------------------------

static const struct state_name decision_states[] = {
    {DECISION_EVALUATED, "EVALUATED"},
    {DECISION_FAILED, "FAILED"},
    {STATE_NEVER, "UNKNOWN"},
    {STATE_NEVER, "UNSPECIFIED"},
    {0, NULL},
};

#define DECISION_INSTANCES "decision_instances v" WITH_INSTANCE("v")
#define DECISION_INSTANCE_FIELDS                                                                   \
    {"decisionEvaluationInstanceKey", "v.key", FIELD_TEXT, .is_present = true},                    \
        {"decisionEvaluationKey", "v.evaluation", FIELD_LOCAL_KEY, .is_present = true},            \
        {"state", "v.state", FIELD_STATE, decision_states},                                        \
        {"evaluationDate", "v.evaluated", FIELD_TIME},                                             \
        {"evaluationFailure", "v.failure", FIELD_OPTIONAL},                                        \
        {"decisionDefinitionId", "v.decision_id", FIELD_TEXT},                                     \
        {"decisionDefinitionName", "v.decision_name", FIELD_TEXT},                                 \
        {"decisionDefinitionVersion", "v.decision_version", FIELD_INTEGER},                        \
        {"decisionDefinitionType", "v.decision_type", FIELD_NAME},                                 \
        {"decisionDefinitionKey", "v.decision", FIELD_KEY},                                        \
        {"rootDecisionDefinitionKey", "v.asked", FIELD_KEY},                                       \
        {"decisionRequirementsKey", "v.requirements", FIELD_KEY},                                  \
        {"result", "v.output", FIELD_TEXT},                                                        \
        {"processDefinitionKey", "v.definition", FIELD_KEY, .none = "-1"},                         \
        {"processInstanceKey", "v.instance", FIELD_KEY, .none = "-1"}, ROOT_FIELD, BUSINESS_FIELD, \
        {"elementInstanceKey", "v.element_instance", FIELD_KEY, .none = "-1"},                     \
    {                                                                                              \
        "tenantId", "v.tenant", FIELD_TENANT                                                       \
    }

// Camunda's clients take no null for what a decision has not that was evaluated alone, but -1.
static const struct field decision_instance_fields[] = {DECISION_INSTANCE_FIELDS};

const struct collection collection_decision_instances = {
    .noun = "decision instance",
    .from = DECISION_INSTANCES,
    .fields = decision_instance_fields,
    .field_count = COUNT_OF(decision_instance_fields),
    .key = "v.key",
    .key_is_text = true,
    .shard = "v.shard",
    .sees = SCOPE_SEES("v.tenant", "v.decision_id"),
};

// One of them alone also tells what it looked at and which rules matched.
static const struct field decision_instance_details[] = {
    DECISION_INSTANCE_FIELDS,
    {"evaluatedInputs", "v.inputs", FIELD_LIST},
    {"matchedRules", "v.rules", FIELD_LIST},
};

const struct collection collection_decision_instance = {
    .noun = "decision instance",
    .from = DECISION_INSTANCES,
    .fields = decision_instance_details,
    .field_count = COUNT_OF(decision_instance_details),
    .key = "v.key",
    .key_is_text = true,
    .shard = "v.shard",
    .sees = SCOPE_SEES("v.tenant", "v.decision_id"),
    .whole = "v.evaluation",
};

// -- Element instances ------------------------------------------------------------------

static const struct field element_fields[] = {
    {"elementInstanceKey", "e.key", FIELD_LOCAL_KEY, .is_present = true},
    {"processInstanceKey", "e.instance", FIELD_LOCAL_KEY, .is_present = true},
    ROOT_FIELD,
    {"processDefinitionKey", "i.definition", FIELD_KEY},
    {"processDefinitionId", "i.process_id", FIELD_TEXT},
    {"elementId", "e.element_id", FIELD_TEXT},
    {"elementName", "e.element_name", FIELD_TEXT},
    {"elementInstanceScopeKey", "e.scope", FIELD_LOCAL_KEY},
    {"type", BPMN_TYPE("e.type"), FIELD_NAME},
    {"state", "e.state", FIELD_STATE, element_states},
    {"startDate", "e.started", FIELD_TIME},
    {"endDate", "e.ended", FIELD_TIME},
    {"hasIncident", "e.has_incident", FIELD_BOOLEAN},
    {"incidentKey",
     "(SELECT n.key FROM incidents n WHERE n.shard = e.shard AND n.instance = e.instance AND "
     "n.element_instance = e.key AND n.state = 1 ORDER BY n.key LIMIT 1)",
     FIELD_KEY},
    {"slaBreached", "e.breached", FIELD_BOOLEAN},
    {"waitsFor", "e.waits_for", FIELD_OPTIONAL},
    {"tenantId", "i.tenant", FIELD_TENANT},
};

static const struct search_place element_places[] = {
    {"elements_running", false},
    {"elements_roots", true},
    {"elements_over", true},
    {"elements_pending($2::json)", false},
    {NULL, false},
};

#define ELEMENT_JOINS " JOIN instances i ON i.shard = e.shard AND i.key = e.instance"
#define ELEMENTS                                                                                   \
    .noun = "element instance",                                                                    \
    .from = "(SELECT * FROM elements_found UNION ALL SELECT * FROM elements_pending($2::json)) "   \
            "e" ELEMENT_JOINS,                                                                     \
    .places = element_places, .alias = "e", .joins = ELEMENT_JOINS, .by = "processInstanceKey",    \
    .pending = PENDING_ELEMENTS, .fields = element_fields,                                         \
    .field_count = COUNT_OF(element_fields), .key = "e.key", .shard = "e.shard",                   \
    .sees = SCOPE_SEES("i.tenant", "i.process_id")

const struct collection collection_elements = {ELEMENTS};

const struct collection collection_inner_elements = {ELEMENTS, .always = "e.key <> e.instance"};

// Those alone that stand and wait.
const struct collection collection_waiting = {
    .noun = "waiting element instance",
    .from = "(SELECT * FROM elements_found WHERE waits_for IS NOT NULL) e JOIN instances i ON "
            "i.shard = e.shard AND i.key = e.instance",
    .fields = element_fields,
    .field_count = COUNT_OF(element_fields),
    .key = "e.key",
    .shard = "e.shard",
    .sees = SCOPE_SEES("i.tenant", "i.process_id"),
};

// -- Jobs -------------------------------------------------------------------------------

static const struct state_name job_states[] = {
    {JOB_WAITING, "CREATED"},
    {JOB_OFFERED, "CREATED"},
    {JOB_HELD, "CREATED"},
    {JOB_BACKING_OFF, "FAILED"},
    {JOB_FAILED, "FAILED"},
    {JOB_END_COMPLETED, "COMPLETED"},
    {JOB_END_CANCELED, "CANCELED"},
    {JOB_END_ERROR, "ERROR_THROWN"},
    {STATE_NEVER, "MIGRATED"},
    {STATE_NEVER, "TIMED_OUT"},
    {STATE_NEVER, "RETRIES_UPDATED"},
    {STATE_NEVER, "TIMEOUT_UPDATED"},
    {STATE_NEVER, "PRIORITY_UPDATED"},
    {0, NULL},
};

static const struct state_name job_kinds[] = {
    {JOB_TASK, "BPMN_ELEMENT"},           {JOB_EXECUTION_LISTENER, "EXECUTION_LISTENER"},
    {JOB_TASK_LISTENER, "TASK_LISTENER"}, {JOB_AD_HOC, "AD_HOC_SUB_PROCESS"},
    {JOB_NOTIFICATION, "NOTIFICATION"},   {0, NULL},
};

static const struct field job_fields[] = {
    {"jobKey", "j.key", FIELD_LOCAL_KEY, .is_present = true},
    {"type", "j.type", FIELD_TEXT},
    {"state", "j.state", FIELD_STATE, job_states},
    {"kind", "j.kind", FIELD_STATE, job_kinds},
    {"listenerEventType", "coalesce(nullif(upper(j.listener_event), ''), 'UNSPECIFIED')",
     FIELD_NAME},
    {"processInstanceKey", "j.instance", FIELD_LOCAL_KEY},
    ROOT_FIELD,
    BUSINESS_FIELD,
    {"processDefinitionKey", "j.definition", FIELD_KEY},
    {"processDefinitionId", "j.process_id", FIELD_TEXT},
    {"elementId", "j.element_id", FIELD_TEXT},
    {"elementInstanceKey", "j.element_instance", FIELD_LOCAL_KEY},
    {"retries", "j.retries", FIELD_INTEGER},
    {"priority", "j.priority", FIELD_INTEGER},
    {"attempt", "j.attempt", FIELD_INTEGER},
    {"deadline", "CASE WHEN j.state = 2 THEN j.due END", FIELD_TIME},
    {"creationTime", "j.created", FIELD_TIME},
    {"lastUpdateTime", "j.offered", FIELD_TIME},
    {"endTime", "j.ended", FIELD_TIME},
    {"customHeaders", "j.headers", FIELD_JSON},
    {"errorMessage", "j.error_message", FIELD_OPTIONAL},
    {"errorCode", "j.error_code", FIELD_OPTIONAL},
    {"isDenied", "NULL::boolean", FIELD_BOOLEAN},
    {"deniedReason", NO_TEXT, FIELD_OPTIONAL},
    {"worker", "coalesce(j.worker, '')", FIELD_TEXT},
    {"hasFailedWithRetriesLeft", "(j.state = 3)", FIELD_BOOLEAN},
    {"tenantId", "j.tenant", FIELD_TENANT},
};

_Static_assert(JOB_OFFERED == 2, "the number in deadline");

const struct collection collection_jobs = {
    .noun = "job",
    .from = "(SELECT * FROM jobs_found UNION ALL SELECT * FROM jobs_pending($2::json)) "
            "j" WITH_INSTANCE("j"),
    .pending = PENDING_JOBS,
    .fields = job_fields,
    .field_count = COUNT_OF(job_fields),
    .key = "j.key",
    .shard = "j.shard",
    .sees = SCOPE_SEES("j.tenant", "j.process_id"),
};

// Those alone that can still be changed.
const struct collection collection_open_jobs = {
    .noun = "job",
    .from = "jobs_found j" WITH_INSTANCE("j"),
    .fields = job_fields,
    .field_count = COUNT_OF(job_fields),
    .key = "j.key",
    .shard = "j.shard",
    .always = "(j.state < 5 OR j.state = 8)",
    .sees = SCOPE_SEES("j.tenant", "j.process_id"),
};

_Static_assert(JOB_END_COMPLETED == 5, "the number in the condition");

// -- User tasks -------------------------------------------------------------------------

static const struct state_name user_task_states[] = {
    {USER_TASK_CREATED, "CREATED"},
    {USER_TASK_COMPLETED, "COMPLETED"},
    {USER_TASK_CANCELED, "CANCELED"},
    {USER_TASK_CREATING, "CREATING"},
    {USER_TASK_ASSIGNING, "ASSIGNING"},
    {USER_TASK_UPDATING, "UPDATING"},
    {USER_TASK_COMPLETING, "COMPLETING"},
    {USER_TASK_CANCELING, "CANCELING"},
    {STATE_NEVER, "FAILED"},
    {0, NULL},
};

#define AMONG(list) "FROM json_array_elements_text(json_without_nul(" list ")) c(value) WHERE true"
static const char task_groups[] = AMONG("t.candidate_groups");
static const char task_users[] = AMONG("t.candidate_users");

static const struct field user_task_fields[] = {
    {"userTaskKey", "t.key", FIELD_LOCAL_KEY, .is_present = true},
    {"name", "coalesce(nullif(t.name, ''), t.element_id)", FIELD_TEXT},
    {"state", "t.state", FIELD_STATE, user_task_states},
    {"assignee", "t.assignee", FIELD_OPTIONAL},
    {"elementId", "t.element_id", FIELD_TEXT},
    {"candidateGroups", "t.candidate_groups", FIELD_LIST},
    {"candidateUsers", "t.candidate_users", FIELD_LIST},
    {"candidateGroup", "c.value", FIELD_TEXT, .within = task_groups},
    {"candidateUser", "c.value", FIELD_TEXT, .within = task_users},
    {"processName", "coalesce(nullif(d.name, ''), t.process_id)", FIELD_TEXT},
    {"processDefinitionId", "t.process_id", FIELD_TEXT},
    {"processDefinitionVersion", "t.version", FIELD_INTEGER},
    {"processDefinitionKey", "t.definition", FIELD_KEY},
    {"processInstanceKey", "t.instance", FIELD_LOCAL_KEY},
    ROOT_FIELD,
    BUSINESS_FIELD,
    {"elementInstanceKey", "t.element_instance", FIELD_LOCAL_KEY},
    {"creationDate", "t.created", FIELD_TIME},
    {"completionDate", "t.ended", FIELD_TIME},
    {"followUpDate", "t.follow_up", FIELD_TIME},
    {"dueDate", "t.due", FIELD_TIME},
    {"externalFormReference", "t.form_key", FIELD_OPTIONAL},
    {"formId", "t.form_id", FIELD_OPTIONAL},
    {"formKey", "t.form", FIELD_KEY},
    {"customHeaders", "t.headers", FIELD_JSON},
    {"priority", "t.priority", FIELD_INTEGER},
    {"tags", "i.tags", FIELD_TAGS},
    {"tenantId", "t.tenant", FIELD_TENANT},
    {"processInstanceVariables", "i.variables", FIELD_VARIABLES, .is_hidden = true,
     .indexed = "(t.shard, t.instance)"},
    {"localVariables",
     "(SELECT x.variables FROM elements x WHERE x.shard = t.shard AND x.key = t.element_instance)",
     FIELD_VARIABLES, .is_hidden = true},
};

const struct collection collection_user_tasks = {
    .noun = "user task",
    .from = "user_tasks t LEFT JOIN definitions d ON d.key = t.definition" WITH_INSTANCE("t"),
    .fields = user_task_fields,
    .field_count = COUNT_OF(user_task_fields),
    .key = "t.key",
    .shard = "t.shard",
    .sees = SCOPE_SEES_TASK("t"),
};

// -- Incidents --------------------------------------------------------------------------

static const struct state_name incident_states[] = {
    {INCIDENT_OPEN, "ACTIVE"}, {INCIDENT_RESOLVED, "RESOLVED"}, {STATE_NEVER, "MIGRATED"},
    {STATE_NEVER, "PENDING"},  {STATE_NEVER, "UNKNOWN"},        {0, NULL},
};

static const struct field incident_fields[] = {
    {"incidentKey", "n.key", FIELD_LOCAL_KEY, .is_present = true},
    {"errorType", "n.kind", FIELD_NAME},
    {"errorMessage", "coalesce(n.message, '')", FIELD_TEXT},
    {"state", "n.state", FIELD_STATE, incident_states},
    {"processDefinitionId", "n.process_id", FIELD_TEXT},
    {"processDefinitionKey", "n.definition", FIELD_KEY},
    {"processInstanceKey", "n.instance", FIELD_LOCAL_KEY},
    ROOT_FIELD,
    {"elementId", "n.element_id", FIELD_TEXT},
    {"elementInstanceKey", "n.element_instance", FIELD_LOCAL_KEY},
    {"jobKey", "n.job", FIELD_KEY},
    {"creationTime", "n.created", FIELD_TIME},
    {"resolutionTime", "n.resolved", FIELD_TIME},
    {"tenantId", "n.tenant", FIELD_TENANT},
};

const struct collection collection_incidents = {
    .noun = "incident",
    .from = "incidents n" WITH_INSTANCE("n"),
    .fields = incident_fields,
    .field_count = COUNT_OF(incident_fields),
    .key = "n.key",
    .shard = "n.shard",
    .sees = SCOPE_SEES("n.tenant", "n.process_id"),
};

// -- Variables --------------------------------------------------------------------------

static const struct search_place variable_places[] = {
    {"(SELECT r.* FROM variables r WHERE (r.scope, r.name) NOT IN (SELECT c.scope, c.name FROM "
     "variables_changed($2::json) c))",
     true},
    {"variables_pending($2::json)", false},
    {NULL, false},
};

// Its key is of its scope's shard and made of scope and name. What is pending of a variable counts,
// not what the records have of it.
#define VARIABLES                                                                                  \
    "(SELECT r.* FROM variables r WHERE NOT EXISTS (SELECT FROM variables_changed($2::json) c "    \
    "WHERE c.scope = r.scope AND c.name = r.name) UNION ALL SELECT * FROM "                        \
    "variables_pending($2::json)) v" WITH_INSTANCE("v")

#define VARIABLE_FIELDS                                                                            \
    {"variableKey", "v.key", FIELD_LOCAL_KEY, .is_present = true},                                 \
        {"name", "v.name", FIELD_TEXT, .is_present = true},                                        \
        {"scopeKey", "v.scope", FIELD_LOCAL_KEY},                                                  \
        {"processInstanceKey", "v.instance", FIELD_LOCAL_KEY, .is_present = true}, ROOT_FIELD,     \
    {                                                                                              \
        "tenantId", "v.tenant", FIELD_TENANT                                                       \
    }

static const struct field variable_fields[] = {
    VARIABLE_FIELDS,
    {"value", "v.value", FIELD_TEXT},
    {"isTruncated", "false", FIELD_BOOLEAN},
};

const struct collection collection_variables = {
    .noun = "variable",
    .from = VARIABLES,
    .places = variable_places,
    .alias = "v",
    .joins = WITH_INSTANCE("v"),
    .by = "processInstanceKey",
    .pending = PENDING_VARIABLES,
    .fields = variable_fields,
    .field_count = COUNT_OF(variable_fields),
    .key = "v.key",
    .shard = "v.shard",
    .sees = SCOPE_SEES("v.tenant", "i.process_id"),
};

_Static_assert(SEARCH_MAX_SHOWN == 8191, "the number of characters");

// What is sealed opens as a whole or not at all.
#define HAS_SEALED "strpos(v.value, 'baton:sealed:') > 0"

// The filter still sees the whole value: it is the first field of that name.
static const struct field short_variable_fields[] = {
    VARIABLE_FIELDS,
    {"value", "v.value", FIELD_TEXT, .is_hidden = true},
    {"value", "CASE WHEN " HAS_SEALED " THEN v.value ELSE left(v.value, 8191) END", FIELD_TEXT},
    {"isTruncated", "(length(v.value) > 8191 AND NOT " HAS_SEALED ")", FIELD_BOOLEAN},
};

const struct collection collection_short_variables = {
    .noun = "variable",
    .from = VARIABLES,
    .places = variable_places,
    .alias = "v",
    .joins = WITH_INSTANCE("v"),
    .by = "processInstanceKey",
    .pending = PENDING_VARIABLES,
    .fields = short_variable_fields,
    .field_count = COUNT_OF(short_variable_fields),
    .key = "v.key",
    .shard = "v.shard",
    .sees = SCOPE_SEES("v.tenant", "i.process_id"),
};

static const struct field variable_name_fields[] = {
    {"name", "n.name", FIELD_TEXT, .is_present = true},
    {"processDefinitionKey", "n.definition", FIELD_KEY, .is_hidden = true},
};

const struct collection collection_variable_names = {
    .noun = "variable name",
    .from = "variable_names n",
    .fields = variable_name_fields,
    .field_count = COUNT_OF(variable_name_fields),
    .key = "n.name",
    .key_is_text = true,
    .sees = SCOPE_SEES("n.tenant", "n.process_id"),
};

// -- Cluster variables ------------------------------------------------------------------

static const struct state_name cluster_variable_scopes[] = {
    {0, "TENANT"}, {1, "GLOBAL"}, {0, NULL}};
static const struct state_name cluster_variable_kinds[] = {
    {0, "JSON"}, {STATE_NEVER, "SECRET_REFERENCE"}, {0, NULL}};

static const struct field cluster_variable_fields[] = {
    {"name", "c.name", FIELD_TEXT, .is_present = true},
    {"value", "c.value", FIELD_TEXT, .is_present = true},
    {"isTruncated", "false", FIELD_BOOLEAN},
    {"scope", "c.is_global::integer", FIELD_STATE, cluster_variable_scopes},
    {"tenantId", "CASE WHEN NOT c.is_global THEN coalesce(nullif(c.tenant, ''), '<default>') END",
     FIELD_OPTIONAL},
    {"metadata", "'{}'::json", FIELD_JSON},
    {"kind", "0", FIELD_STATE, cluster_variable_kinds},
};

const struct collection collection_cluster_variables = {
    .noun = "cluster variable",
    .from = "cluster_variables c",
    .fields = cluster_variable_fields,
    .field_count = COUNT_OF(cluster_variable_fields),
    .key = "c.key",
    .shard = "c.shard",
    .sees = "(c.is_global OR " SCOPE_SEES_TENANT("c.tenant") ") AND " SCOPE_SEES_ID("c.name"),
};

// -- Listeners of all user tasks --------------------------------------------------------

static const struct field listener_fields[] = {
    {"id", "l.id", FIELD_TEXT, .is_present = true},
    {"source", "'API'", FIELD_NAME},
    {"eventTypes", "to_jsonb(l.events)", FIELD_TAGS},
    {"type", "l.type", FIELD_TEXT, .is_present = true},
    {"retries", "l.retries", FIELD_INTEGER, .is_present = true},
    {"afterNonGlobal", "l.runs_last", FIELD_BOOLEAN, .is_present = true},
    {"priority", "l.priority", FIELD_INTEGER, .is_present = true},
};

const struct collection collection_listeners = {
    .noun = "global task listener",
    .from = "global_listeners l",
    .fields = listener_fields,
    .field_count = COUNT_OF(listener_fields),
    .key = "l.id",
    .key_is_text = true,
    .sees = "($1::text IS NULL OR true)", // whoever may read them at all
};

// -- Batch operations -------------------------------------------------------------------

static const struct state_name batch_types[] = {
#define BATCH(name, number, wanted) {number, #name},
#include "store/catalogue/batches.def"
#undef BATCH
    {STATE_NEVER, "ADD_VARIABLE"},
    {STATE_NEVER, "UPDATE_VARIABLE"},
    {STATE_NEVER, "DELETE_DECISION_DEFINITION"},
    {STATE_NEVER, "DELETE_PROCESS_DEFINITION"},
    {0, NULL},
};

// batch_progress.shown. What failed are items, not the operation.
static const struct state_name batch_states[] = {
    {0, "CREATED"},          {1, "ACTIVE"},    {2, "SUSPENDED"},
    {3, "CANCELED"},         {4, "COMPLETED"}, {STATE_NEVER, "PARTIALLY_COMPLETED"},
    {STATE_NEVER, "FAILED"}, {0, NULL},
};

static const struct state_name actor_types[] = {
    {1, "USER"}, {2, "ANONYMOUS"}, {STATE_NEVER, "CLIENT"}, {STATE_NEVER, "UNKNOWN"}, {0, NULL}};

static const struct field batch_fields[] = {
    {"batchOperationKey", "b.key", FIELD_KEY, .is_present = true},
    {"batchOperationType", "b.type", FIELD_STATE, batch_types, "operationType"},
    {"state", "b.shown", FIELD_STATE, batch_states},
    {"startDate", "b.started", FIELD_TIME},
    {"endDate", "b.ended", FIELD_TIME},
    {"actorType", "CASE b.principal WHEN '' THEN 2 ELSE 1 END", FIELD_STATE, actor_types},
    {"actorId", "b.principal", FIELD_OPTIONAL},
    {"operationsTotalCount", "b.total", FIELD_INTEGER},
    {"operationsCompletedCount", "b.completed", FIELD_INTEGER},
    {"operationsFailedCount", "b.failed", FIELD_INTEGER},
    {"errors", NO_TEXT, FIELD_LIST},
};

const struct collection collection_batches = {
    .noun = "batch operation",
    .from = "batch_progress b",
    .fields = batch_fields,
    .field_count = COUNT_OF(batch_fields),
    .key = "b.key",
    .sees = SCOPE_SEES_TENANT("b.tenant"),
};

static const struct state_name batch_item_states[] = {
    {BATCH_ITEM_ACTIVE, "ACTIVE"}, {BATCH_ITEM_COMPLETED, "COMPLETED"},
    {BATCH_ITEM_FAILED, "FAILED"}, {BATCH_ITEM_CANCELED, "CANCELED"},
    {STATE_NEVER, "SKIPPED"},      {0, NULL},
};

static const struct field batch_item_fields[] = {
    {"batchOperationKey", "n.batch", FIELD_KEY},
    {"operationType", "b.type", FIELD_STATE, batch_types},
    {"itemKey", "n.item", FIELD_KEY},
    {"processInstanceKey", "nullif(n.instance, 0)", FIELD_KEY, .none = "-1"},
    {"rootProcessInstanceKey", "coalesce(i.root_instance, nullif(n.instance, 0))", FIELD_KEY,
     .none = "-1"},
    {"state", "n.state", FIELD_STATE, batch_item_states},
    {"processedDate", "n.processed", FIELD_TIME},
    {"errorMessage", "n.error", FIELD_OPTIONAL},
};

const struct collection collection_batch_items = {
    .noun = "item of a batch operation",
    .from = "batch_items n JOIN batch_operations b ON b.key = n.batch" WITH_INSTANCE("n"),
    .fields = batch_item_fields,
    .field_count = COUNT_OF(batch_item_fields),
    .key = "n.key",
    .shard = "n.shard",
    .sees = SCOPE_SEES_TENANT("b.tenant"),
};

// -- Other files ------------------------------------------------------------------------

static const struct field resource_fields[] = {
    {"resourceKey", "key", FIELD_KEY, .is_present = true},
    {"resourceId", "id", FIELD_TEXT, .is_present = true},
    {"resourceName", "resource_name", FIELD_TEXT, .is_present = true},
    {"version", "version", FIELD_INTEGER, .is_present = true},
    {"versionTag", "version_tag", FIELD_OPTIONAL},
    {"deploymentKey", "deployment", FIELD_KEY},
    {"tenantId", "tenant", FIELD_TENANT},
};

_Static_assert(RESOURCE_OTHER == 3, "the number in the condition");

const struct collection collection_resources = {
    .noun = "resource",
    .from = "definitions",
    .fields = resource_fields,
    .field_count = COUNT_OF(resource_fields),
    .key = "key",
    .always = "kind = 3 AND deleted IS NULL",
    .sees = SCOPE_SEES("tenant", "id"),
};

// -- What a user task sees --------------------------------------------------------------

const char variables_of_task[] = "v.scope IN (SELECT s.scope FROM task_scopes(@::bigint) s)";

const char variables_in_effect[] =
    "v.scope = (SELECT s.scope FROM task_scopes(@::bigint) s WHERE EXISTS (SELECT FROM variables w "
    "WHERE w.shard = v.shard AND w.instance = v.instance AND w.scope = s.scope AND w.name = "
    "v.name) OR EXISTS (SELECT FROM variables_pending($2::json) w WHERE w.scope = s.scope AND "
    "w.name = v.name) ORDER BY s.depth LIMIT 1)";
