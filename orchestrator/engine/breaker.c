// SPDX-License-Identifier: Apache-2.0
//
// Breakers: jobs that would only fail are not offered. One of a job type opens when so many of its
// jobs in a row have failed because another system was away or asked for rest; one of a credential
// as soon as it is refused. Both are of one tenant and of this shard.
//
//     closed --failures in a row, a refusal, or a person--> open --its rest is over--> half-open
//     half-open --a probe goes well--> closed      half-open --a probe fails--> open, twice as long
//
// Half-open is no event: from probes_ms on a few jobs at a time are offered. Which ones these are,
// and how many failures came in a row, is kept in memory alone, as the windows are (window.c): a
// new owner of the shard counts anew and probes anew.
//
// Jobs of an open type wait as those do whose window is full. Jobs that failed with a credential,
// and jobs whose element names a secret of that name, are held behind its breaker: no retry is
// used, and none of them has an incident.
#include "engine/breaker.h"
#include "engine/window.h"

enum { MOST_DOUBLED = 30 };

static const char by_hand[] = "BY_HAND";

// -- Finding ----------------------------------------------------------------------------

static struct breaker *find(const struct engine *engine, enum breaker_kind kind, str tenant,
                            str name)
{
    struct breaker *b = engine->shard->breakers;
    while (b != NULL &&
           !(b->kind == kind && str_equal(b->name, name) && str_equal(b->tenant, tenant)))
        b = b->next;
    return b;
}

static struct breaker *of_type(const struct engine *engine, instance_ref instance,
                               const struct job *job)
{
    return find(engine, BREAKER_TYPE, instance->tenant, job->type);
}

// Of the credential that the job failed with, else of the first secret its element names that has
// one.
static struct breaker *of_credential(const struct engine *engine, instance_ref instance,
                                     const struct job *job)
{
    if (engine->shard->breakers == NULL)
        return NULL;
    struct breaker *b = str_is_empty(job->held_by)
                            ? NULL
                            : find(engine, BREAKER_CREDENTIAL, instance->tenant, job->held_by);
    const struct bpmn_element *element = element_of(instance, job->attachment.owner);
    for (uint32_t i = 0; b == NULL && job->kind == JOB_TASK && i < element->secret_count; i++)
        b = find(engine, BREAKER_CREDENTIAL, instance->tenant, element->secrets[i].name);
    return b;
}

// -- Probes -----------------------------------------------------------------------------

static bool is_probe(const struct breaker *b, uint64_t job)
{
    for (uint32_t i = 0; i < b->probe_count; i++)
        if (b->probes[i] == job)
            return true;
    return false;
}

static uint32_t most_probes(const struct engine *engine)
{
    uint32_t most = engine->environment.breakers.probes;
    return most < 1 ? 1 : most > LIMIT_BREAKER_PROBES ? LIMIT_BREAKER_PROBES : most;
}

static uint32_t room_of(const struct engine *engine, const struct breaker *b)
{
    uint32_t most = most_probes(engine);
    if (b == NULL)
        return UINT32_MAX;
    if (b->probes_ms == 0 || engine->clock_ms < b->probes_ms || b->probe_count >= most)
        return 0;
    return most - b->probe_count;
}

static bool admits(const struct engine *engine, const struct breaker *b, const struct job *job)
{
    return b == NULL || is_probe(b, job->attachment.entity.key) || room_of(engine, b) > 0;
}

static void begin_probe(struct breaker *b, uint64_t job)
{
    if (b != NULL && !is_probe(b, job) && b->probe_count < LIMIT_BREAKER_PROBES)
        b->probes[b->probe_count++] = job;
}

static void end_probe(struct breaker *b, uint64_t job)
{
    for (uint32_t i = 0; b != NULL && i < b->probe_count; i++)
        if (b->probes[i] == job)
            b->probes[i] = b->probes[--b->probe_count];
}

uint32_t breaker_room(const struct engine *engine, str type, str tenant)
{
    return room_of(engine, find(engine, BREAKER_TYPE, tenant, type));
}

bool breaker_admits(const struct engine *engine, instance_ref instance, const struct job *job)
{
    return admits(engine, of_type(engine, instance, job), job) &&
           admits(engine, of_credential(engine, instance, job), job);
}

