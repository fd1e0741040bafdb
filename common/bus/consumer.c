// SPDX-License-Identifier: Apache-2.0
#include "bus/consumer.h"

#include "base/clock.h"
#include "bus/client.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    DEFAULT_SESSION_MS = 6000,
    DEFAULT_QUEUE_KBYTES = 16384,
    DEFAULT_TURN_RECORDS = 2000,
    HEARTBEATS_PER_SESSION = 24, // a rebalance is noticed with the next heartbeat
    BATCH_RECORDS = 500,
    MAX_ASSIGNED = 8192,
    CLOSE_MS = 3000, // to leave the group
    CLOSE_POLL_MS = 20,
    NS_PER_MS = 1000000,
};

struct bus_consumer {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    struct client_wake wake;
    struct bus_consumer_handler handler;
    enum bus_consumer_kind kind;
    size_t turn_records;
    struct done *done; // a list with one item a partition
    rd_kafka_queue_t *closing;
    int64_t close_until_ns;
};

// How far a partition's records are dealt with: told to librdkafka once a turn, not once a record.
struct done {
    struct done *next;
    char *topic;
    int32_t partition;
    int64_t next_offset;
    bool dirty;
};

static rd_kafka_topic_partition_list_t *list_of(const struct bus_partition *partitions,
                                                size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition)
            ->offset = partitions[i].offset;
    return list;
}

static rd_kafka_topic_partition_list_t *list_one(const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    return list;
}

static void tell_assigned(struct bus_consumer *consumer,
                          const rd_kafka_topic_partition_list_t *list)
{
    if (consumer->handler.assigned == NULL)
        return;
    check(list->cnt <= MAX_ASSIGNED);
    struct bus_partition *partitions = calloc((size_t)list->cnt + 1, sizeof *partitions);
    check(partitions != NULL);
    for (int i = 0; i < list->cnt; i++)
        partitions[i] = (struct bus_partition){.topic = list->elems[i].topic,
                                               .partition = list->elems[i].partition,
                                               .offset = list->elems[i].offset};
    consumer->handler.assigned(consumer->handler.context, partitions, (size_t)list->cnt);
    free(partitions);
}

// librdkafka remembers that a partition was paused when it comes again; who paused it does not.
static void take_over(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_assign(client, list);
    rd_kafka_resume_partitions(client, list);
}

// A hinted consumer assigns by itself, when it knows the offsets.
static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *list, void *context)
{
    struct bus_consumer *consumer = context;
    bool gained = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    if (!gained && consumer->handler.revoked != NULL)
        consumer->handler.revoked(consumer->handler.context);
    if (!gained)
        rd_kafka_assign(client, NULL);
    else if (consumer->kind == BUS_CONSUMER_GROUP)
        take_over(client, list);
    if (gained)
        tell_assigned(consumer, list);
}

// librdkafka delivers the callback from its own poll, so the loop's thread is the only one here.
static bool set_group(struct bus_consumer *consumer, rd_kafka_conf_t *conf,
                      const struct bus_consumer_options *options, struct error *err)
{
    int session_ms = options->session_timeout_ms ? options->session_timeout_ms : DEFAULT_SESSION_MS;
    bool commits = consumer->kind == BUS_CONSUMER_GROUP;
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    return client_conf_set(conf, "group.id", options->group ? options->group : "baton", err) &&
           client_conf_set_int(conf, "session.timeout.ms", session_ms, err) &&
           client_conf_set_int(conf, "heartbeat.interval.ms", session_ms / HEARTBEATS_PER_SESSION,
                               err) &&
           client_conf_set(conf, "partition.assignment.strategy", "roundrobin", err) &&
           client_conf_set(conf, "enable.auto.commit", commits ? "true" : "false", err) &&
           client_conf_set(conf, "auto.commit.interval.ms", "1000", err) &&
           client_conf_set(conf, "enable.auto.offset.store", "false", err);
}

