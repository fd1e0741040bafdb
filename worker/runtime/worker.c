// SPDX-License-Identifier: Apache-2.0
#include "worker/worker.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "base/utf8.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "record/limits.h"
#include "record/topic.h"
#include "wire/wire.h"
#include "bus/progress.h"
#include "worker/counts.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

enum { TICK_MS = 250, QUEUE_FACTOR = 2, FLUSH_MS = 1000 };

struct channel;

struct worker_task {
    TAILQ_ENTRY(worker_task) link;
    struct channel *channel;
    struct arena arena; // the task lives in it
    struct job_offer job;
    int32_t partition;
    int64_t offset;
    unsigned life; // of the channel, when its record came
    int64_t heartbeat_at_ms;
};

TAILQ_HEAD(task_list, worker_task);

// One job type.
struct channel {
    struct worker *worker;
    struct worker_type type;
    char topic[320];
    char group[320];
    struct bus_consumer *consumer;
    struct task_list queued;   // received, not begun
    struct task_list running;  // with the handler
    struct task_list answered; // the answer is on its way to Kafka
    struct arena arena;
    struct idmap tasks; // queued and running, by the job's key: the latest attempt
    unsigned life;      // grows when partitions go to others
    size_t queued_count;
    size_t running_count;
    bool is_beginning; // handlers may answer at once: they come back here by the loop, not by
                       // recursion
    struct bus_progress progress;
    struct type_counts counts;
};

struct worker {
    struct worker_options options;
    struct event_base *loop;
    struct bus_options bus;
    struct bus_producer *producer;
    char commands[320];
    struct channel *channels[WORKER_MAX_TYPES];
    size_t channel_count;
    struct event *tick;
    struct worker_counts counts;
    bool draining;
    int64_t drain_until_ms;
    void (*drained)(void *context);
    void *drain_context;
};

// -- Answers ----------------------------------------------------------------------------

// True when its delivery will be told with `tag`.
static bool post(struct worker_task *task, enum command_type type, const struct job_answer *answer,
                 uint64_t tag)
{
    struct worker *worker = task->channel->worker;
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    struct command command = {.type = type,
                              .instance = task->job.instance,
                              .key = task->job.key,
                              .tenant = task->job.tenant,
                              .job_answer = *answer};
    struct error err;
    if (!wire_check_command(&command, &err)) { // set aside by the node, and offered again for ever
        command.type = COMMAND_FAIL_JOB;
        command.job_answer = (struct job_answer){.message = str_of(err.text)};
    }
    command.job_answer.message = utf8_cut(command.job_answer.message, LIMIT_TEXT_BYTES);
    command.job_answer.attempt = task->job.attempt;
    command.job_answer.worker = str_of(worker->options.name);
    command.job_answer.token = task->job.token;
    wire_encode_command(&out, &command);
    struct bus_header header = {STR("content-type"), wire_command_content_type};
    struct bus_record record = {.topic = worker->commands,
                                .partition = task->job.reply_partition,
                                .value = strbuf_str(&out),
                                .header_count = 1,
                                .headers = &header};
    enum bus_sending sending = bus_producer_send(worker->producer, &record, tag, &err);
    if (sending == BUS_REFUSED)
        log_failure("worker", &err);
    arena_done(&arena);
    return sending == BUS_SENT;
}

static void begin_tasks(struct channel *channel);

static void end_record(struct channel *channel, int32_t partition, int64_t offset)
{
    int64_t next;
    if (bus_progress_end(&channel->progress, partition, offset, &next))
        bus_consumer_done(channel->consumer, channel->topic, partition, next);
}

// The offset is done with once Kafka has the answer: what a dead worker left unanswered is
// delivered to another.
static void release(struct worker_task *task)
{
    if (task->life == task->channel->life)
        end_record(task->channel, task->partition, task->offset);
    struct arena arena = task->arena;
    arena_done(&arena);
}

static void forget_task(struct worker_task *task)
{
    struct idmap *tasks = &task->channel->tasks;
    if (idmap_get(tasks, task->job.key) == task)
        (void)idmap_remove(tasks, task->job.key);
}

