// SPDX-License-Identifier: Apache-2.0
#include "bus/producer.h"

#include "base/arena.h"
#include "base/clock.h"
#include "bus/client.h"
#include "bus/lane.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DEFAULT_QUEUE_RECORDS = 100000,
    CLOSE_MS = 100,
    LINGER_MS = 1,      // librdkafka's own: for what is handed over together
    LANES_A_BROKER = 4, // one less than librdkafka's requests under way
    LOOK_UP_TIMEOUT_MS = 100,
    FLUSH_POLL_MS = 10,
    // What frames a record, each varint at its longest: the batch (61 bytes, KIP-98) and the
    // record's length, attributes, times and counts (36); a header's two lengths.
    RECORD_OVERHEAD = 128,
    HEADER_OVERHEAD = 10,
    NS_PER_MS = 1000000,
};

// A topic as long as the producer lives.
struct topic {
    rd_kafka_topic_t *handle;
    atomic_int partitions; // as librdkafka told last, on any thread; 0: not yet
    struct idmap lanes;
};

// A record on its way.
struct parcel {
    struct letter letter;
    struct topic *topic;
    uint64_t tag;
    int32_t partition;
    int64_t timestamp_ms;
    int64_t since_ns;
    rd_kafka_headers_t *headers;
    void *value; // librdkafka's when it has been handed over
    size_t value_len;
    bool has_key;
    size_t key_len;
    char key[];
};

struct bus_producer {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    struct client_wake wake;
    struct bus_producer_handler handler;
    struct arena arena;
    struct map topics;
    size_t topic_count;
    struct lanes lanes;
    struct event *ready; // hands over at the end of the turn, or after the linger
    struct timeval linger;
    int timeout_ms;
    size_t pending;
    bool failed; // a record was given up since the last flush
    size_t queue_records;
    bool ordered;
    bool full;
    struct topic *unknown; // to be looked up
    bool brokers_known;
    bus_may_connect *may_connect;
    void *connect_context;
};

// -- Delivered --------------------------------------------------------------------------

static void parcel_end(struct bus_producer *producer, struct parcel *parcel,
                       const struct error *failure)
{
    uint64_t tag = parcel->tag;
    producer->pending--;
    producer->failed = producer->failed || failure != NULL;
    free(parcel);
    if (producer->handler.delivered != NULL)
        producer->handler.delivered(producer->handler.context, tag, failure);
}

// Only of one that librdkafka does not have.
static void parcel_drop(struct parcel *parcel)
{
    if (parcel->headers != NULL)
        rd_kafka_headers_destroy(parcel->headers);
    free(parcel->value);
}

// One that was under way. Those behind it are out of the lane before a handler may send more.
static void parcel_fail(struct bus_producer *producer, struct parcel *parcel,
                        const struct error *failure)
{
    struct letter *behind = NULL;
    if (producer->ordered && failure->kind != ERROR_LIMIT)
        behind = lane_refused(&producer->lanes, &parcel->letter);
    else
        lane_delivered(&producer->lanes, &parcel->letter);
    parcel_end(producer, parcel, failure);
    while (behind != NULL) {
        struct parcel *waiting = (struct parcel *)behind;
        behind = behind->next;
        parcel_drop(waiting);
        parcel_end(producer, waiting, failure);
    }
}

// Brokers measure a batch: which of its records is too large shows when each is sent alone.
static void parcel_back(struct bus_producer *producer, struct parcel *parcel,
                        const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    parcel->headers = NULL;
    if (!rd_kafka_message_headers(message, &headers))
        parcel->headers = rd_kafka_headers_copy(headers);
    if (parcel->value != NULL) {
        parcel->value = malloc(parcel->value_len + 1);
        check(parcel->value != NULL);
        memcpy(parcel->value, message->payload, parcel->value_len);
    }
    lane_back(&producer->lanes, &parcel->letter);
}

