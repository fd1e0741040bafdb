// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"
#include "base/utf8.h"
#include "record/limits.h"
#include "store/internal.h"

#include <stdlib.h>

// -- History ----------------------------------------------------------------------------

struct history_arrays {
    struct param_array kind, stream, sequence, time, ordinal, offset, cause, principal, origin,
        events;
};

static struct history_arrays history_arrays_new(struct arena *arena)
{
    return (struct history_arrays){
        .kind = param_array_new(arena, PARAM_I16),
        .stream = param_array_new(arena, PARAM_I64),
        .sequence = param_array_new(arena, PARAM_I64),
        .time = param_array_new(arena, PARAM_TIME),
        .ordinal = param_array_new(arena, PARAM_I32),
        .offset = param_array_new(arena, PARAM_I64),
        .cause = param_array_new(arena, PARAM_I16),
        .principal = param_array_new(arena, PARAM_TEXT),
        .origin = param_array_new(arena, PARAM_TEXT),
        .events = param_array_new(arena, PARAM_BYTES),
    };
}

static void add_optional(struct param_array *array, str text)
{
    if (str_is_empty(text))
        param_array_null(array);
    else
        param_array_bytes(array, text);
}

// Rows as an array a column, behind the parameters that are there.
static void execute_rows(struct pg *pg, size_t statement, struct params *params,
                         struct param_array *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        params_array(params, columns[i]);
    pg_execute(pg, statement, &params->list);
}

static void add_history_row(struct history_arrays *arrays, const struct history_row *row,
                            size_t ordinal, str events)
{
    param_array_int(&arrays->kind, row->stream_kind);
    param_array_int(&arrays->stream, (int64_t)row->stream);
    param_array_int(&arrays->sequence, (int64_t)row->sequence);
    param_array_int(&arrays->ordinal, (int64_t)ordinal);
    param_array_time(&arrays->time, row->time_ms);
    param_array_int(&arrays->offset, row->offset);
    param_array_int(&arrays->cause, row->cause);
    add_optional(&arrays->principal, row->principal);
    add_optional(&arrays->origin, row->origin);
    param_array_bytes(&arrays->events, events);
}

static void write_history(struct pg *pg, const struct store_commit *commit,
                          struct store_packed *packed, struct arena *turn)
{
    struct history_arrays arrays = history_arrays_new(turn);
    const struct changes *changes = commit->changes;
    for (size_t i = 0; i < changes->history.count; i++)
        add_history_row(&arrays, &changes->history.items[i], i, packed->events[i]);
    struct params params = params_new(turn);
    params_i32(&params, (int32_t)commit->shard);
    params_i64(&params, (int64_t)commit->batch);
    struct param_array *all[] = {
        &arrays.kind,   &arrays.stream, &arrays.sequence,  &arrays.time,   &arrays.ordinal,
        &arrays.offset, &arrays.cause,  &arrays.principal, &arrays.origin, &arrays.events};
    execute_rows(pg, STATEMENT_HISTORY, &params, all, COUNT_OF(all));
}

static void write_remembered(struct pg *pg, const struct store_commit *commit, struct arena *turn)
{
    const struct changes *changes = commit->changes;
    struct params params = params_new(turn);
    struct param_array tenants = param_array_new(turn, PARAM_TEXT);
    struct param_array ids = param_array_new(turn, PARAM_TEXT);
    struct param_array instances = param_array_new(turn, PARAM_I64);
    struct param_array until = param_array_new(turn, PARAM_TIME);
    if (changes->remembered.count == 0)
        return;
    for (size_t i = 0; i < changes->remembered.count; i++) {
        const struct remembered_row *row = &changes->remembered.items[i];
        param_array_bytes(&tenants, row->tenant);
        param_array_bytes(&ids, row->id);
        param_array_int(&instances, (int64_t)row->instance);
        param_array_time(&until, row->until_ms);
    }
    params_i32(&params, (int32_t)commit->shard);
    struct param_array *all[] = {&tenants, &ids, &instances, &until};
    execute_rows(pg, STATEMENT_REMEMBER, &params, all, COUNT_OF(all));
}

