// SPDX-License-Identifier: Apache-2.0
#include "gateway/batch.h"

#include "gateway/gateway_private.h"
#include "store/read/search.h"

// -- What an item does ------------------------------------------------------------------

static size_t length_of(const struct json *list)
{
    return json_is(list, JSON_ARRAY) ? list->count : 0;
}

void batch_read_mappings(struct arena *arena, const struct json *list,
                         struct migrate_instance *migrate)
{
    migrate->count = length_of(list);
    migrate->mappings = ARENA_ARRAY(arena, struct element_mapping, migrate->count);
    for (size_t i = 0; i < migrate->count; i++)
        migrate->mappings[i] = (struct element_mapping){
            json_get_str(&list->items[i], STR("sourceElementId"), STR_EMPTY),
            json_get_str(&list->items[i], STR("targetElementId"), STR_EMPTY)};
}

static uint64_t key_of(const struct json *object, const char *name)
{
    const struct json *member = json_get(object, str_of(name));
    uint64_t key;
    bool readable = member != NULL && (member->type == JSON_STRING || member->type == JSON_NUMBER);
    return readable && str_to_u64(member->text, &key) ? key : 0;
}

str batch_json_of(struct arena *arena, const struct json *value)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    if (value == NULL || value->type == JSON_NULL)
        return STR_EMPTY;
    json_value(&w, value);
    return strbuf_str(&out);
}

// Camunda 8.8 names the source by its element alone, later versions by an instruction of its own.
static struct element_instruction read_move(struct arena *arena, const struct json *move)
{
    const struct json *source = json_get(move, STR("sourceElementInstruction"));
    const struct json *ancestor = json_get(move, STR("ancestorScopeInstruction"));
    bool is_parent = str_equal_ignoring_case(
        json_get_str(ancestor, STR("ancestorScopeType"), STR_EMPTY), STR("sourceParent"));
    source = json_is(source, JSON_OBJECT) ? source : move;
    return (struct element_instruction){
        .element_id = json_get_str(move, STR("targetElementId"), STR_EMPTY),
        .element_instance = key_of(ancestor, "ancestorElementInstanceKey"),
        .move_from = json_get_str(source, STR("sourceElementId"), STR_EMPTY),
        .move_from_key = key_of(source, "sourceElementInstanceKey"),
        .ancestor = is_parent ? ANCESTOR_SOURCE_PARENT : ANCESTOR_INFERRED,
        .scoped_variables = batch_json_of(arena, json_get(move, STR("variableInstructions"))),
        .variables = STR_EMPTY,
    };
}

