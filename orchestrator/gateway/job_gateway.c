// SPDX-License-Identifier: Apache-2.0
#include "gateway/job_gateway.h"

#include "gateway/gateway_private.h"
#include "gateway/call.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "bus/consumer.h"
#include "record/topic.h"
#include "wire/wire.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

// A job that was received and that no poll has taken yet. Owns its memory.
struct buffered {
    TAILQ_ENTRY(buffered) link;
    struct arena arena;
    struct job_offer job;
    int64_t lease_end_ms;
};

struct waiting {
    TAILQ_ENTRY(waiting) link;
    struct job_line *line;
    struct job_poll poll;
    struct event *deadline;
};

struct job_line {
    struct gateway *gateway;
    struct arena *arena; // the desk's
    str type;
    char topic[320];
    char group[320];
    struct bus_consumer *consumer;
    TAILQ_HEAD(, buffered) jobs;
    size_t job_count;
    TAILQ_HEAD(, waiting) polls;
    struct event *linger;
    ARRAY(int32_t) paused; // partitions, while the buffer is full; in the desk's arena
};

struct job_desk {
    struct gateway *gateway;
    struct arena arena;
    struct map by_type;
};

static void free_buffered(struct job_line *line, struct buffered *buffered)
{
    TAILQ_REMOVE(&line->jobs, buffered, link);
    line->job_count--;
    struct arena arena = buffered->arena; // it lives in it
    arena_done(&arena);
}

// Tells the engine how long the job is taken for; a lease of 0 gives it back at once.
static void set_lease(struct job_line *line, const struct buffered *buffered, int64_t lease_ms,
                      str worker)
{
    struct error err;
    struct command command = {
        .type = COMMAND_EXTEND_JOB,
        .instance = buffered->job.instance,
        .key = buffered->job.key,
        .tenant = buffered->job.tenant,
        .job_answer = {.attempt = buffered->job.attempt, .extend_ms = lease_ms, .worker = worker},
    };
    if (!call_post(line->gateway, &command, (uint32_t)buffered->job.reply_partition, &err))
        log_failure("gateway", &err);
}

// -- The answer -------------------------------------------------------------------------

static bool is_live(const struct buffered *buffered, int64_t now_ms)
{
    return buffered->lease_end_ms > now_ms;
}

static bool wants(const struct job_poll *poll, const struct buffered *buffered)
{
    for (size_t i = 0; i < poll->tenant_count; i++)
        if (str_equal(poll->tenants[i], buffered->job.tenant))
            return true;
    return poll->tenant_count == 0;
}

// Hands what is there to the poll. Jobs whose lease has run out meanwhile are dropped: the engine
// offers them again.
static void answer_poll(struct job_line *line, const struct job_poll *poll)
{
    int64_t now_ms = clock_now_ms();
    size_t taken = 0;
    struct buffered *next;
    bool anybody = !poll->caller->is_gone; // who has gone gets nothing, and loses nothing
    for (struct buffered *b = TAILQ_FIRST(&line->jobs); b != NULL && anybody; b = next) {
        next = TAILQ_NEXT(b, link);
        if (!is_live(b, now_ms)) {
            free_buffered(line, b);
        } else if (taken < poll->limit && wants(poll, b)) {
            poll->job(poll, &b->job, now_ms + poll->lease_ms);
            set_lease(line, b, poll->lease_ms, poll->worker);
            free_buffered(line, b);
            taken++;
        }
    }
    poll->end(poll);
}

static void end_wait(struct waiting *waiting)
{
    waiting->poll.caller->on_gone = NULL;
    TAILQ_REMOVE(&waiting->line->polls, waiting, link);
    event_free(waiting->deadline);
    free(waiting);
}

static bool has_job_for(const struct job_line *line, const struct job_poll *poll)
{
    int64_t now_ms = clock_now_ms();
    struct buffered *b;
    TAILQ_FOREACH(b, &line->jobs, link)
    if (is_live(b, now_ms) && wants(poll, b))
        return true;
    return false;
}

static void serve_polls(struct job_line *line)
{
    struct waiting *next;
    for (struct waiting *w = TAILQ_FIRST(&line->polls); w != NULL; w = next) {
        next = TAILQ_NEXT(w, link);
        if (!has_job_for(line, &w->poll))
            continue;
        struct job_poll poll = w->poll;
        end_wait(w);
        answer_poll(line, &poll);
    }
}