static void warn_undelivered(const struct worker_task *task, const char *why)
{
    log_warning("worker",
                "job %llu: the answer could not be sent (%s); the job will be offered again",
                (unsigned long long)task->job.key, why);
}

static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    struct worker_task *task = (struct worker_task *)(uintptr_t)tag;
    (void)context;
    if (task == NULL) // a heartbeat
        return;
    if (failure != NULL)
        warn_undelivered(task, failure->text);
    TAILQ_REMOVE(&task->channel->answered, task, link);
    release(task);
}

// An answer that Kafka does not take now is not lost: the lease ends and the job is offered again.
static void answer(struct worker_task *task, enum command_type type, const struct job_answer *body)
{
    struct channel *channel = task->channel;
    TAILQ_REMOVE(&channel->running, task, link);
    channel->running_count--;
    channel->worker->counts.in_flight--;
    channel->counts.in_flight--;
    forget_task(task);
    TAILQ_INSERT_TAIL(&channel->answered, task, link);
    if (!post(task, type, body, (uint64_t)(uintptr_t)task)) {
        warn_undelivered(task, "it was refused");
        TAILQ_REMOVE(&channel->answered, task, link);
        release(task);
    }
    begin_tasks(channel);
}

void worker_complete(struct worker_task *task, str variables)
{
    task->channel->worker->counts.completed++;
    task->channel->counts.completed++;
    answer(task, COMMAND_COMPLETE_JOB, &(struct job_answer){.variables = variables});
}

// Not the same for all jobs that fail at one time.
static int64_t back_off(uint32_t attempt)
{
    enum { FIRST_MS = 1000, MOST_DOUBLED = 16, PARTS = 400 };
    uint32_t doubled = attempt > 1 ? attempt - 1 : 0;
    int64_t ms = (int64_t)FIRST_MS << (doubled < MOST_DOUBLED ? doubled : MOST_DOUBLED);
    ms = ms < WORKER_MAX_BACK_OFF_MS ? ms : WORKER_MAX_BACK_OFF_MS;
    return ms * (800 + clock_monotonic_ns() / 1000 % PARTS) / 1000;
}

static void count_failure(struct worker_task *task, enum failure_class class)
{
    task->channel->worker->counts.failed++;
    task->channel->counts.failed[(size_t) class < FAILURE_CLASSES ? class : FAILURE_UNSPECIFIED]++;
}

void worker_fail(struct worker_task *task, str message, int32_t retries, int64_t backoff_ms)
{
    count_failure(task, FAILURE_UNSPECIFIED);
    if (retries < 0)
        retries = task->job.retries > 0 ? task->job.retries - 1 : 0;
    if (backoff_ms < 0)
        backoff_ms = back_off(task->job.attempt);
    if (str_is_empty(message))
        message = STR("failed");
    answer(task, COMMAND_FAIL_JOB,
           &(struct job_answer){.message = message, .retries = retries, .backoff_ms = backoff_ms});
}

// `retries` is for nodes that do not know the class.
void worker_fail_as(struct worker_task *task, const struct worker_failure *failure)
{
    int32_t retries = task->job.retries;
    int32_t left = 0;
    if (failure->class == FAILURE_TRANSIENT)
        left = retries > 0 ? retries - 1 : 0;
    else if (failure->class == FAILURE_THROTTLED)
        left = retries > 0 ? retries : 1;
    if (failure->class == FAILURE_UNSPECIFIED) {
        worker_fail(task, failure->message, -1, failure->backoff_ms);
        return;
    }
    count_failure(task, failure->class);
    answer(task, COMMAND_FAIL_JOB,
           &(struct job_answer){.failure_class = failure->class,
                                .subject = failure->subject,
                                .message = str_is_empty(failure->message) ? STR("failed")
                                                                          : failure->message,
                                .retries = left,
                                .backoff_ms = failure->backoff_ms > 0 ? failure->backoff_ms : 0});
}

void worker_throw_error(struct worker_task *task, str code, str message, str variables)
{
    task->channel->worker->counts.errors++;
    task->channel->counts.thrown++;
    answer(task, COMMAND_THROW_JOB_ERROR,
           &(struct job_answer){.error_code = code, .message = message, .variables = variables});
}

// -- Receiving --------------------------------------------------------------------------

