// SPDX-License-Identifier: Apache-2.0
//
// What a restricted command may reach. Its grants say what its sender was given: permissions on
// resources, as the REST API names them, and in the same form what the sender is: a grant on a
// TENANT or GROUP that it belongs to, on the USER that it is. What it may not see is not there for
// it; what it may see and not do is forbidden.
#include "engine/user_task.h"

#include <stdlib.h>

static bool is_on(const struct grant *grant, const char *type, str id)
{
    return str_equal(grant->resource_type, str_of(type)) && str_equal(grant->resource_id, id);
}

static bool has_grant(const struct command *command, const char *type, str id)
{
    for (size_t i = 0; i < command->grant_count; i++)
        if (is_on(&command->grants[i], type, id))
            return true;
    return false;
}

static bool gives(const struct grant *grant, const char *permission)
{
    for (size_t i = 0; i < grant->permission_count; i++)
        if (str_equal(grant->permissions[i], str_of(permission)))
            return true;
    return false;
}

static bool has_permission(const struct command *command, const char *type, str id,
                           const char *permission)
{
    for (size_t i = 0; i < command->grant_count; i++) {
        const struct grant *grant = &command->grants[i];
        if ((is_on(grant, type, id) || is_on(grant, type, STR("*"))) && gives(grant, permission))
            return true;
    }
    return false;
}

bool permission_sees_tenant(const struct engine *engine, str tenant)
{
    const struct command *command = engine->command;
    return !command->restricted || has_grant(command, "TENANT", tenant);
}

bool permission_on(const struct engine *engine, const char *type, str id, const char *permission)
{
    const struct command *command = engine->command;
    return !command->restricted || has_permission(command, type, id, permission);
}

static bool reaches(const struct grant *grant)
{
    return str_equal(grant->resource_type, STR("PROCESS_DEFINITION")) &&
           (gives(grant, "UPDATE_PROCESS_INSTANCE") || gives(grant, "CREATE_PROCESS_INSTANCE"));
}

str permission_reach(struct engine *engine)
{
    const struct command *command = engine->command;
    struct strbuf out = strbuf_new(engine->turn);
    if (!command->restricted)
        return STR_EMPTY;
    strbuf_add(&out, STR("\n"));
    for (size_t i = 0; i < command->grant_count; i++) {
        const struct grant *grant = &command->grants[i];
        if (!reaches(grant))
            continue;
        if (str_equal(grant->resource_id, STR("*")))
            return STR_EMPTY;
        strbuf_format(&out, "%.*s\n", STR_ARG(grant->resource_id));
    }
    return strbuf_str(&out);
}

// -- User tasks -------------------------------------------------------------------------

static bool list_has(const struct engine *engine, const struct json *list, const char *type)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
        if (list->items[i].type == JSON_STRING &&
            has_grant(engine->command, type, list->items[i].text))
            return true;
    return false;
}

struct standing {
    bool is_assignee;
    bool is_candidate_user;
    bool is_candidate_group;
};

static struct standing standing_of(struct engine *engine, const struct user_task *task)
{
    struct json *details;
    struct error ignored;
    struct standing standing = {.is_assignee = !str_is_empty(task->assignee) &&
                                               has_grant(engine->command, "USER", task->assignee)};
    if (!json_parse(engine->turn, task->details, &details, &ignored))
        return standing;
    standing.is_candidate_user = list_has(engine, json_get(details, STR("candidateUsers")), "USER");
    standing.is_candidate_group =
        list_has(engine, json_get(details, STR("candidateGroups")), "GROUP");
    return standing;
}

// By a grant on user tasks: this one, all, or those where the sender stands in a property.
static bool has_on_task(const struct engine *engine, const struct user_task *task,
                        struct standing standing, const char *permission)
{
    const struct command *command = engine->command;
    str key = str_format(engine->turn, "%llu", (unsigned long long)task->attachment.entity.key);
    return has_permission(command, "USER_TASK", key, permission) ||
           (standing.is_assignee &&
            has_permission(command, "USER_TASK", STR("=assignee"), permission)) ||
           (standing.is_candidate_user &&
            has_permission(command, "USER_TASK", STR("=candidateUsers"), permission)) ||
           (standing.is_candidate_group &&
            has_permission(command, "USER_TASK", STR("=candidateGroups"), permission));
}

