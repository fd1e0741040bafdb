// SPDX-License-Identifier: Apache-2.0
#include "gateway/audit_stream.h"

#include "base/array.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/gateway_private.h"
#include "loop/syslog.h"
#include "store/catalogue/audit.h"
#include "store/query.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH = 200, // entries of one source at a time
    IDLE_MS = 1000,
    RETRY_MS = 1000, // after a failure, doubled up to …
    RETRY_MOST_MS = 30000,
    DELIVERY_MS = 20000,
    NOTICE = 5, // severities of syslog
    WARNING = 4,
    MS_PER_S = 1000,
    NS_PER_MS = 1000000,
};

struct entry {
    str source;
    str key;
    str text;
};

struct turn {
    struct arena arena;
    ARRAY(struct entry) entries;
};

struct sink;

// Sends all of a turn, and waits until it has arrived.
typedef bool sink_send(struct sink *sink, const struct turn *turn, struct error *err);

struct sink {
    struct audit_streams *streams;
    const char *name;
    sink_send *send;
    pthread_t thread;
    bool has_thread;
    struct query_session *session;
    struct syslog *syslog;         // NULL: not connected
    struct bus_producer *producer; // NULL: not made
    struct event_base *loop;       // of the producer
    bool said;                     // that it is away
};

struct audit_streams {
    const struct gateway *gateway;
    char topic[256];
    struct sink sinks[2];
    size_t count;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ends; // under the mutex
};

static const struct config *config_of(const struct sink *sink)
{
    return sink->streams->gateway->options.config;
}

// -- Syslog -------------------------------------------------------------------------------

// A member of an object that our own statement made.
static str member(struct arena *arena, str object, const char *name)
{
    struct json *json;
    struct error ignored;
    return json_parse(arena, object, &json, &ignored) ? json_get_str(json, str_of(name), STR_EMPTY)
                                                      : STR_EMPTY;
}

static bool log_entry(struct sink *sink, struct arena *arena, const struct entry *entry,
                      struct error *err)
{
    bool has_failed = str_equal(member(arena, entry->text, "result"), STR("FAIL"));
    str operation = member(arena, entry->text, "operation");
    const struct syslog_message message = {.severity = has_failed ? WARNING : NOTICE,
                                           .id = str_cstr(arena, operation),
                                           .timestamp = member(arena, entry->text, "timestamp"),
                                           .text = entry->text};
    return syslog_send(sink->syslog, &message, err);
}

static bool send_syslog(struct sink *sink, const struct turn *turn, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    const struct syslog_options options = {
        .address = config_str(config_of(sink), CONFIG_AUDIT_SYSLOG),
        .ca = config_str(config_of(sink), CONFIG_AUDIT_SYSLOG_CA),
        .host = sink->streams->gateway->options.node_name};
    if (sink->syslog == NULL)
        sink->syslog = syslog_new(&options, err);
    bool good = sink->syslog != NULL;
    for (size_t i = 0; i < turn->entries.count && good; i++) {
        good = log_entry(sink, &arena, &turn->entries.items[i], err);
        arena_reset(&arena);
    }
    good = good && syslog_flush(sink->syslog, err);
    if (!good) {
        syslog_free(sink->syslog);
        sink->syslog = NULL;
    }
    arena_done(&arena);
    return good;
}

// -- The topic ----------------------------------------------------------------------------

static bool make_producer(struct sink *sink, struct error *err)
{
    static const struct bus_producer_handler handler = {.context = NULL};
    if (sink->producer != NULL)
        return true;
    const struct bus_producer_options options = {.bus = sink->streams->gateway->bus,
                                                 .timeout_ms = DELIVERY_MS};
    if (sink->loop == NULL)
        sink->loop = event_base_new();
    check(sink->loop != NULL);
    sink->producer = bus_producer_new(&options, &handler, sink->loop, err);
    return sink->producer != NULL;
}

static bool send_topic(struct sink *sink, const struct turn *turn, struct error *err)
{
    if (!make_producer(sink, err))
        return false;
    bool good = true;
    for (size_t i = 0; i < turn->entries.count && good; i++) {
        const struct entry *entry = &turn->entries.items[i];
        const struct bus_record record = {
            .topic = sink->streams->topic, .key = entry->key, .value = entry->text};
        good = bus_producer_send(sink->producer, &record, 0, err) == BUS_SENT;
    }
    good = bus_producer_flush(sink->producer, DELIVERY_MS) && good;
    if (good)
        return true;
    bus_producer_free(sink->producer);
    sink->producer = NULL;
    return error_set(err, ERROR_UNAVAILABLE, sink->streams->topic, "it does not take records");
}

// -- A turn -------------------------------------------------------------------------------

static void on_taken(void *context, const struct query_rows *rows, const struct error *err)
{
    struct turn *turn = context;
    (void)err;
    for (size_t i = 0; i < query_row_count(rows); i++)
        *ARRAY_PUSH(&turn->arena, &turn->entries) =
            (struct entry){.source = str_copy(&turn->arena, query_value(rows, i, 0)),
                           .key = str_copy(&turn->arena, query_value(rows, i, 1)),
                           .text = str_copy(&turn->arena, query_value(rows, i, 2))};
}

static struct statement done_of(struct sink *sink, struct turn *turn)
{
    size_t count = turn->entries.count;
    str *sources = ARENA_ARRAY(&turn->arena, str, count);
    str *keys = ARENA_ARRAY(&turn->arena, str, count);
    for (size_t i = 0; i < count; i++) {
        sources[i] = turn->entries.items[i].source;
        keys[i] = turn->entries.items[i].key;
    }
    const struct audit_stream stream = {str_of(sink->name),
                                        str_of(sink->streams->gateway->options.node_name)};
    return catalogue_audit_stream_done(&turn->arena, &stream, sources, keys, count);
}