void batch_read_moves(struct arena *arena, const struct json *list, struct modify_instance *modify)
{
    size_t count = length_of(list);
    struct element_instruction *all =
        ARENA_ARRAY(arena, struct element_instruction, modify->count + count);
    if (modify->count > 0)
        memcpy(all, modify->instructions, modify->count * sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[modify->count++] = read_move(arena, &list->items[i]);
    modify->instructions = all;
}

static bool read_migration(struct arena *arena, const struct json *parameters,
                           struct migrate_instance *migrate, const char **ret_why)
{
    const struct json *plan = json_get(parameters, STR("migrationPlan"));
    const struct json *target = json_get(plan, STR("targetProcessDefinitionKey"));
    *ret_why = "a migration needs \"migrationPlan\" with \"targetProcessDefinitionKey\"";
    batch_read_mappings(arena, json_get(plan, STR("mappingInstructions")), migrate);
    migrate->dry_run = json_get_bool(parameters, STR("dryRun"), false);
    return target != NULL && (target->type == JSON_STRING || target->type == JSON_NUMBER) &&
           str_to_u64(target->text, &migrate->target_definition);
}

// A batch is kept until it is done, and its values would lie there in the open: Camunda 8's take
// none either.
static bool sets_variables(const struct json *moves)
{
    for (size_t i = 0; i < length_of(moves); i++) {
        const struct json *set = json_get(&moves->items[i], STR("variableInstructions"));
        if (set != NULL && set->type != JSON_NULL)
            return true;
    }
    return false;
}

static bool read_modification(struct arena *arena, const struct json *parameters,
                              struct modify_instance *modify, const char **ret_why)
{
    *ret_why = "a modification needs \"moveInstructions\": [{sourceElementId, targetElementId}]";
    modify->variables = STR_EMPTY;
    if (sets_variables(json_get(parameters, STR("moveInstructions")))) {
        *ret_why = "a batch of modifications sets no variables (variableInstructions): modify the "
                   "instances one by one";
        return false;
    }
    batch_read_moves(arena, json_get(parameters, STR("moveInstructions")), modify);
    return modify->count > 0 && modify->count <= COMMAND_MAX_INSTRUCTIONS;
}

static bool is_given(const struct json *object, const char *name)
{
    const struct json *member = json_get(object, str_of(name));
    return member != NULL && member->type != JSON_NULL;
}

// -1, which the engine refuses as retries, when it has more than 32 bits.
static int32_t whole_number(const struct json *object, const char *name, int64_t fallback)
{
    int64_t number = json_get_i64(object, str_of(name), fallback);
    return number > INT32_MAX || number < INT32_MIN ? -1 : (int32_t)number;
}

bool batch_read_job_changes(const struct json *changes, struct update_job *ret_update)
{
    *ret_update = (struct update_job){
        .retries = whole_number(changes, "retries", -1),
        .has_retries = is_given(changes, "retries"),
        .timeout_ms = json_get_i64(changes, STR("timeout"), -1),
        .has_timeout = is_given(changes, "timeout"),
        .priority = whole_number(changes, "priority", 0),
        .has_priority = is_given(changes, "priority"),
    };
    return ret_update->has_retries || ret_update->has_timeout || ret_update->has_priority;
}

bool batch_command(struct arena *arena, enum batch_type type, const struct json *parameters,
                   struct command *ret_command, const char **ret_why)
{
    struct command command = {.type = COMMAND_NONE};
    bool ok = true;
    switch (type) {
    case BATCH_CANCEL_PROCESS_INSTANCE:
        command.type = COMMAND_CANCEL_INSTANCE;
        break;
    case BATCH_RESOLVE_INCIDENT:
        command.type = COMMAND_RESOLVE_INCIDENT;
        break;
    case BATCH_MIGRATE_PROCESS_INSTANCE:
        command.type = COMMAND_MIGRATE_INSTANCE;
        ok = read_migration(arena, parameters, &command.migrate_instance, ret_why);
        break;
    case BATCH_MODIFY_PROCESS_INSTANCE:
        command.type = COMMAND_MODIFY_INSTANCE;
        ok = read_modification(arena, parameters, &command.modify_instance, ret_why);
        break;
    case BATCH_SUSPEND_PROCESS_INSTANCE:
        command.type = COMMAND_SUSPEND_INSTANCE;
        break;
    case BATCH_RESUME_PROCESS_INSTANCE:
        command.type = COMMAND_RESUME_INSTANCE;
        break;
    case BATCH_UPDATE_JOB:
        command.type = COMMAND_UPDATE_JOB;
        ok = batch_read_job_changes(json_get(parameters, STR("changeset")), &command.update_job);
        *ret_why = "\"changeset\" must have retries, timeout or priority";
        break;
    case BATCH_DELETE_PROCESS_INSTANCE: // nothing for the engine: it has forgotten them
    case BATCH_DELETE_DECISION_INSTANCE:
        break;
    }
    *ret_command = command;
    return ok;
}

// -- Beginning --------------------------------------------------------------------------

void batch_wake(struct gateway *gateway)
{
    batch_runner_wake(gateway->batches);
}

// Whose a batch is: the tenant that was named, or one of the caller's own.
static str home_of(const struct caller *caller)
{
    const struct names *tenants = &caller->identity->tenants;
    return caller_has_tenant(caller, caller->tenant) || tenants->count == 0 ? caller->tenant
                                                                            : tenants->items[0];
}

void batch_begin(struct caller *caller, enum batch_type type, const struct json *request,
                 str written, read_answer *answer)
{
    struct command command;
    struct statement statement;
    struct error err;
    const char *why;
    const struct batch_row row = {type, written, home_of(caller), caller->principal};
    if (!search_has_filter(request) && !json_get_bool(request, STR("allInstances"), false))
        caller_fail_format(caller, ERROR_INVALID, "filter",
                           "an empty filter finds all there are: say so with \"allInstances\": "
                           "true, or filter by something");
    else if (!batch_command(caller->arena, type, request, &command, &why))
        caller_fail_format(caller, ERROR_INVALID, "", "%s", why);
    else if (!catalogue_batch_begin(caller->arena, caller->scope, &row, request, &statement, &err))
        caller_fail(caller, &err);
    else
        read_change(caller, statement, answer, arena_copy(caller->arena, &type, sizeof type));
}
