// SPDX-License-Identifier: Apache-2.0
//
// Conditional starts of processes: evaluated with the variables that a caller brings.
#include "api/api_private.h"
#include "gateway/start.h"
#include "gateway/call.h"

static void answer_evaluated(struct caller *caller, const struct reply *reply)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_key(&w, STR("conditionalEvaluationKey"), reply->key);
    write_tenant(&w, caller->tenant);
    json_key(&w, STR("processInstances"));
    json_raw(&w, reply->variables.len > 0 ? reply->variables : STR("[]"));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_conditional_evaluate(struct request *request)
{
    struct command command = {.type = COMMAND_EVALUATE_CONDITIONS};
    struct create_instance *create = &command.create_instance;
    if (request_body_key(request, STR("processDefinitionKey"), &create->definition) &&
        request_variables(request, STR("variables"), &create->variables))
        gateway_evaluate_conditions(caller_of(request), &command, answer_evaluated);
}
