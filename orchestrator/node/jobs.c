// SPDX-License-Identifier: Apache-2.0
//
// Jobs that nobody works on. Those that wait are released when their window has room and
// their breaker lets them through; those that
// clients of a gateway wait for are released to it, also from their topic; those that the workers
// of their type have gone past without an answer are offered again. What is to be done becomes a
// command of the node's own to the shard; when it is lost, the next look finds the same jobs.
#include "engine/engine.h"
#include "node/internal.h"
#include "node/job_group.h"

#include "record/topic.h"

enum {
    RELEASE_EVERY_MS = 100,
    PAUSED_EVERY_MS = 500, // likewise, while breakers stand before all that wait
    RELEASE_MOST = 1000,
    JOBS_MOST_GATEWAYS = 1000,
    PASS_EVERY_MS = 5000,  // how often the places of a type's workers are looked up
    PASS_SLACK_MS = 10000, // a job is on its topic so long after its commit, or publishing stands
    PASS_REST_MS = 5000,   // answers that are on their way get so long to arrive
    PASS_MOST_PARTITIONS = 1024,
    IDLE_EVERY_MS = 60000, // likewise, of types that have no jobs now
    IDLE_MOST = 10,        // of these at a time
};

static void send_piece(struct shard *shard, enum command_type type, const struct store_job_id *jobs,
                       size_t count)
{
    struct arena arena = ARENA_EMPTY;
    struct command command = {.type = type};
    command.release_job.count = count;
    command.release_job.jobs = ARENA_ARRAY(&arena, struct released_job, count);
    for (size_t i = 0; i < count; i++)
        command.release_job.jobs[i] = (struct released_job){
            .instance = jobs[i].instance, .job = jobs[i].key, .attempt = jobs[i].attempt};
    publish_own(shard, &command);
    arena_done(&arena);
}

// Each has what the engine loads for one command: a job of an instance that is not in memory would
// be passed over.
static void send_list(struct shard *shard, enum command_type type, const struct store_job_id *jobs,
                      size_t count)
{
    for (size_t at = 0; at < count; at += ENGINE_MAX_REFS)
        send_piece(shard, type, &jobs[at],
                   count - at < ENGINE_MAX_REFS ? count - at : ENGINE_MAX_REFS);
}

// -- Windows and breakers ---------------------------------------------------------------

static void on_waiting(void *context, enum store_outcome outcome, const struct store_job_id *jobs,
                       size_t count)
{
    struct shard *shard = pending_end(context);
    if (shard != NULL && outcome == STORE_DONE && count > 0)
        send_list(shard, COMMAND_RELEASE_JOB, jobs, count);
}

static bool is_paused(const struct shard *shard, const struct store_count *count)
{
    return count->credential.len > 0
               ? engine_held_room(shard->engine, count->tenant, count->credential) == 0
               : count->waiting > 0 && engine_is_paused(shard->engine, count->type, count->tenant);
}

// Those of a type, or those behind the breaker of a credential.
static void release(struct shard *shard, const struct store_count *count)
{
    bool is_held = count->credential.len > 0;
    uint32_t room = is_held ? engine_held_room(shard->engine, count->tenant, count->credential)
                            : engine_room(shard->engine, count->type, count->tenant);
    if (count->waiting == 0 || room == 0)
        return;
    const struct store_waiting waiting = {.shard = shard->number,
                                          .which = is_held ? STORE_JOBS_HELD : STORE_JOBS_WAITING,
                                          .type = is_held ? count->credential : count->type,
                                          .tenant = count->tenant,
                                          .limit = room < RELEASE_MOST ? room : RELEASE_MOST};
    store_find_waiting(shard->node->store, &waiting, on_waiting, pending_new(&shard->calls, shard));
}

static void on_counts(void *context, enum store_outcome outcome, const struct store_count *counts,
                      size_t count)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    shard->jobs.asking = false;
    shard->jobs.any = outcome != STORE_DONE;
    size_t waiting = 0, paused = 0;
    for (size_t i = 0; i < count; i++) {
        waiting += counts[i].waiting > 0;
        paused += is_paused(shard, &counts[i]);
        release(shard, &counts[i]);
    }
    shard->jobs.any = shard->jobs.any || waiting > 0;
    shard->jobs.are_paused = waiting > 0 && paused == waiting;
}

