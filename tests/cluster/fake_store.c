// SPDX-License-Identifier: Apache-2.0
//
// The store layer's header over the simulated PostgreSQL. A request is executed some time after it
// was sent and answered some time after that, in order on its connection. When a connection is cut,
// everything that is out is answered STORE_LOST: each was done, will still be done, or never is.
#include "fake_store.h"

#include "database.h"
#include "promises.h"
#include "store/installation.h"
#include "store/migrate.h"

#include <stdlib.h>

enum {
    CONNECTIONS_MOST = 4,
    LOCK_STEP_MS = 100,
    LOCK_TIMEOUT_MS = 3000, // lock_timeout of store.c
    EVICT_AFTER_MS = 2000,  // EVICT of statements.def
    STICK_PERCENT = 50,
};

enum call_kind {
    CALL_ACQUIRE,
    CALL_LOAD,
    CALL_COMMIT,
    CALL_TRIM,
    CALL_TRY,
    CALL_HALT,
    CALL_REBUILT,
    CALL_DUE,
    CALL_CLOCK,
    CALL_SHARES,
    CALL_WAITING,
    CALL_COUNTS,
    CALL_FLIGHT,
    CALL_UNOPENED,
    CALL_DEFINITIONS,
    CALL_RESOURCES,
    CALL_UNPUBLISHED,
};

struct call {
    struct call *next; // in its session, in the order sent
    struct store *store;
    struct session *session;
    enum call_kind kind;
    uint32_t shard;
    uint64_t epoch;
    int64_t number; // time of a due, batch of unpublished
    bool answered;
    bool stuck; // its sender stands still in the middle of it
    int64_t since_us;
    enum store_outcome outcome;
    struct transaction *transaction;
    struct store_trim trim;
    struct store_trial trial;
    struct store_load load;
    struct store_waiting waiting;
    str text; // reason of a halt
    struct store_definitions definitions;
    struct store_resources resources;
    struct store_unpublished unpublished;
    void *context;
    union {
        store_acquired *acquired;
        store_done *done;
        store_tried *tried;
        store_dues *dues;
        store_time *time;
        store_shares_found *shares;
        store_jobs *jobs;
        store_counts *counts;
        store_flight *flight;
    } tell;
    // what was found
    struct store_shard found_shard;
    str *images; // one item a stream of `load`; empty: not there
    uint32_t tries;
    struct store_due *dues;
    struct store_job_id *jobs;
    struct store_count *counts;
    struct store_in_flight flight;
    size_t from; // the first of `count` definitions or history rows
    size_t count;
    struct call *next_unanswered;
};

// One connection's life at the server.
struct session {
    struct store *store;
    uint32_t number;
    struct call *first; // not executed yet
    struct call **last;
    struct action *executing;
    int64_t answered_us;
    bool cut;
};

struct store {
    struct machine *machine;
    struct store_handler handler;
    str name;
    uint32_t connections;
    struct session *sessions[CONNECTIONS_MOST]; // NULL: away
    struct call *unanswered;
};

static struct shard_tables *tables_of(uint32_t shard)
{
    return &world->database->shards[shard];
}

// -- Telling ----------------------------------------------------------------------------

static void tell_load(struct call *call, const struct error *err)
{
    for (size_t i = 0; call->outcome == STORE_DONE && i < call->load.count; i++)
        if (call->images[i].len > 0)
            call->load.loaded(call->context, &call->load.streams[i], call->images[i]);
    call->tell.done(call->context, call->outcome, err);
}

static void tell_definitions(struct call *call, const struct error *err)
{
    for (size_t i = 0; call->outcome == STORE_DONE && i < call->count; i++)
        call->definitions.defined(call->context, &world->database->definitions.items[i]);
    call->tell.done(call->context, call->outcome, err);
}

static void tell_resources(struct call *call, const struct error *err)
{
    for (size_t i = 0; call->outcome == STORE_DONE && i < call->resources.count; i++) {
        str bytes = database_resource(call->resources.digests[i]);
        if (bytes.data != NULL)
            call->resources.found(call->context, &(struct store_resource_row){
                                                     call->resources.digests[i], bytes, STR_EMPTY});
    }
    call->tell.done(call->context, call->outcome, err);
}

