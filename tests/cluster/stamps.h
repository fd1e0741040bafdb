// SPDX-License-Identifier: Apache-2.0
//
// The times that nodes gave to commands: a node takes a time from the future for its own, so what a
// record says is not all that re-execution needs. Noted where the engine is handed a command, kept
// with the transaction that commits it.
#ifndef BATON_CLUSTER_STAMPS_H
#define BATON_CLUSTER_STAMPS_H

#include "base/array.h"

#include <stdint.h>

struct stamp {
    int64_t offset;
    int64_t time_ms;
};

struct stamps {
    ARRAY(struct stamp) list; // by offset
};

// Those that the running machine's engine of the shard was handed last, of these offsets; in the
// world's arena.
struct stamps stamps_between(uint32_t shard, int64_t first, int64_t next);

void stamps_append(struct stamps *stamps, const struct stamps *more);

// What the record was taken to say; `time_ms` where no engine was handed it.
int64_t stamps_find(const struct stamps *stamps, int64_t offset, int64_t time_ms);

#endif