// Unless kafka.properties has another one than librdkafka's own.
static bool set_fetch_wait(rd_kafka_conf_t *conf, struct error *err)
{
    char now[16] = "";
    size_t size = sizeof now;
    bool is_set = rd_kafka_conf_get(conf, "fetch.wait.max.ms", now, &size) == RD_KAFKA_CONF_OK &&
                  strcmp(now, "500") != 0;
    return is_set || client_conf_set(conf, "fetch.wait.max.ms", "100", err);
}

static bool configure(struct bus_consumer *consumer, rd_kafka_conf_t *conf,
                      const struct bus_consumer_options *options, struct error *err)
{
    static const char *const resets[] = {"error", "earliest", "latest"};
    int queue_kbytes = options->queue_kbytes ? options->queue_kbytes : DEFAULT_QUEUE_KBYTES;
    rd_kafka_conf_set_opaque(conf, consumer);
    return client_conf_set(conf, "check.crcs", "true", err) &&
           client_conf_set(conf, "auto.offset.reset", resets[options->reset], err) &&
           client_conf_set_int(conf, "queued.max.messages.kbytes", queue_kbytes, err) &&
           set_fetch_wait(conf, err) &&
           client_conf_set(conf, "fetch.error.backoff.ms", "100", err) &&
           client_conf_set(conf, "topic.metadata.refresh.interval.ms", "5000", err) &&
           client_conf_set(conf, "allow.auto.create.topics", "true", err) &&
           set_group(consumer, conf, options, err);
}

static struct bus_partition partition_of(const rd_kafka_message_t *message)
{
    return (struct bus_partition){
        .topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "",
        .partition = message->partition,
        .offset = message->offset,
    };
}

static void hand_over_fault(struct bus_consumer *consumer, const rd_kafka_message_t *message)
{
    struct bus_partition partition = partition_of(message);
    bool range = message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                 message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    if (consumer->handler.fault == NULL || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return;
    struct error err;
    (void)error_set(&err, ERROR_IO, partition.topic, "partition %d: %s", partition.partition,
                    rd_kafka_message_errstr(message));
    enum bus_fault fault = BUS_FAULT_OTHER;
    if (range)
        fault = BUS_FAULT_RANGE;
    else if (client_is_gone(message->err))
        fault = BUS_FAULT_GONE;
    consumer->handler.fault(consumer->handler.context, &partition, fault, &err);
}

static size_t read_headers(const rd_kafka_message_t *message, struct bus_header *headers)
{
    rd_kafka_headers_t *all;
    size_t count = 0;
    if (rd_kafka_message_headers(message, &all))
        return 0;
    const char *name;
    const void *value;
    size_t size;
    while (count < BUS_MAX_HEADERS && !rd_kafka_header_get_all(all, count, &name, &value, &size)) {
        headers[count].name = str_of(name);
        headers[count++].value = value ? str_from(value, size) : STR_EMPTY;
    }
    return count;
}

static void hand_over(struct bus_consumer *consumer, const rd_kafka_message_t *message)
{
    struct bus_header headers[BUS_MAX_HEADERS];
    struct bus_record record = {
        .topic = rd_kafka_topic_name(message->rkt),
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
        .key = str_from(message->key, message->key_len),
        .value = str_from(message->payload, message->len),
        .headers = headers,
    };
    record.header_count = read_headers(message, headers);
    consumer->handler.record(consumer->handler.context, &record);
}

static size_t serve_batch(struct bus_consumer *consumer)
{
    rd_kafka_message_t *messages[BATCH_RECORDS];
    ssize_t count = rd_kafka_consume_batch_queue(consumer->queue, 0, messages, BATCH_RECORDS);
    for (ssize_t i = 0; i < count; i++) {
        if (messages[i]->err)
            hand_over_fault(consumer, messages[i]);
        else
            hand_over(consumer, messages[i]);
        rd_kafka_message_destroy(messages[i]);
    }
    return count > 0 ? (size_t)count : 0;
}

// Refused only for partitions that are no longer ours: their next owner does the work again.
static void store_done(struct bus_consumer *consumer)
{
    for (struct done *done = consumer->done; done != NULL; done = done->next) {
        if (!done->dirty)
            continue;
        rd_kafka_topic_partition_list_t *list = list_one(done->topic, done->partition);
        list->elems[0].offset = done->next_offset;
        rd_kafka_offsets_store(consumer->client, list);
        rd_kafka_topic_partition_list_destroy(list);
        done->dirty = false;
    }
}

static void free_done(struct bus_consumer *consumer)
{
    while (consumer->done != NULL) {
        struct done *done = consumer->done;
        consumer->done = done->next;
        free(done->topic);
        free(done);
    }
}

static void serve(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct bus_consumer *consumer = context;
    uint64_t wakes;
    while (read(consumer->wake.fd, &wakes, sizeof wakes) > 0)
        ;
    size_t total = 0;
    size_t count;
    do
        total += count = serve_batch(consumer);
    while (count > 0 && total < consumer->turn_records);
    if (count > 0)
        client_wake_again(&consumer->wake);
    if (total > 0 && consumer->handler.drained != NULL)
        consumer->handler.drained(consumer->handler.context);
    store_done(consumer);
}

static bool subscribe(struct bus_consumer *consumer, const struct bus_consumer_options *options,
                      struct error *err)
{
    if (consumer->kind == BUS_CONSUMER_MANUAL)
        return true;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)options->topic_count);
    for (size_t i = 0; i < options->topic_count; i++)
        rd_kafka_topic_partition_list_add(list, options->topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code ? client_error(err, options->topics[0], code) : true;
}