static void tell_unpublished(struct call *call, const struct error *err)
{
    struct shard_tables *tables = tables_of(call->shard);
    for (size_t i = 0; call->outcome == STORE_DONE && i < call->count; i++) {
        const struct database_step *step = &tables->history.items[call->from + i];
        call->unpublished.step(call->context, step->batch, &step->row, step->events);
    }
    call->tell.done(call->context, call->outcome, err);
}

// What is set for tenants changes as time goes on.
static void tell_shares(struct call *call)
{
    enum { PERIOD_US = 20 * WORLD_SECOND };
    static const char *const windows[] = {"", "[[\"\", 9, 1]]", "[[\"*\", -1, 3]]"};
    static const char *const policies[] = {"",
                                           "[[\"apart\", \"*\", \"*\", \"*\", [\"a\", \"b\"]]]"};
    int64_t period = world->now_us / PERIOD_US;
    const struct store_shares shares = {.version = 1 + period,
                                        .windows = str_of(windows[period % COUNT_OF(windows)]),
                                        .policies = str_of(policies[period % COUNT_OF(policies)])};
    bool is_known = call->number == shares.version;
    call->tell.shares(call->context, call->outcome,
                      call->outcome == STORE_DONE && !is_known ? &shares : NULL);
}

static void tell(struct call *call, const struct error *err)
{
    enum store_outcome outcome = call->outcome;
    switch (call->kind) {
    case CALL_ACQUIRE:
        call->tell.acquired(call->context, outcome, &call->found_shard, err);
        return;
    case CALL_LOAD:
        tell_load(call, err);
        return;
    case CALL_TRY:
        call->tell.tried(call->context, outcome, call->tries);
        return;
    case CALL_DUE:
        call->tell.dues(call->context, outcome, call->dues, call->count,
                        call->count < STORE_DUE_LIMIT);
        return;
    case CALL_CLOCK:
        call->tell.time(call->context, outcome, call->number);
        return;
    case CALL_SHARES:
        tell_shares(call);
        return;
    case CALL_WAITING:
        call->tell.jobs(call->context, outcome, call->jobs, call->count);
        return;
    case CALL_COUNTS:
        call->tell.counts(call->context, outcome, call->counts, call->count);
        return;
    case CALL_UNOPENED:
    case CALL_FLIGHT:
        call->tell.flight(call->context, outcome, &call->flight);
        return;
    case CALL_DEFINITIONS:
        tell_definitions(call, err);
        return;
    case CALL_RESOURCES:
        tell_resources(call, err);
        return;
    case CALL_UNPUBLISHED:
        tell_unpublished(call, err);
        return;
    default: // COMMIT, TRIM, HALT, REBUILT
        call->tell.done(call->context, outcome, err);
    }
}

static void answer(struct call *call)
{
    static const char *const texts[] = {"", "the shard was taken", "refused by the database",
                                        "connection lost"};
    struct error err = {.kind = ERROR_NONE};
    if (call->answered)
        return;
    call->answered = true;
    struct call **at = &call->store->unanswered;
    while (*at != call)
        at = &(*at)->next_unanswered;
    *at = call->next_unanswered;
    if (call->outcome != STORE_DONE)
        (void)error_set(&err, ERROR_IO, "postgres", "%s", texts[call->outcome]);
    tell(call, &err);
}

static void lose(struct call *call)
{
    bool believes = call->kind == CALL_COMMIT && world->options.mutation == MUTATION_LOST_IS_DONE;
    call->outcome = believes ? STORE_DONE : STORE_LOST;
    answer(call);
}

static void act_answer(void *context)
{
    answer(context);
}

static void act_lose(void *context)
{
    struct call *call = context;
    if (!call->answered)
        lose(call);
}

// -- Executing --------------------------------------------------------------------------

static void execute_load(struct call *call)
{
    call->images = ARENA_ARRAY(&world->arena, str, call->load.count);
    for (size_t i = 0; i < call->load.count; i++)
        (void)database_find_stream(call->shard, &call->load.streams[i], &call->images[i]);
}

