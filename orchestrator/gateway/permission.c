// SPDX-License-Identifier: Apache-2.0
//
// From an identity and what an operation takes to what a caller's reads see and its commands reach.
#include "gateway/caller.h"

#include "access/access.h"
#include "base/clock.h"
#include "gateway/gateway.h"

#include <string.h>

const struct identity *caller_everybody(void)
{
    static const struct identity everybody = {
        .is_everything = true, .kind = SUBJECT_USER, .id = {"", 0}, .proof = {"", 0}};
    return &everybody;
}

void caller_widen(struct caller *caller)
{
    const struct identity *identity = caller->identity;
    caller->scope = identity->is_everything
                        ? scope_everything()
                        : scope_tenants(identity->tenants.items, identity->tenants.count);
}

bool caller_has_tenant(const struct caller *caller, str tenant)
{
    return caller->identity->is_everything || names_have(caller->identity->tenants, tenant);
}

// -- Reads ------------------------------------------------------------------------------

static bool concerns_tasks(const struct need *need)
{
    return need->type == RESOURCE_PROCESS_DEFINITION &&
           str_equal(need->permissions, STR("READ_USER_TASK"));
}

// Own tasks, and those that grants on user tasks name.
static void add_tasks(struct caller *caller)
{
    bool all;
    struct scope *scope = &caller->scope;
    const struct identity *identity = caller->identity;
    struct names tasks =
        identity_resources(caller->arena, identity, RESOURCE_USER_TASK, STR("READ"), &all);
    scope->has_all_resources |= all;
    scope->tasks = tasks.items;
    scope->task_count = tasks.count;
    scope->person = identity->kind == SUBJECT_USER ? identity->id : STR_EMPTY;
    scope->groups = identity->groups.items;
    scope->group_count = identity->groups.count;
}

void caller_narrow(struct caller *caller, const char *permission)
{
    struct scope *scope = &caller->scope;
    struct names ids =
        identity_resources(caller->arena, caller->identity, RESOURCE_PROCESS_DEFINITION,
                           str_of(permission), &scope->has_all_resources);
    scope->resources = ids.items;
    scope->resource_count = ids.count;
}

// Of the audit log, beside categories: what was done to instances and tasks of processes that the
// caller may read, as Camunda has it. "P loan": to instances of loan, "T loan": to its tasks, with
// * of all (store/read/audit_log.c).
static size_t add_processes(struct caller *caller, const char *permission, char mark, str *ret_ids)
{
    bool all;
    struct names ids = identity_resources(caller->arena, caller->identity,
                                          RESOURCE_PROCESS_DEFINITION, str_of(permission), &all);
    if (all) {
        ret_ids[0] = str_format(caller->arena, "%c*", mark);
        return 1;
    }
    for (size_t i = 0; i < ids.count; i++)
        ret_ids[i] = str_format(caller->arena, "%c %.*s", mark, STR_ARG(ids.items[i]));
    return ids.count;
}

static void narrow_audit(struct caller *caller, struct names categories)
{
    const struct identity *identity = caller->identity;
    str *seen = ARENA_ARRAY(caller->arena, str, categories.count + 2 * (identity->grant_count + 1));
    size_t count = categories.count;
    for (size_t i = 0; i < count; i++)
        seen[i] = categories.items[i];
    count += add_processes(caller, "READ_PROCESS_INSTANCE", 'P', seen + count);
    count += add_processes(caller, "READ_USER_TASK", 'T', seen + count);
    caller->scope.resources = seen;
    caller->scope.resource_count = count;
}

static void narrow(struct caller *caller, const struct need *need)
{
    struct scope *scope = &caller->scope;
    struct names ids =
        need_resources(caller->arena, caller->identity, need, &scope->has_all_resources);
    scope->resources = ids.items;
    scope->resource_count = ids.count;
    if (need->type == RESOURCE_AUDIT_LOG && !scope->has_all_resources)
        narrow_audit(caller, ids);
    if (concerns_tasks(need))
        add_tasks(caller);
}

