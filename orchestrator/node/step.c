// SPDX-License-Identifier: Apache-2.0
//
// Batches: decoded, completed with what they need from PostgreSQL, run through the engine,
// committed.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "record/topic.h"
#include "wire/wire.h"

#include <stdlib.h>

enum {
    NS_PER_US = 1000,
    BUSY_COMMANDS = 2,
    BUSY_WINDOW_US = 50000,
    MOST_BUNDLED = 8,
    MAX_MISSING = STORE_MAX_STREAMS
};

static void free_records(struct batch *batch)
{
    while (batch->records != NULL) {
        struct inbound *inbound = batch->records;
        batch->records = inbound->next;
        free(inbound);
    }
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    free_records(batch);
    arena_done(&batch->arena);
    free(batch);
}

// -- Decoding ---------------------------------------------------------------------------

static void set_aside(struct batch *batch, const struct inbound *inbound, const char *why)
{
    struct node *node = batch->shard->node;
    const struct outbox_record letter = {.kind = OUTBOX_DEAD_LETTER,
                                         .partition = BUS_PARTITION_BY_KEY,
                                         .topic = STR("commands.dlq"),
                                         .value = str_from(inbound->bytes, inbound->len),
                                         .note = str_of(why)};
    outbox_pack(&batch->letters, &letter);
    batch->letter_count++;
    metrics_add(&node->metrics, METRIC_DEAD_LETTERS, 1);
    log_warning("node", "shard %u: record at offset %lld goes to commands.dlq: %s",
                batch->shard->number, (long long)inbound->offset, why);
}

static bool is_duplicate(struct batch *batch, const struct inbound *inbound)
{
    struct shard *shard = batch->shard;
    if (inbound->sender >= shard->sender_count)
        return false;
    if (inbound->number <= shard->senders[inbound->sender]) {
        metrics_add(&shard->node->metrics, METRIC_DUPLICATES, 1);
        return true;
    }
    shard->senders[inbound->sender] = inbound->number;
    batch->senders_changed = true;
    return false;
}

static void read_task(struct batch *batch, const struct inbound *inbound, struct task *task)
{
    struct node *node = batch->shard->node;
    struct error err;
    str token;
    task->what = TASK_SKIP;
    if (is_duplicate(batch, inbound))
        return;
    if (!wire_decode_command(&batch->arena, str_from(inbound->bytes, inbound->len), &task->command,
                             &token, &err)) {
        set_aside(batch, inbound, err.text);
        return;
    }
    if (!token_is_good(node_secret(node), &task->command, token)) {
        metrics_add(&node->metrics, METRIC_TOKENS_REFUSED, 1);
        set_aside(batch, inbound, "the token is not the one of this job and attempt");
        return;
    }
    task->command.time_ms = inbound->time_ms;
    task->command.offset = inbound->offset;
    task->what = TASK_STEP;
}

static void read_tasks(struct batch *batch)
{
    struct inbound *inbound = batch->records;
    for (size_t i = 0; i < batch->count; i++, inbound = inbound->next) {
        read_task(batch, inbound, &batch->tasks[i]);
        batch->next_offset = inbound->offset + 1;
        if (i + 1 == batch->count)
            batch->last_record = digest_sha256(str_from(inbound->bytes, inbound->len));
    }
}

// A shard is busy when the wait for a fuller batch brings some: judged by the window before.
static void count_commands(struct shard *shard, size_t count)
{
    int64_t now_ns = clock_monotonic_ns();
    int64_t wait_us = config_i64(shard->node->config, CONFIG_ENGINE_BATCH_WAIT_US);
    int64_t window_us = (now_ns - shard->window_ns) / NS_PER_US;
    if (window_us >= BUSY_WINDOW_US) {
        shard->busy = (int64_t)shard->window_commands * wait_us >= BUSY_COMMANDS * window_us;
        shard->window_ns = now_ns;
        shard->window_commands = 0;
    }
    shard->window_commands += count;
}