static void execute_unpublished(struct call *call)
{
    const struct shard_tables *tables = tables_of(call->shard);
    size_t from = tables->history.count;
    while (from > 0 && tables->history.items[from - 1].batch > (uint64_t)call->number)
        from--;
    call->from = from;
    size_t end = from;
    while (end < tables->history.count &&
           tables->history.items[end].batch <= (uint64_t)call->number + call->unpublished.batches)
        end++;
    call->count = end - from;
}

static enum store_outcome execute(struct call *call)
{
    switch (call->kind) {
    case CALL_ACQUIRE:
        database_acquire(call->shard, call->store->name, &call->found_shard);
        return STORE_DONE;
    case CALL_LOAD:
        execute_load(call);
        return STORE_DONE;
    case CALL_COMMIT:
        return database_commit(call->transaction);
    case CALL_TRIM:
        return database_trim(&call->trim);
    case CALL_TRY:
        promises_tried(call->store->machine, &call->trial);
        return database_try(&call->trial, &call->tries);
    case CALL_HALT:
        return database_halt(call->shard, call->epoch, call->text);
    case CALL_REBUILT:
        return database_rebuilt(call->shard, call->epoch);
    case CALL_DUE:
        call->count = database_find_due(call->shard, call->number, &call->dues);
        return STORE_DONE;
    case CALL_CLOCK:
        call->number = world->now_us / WORLD_MS; // the server's clock is right
        return STORE_DONE;
    case CALL_SHARES:
        return STORE_DONE;
    case CALL_WAITING:
        call->count = database_find_waiting(&call->waiting, &call->jobs);
        return STORE_DONE;
    case CALL_COUNTS:
        call->count = database_count_jobs(call->shard, &call->counts);
        return STORE_DONE;
    case CALL_UNOPENED:
        database_find_unopened(call->shard, call->number, &call->flight);
        return STORE_DONE;
    case CALL_FLIGHT:
        database_find_in_flight(call->shard, &call->flight);
        return STORE_DONE;
    case CALL_DEFINITIONS:
        call->count = world->database->definitions.count;
        return STORE_DONE;
    case CALL_RESOURCES:
        return STORE_DONE;
    case CALL_UNPUBLISHED:
        execute_unpublished(call);
        return STORE_DONE;
    }
    check_unreachable();
}

// -- The way to the server and back -----------------------------------------------------

static void cut(struct session *session);
static void act_execute(void *context);

static int64_t service_us(const struct call *call)
{
    if (world_rarely(20) && !world->calm)
        return world_between(50, 900) * WORLD_MS; // a checkpoint, a slow disk
    return call->kind == CALL_COMMIT ? world_between(400, 5000) : world_between(100, 1500);
}

static void pump(struct session *session)
{
    if (session->executing == NULL && session->first != NULL)
        session->executing = world_later(service_us(session->first), NULL, act_execute, session);
}

static bool writes_row(enum call_kind kind)
{
    return kind <= CALL_REBUILT && kind != CALL_LOAD;
}

// Another transaction holds the shard's row: EVICT ends it when it is old, lock_timeout ends ours.
static bool is_blocked(struct call *call, bool *ret_timed_out)
{
    struct call *holder = world->database->locked_by[call->shard];
    *ret_timed_out = false;
    if (!writes_row(call->kind) || holder == NULL || holder == call)
        return false;
    if (call->kind == CALL_ACQUIRE &&
        world->now_us - holder->since_us > EVICT_AFTER_MS * WORLD_MS) {
        cut(holder->session); // its transaction is rolled back
        return false;
    }
    *ret_timed_out = world->now_us - call->since_us > LOCK_TIMEOUT_MS * WORLD_MS;
    return !*ret_timed_out;
}

static bool stands_still(struct call *call)
{
    if (!call->stuck)
        return false;
    if (call->store->machine->paused_until_us > world->now_us)
        return true;
    call->stuck = false;
    world->database->locked_by[call->shard] = NULL;
    return false;
}

static void answer_later(struct call *call)
{
    struct session *session = call->session;
    int64_t at_us = world->now_us + world_between(50, 1500);
    if (at_us < session->answered_us)
        at_us = session->answered_us;
    session->answered_us = at_us;
    if (!session->cut)
        world_later(at_us - world->now_us, call->store->machine, act_answer, call);
}

