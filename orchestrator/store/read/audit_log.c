// SPDX-License-Identifier: Apache-2.0
//
// The audit log as it is searched: what commands did and what else somebody did or was refused
// (schemas/0211_audit_steps.sql), in Camunda's words. What Camunda has no word for has it in fields
// of our own.
#include "store/read/collections.h"

#define IN_CAMUNDAS_WORDS(column)                                                                  \
    "CASE WHEN " column " IN ('AUTHORIZATION', 'BATCH', 'CLIENT', 'DECISION', 'GROUP', "           \
    "'INCIDENT', 'JOB', 'MAPPING_RULE', 'PROCESS_INSTANCE', 'RESOURCE', 'ROLE', 'TENANT', "        \
    "'USER', 'USER_TASK', 'VARIABLE') THEN " column " WHEN " column                                \
    " IS NOT NULL THEN 'RESOURCE' END"

#define IS_OF(resource_kind) "CASE WHEN a.resource_kind " resource_kind " THEN a.resource END"

#define SEEN(word) word " = ANY (" SCOPE ".resources)"

#define BATCH(name, number, wanted) " WHEN " #number " THEN '" #name "'"
static const char batch_type[] = "(SELECT CASE b.type "
#include "store/catalogue/batches.def"
                                 " END FROM batch_operations b WHERE b.key = a.batch)";
#undef BATCH

static const struct field fields[] = {
    {"auditLogKey", "a.key", FIELD_KEY, .is_present = true},
    {"timestamp", "a.time", FIELD_TIME, .is_present = true},
    {"entityKey", "coalesce(a.entity, '')", FIELD_TEXT},
    {"entityType", IN_CAMUNDAS_WORDS("a.entity_type"), FIELD_NAME},
    {"operationType",
     "CASE WHEN a.operation IN ('ASSIGN', 'CANCEL', 'COMPLETE', 'CREATE', 'DELETE', 'EVALUATE', "
     "'MIGRATE', 'MODIFY', 'RESOLVE', 'RESUME', 'SUSPEND', 'UNASSIGN', 'UPDATE') THEN a.operation "
     "ELSE 'UNKNOWN' END",
     FIELD_NAME},
    {"batchOperationKey", "a.batch", FIELD_KEY},
    {"batchOperationType", batch_type, FIELD_OPTIONAL},
    {"actorId", "a.actor", FIELD_OPTIONAL},
    {"actorType", "a.actor_type", FIELD_NAME},
    {"agentElementId", "NULL::text", FIELD_OPTIONAL},
    {"tenantId",
     "CASE WHEN a.tenant IS NOT NULL THEN coalesce(nullif(a.tenant, ''), '<default>') END",
     FIELD_OPTIONAL},
    {"result", "a.result", FIELD_NAME},
    {"category", "a.category", FIELD_NAME},
    {"processDefinitionId", "a.process_id", FIELD_OPTIONAL},
    {"processDefinitionKey", "a.definition", FIELD_KEY},
    {"processInstanceKey", "a.instance", FIELD_KEY},
    {"rootProcessInstanceKey",
     "(SELECT coalesce(i.root_instance, i.key) FROM instances i WHERE i.key = a.instance AND "
     "i.shard = (a.instance >> 51) - 1)",
     FIELD_KEY},
    {"elementInstanceKey", "a.element_instance", FIELD_KEY},
    {"jobKey", "a.job", FIELD_KEY},
    {"userTaskKey", "a.user_task", FIELD_KEY},
    {"decisionRequirementsId",
     "(SELECT d.requirements_id FROM decision_definitions d WHERE d.key = a.decision)",
     FIELD_OPTIONAL},
    {"decisionRequirementsKey",
     "(SELECT d.requirements FROM decision_definitions d WHERE d.key = a.decision)", FIELD_KEY},
    {"decisionDefinitionId", "a.decision_id", FIELD_OPTIONAL},
    {"decisionDefinitionKey", "a.decision", FIELD_KEY},
    {"decisionEvaluationKey", "a.evaluation", FIELD_KEY},
    {"deploymentKey", "a.deployment", FIELD_KEY},
    {"formKey", IS_OF("= 'FORM'"), FIELD_KEY},
    {"resourceKey", IS_OF("<> 'FORM'"), FIELD_KEY},
    {"relatedEntityKey", "a.related", FIELD_OPTIONAL},
    {"relatedEntityType", IN_CAMUNDAS_WORDS("a.related_type"), FIELD_OPTIONAL},
    {"entityDescription", "a.description", FIELD_OPTIONAL},
    {"operation", "a.operation", FIELD_NAME},
    {"entity", "a.entity_type", FIELD_NAME},
    {"address", "a.address", FIELD_OPTIONAL},
    {"requestId", "a.request", FIELD_OPTIONAL},
    {"permission", "a.permission", FIELD_OPTIONAL},
    {"times", "a.times", FIELD_INTEGER, .is_present = true},
};

// In the scope are categories, and processes whose instances (P) or tasks (T) the caller may read
// (gateway/permission.c). What is no tenant's is administration, or seen by whoever sees all.
#define SEES_TENANT                                                                                \
    "(CASE WHEN a.tenant IS NULL THEN " SCOPE                                                      \
    ".tenants IS NULL OR a.category = 'ADMIN' ELSE " SCOPE_SEES_TENANT("a.tenant") " END)"
#define SEES_INSTANCE                                                                              \
    "a.category <> 'ADMIN' AND (" SEEN("'P*'") " OR " SEEN("'P ' || a.process_id") ")"
#define SEES_TASK                                                                                  \
    "a.category = 'USER_TASKS' AND (" SEEN("'T*'") " OR " SEEN("'T ' || a.process_id") ")"
#define SEES_RESOURCE                                                                              \
    "(" SCOPE ".resources IS NULL OR " SEEN("a.category") " OR " SEES_INSTANCE " OR " SEES_TASK ")"

const struct collection collection_audit_log = {
    .noun = "entry of the audit log",
    .from = "audit_found a",
    .fields = fields,
    .field_count = COUNT_OF(fields),
    .key = "a.key",
    .newest = "timestamp",
    .is_record = true,
    .sees = SEES_TENANT " AND " SEES_RESOURCE,
};
