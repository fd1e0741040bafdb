// SPDX-License-Identifier: Apache-2.0
//
// What the engine wants to send, packed as outbox records: commands for other shards, jobs with
// their tokens, replies.
#include "node/internal.h"

#include "record/topic.h"
#include "wire/wire.h"

enum { MOST_BUNDLED = 8 };

struct bundle { // jobs that share a partition
    str type;
    str key;
    uint64_t instance; // of the last one
    size_t count;
};

static str decimal(struct arena *arena, uint64_t value)
{
    return str_format(arena, "%llu", (unsigned long long)value);
}

// The first that is sent otherwise than it is stored begins a copy of all.
static void pack(struct batch *batch, str tenant, struct outbox_record record)
{
    struct keyring *keyring = batch->shard->keyring;
    struct outbox_record stored = record, sent = record;
    bool is_changed =
        keyring_store_record(keyring, &batch->arena, batch->shard->next_outbound, tenant, &stored);
    is_changed |= keyring_open_record(keyring, &batch->arena, &sent);
    if (is_changed && !batch->is_opened) {
        batch->opened = strbuf_new(&batch->arena);
        strbuf_add(&batch->opened, strbuf_str(&batch->outbound));
        batch->is_opened = true;
    }
    outbox_pack(&batch->outbound, &stored);
    if (batch->is_opened)
        outbox_pack(&batch->opened, &sent);
}

static void pack_command(struct batch *batch, const struct outbound *outbound)
{
    struct strbuf value = strbuf_new(&batch->arena);
    wire_encode_command(&value, outbound->command);
    const struct outbox_record record = {.kind = OUTBOX_COMMAND,
                                         .partition = outbound->partition,
                                         .topic = topic_rest(TOPIC_COMMANDS),
                                         .value = strbuf_str(&value)};
    pack(batch, outbound->command->tenant, record);
}

// The key of a job's record decides its partition. Jobs of one commit share one, so that a small
// commit makes one request to the broker and not one a job; but not more than a few, and never two
// in a row of one instance: those are to run beside each other.
static str job_record_key(struct batch *batch, struct bundle *bundle, const struct job_offer *job)
{
    bool fits = bundle->count > 0 && bundle->count < MOST_BUNDLED &&
                bundle->instance != job->instance && str_equal(bundle->type, job->type);
    if (!fits)
        *bundle = (struct bundle){.type = job->type, .key = decimal(&batch->arena, job->key)};
    bundle->instance = job->instance;
    bundle->count++;
    return bundle->key;
}

static void pack_job(struct batch *batch, struct bundle *bundle, const struct job_offer *job)
{
    struct arena *arena = &batch->arena;
    struct shard *shard = batch->shard;
    str part;
    if (!topic_part_of_job_type(arena, job->type, &part))
        part = STR("_"); // refused at deployment; nobody listens
    struct job_offer sent = *job;
    sent.token = token_make(arena, node_secret(shard->node), job->key, job->attempt);
    sent.reply_partition = (int32_t)shard->number;
    struct strbuf value = strbuf_new(arena);
    wire_encode_job(&value, &sent);
    const struct outbox_record record = {.kind = OUTBOX_JOB,
                                         .partition = BUS_PARTITION_BY_KEY,
                                         .topic = str_join2(arena, topic_rest(TOPIC_JOBS), part),
                                         .key = job_record_key(batch, bundle, job),
                                         .value = strbuf_str(&value)};
    pack(batch, job->tenant, record);
}

static void pack_reply(struct batch *batch, const struct reply *reply)
{
    struct strbuf value = strbuf_new(&batch->arena);
    wire_encode_reply(&value, reply);
    const struct outbox_record record = {.kind = OUTBOX_REPLY,
                                         .partition = reply->to.partition,
                                         .topic = topic_rest(TOPIC_REPLIES),
                                         .value = strbuf_str(&value)};
    pack(batch, STR_EMPTY, record);
}

void outbound_pack(struct batch *batch)
{
    struct bundle bundle = {0};
    batch->outbound = batch->letters;
    for (size_t i = 0; i < batch->changes.outbound.count; i++) {
        const struct outbound *outbound = &batch->changes.outbound.items[i];
        switch (outbound->kind) {
        case OUTBOUND_COMMAND:
            pack_command(batch, outbound);
            break;
        case OUTBOUND_JOB:
            pack_job(batch, &bundle, outbound->job);
            break;
        case OUTBOUND_REPLY:
            pack_reply(batch, outbound->reply);
            break;
        }
    }
}
