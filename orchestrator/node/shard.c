// SPDX-License-Identifier: Apache-2.0
//
// A shard's life: acquired, running, restarted after any trouble, halted, released.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

struct life *life_new(struct shard *shard)
{
    struct life *life = calloc(1, sizeof *life);
    check(life != NULL);
    *life = (struct life){shard, shard->generation};
    shard->calls++;
    return life;
}

struct shard *life_end(void *context, bool *ret_is_old)
{
    struct life *life = context;
    struct shard *shard = life->shard;
    shard->calls--;
    *ret_is_old = life->generation != shard->generation;
    free(life);
    return shard;
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct shard *shard = context;
    shard->yields = false;
    if (shard->state == SHARD_WAITING || shard->state == SHARD_HALTED)
        node_shard_acquire(shard);
    else
        node_shard_turn(shard);
}

static void on_due(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    node_shard_remind(context);
}

struct shard *node_shard_new(struct node *node, uint32_t number)
{
    struct shard *shard = calloc(1, sizeof *shard);
    check(shard != NULL);
    shard->node = node;
    shard->number = number;
    shard->wanted = true;
    shard->senders = calloc(node->shard_count, sizeof *shard->senders);
    check(shard->senders != NULL);
    shard->wait = evtimer_new(node->loop, on_retry, shard);
    shard->due_timer = evtimer_new(node->loop, on_due, shard);
    return shard;
}

// Everything in memory that PostgreSQL does not know of.
static void forget(struct shard *shard)
{
    shard->generation++;
    if (shard->positioned)
        inbox_pause(shard);
    batch_free(shard->computing);
    batch_free(shard->computed);
    batch_free(shard->committing);
    shard->computing = shard->computed = shard->committing = NULL;
    inbox_clear(shard);
    publish_forget(shard);
    engine_free(shard->engine);
    shard->engine = NULL;
    due_list_free(shard->due);
    shard->due = NULL;
    shard->survived += shard->trying || shard->tried;
    shard->due_loading = shard->releasing = shard->trying = shard->tried = false;
    shard->yields = false;
    node_trial_turn(shard);
    shard->positioned = shard->letting_go = shard->trim_needed = false;
    event_del(shard->wait);
    event_del(shard->due_timer);
}

void node_shard_free(struct shard *shard)
{
    if (shard == NULL)
        return;
    forget(shard);
    check(shard->calls == 0);
    event_free(shard->wait);
    event_free(shard->due_timer);
    free(shard->senders);
    free(shard);
}

bool node_shard_reads(const struct shard *shard)
{
    return shard->state == SHARD_RUNNING && shard->wanted;
}

static void retry_later(struct shard *shard, enum shard_state state)
{
    const struct timeval delay = {.tv_sec = NODE_RETRY_MS / 1000,
                                  .tv_usec = NODE_RETRY_MS % 1000 * 1000};
    shard->state = state;
    event_add(shard->wait, &delay);
}

// One line a trouble, however often it comes again.
static void tell(struct shard *shard, const char *why)
{
    if (strncmp(shard->error, why, sizeof shard->error - 1) == 0)
        return;
    snprintf(shard->error, sizeof shard->error, "%s", why);
    log_warning("node", "shard %u: %s", shard->number, why);
}

void node_shard_restart(struct shard *shard, const char *why)
{
    forget(shard);
    node_assign_soon(shard->node);
    if (why == NULL || shard->state == SHARD_DRAINING) {
        node_shard_acquire(shard);
        return;
    }
    tell(shard, why);
    retry_later(shard, SHARD_WAITING);
}

// -- Halting ----------------------------------------------------------------------------

// Looks again now and then, whether it was repaired.
static void stay_halted(struct shard *shard, const char *why)
{
    forget(shard);
    shard->halted = true;
    tell(shard, why);
    retry_later(shard, SHARD_HALTED);
    node_assign_soon(shard->node);
}

static void on_halted(void *context, enum store_outcome outcome, const struct error *err)
{
    (void)err;
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    if (outcome == STORE_DONE)
        retry_later(shard, SHARD_HALTED);
    else
        node_shard_restart(shard, "the halt could not be noted");
}

