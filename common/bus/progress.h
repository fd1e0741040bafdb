// SPDX-License-Identifier: Apache-2.0
//
// How far a group consumer has come when its records are finished out of order: the offset to
// commit is the one before which everything is done. Also remembers which partitions are paused.
//
//      begun   5 6 7 8 9        ended 5 6 8   ->   next = 7
#ifndef BATON_BUS_PROGRESS_H
#define BATON_BUS_PROGRESS_H

#include "base/array.h"
#include "base/map.h"

struct bus_consumer;

struct bus_progress_partition {
    int32_t partition;
    bool paused;
    ARRAY(int64_t) begun; // offsets in order; those that have ended are negated minus one
    size_t first;         // of those still open
};

struct bus_progress {
    struct arena arena;
    ARRAY(struct bus_progress_partition) partitions;
};

void bus_progress_init(struct bus_progress *progress);
void bus_progress_done(struct bus_progress *progress);

// Forgets everything: the partitions belong to others now.
void bus_progress_forget(struct bus_progress *progress);

void bus_progress_begin(struct bus_progress *progress, int32_t partition, int64_t offset);

// True when the offset to commit has moved. An offset that was never begun (or forgotten) moves
// nothing.
bool bus_progress_end(struct bus_progress *progress, int32_t partition, int64_t offset,
                      int64_t *ret_next);

void bus_progress_pause(struct bus_progress *progress, struct bus_consumer *consumer,
                        const char *topic, int32_t partition);
void bus_progress_resume_all(struct bus_progress *progress, struct bus_consumer *consumer,
                             const char *topic);

#endif