static void write_persons(struct pg *pg, const struct store_commit *commit, struct arena *turn)
{
    const struct changes *changes = commit->changes;
    struct params params = params_new(turn);
    struct param_array streams = param_array_new(turn, PARAM_I64);
    struct param_array numbers = param_array_new(turn, PARAM_I32);
    struct param_array tenants = param_array_new(turn, PARAM_TEXT);
    struct param_array subjects = param_array_new(turn, PARAM_BYTES);
    struct param_array processes = param_array_new(turn, PARAM_TEXT);
    struct param_array wrapped = param_array_new(turn, PARAM_BYTES);
    struct param_array vault_keys = param_array_new(turn, PARAM_TEXT);
    if (changes->personal_keys.count == 0)
        return;
    for (size_t i = 0; i < changes->personal_keys.count; i++) {
        const struct personal_key_row *row = &changes->personal_keys.items[i];
        param_array_int(&streams, (int64_t)row->stream);
        param_array_int(&numbers, row->number);
        param_array_bytes(&tenants, row->tenant);
        param_array_bytes(&subjects, row->subject);
        add_optional(&processes, row->process_id);
        param_array_bytes(&wrapped, row->wrapped);
        param_array_bytes(&vault_keys, row->vault_key);
    }
    params_i32(&params, (int32_t)commit->shard);
    struct param_array *all[] = {&streams,   &numbers, &tenants,   &subjects,
                                 &processes, &wrapped, &vault_keys};
    execute_rows(pg, STATEMENT_NEW_PERSONS, &params, all, COUNT_OF(all));
}

static void drop_persons(struct pg *pg, const struct store_commit *commit, struct arena *turn)
{
    const struct changes *changes = commit->changes;
    struct params params = params_new(turn);
    struct param_array streams = param_array_new(turn, PARAM_I64);
    size_t count = 0;
    for (size_t i = 0; i < changes->mailboxes.count; i++)
        if (changes->mailboxes.items[i].change == ROW_DELETE) {
            param_array_int(&streams, (int64_t)changes->mailboxes.items[i].key);
            count++;
        }
    if (!commit->has_persons || count == 0)
        return;
    params_i32(&params, (int32_t)commit->shard);
    params_array(&params, &streams);
    pg_execute(pg, STATEMENT_GONE_PERSONS, &params.list);
}

static void write_batch(struct pg *pg, const struct store_commit *commit,
                        const struct store_packed *packed, struct arena *turn)
{
    struct params params = params_new(turn);
    params_i32(&params, (int32_t)commit->shard);
    params_i64(&params, (int64_t)commit->batch);
    params_i64(&params, commit->next_offset);
    params_i32(&params, (int32_t)commit->changes->history.count);
    params_bytes(&params, str_from(packed->chain.bytes, DIGEST_SIZE));
    params_bytes(&params, str_from(packed->body.bytes, DIGEST_SIZE));
    pg_execute(pg, STATEMENT_HISTORY_BATCH, &params.list);
}

// -- What tenants have alive ------------------------------------------------------------

// By stream, whether a caller started it.
static struct idmap find_started(const struct changes *changes, struct arena *turn)
{
    struct idmap started = idmap_new(turn);
    for (size_t i = 0; i < changes->history.count; i++) {
        const struct history_row *row = &changes->history.items[i];
        if (row->stream_kind == STREAM_INSTANCE && row->cause == COMMAND_CREATE_INSTANCE &&
            !str_equal(row->principal, STR("ingress")))
            idmap_put(&started, row->stream, (void *)row);
    }
    return started;
}

static void write_usage(struct pg *pg, const struct store_commit *commit, struct arena *turn)
{
    const struct changes *changes = commit->changes;
    struct idmap started = find_started(changes, turn);
    struct param_array keys = param_array_new(turn, PARAM_I64);
    struct param_array tenants = param_array_new(turn, PARAM_TEXT);
    struct param_array alive = param_array_new(turn, PARAM_I64);
    struct param_array bytes = param_array_new(turn, PARAM_I64);
    struct param_array begun = param_array_new(turn, PARAM_I64);
    if (!commit->counts_usage || changes->instances.count == 0)
        return;
    for (size_t i = 0; i < changes->instances.count; i++) {
        const struct instance_row *row = &changes->instances.items[i];
        bool is_alive = row->change != ROW_DELETE && row->ended_ms == 0;
        bool is_begun = row->change == ROW_INSERT && row->parent_instance == 0 &&
                        idmap_get(&started, row->key) == NULL;
        if (row->change != ROW_INSERT)
            param_array_int(&keys, (int64_t)row->key);
        param_array_bytes(&tenants, row->tenant);
        param_array_int(&alive, is_alive);
        param_array_int(&bytes, is_alive ? (int64_t)row->image.len : 0);
        param_array_int(&begun, is_begun);
    }
    struct params params = params_new(turn);
    params_i32(&params, (int32_t)commit->shard);
    struct param_array *all[] = {&keys, &tenants, &alive, &bytes, &begun};
    execute_rows(pg, STATEMENT_USAGE, &params, all, COUNT_OF(all));
}