static struct batch *batch_new(struct shard *shard, size_t most)
{
    struct batch *batch = calloc(1, sizeof *batch);
    check(batch != NULL);
    batch->shard = shard;
    batch->first_offset = shard->taken_offset;
    batch->records = inbox_take(shard, most, &batch->count);
    count_commands(shard, batch->count);
    batch->tasks = ARENA_ARRAY(&batch->arena, struct task, batch->count);
    batch->letters = strbuf_new(&batch->arena);
    read_tasks(batch);
    shard->taken_offset = batch->next_offset;
    return batch;
}

// -- What a batch needs -----------------------------------------------------------------

struct wanting { // streams that are being loaded
    struct life life;
    size_t count;
    size_t capacity;
    struct stream_ref *refs;
    bool *found;
    struct arena arena;
    struct idmap instances; // key -> index + 1
};

static bool names_same(const struct stream_ref *ref, const struct store_stream *stream)
{
    return ref->kind == STREAM_MAILBOX && ref->subscription_kind == stream->subscription_kind &&
           str_equal(ref->name, stream->name) &&
           str_equal(ref->correlation_key, stream->correlation_key) &&
           str_equal(ref->tenant, stream->tenant);
}

static size_t find_wanted(const struct wanting *wanting, const struct store_stream *stream)
{
    if (stream->kind == STREAM_INSTANCE)
        return (size_t)(uintptr_t)idmap_get(&wanting->instances, stream->instance) - 1;
    size_t i = 0;
    while (i < wanting->count && !names_same(&wanting->refs[i], stream))
        i++;
    return i;
}

static void bring_in(struct shard *shard, const struct stream_ref *ref, str image)
{
    struct error err;
    if (!engine_load(shard->engine, ref, image, &err))
        log_error("node", "shard %u: a stored state is damaged: %s", shard->number, err.text);
}

static void on_loaded(void *context, const struct store_stream *stream, str image)
{
    struct wanting *wanting = context;
    struct shard *shard = wanting->life.shard;
    size_t i = find_wanted(wanting, stream);
    if (wanting->life.generation != shard->generation || i >= wanting->count)
        return;
    wanting->found[i] = true;
    bring_in(shard, &wanting->refs[i], image);
    metrics_add(&shard->node->metrics, METRIC_STREAMS_LOADED, 1);
}

static void wanting_free(struct wanting *wanting)
{
    struct arena arena = wanting->arena; // the struct lives in it
    arena_done(&arena);
}

// What the batch asked for has come. A shard that is being released has no batch any more.
static void go_on(struct shard *shard, enum store_outcome outcome, const struct error *err)
{
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, err->text);
        return;
    }
    if (shard->computing != NULL)
        shard->computing->loading = false;
    node_shard_turn(shard);
}

static void on_all_loaded(void *context, enum store_outcome outcome, const struct error *err)
{
    struct wanting *wanting = context;
    struct shard *shard = wanting->life.shard;
    shard->calls--;
    bool is_old = wanting->life.generation != shard->generation;
    for (size_t i = 0; !is_old && outcome == STORE_DONE && i < wanting->count; i++)
        if (!wanting->found[i])
            bring_in(shard, &wanting->refs[i], STR_EMPTY);
    wanting_free(wanting);
    if (!is_old)
        go_on(shard, outcome, err);
}

static struct wanting *wanting_new(struct shard *shard)
{
    struct arena arena = ARENA_EMPTY;
    struct wanting *wanting = ARENA_NEW(&arena, struct wanting);
    wanting->arena = arena;
    wanting->life = (struct life){shard, shard->generation};
    wanting->instances = idmap_new(&wanting->arena);
    return wanting;
}

static bool is_wanted(struct wanting *wanting, const struct stream_ref *ref)
{
    if (ref->kind == STREAM_INSTANCE)
        return idmap_get(&wanting->instances, ref->instance) != NULL;
    const struct store_stream stream = {.kind = STREAM_MAILBOX,
                                        .name = ref->name,
                                        .correlation_key = ref->correlation_key,
                                        .tenant = ref->tenant,
                                        .subscription_kind = ref->subscription_kind};
    return find_wanted(wanting, &stream) < wanting->count;
}