static bool start(struct bus_consumer *consumer, const struct bus_consumer_options *options,
                  struct event_base *loop, struct error *err)
{
    rd_kafka_conf_t *conf = client_conf_new(&options->bus, err);
    if (conf == NULL)
        return false;
    if (!configure(consumer, conf, options, err)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    consumer->client = client_new(RD_KAFKA_CONSUMER, conf, err);
    if (consumer->client == NULL)
        return false;
    rd_kafka_poll_set_consumer(consumer->client);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->client);
    if (!client_wake_init(&consumer->wake, loop, consumer->queue, serve, consumer))
        return error_set(err, ERROR_IO, "kafka", "no file descriptor for the consumer");
    return subscribe(consumer, options, err);
}

struct bus_consumer *bus_consumer_new(const struct bus_consumer_options *options,
                                      const struct bus_consumer_handler *handler,
                                      struct event_base *loop, struct error *err)
{
    struct bus_consumer *consumer = calloc(1, sizeof *consumer);
    check(consumer != NULL);
    consumer->handler = *handler;
    consumer->kind = options->kind;
    consumer->turn_records =
        options->turn_records ? (size_t)options->turn_records : DEFAULT_TURN_RECORDS;
    if (start(consumer, options, loop, err))
        return consumer;
    bus_consumer_free(consumer);
    return NULL;
}

void bus_consumer_leave(struct bus_consumer *consumer)
{
    if (consumer->client == NULL || consumer->closing != NULL)
        return;
    store_done(consumer);
    consumer->handler = (struct bus_consumer_handler){0};
    if (consumer->queue != NULL)
        rd_kafka_queue_io_event_enable(consumer->queue, -1, NULL, 0);
    consumer->closing = rd_kafka_queue_new(consumer->client);
    consumer->close_until_ns = clock_monotonic_ns() + CLOSE_MS * (int64_t)NS_PER_MS;
    rd_kafka_error_destroy(rd_kafka_consumer_close_queue(consumer->client, consumer->closing));
}

