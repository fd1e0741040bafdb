// SPDX-License-Identifier: Apache-2.0
#include "database.h"

#include "kafka.h"
#include "promises.h"
#include "story.h"
#include "transaction.h"

#include <stdlib.h>

enum { MAX_GROUPS = 32, TORN_PERCENT = 3 };

static struct shard_tables *tables_of(uint32_t shard)
{
    return &world->database->shards[shard];
}

// -- Writing rows -----------------------------------------------------------------------

static void change(struct idmap *table, const char *name, uint64_t key, enum row_change change,
                   const void *row)
{
    if (change == ROW_INSERT && idmap_get(table, key) != NULL)
        world_fail("%s: key %llu is used twice", name, (unsigned long long)key);
    if (change == ROW_DELETE)
        (void)idmap_remove(table, key);
    else if (change == ROW_INSERT || idmap_get(table, key) != NULL)
        idmap_put(table, key, (void *)(uintptr_t)row);
}

#define CHANGE_ALL(tables, changes, member)                                                        \
    for (size_t i = 0; i < (changes)->member.count; i++)                                           \
    change(&(tables)->member, #member, (changes)->member.items[i].key,                             \
           (changes)->member.items[i].change, &(changes)->member.items[i])

static str mailbox_name(struct arena *arena, const struct store_stream *stream)
{
    return str_format(arena, "%d/%.*s/%.*s/%.*s", (int)stream->subscription_kind,
                      STR_ARG(stream->name), STR_ARG(stream->correlation_key),
                      STR_ARG(stream->tenant));
}

static str remembered_name(struct arena *arena, str tenant, str id)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(tenant), STR_ARG(id));
}

static void write_mailboxes(struct shard_tables *tables, const struct changes *changes)
{
    for (size_t i = 0; i < changes->mailboxes.count; i++) {
        const struct mailbox_row *row = &changes->mailboxes.items[i];
        const struct store_stream stream = {.name = row->name,
                                            .correlation_key = row->correlation_key,
                                            .tenant = row->tenant,
                                            .subscription_kind = row->kind};
        str name = mailbox_name(&world->arena, &stream);
        struct mailbox_row *known = map_get(&tables->mailboxes, name);
        if (row->change == ROW_INSERT && known != NULL && known->image.len > 0)
            world_fail("mailbox %.*s is made twice", STR_ARG(name));
        map_put(&tables->mailboxes, name, (void *)(uintptr_t)row);
    }
}

static void write_definitions(const struct changes *changes)
{
    for (size_t i = 0; i < changes->definitions.count; i++) {
        const struct definition_row *row = &changes->definitions.items[i];
        if (row->change != ROW_INSERT)
            continue;
        *ARRAY_PUSH(&world->arena, &world->database->definitions) =
            (struct store_definition){.key = row->key,
                                      .kind = row->kind,
                                      .id = row->id,
                                      .version = row->version,
                                      .tenant = row->tenant,
                                      .resource_name = row->resource_name,
                                      .bytes = database_resource(row->digest)};
        *ARRAY_PUSH(&world->arena, &world->database->published) =
            (struct store_published){.deployment = row->deployment,
                                     .tenant = row->tenant,
                                     .resource = {.key = row->key,
                                                  .kind = row->kind,
                                                  .definition_id = row->id,
                                                  .version = row->version,
                                                  .version_tag = row->version_tag,
                                                  .title = row->name,
                                                  .name = row->resource_name,
                                                  .digest = row->digest}};
    }
}

static bool is_torn(enum mutation mutation)
{
    return world->options.mutation == mutation && world_chance(TORN_PERCENT);
}

