// SPDX-License-Identifier: Apache-2.0
//
// Everything a shard's owner reads: streams, what falls due, waiting jobs, definitions.
#include "store/internal.h"

#include <stdlib.h>

static struct store_call *call_with_done(void *context, uint32_t shard, store_done *done)
{
    struct store_call *call = store_call_new(context, shard);
    call->done = done;
    return call;
}

static void finish(struct store_call *call, const struct pg_answer *answer)
{
    if (call->done != NULL)
        call->done(call->context, store_outcome_of(answer), &answer->err);
    free(call);
}

static struct params params_of_shard(struct store *store, uint32_t shard)
{
    struct params params = params_new(&store->turn);
    params_i32(&params, (int32_t)shard);
    return params;
}

// One statement in a request of its own.
static void ask(struct store *store, enum statement statement, const struct params *params,
                pg_done *done, struct store_call *call)
{
    struct pg *pg = store_connection(store, call->shard);
    pg_begin(pg);
    pg_execute(pg, statement, &params->list);
    pg_end(pg, done, call);
    arena_reset(&store->turn);
}

// -- Streams ----------------------------------------------------------------------------

static void tell_instances(struct store_call *call, const PGresult *result)
{
    for (int i = 0; i < PQntuples(result); i++) {
        const struct store_stream stream = {.kind = STREAM_INSTANCE,
                                            .instance = (uint64_t)field_i64(result, i, 0),
                                            .key = (uint64_t)field_i64(result, i, 0)};
        call->loaded(call->context, &stream, field_str(result, i, 1));
    }
}

static void tell_mailboxes(struct store_call *call, const PGresult *result)
{
    for (int i = 0; i < PQntuples(result); i++) {
        const struct store_stream stream = {
            .kind = STREAM_MAILBOX,
            .name = field_str(result, i, 0),
            .correlation_key = field_str(result, i, 1),
            .tenant = field_str(result, i, 2),
            .subscription_kind = (enum subscription_kind)field_i64(result, i, 3),
            .key = (uint64_t)field_i64(result, i, 5),
        };
        call->loaded(call->context, &stream, field_str(result, i, 4));
    }
}

static void tell_remembered(struct store_call *call, const PGresult *result)
{
    for (int i = 0; i < PQntuples(result); i++) {
        const struct store_stream stream = {.kind = STREAM_REMEMBERED,
                                            .tenant = field_str(result, i, 0),
                                            .name = field_str(result, i, 1),
                                            .correlation_key = STR_EMPTY};
        call->loaded(call->context, &stream, field_str(result, i, 2));
    }
}

static void tell_waiting(struct store_call *call, const PGresult *result)
{
    for (int i = 0; i < PQntuples(result); i++) {
        const struct store_stream stream = {.kind = STREAM_WAITING,
                                            .tenant = field_str(result, i, 0),
                                            .name = field_str(result, i, 1),
                                            .instance = (uint64_t)field_i64(result, i, 2),
                                            .correlation_key = STR_EMPTY};
        call->loaded(call->context, &stream, field_str(result, i, 3));
    }
}

static void tell_persons(struct store_call *call, const PGresult *result)
{
    for (int i = 0; i < PQntuples(result); i++) {
        const struct store_person person = {.stream = (uint64_t)field_i64(result, i, 0),
                                            .number = (uint32_t)field_i64(result, i, 1),
                                            .tenant = field_str(result, i, 2),
                                            .subject = field_str(result, i, 3),
                                            .wrapped = field_str(result, i, 4)};
        call->keyed(call->context, &person);
    }
}

static void on_loaded(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    size_t at = 0;
    if (store_outcome_of(answer) == STORE_DONE) {
        if (call->keyed != NULL)
            tell_persons(call, answer->results[at++]);
        tell_instances(call, answer->results[at++]);
        tell_mailboxes(call, answer->results[at++]);
        if (call->asks_remembered)
            tell_remembered(call, answer->results[at++]);
        if (call->asks_waiting)
            tell_waiting(call, answer->results[at]);
    }
    finish(call, answer);
}

