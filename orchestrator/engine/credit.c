// SPDX-License-Identifier: Apache-2.0
//
// Credits: gateways whose clients wait for jobs. A job that may be offered goes to a gateway with
// credit for its type and tenant, in a reply and taken at once, else to its topic. Credits are not
// state: they are lost with the shard's owner, and gateways say them again. Whoever runs the
// commands again forgets them where the owner changed.
#include "engine/step.h"

#include <string.h>

enum { CREDIT_GARBAGE = 4096 }; // allocations that are kept although nobody needs them

struct credit_queue {
    str type;
    str tenant;
    struct credit *first;
};

static str queue_name(struct arena *arena, str type, str tenant)
{
    return str_format(arena, "%.*s%c%.*s", STR_ARG(type), '\0', STR_ARG(tenant));
}

static struct credit_queue *find_queue(struct engine *engine, str type, str tenant)
{
    struct arena scratch = ARENA_EMPTY;
    struct credit_queue *queue =
        map_get(&engine->credits.queues, queue_name(&scratch, type, tenant));
    arena_done(&scratch);
    return queue;
}

static void *keep(struct credits *credits, const void *what, size_t size)
{
    credits->used++;
    return arena_copy(&credits->arena, what, size);
}

static void push(struct credits *credits, const struct credit_queue *like,
                 const struct credit *credit)
{
    struct arena scratch = ARENA_EMPTY;
    str name = queue_name(&scratch, like->type, like->tenant);
    struct credit_queue *queue = map_get(&credits->queues, name);
    if (queue == NULL) {
        struct credit_queue made = {.type = str_copy(&credits->arena, like->type),
                                    .tenant = str_copy(&credits->arena, like->tenant)};
        queue = keep(credits, &made, sizeof made);
        map_put(&credits->queues, str_copy(&credits->arena, name), queue);
    }
    arena_done(&scratch);
    struct credit **end = &queue->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = keep(credits, credit, sizeof *credit);
    (*end)->next = NULL;
    (*end)->worker = str_copy(&credits->arena, credit->worker);
    (*end)->processes = str_copy(&credits->arena, credit->processes);
}

// -- Compaction -------------------------------------------------------------------------

static struct credit_gateway *gateway_of(struct credits *credits, const struct credit_gateway *like)
{
    struct credit_gateway *gateway = credits->gateways;
    while (gateway != NULL && gateway->id != like->id)
        gateway = gateway->next;
    if (gateway != NULL)
        return gateway;
    gateway = keep(credits, like, sizeof *like);
    gateway->next = credits->gateways;
    credits->gateways = gateway;
    return gateway;
}

