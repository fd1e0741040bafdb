// SPDX-License-Identifier: Apache-2.0
#include "connector_kafka/kafka.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "bus/producer.h"
#include "connector_kafka/request.h"
#include "worker/address.h"

#include <event2/event.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>

const char *const kafka_types[2] = {"io.camunda:connector-kafka:1", "baton:kafka"};

enum { TICK_SECONDS = 10, NS_PER_SECOND = 1000000000 };

// A producer for brokers, settings and a time-out.
struct line {
    TAILQ_ENTRY(line) link;
    struct kafka *kafka;
    struct digest identity;
    struct bus_producer *producer;
    str allowed;
    bool is_broken;
    atomic_bool is_refused; // an address is not allowed; written by librdkafka's threads
    size_t under_way;
    int64_t used_ns;
    struct error trouble; // since the last record was acknowledged
};

TAILQ_HEAD(line_list, line);

struct kafka {
    const struct connector_site *site;
    struct line_list lines;
    size_t line_count;
    struct event *tick;
};

// A record on its way, in its task's arena.
struct sending {
    struct call *call;
    struct line *line;
    struct kafka_request request;
    int64_t timestamp_ms;
    int32_t partition;
    int64_t offset;
};

// -- The end of a record ----------------------------------------------------------------

static str response_json(const struct sending *sending)
{
    struct strbuf out = strbuf_new(sending->call->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("topic"));
    json_string(&w, call_hide(sending->call, str_of(sending->request.topic)));
    json_key(&w, STR("partition"));
    json_i64(&w, sending->partition);
    json_key(&w, STR("offset"));
    json_i64(&w, sending->offset);
    json_key(&w, STR("timestamp"));
    json_i64(&w, sending->timestamp_ms);
    json_end_object(&w);
    return strbuf_str(&out);
}

static struct outcome failure_of(const struct sending *sending, const struct error *failure)
{
    const struct line *line = sending->line;
    struct arena *arena = sending->call->arena;
    struct outcome outcome = {.error_code = STR("KAFKA"),
                              .error_message = error_line(arena, failure)};
    bool is_late = failure->kind == ERROR_UNAVAILABLE;
    if (is_late && atomic_load(&line->is_refused)) {
        outcome.error_code = STR("ADDRESS_NOT_ALLOWED");
        outcome.error_message =
            STR("kafka connector: an address of the brokers is private, link-local or otherwise "
                "special; the worker's --allow HOST:PORT permits it");
        outcome.is_permanent = true;
    } else if (is_late) {
        outcome.error_code = STR("CONNECTION");
        outcome.error_message = str_format(
            arena, "%s: not acknowledged within %ld s%s%s", sending->request.topic,
            sending->request.timeout_ms / 1000, line->trouble.kind != ERROR_NONE ? "; last: " : "",
            line->trouble.kind != ERROR_NONE ? line->trouble.text : "");
    } else if (failure->kind == ERROR_LIMIT) {
        outcome.error_code = STR("MESSAGE_TOO_LARGE");
        outcome.is_permanent = true;
    } else if (failure->kind == ERROR_DENIED) {
        outcome.error_code = STR("NOT_AUTHORIZED");
    }
    return outcome;
}

static void end(struct sending *sending, const struct error *failure)
{
    struct outcome outcome = {0};
    if (failure != NULL)
        outcome = failure_of(sending, failure);
    else
        outcome.response = response_json(sending);
    call_end(sending->call, &outcome);
}

static void on_placed(void *context, uint64_t tag, int32_t partition, int64_t offset)
{
    struct sending *sending = (struct sending *)(uintptr_t)tag;
    (void)context;
    sending->partition = partition;
    sending->offset = offset;
}

// The line counts as busy until the answer is out: jobs that begin meanwhile close others.
static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    struct line *line = context;
    if (failure == NULL)
        line->trouble.kind = ERROR_NONE;
    end((struct sending *)(uintptr_t)tag, failure);
    line->under_way--;
    line->used_ns = clock_monotonic_ns();
}

