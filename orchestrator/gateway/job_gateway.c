// SPDX-License-Identifier: Apache-2.0
//
// Polls wait on the line of their job type. What the polls of a line want, by tenant, lease and
// worker, is a demand; of each demand every shard has been given so many credits. Once a turn of
// the loop the lines that changed are looked at: a shard that has fewer credits than are wanted
// gets them anew, all of a turn together (credit_list.h).
#include "gateway/job_gateway.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "gateway/asker.h"
#include "gateway/call.h"
#include "gateway/credit_list.h"
#include "gateway/gateway_private.h"
#include "gateway/job_poll.h"
#include "gateway/read.h"
#include "gateway/recheck.h"
#include "loop/timer.h"
#include "record/key.h"
#include "record/topic.h"
#include "store/read/read.h"

#include <stdlib.h>
#include <sys/queue.h>

// A job that has come and that no poll has taken yet. Owns its memory.
struct buffered {
    TAILQ_ENTRY(buffered) link;
    TAILQ_ENTRY(buffered) new_link; // while no poll has been asked about it
    bool is_new;
    struct job_line *line;
    struct arena arena;
    struct job_offer job;
    uint32_t shard;
    int64_t came_ms;
};

struct waiting {
    TAILQ_ENTRY(waiting) link;
    struct job_line *line;
    struct job_poll poll;
    struct timer *deadline;
    struct pending_list checks; // whether its caller may still
};

struct demand { // owns its memory
    LIST_ENTRY(demand) link;
    struct job_line *line;
    struct arena arena;
    str tenant;
    int64_t lease_ms;
    str worker;
    str processes;
    bool leases;
    size_t wanted;     // by the polls that wait
    int64_t wanted_ms; // the last time that any was
    uint32_t *given;   // by shard: credits that it still has
};

struct job_line {
    struct job_desk *desk;
    LIST_ENTRY(job_line) dirty_link;
    bool is_dirty;
    struct arena arena; // as long as the line
    str type;
    TAILQ_HEAD(, buffered) jobs;
    TAILQ_HEAD(, waiting) polls;
    LIST_HEAD(, demand) demands;
    size_t demand_count;
};

struct job_desk {
    struct gateway *gateway;
    struct map by_type;
    struct arena arena; // of the map
    uint64_t id;        // of this start of the gateway
    LIST_HEAD(, job_line) dirty;
    TAILQ_HEAD(, buffered) came; // in this turn of the loop
    size_t demand_count;         // of all lines
    struct timer *flush;
    struct timer *renew;
    int64_t renewed_ms;
    bool is_stopping;
};

// -- Lines and demands ------------------------------------------------------------------

static void touch(struct job_line *line)
{
    if (!line->is_dirty)
        LIST_INSERT_HEAD(&line->desk->dirty, line, dirty_link);
    line->is_dirty = true;
    timer_ring(line->desk->flush);
}

static struct job_line *line_new(struct job_desk *desk, str type)
{
    struct arena arena = ARENA_EMPTY;
    struct job_line *line = ARENA_NEW(&arena, struct job_line);
    line->arena = arena;
    line->desk = desk;
    line->type = str_copy(&line->arena, type);
    TAILQ_INIT(&line->jobs);
    TAILQ_INIT(&line->polls);
    LIST_INIT(&line->demands);
    map_put(&desk->by_type, line->type, line);
    return line;
}

static void demand_free(struct demand *demand)
{
    LIST_REMOVE(demand, link);
    demand->line->demand_count--;
    demand->line->desk->demand_count--;
    struct arena arena = demand->arena;
    arena_done(&arena);
}

static void line_free(struct job_line *line)
{
    check(TAILQ_EMPTY(&line->polls) && TAILQ_EMPTY(&line->jobs));
    while (!LIST_EMPTY(&line->demands))
        demand_free(LIST_FIRST(&line->demands));
    if (line->is_dirty)
        LIST_REMOVE(line, dirty_link);
    (void)map_remove(&line->desk->by_type, line->type);
    struct arena arena = line->arena;
    arena_done(&arena);
}

