// SPDX-License-Identifier: Apache-2.0
#include "gateway/credit_list.h"

#include "base/array.h"
#include "base/log.h"

struct undo {
    uint32_t *given;
    uint32_t was;
};

struct credit_batch {
    ARRAY(struct job_credit) credits;
    ARRAY(struct undo) undos; // one per credit
};

struct credit_list credit_list_new(const struct credit_sender *sender)
{
    struct credit_list list = {.arena = ARENA_EMPTY, .sender = *sender};
    list.batches = ARENA_ARRAY(&list.arena, struct credit_batch, sender->shard_count);
    return list;
}

static void send_batch(struct credit_list *list, uint32_t shard)
{
    struct credit_batch *batch = &list->batches[shard];
    struct command command = {.type = COMMAND_OFFER_CREDITS, .job_credits = list->sender.like};
    struct error err;
    command.job_credits.credits = batch->credits.items;
    command.job_credits.credit_count = batch->credits.count;
    bool sent = list->sender.post(list->sender.context, &command, shard, &err);
    if (!sent && !list->has_failed)
        log_failure("gateway", &err);
    list->has_failed |= !sent;
    for (size_t i = 0; i < batch->undos.count && !sent; i++)
        *batch->undos.items[i].given = batch->undos.items[i].was;
    batch->credits.count = batch->undos.count = 0;
}

void credit_list_add(struct credit_list *list, uint32_t shard, const struct job_credit *credit,
                     uint32_t *given, uint32_t was)
{
    check(shard < list->sender.shard_count);
    struct credit_batch *batch = &list->batches[shard];
    *ARRAY_PUSH(&list->arena, &batch->credits) = *credit;
    *ARRAY_PUSH(&list->arena, &batch->undos) = (struct undo){given, was};
    if (batch->credits.count == CREDITS_PER_COMMAND)
        send_batch(list, shard);
}

void credit_list_end(struct credit_list *list)
{
    for (uint32_t shard = 0; shard < list->sender.shard_count; shard++)
        if (list->batches[shard].credits.count > 0)
            send_batch(list, shard);
    arena_done(&list->arena);
}
