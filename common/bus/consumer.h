// SPDX-License-Identifier: Apache-2.0
//
// Receives records on the loop, in one of three ways:
//
//   manual   nobody else is asked: bus_consumer_assign names partitions and offsets
//   hinted   the consumer group says which partitions, the owner decides from which offsets
//            (assigned(), then bus_consumer_assign); offsets are kept elsewhere, never in Kafka
//   group    a plain consumer group whose progress is committed to Kafka: bus_consumer_done
//
// Records of a partition come in order. What lies in memory is bounded by `queue_kbytes`; a
// partition that should wait is paused.
#ifndef BATON_BUS_CONSUMER_H
#define BATON_BUS_CONSUMER_H

#include "bus/bus.h"

struct bus_consumer;

enum bus_consumer_kind { BUS_CONSUMER_MANUAL, BUS_CONSUMER_HINTED, BUS_CONSUMER_GROUP };

// Where to go on when the offset asked for does not exist.
enum bus_reset { BUS_RESET_ERROR, BUS_RESET_EARLIEST, BUS_RESET_LATEST };

struct bus_partition {
    const char *topic;
    int32_t partition;
    int64_t offset; // the next record to read; BUS_OFFSET_… for one of the ends
};

enum { BUS_OFFSET_BEGINNING = -2, BUS_OFFSET_END = -1 };

enum bus_fault { BUS_FAULT_RANGE, BUS_FAULT_GONE, BUS_FAULT_OTHER };

struct bus_consumer_handler {
    void *context;
    // One record; its bytes are valid during the call.
    void (*record)(void *context, const struct bus_record *record);
    // All that was there has been handed over: the moment to act on it. May be NULL.
    void (*drained)(void *context);
    // HINTED and GROUP: the group gave these partitions / takes all of them away. HINTED must
    // answer assigned() with bus_consumer_assign, at once or later. May be NULL for GROUP.
    void (*assigned)(void *context, const struct bus_partition *partitions, size_t count);
    void (*revoked)(void *context);
    // A partition cannot be read: with BUS_FAULT_RANGE and BUS_RESET_ERROR the offset asked for is
    // not in the topic (truncated, recreated, or older than its retention); with BUS_FAULT_GONE the
    // topic or the partition is not there, and is not read again by itself. May be NULL.
    void (*fault)(void *context, const struct bus_partition *partition, enum bus_fault fault,
                  const struct error *err);
};

struct bus_consumer_options {
    struct bus_options bus;
    enum bus_consumer_kind kind;
    enum bus_reset reset;
    const char *group;         // HINTED and GROUP
    const char *const *topics; // HINTED and GROUP; a name that begins with ^ is a pattern
    size_t topic_count;
    int session_timeout_ms; // after this long without a sign a member is taken for dead; 0: 6,000
    int queue_kbytes;       // records fetched ahead; 0: 16,384
    int turn_records;       // handed over before others on the loop have a turn; 0: 2,000
};

MUST_CHECK struct bus_consumer *bus_consumer_new(const struct bus_consumer_options *options,
                                                 const struct bus_consumer_handler *handler,
                                                 struct event_base *loop, struct error *err);

// Begins to leave the group (so that others take over at once) and commits what is done (GROUP). No
// handler is called after it, and free follows. Of several that end together, each begins first.
void bus_consumer_leave(struct bus_consumer *consumer);

// Leaves if that was not begun, and ends, at most three seconds after it began. Never from inside a
// handler.
void bus_consumer_free(struct bus_consumer *consumer);

// Replaces everything that is read by these partitions. Not for single partitions: calls that
// follow one another closely make librdkafka 2.0 abort (an assertion in rdkafka_assignment.c); seek
// does.
MUST_CHECK bool bus_consumer_assign(struct bus_consumer *consumer,
                                    const struct bus_partition *partitions, size_t count,
                                    struct error *err);

// Goes on from `offset` in a partition that is assigned. Records that were fetched before may be
// handed over still: tell them by their offsets.
MUST_CHECK bool bus_consumer_seek(struct bus_consumer *consumer,
                                  const struct bus_partition *partition, struct error *err);

void bus_consumer_pause(struct bus_consumer *consumer, const char *topic, int32_t partition);
void bus_consumer_resume(struct bus_consumer *consumer, const char *topic, int32_t partition);

// GROUP: everything below `next_offset` has been dealt with; committed within a second and on free.
void bus_consumer_done(struct bus_consumer *consumer, const char *topic, int32_t partition,
                       int64_t next_offset);

// First offset and the one after the last. Asks the broker and blocks up to `timeout_ms`.
MUST_CHECK bool bus_consumer_offsets(struct bus_consumer *consumer, const char *topic,
                                     int32_t partition, int timeout_ms, int64_t *ret_low,
                                     int64_t *ret_high, struct error *err);

// The first record whose timestamp is `time_ms` or later; the end when there is none. Asks the
// broker and blocks up to `timeout_ms` (KIP-79).
MUST_CHECK bool bus_consumer_offset_since(struct bus_consumer *consumer, const char *topic,
                                          int32_t partition, int64_t time_ms, int timeout_ms,
                                          int64_t *ret_offset, struct error *err);

// The end of a partition as the last fetch told it; -1 when not known. Does not block.
int64_t bus_consumer_end_seen(struct bus_consumer *consumer, const char *topic, int32_t partition);

// The group's protocol name of this member ("" while not joined), for diagnosis.
void bus_consumer_member(struct bus_consumer *consumer, char *ret_text, size_t size);

#endif