static void write_rows(struct shard_tables *tables, const struct changes *changes)
{
    CHANGE_ALL(tables, changes, elements);
    CHANGE_ALL(tables, changes, jobs);
    CHANGE_ALL(tables, changes, timers);
    CHANGE_ALL(tables, changes, subscriptions);
    CHANGE_ALL(tables, changes, messages);
    CHANGE_ALL(tables, changes, user_tasks);
    CHANGE_ALL(tables, changes, incidents);
    write_definitions(changes);
    if (is_torn(MUTATION_TORN_STATE))
        return;
    CHANGE_ALL(tables, changes, instances);
    CHANGE_ALL(tables, changes, mailbox_entries);
    write_mailboxes(tables, changes);
    for (size_t i = 0; i < changes->remembered.count; i++) {
        struct remembered_row *row = &changes->remembered.items[i];
        map_put(&tables->remembered, remembered_name(&world->arena, row->tenant, row->id), row);
    }
}

static void trim_outbox(struct shard_tables *tables, uint64_t published)
{
    while (tables->outbox_at < tables->outbox.count &&
           tables->outbox.items[tables->outbox_at].first < published)
        tables->outbox_at++;
}

static void write_outbox(struct shard_tables *tables, const struct store_commit *commit)
{
    if (commit->next_outbound > commit->first_outbound && !is_torn(MUTATION_TORN_OUTBOX))
        *ARRAY_PUSH(&world->arena, &tables->outbox) = (struct database_outbox){
            commit->first_outbound, commit->next_outbound, commit->outbound};
    trim_outbox(tables, commit->published);
}

static void write_shard(struct shard_row *row, const struct transaction *transaction)
{
    const struct store_commit *commit = &transaction->commit;
    row->next_offset = commit->next_offset;
    row->next_key = transaction->changes.next_key;
    row->clock_ms = transaction->changes.clock_ms;
    row->events = transaction->changes.shard_events;
    row->batch = commit->batch;
    row->chain = transaction->chain;
    row->next_outbound = commit->next_outbound;
    row->events_published = commit->events_published;
    row->last_record = commit->last_record;
    if (commit->sender_count > 0) {
        row->senders = commit->senders;
        row->sender_count = commit->sender_count;
    }
    if (transaction->image_changed)
        row->image = transaction->changes.shard_image;
    row->failures = 0;
    row->trying_offset = -1;
    row->tries = 0;
}

// -- Statements -------------------------------------------------------------------------

static bool is_fenced(const struct shard_row *row, uint64_t epoch)
{
    return row->epoch != epoch && world->options.mutation != MUTATION_NO_EPOCH_TEST &&
           world->options.mutation != MUTATION_NO_OFFSET_TEST;
}

static bool is_moved(const struct shard_row *row, const struct store_commit *commit)
{
    return row->next_offset != commit->expected_offset &&
           world->options.mutation != MUTATION_NO_OFFSET_TEST;
}

static bool is_refused(const struct transaction *transaction)
{
    const struct kafka_partition *partition = kafka_commands(transaction->commit.shard);
    for (size_t i = 0; i < transaction->steps.count; i++) {
        const struct database_step *step = &transaction->steps.items[i];
        const struct kafka_record *record = kafka_at(partition, step->row.offset);
        if (record != NULL && record->poison == POISON_REFUSED && !transaction_quarantines(step))
            return true;
    }
    return false;
}

enum store_outcome database_commit(const struct transaction *transaction)
{
    const struct store_commit *commit = &transaction->commit;
    struct shard_tables *tables = tables_of(commit->shard);
    if (is_fenced(&tables->row, commit->epoch) || is_moved(&tables->row, commit) ||
        tables->row.halted.len > 0) {
        story_tell("a commit of shard %u under epoch %llu fails: the epoch is %llu", commit->shard,
                   (unsigned long long)commit->epoch, (unsigned long long)tables->row.epoch);
        return STORE_TAKEN;
    }
    if (is_refused(transaction))
        return STORE_REFUSED;
    story_tell("%.*s commits shard %u under epoch %llu", STR_ARG(tables->row.owner), commit->shard,
               (unsigned long long)commit->epoch);
    promises_committing(transaction);
    tables->old_next_key = tables->row.next_key;
    write_shard(&tables->row, transaction);
    write_rows(tables, &transaction->changes);
    for (size_t i = 0; i < transaction->steps.count; i++)
        if (!is_torn(MUTATION_TORN_HISTORY))
            *ARRAY_PUSH(&world->arena, &tables->history) = transaction->steps.items[i];
    stamps_append(&tables->stamps, &transaction->stamps);
    write_outbox(tables, commit);
    world_mix(commit->next_outbound << 32 ^ (uint64_t)commit->next_offset);
    promises_committed(transaction);
    return STORE_DONE;
}