// -- The shard's row, the outbox --------------------------------------------------------

static void add_senders(struct params *params, const struct store_commit *commit)
{
    if (commit->sender_count == 0) {
        params_null(params);
        return;
    }
    struct param_array array = param_array_new(params->arena, PARAM_I64);
    for (size_t i = 0; i < commit->sender_count; i++)
        param_array_int(&array, (int64_t)commit->senders[i]);
    params_array(params, &array);
}

static void write_shard(struct pg *pg, const struct store_commit *commit, struct digest chain,
                        struct arena *turn)
{
    const struct changes *changes = commit->changes;
    struct params params = params_new(turn);
    params_i32(&params, (int32_t)commit->shard);
    params_i64(&params, (int64_t)commit->epoch);
    params_i64(&params, commit->expected_offset);
    params_i64(&params, commit->next_offset);
    params_i64(&params, (int64_t)changes->next_key);
    params_time(&params, changes->clock_ms);
    params_i64(&params, (int64_t)changes->shard_events);
    params_i64(&params, (int64_t)commit->batch);
    params_bytes(&params, str_from(&chain.bytes, DIGEST_SIZE));
    params_i64(&params, (int64_t)commit->next_outbound);
    params_i64(&params, (int64_t)commit->events_published);
    params_bytes(&params, commit->last_record);
    add_senders(&params, commit);
    if (changes->shard_image.data == NULL)
        params_null(&params);
    else
        params_bytes(&params, changes->shard_image);
    pg_execute(pg, STATEMENT_COMMIT, &params.list);
}

static void write_outbox(struct pg *pg, const struct store_commit *commit, struct arena *turn)
{
    if (commit->next_outbound > commit->first_outbound) {
        struct params params = params_new(turn);
        params_i32(&params, (int32_t)commit->shard);
        params_i64(&params, (int64_t)commit->first_outbound);
        params_i32(&params, (int32_t)(commit->next_outbound - commit->first_outbound));
        params_bytes(&params, commit->outbound);
        params_text(&params, commit->letters_key);
        pg_execute(pg, STATEMENT_NEW_OUTBOX, &params.list);
    }
    if (commit->published <= commit->trimmed)
        return;
    struct params params = params_new(turn);
    params_i32(&params, (int32_t)commit->shard);
    params_i64(&params, (int64_t)commit->published);
    params_i64(&params, (int64_t)commit->trimmed);
    pg_execute(pg, STATEMENT_TRIM_OUTBOX, &params.list);
    if (!commit->has_persons)
        return;
    params = params_new(turn);
    params_i32(&params, (int32_t)commit->shard);
    params_i64(&params, (int64_t)commit->published);
    pg_execute(pg, STATEMENT_TRIM_PERSONS, &params.list);
}

void store_commit(struct store *store, const struct store_commit *commit, struct arena *turn,
                  store_done *done, void *context)
{
    struct pg *pg = store_connection(store, commit->shard);
    struct store_call *call = store_call_new(context, commit->shard);
    call->done = done;
    struct store_packed packed = commit->packed;
    pg_begin(pg);
    write_shard(pg, commit, packed.chain, turn);
    write_usage(pg, commit, turn);
    table_write_all(pg, STATEMENT_TABLES, commit->shard, commit->changes, turn);
    if (commit->changes->history.count > 0) {
        write_history(pg, commit, &packed, turn);
        write_batch(pg, commit, &packed, turn);
    }
    write_remembered(pg, commit, turn);
    write_persons(pg, commit, turn);
    drop_persons(pg, commit, turn);
    write_outbox(pg, commit, turn);
    pg_end(pg, store_call_done, call);
}

static const char flags[] = {0, 1}; // PostgreSQL's boolean

void store_trim(struct store *store, const struct store_trim *trim, store_done *done, void *context)
{
    struct pg *pg = store_connection(store, trim->shard);
    struct store_call *call = store_call_new(context, trim->shard);
    call->done = done;
    struct params fence = params_new(&store->turn);
    params_i32(&fence, (int32_t)trim->shard);
    struct params rows = fence, persons = fence;
    params_i64(&fence, (int64_t)trim->epoch);
    params_i64(&fence, (int64_t)trim->events_published);
    params_bytes(&fence, str_from(&flags[trim->released], 1));
    params_i64(&rows, (int64_t)trim->published);
    params_i64(&persons, (int64_t)trim->published);
    params_i64(&rows, (int64_t)trim->trimmed);
    pg_begin(pg);
    pg_execute(pg, STATEMENT_TRIM, &fence.list);
    pg_execute(pg, STATEMENT_TRIM_OUTBOX, &rows.list);
    if (trim->has_persons)
        pg_execute(pg, STATEMENT_TRIM_PERSONS, &persons.list);
    pg_end(pg, store_call_done, call);
    arena_reset(&store->turn);
}

