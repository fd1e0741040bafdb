// SPDX-License-Identifier: Apache-2.0
//
// The simulated brokers: partitions of records, and the group that hands the shards to machines.
// Clients of it: fake_bus.c for nodes, load.c for workers, api nodes and everybody else.
#ifndef BATON_CLUSTER_KAFKA_H
#define BATON_CLUSTER_KAFKA_H

#include "world.h"

#include "bus/bus.h"

enum { KAFKA_OTHER_PARTITIONS = 4 }; // of topics that are not the commands

enum kafka_poison {
    POISON_NONE,
    POISON_GARBAGE,  // cannot be read
    POISON_FORGED,   // nor can this, and it claims to be the last record of a shard's outbox
    POISON_UNSIGNED, // a command without a node's MAC, or with that of another shard
    POISON_DIGEST,   // a deployment of a resource that nobody has stored
    POISON_REFUSED,  // PostgreSQL refuses what follows from it
    POISON_DEADLY,   // the node dies of it
    POISON_LAST = POISON_DEADLY,
};

struct kafka_record {
    int64_t offset;
    int64_t time_ms;
    int64_t ahead_ms; // its sender's claim: from the future by so much
    str key;
    str value;
    size_t header_count;
    struct bus_header *headers;
    bool lost;                // the brokers forgot it
    enum kafka_poison poison; // what load.c intends with it; nodes cannot see it
};

struct kafka_partition {
    ARRAY(struct kafka_record *) log;
    int64_t low; // the first offset that is still there
    bool looked; // somebody has fetched since it was truncated
};

struct kafka_topic {
    struct kafka_topic *next;
    str name;
    uint32_t count;
    struct kafka_partition *partitions;
};

struct kafka *kafka_new(void);
void kafka_free(struct kafka *kafka);

struct kafka_topic *kafka_topic(str name); // made when there is none
struct kafka_partition *kafka_commands(uint32_t shard);
int64_t kafka_end(const struct kafka_partition *partition);
struct kafka_record *kafka_at(const struct kafka_partition *partition, int64_t offset); // or NULL

struct kafka_record *kafka_copy(const struct bus_record *record);
// The partition of a record that names none.
uint32_t kafka_partition_of_key(const struct kafka_topic *topic, str key);

void kafka_append(struct kafka_topic *topic, int32_t partition, struct kafka_record *record);

// -- The group --------------------------------------------------------------------------

void kafka_join(struct machine *machine);
void kafka_leave(struct machine *machine);
void kafka_rebalance(void);

// -- Faults -----------------------------------------------------------------------------

void kafka_cut(struct machine *machine, int64_t for_us); // its network to the brokers
int64_t kafka_cut_until(const struct machine *machine);
void kafka_machine_gone(struct machine *machine);

// The next requests of this machine to store records are refused.
void kafka_refuse(struct machine *machine, uint32_t requests);
bool kafka_refuses(const struct machine *machine); // counts one

// The last records of a shard's partition, or all of it, are gone; new ones take their offsets.
void kafka_truncate(uint32_t shard, int64_t records);

// True when every machine that reads the shard would hear of a loss at once. A reader that is away
// for less than five seconds, while new records make up for lost ones, does not notice: our Kafka
// client knows no leader epochs.
bool kafka_is_watched(uint32_t shard);

#endif
