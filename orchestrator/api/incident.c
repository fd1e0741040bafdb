// SPDX-License-Identifier: Apache-2.0
//
// Incidents: search, look, resolve.
#include "api/api_private.h"
#include "api/call.h"
#include "api/collections.h"
#include "api/read.h"
#include "api/route.h"
#include "record/key.h"

void handle_incident_search(struct request *request)
{
    search_collection(request, &collection_incidents, (struct search_scope){0});
}

void handle_incident_get(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        search_one(request, &collection_incidents, key);
}

static void on_incident(struct request *request, void *context, const struct read_result *rows)
{
    struct command *command = context;
    if (rows->row_count == 0 || !str_to_u64(read_cell(rows, 0, 0), &command->instance))
        request_problem_format(request, 404, "NOT_FOUND", "there is no incident with key %.*s",
                               STR_ARG(request->arguments[0]));
    else
        call_instance(request, command, call_answer_empty);
}

void handle_incident_resolve(struct request *request)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    command->type = COMMAND_RESOLVE_INCIDENT;
    if (!request_key(request, 0, &command->key))
        return;
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    parameters[0] = request->arguments[0];
    parameters[1] = str_format(&request->arena, "%u", key_shard(command->key));
    read_run(request,
             &(struct read){"SELECT instance FROM incidents WHERE key = $1::bigint AND "
                            "shard = $2::bigint",
                            parameters, 2},
             on_incident, command);
}