static void on_delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    (void)client;
    struct bus_producer *producer = context;
    struct parcel *parcel = message->_private;
    struct error err;
    bool refused = message->err > 0 || client_is_gone(message->err);
    if (refused || (!message->err && !producer->brokers_known))
        producer->unknown = parcel->topic;
    if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && !parcel->letter.alone) {
        parcel_back(producer, parcel, message);
    } else if (message->err) {
        (void)client_error(&err, rd_kafka_topic_name(message->rkt), message->err);
        parcel_fail(producer, parcel, &err);
    } else {
        producer->brokers_known = true;
        if (producer->handler.placed != NULL)
            producer->handler.placed(producer->handler.context, parcel->tag, message->partition,
                                     message->offset);
        lane_delivered(&producer->lanes, &parcel->letter);
        parcel_end(producer, parcel, NULL);
    }
}

static void on_error(rd_kafka_t *client, int code, const char *reason, void *context)
{
    struct bus_producer *producer = context;
    struct error err;
    if (code != RD_KAFKA_RESP_ERR__FATAL) {
        (void)client_error(&err, "kafka", code);
        (void)error_set(&err, err.kind, "kafka", "%s", reason);
        if (producer->handler.trouble != NULL)
            producer->handler.trouble(producer->handler.context, &err);
        return;
    }
    if (producer->handler.broken == NULL)
        return;
    char text[BUS_ERROR_TEXT];
    rd_kafka_fatal_error(client, text, sizeof text);
    (void)error_set(&err, ERROR_IO, "kafka", "%s", text);
    producer->handler.broken(producer->handler.context, &err);
}

// -- Handing over -----------------------------------------------------------------------

static rd_kafka_resp_err_t produce(struct bus_producer *producer, struct parcel *parcel)
{
    const int flags = parcel->value != NULL ? RD_KAFKA_MSG_F_FREE : 0;
    const void *key = parcel->has_key ? parcel->key : NULL;
    rd_kafka_resp_err_t code = rd_kafka_producev(
        producer->client, RD_KAFKA_V_RKT(parcel->topic->handle),
        RD_KAFKA_V_PARTITION(parcel->partition), RD_KAFKA_V_MSGFLAGS(flags),
        RD_KAFKA_V_KEY(key, parcel->key_len), RD_KAFKA_V_VALUE(parcel->value, parcel->value_len),
        RD_KAFKA_V_TIMESTAMP(parcel->timestamp_ms), RD_KAFKA_V_HEADERS(parcel->headers),
        RD_KAFKA_V_OPAQUE(parcel), RD_KAFKA_V_END);
    if (code)
        parcel_drop(parcel);
    return code;
}

static bool is_too_late(const struct bus_producer *producer, const struct parcel *parcel)
{
    return producer->timeout_ms > 0 &&
           clock_monotonic_ns() - parcel->since_ns > producer->timeout_ms * (int64_t)NS_PER_MS;
}

static bool hand_over_one(struct bus_producer *producer, struct parcel *parcel,
                          struct error *ret_failure)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
    if (is_too_late(producer, parcel))
        parcel_drop(parcel);
    else
        code = produce(producer, parcel);
    if (!code)
        return true;
    (void)client_error(ret_failure, rd_kafka_topic_name(parcel->topic->handle), code);
    if (client_is_gone(code))
        producer->unknown = parcel->topic;
    parcel_fail(producer, parcel, ret_failure);
    return false;
}

static void hand_over_request(struct bus_producer *producer, struct letter *letter)
{
    struct error failure;
    bool ended = false; // one has failed, and those behind it fail with it
    while (letter != NULL) {
        struct parcel *parcel = (struct parcel *)letter;
        letter = letter->next;
        if (ended) {
            parcel_drop(parcel);
            parcel_fail(producer, parcel, &failure);
        } else if (!hand_over_one(producer, parcel, &failure)) {
            ended = producer->ordered && failure.kind != ERROR_LIMIT;
        }
    }
}