static void begin_tasks(struct channel *channel)
{
    if (channel->is_beginning)
        return;
    channel->is_beginning = true;
    while (channel->running_count < channel->type.concurrency && !TAILQ_EMPTY(&channel->queued) &&
           !channel->worker->draining) {
        struct worker_task *task = TAILQ_FIRST(&channel->queued);
        TAILQ_REMOVE(&channel->queued, task, link);
        channel->queued_count--;
        TAILQ_INSERT_TAIL(&channel->running, task, link);
        channel->running_count++;
        channel->worker->counts.in_flight++;
        channel->counts.in_flight++;
        task->heartbeat_at_ms = clock_now_ms() + WORKER_TAKE_MS;
        channel->type.handle(channel->type.context, task);
    }
    channel->is_beginning = false;
    if (channel->queued_count <= channel->type.concurrency / 2)
        bus_progress_resume_all(&channel->progress, channel->consumer, channel->topic);
}

static bool read_task(const struct bus_record *record, struct arena *arena,
                      struct worker_task *ret_task)
{
    struct error err;
    str bytes = str_copy(arena, record->value);
    if (wire_decode_job(arena, bytes, &ret_task->job, &err)) {
        if (ret_task->job.key != 0)
            return true;
        (void)error_set(&err, ERROR_INVALID, "baton.v1.Job", "it has no key");
    }
    log_failure("worker", &err);
    return false;
}

// A record of a job that is here already: the same attempt once more, or an earlier one. After a
// change of partitions it stands for the task that runs.
static bool is_known(struct channel *channel, struct worker_task *task)
{
    struct worker_task *known = idmap_get(&channel->tasks, task->job.key);
    if (known == NULL || known->job.attempt < task->job.attempt)
        return false;
    if (known->job.attempt == task->job.attempt && known->life != channel->life) {
        known->life = channel->life;
        known->partition = task->partition;
        known->offset = task->offset;
    } else {
        end_record(channel, task->partition, task->offset);
    }
    return true;
}

static void on_record(void *context, const struct bus_record *record)
{
    struct channel *channel = context;
    struct arena arena = ARENA_EMPTY;
    struct worker_task *task = ARENA_NEW(&arena, struct worker_task);
    bus_progress_begin(&channel->progress, record->partition, record->offset);
    bool is_readable = read_task(record, &arena, task);
    task->arena = arena;
    task->channel = channel;
    task->partition = record->partition;
    task->offset = record->offset;
    task->life = channel->life;
    channel->worker->counts.received++;
    channel->counts.received++;
    if (!is_readable) {
        release(task);
        return;
    }
    if (is_known(channel, task)) {
        arena_done(&arena);
        return;
    }
    idmap_put(&channel->tasks, task->job.key, task);
    TAILQ_INSERT_TAIL(&channel->queued, task, link);
    channel->queued_count++;
    if (channel->queued_count >= channel->type.concurrency * QUEUE_FACTOR)
        bus_progress_pause(&channel->progress, channel->consumer, channel->topic,
                           record->partition);
}

static void on_drained(void *context)
{
    begin_tasks(context);
}

// Who takes the partitions over is sent what we have not begun; what runs is answered from here,
// and the first answer wins.
static void on_revoked(void *context)
{
    struct channel *channel = context;
    while (!TAILQ_EMPTY(&channel->queued)) {
        struct worker_task *task = TAILQ_FIRST(&channel->queued);
        TAILQ_REMOVE(&channel->queued, task, link);
        channel->queued_count--;
        forget_task(task);
        struct arena arena = task->arena;
        arena_done(&arena);
    }
    channel->life++;
    bus_progress_forget(&channel->progress);
}

static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    (void)context;
    (void)partition;
    (void)fault;
    log_failure("worker", err);
}