static void want(struct wanting *wanting, const struct stream_ref *ref)
{
    if (wanting->count == MAX_MISSING || is_wanted(wanting, ref))
        return;
    wanting->refs = array_room(&wanting->arena, wanting->refs, wanting->count, &wanting->capacity,
                               sizeof *wanting->refs);
    struct stream_ref *kept = &wanting->refs[wanting->count++];
    *kept = *ref;
    kept->name = str_copy(&wanting->arena, ref->name);
    kept->correlation_key = str_copy(&wanting->arena, ref->correlation_key);
    kept->tenant = str_copy(&wanting->arena, ref->tenant);
    if (ref->kind == STREAM_INSTANCE)
        idmap_put(&wanting->instances, ref->instance, (void *)(uintptr_t)wanting->count);
}

static void ask_for(struct shard *shard, struct wanting *wanting)
{
    struct store_stream *streams =
        ARENA_ARRAY(&wanting->arena, struct store_stream, wanting->count);
    for (size_t i = 0; i < wanting->count; i++) {
        const struct stream_ref *ref = &wanting->refs[i];
        streams[i] = (struct store_stream){.kind = ref->kind,
                                           .instance = ref->instance,
                                           .name = ref->name,
                                           .correlation_key = ref->correlation_key,
                                           .tenant = ref->tenant,
                                           .subscription_kind = ref->subscription_kind};
    }
    wanting->found = ARENA_ARRAY(&wanting->arena, bool, wanting->count);
    const struct store_load load = {.shard = shard->number,
                                    .count = wanting->count,
                                    .streams = streams,
                                    .loaded = on_loaded,
                                    .done = on_all_loaded,
                                    .context = wanting};
    shard->computing->loading = true;
    shard->calls++;
    store_load_streams(shard->node->store, &load);
}

// Asks for everything that this and the later commands of the batch need, so far as can be told
// now.
static void load_missing(struct shard *shard)
{
    struct batch *batch = shard->computing;
    struct wanting *wanting = wanting_new(shard);
    struct stream_ref refs[ENGINE_MAX_REFS];
    for (size_t i = batch->at; i < batch->count; i++) {
        if (batch->tasks[i].what != TASK_STEP)
            continue;
        size_t count = engine_missing(shard->engine, &batch->tasks[i].command, refs);
        for (size_t j = 0; j < count; j++)
            want(wanting, &refs[j]);
    }
    check(wanting->count > 0);
    ask_for(shard, wanting);
}

// -- Resources of a deployment ----------------------------------------------------------

static void on_resource(void *context, const struct store_resource_row *found)
{
    const struct life *life = context;
    struct shard *shard = life->shard;
    struct batch *batch = shard->computing;
    if (life->generation != shard->generation || batch == NULL)
        return;
    for (size_t i = 0; i < batch->count; i++) {
        const struct command *command = &batch->tasks[i].command;
        if (command->type != COMMAND_PUBLISH_DEFINITIONS)
            continue;
        for (size_t j = 0; j < command->deploy.count; j++) {
            const struct deployed_resource *resource = &command->deploy.resources[j];
            const struct definition_source source = {.key = resource->key,
                                                     .kind = resource->kind,
                                                     .id = resource->definition_id,
                                                     .bytes = found->bytes,
                                                     .imports = found->imports};
            struct error err;
            if (str_equal(resource->digest, found->digest) &&
                !definitions_add(shard->node->definitions, &source, &err))
                log_error("node", "definition %llu cannot run: %s",
                          (unsigned long long)resource->key, err.text);
        }
    }
}

static void on_resources(void *context, enum store_outcome outcome, const struct error *err)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (!is_old)
        go_on(shard, outcome, err);
}

static size_t find_unknown(struct batch *batch, str *digests, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct command *command = &batch->tasks[i].command;
        if (batch->tasks[i].what == TASK_SKIP || command->type != COMMAND_PUBLISH_DEFINITIONS)
            continue;
        for (size_t j = 0; j < command->deploy.count && count < capacity; j++)
            if (!definitions_have(batch->shard->node->definitions,
                                  command->deploy.resources[j].key))
                digests[count++] = command->deploy.resources[j].digest;
    }
    return count;
}

