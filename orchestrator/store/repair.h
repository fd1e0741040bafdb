// SPDX-License-Identifier: Apache-2.0
//
// Moves shards on that halted because their topic was truncated or recreated. Blocks: for the
// command line.
#ifndef BATON_STORE_REPAIR_H
#define BATON_STORE_REPAIR_H

#include "base/error.h"

struct store_halted {
    uint32_t shard;
    int64_t next_offset; // where it wanted to go on
    int64_t clock_ms;    // time of the last command that it did
};

typedef void store_halted_found(void *context, const struct store_halted *halted);

// `shard` < 0: all that are halted.
MUST_CHECK bool store_find_halted(const char *url, int64_t shard, store_halted_found *found,
                                  void *context, struct error *err);

// Halts every shard, for this reason: nobody owns one now.
MUST_CHECK bool store_halt_all(const char *url, const char *why, struct error *err);

// The next owner starts at this offset and sends again what was in flight. *ret_repaired is false
// when the shard was not halted any more.
MUST_CHECK bool store_repair(const char *url, uint32_t shard, int64_t next_offset,
                             bool *ret_repaired, struct error *err);

#endif
