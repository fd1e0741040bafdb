// SPDX-License-Identifier: Apache-2.0
//
// A shard's life: acquired, running, restarted after a failure, halted, released. Its states and
// moves are the table shard_states.def.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { RETRY_MS = 1000 };

static void acquire(struct shard *shard);

// -- States -----------------------------------------------------------------------------

static const char *const state_names[] = {
#define STATE(name, text) [SHARD_##name] = (text),
#define MOVE(from, to)
#include "node/shard_states.def"
#undef STATE
#undef MOVE
};
_Static_assert(COUNT_OF(state_names) == SHARD_STATES, "one name per state");

static bool may_move(enum shard_state from, enum shard_state to)
{
    static const struct {
        enum shard_state from, to;
    } moves[] = {
#define STATE(name, text)
#define MOVE(from, to) {SHARD_##from, SHARD_##to},
#include "node/shard_states.def"
#undef STATE
#undef MOVE
    };
    for (size_t i = 0; i < COUNT_OF(moves); i++)
        if (moves[i].from == from && moves[i].to == to)
            return true;
    return false;
}

const char *node_shard_state_name(enum shard_state state)
{
    return state_names[state];
}

// What holds in the state that is entered.
static bool is_sound(const struct shard *shard)
{
    bool is_idle = shard->computing == NULL && shard->computed == NULL &&
                   shard->committing == NULL && shard->engine == NULL;
    switch (shard->state) {
    case SHARD_RELEASED:
    case SHARD_ACQUIRING:
    case SHARD_WAITING:
    case SHARD_HALTING:
    case SHARD_HALTED:
    case SHARD_LOOKING:
        return is_idle && shard->outgoing.first == NULL && shard->inbox.first == NULL;
    case SHARD_DEFINING:
    case SHARD_RUNNING:
        return shard->engine != NULL;
    case SHARD_DRAINING:
        return shard->computing == NULL && shard->computed == NULL;
    case SHARD_LETTING_GO:
        return shard->committing == NULL && publish_is_done(shard);
    case SHARD_STATES:
        break;
    }
    return false;
}

static void shard_move(struct shard *shard, enum shard_state to)
{
    check(may_move(shard->state, to));
    log_debug("node", "shard %u: %s → %s", shard->number, state_names[shard->state],
              state_names[to]);
    shard->state = to;
    check(is_sound(shard));
}

bool node_shard_reads(const struct shard *shard)
{
    return shard->state == SHARD_RUNNING && shard->wanted;
}

bool node_shard_is_halted(const struct shard *shard)
{
    return shard->state == SHARD_HALTING || shard->state == SHARD_HALTED ||
           shard->state == SHARD_LOOKING;
}

bool node_shard_is_settling(const struct shard *shard)
{
    return shard->state == SHARD_ACQUIRING || shard->state == SHARD_LOOKING ||
           shard->state == SHARD_DEFINING;
}

// -- Making and forgetting --------------------------------------------------------------

static void on_turn(void *context)
{
    struct shard *shard = context;
    shard->suspicion.yields = false;
    node_shard_turn(shard);
}

static void on_retry(void *context)
{
    acquire(context);
}

static void on_again(void *context)
{
    commit_again(context);
}

void node_shard_wake(struct shard *shard)
{
    timer_ring(shard->turn);
}

struct shard *node_shard_new(struct node *node, uint32_t number)
{
    struct shard *shard = calloc(1, sizeof *shard);
    check(shard != NULL);
    shard->node = node;
    shard->number = number;
    shard->state = SHARD_RELEASED;
    shard->senders = calloc(node->shard_count, sizeof *shard->senders);
    check(shard->senders != NULL);
    shard->turn = timer_new(node->loop, on_turn, shard);
    shard->retry = timer_new(node->loop, on_retry, shard);
    shard->again = timer_new(node->loop, on_again, shard);
    return shard;
}

