// SPDX-License-Identifier: Apache-2.0
//
// What people and programs read, one function a question. Rows come as the comments say, in that
// order of columns. Searches are in search.h.
#ifndef BATON_STORE_READ_READ_H
#define BATON_STORE_READ_READ_H

#include "store/read/scope.h"
#include "store/statement.h"

// -- Definitions ----------------------------------------------------------------------------------

struct process_version {
    str id;
    int32_t version; // below 1: the newest
    str tag;         // empty: any
};

// The newest of them that is deployed: key.
struct statement read_process_key(struct arena *arena, struct scope scope, str tenant,
                                  const struct process_version *wanted);

// What a process definition was made from: id, bytes.
struct statement read_process_source(struct arena *arena, struct scope scope, uint64_t definition);

// Any deployed file, as text: text.
struct statement read_resource_text(struct arena *arena, struct scope scope, uint64_t key);

// The same as it came: bytes.
struct statement read_resource_bytes(struct arena *arena, struct scope scope, uint64_t key);

// Of a deployed one of the caller's tenants, whatever else they may see of it: kind, id, whether it
// is deleted.
struct statement read_resource_kind(struct arena *arena, struct scope scope, uint64_t key);

// key, id, name of the file, version, version tag, tenant.
struct statement read_resource(struct arena *arena, struct scope scope, uint64_t key);

// The newest DMN file of a namespace that a tenant deployed: name of the file, bytes.
struct statement read_model(struct arena *arena, struct scope scope, str tenant, str namespace);

// -- Where something lives ------------------------------------------------------------------------

// Each: the key of its process instance.
struct statement read_instance_of_job(struct arena *arena, struct scope scope, uint64_t job);
// A row when there is a job of this type that nobody works on.
struct statement read_untaken_job(struct arena *arena, struct scope scope, str type);
struct statement read_instance_of_user_task(struct arena *arena, struct scope scope, uint64_t task);
// Of a user task: element id, process, tenant as it is stored, and what it is kept apart from and
// who did that, as JSON (NULL: nothing by its model).
struct statement read_separation_of_task(struct arena *arena, struct scope scope, uint64_t task);
// Policies that concern an element: name, role, elements as JSON.
struct statement read_separations_of_element(struct arena *arena, str tenant, str process_id,
                                             str element_id);
struct statement read_instance_of_incident(struct arena *arena, struct scope scope,
                                           uint64_t incident);
// Of an element instance that waits, or of a process instance that runs.
struct statement read_instance_of_scope(struct arena *arena, struct scope scope, uint64_t key);

// What an instance is: definition's key, process id, tenant, root instance's key.
struct statement read_identity(struct arena *arena, struct scope scope, uint64_t instance);

// -- Others ---------------------------------------------------------------------------------------

// The form of a user task, one by its key, the one that starts a process: key, id, version, schema,
// tenant.
struct statement read_form(struct arena *arena, struct scope scope, uint64_t task);
struct statement read_form_by_key(struct arena *arena, struct scope scope, uint64_t key);
struct statement read_start_form(struct arena *arena, struct scope scope, uint64_t definition);

// Whether such a process is deployed: a row.
struct statement read_is_deployed(struct arena *arena, struct scope scope, uint64_t definition);

// The variables that a process or element instance sees while it runs, the nearest of each name: a
// JSON object. No row when there is none.
struct statement read_visible(struct arena *arena, struct scope scope, uint64_t key);

// Who called an instance, from the root to itself: instance, definition, its name.
struct statement read_callers(struct arena *arena, struct scope scope, uint64_t instance);

// An evaluation, a row a decision on its way; columns of its own in each row: key; of the decision
// asked for key, id, name, version, requirements' key, requirements' id; tenant; output; failure;
// the decision that failed. From 11 on those of the decision on the way: key, definition's key, id,
// name, version, type, output, inputs, rules.
struct statement read_evaluation(struct arena *arena, struct scope scope, uint64_t evaluation);

// The history of an instance: sequence, time, cause, principal, events (bytes).
struct statement read_history(struct arena *arena, struct scope scope, uint64_t instance,
                              int64_t most);

// The value of a cluster variable, as JSON: a row when it is there. Belongs to no scope: who may
// ask is decided before.
struct statement read_cluster_variable(struct arena *arena, bool is_global, str tenant, str name);

// All that expressions of a tenant see: whether it is the installation's, name, value.
struct statement read_cluster_variables(struct arena *arena, str tenant);

// Who owns which shard: owner, shard, why it is halted, the installation's id, how often
// everything was deleted. Belongs to no tenant.
struct statement read_topology(struct arena *arena);

#endif