static void add_instances(struct params *params, const struct store_load *load)
{
    struct param_array keys = param_array_new(params->arena, PARAM_I64);
    for (size_t i = 0; i < load->count; i++)
        if (load->streams[i].kind == STREAM_INSTANCE)
            param_array_int(&keys, (int64_t)load->streams[i].instance);
    params_array(params, &keys);
}

static void ask_instances(struct store *store, const struct store_load *load)
{
    struct params params = params_of_shard(store, load->shard);
    add_instances(&params, load);
    store_ask(store, load->shard, STATEMENT_LOAD_INSTANCES, &params);
}

static void add_mailboxes(struct params *params, const struct store_load *load)
{
    struct arena *turn = params->arena;
    struct param_array names = param_array_new(turn, PARAM_TEXT);
    struct param_array keys = param_array_new(turn, PARAM_TEXT);
    struct param_array tenants = param_array_new(turn, PARAM_TEXT);
    struct param_array kinds = param_array_new(turn, PARAM_I16);
    for (size_t i = 0; i < load->count; i++) {
        const struct store_stream *stream = &load->streams[i];
        if (stream->kind != STREAM_MAILBOX)
            continue;
        param_array_bytes(&names, stream->name);
        param_array_bytes(&keys, stream->correlation_key);
        param_array_bytes(&tenants, stream->tenant);
        param_array_int(&kinds, stream->subscription_kind);
    }
    params_array(params, &names);
    params_array(params, &keys);
    params_array(params, &tenants);
    params_array(params, &kinds);
}

static void ask_mailboxes(struct store *store, const struct store_load *load)
{
    struct params params = params_of_shard(store, load->shard);
    add_mailboxes(&params, load);
    store_ask(store, load->shard, STATEMENT_LOAD_MAILBOXES, &params);
}

static void ask_persons(struct store *store, const struct store_load *load)
{
    struct params params = params_of_shard(store, load->shard);
    add_instances(&params, load);
    add_mailboxes(&params, load);
    store_ask(store, load->shard, STATEMENT_LOAD_PERSONS, &params);
}

// True: there are some to ask for.
static bool ask_remembered(struct store *store, const struct store_load *load)
{
    struct params params = params_of_shard(store, load->shard);
    struct param_array tenants = param_array_new(&store->turn, PARAM_TEXT);
    struct param_array ids = param_array_new(&store->turn, PARAM_TEXT);
    size_t count = 0;
    for (size_t i = 0; i < load->count; i++) {
        if (load->streams[i].kind != STREAM_REMEMBERED)
            continue;
        param_array_bytes(&tenants, load->streams[i].tenant);
        param_array_bytes(&ids, load->streams[i].name);
        count++;
    }
    params_array(&params, &tenants);
    params_array(&params, &ids);
    if (count > 0)
        store_ask(store, load->shard, STATEMENT_LOAD_REMEMBERED, &params);
    return count > 0;
}

static bool ask_who_waits(struct store *store, const struct store_load *load)
{
    struct params params = params_of_shard(store, load->shard);
    struct param_array tenants = param_array_new(&store->turn, PARAM_TEXT);
    struct param_array names = param_array_new(&store->turn, PARAM_TEXT);
    struct param_array after = param_array_new(&store->turn, PARAM_I64);
    struct param_array most = param_array_new(&store->turn, PARAM_I32);
    size_t count = 0;
    for (size_t i = 0; i < load->count; i++) {
        const struct store_stream *stream = &load->streams[i];
        if (stream->kind != STREAM_WAITING)
            continue;
        param_array_bytes(&tenants, stream->tenant);
        param_array_bytes(&names, stream->name);
        param_array_int(&after, (int64_t)stream->instance);
        param_array_int(&most, stream->most);
        count++;
    }
    params_array(&params, &tenants);
    params_array(&params, &names);
    params_array(&params, &after);
    params_array(&params, &most);
    if (count > 0)
        store_ask(store, load->shard, STATEMENT_LOAD_WAITING, &params);
    return count > 0;
}