// -- Commands ---------------------------------------------------------------------------

static bool travels(const struct grant *grant)
{
    static const enum resource_type types[] = {RESOURCE_PROCESS_DEFINITION,
                                               RESOURCE_DECISION_DEFINITION, RESOURCE_USER_TASK,
                                               RESOURCE_RESOURCE, RESOURCE_MESSAGE};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_equal(grant->resource_type, str_of(resource_type_name(types[i]))))
            return true;
    return str_equal(grant->resource_type, STR("SEPARATION"));
}

static void add_standing(struct grant *grants, size_t *count, enum resource_type type, str id)
{
    grants[(*count)++] =
        (struct grant){.resource_type = str_of(resource_type_name(type)), .resource_id = id};
}

void caller_restrict(const struct caller *caller, struct command *command)
{
    const struct identity *identity = caller->identity;
    if (identity->is_everything)
        return;
    size_t count = 0;
    size_t most = identity->grant_count + identity->tenants.count + identity->groups.count + 1;
    struct grant *grants = ARENA_ARRAY(caller->arena, struct grant, most);
    for (size_t i = 0; i < identity->grant_count; i++)
        if (travels(&identity->grants[i]))
            grants[count++] = identity->grants[i];
    for (size_t i = 0; i < identity->tenants.count; i++)
        add_standing(grants, &count, RESOURCE_TENANT, identity->tenants.items[i]);
    for (size_t i = 0; i < identity->groups.count; i++)
        add_standing(grants, &count, RESOURCE_GROUP, identity->groups.items[i]);
    if (identity->kind == SUBJECT_USER)
        add_standing(grants, &count, RESOURCE_USER, identity->id);
    command->restricted = true;
    command->grants = grants;
    command->grant_count = count;
}

// -- Asking -----------------------------------------------------------------------------

static bool refuse(const struct need *need, str id, struct error *err)
{
    return error_set(err, ERROR_DENIED, "", "this takes %.*s on %s%s%.*s%s",
                     STR_ARG(need->permissions), resource_type_name(need->type),
                     str_is_empty(id) ? "" : " '", STR_ARG(id), str_is_empty(id) ? "" : "'");
}

// The engine decides on what is reached; whoever can reach nothing is told so at once. A user task
// may be one's own.
static bool can_reach(struct caller *caller, const struct need *need)
{
    bool all;
    struct names ids = need_resources(caller->arena, caller->identity, need, &all);
    bool is_task =
        strncmp(need->permissions.data, "UPDATE_USER_TASK", strlen("UPDATE_USER_TASK")) == 0;
    return all || ids.count > 0 || is_task;
}

static bool check_need(struct caller *caller, const struct need *need, str named, struct error *err)
{
    switch (need->check) {
    case NEED_ROWS:
        narrow(caller, need);
        return true;
    case NEED_ENGINE:
        return can_reach(caller, need) || refuse(need, STR_EMPTY, err);
    case NEED_PATH:
        return need_is_met(caller->identity, need, named) || refuse(need, named, err);
    case NEED_ALL:
        return need_is_met(caller->identity, need, STR("*")) || refuse(need, STR_EMPTY, err);
    }
    check_unreachable();
}

static void note_allowed(struct caller *caller, const char *permission, str named)
{
    const struct access *access = gateway_access(caller->gateway);
    caller->permission = permission;
    caller->named = named;
    caller->allowed_epoch = access != NULL ? access_epoch(access) : 0;
    caller->allowed_ns = clock_monotonic_ns();
}

bool caller_allow(struct caller *caller, const struct identity *identity, const char *permission,
                  str named, struct error *err)
{
    str rest = str_of(permission);
    struct need need;
    caller->identity = identity;
    caller->principal = identity->id;
    note_allowed(caller, permission, named);
    caller_widen(caller);
    if (identity->is_everything || str_equal(rest, STR("none")) || str_equal(rest, STR("self")))
        return true;
    while (need_next(&rest, &need))
        if (!check_need(caller, &need, named, err))
            return false;
    return true;
}
