// SPDX-License-Identifier: Apache-2.0
#include "kafka.h"

#include "base/murmur2.h"
#include "bus/consumer.h"
#include "fake_bus.h"
#include "load.h"
#include "promises.h"

#include <stdlib.h>

enum { SESSION_MS = 6000, TICK_MS = 250, REVOKE_MS = 300, ASSIGN_MS = 1500 };

struct member {
    bool joined;
    bool expelled; // does not know it yet
    int64_t seen_us;
    int64_t cut_until_us;
};

struct kafka {
    struct kafka_topic *topics;
    struct kafka_topic *commands;
    struct member members[WORLD_MACHINES];
    uint64_t generation;
    uint32_t refusals[WORLD_MACHINES]; // still to come
};

// -- Topics -----------------------------------------------------------------------------

static uint32_t partitions_of(str name)
{
    if (str_equal(name, STR("baton.commands")))
        return world->options.shards;
    return str_ends_with(name, STR(".dlq")) ? 1 : KAFKA_OTHER_PARTITIONS;
}

struct kafka_topic *kafka_topic(str name)
{
    struct kafka *kafka = world->kafka;
    for (struct kafka_topic *topic = kafka->topics; topic != NULL; topic = topic->next)
        if (str_equal(topic->name, name))
            return topic;
    struct kafka_topic *topic = ARENA_NEW(&world->arena, struct kafka_topic);
    topic->name = str_copy(&world->arena, name);
    topic->count = partitions_of(name);
    topic->partitions = ARENA_ARRAY(&world->arena, struct kafka_partition, topic->count);
    topic->next = kafka->topics;
    kafka->topics = topic;
    return topic;
}

struct kafka_partition *kafka_commands(uint32_t shard)
{
    if (world->kafka->commands == NULL)
        world->kafka->commands = kafka_topic(STR("baton.commands"));
    return &world->kafka->commands->partitions[shard];
}

int64_t kafka_end(const struct kafka_partition *partition)
{
    return (int64_t)partition->log.count;
}

struct kafka_record *kafka_at(const struct kafka_partition *partition, int64_t offset)
{
    return offset >= partition->low && offset < kafka_end(partition) ? partition->log.items[offset]
                                                                     : NULL;
}

struct kafka_record *kafka_copy(const struct bus_record *record)
{
    struct arena *arena = &world->arena;
    struct kafka_record *copy = ARENA_NEW(arena, struct kafka_record);
    copy->key = record->key.data ? str_copy(arena, record->key) : (str){0};
    copy->value = str_copy(arena, record->value);
    copy->time_ms = record->timestamp_ms;
    copy->header_count = record->header_count;
    copy->headers = ARENA_ARRAY(arena, struct bus_header, record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        copy->headers[i].name = str_copy(arena, record->headers[i].name);
        copy->headers[i].value = str_copy(arena, record->headers[i].value);
    }
    return copy;
}

uint32_t kafka_partition_of_key(const struct kafka_topic *topic, str key)
{
    return murmur2_partition(key, topic->count);
}

void kafka_append(struct kafka_topic *topic, int32_t number, struct kafka_record *record)
{
    if (number == BUS_PARTITION_BY_KEY)
        number = (int32_t)kafka_partition_of_key(topic, record->key);
    check(number >= 0 && (uint32_t)number < topic->count);
    struct kafka_partition *partition = &topic->partitions[number];
    record->offset = kafka_end(partition);
    *ARRAY_PUSH(&world->arena, &partition->log) = record;
    world_mix((uint64_t)record->offset << 32 ^ record->value.len ^ (uint64_t)number << 60);
    promises_appended(topic, number, record);
    load_appended(topic, number, record);
    if (topic != world->kafka->commands)
        return;
    for (uint32_t i = 0; i < world->options.machines; i++)
        if (world->machines[i].consumer != NULL)
            fake_bus_wake(world->machines[i].consumer);
}

// -- The group --------------------------------------------------------------------------

struct decision { // of the group, on its way to a member
    struct machine *machine;
    uint64_t generation;
    size_t count;
    struct bus_partition partitions[WORLD_SHARDS];
};

static void tell_revoked(void *context)
{
    struct decision *decision = context;
    if (decision->machine->consumer != NULL)
        fake_bus_revoked(decision->machine->consumer);
}

static void tell_assigned(void *context)
{
    struct decision *decision = context;
    if (decision->generation == world->kafka->generation && decision->machine->consumer != NULL &&
        world->kafka->members[decision->machine->number].joined)
        fake_bus_assigned(decision->machine->consumer, decision->partitions, decision->count);
}

static size_t shuffled_members(uint32_t *ret_members)
{
    size_t count = 0;
    for (uint32_t i = 0; i < world->options.machines; i++)
        if (world->kafka->members[i].joined)
            ret_members[count++] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = world_random() % i;
        uint32_t held = ret_members[i - 1];
        ret_members[i - 1] = ret_members[j];
        ret_members[j] = held;
    }
    return count;
}