// -- Back-pressure ----------------------------------------------------------------------

static void pause_partition(struct job_line *line, int32_t partition)
{
    for (size_t i = 0; i < line->paused.count; i++)
        if (line->paused.items[i] == partition)
            return;
    *ARRAY_PUSH(line->arena, &line->paused) = partition;
    bus_consumer_pause(line->consumer, line->topic, partition);
}

static void resume_partitions(struct job_line *line)
{
    if (line->job_count > GATEWAY_MAX_BUFFERED / 2 || line->consumer == NULL)
        return;
    for (size_t i = 0; i < line->paused.count; i++)
        bus_consumer_resume(line->consumer, line->topic, line->paused.items[i]);
    line->paused.count = 0;
}

// -- The consumer -----------------------------------------------------------------------

static void on_record(void *context, const struct bus_record *record)
{
    struct job_line *line = context;
    struct arena arena = ARENA_EMPTY;
    struct buffered *buffered = ARENA_NEW(&arena, struct buffered);
    struct error err;
    str bytes = str_copy(&arena, record->value);
    if (wire_decode_job(&arena, bytes, &buffered->job, &err)) {
        buffered->lease_end_ms = clock_now_ms() + buffered->job.lease_ms;
        buffered->arena = arena;
        TAILQ_INSERT_TAIL(&line->jobs, buffered, link);
        line->job_count++;
    } else {
        log_failure("gateway", &err);
        arena_done(&arena);
    }
    bus_consumer_done(line->consumer, line->topic, record->partition, record->offset + 1);
    if (line->job_count >= GATEWAY_MAX_BUFFERED)
        pause_partition(line, record->partition);
}

static void on_drained(void *context)
{
    serve_polls(context);
}

static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    (void)context;
    (void)partition;
    (void)fault;
    log_failure("gateway", err);
}

static bool join_group(struct job_line *line, struct error *err)
{
    struct gateway *gateway = line->gateway;
    const struct config *config = gateway->options.config;
    struct bus_topic topic = {line->topic, (int)config_i64(config, CONFIG_KAFKA_JOB_PARTITIONS),
                              (int)config_i64(config, CONFIG_KAFKA_REPLICAS),
                              "max.message.bytes=4194304"};
    if (!bus_topics_ensure(&gateway->bus, &topic, 1, 5000, err))
        return false;
    const char *topics[] = {line->topic};
    struct bus_consumer_options options = {
        .bus = gateway->bus,
        .kind = BUS_CONSUMER_GROUP,
        .reset = BUS_RESET_EARLIEST,
        .group = line->group,
        .topics = topics,
        .topic_count = 1,
        .queue_kbytes = 1024,
    };
    struct bus_consumer_handler handler = {
        .context = line, .record = on_record, .drained = on_drained, .fault = on_fault};
    line->consumer = bus_consumer_new(&options, &handler, gateway->options.loop, err);
    return line->consumer != NULL;
}

// Leaves the group and gives back what nobody took.
static void leave_group(struct job_line *line)
{
    if (line->consumer != NULL)
        bus_consumer_free(line->consumer);
    line->consumer = NULL;
    line->paused.count = 0;
    while (!TAILQ_EMPTY(&line->jobs)) {
        struct buffered *buffered = TAILQ_FIRST(&line->jobs);
        set_lease(line, buffered, 0, STR("gateway"));
        free_buffered(line, buffered);
    }
}

static void on_linger(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct job_line *line = context;
    struct timeval again = {GATEWAY_LINGER_MS / 1000, 0};
    if (TAILQ_EMPTY(&line->polls))
        leave_group(line);
    else
        evtimer_add(line->linger, &again);
}

static struct job_line *new_line(struct job_desk *desk, str type, str topic_part)
{
    struct job_line *line = ARENA_NEW(&desk->arena, struct job_line);
    const char *prefix = config_str(desk->gateway->options.config, CONFIG_KAFKA_TOPIC_PREFIX);
    line->gateway = desk->gateway;
    line->arena = &desk->arena;
    line->type = str_copy(&desk->arena, type);
    snprintf(line->topic, sizeof line->topic, "%s.jobs.%.*s", prefix, STR_ARG(topic_part));
    snprintf(line->group, sizeof line->group, "%s.workers.%.*s", prefix, STR_ARG(topic_part));
    TAILQ_INIT(&line->jobs);
    TAILQ_INIT(&line->polls);
    line->linger = evtimer_new(desk->gateway->options.loop, on_linger, line);
    check(line->linger != NULL);
    map_put(&desk->by_type, line->type, line);
    return line;
}

