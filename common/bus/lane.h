// SPDX-License-Identifier: Apache-2.0
//
// What may be handed to librdkafka now, and what waits. A lane is a partition of a topic; while
// records of a lane are under way, others of it wait and go together when the first are delivered.
// So a busy broker gets few large requests, and at most `limit` lanes are under way at a time.
//
// Why not leave it to librdkafka: it sends one partition a request and an idempotent producer at
// most five requests at a time to a broker (KIP-360). While five are under way and another is
// ready, the thread of the broker polls without a pause (2.0.2) and takes a processor from the
// broker that it waits for. Private to bus.
#ifndef BATON_BUS_LANE_H
#define BATON_BUS_LANE_H

#include "base/arena.h"
#include "base/map.h"

struct lane;

// The head of what is sent; the owner of the lanes has its record around it.
struct letter {
    struct letter *next;
    struct lane *lane;
    size_t bytes;
    bool alone; // nothing else of its lane is under way with it
};

struct lane {
    struct lane *next; // in the list of those that are ready
    struct letter *first;
    struct letter *last;
    struct letter *back_first; // come back from the request that is under way, to go alone
    struct letter *back_last;
    size_t under_way;
    size_t back;
    size_t single; // so many at the front go alone
    bool ready;    // in that list
};

struct lanes {
    struct arena *arena;
    size_t limit; // of lanes with records under way
    size_t busy;
    struct lane *ready_first; // nothing under way, something waits
    struct lane *ready_last;
};

// The most that goes at once: one request of librdkafka (batch.num.messages, batch.size).
enum { LANE_MOST_LETTERS = 10000, LANE_MOST_BYTES = 1000000 };

struct lanes lanes_new(struct arena *arena, size_t limit);

// In the partitions' idmap of a topic: made when it is first asked for.
struct lane *lanes_get(struct lanes *lanes, struct idmap *partitions, int32_t partition);

void lane_add(struct lanes *lanes, struct lane *lane, struct letter *letter);

// Letters of one lane that may go now, in order; they count as under way. NULL: nothing may.
struct letter *lanes_take(struct lanes *lanes);

// The letter is delivered, or never will be.
void lane_delivered(struct lanes *lanes, const struct letter *letter);

// The letter comes back: it, and what came back with it, goes again one by one before what waits.
void lane_back(struct lanes *lanes, struct letter *letter);

// The same as lane_delivered() of one that never will be, when those behind it must not overtake
// what is sent again: the letters that wait in its lane are taken out and returned, in order.
MUST_CHECK struct letter *lane_refused(struct lanes *lanes, const struct letter *letter);

#endif
