// SPDX-License-Identifier: Apache-2.0
#include "connector_kafka/kafka.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "bus/producer.h"
#include "connector_kafka/request.h"
#include "loop/helper.h"
#include "worker/address.h"

#include <event2/event.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>

const char *const kafka_types[2] = {"io.camunda:connector-kafka:1", "baton:kafka"};

enum { TICK_SECONDS = 10, NS_PER_SECOND = 1000000000, CLOSING = 2 * KAFKA_MAX_PRODUCERS };

// Why an address was not connected to.
enum refused { REFUSED_NONE, REFUSED_SPECIAL, REFUSED_SECRET };

TAILQ_HEAD(sending_list, sending);

// A producer for brokers, settings and a time-out.
struct line {
    TAILQ_ENTRY(line) link;
    struct kafka *kafka;
    struct digest identity;
    struct bus_producer *producer;
    struct arena arena;
    str tenant; // of the job that it was opened for
    str allowed;
    bool is_own;      // the worker's brokers
    const str *hosts; // a list for each secret that may not go everywhere
    size_t host_count;
    bool is_broken;
    atomic_int refused; // enum refused; written by librdkafka's threads
    long timeout_ms;
    struct sending_list under_way;
    int64_t used_ns;
    struct error trouble; // since the last record was acknowledged
};

TAILQ_HEAD(line_list, line);

struct kafka {
    const struct connector_site *site;
    struct helper *closer;
    struct line_list lines;
    size_t line_count;           // of models' brokers, with those that are closing
    struct sending_list waiting; // for a producer
    struct sending_list ended;   // to be answered
    struct event *tick;
    struct event *room;
};

// A record on its way, in its task's arena.
struct sending {
    TAILQ_ENTRY(sending) link;
    struct call *call;
    struct line *line;
    struct kafka_request request;
    int64_t timestamp_ms;
    int32_t partition;
    int64_t offset;
    struct outcome outcome;
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

static struct outcome row_of(enum error_kind kind)
{
    static const struct {
        enum error_kind kind;
        const char *code;
        enum failure_class class;
    } rows[] = {
#define KIND(kind, code, class) {kind, code, FAILURE_##class},
#include "connector_kafka/failures.def"
#undef KIND
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].kind == kind)
            return (struct outcome){.error_code = str_of(rows[i].code), .class = rows[i].class};
    return (struct outcome){.error_code = STR("KAFKA"), .class = FAILURE_TRANSIENT};
}

static struct outcome failure_of(const struct sending *sending, const struct error *failure)
{
    const struct line *line = sending->line;
    struct arena *arena = sending->call->arena;
    struct outcome outcome = row_of(failure->kind);
    outcome.error_message = error_line(arena, failure);
    bool is_late = failure->kind == ERROR_UNAVAILABLE;
    int refused = atomic_load(&line->refused);
    if (is_late && refused != REFUSED_NONE) {
        outcome.error_code = STR("ADDRESS_NOT_ALLOWED");
        outcome.error_message =
            refused == REFUSED_SECRET
                ? STR("kafka connector: a broker that the cluster names is no host that the job's "
                      "secrets may be sent to")
                : STR("kafka connector: an address of the brokers is private, link-local or "
                      "otherwise special; the worker's --allow HOST:PORT permits it");
        outcome.class = FAILURE_PERMANENT;
    } else if (is_late) {
        outcome.error_message =
            str_format(arena, "%s: not acknowledged within %ld s%s%s", sending->request.topic,
                       line->timeout_ms / 1000, line->trouble.kind != ERROR_NONE ? "; last: " : "",
                       line->trouble.kind != ERROR_NONE ? line->trouble.text : "");
    }
    if (outcome.class == FAILURE_AUTH)
        outcome.subject =
            call_credential(sending->call, STR("/variables"), STR("kafka.properties"));
    return outcome;
}

static void set_outcome(struct sending *sending, const struct error *failure)
{
    if (failure != NULL)
        sending->outcome = failure_of(sending, failure);
    else
        sending->outcome = (struct outcome){.response = response_json(sending)};
}

static void on_placed(void *context, uint64_t tag, int32_t partition, int64_t offset)
{
    struct sending *sending = (struct sending *)(uintptr_t)tag;
    (void)context;
    sending->partition = partition;
    sending->offset = offset;
}

// The answer waits for its turn on the loop: it begins other jobs, which may close a producer, and
// that must not happen in one's own handler.
static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    struct line *line = context;
    struct sending *sending = (struct sending *)(uintptr_t)tag;
    if (failure == NULL) {
        line->trouble.kind = ERROR_NONE;
        atomic_store(&line->refused, REFUSED_NONE); // others of its brokers may be gone again
    }
    set_outcome(sending, failure);
    TAILQ_REMOVE(&line->under_way, sending, link);
    TAILQ_INSERT_TAIL(&line->kafka->ended, sending, link);
    line->used_ns = clock_monotonic_ns();
    event_active(line->kafka->room, EV_TIMEOUT, 0);
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

