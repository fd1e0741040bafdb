// SPDX-License-Identifier: Apache-2.0
//
// Commands and their answers: a command goes to a shard's partition of the command topic, its reply
// comes back on this node's partition of the reply topic. A reply that does not come in time fails
// with FAILURE_DEADLINE; the command may still take effect.
#ifndef BATON_GATEWAY_CALL_H
#define BATON_GATEWAY_CALL_H

#include "gateway/caller.h"
#include "record/rows.h"

// Called with the reply when it was accepted; a rejection goes to caller->failed.
typedef void call_answer(struct caller *caller, const struct reply *reply);

struct call_desk *call_desk_new(struct gateway *gateway);
bool call_desk_hears(const struct call_desk *desk);        // replies come
int32_t call_desk_partition(const struct call_desk *desk); // of the replies
void call_desk_stop(struct call_desk *desk);               // fails every call that waits
void call_desk_free(struct call_desk *desk);

// Sends and waits for one reply. The command's reply, tenant and principal are filled in.
void call_shard(struct caller *caller, struct command *command, uint32_t shard,
                call_answer *answer);

// To the shard that the command's instance lives on.
void call_instance(struct caller *caller, struct command *command, call_answer *answer);

// To the first shard, which tells the others: one reply of every shard; `answer` gets the first
// shard's, which made the definitions.
void call_every_shard(struct caller *caller, struct command *command, call_answer *answer);

// The same command to every shard; `answer` gets the reply that came first.
void call_each_shard(struct caller *caller, struct command *command, call_answer *answer);

// Sends a command that nobody waits for. False and *err when it could not be handed to Kafka.
MUST_CHECK bool call_post(struct gateway *gateway, struct command *command, uint32_t shard,
                          struct error *err);

#endif