static struct demand *find_demand(const struct job_line *line, const struct job_poll *poll,
                                  str tenant)
{
    struct demand *demand;
    LIST_FOREACH(demand, &line->demands, link)
    if (demand->lease_ms == poll->lease_ms && str_equal(demand->tenant, tenant) &&
        str_equal(demand->worker, poll->worker) && str_equal(demand->processes, poll->processes) &&
        demand->leases == poll->leases)
        return demand;
    return NULL;
}

static struct demand *demand_of(struct job_line *line, const struct job_poll *poll, str tenant)
{
    struct demand *demand = find_demand(line, poll, tenant);
    if (demand != NULL)
        return demand;
    struct arena arena = ARENA_EMPTY;
    demand = ARENA_NEW(&arena, struct demand);
    demand->line = line;
    demand->tenant = str_copy(&arena, tenant);
    demand->worker = str_copy(&arena, poll->worker);
    demand->processes = str_copy(&arena, poll->processes);
    demand->lease_ms = poll->lease_ms;
    demand->leases = poll->leases;
    demand->given = ARENA_ARRAY(&arena, uint32_t, line->desk->gateway->shard_count);
    demand->arena = arena;
    LIST_INSERT_HEAD(&line->demands, demand, link);
    line->demand_count++;
    line->desk->demand_count++;
    return demand;
}

static size_t tenant_count(const struct job_poll *poll)
{
    return poll->tenant_count > 0 ? poll->tenant_count : 1;
}

// A poll without tenants wants the default tenant's.
static str tenant_at(const struct job_poll *poll, size_t i)
{
    return poll->tenant_count > 0 ? poll->tenants[i] : STR_EMPTY;
}

// Another tenant, lease or worker is another demand. False after failing.
static bool has_room_for(const struct job_line *line, const struct job_poll *poll)
{
    size_t more = 0;
    for (size_t i = 0; i < tenant_count(poll); i++)
        more += find_demand(line, poll, tenant_at(poll, i)) == NULL;
    bool is_full = more > 0 && line->demand_count + more > GATEWAY_MAX_DEMANDS;
    bool are_full = more > 0 && line->desk->demand_count + more > GATEWAY_ALL_DEMANDS;
    if (is_full || are_full)
        caller_fail_format(poll->caller, ERROR_UNAVAILABLE, "type",
                           "too many tenants, timeouts and workers that differ are polled for at "
                           "this node: %s (%d)",
                           is_full ? "GATEWAY_MAX_DEMANDS" : "GATEWAY_ALL_DEMANDS",
                           is_full ? GATEWAY_MAX_DEMANDS : GATEWAY_ALL_DEMANDS);
    return !is_full && !are_full;
}

// What a poll wants is counted with each of its tenants.
static void count_poll(struct waiting *waiting, bool comes)
{
    const struct job_poll *poll = &waiting->poll;
    int64_t now_ms = clock_now_ms();
    for (size_t i = 0; i < tenant_count(poll); i++) {
        struct demand *demand = demand_of(waiting->line, poll, tenant_at(poll, i));
        demand->wanted += comes ? poll->limit : 0;
        demand->wanted -= comes ? 0 : poll->limit;
        demand->wanted_ms = now_ms;
    }
    touch(waiting->line);
}

// -- Credits ----------------------------------------------------------------------------

static bool post_credits(void *context, struct command *command, uint32_t shard, struct error *err)
{
    return call_post(context, command, shard, err);
}

static struct credit_list new_credits(struct job_desk *desk, bool renews)
{
    return credit_list_new(&(struct credit_sender){
        .shard_count = desk->gateway->shard_count,
        .like = {.gateway = desk->id,
                 .reply_partition = call_desk_partition(desk->gateway->calls),
                 .expires_ms = GATEWAY_RENEW_MS * 5,
                 .renews = renews},
        .post = post_credits,
        .context = desk->gateway,
    });
}