void jobs_remind(struct shard *shard, int64_t now_ms)
{
    int64_t every_ms = shard->jobs.are_paused ? PAUSED_EVERY_MS : RELEASE_EVERY_MS;
    if (!shard->jobs.any || shard->jobs.asking || now_ms - shard->jobs.asked_ms < every_ms)
        return;
    shard->jobs.asking = true;
    shard->jobs.asked_ms = now_ms;
    store_count_jobs(shard->node->store, shard->number, on_counts,
                     pending_new(&shard->calls, shard));
}

// -- Gateways ---------------------------------------------------------------------------

static void serve(struct shard *shard, const struct job_credit *credit)
{
    const struct store_waiting waiting = {.shard = shard->number,
                                          .which = STORE_JOBS_UNTAKEN,
                                          .type = credit->type,
                                          .tenant = credit->tenant,
                                          .processes = credit->processes,
                                          .leases = credit->leases,
                                          .limit = credit->count < RELEASE_MOST ? credit->count
                                                                                : RELEASE_MOST};
    if (credit->count > 0)
        store_find_waiting(shard->node->store, &waiting, on_waiting,
                           pending_new(&shard->calls, shard));
}

// Looks at all that a gateway says when this life of the shard hears of it for the first time, and
// later at what is new.
static void serve_all(struct shard *shard, const struct job_credits *credits)
{
    struct idmap *known = &shard->jobs.gateways;
    bool is_new = idmap_get(known, credits->gateway) == NULL;
    if (is_new && known->count >= JOBS_MOST_GATEWAYS)
        jobs_forget(shard);
    idmap_put(known, credits->gateway, shard);
    for (size_t i = 0; (is_new || !credits->renews) && i < credits->credit_count; i++)
        serve(shard, &credits->credits[i]);
}

// A gateway has said what its clients wait for: what is there already goes to them. What is created
// later goes there by itself (engine/credit.c).
void jobs_serve(struct shard *shard, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct command *command = &batch->tasks[i].command;
        if (batch->tasks[i].what == TASK_STEP && command->type == COMMAND_OFFER_CREDITS &&
            command->job_credits.gateway != 0)
            serve_all(shard, &command->job_credits);
    }
}

void jobs_forget(struct shard *shard)
{
    arena_done(&shard->jobs.arena);
    shard->jobs =
        (struct waiting_jobs){.any = shard->jobs.any, .are_paused = shard->jobs.are_paused};
    shard->jobs.gateways = idmap_new(&shard->jobs.arena);
}

// -- Jobs that were gone past -----------------------------------------------------------

// The workers of a type: when all that was on its topic at marked_ms has been committed past by
// their group (or has gone with the topic's retention), then jobs offered before are not with a
// worker unless it took them.
struct watched_type {
    struct node *node;
    str type;
    const char *topic;
    const char *group_name;
    bool asking;
    int64_t asked_ms;
    int64_t marked_ms; // 0: no marks
    size_t count;
    int64_t *marks;  // ends of the partitions at marked_ms
    size_t capacity; // of marks
    struct job_group group;
};

static void on_passed(void *context, enum store_outcome outcome, const struct store_job_id *jobs,
                      size_t count)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL || outcome != STORE_DONE || count == 0)
        return;
    metrics_add(&shard->node->metrics, METRIC_JOBS_PASSED, count);
    send_list(shard, COMMAND_REOFFER_JOBS, jobs, count);
}

// Jobs are offered by the shard's time, marks made by the node's: where a test clock has parted the
// two, the earlier one is meant, and no job counts as passed that is not.
static int64_t passed_before(const struct watched_type *watched, const struct shard *shard)
{
    int64_t before_ms = watched->marked_ms - PASS_SLACK_MS;
    int64_t moved_ms = test_clock_time(engine_test_clock(shard->engine), before_ms);
    return moved_ms < before_ms ? moved_ms : before_ms;
}

static void offer_passed(struct watched_type *watched)
{
    struct node *node = watched->node;
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (shard == NULL || shard->state != SHARD_RUNNING)
            continue;
        const struct store_waiting passed = {.shard = shard->number,
                                             .which = STORE_JOBS_PASSED,
                                             .type = watched->type,
                                             .offered_before_ms = passed_before(watched, shard),
                                             .limit = RELEASE_MOST};
        store_find_waiting(node->store, &passed, on_passed, pending_new(&shard->calls, shard));
    }
}

static bool is_past(const struct watched_type *watched, const struct bus_group_place *places,
                    size_t count)
{
    if (watched->marked_ms == 0 || watched->count > count)
        return false;
    for (size_t i = 0; i < watched->count; i++)
        if (places[i].committed < watched->marks[i] && places[i].low < watched->marks[i])
            return false;
    return true;
}

