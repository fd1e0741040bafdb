// SPDX-License-Identifier: Apache-2.0
//
// Element instances that wait, and variables.
#include "api/api_private.h"
#include "gateway/locate.h"
#include "gateway/call.h"

void handle_element_search(struct request *request)
{
    answer_search(request, &collection_elements, (struct search_scope){0});
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

// Values are cut unless the query says truncateValues=false.
static const struct collection *variables_of(struct request *request)
{
    return str_equal_ignoring_case(request_query(request, "truncateValues"), STR("false"))
               ? &collection_variables
               : &collection_short_variables;
}

void handle_variable_search(struct request *request)
{
    answer_search(request, variables_of(request), (struct search_scope){0});
}

void handle_variable_get(struct request *request)
{
    answer_one(request, &collection_variables);
}
