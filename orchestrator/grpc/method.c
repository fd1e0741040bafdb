// SPDX-License-Identifier: Apache-2.0
// The calls of the service, and what all of them read.
#include "grpc/methods.h"

#include "base/json.h"
#include "base/personal.h"

#define METHOD(name, snake, permission)                                                            \
    {                                                                                              \
#name, &gateway_protocol__##snake##_request__descriptor, grpc_handle_##snake, permission   \
    }

const struct grpc_method grpc_methods[] = {
    METHOD(ActivateJobs, activate_jobs, "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(StreamActivatedJobs, stream_activated_jobs,
           "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(CancelProcessInstance, cancel_process_instance,
           "engine PROCESS_DEFINITION/CANCEL_PROCESS_INSTANCE"),
    METHOD(CompleteJob, complete_job, "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(CreateProcessInstance, create_process_instance,
           "engine PROCESS_DEFINITION/CREATE_PROCESS_INSTANCE"),
    METHOD(CreateProcessInstanceWithResult, create_process_instance_with_result,
           "engine PROCESS_DEFINITION/CREATE_PROCESS_INSTANCE"),
    METHOD(EvaluateDecision, evaluate_decision,
           "engine DECISION_DEFINITION/CREATE_DECISION_INSTANCE"),
    METHOD(DeployProcess, deploy_process, "all RESOURCE/CREATE"),
    METHOD(DeployResource, deploy_resource, "all RESOURCE/CREATE"),
    METHOD(FailJob, fail_job, "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(ThrowError, throw_error, "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(PublishMessage, publish_message, "engine MESSAGE/CREATE"),
    METHOD(ResolveIncident, resolve_incident, "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(SetVariables, set_variables, "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(Topology, topology, "self"),
    METHOD(UpdateJobRetries, update_job_retries,
           "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(ModifyProcessInstance, modify_process_instance,
           "engine PROCESS_DEFINITION/MODIFY_PROCESS_INSTANCE"),
    METHOD(MigrateProcessInstance, migrate_process_instance,
           "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(UpdateJobTimeout, update_job_timeout,
           "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE"),
    METHOD(DeleteResource, delete_resource,
           "engine RESOURCE/DELETE_PROCESS|DELETE_DRD|DELETE_FORM|DELETE_RESOURCE"),
    METHOD(BroadcastSignal, broadcast_signal,
           "engine PROCESS_DEFINITION/UPDATE_PROCESS_INSTANCE|CREATE_PROCESS_INSTANCE"),
    METHOD(EvaluateConditional, evaluate_conditional,
           "engine PROCESS_DEFINITION/CREATE_PROCESS_INSTANCE"),
};

const size_t grpc_method_count = COUNT_OF(grpc_methods);

bool grpc_variables(struct grpc_call *call, const char *text, str *ret_variables)
{
    struct json *parsed;
    struct error err;
    *ret_variables = grpc_text(text);
    if (ret_variables->len == 0)
        return true;
    if (!json_parse(&call->arena, *ret_variables, &parsed, &err)) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "variables: %s", err.text);
        return false;
    }
    if (parsed->type == JSON_OBJECT) { // as REST hands it on: nothing before it, names unescaped
        struct strbuf out = strbuf_new(&call->arena);
        struct json_writer w = json_writer_new(&out);
        json_value(&w, parsed);
        *ret_variables = strbuf_str(&out);
        return true;
    }
    if (parsed->type == JSON_NULL) {
        *ret_variables = STR_EMPTY;
        return true;
    }
    grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "variables: must be a JSON object, found %s",
                   json_type_name(parsed->type));
    return false;
}

static bool hide(void *context, str sealed, str *ret_json)
{
    (void)context, (void)sealed;
    *ret_json = STR(PERSONAL_HIDDEN);
    return true;
}

str grpc_hidden(struct arena *arena, str json)
{
    return personal_replace(arena, json, &(struct personal_replacing){NULL, hide});
}

char **grpc_list(struct arena *arena, const struct json *list, size_t *ret_count)
{
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    char **texts = ARENA_ARRAY(arena, char *, count);
    for (size_t i = 0; i < count; i++)
        texts[i] = pack_text(arena, list->items[i].text);
    *ret_count = count;
    return texts;
}

char **grpc_texts(struct arena *arena, str list, size_t *ret_count)
{
    struct json *parsed;
    struct error err;
    *ret_count = 0;
    return list.len > 0 && json_parse(arena, list, &parsed, &err)
               ? grpc_list(arena, parsed, ret_count)
               : NULL;
}
