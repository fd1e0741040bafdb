// SPDX-License-Identifier: Apache-2.0
#include "projector/projector.h"

#include "base/clock.h"
#include "base/log.h"
#include "history/records.h"
#include "projector/count.h"
#include "store/records.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    IDLE_MS = 100,       // between looks when there is nothing to do
    SMALL_TURN_MS = 50,  // what comes in this time is taken together,
    LARGE_TURN_MS = 150, // and when much comes: most instances are then begun and ended in one turn
    LARGE_TURN_STEPS = 1000,
    RETRY_MS = 1000, // after a failure, doubled up to …
    RETRY_MOST_MS = 30000,
    POLITE_PERCENT = 200, // rest of a turn's time, while history grows faster than its records,
    POLITE_LOOK_MS = 250, // unless it has stopped growing: looked at so often
    HANDS = 2,            // threads, each with a connection and a shard at a time; the second …
    HELP_BATCHES = 20,    // … helps when so much is behind and the machine has room
    PERCENT = 100,
    MS_PER_SECOND = 1000,
    NS_PER_MS = 1000000,
};

struct hand {
    struct projector *projector;
    struct records *records;
    pthread_t thread;
    bool helps; // the first one says when
};

struct projector {
    struct hand hands[HANDS];
    size_t begun; // hands that have a thread
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ends; // under the mutex
    // For the metrics.
    atomic_uint_fast64_t steps, failures, lag_batches;
    atomic_int_fast64_t lag_ms;
    atomic_bool is_polite; // more is behind than a round before
};

// -- A turn -------------------------------------------------------------------------------

static void add_loaded(struct record_fold *fold, const struct records_loaded *loaded)
{
    for (size_t i = 0; i < loaded->job_count; i++)
        record_fold_add_job(fold, &loaded->jobs[i]);
    for (size_t i = 0; i < loaded->element_count; i++)
        record_fold_add_element(fold, &loaded->elements[i]);
}

static bool project(struct records *records, const struct records_turn *turn, struct error *err)
{
    struct record_fold *fold = record_fold_new(turn->arena);
    struct record_wanted wanted = record_fold_want(fold, turn->steps, turn->count);
    struct records_loaded loaded;
    if (!records_load(records, turn, &wanted, &loaded, err))
        return false;
    add_loaded(fold, &loaded);
    record_fold_steps(fold, turn->steps, turn->count);
    const struct record_changes *changes = record_fold_changes(fold);
    return records_store(records, turn, changes, err) && count_cases(records, turn, changes, err) &&
           records_commit(records, turn, err);
}

// Some batches of one shard; *ret_steps says how much there was.
static bool take_turn(struct records *records, uint32_t shard, size_t *ret_steps, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct records_turn turn;
    bool good = records_open(records, err) && records_begin(records, shard, &arena, &turn, err);
    bool any = good && turn.batch > 0;
    if (any)
        good = project(records, &turn, err);
    if (!any || !good)
        records_abandon(records);
    *ret_steps = any && good ? turn.count : 0;
    arena_done(&arena);
    return good;
}

// -- The threads --------------------------------------------------------------------------

// True when it is time to end.
static bool rest(struct projector *projector, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms % MS_PER_SECOND * NS_PER_MS;
    until.tv_sec += ms / MS_PER_SECOND + ns / (MS_PER_SECOND * (int64_t)NS_PER_MS);
    until.tv_nsec = ns % (MS_PER_SECOND * (int64_t)NS_PER_MS);
    pthread_mutex_lock(&projector->mutex);
    while (!projector->ends &&
           pthread_cond_timedwait(&projector->wake, &projector->mutex, &until) == 0)
        ;
    bool ends = projector->ends;
    pthread_mutex_unlock(&projector->mutex);
    return ends;
}

// How far the records are, for the metrics and for how hard to work.
static bool look(struct hand *hand, uint32_t *ret_shards, size_t *ret_count, struct error *err)
{
    struct projector *projector = hand->projector;
    struct records_lag lag;
    if (!records_open(hand->records, err) ||
        !records_behind(hand->records, ret_shards, ret_count, &lag, err))
        return false;
    if (hand->helps)
        return true;
    atomic_store(&projector->is_polite, lag.batches > atomic_load(&projector->lag_batches));
    atomic_store(&projector->lag_batches, lag.batches);
    atomic_store(&projector->lag_ms, lag.behind_ms);
    return true;
}

// Where records do not keep up the machine has no room: what executes keeps most of it. A turn is
// followed by a longer rest, until the burst is over.
static bool be_polite(struct hand *hand, int64_t took_ms, struct error *err)
{
    struct projector *projector = hand->projector;
    static _Thread_local uint32_t shards[RECORDS_MOST_SHARDS];
    int64_t left_ms = took_ms * POLITE_PERCENT / PERCENT;
    while (!hand->helps && left_ms > 0 && atomic_load(&projector->is_polite)) {
        int64_t some_ms = left_ms < POLITE_LOOK_MS ? left_ms : POLITE_LOOK_MS;
        size_t count;
        if (rest(projector, some_ms))
            return true;
        left_ms -= some_ms;
        if (left_ms > 0 && !look(hand, shards, &count, err))
            return false;
    }
    return true;
}