void breaker_offer(struct engine *engine, instance_ref instance, const struct job *job)
{
    begin_probe(of_type(engine, instance, job), job->attachment.entity.key);
    begin_probe(of_credential(engine, instance, job), job->attachment.entity.key);
}

void breaker_leave(struct engine *engine, instance_ref instance, const struct job *job)
{
    end_probe(of_type(engine, instance, job), job->attachment.entity.key);
    end_probe(of_credential(engine, instance, job), job->attachment.entity.key);
}

// -- Holding ----------------------------------------------------------------------------

const struct breaker *breaker_before(const struct engine *engine, instance_ref instance,
                                     const struct job *job)
{
    const struct breaker *b = of_credential(engine, instance, job);
    return admits(engine, b, job) ? NULL : b;
}

void breaker_hold(struct engine *engine, instance_ref instance, const struct job *job,
                  const struct breaker *breaker)
{
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_HELD,
                             .key = job->attachment.entity.key,
                             .parent = breaker->key,
                             .name = breaker->name});
}

// -- Opening and closing ----------------------------------------------------------------

static int64_t rest_of(const struct engine *engine, int32_t times)
{
    const struct breaker_settings *set = &engine->environment.breakers;
    int64_t rest_ms = set->rest_ms;
    for (int32_t i = 1; i < times && i < MOST_DOUBLED && rest_ms < set->longest_rest_ms; i++)
        rest_ms *= 2;
    return rest_ms < set->longest_rest_ms ? rest_ms : set->longest_rest_ms;
}

struct opening {
    enum breaker_kind kind;
    str tenant, name, cause;
    uint64_t job;
};

// NULL: as many as may be are open.
static struct breaker *open_one(struct engine *engine, const struct opening *opening,
                                int64_t probes_ms)
{
    struct breaker *b = find(engine, opening->kind, opening->tenant, opening->name);
    if (b == NULL && engine->shard->breaker_count >= LIMIT_BREAKERS)
        return NULL;
    int32_t times = b == NULL ? 1 : b->times + (b->times < INT32_MAX);
    step_emit(engine, engine->shard,
              (struct event){.type = EVENT_BREAKER_OPENED,
                             .key = b != NULL ? b->key : step_key(engine),
                             .flow = (uint32_t)opening->kind,
                             .name = opening->name,
                             .value = opening->tenant,
                             .code = opening->cause,
                             .parent = opening->job,
                             .number = times,
                             .due_ms = probes_ms >= 0 ? probes_ms
                                                      : border_after(engine->clock_ms,
                                                                     rest_of(engine, times))});
    return find(engine, opening->kind, opening->tenant, opening->name);
}

static void close_one(struct engine *engine, const struct breaker *b, str why, uint64_t job)
{
    step_emit(engine, engine->shard,
              (struct event){.type = EVENT_BREAKER_CLOSED,
                             .key = b->key,
                             .flow = (uint32_t)b->kind,
                             .name = b->name,
                             .value = b->tenant,
                             .code = why,
                             .parent = job});
}

// -- Answers ----------------------------------------------------------------------------

static int64_t threshold_of(const struct engine *engine, str type)
{
    const struct breaker_settings *set = &engine->environment.breakers;
    const int64_t *own = set->types != NULL ? map_get(set->types, type) : NULL;
    return own != NULL ? *own : set->failures;
}

static bool names_credential(struct engine *engine, const struct job_failure *failure)
{
    str why;
    return engine->environment.breakers.has_credentials && !str_is_empty(failure->subject) &&
           border_name(engine, "the credential", failure->subject, &why);
}

// Open, after one more failure: a probe's opens it again, another one's changes nothing.
static struct breaker *fail_again(struct engine *engine, struct breaker *b,
                                  const struct opening *opening)
{
    bool is_over = b->probes_ms != 0 && engine->clock_ms >= b->probes_ms;
    return is_over && is_probe(b, opening->job) ? open_one(engine, opening, -1) : b;
}

// Opens the one of the credential; NULL: as many as may be are open.
static const struct breaker *refused(struct engine *engine, struct opening opening, str credential)
{
    opening.kind = BREAKER_CREDENTIAL;
    opening.name = credential;
    struct breaker *b = find(engine, BREAKER_CREDENTIAL, opening.tenant, credential);
    return b != NULL ? fail_again(engine, b, &opening) : open_one(engine, &opening, -1);
}

static bool is_enough(struct engine *engine, instance_ref instance, const struct job *job)
{
    return window_fails(engine, instance, job, threshold_of(engine, job->type));
}

