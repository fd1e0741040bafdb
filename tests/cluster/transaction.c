// SPDX-License-Identifier: Apache-2.0
#include "transaction.h"

#include "wire/wire.h"

static str keep(str text)
{
    return str_copy(&world->arena, text);
}

// Copies the rows of one table; the body makes the columns that are kept the world's own.
#define COPY_ROWS(to, from, member, ...)                                                           \
    do {                                                                                           \
        size_t count = (from)->member.count;                                                       \
        (to)->member.count = count;                                                                \
        (to)->member.items =                                                                       \
            arena_copy(&world->arena, (from)->member.items, count * sizeof *(from)->member.items); \
        for (size_t i = 0; i < count; i++) {                                                       \
            __typeof__((to)->member.items) row = &(to)->member.items[i];                           \
            if (row->change != ROW_DELETE) {                                                       \
                __VA_ARGS__;                                                                       \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static void copy_rows(struct changes *to, const struct changes *from)
{
    COPY_ROWS(to, from, instances, row->process_id = keep(row->process_id);
              row->image = keep(row->image));
    COPY_ROWS(to, from, elements, row->element_id = keep(row->element_id));
    COPY_ROWS(to, from, jobs, row->type = keep(row->type); row->tenant = keep(row->tenant));
    COPY_ROWS(to, from, timers, row->element_id = keep(row->element_id));
    COPY_ROWS(to, from, subscriptions, row->name = keep(row->name);
              row->correlation_key = keep(row->correlation_key); row->tenant = keep(row->tenant));
    COPY_ROWS(to, from, messages, row->name = keep(row->name);
              row->correlation_key = keep(row->correlation_key); row->tenant = keep(row->tenant));
    COPY_ROWS(to, from, mailbox_entries, row->image = keep(row->image));
    COPY_ROWS(to, from, user_tasks, row->tenant = keep(row->tenant));
    COPY_ROWS(to, from, incidents, row->kind = keep(row->kind); row->message = keep(row->message));
    COPY_ROWS(to, from, definitions, row->id = keep(row->id); row->digest = keep(row->digest);
              row->tenant = keep(row->tenant); row->resource_name = keep(row->resource_name);
              row->version_tag = keep(row->version_tag); row->name = keep(row->name));
}

static void copy_remembered(struct changes *to, const struct changes *from)
{
    for (size_t i = 0; i < from->remembered.count; i++) {
        const struct remembered_row *row = &from->remembered.items[i];
        *ARRAY_PUSH(&world->arena, &to->remembered) =
            (struct remembered_row){keep(row->tenant), keep(row->id), row->instance, row->until_ms};
    }
}

// A mailbox is deleted by its key; here it is found by its name, which the row has all the same.
static void copy_mailboxes(struct changes *to, const struct changes *from)
{
    to->mailboxes.count = from->mailboxes.count;
    to->mailboxes.items = arena_copy(&world->arena, from->mailboxes.items,
                                     from->mailboxes.count * sizeof *from->mailboxes.items);
    for (size_t i = 0; i < to->mailboxes.count; i++) {
        struct mailbox_row *row = &to->mailboxes.items[i];
        row->name = keep(row->name);
        row->correlation_key = keep(row->correlation_key);
        row->tenant = keep(row->tenant);
        row->image = row->change == ROW_DELETE ? STR_EMPTY : keep(row->image);
    }
}

static void copy_steps(struct transaction *transaction, const struct store_commit *commit)
{
    for (size_t i = 0; i < commit->changes->history.count; i++) {
        struct database_step *step = ARRAY_PUSH(&world->arena, &transaction->steps);
        step->batch = commit->batch;
        step->row = commit->changes->history.items[i];
        step->row.principal = keep(step->row.principal);
        step->row.origin = keep(step->row.origin);
        step->row.events = NULL;
        step->events = keep(commit->packed.events[i]);
    }
}

struct transaction *transaction_new(const struct store_commit *commit)
{
    struct transaction *transaction = ARENA_NEW(&world->arena, struct transaction);
    const struct changes *changes = commit->changes;
    transaction->commit = *commit;
    transaction->commit.changes = NULL;
    transaction->commit.packed = (struct store_packed){0};
    transaction->commit.outbound = keep(commit->outbound);
    transaction->commit.last_record = keep(commit->last_record);
    transaction->commit.senders =
        arena_copy(&world->arena, commit->senders, commit->sender_count * sizeof *commit->senders);
    transaction->chain = commit->packed.chain;
    transaction->image_changed = changes->shard_image.data != NULL;
    transaction->changes.shard_image = keep(changes->shard_image);
    transaction->changes.next_key = changes->next_key;
    transaction->changes.clock_ms = changes->clock_ms;
    transaction->changes.shard_events = changes->shard_events;
    copy_rows(&transaction->changes, changes);
    copy_mailboxes(&transaction->changes, changes);
    copy_remembered(&transaction->changes, changes);
    copy_steps(transaction, commit);
    transaction->stamps =
        stamps_between(commit->shard, commit->expected_offset, commit->next_offset);
    return transaction;
}

bool transaction_quarantine_reason(const struct database_step *step, struct arena *arena,
                                   str *ret_why)
{
    struct event *events;
    size_t count;
    struct error err;
    if (!wire_decode_events(arena, step->events, &events, &count, &err) || count != 1 ||
        events[0].type != EVENT_COMMAND_QUARANTINED)
        return false;
    *ret_why = events[0].value;
    return true;
}

bool transaction_quarantines(const struct database_step *step)
{
    struct arena arena = ARENA_EMPTY;
    str why;
    bool quarantines = transaction_quarantine_reason(step, &arena, &why);
    arena_done(&arena);
    return quarantines;
}