void store_load_streams(struct store *store, const struct store_load *load)
{
    struct pg *pg = store_connection(store, load->shard);
    struct store_call *call = call_with_done(load->context, load->shard, load->done);
    call->loaded = load->loaded;
    call->keyed = load->keyed;
    pg_begin(pg);
    if (load->keyed != NULL)
        ask_persons(store, load);
    ask_instances(store, load);
    ask_mailboxes(store, load);
    call->asks_remembered = ask_remembered(store, load);
    call->asks_waiting = ask_who_waits(store, load);
    pg_end(pg, on_loaded, call);
    arena_reset(&store->turn);
}

static void on_persons(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    if (store_outcome_of(answer) == STORE_DONE)
        tell_persons(call, answer->results[0]);
    finish(call, answer);
}

void store_load_persons(struct store *store, const struct store_persons *persons)
{
    struct store_call *call = call_with_done(persons->context, persons->shard, persons->done);
    struct params params = params_of_shard(store, persons->shard);
    struct param_array keys = param_array_new(&store->turn, PARAM_I64);
    const struct store_load nothing = {.shard = persons->shard};
    call->keyed = persons->keyed;
    for (size_t i = 0; i < persons->count; i++)
        param_array_int(&keys, (int64_t)persons->streams[i]);
    params_array(&params, &keys);
    add_mailboxes(&params, &nothing);
    ask(store, STATEMENT_LOAD_PERSONS, &params, on_persons, call);
}

// -- Due --------------------------------------------------------------------------------

static void on_dues(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    struct arena arena = ARENA_EMPTY;
    const PGresult *result = outcome == STORE_DONE ? answer->results[0] : NULL;
    int count = result ? PQntuples(result) : 0;
    struct store_due *dues = ARENA_ARRAY(&arena, struct store_due, (size_t)count);
    for (int i = 0; i < count; i++)
        dues[i] = (struct store_due){
            .type = (enum command_type)field_i64(result, i, 0),
            .key = (uint64_t)field_i64(result, i, 1),
            .instance = (uint64_t)field_i64(result, i, 2),
            .due_ms = field_time_ms(result, i, 3),
            .attempt = (uint32_t)field_i64(result, i, 4),
            .name = field_str(result, i, 5),
            .correlation_key = field_str(result, i, 6),
            .tenant = field_str(result, i, 7),
        };
    call->dues(call->context, outcome, dues, (size_t)count, count < STORE_DUE_LIMIT);
    arena_done(&arena);
    free(call);
}

void store_find_due(struct store *store, uint32_t shard, int64_t until_ms, store_dues *done,
                    void *context)
{
    struct store_call *call = store_call_new(context, shard);
    call->dues = done;
    struct params params = params_of_shard(store, shard);
    struct params of_shard = params_of_shard(store, shard);
    params_time(&params, until_ms);
    params_i32(&params, STORE_DUE_LIMIT);
    struct pg *pg = store_connection(store, shard);
    pg_begin(pg);
    pg_execute(pg, STATEMENT_DUE, &params.list);
    pg_execute(pg, STATEMENT_FORGET, &of_shard.list);
    pg_end(pg, on_dues, call);
    arena_reset(&store->turn);
}

static void on_clock(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    call->time(call->context, outcome,
               outcome == STORE_DONE ? field_time_ms(answer->results[0], 0, 0) : 0);
    free(call);
}

void store_clock(struct store *store, uint32_t shard, store_time *done, void *context)
{
    struct store_call *call = store_call_new(context, shard);
    call->time = done;
    struct params params = params_of_shard(store, shard);
    ask(store, STATEMENT_CLOCK, &params, on_clock, call);
}

