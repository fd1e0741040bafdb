// SPDX-License-Identifier: Apache-2.0
//
// The things that can be searched, as tables of their fields (search.h).
#ifndef BATON_STORE_READ_COLLECTIONS_H
#define BATON_STORE_READ_COLLECTIONS_H

#include "store/read/search.h"

extern const struct collection collection_instances;
extern const struct collection collection_definitions; // processes
extern const struct collection collection_decisions;
extern const struct collection collection_requirements;       // decision requirements graphs
extern const struct collection collection_decision_instances; // evaluated decisions
extern const struct collection collection_decision_instance;  // one, with inputs and rules
extern const struct collection collection_cluster_variables;
extern const struct collection collection_elements;
extern const struct collection collection_inner_elements;     // without the process itself
extern const struct collection collection_waiting;            // those of the elements that wait
extern const struct collection collection_open_subscriptions; // those alone that wait
extern const struct collection collection_wait_states;
extern const struct collection collection_variable_names;
extern const struct collection collection_jobs;
extern const struct collection collection_open_jobs;
extern const struct collection collection_listeners; // of all user tasks
extern const struct collection collection_user_tasks;
extern const struct collection collection_incidents;
extern const struct collection collection_variables;
extern const struct collection collection_short_variables; // values cut to SEARCH_MAX_SHOWN
extern const struct collection collection_subscriptions;
extern const struct collection collection_correlations; // messages that instances took
extern const struct collection collection_resources;    // files that are no model
extern const struct collection collection_batches;
extern const struct collection collection_batch_items;

extern const struct collection collection_audit_log; // audit_log.c

// Who there is (directory.c). Of members the condition says of what: on m.whole_kind and m.whole.
extern const struct collection collection_users;
extern const struct collection collection_groups;
extern const struct collection collection_roles;
extern const struct collection collection_tenants;
extern const struct collection collection_rules; // that map claims
extern const struct collection collection_member_users;
extern const struct collection collection_member_clients;
extern const struct collection collection_member_groups;
extern const struct collection collection_member_roles;
extern const struct collection collection_member_rules;
extern const struct collection collection_authorizations;

// Conditions on variables: those that a user task (@) sees, and of each name the nearest of them.
extern const char variables_of_task[];
extern const char variables_in_effect[];

#endif