static void read_outbox(const struct shard_tables *tables, struct store_shard *ret_shard)
{
    size_t count = tables->outbox.count - tables->outbox_at;
    struct store_outbox_row *rows = ARENA_ARRAY(&world->arena, struct store_outbox_row, count);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct store_outbox_row){tables->outbox.items[tables->outbox_at + i].first,
                                            tables->outbox.items[tables->outbox_at + i].payload};
    ret_shard->outbox = rows;
    ret_shard->outbox_count = world->options.mutation == MUTATION_NO_RESEND ? 0 : count;
}

void database_acquire(uint32_t shard, str owner, struct store_shard *ret_shard)
{
    struct shard_tables *tables = tables_of(shard);
    struct shard_row *row = &tables->row;
    row->epoch++;
    row->failures++;
    row->owner = owner;
    *ARRAY_PUSH(&world->arena, &tables->taken_over) = row->next_offset;
    bool old = world->options.mutation == MUTATION_OLD_COUNTER;
    bool forgets = world->options.mutation == MUTATION_NO_DEDUPLICATION;
    *ret_shard = (struct store_shard){
        .shard = shard,
        .epoch = row->epoch,
        .next_offset = row->next_offset,
        .next_key = old ? tables->old_next_key : row->next_key,
        .events = row->events,
        .batch = row->batch,
        .chain = row->chain,
        .next_outbound = row->next_outbound,
        .events_published = row->events_published,
        .last_record = row->last_record,
        .sender_count = forgets ? 0 : row->sender_count,
        .senders = row->senders,
        .failures = row->failures,
        .trying_offset = row->trying_offset,
        .tries = row->tries,
        .halted = row->halted,
        .rebuild = row->rebuild,
        .image = row->image,
        .clock_ms = row->clock_ms,
    };
    read_outbox(tables, ret_shard);
    struct store_count *counts;
    ret_shard->count_count = database_count_jobs(shard, &counts);
    ret_shard->counts = counts;
    promises_acquired(shard);
}

enum store_outcome database_trim(const struct store_trim *trim)
{
    struct shard_tables *tables = tables_of(trim->shard);
    struct shard_row *row = &tables->row;
    if (is_fenced(row, trim->epoch))
        return STORE_TAKEN;
    row->events_published = trim->events_published;
    if (trim->released) {
        row->owner = STR_EMPTY;
        row->failures = 0;
    }
    trim_outbox(tables, trim->published);
    return STORE_DONE;
}

enum store_outcome database_try(const struct store_trial *trial, uint32_t *ret_tries)
{
    struct shard_row *row = &tables_of(trial->shard)->row;
    if (is_fenced(row, trial->epoch))
        return STORE_TAKEN;
    if (row->trying_offset != trial->offset || world->options.mutation == MUTATION_TRIES_FORGOTTEN)
        row->tries = 1;
    else if (!trial->survived)
        row->tries++;
    row->trying_offset = trial->offset;
    *ret_tries = row->tries;
    return STORE_DONE;
}

enum store_outcome database_halt(uint32_t shard, uint64_t epoch, str why)
{
    struct shard_row *row = &tables_of(shard)->row;
    if (is_fenced(row, epoch))
        return STORE_TAKEN;
    row->halted = why;
    promises_halted(shard, why);
    return STORE_DONE;
}

enum store_outcome database_rebuilt(uint32_t shard, uint64_t epoch)
{
    struct shard_row *row = &tables_of(shard)->row;
    if (is_fenced(row, epoch))
        return STORE_TAKEN;
    row->rebuild = false;
    return STORE_DONE;
}

