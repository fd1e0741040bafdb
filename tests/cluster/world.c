// SPDX-License-Identifier: Apache-2.0
#include "world.h"
#include "story.h"

#include "database.h"
#include "fake_bus.h"
#include "fake_store.h"
#include "kafka.h"
#include "load.h"
#include "node/node.h"
#include "promises.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { RESTART_LEAST_MS = 200, RESTART_MOST_MS = 4000, SKEW_MS = 150 };

// 2026-01-01T00:00:00Z
static const int64_t beginning_us = 1767225600000000;

struct action {
    int64_t time_us;
    uint64_t number;
    struct machine *machine;
    uint64_t life;
    world_action *act; // NULL: cancelled
    void *context;
    struct action *next; // unused ones
};

struct world *world;

// -- Chance -----------------------------------------------------------------------------

// splitmix64
uint64_t world_random(void)
{
    uint64_t z = world->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

int64_t world_between(int64_t low, int64_t high)
{
    return low + (int64_t)(world_random() % (uint64_t)(high - low + 1));
}

bool world_chance(uint32_t percent)
{
    return world_random() % 100 < percent;
}

bool world_rarely(uint32_t of_ten_thousand)
{
    return world_random() % 10000 < of_ten_thousand;
}

// -- What happened ----------------------------------------------------------------------

void world_mix(uint64_t value)
{
    world->digest = (world->digest ^ value) * 0x100000001b3;
}

void world_tell(const char *format, ...)
{
    if (!world->options.verbose)
        return;
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%10.4f ", (double)(world->now_us - beginning_us) / WORLD_SECOND);
    if (world->current != NULL)
        fprintf(stderr, "node%u: ", world->current->number);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void world_fail(const char *format, ...)
{
    if (world->failure[0] != '\0')
        return;
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(world->failure, sizeof world->failure, "after %.3f s, step %llu: %s",
             (double)(world->now_us - beginning_us) / WORLD_SECOND,
             (unsigned long long)world->steps, text);
    world_tell("BROKEN: %s", text);
}

// -- The queue --------------------------------------------------------------------------

static bool is_before(const struct action *a, const struct action *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us : a->number < b->number;
}

static void push(struct action *action)
{
    if (world->queued == world->capacity) {
        world->capacity = world->capacity ? world->capacity * 2 : 1024;
        world->queue = realloc(world->queue, world->capacity * sizeof(struct action *));
        check(world->queue != NULL);
    }
    size_t at = world->queued++;
    for (; at > 0 && is_before(action, world->queue[(at - 1) / 2]); at = (at - 1) / 2)
        world->queue[at] = world->queue[(at - 1) / 2];
    world->queue[at] = action;
}

static struct action *pop(void)
{
    struct action **queue = world->queue;
    struct action *first = queue[0];
    struct action *last = queue[--world->queued];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < world->queued; at = child) {
        if (child + 1 < world->queued && is_before(queue[child + 1], queue[child]))
            child++;
        if (!is_before(queue[child], last))
            break;
        queue[at] = queue[child];
    }
    queue[at] = last;
    return first;
}

struct action *world_later(int64_t delay_us, struct machine *machine, world_action *act,
                           void *context)
{
    struct action *action = world->unused;
    if (action != NULL)
        world->unused = action->next;
    else
        action = ARENA_NEW(&world->arena, struct action);
    *action = (struct action){.time_us = world->now_us + delay_us,
                              .number = ++world->actions,
                              .machine = machine,
                              .life = machine ? machine->life : 0,
                              .act = act,
                              .context = context};
    push(action);
    return action;
}

void world_cancel(struct action *action)
{
    action->act = NULL;
}

static void reap(struct machine *machine);

static void perform(struct action *action)
{
    struct machine *machine = action->machine;
    if (machine != NULL && (machine->life != action->life || machine->state != MACHINE_UP))
        return;
    world->steps++;
    world_mix((uint64_t)action->time_us ^ action->number << 20);
    world->current = machine;
    action->act(action->context);
    world->current = NULL;
    for (uint32_t i = 0; i < world->options.machines; i++)
        if (world->machines[i].state == MACHINE_CRASHED)
            reap(&world->machines[i]);
}

static bool is_paused(const struct action *action)
{
    return action->machine != NULL && action->machine->life == action->life &&
           action->machine->paused_until_us > world->now_us;
}

void world_run(int64_t until_us)
{
    while (world->queued > 0 && world->failure[0] == '\0' && world->queue[0]->time_us <= until_us) {
        struct action *action = pop();
        world->now_us = action->time_us;
        if (action->act != NULL && is_paused(action)) {
            action->time_us = action->machine->paused_until_us;
            action->number = ++world->actions;
            push(action);
            continue;
        }
        if (action->act != NULL)
            perform(action);
        action->next = world->unused;
        world->unused = action;
    }
    if (world->now_us < until_us && world->failure[0] == '\0')
        world->now_us = until_us;
}

// -- Machines ---------------------------------------------------------------------------

bool machine_is_up(const struct machine *machine)
{
    return machine->state == MACHINE_UP;
}

PRINTF_LIKE(3, 4)
static void set(struct machine *machine, enum config_key key, const char *format, ...)
{
    char text[64];
    struct error err;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!config_set(&machine->config, str_of(config_key_name(key)), str_of(text), CONFIG_ARGUMENT,
                    &err))
        check_failed(__FILE__, __LINE__, err.text);
}

