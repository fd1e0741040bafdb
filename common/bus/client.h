// SPDX-License-Identifier: Apache-2.0
//
// What every librdkafka client of ours needs: configuration with good errors, its log lines in our
// log, and its queue joined to a libevent loop through an eventfd. Private to bus.
#ifndef BATON_BUS_CLIENT_H
#define BATON_BUS_CLIENT_H

#include "bus/bus.h"

#include <event2/event.h>
#include <librdkafka/rdkafka.h>

enum { BUS_ERROR_TEXT = 512 };

// A configuration with the options every client shares. NULL and *err when a property is unknown.
MUST_CHECK rd_kafka_conf_t *client_conf_new(const struct bus_options *options, struct error *err);

MUST_CHECK bool client_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                struct error *err);
MUST_CHECK bool client_conf_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value,
                                    struct error *err);

// Calls `set` with each "name=value" of a list separated by ';'.
typedef bool client_property_set(void *context, const char *name, const char *value,
                                 struct error *err);
MUST_CHECK bool client_properties_each(const char *properties, client_property_set *set,
                                       void *context, struct error *err);

// Takes the configuration. NULL and *err when it cannot be made.
MUST_CHECK rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *err);

// The topic or the partition is not there, as far as librdkafka or a broker knows.
bool client_is_gone(rd_kafka_resp_err_t code);

// False, with the code's text. ERROR_LIMIT: the record is too large for the topic. ERROR_NOT_FOUND:
// the topic is there and has no such partition. ERROR_UNAVAILABLE: its time is over. ERROR_DENIED:
// the broker does not let this client in, or not write to the topic.
bool client_error(struct error *err, const char *place, rd_kafka_resp_err_t code);

// Wakes `serve` on the loop whenever the queue has become non-empty, and about every `tick_ms`
// (librdkafka takes a client that nobody asks anything for dead).
struct client_wake {
    int fd;
    struct event *readable;
    struct event *tick;
};

MUST_CHECK bool client_wake_init(struct client_wake *wake, struct event_base *loop,
                                 rd_kafka_queue_t *queue, event_callback_fn serve, void *context);
void client_wake_again(struct client_wake *wake); // serve once more in the next turn
void client_wake_done(struct client_wake *wake);

#endif