bool database_repair(uint32_t shard, int64_t next_offset)
{
    struct shard_row *row = &tables_of(shard)->row;
    if (row->halted.len == 0)
        return false;
    promises_repairing(shard, next_offset);
    row->halted = row->last_record = STR_EMPTY;
    row->next_offset = next_offset;
    row->failures = row->tries = 0;
    row->trying_offset = -1;
    row->rebuild = true;
    row->epoch++;
    world->repairs++;
    return true;
}

// -- Reading ----------------------------------------------------------------------------

static void add_number(struct strbuf *out, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        strbuf_add_char(out, (char)(number >> shift));
}

static str find_remembered(const struct shard_tables *tables, const struct store_stream *stream)
{
    struct strbuf out = strbuf_new(&world->arena);
    const struct remembered_row *row =
        map_get(&tables->remembered, remembered_name(&world->arena, stream->tenant, stream->name));
    if (row != NULL) {
        add_number(&out, row->instance);
        add_number(&out, (uint64_t)row->until_ms);
    }
    return strbuf_str(&out);
}

static const struct subscription_row *
next_waiting(const struct shard_tables *tables, const struct store_stream *stream, uint64_t after)
{
    const struct subscription_row *first = NULL;
    size_t cursor = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&tables->subscriptions, &cursor, &key, &value)) {
        const struct subscription_row *row = value;
        if (row->kind == SUBSCRIPTION_SIGNAL && key > after &&
            (first == NULL || key < first->key) && str_equal(row->name, stream->name) &&
            str_equal(row->tenant, stream->tenant))
            first = row;
    }
    return first;
}

static str find_waiting(const struct shard_tables *tables, const struct store_stream *stream)
{
    struct strbuf out = strbuf_new(&world->arena);
    uint64_t after = stream->instance;
    const struct subscription_row *row;
    for (uint32_t i = 0; i < stream->most && (row = next_waiting(tables, stream, after)); i++) {
        add_number(&out, row->key);
        add_number(&out, row->instance);
        add_number(&out, row->element_instance);
        after = row->key;
    }
    return strbuf_str(&out);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct mailbox_entry_row *const *x = a, *const *y = b;
    return (*x)->number < (*y)->number ? -1 : 1;
}

static str whole_mailbox(struct shard_tables *tables, const struct mailbox_row *mailbox)
{
    ARRAY(const struct mailbox_entry_row *) entries = {0};
    struct strbuf out = strbuf_new(&world->arena);
    size_t cursor = 0;
    uint64_t key;
    void *value;
    strbuf_add(&out, mailbox->image);
    while (idmap_next(&tables->mailbox_entries, &cursor, &key, &value))
        if (((const struct mailbox_entry_row *)value)->mailbox == mailbox->key)
            *ARRAY_PUSH(&world->arena, &entries) = value;
    if (entries.count > 1)
        qsort(entries.items, entries.count, sizeof *entries.items, compare_numbers);
    for (size_t i = 0; i < entries.count; i++)
        strbuf_add(&out, entries.items[i]->image);
    return strbuf_str(&out);
}

bool database_find_stream(uint32_t shard, const struct store_stream *stream, str *ret_image)
{
    struct shard_tables *tables = tables_of(shard);
    struct arena arena = ARENA_EMPTY;
    const struct instance_row *instance = NULL;
    const struct mailbox_row *mailbox = NULL;
    if (stream->kind == STREAM_REMEMBERED || stream->kind == STREAM_WAITING) {
        *ret_image = stream->kind == STREAM_REMEMBERED ? find_remembered(tables, stream)
                                                       : find_waiting(tables, stream);
        return ret_image->len > 0;
    }
    if (stream->kind == STREAM_INSTANCE)
        instance = idmap_get(&tables->instances, stream->instance);
    else
        mailbox = map_get(&tables->mailboxes, mailbox_name(&arena, stream));
    arena_done(&arena);
    *ret_image = instance                                   ? instance->image
                 : mailbox && !str_is_empty(mailbox->image) ? whole_mailbox(tables, mailbox)
                                                            : STR_EMPTY;
    return ret_image->len > 0;
}