// What the shard has now; before this turn it had `was`.
static void say_credit(struct credit_list *list, uint32_t shard, struct demand *demand,
                       uint32_t was)
{
    credit_list_add(list, shard,
                    &(struct job_credit){.type = demand->line->type,
                                         .tenant = demand->tenant,
                                         .count = demand->given[shard],
                                         .lease_ms = demand->lease_ms,
                                         .worker = demand->worker,
                                         .processes = demand->processes,
                                         .leases = demand->leases},
                    &demand->given[shard], was);
}

static bool lingers(const struct demand *demand, int64_t now_ms)
{
    return now_ms - demand->wanted_ms < GATEWAY_LINGER_MS;
}

// More when less than half of what is wanted is there; none when nobody has polled for a while.
static bool adjust(struct demand *demand, uint32_t shard, int64_t now_ms)
{
    uint32_t given = demand->given[shard];
    uint32_t wanted =
        (uint32_t)(demand->wanted < GATEWAY_MAX_JOBS ? demand->wanted : GATEWAY_MAX_JOBS);
    bool is_low = wanted > 0 && given < (wanted + 1) / 2;
    bool is_spare = wanted == 0 && given > 0 && !lingers(demand, now_ms);
    if (is_low || is_spare)
        demand->given[shard] = wanted;
    return is_low || is_spare;
}

static void flush_line(struct job_line *line, struct credit_list *list, int64_t now_ms)
{
    struct demand *demand;
    LIST_FOREACH(demand, &line->demands, link)
    for (uint32_t shard = 0; shard < line->desk->gateway->shard_count; shard++) {
        uint32_t was = demand->given[shard];
        if (adjust(demand, shard, now_ms))
            say_credit(list, shard, demand, was);
    }
}

// -- Jobs without a client --------------------------------------------------------------

static void buffered_free(struct job_line *line, struct buffered *buffered)
{
    TAILQ_REMOVE(&line->jobs, buffered, link);
    if (buffered->is_new)
        TAILQ_REMOVE(&line->desk->came, buffered, new_link);
    struct arena arena = buffered->arena; // it lives in it
    arena_done(&arena);
}

void job_gateway_give_back(struct gateway *gateway, const struct released_job *job)
{
    struct error err;
    struct released_job released = *job;
    struct command command = {.type = COMMAND_RETURN_JOBS, .release_job = {1, &released}};
    if (!call_post(gateway, &command, key_shard(job->job), &err))
        log_failure("gateway", &err); // it comes back when its lease has ended
}

static void return_job(struct job_line *line, struct buffered *buffered)
{
    job_gateway_give_back(
        line->desk->gateway,
        &(struct released_job){buffered->job.instance, buffered->job.key, buffered->job.attempt});
    buffered_free(line, buffered);
}

static void return_old(struct job_line *line, int64_t now_ms)
{
    struct buffered *buffered, *next;
    for (buffered = TAILQ_FIRST(&line->jobs); buffered != NULL; buffered = next) {
        next = TAILQ_NEXT(buffered, link);
        if (now_ms - buffered->came_ms >= GATEWAY_HOLD_MS)
            return_job(line, buffered);
    }
}

static void return_all(struct job_line *line)
{
    while (!TAILQ_EMPTY(&line->jobs))
        return_job(line, TAILQ_FIRST(&line->jobs));
}

// -- Serving polls ----------------------------------------------------------------------

static bool wants(const struct job_poll *poll, const struct buffered *buffered)
{
    if (!process_list_has(poll->processes, buffered->job.process_id) ||
        poll->leases != buffered->job.leases)
        return false;
    for (size_t i = 0; i < poll->tenant_count; i++)
        if (str_equal(poll->tenants[i], buffered->job.tenant))
            return true;
    return poll->tenant_count == 0 && buffered->job.tenant.len == 0;
}