static void *destroy(void *context)
{
    struct bus_consumer *consumer = context;
    rd_kafka_queue_destroy(consumer->closing);
    rd_kafka_destroy_flags(consumer->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free_done(consumer);
    free(consumer);
    return NULL;
}

// librdkafka waits for a broker's word until its request's time is over, some ten seconds and more:
// where there is none, it does so by itself, or until the program ends. The group takes the member
// for dead in time.
static void close_client(struct bus_consumer *consumer)
{
    pthread_t thread;
    bus_consumer_leave(consumer);
    while (!rd_kafka_consumer_closed(consumer->client) &&
           clock_monotonic_ns() < consumer->close_until_ns)
        rd_kafka_queue_poll_callback(consumer->closing, CLOSE_POLL_MS);
    client_wake_done(&consumer->wake);
    if (consumer->queue != NULL)
        rd_kafka_queue_destroy(consumer->queue);
    if (rd_kafka_consumer_closed(consumer->client))
        (void)destroy(consumer);
    else
        check(pthread_create(&thread, NULL, destroy, consumer) == 0 && pthread_detach(thread) == 0);
}

void bus_consumer_free(struct bus_consumer *consumer)
{
    if (consumer == NULL)
        return;
    if (consumer->client != NULL) {
        close_client(consumer);
        return;
    }
    client_wake_done(&consumer->wake);
    free_done(consumer);
    free(consumer);
}

bool bus_consumer_assign(struct bus_consumer *consumer, const struct bus_partition *partitions,
                         size_t count, struct error *err)
{
    rd_kafka_topic_partition_list_t *list = list_of(partitions, count);
    rd_kafka_resp_err_t code = rd_kafka_assign(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code ? client_error(err, "kafka", code) : true;
}

bool bus_consumer_seek(struct bus_consumer *consumer, const struct bus_partition *partition,
                       struct error *err)
{
    rd_kafka_topic_partition_list_t *list = list_of(partition, 1);
    rd_kafka_error_t *error = rd_kafka_seek_partitions(consumer->client, list, 0);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == NULL)
        return true;
    (void)error_set(err, ERROR_IO, partition->topic, "%s", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return false;
}

void bus_consumer_pause(struct bus_consumer *consumer, const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = list_one(topic, partition);
    rd_kafka_pause_partitions(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void bus_consumer_resume(struct bus_consumer *consumer, const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = list_one(topic, partition);
    rd_kafka_resume_partitions(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static struct done *find_done(struct bus_consumer *consumer, const char *topic, int32_t partition)
{
    for (struct done *done = consumer->done; done != NULL; done = done->next)
        if (done->partition == partition && strcmp(done->topic, topic) == 0)
            return done;
    struct done *done = calloc(1, sizeof *done);
    check(done != NULL);
    *done = (struct done){.next = consumer->done, .topic = strdup(topic), .partition = partition};
    check(done->topic != NULL);
    consumer->done = done;
    return done;
}

void bus_consumer_done(struct bus_consumer *consumer, const char *topic, int32_t partition,
                       int64_t next_offset)
{
    struct done *done = find_done(consumer, topic, partition);
    bool first = !done->dirty;
    done->next_offset = next_offset;
    done->dirty = true;
    if (first)
        client_wake_again(&consumer->wake);
}

bool bus_consumer_offsets(struct bus_consumer *consumer, const char *topic, int32_t partition,
                          int timeout_ms, int64_t *ret_low, int64_t *ret_high, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(consumer->client, topic, partition,
                                                                ret_low, ret_high, timeout_ms);
    return code ? client_error(err, topic, code) : true;
}

bool bus_consumer_offset_since(struct bus_consumer *consumer, const char *topic, int32_t partition,
                               int64_t time_ms, int timeout_ms, int64_t *ret_offset,
                               struct error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *place = rd_kafka_topic_partition_list_add(list, topic, partition);
    place->offset = time_ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(consumer->client, list, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = place->err;
    int64_t low;
    *ret_offset = place->offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return client_error(err, topic, code);
    return *ret_offset >= 0 ||
           bus_consumer_offsets(consumer, topic, partition, timeout_ms, &low, ret_offset, err);
}

int64_t bus_consumer_end_seen(struct bus_consumer *consumer, const char *topic, int32_t partition)
{
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(consumer->client, topic, partition, &low, &high) || high < 0)
        return -1;
    return high;
}

void bus_consumer_member(struct bus_consumer *consumer, char *ret_text, size_t size)
{
    char *member = rd_kafka_memberid(consumer->client);
    snprintf(ret_text, size, "%s", member ? member : "");
    if (member != NULL)
        rd_kafka_mem_free(consumer->client, member);
}