static int compare_due(const void *a, const void *b)
{
    const struct store_due *x = a, *y = b;
    if (x->due_ms != y->due_ms)
        return x->due_ms < y->due_ms ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static size_t due_timers(struct shard_tables *tables, int64_t until_ms, struct store_due *dues)
{
    size_t cursor = 0, count = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&tables->timers, &cursor, &key, &value)) {
        const struct timer_row *row = value;
        if (row->due_ms <= until_ms)
            dues[count++] = (struct store_due){.type = COMMAND_FIRE_TIMER,
                                               .key = key,
                                               .instance = row->instance,
                                               .due_ms = row->due_ms,
                                               .name = STR_EMPTY,
                                               .correlation_key = STR_EMPTY,
                                               .tenant = STR_EMPTY};
    }
    return count;
}

static size_t due_jobs(struct shard_tables *tables, int64_t until_ms, struct store_due *dues)
{
    size_t cursor = 0, count = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&tables->jobs, &cursor, &key, &value)) {
        const struct job_row *row = value;
        if (row->due_ms != 0 && row->due_ms <= until_ms)
            dues[count++] = (struct store_due){
                .type = row->state == JOB_OFFERED ? COMMAND_TIME_OUT_JOB : COMMAND_RETRY_JOB,
                .key = key,
                .instance = row->instance,
                .due_ms = row->due_ms,
                .attempt = row->attempt,
                .name = STR_EMPTY,
                .correlation_key = STR_EMPTY,
                .tenant = row->tenant};
    }
    return count;
}

static size_t due_messages(struct shard_tables *tables, int64_t until_ms, struct store_due *dues)
{
    size_t cursor = 0, count = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&tables->messages, &cursor, &key, &value)) {
        const struct message_row *row = value;
        if (row->expires_ms != 0 && row->expires_ms <= until_ms)
            dues[count++] = (struct store_due){.type = COMMAND_EXPIRE_MESSAGE,
                                               .key = key,
                                               .due_ms = row->expires_ms,
                                               .name = row->name,
                                               .correlation_key = row->correlation_key,
                                               .tenant = row->tenant};
    }
    return count;
}

size_t database_find_due(uint32_t shard, int64_t until_ms, struct store_due **ret_dues)
{
    struct shard_tables *tables = tables_of(shard);
    size_t most = tables->timers.count + tables->jobs.count + tables->messages.count;
    struct store_due *dues = ARENA_ARRAY(&world->arena, struct store_due, most);
    size_t count = due_timers(tables, until_ms, dues);
    count += due_jobs(tables, until_ms, dues + count);
    count += due_messages(tables, until_ms, dues + count);
    qsort(dues, count, sizeof *dues, compare_due);
    *ret_dues = dues;
    return count < STORE_DUE_LIMIT ? count : STORE_DUE_LIMIT;
}

static int compare_jobs(const void *a, const void *b)
{
    const struct job_row *x = *(const struct job_row *const *)a;
    const struct job_row *y = *(const struct job_row *const *)b;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

// The jobs in a state, by priority and key; of one type and tenant unless `waiting` is NULL.
static size_t jobs_in_state(uint32_t shard, enum job_state state,
                            const struct store_waiting *waiting, const struct job_row ***ret_jobs)
{
    struct shard_tables *tables = tables_of(shard);
    const struct job_row **jobs =
        ARENA_ARRAY(&world->arena, const struct job_row *, tables->jobs.count);
    size_t cursor = 0, count = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&tables->jobs, &cursor, &key, &value)) {
        const struct job_row *row = value;
        bool is_of_tenant = waiting == NULL || waiting->which == STORE_JOBS_PASSED ||
                            str_equal(row->tenant, waiting->tenant);
        str name = state == JOB_HELD ? row->held_by : row->type;
        if (row->state == state && is_of_tenant &&
            (waiting == NULL || (str_equal(name, waiting->type) &&
                                 (waiting->which != STORE_JOBS_UNTAKEN ||
                                  ((waiting->leases || !row->is_leased) &&
                                   process_list_has(waiting->processes, row->process_id))))))
            jobs[count++] = row;
    }
    qsort(jobs, count, sizeof *jobs, compare_jobs);
    *ret_jobs = jobs;
    return count;
}

