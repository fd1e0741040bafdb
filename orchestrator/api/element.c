// SPDX-License-Identifier: Apache-2.0
//
// Element instances that wait, and variables.
#include "api/api_private.h"
#include "api/call.h"
#include "api/collections.h"
#include "api/read.h"
#include "api/route.h"
#include "record/key.h"

void handle_element_search(struct request *request)
{
    search_collection(request, &collection_elements, (struct search_scope){0});
}

void handle_element_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_elements, key);
}

static void on_scope(struct request *request, void *context, const struct read_result *rows)
{
    struct command *command = context;
    if (rows->row_count == 0 || !str_to_u64(read_cell(rows, 0, 0), &command->instance))
        request_problem_format(request, 404, "NOT_FOUND",
                               "no running element instance or process instance has key %.*s",
                               STR_ARG(request->arguments[0]));
    else
        call_instance(request, command, call_answer_empty);
}

// The scope is an element instance or a process instance; which, the database knows.
void handle_element_variables(struct request *request)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    command->type = COMMAND_SET_VARIABLES;
    if (!request_key(request, 0, &command->key) ||
        !request_variables(request, STR("variables"), &command->set_variables.variables))
        return;
    command->set_variables.local = json_get_bool(request->body, STR("local"), false);
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    parameters[0] = request->arguments[0];
    parameters[1] = str_format(&request->arena, "%u", key_shard(command->key));
    read_run(request,
             &(struct read){"SELECT instance FROM elements WHERE key = $1::bigint AND shard = "
                            "$2::bigint UNION ALL SELECT key FROM instances WHERE key = "
                            "$1::bigint AND shard = $2::bigint AND ended IS NULL",
                            parameters, 2},
             on_scope, command);
}

void handle_variable_search(struct request *request)
{
    search_collection(request, &collection_variables, (struct search_scope){0});
}

// The last five digits tell the name apart, the others are the scope's key (collections.c).
void handle_variable_get(struct request *request)
{
    enum { NAME_DIGITS = 5 };
    uint64_t scope;
    str key = request->arguments[0];
    bool is_key =
        key.len > NAME_DIGITS && str_to_u64(str_sub(key, 0, key.len - NAME_DIGITS), &scope);
    if (!is_key || scope < key_make(0, 0)) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no variable with key %.*s",
                               STR_ARG(key));
        return;
    }
    str *parameters = ARENA_ARRAY(&request->arena, str, 3);
    parameters[0] = str_sub(key, 0, key.len - NAME_DIGITS);
    parameters[1] = str_format(&request->arena, "%u", key_shard(scope));
    parameters[2] = key;
    search_first(request, &collection_variables,
                 "v.scope = $1::bigint AND v.shard = $2::bigint AND v.variable_key = $3",
                 parameters, 3);
}
