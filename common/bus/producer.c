// SPDX-License-Identifier: Apache-2.0
#include "bus/producer.h"

#include "bus/client.h"

#include <stdlib.h>
#include <unistd.h>

enum { DEFAULT_QUEUE_RECORDS = 100000, DEFAULT_LINGER_US = 1000, CLOSE_MS = 100 };

struct bus_producer {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    struct client_wake wake;
    struct bus_producer_handler handler;
    size_t pending;
    size_t queue_records;
    bool full;
};

static void on_delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    (void)client;
    struct bus_producer *producer = context;
    producer->pending--;
    if (producer->handler.delivered == NULL)
        return;
    struct error err = {0};
    if (message->err)
        (void)client_error(&err, rd_kafka_topic_name(message->rkt), message->err);
    producer->handler.delivered(producer->handler.context, (uint64_t)(uintptr_t)message->_private,
                                message->err ? &err : NULL);
}

static void on_error(rd_kafka_t *client, int code, const char *reason, void *context)
{
    struct bus_producer *producer = context;
    if (code != RD_KAFKA_RESP_ERR__FATAL || producer->handler.broken == NULL)
        return;
    char text[BUS_ERROR_TEXT];
    (void)reason;
    rd_kafka_fatal_error(client, text, sizeof text);
    struct error err;
    (void)error_set(&err, ERROR_IO, "kafka", "%s", text);
    producer->handler.broken(producer->handler.context, &err);
}

static void serve(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct bus_producer *producer = context;
    uint64_t count;
    while (read(producer->wake.fd, &count, sizeof count) > 0)
        ;
    while (rd_kafka_poll(producer->client, 0) > 0)
        ;
    if (producer->full && producer->pending <= producer->queue_records / 2) {
        producer->full = false;
        if (producer->handler.room != NULL)
            producer->handler.room(producer->handler.context);
    }
}

static bool configure(struct bus_producer *producer, rd_kafka_conf_t *conf,
                      const struct bus_producer_options *options, struct error *err)
{
    int linger_us = options->linger_us ? options->linger_us : DEFAULT_LINGER_US;
    char linger_ms[32];
    snprintf(linger_ms, sizeof linger_ms, "%d.%03d", linger_us / 1000, linger_us % 1000);
    producer->queue_records =
        options->queue_records ? (size_t)options->queue_records : DEFAULT_QUEUE_RECORDS;
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
    rd_kafka_conf_set_error_cb(conf, on_error);
    return client_conf_set(conf, "enable.idempotence", "true", err) &&
           client_conf_set(conf, "acks", "all", err) &&
           client_conf_set(conf, "partitioner", "murmur2_random", err) &&
           client_conf_set(conf, "linger.ms", linger_ms, err) &&
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
    if (start(producer, options, loop, err))
        return producer;
    bus_producer_free(producer);
    return NULL;
}

void bus_producer_free(struct bus_producer *producer)
{
    if (producer == NULL)
        return;
    if (producer->client != NULL) {
        producer->handler = (struct bus_producer_handler){0};
        rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(producer->client, CLOSE_MS);
        if (producer->queue != NULL) {
            rd_kafka_queue_io_event_enable(producer->queue, -1, NULL, 0);
            rd_kafka_queue_destroy(producer->queue);
        }
        rd_kafka_destroy(producer->client);
    }
    client_wake_done(&producer->wake);
    free(producer);
}

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

static rd_kafka_resp_err_t produce(struct bus_producer *producer, const struct bus_record *record,
                                   uint64_t tag)
{
    rd_kafka_headers_t *headers = headers_of(record);
    rd_kafka_resp_err_t code = rd_kafka_producev(
        producer->client, RD_KAFKA_V_TOPIC(record->topic), RD_KAFKA_V_PARTITION(record->partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(record->key.data, record->key.len),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value.data, record->value.len),
        RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE((void *)(uintptr_t)tag), RD_KAFKA_V_END);
    if (code && headers != NULL)
        rd_kafka_headers_destroy(headers);
    return code;
}

enum bus_sending bus_producer_send(struct bus_producer *producer, const struct bus_record *record,
                                   uint64_t tag, struct error *err)
{
    rd_kafka_resp_err_t code = producer->pending < producer->queue_records
                                   ? produce(producer, record, tag)
                                   : RD_KAFKA_RESP_ERR__QUEUE_FULL;
    if (!code) {
        producer->pending++;
        return BUS_SENT;
    }
    (void)client_error(err, record->topic, code);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return BUS_REFUSED;
    producer->full = true;
    return BUS_FULL;
}

size_t bus_producer_pending(const struct bus_producer *producer)
{
    return producer->pending;
}

bool bus_producer_flush(struct bus_producer *producer, int timeout_ms)
{
    return rd_kafka_flush(producer->client, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
}