static bool is_asked_for(const struct store_waiting *waiting, const struct job_row *job)
{
    return waiting->which == STORE_JOBS_WAITING || waiting->which == STORE_JOBS_HELD ||
           (job->due_ms == 0 &&
            (waiting->which == STORE_JOBS_UNTAKEN || job->offered_ms < waiting->offered_before_ms));
}

static bool is_state_wanted(const struct store_waiting *waiting, enum job_state state)
{
    if (state == JOB_HELD || waiting->which == STORE_JOBS_HELD)
        return state == JOB_HELD && waiting->which == STORE_JOBS_HELD &&
               world->options.mutation != MUTATION_HELD_FORGOTTEN;
    return state == JOB_WAITING ? waiting->which != STORE_JOBS_PASSED
                                : waiting->which != STORE_JOBS_WAITING;
}

size_t database_find_waiting(const struct store_waiting *waiting, struct store_job_id **ret_jobs)
{
    const struct job_row **jobs;
    size_t found = 0;
    *ret_jobs = ARENA_ARRAY(&world->arena, struct store_job_id, waiting->limit);
    static const enum job_state states[] = {JOB_WAITING, JOB_OFFERED, JOB_HELD};
    for (size_t s = 0; s < COUNT_OF(states); s++) {
        enum job_state state = states[s];
        bool is_wanted = is_state_wanted(waiting, state);
        size_t count = is_wanted ? jobs_in_state(waiting->shard, state, waiting, &jobs) : 0;
        for (size_t i = 0; i < count && found < waiting->limit; i++)
            if (is_asked_for(waiting, jobs[i]))
                (*ret_jobs)[found++] =
                    (struct store_job_id){jobs[i]->key, jobs[i]->instance, jobs[i]->attempt};
    }
    return found;
}

static struct store_count *group_of(struct store_count *counts, size_t *count,
                                    const struct job_row *row)
{
    size_t i = 0;
    bool is_held = row->state == JOB_HELD;
    str type = is_held ? STR_EMPTY : row->type, credential = is_held ? row->held_by : STR_EMPTY;
    while (i < *count &&
           !(str_equal(counts[i].type, type) && str_equal(counts[i].tenant, row->tenant) &&
             str_equal(counts[i].credential, credential)))
        i++;
    check(i < MAX_GROUPS);
    if (i == *count)
        counts[(*count)++] =
            (struct store_count){.type = type, .tenant = row->tenant, .credential = credential};
    return &counts[i];
}

size_t database_count_jobs(uint32_t shard, struct store_count **ret_counts)
{
    struct store_count *counts = ARENA_ARRAY(&world->arena, struct store_count, MAX_GROUPS);
    const struct job_row **jobs;
    size_t count = 0;
    size_t offered = jobs_in_state(shard, JOB_OFFERED, NULL, &jobs);
    for (size_t i = 0; i < offered; i++)
        group_of(counts, &count, jobs[i])->offered++;
    size_t waiting = jobs_in_state(shard, JOB_WAITING, NULL, &jobs);
    for (size_t i = 0; i < waiting; i++)
        group_of(counts, &count, jobs[i])->waiting++;
    size_t held = jobs_in_state(shard, JOB_HELD, NULL, &jobs);
    for (size_t i = 0; i < held; i++)
        group_of(counts, &count, jobs[i])->waiting++;
    *ret_counts = counts;
    return count;
}