static bool join_group(struct channel *channel, struct error *err)
{
    struct worker *worker = channel->worker;
    const struct config *config = worker->options.config;
    struct bus_topic topic = {channel->topic, (int)config_i64(config, CONFIG_KAFKA_JOB_PARTITIONS),
                              (int)config_i64(config, CONFIG_KAFKA_REPLICAS),
                              "max.message.bytes=4194304"};
    if (!bus_topics_ensure(&worker->bus, &topic, 1, 10000, err))
        return false;
    const char *topics[] = {channel->topic};
    struct bus_consumer_options options = {
        .bus = worker->bus,
        .kind = BUS_CONSUMER_GROUP,
        .reset = BUS_RESET_EARLIEST,
        .group = channel->group,
        .topics = topics,
        .topic_count = 1,
        .session_timeout_ms = (int)config_i64(config, CONFIG_KAFKA_SESSION_MS),
    };
    struct bus_consumer_handler handler = {.context = channel,
                                           .record = on_record,
                                           .drained = on_drained,
                                           .revoked = on_revoked,
                                           .fault = on_fault};
    channel->consumer = bus_consumer_new(&options, &handler, worker->loop, err);
    return channel->consumer != NULL;
}

static void free_tasks(struct task_list *tasks)
{
    while (!TAILQ_EMPTY(tasks)) {
        struct worker_task *task = TAILQ_FIRST(tasks);
        TAILQ_REMOVE(tasks, task, link);
        struct arena arena = task->arena;
        arena_done(&arena);
    }
}

static void free_channel(struct channel *channel)
{
    if (channel->consumer != NULL)
        bus_consumer_free(channel->consumer);
    free_tasks(&channel->queued);
    free_tasks(&channel->running);
    free_tasks(&channel->answered);
    arena_done(&channel->arena);
    bus_progress_done(&channel->progress);
    free(channel);
}

bool worker_serve(struct worker *worker, const struct worker_type *type, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    const char *prefix = config_str(worker->options.config, CONFIG_KAFKA_TOPIC_PREFIX);
    str part;
    if (worker->channel_count == WORKER_MAX_TYPES)
        return error_set(err, ERROR_LIMIT, type->type,
                         "a worker serves at most WORKER_MAX_TYPES (%d) types", WORKER_MAX_TYPES);
    if (type->concurrency < 1 || type->concurrency > WORKER_MAX_CONCURRENCY)
        return error_set(err, ERROR_INVALID, type->type,
                         "concurrency must be 1 to WORKER_MAX_CONCURRENCY (%d), found %u",
                         WORKER_MAX_CONCURRENCY, type->concurrency);
    if (!topic_part_of_job_type(&arena, str_of(type->type), &part))
        return error_set(err, ERROR_LIMIT, type->type,
                         "a job type has 1 to TOPIC_MAX_JOB_TYPE (%d) bytes", TOPIC_MAX_JOB_TYPE);
    struct channel *channel = calloc(1, sizeof *channel);
    check(channel != NULL);
    channel->worker = worker;
    channel->type = *type;
    channel->counts.type = type->type;
    snprintf(channel->topic, sizeof channel->topic, "%s.%s%.*s", prefix,
             topic_info_of(TOPIC_JOBS)->name, STR_ARG(part));
    snprintf(channel->group, sizeof channel->group, "%s.%s%.*s", prefix,
             topic_info_of(TOPIC_GROUP_WORKERS)->name, STR_ARG(part));
    arena_done(&arena);
    TAILQ_INIT(&channel->queued);
    TAILQ_INIT(&channel->running);
    TAILQ_INIT(&channel->answered);
    channel->tasks = idmap_new(&channel->arena);
    bus_progress_init(&channel->progress);
    if (!join_group(channel, err)) {
        free_channel(channel);
        return false;
    }
    worker->channels[worker->channel_count++] = channel;
    return true;
}

// -- The clock --------------------------------------------------------------------------

// The first heartbeat takes the job. What is answered sooner, and what has not begun, needs no
// lease: its record is not committed, so it comes again when this worker dies.

static void send_heartbeats(struct task_list *tasks, int64_t now_ms)
{
    struct worker_task *task;
    TAILQ_FOREACH(task, tasks, link)
    {
        if (task->heartbeat_at_ms > now_ms)
            continue;
        int64_t lease_ms = task->job.lease_ms > 0 ? task->job.lease_ms : WORKER_LEASE_MS;
        task->heartbeat_at_ms = now_ms + lease_ms / 3;
        if (!post(task, COMMAND_EXTEND_JOB, &(struct job_answer){.extend_ms = lease_ms}, 0))
            task->heartbeat_at_ms = now_ms + TICK_MS;
    }
}