// Once over all shards that lag; one that fails does not hold the others up.
static bool go_round(struct hand *hand, size_t *ret_steps, struct error *err)
{
    struct projector *projector = hand->projector;
    static _Thread_local uint32_t shards[RECORDS_MOST_SHARDS];
    size_t count;
    *ret_steps = 0;
    if (!look(hand, shards, &count, err))
        return false;
    bool good = true;
    for (size_t i = 0; i < count && !(hand->helps && atomic_load(&projector->is_polite)); i++) {
        size_t steps;
        int64_t began_ns = clock_monotonic_ns();
        good &= take_turn(hand->records, shards[i], &steps, err);
        *ret_steps += steps;
        atomic_fetch_add(&projector->steps, steps);
        good &= be_polite(hand, (clock_monotonic_ns() - began_ns) / NS_PER_MS, err);
    }
    return good;
}

// What little comes is taken together.
static int64_t rest_after(size_t steps, int64_t took_ms)
{
    int64_t least = steps == 0 ? IDLE_MS : steps < LARGE_TURN_STEPS ? SMALL_TURN_MS : LARGE_TURN_MS;
    return took_ms < least ? least - took_ms : 0;
}

static bool has_nothing_to_do(const struct hand *hand)
{
    const struct projector *projector = hand->projector;
    return hand->helps && (atomic_load(&projector->is_polite) ||
                           atomic_load(&projector->lag_batches) < HELP_BATCHES);
}

static void *run(void *context)
{
    struct hand *hand = context;
    int64_t retry_ms = RETRY_MS;
    int64_t wait_ms = 0;
    while (!rest(hand->projector, wait_ms)) {
        struct error err;
        size_t steps = 0;
        int64_t began_ns = clock_monotonic_ns();
        if (has_nothing_to_do(hand) || go_round(hand, &steps, &err)) {
            retry_ms = RETRY_MS;
            wait_ms = rest_after(steps, (clock_monotonic_ns() - began_ns) / NS_PER_MS);
            continue;
        }
        atomic_fetch_add(&hand->projector->failures, 1);
        log_warning("projector", "records wait, again in %lld s: %s: %s",
                    (long long)(retry_ms / MS_PER_SECOND), err.place, err.text);
        wait_ms = retry_ms;
        retry_ms = retry_ms * 2 < RETRY_MOST_MS ? retry_ms * 2 : RETRY_MOST_MS;
    }
    return NULL;
}

struct projector *projector_new(const char *url, struct error *err)
{
    struct projector *projector = calloc(1, sizeof *projector);
    pthread_condattr_t attributes;
    check(projector != NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&projector->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&projector->mutex, NULL);
    for (size_t i = 0; i < HANDS; i++) {
        struct hand *hand = &projector->hands[i];
        *hand = (struct hand){.projector = projector, .records = records_new(url), .helps = i > 0};
        if (pthread_create(&hand->thread, NULL, run, hand) != 0) {
            records_free(hand->records);
            projector_free(projector);
            (void)error_set(err, ERROR_UNAVAILABLE, "projector", "no thread could be made");
            return NULL;
        }
        projector->begun++;
    }
    return projector;
}

void projector_free(struct projector *projector)
{
    if (projector == NULL)
        return;
    pthread_mutex_lock(&projector->mutex);
    projector->ends = true;
    pthread_cond_broadcast(&projector->wake);
    pthread_mutex_unlock(&projector->mutex);
    for (size_t i = 0; i < projector->begun; i++) {
        pthread_join(projector->hands[i].thread, NULL);
        records_free(projector->hands[i].records);
    }
    pthread_cond_destroy(&projector->wake);
    pthread_mutex_destroy(&projector->mutex);
    free(projector);
}

void projector_print_metrics(const struct projector *projector, struct strbuf *out)
{
    strbuf_format(
        out,
        "# HELP baton_projector_lag_seconds Age of the oldest committed batch that is not "
        "in the records yet.\n"
        "# TYPE baton_projector_lag_seconds gauge\n"
        "baton_projector_lag_seconds %.3f\n",
        (double)atomic_load(&projector->lag_ms) / MS_PER_SECOND);
    strbuf_format(
        out,
        "# HELP baton_projector_lag_batches Committed batches that are not in the records "
        "yet.\n"
        "# TYPE baton_projector_lag_batches gauge\nbaton_projector_lag_batches %llu\n",
        (unsigned long long)atomic_load(&projector->lag_batches));
    strbuf_format(out,
                  "# HELP baton_projector_steps_total Steps of history made into records.\n"
                  "# TYPE baton_projector_steps_total counter\nbaton_projector_steps_total %llu\n",
                  (unsigned long long)atomic_load(&projector->steps));
    strbuf_format(out,
                  "# HELP baton_projector_failures_total Rounds that failed and were tried again.\n"
                  "# TYPE baton_projector_failures_total counter\n"
                  "baton_projector_failures_total %llu\n",
                  (unsigned long long)atomic_load(&projector->failures));
}
