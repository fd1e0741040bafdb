// SPDX-License-Identifier: Apache-2.0
#include "bus/claim.h"

#include "bus/client.h"

#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 100 };

static const char adopted[] = "baton-adopted"; // header of a record that takes the topics over

static rd_kafka_t *open_reader(const struct bus_options *options, struct error *err)
{
    rd_kafka_conf_t *conf = client_conf_new(options, err);
    if (conf == NULL)
        return NULL;
    if (client_conf_set(conf, "group.id", "none",
                        err) && // of no group, but librdkafka wants a name
        client_conf_set(conf, "enable.auto.commit", "false", err))
        return client_new(RD_KAFKA_CONSUMER, conf, err);
    rd_kafka_conf_destroy(conf);
    return NULL;
}

// *ret_low == *ret_high: it is empty.
// A topic that was made just now may take a moment to be known.
static bool find_ends(rd_kafka_t *client, const struct bus_claim *claim, int64_t *ret_low,
                      int64_t *ret_high, struct error *err)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    for (int tries = claim->timeout_ms / AGAIN_MS; client_is_gone(code) && tries > 0; tries--) {
        code = rd_kafka_query_watermark_offsets(client, claim->topic, 0, ret_low, ret_high,
                                                claim->timeout_ms);
        if (client_is_gone(code))
            rd_kafka_poll(client, AGAIN_MS);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    (void)client_error(err, claim->topic, code);
    err->kind = ERROR_UNAVAILABLE;
    return false;
}

static void on_delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    (void)client, (void)context;
    *(rd_kafka_resp_err_t *)message->_private = message->err;
}

static bool write_owner(const struct bus_options *options, const struct bus_claim *claim,
                        struct error *err)
{
    char owner[BUS_OWNER_MAX];
    rd_kafka_conf_t *conf = client_conf_new(options, err);
    if (conf == NULL)
        return false;
    snprintf(owner, sizeof owner, "%s", claim->owner);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivered); // acks=all is librdkafka's default
    rd_kafka_t *client = client_new(RD_KAFKA_PRODUCER, conf, err);
    if (client == NULL)
        return false;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    if (claim->adopts)
        rd_kafka_header_add(headers, adopted, -1, "1", 1);
    rd_kafka_resp_err_t sent = rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(claim->topic), RD_KAFKA_V_PARTITION(0),
        RD_KAFKA_V_VALUE(owner, strlen(owner)), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&code), RD_KAFKA_V_END);
    if (sent)
        rd_kafka_headers_destroy(headers);
    else
        rd_kafka_flush(client, claim->timeout_ms);
    rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(client);
    code = sent ? sent : code;
    return code ? client_error(err, claim->topic, code) : true;
}

static void take(const rd_kafka_message_t *message, bool is_first, char *ret_owner)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t size;
    bool adopts =
        rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        rd_kafka_header_get_last(headers, adopted, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_first || adopts)
        snprintf(ret_owner, BUS_OWNER_MAX, "%.*s", (int)message->len,
                 (const char *)message->payload);
}

static bool read_owner(rd_kafka_t *client, const struct bus_claim *claim, int64_t low, int64_t high,
                       char *ret_owner, struct error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, claim->topic, 0)->offset = low;
    rd_kafka_resp_err_t code = rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return client_error(err, claim->topic, code);
    bool is_first = true;
    for (int64_t next = low; next < high;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, claim->timeout_ms);
        if (message == NULL)
            return error_set(err, ERROR_UNAVAILABLE, claim->topic, "cannot be read");
        if (!message->err) {
            take(message, is_first, ret_owner);
            is_first = false;
            next = message->offset + 1;
        }
        rd_kafka_message_destroy(message);
    }
    return true;
}

static bool settle(const struct bus_options *options, rd_kafka_t *reader,
                   const struct bus_claim *claim, char *ret_owner, struct error *err)
{
    int64_t low, high;
    if (!find_ends(reader, claim, &low, &high, err))
        return false;
    if ((claim->adopts || low == high) && !write_owner(options, claim, err))
        return false;
    return find_ends(reader, claim, &low, &high, err) &&
           read_owner(reader, claim, low, high, ret_owner, err);
}

bool bus_claim(const struct bus_options *options, const struct bus_claim *claim,
               char ret_owner[BUS_OWNER_MAX], struct error *err)
{
    const struct bus_topic topic = {.name = claim->topic,
                                    .partitions = 1,
                                    .replicas = claim->replicas,
                                    .properties = "retention.ms=-1;retention.bytes=-1"};
    if (!bus_topics_ensure(options, &topic, 1, claim->timeout_ms, err))
        return false;
    rd_kafka_t *reader = open_reader(options, err);
    if (reader == NULL)
        return false;
    ret_owner[0] = '\0';
    bool settled = settle(options, reader, claim, ret_owner, err);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return settled;
}
