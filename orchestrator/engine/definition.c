// SPDX-License-Identifier: Apache-2.0
//
// Deployments. Shard 0 gives keys and versions and tells every shard, itself included; each then
// knows what can be started and opens what starts it. Messages start on the shard they hash to and
// so are open everywhere; timers and signals start on one shard.
#include "engine/step.h"

#include "record/partition.h"

static const char *const KINDS[] = {"PROCESS", "DECISIONS", "FORM", "OTHER", "REQUIREMENTS"};

static str details_of(struct engine *engine, const struct deployed_resource *resource)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("digest"));
    json_string(&w, digest_hex(engine->turn, resource->digest));
    json_key(&w, STR("resource"));
    json_string(&w, resource->name);
    json_key(&w, STR("tag"));
    json_string(&w, resource->version_tag);
    json_key(&w, STR("tenant"));
    json_string(&w, engine->command->tenant);
    if (resource->title.len > 0) {
        json_key(&w, STR("name"));
        json_string(&w, resource->title);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

// -- Bindings ---------------------------------------------------------------------------

static bool is_deployed_with(const struct engine *engine, instance_ref instance,
                             const struct definition *d)
{
    const struct definition *own = idmap_get(&engine->shard->by_key, instance->definition);
    return own != NULL && own->deployment == d->deployment;
}

static bool is_bound(const struct engine *engine, instance_ref instance,
                     const struct binding *binding, const struct definition *d)
{
    int64_t version;
    switch (binding->binding) {
    case BPMN_DEPLOYMENT:
        return is_deployed_with(engine, instance, d);
    case BPMN_VERSION_TAG:
        return str_equal(d->version_tag, binding->version);
    case BPMN_VERSION:
        return str_to_i64(binding->version, &version) && d->version == version;
    case BPMN_LATEST:
        break;
    }
    return false;
}

const struct definition *definition_bound(const struct engine *engine, instance_ref instance,
                                          const struct binding *binding)
{
    const struct definition *found = NULL;
    if (binding->binding == BPMN_LATEST)
        return state_latest(engine->shard, instance->tenant, binding->kind, binding->id);
    for (const struct definition *d = engine->shard->definitions; d != NULL; d = d->next)
        if (d->kind == binding->kind && !d->is_deleted && str_equal(d->id, binding->id) &&
            str_equal(d->tenant, instance->tenant) && is_bound(engine, instance, binding, d))
            found = d;
    return found;
}

// -- What starts instances --------------------------------------------------------------

static bool is_mine(const struct engine *engine, str id)
{
    return record_message_partition(id, STR_EMPTY, engine->environment.shard_count) ==
           engine->environment.shard;
}

static void open_trigger(struct engine *engine, const struct definition *definition,
                         uint32_t element, uint32_t index, const struct bpmn_trigger *trigger)
{
    struct event event = {.type = EVENT_START_SUBSCRIBED,
                          .key = step_key(engine),
                          .definition = definition->key,
                          .element = element + 1,
                          .flow = index + 1,
                          .code = str_of(bpmn_trigger_name(trigger->kind))};
    str why = STR_EMPTY;
    bool ok;
    if (trigger->kind == BPMN_TIMER_TRIGGER)
        ok = is_mine(engine, definition->id) &&
             timer_plan(engine, NULL, trigger, &event.due_ms, &event.number, &why);
    else
        ok = (trigger->kind == BPMN_MESSAGE_TRIGGER || trigger->kind == BPMN_SIGNAL_TRIGGER) &&
             trigger->name != NULL &&
             expression_name(engine, NULL, trigger->name, "the name", &event.name, &why);
    if (ok)
        step_emit(engine, engine->shard, event);
    else if (!str_is_empty(why))
        step_emit(engine, engine->shard,
                  (struct event){.type = EVENT_COMMAND_REJECTED,
                                 .key = definition->key,
                                 .number = engine->command->type,
                                 .code = str_of(rejection_name(REJECTION_INVALID)),
                                 .value = border_text(why)});
}

static void open_element(struct engine *engine, const struct definition *definition,
                         const struct bpmn_process *process, uint32_t index)
{
    const struct bpmn_element *element = &process->elements[index];
    for (uint32_t i = 0; i < element->trigger_count; i++)
        open_trigger(engine, definition, index, i, &element->triggers[i]);
    for (uint32_t i = 0; element->type == BPMN_EVENT_BASED_GATEWAY && i < element->outgoing.count;
         i++)
        open_element(engine, definition, process,
                     process->flows[element->outgoing.items[i]].target);
}

static void open_starts(struct engine *engine, const struct definition *definition)
{
    const struct bpmn_process *process =
        engine->environment.find_process(engine->environment.context, definition->key);
    if (process == NULL)
        return;
    const struct bpmn_list *starts = &process->elements[0].triggered_starts;
    for (uint32_t i = 0; i < starts->count; i++)
        open_element(engine, definition, process, starts->items[i]);
}

static void close_starts(struct engine *engine, uint64_t definition)
{
    const struct start *next;
    for (const struct start *s = engine->shard->starts; s != NULL; s = next) {
        next = s->next;
        if (s->definition == definition)
            step_emit(engine, engine->shard,
                      (struct event){.type = EVENT_START_UNSUBSCRIBED,
                                     .key = s->key,
                                     .definition = definition});
    }
}

bool definition_start_due(struct engine *engine, uint64_t key)
{
    const struct start *s = engine->shard->starts;
    while (s != NULL && s->key != key)
        s = s->next;
    if (s == NULL || s->kind != BPMN_TIMER_TRIGGER ||
        (s->due_ms > engine->clock_ms && !engine->environment.is_simulated))
        return false;
    const struct definition *definition = idmap_get(&engine->shard->by_key, s->definition);
    const struct bpmn_process *process =
        engine->environment.find_process(engine->environment.context, s->definition);
    struct event again = {.type = EVENT_START_SUBSCRIBED,
                          .definition = s->definition,
                          .element = s->element + 1,
                          .flow = s->trigger + 1,
                          .code = STR("TIMER"),
                          .number = s->repetitions > 0 ? s->repetitions - 1 : s->repetitions};
    uint32_t element = s->element, index = s->trigger;
    if (process == NULL || definition == NULL) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("this version cannot run the process definition"));
        return true;
    }
    const struct bpmn_trigger *trigger = &process->elements[element].triggers[s->trigger];
    bool repeats = trigger->timer == BPMN_TIMER_CYCLE && s->repetitions != 0 &&
                   timer_plan_next(engine, NULL, trigger, s->due_ms, &again.due_ms);
    step_emit(
        engine, engine->shard,
        (struct event){.type = EVENT_START_UNSUBSCRIBED, .key = key, .definition = s->definition});
    if (repeats) {
        again.key = step_key(engine);
        step_emit(engine, engine->shard, again);
    }
    process_start_at(engine, definition, (struct start_place){element, index, STR_EMPTY}, STR_EMPTY,
                     STR_EMPTY);
    return true;
}