// Everything in memory that PostgreSQL does not know of.
static void forget(struct shard *shard)
{
    pending_cancel(&shard->calls);
    if (shard->reading.positioned)
        inbox_pause(shard);
    shard->reading.positioned = shard->reading.asking = false;
    batch_free(shard->computing);
    batch_free(shard->computed);
    batch_free(shard->committing);
    shard->computing = shard->computed = shard->committing = NULL;
    inbox_clear(shard);
    publish_forget(shard);
    engine_free(shard->engine);
    keyring_free(shard->keyring);
    shard->keyring = NULL;
    shard->engine = NULL;
    shard->unreadable = 0;
    shard->unreadable_wanted = false;
    shard->unopened = (struct unopened){0};
    due_stop(shard);
    trial_forget(shard);
    timer_stop(shard->turn);
    timer_stop(shard->retry);
    timer_stop(shard->again);
    retry_reset(&shard->commits);
}

void node_shard_free(struct shard *shard)
{
    if (shard == NULL)
        return;
    forget(shard);
    timer_free(shard->turn);
    timer_free(shard->retry);
    timer_free(shard->again);
    timer_free(shard->dues.timer);
    free(shard->senders);
    free(shard);
}

// Logs a failure once, not on every retry.
static void tell(struct shard *shard, const char *why)
{
    if (strncmp(shard->error, why, sizeof shard->error - 1) == 0)
        return;
    snprintf(shard->error, sizeof shard->error, "%s", why);
    log_warning("node", "shard %u: %s", shard->number, why);
}

static void rest(struct shard *shard, enum shard_state state, int64_t rest_ms)
{
    shard_move(shard, state);
    timer_set(shard->retry, rest_ms);
}

void node_shard_restart(struct shard *shard, const char *why)
{
    node_shard_restart_after(shard, why, RETRY_MS);
}

void node_shard_restart_after(struct shard *shard, const char *why, int64_t rest_ms)
{
    forget(shard);
    node_assign_soon(shard->node);
    if (node_shard_is_halted(shard)) {
        rest(shard, SHARD_HALTED, RETRY_MS);
        return;
    }
    if (why == NULL || shard->state == SHARD_DRAINING || shard->state == SHARD_LETTING_GO) {
        acquire(shard);
        return;
    }
    tell(shard, why);
    rest(shard, SHARD_WAITING, rest_ms);
}

// -- Halting ----------------------------------------------------------------------------

static void on_halted(void *context, enum store_outcome outcome, const struct error *err)
{
    (void)err;
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    if (outcome == STORE_DONE) {
        rest(shard, SHARD_HALTED, RETRY_MS);
        return;
    }
    tell(shard, "the halt could not be written");
    rest(shard, SHARD_WAITING, RETRY_MS);
}

void node_shard_halt(struct shard *shard, const char *why)
{
    forget(shard);
    shard_move(shard, SHARD_HALTING);
    log_error("node", "ALARM: shard %u is halted: %s; `baton repair` moves it on", shard->number,
              why);
    store_halt(shard->node->store, shard->number, shard->epoch, str_of(why), on_halted,
               pending_new(&shard->calls, shard));
    node_assign_soon(shard->node);
}

// -- Acquiring --------------------------------------------------------------------------

static bool start_engine(struct shard *shard, const struct store_shard *acquired)
{
    struct node *node = shard->node;
    keyring_free(shard->keyring);
    shard->lacks_keys = false;
    shard->keyring = keyring_new(node->vault, node->persons);
    shard->has_persons = acquired->has_persons;
    const struct engine_environment environment = {
        .context = node->definitions,
        .find_process = definitions_find_process,
        .find_decisions = definitions_find_decisions,
        .zones = node->zones,
        .vault = keyring_vault(shard->keyring),
        .shard = shard->number,
        .shard_count = node->shard_count,
        .job_window = (uint32_t)config_i64(node->config, CONFIG_ENGINE_JOB_WINDOW),
        .max_deliveries = config_i64(node->config, CONFIG_ENGINE_MAX_DELIVERIES),
        .job_timeout_ms = config_i64(node->config, CONFIG_ENGINE_JOB_TIMEOUT_MS),
        .breakers = node->breakers,
    };
    size_t cache = (size_t)config_i64(node->config, CONFIG_ENGINE_CACHE_MB) << 20;
    struct error err;
    shard->engine = engine_new(&environment, acquired->image, acquired->next_key, cache, &err);
    if (shard->engine == NULL) {
        node_shard_halt(shard, err.text);
        return false;
    }
    engine_set_clock(shard->engine, acquired->clock_ms);
    for (size_t i = 0; i < acquired->erasure_count; i++)
        keyring_bar(shard->keyring, acquired->erasures[i].number, acquired->erasures[i].subject);
    for (size_t i = 0; i < acquired->count_count; i++) {
        const struct store_count *count = &acquired->counts[i];
        if (count->credential.len == 0)
            engine_set_in_flight(shard->engine, count->type, count->tenant, count->offered,
                                 count->waiting);
        shard->jobs.any = shard->jobs.any || count->waiting > 0;
    }
    return true;
}

