// SPDX-License-Identifier: Apache-2.0
//
// What the files that do the calls share.
#ifndef BATON_GRPC_METHODS_H
#define BATON_GRPC_METHODS_H

#include "gateway.pb-c.h"
#include "grpc/call.h"
#include "wire/pack.h"

#define GRPC_HANDLER(name)                                                                         \
    void grpc_handle_##name(struct grpc_call *call, const ProtobufCMessage *request)

GRPC_HANDLER(activate_jobs);
GRPC_HANDLER(stream_activated_jobs);
GRPC_HANDLER(complete_job);
GRPC_HANDLER(fail_job);
GRPC_HANDLER(throw_error);
GRPC_HANDLER(update_job_retries);
GRPC_HANDLER(update_job_timeout);
GRPC_HANDLER(create_process_instance);
GRPC_HANDLER(create_process_instance_with_result);
GRPC_HANDLER(cancel_process_instance);
GRPC_HANDLER(modify_process_instance);
GRPC_HANDLER(migrate_process_instance);
GRPC_HANDLER(set_variables);
GRPC_HANDLER(resolve_incident);
GRPC_HANDLER(publish_message);
GRPC_HANDLER(broadcast_signal);
GRPC_HANDLER(evaluate_conditional);
GRPC_HANDLER(evaluate_decision);
GRPC_HANDLER(deploy_process);
GRPC_HANDLER(deploy_resource);
GRPC_HANDLER(delete_resource);
GRPC_HANDLER(topology);

static inline str grpc_text(const char *text)
{
    return unpack_text(text);
}

// The tenant of what the call makes.
static inline void grpc_call_tenant(struct grpc_call *call, const char *tenant)
{
    call->caller.tenant = tenant_inside(grpc_text(tenant));
}

// The text as a JSON object of variables; empty is {}. False after failing.
MUST_CHECK bool grpc_variables(struct grpc_call *call, const char *text, str *ret_variables);

// The caller's own number for the operation, where the message has one.
#define GRPC_REFERENCE(call, body)                                                                 \
    ((call)->caller.reference =                                                                    \
         (body)->has_operation_reference_case != 0 ? (body)->operationreference : 0)

// A list of texts in JSON, as a message has it.
struct json;
// Sealed values (base/personal.h) of a JSON text give way to what stands for hidden ones.
str grpc_hidden(struct arena *arena, str json);

char **grpc_list(struct arena *arena, const struct json *list, size_t *ret_count);
char **grpc_texts(struct arena *arena, str list, size_t *ret_count); // empty: none

// The answer of a call that has nothing to say.
#define GRPC_ANSWER_EMPTY(name, snake, SNAKE)                                                      \
    static void answer_##snake(struct caller *caller, const struct reply *reply)                   \
    {                                                                                              \
        GatewayProtocol__##name##Response response = GATEWAY_PROTOCOL__##SNAKE##_RESPONSE__INIT;   \
        (void)reply;                                                                               \
        grpc_call_answer(grpc_call_of(caller), &response.base);                                    \
    }

// A message to clear, whose kind follows from where it is kept.
#define GRPC_MESSAGE(arena, type, init)                                                            \
    ({                                                                                             \
        type *made = ARENA_NEW((arena), type);                                                     \
        *made = (type)init;                                                                        \
        made;                                                                                      \
    })

#endif