static void act_execute(void *context)
{
    struct session *session = context;
    struct call *call = session->first;
    bool timed_out;
    session->executing = NULL;
    if (call == NULL)
        return;
    if (stands_still(call) || is_blocked(call, &timed_out)) {
        session->executing = world_later(LOCK_STEP_MS * WORLD_MS, NULL, act_execute, session);
        return;
    }
    session->first = call->next;
    if (session->first == NULL)
        session->last = &session->first;
    enum store_outcome outcome = timed_out ? STORE_REFUSED : execute(call);
    if (!call->answered)
        call->outcome = outcome;
    answer_later(call);
    pump(session);
}

static struct call *call_new(struct store *store, enum call_kind kind, uint32_t shard,
                             void *context)
{
    struct call *call = ARENA_NEW(&world->arena, struct call);
    call->store = store;
    call->kind = kind;
    call->shard = shard;
    call->context = context;
    call->next_unanswered = store->unanswered;
    store->unanswered = call;
    return call;
}

static void send(struct call *call)
{
    struct store *store = call->store;
    struct session *session = store->sessions[call->shard % store->connections];
    bool happens = machine_effect(store->machine);
    if (!happens || session == NULL) {
        if (machine_is_up(store->machine))
            world_later(0, store->machine, act_lose, call);
        return;
    }
    call->since_us = world->now_us;
    call->session = session;
    *session->last = call;
    session->last = &call->next;
    pump(session);
    if (call->kind == CALL_COMMIT && world->options.mutation == MUTATION_ANSWER_EARLY)
        world_later(0, store->machine, act_answer, call);
}

// -- Connections ------------------------------------------------------------------------

static void act_connected(void *context)
{
    struct store *store = context;
    for (uint32_t i = 0; i < store->connections; i++) {
        if (store->sessions[i] != NULL)
            continue;
        struct session *session = ARENA_NEW(&world->arena, struct session);
        *session = (struct session){.store = store, .number = i};
        session->last = &session->first;
        store->sessions[i] = session;
    }
    store->handler.connected(store->handler.context);
}

static void act_lost(void *context)
{
    struct store *store = context;
    struct error err;
    (void)error_set(&err, ERROR_IO, "postgres", "connection lost");
    store->handler.lost(store->handler.context, &err);
    world_later(world_between(20, 1500) * WORLD_MS, store->machine, act_connected, store);
}

// The server goes on with what it has received: all, some or none of it.
static void cut(struct session *session)
{
    struct store *store = session->store;
    session->cut = true;
    store->sessions[session->number] = NULL;
    struct call **at = &session->first;
    while (*at != NULL && !(*at)->stuck && world_chance(50))
        at = &(*at)->next;
    for (struct call *call = *at; call != NULL; call = call->next)
        if (call->stuck)
            world->database->locked_by[call->shard] = NULL;
    *at = NULL;
    session->last = at;
    if (session->first != NULL && session->executing != NULL && world_chance(50)) {
        world_cancel(session->executing); // a slow backend
        session->executing =
            world_later(world_between(10, 2500) * WORLD_MS, NULL, act_execute, session);
    }
    ARRAY(struct call *) lost = {0};
    for (struct call *call = store->unanswered; call != NULL; call = call->next_unanswered)
        if (call->session == session)
            *ARRAY_PUSH(&world->arena, &lost) = call;
    for (size_t i = lost.count; i > 0; i--) // in the order they were sent
        world_later(0, store->machine, act_lose, lost.items[i - 1]);
    world_later(0, store->machine, act_lost, store);
}

void fake_store_cut(struct store *store, uint32_t connection)
{
    struct session *session = store->sessions[connection % store->connections];
    if (session == NULL)
        return;
    world->cuts++;
    world_tell("node%u loses connection %u to PostgreSQL", store->machine->number,
               connection % store->connections);
    cut(session);
}

void fake_store_cut_all(struct store *store)
{
    for (uint32_t i = 0; store != NULL && i < store->connections; i++)
        if (store->sessions[i] != NULL)
            cut(store->sessions[i]);
}

void fake_store_stick(struct store *store)
{
    for (uint32_t i = 0; i < store->connections; i++) {
        struct session *session = store->sessions[i];
        struct call *call = session != NULL ? session->first : NULL;
        if (call == NULL || call->kind != CALL_COMMIT || !world_chance(STICK_PERCENT) ||
            world->database->locked_by[call->shard] != NULL)
            continue;
        call->stuck = true;
        call->since_us = world->now_us;
        world->database->locked_by[call->shard] = call;
        world_tell("its transaction on shard %u stands still, too", call->shard);
    }
}

