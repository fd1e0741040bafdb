// SPDX-License-Identifier: Apache-2.0
#include "bus/client.h"

enum { CONTROLLER_MS = 500 };

str bus_record_header(const struct bus_record *record, str name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (str_equal(record->headers[i].name, name))
            return record->headers[i].value;
    return (str){0};
}

static rd_kafka_t *admin_new(const struct bus_options *options, struct error *err)
{
    rd_kafka_conf_t *conf = client_conf_new(options, err);
    return conf ? client_new(RD_KAFKA_PRODUCER, conf, err) : NULL;
}

static bool set_topic_property(void *context, const char *name, const char *value,
                               struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_NewTopic_set_config(context, name, value);
    return code ? client_error(err, name, code) : true;
}

static rd_kafka_NewTopic_t *new_topic(const struct bus_topic *topic, struct error *err)
{
    char text[BUS_ERROR_TEXT];
    int replicas = topic->replicas ? topic->replicas : -1;
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(topic->name, topic->partitions, replicas, text, sizeof text);
    if (made == NULL) {
        (void)error_set(err, ERROR_INVALID, topic->name, "%s", text);
        return NULL;
    }
    if (client_properties_each(topic->properties, set_topic_property, made, err) &&
        (topic->wishes == NULL ||
         client_properties_each(topic->wishes, set_topic_property, made, err)))
        return made;
    rd_kafka_NewTopic_destroy(made);
    return NULL;
}

static bool topic_is_there(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
}

static bool read_results(rd_kafka_event_t *event, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code)
        return error_set(err, ERROR_UNAVAILABLE, "kafka", "cannot make topics: %s",
                         rd_kafka_event_error_string(event));
    size_t count;
    const rd_kafka_topic_result_t **topics =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        if (topic_is_there(rd_kafka_topic_result_error(topics[i])))
            continue;
        const char *why = rd_kafka_topic_result_error_string(topics[i]);
        return error_set(err, ERROR_IO, rd_kafka_topic_result_name(topics[i]), "%s",
                         why ? why : "cannot be made");
    }
    return true;
}

// One request to the controller: what is asked for, and how its answer is read.
struct admin_request {
    rd_kafka_admin_op_t kind;
    rd_kafka_NewTopic_t *topic;
    rd_kafka_NewPartitions_t *partitions;
    bool (*read)(rd_kafka_event_t *event, struct error *err);
};

static bool ask_controller(rd_kafka_t *client, struct admin_request request, int timeout_ms,
                           struct error *err)
{
    char text[BUS_ERROR_TEXT];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, request.kind);
    rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, text, sizeof text);
    rd_kafka_AdminOptions_set_operation_timeout(options, timeout_ms, text, sizeof text);
    if (request.topic != NULL)
        rd_kafka_CreateTopics(client, &request.topic, 1, options, queue);
    else
        rd_kafka_CreatePartitions(client, &request.partitions, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms + 1000);
    bool done = event != NULL
                    ? request.read(event, err)
                    : error_set(err, ERROR_UNAVAILABLE, "kafka", "no answer in %d ms", timeout_ms);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return done;
}

static bool create_one(rd_kafka_t *client, rd_kafka_NewTopic_t *topic, int timeout_ms,
                       struct error *err)
{
    return ask_controller(client,
                          (struct admin_request){.kind = RD_KAFKA_ADMIN_OP_CREATETOPICS,
                                                 .topic = topic,
                                                 .read = read_results},
                          timeout_ms, err);
}

static bool read_growth(rd_kafka_event_t *event, struct error *err)
{
    size_t count;
    const rd_kafka_topic_result_t **topics = rd_kafka_CreatePartitions_result_topics(
        rd_kafka_event_CreatePartitions_result(event), &count);
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    for (size_t i = 0; !code && i < count; i++)
        code = rd_kafka_topic_result_error(topics[i]);
    return code ? client_error(err, "kafka", code) : true;
}

static bool add_partitions(rd_kafka_t *client, const struct bus_topic *topic, int timeout_ms,
                           struct error *err)
{
    char text[BUS_ERROR_TEXT];
    rd_kafka_NewPartitions_t *wanted =
        rd_kafka_NewPartitions_new(topic->name, (size_t)topic->partitions, text, sizeof text);
    if (wanted == NULL)
        return error_set(err, ERROR_INVALID, topic->name, "%s", text);
    bool added = ask_controller(client,
                                (struct admin_request){.kind = RD_KAFKA_ADMIN_OP_CREATEPARTITIONS,
                                                       .partitions = wanted,
                                                       .read = read_growth},
                                timeout_ms, err);
    rd_kafka_NewPartitions_destroy(wanted);
    return added;
}