static bool is_for_secrets(const struct line *line, str host, unsigned port)
{
    for (size_t i = 0; i < line->host_count; i++)
        if (!address_is_allowed(line->hosts[i], host, port))
            return false;
    return true;
}

// A broker's other address may be good: an address counts as refused while none was allowed.
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
    bool is_known = is_for_secrets(line, host, (unsigned)port);
    if (!is_good || !is_known)
        atomic_store(&line->refused, is_known ? REFUSED_SPECIAL : REFUSED_SECRET);
    return is_good && is_known;
}

// A producer has one time-out for all: those that are near each other share the longest.
static long shared_timeout_ms(const struct kafka_request *request)
{
    static const long steps_ms[] = {1000,  2000,  5000,   10000,  20000,
                                    30000, 60000, 120000, 300000, INPUT_MAX_TIMEOUT_S * 1000L};
    size_t i = 0;
    while (i < COUNT_OF(steps_ms) - 1 && steps_ms[i] < request->timeout_ms)
        i++;
    return steps_ms[i];
}

static struct digest identity_of(const struct kafka_request *request, const struct filled *filled)
{
    struct digest digest = digest_sha256(str_of(request->brokers));
    long timeout_ms = shared_timeout_ms(request);
    digest = digest_chain(digest, str_from(&timeout_ms, sizeof timeout_ms));
    for (size_t i = 0; i < request->setting_count; i++) {
        digest = digest_chain(digest, str_of(request->settings[i].name));
        digest = digest_chain(digest, str_of(request->settings[i].value));
    }
    for (size_t i = 0; request->brokers[0] != '\0' && i < filled->count; i++)
        digest = digest_chain(digest, filled->secrets[i].hosts);
    return digest;
}

static void close_on_thread(void *task)
{
    struct line *line = task;
    bus_producer_destroy(line->producer);
}

static void on_closed(void *task, bool was_run)
{
    struct line *line = task;
    struct kafka *kafka = line->kafka;
    if (!was_run)
        close_on_thread(line);
    kafka->line_count -= line->is_own ? 0 : 1;
    arena_done(&line->arena);
    free(line);
    event_active(kafka->room, EV_TIMEOUT, 0);
}

// Closing waits for connections, which nobody else should do.
static void close_line(struct line *line)
{
    TAILQ_REMOVE(&line->kafka->lines, line, link);
    bus_producer_detach(line->producer);
    if (!helper_run(line->kafka->closer, close_on_thread, on_closed, line))
        on_closed(line, false);
}

static void on_tick(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct kafka *kafka = context;
    int64_t since_ns = clock_monotonic_ns() - KAFKA_IDLE_SECONDS * (int64_t)NS_PER_SECOND;
    struct line *next;
    for (struct line *line = TAILQ_FIRST(&kafka->lines); line != NULL; line = next) {
        next = TAILQ_NEXT(line, link);
        if (TAILQ_EMPTY(&line->under_way) && (line->is_broken || line->used_ns < since_ns))
            close_line(line);
    }
}

// False: there will be room later. Closes the one that was not used for the longest time.
static bool make_room(struct kafka *kafka, const struct sending *sending)
{
    struct line *line, *oldest = NULL;
    size_t own = 0;
    if (sending->request.brokers[0] == '\0')
        return true; // the worker's brokers are beyond the limit: nobody's model keeps them away
    TAILQ_FOREACH(line, &kafka->lines, link)
    {
        bool is_busy = !TAILQ_EMPTY(&line->under_way);
        own += is_busy && str_equal(line->tenant, worker_task_job(sending->call->task)->tenant);
        if (!is_busy && !line->is_own && (oldest == NULL || line->used_ns < oldest->used_ns))
            oldest = line;
    }
    if (own >= KAFKA_TENANT_PRODUCERS)
        return false;
    if (kafka->line_count >= KAFKA_MAX_PRODUCERS && oldest != NULL)
        close_line(oldest);
    return kafka->line_count < KAFKA_MAX_PRODUCERS;
}

static void keep_hosts(struct line *line, const struct filled *filled)
{
    str *hosts = ARENA_ARRAY(&line->arena, str, filled->count);
    for (size_t i = 0; i < filled->count; i++)
        if (filled->secrets[i].hosts.len > 0)
            hosts[line->host_count++] = str_copy(&line->arena, filled->secrets[i].hosts);
    line->hosts = hosts;
}

static struct line *line_new(struct kafka *kafka, const struct sending *sending)
{
    struct line *line = calloc(1, sizeof *line);
    check(line != NULL);
    line->kafka = kafka;
    line->allowed = kafka->site->allowed;
    line->is_own = sending->request.brokers[0] == '\0';
    line->tenant = str_copy(&line->arena, worker_task_job(sending->call->task)->tenant);
    line->identity = identity_of(&sending->request, &sending->call->filled);
    line->timeout_ms = shared_timeout_ms(&sending->request);
    TAILQ_INIT(&line->under_way);
    keep_hosts(line, &sending->call->filled);
    return line;
}