static void end_drain_when_over(struct worker *worker)
{
    bool is_over = worker->counts.in_flight == 0 || clock_now_ms() >= worker->drain_until_ms;
    if (!worker->draining || worker->drained == NULL || !is_over)
        return;
    void (*drained)(void *context) = worker->drained;
    worker->drained = NULL;
    bus_producer_flush(worker->producer, 5000);
    drained(worker->drain_context);
}

static void on_tick(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct worker *worker = context;
    int64_t now_ms = clock_now_ms();
    for (size_t i = 0; i < worker->channel_count; i++) {
        send_heartbeats(&worker->channels[i]->running, now_ms);
    }
    end_drain_when_over(worker);
}

// -- Life -------------------------------------------------------------------------------

static void on_broken(void *context, const struct error *failure)
{
    (void)context;
    log_failure("worker", failure);
    abort(); // an idempotent producer that cannot go on: start again, the leases bring the jobs
             // back
}

struct worker *worker_new(const struct worker_options *options, struct event_base *loop,
                          struct error *err)
{
    struct worker *worker = calloc(1, sizeof *worker);
    check(worker != NULL);
    worker->options = *options;
    worker->loop = loop;
    worker->bus =
        (struct bus_options){config_str(options->config, CONFIG_KAFKA_BROKERS), options->name,
                             config_str(options->config, CONFIG_KAFKA_PROPERTIES)};
    snprintf(worker->commands, sizeof worker->commands, "%s.%s",
             config_str(options->config, CONFIG_KAFKA_TOPIC_PREFIX),
             topic_info_of(TOPIC_COMMANDS)->name);
    struct bus_producer_options producing = {.bus = worker->bus, .timeout_ms = 30000};
    struct bus_producer_handler handler = {
        .context = worker, .delivered = on_delivered, .broken = on_broken};
    worker->producer = bus_producer_new(&producing, &handler, loop, err);
    if (worker->producer == NULL) {
        free(worker);
        return NULL;
    }
    struct timeval tick = {0, TICK_MS * 1000};
    worker->tick = event_new(loop, -1, EV_PERSIST, on_tick, worker);
    check(worker->tick != NULL);
    event_add(worker->tick, &tick);
    return worker;
}

void worker_drain(struct worker *worker, int timeout_ms, void (*done)(void *context), void *context)
{
    worker->draining = true;
    worker->drain_until_ms = clock_now_ms() + timeout_ms;
    worker->drained = done;
    worker->drain_context = context;
    event_active(worker->tick, 0, 0);
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    event_free(worker->tick);
    bus_producer_flush(worker->producer, FLUSH_MS);
    bus_producer_free(worker->producer);
    for (size_t i = 0; i < worker->channel_count; i++)
        bus_consumer_leave(worker->channels[i]->consumer);
    for (size_t i = 0; i < worker->channel_count; i++)
        free_channel(worker->channels[i]);
    free(worker);
}

struct worker_counts worker_counts(const struct worker *worker)
{
    return worker->counts;
}

void worker_print_metrics(const struct worker *worker, struct strbuf *out)
{
    const struct type_counts *counts[WORKER_MAX_TYPES];
    for (size_t i = 0; i < worker->channel_count; i++)
        counts[i] = &worker->channels[i]->counts;
    type_counts_print(counts, worker->channel_count, out);
}

// -- A task -----------------------------------------------------------------------------

const struct job_offer *worker_task_job(const struct worker_task *task)
{
    return &task->job;
}

str worker_task_variables(const struct worker_task *task)
{
    return task->job.variables.len > 0 ? task->job.variables : STR("{}");
}

str worker_task_header(struct worker_task *task, str name)
{
    struct json *headers;
    struct error err;
    struct arena arena = ARENA_EMPTY;
    str value = STR_EMPTY;
    if (task->job.headers.len > 0 && json_parse(&arena, task->job.headers, &headers, &err))
        value = str_copy(&task->arena, json_get_str(headers, name, STR_EMPTY));
    arena_done(&arena);
    return value;
}

struct arena *worker_task_arena(struct worker_task *task)
{
    return &task->arena;
}