// -- Deploying --------------------------------------------------------------------------

static bool publish(struct engine *engine, const struct deploy *deploy,
                    const struct deployed_resource *resource)
{
    if (idmap_get(&engine->shard->by_key, resource->key) != NULL)
        return false;
    step_emit(engine, engine->shard,
              (struct event){.type = EVENT_DEFINITION_PUBLISHED,
                             .key = resource->key,
                             .parent = deploy->deployment,
                             .name = resource->definition_id,
                             .number = resource->version,
                             .code = str_of(KINDS[resource->kind]),
                             .value = details_of(engine, resource)});
    return true;
}

static const struct definition *latest_of(const struct engine *engine,
                                          const struct deployed_resource *resource)
{
    return state_latest(engine->shard, engine->command->tenant, resource->kind,
                        resource->definition_id);
}

// The same deployment once more changes nothing. Where anything is new, all of it is: what is
// deployed together belongs together, for bindings to the deployment.
static bool is_known_as_a_whole(const struct engine *engine, const struct deploy *deploy)
{
    uint64_t deployment = 0;
    for (size_t i = 0; i < deploy->count; i++) {
        const struct deployed_resource *resource = &deploy->resources[i];
        const struct definition *latest = latest_of(engine, resource);
        if (latest == NULL || !str_equal(latest->digest, resource->digest) ||
            (deployment != 0 && latest->deployment != deployment))
            return false;
        deployment = latest->deployment;
    }
    return true;
}

// A version number is given once, though the definition that had it was deleted.
static int32_t next_version(const struct engine *engine, const struct deployed_resource *resource)
{
    int32_t highest = 0;
    for (const struct definition *d = engine->shard->definitions; d != NULL; d = d->next)
        if (d->kind == resource->kind && d->version > highest &&
            str_equal(d->id, resource->definition_id) &&
            str_equal(d->tenant, engine->command->tenant))
            highest = d->version;
    return highest + 1;
}

static void name_resource(struct engine *engine, struct deployed_resource *resource, bool is_known)
{
    const struct definition *latest = latest_of(engine, resource);
    resource->key = is_known ? latest->key : step_key(engine);
    resource->version = is_known ? latest->version : next_version(engine, resource);
}

