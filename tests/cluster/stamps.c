// SPDX-License-Identifier: Apache-2.0
#include "stamps.h"

#include "base/map.h"
#include "engine/engine.h"
#include "world.h"

// The linker hands the node's calls of the engine through here (CMakeLists.txt).
struct engine *__real_engine_new(const struct engine_environment *environment, str shard_image,
                                 uint64_t next_key, size_t cache_bytes, struct error *err);
struct engine *__wrap_engine_new(const struct engine_environment *environment, str shard_image,
                                 uint64_t next_key, size_t cache_bytes, struct error *err);
void __real_engine_step(struct engine *engine, const struct command *command);
void __wrap_engine_step(struct engine *engine, const struct command *command);
void __real_engine_quarantine(struct engine *engine, const struct command *command, str why);
void __wrap_engine_quarantine(struct engine *engine, const struct command *command, str why);

// Of one engine: its machine and shard have no other while it lives.
struct handed {
    struct engine *engine;
    struct stamps stamps;
};

static struct handed *handed_of(uint32_t machine, uint32_t shard)
{
    if (world->handed == NULL)
        world->handed = ARENA_ARRAY(&world->arena, struct handed, WORLD_MACHINES * WORLD_SHARDS);
    check(machine < WORLD_MACHINES && shard < WORLD_SHARDS);
    return &world->handed[machine * WORLD_SHARDS + shard];
}

struct engine *__wrap_engine_new(const struct engine_environment *environment, str shard_image,
                                 uint64_t next_key, size_t cache_bytes, struct error *err)
{
    struct engine *engine = __real_engine_new(environment, shard_image, next_key, cache_bytes, err);
    if (world->current != NULL)
        *handed_of(world->current->number, environment->shard) = (struct handed){.engine = engine};
    return engine;
}

// A command that is handed over again starts the rest anew.
static void note(const struct engine *engine, const struct command *command)
{
    for (uint32_t shard = 0; world->current != NULL && shard < world->options.shards; shard++) {
        struct handed *handed = handed_of(world->current->number, shard);
        if (handed->engine != engine)
            continue;
        struct stamps *stamps = &handed->stamps;
        while (stamps->list.count > 0 &&
               stamps->list.items[stamps->list.count - 1].offset >= command->offset)
            stamps->list.count--;
        *ARRAY_PUSH(&world->arena, &stamps->list) =
            (struct stamp){command->offset, command->time_ms};
    }
}

void __wrap_engine_step(struct engine *engine, const struct command *command)
{
    note(engine, command);
    __real_engine_step(engine, command);
}

void __wrap_engine_quarantine(struct engine *engine, const struct command *command, str why)
{
    note(engine, command);
    __real_engine_quarantine(engine, command, why);
}

struct stamps stamps_between(uint32_t shard, int64_t first, int64_t next)
{
    struct stamps found = {0};
    if (world->current == NULL)
        return found;
    const struct stamps *stamps = &handed_of(world->current->number, shard)->stamps;
    for (size_t i = stamps->list.count; i-- > 0 && stamps->list.items[i].offset >= first;)
        if (stamps->list.items[i].offset < next)
            *ARRAY_PUSH(&world->arena, &found.list) = stamps->list.items[i];
    for (size_t i = 0; i < found.list.count / 2; i++) {
        struct stamp other = found.list.items[found.list.count - 1 - i];
        found.list.items[found.list.count - 1 - i] = found.list.items[i];
        found.list.items[i] = other;
    }
    return found;
}

void stamps_append(struct stamps *stamps, const struct stamps *more)
{
    for (size_t i = 0; i < more->list.count; i++)
        *ARRAY_PUSH(&world->arena, &stamps->list) = more->list.items[i];
}

int64_t stamps_find(const struct stamps *stamps, int64_t offset, int64_t time_ms)
{
    size_t low = 0, high = stamps->list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stamps->list.items[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < stamps->list.count && stamps->list.items[low].offset == offset;
    return is_there ? stamps->list.items[low].time_ms : time_ms;
}