static void on_trouble(void *context, const struct error *trouble)
{
    ((struct line *)context)->trouble = *trouble;
}

static void on_broken(void *context, const struct error *failure)
{
    struct line *line = context;
    line->is_broken = true;
    line->trouble = *failure;
}

// -- Producers --------------------------------------------------------------------------

static bool may_connect(void *context, const struct sockaddr *address, str broker)
{
    struct line *line = context;
    uint64_t port = 0;
    size_t colon = broker.len;
    while (colon > 0 && broker.data[colon - 1] != ':')
        colon--;
    str host = str_sub(broker, 0, colon > 0 ? colon - 1 : 0);
    if (str_starts_with(host, STR("[")) && str_ends_with(host, STR("]")))
        host = str_sub(host, 1, host.len - 2);
    bool is_good =
        str_to_u64(str_from_index(broker, colon), &port) &&
        (!address_is_special(address) || address_is_allowed(line->allowed, host, (unsigned)port));
    if (!is_good)
        atomic_store(&line->is_refused, true);
    return is_good;
}

static struct digest identity_of(const struct kafka_request *request)
{
    struct digest digest = digest_sha256(str_of(request->brokers));
    digest = digest_chain(digest, str_from(&request->timeout_ms, sizeof request->timeout_ms));
    for (size_t i = 0; i < request->setting_count; i++) {
        digest = digest_chain(digest, str_of(request->settings[i].name));
        digest = digest_chain(digest, str_of(request->settings[i].value));
    }
    return digest;
}

static void close_line(struct line *line)
{
    TAILQ_REMOVE(&line->kafka->lines, line, link);
    line->kafka->line_count--;
    bus_producer_free(line->producer);
    free(line);
}

static void on_tick(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct kafka *kafka = context;
    int64_t since_ns = clock_monotonic_ns() - KAFKA_IDLE_SECONDS * (int64_t)NS_PER_SECOND;
    struct line *next;
    for (struct line *line = TAILQ_FIRST(&kafka->lines); line != NULL; line = next) {
        next = TAILQ_NEXT(line, link);
        if (line->under_way == 0 && (line->is_broken || line->used_ns < since_ns))
            close_line(line);
    }
}

// Makes room by closing the one that was not used for the longest time.
static bool make_room(struct kafka *kafka, struct error *err)
{
    struct line *line, *oldest = NULL;
    if (kafka->line_count < KAFKA_MAX_PRODUCERS)
        return true;
    TAILQ_FOREACH(line, &kafka->lines, link)
    {
        if (line->under_way == 0 && (oldest == NULL || line->used_ns < oldest->used_ns))
            oldest = line;
    }
    if (oldest == NULL)
        return error_set(err, ERROR_UNAVAILABLE, "kafka connector",
                         "all KAFKA_MAX_PRODUCERS (%d) producers have records under way",
                         KAFKA_MAX_PRODUCERS);
    close_line(oldest);
    return true;
}

static struct line *open_line(struct kafka *kafka, const struct kafka_request *request,
                              struct error *err)
{
    const struct config *config = kafka->site->config;
    bool is_own = request->brokers[0] != '\0';
    struct line *line = calloc(1, sizeof *line);
    check(line != NULL);
    struct bus_producer_options options = {
        .bus = {.brokers = is_own ? request->brokers : config_str(config, CONFIG_KAFKA_BROKERS),
                .client_id = "baton-connector",
                .properties = is_own ? NULL : config_str(config, CONFIG_KAFKA_PROPERTIES),
                .settings = request->settings,
                .setting_count = request->setting_count,
                .may_connect = is_own ? may_connect : NULL,
                .connect_context = line},
        .timeout_ms = (int)request->timeout_ms};
    const struct bus_producer_handler handler = {.context = line,
                                                 .delivered = on_delivered,
                                                 .broken = on_broken,
                                                 .placed = on_placed,
                                                 .trouble = on_trouble};
    line->kafka = kafka;
    line->allowed = kafka->site->allowed;
    line->producer = bus_producer_new(&options, &handler, kafka->site->loop, err);
    if (line->producer == NULL) {
        free(line);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&kafka->lines, line, link);
    kafka->line_count++;
    return line;
}