// The lease began when the shard sent the job, for the worker on whose credit it came. One that
// this caller wants longer or shorter, or that another worker gets, is changed.
static void hand_over(struct job_line *line, const struct job_poll *poll,
                      const struct buffered *buffered)
{
    struct error err;
    struct command command = {
        .type = COMMAND_EXTEND_JOB,
        .instance = buffered->job.instance,
        .key = buffered->job.key,
        .tenant = buffered->job.tenant,
        .job_answer = {.attempt = buffered->job.attempt,
                       .extend_ms = poll->lease_ms,
                       .worker = poll->worker},
    };
    poll->job(poll, &buffered->job, clock_now_ms() + poll->lease_ms);
    if ((buffered->job.lease_ms != poll->lease_ms ||
         !str_equal(buffered->job.worker, poll->worker)) &&
        !call_post(line->desk->gateway, &command, buffered->shard, &err))
        log_failure("gateway", &err);
}

static void answer_poll(struct job_line *line, const struct job_poll *poll)
{
    size_t taken = 0;
    struct buffered *next;
    bool is_there = !poll->caller->is_gone; // who has gone gets nothing, and loses nothing
    for (struct buffered *b = TAILQ_FIRST(&line->jobs); b != NULL && is_there; b = next) {
        next = TAILQ_NEXT(b, link);
        if (taken == poll->limit || !wants(poll, b))
            continue;
        hand_over(line, poll, b);
        buffered_free(line, b);
        taken++;
    }
    poll->end(poll);
}

static void end_wait(struct waiting *waiting)
{
    waiting->poll.caller->on_gone = NULL;
    pending_cancel(&waiting->checks);
    count_poll(waiting, false);
    TAILQ_REMOVE(&waiting->line->polls, waiting, link);
    timer_free(waiting->deadline);
    free(waiting);
}

static bool has_job_for(const struct job_line *line, const struct job_poll *poll)
{
    struct buffered *buffered;
    TAILQ_FOREACH(buffered, &line->jobs, link)
    if (wants(poll, buffered))
        return true;
    return false;
}

// A poll that waits has seen every job but the one that came last: only that is looked at.
static void serve_polls(struct job_line *line, const struct buffered *came)
{
    struct waiting *next;
    for (struct waiting *w = TAILQ_FIRST(&line->polls); w != NULL; w = next) {
        next = TAILQ_NEXT(w, link);
        if (!wants(&w->poll, came))
            continue;
        struct job_poll poll = w->poll;
        bool is_there = !poll.caller->is_gone;
        end_wait(w);
        answer_poll(line, &poll);
        if (is_there)
            return;
    }
}

// When all jobs that came in a turn of the loop are there: a poll gets as many of them as it wants.
static void serve_all(struct job_desk *desk)
{
    struct buffered *came;
    while ((came = TAILQ_FIRST(&desk->came)) != NULL) {
        TAILQ_REMOVE(&desk->came, came, new_link);
        came->is_new = false;
        serve_polls(came->line, came);
    }
}

// First the polls are served: credit is for those that still wait.
static void on_flush(void *context)
{
    struct job_desk *desk = context;
    struct job_line *line;
    int64_t now_ms = clock_now_ms();
    serve_all(desk);
    if (!gateway_hears(desk->gateway))
        return;
    struct credit_list list = new_credits(desk, false);
    while ((line = LIST_FIRST(&desk->dirty)) != NULL) {
        LIST_REMOVE(line, dirty_link);
        line->is_dirty = false;
        flush_line(line, &list, now_ms);
    }
    credit_list_end(&list);
}

// -- Jobs that come ---------------------------------------------------------------------

static struct demand *find_used(const struct job_line *line, const struct buffered *buffered,
                                bool is_of_worker)
{
    const struct job_offer *job = &buffered->job;
    struct demand *demand;
    LIST_FOREACH(demand, &line->demands, link)
    if (demand->lease_ms == job->lease_ms && demand->leases == job->leases &&
        demand->given[buffered->shard] > 0 && str_equal(demand->tenant, job->tenant) &&
        (!is_of_worker || str_equal(demand->worker, job->worker)) &&
        process_list_has(demand->processes, job->process_id))
        return demand;
    return NULL;
}

