// SPDX-License-Identifier: Apache-2.0
//
// Call activities. The child is an instance of its own on the same shard, started in the caller's
// step. Its end is told to the caller in the step it happens: engine_missing names the callers of
// whatever instance a command is about. Cancelling goes the other way by command, because a caller
// may have very many children.
#include "engine/step.h"

enum { VARIABLES_BYTES_PER_STEP = 32 };

static bool child_can_hold(struct engine *engine, element_ref ei, str variables, str *ret_why)
{
    uint32_t count = 0;
    for (element_ref scope = ei; scope != NULL; scope = scope->scope)
        count += scope->variable_count;
    if (variables.len <= LIMIT_INSTANCE_BYTES && count <= LIMIT_VARIABLES_PER_SCOPE)
        return true;
    *ret_why = str_format(engine->turn,
                          "the child would have %u variables of %zu bytes, the limits "
                          "VARIABLES_PER_SCOPE and INSTANCE_BYTES are %d and %d",
                          count, variables.len, LIMIT_VARIABLES_PER_SCOPE, LIMIT_INSTANCE_BYTES);
    return false;
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
        .tags = instance->tags,
    };
    body.variables = personal_travel(engine, instance->stream.key, body.variables);
    step_spend(engine, body.variables.len / VARIABLES_BYTES_PER_STEP);
    if (!border_business_id(engine, business, &why) ||
        !child_can_hold(engine, ei, body.variables, &why))
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
    else if (process_start(engine, definition, body,
                           (struct event){.type = EVENT_PROCESS_CALLED,
                                          .key = instance->root_instance,
                                          .scope = ei->entity.key,
                                          .parent = instance->stream.key,
                                          .number = instance->depth + 1}) == 0)
        incident_raise(engine, instance, ei, "CALLED_ELEMENT_ERROR",
                       str_format(engine->turn, "this version cannot run the process '%.*s'",
                                  STR_ARG(definition->id)));
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
    const struct definition *definition = definition_bound(
        engine, instance, &(struct binding){RESOURCE_PROCESS, call->binding, call->version, id});
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
        step_emit(engine, caller,
                  (struct event){.type = EVENT_CHILD_CALLED, .scope = ei->entity.key});
        incident_raise(engine, caller, ei, "CALLED_INSTANCE_TERMINATED",
                       str_format(engine->turn, "the called instance %llu was terminated",
                                  (unsigned long long)child->stream.key));
        return;
    }
    const struct bpmn_element *element = element_of(caller, ei);
    struct merge result = {
        personal_travel(engine, child->stream.key, variable_local_json(engine->turn, child->root)),
        element->output_count > 0};
    str why;
    if ((result.is_local || element->call->propagates_to_parent) &&
        !variable_merge(engine, caller, ei, result, &why))
        incident_raise(engine, caller, ei, "LIMIT_REACHED", why);
    else
        activity_complete(engine, caller, ei);
}

bool call_can_return(struct engine *engine, instance_ref child, str *ret_why)
{
    instance_ref caller = step_instance(engine, child->parent_instance);
    element_ref ei = caller ? state_element(caller, child->parent_element) : NULL;
    if (ei == NULL || ei->called != child->stream.key)
        return true;
    const struct bpmn_element *element = element_of(caller, ei);
    element_ref scope = element->output_count > 0 ? ei : caller->root;
    if (element->output_count == 0 && !element->call->propagates_to_parent)
        return true;
    if (scope->variable_count + child->root->variable_count > LIMIT_VARIABLES_PER_SCOPE) {
        *ret_why = str_format(engine->turn,
                              "the caller would have %u variables, the limit VARIABLES_PER_SCOPE "
                              "is %d",
                              scope->variable_count + child->root->variable_count,
                              LIMIT_VARIABLES_PER_SCOPE);
        return false;
    }
    return variable_has_room(engine, caller, ret_why);
}

void call_cancel(struct engine *engine, instance_ref instance, element_ref ei)
{
    struct command cancel = {
        .type = COMMAND_CANCEL_INSTANCE, .instance = ei->called, .tenant = instance->tenant};
    step_send_command(engine, engine->environment.shard, &cancel);
}
