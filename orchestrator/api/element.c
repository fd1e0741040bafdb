// SPDX-License-Identifier: Apache-2.0
//
// Element instances that wait, and variables.
#include "api/api_private.h"
#include "gateway/locate.h"
#include "gateway/call.h"

// The root of an instance is the process itself. Clients that ask what is in an instance do not
// expect it there, as Camunda does not show it: it is found by what can name it.
static bool asks_for_process(const struct json *filter)
{
    static const char *const names[] = {"type", "elementId", "elementInstanceKey", "$or"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct json *value = json_get(filter, str_of(names[i]));
        if (value != NULL && !json_is(value, JSON_NULL))
            return true;
    }
    return false;
}

void handle_element_search(struct request *request)
{
    bool inside = !asks_for_process(json_get(request->body, STR("filter")));
    answer_search(request, inside ? &collection_inner_elements : &collection_elements,
                  (struct search_scope){0});
}

void handle_wait_state_search(struct request *request)
{
    answer_search(request, &collection_wait_states, (struct search_scope){0});
}

void handle_element_get(struct request *request)
{
    answer_one(request, &collection_elements);
}

void handle_element_variables(struct request *request)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    command->type = COMMAND_SET_VARIABLES;
    if (!request_key(request, 0, &command->key) ||
        !request_variables(request, STR("variables"), &command->set_variables.variables))
        return;
    command->set_variables.local = json_get_bool(request->body, STR("local"), false);
    call_scope(caller_of(request), command, answer_done);
}

void handle_ad_hoc_activate(struct request *request)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    struct activate_ad_hoc *body = &command->activate_ad_hoc;
    const struct json *list = json_get(request->body, STR("elements"));
    command->type = COMMAND_ACTIVATE_AD_HOC;
    if (!request_key(request, 0, &command->key))
        return;
    body->count = json_is(list, JSON_ARRAY) ? list->count : 0;
    if (body->count == 0 || body->count > COMMAND_MAX_INSTRUCTIONS) {
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "\"elements\" must have 1 to COMMAND_MAX_INSTRUCTIONS (%d) items",
                               COMMAND_MAX_INSTRUCTIONS);
        return;
    }
    body->instructions = ARENA_ARRAY(&request->arena, struct element_instruction, body->count);
    for (size_t i = 0; i < body->count; i++)
        body->instructions[i] = (struct element_instruction){
            .element_id = json_get_str(&list->items[i], STR("elementId"), STR_EMPTY),
            .variables = request_member_json(request, &list->items[i], STR("variables")),
        };
    body->cancels_remaining = json_get_bool(request->body, STR("cancelRemainingInstances"), false);
    call_scope(caller_of(request), command, answer_done);
}

const struct collection *variables_shown(struct request *request)
{
    return str_equal_ignoring_case(request_query(request, "truncateValues"), STR("false"))
               ? &collection_variables
               : &collection_short_variables;
}

void handle_variable_search(struct request *request)
{
    answer_search(request, variables_shown(request), (struct search_scope){0});
}

void handle_variable_get(struct request *request)
{
    answer_one(request, &collection_variables);
}

void handle_element_incidents(struct request *request)
{
    struct search_scope scope = {.field = "elementInstanceKey"};
    if (request_key(request, 0, &scope.key))
        answer_search(request, &collection_incidents, scope);
}