static bool load_resources(struct shard *shard)
{
    str digests[COMMAND_MAX_RESOURCES];
    size_t count = find_unknown(shard->computing, digests, COMMAND_MAX_RESOURCES);
    if (count == 0)
        return false;
    const struct store_resources query = {.shard = shard->number,
                                          .count = count,
                                          .digests = digests,
                                          .found = on_resource,
                                          .done = on_resources,
                                          .context = life_new(shard)};
    shard->computing->loading = true;
    store_find_resources(shard->node->store, &query);
    return true;
}

// -- Packing what goes out --------------------------------------------------------------

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

static void pack_command(struct batch *batch, const struct outbound *outbound)
{
    struct strbuf value = strbuf_new(&batch->arena);
    wire_encode_command(&value, outbound->command, STR_EMPTY);
    const struct outbox_record record = {.kind = OUTBOX_COMMAND,
                                         .partition = outbound->partition,
                                         .topic = STR("commands"),
                                         .value = strbuf_str(&value)};
    outbox_pack(&batch->outbound, &record);
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
    const struct wire_job_ticket ticket = {
        .token = token_make(arena, node_secret(shard->node), job->key, job->attempt),
        .reply_partition = (int32_t)shard->number,
    };
    struct strbuf value = strbuf_new(arena);
    wire_encode_job(&value, job, &ticket);
    const struct outbox_record record = {.kind = OUTBOX_JOB,
                                         .partition = BUS_PARTITION_BY_KEY,
                                         .topic = str_join2(arena, STR("jobs."), part),
                                         .key = job_record_key(batch, bundle, job),
                                         .value = strbuf_str(&value)};
    outbox_pack(&batch->outbound, &record);
}

static void pack_reply(struct batch *batch, const struct reply *reply)
{
    struct strbuf value = strbuf_new(&batch->arena);
    wire_encode_reply(&value, reply);
    const struct outbox_record record = {.kind = OUTBOX_REPLY,
                                         .partition = reply->to.partition,
                                         .topic = STR("replies"),
                                         .value = strbuf_str(&value)};
    outbox_pack(&batch->outbound, &record);
}

static void pack_outbound(struct batch *batch)
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

// -- Computing --------------------------------------------------------------------------

static void finish(struct shard *shard)
{
    struct batch *batch = shard->computing;
    engine_end(shard->engine, &batch->changes);
    pack_outbound(batch);
    batch->packed = store_pack(shard->chain, &batch->changes, &batch->arena);
    batch->number = shard->batch_number += batch->changes.history.count > 0;
    shard->chain = batch->packed.chain;
    batch->first_outbound = shard->next_outbound;
    shard->next_outbound += batch->changes.outbound.count + batch->letter_count;
    batch->next_outbound = shard->next_outbound;
    shard->computing = NULL;
    shard->computed = batch;
}

static void step_task(struct shard *shard, const struct task *task)
{
    if (task->what == TASK_STEP)
        engine_step(shard->engine, &task->command);
    else if (task->what == TASK_QUARANTINE)
        engine_quarantine(shard->engine, &task->command, task->why);
}

// Runs the engine over the batch until it needs a stream that is not in memory.
static void compute(struct shard *shard)
{
    struct batch *batch = shard->computing;
    struct stream_ref refs[ENGINE_MAX_REFS];
    int64_t started_ns = clock_monotonic_ns();
    if (batch->at == 0 && !batch->begun) {
        if (load_resources(shard))
            return;
        batch->begun = true;
        engine_begin(shard->engine, &batch->arena);
    }
    for (; batch->at < batch->count; batch->at++) {
        const struct task *task = &batch->tasks[batch->at];
        if (task->what == TASK_STEP && engine_missing(shard->engine, &task->command, refs) > 0) {
            load_missing(shard);
            return;
        }
        step_task(shard, task);
    }
    finish(shard);
    metrics_add(&shard->node->metrics, METRIC_COMPUTE_US,
                (uint64_t)(clock_monotonic_ns() - started_ns) / NS_PER_US);
}

// -- Committing -------------------------------------------------------------------------

