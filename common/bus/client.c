// SPDX-License-Identifier: Apache-2.0
#include "bus/client.h"

#include "base/endpoint.h"
#include "base/log.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TICK_SECONDS = 10, PROPERTY_MAX = 1024 };

bool client_is_gone(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

bool client_error(struct error *err, const char *place, rd_kafka_resp_err_t code)
{
    enum error_kind kind = ERROR_IO;
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        kind = ERROR_LIMIT;
    else if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        kind = ERROR_NOT_FOUND;
    else if (code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
        kind = ERROR_UNAVAILABLE;
    else if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
             code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        kind = ERROR_DENIED;
    return error_set(err, kind, place, "%s", rd_kafka_err2str(code));
}

bool client_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *err)
{
    char text[BUS_ERROR_TEXT];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
        return true;
    return error_set(err, ERROR_INVALID, "kafka", "%s", text);
}

bool client_conf_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value, struct error *err)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return client_conf_set(conf, name, text, err);
}

// Up to the next semicolon that has no backslash before it; the text without those backslashes.
static bool next_property(str *rest, char *ret_text, size_t *ret_len)
{
    size_t len = 0, at = 0;
    if (rest->len == 0)
        return false;
    for (; at < rest->len && rest->data[at] != ';'; at++) {
        bool is_escaped = rest->data[at] == '\\' && at + 1 < rest->len && rest->data[at + 1] == ';';
        at += is_escaped ? 1 : 0;
        if (len < PROPERTY_MAX)
            ret_text[len] = rest->data[at];
        len++;
    }
    *rest = str_from_index(*rest, at < rest->len ? at + 1 : at);
    *ret_len = len;
    return true;
}

// A part without a sign may be the rest of a password: it is not shown.
static bool set_one_property(char *text, size_t number, client_property_set *set, void *context,
                             struct error *err)
{
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return error_set(err, ERROR_INVALID, "kafka",
                         "expected name=value, separated by semicolons; part %zu has no '=' (a "
                         "semicolon in a value is written \\;)",
                         number);
    *equals = '\0';
    return set(context, text, equals + 1, err);
}

bool client_properties_each(const char *properties, client_property_set *set, void *context,
                            struct error *err)
{
    char text[PROPERTY_MAX + 1];
    str rest = str_of(properties);
    size_t len;
    for (size_t number = 1; next_property(&rest, text, &len); number++) {
        if (len > PROPERTY_MAX)
            return error_set(err, ERROR_LIMIT, "kafka", "part %zu has more than %d bytes", number,
                             PROPERTY_MAX);
        str trimmed = str_trim(str_from(text, len));
        memmove(text, trimmed.data, trimmed.len);
        text[trimmed.len] = '\0';
        if (trimmed.len > 0 && !set_one_property(text, number, set, context, err))
            return false;
    }
    return true;
}

static bool set_conf_property(void *context, const char *name, const char *value, struct error *err)
{
    return client_conf_set(context, name, value, err);
}

// librdkafka's levels are syslog's. A broker that is away is one line at "info"; what follows from
// it is told by whoever cannot go on.
static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    log_write(level <= 3 ? LOG_INFO : LOG_DEBUG, "bus", "%s: %s", facility, text);
}

static bool set_settings(rd_kafka_conf_t *conf, const struct bus_options *options,
                         struct error *err)
{
    for (size_t i = 0; i < options->setting_count; i++)
        if (!client_conf_set(conf, options->settings[i].name, options->settings[i].value, err))
            return false;
    return true;
}

static bool set_common(rd_kafka_conf_t *conf, const struct bus_options *options, struct error *err)
{
    rd_kafka_conf_set_log_cb(conf, on_log);
    return client_conf_set(conf, "bootstrap.servers", options->brokers, err) &&
           client_conf_set(conf, "client.id", options->client_id ? options->client_id : "baton",
                           err) &&
           client_conf_set(conf, "reconnect.backoff.max.ms", "1000", err) &&
           client_conf_set(conf, "socket.keepalive.enable", "true", err) &&
           client_conf_set(conf, "topic.metadata.refresh.interval.ms", "30000", err) &&
           client_conf_set(conf, "log.connection.close", "false", err) &&
           client_properties_each(options->properties, set_conf_property, conf, err) &&
           set_settings(conf, options, err);
}

static bool note_protocol(void *context, const char *name, const char *value, struct error *err)
{
    bool *is_named = context;
    (void)value, (void)err;
    *is_named = *is_named || strcmp(name, "security.protocol") == 0;
    return true;
}

// Whether the way to every broker stays on this machine.
static bool is_local(const char *brokers)
{
    struct arena arena = ARENA_EMPTY;
    struct endpoint endpoint;
    str rest = str_of(brokers), broker;
    bool local = true;
    while (local && str_split(&rest, ',', &broker))
        local =
            endpoint_parse(&arena, str_trim(broker), &endpoint) && endpoint_is_loopback(&endpoint);
    arena_done(&arena);
    return local;
}

// Nothing goes over a network in the clear because nobody thought of it.
static bool check_transport(const char *brokers, const char *properties, struct error *err)
{
    bool is_named = false;
    if (properties != NULL && !client_properties_each(properties, note_protocol, &is_named, err))
        return false;
    return is_named || is_local(brokers) ||
           error_set(err, ERROR_INVALID, "kafka.properties",
                     "kafka.brokers (%.200s) are on other machines: set security.protocol to SSL "
                     "or SASL_SSL, or to PLAINTEXT or SASL_PLAINTEXT where you trust the network",
                     brokers);
}

rd_kafka_conf_t *client_conf_new(const struct bus_options *options, struct error *err)
{
    bool is_named = false;
    for (size_t i = 0; i < options->setting_count; i++)
        is_named = is_named || strcmp(options->settings[i].name, "security.protocol") == 0;
    if (!is_named && !check_transport(options->brokers, options->properties, err))
        return NULL;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (set_common(conf, options, err))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

bool bus_check_properties(const char *brokers, const char *properties, struct error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool good = client_properties_each(properties, set_conf_property, conf, err) &&
                check_transport(brokers, properties, err);
    rd_kafka_conf_destroy(conf);
    if (!good)
        snprintf(err->place, sizeof err->place, "kafka.properties");
    return good;
}

rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *err)
{
    char text[BUS_ERROR_TEXT];
    rd_kafka_t *client = rd_kafka_new(type, conf, text, sizeof text);
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        (void)error_set(err, ERROR_INVALID, "kafka", "%s", text);
    }
    return client;
}

bool client_wake_init(struct client_wake *wake, struct event_base *loop, rd_kafka_queue_t *queue,
                      event_callback_fn serve, void *context)
{
    static const uint64_t one = 1; // what an eventfd takes
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake->fd < 0)
        return false;
    wake->readable = event_new(loop, wake->fd, EV_READ | EV_PERSIST, serve, context);
    wake->tick = event_new(loop, -1, EV_PERSIST, serve, context);
    const struct timeval period = {.tv_sec = TICK_SECONDS};
    event_add(wake->readable, NULL);
    event_add(wake->tick, &period);
    rd_kafka_queue_io_event_enable(queue, wake->fd, &one, sizeof one);
    client_wake_again(wake); // what came before the eventfd was there
    return true;
}

void client_wake_again(struct client_wake *wake)
{
    event_active(wake->readable, EV_READ, 0);
}

void client_wake_done(struct client_wake *wake)
{
    if (wake->readable == NULL)
        return;
    event_free(wake->readable);
    event_free(wake->tick);
    close(wake->fd);
    *wake = (struct client_wake){.fd = -1};
}
