// SPDX-License-Identifier: Apache-2.0
//
// Moves shards on that halted because their topic was truncated or recreated. Blocks: for the
// command line.
#ifndef BATON_STORE_REPAIR_H
#define BATON_STORE_REPAIR_H

#include "base/error.h"

// The next owner starts at the topic's beginning and sends again what was in flight. `shard` < 0:
// all that are halted. *ret_repaired says how many there were.
MUST_CHECK bool store_repair(const char *url, int64_t shard, int *ret_repaired, struct error *err);

#endif
