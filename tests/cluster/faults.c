// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include "database.h"
#include "fake_store.h"
#include "kafka.h"
#include "node/node.h"

enum { REFUSED_MOST = 9 }; // requests in a row

enum { MEAN_MS = 1500, EFFECTS_MOST = 80, TRUNCATE_MOST = 30, TOPIC_SECONDS = 60 };

static struct machine *any(void)
{
    return &world->machines[world_random() % world->options.machines];
}

static void crash(void)
{
    machine_crash(any());
}

// Countdown: the machine dies of its n-th effect from now, before or after it.
static void crash_at_effect(void)
{
    struct machine *machine = any();
    machine->effects_left = (uint32_t)world_between(1, EFFECTS_MOST);
    machine->crash_before_effect = world_chance(50);
}

static void pause_shortly(void)
{
    machine_pause(any(), world_between(20, 1500) * WORLD_MS);
}

// Long enough that the group gives its shards away: it wakes as a zombie.
static void pause_long(void)
{
    struct machine *machine = any();
    if (machine_is_up(machine) && machine->store != NULL)
        fake_store_stick(machine->store);
    machine_pause(machine, world_between(5, 16) * WORLD_SECOND);
}

static void cut_kafka(void)
{
    kafka_cut(any(), world_between(100, 11000) * WORLD_MS);
}

static void refuse_records(void)
{
    kafka_refuse(any(), (uint32_t)world_between(1, REFUSED_MOST));
}

static void cut_postgres(void)
{
    struct machine *machine = any();
    if (machine_is_up(machine) && machine->store != NULL)
        fake_store_cut(machine->store, (uint32_t)(world_random() % 2));
}

static void cut_postgres_for_all(void)
{
    for (uint32_t i = 0; i < world->options.machines; i++)
        if (machine_is_up(&world->machines[i]))
            fake_store_cut_all(world->machines[i].store);
}

static void rebalance(void)
{
    kafka_rebalance();
}

// Somebody sets the clock of a machine ahead, and right again some seconds later.
static void act_set_clock(void *context)
{
    struct machine *machine = context;
    machine->skew_ms = 0;
}

static void jump_ahead(void)
{
    struct machine *machine = any();
    if (world->options.topic_faults) // whoever repairs a topic goes by its records' times
        return;
    machine->skew_ms = world_between(10, 60) * 60 * 1000;
    world_tell("the clock of node%u is %lld s ahead", machine->number,
               (long long)(machine->skew_ms / 1000));
    world_later(world_between(1, 15) * WORLD_SECOND, NULL, act_set_clock, machine);
}

static void on_drained(void *context)
{
    machine_crash(context); // its work is done; its memory goes as with a crash
}

static void drain(void)
{
    struct machine *machine = any();
    if (!machine_is_up(machine) || machine->paused_until_us > world->now_us)
        return;
    world_tell("node%u is asked to end", machine->number);
    world->current = machine;
    node_drain(machine->node, on_drained, machine);
    world->current = NULL;
}

// The brokers lose the end of a shard's topic, or all of it, and give the offsets to new records.
static void act_lose_topic(void *context)
{
    uint32_t shard = (uint32_t)(world_random() % world->options.shards);
    if (world->calm)
        return;
    if (!kafka_is_watched(shard)) {
        world_later(WORLD_SECOND, NULL, act_lose_topic, NULL);
        return;
    }
    kafka_truncate(shard, world_chance(50) ? world_between(1, TRUNCATE_MOST) : INT64_MAX);
    world_later(world_between(5, TOPIC_SECONDS) * WORLD_SECOND, NULL, act_lose_topic, context);
}

// Where `baton repair` lets a shard go on: with the first record that came after all that was done.
static int64_t repair_place(uint32_t shard)
{
    const struct kafka_partition *partition = kafka_commands(shard);
    int64_t clock_ms = world->database->shards[shard].row.clock_ms;
    int64_t offset = partition->low;
    while (offset < kafka_end(partition) && kafka_at(partition, offset)->time_ms <= clock_ms)
        offset++;
    return offset;
}

// The operator looks at the alarms and runs `baton repair`.
static void act_operate(void *context)
{
    for (uint32_t shard = 0; shard < world->options.shards; shard++)
        if (world_chance(20) && database_repair(shard, repair_place(shard)))
            world_tell("the operator repairs shard %u", shard);
    world_later(WORLD_SECOND, NULL, act_operate, context);
}

struct kind {
    uint32_t weight;
    void (*happen)(void);
};

static const struct kind kinds[] = {
    {20, crash_at_effect},     {8, crash},      {14, pause_shortly},
    {8, pause_long},           {10, cut_kafka}, {20, cut_postgres},
    {5, cut_postgres_for_all}, {8, rebalance},  {7, drain},
    {14, refuse_records},      {4, jump_ahead},
};

static void happen(void)
{
    uint32_t total = 0;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        total += kinds[i].weight;
    uint32_t drawn = (uint32_t)(world_random() % total);
    size_t i = 0;
    while (drawn >= kinds[i].weight)
        drawn -= kinds[i++].weight;
    kinds[i].happen();
}

static void act_fault(void *context)
{
    if (world->calm)
        return;
    happen();
    world_later(world_between(1, 2 * MEAN_MS) * WORLD_MS, NULL, act_fault, context);
}

void faults_begin(void)
{
    if (world->options.topic_faults) {
        world_later(world_between(30, TOPIC_SECONDS) * WORLD_SECOND, NULL, act_lose_topic, NULL);
        world_later(WORLD_SECOND, NULL, act_operate, NULL);
    }
    world_later(world_between(1, 2 * MEAN_MS) * WORLD_MS, NULL, act_fault, NULL);
}