static struct line *line_for(struct kafka *kafka, const struct kafka_request *request,
                             struct error *err)
{
    struct digest identity = identity_of(request);
    struct line *line;
    TAILQ_FOREACH(line, &kafka->lines, link)
    {
        if (!line->is_broken && memcmp(&line->identity, &identity, sizeof identity) == 0)
            return line;
    }
    if (!make_room(kafka, err))
        return NULL;
    line = open_line(kafka, request, err);
    if (line != NULL)
        line->identity = identity;
    return line;
}

// -- A job ------------------------------------------------------------------------------

static bool may_be_told(struct call *call, const char *brokers, struct error *err)
{
    str rest = str_of(brokers), broker;
    while (str_split(&rest, ',', &broker)) {
        str url = str_join2(call->arena, STR("https://"), str_trim(broker));
        if (!secrets_may_go(&call->filled, str_cstr(call->arena, url), err))
            return false;
    }
    return true;
}

static void begin(struct call *call)
{
    struct kafka *kafka = call->connector;
    const struct config *config = call->site->config;
    struct sending *sending = ARENA_NEW(call->arena, struct sending);
    struct error err;
    struct input input = {"kafka connector", call->arena, NULL, &err};
    str own = str_format(call->arena, "%s.", config_str(config, CONFIG_KAFKA_TOPIC_PREFIX));
    const struct kafka_request *request = &sending->request;
    sending->call = call;
    if (!input_open(&input, call->filled.variables) ||
        !kafka_read(&input, own, worker_task_job(call->task)->key, &sending->request) ||
        !may_be_told(call,
                     request->brokers[0] != '\0' ? request->brokers
                                                 : config_str(config, CONFIG_KAFKA_BROKERS),
                     &err)) {
        call_refuse(call, &err);
        return;
    }
    sending->line = line_for(kafka, request, &err);
    if (sending->line == NULL) {
        if (err.kind == ERROR_UNAVAILABLE)
            worker_fail(call->task, error_line(call->arena, &err), -1, KAFKA_BUSY_BACKOFF_MS);
        else
            call_refuse(call, &err);
        return;
    }
    sending->timestamp_ms = clock_now_ms();
    const struct bus_record record = {.topic = request->topic,
                                      .partition = BUS_PARTITION_BY_KEY,
                                      .timestamp_ms = sending->timestamp_ms,
                                      .key = request->key,
                                      .value = request->value,
                                      .header_count = request->header_count,
                                      .headers = request->headers};
    if (bus_producer_send(sending->line->producer, &record, (uint64_t)(uintptr_t)sending, &err) ==
        BUS_SENT)
        sending->line->under_way++;
    else
        end(sending, &err);
}

void kafka_handle(void *context, struct worker_task *task)
{
    call_open(((struct kafka *)context)->site, task, begin, context);
}

struct kafka *kafka_new(const struct connector_site *site)
{
    struct kafka *kafka = calloc(1, sizeof *kafka);
    const struct timeval period = {.tv_sec = TICK_SECONDS};
    check(kafka != NULL);
    kafka->site = site;
    TAILQ_INIT(&kafka->lines);
    kafka->tick = event_new(site->loop, -1, EV_PERSIST, on_tick, kafka);
    check(kafka->tick != NULL && event_add(kafka->tick, &period) == 0);
    return kafka;
}

void kafka_free(struct kafka *kafka)
{
    if (kafka == NULL)
        return;
    while (!TAILQ_EMPTY(&kafka->lines))
        close_line(TAILQ_FIRST(&kafka->lines));
    event_free(kafka->tick);
    free(kafka);
}