void definition_deploy(struct engine *engine)
{
    const struct command *command = engine->command;
    struct command all = *command;
    struct deploy *deploy = &all.deploy;
    if (engine->environment.shard != 0) {
        step_reject(engine, engine->shard, REJECTION_INVALID, STR("deployments go to shard 0"));
        return;
    }
    deploy->resources =
        arena_copy(engine->turn, deploy->resources, deploy->count * sizeof *deploy->resources);
    deploy->deployment = step_key(engine);
    all.type = COMMAND_PUBLISH_DEFINITIONS;
    bool is_known = is_known_as_a_whole(engine, deploy);
    for (size_t i = 0; i < deploy->count; i++) {
        name_resource(engine, &deploy->resources[i], is_known);
        publish(engine, deploy, &deploy->resources[i]);
    }
    for (uint32_t shard = 0; shard < engine->environment.shard_count; shard++)
        step_send_command(engine, shard, &all);
}

static bool is_open_already(const struct shard *shard, uint64_t definition)
{
    for (const struct start *s = shard->starts; s != NULL; s = s->next)
        if (s->definition == definition)
            return true;
    return false;
}

// The newest version starts instances; those before it no longer do.
static void switch_starts(struct engine *engine, uint64_t key)
{
    const struct definition *definition = idmap_get(&engine->shard->by_key, key);
    const struct definition *latest =
        state_latest(engine->shard, definition->tenant, definition->kind, definition->id);
    if (definition->kind != RESOURCE_PROCESS || latest != definition ||
        is_open_already(engine->shard, key))
        return;
    for (const struct definition *d = engine->shard->definitions; d != NULL; d = d->next)
        if (d != definition && d->kind == RESOURCE_PROCESS && str_equal(d->id, definition->id) &&
            str_equal(d->tenant, definition->tenant))
            close_starts(engine, d->key);
    open_starts(engine, definition);
}

void definition_publish(struct engine *engine)
{
    const struct deploy *deploy = &engine->command->deploy;
    for (size_t i = 0; i < deploy->count; i++) {
        publish(engine, deploy, &deploy->resources[i]);
        switch_starts(engine, deploy->resources[i].key);
    }
    step_reply(engine, (struct reply){.to = engine->command->reply,
                                      .key = deploy->deployment,
                                      .deployed_count = deploy->count,
                                      .deployed = deploy->resources});
}

static void delete_decisions_of(struct engine *engine, const struct definition *requirements)
{
    for (const struct definition *d = engine->shard->definitions; d != NULL; d = d->next)
        if (d->kind == RESOURCE_DECISIONS && !d->is_deleted &&
            d->deployment == requirements->deployment &&
            str_equal(d->digest, requirements->digest) &&
            str_equal(d->tenant, requirements->tenant))
            step_emit(engine, engine->shard,
                      (struct event){.type = EVENT_DEFINITION_DELETED, .key = d->key});
}

// What it started is closed, and opened for the version before it. Nothing for one that is gone.
static void withdraw(struct engine *engine, const struct definition *definition)
{
    if (definition == NULL || definition->is_deleted)
        return;
    if (definition->kind == RESOURCE_REQUIREMENTS)
        delete_decisions_of(engine, definition);
    str id = definition->id, tenant = definition->tenant;
    enum resource_kind kind = definition->kind;
    close_starts(engine, definition->key);
    step_emit(engine, engine->shard,
              (struct event){.type = EVENT_DEFINITION_DELETED, .key = definition->key});
    const struct definition *latest = state_latest(engine->shard, tenant, kind, id);
    if (latest != NULL)
        switch_starts(engine, latest->key);
}

// False after rejecting.
static bool may_delete(struct engine *engine, const struct definition *definition)
{
    static const char *const permissions[] = {
        [RESOURCE_PROCESS] = "DELETE_PROCESS",  [RESOURCE_DECISIONS] = "DELETE_DRD",
        [RESOURCE_FORM] = "DELETE_FORM",        [RESOURCE_OTHER] = "DELETE_RESOURCE",
        [RESOURCE_REQUIREMENTS] = "DELETE_DRD",
    };
    check((size_t)definition->kind < COUNT_OF(permissions));
    if (permission_on(engine, "RESOURCE", definition->id, permissions[definition->kind]))
        return true;
    bool is_seen = permission_on(engine, "RESOURCE", definition->id, "READ");
    step_reject(engine, engine->shard, is_seen ? REJECTION_FORBIDDEN : REJECTION_NOT_FOUND,
                is_seen ? str_format(engine->turn, "this takes %s on RESOURCE '%.*s'",
                                     permissions[definition->kind], STR_ARG(definition->id))
                        : STR("no such definition is deployed"));
    return false;
}

