// SPDX-License-Identifier: Apache-2.0
//
// Commands and their answers: a command goes to a shard's partition of the command topic, its reply
// comes back on this node's partition of the reply topic. A reply that does not come in time
// answers 504; the command may still take effect.
#ifndef BATON_API_CALL_H
#define BATON_API_CALL_H

#include "api/request.h"
#include "record/rows.h"

struct bus_record;

// Called with the reply when it was accepted; a rejection has been answered already.
typedef void call_answer(struct request *request, const struct reply *reply);

MUST_CHECK struct call_desk *call_desk_new(struct api *api, struct error *err);
void call_desk_free(struct call_desk *desk);
size_t call_desk_pending(const struct call_desk *desk);

// Sends and waits for one reply. The command's reply, tenant and principal are filled in.
void call_shard(struct request *request, struct command *command, uint32_t shard,
                call_answer *answer);

// To the shard that the command's instance lives on.
void call_instance(struct request *request, struct command *command, call_answer *answer);

// One reply of every shard; `answer` gets the first shard's, which made the definitions.
void call_every_shard(struct request *request, struct command *command, call_answer *answer);

// To every shard, each with its own copy of the command; answers when all have.
void call_broadcast(struct request *request, struct command *command, call_answer *answer);

// The next reply may take this long instead of api.timeout_ms. Call before call_….
void call_set_timeout(struct request *request, int64_t timeout_ms);

// Sends a command that nobody waits for. False and *err when it could not be handed to Kafka.
MUST_CHECK bool call_post(struct api *api, struct command *command, uint32_t shard,
                          struct error *err);

// Answers 204: the usual end of a command without a result.
void call_answer_empty(struct request *request, const struct reply *reply);

#endif
