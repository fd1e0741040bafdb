// SPDX-License-Identifier: Apache-2.0
//
// Records of what is over are made some time after it happened (schemas/0100_records.sql). A caller
// reads its own writes all the same: of one instance what is missing is read from history, on the
// snapshot that is searched, so nothing is lost between the two; across instances the search waits
// for the records, RECORDS_WAIT_MS at most, and says how far they are.
#ifndef BATON_GATEWAY_RECORDS_H
#define BATON_GATEWAY_RECORDS_H

#include "gateway/caller.h"
#include "store/read/pending.h"

enum {
    RECORDS_WAIT_MS = 300,
    RECORDS_LOOK_MS = 20,
};

struct records_view {
    struct pending pending;
    str until; // the records are complete up to here (RFC 3339); empty: they are
};

// Called inside of a snapshot's answer: read_on (gateway/read.h) searches what the view is of.
typedef void records_answer(struct caller *caller, void *context, const struct records_view *view);

// Those who wait across instances; one for the gateway.
struct event_base;
struct query_pool;
struct records_desk;
struct records_desk *records_desk_new(struct query_pool *reader, struct event_base *loop);
void records_desk_stop(struct records_desk *desk); // fails those who wait
void records_desk_free(struct records_desk *desk); // stopped before

// instance == 0: across instances.
void records_prepare(struct caller *caller, uint64_t instance, records_answer *answer,
                     void *context);

#endif
