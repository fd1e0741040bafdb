// SPDX-License-Identifier: Apache-2.0
// The calls of the service, and what all of them read.
#include "grpc/methods.h"

#include "base/json.h"

#define METHOD(name, snake)                                                                        \
    {                                                                                              \
#name, &gateway_protocol__##snake##_request__descriptor, grpc_handle_##snake               \
    }

const struct grpc_method grpc_methods[] = {
    METHOD(ActivateJobs, activate_jobs),
    METHOD(StreamActivatedJobs, stream_activated_jobs),
    METHOD(CancelProcessInstance, cancel_process_instance),
    METHOD(CompleteJob, complete_job),
    METHOD(CreateProcessInstance, create_process_instance),
    METHOD(CreateProcessInstanceWithResult, create_process_instance_with_result),
    METHOD(EvaluateDecision, evaluate_decision),
    METHOD(DeployProcess, deploy_process),
    METHOD(DeployResource, deploy_resource),
    METHOD(FailJob, fail_job),
    METHOD(ThrowError, throw_error),
    METHOD(PublishMessage, publish_message),
    METHOD(ResolveIncident, resolve_incident),
    METHOD(SetVariables, set_variables),
    METHOD(Topology, topology),
    METHOD(UpdateJobRetries, update_job_retries),
    METHOD(ModifyProcessInstance, modify_process_instance),
    METHOD(MigrateProcessInstance, migrate_process_instance),
    METHOD(UpdateJobTimeout, update_job_timeout),
    METHOD(DeleteResource, delete_resource),
    METHOD(BroadcastSignal, broadcast_signal),
    METHOD(EvaluateConditional, evaluate_conditional),
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
    if (parsed->type == JSON_OBJECT)
        return true;
    if (parsed->type == JSON_NULL) {
        *ret_variables = STR_EMPTY;
        return true;
    }
    grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "variables: must be a JSON object, found %s",
                   json_type_name(parsed->type));
    return false;
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
