// SPDX-License-Identifier: Apache-2.0
#include "bus/embedded.h"

#include "bus/client.h"

#include <errno.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct bus_embedded {
    rd_kafka_t *client;
    rd_kafka_mock_cluster_t *cluster;
};

static bool create_topics(struct bus_embedded *broker, const struct bus_topic *topics, size_t count,
                          struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code =
            rd_kafka_mock_topic_create(broker->cluster, topics[i].name, topics[i].partitions, 1);
        if (code)
            return client_error(err, topics[i].name, code);
    }
    return true;
}

struct bus_embedded *bus_embedded_new(const struct bus_topic *topics, size_t count,
                                      struct error *err)
{
    struct bus_embedded *broker = calloc(1, sizeof *broker);
    check(broker != NULL);
    const struct bus_options nowhere = {.brokers = "127.0.0.1:1", .client_id = "baton-broker"};
    rd_kafka_conf_t *conf = client_conf_new(&nowhere, err);
    // The cluster needs a client to live in; this one talks to nobody.
    bool ready = conf != NULL && client_conf_set(conf, "test.mock.num.brokers", "1", err) &&
                 (broker->client = client_new(RD_KAFKA_PRODUCER, conf, err)) != NULL;
    if (ready)
        broker->cluster = rd_kafka_handle_mock_cluster(broker->client);
    if (ready && create_topics(broker, topics, count, err))
        return broker;
    bus_embedded_free(broker);
    return NULL;
}

void bus_embedded_free(struct bus_embedded *broker)
{
    if (broker == NULL)
        return;
    if (broker->client != NULL)
        rd_kafka_destroy(broker->client);
    free(broker);
}

const char *bus_embedded_brokers(const struct bus_embedded *broker)
{
    return rd_kafka_mock_cluster_bootstraps(broker->cluster);
}

static void refuse(struct bus_embedded *broker, size_t count, rd_kafka_resp_err_t code)
{
    enum { PRODUCE = 0 }; // the request's number in Kafka's protocol
    for (size_t i = 0; i < count; i++)
        rd_kafka_mock_push_request_errors(broker->cluster, PRODUCE, 1, code);
}

void bus_embedded_refuse(struct bus_embedded *broker, size_t count)
{
    refuse(broker, count, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
}

void bus_embedded_refuse_large(struct bus_embedded *broker, size_t count)
{
    refuse(broker, count, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
}

static bool write_line(int fd, const char *text, struct error *err)
{
    if (dprintf(fd, "%s\n", text) > 0)
        return true;
    return error_set(err, ERROR_IO, "broker", "cannot tell its address: %s", strerror(errno));
}

// Until the parent closes its end of in_fd or a signal asks us to go.
static void wait_for_end(int in_fd, int signal_fd)
{
    struct pollfd waits[] = {{.fd = in_fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
    char ignored[256];
    for (;;) {
        if (poll(waits, 2, -1) < 0 && errno != EINTR)
            return;
        if (waits[1].revents)
            return;
        if (waits[0].revents && read(in_fd, ignored, sizeof ignored) <= 0)
            return;
    }
}

bool bus_embedded_serve(const struct bus_topic *topics, size_t count, int in_fd, int out_fd,
                        struct error *err)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL); // before the threads of the broker start
    struct bus_embedded *broker = bus_embedded_new(topics, count, err);
    if (broker == NULL)
        return false;
    int signal_fd = signalfd(-1, &ends, SFD_CLOEXEC);
    bool told = write_line(out_fd, bus_embedded_brokers(broker), err);
    if (told)
        wait_for_end(in_fd, signal_fd);
    close(signal_fd);
    bus_embedded_free(broker);
    return told;
}
