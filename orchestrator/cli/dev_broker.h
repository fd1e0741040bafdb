// SPDX-License-Identifier: Apache-2.0
//
// The broker of `baton dev`: an Apache Kafka of its own with its data in the data directory and a
// port that stays, where Kafka's files and a Java from 17 are installed; the embedded one, which is
// in memory and which some clients cannot speak to; or one that somebody else runs.
#ifndef BATON_CLI_DEV_BROKER_H
#define BATON_CLI_DEV_BROKER_H

#include "base/error.h"

#include <sys/types.h>

enum dev_broker_kind { DEV_BROKER_EMBEDDED, DEV_BROKER_KAFKA, DEV_BROKER_OTHER };

struct dev_broker {
    struct arena *arena;
    enum dev_broker_kind kind;
    const char *data;       // the data directory
    const char *address;    // host:port
    const char *text;       // for people: what it is and who can use it
    const char *properties; // an argument for programs of ours that use it
    bool is_new;            // it knows nothing of what was
    pid_t pid;              // 0: none of ours
    int in_fd;              // the embedded one ends when this is closed
};

// `which`: auto, kafka, embedded or HOST:PORT. Does not wait for Kafka. Texts are in the arena.
MUST_CHECK bool dev_broker_start(struct dev_broker *broker, struct arena *arena, str which,
                                 const char *data, struct error *err);

// Until it takes connections.
MUST_CHECK bool dev_broker_wait(struct dev_broker *broker, struct error *err);

// Notes in the data directory that what is there now belongs to this broker.
MUST_CHECK bool dev_broker_remember(const struct dev_broker *broker, struct error *err);

void dev_broker_stop(struct dev_broker *broker);

#endif