static void on_shares(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    const PGresult *result = outcome == STORE_DONE ? answer->results[0] : NULL;
    struct store_shares shares = {0};
    bool is_there = result != NULL && PQntuples(result) > 0;
    if (is_there)
        shares = (struct store_shares){.version = field_i64(result, 0, 0),
                                       .windows = field_str(result, 0, 1),
                                       .counts_usage = field_bool(result, 0, 2),
                                       .policies = field_str(result, 0, 3),
                                       .listeners = field_str(result, 0, 4)};
    call->shares(call->context, outcome, is_there ? &shares : NULL);
    free(call);
}

void store_find_shares(struct store *store, uint32_t shard, int64_t known_version,
                       store_shares_found *done, void *context)
{
    struct store_call *call = store_call_new(context, shard);
    call->shares = done;
    struct params params = params_of_shard(store, shard);
    params_i64(&params, known_version);
    ask(store, STATEMENT_SHARES, &params, on_shares, call);
}

static void on_waiting(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    struct arena arena = ARENA_EMPTY;
    const PGresult *result = outcome == STORE_DONE ? answer->results[0] : NULL;
    int count = result ? PQntuples(result) : 0;
    struct store_job_id *jobs = ARENA_ARRAY(&arena, struct store_job_id, (size_t)count);
    for (int i = 0; i < count; i++)
        jobs[i] = (struct store_job_id){.key = (uint64_t)field_i64(result, i, 0),
                                        .instance = (uint64_t)field_i64(result, i, 1),
                                        .attempt = (uint32_t)field_i64(result, i, 2)};
    call->jobs(call->context, outcome, jobs, (size_t)count);
    arena_done(&arena);
    free(call);
}

void store_find_waiting(struct store *store, const struct store_waiting *waiting, store_jobs *done,
                        void *context)
{
    struct store_call *call = store_call_new(context, waiting->shard);
    call->jobs = done;
    struct params params = params_of_shard(store, waiting->shard);
    params_text(&params, waiting->type);
    if (waiting->which == STORE_JOBS_PASSED)
        params_time(&params, waiting->offered_before_ms);
    else
        params_text(&params, waiting->tenant);
    params_i32(&params, (int32_t)waiting->limit);
    if (waiting->which == STORE_JOBS_WAITING || waiting->which == STORE_JOBS_UNTAKEN) {
        params_i32(&params, waiting->which == STORE_JOBS_UNTAKEN ? JOB_OFFERED : JOB_WAITING);
        params_text(&params, waiting->processes.data != NULL ? waiting->processes : STR_EMPTY);
        params_i32(&params, waiting->which == STORE_JOBS_WAITING || waiting->leases ? 1 : 0);
    }
    ask(store,
        waiting->which == STORE_JOBS_PASSED ? STATEMENT_PASSED
        : waiting->which == STORE_JOBS_HELD ? STATEMENT_HELD
                                            : STATEMENT_WAITING,
        &params, on_waiting, call);
}

static void on_counts(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    struct arena arena = ARENA_EMPTY;
    size_t rows = outcome == STORE_DONE ? (size_t)PQntuples(answer->results[0]) : 0;
    struct store_count *counts = ARENA_ARRAY(&arena, struct store_count, rows);
    if (rows > 0)
        rows = store_read_counts(answer->results[0], counts, rows);
    call->counts(call->context, outcome, counts, rows);
    arena_done(&arena);
    free(call);
}

void store_count_jobs(struct store *store, uint32_t shard, store_counts *done, void *context)
{
    struct store_call *call = store_call_new(context, shard);
    call->counts = done;
    struct params params = params_of_shard(store, shard);
    ask(store, STATEMENT_COUNT_JOBS, &params, on_counts, call);
}

// -- In flight --------------------------------------------------------------------------