static bool take_turn(struct sink *sink, size_t *ret_count, struct error *err)
{
    struct turn turn = {.arena = ARENA_EMPTY};
    const struct audit_stream stream = {str_of(sink->name),
                                        str_of(sink->streams->gateway->options.node_name)};
    *ret_count = 0;
    if (sink->session == NULL)
        sink->session = query_session_new(config_str(config_of(sink), CONFIG_POSTGRES_URL), err);
    bool good =
        sink->session != NULL &&
        query_session_run(sink->session, catalogue_audit_stream_take(&turn.arena, &stream, BATCH),
                          on_taken, &turn, err);
    if (good && turn.entries.count > 0)
        good = sink->send(sink, &turn, err) &&
               query_session_run(sink->session, done_of(sink, &turn), NULL, NULL, err);
    if (!good && sink->session != NULL && !query_session_is_good(sink->session)) {
        query_session_free(sink->session);
        sink->session = NULL;
    }
    *ret_count = turn.entries.count;
    arena_done(&turn.arena);
    return good;
}

// True when it is time to end.
static bool rest(struct audit_streams *streams, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms % MS_PER_S * NS_PER_MS;
    until.tv_sec += ms / MS_PER_S + ns / (MS_PER_S * (int64_t)NS_PER_MS);
    until.tv_nsec = ns % (MS_PER_S * (int64_t)NS_PER_MS);
    pthread_mutex_lock(&streams->mutex);
    while (!streams->ends && pthread_cond_timedwait(&streams->wake, &streams->mutex, &until) == 0)
        ;
    bool ends = streams->ends;
    pthread_mutex_unlock(&streams->mutex);
    return ends;
}

// An outage is one line in the log, and one when it is over.
static void tell(struct sink *sink, bool good, const struct error *err)
{
    if (!good && !sink->said)
        log_warning("audit",
                    "the %s does not take the audit log; it is kept and sent later: %s: %s",
                    sink->name, err->place, err->text);
    else if (good && sink->said)
        log_info("audit", "the %s takes the audit log again", sink->name);
    sink->said = !good;
}

static void leave(struct sink *sink)
{
    struct arena arena = ARENA_EMPTY;
    struct error ignored;
    const struct audit_stream stream = {str_of(sink->name),
                                        str_of(sink->streams->gateway->options.node_name)};
    if (sink->session != NULL &&
        !query_session_run(sink->session, catalogue_audit_stream_leave(&arena, &stream), NULL, NULL,
                           &ignored))
        log_failure("audit", &ignored); // the next node waits until it is over
    query_session_free(sink->session);
    syslog_free(sink->syslog);
    if (sink->producer != NULL)
        bus_producer_free(sink->producer);
    if (sink->loop != NULL)
        event_base_free(sink->loop);
    arena_done(&arena);
}

static void *run(void *context)
{
    struct sink *sink = context;
    int64_t wait_ms = IDLE_MS, retry_ms = RETRY_MS;
    while (!rest(sink->streams, wait_ms)) {
        struct error err;
        size_t count;
        bool good = take_turn(sink, &count, &err);
        tell(sink, good, &err);
        wait_ms = !good ? retry_ms : count >= BATCH ? 0 : IDLE_MS;
        retry_ms = good ? RETRY_MS : retry_ms * 2 < RETRY_MOST_MS ? retry_ms * 2 : RETRY_MOST_MS;
    }
    leave(sink);
    return NULL;
}

// -- Life ---------------------------------------------------------------------------------

static void begin(struct audit_streams *streams, const char *name, sink_send *send)
{
    struct sink *sink = &streams->sinks[streams->count++];
    *sink = (struct sink){.streams = streams, .name = name, .send = send};
    sink->has_thread = pthread_create(&sink->thread, NULL, run, sink) == 0;
    if (!sink->has_thread)
        log_warning("audit", "no thread could be made: the audit log does not go to the %s", name);
}

struct audit_streams *audit_streams_new(const struct gateway *gateway)
{
    const struct config *config = gateway->options.config;
    struct audit_streams *streams = calloc(1, sizeof *streams);
    pthread_condattr_t attributes;
    check(streams != NULL);
    streams->gateway = gateway;
    snprintf(streams->topic, sizeof streams->topic, "%s.%s",
             config_str(config, CONFIG_KAFKA_TOPIC_PREFIX), topic_info_of(TOPIC_AUDIT)->name);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&streams->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&streams->mutex, NULL);
    if (config_bool(config, CONFIG_AUDIT_TOPIC))
        begin(streams, "topic", send_topic);
    if (config_str(config, CONFIG_AUDIT_SYSLOG)[0] != '\0')
        begin(streams, "syslog", send_syslog);
    return streams;
}

void audit_streams_free(struct audit_streams *streams)
{
    if (streams == NULL)
        return;
    pthread_mutex_lock(&streams->mutex);
    streams->ends = true;
    pthread_cond_broadcast(&streams->wake);
    pthread_mutex_unlock(&streams->mutex);
    for (size_t i = 0; i < streams->count; i++)
        if (streams->sinks[i].has_thread)
            pthread_join(streams->sinks[i].thread, NULL);
    pthread_cond_destroy(&streams->wake);
    pthread_mutex_destroy(&streams->mutex);
    free(streams);
}
