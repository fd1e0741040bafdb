// SPDX-License-Identifier: Apache-2.0
#include "api/job_gateway.h"

#include "api/api_private.h"
#include "api/call.h"
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
    struct gateway *gateway;
    struct job_poll poll;
    struct event *deadline;
};

struct gateway {
    struct api *api;
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

struct gateway_desk {
    struct api *api;
    struct arena arena;
    struct map by_type;
};

static void free_buffered(struct gateway *gateway, struct buffered *buffered)
{
    TAILQ_REMOVE(&gateway->jobs, buffered, link);
    gateway->job_count--;
    struct arena arena = buffered->arena; // it lives in it
    arena_done(&arena);
}

// Tells the engine how long the job is taken for; a lease of 0 gives it back at once.
static void set_lease(struct gateway *gateway, const struct buffered *buffered, int64_t lease_ms,
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
    if (!call_post(gateway->api, &command, (uint32_t)buffered->job.reply_partition, &err))
        log_failure("api", &err);
}

// -- The answer -------------------------------------------------------------------------

static bool is_listed(const struct json *names, str name)
{
    if (!json_is(names, JSON_ARRAY) || names->count == 0)
        return true;
    for (size_t i = 0; i < names->count; i++)
        if (json_is(&names->items[i], JSON_STRING) && str_equal(names->items[i].text, name))
            return true;
    return false;
}

static void write_variables(struct json_writer *w, str variables, const struct json *fetch,
                            struct arena *arena)
{
    struct json *all;
    struct error err;
    json_key(w, STR("variables"));
    if (!json_is(fetch, JSON_ARRAY) || fetch->count == 0 ||
        !json_parse(arena, variables, &all, &err)) {
        json_raw(w, variables.len > 0 ? variables : STR("{}"));
        return;
    }
    json_begin_object(w);
    for (size_t i = 0; i < all->count; i++)
        if (is_listed(fetch, all->members[i].name)) {
            json_key(w, all->members[i].name);
            json_value(w, &all->members[i].value);
        }
    json_end_object(w);
}

static void write_text(struct json_writer *w, const char *name, str text)
{
    json_key(w, str_of(name));
    json_string(w, text);
}

static const char *const kind_names[] = {
    [JOB_TASK] = "BPMN_ELEMENT",           [JOB_EXECUTION_LISTENER] = "EXECUTION_LISTENER",
    [JOB_TASK_LISTENER] = "TASK_LISTENER", [JOB_AD_HOC] = "AD_HOC_SUB_PROCESS",
    [JOB_NOTIFICATION] = "NOTIFICATION",
};

static str upper(struct arena *arena, str text)
{
    str copy = str_copy(arena, text);
    char *data = (char *)(uintptr_t)copy.data;
    for (size_t i = 0; i < copy.len; i++)
        if (data[i] >= 'a' && data[i] <= 'z')
            data[i] = (char)(data[i] - 32);
    return copy;
}

static void write_job(struct json_writer *w, const struct job_offer *job,
                      const struct job_poll *poll, int64_t deadline_ms)
{
    struct arena *arena = &poll->request->arena;
    bool is_known = (size_t)job->kind < COUNT_OF(kind_names);
    json_begin_object(w);
    request_write_key(w, STR("jobKey"), job->key);
    write_text(w, "type", job->type);
    request_write_key(w, STR("processInstanceKey"), job->instance);
    request_write_key(w, STR("processDefinitionKey"), job->definition);
    request_write_key(w, STR("elementInstanceKey"), job->element_instance);
    write_text(w, "processDefinitionId", job->process_id);
    json_key(w, STR("processDefinitionVersion"));
    json_i64(w, job->version);
    write_text(w, "elementId", job->element_id);
    write_text(w, "kind", str_of(is_known ? kind_names[job->kind] : kind_names[JOB_TASK]));
    write_text(w, "listenerEventType",
               job->listener_event.len > 0 ? upper(arena, job->listener_event)
                                           : STR("UNSPECIFIED"));
    json_key(w, STR("customHeaders"));
    json_raw(w, job->headers.len > 0 ? job->headers : STR("{}"));
    write_text(w, "worker", poll->worker);
    json_key(w, STR("retries"));
    json_i64(w, job->retries);
    json_key(w, STR("deadline"));
    json_i64(w, deadline_ms);
    write_text(w, "tenantId", tenant_outside(job->tenant));
    write_variables(w, job->variables, poll->fetch, arena);
    if (job->user_task.len > 0) {
        json_key(w, STR("userTask"));
        json_raw(w, job->user_task);
    }
    json_key(w, STR("tags"));
    json_raw(w, STR("[]"));
    json_end_object(w);
}

static bool is_live(const struct buffered *buffered, int64_t now_ms)
{
    return buffered->lease_end_ms > now_ms;
}

static bool wants(const struct job_poll *poll, const struct buffered *buffered)
{
    return is_listed(poll->tenants, tenant_outside(buffered->job.tenant));
}

// Hands what is there to the poll. Jobs whose lease has run out meanwhile are dropped: the engine
// offers them again.
static void answer_poll(struct gateway *gateway, const struct job_poll *poll)
{
    struct strbuf out = strbuf_new(&poll->request->arena);
    struct json_writer w = json_writer_new(&out);
    int64_t now_ms = clock_now_ms();
    size_t taken = 0;
    struct buffered *next;
    json_begin_object(&w);
    json_key(&w, STR("jobs"));
    json_begin_array(&w);
    bool anybody = poll->request->http != NULL; // who has hung up gets nothing, and loses nothing
    for (struct buffered *b = TAILQ_FIRST(&gateway->jobs); b != NULL && anybody; b = next) {
        next = TAILQ_NEXT(b, link);
        if (!is_live(b, now_ms)) {
            free_buffered(gateway, b);
        } else if (taken < poll->limit && wants(poll, b)) {
            write_job(&w, &b->job, poll, now_ms + poll->lease_ms);
            set_lease(gateway, b, poll->lease_ms, poll->worker);
            free_buffered(gateway, b);
            taken++;
        }
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(poll->request, 200, strbuf_str(&out));
}

static void end_wait(struct waiting *waiting)
{
    TAILQ_REMOVE(&waiting->gateway->polls, waiting, link);
    event_free(waiting->deadline);
    free(waiting);
}

static bool has_job_for(const struct gateway *gateway, const struct job_poll *poll)
{
    int64_t now_ms = clock_now_ms();
    struct buffered *b;
    TAILQ_FOREACH(b, &gateway->jobs, link)
    if (is_live(b, now_ms) && wants(poll, b))
        return true;
    return false;
}

static void serve_polls(struct gateway *gateway)
{
    struct waiting *next;
    for (struct waiting *w = TAILQ_FIRST(&gateway->polls); w != NULL; w = next) {
        next = TAILQ_NEXT(w, link);
        if (!has_job_for(gateway, &w->poll))
            continue;
        struct job_poll poll = w->poll;
        end_wait(w);
        answer_poll(gateway, &poll);
    }
}

// -- Back-pressure ----------------------------------------------------------------------

static void pause_partition(struct gateway *gateway, int32_t partition)
{
    for (size_t i = 0; i < gateway->paused.count; i++)
        if (gateway->paused.items[i] == partition)
            return;
    *ARRAY_PUSH(gateway->arena, &gateway->paused) = partition;
    bus_consumer_pause(gateway->consumer, gateway->topic, partition);
}

static void resume_partitions(struct gateway *gateway)
{
    if (gateway->job_count > GATEWAY_MAX_BUFFERED / 2 || gateway->consumer == NULL)
        return;
    for (size_t i = 0; i < gateway->paused.count; i++)
        bus_consumer_resume(gateway->consumer, gateway->topic, gateway->paused.items[i]);
    gateway->paused.count = 0;
}

// -- The consumer -----------------------------------------------------------------------

static void on_record(void *context, const struct bus_record *record)
{
    struct gateway *gateway = context;
    struct arena arena = ARENA_EMPTY;
    struct buffered *buffered = ARENA_NEW(&arena, struct buffered);
    struct error err;
    str bytes = str_copy(&arena, record->value);
    if (wire_decode_job(&arena, bytes, &buffered->job, &err)) {
        buffered->lease_end_ms = clock_now_ms() + buffered->job.lease_ms;
        buffered->arena = arena;
        TAILQ_INSERT_TAIL(&gateway->jobs, buffered, link);
        gateway->job_count++;
    } else {
        log_failure("api", &err);
        arena_done(&arena);
    }
    bus_consumer_done(gateway->consumer, gateway->topic, record->partition, record->offset + 1);
    if (gateway->job_count >= GATEWAY_MAX_BUFFERED)
        pause_partition(gateway, record->partition);
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
    log_failure("api", err);
}

static bool join_group(struct gateway *gateway, struct error *err)
{
    struct api *api = gateway->api;
    const struct config *config = api->environment.config;
    struct bus_topic topic = {gateway->topic, (int)config_i64(config, CONFIG_KAFKA_JOB_PARTITIONS),
                              (int)config_i64(config, CONFIG_KAFKA_REPLICAS),
                              "max.message.bytes=4194304"};
    if (!bus_topics_ensure(&api->bus, &topic, 1, 5000, err))
        return false;
    const char *topics[] = {gateway->topic};
    struct bus_consumer_options options = {
        .bus = api->bus,
        .kind = BUS_CONSUMER_GROUP,
        .reset = BUS_RESET_EARLIEST,
        .group = gateway->group,
        .topics = topics,
        .topic_count = 1,
        .queue_kbytes = 1024,
    };
    struct bus_consumer_handler handler = {
        .context = gateway, .record = on_record, .drained = on_drained, .fault = on_fault};
    gateway->consumer = bus_consumer_new(&options, &handler, api->environment.loop, err);
    return gateway->consumer != NULL;
}

// Leaves the group and gives back what nobody took.
static void leave_group(struct gateway *gateway)
{
    if (gateway->consumer != NULL)
        bus_consumer_free(gateway->consumer);
    gateway->consumer = NULL;
    gateway->paused.count = 0;
    while (!TAILQ_EMPTY(&gateway->jobs)) {
        struct buffered *buffered = TAILQ_FIRST(&gateway->jobs);
        set_lease(gateway, buffered, 0, STR("gateway"));
        free_buffered(gateway, buffered);
    }
}

static void on_linger(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct gateway *gateway = context;
    struct timeval again = {GATEWAY_LINGER_MS / 1000, 0};
    if (TAILQ_EMPTY(&gateway->polls))
        leave_group(gateway);
    else
        evtimer_add(gateway->linger, &again);
}

static struct gateway *new_gateway(struct gateway_desk *desk, str type, str topic_part)
{
    struct gateway *gateway = ARENA_NEW(&desk->arena, struct gateway);
    const char *prefix = config_str(desk->api->environment.config, CONFIG_KAFKA_TOPIC_PREFIX);
    gateway->api = desk->api;
    gateway->arena = &desk->arena;
    gateway->type = str_copy(&desk->arena, type);
    snprintf(gateway->topic, sizeof gateway->topic, "%s.jobs.%.*s", prefix, STR_ARG(topic_part));
    snprintf(gateway->group, sizeof gateway->group, "%s.workers.%.*s", prefix, STR_ARG(topic_part));
    TAILQ_INIT(&gateway->jobs);
    TAILQ_INIT(&gateway->polls);
    gateway->linger = evtimer_new(desk->api->environment.loop, on_linger, gateway);
    check(gateway->linger != NULL);
    map_put(&desk->by_type, gateway->type, gateway);
    return gateway;
}

struct gateway_desk *gateway_desk_new(struct api *api)
{
    struct gateway_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->api = api;
    desk->by_type = map_new(&desk->arena);
    return desk;
}

void gateway_desk_free(struct gateway_desk *desk)
{
    if (desk == NULL)
        return;
    size_t cursor = 0;
    str type;
    void *value;
    while (map_next(&desk->by_type, &cursor, &type, &value)) {
        struct gateway *gateway = value;
        while (!TAILQ_EMPTY(&gateway->polls)) {
            struct request *request = TAILQ_FIRST(&gateway->polls)->poll.request;
            end_wait(TAILQ_FIRST(&gateway->polls));
            request_busy(request, "this node is stopping");
        }
        leave_group(gateway);
        event_free(gateway->linger);
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
    struct gateway *gateway = waiting->gateway;
    struct job_poll poll = waiting->poll;
    end_wait(waiting);
    answer_poll(gateway, &poll);
}

static struct timeval duration_of(int64_t ms)
{
    return (struct timeval){ms / 1000, ms % 1000 * 1000};
}

static void wait_for_jobs(struct gateway *gateway, const struct job_poll *poll)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    check(waiting != NULL);
    waiting->gateway = gateway;
    waiting->poll = *poll;
    waiting->deadline = evtimer_new(gateway->api->environment.loop, on_wait_over, waiting);
    check(waiting->deadline != NULL);
    struct timeval wait = duration_of(poll->wait_ms == 0 ? GATEWAY_DEFAULT_WAIT_MS : poll->wait_ms);
    evtimer_add(waiting->deadline, &wait);
    TAILQ_INSERT_TAIL(&gateway->polls, waiting, link);
}

void gateway_poll(const struct job_poll *poll)
{
    struct gateway_desk *desk = poll->request->api->gateways;
    struct gateway *gateway = map_get(&desk->by_type, poll->type);
    struct error err;
    str topic_part;
    if (!topic_part_of_job_type(&poll->request->arena, poll->type, &topic_part)) {
        request_problem_format(poll->request, 400, "LIMIT_REACHED",
                               "a job type has at most TOPIC_MAX_JOB_TYPE (%d) bytes",
                               TOPIC_MAX_JOB_TYPE);
        return;
    }
    if (gateway == NULL && desk->by_type.count >= GATEWAY_MAX_TYPES) {
        request_busy(poll->request, "more than GATEWAY_MAX_TYPES job types are polled for");
        return;
    }
    if (gateway == NULL)
        gateway = new_gateway(desk, poll->type, topic_part);
    if (gateway->consumer == NULL && !join_group(gateway, &err)) {
        request_failed(poll->request, &err);
        return;
    }
    struct timeval linger = duration_of(GATEWAY_LINGER_MS);
    evtimer_add(gateway->linger, &linger);
    resume_partitions(gateway);
    if (poll->wait_ms < 0 || has_job_for(gateway, poll))
        answer_poll(gateway, poll);
    else
        wait_for_jobs(gateway, poll);
}