struct store *store_new(const struct store_options *options, const struct store_handler *handler,
                        struct event_base *loop)
{
    struct store *store = ARENA_NEW(&world->arena, struct store);
    store->machine = loop->machine;
    store->handler = *handler;
    store->name = str_copy(&world->arena, str_of(options->node));
    store->connections = options->connections;
    check(store->connections <= CONNECTIONS_MOST);
    loop->machine->store = store;
    world_later(world_between(5, 200) * WORLD_MS, loop->machine, act_connected, store);
    return store;
}

void store_free(struct store *store)
{
    while (store->unanswered != NULL) {
        store->unanswered->outcome = STORE_LOST;
        answer(store->unanswered);
    }
}

bool store_is_ready(const struct store *store)
{
    for (uint32_t i = 0; i < store->connections; i++)
        if (store->sessions[i] == NULL)
            return false;
    return true;
}

// -- What node calls --------------------------------------------------------------------

void store_acquire(struct store *store, uint32_t shard, store_acquired *done, void *context)
{
    struct call *call = call_new(store, CALL_ACQUIRE, shard, context);
    call->tell.acquired = done;
    send(call);
}

static str keep(str text)
{
    return str_copy(&world->arena, text);
}

void store_load_streams(struct store *store, const struct store_load *load)
{
    struct call *call = call_new(store, CALL_LOAD, load->shard, load->context);
    struct store_stream *streams =
        arena_copy(&world->arena, load->streams, load->count * sizeof *streams);
    for (size_t i = 0; i < load->count; i++) {
        streams[i].name = keep(streams[i].name);
        streams[i].correlation_key = keep(streams[i].correlation_key);
        streams[i].tenant = keep(streams[i].tenant);
    }
    call->load = *load;
    call->load.streams = streams;
    call->tell.done = load->done;
    send(call);
}

// Nothing personal runs here.
void store_load_persons(struct store *store, const struct store_persons *persons)
{
    (void)store, (void)persons;
    check_unreachable();
}

void store_commit(struct store *store, const struct store_commit *commit, struct arena *turn,
                  store_done *done, void *context)
{
    (void)turn;
    struct call *call = call_new(store, CALL_COMMIT, commit->shard, context);
    call->transaction = transaction_new(commit);
    call->tell.done = done;
    if (machine_is_up(store->machine) && promises_is_deadly(call->transaction)) {
        machine_crash(store->machine);
        store->machine->killed = true;
    }
    send(call);
}

void store_trim(struct store *store, const struct store_trim *trim, store_done *done, void *context)
{
    struct call *call = call_new(store, CALL_TRIM, trim->shard, context);
    call->trim = *trim;
    call->tell.done = done;
    send(call);
}

void store_try(struct store *store, const struct store_trial *trial, store_tried *done,
               void *context)
{
    struct call *call = call_new(store, CALL_TRY, trial->shard, context);
    call->trial = *trial;
    call->tell.tried = done;
    send(call);
}

void store_halt(struct store *store, uint32_t shard, uint64_t epoch, str why, store_done *done,
                void *context)
{
    struct call *call = call_new(store, CALL_HALT, shard, context);
    call->epoch = epoch;
    call->text = keep(why);
    call->tell.done = done;
    send(call);
}

void store_rebuilt(struct store *store, uint32_t shard, uint64_t epoch, store_done *done,
                   void *context)
{
    struct call *call = call_new(store, CALL_REBUILT, shard, context);
    call->epoch = epoch;
    call->tell.done = done;
    send(call);
}

void store_clock(struct store *store, uint32_t shard, store_time *done, void *context)
{
    struct call *call = call_new(store, CALL_CLOCK, shard, context);
    call->tell.time = done;
    send(call);
}

void store_find_shares(struct store *store, uint32_t shard, int64_t known_version,
                       store_shares_found *done, void *context)
{
    struct call *call = call_new(store, CALL_SHARES, shard, context);
    call->number = known_version;
    call->tell.shares = done;
    send(call);
}