static bool is_candidate(struct standing standing)
{
    return standing.is_candidate_user || standing.is_candidate_group;
}

// Takes a task that nobody has, or gives back the own one.
static bool claims(const struct engine *engine, const struct user_task *task,
                   struct standing standing)
{
    const struct command *command = engine->command;
    str wanted = command->user_task.assignee;
    if (command->type != COMMAND_ASSIGN_USER_TASK)
        return false;
    return str_is_empty(wanted) ? standing.is_assignee
                                : has_grant(command, "USER", wanted) &&
                                      (str_is_empty(task->assignee) || standing.is_assignee);
}

static bool may_work(struct engine *engine, str process, const struct user_task *task,
                     struct standing standing)
{
    const struct command *command = engine->command;
    bool claims_it = claims(engine, task, standing);
    bool completes = command->type == COMMAND_COMPLETE_USER_TASK;
    return has_permission(command, "PROCESS_DEFINITION", process, "UPDATE_USER_TASK") ||
           has_on_task(engine, task, standing, "UPDATE") ||
           (completes &&
            (standing.is_assignee || has_on_task(engine, task, standing, "COMPLETE") ||
             has_permission(command, "PROCESS_DEFINITION", process, "COMPLETE_USER_TASK"))) ||
           (claims_it &&
            (standing.is_assignee || is_candidate(standing) ||
             has_on_task(engine, task, standing, "CLAIM") ||
             has_permission(command, "PROCESS_DEFINITION", process, "CLAIM_USER_TASK")));
}

static bool sees_task(const struct engine *engine, str process, const struct user_task *task,
                      struct standing standing)
{
    const struct command *command = engine->command;
    return standing.is_assignee || is_candidate(standing) ||
           has_on_task(engine, task, standing, "READ") ||
           has_permission(command, "PROCESS_DEFINITION", process, "READ_USER_TASK");
}

static enum verdict judge_task(struct engine *engine, instance_ref instance)
{
    const struct user_task *task =
        state_entity(instance, ENTITY_KIND_USER_TASK, engine->command->key);
    if (task == NULL)
        return VERDICT_ABSENT;
    struct standing standing = standing_of(engine, task);
    if (may_work(engine, instance->process_id, task, standing))
        return VERDICT_MAY;
    return sees_task(engine, instance->process_id, task, standing) ? VERDICT_FORBIDDEN
                                                                   : VERDICT_ABSENT;
}

// -- Everything else --------------------------------------------------------------------

static const char *needed(enum command_type type)
{
    if (type == COMMAND_CANCEL_INSTANCE)
        return "CANCEL_PROCESS_INSTANCE";
    return type == COMMAND_MODIFY_INSTANCE ? "MODIFY_PROCESS_INSTANCE" : "UPDATE_PROCESS_INSTANCE";
}

static bool is_for_task(enum command_type type)
{
    return type == COMMAND_COMPLETE_USER_TASK || type == COMMAND_ASSIGN_USER_TASK ||
           type == COMMAND_UPDATE_USER_TASK;
}

enum verdict permission_judge(struct engine *engine, instance_ref instance)
{
    const struct command *command = engine->command;
    if (!command->restricted)
        return VERDICT_MAY;
    if (!has_grant(command, "TENANT", instance->tenant))
        return VERDICT_ABSENT;
    if (is_for_task(command->type))
        return judge_task(engine, instance);
    str process = instance->process_id;
    if (has_permission(command, "PROCESS_DEFINITION", process, needed(command->type)))
        return VERDICT_MAY;
    return has_permission(command, "PROCESS_DEFINITION", process, "READ_PROCESS_INSTANCE")
               ? VERDICT_FORBIDDEN
               : VERDICT_ABSENT;
}

void permission_refuse(struct engine *engine, str process_id)
{
    step_reject(
        engine, engine->shard, REJECTION_FORBIDDEN,
        is_for_task(engine->command->type)
            ? str_format(engine->turn,
                         "to do this to a user task of '%.*s' takes UPDATE_USER_TASK, or to "
                         "be its assignee; a candidate takes it first, while nobody has it",
                         STR_ARG(process_id))
            : str_format(engine->turn, "this takes %s on PROCESS_DEFINITION '%.*s'",
                         needed(engine->command->type), STR_ARG(process_id)));
}