// Every shard answers when it has closed what the definition starts: who is told that it is deleted
// sees no more of it.
void definition_delete(struct engine *engine)
{
    const struct definition *definition = idmap_get(&engine->shard->by_key, engine->command->key);
    struct command all = *engine->command;
    if (engine->environment.shard != 0) {
        step_reject(engine, engine->shard, REJECTION_INVALID, STR("deletions go to shard 0"));
        return;
    }
    if (definition == NULL || definition->is_deleted ||
        !permission_sees_tenant(engine, definition->tenant)) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    STR("no such definition is deployed"));
        return;
    }
    if (!may_delete(engine, definition))
        return;
    withdraw(engine, definition);
    all.type = COMMAND_WITHDRAW_DEFINITION;
    for (uint32_t shard = 0; shard < engine->environment.shard_count; shard++)
        step_send_command(engine, shard, &all);
}

void definition_withdraw(struct engine *engine)
{
    withdraw(engine, idmap_get(&engine->shard->by_key, engine->command->key));
    step_accept(engine, engine->command->key, 0);
}

// -- Conditional starts -----------------------------------------------------------------
//
// Nothing happens to a process that does not run, so its conditions are looked at when somebody
// asks, with the variables that come with the question (Camunda 8: "evaluate conditionals").

// Something that expressions can look variables up in, though no element instance runs.
static element_ref scope_of(struct engine *engine, str variables)
{
    struct element_instance *scope = ARENA_NEW(engine->turn, struct element_instance);
    struct variable **at = &scope->variables;
    struct json *json;
    struct error err;
    if (str_is_empty(variables) || !json_parse(engine->turn, variables, &json, &err))
        return scope;
    for (size_t i = 0; i < json->count; i++) {
        struct strbuf value = strbuf_new(engine->turn);
        struct json_writer w = json_writer_new(&value);
        json_value(&w, &json->members[i].value);
        *at = ARENA_NEW(engine->turn, struct variable);
        **at = (struct variable){.name = json->members[i].name, .value = strbuf_str(&value)};
        at = &(*at)->next;
    }
    return scope;
}

static bool start_holds(struct engine *engine, element_ref scope,
                        const struct bpmn_element *element)
{
    bool holds = false;
    str why;
    for (uint32_t i = 0; i < element->trigger_count; i++)
        if (element->triggers[i].kind == BPMN_CONDITION_TRIGGER &&
            element->triggers[i].expression &&
            expression_truth(engine, scope, element->triggers[i].expression, &holds, &why) && holds)
            return true;
    return false;
}

static void start_where_it_holds(struct engine *engine, const struct definition *definition,
                                 element_ref scope, struct json_writer *w)
{
    const struct bpmn_process *process =
        engine->environment.find_process(engine->environment.context, definition->key);
    for (uint32_t i = 0; process && i < process->elements[0].triggered_starts.count; i++) {
        uint32_t start = process->elements[0].triggered_starts.items[i];
        if (!start_holds(engine, scope, &process->elements[start]))
            continue;
        uint64_t key = process_start_at(engine, definition,
                                        (struct start_place){start, 0, engine->command->principal},
                                        engine->command->create_instance.variables,
                                        engine->command->create_instance.business_id);
        json_begin_object(w);
        json_key(w, STR("processDefinitionKey"));
        json_string(w, str_format(engine->turn, "%llu", (unsigned long long)definition->key));
        json_key(w, STR("processInstanceKey"));
        json_string(w, str_format(engine->turn, "%llu", (unsigned long long)key));
        json_end_object(w);
    }
}

static bool is_asked_about(const struct engine *engine, const struct definition *d)
{
    const struct command *command = engine->command;
    uint64_t wanted = command->create_instance.definition;
    if (d->kind != RESOURCE_PROCESS || d->is_deleted || !str_equal(d->tenant, command->tenant) ||
        !permission_on(engine, "PROCESS_DEFINITION", d->id, "CREATE_PROCESS_INSTANCE"))
        return false;
    return wanted != 0 ? d->key == wanted
                       : d == state_latest(engine->shard, d->tenant, d->kind, d->id);
}

void definition_evaluate_conditions(struct engine *engine)
{
    const struct create_instance *body = &engine->command->create_instance;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    bool found = body->definition == 0;
    str why;
    if (!variable_is_object(engine, body->variables, &why) ||
        !personal_marks_fit(engine, body->variables, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    element_ref scope = scope_of(engine, personal_unmarked(engine, body->variables));
    json_begin_array(&w);
    for (const struct definition *d = engine->shard->definitions; d != NULL; d = d->next)
        if (is_asked_about(engine, d)) {
            found = true;
            start_where_it_holds(engine, d, scope, &w);
        }
    json_end_array(&w);
    if (!found)
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    STR("no such process definition is deployed"));
    else
        step_reply(engine, (struct reply){.to = engine->command->reply,
                                          .key = step_key(engine),
                                          .variables = strbuf_str(&out)});
}
