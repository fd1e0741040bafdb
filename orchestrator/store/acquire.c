// SPDX-License-Identifier: Apache-2.0
#include "store/internal.h"

#include <stdlib.h>

enum {
    RESULT_SHARD = 1,
    RESULT_OUTBOX = 2,
    RESULT_COUNTS = 3,
    RESULT_ERASURES = 4,
    ACQUIRE_RESULTS = 5
};

static void read_shard(const PGresult *result, struct store_shard *shard, struct arena *arena)
{
    shard->epoch = (uint64_t)field_i64(result, 0, 0);
    shard->next_offset = field_i64(result, 0, 1);
    shard->next_key = (uint64_t)field_i64(result, 0, 2);
    shard->events = (uint64_t)field_i64(result, 0, 3);
    shard->batch = (uint64_t)field_i64(result, 0, 4);
    str chain = field_str(result, 0, 5);
    if (chain.len == DIGEST_SIZE)
        memcpy(shard->chain.bytes, chain.data, DIGEST_SIZE);
    shard->next_outbound = (uint64_t)field_i64(result, 0, 6);
    shard->events_published = (uint64_t)field_i64(result, 0, 7);
    shard->last_record = field_str(result, 0, 8);
    uint64_t *senders = ARENA_ARRAY(arena, uint64_t, STORE_MAX_SENDERS);
    shard->senders = senders;
    shard->sender_count = field_i64_array(result, 0, 9, senders, STORE_MAX_SENDERS);
    shard->failures = (uint32_t)field_i64(result, 0, 10);
    shard->trying_offset = field_i64(result, 0, 11);
    shard->tries = (uint32_t)field_i64(result, 0, 12);
    shard->halted = field_str(result, 0, 13);
    shard->rebuild = field_bool(result, 0, 14);
    shard->image = field_str(result, 0, 15);
    shard->clock_ms = PQgetisnull(result, 0, 16) ? 0 : field_i64(result, 0, 16);
    shard->counts_usage = field_bool(result, 0, 17);
    shard->has_persons = field_bool(result, 0, 18);
}

static void read_outbox(const PGresult *result, struct store_shard *shard, struct arena *arena)
{
    int count = PQntuples(result);
    struct store_outbox_row *rows = ARENA_ARRAY(arena, struct store_outbox_row, (size_t)count);
    for (int i = 0; i < count; i++)
        rows[i] = (struct store_outbox_row){.first = (uint64_t)field_i64(result, i, 0),
                                            .payload = field_str(result, i, 1)};
    shard->outbox = rows;
    shard->outbox_count = (size_t)count;
}

static void read_erasures(const PGresult *result, struct store_shard *shard, struct arena *arena)
{
    int count = PQntuples(result);
    struct store_erasure *rows = ARENA_ARRAY(arena, struct store_erasure, (size_t)count);
    for (int i = 0; i < count; i++)
        rows[i] = (struct store_erasure){.number = (uint64_t)field_i64(result, i, 0),
                                         .subject = field_str(result, i, 1)};
    shard->erasures = rows;
    shard->erasure_count = (size_t)count;
}

size_t store_read_counts(const PGresult *result, struct store_count *counts, size_t capacity)
{
    size_t count = 0;
    for (; count < (size_t)PQntuples(result) && count < capacity; count++) {
        int row = (int)count;
        counts[count] = (struct store_count){.type = field_str(result, row, 0),
                                             .tenant = field_str(result, row, 1),
                                             .offered = (uint32_t)field_i64(result, row, 2),
                                             .waiting = (uint32_t)field_i64(result, row, 3),
                                             .credential = field_str(result, row, 4)};
    }
    return count;
}

static void on_acquired(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    struct arena arena = ARENA_EMPTY;
    struct store_shard shard = {.shard = call->shard};
    if (outcome == STORE_DONE) {
        check(answer->count == ACQUIRE_RESULTS);
        read_shard(answer->results[RESULT_SHARD], &shard, &arena);
        read_outbox(answer->results[RESULT_OUTBOX], &shard, &arena);
        read_erasures(answer->results[RESULT_ERASURES], &shard, &arena);
        size_t rows = (size_t)PQntuples(answer->results[RESULT_COUNTS]);
        struct store_count *counts = ARENA_ARRAY(&arena, struct store_count, rows);
        shard.counts = counts;
        shard.count_count = store_read_counts(answer->results[RESULT_COUNTS], counts, rows);
    }
    call->acquired(call->context, outcome, &shard, &answer->err);
    arena_done(&arena);
    free(call);
}

static void ignore_answer(void *context, const struct pg_answer *answer)
{
    (void)context, (void)answer;
}

void store_acquire(struct store *store, uint32_t shard, store_acquired *done, void *context)
{
    struct pg *pg = store_connection(store, shard);
    struct store_call *call = store_call_new(context, shard);
    call->acquired = done;
    struct params params = params_new(&store->turn);
    params_i32(&params, (int32_t)shard);
    struct params with_owner = params, nothing = params_new(&store->turn);
    params_text(&with_owner, str_of(store->options.node));
    pg_begin(pg);
    pg_execute(pg, STATEMENT_EVICT, &params.list);
    pg_end(pg, ignore_answer,
           NULL); // by itself: it shall not be undone when the row is locked still
    pg_begin(pg);
    pg_execute(pg, STATEMENT_NEW_SHARD, &params.list);
    pg_execute(pg, STATEMENT_ACQUIRE, &with_owner.list);
    pg_execute(pg, STATEMENT_OUTBOX, &params.list);
    pg_execute(pg, STATEMENT_COUNT_JOBS, &params.list);
    pg_execute(pg, STATEMENT_ERASURES, &nothing.list);
    pg_end(pg, on_acquired, call);
    arena_reset(&store->turn);
}