// Asks for the brokers and for one topic: each broker takes its own requests, and a topic that
// refused a record is given up by librdkafka until it is looked up again (minutes later by itself).
static void look_up(struct bus_producer *producer)
{
    const struct rd_kafka_metadata *found;
    struct topic *topic = producer->unknown;
    producer->unknown = NULL;
    if (topic == NULL || producer->may_connect != NULL || // a stranger's broker holds nobody up
        rd_kafka_metadata(producer->client, 0, topic->handle, &found, LOOK_UP_TIMEOUT_MS))
        return;
    if (found->broker_cnt > 1)
        producer->lanes.limit = LANES_A_BROKER * (size_t)found->broker_cnt;
    rd_kafka_metadata_destroy(found);
}

static void hand_over(struct bus_producer *producer)
{
    struct letter *letter;
    while ((letter = lanes_take(&producer->lanes)) != NULL) {
        hand_over_request(producer, letter);
        look_up(producer); // what is sent again at once may go by what is found
    }
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    hand_over(context);
}

static void hand_over_soon(struct bus_producer *producer)
{
    if (event_pending(producer->ready, EV_TIMEOUT, NULL))
        return;
    event_add(producer->ready, &producer->linger);
}

// -- On the loop ------------------------------------------------------------------------

static void poll_all(struct bus_producer *producer)
{
    while (rd_kafka_poll(producer->client, 0) > 0)
        ;
    look_up(producer);
    if (producer->lanes.ready_first != NULL)
        hand_over_soon(producer);
}

static void serve(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct bus_producer *producer = context;
    uint64_t count;
    while (read(producer->wake.fd, &count, sizeof count) > 0)
        ;
    poll_all(producer);
    if (producer->full && producer->pending <= producer->queue_records / 2) {
        producer->full = false;
        if (producer->handler.room != NULL)
            producer->handler.room(producer->handler.context);
    }
}

// -- Life -------------------------------------------------------------------------------

// Named "ssl://host:port/bootstrap", or "host:port/1".
static str broker_of(const char *name)
{
    str broker = str_of(name);
    size_t scheme = str_find(broker, STR("://"));
    if (scheme != SIZE_MAX)
        broker = str_from_index(broker, scheme + 3);
    return str_sub(broker, 0, str_find_char(broker, '/'));
}

// On a thread of librdkafka, with a socket that does not block. The answer is an errno.
static int connect_if_allowed(int fd, const struct sockaddr *address, int address_len,
                              const char *broker, void *context)
{
    struct bus_producer *producer = context;
    if (!producer->may_connect(producer->connect_context, address, broker_of(broker)))
        return EACCES;
    if (connect(fd, address, (socklen_t)address_len) == 0 || errno == EINPROGRESS)
        return 0;
    return errno;
}

static bool configure(struct bus_producer *producer, rd_kafka_conf_t *conf,
                      const struct bus_producer_options *options, struct error *err)
{
    producer->timeout_ms = options->timeout_ms;
    producer->ordered = options->ordered;
    producer->linger = (struct timeval){.tv_sec = options->linger_us / 1000000,
                                        .tv_usec = options->linger_us % 1000000};
    producer->queue_records =
        options->queue_records ? (size_t)options->queue_records : DEFAULT_QUEUE_RECORDS;
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
    rd_kafka_conf_set_error_cb(conf, on_error);
    producer->may_connect = options->bus.may_connect;
    producer->connect_context = options->bus.connect_context;
    if (producer->may_connect != NULL)
        rd_kafka_conf_set_connect_cb(conf, connect_if_allowed);
    return client_conf_set(conf, "enable.idempotence", "true", err) &&
           client_conf_set(conf, "acks", "all", err) &&
           client_conf_set_int(conf, "linger.ms", LINGER_MS, err) &&
           client_conf_set_int(conf, "queue.buffering.max.messages",
                               (int64_t)producer->queue_records, err) &&
           client_conf_set_int(conf, "message.max.bytes", BUS_MAX_RECORD_BYTES, err) &&
           client_conf_set_int(conf, "message.timeout.ms", options->timeout_ms, err);
}