void node_shard_halt(struct shard *shard, const char *why)
{
    forget(shard);
    shard->state = SHARD_HALTED;
    shard->halted = true;
    log_error("node", "ALARM: shard %u is halted: %s; `baton repair` moves it on", shard->number,
              why);
    store_halt(shard->node->store, shard->number, shard->epoch, str_of(why), on_halted,
               life_new(shard));
    node_assign_soon(shard->node);
}

// -- Acquiring --------------------------------------------------------------------------

static bool start_engine(struct shard *shard, const struct store_shard *acquired)
{
    struct node *node = shard->node;
    const struct engine_environment environment = {
        .context = node->definitions,
        .find_process = definitions_find_process,
        .find_decisions = definitions_find_decisions,
        .zones = node->zones,
        .shard = shard->number,
        .shard_count = node->shard_count,
        .job_window = (uint32_t)config_i64(node->config, CONFIG_ENGINE_JOB_WINDOW),
        .job_timeout_ms = config_i64(node->config, CONFIG_ENGINE_JOB_TIMEOUT_MS),
    };
    size_t cache = (size_t)config_i64(node->config, CONFIG_ENGINE_CACHE_MB) << 20;
    struct error err;
    shard->engine = engine_new(&environment, acquired->image, acquired->next_key, cache, &err);
    if (shard->engine == NULL) {
        node_shard_halt(shard, err.text);
        return false;
    }
    engine_set_clock(shard->engine, acquired->clock_ms);
    for (size_t i = 0; i < acquired->count_count; i++) {
        const struct store_count *count = &acquired->counts[i];
        engine_set_in_flight(shard->engine, count->type, count->tenant, count->offered,
                             count->waiting);
        shard->jobs_wait = shard->jobs_wait || count->waiting > 0;
    }
    return true;
}

static void take_position(struct shard *shard, const struct store_shard *acquired)
{
    shard->epoch = acquired->epoch;
    shard->next_offset = shard->taken_offset = shard->read_offset = acquired->next_offset;
    shard->checking = false;
    shard->has_last = acquired->last_record.len == DIGEST_SIZE && acquired->next_offset > 0;
    if (shard->has_last)
        memcpy(shard->last_record.bytes, acquired->last_record.data, DIGEST_SIZE);
    shard->batch_number = acquired->batch;
    shard->chain = acquired->chain;
    shard->next_outbound = acquired->next_outbound;
    shard->published = acquired->next_outbound;
    shard->events_published = acquired->events_published;
    shard->sender_count = shard->node->shard_count;
    memset(shard->senders, 0, shard->sender_count * sizeof *shard->senders);
    for (size_t i = 0; i < acquired->sender_count && i < shard->sender_count; i++)
        shard->senders[i] = acquired->senders[i];
    shard->rebuild = acquired->rebuild;
    shard->gap_since_ms = 0;
    shard->jobs_wait = false;
}

// Two owners in a row that committed nothing have probably died of a record: take the next ones one
// by one. What follows what they had taken is above suspicion.
static void decide_care(struct shard *shard, const struct store_shard *acquired)
{
    int64_t batch = config_i64(shard->node->config, CONFIG_ENGINE_BATCH_COMMANDS);
    if (acquired->failures > 2 || acquired->tries > 0)
        shard->careful = (uint32_t)(2 * batch);
    if (shard->careful > 0)
        log_warning("node", "shard %u: taking %u records one by one from offset %lld",
                    shard->number, shard->careful, (long long)acquired->next_offset);
}

static void on_unpublished(void *context, uint64_t batch, const struct history_row *row, str events)
{
    const struct life *life = context;
    if (life->generation == life->shard->generation)
        publish_history(life->shard, batch, row, events);
}

static void on_unpublished_done(void *context, enum store_outcome outcome, const struct error *err)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, err->text);
        return;
    }
    shard->state = SHARD_RUNNING;
    shard->halted = false;
    shard->error[0] = '\0';
    shard->due = due_list_new();
    metrics_add(&shard->node->metrics, METRIC_ACQUIRED, 1);
    log_info("node", "shard %u runs: epoch %llu, offset %lld", shard->number,
             (unsigned long long)shard->epoch, (long long)shard->next_offset);
    node_assign_soon(shard->node);
    node_shard_remind(shard);
    publish_more(shard);
    if (shard->rebuild)
        node_shard_rebuild(shard);
}

