// SPDX-License-Identifier: Apache-2.0
//
// The promises of a cluster, checked whenever something becomes durable: a commit, a record on a
// topic. What is broken ends the run with world_fail. At the end promises_settled says whether
// everything that was begun has come to its end.
//
//   committed   the epoch and offset are the owner's; history goes on without gap and chains;
//   folding
//               it gives the stored states; ids are new; a job ends once; a timer fires once and
//               not early; a subscription correlates once; a record from another shard counts once
//   published   what came from an outbox was committed, has the same bytes each time, in order
//   answered    an acknowledged start is there, and there once
//   set aside   only what deserves it
//   lost topic  nothing is skipped: the shard halts
#ifndef BATON_CLUSTER_PROMISES_H
#define BATON_CLUSTER_PROMISES_H

#include "kafka.h"
#include "transaction.h"

struct promises *promises_new(void);
void promises_free(struct promises *promises);

// Around a commit that is done: before and after the tables change.
void promises_committing(const struct transaction *transaction);
void promises_committed(const struct transaction *transaction);

void promises_acquired(uint32_t shard);

// A record is noted as tried. Noted again because the machine that tried it was crashed, stopped or
// cut off by chance, it may be set aside though it is healthy: nobody can know better.
void promises_tried(const struct machine *machine, const struct store_trial *trial);
bool promises_excuse(uint32_t shard, int64_t offset);
void promises_halted(uint32_t shard, str why);
void promises_repairing(uint32_t shard, int64_t next_offset);
void promises_truncated(uint32_t shard, int64_t kept);
void promises_appended(const struct kafka_topic *topic, int32_t partition,
                       const struct kafka_record *record);

// True when a node that commits this dies of it.
bool promises_is_deadly(const struct transaction *transaction);

// Nothing is under way any more. When not, the text says what is.
bool promises_settled(char *ret_text, size_t size);

struct engine_environment;
const struct engine_environment *promises_environment(uint32_t shard); // with all definitions

// "shard:number" in the header of a record from an outbox, as the receiving node reads it.
bool promises_read_sender(const struct kafka_record *record, uint32_t *ret_shard,
                          uint64_t *ret_number);

// Runs every shard's commands again through a new engine: the history must be the same, in bytes.
void promises_reexecute(void);

void promises_tell_open(void); // all that is open, for the story

#endif