const struct breaker *breaker_failed(struct engine *engine, instance_ref instance,
                                     const struct job *job, const struct job_failure *failure)
{
    bool is_throttled = failure->class == FAILURE_THROTTLED;
    bool names = names_credential(engine, failure);
    struct opening opening = {.kind = BREAKER_TYPE,
                              .tenant = instance->tenant,
                              .name = job->type,
                              .cause = failure_class_name(failure->class),
                              .job = job->attachment.entity.key};
    if (failure->class == FAILURE_AUTH)
        return names ? refused(engine, opening, failure->subject) : NULL;
    if (!is_throttled && failure->class != FAILURE_TRANSIENT)
        return NULL;
    bool is_open = is_throttled && names &&
                   find(engine, BREAKER_CREDENTIAL, instance->tenant, failure->subject) != NULL;
    struct breaker *type = of_type(engine, instance, job);
    if (is_open)
        return refused(engine, opening, failure->subject);
    if (type != NULL)
        (void)fail_again(engine, type, &opening);
    if (type != NULL || !is_enough(engine, instance, job))
        return NULL;
    if (is_throttled && names)
        return refused(engine, opening, failure->subject);
    (void)open_one(engine, &opening, -1);
    return NULL;
}

void breaker_succeeded(struct engine *engine, instance_ref instance, const struct job *job)
{
    uint64_t key = job->attachment.entity.key;
    const struct breaker *type = of_type(engine, instance, job);
    const struct breaker *credential = of_credential(engine, instance, job);
    window_works(engine, instance, job);
    if (type != NULL && is_probe(type, key))
        close_one(engine, type, STR("PROBE"), key);
    if (credential != NULL && is_probe(credential, key))
        close_one(engine, credential, STR("PROBE"), key);
}

// -- People -----------------------------------------------------------------------------

static bool is_one(struct engine *engine, const struct set_breaker *set)
{
    str why;
    if (set->kind != BREAKER_TYPE && set->kind != BREAKER_CREDENTIAL)
        why = STR("a breaker is of a job type (1) or of a credential (2)");
    else if (str_is_empty(set->name))
        why = STR("the breaker has no name: give the job type or the credential");
    else if (set->rest_ms < 0)
        why = STR("the rest of a breaker must not be negative");
    else if (border_name(engine, "the name of the breaker", set->name, &why))
        return true;
    step_reject(engine, engine->shard, REJECTION_INVALID, why);
    return false;
}

void breaker_set(struct engine *engine)
{
    const struct set_breaker *set = &engine->command->set_breaker;
    if (!is_one(engine, set))
        return;
    const struct opening opening = {.kind = (enum breaker_kind)set->kind,
                                    .tenant = engine->command->tenant,
                                    .name = set->name,
                                    .cause = str_of(by_hand)};
    const struct breaker *b = find(engine, opening.kind, opening.tenant, opening.name);
    int64_t probes_ms = set->rest_ms > 0 ? border_after(engine->clock_ms, set->rest_ms) : 0;
    if (!set->opens && b != NULL)
        close_one(engine, b, str_of(by_hand), 0);
    if (set->opens && open_one(engine, &opening, probes_ms) == NULL) {
        step_reject(engine, engine->shard, REJECTION_LIMIT,
                    str_format(engine->turn,
                               "%d breakers are open on this shard, which is the most "
                               "(BREAKERS): close others first",
                               LIMIT_BREAKERS));
        return;
    }
    step_accept(engine, 0, 0);
}

// -- For the node -----------------------------------------------------------------------

void engine_forget_answers(struct engine *engine)
{
    for (struct breaker *b = engine->shard->breakers; b != NULL; b = b->next)
        b->probe_count = 0;
    window_forget(engine);
}

uint32_t engine_held_room(const struct engine *engine, str tenant, str credential)
{
    return room_of(engine, find(engine, BREAKER_CREDENTIAL, tenant, credential));
}

bool engine_is_paused(const struct engine *engine, str type, str tenant)
{
    return breaker_room(engine, type, tenant) == 0;
}

size_t engine_breakers(const struct engine *engine, enum breaker_kind kind)
{
    size_t count = 0;
    for (const struct breaker *b = engine->shard->breakers; b != NULL; b = b->next)
        count += b->kind == kind;
    return count;
}