static void take_position(struct shard *shard, const struct store_shard *acquired)
{
    shard->epoch = acquired->epoch;
    shard->clock_ms = acquired->clock_ms;
    shard->counts_usage = acquired->counts_usage;
    shard->shares = shard->policies = shard->listeners = (struct brought){0};
    shard->next_offset = shard->taken_offset = shard->reading.next = acquired->next_offset;
    shard->reading.checking = false;
    shard->has_last = acquired->last_record.len == DIGEST_SIZE && acquired->next_offset > 0;
    if (shard->has_last)
        memcpy(shard->last_record.bytes, acquired->last_record.data, DIGEST_SIZE);
    shard->batch_number = acquired->batch;
    shard->chain = acquired->chain;
    shard->next_outbound = acquired->next_outbound;
    shard->outgoing.published = acquired->next_outbound;
    shard->sender_count = shard->node->shard_count;
    memset(shard->senders, 0, shard->sender_count * sizeof *shard->senders);
    for (size_t i = 0; i < acquired->sender_count && i < shard->sender_count; i++)
        shard->senders[i] = acquired->senders[i];
    shard->rebuild = acquired->rebuild;
    shard->reading.gap_since_ms = 0;
}

// Two owners in a row that committed nothing have probably died of a record: take the next ones one
// by one. What follows what they had taken is above suspicion.
static void decide_care(struct shard *shard, const struct store_shard *acquired)
{
    int64_t batch = config_i64(shard->node->config, CONFIG_ENGINE_BATCH_COMMANDS);
    if (acquired->failures > 2 || acquired->tries > 0)
        shard->suspicion.careful = (uint32_t)(2 * batch);
    if (shard->suspicion.careful > 0)
        log_warning("node", "shard %u: taking %u records one by one from offset %lld",
                    shard->number, shard->suspicion.careful, (long long)acquired->next_offset);
}

static void on_definition(void *context, const struct store_definition *definition)
{
    struct shard *shard = pending_owner(context);
    const struct definition_source source = {.key = definition->key,
                                             .kind = definition->kind,
                                             .id = definition->id,
                                             .bytes = definition->bytes,
                                             .imports = definition->imports};
    struct error err;
    if (shard != NULL && !definitions_add(shard->node->definitions, &source, &err))
        log_error("node", "definition %llu (%.*s) cannot run: %s",
                  (unsigned long long)definition->key, STR_ARG(definition->id), err.text);
}

static void start(struct shard *shard)
{
    shard_move(shard, SHARD_RUNNING);
    shard->error[0] = '\0';
    due_start(shard);
    metrics_add(&shard->node->metrics, METRIC_ACQUIRED, 1);
    log_info("node", "shard %u runs: epoch %llu, offset %lld", shard->number,
             (unsigned long long)shard->epoch, (long long)shard->next_offset);
    if (clock_shard_ahead_ms(shard) > 0)
        log_error(
            "node",
            "ALARM: shard %u: its time is %lld ms ahead of this node's clock: its timers wait "
            "until the clock has come there",
            shard->number, (long long)clock_shard_ahead_ms(shard));
    node_assign_soon(shard->node);
    clock_compare(shard);
    due_remind(shard);
    publish_more(shard);
    if (shard->rebuild)
        rebuild_start(shard);
}

static void on_defined(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, err->text);
        return;
    }
    start(shard);
}

static void on_person(void *context, const struct store_person *person)
{
    struct shard *shard = pending_owner(context);
    struct error err;
    if (shard == NULL || keyring_add(shard->keyring, person, &err))
        return;
    tell(shard, err.text);
    shard->lacks_keys = true;
}

// What goes without its keys would be lost, so the shard does not.
static void on_persons(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    if (outcome != STORE_DONE)
        node_shard_restart(shard, err->text);
    else if (shard->lacks_keys)
        node_shard_restart_after(shard, shard->error, NODE_LACKING_MS);
    else
        publish_open_outbox(shard);
}