static void find_offered(uint32_t shard, struct store_in_flight *ret_flight)
{
    const struct job_row **jobs;
    size_t count = jobs_in_state(shard, JOB_OFFERED, NULL, &jobs);
    struct store_due *dues = ARENA_ARRAY(&world->arena, struct store_due, count);
    for (size_t i = 0; i < count; i++)
        dues[i] = (struct store_due){.type = COMMAND_TIME_OUT_JOB,
                                     .key = jobs[i]->key,
                                     .instance = jobs[i]->instance,
                                     .due_ms = jobs[i]->due_ms,
                                     .attempt = jobs[i]->attempt,
                                     .tenant = jobs[i]->tenant,
                                     .retries = jobs[i]->retries};
    ret_flight->jobs = dues;
    ret_flight->job_count = count;
}

static void find_unopened(uint32_t shard, int64_t until_ms, struct store_in_flight *ret_flight)
{
    struct shard_tables *tables = tables_of(shard);
    struct store_open_subscription *all =
        ARENA_ARRAY(&world->arena, struct store_open_subscription, tables->subscriptions.count);
    size_t cursor = 0, count = 0;
    uint64_t key;
    void *value;
    while (idmap_next(&tables->subscriptions, &cursor, &key, &value)) {
        const struct subscription_row *row = value;
        const struct instance_row *instance = idmap_get(&tables->instances, row->instance);
        if (row->kind != SUBSCRIPTION_MESSAGE || row->opened || instance == NULL ||
            row->created_ms >= until_ms)
            continue;
        all[count++] = (struct store_open_subscription){.key = key,
                                                        .instance = row->instance,
                                                        .element_instance = row->element_instance,
                                                        .name = row->name,
                                                        .correlation_key = row->correlation_key,
                                                        .tenant = row->tenant,
                                                        .process_id = instance->process_id};
    }
    ret_flight->subscriptions = all;
    ret_flight->subscription_count = count;
}

void database_find_unopened(uint32_t shard, int64_t until_ms, struct store_in_flight *ret_flight)
{
    *ret_flight = (struct store_in_flight){0};
    find_unopened(shard, until_ms, ret_flight);
}

void database_find_in_flight(uint32_t shard, struct store_in_flight *ret_flight)
{
    *ret_flight = (struct store_in_flight){.definition_count = world->database->published.count,
                                           .definitions = world->database->published.items};
    find_offered(shard, ret_flight);
    find_unopened(shard, INT64_MAX, ret_flight);
}

// -- Resources, life --------------------------------------------------------------------

void database_put_resource(str digest, str bytes)
{
    *ARRAY_PUSH(&world->arena, &world->database->resources) = (struct store_definition){
        .id = str_copy(&world->arena, digest), .bytes = str_copy(&world->arena, bytes)};
}

str database_resource(str digest)
{
    for (size_t i = 0; i < world->database->resources.count; i++)
        if (str_equal(world->database->resources.items[i].id, digest))
            return world->database->resources.items[i].bytes;
    return (str){0};
}

static void shard_tables_init(struct shard_tables *tables)
{
    tables->row = (struct shard_row){.next_key = 1,
                                     .next_outbound = 1,
                                     .trying_offset = -1,
                                     .owner = STR_EMPTY,
                                     .halted = STR_EMPTY,
                                     .last_record = STR_EMPTY,
                                     .image = STR_EMPTY};
    struct idmap *maps[] = {&tables->instances, &tables->jobs,       &tables->timers,
                            &tables->messages,  &tables->elements,   &tables->subscriptions,
                            &tables->incidents, &tables->user_tasks, &tables->mailbox_entries};
    for (size_t i = 0; i < COUNT_OF(maps); i++)
        *maps[i] = idmap_new(&world->arena);
    tables->mailboxes = map_new(&world->arena);
    tables->remembered = map_new(&world->arena);
}

struct database *database_new(void)
{
    struct database *database = ARENA_NEW(&world->arena, struct database);
    for (uint32_t i = 0; i < WORLD_SHARDS; i++)
        shard_tables_init(&database->shards[i]);
    return database;
}

void database_free(struct database *database)
{
    (void)database; // the world's arena has it
}