// A shard on an older node does not say whose credit it was.
static void note_used(struct job_line *line, const struct buffered *buffered)
{
    struct demand *demand = find_used(line, buffered, true);
    if (demand == NULL)
        demand = find_used(line, buffered, false);
    if (demand != NULL)
        demand->given[buffered->shard]--;
}

static struct buffered *keep(struct job_line *line, const struct job_offer *job, uint32_t shard)
{
    struct arena arena = ARENA_EMPTY;
    struct buffered *kept = ARENA_NEW(&arena, struct buffered);
    kept->arena = arena;
    kept->job = *job;
    kept->shard = shard;
    kept->came_ms = clock_now_ms();
    str *const texts[] = {&kept->job.process_id,  &kept->job.element_id,  &kept->job.type,
                          &kept->job.tenant,      &kept->job.worker,      &kept->job.listener_event,
                          &kept->job.headers,     &kept->job.variables,   &kept->job.user_task,
                          &kept->job.traceparent, &kept->job.business_id, &kept->job.tags};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        *texts[i] = str_copy(&kept->arena, *texts[i]);
    kept->job.secret_count = 0;
    kept->line = line;
    kept->is_new = true;
    TAILQ_INSERT_TAIL(&line->jobs, kept, link);
    TAILQ_INSERT_TAIL(&line->desk->came, kept, new_link);
    return kept;
}

void job_desk_take(struct job_desk *desk, const struct reply *reply)
{
    if (reply->gateway != desk->id || reply->shard >= desk->gateway->shard_count)
        return;
    for (size_t i = 0; i < reply->job_count; i++) {
        struct job_line *line = map_get(&desk->by_type, reply->jobs[i].type);
        if (line == NULL)
            line = line_new(desk, reply->jobs[i].type);
        note_used(line, keep(line, &reply->jobs[i], reply->shard));
        touch(line);
        if (desk->is_stopping)
            return_all(line);
    }
}

// -- Now and then -----------------------------------------------------------------------

static bool is_over(const struct job_desk *desk, const struct demand *demand, int64_t now_ms)
{
    bool over = demand->wanted == 0 && !lingers(demand, now_ms);
    for (uint32_t shard = 0; over && shard < desk->gateway->shard_count; shard++)
        over = demand->given[shard] == 0;
    return over;
}

// False: the line is not used any more.
static bool prune(struct job_line *line, int64_t now_ms)
{
    struct demand *next;
    for (struct demand *demand = LIST_FIRST(&line->demands); demand != NULL; demand = next) {
        next = LIST_NEXT(demand, link);
        if (is_over(line->desk, demand, now_ms))
            demand_free(demand);
    }
    return !(LIST_EMPTY(&line->demands) && TAILQ_EMPTY(&line->jobs) && TAILQ_EMPTY(&line->polls));
}

static void renew_line(struct job_line *line, struct credit_list *list)
{
    struct demand *demand;
    LIST_FOREACH(demand, &line->demands, link)
    for (uint32_t shard = 0; demand->wanted > 0 && shard < line->desk->gateway->shard_count;
         shard++)
        if (demand->given[shard] > 0)
            say_credit(list, shard, demand, demand->given[shard]);
}

// Nobody else waits: what is on its way is returned as soon as it comes.
static void forget_demands(struct job_line *line)
{
    struct demand *demand;
    LIST_FOREACH(demand, &line->demands, link)
    if (demand->wanted == 0)
        demand->wanted_ms = 0;
    touch(line);
}

// A poll that may not wait any more fails; one whose caller gets jobs of other processes than when
// it began ends, and the client asks again.
static void on_checked(void *owner, struct caller *now, const struct error *err)
{
    struct waiting *waiting = owner;
    struct job_line *line = waiting->line;
    struct job_poll poll = waiting->poll, again = poll;
    struct error refused = {0};
    again.caller = now;
    if (now == NULL
            ? err->kind == ERROR_UNAVAILABLE
            : job_poll_check(&again, &refused) && str_equal(again.processes, poll.processes))
        return;
    end_wait(waiting);
    forget_demands(line);
    if (now == NULL || refused.kind != 0)
        caller_fail(poll.caller, now == NULL ? err : &refused);
    else
        poll.end(&poll);
}

