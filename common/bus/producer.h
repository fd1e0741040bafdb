// SPDX-License-Identifier: Apache-2.0
//
// Sends records: idempotent, acknowledged by all replicas in sync, in the order they were sent per
// partition. Delivery reports arrive on the loop.
#ifndef BATON_BUS_PRODUCER_H
#define BATON_BUS_PRODUCER_H

#include "bus/bus.h"

struct bus_producer;

struct bus_producer_handler {
    void *context;
    // The record with this tag is durable on the brokers (failure == NULL) or will never be. May be
    // NULL. A failure's kind says what it is the fault of: ERROR_LIMIT of this record (too large,
    // also when it was sent alone: never send it again as it is), ERROR_NOT_FOUND of its partition
    // (the topic has fewer), any other of the topic or the brokers.
    void (*delivered)(void *context, uint64_t tag, const struct error *failure);
    // After BUS_FULL: there is room again. May be NULL.
    void (*room)(void *context);
    // The producer cannot go on (a fatal error of the idempotent producer): make a new one. May be
    // NULL.
    void (*broken)(void *context, const struct error *failure);
    // Where a record with this tag is now; delivered() follows. May be NULL.
    void (*placed)(void *context, uint64_t tag, int32_t partition, int64_t offset);
    // What keeps records waiting: a broker that is away, a password that is refused. They are still
    // tried until their time is over. May be NULL.
    void (*trouble)(void *context, const struct error *trouble);
};

struct bus_producer_options {
    struct bus_options bus;
    int queue_records; // more than this many in flight: BUS_FULL. 0: 100,000
    int timeout_ms;    // after this long a record is given up; 0: never, so order has no gaps
    int linger_us;     // waits this long for more to go with the first; 0: the end of the turn
    bool ordered;      // when a record fails, those behind it in its partition that wait fail with
                       // it, so that what is sent again comes in order; not with one that is too
                       // large: that is not sent again
};

MUST_CHECK struct bus_producer *bus_producer_new(const struct bus_producer_options *options,
                                                 const struct bus_producer_handler *handler,
                                                 struct event_base *loop, struct error *err);

// Gives up what is still in flight; flush first where it matters. Never from inside a handler.
void bus_producer_free(struct bus_producer *producer);

// The same in two steps, where closing connections may take its time: the first on the loop, no
// handler is called after it; the second may block and is for any thread.
void bus_producer_detach(struct bus_producer *producer);
void bus_producer_destroy(struct bus_producer *producer);

// Topics that it has sent to; each stays until the producer ends.
size_t bus_producer_topics(const struct bus_producer *producer);

enum bus_sending { BUS_SENT, BUS_FULL, BUS_REFUSED };

// Hands a record over; the bytes are copied. BUS_FULL: nothing was taken, wait for room().
// BUS_REFUSED: it can never be sent (too large): *err says why. Records of a partition that are
// sent while others of it are under way go together when those have arrived.
MUST_CHECK enum bus_sending bus_producer_send(struct bus_producer *producer,
                                              const struct bus_record *record, uint64_t tag,
                                              struct error *err);

// Records handed over and not yet delivered.
size_t bus_producer_pending(const struct bus_producer *producer);

// Blocks until everything is delivered, at most `timeout_ms`; handlers run meanwhile. False when
// time ran out, or when a record was given up since the last flush.
bool bus_producer_flush(struct bus_producer *producer, int timeout_ms);

#endif