static void read_published(const PGresult *result, struct store_in_flight *flight,
                           struct arena *arena)
{
    int count = PQntuples(result);
    struct store_published *all = ARENA_ARRAY(arena, struct store_published, (size_t)count);
    for (int i = 0; i < count; i++)
        all[i] = (struct store_published){
            .deployment = (uint64_t)field_i64(result, i, 1),
            .tenant = field_str(result, i, 9),
            .resource = {.key = (uint64_t)field_i64(result, i, 0),
                         .kind = (enum resource_kind)field_i64(result, i, 2),
                         .definition_id = field_str(result, i, 3),
                         .version = (int32_t)field_i64(result, i, 4),
                         .version_tag = field_str(result, i, 5),
                         .title = field_str(result, i, 6),
                         .name = field_str(result, i, 7),
                         .digest = field_str(result, i, 8)},
        };
    flight->definitions = all;
    flight->definition_count = (size_t)count;
}

static void read_offered(const PGresult *result, struct store_in_flight *flight,
                         struct arena *arena)
{
    int count = PQntuples(result);
    struct store_due *jobs = ARENA_ARRAY(arena, struct store_due, (size_t)count);
    for (int i = 0; i < count; i++)
        jobs[i] = (struct store_due){
            .type = COMMAND_TIME_OUT_JOB,
            .key = (uint64_t)field_i64(result, i, 0),
            .instance = (uint64_t)field_i64(result, i, 1),
            .due_ms = field_time_ms(result, i, 2),
            .attempt = (uint32_t)field_i64(result, i, 3),
            .tenant = field_str(result, i, 4),
            .retries = (int32_t)field_i64(result, i, 5),
        };
    flight->jobs = jobs;
    flight->job_count = (size_t)count;
}

static void read_subscriptions(const PGresult *result, struct store_in_flight *flight,
                               struct arena *arena)
{
    int count = PQntuples(result);
    struct store_open_subscription *all =
        ARENA_ARRAY(arena, struct store_open_subscription, (size_t)count);
    for (int i = 0; i < count; i++)
        all[i] = (struct store_open_subscription){
            .key = (uint64_t)field_i64(result, i, 0),
            .instance = (uint64_t)field_i64(result, i, 1),
            .element_instance = (uint64_t)field_i64(result, i, 2),
            .name = field_str(result, i, 3),
            .correlation_key = field_str(result, i, 4),
            .tenant = field_str(result, i, 5),
            .process_id = field_str(result, i, 6),
        };
    flight->subscriptions = all;
    flight->subscription_count = (size_t)count;
}

static void on_flight(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    struct arena arena = ARENA_EMPTY;
    struct store_in_flight flight = {0};
    if (outcome == STORE_DONE) {
        read_published(answer->results[0], &flight, &arena);
        read_offered(answer->results[1], &flight, &arena);
        read_subscriptions(answer->results[2], &flight, &arena);
    }
    call->flight(call->context, outcome, &flight);
    arena_done(&arena);
    free(call);
}

static void on_unopened(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    enum store_outcome outcome = store_outcome_of(answer);
    struct arena arena = ARENA_EMPTY;
    struct store_in_flight flight = {0};
    if (outcome == STORE_DONE)
        read_subscriptions(answer->results[0], &flight, &arena);
    call->flight(call->context, outcome, &flight);
    arena_done(&arena);
    free(call);
}

void store_find_unopened(struct store *store, uint32_t shard, int64_t until_ms, store_flight *done,
                         void *context)
{
    struct store_call *call = store_call_new(context, shard);
    call->flight = done;
    struct params params = params_of_shard(store, shard);
    params_time(&params, until_ms);
    params_i32(&params, STORE_UNOPENED_LIMIT);
    ask(store, STATEMENT_UNOPENED, &params, on_unopened, call);
}

void store_find_in_flight(struct store *store, uint32_t shard, store_flight *done, void *context)
{
    struct pg *pg = store_connection(store, shard);
    struct store_call *call = store_call_new(context, shard);
    call->flight = done;
    struct params params = params_of_shard(store, shard);
    pg_begin(pg);
    pg_execute(pg, STATEMENT_PUBLISHED, &params.list);
    pg_execute(pg, STATEMENT_OFFERED, &params.list);
    pg_execute(pg, STATEMENT_SUBSCRIPTIONS, &params.list);
    pg_end(pg, on_flight, call);
    arena_reset(&store->turn);
}

