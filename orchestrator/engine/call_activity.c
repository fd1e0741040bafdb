// SPDX-License-Identifier: Apache-2.0
//
// Call activities. The child is an instance of its own on the same shard, started in the caller's
// step. Its end is told to the caller in the step it happens: engine_missing names the callers of
// whatever instance a command is about. Cancelling goes the other way by command, because a caller
// may have very many children.
#include "engine/step.h"

static const struct definition *by_tag(const struct shard *shard, str tenant, str id, str tag)
{
    const struct definition *found = NULL;
    for (const struct definition *d = shard->definitions; d != NULL; d = d->next)
        if (d->kind == RESOURCE_PROCESS && !d->is_deleted && str_equal(d->id, id) &&
            str_equal(d->tenant, tenant) && str_equal(d->version_tag, tag))
            found = d;
    return found;
}

static const struct definition *by_version(const struct shard *shard, str tenant, str id,
                                           int64_t version)
{
    for (const struct definition *d = shard->definitions; d != NULL; d = d->next)
        if (d->kind == RESOURCE_PROCESS && !d->is_deleted && str_equal(d->id, id) &&
            str_equal(d->tenant, tenant) && d->version == version)
            return d;
    return NULL;
}

static const struct definition *deployed_with(const struct shard *shard, str id, uint64_t with,
                                              enum resource_kind kind)
{
    const struct definition *caller = idmap_get(&shard->by_key, with);
    for (const struct definition *d = caller ? shard->definitions : NULL; d != NULL; d = d->next)
        if (d->kind == kind && d->deployment == caller->deployment && str_equal(d->id, id))
            return d;
    return NULL;
}

static const struct definition *find_called(struct engine *engine, instance_ref instance,
                                            const struct bpmn_call *call, str id)
{
    int64_t version;
    switch (call->binding) {
    case BPMN_DEPLOYMENT:
        return deployed_with(engine->shard, id, instance->definition, RESOURCE_PROCESS);
    case BPMN_VERSION_TAG:
        return by_tag(engine->shard, instance->tenant, id, call->version);
    case BPMN_VERSION:
        return str_to_i64(call->version, &version)
                   ? by_version(engine->shard, instance->tenant, id, version)
                   : NULL;
    case BPMN_LATEST:
        break;
    }
    return state_latest(engine->shard, instance->tenant, RESOURCE_PROCESS, id);
}

static void start_child(struct engine *engine, instance_ref instance, element_ref ei,
                        const struct definition *definition)
{
    const struct bpmn_call *call = element_of(instance, ei)->call;
    str business = instance->business_id, why;
    if (call->business_id != NULL &&
        !expression_text(engine, ei, call->business_id, &business, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    struct create_instance body = {
        .variables = call->propagates_to_child ? variable_visible_json(engine, ei)
                                               : variable_local_json(engine->turn, ei),
        .business_id = business,
    };
    process_start(engine, definition, body,
                  (struct event){.type = EVENT_PROCESS_CALLED,
                                 .key = instance->root_instance,
                                 .scope = ei->entity.key,
                                 .parent = instance->stream.key,
                                 .number = instance->depth + 1});
}

void call_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_call *call = element_of(instance, ei)->call;
    str id, why;
    if (ei->called != 0)
        return;
    if (instance->depth + 1 > LIMIT_CALL_DEPTH) {
        incident_raise(engine, instance, ei, "LIMIT_REACHED",
                       str_format(engine->turn,
                                  "processes call each other %u deep, the limit is %d",
                                  instance->depth + 1, LIMIT_CALL_DEPTH));
        return;
    }
    if (call->id == NULL || !expression_text(engine, ei, call->id, &id, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR",
                       call->id ? why : STR("nothing says what is called"));
        return;
    }
    const struct definition *definition = find_called(engine, instance, call, id);
    if (definition == NULL) {
        incident_raise(engine, instance, ei, "CALLED_ELEMENT_ERROR",
                       str_format(engine->turn, "no process '%.*s' is deployed", STR_ARG(id)));
        return;
    }
    start_child(engine, instance, ei, definition);
}

void call_ended(struct engine *engine, instance_ref child)
{
    instance_ref caller = step_instance(engine, child->parent_instance);
    element_ref ei = caller ? state_element(caller, child->parent_element) : NULL;
    if (ei == NULL || ei->called != child->stream.key)
        return;
    if (child->state == INSTANCE_TERMINATED) {
        element_ref scope = ei->scope;
        activity_terminate(engine, caller, ei);
        activity_scope_left(engine, caller, scope);
        return;
    }
    const struct bpmn_element *element = element_of(caller, ei);
    str variables = variable_local_json(engine->turn, child->root);
    if (element->output_count > 0)
        variable_merge(engine, caller, ei, variables, true);
    else if (element->call->propagates_to_parent)
        variable_merge(engine, caller, ei, variables, false);
    activity_complete(engine, caller, ei);
}

void call_cancel(struct engine *engine, instance_ref instance, element_ref ei)
{
    struct command cancel = {
        .type = COMMAND_CANCEL_INSTANCE, .instance = ei->called, .tenant = instance->tenant};
    step_send_command(engine, engine->environment.shard, &cancel);
}