// -- Suspicion and halt -----------------------------------------------------------------

static void on_tried(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    bool ours = outcome == STORE_DONE && PQntuples(answer->results[0]) == 1;
    if (outcome == STORE_DONE && !ours)
        outcome = STORE_TAKEN;
    call->tried(call->context, outcome, ours ? (uint32_t)field_i64(answer->results[0], 0, 0) : 0);
    free(call);
}

void store_try(struct store *store, const struct store_trial *trial, store_tried *done,
               void *context)
{
    struct pg *pg = store_connection(store, trial->shard);
    struct store_call *call = store_call_new(context, trial->shard);
    call->tried = done;
    struct params params = params_new(&store->turn);
    params_i32(&params, (int32_t)trial->shard);
    params_i64(&params, (int64_t)trial->epoch);
    params_i64(&params, trial->offset);
    params_bytes(&params, str_from(&flags[trial->survived], 1));
    pg_begin(pg);
    pg_execute(pg, STATEMENT_TRY, &params.list);
    pg_end(pg, on_tried, call);
    arena_reset(&store->turn);
}

void store_halt(struct store *store, uint32_t shard, uint64_t epoch, str why, store_done *done,
                void *context)
{
    struct pg *pg = store_connection(store, shard);
    struct store_call *call = store_call_new(context, shard);
    call->done = done;
    struct params params = params_new(&store->turn);
    params_i32(&params, (int32_t)shard);
    params_i64(&params, (int64_t)epoch);
    params_text(&params, why);
    pg_begin(pg);
    pg_execute(pg, STATEMENT_HALT, &params.list);
    pg_end(pg, store_call_done, call);
    arena_reset(&store->turn);
}

void store_count_usage(struct store *store, uint32_t shard, uint64_t epoch, bool on,
                       store_done *done, void *context)
{
    struct pg *pg = store_connection(store, shard);
    struct store_call *call = store_call_new(context, shard);
    call->done = done;
    struct params params = params_new(&store->turn);
    params_i32(&params, (int32_t)shard);
    params_i64(&params, (int64_t)epoch);
    params_bytes(&params, str_from(&flags[on], 1));
    pg_begin(pg);
    pg_execute(pg, STATEMENT_COUNT_USAGE, &params.list);
    pg_end(pg, store_call_done, call);
    arena_reset(&store->turn);
}

void store_note_group(struct store *store, uint32_t shard, const struct store_group *group,
                      store_done *done, void *context)
{
    struct pg *pg = store_connection(store, shard);
    struct store_call *call = store_call_new(context, shard);
    call->done = done;
    struct params params = params_new(&store->turn);
    params_i32(&params, (int32_t)shard);
    params_text(&params, group->type);
    struct param_array members = param_array_new(&store->turn, PARAM_TEXT);
    size_t kept = 0;
    for (size_t i = 0; i < group->member_count && kept < STORE_GROUP_MEMBERS; i++) {
        str name = utf8_cut(group->members[i], LIMIT_NAME_BYTES);
        if (!utf8_is_valid(name) || str_find_char(name, '\0') != SIZE_MAX)
            continue;
        param_array_bytes(&members, name);
        kept++;
    }
    if (group->knows_members)
        params_array(&params, &members);
    else
        params_null(&params);
    params_i64(&params, group->lag);
    pg_begin(pg);
    pg_execute(pg, STATEMENT_NOTE_GROUP, &params.list);
    pg_end(pg, store_call_done, call);
    arena_reset(&store->turn);
}

void store_rebuilt(struct store *store, uint32_t shard, uint64_t epoch, store_done *done,
                   void *context)
{
    struct pg *pg = store_connection(store, shard);
    struct store_call *call = store_call_new(context, shard);
    call->done = done;
    struct params params = params_new(&store->turn);
    params_i32(&params, (int32_t)shard);
    params_i64(&params, (int64_t)epoch);
    pg_begin(pg);
    pg_execute(pg, STATEMENT_REBUILT, &params.list);
    pg_end(pg, store_call_done, call);
    arena_reset(&store->turn);
}