static struct line *open_line(struct kafka *kafka, const struct sending *sending, struct error *err)
{
    const struct config *config = kafka->site->config;
    const struct kafka_request *request = &sending->request;
    struct line *line = line_new(kafka, sending);
    bool is_models = !line->is_own;
    struct bus_producer_options options = {
        .bus = {.brokers = is_models ? request->brokers : config_str(config, CONFIG_KAFKA_BROKERS),
                .client_id = "baton-connector",
                .properties = is_models ? NULL : config_str(config, CONFIG_KAFKA_PROPERTIES),
                .settings = request->settings,
                .setting_count = request->setting_count,
                .may_connect = is_models ? may_connect : NULL,
                .connect_context = line},
        .timeout_ms = (int)line->timeout_ms};
    const struct bus_producer_handler handler = {.context = line,
                                                 .delivered = on_delivered,
                                                 .broken = on_broken,
                                                 .placed = on_placed,
                                                 .trouble = on_trouble};
    line->producer = bus_producer_new(&options, &handler, kafka->site->loop, err);
    if (line->producer == NULL) {
        arena_done(&line->arena);
        free(line);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&kafka->lines, line, link);
    kafka->line_count += line->is_own ? 0 : 1;
    return line;
}

static struct line *line_for(struct kafka *kafka, const struct sending *sending)
{
    struct digest identity = identity_of(&sending->request, &sending->call->filled);
    struct line *line;
    TAILQ_FOREACH(line, &kafka->lines, link)
    {
        if (!line->is_broken && bus_producer_topics(line->producer) < KAFKA_PRODUCER_TOPICS &&
            memcmp(&line->identity, &identity, sizeof identity) == 0)
            return line;
    }
    return NULL;
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

static void refuse(struct sending *sending, const struct error *failure)
{
    set_outcome(sending, failure);
    call_end(sending->call, &sending->outcome);
}

static void send_record(struct sending *sending)
{
    const struct kafka_request *request = &sending->request;
    struct error err;
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
        TAILQ_INSERT_TAIL(&sending->line->under_way, sending, link);
    else
        refuse(sending, &err);
}

// False: there is no producer for it yet.
static bool try_to_send(struct kafka *kafka, struct sending *sending)
{
    struct error err;
    sending->line = line_for(kafka, sending);
    if (sending->line == NULL && !make_room(kafka, sending))
        return false;
    if (sending->line == NULL)
        sending->line = open_line(kafka, sending, &err);
    if (sending->line == NULL)
        call_refuse(sending->call, &err);
    else
        send_record(sending);
    return true;
}

static void answer_ended(struct kafka *kafka)
{
    while (!TAILQ_EMPTY(&kafka->ended)) {
        struct sending *sending = TAILQ_FIRST(&kafka->ended);
        TAILQ_REMOVE(&kafka->ended, sending, link);
        call_end(sending->call, &sending->outcome);
    }
}

static void on_room(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct kafka *kafka = context;
    answer_ended(kafka);
    struct sending *next;
    for (struct sending *each = TAILQ_FIRST(&kafka->waiting); each != NULL; each = next) {
        next = TAILQ_NEXT(each, link);
        TAILQ_REMOVE(&kafka->waiting, each, link);
        if (!try_to_send(kafka, each)) {
            if (next != NULL)
                TAILQ_INSERT_BEFORE(next, each, link);
            else
                TAILQ_INSERT_TAIL(&kafka->waiting, each, link);
        }
    }
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
    if (!try_to_send(kafka, sending))
        TAILQ_INSERT_TAIL(&kafka->waiting, sending, link);
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
    TAILQ_INIT(&kafka->waiting);
    TAILQ_INIT(&kafka->ended);
    kafka->closer = helper_new(site->loop, 1, CLOSING);
    kafka->room = event_new(site->loop, -1, 0, on_room, kafka);
    check(kafka->room != NULL);
    kafka->tick = event_new(site->loop, -1, EV_PERSIST, on_tick, kafka);
    check(kafka->tick != NULL && event_add(kafka->tick, &period) == 0);
    return kafka;
}

static void end_stopped(struct sending *sending)
{
    const struct outcome outcome = {.error_code = STR("CONNECTION"),
                                    .error_message = STR("kafka connector: the worker stops")};
    call_end(sending->call, &outcome);
}

static void end_all(struct sending_list *list)
{
    while (!TAILQ_EMPTY(list)) {
        struct sending *sending = TAILQ_FIRST(list);
        TAILQ_REMOVE(list, sending, link);
        end_stopped(sending);
    }
}

void kafka_free(struct kafka *kafka)
{
    if (kafka == NULL)
        return;
    answer_ended(kafka);
    end_all(&kafka->waiting);
    while (!TAILQ_EMPTY(&kafka->lines)) {
        struct line *line = TAILQ_FIRST(&kafka->lines);
        end_all(&line->under_way); // some of them may have been written
        close_line(line);
    }
    helper_free(kafka->closer);
    event_free(kafka->room);
    event_free(kafka->tick);
    free(kafka);
}