static void on_definition(void *context, const struct store_definition *definition)
{
    const struct life *life = context;
    const struct definition_source source = {.key = definition->key,
                                             .kind = definition->kind,
                                             .id = definition->id,
                                             .bytes = definition->bytes,
                                             .imports = definition->imports};
    struct error err;
    if (!definitions_add(life->shard->node->definitions, &source, &err))
        log_error("node", "definition %llu (%.*s) cannot run: %s",
                  (unsigned long long)definition->key, STR_ARG(definition->id), err.text);
}

static void on_defined(void *context, enum store_outcome outcome, const struct error *err)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, err->text);
        return;
    }
    const struct store_unpublished query = {.shard = shard->number,
                                            .after_batch = shard->events_published,
                                            .step = on_unpublished,
                                            .done = on_unpublished_done,
                                            .context = life_new(shard)};
    store_find_unpublished(shard->node->store, &query);
}

static void find_definitions(struct shard *shard)
{
    struct node *node = shard->node;
    shard->state = SHARD_DEFINING;
    const struct store_definitions query = {
        .shard = shard->number,
        .known_count = definitions_count(node->definitions),
        .known = definitions_keys(node->definitions, &node->scratch),
        .defined = on_definition,
        .done = on_defined,
        .context = life_new(shard),
    };
    store_find_definitions(node->store, &query);
    arena_reset(&node->scratch);
}

static void on_acquired(void *context, enum store_outcome outcome,
                        const struct store_shard *acquired, const struct error *err)
{
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    if (is_old)
        return;
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, err->text);
        return;
    }
    take_position(shard, acquired);
    if (acquired->halted.len > 0) {
        char why[200];
        snprintf(why, sizeof why, "halted: %.*s; `baton repair` moves it on",
                 STR_ARG(acquired->halted));
        stay_halted(shard, why);
        return;
    }
    decide_care(shard, acquired);
    if (!start_engine(shard, acquired))
        return;
    if (!config_bool(shard->node->config, CONFIG_EVENTS_ENABLED))
        shard->events_published = acquired->batch;
    publish_outbox(shard, acquired);
    find_definitions(shard);
}

void node_shard_acquire(struct shard *shard)
{
    if (!shard->wanted) {
        shard->state = SHARD_RELEASED;
        node_shard_released(shard->node);
        return;
    }
    shard->state = SHARD_ACQUIRING;
    store_acquire(shard->node->store, shard->number, on_acquired, life_new(shard));
}

// -- Releasing --------------------------------------------------------------------------

static void on_let_go(void *context, enum store_outcome outcome, const struct error *err)
{
    (void)outcome, (void)err; // taken already or not reachable: the next owner finds out by itself
    bool is_old;
    struct shard *shard = life_end(context, &is_old);
    forget(shard);
    node_shard_acquire(shard); // when the group has given it back meanwhile
}

static void let_go(struct shard *shard)
{
    const struct store_trim trim = {.shard = shard->number,
                                    .epoch = shard->epoch,
                                    .published = shard->published,
                                    .trimmed = shard->trimmed,
                                    .events_published = shard->events_published,
                                    .released = true};
    store_trim(shard->node->store, &trim, on_let_go, life_new(shard));
}

void node_shard_release(struct shard *shard)
{
    shard->wanted = false;
    if (shard->state == SHARD_DRAINING || shard->state == SHARD_RELEASED)
        return;
    if (shard->state != SHARD_RUNNING) {
        forget(shard);
        shard->state = SHARD_RELEASED;
        node_shard_released(shard->node);
        return;
    }
    shard->state = SHARD_DRAINING;
    batch_free(shard->computing);
    batch_free(shard->computed);
    shard->computing = shard->computed = NULL;
    inbox_clear(shard);
    node_trial_turn(shard);
    node_shard_turn(shard);
}

void node_shard_drained(struct shard *shard)
{
    if (shard->state == SHARD_DRAINING && shard->committing == NULL && publish_is_done(shard) &&
        !shard->letting_go) {
        shard->letting_go = true;
        let_go(shard);
    }
}