struct job_desk *job_desk_new(struct gateway *gateway)
{
    struct job_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    desk->by_type = map_new(&desk->arena);
    return desk;
}

void job_desk_drain(struct job_desk *desk)
{
    size_t cursor = 0;
    str type;
    void *value;
    while (map_next(&desk->by_type, &cursor, &type, &value)) {
        struct job_line *line = value;
        struct waiting *waiting;
        while ((waiting = TAILQ_FIRST(&line->polls)) != NULL) {
            struct caller *caller = waiting->poll.caller;
            end_wait(waiting);
            caller_fail_format(caller, ERROR_UNAVAILABLE, "", "this node is stopping");
        }
    }
}

void job_desk_free(struct job_desk *desk)
{
    if (desk == NULL)
        return;
    size_t cursor = 0;
    str type;
    void *value;
    while (map_next(&desk->by_type, &cursor, &type, &value)) {
        struct job_line *line = value;
        check(TAILQ_EMPTY(&line->polls));
        leave_group(line);
        event_free(line->linger);
    }
    arena_done(&desk->arena);
    free(desk);
}

// -- Polling ----------------------------------------------------------------------------

static void on_wait_over(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct waiting *waiting = context;
    struct job_line *line = waiting->line;
    struct job_poll poll = waiting->poll;
    end_wait(waiting);
    answer_poll(line, &poll);
}

static void on_gone(struct caller *caller)
{
    struct waiting *waiting = caller->waiting;
    struct job_poll poll = waiting->poll;
    end_wait(waiting);
    poll.end(&poll);
}

static struct timeval duration_of(int64_t ms)
{
    return (struct timeval){ms / 1000, ms % 1000 * 1000};
}

static void wait_for_jobs(struct job_line *line, const struct job_poll *poll)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    check(waiting != NULL);
    waiting->line = line;
    waiting->poll = *poll;
    waiting->deadline = evtimer_new(line->gateway->options.loop, on_wait_over, waiting);
    check(waiting->deadline != NULL);
    struct timeval wait = duration_of(poll->wait_ms == 0 ? GATEWAY_DEFAULT_WAIT_MS : poll->wait_ms);
    evtimer_add(waiting->deadline, &wait);
    TAILQ_INSERT_TAIL(&line->polls, waiting, link);
    poll->caller->waiting = waiting;
    poll->caller->on_gone = on_gone;
}

// NULL after failing.
static struct job_line *line_of(struct job_desk *desk, const struct job_poll *poll)
{
    struct job_line *line = map_get(&desk->by_type, poll->type);
    struct error err;
    str topic_part;
    if (!topic_part_of_job_type(poll->caller->arena, poll->type, &topic_part)) {
        caller_fail_format(poll->caller, ERROR_LIMIT, "type",
                           "a job type has at most TOPIC_MAX_JOB_TYPE (%d) bytes",
                           TOPIC_MAX_JOB_TYPE);
        return NULL;
    }
    if (line == NULL && desk->by_type.count >= GATEWAY_MAX_TYPES) {
        caller_fail_format(poll->caller, ERROR_UNAVAILABLE, "type",
                           "more than GATEWAY_MAX_TYPES (%d) job types are polled for",
                           GATEWAY_MAX_TYPES);
        return NULL;
    }
    if (line == NULL)
        line = new_line(desk, poll->type, topic_part);
    if (line->consumer != NULL || join_group(line, &err))
        return line;
    caller_fail(poll->caller, &err);
    return NULL;
}

void job_poll_begin(const struct job_poll *poll)
{
    struct job_desk *desk = poll->caller->gateway->jobs;
    const char *why = gateway_not_ready(poll->caller->gateway);
    if (why != NULL) {
        caller_fail_format(poll->caller, ERROR_UNAVAILABLE, "", "%s", why);
        return;
    }
    struct job_line *line = line_of(desk, poll);
    if (line == NULL)
        return;
    struct timeval linger = duration_of(GATEWAY_LINGER_MS);
    evtimer_add(line->linger, &linger);
    resume_partitions(line);
    if (poll->wait_ms < 0 || has_job_for(line, poll))
        answer_poll(line, poll);
    else
        wait_for_jobs(line, poll);
}