static bool start(struct bus_producer *producer, const struct bus_producer_options *options,
                  struct event_base *loop, struct error *err)
{
    rd_kafka_conf_t *conf = client_conf_new(&options->bus, err);
    if (conf == NULL)
        return false;
    if (!configure(producer, conf, options, err)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    producer->client = client_new(RD_KAFKA_PRODUCER, conf, err);
    if (producer->client == NULL)
        return false;
    producer->queue = rd_kafka_queue_get_main(producer->client);
    producer->ready = evtimer_new(loop, on_ready, producer);
    if (!client_wake_init(&producer->wake, loop, producer->queue, serve, producer))
        return error_set(err, ERROR_IO, "kafka", "no file descriptor for the producer");
    return true;
}

struct bus_producer *bus_producer_new(const struct bus_producer_options *options,
                                      const struct bus_producer_handler *handler,
                                      struct event_base *loop, struct error *err)
{
    struct bus_producer *producer = calloc(1, sizeof *producer);
    check(producer != NULL);
    producer->handler = *handler;
    producer->topics = map_new(&producer->arena);
    producer->lanes = lanes_new(&producer->arena, LANES_A_BROKER);
    if (start(producer, options, loop, err))
        return producer;
    bus_producer_free(producer);
    return NULL;
}

static void free_waiting(struct bus_producer *producer)
{
    producer->lanes.limit = SIZE_MAX;
    struct letter *letter;
    while ((letter = lanes_take(&producer->lanes)) != NULL)
        while (letter != NULL) {
            struct parcel *parcel = (struct parcel *)letter;
            letter = letter->next;
            parcel_drop(parcel);
            lane_delivered(&producer->lanes, &parcel->letter);
            free(parcel);
        }
}

static void free_topics(struct bus_producer *producer)
{
    size_t cursor = 0;
    str name;
    void *topic;
    while (map_next(&producer->topics, &cursor, &name, &topic))
        rd_kafka_topic_destroy(((struct topic *)topic)->handle);
}

static void free_client(struct bus_producer *producer)
{
    rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer->client, CLOSE_MS);
    free_waiting(producer);
    free_topics(producer);
    if (producer->queue != NULL)
        rd_kafka_queue_destroy(producer->queue);
    rd_kafka_destroy(producer->client);
}

void bus_producer_detach(struct bus_producer *producer)
{
    producer->handler = (struct bus_producer_handler){0};
    if (producer->queue != NULL)
        rd_kafka_queue_io_event_enable(producer->queue, -1, NULL, 0);
    if (producer->ready != NULL)
        event_free(producer->ready);
    producer->ready = NULL;
    client_wake_done(&producer->wake);
}

void bus_producer_destroy(struct bus_producer *producer)
{
    if (producer->client != NULL)
        free_client(producer);
    arena_done(&producer->arena);
    free(producer);
}

void bus_producer_free(struct bus_producer *producer)
{
    if (producer == NULL)
        return;
    bus_producer_detach(producer);
    bus_producer_destroy(producer);
}

size_t bus_producer_topics(const struct bus_producer *producer)
{
    return producer->topic_count;
}

// -- Sending ----------------------------------------------------------------------------

static rd_kafka_headers_t *headers_of(const struct bus_record *record)
{
    if (record->header_count == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct bus_header *header = &record->headers[i];
        rd_kafka_header_add(headers, header->name.data, (ssize_t)header->name.len,
                            header->value.data, (ssize_t)header->value.len);
    }
    return headers;
}

// murmur2, as Java's clients do it; any partition without a key.
static int32_t choose_partition(const rd_kafka_topic_t *handle, const void *key, size_t key_len,
                                int32_t partitions, void *topic, void *parcel)
{
    (void)parcel;
    atomic_store_explicit(&((struct topic *)topic)->partitions, partitions, memory_order_relaxed);
    return rd_kafka_msg_partitioner_murmur2_random(handle, key, key_len, partitions, NULL, NULL);
}