// Keys of what was on its way.
static void find_persons(struct shard *shard, const struct store_shard *acquired)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf payloads = strbuf_new(&arena);
    struct store_persons query = {
        .shard = shard->number, .keyed = on_person, .done = on_persons, .context = NULL};
    for (size_t i = 0; i < acquired->outbox_count; i++)
        if (personal_has_sealed(acquired->outbox[i].payload))
            strbuf_add(&payloads, acquired->outbox[i].payload);
    query.streams = keyring_streams(&arena, strbuf_str(&payloads), &query.count);
    if (query.count > 0) {
        query.context = pending_new(&shard->calls, shard);
        store_load_persons(shard->node->store, &query);
    }
    arena_done(&arena);
}

static void find_definitions(struct shard *shard)
{
    struct node *node = shard->node;
    shard_move(shard, SHARD_DEFINING);
    const struct store_definitions query = {
        .shard = shard->number,
        .known_count = definitions_count(node->definitions),
        .known = definitions_keys(node->definitions, &node->scratch),
        .defined = on_definition,
        .done = on_defined,
        .context = pending_new(&shard->calls, shard),
    };
    store_find_definitions(node->store, &query);
    arena_reset(&node->scratch);
}

static void on_acquired(void *context, enum store_outcome outcome,
                        const struct store_shard *acquired, const struct error *err)
{
    struct shard *shard = pending_end(context);
    struct error lacking;
    if (shard == NULL)
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
        tell(shard, why);
        rest(shard, SHARD_HALTED, RETRY_MS);
        node_assign_soon(shard->node);
        return;
    }
    decide_care(shard, acquired);
    if (!start_engine(shard, acquired))
        return;
    events_start(shard, acquired->events_published, acquired->batch);
    if (!publish_outbox(shard, acquired, &lacking)) {
        node_shard_restart_after(shard, lacking.text, NODE_LACKING_MS);
        return;
    }
    find_persons(shard, acquired);
    find_definitions(shard);
}

static void acquire(struct shard *shard)
{
    if (!shard->wanted) {
        shard_move(shard, SHARD_RELEASED);
        node_shard_released(shard->node);
        return;
    }
    shard_move(shard, shard->state == SHARD_HALTED ? SHARD_LOOKING : SHARD_ACQUIRING);
    store_acquire(shard->node->store, shard->number, on_acquired,
                  pending_new(&shard->calls, shard));
}

// -- Releasing --------------------------------------------------------------------------

static void on_let_go(void *context, enum store_outcome outcome, const struct error *err)
{
    (void)outcome, (void)err; // taken already or not reachable: the next owner finds out by itself
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    forget(shard);
    acquire(shard); // when the group has given it back meanwhile
}

void node_shard_drained(struct shard *shard)
{
    if (shard->state != SHARD_DRAINING || shard->committing != NULL || !publish_is_done(shard))
        return;
    shard_move(shard, SHARD_LETTING_GO);
    const struct store_trim trim = {.shard = shard->number,
                                    .has_persons = shard->has_persons,
                                    .epoch = shard->epoch,
                                    .published = shard->outgoing.published,
                                    .trimmed = shard->outgoing.trimmed,
                                    .events_published = shard->outgoing.events_published,
                                    .released = true};
    store_trim(shard->node->store, &trim, on_let_go, pending_new(&shard->calls, shard));
}

void node_shard_want(struct shard *shard)
{
    if (shard->wanted)
        return;
    shard->wanted = true;
    if (shard->state == SHARD_RELEASED)
        acquire(shard);
}

void node_shard_release(struct shard *shard)
{
    shard->wanted = false;
    if (shard->state == SHARD_DRAINING || shard->state == SHARD_LETTING_GO ||
        shard->state == SHARD_RELEASED)
        return;
    if (shard->state != SHARD_RUNNING) {
        forget(shard);
        shard_move(shard, SHARD_RELEASED);
        node_shard_released(shard->node);
        return;
    }
    batch_free(shard->computing);
    batch_free(shard->computed);
    shard->computing = shard->computed = NULL;
    inbox_clear(shard);
    shard_move(shard, SHARD_DRAINING);
    trial_forget(shard);
    node_shard_turn(shard);
}
