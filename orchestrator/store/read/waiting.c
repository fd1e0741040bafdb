// SPDX-License-Identifier: Apache-2.0
//
// Collections of what instances wait for, and of the messages that came.
#include "record/records.h"
#include "store/read/collections.h"
#include "store/read/instance_fields.h"

static const struct field wait_state_fields[] = {
    {"elementInstanceKey", "w.element_instance", FIELD_LOCAL_KEY},
    {"processInstanceKey", "w.instance", FIELD_LOCAL_KEY, .is_present = true},
    ROOT_FIELD,
    {"bpmnProcessId", "i.process_id", FIELD_TEXT},
    {"elementId", "coalesce(w.element_id, e.element_id)", FIELD_TEXT},
    {"elementType", BPMN_TYPE("coalesce(w.type, e.type)"), FIELD_NAME},
    {"waitStateType", "w.kind", FIELD_NAME, .is_hidden = true},
    {"details", "w.details", FIELD_JSON},
    {"tenantId", "i.tenant", FIELD_TENANT},
};

// Where a process itself waits (for an event sub-process) its root stands for it. A condition tells
// of its own event, on whatever it waits.
const struct collection collection_wait_states = {
    .noun = "wait state",
    .from = "wait_states w JOIN instances i ON i.shard = w.shard AND i.key = w.instance AND "
            "i.state = 1 JOIN LATERAL (SELECT x.element_id, x.type FROM elements x WHERE x.shard = "
            "w.shard AND x.key = w.element_instance UNION ALL SELECT i.process_id, 'process' WHERE "
            "w.element_instance = i.key) e ON true",
    .fields = wait_state_fields,
    .field_count = COUNT_OF(wait_state_fields),
    .key = "w.id",
    .key_is_text = true,
    .shard = "w.shard",
    .sees = SCOPE_SEES("i.tenant", "i.process_id"),
};

// -- Subscriptions ----------------------------------------------------------------------

static const struct state_name subscription_states[] = {{0, "CREATED"},
                                                        {1, "CORRELATED"},
                                                        {STATE_NEVER, "DELETED"},
                                                        {STATE_NEVER, "MIGRATED"},
                                                        {0, NULL}};
static const struct state_name subscription_types[] = {
    {0, "PROCESS_EVENT"}, {STATE_NEVER, "START_EVENT"}, {0, NULL}};

static const struct field subscription_fields[] = {
    {"messageSubscriptionKey", "s.key", FIELD_LOCAL_KEY, .is_present = true},
    {"processDefinitionId", "i.process_id", FIELD_TEXT},
    {"processDefinitionKey", "i.definition", FIELD_KEY},
    {"processDefinitionName", "coalesce(nullif(d.name, ''), i.process_id)", FIELD_TEXT},
    {"processDefinitionVersion", "i.version", FIELD_INTEGER},
    {"processInstanceKey", "s.instance", FIELD_LOCAL_KEY},
    ROOT_FIELD,
    BUSINESS_FIELD,
    {"elementId", "s.element_id", FIELD_TEXT},
    {"elementInstanceKey", "s.element_instance", FIELD_LOCAL_KEY},
    {"messageSubscriptionState", "s.state", FIELD_STATE, subscription_states},
    {"messageSubscriptionType", "0", FIELD_STATE, subscription_types},
    {"lastUpdatedDate", "s.updated", FIELD_TIME},
    {"messageName", "s.name", FIELD_TEXT},
    {"correlationKey", "s.correlation_key", FIELD_OPTIONAL},
    {"toolName", NO_TEXT, FIELD_OPTIONAL},
    {"inboundConnectorType", NO_TEXT, FIELD_OPTIONAL},
    {"extensionProperties", NO_TEXT, FIELD_JSON},
    {"toolProperties", NO_TEXT, FIELD_JSON},
    {"tenantId", "s.tenant", FIELD_TENANT},
};

_Static_assert(SUBSCRIPTION_MESSAGE == 0, "the kind in the view");

const struct collection collection_subscriptions = {
    .noun = "message subscription",
    .from = "message_subscriptions s" WITH_INSTANCE(
        "s") " LEFT JOIN definitions d ON d.key = i.definition",
    .fields = subscription_fields,
    .field_count = COUNT_OF(subscription_fields),
    .key = "s.key",
    .shard = "s.shard",
    .sees = SCOPE_SEES("s.tenant", "d.id"),
};

const struct collection collection_open_subscriptions = {
    .noun = "message subscription",
    .from = "message_subscriptions s" WITH_INSTANCE(
        "s") " LEFT JOIN definitions d ON d.key = i.definition",
    .fields = subscription_fields,
    .field_count = COUNT_OF(subscription_fields),
    .key = "s.key",
    .shard = "s.shard",
    .always = "s.state = 0",
    .sees = SCOPE_SEES("s.tenant", "d.id"),
};

// -- What was correlated ----------------------------------------------------------------

static const struct field correlation_fields[] = {
    {"subscriptionKey", "c.key", FIELD_KEY, .is_present = true},
    {"messageKey", "c.message", FIELD_KEY, .is_present = true},
    {"messageName", "c.name", FIELD_TEXT},
    {"correlationKey", "c.correlation_key", FIELD_OPTIONAL},
    {"correlationTime", "c.correlated", FIELD_TIME},
    {"elementId", "c.element_id", FIELD_TEXT},
    {"elementInstanceKey", "c.element_instance", FIELD_KEY},
    {"partitionId", "c.shard + 1", FIELD_INTEGER},
    {"processDefinitionId", "i.process_id", FIELD_TEXT},
    {"processDefinitionKey", "i.definition", FIELD_KEY},
    {"processInstanceKey", "c.instance", FIELD_LOCAL_KEY, .is_present = true},
    ROOT_FIELD,
    BUSINESS_FIELD,
    {"tenantId", "i.tenant", FIELD_TENANT},
};

const struct collection collection_correlations = {
    .noun = "correlated message subscription",
    .from = "correlations c JOIN instances i ON i.shard = c.shard AND i.key = c.instance",
    .fields = correlation_fields,
    .field_count = COUNT_OF(correlation_fields),
    .key = "(c.key || '-' || c.message)",
    .key_is_text = true,
    .shard = "c.shard",
    .sees = SCOPE_SEES("i.tenant", "i.process_id"),
};