static void mark(struct watched_type *watched, const struct bus_group_place *places, size_t count)
{
    if (count > watched->capacity) {
        watched->capacity = count;
        watched->marks = ARENA_ARRAY(&watched->node->arena, int64_t, count);
    }
    for (size_t i = 0; i < count; i++)
        watched->marks[i] = places[i].end;
    watched->count = count;
    watched->marked_ms = watched->asked_ms;
}

static int64_t lag_of(const struct bus_group_place *places, size_t count)
{
    int64_t lag = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t at = places[i].committed > places[i].low ? places[i].committed : places[i].low;
        lag += places[i].end > at ? places[i].end - at : 0;
    }
    return lag;
}

static void on_placed(void *context, const struct bus_group_place *places, size_t count,
                      const struct error *err)
{
    struct watched_type *watched = context;
    int64_t age_ms = node_now_ms(watched->node) - watched->marked_ms;
    watched->asking = false;
    if (err != NULL || count == 0 || count > PASS_MOST_PARTITIONS)
        return; // looked up again in the next round
    job_group_look(&watched->group, lag_of(places, count), watched->asked_ms);
    bool passed = is_past(watched, places, count);
    if (passed && age_ms < PASS_REST_MS)
        return;
    if (passed)
        offer_passed(watched);
    if (passed || watched->marked_ms == 0 || watched->count != count)
        mark(watched, places, count);
}

static struct watched_type *watch_type(struct node *node, str type)
{
    struct watched_type *watched = map_get(&node->watched_types, type);
    str part;
    char topic[NODE_TOPIC_NAME], group[NODE_TOPIC_NAME];
    struct arena scratch = ARENA_EMPTY;
    if (watched == NULL && topic_part_of_job_type(&scratch, type, &part)) {
        watched = ARENA_NEW(&node->arena, struct watched_type);
        node_topic(node, str_join2(&scratch, topic_rest(TOPIC_JOBS), part), topic);
        node_topic(node, str_join2(&scratch, topic_rest(TOPIC_GROUP_WORKERS), part), group);
        *watched = (struct watched_type){.node = node,
                                         .type = str_copy(&node->arena, type),
                                         .topic = str_cstr(&node->arena, str_of(topic)),
                                         .group_name = str_cstr(&node->arena, str_of(group))};
        watched->group =
            (struct job_group){.node = node, .type = watched->type, .name = watched->group_name};
        map_put(&node->watched_types, watched->type, watched);
    }
    arena_done(&scratch);
    return watched;
}

// While publishing stands, what was committed long ago may not be on its topic yet.
static bool publishing_stands(const struct shard *shard, int64_t now_ms)
{
    const struct publishing *oldest = shard->outgoing.first;
    return oldest != NULL && now_ms - oldest->since_ms > PASS_SLACK_MS / 2;
}

static void ask_places(struct watched_type *watched, int64_t now_ms)
{
    watched->asking = true;
    watched->asked_ms = now_ms;
    bus_find_group(watched->node->errands, watched->topic, watched->group_name, on_placed, watched);
}

// Types that have no jobs now are looked up rarely: their workers still say that they are there.
static void watch_idle(struct node *node, int64_t now_ms)
{
    size_t cursor = 0, most = IDLE_MOST;
    str type;
    void *value;
    while (most > 0 && map_next(&node->watched_types, &cursor, &type, &value)) {
        struct watched_type *watched = value;
        if (watched->asking || now_ms - watched->asked_ms < IDLE_EVERY_MS)
            continue;
        ask_places(watched, now_ms);
        most--;
    }
}

static void watch_shard(struct node *node, const struct shard *shard, int64_t now_ms)
{
    struct engine_window window;
    size_t cursor = 0;
    while (engine_next_window(shard->engine, &cursor, &window)) {
        struct watched_type *watched = window.offered > 0 ? watch_type(node, window.type) : NULL;
        if (watched == NULL || watched->asking || now_ms - watched->asked_ms < PASS_EVERY_MS)
            continue;
        ask_places(watched, now_ms);
    }
}

void jobs_watch(struct node *node, int64_t now_ms)
{
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL && publishing_stands(node->shards[i], now_ms))
            return;
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL && node->shards[i]->state == SHARD_RUNNING)
            watch_shard(node, node->shards[i], now_ms);
    watch_idle(node, now_ms);
}