// -- Definitions ------------------------------------------------------------------------

static void on_defined(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    const PGresult *result = store_outcome_of(answer) == STORE_DONE ? answer->results[0] : NULL;
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const struct store_definition definition = {
            .key = (uint64_t)field_i64(result, i, 0),
            .kind = (enum resource_kind)field_i64(result, i, 1),
            .id = field_str(result, i, 2),
            .version = (int32_t)field_i64(result, i, 3),
            .tenant = field_str(result, i, 4),
            .resource_name = field_str(result, i, 5),
            .bytes = field_str(result, i, 6),
            .imports = field_str(result, i, 7),
            .deleted = field_bool(result, i, 8),
        };
        call->defined(call->context, &definition);
    }
    finish(call, answer);
}

void store_find_definitions(struct store *store, const struct store_definitions *query)
{
    struct store_call *call = call_with_done(query->context, query->shard, query->done);
    call->defined = query->defined;
    struct params params = params_new(&store->turn);
    struct param_array known = param_array_new(&store->turn, PARAM_I64);
    for (size_t i = 0; i < query->known_count; i++)
        param_array_int(&known, (int64_t)query->known[i]);
    params_array(&params, &known);
    ask(store, STATEMENT_DEFINITIONS, &params, on_defined, call);
}

static void on_resources(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    const PGresult *result = store_outcome_of(answer) == STORE_DONE ? answer->results[0] : NULL;
    for (int i = 0; result != NULL && i < PQntuples(result); i++)
        call->resource(call->context, &(struct store_resource_row){field_str(result, i, 0),
                                                                   field_str(result, i, 1),
                                                                   field_str(result, i, 2)});
    finish(call, answer);
}

void store_find_resources(struct store *store, const struct store_resources *query)
{
    struct store_call *call = call_with_done(query->context, query->shard, query->done);
    call->resource = query->found;
    struct params params = params_new(&store->turn);
    struct param_array digests = param_array_new(&store->turn, PARAM_BYTES);
    for (size_t i = 0; i < query->count; i++)
        param_array_bytes(&digests, query->digests[i]);
    params_array(&params, &digests);
    ask(store, STATEMENT_RESOURCES, &params, on_resources, call);
}

// -- History ----------------------------------------------------------------------------

static void on_unpublished(void *context, const struct pg_answer *answer)
{
    struct store_call *call = context;
    const PGresult *result = store_outcome_of(answer) == STORE_DONE ? answer->results[0] : NULL;
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const struct history_row row = {
            .stream_kind = (enum stream_kind)field_i64(result, i, 1),
            .stream = (uint64_t)field_i64(result, i, 2),
            .sequence = (uint64_t)field_i64(result, i, 3),
            .time_ms = field_time_ms(result, i, 4),
            .offset = field_i64(result, i, 5),
            .cause = (enum command_type)field_i64(result, i, 6),
            .principal = field_str(result, i, 7),
            .definition = (uint64_t)field_i64(result, i, 9),
            .tenant = field_str(result, i, 10),
            .origin = field_str(result, i, 11),
        };
        call->step(call->context, (uint64_t)field_i64(result, i, 0), &row, field_str(result, i, 8));
    }
    finish(call, answer);
}

void store_find_unpublished(struct store *store, const struct store_unpublished *query)
{
    struct store_call *call = call_with_done(query->context, query->shard, query->done);
    call->step = query->step;
    struct params params = params_of_shard(store, query->shard);
    params_i64(&params, (int64_t)query->after_batch);
    params_i64(&params, (int64_t)(query->after_batch + query->batches));
    ask(store, STATEMENT_UNPUBLISHED, &params, on_unpublished, call);
}