// Small limits, so that they are reached all the time.
static void configure(struct machine *machine)
{
    machine->config = config_new(&world->arena);
    set(machine, CONFIG_NODE_NAME, "node%u", machine->number);
    set(machine, CONFIG_ENGINE_SECRET, "%s", LOAD_SECRET);
    set(machine, CONFIG_ENGINE_BATCH_COMMANDS, "%d", (int)world_between(2, 40));
    set(machine, CONFIG_ENGINE_BACKLOG, "%d", (int)world_between(100, 300));
    set(machine, CONFIG_ENGINE_JOB_WINDOW, "%u", world->job_window);
    set(machine, CONFIG_ENGINE_JOB_TIMEOUT_MS, "%d", WORLD_JOB_TIMEOUT_MS);
    set(machine, CONFIG_ENGINE_CACHE_MB, "%d", 1);
    set(machine, CONFIG_ENGINE_BREAKER_FAILURES, "%d", WORLD_BREAKER_FAILURES);
    set(machine, CONFIG_ENGINE_BREAKER_REST_MS, "%d", WORLD_BREAKER_REST_MS);
    set(machine, CONFIG_ENGINE_BREAKER_MOST_MS, "%d", WORLD_BREAKER_MOST_MS);
    set(machine, CONFIG_ENGINE_BREAKER_PROBES, "%d", WORLD_BREAKER_PROBES);
}

static void act_start(void *context)
{
    machine_start(context);
}

void machine_start(struct machine *machine)
{
    struct error err;
    if (machine->state == MACHINE_UP)
        return;
    if (machine->config.arena == NULL)
        configure(machine);
    machine->life++;
    machine->state = MACHINE_UP;
    machine->paused_until_us = 0;
    machine->effects_left = 0;
    machine->skew_ms = world_between(-SKEW_MS, SKEW_MS);
    machine->loop.machine = machine;
    world->current = machine;
    world_tell("starts");
    const struct node_site site = {
        .shards = world->options.shards,
        .event_partitions = KAFKA_OTHER_PARTITIONS,
        .installation = {.secret = LOAD_SECRET, .secret_len = sizeof LOAD_SECRET - 1}};
    machine->node = node_new(&machine->config, &site, &machine->loop, &err);
    check(machine->node != NULL);
    world->current = NULL;
}

// Nothing of a dead machine reaches outside any more; its memory goes.
static void reap(struct machine *machine)
{
    world->current = machine;
    fake_store_cut_all(machine->store);
    kafka_machine_gone(machine);
    node_free(machine->node);
    machine->node = NULL;
    machine->store = NULL;
    machine->consumer = NULL;
    machine->producer = NULL;
    machine->state = MACHINE_DOWN;
    machine->life++;
    world->current = NULL;
    world_later(world_between(RESTART_LEAST_MS, RESTART_MOST_MS) * WORLD_MS, NULL, act_start,
                machine);
}

void machine_crash(struct machine *machine)
{
    if (machine->state != MACHINE_UP)
        return;
    story_tell("node%u crashes", machine->number);
    world_tell("node%u crashes", machine->number);
    world->crashes++;
    machine->state = MACHINE_CRASHED;
    machine->killed = false;
}

void machine_pause(struct machine *machine, int64_t for_us)
{
    if (machine->state != MACHINE_UP)
        return;
    story_tell("node%u stands still for %.0f s", machine->number, (double)for_us / WORLD_SECOND);
    world_tell("node%u stands still for %.3f s", machine->number, (double)for_us / WORLD_SECOND);
    world->pauses++;
    if (machine->paused_until_us < world->now_us + for_us)
        machine->paused_until_us = world->now_us + for_us;
}

bool machine_effect(struct machine *machine)
{
    if (machine->state != MACHINE_UP)
        return false;
    if (machine->effects_left == 0 || --machine->effects_left > 0)
        return true;
    machine_crash(machine);
    return !machine->crash_before_effect;
}

// -- The world --------------------------------------------------------------------------

void world_new(const struct world_options *options)
{
    world = calloc(1, sizeof *world);
    check(world != NULL);
    world->options = *options;
    world->now_us = beginning_us;
    world->random = options->seed * 0x2545f4914f6cdd1d + 1;
    for (uint32_t i = 0; i < options->machines; i++)
        world->machines[i].number = i;
    world->job_window = (uint32_t)world_between(4, 40);
    world->promises = promises_new();
    world->kafka = kafka_new();
    world->database = database_new();
    for (uint32_t i = 0; i < options->machines; i++)
        world_later(world_between(0, 500) * WORLD_MS, NULL, act_start, &world->machines[i]);
    world->load = load_new();
}

void world_free(void)
{
    for (uint32_t i = 0; i < world->options.machines; i++)
        if (world->machines[i].node != NULL) {
            world->machines[i].state = MACHINE_CRASHED;
            world->current = &world->machines[i];
            node_free(world->machines[i].node);
        }
    promises_free(world->promises);
    load_free(world->load);
    kafka_free(world->kafka);
    database_free(world->database);
    arena_done(&world->arena);
    free(world->queue);
    free(world);
    world = NULL;
}
