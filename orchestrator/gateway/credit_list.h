// SPDX-License-Identifier: Apache-2.0
//
// The credits of one turn on their way to the shards: as many commands per shard as their number
// asks for, so that one record never carries more than it can. A credit that could not be sent is
// not counted as given, and the next turn says it again.
#ifndef BATON_GATEWAY_CREDIT_LIST_H
#define BATON_GATEWAY_CREDIT_LIST_H

#include "base/arena.h"
#include "base/error.h"
#include "record/command.h"
#include "record/limits.h"

enum {
    CREDITS_PER_COMMAND = 200,
    CREDIT_FIELDS = 8, // of one on the wire, at most
};

_Static_assert(CREDITS_PER_COMMAND *(2 * LIMIT_NAME_BYTES + LIMIT_JOB_TYPE_BYTES +
                                     LIMIT_PROCESS_LIST_BYTES + 64) +
                       LIMIT_RECORD_ROOM <=
                   LIMIT_RECORD_BYTES,
               "the credits of one command are a record");
_Static_assert(CREDITS_PER_COMMAND *CREDIT_FIELDS <= LIMIT_RECORD_FIELDS, "and are decoded");

struct credit_sender {
    uint32_t shard_count;
    struct job_credits like; // all but the credits
    // Hands a command over. False and *err when it was not.
    bool (*post)(void *context, struct command *command, uint32_t shard, struct error *err);
    void *context;
};

struct credit_batch;

struct credit_list {
    struct arena arena;
    struct credit_sender sender;
    struct credit_batch *batches; // by shard
    bool has_failed;              // logged once
};

struct credit_list credit_list_new(const struct credit_sender *sender);

// The credit's texts live as long as the list. `given` is where it has been counted already: set
// back to `was` when the credit cannot be sent.
void credit_list_add(struct credit_list *list, uint32_t shard, const struct job_credit *credit,
                     uint32_t *given, uint32_t was);

// Sends what is left, and frees the list.
void credit_list_end(struct credit_list *list);

#endif