static void check_polls(struct job_line *line)
{
    struct waiting *next;
    for (struct waiting *w = TAILQ_FIRST(&line->polls); w != NULL; w = next) {
        next = TAILQ_NEXT(w, link);
        if (w->checks.count == 0 && recheck_is_due(w->poll.caller))
            recheck_begin(w->poll.caller, &w->checks, w, on_checked);
    }
}

// Says again what stands, takes back what nobody wants any more, returns what nobody took, and
// forgets lines that are not used.
static void on_renew(void *context)
{
    struct job_desk *desk = context;
    struct arena scratch = ARENA_EMPTY;
    struct credit_list list = new_credits(desk, true);
    ARRAY(struct job_line *) idle = {0};
    int64_t now_ms = clock_now_ms();
    bool is_due = now_ms - desk->renewed_ms >= GATEWAY_RENEW_MS;
    size_t cursor = 0;
    str type;
    void *value;
    while (map_next(&desk->by_type, &cursor, &type, &value)) {
        struct job_line *line = value;
        return_old(line, now_ms);
        check_polls(line);
        touch(line);
        if (!prune(line, now_ms))
            *ARRAY_PUSH(&scratch, &idle) = line;
        else if (is_due && gateway_hears(desk->gateway))
            renew_line(line, &list);
    }
    credit_list_end(&list);
    for (size_t i = 0; i < idle.count; i++)
        line_free(idle.items[i]);
    if (is_due)
        desk->renewed_ms = now_ms;
    arena_done(&scratch);
    timer_set(desk->renew, GATEWAY_HOLD_MS);
}

void job_desk_askers(const struct job_desk *desk, void (*each)(void *context, const struct asker *),
                     void *context)
{
    size_t cursor = 0;
    str type;
    void *value;
    const struct demand *demand;
    while (map_next(&desk->by_type, &cursor, &type, &value)) {
        const struct job_line *line = value;
        LIST_FOREACH(demand, &line->demands, link)
        if (demand->wanted > 0)
            each(context, &(struct asker){type, demand->tenant, demand->worker, demand->processes,
                                          demand->leases});
    }
}

void job_desk_renew(struct job_desk *desk)
{
    desk->renewed_ms = 0;
    timer_ring(desk->renew);
}

struct job_desk *job_desk_new(struct gateway *gateway)
{
    struct job_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    desk->by_type = map_new(&desk->arena);
    LIST_INIT(&desk->dirty);
    TAILQ_INIT(&desk->came);
    do
        random_bytes(&desk->id, sizeof desk->id);
    while (desk->id == 0);
    desk->flush = timer_new(gateway->options.loop, on_flush, desk);
    desk->renew = timer_new(gateway->options.loop, on_renew, desk);
    timer_set(desk->renew, GATEWAY_RENEW_MS);
    return desk;
}

void job_desk_drain(struct job_desk *desk)
{
    size_t cursor = 0;
    str type;
    void *value;
    desk->is_stopping = true;
    while (map_next(&desk->by_type, &cursor, &type, &value)) {
        struct job_line *line = value;
        struct waiting *waiting;
        while ((waiting = TAILQ_FIRST(&line->polls)) != NULL) {
            struct caller *caller = waiting->poll.caller;
            end_wait(waiting);
            caller_fail_format(caller, ERROR_UNAVAILABLE, "", "this node is stopping");
        }
        struct demand *demand;
        LIST_FOREACH(demand, &line->demands, link)
        demand->wanted_ms = 0; // nothing lingers
        return_all(line);
        touch(line);
    }
    on_flush(desk);
}

void job_desk_free(struct job_desk *desk)
{
    if (desk == NULL)
        return;
    size_t cursor = 0;
    str type;
    void *value;
    while (map_next(&desk->by_type, &cursor, &type, &value)) {
        line_free(value);
        cursor = 0; // the map has changed
    }
    timer_free(desk->flush);
    timer_free(desk->renew);
    arena_done(&desk->arena);
    free(desk);
}

