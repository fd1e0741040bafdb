// SPDX-License-Identifier: Apache-2.0
//
// Whose rows a read may see: of which tenants, and on which resources the caller has the permission
// that the operation takes. Every statement of this folder takes one: there is no default, and a
// struct that nobody filled sees nothing. What is not narrowed says so: scope_everything().
#ifndef BATON_STORE_READ_SCOPE_H
#define BATON_STORE_READ_SCOPE_H

#include "base/arena.h"
#include "base/str.h"

struct scope {
    bool is_everything;
    const str *tenants; // as they are stored: the default tenant is the empty string
    size_t tenant_count;
    bool has_all_resources;
    const str *resources; // ids: of process definitions, decisions, files, …, by the statement
    size_t resource_count;
    // User tasks alone: seen, too, where this person is the assignee or a candidate, by the name or
    // a group, and by their keys.
    str person; // empty: nobody
    const str *groups;
    size_t group_count;
    const str *tasks;
    size_t task_count;
};

struct scope scope_everything(void);
struct scope scope_tenants(const str *tenants, size_t count); // all that is theirs

// The scope as parameter $1 of a statement that contains SCOPE_SEES.
str scope_parameter(struct arena *arena, struct scope scope);

#define SCOPE "($1::read_scope)"
#define SCOPE_SEES_TENANT(tenant)                                                                  \
    "(" SCOPE ".tenants IS NULL OR " tenant " = ANY (" SCOPE ".tenants))"

// One id alone is compared, so that an index has its rows in order.
#define SCOPE_HAS_RESOURCE(id)                                                                     \
    "(cardinality(" SCOPE ".resources) = 1 AND " id " = (" SCOPE                                   \
    ".resources)[1] OR cardinality(" SCOPE ".resources) <> 1 AND " id " = ANY (" SCOPE             \
    ".resources))"

// A condition on the columns of a tenant and of the resource that the permission must be on.
#define SCOPE_SEES(tenant, id) SCOPE_SEES_TENANT(tenant) " AND " SCOPE_SEES_ID(id)

// Of what belongs to no tenant.
#define SCOPE_SEES_ID(id) "(" SCOPE ".resources IS NULL OR " SCOPE_HAS_RESOURCE(id) ")"

// On a row of user_tasks.
#define SCOPE_SEES_TASK(t)                                                                         \
    SCOPE_SEES_TENANT(t ".tenant")                                                                 \
    " AND (" SCOPE ".resources IS NULL OR " t ".process_id = ANY (" SCOPE ".resources) OR " t      \
    ".assignee = " SCOPE ".person OR " t ".key::text = ANY (" SCOPE                                \
    ".tasks) OR EXISTS (SELECT FROM json_array_elements_text(" t                                   \
    ".candidate_users) c WHERE c = " SCOPE                                                         \
    ".person) OR EXISTS (SELECT FROM json_array_elements_text(" t                                  \
    ".candidate_groups) c WHERE c = ANY (" SCOPE ".groups)))"

// The default tenant is the empty string inside and "<default>" outside.
str tenant_outside(str tenant);
str tenant_inside(str tenant);

#endif
