// SPDX-License-Identifier: Apache-2.0
//
// `baton repair`: where in its topic a halted shard goes on. Blocks: for the command line.
#ifndef BATON_CLI_REPAIR_H
#define BATON_CLI_REPAIR_H

#include "base/config.h"

enum repair_from {
    REPAIR_FROM_SURE,      // the beginning when all records are newer than the last command done
    REPAIR_FROM_BEGINNING, // of a topic that was made anew
    REPAIR_FROM_END, // of what was done, in one that lost its last records: what came since the
                     // last command done is still to be done
};

struct repaired {
    uint32_t shard;
    int64_t wanted_offset; // where it had stood still
    int64_t next_offset;   // where it goes on
    int64_t low, high;     // what the topic holds: low to high - 1
};

typedef void node_repaired(void *context, const struct repaired *repaired);

// `shard` < 0: all that are halted. REPAIR_FROM_SURE fails with ERROR_CONFLICT where records are
// older than what the shard had done: they may have been done or may be late. A shard that cannot
// be repaired ends it with *err; those told of are repaired.
MUST_CHECK bool node_repair(const struct config *config, int64_t shard, enum repair_from from,
                            node_repaired *told, void *context, struct error *err);

// The topics of the configured prefix belong to the installation in the configured PostgreSQL from
// here on, whoever had them.
MUST_CHECK bool repair_adopt_topics(const struct config *config, struct error *err);

#endif