static void note_commit(struct shard *shard, const struct batch *batch)
{
    struct metrics *metrics = &shard->node->metrics;
    metrics_add(metrics, METRIC_COMMITS, 1);
    metrics_add(metrics, METRIC_COMMANDS, batch->count);
    metrics_add(metrics, METRIC_HISTORY_ROWS, batch->changes.history.count);
    metrics_add(metrics, METRIC_COMMIT_US,
                (uint64_t)(clock_monotonic_ns() - batch->sent_ns) / NS_PER_US);
}

static bool has_waiting_job(const struct changes *changes)
{
    for (size_t i = 0; i < changes->jobs.count; i++)
        if (changes->jobs.items[i].change != ROW_DELETE &&
            changes->jobs.items[i].state == JOB_WAITING)
            return true;
    return false;
}

static void settle(struct shard *shard)
{
    struct batch *batch = shard->committing;
    shard->committing = NULL;
    note_commit(shard, batch);
    shard->next_offset = batch->next_offset;
    shard->trimmed = batch->trims;
    shard->last_record = batch->last_record;
    shard->has_last = true;
    shard->trim_needed = false;
    if (shard->careful > 0)
        shard->careful--;
    shard->tried = false;
    node_trial_turn(shard);
    if (shard->due != NULL)
        due_list_apply(shard->due, &batch->changes, clock_now_ms());
    shard->jobs_wait = shard->jobs_wait || has_waiting_job(&batch->changes);
    publish_batch(shard, batch);
    if (shard->state != SHARD_RUNNING)
        return;
    node_shard_remind(shard);
}

static void on_committed(void *context, enum store_outcome outcome, const struct error *err)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    struct metrics *metrics = &shard->node->metrics;
    switch (outcome) {
    case STORE_DONE:
        settle(shard);
        node_shard_turn(shard);
        return;
    case STORE_TAKEN:
        metrics_add(metrics, METRIC_TAKEN, 1);
        node_shard_restart(shard, "another owner has taken the shard");
        return;
    case STORE_REFUSED:
        metrics_add(metrics, METRIC_REFUSED, 1);
        log_error("node",
                  "shard %u: a transaction of %zu commands from offset %lld was refused: %s",
                  shard->number, shard->committing->count,
                  (long long)shard->committing->first_offset, err->text);
        shard->careful = (uint32_t)shard->committing->count;
        shard->tried = false; // what failed is the record
        shard->survived = 0;
        node_shard_restart(shard, shard->careful > 1 ? NULL : err->text);
        return;
    case STORE_LOST:
        metrics_add(metrics, METRIC_LOST, 1);
        node_shard_restart(shard, err->text);
        return;
    }
}

static void send_commit(struct shard *shard)
{
    struct batch *batch = shard->committing = shard->computed;
    shard->computed = NULL;
    batch->trims = shard->published;
    const struct store_commit commit = {
        .shard = shard->number,
        .epoch = shard->epoch,
        .expected_offset = shard->next_offset,
        .next_offset = batch->next_offset,
        .batch = batch->number,
        .changes = &batch->changes,
        .packed = batch->packed,
        .first_outbound = batch->first_outbound,
        .next_outbound = batch->next_outbound,
        .outbound = strbuf_str(&batch->outbound),
        .published = batch->trims,
        .trimmed = shard->trimmed,
        .events_published = shard->events_published,
        .last_record = str_from(batch->last_record.bytes, DIGEST_SIZE),
        .sender_count = batch->senders_changed ? shard->sender_count : 0,
        .senders = shard->senders,
    };
    shard->last_commit_ns = batch->sent_ns = clock_monotonic_ns();
    store_commit(shard->node->store, &commit, &batch->arena, on_committed, life_new(shard));
}

// -- Taking the next batch --------------------------------------------------------------

// -- Trials -----------------------------------------------------------------------------
// A record that may be deadly is tried while nothing else is done on the node: when the node dies,
// it is known of what, and no healthy record of another shard is suspected with it.

static bool is_working(const struct shard *shard)
{
    return shard != NULL &&
           (shard->computing != NULL || shard->computed != NULL || shard->committing != NULL);
}

// Keeps the others from beginning anything; true when what they had begun is done.
static bool is_alone(struct shard *shard)
{
    struct node *node = shard->node;
    if (node->trial == NULL)
        node->trial = shard;
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != shard && is_working(node->shards[i]))
            return false;
    return node->trial == shard;
}

