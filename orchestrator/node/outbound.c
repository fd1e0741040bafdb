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

struct packing {
    struct batch *batch;
    struct bundle bundle;
    uint64_t number; // of the next record in the shard's outbox
    struct error *err;
};

static str decimal(struct arena *arena, uint64_t value)
{
    return str_format(arena, "%llu", (unsigned long long)value);
}

static void begin_copy(struct batch *batch, str so_far)
{
    batch->opened = strbuf_new(&batch->arena);
    strbuf_add(&batch->opened, so_far);
    batch->is_opened = true;
}

// Commands are stored as they are sent, sealed anew: whatever becomes of the stream that their
// values come from, its keys are not needed. The first that is sent otherwise than it is stored
// begins a copy of all.
static bool pack(struct packing *packing, str tenant, struct outbox_record record)
{
    struct batch *batch = packing->batch;
    struct keyring *keyring = batch->shard->keyring;
    uint64_t number = packing->number++;
    keyring_leave_out(keyring, &batch->arena, tenant, &record);
    struct outbox_record sent = record;
    bool is_changed = keyring_open_record(keyring, &batch->arena, number, &sent), is_sealed = false;
    struct outbox_record stored = record.kind == OUTBOX_COMMAND ? sent : record;
    if (!keyring_store_record(keyring, &batch->arena, number, tenant, &stored, &is_sealed,
                              packing->err))
        return false;
    if ((is_changed || is_sealed) && !batch->is_opened)
        begin_copy(batch, strbuf_str(&batch->outbound));
    outbox_pack(&batch->outbound, &stored);
    if (batch->is_opened)
        outbox_pack(&batch->opened, &sent);
    return true;
}

static bool pack_command(struct packing *packing, const struct outbound *outbound)
{
    struct batch *batch = packing->batch;
    struct strbuf value = strbuf_new(&batch->arena);
    wire_encode_command(&value, outbound->command);
    const struct outbox_record record = {.kind = OUTBOX_COMMAND,
                                         .partition = outbound->partition,
                                         .topic = topic_rest(TOPIC_COMMANDS),
                                         .value = strbuf_str(&value),
                                         .stream = outbound->stream};
    return pack(packing, outbound->command->tenant, record);
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

static bool pack_job(struct packing *packing, const struct job_offer *job)
{
    struct batch *batch = packing->batch;
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
                                         .key = job_record_key(batch, &packing->bundle, job),
                                         .value = strbuf_str(&value),
                                         .stream = job->instance};
    return pack(packing, job->tenant, record);
}

static bool pack_reply(struct packing *packing, const struct reply *reply)
{
    struct batch *batch = packing->batch;
    struct strbuf value = strbuf_new(&batch->arena);
    wire_encode_reply(&value, reply);
    const struct outbox_record record = {.kind = OUTBOX_REPLY,
                                         .partition = reply->to.partition,
                                         .topic = topic_rest(TOPIC_REPLIES),
                                         .value = strbuf_str(&value),
                                         .stream =
                                             reply->job_count > 0 ? reply->jobs[0].instance : 0};
    return pack(packing, STR_EMPTY, record);
}

static bool pack_one(struct packing *packing, const struct outbound *outbound)
{
    switch (outbound->kind) {
    case OUTBOUND_COMMAND:
        return pack_command(packing, outbound);
    case OUTBOUND_JOB:
        return pack_job(packing, outbound->job);
    case OUTBOUND_REPLY:
        return pack_reply(packing, outbound->reply);
    }
    check_unreachable();
}

bool outbound_pack(struct batch *batch, struct error *err)
{
    struct packing packing = {
        .batch = batch, .number = batch->shard->next_outbound + batch->letter_count, .err = err};
    batch->outbound = batch->letters;
    if (batch->has_sealed_letters) {
        batch->outbound = batch->sealed_letters;
        begin_copy(batch, strbuf_str(&batch->letters));
    }
    for (size_t i = 0; i < batch->changes.outbound.count; i++)
        if (!pack_one(&packing, &batch->changes.outbound.items[i]))
            return false;
    return true;
}