// -- Polling ----------------------------------------------------------------------------

static void on_wait_over(void *context)
{
    struct waiting *waiting = context;
    struct job_line *line = waiting->line;
    struct job_poll poll = waiting->poll;
    end_wait(waiting);
    answer_poll(line, &poll);
}

static void on_gone(struct caller *caller)
{
    struct waiting *waiting = caller->waiting;
    struct job_line *line = waiting->line;
    struct job_poll poll = waiting->poll;
    end_wait(waiting);
    forget_demands(line);
    poll.end(&poll);
}

static void wait_for_jobs(struct job_line *line, const struct job_poll *poll, int64_t wait_ms)
{
    if (!has_room_for(line, poll))
        return;
    struct waiting *waiting = calloc(1, sizeof *waiting);
    check(waiting != NULL);
    waiting->line = line;
    waiting->poll = *poll;
    waiting->deadline = timer_new(line->desk->gateway->options.loop, on_wait_over, waiting);
    timer_set(waiting->deadline, wait_ms);
    TAILQ_INSERT_TAIL(&line->polls, waiting, link);
    poll->caller->waiting = waiting;
    poll->caller->on_gone = on_gone;
    count_poll(waiting, true);
}

// NULL after failing.
static struct job_line *line_of(struct job_desk *desk, const struct job_poll *poll)
{
    struct job_line *line = map_get(&desk->by_type, poll->type);
    str part;
    if (!topic_part_of_job_type(poll->caller->arena, poll->type, &part)) {
        caller_fail_format(poll->caller, ERROR_LIMIT, "type",
                           "a job type has at most TOPIC_MAX_JOB_TYPE (%d) bytes",
                           TOPIC_MAX_JOB_TYPE);
        return NULL;
    }
    if (line == NULL && desk->by_type.count >= GATEWAY_MAX_TYPES) {
        caller_fail_format(poll->caller, ERROR_UNAVAILABLE, "type",
                           "%d job types are polled for at this node already (GATEWAY_MAX_TYPES)",
                           GATEWAY_MAX_TYPES);
        return NULL;
    }
    return line != NULL ? line : line_new(desk, poll->type);
}

// A poll that does not wait: when there is no job that it could get, it ends at once.
static void on_looked(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct job_poll *poll = context;
    if (query_row_count(rows) == 0) {
        poll->end(poll);
        return;
    }
    struct job_line *line = line_of(caller->gateway->jobs, poll);
    if (line != NULL)
        wait_for_jobs(line, poll, GATEWAY_ASK_MS);
}

void job_poll_begin(const struct job_poll *asked)
{
    struct caller *caller = asked->caller;
    struct job_desk *desk = caller->gateway->jobs;
    const char *why = gateway_not_ready(caller->gateway);
    struct job_poll *poll = arena_copy(caller->arena, asked, sizeof *asked);
    struct error err;
    if (why != NULL) {
        caller_fail_format(caller, ERROR_UNAVAILABLE, "", "%s", why);
        return;
    }
    if (!job_poll_check(poll, &err)) {
        caller_fail(caller, &err);
        return;
    }
    struct job_line *line = line_of(desk, poll);
    if (line == NULL)
        return;
    for (size_t i = 0; i < tenant_count(poll); i++)
        asker_seen(caller->gateway->askers,
                   &(struct asker){poll->type, tenant_at(poll, i), poll->worker, poll->processes,
                                   poll->leases});
    if (has_job_for(line, poll))
        answer_poll(line, poll);
    else if (poll->wait_ms >= 0)
        wait_for_jobs(line, poll, poll->wait_ms == 0 ? GATEWAY_DEFAULT_WAIT_MS : poll->wait_ms);
    else
        read_run(caller, read_untaken_job(caller->arena, caller->scope, poll->type), on_looked,
                 poll);
}
