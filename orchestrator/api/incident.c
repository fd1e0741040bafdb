// SPDX-License-Identifier: Apache-2.0
//
// Incidents: search, look, resolve.
#include "api/api_private.h"
#include "gateway/locate.h"
#include "gateway/call.h"

void handle_incident_search(struct request *request)
{
    answer_search(request, &collection_incidents, (struct search_scope){0});
}

void handle_incident_get(struct request *request)
{
    answer_one(request, &collection_incidents);
}

void handle_incident_resolve(struct request *request)
{
    struct command *command = ARENA_NEW(&request->arena, struct command);
    command->type = COMMAND_RESOLVE_INCIDENT;
    if (request_key(request, 0, &command->key))
        call_incident(caller_of(request), command, answer_done);
}