void kafka_rebalance(void)
{
    struct kafka *kafka = world->kafka;
    uint32_t members[WORLD_MACHINES];
    size_t count = shuffled_members(members);
    kafka->generation++;
    world_tell("the group decides anew, generation %llu", (unsigned long long)kafka->generation);
    world->rebalances++;
    for (size_t i = 0; i < count; i++) {
        struct decision *decision = ARENA_NEW(&world->arena, struct decision);
        decision->machine = &world->machines[members[i]];
        decision->generation = kafka->generation;
        for (uint32_t shard = (uint32_t)i; shard < world->options.shards; shard += (uint32_t)count)
            decision->partitions[decision->count++] =
                (struct bus_partition){"baton.commands", (int32_t)shard, 0};
        world_later(world_between(0, REVOKE_MS) * WORLD_MS, decision->machine, tell_revoked,
                    decision);
        world_later(world_between(REVOKE_MS, ASSIGN_MS) * WORLD_MS, decision->machine,
                    tell_assigned, decision);
    }
}

static void act_join(void *context)
{
    struct machine *machine = context;
    struct member *member = &world->kafka->members[machine->number];
    *member = (struct member){
        .joined = true, .seen_us = world->now_us, .cut_until_us = member->cut_until_us};
    kafka_rebalance();
}

void kafka_join(struct machine *machine)
{
    world_later(world_between(20, 400) * WORLD_MS, machine, act_join, machine);
}

void kafka_leave(struct machine *machine)
{
    struct member *member = &world->kafka->members[machine->number];
    bool was_joined = member->joined;
    member->joined = member->expelled = false;
    if (was_joined)
        kafka_rebalance();
}

static bool is_heard(const struct machine *machine)
{
    return machine_is_up(machine) && machine->consumer != NULL &&
           machine->paused_until_us <= world->now_us && kafka_cut_until(machine) <= world->now_us;
}

// A member that was silent for a session has lost its shards; it learns that when it speaks again.
static void watch_member(struct machine *machine)
{
    struct member *member = &world->kafka->members[machine->number];
    bool heard = is_heard(machine);
    if (heard)
        member->seen_us = world->now_us;
    if (heard && member->expelled) {
        member->expelled = false;
        fake_bus_revoked(machine->consumer);
        kafka_join(machine);
    }
    bool silent = member->joined && world->now_us - member->seen_us > SESSION_MS * WORLD_MS;
    if (silent) {
        member->joined = false;
        member->expelled = machine_is_up(machine);
        world_tell("the group gives up on node%u", machine->number);
        kafka_rebalance();
    }
}

static void watch(void *context)
{
    for (uint32_t i = 0; i < world->options.machines; i++)
        watch_member(&world->machines[i]);
    world_later(TICK_MS * WORLD_MS, NULL, watch, context);
}

// -- Faults -----------------------------------------------------------------------------

void kafka_cut(struct machine *machine, int64_t for_us)
{
    world_tell("node%u is cut off from Kafka for %.3f s", machine->number,
               (double)for_us / WORLD_SECOND);
    world->cuts++;
    world->kafka->members[machine->number].cut_until_us = world->now_us + for_us;
}

int64_t kafka_cut_until(const struct machine *machine)
{
    return world->kafka->members[machine->number].cut_until_us;
}

void kafka_refuse(struct machine *machine, uint32_t requests)
{
    world_tell("the brokers will refuse %u requests of node%u", requests, machine->number);
    world->kafka->refusals[machine->number] = requests;
}

bool kafka_refuses(const struct machine *machine)
{
    uint32_t *left = &world->kafka->refusals[machine->number];
    if (world->calm || *left == 0)
        return false;
    --*left;
    world->refusals++;
    world_tell("the brokers refuse a request of node%u", machine->number);
    return true;
}

// Its session ends by itself; that it will never speak again nobody knows yet.
void kafka_machine_gone(struct machine *machine)
{
    fake_bus_gone(machine->producer);
    world->kafka->members[machine->number].expelled = false;
}

bool kafka_is_watched(uint32_t shard)
{
    for (uint32_t i = 0; i < world->options.machines; i++) {
        const struct machine *machine = &world->machines[i];
        if (machine->consumer != NULL && fake_bus_reads(machine->consumer, shard) &&
            !is_heard(machine))
            return false;
    }
    return true;
}

void kafka_truncate(uint32_t shard, int64_t records)
{
    struct kafka_partition *partition = kafka_commands(shard);
    int64_t end = kafka_end(partition);
    int64_t kept = records < end ? end - records : 0;
    world_tell("shard %u: the topic loses offsets %lld to %lld", shard, (long long)kept,
               (long long)end - 1);
    for (int64_t offset = kept; offset < end; offset++)
        partition->log.items[offset]->lost = true;
    partition->log.count = (size_t)kept;
    partition->looked = false;
    promises_truncated(shard, kept);
    for (uint32_t i = 0; i < world->options.machines; i++)
        if (world->machines[i].consumer != NULL)
            fake_bus_wake(world->machines[i].consumer);
}

// -- Life -------------------------------------------------------------------------------

struct kafka *kafka_new(void)
{
    struct kafka *kafka = ARENA_NEW(&world->arena, struct kafka);
    world_later(TICK_MS * WORLD_MS, NULL, watch, kafka);
    return kafka;
}

void kafka_free(struct kafka *kafka)
{
    (void)kafka; // the world's arena has it
}
