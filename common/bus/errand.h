// SPDX-License-Identifier: Apache-2.0
//
// What would make a loop wait for the brokers: topics to make, places of groups to look up. One
// thread with one client runs the errands one after another; their answers come back on the loop.
// So an event loop never blocks, however many topics are asked for while the brokers are away.
#ifndef BATON_BUS_ERRAND_H
#define BATON_BUS_ERRAND_H

#include "bus/bus.h"

struct bus_errands;

enum { BUS_MAX_ERRANDS = 10000, BUS_ERRAND_MS = 5000 };

// The options are copied. NULL and *err when a property is unknown.
MUST_CHECK struct bus_errands *bus_errands_new(const struct bus_options *options,
                                               struct event_base *loop, struct error *err);

// Waits for the errand that runs, at most about BUS_ERRAND_MS; completes all others with
// ERROR_UNAVAILABLE.
void bus_errands_free(struct bus_errands *errands);

// err == NULL: the topic is there. Called on the loop, never from inside bus_errands_….
typedef void bus_topic_made(void *context, const struct error *err);

// As bus_topics_ensure, without waiting. The topic is copied.
void bus_make_topic(struct bus_errands *errands, const struct bus_topic *topic,
                    bus_topic_made *done, void *context);

// err == NULL: how many partitions the topic has; 0 when there is no such topic.
typedef void bus_partitions_counted(void *context, size_t count, const struct error *err);

void bus_count_partitions(struct bus_errands *errands, const char *topic,
                          bus_partitions_counted *done, void *context);

// err == NULL: the first offset of a partition and the one after the last.
typedef void bus_ends_found(void *context, int64_t low, int64_t end, const struct error *err);

void bus_find_ends(struct bus_errands *errands, const char *topic, int32_t partition,
                   bus_ends_found *done, void *context);

// Where a group stands in one partition of a topic.
struct bus_group_place {
    int32_t partition;
    int64_t low;       // the first offset that the topic still has
    int64_t end;       // of the next record
    int64_t committed; // by the group; -1: nothing yet
};

// err != NULL: the places are not known. A topic that does not exist has none.
typedef void bus_group_placed(void *context, const struct bus_group_place *places, size_t count,
                              const struct error *err);

void bus_find_group(struct bus_errands *errands, const char *topic, const char *group,
                    bus_group_placed *done, void *context);

enum { BUS_MOST_MEMBERS = 100 };

// err == NULL: the client ids of a group's members, at most BUS_MOST_MEMBERS; a group that nobody
// knows has none. err != NULL: they are not known (not every broker tells).
typedef void bus_members_found(void *context, const str *clients, size_t count,
                               const struct error *err);

void bus_find_members(struct bus_errands *errands, const char *group, bus_members_found *done,
                      void *context);

#endif