static struct topic *find_topic(struct bus_producer *producer, const char *name)
{
    struct topic *topic = map_get(&producer->topics, str_of(name));
    if (topic != NULL)
        return topic;
    topic = ARENA_NEW(&producer->arena, struct topic);
    topic->lanes = idmap_new(&producer->arena);
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(producer->client);
    rd_kafka_topic_conf_set_opaque(conf, topic);
    rd_kafka_topic_conf_set_partitioner_cb(conf, choose_partition);
    topic->handle = rd_kafka_topic_new(producer->client, name, conf);
    if (topic->handle == NULL) {
        rd_kafka_topic_conf_destroy(conf);
        return NULL;
    }
    map_put(&producer->topics, str_copy(&producer->arena, str_of(name)), topic);
    producer->topic_count++;
    return topic;
}

// Where the record will go, as far as is known now.
static struct lane *lane_of(struct bus_producer *producer, struct topic *topic,
                            const struct bus_record *record)
{
    int32_t partition = record->partition;
    int partitions = atomic_load_explicit(&topic->partitions, memory_order_relaxed);
    if (partition == BUS_PARTITION_BY_KEY && record->key.data != NULL && partitions > 0)
        partition = rd_kafka_msg_partitioner_murmur2_random(
            topic->handle, record->key.data, record->key.len, partitions, NULL, NULL);
    return lanes_get(&producer->lanes, &topic->lanes, partition < 0 ? 0 : partition);
}

static struct parcel *parcel_new(struct topic *topic, const struct bus_record *record, uint64_t tag)
{
    struct parcel *parcel = calloc(1, sizeof *parcel + record->key.len);
    check(parcel != NULL);
    parcel->topic = topic;
    parcel->tag = tag;
    parcel->partition = record->partition;
    parcel->timestamp_ms = record->timestamp_ms;
    parcel->since_ns = clock_monotonic_ns();
    parcel->headers = headers_of(record);
    parcel->has_key = record->key.data != NULL;
    parcel->key_len = record->key.len;
    if (parcel->has_key)
        memcpy(parcel->key, record->key.data, record->key.len);
    if (record->value.data != NULL) {
        parcel->value = malloc(record->value.len + 1);
        check(parcel->value != NULL);
        memcpy(parcel->value, record->value.data, record->value.len);
        parcel->value_len = record->value.len;
    }
    return parcel;
}

// What a broker measures, at most.
static size_t bytes_of(const struct bus_record *record)
{
    size_t bytes = RECORD_OVERHEAD + record->key.len + record->value.len;
    for (size_t i = 0; i < record->header_count; i++)
        bytes += HEADER_OVERHEAD + record->headers[i].name.len + record->headers[i].value.len;
    return bytes;
}

enum bus_sending bus_producer_send(struct bus_producer *producer, const struct bus_record *record,
                                   uint64_t tag, struct error *err)
{
    if (producer->pending >= producer->queue_records) {
        producer->full = true;
        (void)client_error(err, record->topic, RD_KAFKA_RESP_ERR__QUEUE_FULL);
        return BUS_FULL;
    }
    struct topic *topic = find_topic(producer, record->topic);
    size_t bytes = bytes_of(record);
    if (topic == NULL || bytes > BUS_MAX_RECORD_BYTES) {
        (void)client_error(err, record->topic,
                           topic == NULL ? rd_kafka_last_error()
                                         : RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
        return BUS_REFUSED;
    }
    struct parcel *parcel = parcel_new(topic, record, tag);
    parcel->letter.bytes = bytes;
    lane_add(&producer->lanes, lane_of(producer, topic, record), &parcel->letter);
    producer->pending++;
    hand_over_soon(producer);
    return BUS_SENT;
}

size_t bus_producer_pending(const struct bus_producer *producer)
{
    return producer->pending;
}

bool bus_producer_flush(struct bus_producer *producer, int timeout_ms)
{
    int64_t end_ns = clock_monotonic_ns() + timeout_ms * (int64_t)NS_PER_MS;
    hand_over(producer);
    while (producer->pending > 0 && clock_monotonic_ns() < end_ns) {
        rd_kafka_poll(producer->client, FLUSH_POLL_MS);
        hand_over(producer);
    }
    bool good = producer->pending == 0 && !producer->failed;
    producer->failed = false;
    return good;
}