static void wake(struct shard *shard)
{
    if (shard != NULL && shard->state == SHARD_RUNNING)
        event_active(shard->wait, EV_TIMEOUT, 0);
}

void node_trial_turn(struct shard *shard)
{
    struct node *node = shard->node;
    if (node->draining)
        return;
    if (node->trial != shard) {
        wake(node->trial);
        return;
    }
    node->trial = NULL;
    shard->yields = true;
    for (uint32_t i = 1; i <= node->shard_count; i++) // itself last
        wake(node->shards[(shard->number + i) % node->shard_count]);
}

static void on_tried(void *context, enum store_outcome outcome, uint32_t tries)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    shard->trying = false;
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, "the shard was lost while a record was tried");
        return;
    }
    shard->tried = true;
    shard->tries = tries;
    node_shard_turn(shard);
}

static void note_trial(struct shard *shard)
{
    int64_t offset = shard->inbox_first->offset;
    bool again = shard->survived > 0 && offset == shard->tried_offset;
    const struct store_trial trial = {.shard = shard->number,
                                      .epoch = shard->epoch,
                                      .offset = offset,
                                      .survived = again && shard->survived <= NODE_MAX_SURVIVED};
    if (!again)
        shard->survived = 0;
    shard->tried_offset = offset;
    shard->trying = true;
    store_try(shard->node->store, &trial, on_tried, life_new(shard));
}

static void take_carefully(struct shard *shard)
{
    struct node *node = shard->node;
    if (shard->yields || !is_alone(shard))
        return;
    if (!shard->tried) {
        note_trial(shard);
        return;
    }
    struct batch *batch = shard->computing = batch_new(shard, 1);
    if (shard->tries <= NODE_QUARANTINE_TRIES || batch->tasks[0].what != TASK_STEP)
        return;
    batch->tasks[0].what = TASK_QUARANTINE;
    batch->tasks[0].why = STR("failed three times");
    set_aside(batch, batch->records, "failed three times");
    metrics_add(&node->metrics, METRIC_QUARANTINED, 1);
}

// An idle shard commits at once. A busy one waits a little for a fuller batch; while a transaction
// runs, the next batch is computed as soon as it is worth it.
static bool is_time(struct shard *shard)
{
    const struct config *config = shard->node->config;
    size_t full = (size_t)config_i64(config, CONFIG_ENGINE_BATCH_COMMANDS);
    if (shard->inbox_count >= full)
        return true;
    if (shard->committing != NULL)
        return false;
    int64_t wait_us = config_i64(config, CONFIG_ENGINE_BATCH_WAIT_US);
    int64_t since_us = (clock_monotonic_ns() - shard->last_commit_ns) / NS_PER_US;
    if (!shard->busy || since_us >= wait_us)
        return true;
    const struct timeval rest = {.tv_usec = (suseconds_t)(wait_us - since_us)};
    if (!event_pending(shard->wait, EV_TIMEOUT, NULL))
        event_add(shard->wait, &rest);
    return false;
}

static void take(struct shard *shard)
{
    if (shard->computing != NULL || shard->computed != NULL || shard->inbox_count == 0 ||
        shard->trying || shard->publishing_count >= NODE_MAX_PUBLISHING ||
        (shard->node->trial != NULL && shard->node->trial != shard))
        return;
    if (shard->careful > 0 && shard->committing == NULL)
        take_carefully(shard);
    else if (shard->careful == 0 && is_time(shard))
        shard->computing =
            batch_new(shard, (size_t)config_i64(shard->node->config, CONFIG_ENGINE_BATCH_COMMANDS));
}

void node_shard_turn(struct shard *shard)
{
    if (shard->state == SHARD_DRAINING)
        node_shard_drained(shard);
    if (shard->state != SHARD_RUNNING)
        return;
    take(shard);
    if (shard->computing != NULL && !shard->computing->loading)
        compute(shard);
    if (shard->computed != NULL && shard->committing == NULL) {
        send_commit(shard);
        take(shard); // computes ahead when enough is there
        if (shard->computing != NULL && !shard->computing->loading)
            compute(shard);
    }
}