static int partitions_in(const struct rd_kafka_metadata *metadata)
{
    if (metadata->topic_cnt == 0 || metadata->topics[0].err)
        return 0;
    return metadata->topics[0].partition_cnt;
}

static bool count_partitions(rd_kafka_t *client, const char *topic, int timeout_ms,
                             int *ret_partitions, struct error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, handle, &metadata, timeout_ms);
    rd_kafka_topic_destroy(handle);
    if (code)
        return client_error(err, topic, code);
    *ret_partitions = partitions_in(metadata);
    rd_kafka_metadata_destroy(metadata);
    return true;
}

// Whoever names a topic that is not there may have made the broker make it, with its default.
static bool grow(rd_kafka_t *client, const struct bus_topic *topic, int timeout_ms,
                 struct error *err)
{
    int partitions;
    if (!topic->grows)
        return true;
    if (!count_partitions(client, topic->name, timeout_ms, &partitions, err))
        return false;
    return partitions == 0 || partitions >= topic->partitions ||
           add_partitions(client, topic, timeout_ms, err);
}

static bool create(rd_kafka_t *client, const struct bus_topic *wanted, int timeout_ms,
                   struct error *err)
{
    rd_kafka_NewTopic_t *topic = new_topic(wanted, err);
    bool made = topic != NULL && create_one(client, topic, timeout_ms, err);
    if (topic != NULL)
        rd_kafka_NewTopic_destroy(topic);
    return made;
}

static bool create_all(rd_kafka_t *client, const struct bus_topic *topics, size_t count,
                       int timeout_ms, struct error *err)
{
    bool made = true;
    for (size_t i = 0; made && i < count; i++) {
        struct bus_topic plain = topics[i];
        plain.wishes = NULL;
        made = create(client, &topics[i], timeout_ms, err) ||
               (topics[i].wishes != NULL && create(client, &plain, timeout_ms, err));
        made = made && grow(client, &topics[i], timeout_ms, err);
    }
    return made;
}

// On the embedded broker a topic comes into being when somebody asks for it.
static bool touch_all(rd_kafka_t *client, const struct bus_topic *topics, size_t count,
                      int timeout_ms, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct rd_kafka_metadata *metadata;
        rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topics[i].name, NULL);
        rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, handle, &metadata, timeout_ms);
        rd_kafka_topic_destroy(handle);
        if (code)
            return client_error(err, topics[i].name, code);
        rd_kafka_metadata_destroy(metadata);
    }
    return true;
}

static bool is_broker(const struct rd_kafka_metadata *metadata, int32_t id)
{
    for (int i = 0; i < metadata->broker_cnt; i++)
        if (metadata->brokers[i].id == id)
            return true;
    return false;
}

// Only in a real cluster is the controller one of the brokers: it is what makes topics. False: *err
// says that nobody answers.
static bool find_controller(rd_kafka_t *client, int timeout_ms, bool *ret_found, struct error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, NULL, &metadata, timeout_ms);
    if (code) {
        (void)client_error(err, "kafka", code);
        err->kind = ERROR_UNAVAILABLE;
        return false;
    }
    *ret_found = is_broker(metadata, rd_kafka_controllerid(client, CONTROLLER_MS));
    rd_kafka_metadata_destroy(metadata);
    return true;
}

bool bus_topics_ensure(const struct bus_options *options, const struct bus_topic *topics,
                       size_t count, int timeout_ms, struct error *err)
{
    rd_kafka_t *client = admin_new(options, err);
    bool has_controller;
    if (client == NULL)
        return false;
    bool made = find_controller(client, timeout_ms, &has_controller, err) &&
                (has_controller ? create_all : touch_all)(client, topics, count, timeout_ms, err);
    rd_kafka_destroy(client);
    return made;
}

bool bus_topic_exists(const struct bus_options *options, const char *topic, int timeout_ms,
                      bool *ret_exists, struct error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_t *client = admin_new(options, err);
    if (client == NULL)
        return false;
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 1, NULL, &metadata, timeout_ms);
    if (!code) {
        *ret_exists = false;
        for (int i = 0; i < metadata->topic_cnt; i++)
            *ret_exists = *ret_exists || strcmp(metadata->topics[i].topic, topic) == 0;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_destroy(client);
    return !code || error_set(err, ERROR_UNAVAILABLE, options->brokers,
                              "%s: is Kafka running there?", rd_kafka_err2str(code));
}

bool bus_topic_partitions(const struct bus_options *options, const char *topic, int timeout_ms,
                          int *ret_partitions, struct error *err)
{
    rd_kafka_t *client = admin_new(options, err);
    if (client == NULL)
        return false;
    bool counted = count_partitions(client, topic, timeout_ms, ret_partitions, err);
    rd_kafka_destroy(client);
    return counted;
}