// What a gateway said before it expired does not come back with it: its credits keep the old one.
static void forget_expired(struct engine *engine)
{
    struct credit_gateway **at = &engine->credits.gateways;
    while (*at != NULL) {
        bool is_over = (*at)->expires_ms <= engine->record_ms;
        engine->credits.garbage += is_over;
        if (is_over)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

// Moves what counts to a new arena, in the same order.
static void compact(struct engine *engine)
{
    struct credits old = engine->credits;
    credit_init(engine);
    size_t cursor = 0;
    str name;
    void *value;
    while (map_next(&old.queues, &cursor, &name, &value)) {
        const struct credit_queue *queue = value;
        for (const struct credit *credit = queue->first; credit != NULL; credit = credit->next) {
            if (credit->gateway->expires_ms <= engine->record_ms)
                continue;
            struct credit moved = *credit;
            moved.gateway = gateway_of(&engine->credits, credit->gateway);
            push(&engine->credits, queue, &moved);
        }
    }
    arena_done(&old.arena);
}

void credit_init(struct engine *engine)
{
    engine->credits = (struct credits){.arena = ARENA_EMPTY};
    engine->credits.queues = map_new(&engine->credits.arena);
}

void credit_done(struct engine *engine)
{
    arena_done(&engine->credits.arena);
}

void engine_forget_credits(struct engine *engine)
{
    credit_done(engine);
    credit_init(engine);
}

// -- Offering and using -----------------------------------------------------------------

static struct credit **find_credit(struct credit_queue *queue, const struct credit_gateway *gateway,
                                   const struct job_credit *wanted)
{
    struct credit **at = &queue->first;
    while (*at != NULL &&
           !((*at)->gateway == gateway && (*at)->lease_ms == wanted->lease_ms &&
             (*at)->leases == wanted->leases && str_equal((*at)->worker, wanted->worker) &&
             str_equal((*at)->processes, wanted->processes)))
        at = &(*at)->next;
    return at;
}

static void drop(struct credits *credits, struct credit **at)
{
    *at = (*at)->next;
    credits->garbage++;
}

// No job has a longer type or tenant, and no gateway of ours sends a longer worker.
static bool names_fit(const struct job_credit *credit)
{
    return credit->type.len <= LIMIT_NAME_BYTES && credit->tenant.len <= LIMIT_NAME_BYTES &&
           credit->worker.len <= LIMIT_NAME_BYTES &&
           credit->processes.len <= LIMIT_PROCESS_LIST_BYTES;
}

static void set(struct engine *engine, struct credit_gateway *gateway,
                const struct job_credit *wanted)
{
    struct credits *credits = &engine->credits;
    if (!names_fit(wanted))
        return;
    struct credit_queue *queue = find_queue(engine, wanted->type, wanted->tenant);
    struct credit **at = queue != NULL ? find_credit(queue, gateway, wanted) : NULL;
    if (at != NULL && *at != NULL) {
        (*at)->count = wanted->count;
        if (wanted->count == 0)
            drop(credits, at);
    } else if (wanted->count > 0) {
        const struct credit_queue like = {.type = wanted->type, .tenant = wanted->tenant};
        push(credits, &like,
             &(struct credit){.gateway = gateway,
                              .count = wanted->count,
                              .lease_ms = wanted->lease_ms,
                              .worker = wanted->worker,
                              .processes = wanted->processes,
                              .leases = wanted->leases});
    }
}

void credit_offer(struct engine *engine)
{
    const struct job_credits *offered = &engine->command->job_credits;
    struct credits *credits = &engine->credits;
    if (credits->garbage > CREDIT_GARBAGE && credits->garbage > credits->used / 2)
        compact(engine);
    forget_expired(engine);
    const struct credit_gateway like = {.id = offered->gateway};
    struct credit_gateway *gateway = gateway_of(credits, &like);
    int64_t expires_ms =
        offered->expires_ms < LIMIT_CREDIT_MS ? offered->expires_ms : LIMIT_CREDIT_MS;
    gateway->reply_partition = offered->reply_partition;
    gateway->expires_ms = engine->record_ms + expires_ms;
    for (size_t i = 0; i < offered->credit_count; i++)
        set(engine, gateway, &offered->credits[i]);
}

// The first one that takes the job. Those that have expired go. A job that was leased once is taken
// with a lease alone: who has no token could not answer it.
static struct credit **first_taker(struct engine *engine, struct credit_queue *queue,
                                   instance_ref instance, const struct job *job)
{
    struct credit **at = &queue->first;
    while (*at != NULL)
        if ((*at)->gateway->expires_ms <= engine->record_ms)
            drop(&engine->credits, at);
        else if (process_list_has((*at)->processes, instance->process_id) &&
                 (job->leased_since == 0 || (*at)->leases))
            break;
        else
            at = &(*at)->next;
    return at;
}

bool credit_is_there(struct engine *engine, instance_ref instance, const struct job *job)
{
    if (engine->credits.queues.count == 0)
        return false;
    struct credit_queue *queue = find_queue(engine, job->type, instance->tenant);
    return queue != NULL && *first_taker(engine, queue, instance, job) != NULL;
}

const struct credit *credit_use(struct engine *engine, instance_ref instance, const struct job *job)
{
    if (!credit_is_there(engine, instance, job))
        return NULL;
    struct credit_queue *queue = find_queue(engine, job->type, instance->tenant);
    struct credit **at = first_taker(engine, queue, instance, job);
    struct credit *credit = *at;
    if (--credit->count == 0) {
        drop(&engine->credits, at);
        return credit;
    }
    if (credit->next != NULL) { // the others come first next time
        *at = credit->next;
        while (*at != NULL)
            at = &(*at)->next;
        *at = credit;
        credit->next = NULL;
    }
    return credit;
}