void store_count_usage(struct store *store, uint32_t shard, uint64_t epoch, bool on,
                       store_done *done, void *context)
{
    (void)store, (void)shard, (void)epoch, (void)on, (void)done, (void)context;
    check_unreachable(); // nothing is set that takes counts
}

void store_note_group(struct store *store, uint32_t shard, const struct store_group *group,
                      store_done *done, void *context)
{
    (void)store, (void)shard, (void)group; // kept for people alone
    done(context, STORE_DONE, NULL);
}

void store_find_due(struct store *store, uint32_t shard, int64_t until_ms, store_dues *done,
                    void *context)
{
    struct call *call = call_new(store, CALL_DUE, shard, context);
    call->number = until_ms;
    call->tell.dues = done;
    send(call);
}

void store_find_waiting(struct store *store, const struct store_waiting *waiting, store_jobs *done,
                        void *context)
{
    struct call *call = call_new(store, CALL_WAITING, waiting->shard, context);
    call->waiting = *waiting;
    call->waiting.type = keep(waiting->type);
    call->waiting.tenant = keep(waiting->tenant);
    call->tell.jobs = done;
    send(call);
}

void store_count_jobs(struct store *store, uint32_t shard, store_counts *done, void *context)
{
    struct call *call = call_new(store, CALL_COUNTS, shard, context);
    call->tell.counts = done;
    send(call);
}

void store_find_unopened(struct store *store, uint32_t shard, int64_t until_ms, store_flight *done,
                         void *context)
{
    struct call *call = call_new(store, CALL_UNOPENED, shard, context);
    call->number = until_ms;
    call->tell.flight = done;
    send(call);
}

void store_find_in_flight(struct store *store, uint32_t shard, store_flight *done, void *context)
{
    struct call *call = call_new(store, CALL_FLIGHT, shard, context);
    call->tell.flight = done;
    send(call);
}

void store_find_definitions(struct store *store, const struct store_definitions *query)
{
    struct call *call = call_new(store, CALL_DEFINITIONS, query->shard, query->context);
    call->definitions = *query;
    call->tell.done = query->done;
    send(call);
}

void store_find_resources(struct store *store, const struct store_resources *query)
{
    struct call *call = call_new(store, CALL_RESOURCES, query->shard, query->context);
    str *digests = ARENA_ARRAY(&world->arena, str, query->count);
    for (size_t i = 0; i < query->count; i++)
        digests[i] = keep(query->digests[i]);
    call->resources = *query;
    call->resources.digests = digests;
    call->tell.done = query->done;
    send(call);
}

void store_find_unpublished(struct store *store, const struct store_unpublished *query)
{
    struct call *call = call_new(store, CALL_UNPUBLISHED, query->shard, query->context);
    call->unpublished = *query;
    call->number = (int64_t)query->after_batch;
    call->tell.done = query->done;
    send(call);
}

// Nobody watches steps here.
bool store_note_slow(const char *url, uint32_t shard, uint64_t epoch, int64_t offset,
                     struct error *err)
{
    (void)url, (void)shard, (void)epoch, (void)offset;
    return error_set(err, ERROR_UNSUPPORTED, "sim", "nobody watches");
}

// Machines are made by node_new: the site is known.
bool store_reachable(const char *url, struct error *err)
{
    (void)url, (void)err;
    return true;
}

bool store_migrate_up(const char *url, int *ret_applied, struct error *err)
{
    (void)url, (void)err;
    *ret_applied = 0;
    return true;
}

bool store_migrate_verify(const char *url, struct error *err)
{
    (void)url, (void)err;
    return true;
}

bool store_read_installation(const char *url, struct installation *ret_installation,
                             struct error *err)
{
    (void)url, (void)ret_installation;
    return error_set(err, ERROR_NOT_FOUND, "installation", "is not asked for here");
}

bool store_check_prefix(const struct installation *installation, const char *prefix,
                        struct error *err)
{
    (void)installation, (void)prefix, (void)err;
    return true;
}

bool store_open_installation(const char *url, const struct installation_proposal *proposal,
                             struct installation *ret_installation, struct error *err)
{
    (void)url, (void)proposal;
    return store_read_installation(url, ret_installation, err);
}
